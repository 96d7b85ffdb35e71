//! The audit log's words. Its format is final: rows that were written can't change.
//!
//! A record is `{v, seq, at, kind, actor, subject, body, prev}`, where `subject` is `{kind, id}` or null; its hash is
//! SHA-256 over the RFC 8785 JSON of all of it. `prev` is the hash of the record before it, 64 zeros for the first.
//! Records of version 1 have `action_id` in place of `subject`: the id of an action, or null.

use crate::core::string_enum::string_enum;

/// The version of the record format.
pub const VERSION: u32 = 2;

string_enum! {
    /// What happened, in the past tense.
    AuditKind {
        Imported = "Imported" "Imported",
        Proposed = "Proposed" "Proposed",
        Revised = "Revised" "Revised by its proposer",
        Approved = "Approved" "Approved",
        Rejected = "Rejected" "Rejected",
        Expired = "Expired" "Expired",
        UndoRequested = "UndoRequested" "Undo requested",
        Dispatched = "Dispatched" "Handed to its executor",
        Postponed = "Postponed" "To be tried again",
        Reported = "Reported" "Outcome reported",
        LostTrack = "LostTrack" "Outcome unknown",
        UndoReported = "UndoReported" "Undo reported",
        Refused = "Refused" "Attempt refused",
        SignedIn = "SignedIn" "Signed in",
        SignInFailed = "SignInFailed" "Sign-in failed",
        SignedOut = "SignedOut" "Signed out",
        UserAdded = "UserAdded" "User added",
        TokenCreated = "TokenCreated" "Token created",
        DatabaseCreated = "DatabaseCreated" "Database created",
        UserChanged = "UserChanged" "Person changed",
        AccessChanged = "AccessChanged" "Roles of a person changed",
        CredentialRevoked = "CredentialRevoked" "Session or token ended",
        RoleGroupChanged = "RoleGroupChanged" "Role group changed",
        DeviceGroupChanged = "DeviceGroupChanged" "Device group changed",
        SettingChanged = "SettingChanged" "Setting changed",
        Withdrawn = "Withdrawn" "Withdrawn by its proposer",
        Superseded = "Superseded" "Replaced by another action",
        Cancelled = "Cancelled" "Called off",
        Settled = "Settled" "Settled by a person who looked",
        Retried = "Retried" "Tried again",
        Recorded = "Recorded" "Recorded: it was done elsewhere",
        AutoApproved = "AutoApproved" "Approved by a rule",
        InvestigationReported = "InvestigationReported" "Investigation reported",
        InvestigationEnded = "InvestigationEnded" "Investigation ended by a person",
        IncidentReported = "IncidentReported" "Incident reported",
        IncidentChanged = "IncidentChanged" "Incident changed",
        Commented = "Commented" "Commented",
        FeedbackGiven = "FeedbackGiven" "Wrong verdict reported",
        HandedOver = "HandedOver" "Handed over, its report is awaited",
        Assigned = "Assigned" "Taken in hand",
        ExecutorAdded = "ExecutorAdded" "Executor added",
        ExecutorChanged = "ExecutorChanged" "Executor changed",
        ExecutorPaused = "ExecutorPaused" "Executor paused",
        ExecutorResumed = "ExecutorResumed" "Executor resumed",
        ExecutorRemoved = "ExecutorRemoved" "Executor removed",
        ResponderEnrolled = "ResponderEnrolled" "Host enrolled",
        ResponderRevoked = "ResponderRevoked" "Host revoked",
        DispatchPaused = "DispatchPaused" "Dispatch paused",
        DispatchResumed = "DispatchResumed" "Dispatch resumed",
        HeldBack = "HeldBack" "Left to a person in place of a rule",
        AutomationStopped = "AutomationStopped" "Automation stopped",
        AutomationResumed = "AutomationResumed" "Automation resumed",
        DirectoryGroupChanged = "DirectoryGroupChanged" "Group of a directory changed",
        FactorChanged = "FactorChanged" "Second factors of a person changed",
        FactorUsed = "FactorUsed" "Second factor confirmed",
        ResponderCodeMade = "ResponderCodeMade" "Code for a host made",
        DeliveredAgain = "DeliveredAgain" "Sent to a webhook again",
        CallOffAsked = "CallOffAsked" "Its executor was asked to call it off",
        PolicyChanged = "PolicyChanged" "Policy changed",
        ApprovedFirst = "ApprovedFirst" "Approved by the first of two people",
        BreakGlass = "BreakGlass" "Let happen by one person alone (break-glass)",
        BreakGlassReviewed = "BreakGlassReviewed" "Break-glass reviewed",
        HistoryRemoved = "HistoryRemoved" "History removed, which was kept long enough",
        PackageDownloaded = "PackageDownloaded" "Package downloaded",
    }
}

impl AuditKind {
    /// Whether it records a mere attempt, which needs no authority for what was attempted.
    #[must_use]
    pub const fn is_attempt(self) -> bool {
        matches!(self, Self::Refused | Self::SignInFailed)
    }
}
