//! Plans, jobs and their items; which actions are meant; parts of a transaction that are taken back alone.

use service::testing::system as authority;
use std::slice::from_ref;

use domain::access::Reach;
use domain::actions::query::Filter;
use domain::bulk::contract::BulkBackend as _;
use domain::bulk::{Execution, Preview};
use domain::{
    Action, ActionQuery, ActionType, Asset, BulkId, BulkRequest, BulkVerb, Caller, Decision, ItemState, Lane,
    RowScope, Seen, Severity, Status, Targets, Transition,
};
use store::{Bulk, BulkStart, DecidedState, Guard, NewBulkItem, SharedStore};

use crate::contract::investigations::service;
use crate::contract::sample::{
    ANA, ANAS_SESSION, action, add, add_ana, at, command, decided, decider, entry, id, own, planner,
    proposer, session, system, user,
};
use crate::database::{Database, Kind, on_both};

on_both!(
    a_plan_reads_back_for_its_owner_alone,
    who_sees_less_of_a_plan_is_named_less,
    a_plan_starts_once_and_in_time,
    jobs_take_turns_and_an_item_is_settled_once,
    plans_that_nobody_started_are_forgotten,
    a_part_is_taken_back_alone,
    what_is_meant_is_what_the_list_shows,
    the_same_file_is_found_on_other_devices,
    a_principal_is_known_also_when_it_is_over,
);

async fn start(kind: Kind, actions: u128) -> (Database, SharedStore, Caller) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    for number in 1..=actions {
        add(&store, &action(number)).await;
    }
    (database, store, ana)
}

fn bulk(number: u128) -> Bulk {
    Bulk {
        id: id(number),
        owner: id(ANA),
        verb: BulkVerb::Approve,
        preview: Preview { total: 3, decidable: 2, ..Preview::default() },
        created_at: at(0),
        expires_at: at(600),
        start: None,
    }
}

fn item(number: u128, left_out: Option<&str>) -> NewBulkItem {
    let seen = Seen { expected_version: 1, digest: format!("{number:064x}") };
    NewBulkItem { action: id(number), seen, left_out: left_out.map(str::to_owned) }
}

fn begun(seconds: i64) -> BulkStart {
    BulkStart { at: at(seconds), reason: Some("ü".to_owned()), approval_id: id(99), ended_at: None }
}

async fn insert(store: &SharedStore, bulk: &Bulk, items: &[NewBulkItem]) {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_bulk(&planner(ANA, ANAS_SESSION), bulk, items).await.unwrap();
    tx.commit().await.unwrap();
}

async fn begin(store: &SharedStore, of: u128, seconds: i64) -> bool {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let begun = tx.start_bulk(&planner(ANA, ANAS_SESSION), id(of), &begun(seconds)).await.unwrap();
    tx.commit().await.unwrap();
    begun
}

async fn a_plan_reads_back_for_its_owner_alone(kind: Kind) {
    let (_database, store, _) = start(kind, 3).await;
    let plan = bulk(7);
    insert(&store, &plan, &[item(2, None), item(1, Some("you may not")), item(3, None)]).await;
    assert_eq!(store.bulk(id(ANA), id(7)).await.unwrap(), Some(plan.clone()));
    assert_eq!(store.bulk(id(0xB), id(7)).await.unwrap(), None, "another's");
    assert_eq!(store.bulk(id(ANA), id(8)).await.unwrap(), None, "unknown");

    let items = store.bulk_items(&RowScope::ALL, id(7), ItemState::ALL, 0, 10).await.unwrap();
    let read: Vec<_> = items
        .iter()
        .map(|item| (item.position, item.action.id, item.state, item.detail.as_deref()))
        .collect();
    let waiting = ItemState::Waiting;
    assert_eq!(
        read,
        [
            (1, id(2), waiting, None),
            (2, id(1), ItemState::LeftOut, Some("you may not")),
            (3, id(3), waiting, None)
        ]
    );
    let line = &items[0].action;
    assert_eq!((line.entity.as_str(), line.asset.as_str()), ("/srv/2", "host"));
    assert_eq!(line.action_type, ActionType::QuarantineFile);
    let page = store.bulk_items(&RowScope::ALL, id(7), &[waiting], 1, 1).await.unwrap();
    assert_eq!(page, items[2..]);
    assert_eq!(store.bulk_actions(id(7), &[waiting]).await.unwrap(), [id(2), id(3)]);
    let progress = store.bulk_progress(id(7)).await.unwrap();
    assert_eq!((progress.left_out, progress.waiting, progress.total()), (1, 2, 2));
    let execution = store.bulk_execution(id(7), BulkVerb::Approve).await.unwrap();
    assert_eq!(execution, Execution::default(), "nothing was decided");
    for state in [DecidedState::Failed, DecidedState::Running] {
        assert_eq!(store.bulk_decided(id(7), BulkVerb::Undo, state, 10).await.unwrap(), []);
    }
    assert!(!store.bulk_is_running().await.unwrap());
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.step_bulk(at(1), 50).await.unwrap().is_none(), "it is only a plan");
}

