//! The numbers of words: a word of a closed vocabulary is stored as its place there. Words are only ever appended, so that
//! a number never changes; the table `words` of the database names them for whoever reads it without this program.

use domain::core::string_enum::Word;
use domain::incidents::{Classification, IncidentStatus};
use domain::investigations::{InvestigationState, PieceKind, Remediation};
use domain::{
    ActionType, ActorKind, AssetKind, AuditKind, Criticality, Decision, EntityKind, Lane, Severity, Source,
    Status, SubjectKind, UndoState, Verdict,
};

/// The number of a word.
pub(crate) fn number<W: Word>(word: W) -> i16 {
    W::ALL.iter().position(|other| *other == word).and_then(|place| i16::try_from(place).ok()).unwrap_or(-1)
}

/// The word of a number.
pub(crate) fn word<W: Word>(number: i16) -> Option<W> {
    W::ALL.get(usize::try_from(number).ok()?).copied()
}

/// The number of a severity where rows are sorted by it: it grows with severity, and a lower one that were appended
/// would stand below those that there are.
pub(crate) fn severity_rank(severity: Severity) -> i16 {
    LEAST_SEVERE - number(severity)
}

/// The severity of such a number.
pub(crate) fn severity_of_rank(rank: i16) -> Option<Severity> {
    word(LEAST_SEVERE - rank)
}

/// The place of the least severe of today's severities, whose rank is zero.
const LEAST_SEVERE: i16 = 4;

/// A vocabulary whose words a column holds.
#[derive(Clone, Copy)]
pub(crate) struct Vocabulary {
    /// The number of a word in that column.
    pub(crate) number: fn(&str) -> Option<i16>,
    /// The word of a number there.
    pub(crate) word: fn(i16) -> Option<&'static str>,
}

impl Vocabulary {
    /// Words by their places.
    pub(crate) const fn of<W: Word>() -> Self {
        Self { number: |text| text.parse::<W>().ok().map(number), word: |at| word::<W>(at).map(Word::as_str) }
    }

    /// Severities by their ranks.
    pub(crate) const fn severities() -> Self {
        Self {
            number: |text| text.parse().ok().map(severity_rank),
            word: |rank| severity_of_rank(rank).map(Word::as_str),
        }
    }
}

/// Every stored vocabulary under its name, with its words in the order of their numbers.
pub(crate) fn all() -> Vec<(&'static str, Vec<(i16, &'static str)>)> {
    fn words<W: Word>() -> Vec<(i16, &'static str)> {
        W::ALL.iter().map(|word| (number(*word), word.as_str())).collect()
    }
    let severities = Severity::ALL.iter().map(|word| (severity_rank(*word), word.as_str())).collect();
    vec![
        ("type", words::<ActionType>()),
        ("actor_kind", words::<ActorKind>()),
        ("asset_kind", words::<AssetKind>()),
        ("audit_kind", words::<AuditKind>()),
        ("criticality", words::<Criticality>()),
        ("decision", words::<Decision>()),
        ("entity_kind", words::<EntityKind>()),
        ("incident_classification", words::<Classification>()),
        ("incident_status", words::<IncidentStatus>()),
        ("investigation_piece", words::<PieceKind>()),
        ("investigation_state", words::<InvestigationState>()),
        ("lane", words::<Lane>()),
        ("remediation", words::<Remediation>()),
        ("severity", severities),
        ("source", words::<Source>()),
        ("status", words::<Status>()),
        ("subject_kind", words::<SubjectKind>()),
        ("undo", words::<UndoState>()),
        ("verdict", words::<Verdict>()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_grow() {
        let mut ranks: Vec<_> = Severity::ALL.iter().map(|of| severity_rank(*of)).collect();
        ranks.reverse();
        assert_eq!(ranks, [0, 1, 2, 3, 4]);
        for severity in Severity::ALL {
            assert_eq!(severity_of_rank(severity_rank(*severity)), Some(*severity));
        }
    }

    /// Those that no filter bits hold; the others are pinned in `encoding`. Conditions of the tables name some of these
    /// numbers, and rows hold all of them: append, and never move one.
    #[test]
    fn words_keep_their_numbers() {
        let pinned = [
            ("actor_kind", "user token automation system"),
            ("asset_kind", "device mailbox account"),
            (
                "audit_kind",
                "Imported Proposed Revised Approved Rejected Expired UndoRequested Dispatched Postponed \
                 Reported LostTrack UndoReported Refused SignedIn SignInFailed SignedOut UserAdded \
                 TokenCreated DatabaseCreated UserChanged AccessChanged CredentialRevoked \
                 RoleGroupChanged DeviceGroupChanged SettingChanged Withdrawn \
                 Superseded Cancelled Settled Retried \
                 Recorded AutoApproved InvestigationReported InvestigationEnded IncidentReported IncidentChanged \
                 Commented FeedbackGiven HandedOver Assigned \
                 ExecutorAdded ExecutorChanged ExecutorPaused ExecutorResumed ExecutorRemoved \
                 ResponderEnrolled ResponderRevoked DispatchPaused DispatchResumed \
                 HeldBack AutomationStopped AutomationResumed DirectoryGroupChanged FactorChanged FactorUsed \
                 ResponderCodeMade DeliveredAgain CallOffAsked PolicyChanged ApprovedFirst BreakGlass BreakGlassReviewed \
                 HistoryRemoved PackageDownloaded",
            ),
            ("criticality", "very_high high medium low"),
            ("lane", "pending in_progress history"),
            ("subject_kind", "action bulk_plan bulk_job user credential saved_view database"),
            ("undo", "None UndoRequested Undone UndoFailed"),
            ("verdict", "malicious suspicious no_threats_found unknown compromised"),
        ];
        for (name, words) in pinned {
            let all = all();
            let (_, known) = all.iter().find(|(other, _)| *other == name).unwrap();
            for (number, word) in (0_i16..).zip(words.split_whitespace()) {
                assert!(known.contains(&(number, word)), "{name} {number} {word}");
            }
        }
    }
}
