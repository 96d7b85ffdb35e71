//! Who may do what, as administrators write it: people and what they hold, role groups, device groups, tokens.

use std::collections::BTreeSet;

use domain::access::contract::{Assignments, CredentialSort, RoleGrant, RoleGroupGrant};
use domain::access::device_group::{UNGROUPED, parse_rule};
use domain::access::role_group::{RoleGroup, RoleModel, RolePermission, Workload};
use domain::access::{Access, Reach};
use domain::{
    ActionQuery, Authorized, Caller, Device, DeviceGroup, DeviceGroupId, Lane, Permission, RemediationLevel,
    Role, RowScope, Transition, UserId,
};
use service::testing::system as authority;
use store::{Credential, CredentialFilter, CredentialKind, Guard, PersonUpdate, SharedStore};

use super::sample::{
    action, add, add_ana, at, decided, decider, id, own, person, proposer, session, system, user,
};
use crate::database::{Database, Kind, on_both};

on_both!(
    people_are_added_and_changed,
    everybody_renames_themselves_alone,
    what_is_held_amounts_to_permissions,
    role_groups_are_kept,
    device_groups_are_ranked,
    devices_are_known_and_placed,
    tokens_and_sessions_end_at_once,
    who_lost_it_a_moment_ago_administers_nothing,
    a_decision_asks_for_the_group_in_its_statement,
);

const ADMIN: u128 = 0xAD;

/// A store with an administrator who has a session.
async fn start(kind: Kind) -> (Database, SharedStore, Caller) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let admin = user(ADMIN, "admin", &[Role::GlobalAdministrator]);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&admin, at(0)).await.unwrap();
    tx.insert_credential(&session(ADMIN, admin.id)).await.unwrap();
    tx.commit().await.unwrap();
    let roles: BTreeSet<_> = [Role::GlobalAdministrator].into();
    let caller = Caller { access: Access::of_roles(&roles), roles, ..person(ADMIN, ADMIN) };
    (database, store, caller)
}

fn by(caller: &Caller) -> Authorized {
    caller.authorize_administration(Permission::Administer).unwrap()
}

fn configures(caller: &Caller) -> Authorized {
    caller.authorize_administration(Permission::Configure).unwrap()
}

fn group(number: u128, name: &str, rank: u32, rule: &str) -> DeviceGroup {
    DeviceGroup {
        id: id(number),
        rank,
        name: name.to_owned(),
        level: RemediationLevel::SemiCore,
        rule: parse_rule(rule).unwrap(),
        version: 1,
    }
}

async fn add_groups(store: &SharedStore, caller: &Caller, groups: &[DeviceGroup]) {
    let mut tx = store.begin().await.unwrap();
    for group in groups {
        assert!(tx.put_device_group(&configures(caller), group, at(1)).await.unwrap(), "{}", group.name);
    }
    tx.commit().await.unwrap();
}

fn holds(role: Role, groups: Option<&[u128]>) -> Assignments {
    let device_groups = groups.map(|groups| groups.iter().map(|number| id(*number)).collect());
    Assignments { roles: vec![RoleGrant { role, device_groups }], ..Assignments::default() }
}

async fn people_are_added_and_changed(kind: Kind) {
    let (_database, store, admin) = start(kind).await;
    let bo = user(0xB, "bo", &[]);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_person(&by(&admin), &bo, at(1)).await.unwrap());
    assert!(!tx.insert_person(&by(&admin), &user(0xC, "bo", &[]), at(1)).await.unwrap(), "the name is taken");
    let change = PersonUpdate {
        enabled: Some(false),
        display_name: Some("Bo Berg".to_owned()),
        password_hash: Some("new".to_owned()),
    };
    assert!(tx.update_person(&by(&admin), bo.id, &change, at(2)).await.unwrap());
    assert!(!tx.update_person(&by(&admin), id(0xE), &change, at(2)).await.unwrap(), "nobody has that id");
    assert_eq!(tx.count_administrators().await.unwrap(), 1);
    tx.commit().await.unwrap();
    let people = store.people(None, at(3)).await.unwrap();
    assert_eq!(people.iter().map(|of| of.display_name.as_str()).collect::<Vec<_>>(), ["ADMIN", "Bo Berg"]);
    let bo = store.people(Some(bo.id), at(3)).await.unwrap().pop().unwrap();
    assert_eq!((bo.enabled, bo.has_password, bo.sessions, bo.last_sign_in_at), (false, true, 0, None));
    assert_eq!(people[0].sessions, 1);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_session(&own(ADMIN, 7), &session(7, id(ADMIN))).await.unwrap());
    tx.commit().await.unwrap();
    let admin = store.people(Some(id(ADMIN)), at(3)).await.unwrap().pop().unwrap();
    assert_eq!(admin.last_sign_in_at, Some(at(0)), "the session's begin");
}

