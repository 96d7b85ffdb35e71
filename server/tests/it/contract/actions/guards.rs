//! A guarded write loses as soon as one of the facts that it rests on no longer holds.

use service::testing::system as authority;
use std::slice::from_ref;

use domain::actions::take::TakeActions as _;
use domain::{
    Action, ActionId, ActionQuery, Asset, AssetKind, Authorized, Caller, Decision, Denied, Lane, RowScope,
    Transition, UserId,
};
use jiff::Timestamp;
use store::{Guard, SharedStore, StateChange, SystemTransaction};

use crate::contract::policies::{Setting, is_denied, isolate};
use crate::contract::sample::{
    ANA, ANAS_SESSION, action, add, add_ana, after, at, decided, decider, id, own, proposer, system, token_of,
};
use crate::database::{Database, Kind, on_both};

on_both!(
    a_decision_is_written_once,
    of_many_each_is_written_under_its_own_version,
    t06_a_decision_loses_when_a_fact_changed,
    t06_an_action_is_not_taken_when_a_fact_changed,
    t03_nobody_decides_what_they_proposed,
    the_products_own_acts_need_only_the_version,
    a_revision_loses_when_a_fact_changed,
    of_two_decisions_at_once_one_wins,
);

async fn start(kind: Kind) -> (Database, SharedStore, Caller) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    add(&store, &action(1)).await;
    (database, store, ana)
}

async fn decide(tx: &mut dyn SystemTransaction, by: &Authorized, before: &Action, now: Timestamp) -> bool {
    let after = decided(before, by, Transition::Approve, now);
    tx.update_state(Guard { by, deciding: true, policy: None, now }, before, &after).await.unwrap()
}

async fn a_decision_is_written_once(kind: Kind) {
    let (_database, store, ana) = start(kind).await;
    let by = decider(&ana);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(decide(&mut *tx, &by, &action(1), at(1)).await);
    assert!(!decide(&mut *tx, &by, &action(1), at(1)).await);
    tx.commit().await.unwrap();
    let written = store.action(&RowScope::ALL, id(1)).await.unwrap();
    assert_eq!(written, Some(decided(&action(1), &by, Transition::Approve, at(1))));
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(!decide(&mut *tx, &by, &action(1), at(2)).await);
    // Not even with the version of what is there: it is no longer pending.
    assert!(!decide(&mut *tx, &by, &Action { version: 2, ..action(1) }, at(2)).await);
}