async fn who_sees_less_of_a_plan_is_named_less(kind: Kind) {
    let (_database, store, ana) = start(kind, 3).await;
    let service = service(&store);
    let plan = async |verb| {
        let targets = Targets::Ids(vec![id(1), id(2)]);
        service.plan_bulk(&ana, BulkRequest { verb, targets, from: String::new() }).await.unwrap()
    };
    let (reject, undo) = (plan(BulkVerb::Reject).await, plan(BulkVerb::Undo).await);
    assert_eq!((reject.items.len(), undo.preview.left_out[0].examples.len()), (2, 2));
    // By a token of theirs for other device groups, or since they see others.
    let reach = Reach::Groups(["Kiosks".to_owned()].into());
    let limited = Caller { access: ana.access.clone().within(&reach), ..ana.clone() };
    let told = service.bulk_plan(&limited, reject.id).await.unwrap();
    assert_eq!((told.items.len(), told.preview.total), (0, 2));
    let told = service.bulk_plan(&limited, undo.id).await.unwrap();
    assert!(told.preview.left_out[0].examples.is_empty(), "{told:?}");
    let job = service.start_bulk(&ana, reject.id, Some("not so".to_owned())).await.unwrap();
    assert_eq!(job.items.len(), 2);
    assert!(service.bulk_job(&limited, reject.id, None, 0).await.unwrap().items.is_empty());
}

async fn a_plan_starts_once_and_in_time(kind: Kind) {
    let (_database, store, _) = start(kind, 1).await;
    for number in [7, 8] {
        insert(&store, &bulk(number), &[item(1, None)]).await;
    }
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(!tx.start_bulk(&planner(0xB, ANAS_SESSION), id(7), &begun(1)).await.unwrap(), "a stranger's");
    assert!(!tx.start_bulk(&planner(ANA, 0xA6), id(7), &begun(1)).await.unwrap(), "no such session");
    assert!(!tx.start_bulk(&planner(ANA, ANAS_SESSION), id(9), &begun(1)).await.unwrap());
    drop(tx);
    assert!(!begin(&store, 7, 600).await, "its time is over");
    assert!(begin(&store, 7, 599).await);
    assert!(!begin(&store, 7, 599).await);
    let read = store.bulk(id(ANA), id(7)).await.unwrap().unwrap();
    assert_eq!(read.start, Some(begun(599)));
    assert!(store.bulk_is_running().await.unwrap());
}

async fn jobs_take_turns_and_an_item_is_settled_once(kind: Kind) {
    let (_database, store, _) = start(kind, 5).await;
    insert(&store, &bulk(7), &[item(1, None), item(2, Some("no")), item(3, None), item(4, None)]).await;
    insert(&store, &bulk(8), &[item(5, None)]).await;
    assert!(begin(&store, 7, 1).await && begin(&store, 8, 2).await);

    let mut tx = store.begin_system(&authority()).await.unwrap();
    let first = tx.step_bulk(at(3), 2).await.unwrap().unwrap();
    let of = |step: &store::Step| step.items.iter().map(|item| item.position).collect::<Vec<_>>();
    assert_eq!((first.id, of(&first)), (id(7), vec![1, 3]));
    assert_eq!((first.verb, first.credential), (BulkVerb::Approve, id(ANAS_SESSION)));
    assert_eq!((first.reason.as_deref(), first.approval_id), (Some("ü"), id(99)));
    assert_eq!(first.items[1].seen, item(3, None).seen);
    tx.settle_items(id(7), ItemState::Decided, None, &[1]).await.unwrap();
    tx.settle_items(id(7), ItemState::Skipped, Some("Approved by Bo."), &[1, 3]).await.unwrap();
    tx.commit().await.unwrap();
    let done = store
        .bulk_items(&RowScope::ALL, id(7), &[ItemState::Decided, ItemState::Skipped], 0, 10)
        .await
        .unwrap();
    let done: Vec<_> = done.iter().map(|item| (item.position, item.state, item.detail.as_deref())).collect();
    assert_eq!(done, [(1, ItemState::Decided, None), (3, ItemState::Skipped, Some("Approved by Bo."))]);

    let mut tx = store.begin_system(&authority()).await.unwrap();
    let second = tx.step_bulk(at(4), 2).await.unwrap().unwrap();
    assert_eq!(second.id, id(8), "the other one's turn");
    tx.end_bulk(id(8), at(4)).await.unwrap();
    let third = tx.step_bulk(at(5), 2).await.unwrap().unwrap();
    assert_eq!((third.id, of(&third)), (id(7), vec![4]));
    tx.settle_items(id(7), ItemState::Failed, Some("?"), &[4]).await.unwrap();
    assert!(tx.step_bulk(at(6), 2).await.unwrap().unwrap().items.is_empty());
    tx.end_bulk(id(7), at(6)).await.unwrap();
    tx.end_bulk(id(7), at(9)).await.unwrap();
    assert!(tx.step_bulk(at(7), 2).await.unwrap().is_none());
    tx.commit().await.unwrap();
    assert!(!store.bulk_is_running().await.unwrap());
    let ended = store.bulk(id(ANA), id(7)).await.unwrap().unwrap().start.unwrap().ended_at;
    assert_eq!(ended, Some(at(6)));
}

