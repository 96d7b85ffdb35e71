//! Actions are found as they were written, by those who may see them.

use service::testing::system as authority;
use std::slice::from_ref;

use domain::actions::query::{Sort, SortKey};
use domain::{Action, ActionId, ActionQuery, Asset, Lane, RowScope, Source, Transition};

use store::SharedStore;

use crate::contract::sample::{SCANNER, action, add, add_ana, after, at, full_action, id, proposer, system};
use crate::database::{Database, Kind, on_both};

on_both!(
    an_action_reads_back_as_it_was_written,
    an_export_of_whole_actions_has_each_as_it_stands,
    the_longest_texts_fit,
    a_scope_hides_what_others_proposed,
    external_ids_belong_to_principal_and_source,
    the_person_behind_a_proposal_is_kept,
    earlier_actions_on_the_same_entity_come_newest_first,
    a_file_with_several_hashes_is_the_file_with_any_of_them,
    an_action_on_several_targets_is_found_from_each_of_them,
    what_is_over_is_listed_by_its_expiry,
    a_dropped_transaction_leaves_nothing,
    assets_are_known_from_the_actions_on_them,
);

fn mine() -> RowScope {
    RowScope::proposed_by(SCANNER)
}

fn others() -> RowScope {
    RowScope::proposed_by("somebody else")
}

async fn an_action_reads_back_as_it_was_written(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for action in [action(1), full_action(2)] {
        add(&store, &action).await;
        assert_eq!(store.action(&RowScope::ALL, action.id).await.unwrap(), Some(action));
    }
    assert_eq!(store.action(&RowScope::ALL, id(3)).await.unwrap(), None);
}

async fn an_export_of_whole_actions_has_each_as_it_stands(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for action in [&action(1), &full_action(2)] {
        add(&store, action).await;
    }
    let sort = Sort { key: SortKey::Entity, descending: true };
    let query = ActionQuery { sort, ..ActionQuery::of(Lane::Pending) };
    for (scope, want) in [(mine(), vec![full_action(2), action(1)]), (others(), Vec::new())] {
        let mut found = Vec::new();
        let mut take = |action: Action| {
            found.push(action);
            Ok(())
        };
        store.export_actions(&scope, &query, at(1), &mut take).await.unwrap();
        assert_eq!(found, want);
    }
    let mut full = |_: Action| Err(std::io::Error::other("no space is left"));
    assert!(store.export_actions(&mine(), &query, at(1), &mut full).await.is_err());
}

async fn the_longest_texts_fit(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    // Four bytes each, and nothing that a compression would find.
    let mut state = 1_u32;
    let mut text = || {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from_u32(0x1_0000 + (state >> 8) % 0xF_0000).unwrap()
        };
        (0..4_096).map(|_| next()).collect::<String>()
    };
    let entity = serde_json::json!({ "kind": "file", "path": text() });
    let mut long = Action {
        external_id: Some(text()),
        entity: serde_json::from_value(entity).unwrap(),
        investigation_id: Some(text()),
        incident_id: Some(text()),
        ..full_action(1)
    };
    long.asset.name = text();
    long.asset.device_group = Some(text());
    long.proposed_by.name = text();
    add(&store, &long).await;
    add(&store, &Action { id: id(2), external_id: None, ..long.clone() }).await;
    assert_eq!(store.action(&RowScope::ALL, id(1)).await.unwrap(), Some(long.clone()));
    assert_eq!(store.on_same_entity(&RowScope::ALL, &long, 10).await.unwrap().len(), 1);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let name = long.external_id.as_deref().unwrap();
    // Of another actor's proposal only the actor's id is known.
    let found = tx.actions_by_external_ids("scanner", &[(Source::Antivirus, name)]).await.unwrap();
    assert_eq!(found.iter().map(|action| action.id).collect::<Vec<_>>(), [id(1)]);
}

async fn a_scope_hides_what_others_proposed(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    add(&store, &action(1)).await;
    assert!(store.action(&mine(), id(1)).await.unwrap().is_some());
    assert!(store.action(&others(), id(1)).await.unwrap().is_none());
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.action(&mine(), id(1)).await.unwrap().is_some());
    assert!(tx.action(&others(), id(1)).await.unwrap().is_none());
}

