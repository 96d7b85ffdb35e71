//! One macro for closed vocabularies: an enum whose wire word and label stand beside each variant.

use std::fmt::{Debug, Display};
use std::str::FromStr;

/// Declares an enum of words. `Variant = "wire" "Label"` gives `ALL`, `as_str`, `label`, `FromStr`, serde and, on the
/// server, an `OpenAPI` schema that lists the wire words.
macro_rules! string_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $wire:literal $label:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vmeta])* #[doc = $label] $variant),+ }

        impl $name {
            /// Every word, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire),+ }
            }

            /// The word on the screen.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }
        }

        crate::core::string_enum::wire!($name);
    };
}

/// Gives a type with `ALL`, `as_str` and `label` its text forms: `Display`, `FromStr`, serde and the schema, and makes
/// it a [`Word`].
macro_rules! wire {
    ($name:ident) => {
        impl crate::core::string_enum::Word for $name {
            const NAME: &'static str = stringify!($name);
            const ALL: &'static [Self] = Self::ALL;

            fn as_str(self) -> &'static str {
                self.as_str()
            }

            fn label(self) -> &'static str {
                self.label()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::core::string_enum::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| {
                    crate::core::string_enum::UnknownWord {
                        what: stringify!($name),
                        word: text.to_owned(),
                        words: Self::ALL.iter().map(|word| word.as_str()).collect(),
                    }
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some(Self::ALL.iter().map(|word| word.as_str())))
                    .into()
            }
        }

        #[cfg(feature = "ssr")]
        impl utoipa::ToSchema for $name {}
    };
}

/// A closed vocabulary, for code that is generic over vocabularies.
pub trait Word: Copy + Ord + Debug + Display + FromStr<Err = UnknownWord> + 'static {
    /// The vocabulary's name.
    const NAME: &'static str;

    /// Every word, in the order of the table: the number of a word is its place there.
    const ALL: &'static [Self];

    /// The word on the wire and in the database.
    fn as_str(self) -> &'static str;

    /// The word on the screen.
    fn label(self) -> &'static str;
}

/// A text that is none of the words it should be one of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("can't be {word:?}{}; {} is one of {}", self.hint(), self.vocabulary(), self.words.join(", "))]
pub struct UnknownWord {
    /// The vocabulary's name.
    pub what: &'static str,
    /// The text that was given.
    pub word: String,
    /// The words that there are.
    pub words: Vec<&'static str>,
}

impl UnknownWord {
    /// The vocabulary's name in words: `ActionType` is a word of this program's text.
    fn vocabulary(&self) -> String {
        let mut name = String::new();
        for letter in self.what.chars() {
            if letter.is_ascii_uppercase() && !name.is_empty() {
                name.extend([' ', letter.to_ascii_lowercase()]);
            } else {
                name.push(letter);
            }
        }
        name
    }

    /// The words that may have been meant: the same but for case and punctuation, or those that begin or end so.
    fn hint(&self) -> String {
        let letters = |text: &str| {
            text.chars()
                .filter(|letter| letter.is_alphanumeric())
                .flat_map(char::to_lowercase)
                .collect::<String>()
        };
        let given = letters(&self.word);
        let like = |test: fn(&str, &str) -> bool| {
            let words = self.words.iter().filter(|word| !given.is_empty() && test(&letters(word), &given));
            words.take(3).copied().collect::<Vec<_>>()
        };
        let mut meant = like(|word, given| word == given);
        if meant.is_empty() {
            meant = like(|word, given| word.starts_with(given) || word.ends_with(given));
        }
        if meant.is_empty() { String::new() } else { format!(" (did you mean {}?)", meant.join(" or ")) }
    }
}

pub(crate) use {string_enum, wire};

#[cfg(test)]
mod tests {
    use crate::{ActionType, Severity, Source};

    #[test]
    fn an_unknown_word_is_answered_with_those_that_would_do() {
        let of = |error: super::UnknownWord| error.to_string();
        assert_eq!(
            of("High".parse::<Severity>().unwrap_err()),
            "can't be \"High\" (did you mean high?); Severity is one of critical, high, medium, low, informational"
        );
        let isolate = of("Isolate".parse::<ActionType>().unwrap_err());
        assert!(isolate.starts_with(
            "can't be \"Isolate\" (did you mean isolate_device?); Action type is one of isolate"
        ));
        assert!(of("api".parse::<Source>().unwrap_err()).contains("automated_device_action"));
    }
}
