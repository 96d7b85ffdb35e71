//! What people ask of an action beside the decision on it: to take it back, to call it off, to try it again, to say how
//! it ended.

use serde::{Deserialize, Serialize};

use crate::actions::lifecycle::{Outcome, Status, Transition};
use crate::actions::proposal::check_comment;
use crate::core::error::Error;
use crate::core::id::ActionId;
use crate::core::string_enum::string_enum;

string_enum! {
    /// What is asked.
    FollowUpVerb {
        Withdraw = "withdraw" "Withdraw",
        Supersede = "supersede" "Replace",
        Cancel = "cancel" "Cancel",
        Retry = "retry" "Try again",
        ItHappened = "it_happened" "It happened",
        ItDidNotHappen = "it_did_not_happen" "It did not happen",
        Take = "take" "Assign to me",
        Done = "done" "Done",
        NotDone = "not_done" "Could not be done",
    }
}

impl FollowUpVerb {
    /// Whether it needs a reason, or for how something ended, what was seen.
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::ItHappened | Self::ItDidNotHappen | Self::NotDone)
    }

    /// The transition of an action of this status.
    #[must_use]
    pub const fn transition(self, status: Status) -> Transition {
        match (self, status) {
            (Self::Withdraw, _) => Transition::Withdraw,
            (Self::Supersede, _) => Transition::Supersede,
            // What its executor provably never had ends as if it had said so.
            (Self::Cancel, Status::InProgress) => Transition::Report(Outcome::Cancelled),
            (Self::Cancel, _) => Transition::Cancel,
            (Self::Retry, _) => Transition::Retry,
            (Self::ItHappened, _) => Transition::Settle(Outcome::Completed),
            (Self::ItDidNotHappen, _) => Transition::Settle(Outcome::Failed),
            (Self::Take, _) => Transition::Start,
            (Self::Done, _) => Transition::Report(Outcome::Completed),
            (Self::NotDone, _) => Transition::Report(Outcome::Failed),
        }
    }
}

/// What is asked, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// What is asked.
    pub verb: FollowUpVerb,
    /// Why; for how something ended, what was seen.
    pub reason: Option<String>,
    /// The action that takes its place, where that is asked.
    pub replaced_by: Option<ActionId>,
    /// Of several targets, which are meant, by their names; all of which it can be asked, where none is named.
    pub targets: Vec<String>,
    /// Who takes it in hand, by user name; who asks, where nobody is named.
    pub assignee: Option<String>,
}

impl FollowUp {
    /// A verb with its reason; blank is none.
    #[must_use]
    pub fn new(verb: FollowUpVerb, reason: Option<String>) -> Self {
        Self {
            verb,
            reason: reason.filter(|text| !text.trim().is_empty()),
            replaced_by: None,
            targets: Vec::new(),
            assignee: None,
        }
    }

    /// Whether it is complete.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field.
    pub fn check(&self) -> Result<(), Error> {
        let field = match self.verb {
            FollowUpVerb::ItHappened | FollowUpVerb::ItDidNotHappen => "/evidence",
            FollowUpVerb::Done | FollowUpVerb::NotDone => "/comment",
            _ => "/reason",
        };
        match &self.reason {
            Some(text) => check_comment(text).map_err(|detail| Error::invalid(field, detail))?,
            None if self.verb.needs_reason() => {
                return Err(Error::invalid(field, "must say what was seen or done"));
            }
            None => {}
        }
        if (self.verb == FollowUpVerb::Supersede) != self.replaced_by.is_some() {
            return Err(Error::invalid("/by", "names the action that takes its place"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_ended_needs_what_was_seen() {
        let of = |verb, reason: &str| FollowUp::new(verb, Some(reason.to_owned())).check();
        assert!(of(FollowUpVerb::ItHappened, " ").is_err());
        assert!(of(FollowUpVerb::ItHappened, "the file is gone").is_ok());
        assert!(of(FollowUpVerb::Cancel, "").is_ok());
        assert!(of(FollowUpVerb::Cancel, &"x".repeat(100_000)).is_err());
        assert!(of(FollowUpVerb::Supersede, "").is_err(), "by which action?");
    }

    #[test]
    fn every_verb_has_a_door() {
        for verb in FollowUpVerb::ALL.iter().filter(|verb| **verb != FollowUpVerb::Take) {
            assert!(verb.transition(Status::Queued).door().is_some(), "{verb}");
        }
    }
}
