//! The text of a file that another tool wrote: UTF-8, or UTF-16 as Windows tools write it, which its byte order mark
//! tells.

use std::io::Read;

use anyhow::{Context as _, bail};
use encoding_rs::{Encoding, UTF_8};

/// Bytes of a file that is read at once.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Reads a file to its end, as text.
///
/// # Errors
/// A sentence that says why it can't be read as text.
pub(super) fn read(reader: impl Read, name: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes).with_context(|| format!("{name} can't be read"))?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("{name} has more than {} MiB; split it into files", MAX_BYTES / (1024 * 1024));
    }
    let Some(text) = decode(&bytes) else {
        bail!("{name} is not text: it must be UTF-8, or UTF-16 that begins with a byte order mark");
    };
    Ok(text)
}

/// The text without its byte order mark; none if the bytes are none of the encoding that the mark names.
fn decode(bytes: &[u8]) -> Option<String> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes.get(mark..)?)?;
    // UTF-16 without a mark, and UTF-32, pass as text with zeros between its letters.
    (!text.contains('\0')).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::tests::SAMPLES;
    use super::super::{Format, events};
    use super::*;

    /// The text as tools write it: plain, with a mark, and as UTF-16 of either byte order.
    fn forms(text: &str) -> [Vec<u8>; 4] {
        let units = || std::iter::once(0xFEFF).chain(text.encode_utf16());
        [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            units().flat_map(u16::to_le_bytes).collect(),
            units().flat_map(u16::to_be_bytes).collect(),
        ]
    }

    #[test]
    fn a_sample_has_the_same_events_in_each_form() {
        let list: Vec<serde_json::Value> =
            SAMPLES[0].1.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let document = serde_json::to_string_pretty(&list).unwrap();
        let beyond_ascii = r#"{"rule": {"description": "Příliš žluťoučký kůň 🐎"}}"#;
        let samples = SAMPLES.map(|(format, text, _)| (format, text.to_owned()));
        let more = [document, beyond_ascii.to_owned()].map(|text| (Format::Wazuh, text));
        for (format, text) in samples.into_iter().chain(more) {
            for text in [text.clone(), text.replace('\n', "\r\n")] {
                let plain = events(format, &text, "mail-1");
                assert!(!plain.is_empty());
                for bytes in forms(&text) {
                    let read = read(bytes.as_slice(), "it").unwrap();
                    assert_eq!(events(format, &read, "mail-1"), plain, "{format:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_one_sentence() {
        let [_, _, little, big] = forms("{}\n");
        let cut = &little[..little.len() - 1];
        let (little, big) = (&little[2..], &big[2..]);
        let (program, latin, half) =
            (b"\x7FELF\x02\x01\x01\x00".as_slice(), b"caf\xE9\n".as_slice(), b"\xFF\xFE\x00\xD8".as_slice());
        for bytes in [program, latin, half, cut, little, big] {
            let why = read(bytes, "in.jsonl").unwrap_err().to_string();
            let want = "in.jsonl is not text: it must be UTF-8, or UTF-16 that begins with a byte order mark";
            assert_eq!(why, want, "{bytes:?}");
        }
        assert_eq!(read(b"\xEF\xBB\xBF".as_slice(), "it").unwrap(), "");
        assert_eq!(read(b"\xFF\xFE".as_slice(), "it").unwrap(), "");
    }
}
