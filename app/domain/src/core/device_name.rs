//! When two names are of one device: tools name it by its host alone (`dc-9`) or with its domain (`dc-9.corp.example`).

use crate::core::canonical;

/// A device's name as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName {
    /// All of it, in its one spelling.
    pub full: String,
    /// The host without a domain; all of it where it has none, and of an address.
    pub host: String,
}

impl DeviceName {
    /// A name as it was given.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let full = canonical::name(text);
        let is_address = full.contains('@') || canonical::address(&full).is_some();
        let host = full.split_once('.').map(|(host, _)| host).filter(|host| !is_address && !host.is_empty());
        Self { host: host.unwrap_or(&full).to_owned(), full }
    }

    /// Whether they are of one device: the same, or one is the host of the other. A host that stands without a domain may
    /// be of any domain; of two domains it is two devices. The store says the same in SQL.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.full == other.full || self.full == other.host || self.host == other.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_with_its_domain_or_without() {
        let table = [
            ("dc-9", "DC-9", true),
            ("dc-9", " dc-9. ", true),
            ("dc-9.corp.example", "dc-9", true),
            ("dc-9.corp.example", "DC-9.CORP.example.", true),
            ("dc-9.corp.example", "dc-9.lab.example", false),
            ("dc-9.corp.example", "dc-9.corp", false),
            ("dc-9", "dc-90", false),
            ("dc-9.corp.example", "corp.example", false),
            ("bücher", "xn--bcher-kva.corp.example", true),
            // Addresses have no host, and neither have mailboxes.
            ("10.0.0.1", "10", false),
            ("10.0.0.1", "10.0.0.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("kim@corp.example", "kim@corp", false),
            ("kim@corp.example", "KIM@corp.example", true),
            (".corp.example", "", false),
        ];
        for (one, other, same) in table {
            let (of_one, of_other) = (DeviceName::of(one), DeviceName::of(other));
            assert_eq!(of_one.is_same(&of_other), same, "{one} and {other}");
            assert_eq!(of_other.is_same(&of_one), same, "{other} and {one}");
        }
    }
}