async fn external_ids_belong_to_principal_and_source(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let first = full_action(1);
    let name = first.external_id.clone().unwrap();
    add(&store, &first).await;
    // Another source may use the same id.
    let second = Action { id: id(2), source: Source::Explorer, ..first.clone() };
    add(&store, &second).await;

    let mut tx = store.begin_system(&authority()).await.unwrap();
    let asked = [(Source::Antivirus, name.as_str()), (Source::ManualUser, &name), (Source::Explorer, &name)];
    let mut found = tx.actions_by_external_ids(SCANNER, &asked).await.unwrap();
    found.sort_by_key(|action| action.id);
    assert_eq!(found, [first.clone(), second]);
    for (principal, source, name) in [
        ("another", Source::Antivirus, name.as_str()),
        (SCANNER, Source::ManualUser, name.as_str()),
        (SCANNER, Source::Antivirus, "another"),
    ] {
        assert!(tx.actions_by_external_ids(principal, &[(source, name)]).await.unwrap().is_empty());
    }
    assert!(tx.insert_actions(&proposer(None), &[Action { id: id(3), ..first }]).await.is_err());
}

async fn the_person_behind_a_proposal_is_kept(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await.person;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_actions(&proposer(ana), from_ref(&action(1))).await.unwrap();
    tx.insert_actions(&proposer(None), from_ref(&action(2))).await.unwrap();
    let found = tx.actions(&RowScope::ALL, &[id(2), id(3), id(1)]).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|(action, person)| (action.id, person)).collect();
    assert_eq!(found, [(id(2), None), (id(1), ana)]);
    tx.commit().await.unwrap();
    assert_eq!(store.proposer(id(1)).await.unwrap(), ana);
    assert_eq!(store.proposer(id(2)).await.unwrap(), None);
    assert_eq!(store.proposer(id(3)).await.unwrap(), None);
    assert_eq!(store.version(id(1)).await.unwrap(), Some(1));
    assert_eq!(store.version(id(9)).await.unwrap(), None);
}

async fn earlier_actions_on_the_same_entity_come_newest_first(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let entity = action(1).entity;
    for number in 1..=4 {
        let proposed_at = at(i64::try_from(number).unwrap());
        add(&store, &Action { entity: entity.clone(), proposed_at, ..action(number) }).await;
    }
    let other = serde_json::json!({ "kind": "file", "path": "/srv/other", "sha256": "cd".repeat(32) });
    add(&store, &Action { entity: serde_json::from_value(other).unwrap(), ..action(5) }).await;
    let of = store.action(&RowScope::ALL, id(2)).await.unwrap().unwrap();
    let numbers = |found: Vec<Action>| found.iter().map(|action| action.id).collect::<Vec<_>>();
    let found = store.on_same_entity(&mine(), &of, 10).await.unwrap();
    assert_eq!(numbers(found), [id(4), id(3), id(1)]);
    assert_eq!(numbers(store.on_same_entity(&RowScope::ALL, &of, 2).await.unwrap()), [id(4), id(3)]);
    assert_eq!(numbers(store.on_same_entity(&others(), &of, 10).await.unwrap()), []);
    let all = shared(&store, [1, 2, 3, 4, 5]).await;
    assert_eq!(all, [id(1), id(2), id(3), id(4)], "5 has an entity of its own");
}

/// Which of these say that another may have their entity.
async fn shared(store: &SharedStore, of: impl IntoIterator<Item = u128>) -> Vec<ActionId> {
    let mut actions = Vec::new();
    for number in of {
        actions.push(store.action(&RowScope::ALL, id(number)).await.unwrap().unwrap());
    }
    let shared = store.that_share_entities(&actions.iter().collect::<Vec<_>>()).await.unwrap();
    shared.into_iter().collect()
}

async fn a_file_with_several_hashes_is_the_file_with_any_of_them(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let (sha256, sha1, md5) = ("ab".repeat(32), "CD".repeat(20), "ef".repeat(16));
    let files = [
        serde_json::json!({ "kind": "file", "sha256": sha256, "sha1": sha1, "md5": md5 }),
        serde_json::json!({ "kind": "file", "sha1": sha1 }),
        serde_json::json!({ "kind": "file", "md5": md5 }),
        serde_json::json!({ "kind": "file", "sha256": sha256 }),
        // Of the same weak hash, and another content.
        serde_json::json!({ "kind": "file", "sha256": "00".repeat(32), "md5": md5 }),
    ];
    for (number, file) in (1..).zip(files) {
        let proposed_at = at(i64::try_from(number).unwrap());
        add(&store, &Action { entity: serde_json::from_value(file).unwrap(), proposed_at, ..action(number) })
            .await;
    }
    let knows: [&[u128]; 4] = [&[4, 3, 2], &[1], &[5, 1], &[1]];
    for (number, known) in (1..).zip(knows) {
        let of = store.action(&RowScope::ALL, id(number)).await.unwrap().unwrap();
        let found = store.on_same_entity(&RowScope::ALL, &of, 10).await.unwrap();
        let found: Vec<ActionId> = found.iter().map(|action| action.id).collect();
        assert_eq!(found, known.iter().map(|of| id(*of)).collect::<Vec<_>>(), "{number}");
        assert_eq!(shared(&store, [number]).await, [id(number)], "{number}");
    }
}

