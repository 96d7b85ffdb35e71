//! The decision table of the product, cell by cell, with what is said to who may not.

use super::*;
use crate::access::Caller;
use crate::access::device_group::UNGROUPED;
use crate::core::actor::{Actor, ActorKind};

fn group(name: &str, model: RoleModel, permissions: &[RolePermission]) -> RoleGroup {
    RoleGroup {
        id: uuid::Uuid::nil().into(),
        name: name.to_owned(),
        model,
        permissions: permissions.iter().copied().collect(),
        built_in: false,
        version: 1,
    }
}

fn held(roles: &[Role], groups: &[&RoleGroup], unified: &[Workload]) -> Holdings {
    Holdings {
        roles: roles.iter().map(|role| (*role, Reach::Everywhere)).collect(),
        role_groups: groups.iter().map(|&group| (group.clone(), Reach::Everywhere)).collect(),
        limit: Reach::Everywhere,
        unified: unified.iter().copied().collect(),
    }
}

fn caller(holdings: &Holdings) -> Caller {
    Caller {
        actor: Actor::new(ActorKind::User, "u", "Ana"),
        person: Some(uuid::Uuid::nil().into()),
        credential: uuid::Uuid::nil().into(),
        roles: holdings.roles.iter().map(|(role, _)| *role).collect(),
        access: holdings.access(),
        scopes: None,
        factor: crate::access::FactorState::NotNeeded,
    }
}

/// What is said to who lacks a permission; empty for who holds it.
fn says(holdings: &Holdings, permission: Permission) -> String {
    caller(holdings).require(permission).map_or_else(|denied| denied.to_string(), |()| String::new())
}

const CELLS: [Permission; 5] =
    [Permission::View, Permission::Devices, Permission::Email, Permission::Users, Permission::Administer];

#[test]
#[expect(clippy::too_many_lines, reason = "a table is as long as what it says")]
fn every_cell_of_the_decision_table_is_as_the_product_says() {
    use Role::{
        ActiveRemediationActions, GlobalAdministrator, SearchAndPurge, SecurityAdministrator,
        SecurityOperator, SecurityReader,
    };
    use RoleModel::{EmailCollaboration, Unified};
    let purge = [RolePermission::SearchAndPurge];
    let data_investigator = group("Data Investigator", EmailCollaboration, &purge);
    let organization = group("Organization Management", EmailCollaboration, &purge);
    let custom = group("Our mail people", EmailCollaboration, &purge);
    let portal = group("Security Administrator", EmailCollaboration, &[]);
    let reads = RolePermission::SecurityDataBasics;
    let responder = group("Responder", Unified, &[reads, RolePermission::Response]);
    let mailer = group(
        "Mailer",
        Unified,
        &[reads, RolePermission::EmailAdvancedActions, RolePermission::EmailMetadata],
    );
    let half = group("Half", Unified, &[reads, RolePermission::EmailAdvancedActions]);
    let blind = group("Blind", Unified, &[RolePermission::Response]);
    let clerk = group("Clerk", Unified, &[RolePermission::Authorization]);
    let (devices, email) = ([Workload::Devices], [Workload::Email]);
    let lacks = |needs: &str| format!("Ana lacks a permission: this needs {needs}");
    let operator = "Security Operator";
    let both = "Security Operator together with Search and Purge";
    let admin = "Security Administrator";
    let remediate = "Security Operator or Active remediation actions";
    let directory = "Security Operator or Security Administrator, a directory role";
    let by_role = |needs: &str, name: &str| format!("{needs}, or a custom role with {name}");
    let alone = |needs: &str, name: &str| {
        format!(
            "{needs}; the Email & collaboration role group {name} gives no access to the Action center by itself"
        )
    };
    let yes = String::new;
    let not = |needs: &str| lacks(needs);
    let basics = by_role("Security Reader", "Security data basics (read)");
    let response = by_role(operator, "Response (manage)");
    let authorization = by_role(admin, "Authorization (manage)");
    let advanced = "a custom role with Email & collaboration advanced actions (manage) and Email & collaboration \
                    metadata (read)";
    let none = held(&[], &[], &[]);
    let table: Vec<(&str, Holdings, [String; 5])> = vec![
        ("nothing", none, [not("Security Reader"), not(remediate), not(both), not(operator), not(admin)]),
        ("Global Administrator", held(&[GlobalAdministrator], &[], &[]), [yes(), yes(), yes(), yes(), yes()]),
        (
            "Security Administrator",
            held(&[SecurityAdministrator], &[], &[]),
            [yes(), yes(), not("Search and Purge"), yes(), yes()],
        ),
        (
            "Security Administrator, Data Investigator",
            held(&[SecurityAdministrator], &[&data_investigator], &[]),
            [yes(), yes(), yes(), yes(), yes()],
        ),
        (
            "Security Operator",
            held(&[SecurityOperator], &[], &[]),
            [yes(), yes(), not("Search and Purge"), yes(), not(admin)],
        ),
        (
            "Security Operator, Search and Purge by itself",
            held(&[SecurityOperator, SearchAndPurge], &[], &[]),
            [yes(), yes(), yes(), yes(), not(admin)],
        ),
        (
            "Security Operator, Organization Management",
            held(&[SecurityOperator], &[&organization], &[]),
            [yes(), yes(), yes(), yes(), not(admin)],
        ),
        (
            "Security Operator, custom role group",
            held(&[SecurityOperator], &[&custom], &[]),
            [yes(), yes(), yes(), yes(), not(admin)],
        ),
        (
            "Security Reader",
            held(&[SecurityReader], &[], &[]),
            [yes(), not(remediate), not(both), not(operator), not(admin)],
        ),
        (
            "Security Reader, Data Investigator",
            held(&[SecurityReader], &[&data_investigator], &[]),
            [yes(), not(remediate), not(directory), not(operator), not(admin)],
        ),
        (
            "Active remediation actions",
            held(&[ActiveRemediationActions], &[], &[]),
            [yes(), yes(), not(both), not(operator), not(admin)],
        ),
        (
            "Data Investigator",
            held(&[], &[&data_investigator], &[]),
            ["Security Reader", remediate, directory, operator, admin]
                .map(|needs| not(&alone(needs, "Data Investigator"))),
        ),
        (
            "Security Administrator of Email & collaboration",
            held(&[], &[&portal], &[]),
            ["Security Reader", remediate, both, operator, admin]
                .map(|needs| not(&alone(needs, "Security Administrator"))),
        ),
        (
            "Security Administrator of Email & collaboration, Search and Purge",
            held(&[SearchAndPurge], &[&portal], &[]),
            ["Security Reader", remediate, directory, operator, admin]
                .map(|needs| not(&alone(needs, "Security Administrator"))),
        ),
        (
            "custom roles that are not switched on",
            held(&[], &[&responder, &mailer, &clerk], &[]),
            [not("Security Reader"), not(remediate), not(both), not(operator), not(admin)],
        ),
        (
            "a custom role for devices and users",
            held(&[], &[&responder], &devices),
            [yes(), yes(), not(both), yes(), not(&authorization)],
        ),
        (
            "a custom role that may act, but not read",
            held(&[], &[&blind], &devices),
            [not(&basics), not(&response), not(both), not(&response), not(&authorization)],
        ),
        (
            "a custom role for email",
            held(&[], &[&mailer], &email),
            [yes(), not(remediate), yes(), not(operator), not(&authorization)],
        ),
        (
            "half of what email needs",
            held(&[], &[&half], &email),
            [yes(), not(remediate), not(advanced), not(operator), not(&authorization)],
        ),
        (
            "a custom role for authorization",
            held(&[], &[&clerk], &devices),
            [not(&basics), not(&response), not(both), not(&response), yes()],
        ),
        (
            "Active remediation actions, where unified roles are on for devices",
            held(&[ActiveRemediationActions], &[], &devices),
            [not(&basics), not(&response), not(both), not(&response), not(&authorization)],
        ),
        (
            "Security Operator with Search and Purge, where unified roles are on for email",
            held(&[SecurityOperator], &[&data_investigator], &email),
            [yes(), yes(), not(advanced), yes(), not(&authorization)],
        ),
        (
            "Global Administrator, where unified roles are on",
            held(&[GlobalAdministrator], &[], &[Workload::Devices, Workload::Email]),
            [yes(), yes(), yes(), yes(), yes()],
        ),
    ];
    for (who, holdings, wants) in table {
        for (permission, want) in CELLS.into_iter().zip(wants) {
            assert_eq!(says(&holdings, permission), want, "{who}: {permission}");
        }
    }
}

