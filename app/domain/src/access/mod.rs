//! Who may do what. The rules of what people hold stand in [`holding`]; everything else asks it.
//!
//! A write to the store takes an [`Authorized`] value, and only this module makes one. The store repeats the same
//! facts (permission, device group, enabled, credential alive, not the proposer) in its `WHERE`, so a change between the
//! check and the commit is caught. To add a role, add it to [`Role`] and to `holding`.

pub mod authority;
pub mod caller;
pub mod contract;
pub mod device_group;
mod executors;
pub mod factors;
pub mod holding;
mod intake;
pub mod lists;
mod notifications;
mod provision;
pub mod role;
pub mod role_group;
mod standing;
mod withdrawal;

pub use authority::{Authorized, Check, Misused, Purpose, SystemAuthority};
pub use caller::Caller;
pub use holding::{Access, Reach};
pub use role::{Permission, Role, Scope};
pub use standing::{FRESH_FOR, FactorStanding, FactorState};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::actor::{Actor, ActorKind};
    use crate::core::denied::Denied;
    use crate::core::id::{CredentialId, UserId};

    #[test]
    fn roles_give_the_permissions_of_the_product_table() {
        use Permission::{Administer, Configure, Devices, Email, Users, View};
        use Role::*;
        let table: &[(&[Role], &[Permission])] = &[
            (&[], &[]),
            (&[GlobalAdministrator], &[View, Devices, Email, Users, Administer, Configure]),
            (&[SecurityAdministrator], &[View, Devices, Users, Administer, Configure]),
            (&[SecurityAdministrator, SearchAndPurge], &[View, Devices, Email, Users, Administer, Configure]),
            (&[SecurityOperator], &[View, Devices, Users]),
            (&[SecurityOperator, SearchAndPurge], &[View, Devices, Email, Users]),
            (&[SecurityReader], &[View]),
            (&[SecurityReader, SearchAndPurge], &[View]),
            (&[ActiveRemediationActions], &[View, Devices]),
            (&[SearchAndPurge], &[]),
        ];
        for (roles, want) in table {
            let got = Access::of_roles(&roles.iter().copied().collect()).permissions();
            assert_eq!(got, want.iter().copied().collect(), "{roles:?}");
        }
    }

    fn caller(roles: &[Role], scopes: Option<&[Scope]>, person: bool) -> Caller {
        Caller {
            actor: Actor::new(ActorKind::User, "u", "Ana"),
            person: person.then(|| UserId::from(uuid::Uuid::nil())),
            credential: CredentialId::from(uuid::Uuid::nil()),
            roles: roles.iter().copied().collect(),
            access: Access::of_roles(&roles.iter().copied().collect()),
            scopes: scopes.map(|scopes| scopes.iter().copied().collect()),
            factor: crate::access::FactorState::NotNeeded,
        }
    }

    #[test]
    fn denials_say_what_is_missing() {
        let operator = caller(&[Role::SecurityOperator], None, true);
        assert!(operator.authorize(Permission::Devices).is_ok());
        let denied = operator.authorize(Permission::Email).unwrap_err();
        assert_eq!(denied.to_string(), "Ana lacks a permission: this needs Search and Purge");
        let tool = caller(&[], Some(&[Scope::Propose]), false);
        assert_eq!(tool.authorize(Permission::Devices), Err(Denied::TokenScope(Scope::Decide.to_string())));
        let orphan = caller(&[], Some(&[Scope::Decide]), false);
        assert_eq!(orphan.authorize(Permission::Devices), Err(Denied::NoPerson));
        let nobody = caller(&[], None, true);
        assert_eq!(nobody.own().ok(), nobody.person);
        assert_eq!(nobody.authorize_own().unwrap().person(), nobody.person);
        for (scopes, person) in [(None, false), (Some(&[Scope::Decide][..]), true), (Some(&[]), false)] {
            let token = caller(&[Role::GlobalAdministrator], scopes, person);
            assert_eq!(token.own(), Err(Denied::NotSignedIn));
            assert_eq!(token.authorize_own(), Err(Denied::NotSignedIn));
        }
    }

    #[test]
    fn authority_for_one_purpose_is_none_for_another() {
        let operator = caller(&[Role::SecurityOperator], None, true);
        let decides = operator.authorize(Permission::Devices).unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test is an entry point")]
        let authority = SystemAuthority::take();
        let system = Authorized::system(&authority, "test", "Test");
        let given = [
            (decides, Purpose::Decide),
            (operator.authorize_own().unwrap(), Purpose::Own),
            (operator.authorize_plan().unwrap(), Purpose::Plan),
            (operator.recorded(), Purpose::Record),
            (Authorized::sign_in(), Purpose::Record),
        ];
        for used in [Purpose::Decide, Purpose::Propose, Purpose::Own, Purpose::Plan, Purpose::Record] {
            for (by, purpose) in &given {
                assert_eq!(by.allow(used).is_ok(), *purpose == used, "{purpose:?} for {used:?}");
            }
            assert!(system.allow(used).is_ok());
        }
        assert!(given.iter().all(|(by, _)| by.allow(Purpose::System).is_err()));
    }
}
