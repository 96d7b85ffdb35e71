//! How often things happen. Distributions rather than rng: what is rare still comes up in every estate of some size.

use std::collections::BTreeMap;

use domain::actions::lifecycle::Grant;
use domain::{ActionType, Decision, EntityKind, Severity, Source, Status, Verdict};

use super::prng::{Deck, Rng};
use super::scenarios::{self, SCENARIOS};

/// All distributions.
#[derive(Debug)]
pub(super) struct Distributions {
    /// Index into `SCENARIOS`.
    pub(super) past: Deck<usize>,
    /// Index into `SCENARIOS`.
    pub(super) waiting: Deck<usize>,
    pub(super) types: Deck<ActionType>,
    pub(super) severity: Deck<Severity>,
    pub(super) verdict: Deck<Option<Verdict>>,
    pub(super) user_verdict: Deck<Option<Verdict>>,
    /// How the reverse of an action ends.
    pub(super) undone: Deck<Status>,
    decisions: BTreeMap<Source, Deck<Decision>>,
    statuses: [Deck<Status>; 3],
}

impl Distributions {
    pub(super) fn new() -> Self {
        let plots = |weight: fn(&(&scenarios::Scenario, usize, usize)) -> usize| {
            let copies: Vec<_> =
                SCENARIOS.iter().enumerate().map(|(index, plot)| (index, weight(plot))).collect();
            Deck::new(&copies)
        };
        let types: Vec<_> = ActionType::ALL.iter().map(|&of| (of, 1)).collect();
        let ended = Deck::new(&[
            (Status::Completed, 39),
            (Status::PartiallyCompleted, 3),
            (Status::Failed, 3),
            (Status::TimedOut, 1),
            (Status::Skipped, 2),
            (Status::Cancelled, 1),
        ]);
        Self {
            past: plots(|plot| plot.1),
            waiting: plots(|plot| plot.2),
            types: Deck::new(&types),
            severity: Deck::new(&[
                (Severity::Critical, 2),
                (Severity::High, 7),
                (Severity::Medium, 9),
                (Severity::Low, 4),
                (Severity::Informational, 1),
            ]),
            verdict: Deck::new(scenarios::verdicts(EntityKind::File)),
            user_verdict: Deck::new(scenarios::verdicts(EntityKind::User)),
            undone: Deck::new(&[
                (Status::Completed, 12),
                (Status::Failed, 2),
                (Status::PartiallyCompleted, 1),
                (Status::TimedOut, 1),
            ]),
            decisions: Source::ALL.iter().map(|&source| (source, Deck::new(decisions(source)))).collect(),
            statuses: [ended.clone(), ended.clone(), ended],
        }
    }

    pub(super) fn decision(&mut self, rng: &mut Rng, source: Source) -> Decision {
        self.decisions.get_mut(&source).map_or(Decision::Approved, |deck| deck.deal(rng))
    }

    pub(super) fn status(&mut self, rng: &mut Rng, grant: Grant) -> Status {
        let deck = match grant {
            Grant::Approved => 0,
            Grant::AutoApproved => 1,
            Grant::NotRequired => 2,
        };
        self.statuses[deck].deal(rng)
    }
}

/// What becomes of proposals of a source, with weights. Mail is never approved by policy.
const fn decisions(source: Source) -> &'static [(Decision, usize)] {
    use Decision::{Approved, AutoApproved, Expired, NotRequired, Rejected, Superseded, Withdrawn};
    match source {
        Source::AutomatedDevice => &[
            (Approved, 44),
            (AutoApproved, 36),
            (Rejected, 8),
            (Expired, 6),
            (Withdrawn, 2),
            (Superseded, 4),
        ],
        Source::AutomatedEmail => {
            &[(Approved, 72), (Rejected, 13), (Expired, 8), (Withdrawn, 3), (Superseded, 4)]
        }
        Source::AutomatedUser => {
            &[(Approved, 48), (AutoApproved, 36), (Rejected, 8), (Expired, 5), (Superseded, 3)]
        }
        Source::Antivirus => &[(NotRequired, 84), (Approved, 12), (Rejected, 2), (Expired, 2)],
        Source::LiveResponse => &[(NotRequired, 70), (Approved, 24), (Rejected, 4), (Expired, 2)],
        Source::ManualLiveResponse => &[(NotRequired, 1)],
        Source::AdvancedHunting => &[(Approved, 60), (NotRequired, 30), (Rejected, 6), (Withdrawn, 4)],
        Source::Explorer => &[(NotRequired, 56), (Approved, 36), (Rejected, 5), (Withdrawn, 3)],
        Source::ManualDevice | Source::ManualEmail | Source::ManualUser => {
            &[(NotRequired, 75), (Approved, 19), (Rejected, 4), (Withdrawn, 2)]
        }
    }
}