async fn an_action_on_several_targets_is_found_from_each_of_them(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let on = |number: u128, names: &[&str]| {
        let targets = names.iter().map(|name| Asset { name: (*name).to_owned(), ..action(1).asset });
        Action { entity: action(1).entity, ..action(number) }.with_targets(targets.collect())
    };
    let (both, second) = (on(1, &["web-1", "web-2"]), on(2, &["WEB-2"]));
    let (third, several) = (on(3, &["web-3"]), on(4, &["web-9", "web-2", "web-3"]));
    for action in [&both, &second, &third, &several] {
        add(&store, action).await;
    }
    let found = async |of: &Action| {
        let found = store.on_same_entity(&RowScope::ALL, of, 10).await.unwrap();
        let mut ids: Vec<_> = found.iter().map(|action| action.id).collect();
        ids.sort();
        ids
    };
    assert_eq!(found(&both).await, [id(2), id(4)]);
    assert_eq!(found(&second).await, [id(1), id(4)]);
    assert_eq!(found(&third).await, [id(4)]);
    assert_eq!(found(&several).await, [id(1), id(2), id(3)]);
    assert_eq!(found(&several.aimed_at(2).unwrap()).await, [id(3)]);
    add(&store, &on(5, &["web-5"])).await;
    assert_eq!(
        shared(&store, [1, 2, 3, 4, 5]).await,
        [id(1), id(2), id(3), id(4)],
        "5 has a target of its own"
    );

    // As a program of before left it.
    for table in ["target_identities", "markers WHERE name = 'target_keys'"] {
        database.execute(&format!("DELETE FROM {table}")).await.unwrap();
    }
    store.close().await;
    let store = database.open().await;
    let found = store.on_same_entity(&RowScope::ALL, &second, 10).await.unwrap();
    assert_eq!(found.iter().map(|action| action.id).collect::<Vec<_>>(), [id(4), id(1)]);
}

async fn what_is_over_is_listed_by_its_expiry(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    for (number, seconds) in [(1, 30), (2, 10), (3, 20), (4, 40)] {
        add(&store, &Action { expires_at: at(seconds), ..action(number) }).await;
    }
    let mut closed = after(&action(5), Transition::Expire, at(1));
    closed.expires_at = at(1);
    add(&store, &closed).await;
    // The very moment of the expiry is too late.
    assert_eq!(store.expired(at(30), 10).await.unwrap(), [id(2), id(3), id(1)]);
    assert_eq!(store.expired(at(30), 2).await.unwrap(), [id(2), id(3)]);
    assert_eq!(store.expired(at(9), 10).await.unwrap(), []);
}

async fn a_dropped_transaction_leaves_nothing(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_actions(&system(), from_ref(&action(1))).await.unwrap();
    // Seen from inside, and from nowhere else.
    assert!(tx.action(&RowScope::ALL, id(1)).await.unwrap().is_some());
    assert!(store.action(&RowScope::ALL, id(1)).await.unwrap().is_none());
    drop(tx);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.action(&RowScope::ALL, id(1)).await.unwrap().is_none());
}

async fn assets_are_known_from_the_actions_on_them(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let on = |number: u128, name: &str, group: &str| {
        let mut of = action(number);
        (of.asset.name, of.asset.device_group) = (name.to_owned(), Some(group.to_owned()));
        of
    };
    for action in [on(1, "web-1", "Old"), on(2, "web-2", "Servers"), on(3, "WEB-1", "Servers")] {
        add(&store, &action).await;
    }
    let names = async |scope: &RowScope, most| {
        let assets = store.recent_assets(scope, most).await.unwrap();
        assets.into_iter().map(|asset| asset.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&RowScope::ALL, 10).await, ["WEB-1", "web-2"]);
    assert_eq!(names(&RowScope::ALL, 1).await, ["WEB-1"]);
    assert_eq!(names(&others(), 10).await, Vec::<String>::new());
    let known = store.known_asset(domain::AssetKind::Device, "Web-1").await.unwrap().unwrap();
    assert_eq!(known.device_group.as_deref(), Some("Servers"));
    assert_eq!(store.known_asset(domain::AssetKind::Mailbox, "web-1").await.unwrap(), None);
    assert_eq!(store.known_asset(domain::AssetKind::Device, "web-3").await.unwrap(), None);
}
