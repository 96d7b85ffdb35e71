//! Whether an action that an investigation proposes waits for a person: one table of the device group's level, the
//! verdict, the kind of entity and the class of its folder.

use crate::access::Permission;
use crate::access::device_group::RemediationLevel;
use crate::actions::action::Verdict;
use crate::actions::catalog::ActionType;
use crate::actions::entity::Entity;
use crate::investigations::folder::{FolderClass, class_of};

/// What becomes of an action that is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Automation {
    /// It is approved by the rule of this name.
    Approve(String),
    /// A person decides.
    Wait,
    /// A person decides, as no policy lets the rule: its name, and why it does not decide.
    HoldBack {
        /// The rule that would approve it.
        rule: String,
        /// Why it does not.
        why: String,
    },
    /// It is not proposed at all, for this reason.
    Nothing(String),
}

/// What the table is asked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Something on a device, in a folder of this class; what lies in none is unclear.
    Device(FolderClass),
    /// Email, and what else needs the email permission.
    Email,
    /// A person's account, and whether a policy lets rules do this to users that are compromised.
    User {
        /// Whether one does.
        automatic: bool,
    },
}

impl Subject {
    /// What an action is about; of the types that a policy lets rules approve on users that are compromised.
    #[must_use]
    pub fn of(action_type: ActionType, entity: &Entity, on_compromised_users: &[ActionType]) -> Self {
        match action_type.permission(entity.kind()) {
            Permission::Email => Self::Email,
            Permission::Users => Self::User { automatic: on_compromised_users.contains(&action_type) },
            _ => match entity {
                Entity::File { path: Some(path), .. } | Entity::Process { image: Some(path), .. } => {
                    Self::Device(class_of(path))
                }
                _ => Self::Device(FolderClass::Unclear),
            },
        }
    }
}

/// The table.
#[must_use]
pub fn decide(level: RemediationLevel, verdict: Option<Verdict>, subject: Subject) -> Automation {
    let verdict = verdict.unwrap_or(Verdict::Unknown);
    if verdict == Verdict::NoThreatsFound {
        return Automation::Nothing("no threats were found".to_owned());
    }
    match subject {
        Subject::User { automatic } if verdict == Verdict::Compromised => {
            let rule = "users that are compromised".to_owned();
            if automatic {
                Automation::Approve(rule)
            } else {
                let why = "no policy lets rules do this to users that are compromised".to_owned();
                Automation::HoldBack { rule, why }
            }
        }
        Subject::Email | Subject::User { .. } => Automation::Wait,
        Subject::Device(_) if level == RemediationLevel::None => {
            Automation::Nothing(format!("the device group's level is {}", level.label()))
        }
        Subject::Device(folder) => {
            let automatic = verdict == Verdict::Malicious
                && match level {
                    RemediationLevel::Full => true,
                    RemediationLevel::SemiAll | RemediationLevel::None => false,
                    RemediationLevel::SemiCore => !folder.may_be_core(),
                    RemediationLevel::SemiNonTemp => folder.is_temp(),
                };
            if automatic {
                Automation::Approve(format!("{}; verdict {}", level.label(), verdict.label()))
            } else {
                Automation::Wait
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FolderClass::{Core, CoreTemp, Other, Temp, Unclear};

    /// Each cell: `a` is automatic, `w` waits, `h` waits as no policy lets a rule decide, `-` is nothing.
    #[test]
    fn each_cell_of_the_table() {
        use RemediationLevel::{Full, None, SemiAll, SemiCore, SemiNonTemp};
        let folders = [Core, Temp, CoreTemp, Other, Unclear];
        let verdicts = [
            Some(Verdict::Malicious),
            Some(Verdict::Suspicious),
            Some(Verdict::NoThreatsFound),
            Some(Verdict::Unknown),
            Some(Verdict::Compromised),
            Option::None,
        ];
        // By level, then verdict; the letters are the folders above.
        let table: [(RemediationLevel, [&str; 6]); 5] = [
            (Full, ["aaaaa", "wwwww", "-----", "wwwww", "wwwww", "wwwww"]),
            (SemiAll, ["wwwww", "wwwww", "-----", "wwwww", "wwwww", "wwwww"]),
            (SemiCore, ["wawaw", "wwwww", "-----", "wwwww", "wwwww", "wwwww"]),
            (SemiNonTemp, ["waaww", "wwwww", "-----", "wwwww", "wwwww", "wwwww"]),
            (None, ["-----", "-----", "-----", "-----", "-----", "-----"]),
        ];
        let letter = |answer: Automation| match answer {
            Automation::Approve(_) => 'a',
            Automation::Wait => 'w',
            Automation::HoldBack { .. } => 'h',
            Automation::Nothing(_) => '-',
        };
        for (level, rows) in table {
            for (verdict, row) in verdicts.into_iter().zip(rows) {
                let got: String = folders
                    .iter()
                    .map(|folder| letter(decide(level, verdict, Subject::Device(*folder))))
                    .collect();
                assert_eq!(got, row, "{level} {verdict:?}");
                let (email, user, automatic_user) = match verdict {
                    Some(Verdict::NoThreatsFound) => ('-', '-', '-'),
                    Some(Verdict::Compromised) => ('w', 'h', 'a'),
                    _ => ('w', 'w', 'w'),
                };
                let of = |subject| letter(decide(level, verdict, subject));
                assert_eq!(of(Subject::Email), email, "{level} {verdict:?}");
                assert_eq!(of(Subject::User { automatic: false }), user, "{level} {verdict:?}");
                assert_eq!(of(Subject::User { automatic: true }), automatic_user, "{level} {verdict:?}");
            }
        }
    }

    #[test]
    fn an_entity_says_where_it_lies() {
        let of = |action: &str, entity: serde_json::Value| {
            let entity = serde_json::from_value(entity).unwrap();
            Subject::of(action.parse().unwrap(), &entity, &[ActionType::RevokeSessions])
        };
        let file = serde_json::json!({ "kind": "file", "path": "/tmp/a" });
        assert_eq!(of("quarantine_file", file), Subject::Device(Temp));
        let hash = serde_json::json!({ "kind": "file", "sha256": "ab" });
        assert_eq!(of("quarantine_file", hash), Subject::Device(Unclear));
        let process = serde_json::json!({ "kind": "process", "pid": 1, "image": "C:\\Windows\\x.exe" });
        assert_eq!(of("stop_process", process), Subject::Device(Core));
        let user = serde_json::json!({ "kind": "user", "name": "a" });
        assert_eq!(of("disable_user", user.clone()), Subject::User { automatic: false });
        assert_eq!(of("revoke_sessions", user), Subject::User { automatic: true });
    }
}
