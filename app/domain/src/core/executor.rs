//! The words of executors that other areas say, too: what they speak, and how they are.

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

impl ExecutorKind {
    /// Whether it can be added; the others come with options of the server.
    #[must_use]
    pub const fn can_be_added(self) -> bool {
        !matches!(self, Self::Responder | Self::Simulated)
    }

    /// What it is for, in a sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Manual => {
                "People carry it out: the approved action waits with its steps until somebody says that it is done."
            }
            Self::Webhook => {
                "An HTTP endpoint of yours is told, signed, and says how it ended: at once, or later by a report."
            }
            Self::OpenC2 => "A consumer of OpenC2 1.0 over HTTP, such as a firewall or an endpoint agent.",
            Self::Ldap => {
                "Accounts in OpenLDAP with its password policy, or in Active Directory: disable, enable, reset password."
            }
            Self::Mail => {
                "Mailboxes of Dovecot, over the HTTP API of doveadm: delete, junk, quarantine, release, forwarding."
            }
            Self::CrowdSec => "Decisions of a CrowdSec local API: addresses are blocked and unblocked.",
            Self::Responder => "Countersign's own process on a host.",
            Self::Simulated => "Only pretends; part of the demo.",
        }
    }

    /// What its secret is; none if it needs none.
    #[must_use]
    pub const fn secret(self) -> Option<&'static str> {
        match self {
            Self::Webhook => Some(
                "The key that signs both ways, whsec_ and 24 to 64 bytes in base64; left empty, one is made",
            ),
            Self::OpenC2 => Some("The bearer token that proves our requests"),
            Self::Ldap => Some("The password that we bind with"),
            Self::Mail => Some("The key of doveadm's HTTP API"),
            Self::CrowdSec => Some("The machine's password, a space, and the bouncer's key"),
            Self::Manual | Self::Responder | Self::Simulated => None,
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
