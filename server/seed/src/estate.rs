//! Everything that can be hit, and how often: each device, mailbox and person at least once, a few of them a lot.

use super::devices::{self, Device, Platform};
use super::people::{self, Mailbox, Person};
use super::prng::Rng;

/// Things to draw from.
#[derive(Debug)]
pub(super) struct Pool<T> {
    items: Vec<T>,
    /// How many of them were drawn for the first time.
    fresh: usize,
    /// How often, of a hundred draws, it is the turn of one that never was.
    coverage: usize,
}

impl<T> Pool<T> {
    const fn new(items: Vec<T>, coverage: usize) -> Self {
        Self { items, fresh: 0, coverage }
    }

    /// One of them; only a draw that `counts` (its row is about the drawn one) uses up a fresh one.
    pub(super) fn draw(&mut self, rng: &mut Rng, counts: bool) -> &T {
        if counts && self.fresh < self.items.len() && rng.chance(self.coverage) {
            self.fresh += 1;
            return &self.items[self.fresh - 1];
        }
        &self.items[rng.skewed(self.items.len())]
    }

    /// So many different ones, all if there are fewer.
    pub(super) fn sample(&self, rng: &mut Rng, count: usize) -> Vec<&T> {
        let mut all: Vec<&T> = self.items.iter().collect();
        rng.shuffle(&mut all);
        all.truncate(count);
        all
    }
}

/// The company.
#[derive(Debug)]
pub(super) struct Estate {
    pub(super) windows: Pool<Device>,
    pub(super) linux: Pool<Device>,
    pub(super) unmanaged: Pool<Device>,
    pub(super) people: Pool<Person>,
    pub(super) mailboxes: Pool<Mailbox>,
}

impl Estate {
    /// Draws a company that is big enough to have so many actions.
    pub(super) fn found(rng: &mut Rng, actions: usize) -> Self {
        let people = people::draw(rng, 131 + (actions / 500).min(2_000));
        let mailboxes = people::mailboxes(&people, 72 + (actions / 1_000).min(1_500));
        let managed = devices::managed(rng, &people, 160 + (actions / 250).min(4_000));
        let (windows, linux) = managed.into_iter().partition(|device| device.platform == Platform::Windows);
        Self {
            windows: Pool::new(windows, 60),
            linux: Pool::new(linux, 60),
            unmanaged: Pool::new(devices::unmanaged(), 60),
            people: Pool::new(people, 85),
            mailboxes: Pool::new(mailboxes, 50),
        }
    }
}