fn groups(names: &[&str]) -> Reach {
    Reach::Groups(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn device_groups_limit_what_is_seen_and_decided() {
    let of = |roles: &[(Role, Reach)], limit: Reach| {
        let holdings = Holdings { roles: roles.to_vec(), limit, ..Holdings::default() };
        let access = holdings.access();
        (access.reach(Permission::View).cloned(), access.reach(Permission::Devices).cloned())
    };
    let (all, servers) = (Reach::Everywhere, groups(&["Servers"]));
    let technician = (Role::ActiveRemediationActions, servers.clone());
    let reader = (Role::SecurityReader, all.clone());
    let table = [
        (vec![technician.clone()], all.clone(), Some(servers.clone()), Some(servers.clone())),
        // Sees everything, decides on servers alone.
        (vec![reader, technician.clone()], all.clone(), Some(all.clone()), Some(servers.clone())),
        (
            vec![technician.clone(), (Role::ActiveRemediationActions, groups(&["Clients"]))],
            all,
            Some(groups(&["Clients", "Servers"])),
            Some(groups(&["Clients", "Servers"])),
        ),
        // The person's own limit is above all that they hold.
        (
            vec![(Role::GlobalAdministrator, Reach::Everywhere)],
            servers.clone(),
            Some(servers.clone()),
            Some(servers.clone()),
        ),
        (vec![technician], groups(&["Clients"]), Some(groups(&[])), Some(groups(&[]))),
    ];
    for (roles, limit, sees, acts) in table {
        assert_eq!(of(&roles, limit.clone()), (sees, acts), "{roles:?} {limit:?}");
    }
}

#[test]
fn a_decision_outside_the_groups_says_which_group_is_missing() {
    let roles = vec![
        (Role::SecurityReader, Reach::Everywhere),
        (Role::ActiveRemediationActions, groups(&["Servers"])),
    ];
    let ana = caller(&Holdings { roles, ..Holdings::default() });
    assert!(ana.authorize_on(Permission::Devices, Some("servers")).is_ok());
    let denied = ana.authorize_on(Permission::Devices, Some(UNGROUPED)).unwrap_err().to_string();
    assert_eq!(denied, "Ana may decide on devices, but not on those of the group Ungrouped devices");
    let token = Caller { access: ana.access.clone().within(&groups(&["Clients"])), ..ana };
    assert!(token.authorize_on(Permission::Devices, Some("Servers")).is_err(), "a token narrows its owner");
}
