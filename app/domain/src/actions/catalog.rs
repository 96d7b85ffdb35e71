//! The catalog of action types: one table, compiled for the browser and the server.
//!
//! Nothing else switches on an action's name. To add a type, add a row to `table.rs`; its reverse is a row of its own.

use crate::access::Permission;
use crate::actions::entity::EntityKind;
use crate::actions::parameter::ParameterSpec;

mod table;

pub use table::ActionType;

/// Whether, and by what, an action is reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// The type that reverses it.
    By(ActionType),
    /// It can't be reversed; the end of the sentence "This can't be undone: …".
    Never(&'static str),
    /// It changes nothing that would have to be reversed.
    NotNeeded,
}

/// What stands in place of an undo where there is nothing to reverse.
pub const NOT_NEEDED: &str = "Nothing has to be undone: it changes nothing.";

/// Which permission deciding needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// Always this one.
    Of(Permission),
    /// It follows from the entity's kind.
    OfEntity,
}

/// How a file must be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRule {
    /// By path, by hash, or both.
    PathOrHash,
    /// By hash, with or without a path.
    Hash,
}

/// A MITRE D3FEND 1.2.0 technique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Technique {
    /// Its id, for example `D3-NI`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// The `OpenC2` v1.0 action and target that carry the type out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verb {
    /// For example `contain`.
    pub action: &'static str,
    /// For example `file`.
    pub target: &'static str,
}

/// One row of the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionTypeInfo {
    /// The word on the wire: the name in `snake_case`.
    pub id: &'static str,
    /// The name on the screen.
    pub name: &'static str,
    /// What happens when it is carried out, in one sentence for the person who decides.
    pub effect: &'static str,
    /// What it acts on.
    pub entities: &'static [EntityKind],
    /// What it may be told.
    pub parameters: &'static [ParameterSpec],
    /// Whether the proposer must say why.
    pub comment_required: bool,
    /// How a file must be named.
    pub file: FileRule,
    /// Its reverse.
    pub undo: Undo,
    /// Who may decide.
    pub authority: Authority,
    /// Its D3FEND technique, where one fits.
    pub technique: Option<Technique>,
    /// Its `OpenC2` verb, where the standard has one.
    pub openc2: Option<Verb>,
    /// Its OCSF 1.8 `type_uid`: class times 100 plus activity.
    pub ocsf_type: u32,
}

impl ActionType {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.info().id
    }

    /// The name on the screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        self.info().name
    }

    /// The permission that deciding on it needs, for an entity of this kind.
    #[must_use]
    pub const fn permission(self, entity: EntityKind) -> Permission {
        match self.info().authority {
            Authority::Of(permission) => permission,
            Authority::OfEntity => match entity {
                EntityKind::User => Permission::Users,
                EntityKind::EmailMessage
                | EntityKind::EmailCluster
                | EntityKind::EmailAttachment
                | EntityKind::Mailbox
                | EntityKind::TeamsMessage
                | EntityKind::CloudFile => Permission::Email,
                _ => Permission::Devices,
            },
        }
    }

    /// Whether it puts its target into a state that lasts, which another action of the same type would only put it into
    /// again; what acts on a thing, such as a file, can be done again where the thing is there again.
    #[must_use]
    pub const fn is_lasting(self) -> bool {
        matches!(
            self,
            Self::IsolateDevice
                | Self::ContainDevice
                | Self::ContainUser
                | Self::RestrictCodeExecution
                | Self::BlockFile
                | Self::AllowFile
                | Self::BlockIpAddress
                | Self::BlockUrl
                | Self::TurnOffExternalMailForwarding
                | Self::DisableUser
        )
    }

    /// Days after which its effect is ended where no end is named; none if it lasts until somebody reverses it.
    #[must_use]
    pub const fn lasting_days(self) -> Option<i64> {
        match self {
            Self::ContainUser => Some(5),
            _ => None,
        }
    }

    /// The types that it reverses: none of what is no reverse, and several of one that several types share.
    pub fn reverses(self) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |of| of.info().undo == Undo::By(self))
    }

    /// Whether this type only reverses another one.
    #[must_use]
    pub fn is_reverse(self) -> bool {
        self.reverses().next().is_some()
    }

    /// Whether another type reverses it, so that its effect stands until then.
    #[must_use]
    pub const fn is_reversible(self) -> bool {
        matches!(self.info().undo, Undo::By(_))
    }

    /// Whether who decides is told of others that do the same to the same: not of a reverse, of what changes nothing, and
    /// of what is another thing each time.
    #[must_use]
    pub fn has_twins(self) -> bool {
        match self.info().undo {
            Undo::By(_) => true,
            Undo::Never(_) => {
                !self.is_reverse() && !matches!(self, Self::LiveResponseCommand | Self::InitiateInvestigation)
            }
            Undo::NotNeeded => false,
        }
    }
}

crate::core::string_enum::wire!(ActionType);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_the_names_in_snake_case_and_unique() {
        let mut seen = HashSet::new();
        for &of in ActionType::ALL {
            let info = of.info();
            assert!(seen.insert(info.id), "{} twice", info.id);
            let snake = info.name.to_lowercase().replace([' ', '-'], "_");
            assert_eq!(info.id, snake, "{}", info.name);
            assert_eq!(info.id.parse::<ActionType>(), Ok(of));
            assert!(!info.entities.is_empty(), "{}", info.id);
            assert!(info.effect.ends_with('.'), "{}", info.id);
        }
        assert_eq!(seen.len(), 53);
    }

    #[test]
    fn a_reverse_acts_on_the_same_entities_with_the_same_permission_and_has_no_undo() {
        for &of in ActionType::ALL {
            let Undo::By(reverse) = of.info().undo else { continue };
            assert!(matches!(reverse.info().undo, Undo::Never(_)), "{reverse} can be undone");
            for kind in of.info().entities {
                assert!(reverse.info().entities.contains(kind), "{reverse} does not take {kind}");
                assert_eq!(of.permission(*kind), reverse.permission(*kind), "{of}");
            }
            assert!(reverse.info().parameters.iter().all(|spec| !spec.required), "{reverse}");
        }
    }

    #[test]
    fn a_reverse_that_types_share_reverses_each_of_them() {
        let table: [(ActionType, &[ActionType]); 4] = [
            (ActionType::RemoveIndicator, &[ActionType::BlockFile, ActionType::AllowFile]),
            (ActionType::UnblockIpAddress, &[ActionType::BlockIpAddress]),
            (ActionType::BlockIpAddress, &[]),
            (ActionType::HardDeleteEmail, &[]),
        ];
        for (of, want) in table {
            assert_eq!(of.reverses().collect::<Vec<_>>(), want, "{of}");
            assert_eq!(of.is_reverse(), !want.is_empty(), "{of}");
        }
    }

    #[test]
    fn twins_are_told_of_what_is_the_same_when_it_is_done_again() {
        for (of, want) in [
            (ActionType::QuarantineFile, true),
            (ActionType::HardDeleteEmail, true),
            (ActionType::ReleaseFromQuarantine, false),
            (ActionType::RunAntivirusScan, false),
            (ActionType::LiveResponseCommand, false),
        ] {
            assert_eq!(of.has_twins(), want, "{of}");
        }
    }

    #[test]
    fn a_never_gives_its_reason() {
        for &of in ActionType::ALL {
            if let Undo::Never(why) = of.info().undo {
                assert!(!why.is_empty() && !why.ends_with('.'), "{of}");
            }
        }
    }
}
