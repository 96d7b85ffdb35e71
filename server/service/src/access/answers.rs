//! What a person can do, who can decide an action, and for the rest what is missing and who has it.

use domain::access::contract::{AccessAnswer, DeciderAnswer, PermissionAnswer};
use domain::{
    Action, ActionId, Actor, ActorKind, Caller, Decision, Denied, Error, Permission, RowScope, ScopedRow,
    Transition, UserId,
};
use jiff::Timestamp;

use crate::Service;
use crate::detail::sentence;
use store::Holder;

impl Service {
    pub(super) async fn answer_what(&self, caller: &Caller, person: UserId) -> Result<AccessAnswer, Error> {
        if caller.own().ok() != Some(person) {
            caller.require_administration(Permission::Administer)?;
        }
        let holders = self.store.holdings().await?;
        let holder = holders.into_iter().find(|holder| holder.id == person);
        let holder = holder.ok_or_else(|| Error::NotFound(person.into()))?;
        let roles = holder.holdings.roles.iter().map(|(role, _)| *role).collect();
        let access = holder.holdings.access();
        let mut permissions = Vec::new();
        for &permission in Permission::ALL {
            let reach = access.reach(permission).filter(|_| holder.enabled);
            let needs = (reach.is_none()).then(|| {
                if holder.enabled {
                    access.needs(&roles, permission)
                } else {
                    "to be enabled again".to_owned()
                }
            });
            let others = self.store.holders(permission).await?.into_iter();
            permissions.push(PermissionAnswer {
                permission,
                held: reach.is_some(),
                device_groups: reach.and_then(|reach| reach.groups().cloned()),
                needs,
                holders: others.filter(|(id, _)| *id != person).map(|(_, name)| name).collect(),
            });
        }
        Ok(AccessAnswer { name: holder.display_name, permissions })
    }

    pub(super) async fn answer_who(
        &self,
        caller: &Caller,
        id: ActionId,
    ) -> Result<Vec<DeciderAnswer>, Error> {
        caller.require_administration(Permission::Administer)?;
        let scope = RowScope::of(caller)?;
        let action = self.store.action(&scope, id).await?.ok_or_else(|| Error::NotFound(id.into()))?;
        let proposer = self.store.proposer(id).await?;
        let first = self.first_approver(&action).await?;
        let now = self.clock.now();
        let answer = |holder: Holder| {
            let why_not = self.why_not(&holder, &action, (proposer, first), now);
            DeciderAnswer { person: holder.id, name: holder.display_name, can: why_not.is_none(), why_not }
        };
        Ok(self.store.holdings().await?.into_iter().map(answer).collect())
    }

    /// The names of those who can decide an action.
    pub(crate) async fn names_of_deciders(
        &self,
        action: &Action,
        proposer: Option<UserId>,
        now: Timestamp,
    ) -> Result<Vec<String>, Error> {
        let first = self.first_approver(action).await?;
        let holders = self.store.holdings().await?.into_iter();
        let able = holders.filter(|holder| self.why_not(holder, action, (proposer, first), now).is_none());
        Ok(able.map(|holder| holder.display_name).collect())
    }

    /// Who approved an action as it stands, of the two that a policy asks for: they are not the second.
    async fn first_approver(&self, action: &Action) -> Result<Option<UserId>, Error> {
        let first = self.store.first_approval(action.id).await?;
        Ok(first.filter(|first| first.version == action.version).map(|first| first.person))
    }

    /// Why somebody can't approve an action, as it is said of them to others; none if they can.
    fn why_not(
        &self,
        holder: &Holder,
        action: &Action,
        (proposer, first): (Option<UserId>, Option<UserId>),
        now: Timestamp,
    ) -> Option<String> {
        if !holder.enabled {
            return Some("May not sign in.".to_owned());
        }
        let waits = action.decision == Decision::Pending;
        if waits && first == Some(holder.id) {
            return Some("Approved it first: somebody else must approve it, too.".to_owned());
        }
        let caller = as_caller(holder);
        let row = ScopedRow {
            proposed_by: String::new(),
            lane: action.lifecycle().ok()?.state().lane(),
            asset_kind: action.asset.kind,
            device_group: action.asset.device_group.clone(),
        };
        match RowScope::of(&caller) {
            Err(denied) => return Some(sentence(&denied.into())),
            Ok(scope) if !scope.shows(&row) => {
                let group = row.device_group.as_deref().unwrap_or(RowScope::UNGROUPED);
                return Some(format!("Does not see devices of the group {group}."));
            }
            Ok(_) => {}
        }
        let checked = self.check_decision(&caller, action, proposer, Transition::Approve, now);
        if let Err(Error::Forbidden(Denied::OwnProposal)) = checked {
            return Some("Proposed it: somebody else must decide it.".to_owned());
        }
        // Nobody can act without an executor: that is not about people.
        checked.err().filter(|error| !matches!(error, Error::NoExecutor(_))).map(|error| sentence(&error))
    }
}

/// A person as if they called, to ask what they may.
pub(crate) fn as_caller(holder: &Holder) -> Caller {
    Caller {
        actor: Actor::new(ActorKind::User, holder.id.to_string(), &holder.display_name),
        person: Some(holder.id),
        credential: uuid::Uuid::nil().into(),
        roles: holder.holdings.roles.iter().map(|(role, _)| *role).collect(),
        access: holder.holdings.access(),
        scopes: None,
        factor: domain::access::FactorState::NotNeeded,
    }
}
