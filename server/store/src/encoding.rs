//! How the keys, filter bits and counts of rows are made: what a database says its rows were written with. Rows that were
//! written in another way are keyed anew when the store opens.
//!
//! A word appended to a vocabulary changes nothing that is stored: the rows that there are have none of it. One that
//! gets another place changes the filter bits of rows that have it, or what came after it.

use std::collections::BTreeMap;

use domain::actions::query::{Facet, Field};
use serde::{Deserialize, Serialize};

use crate::actions_fields::{StoredField, stored};

/// How a key is made of a value, and which bits a field has: to be raised with each change of that.
const VERSION: u32 = 8;

/// What stored values depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Encoding {
    version: u32,
    /// The columns that are written beside the row.
    derived: Vec<String>,
    /// What is counted.
    facets: Vec<String>,
    /// The vocabularies that stand in the filter bits, by their field; the number of a word is its place.
    words: BTreeMap<String, Vec<String>>,
}

impl Encoding {
    /// This program's.
    pub(crate) fn current() -> Self {
        let derived = Field::ALL.iter().map(|field| stored(*field)).filter(StoredField::is_derived);
        let words = Field::ALL.iter().filter_map(|field| Some((field, stored(*field).bits?.vocabulary()?)));
        Self {
            version: VERSION,
            derived: derived.map(|stored| stored.column.to_owned()).collect(),
            facets: Facet::ALL.iter().map(ToString::to_string).collect(),
            words: words
                .map(|(field, words)| (field.to_string(), words.into_iter().map(str::to_owned).collect()))
                .collect(),
        }
    }

    /// Whether rows that were written with this are what the other would write.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        let same_words =
            |(one, other): (&Vec<String>, &Vec<String>)| one.iter().zip(other).all(|(a, b)| a == b);
        (self.version, &self.derived, &self.facets) == (other.version, &other.derived, &other.facets)
            && self.words.keys().eq(other.words.keys())
            && self.words.values().zip(other.words.values()).all(same_words)
    }

    /// By which rules keys are made.
    pub(crate) const fn version(&self) -> u32 {
        self.version
    }

    /// How many words it gives numbers to.
    pub(crate) fn known_words(&self) -> usize {
        self.words.values().map(Vec::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(field: &str, change: impl FnOnce(&mut Vec<String>)) -> Encoding {
        let mut encoding = Encoding::current();
        change(encoding.words.get_mut(field).unwrap());
        encoding
    }

    #[test]
    fn an_appended_word_leaves_the_rows_alone() {
        let current = Encoding::current();
        assert!(current.agrees_with(&current));
        let appended = with("type", |words| words.extend((0..30).map(|number| format!("new_{number}"))));
        assert!(current.agrees_with(&appended) && appended.agrees_with(&current));
        assert!(appended.known_words() > current.known_words());
    }

    #[test]
    fn what_changes_a_stored_value_does_not_agree() {
        let current = Encoding::current();
        let others = [
            with("type", |words| words.swap(0, 1)),
            with("source", |words| words.insert(0, "first".to_owned())),
            with("status", |words| drop(words.remove(1))),
            with("severity", |words| words[0].push('x')),
            Encoding { version: VERSION + 1, ..current.clone() },
            Encoding { derived: current.derived[1..].to_vec(), ..current.clone() },
            Encoding { facets: current.facets[1..].to_vec(), ..current.clone() },
            Encoding { words: BTreeMap::new(), ..current.clone() },
        ];
        for other in others {
            assert!(!current.agrees_with(&other), "{other:?}");
        }
    }

    /// The numbers of today's words. A word that moves, or gets another name, makes every database give all its rows new
    /// filter bits: append instead, and nothing here changes.
    #[test]
    fn words_keep_their_numbers() {
        let pinned = [
            ("decision", "Pending Approved Rejected Expired AutoApproved NotRequired Withdrawn Superseded"),
            (
                "entity_type",
                "device file process service driver registry_key scheduled_task ip_address url email_message \
                 email_cluster email_attachment mailbox teams_message cloud_file user",
            ),
            ("severity", "critical high medium low informational"),
            (
                "source",
                "manual_device_action manual_email_action automated_device_action automated_email_action \
                 advanced_hunting_action explorer_action manual_live_response_action live_response_action \
                 manual_user_action automated_user_action antivirus_action",
            ),
            (
                "status",
                "None Queued InProgress Completed PartiallyCompleted Failed TimedOut Skipped Cancelled \
                 Unknown",
            ),
            (
                "type",
                "isolate_device release_from_isolation contain_device release_from_containment contain_user \
                 release_user restrict_code_execution remove_code_restriction run_antivirus_scan \
                 collect_investigation_package request_sample offboard_device initiate_investigation \
                 live_response_command quarantine_file release_from_quarantine stop_and_quarantine_file \
                 block_file allow_file remove_indicator stop_process stop_service start_service \
                 disable_driver enable_driver remove_registry_key restore_registry_key remove_scheduled_task \
                 restore_scheduled_task block_ip_address unblock_ip_address block_url unblock_url \
                 soft_delete_email move_to_junk move_to_deleted_items move_to_inbox quarantine_email \
                 quarantine_attachment release_email_from_quarantine hard_delete_email \
                 turn_off_external_mail_forwarding restore_mail_forwarding disable_user enable_user \
                 reset_password revoke_sessions confirm_user_compromised dismiss_user_risk \
                 soft_delete_teams_message restore_teams_message quarantine_cloud_file release_cloud_file",
            ),
            ("undoable", "yes no"),
        ];
        let current = Encoding::current();
        assert_eq!(pinned.len(), current.words.len());
        for (field, words) in pinned {
            for (number, word) in words.split_whitespace().enumerate() {
                assert_eq!(
                    current.words[field].get(number).map(String::as_str),
                    Some(word),
                    "{field} {number}"
                );
            }
        }
    }
}
