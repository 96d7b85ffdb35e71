//! A message as bytes: JSON in which everything beyond ASCII is escaped. otupy 1.1.46 refuses raw UTF-8, and escapes mean
//! the same to every reader.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// The bytes of a message.
///
/// # Errors
/// If it has no JSON form, which the types of this crate rule out.
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::new();
    message.serialize(&mut Serializer::with_formatter(&mut bytes, Ascii))?;
    Ok(bytes)
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut units = [0; 2];
        for letter in fragment.chars() {
            if letter.is_ascii() {
                writer.write_all(&[u8::try_from(letter).unwrap_or(b'?')])?;
                continue;
            }
            for unit in letter.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_beyond_ascii_is_escaped_and_means_the_same() {
        let value = json!({"path": "/srv/Zoë/请求 😀\n", "ü": 1});
        let bytes = encode(&value).unwrap();
        assert!(bytes.is_ascii(), "{}", String::from_utf8_lossy(&bytes));
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }
}
