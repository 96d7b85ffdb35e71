//! Why a caller may not do something.

use serde::{Deserialize, Serialize};

/// Why a caller may not do something, in words for the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Denied {
    /// A role is missing.
    #[error("{who} lacks a permission: this needs {needs}")]
    Needs {
        /// Who asked.
        who: String,
        /// The role or roles that would do.
        needs: String,
    },
    /// The device's group is not among those that were granted.
    #[error("{who} may decide on devices, but not on those of the group {group}")]
    DeviceGroup {
        /// Who asked.
        who: String,
        /// The group of the device.
        group: String,
    },
    /// Administration asks for the second factor anew.
    #[error(
        "this needs your second factor once more: confirm it on your own page, then try again within five minutes"
    )]
    SecondFactor,
    /// The target is protected, and so is decided on by itself.
    #[error("{0} Open it and decide on it by itself")]
    Protected(String),
    /// Two people are asked for, and the caller was the first.
    #[error("you approved it first; someone else must approve it, too")]
    ApprovedFirst,
    /// Nobody reviews their own use of break-glass.
    #[error("you used break-glass here; someone else must review it")]
    OwnBreakGlass,
    /// The token was not made for this.
    #[error("this token lacks the scope {0}")]
    TokenScope(String),
    /// A tool has no person behind it who could answer for a decision.
    #[error("a token without an owner can't decide; decisions are made by people")]
    NoPerson,
    /// A token, where only somebody at a screen has something of their own.
    #[error("preferences and saved views belong to people who sign in; a token has none")]
    NotSignedIn,
    /// Nobody decides what they proposed.
    #[error("you proposed this action; someone else must decide it")]
    OwnProposal,
    /// A tool has no person behind it who could answer for a set-up.
    #[error("a token without an owner can't set up executors; administrators do")]
    NoAdministrator,
    /// Only who proposed takes back.
    #[error("only who proposed this action can take it back; others reject it")]
    NotProposer,
    /// It was allowed a moment ago, and was not when it was written.
    #[error("your session, your account or your permission ended meanwhile")]
    Revoked,
}
