//! Which rows of actions a caller sees. A hidden row answers exactly as an unknown one.

use std::collections::BTreeSet;

use crate::access::device_group::UNGROUPED;
use crate::access::{Caller, Permission, Reach, Scope};
use crate::actions::entity::AssetKind;
use crate::actions::lifecycle::Lane;
use crate::core::denied::Denied;

/// Each part narrows it; none of them is every row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowScope {
    /// Only what this principal proposed.
    pub proposer: Option<String>,
    /// Only in these lanes.
    pub lanes: Option<BTreeSet<Lane>>,
    /// Of what is on devices, only in these device groups.
    pub device_groups: Option<BTreeSet<String>>,
}

/// What of a row its visibility hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedRow {
    /// The principal that proposed it.
    pub proposed_by: String,
    /// Where it is.
    pub lane: Lane,
    /// On what it is.
    pub asset_kind: AssetKind,
    /// The device group of its asset; none for [`RowScope::UNGROUPED`].
    pub device_group: Option<String>,
}

impl RowScope {
    /// Every row.
    pub const ALL: Self = Self { proposer: None, lanes: None, device_groups: None };

    /// The device group of what belongs to none.
    pub const UNGROUPED: &'static str = UNGROUPED;

    /// Only what a principal proposed.
    pub fn proposed_by(principal: impl Into<String>) -> Self {
        Self { proposer: Some(principal.into()), ..Self::ALL }
    }

    /// What a caller sees.
    ///
    /// # Errors
    /// [`Denied`] if it may see no row at all.
    pub fn of(caller: &Caller) -> Result<Self, Denied> {
        let within = |reach: &Reach| Self { device_groups: reach.groups().cloned(), ..Self::ALL };
        let all = || {
            caller.require(Permission::View)?;
            Ok(caller.access.reach(Permission::View).map_or(Self::ALL, within))
        };
        match &caller.scopes {
            Some(scopes) if scopes.contains(&Scope::Read) && caller.person.is_none() => {
                Ok(within(caller.access.limit()))
            }
            Some(scopes) if scopes.contains(&Scope::Read) || scopes.contains(&Scope::Decide) => all(),
            Some(scopes) if scopes.contains(&Scope::Propose) || scopes.contains(&Scope::Record) => {
                Ok(Self::proposed_by(caller.principal()))
            }
            Some(_) => Err(Denied::TokenScope(Scope::Read.to_string())),
            None => all(),
        }
    }

    /// Whether it hides nothing.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.proposer.is_none() && self.lanes.is_none() && self.device_groups.is_none()
    }

    /// Whether it shows a row; the store says the same in SQL.
    #[must_use]
    pub fn shows(&self, row: &ScopedRow) -> bool {
        let group = row.device_group.as_deref().unwrap_or(Self::UNGROUPED);
        let in_group = |groups: &BTreeSet<String>| {
            groups.iter().any(|known| known.to_lowercase() == group.to_lowercase())
        };
        self.proposer.as_ref().is_none_or(|proposer| *proposer == row.proposed_by)
            && self.lanes.as_ref().is_none_or(|lanes| lanes.contains(&row.lane))
            && (row.asset_kind != AssetKind::Device || self.device_groups.as_ref().is_none_or(in_group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Access, Role};
    use crate::core::actor::{Actor, ActorKind};

    fn caller(roles: &[Role], scopes: Option<&[Scope]>, person: bool) -> Caller {
        Caller {
            actor: Actor::new(ActorKind::User, "u", "Ana"),
            person: person.then(|| uuid::Uuid::nil().into()),
            credential: uuid::Uuid::nil().into(),
            roles: roles.iter().copied().collect(),
            access: Access::of_roles(&roles.iter().copied().collect()),
            scopes: scopes.map(|scopes| scopes.iter().copied().collect()),
            factor: crate::access::FactorState::NotNeeded,
        }
    }

    #[test]
    fn a_caller_sees_what_roles_and_token_scopes_give() {
        let tool = caller(&[], Some(&[Scope::Propose]), false);
        assert_eq!(RowScope::of(&tool), Ok(RowScope::proposed_by("u")));
        assert!(RowScope::of(&caller(&[], None, true)).is_err());
        assert!(RowScope::of(&caller(&[], Some(&[]), true)).is_err());
        let reader = caller(&[Role::SecurityReader], Some(&[Scope::Read]), true);
        assert_eq!(RowScope::of(&reader), Ok(RowScope::ALL));
        assert!(RowScope::ALL.is_all() && !RowScope::proposed_by("u").is_all());
    }

    #[test]
    fn each_part_hides_rows() {
        let row = |asset_kind, device_group: Option<&str>| ScopedRow {
            proposed_by: "scanner".to_owned(),
            lane: Lane::Pending,
            asset_kind,
            device_group: device_group.map(str::to_owned),
        };
        let device = row(AssetKind::Device, Some("Servers"));
        let groups = |name: &str| RowScope { device_groups: Some([name.to_owned()].into()), ..RowScope::ALL };
        let lanes = |lane| RowScope { lanes: Some([lane].into()), ..RowScope::ALL };
        let table = [
            (RowScope::ALL, &device, true),
            (RowScope::proposed_by("scanner"), &device, true),
            (RowScope::proposed_by("other"), &device, false),
            (lanes(Lane::Pending), &device, true),
            (lanes(Lane::History), &device, false),
            (groups("servers"), &device, true),
            (groups("Clients"), &device, false),
            (groups("Clients"), &row(AssetKind::Mailbox, None), true),
            (groups("Clients"), &row(AssetKind::Device, None), false),
            (groups(RowScope::UNGROUPED), &row(AssetKind::Device, None), true),
        ];
        for (scope, row, shown) in table {
            assert_eq!(scope.shows(row), shown, "{scope:?} {row:?}");
        }
    }
}