async fn plans_that_nobody_started_are_forgotten(kind: Kind) {
    let (_database, store, _) = start(kind, 1).await;
    for number in [7, 8, 9] {
        insert(&store, &bulk(number), &[item(1, None)]).await;
    }
    let fresh = Bulk { expires_at: at(1_200), ..bulk(10) };
    insert(&store, &fresh, &[item(1, None)]).await;
    assert!(begin(&store, 8, 1).await);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.forget_plans(&planner(ANA, ANAS_SESSION), at(601)).await.unwrap();
    tx.commit().await.unwrap();
    let known = async |number| store.bulk(id(ANA), id::<BulkId>(number)).await.unwrap().is_some();
    assert_eq!([known(7).await, known(8).await, known(9).await, known(10).await], [false, true, false, true]);
    assert!(store.bulk_items(&RowScope::ALL, id(7), ItemState::ALL, 0, 10).await.unwrap().is_empty());
}

async fn a_part_is_taken_back_alone(kind: Kind) {
    let (_database, store, ana) = start(kind, 3).await;
    let by = decider(&ana);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.append_audit(&system(), entry(1, Some(id(1)))).await.unwrap();
    for (number, keep) in [(1, true), (2, false), (3, true)] {
        tx.begin_savepoint().await.unwrap();
        let after = decided(&action(number), &by, Transition::Approve, at(1));
        let guard = Guard { by: &by, deciding: true, policy: None, now: at(1) };
        assert!(tx.update_state(guard, &action(number), &after).await.unwrap());
        // More than one statement takes, so that they would be written if they were not held back.
        for n in 0..60 {
            tx.append_audit(&system(), entry(n, Some(id(number)))).await.unwrap();
        }
        tx.enqueue(&system(), &[command(id(100 + number), id(number), at(1))]).await.unwrap();
        tx.end_savepoint(keep).await.unwrap();
    }
    // What fails inside a part leaves the rest usable.
    tx.begin_savepoint().await.unwrap();
    assert!(tx.enqueue(&system(), &[command(id(109), id(1), at(1))]).await.is_err());
    tx.end_savepoint(false).await.unwrap();
    tx.append_audit(&system(), entry(9, None)).await.unwrap();
    tx.commit().await.unwrap();

    let decisions = async |number| store.action(&RowScope::ALL, id(number)).await.unwrap().unwrap().decision;
    assert_eq!(
        [decisions(1).await, decisions(2).await, decisions(3).await],
        [Decision::Approved, Decision::Pending, Decision::Approved]
    );
    assert!(store.command_of(id(2)).await.unwrap().is_none());
    assert!(store.command_of(id(1)).await.unwrap().is_some_and(|of| of.id == id(101)));
    let records = store.audit_after(0, 1_000).await.unwrap();
    assert_eq!(records.len(), 1 + 60 + 60 + 1);
    assert!(records.iter().all(|record| record.subject != Some(id::<domain::ActionId>(2).into())));
    assert!(records.windows(2).all(|pair| pair[1].prev == pair[0].hash && pair[1].seq == pair[0].seq + 1));
    let counted =
        async |lane| store.counts(&RowScope::ALL, &ActionQuery::of(lane), at(2)).await.unwrap().matches;
    assert_eq!((counted(Lane::Pending).await, counted(Lane::InProgress).await), (1, 2));
}

