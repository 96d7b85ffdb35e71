//! The words of executors that other areas say, too: what they speak, and how they are. A kind is a word here and a
//! row in [`ExecutorKind::info`].

use crate::core::string_enum::string_enum;

string_enum! {
    /// What an executor speaks.
    #[expect(clippy::doc_markdown, reason = "labels are for the screen")]
    ExecutorKind {
        Manual = "manual" "By hand",
        Webhook = "webhook" "Webhook",
        OpenC2 = "openc2" "OpenC2 consumer",
        Ldap = "ldap" "Directory",
        Mail = "mail" "Mail system",
        CrowdSec = "crowdsec" "CrowdSec",
        Responder = "responder" "Responder",
        Simulated = "simulated" "Simulated",
    }
}

/// What is known of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecutorKindInfo {
    /// What it is for, in a sentence.
    pub purpose: &'static str,
    /// Whether it can be added; the others come with options of the server.
    pub can_be_added: bool,
    /// Whether it is reached at a URL.
    pub has_url: bool,
    /// Whether it takes settings of its own, as a JSON object.
    pub has_options: bool,
    /// An example of these, where the form that adds one asks for them.
    pub example: Option<&'static str>,
    /// What its secret is; none if it needs none.
    pub secret: Option<&'static str>,
}

/// A kind that can be added, and needs nothing; the rows below say what else theirs is.
const PLAIN: ExecutorKindInfo = ExecutorKindInfo {
    purpose: "",
    can_be_added: true,
    has_url: false,
    has_options: false,
    example: None,
    secret: None,
};

impl ExecutorKind {
    /// Its row of the table.
    #[must_use]
    pub const fn info(self) -> ExecutorKindInfo {
        match self {
            Self::Manual => ExecutorKindInfo {
                purpose: "People carry it out: the approved action waits with its steps until somebody says that it is \
                          done.",
                ..PLAIN
            },
            Self::Webhook => ExecutorKindInfo {
                purpose: "An HTTP endpoint of yours is told, signed, and says how it ended: at once, or later \
                          by a report.",
                has_url: true,
                secret: Some(
                    "The key that signs both ways, whsec_ and 24 to 64 bytes in base64; left empty, one is made",
                ),
                ..PLAIN
            },
            Self::OpenC2 => ExecutorKindInfo {
                purpose: "A consumer of OpenC2 1.0 over HTTP, such as a firewall or an endpoint agent.",
                has_url: true,
                has_options: true,
                secret: Some("The bearer token that proves our requests"),
                ..PLAIN
            },
            Self::Ldap => ExecutorKindInfo {
                purpose: "Accounts in OpenLDAP with its password policy, or in Active Directory: disable, enable, reset \
                          password.",
                has_options: true,
                example: Some(
                    r#"{
  "url": "ldaps://ldap.corp.example",
  "bind_dn": "cn=countersign,dc=corp,dc=example",
  "base_dn": "dc=corp,dc=example"
}"#,
                ),
                secret: Some("The password that we bind with"),
                ..PLAIN
            },
            Self::Mail => ExecutorKindInfo {
                purpose: "Mailboxes of Dovecot, over the HTTP API of doveadm: delete, junk, quarantine, release, \
                          forwarding.",
                has_options: true,
                example: Some(
                    r#"{
  "url": "https://mail.corp.example:8443"
}"#,
                ),
                secret: Some("The key of doveadm's HTTP API"),
                ..PLAIN
            },
            Self::CrowdSec => ExecutorKindInfo {
                purpose: "Decisions of a CrowdSec local API: addresses are blocked and unblocked.",
                has_options: true,
                example: Some(
                    r#"{
  "url": "http://127.0.0.1:8080",
  "machine": "countersign"
}"#,
                ),
                secret: Some("The machine's password, a space, and the bouncer's key"),
                ..PLAIN
            },
            Self::Responder => ExecutorKindInfo {
                purpose: "Countersign's own process on a host.",
                can_be_added: false,
                ..PLAIN
            },
            Self::Simulated => {
                ExecutorKindInfo { purpose: "Only pretends; part of the demo.", can_be_added: false, ..PLAIN }
            }
        }
    }
}

string_enum! {
    /// How an executor is.
    Health {
        Up = "up" "Up",
        Untried = "untried" "Not tried yet",
        Paused = "paused" "Paused",
        Failing = "failing" "Not answering",
        Broken = "broken" "Not working",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_row() {
        for kind in ExecutorKind::ALL {
            let ExecutorKindInfo { purpose, has_options, example, .. } = kind.info();
            assert!(purpose.ends_with('.'), "{kind}");
            if let Some(example) = example {
                let json: serde_json::Value = serde_json::from_str(example).unwrap();
                assert!(has_options && json.is_object(), "{kind}");
            }
        }
    }
}
