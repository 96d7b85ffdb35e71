//! The seed's own rng. They are here, and not `rand`, because the rows of a seed must stay the same for good:
//! `rand::rngs::StdRng` may change its algorithm with any release, `SplitMix64` (Steele, Lea, Flood 2014) is fixed.
//!
//! [`Rng`] draws, [`Deck`] deals without putting back, so that rare cards are certain to come. Neither is for secrets.

use jiff::{SignedDuration, Timestamp};

/// A source of repeatable numbers.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to, not including, `count`; 0 if that is 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let product = u128::from(self.next()) * (count as u128);
        usize::try_from(product >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u128::from(high.max(low).abs_diff(low)) + 1;
        let offset = (u128::from(self.next()) * span) >> 64;
        low.saturating_add_unsigned(u64::try_from(offset).unwrap_or(0))
    }

    /// Yes in so many of a hundred cases.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of a table that isn't empty.
    pub(super) fn pick<'a, T>(&mut self, table: &'a [T]) -> &'a T {
        &table[self.below(table.len())]
    }

    /// One word of a table that isn't empty.
    pub(super) fn word(&mut self, table: &[&'static str]) -> &'static str {
        table[self.below(table.len())]
    }

    /// An index in which the low ones come up far more often: a few devices and people see most of the trouble.
    pub(super) fn skewed(&mut self, count: usize) -> usize {
        self.below(count).min(self.below(count)).min(self.below(count))
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }

    /// A `UUIDv7` of that time.
    pub(super) fn uuid(&mut self, at: Timestamp) -> uuid::Uuid {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// A time at most `most` seconds after `from`, but not after `end`.
    pub(super) fn soon(&mut self, from: Timestamp, least: i64, most: i64, end: Timestamp) -> Timestamp {
        let left = end.duration_since(from).as_millis();
        let left = i64::try_from(left).unwrap_or(i64::MAX).max(0);
        let least = (least * 1_000).min(left);
        let millis = self.between(least, (most * 1_000).min(left).max(least));
        from + SignedDuration::from_millis(millis)
    }
}

/// Cards with a number of copies each, dealt in random order until all are gone, then shuffled again.
#[derive(Debug, Clone)]
pub(super) struct Deck<T> {
    cards: Vec<T>,
    dealt: usize,
}

impl<T: Copy> Deck<T> {
    /// The table must hold at least one copy of one card.
    pub(super) fn new(copies: &[(T, usize)]) -> Self {
        let cards: Vec<T> =
            copies.iter().flat_map(|&(card, count)| std::iter::repeat_n(card, count)).collect();
        Self { dealt: cards.len(), cards }
    }

    pub(super) fn deal(&mut self, rng: &mut Rng) -> T {
        if self.dealt >= self.cards.len() {
            rng.shuffle(&mut self.cards);
            self.dealt = 0;
        }
        self.dealt += 1;
        self.cards[self.dealt - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference output of `SplitMix64` for the seed 1234567.
    #[test]
    fn the_numbers_are_pinned() {
        let mut rng = Rng::new(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| rng.next()).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn a_deck_deals_every_card_before_it_repeats() {
        let mut rng = Rng::new(1);
        let mut deck = Deck::new(&[('a', 3), ('b', 1)]);
        for _ in 0..5 {
            let round: Vec<char> = (0..4).map(|_| deck.deal(&mut rng)).collect();
            assert_eq!(round.iter().filter(|card| **card == 'b').count(), 1);
        }
    }

    #[test]
    fn draws_stay_within_their_bounds() {
        let mut rng = Rng::new(9);
        assert_eq!(rng.below(0), 0);
        for _ in 0..1_000 {
            assert!(rng.below(7) < 7);
            assert!((-3..=4).contains(&rng.between(-3, 4)));
            assert!(rng.skewed(5) < 5);
        }
    }
}
