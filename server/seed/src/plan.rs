//! When things happen: 180 days of them, with weekends, nights and a slow growth, then what runs, then what waits.

use domain::Action;
use domain::actions::lifecycle::{Execution, Grant};
use domain::actions::proposal::DEFAULT_TIME_TO_DECIDE;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::generator::{Fate, Generator};

/// How far back History reaches.
const DAYS: usize = 180;
/// How likely something is in each hour (UTC) of a day, of 100.
const HOURS: [usize; 24] =
    [22, 18, 16, 18, 24, 34, 52, 74, 96, 100, 98, 90, 82, 92, 98, 90, 78, 62, 48, 42, 38, 34, 30, 26];
/// Seconds left to decide of the most urgent ones.
const LAST_MINUTES: [i64; 4] = [12 * 60 + 20, 26 * 60, 41 * 60 + 40, 57 * 60];
const HOUR: i64 = 3_600;

/// How many actions of each kind are still to come.
#[derive(Debug)]
pub(super) struct Plan {
    /// Past actions outside of bursts up to the end of each day.
    targets: Vec<usize>,
    /// Those that were made.
    made: usize,
    /// Sizes of the bursts of the past; the last comes first.
    bursts: Vec<usize>,
    all_bursts: usize,
    running: usize,
    all_running: usize,
    urgent: usize,
    all_urgent: usize,
    waiting_burst: usize,
    waiting: usize,
}

impl Plan {
    pub(super) fn new(actions: usize, now: Timestamp) -> Self {
        let pending = actions / 20;
        let urgent = pending / 5;
        let waiting_burst = (pending * 34 / 100).min(38);
        let running = (actions / 125).clamp(12, 200).min(actions / 20);
        // Each fourth that runs reverses one that is over.
        let past = actions - pending - running - running / 4;
        let count = (past / 1_500).max(2);
        let bursts: Vec<usize> =
            (0..count).map(|number| (30 + (number * 7 + 11) % 13).min(past / 25)).collect();
        let regular = past - bursts.iter().sum::<usize>();
        Self {
            targets: targets(regular, now),
            made: 0,
            all_bursts: bursts.len(),
            bursts,
            running,
            all_running: running,
            urgent,
            all_urgent: urgent,
            waiting_burst,
            waiting: pending - urgent - waiting_burst,
        }
    }

    /// The actions of the next story; none if all are told.
    pub(super) fn next(&mut self, from: &mut Generator) -> Option<Vec<Action>> {
        let regular = self.targets.last().copied().unwrap_or(0);
        if self.made < regular {
            return Some(self.past(from, regular));
        }
        if self.running > 0 {
            self.running -= 1;
            return Some(self.runs(from, self.running));
        }
        if self.urgent > 0 {
            self.urgent -= 1;
            let left = self.time_left(from, self.urgent);
            return Some(from.story(proposed(from.now, left), 1, Fate::Waiting));
        }
        if self.waiting_burst > 0 {
            let at = from.now - SignedDuration::from_secs(from.rng.between(3 * HOUR, 5 * HOUR));
            let size = std::mem::take(&mut self.waiting_burst);
            return Some(from.burst(at, size, Fate::Waiting));
        }
        if self.waiting > 0 {
            // Most are fresh; all have more than a day left.
            let longest = 6 * 24 * HOUR - 2 * HOUR;
            let age = from.rng.between(1_800, longest).min(from.rng.between(1_800, longest));
            let at = from.now - SignedDuration::from_secs(age);
            let actions = from.story(at, self.waiting.min(3), Fate::Waiting);
            self.waiting -= actions.len();
            return Some(actions);
        }
        None
    }

    fn past(&mut self, from: &mut Generator, regular: usize) -> Vec<Action> {
        let day = self.targets.partition_point(|target| *target <= self.made);
        let at = time_on(from, day);
        let told = self.all_bursts - self.bursts.len();
        if self.made >= regular * (told + 1) / (self.all_bursts + 1)
            && let Some(size) = self.bursts.pop()
        {
            return from.burst(at, size, Fate::Past);
        }
        let actions = from.story(at, regular - self.made, Fate::Past);
        self.made += actions.len();
        actions
    }

    fn runs(&self, from: &mut Generator, index: usize) -> Vec<Action> {
        let number = self.all_running - 1 - index;
        let executions = [Execution::Queued, Execution::InProgress, Execution::Unknown];
        if number % 4 == 3 {
            let execution = executions[number / 4 % 3];
            let at = from.now - SignedDuration::from_secs(from.rng.between(20 * HOUR, 50 * HOUR));
            let over = Execution::Ended(domain::Outcome::Completed);
            let mut actions = from.running(at, Grant::Approved, over);
            let reverse = actions.first_mut().and_then(|original| from.undo(original, Some(execution)));
            actions.extend(reverse);
            return actions;
        }
        // Counts those that are no reverses: each grant in each execution.
        let number = number - number / 4;
        let grant = [Grant::Approved, Grant::AutoApproved, Grant::NotRequired][number / 3 % 3];
        let execution = executions[number % 3];
        let age = match execution {
            Execution::Unknown => from.rng.between(2 * HOUR, 40 * HOUR),
            _ => from.rng.between(150, 1_500),
        };
        from.running(from.now - SignedDuration::from_secs(age), grant, execution)
    }

    fn time_left(&self, from: &mut Generator, index: usize) -> i64 {
        if let Some(left) = LAST_MINUTES.get(index)
            && self.all_urgent > LAST_MINUTES.len()
        {
            return *left;
        }
        from.rng.between(HOUR + 600, 23 * HOUR)
    }
}

fn proposed(now: Timestamp, left: i64) -> Timestamp {
    now + SignedDuration::from_secs(left) - DEFAULT_TIME_TO_DECIDE
}

/// The begin of a day of the plan; day 0 is the oldest.
fn begin(now: Timestamp, day: usize) -> Timestamp {
    let ago = i64::try_from(DAYS.saturating_sub(day)).unwrap_or(0);
    now - SignedDuration::from_hours(24 * ago)
}

fn targets(regular: usize, now: Timestamp) -> Vec<usize> {
    let weights: Vec<usize> = (0..DAYS)
        .map(|day| {
            let noon = (begin(now, day) + SignedDuration::from_hours(12)).to_zoned(TimeZone::UTC);
            let share = match noon.weekday() {
                jiff::civil::Weekday::Saturday => 34,
                jiff::civil::Weekday::Sunday => 24,
                jiff::civil::Weekday::Monday => 115,
                _ => 100,
            };
            share * (300 + day)
        })
        .collect();
    let all: usize = weights.iter().sum();
    let mut told = 0;
    let mut targets: Vec<usize> = Vec::with_capacity(DAYS);
    for weight in weights {
        told += weight;
        targets.push(regular * told / all);
    }
    targets
}

/// A time of that day: by day more than by night, and early enough to be over by now.
fn time_on(from: &mut Generator, day: usize) -> Timestamp {
    let begin = begin(from.now, day);
    let mut at = begin;
    for _ in 0..12 {
        at = begin + SignedDuration::from_millis(from.rng.between(60_000, 86_400_000 - 3_600_000));
        let hour = usize::try_from(at.to_zoned(TimeZone::UTC).hour()).unwrap_or(0);
        if from.rng.chance(HOURS[hour]) {
            break;
        }
    }
    at
}
