//! JSON with the doubts taken out: a key once an object, and no deeper than anyone means.
//!
//! With a key twice, two programs read two different actions from one text; the signature or the log then shows what
//! was not done.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Levels of arrays and objects in what others send.
const MAX_DEPTH: usize = 32;
/// Levels in what we wrote ourselves: what was sent, inside of what we say of it.
const MAX_STORED_DEPTH: usize = 100;

/// Reads one JSON text.
///
/// # Errors
/// A sentence that says what is wrong and where.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    // RFC 8259 lets readers skip it, and Windows PowerShell writes it.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("the body is not UTF-8 from byte {} on", error.valid_up_to()))?;
    read(text, MAX_DEPTH)
}

/// Reads one JSON text that was stored.
///
/// # Errors
/// A sentence that says what is wrong and where.
pub fn parse_stored(text: &str) -> Result<Value, String> {
    read(text, MAX_STORED_DEPTH)
}

fn read(text: &str, depth: usize) -> Result<Value, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Strict { left: depth, depth }.deserialize(&mut json).map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict {
    left: usize,
    depth: usize,
}

impl Strict {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(E::custom(format_args!("more than {} levels deep", self.depth))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut fields = Map::new();
        while let Some(key) = map.next_key_seed(Key)? {
            if fields.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} stands twice in one object")));
            }
            let value = map.next_value_seed(inner)?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        String::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_json_reads_as_it_does_elsewhere() {
        for text in [
            r#"{"a":[1,-2,3.5,true,null,"x",{"b":{}}]}"#,
            "null",
            " [ ] ",
            r#""\u00fc""#,
            "18446744073709551615",
        ] {
            assert_eq!(
                parse(text.as_bytes()).unwrap(),
                serde_json::from_str::<Value>(text).unwrap(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped_once() {
        assert_eq!(parse(b"\xef\xbb\xbf{}").unwrap(), serde_json::json!({}));
        assert!(parse(b"\xef\xbb\xbf\xef\xbb\xbf{}").is_err());
    }

    #[test]
    fn doubtful_json_is_refused() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(deep(32).as_bytes()).is_ok());
        let table: &[(&[u8], &str)] = &[
            (b"", "EOF"),
            (b"{", "EOF"),
            (b"{} {}", "trailing"),
            (b"{\"a\":1,\"a\":2}", "twice"),
            (b"{\"a\":{\"b\":1,\"\\u0062\":2}}", "twice"),
            (b"\"\xff\"", "UTF-8"),
            (b"{'a':1}", "key must be a string"),
        ];
        for (text, want) in table {
            let error = parse(text).unwrap_err();
            assert!(error.contains(want), "{error}");
        }
        assert!(parse(deep(33).as_bytes()).unwrap_err().contains("32 levels"));
        assert!(parse(deep(500_000).as_bytes()).is_err());
    }
}