async fn of_many_each_is_written_under_its_own_version(kind: Kind) {
    let (_database, store, ana) = start(kind).await;
    let by = decider(&ana);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    // More than one statement takes, the proposer's own, and one that differs in what only its state fills.
    let others: Vec<_> = (2..=120).map(action).collect();
    tx.insert_actions(&proposer(None), &others).await.unwrap();
    tx.insert_actions(&proposer(ana.person), &[action(121)]).await.unwrap();
    let befores: Vec<_> = (1..=122)
        .map(|number| if number == 60 { Action { version: 7, ..action(60) } } else { action(number) })
        .collect();
    let decide = |before: &Action| {
        let verb = if before.id == id(3) { Transition::Reject } else { Transition::Approve };
        let after = decided(before, &by, verb, at(1));
        if before.id == id(4) { Action { reason: None, executor: None, ..after } } else { after }
    };
    let afters: Vec<_> = befores.iter().map(decide).collect();
    let changes: Vec<_> =
        befores.iter().zip(&afters).map(|(before, after)| StateChange { before, after }).collect();
    let guard = Guard { by: &by, deciding: true, policy: None, now: at(1) };
    let written = tx.update_states(guard, &changes).await.unwrap();
    let want: Vec<ActionId> = (1..=120).filter(|number| *number != 60).map(id).collect();
    assert_eq!(written, want);
    assert!(tx.update_states(guard, &changes).await.unwrap().is_empty(), "each is decided once");
    assert!(tx.update_states(guard, &[]).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    for (before, after) in befores.iter().zip(&afters) {
        let found = store.action(&RowScope::ALL, before.id).await.unwrap();
        let is_written = want.contains(&before.id);
        let expected = if before.id == id(60) { action(60) } else { before.clone() };
        let expected = (before.id != id(122)).then(|| if is_written { after.clone() } else { expected });
        assert_eq!(found, expected);
    }
    let lane =
        async |lane| store.counts(&RowScope::ALL, &ActionQuery::of(lane), at(2)).await.unwrap().matches;
    assert_eq!(
        [lane(Lane::Pending).await, lane(Lane::InProgress).await, lane(Lane::History).await],
        [2, 118, 1]
    );
}

async fn t06_a_decision_loses_when_a_fact_changed(kind: Kind) {
    let (_database, store, ana) = start(kind).await;
    let by = decider(&ana);
    let user: UserId = id(ANA);
    for (fact, seen, now) in [
        ("version", Action { version: 2, ..action(1) }, at(1)),
        ("digest", Action { digest: "ab".repeat(32), ..action(1) }, at(1)),
        ("no digest at all", Action { digest: "another".to_owned(), ..action(1) }, at(1)),
        ("expiry of the action", action(1), at(3_600)),
        ("permission", action(1), at(1)),
        ("account", action(1), at(1)),
        ("revoked session", action(1), at(1)),
        ("expired session", action(1), at(1)),
        ("nothing", action(1), at(1)),
    ] {
        let mut tx = store.begin_system(&authority()).await.unwrap();
        match fact {
            "permission" => tx.set_roles(user, &[domain::Role::SecurityReader].into()).await.unwrap(),
            "account" => tx.set_enabled(user, false).await.unwrap(),
            "revoked session" => {
                assert!(tx.revoke_session(&own(ANA, ANAS_SESSION), id(ANAS_SESSION), at(0)).await.unwrap());
            }
            "expired session" => tx.touch_session(&own(ANA, ANAS_SESSION), at(0), at(1)).await.unwrap(),
            _ => {}
        }
        assert_eq!(decide(&mut *tx, &by, &seen, now).await, fact == "nothing", "{fact}");
        // Taken back, so that the next begins like this one.
        drop(tx);
        assert_eq!(store.action(&RowScope::ALL, id(1)).await.unwrap(), Some(action(1)), "{fact}");
    }
    // Of what is on no device no device group is asked for, which would want the same permission: it counts by itself.
    let mailbox = Asset { kind: AssetKind::Mailbox, ..action(2).asset };
    let mailbox = Action { asset: mailbox, ..action(2) };
    add(&store, &mailbox).await;
    for role in [domain::Role::SecurityReader, domain::Role::SecurityOperator] {
        let mut tx = store.begin_system(&authority()).await.unwrap();
        tx.set_roles(user, &[role].into()).await.unwrap();
        let is_written = decide(&mut *tx, &by, &mailbox, at(1)).await;
        assert_eq!(is_written, role == domain::Role::SecurityOperator, "{role}");
    }
}

/// What a person takes is carried out at once: it was checked, and is written only now.
async fn t06_an_action_is_not_taken_when_a_fact_changed(kind: Kind) {
    for fact in [
        "UPDATE user_permissions SET permission = 'devices of before' WHERE permission = 'devices'",
        "UPDATE user_permissions SET everywhere = 0",
        "UPDATE users SET enabled = 0",
        "UPDATE credentials SET revoked_at = 1",
    ] {
        let setting = Setting::start(kind).await;
        let Setting { database, store, service, ana, .. } = &setting;
        database.execute(fact).await.unwrap();
        let taken = service.take_action(ana, isolate("web-1", "Beaconing")).await;
        assert!(is_denied(taken, &Denied::Revoked), "{fact}");
        assert!(service.take_order(&authority()).await.unwrap().is_none(), "{fact}");
        for &lane in Lane::ALL {
            let query = ActionQuery::of(lane);
            assert!(store.page(&RowScope::ALL, &query, None, 9, at(100)).await.unwrap().is_empty(), "{fact}");
        }
    }
    let Setting { store, service, ana, .. } = &Setting::start(kind).await;
    let taken = service.take_action(ana, isolate("web-1", "Beaconing")).await.unwrap();
    let tx = &mut store.begin().await.unwrap();
    assert!(tx.may_still_take(&decider(ana), taken.id, at(100)).await.unwrap());
    assert!(!tx.may_still_take(&decider(ana), id(9), at(100)).await.unwrap(), "it is not there");
    assert!(tx.may_still_take(&proposer(None), taken.id, at(100)).await.is_err(), "no proposal");
}

async fn t03_nobody_decides_what_they_proposed(kind: Kind) {
    let (_database, store, ana) = start(kind).await;
    let by = decider(&ana);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_actions(&proposer(ana.person), from_ref(&action(2))).await.unwrap();
    tx.insert_actions(&proposer(Some(id(0xB))), from_ref(&action(3))).await.unwrap();
    assert!(!decide(&mut *tx, &by, &action(2), at(1)).await);
    assert!(decide(&mut *tx, &by, &action(3), at(1)).await);
}

async fn the_products_own_acts_need_only_the_version(kind: Kind) {
    let (_database, store, _) = start(kind).await;
    let by = system();
    let guard = Guard { by: &by, deciding: false, policy: None, now: at(9_000) };
    let expired = after(&action(1), Transition::Expire, at(9_000));
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let stale = Action { version: 7, ..action(1) };
    assert!(!tx.update_state(guard, &stale, &expired).await.unwrap());
    assert!(tx.update_state(guard, &action(1), &expired).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.action(&RowScope::ALL, id(1)).await.unwrap(), Some(expired));
}

async fn a_revision_loses_when_a_fact_changed(kind: Kind) {
    let (_database, store, ana) = start(kind).await;
    let revised = Action {
        version: 2,
        digest: "ab".repeat(32),
        comment: Some("changed".to_owned()),
        updated_at: at(1),
        expires_at: at(7_200),
        ..action(1)
    };
    // By a live credential here, so that its end can be noticed.
    let (by, proposer) = (decider(&ana), token_of(&ana));
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let stale = Action { version: 7, ..action(1) };
    assert!(!tx.revise_action(&proposer, &stale, &revised).await.unwrap());
    tx.revoke_session(&own(ANA, ANAS_SESSION), id(ANAS_SESSION), at(0)).await.unwrap();
    assert!(!tx.revise_action(&proposer, &action(1), &revised).await.unwrap());
    drop(tx);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(decide(&mut *tx, &by, &action(1), at(1)).await);
    let approved = decided(&action(1), &by, Transition::Approve, at(1));
    assert!(!tx.revise_action(&proposer, &approved, &revised).await.unwrap());
    drop(tx);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.revise_action(&proposer, &action(1), &revised).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.action(&RowScope::ALL, id(1)).await.unwrap(), Some(revised));
}

async fn of_two_decisions_at_once_one_wins(kind: Kind) {
    let (database, store, ana) = start(kind).await;
    let other = database.open().await;
    for number in 2..22 {
        add(&store, &action(number)).await;
        let race = [&store, &other].map(|store| {
            let (store, by) = (store.clone(), decider(&ana));
            tokio::spawn(async move {
                let mut tx = store.begin_system(&authority()).await.unwrap();
                let before = tx.action(&RowScope::ALL, id(number)).await.unwrap().unwrap();
                let won = before.decision == Decision::Pending && decide(&mut *tx, &by, &before, at(1)).await;
                tx.commit().await.unwrap();
                won
            })
        });
        let mut winners = 0;
        for one in race {
            winners += usize::from(one.await.unwrap());
        }
        assert_eq!(winners, 1);
        let written = store.action(&RowScope::ALL, id(number)).await.unwrap().unwrap();
        assert_eq!((written.version, written.decision), (2, Decision::Approved));
    }
}