async fn what_is_held_amounts_to_permissions(kind: Kind) {
    let (_database, store, admin) = start(kind).await;
    add_groups(
        &store,
        &admin,
        &[group(1, "Servers", 1, "name starts_with srv"), group(2, "Lab", 2, "tag is lab")],
    )
    .await;
    let ana: UserId = id(0xA);
    let mut tx = store.begin().await.unwrap();
    tx.insert_person(&by(&admin), &user(0xA, "ana", &[]), at(1)).await.unwrap();
    assert!(
        tx.set_assignments(&by(&admin), ana, &holds(Role::ActiveRemediationActions, Some(&[1])), at(1))
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    let read = async || store.user("ana").await.unwrap().unwrap().access;
    let servers = Reach::Groups(["Servers".to_owned()].into());
    let access = read().await;
    assert_eq!(access.reach(Permission::Devices), Some(&servers));
    assert_eq!(access.reach(Permission::View), Some(&servers));
    assert_eq!(access.reach(Permission::Users), None);
    // As it is computed of all that is held.
    let holders = store.holdings().await.unwrap();
    let holder = holders.iter().find(|holder| holder.id == ana).unwrap();
    assert_eq!(holder.holdings.access().permissions, access.permissions);

    // A role group by which email is decided, only together with a directory role.
    let mut tx = store.begin().await.unwrap();
    let investigator: domain::RoleGroupId = "00000000-0000-7000-8000-000000000001".parse().unwrap();
    let mut held = holds(Role::SecurityOperator, None);
    held.role_groups.push(RoleGroupGrant { role_group: investigator, device_groups: None });
    held.device_groups = Some([id(2)].into());
    assert!(tx.set_assignments(&by(&admin), ana, &held, at(1)).await.unwrap());
    tx.commit().await.unwrap();
    let access = read().await;
    assert!(access.reach(Permission::Email).is_some() && access.purges);
    assert_eq!(access.role_groups, [("Data Investigator".to_owned(), RoleModel::EmailCollaboration)]);
    assert_eq!(access.reach(Permission::View), Some(&Reach::Groups(["Lab".to_owned()].into())));
    let shown = store.people(Some(ana), at(2)).await.unwrap().pop().unwrap();
    assert_eq!(shown.assignments, held);

    // Switched on for email, it no longer counts; off again, it does.
    assert!(store.unified().await.unwrap().is_empty());
    for (on, email) in [(true, false), (false, true)] {
        let mut tx = store.begin().await.unwrap();
        assert!(tx.set_unified(&by(&admin), Workload::Email, on, at(2)).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(read().await.reach(Permission::Email).is_some(), email);
        assert_eq!(store.holders(Permission::Email).await.unwrap().len(), 1 + usize::from(email));
    }
    // A group that is gone narrows what was given in it.
    let mut tx = store.begin().await.unwrap();
    assert!(tx.delete_device_group(&configures(&admin), id(2), at(3)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(read().await.reach(Permission::View), Some(&Reach::Groups(BTreeSet::new())));
}

async fn role_groups_are_kept(kind: Kind) {
    let (_database, store, admin) = start(kind).await;
    let built_in = store.role_groups().await.unwrap();
    let names: Vec<_> =
        built_in.iter().map(|(group, _)| (group.name.as_str(), group.note().is_some())).collect();
    assert_eq!(
        names,
        [("Data Investigator", false), ("Organization Management", false), ("Security Administrator", true)]
    );
    let mut responder = RoleGroup {
        id: id(9),
        name: "Responder".to_owned(),
        model: RoleModel::Unified,
        permissions: [RolePermission::Response].into(),
        built_in: false,
        version: 1,
    };
    let mut tx = store.begin().await.unwrap();
    assert!(tx.put_role_group(&by(&admin), &responder, at(1)).await.unwrap());
    let twin = RoleGroup { id: id(10), name: "RESPONDER".to_owned(), ..responder.clone() };
    assert!(!tx.put_role_group(&by(&admin), &twin, at(1)).await.unwrap(), "the name is taken");
    responder.version = 2;
    responder.permissions.insert(RolePermission::SecurityDataBasics);
    assert!(tx.put_role_group(&by(&admin), &responder, at(1)).await.unwrap());
    assert!(!tx.put_role_group(&by(&admin), &responder, at(1)).await.unwrap(), "somebody else was first");
    tx.commit().await.unwrap();
    assert!(store.role_groups().await.unwrap().contains(&(responder.clone(), 0)));
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.delete_role_group(&by(&admin), built_in[0].0.id, at(1)).await.unwrap(), "it is built in");
    assert!(tx.delete_role_group(&by(&admin), responder.id, at(1)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.role_groups().await.unwrap(), built_in);
}

async fn device_groups_are_ranked(kind: Kind) {
    let (_database, store, admin) = start(kind).await;
    let names = async || -> Vec<(u32, String)> {
        let groups = store.device_groups().await.unwrap();
        groups.into_iter().map(|(group, _)| (group.rank, group.name)).collect()
    };
    let ranked = |names: &[&str]| -> Vec<(u32, String)> {
        (1..).zip(names.iter().map(|name| (*name).to_owned())).collect()
    };
    assert_eq!(names().await, ranked(&[UNGROUPED]));
    let (a, b, c) =
        (group(1, "A", 1, "name is a"), group(2, "B", 1, "name is b"), group(3, "C", 2, "name is c"));
    add_groups(&store, &admin, &[a.clone(), b, c]).await;
    assert_eq!(names().await, ranked(&["B", "C", "A", UNGROUPED]));
    let moved = DeviceGroup { rank: 1, name: "First".to_owned(), version: 2, ..a };
    add_groups(&store, &admin, std::slice::from_ref(&moved)).await;
    assert_eq!(names().await, ranked(&["First", "B", "C", UNGROUPED]));
    let (rest, _) = store.device_groups().await.unwrap().pop().unwrap();
    let level = RemediationLevel::Full;
    add_groups(&store, &admin, &[DeviceGroup { level, version: rest.version + 1, ..rest.clone() }]).await;
    let mut tx = store.begin().await.unwrap();
    assert!(
        !tx.put_device_group(&configures(&admin), &moved, at(1)).await.unwrap(),
        "somebody else was first"
    );
    assert!(
        !tx.delete_device_group(&configures(&admin), rest.id, at(1)).await.unwrap(),
        "the last one stays"
    );
    assert!(tx.delete_device_group(&configures(&admin), moved.id, at(1)).await.unwrap());
    assert_eq!(tx.device_groups().await.unwrap().last().unwrap().level, RemediationLevel::Full);
    tx.commit().await.unwrap();
    assert_eq!(names().await, ranked(&["B", "C", UNGROUPED]));
}

async fn devices_are_known_and_placed(kind: Kind) {
    let (_database, store, admin) = start(kind).await;
    for number in 1..=3 {
        add(&store, &action(number)).await;
    }
    let on = |number| action(number).asset.name;
    let mut tx = store.begin().await.unwrap();
    let known = tx.discover_devices(&configures(&admin), at(1)).await.unwrap();
    assert!(known > 0);
    assert_eq!(tx.discover_devices(&configures(&admin), at(1)).await.unwrap(), 0);
    let told = Device {
        name: on(1),
        os: Some("Linux".to_owned()),
        tags: ["vital".to_owned()].into(),
        ..Device::default()
    };
    let noted = tx.note_devices(&proposer(None), std::slice::from_ref(&told), at(2)).await.unwrap();
    assert_eq!(noted[0].0.os.as_deref(), Some("Linux"));
    // What is not told stays.
    let again = Device { name: on(1), ..Device::default() };
    let noted = tx.note_devices(&proposer(None), &[again], at(3)).await.unwrap();
    assert_eq!((noted[0].0.os.as_deref(), noted[0].0.tags.len()), (Some("Linux"), 1));
    // More than a statement holds, and one of them twice.
    let named = |name: String| Device { name, ..Device::default() };
    let mut many: Vec<_> = (0..130).map(|number| named(format!("many-{number}"))).collect();
    many.push(Device { os: Some("macOS".to_owned()), ..named("MANY-7".to_owned()) });
    let noted = tx.note_devices(&proposer(None), &many, at(3)).await.unwrap();
    assert_eq!((noted.len(), noted[129].0.name.as_str()), (131, "many-129"));
    for at in [7, 130] {
        assert_eq!((noted[at].0.name.as_str(), noted[at].0.os.as_deref()), ("MANY-7", Some("macOS")));
    }
    tx.commit().await.unwrap();

    let mut tx = store.begin().await.unwrap();
    let placed = [(told, Some("Vital".to_owned()))];
    let rows = tx.place_devices(&configures(&admin), &placed, |_| None).await.unwrap();
    assert!(rows > 0);
    assert_eq!(tx.place_devices(&configures(&admin), &placed, |_| None).await.unwrap(), 0, "they are there");
    tx.commit().await.unwrap();
    let devices = store.devices("", 100).await.unwrap();
    assert!(devices.iter().any(|(device, group)| device.name == on(1) && group.as_deref() == Some("Vital")));
    let row = store.action(&RowScope::ALL, id(1)).await.unwrap().unwrap();
    assert_eq!(row.asset.device_group.as_deref(), Some("Vital"));
    // Counted and found under the new name, and under no other.
    let scope = RowScope { device_groups: Some(["vital".to_owned()].into()), ..RowScope::ALL };
    assert!(store.action(&scope, id(1)).await.unwrap().is_some());
    let counts = store.counts(&RowScope::ALL, &ActionQuery::of(Lane::Pending), at(4)).await.unwrap();
    let facet = counts.facets.iter().find(|of| of.facet.as_str() == "device_group").unwrap();
    let vital = facet.values.iter().find(|value| value.value == "Vital").unwrap();
    assert_eq!(vital.count, Some(rows));
    let total: u64 = facet.values.iter().filter_map(|value| value.count).sum();
    assert_eq!(total, counts.matches);
}

fn token(number: u128, owner: Option<UserId>, groups: Option<BTreeSet<DeviceGroupId>>) -> Credential {
    Credential {
        kind: CredentialKind::Token,
        user: owner,
        name: "scanner".to_owned(),
        device_groups: groups,
        ..session(number, id(ADMIN))
    }
}

async fn tokens_and_sessions_end_at_once(kind: Kind) {
    let (_database, store, admin) = start(kind).await;
    add_groups(&store, &admin, &[group(1, "Servers", 1, "name is a")]).await;
    let ana = add_ana(&store).await;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_token(&by(&admin), &token(21, None, Some([id(1)].into())), at(1)).await.unwrap());
    let mine = ana.authorize_own().unwrap();
    assert!(tx.insert_token(&mine, &token(22, ana.person, None), at(1)).await.unwrap());
    assert!(
        !tx.insert_token(&mine, &token(23, Some(id(ADMIN)), None), at(1)).await.unwrap(),
        "not another's"
    );
    assert!(!tx.insert_token(&mine, &token(24, None, None), at(1)).await.unwrap(), "not a tool's");
    assert!(!tx.revoke(&mine, id(21), at(1)).await.unwrap(), "not another's");
    assert!(!tx.shorten(&mine, id(21), at(5), at(1)).await.unwrap(), "not another's");
    assert!(tx.shorten(&by(&admin), id(21), at(5), at(1)).await.unwrap());
    assert!(!tx.shorten(&by(&admin), id(21), at(50), at(1)).await.unwrap(), "never longer");
    tx.commit().await.unwrap();
    let (found, _) = store.credential("hash 21", at(4)).await.unwrap().unwrap();
    assert_eq!(found.reach, Reach::Groups(["Servers".to_owned()].into()));
    let tokens = CredentialFilter { sort: Some(CredentialSort::Token), ..CredentialFilter::default() };
    assert_eq!(store.live_credentials(tokens, at(2)).await.unwrap().len(), 2);
    assert_eq!(store.live_credentials(tokens, at(6)).await.unwrap().len(), 1);
    let hers = CredentialFilter { owner: ana.person, ..CredentialFilter::default() };
    assert_eq!(store.live_credentials(hers, at(2)).await.unwrap().len(), 2);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.revoke_all(&by(&admin), ana.person.unwrap(), Some(id(22)), at(3)).await.unwrap(), 1);
    assert!(tx.revoke(&mine, id(22), at(3)).await.is_ok_and(|done| !done), "her session is over");
    assert!(tx.revoke(&by(&admin), id(22), at(3)).await.unwrap());
    tx.commit().await.unwrap();
    assert!(store.live_credentials(hers, at(4)).await.unwrap().is_empty());
}

async fn who_lost_it_a_moment_ago_administers_nothing(kind: Kind) {
    let (_database, store, admin) = start(kind).await;
    let by = by(&admin);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.set_roles(id(ADMIN), &[Role::SecurityOperator].into()).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let bo = user(0xB, "bo", &[]);
    assert!(!tx.insert_person(&by, &bo, at(1)).await.unwrap());
    let change = PersonUpdate { enabled: Some(true), ..PersonUpdate::default() };
    assert!(!tx.update_person(&by, id(ADMIN), &change, at(1)).await.unwrap());
    let global = holds(Role::GlobalAdministrator, None);
    assert!(!tx.set_assignments(&by, id(ADMIN), &global, at(1)).await.unwrap());
    assert!(!tx.insert_token(&by, &token(1, None, None), at(1)).await.unwrap());
    assert!(!tx.revoke(&by, id(ADMIN), at(1)).await.unwrap());
    assert!(!tx.set_unified(&by, Workload::Email, true, at(1)).await.unwrap());
    let servers = group(1, "Servers", 1, "name is a");
    assert!(!tx.put_device_group(&configures(&admin), &servers, at(1)).await.unwrap());
    assert_eq!(tx.count_administrators().await.unwrap(), 0);
}

async fn a_decision_asks_for_the_group_in_its_statement(kind: Kind) {
    let (_database, store, admin) = start(kind).await;
    let ana = add_ana(&store).await;
    let mut before = action(1);
    before.asset.device_group = Some("Servers".to_owned());
    add_groups(&store, &admin, &[group(1, "Servers", 1, "name is a"), group(2, "Elsewhere", 2, "name is b")])
        .await;
    add(&store, &before).await;
    let guard_by = decider(&ana);
    let after = decided(&before, &guard_by, Transition::Approve, at(2));
    let give = async |groups: &[u128]| {
        let mut tx = store.begin_system(&authority()).await.unwrap();
        let held = holds(Role::ActiveRemediationActions, Some(groups));
        assert!(tx.set_assignments(&system(), ana.person.unwrap(), &held, at(1)).await.unwrap());
        tx.commit().await.unwrap();
    };
    for (groups, done) in [(&[2][..], false), (&[], false), (&[1, 2], true)] {
        give(groups).await;
        let mut tx = store.begin().await.unwrap();
        let guard = Guard { by: &guard_by, deciding: true, policy: None, now: at(2) };
        assert_eq!(tx.update_state(guard, &before, &after).await.unwrap(), done, "{groups:?}");
    }
}

async fn everybody_renames_themselves_alone(kind: Kind) {
    let (_database, store, admin) = start(kind).await;
    add_ana(&store).await;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.rename_own(&admin.authorize_own().unwrap(), "Root", at(1)).await.unwrap());
    assert!(tx.rename_own(&by(&admin), "Root", at(1)).await.is_err(), "that is another authority");
    let gone = person(77, 78).authorize_own().unwrap();
    assert!(!tx.rename_own(&gone, "Nobody", at(1)).await.unwrap());
    tx.commit().await.unwrap();
    let names: Vec<_> =
        store.people(None, at(1)).await.unwrap().into_iter().map(|of| of.display_name).collect();
    assert!(names.contains(&"Root".to_owned()) && names.len() == 2, "{names:?}");
}
