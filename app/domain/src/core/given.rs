//! What programs send for nothing: null, and an empty text where a field may be left out.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::Value;

use crate::core::time::{self, Timestamp};

/// A value, or nothing where null or an empty text stands for it.
///
/// # Errors
/// Those of the value.
pub fn or_nothing<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        value => serde_json::from_value(value).map(Some).map_err(D::Error::custom),
    }
}

/// Likewise a time; what is none is told in words, with an example.
///
/// # Errors
/// A sentence that says what the time must be.
pub fn time_or_nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => time::read(&text).map(Some).map_err(D::Error::custom),
        value => serde_json::from_value(value).map(Some).map_err(D::Error::custom),
    }
}

/// A text, empty where null stands for it.
///
/// # Errors
/// Those of a text.
pub fn or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_and_an_empty_text_are_nothing() {
        for nothing in [json!(null), json!("")] {
            assert_eq!(or_nothing::<_, String>(nothing.clone()).unwrap(), None);
            assert_eq!(time_or_nothing(nothing.clone()).unwrap(), None);
            assert_eq!(or_empty(nothing).unwrap(), "");
        }
        assert_eq!(or_nothing::<_, String>(json!("a")).unwrap().as_deref(), Some("a"));
        for (text, says) in [
            ("2026-01-31T12:00:00", "with Z or an offset, for example 2026-01-31T12:00:00Z"),
            ("tomorrow", "with Z or an offset, for example 2026-01-31T12:00:00Z"),
            ("9999-12-31T23:59:59Z", "is after the last time there is"),
        ] {
            let error = time_or_nothing(json!(text)).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
