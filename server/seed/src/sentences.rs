//! What people and executors say about an action that is decided.

use domain::Status;

pub(super) const APPROVED: &[&str] = &[
    "Checked the evidence, agreed.",
    "Same file as last week, go ahead.",
    "Spoke to the site, nobody needs it.",
    "Confirmed with the user.",
    "Clear case.",
    "Agreed; port call is over, no risk for the ship.",
];
pub(super) const REJECTED: &[&str] = &[
    "False positive: in-house tool, the hash is known.",
    "Ship is under way; do it in port.",
    "Not enough evidence, asked for a sample first.",
    "Mail is genuine, finance called the supplier.",
    "The user travels, sign-ins are theirs.",
    "Server is rebuilt tonight anyway.",
];
pub(super) const WITHDRAWN: &[&str] = &[
    "Proposed for the wrong device.",
    "No longer needed: the device was reinstalled.",
    "Took it back, verdict changed.",
];
pub(super) const SUPERSEDED: &[&str] = &[
    "A newer proposal for the same entity took its place.",
    "Replaced by a proposal that covers all devices of the campaign.",
];
pub(super) const UNDONE: &[&str] = &[
    "False positive, confirmed by the vendor.",
    "Cleaned up and checked; can go back.",
    "Needed for the port call tonight, checked by hand.",
    "Wrong target, sorry.",
];

/// What an executor says. `{asset}` is filled in.
pub(super) const fn details(status: Status) -> &'static [&'static str] {
    match status {
        Status::None | Status::Queued => &[],
        Status::InProgress => &["{asset} has taken the command (simulated)."],
        Status::Completed => &[
            "Done on {asset} (simulated).",
            "{asset} confirmed it at the first attempt (simulated).",
            "Done; the first attempt found {asset} busy (simulated).",
        ],
        Status::PartiallyCompleted => &[
            "2 of 3 copies; one is open in another program (simulated).",
            "Done on {asset}, but not in its offline copy (simulated).",
        ],
        Status::Failed => &[
            "{asset} refused: access denied (simulated).",
            "Target changed since it was proposed (simulated).",
            "{asset} refused: not possible in its present state (simulated).",
        ],
        Status::TimedOut => &["{asset} was not reachable for 3 days (simulated)."],
        Status::Skipped => &[
            "Duplicate of an action that was already done on {asset} (simulated).",
            "Already in the wanted state (simulated).",
        ],
        Status::Cancelled => &["Called off before it was sent."],
        Status::Unknown => &["Sent to {asset}, no answer after 5 attempts (simulated). Somebody must look."],
    }
}
