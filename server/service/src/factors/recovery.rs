//! Recovery codes: each is good once, when the app or the passkey is lost.

use domain::access::factors::RECOVERY_CODES;

use crate::secret::digest;

/// Letters and digits that are not taken for each other.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
const LENGTH: usize = 12;

/// New codes, as `abcd-efgh-jkmn`: 60 random bits each.
pub(super) fn new_codes() -> Vec<String> {
    let code = || {
        let letters: Vec<char> = rand::random::<[u8; LENGTH]>()
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
            .collect();
        letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

/// What is stored of a code as it was typed; none if it can be none.
pub(super) fn hash(typed: &str) -> Option<String> {
    let letters: String = typed.chars().filter(|of| *of != '-').flat_map(char::to_lowercase).collect();
    let good = letters.len() == LENGTH && letters.bytes().all(|byte| ALPHABET.contains(&byte));
    good.then(|| digest(&format!("recovery code {letters}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_told_however_they_are_typed() {
        let codes = new_codes();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), RECOVERY_CODES);
        let code = &codes[0];
        assert_eq!(code.len(), 14);
        assert_eq!(hash(code), hash(&code.replace('-', "").to_uppercase()));
        assert!(hash(code).is_some() && hash(code) != hash(&codes[1]));
        for bad in ["", "123456", "abcd-efgh-jkm", "abcd-efgh-jkml", "abcd-efgh-jkmé"] {
            assert_eq!(hash(bad), None, "{bad}");
        }
    }
}
