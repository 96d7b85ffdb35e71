//! The bits that one field has among the filter bits of a row.

use domain::core::string_enum::Word;
use sha2::{Digest, Sha256};

use crate::keys::KeyValue;

/// The bits of one field.
#[derive(Clone, Copy)]
pub(crate) struct Bits {
    lowest: u32,
    width: u32,
    numbers: Numbers,
}

/// What a field's bits say.
#[derive(Clone, Copy)]
enum Numbers {
    /// The place of the word in its vocabulary.
    Words {
        /// The place of a word.
        place: fn(&str) -> Option<usize>,
        /// The word at a place.
        word: fn(i64) -> Option<&'static str>,
        /// Every word, in order.
        all: fn() -> Vec<&'static str>,
    },
    /// A part of the key's hash.
    Hash,
}

impl Bits {
    /// So many bits for the words of a vocabulary.
    pub(crate) const fn words<W: Word>(lowest: u32, width: u32) -> Self {
        assert!(W::ALL.len() <= 1 << width, "the vocabulary has outgrown its bits");
        let place = |text: &str| W::ALL.iter().position(|word| word.as_str() == text);
        let word = |number| W::ALL.get(usize::try_from(number).ok()?).map(|word| word.as_str());
        let all = || W::ALL.iter().map(|word| word.as_str()).collect();
        Self::new(lowest, width, Numbers::Words { place, word, all })
    }

    /// So many bits for the hashes of names.
    pub(crate) const fn hashed(lowest: u32, width: u32) -> Self {
        Self::new(lowest, width, Numbers::Hash)
    }

    const fn new(lowest: u32, width: u32, numbers: Numbers) -> Self {
        assert!(lowest + width < 63, "a number of 64 bits has a sign");
        Self { lowest, width, numbers }
    }

    /// The bits themselves.
    pub(crate) const fn mask(self) -> i64 {
        self.put(self.low_mask())
    }

    /// Whether they decide alone: a hash only rules out.
    pub(crate) const fn is_exact(self) -> bool {
        matches!(self.numbers, Numbers::Words { .. })
    }

    /// The words that the bits stand for, if they stand for words.
    pub(crate) fn vocabulary(self) -> Option<Vec<&'static str>> {
        match self.numbers {
            Numbers::Words { all, .. } => Some(all()),
            Numbers::Hash => None,
        }
    }

    /// The lowest of them.
    pub(crate) const fn lowest(self) -> u32 {
        self.lowest
    }

    /// As many bits, from the lowest of all on.
    pub(crate) const fn low_mask(self) -> i64 {
        (1 << self.width) - 1
    }

    /// A number in its place.
    pub(crate) const fn put(self, number: i64) -> i64 {
        number << self.lowest
    }

    /// The number that stands in its place.
    pub(crate) const fn get(self, packed: i64) -> i64 {
        packed >> self.lowest & self.low_mask()
    }

    /// The word of a number, if the bits stand for words.
    pub(crate) fn word(self, number: i64) -> Option<&'static str> {
        match self.numbers {
            Numbers::Words { word, .. } => word(number),
            Numbers::Hash => None,
        }
    }

    /// The number of a value, by its word or by its key.
    pub(crate) fn number(self, word: impl FnOnce() -> String, key: &KeyValue) -> i64 {
        match self.numbers {
            Numbers::Words { place, .. } => {
                place(&word()).and_then(|place| i64::try_from(place).ok()).unwrap_or_default()
            }
            Numbers::Hash => {
                let KeyValue::Text(key) = key else { return 0 };
                let [first, second, ..]: [u8; 32] = Sha256::digest(key).into();
                i64::from(u16::from_be_bytes([first, second])) & self.low_mask()
            }
        }
    }

    /// The same bits for words whose numbers another function gives.
    #[cfg(test)]
    pub(crate) fn numbered(self, place: fn(&str) -> Option<usize>) -> Self {
        Self { numbers: Numbers::Words { place, word: |_| None, all: Vec::new }, ..self }
    }
}
