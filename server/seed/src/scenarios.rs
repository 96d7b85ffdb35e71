//! What happens: stories with the actions that follow from them, and where these come from.

#[allow(clippy::enum_glob_use, reason = "a table over most of the catalog")]
use domain::ActionType::{self, *};
use domain::{EntityKind, Permission, Source, Verdict};

use super::incident::DeviceKind;

/// One kind of story.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) stage: DeviceKind,
    /// Who brings it up, with weights.
    pub(super) sources: &'static [(Source, usize)],
    /// What follows, each step in so many of a hundred cases. At least one step is taken.
    pub(super) steps: &'static [(ActionType, usize)],
}

/// A plot with its weight in the past, and its weight among what still waits for a decision.
type Weighted = (&'static Scenario, usize, usize);

pub(super) const SCENARIOS: &[Weighted] = &[
    (&MALWARE, 25, 10),
    (&SERVER, 8, 5),
    (&PHISH, 20, 9),
    (&TAKEOVER, 17, 6),
    (&FORWARDING, 4, 3),
    (&CLOUD, 7, 3),
    (&ANTIVIRUS, 11, 1),
    (&SESSION, 4, 0),
];

const MALWARE: Scenario = Scenario {
    stage: DeviceKind::Windows,
    sources: &[
        (Source::AutomatedDevice, 62),
        (Source::AdvancedHunting, 14),
        (Source::ManualDevice, 14),
        (Source::LiveResponse, 10),
    ],
    steps: &[
        (QuarantineFile, 80),
        (StopProcess, 50),
        (RemoveRegistryKey, 26),
        (RemoveScheduledTask, 22),
        (StopService, 18),
        (IsolateDevice, 16),
        (RunAntivirusScan, 22),
        (BlockFile, 14),
        (BlockIpAddress, 12),
        (StopAndQuarantineFile, 9),
        (CollectInvestigationPackage, 8),
        (RequestSample, 7),
        (DisableDriver, 6),
        (RestrictCodeExecution, 5),
    ],
};

const SERVER: Scenario = Scenario {
    stage: DeviceKind::Linux,
    sources: &[(Source::AutomatedDevice, 60), (Source::ManualDevice, 20), (Source::LiveResponse, 20)],
    steps: &[
        (QuarantineFile, 75),
        (StopProcess, 60),
        (StopService, 30),
        (RemoveScheduledTask, 35),
        (BlockIpAddress, 25),
        (IsolateDevice, 12),
        (CollectInvestigationPackage, 10),
    ],
};

const PHISH: Scenario = Scenario {
    stage: DeviceKind::Windows,
    sources: &[(Source::AutomatedEmail, 50), (Source::Explorer, 30), (Source::ManualEmail, 20)],
    steps: &[
        (SoftDeleteEmail, 60),
        (QuarantineEmail, 25),
        (QuarantineAttachment, 25),
        (BlockUrl, 35),
        (MoveToJunk, 14),
        (MoveToDeletedItems, 8),
        (HardDeleteEmail, 8),
    ],
};

const TAKEOVER: Scenario = Scenario {
    stage: DeviceKind::Windows,
    sources: &[(Source::AutomatedUser, 60), (Source::ManualUser, 40)],
    steps: &[
        (RevokeSessions, 60),
        (ResetPassword, 45),
        (ConfirmUserCompromised, 25),
        (DisableUser, 25),
        (ContainUser, 15),
    ],
};

const FORWARDING: Scenario = Scenario {
    stage: DeviceKind::Windows,
    sources: &[(Source::AutomatedEmail, 50), (Source::ManualEmail, 30), (Source::Explorer, 20)],
    steps: &[(TurnOffExternalMailForwarding, 100), (SoftDeleteEmail, 30)],
};

const CLOUD: Scenario = Scenario {
    stage: DeviceKind::Windows,
    sources: &[(Source::AutomatedEmail, 60), (Source::ManualEmail, 40)],
    steps: &[(SoftDeleteTeamsMessage, 50), (QuarantineCloudFile, 60)],
};

const ANTIVIRUS: Scenario = Scenario {
    stage: DeviceKind::Windows,
    sources: &[(Source::Antivirus, 100)],
    steps: &[(QuarantineFile, 100), (StopProcess, 15)],
};

const SESSION: Scenario = Scenario {
    stage: DeviceKind::Windows,
    sources: &[(Source::ManualLiveResponse, 100)],
    steps: &[
        (LiveResponseCommand, 100),
        (LiveResponseCommand, 80),
        (LiveResponseCommand, 50),
        (QuarantineFile, 30),
        (StopProcess, 30),
    ],
};

/// Types that only make sense for a device without our agent.
pub(super) const ON_UNMANAGED: &[ActionType] = &[ContainDevice, ReleaseFromContainment];

/// Where a single action of this kind comes from.
pub(super) const fn sources_of(permission: Permission, reverse: bool) -> &'static [Source] {
    match (permission, reverse) {
        (Permission::Email, true) => &[Source::ManualEmail],
        (Permission::Email, false) => &[Source::ManualEmail, Source::Explorer, Source::AutomatedEmail],
        (Permission::Users, true) => &[Source::ManualUser],
        (Permission::Users, false) => &[Source::ManualUser, Source::AutomatedUser],
        (_, true) => &[Source::ManualDevice, Source::LiveResponse],
        (_, false) => &[Source::ManualDevice, Source::AdvancedHunting, Source::AutomatedDevice],
    }
}

/// Whether what a type does is good news: somebody found that there is no threat.
pub(super) fn clears(action_type: ActionType) -> bool {
    action_type.is_reverse() || action_type == AllowFile
}

/// What the proposer thinks of an entity, with weights.
pub(super) const fn verdicts(kind: EntityKind) -> &'static [(Option<Verdict>, usize)] {
    match kind {
        EntityKind::User => &[
            (Some(Verdict::Compromised), 60),
            (Some(Verdict::Suspicious), 28),
            (Some(Verdict::Unknown), 8),
            (None, 4),
        ],
        _ => &[
            (Some(Verdict::Malicious), 62),
            (Some(Verdict::Suspicious), 26),
            (Some(Verdict::Unknown), 6),
            (None, 6),
        ],
    }
}