async fn what_is_meant_is_what_the_list_shows(kind: Kind) {
    let (_database, store, _) = start(kind, 0).await;
    for number in 1..=30_u128 {
        let severity = if number.is_multiple_of(3) { Severity::Low } else { Severity::High };
        let person = number.is_multiple_of(5).then(|| id(0xB));
        let mut tx = store.begin_system(&authority()).await.unwrap();
        let action = Action { severity, ..action(number) };
        tx.insert_actions(&proposer(person), from_ref(&action)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut query = ActionQuery::of(Lane::Pending);
    let all = store.matching(&RowScope::ALL, &query, at(1), 100).await.unwrap();
    let listed = store.page(&RowScope::ALL, &query, None, 100, at(1)).await.unwrap();
    assert_eq!(all, listed.iter().map(|action| action.id).collect::<Vec<_>>());
    assert_eq!(store.matching(&RowScope::ALL, &query, at(1), 7).await.unwrap(), all[..7]);
    query.filter = Filter { severity: [Severity::Low].into(), ..Filter::default() };
    // Neither where the page is nor how long it is counts.
    query.limit = Some(25);
    query.cursor = Some("x".to_owned());
    let low = store.matching(&RowScope::ALL, &query, at(1), 100).await.unwrap();
    assert_eq!(low.len(), 10);
    let hidden = RowScope::proposed_by("somebody else");
    assert!(store.matching(&hidden, &query, at(1), 100).await.unwrap().is_empty());

    let ids = [id(5), id(777), id(1)];
    let found = store.actions(&RowScope::ALL, &ids).await.unwrap();
    let found: Vec<_> = found.iter().map(|(action, person)| (action.id, *person)).collect();
    assert_eq!(found, [(id(5), Some(id(0xB))), (id(1), None)]);
    assert!(store.actions(&hidden, &ids).await.unwrap().is_empty());
    assert!(store.actions(&RowScope::ALL, &[]).await.unwrap().is_empty());
}

async fn the_same_file_is_found_on_other_devices(kind: Kind) {
    let (_database, store, ana) = start(kind, 0).await;
    let by = decider(&ana);
    let of = |number: u128, sha256: &str, action_type| {
        let entity =
            serde_json::json!({ "kind": "file", "path": format!("/srv/{number}"), "sha256": sha256 });
        let asset = Asset { name: format!("host-{number}"), ..action(number).asset };
        let entity = serde_json::from_value(entity).unwrap();
        let status = Status::Completed;
        let decided = decided(&action(number), &by, Transition::Approve, at(1));
        Action { entity, asset, action_type, status, ..decided }
    };
    let (file, other) = ("ab".repeat(32), "cd".repeat(32));
    let quarantine = ActionType::QuarantineFile;
    for done in [
        of(1, &file, quarantine),
        of(2, &other, quarantine),
        of(3, &file, quarantine),
        of(4, &file, ActionType::StopAndQuarantineFile),
        Action { status: Status::Failed, ..of(5, &file, quarantine) },
        Action { source: domain::Source::ManualLiveResponse, ..of(6, &file, quarantine) },
    ] {
        add(&store, &done).await;
    }
    add(&store, &action(7)).await;
    let like = of(1, &file, quarantine);
    let found = store.same_file(&RowScope::ALL, &like, 10).await.unwrap();
    assert_eq!(found, [id(1), id(3)]);
    assert_eq!(store.same_file(&RowScope::ALL, &like, 1).await.unwrap(), [id(1)]);
    let hidden = RowScope::proposed_by("somebody else");
    assert!(store.same_file(&hidden, &like, 10).await.unwrap().is_empty());
}

async fn a_principal_is_known_also_when_it_is_over(kind: Kind) {
    let (_database, store, _) = start(kind, 0).await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let bo = user(0xB, "bo", &[domain::Role::SecurityReader]);
    tx.insert_user(&bo, at(0)).await.unwrap();
    tx.insert_credential(&session(0xB5, bo.id)).await.unwrap();
    tx.revoke_session(&own(0xB, 0xB5), id(0xB5), at(1)).await.unwrap();
    let (credential, user) = tx.principal(id(0xB5)).await.unwrap().unwrap();
    assert_eq!((credential.user, user.unwrap().roles), (Some(bo.id), bo.roles));
    assert!(tx.principal(id(0xC5)).await.unwrap().is_none());
}
