//! What History keeps no longer goes with all that belongs to it, and its records stay.

use std::collections::BTreeSet;

use domain::actions::contract::{DecideActions as _, UndoRequest};
use domain::actions::query::{Facet, Filter};
use domain::{
    Action, ActionId, ActionQuery, ActionType, AuditKind, Lane, Outcome, ParameterName, RowScope, Seen,
    Transition,
};
use jiff::SignedDuration;
use service::testing::{FixedClock, system as authority};

use super::follow_up::instance;
use super::sample::{action, add, add_ana, at, imported, system};
use crate::database::{Database, Kind, on_both};

on_both!(what_is_old_is_removed_and_recorded, what_is_still_needed_stays,);

const KEPT: SignedDuration = SignedDuration::from_hours(24 * 180);

struct Setting {
    _database: Database,
    store: store::SharedStore,
    clock: std::sync::Arc<FixedClock>,
    ana: domain::Caller,
    service: service::Service,
}

impl Setting {
    async fn start(kind: Kind) -> Self {
        let database = Database::migrated(kind).await;
        let store = database.open().await;
        let ana = add_ana(&store).await;
        let clock = FixedClock::at(at(10));
        let service = instance(&store, &clock, &["firewall"]).with_history_kept(Some(KEPT));
        Self { _database: database, store, clock, ana, service }
    }

    /// A block of an address of its own, until a second where one is named.
    async fn proposed(&self, number: u128, until: Option<i64>) -> Action {
        let mut proposed = action(number);
        proposed.action_type = ActionType::BlockIpAddress;
        let entity = serde_json::json!({ "kind": "ip_address", "address": format!("198.51.100.{number}") });
        proposed.entity = serde_json::from_value(entity).unwrap();
        proposed.proposed_at = service::clock::Clock::now(&*self.clock);
        proposed.updated_at = proposed.proposed_at;
        proposed.expires_at = proposed.proposed_at + SignedDuration::from_hours(24);
        if let Some(until) = until {
            proposed.parameters.insert(ParameterName::Expiry, at(until).to_string());
        }
        let Action { action_type, entity, asset, parameters, .. } = &proposed;
        proposed.digest = service::digest(*action_type, entity, asset, &[], parameters).unwrap();
        add(&self.store, &proposed).await;
        let mut tx = self.store.begin_system(&authority()).await.unwrap();
        tx.append_audit(&system(), imported(&proposed)).await.unwrap();
        tx.commit().await.unwrap();
        proposed
    }

    async fn completed(&self, number: u128, until: Option<i64>) -> ActionId {
        let proposed = self.proposed(number, until).await;
        self.service.approve(&self.ana, proposed.id, seen(&proposed), None).await.unwrap();
        self.carry_out().await;
        proposed.id
    }

    async fn undo(&self, of: ActionId) -> ActionId {
        let current = self.store.action(&RowScope::ALL, of).await.unwrap().unwrap();
        let request = UndoRequest::because("wrong".to_owned());
        self.service.undo(&self.ana, of, seen(&current), request).await.unwrap();
        let original = self.store.action(&RowScope::ALL, of).await.unwrap().unwrap();
        original.undone_by.unwrap()
    }

    async fn carry_out(&self) {
        let order = self.service.take_order(&authority()).await.unwrap().unwrap();
        let done = Transition::Report(Outcome::Completed);
        assert!(self.service.report(&authority(), order.leased, done, "as told".to_owned()).await.unwrap());
    }

    async fn remove(&self) -> usize {
        self.service.remove_old_history(&authority()).await.unwrap()
    }

    /// History, in which what the counts say is what is there.
    async fn history(&self) -> BTreeSet<ActionId> {
        let query = ActionQuery::of(Lane::History);
        let page = self.store.page(&RowScope::ALL, &query, None, 100, at(0)).await.unwrap();
        let counts = self.store.counts(&RowScope::ALL, &query, at(0)).await.unwrap();
        let decisions = counts.facets.iter().find(|facet| facet.facet == Facet::Decision).unwrap();
        let counted: u64 = decisions.values.iter().filter_map(|value| value.count).sum();
        assert_eq!(counted, page.len() as u64);
        page.iter().map(|action| action.id).collect()
    }

    async fn found(&self, lane: Lane, text: &str) -> usize {
        let filter = Filter { search: Some(text.to_owned()), ..Filter::default() };
        let query = ActionQuery { filter, ..ActionQuery::of(lane) };
        self.store.page(&RowScope::ALL, &query, None, 100, at(0)).await.unwrap().len()
    }
}

fn seen(action: &Action) -> Seen {
    Seen { expected_version: action.version, digest: action.digest.clone() }
}

async fn what_is_old_is_removed_and_recorded(kind: Kind) {
    let setting = Setting::start(kind).await;
    let old = setting.completed(11, None).await;
    let undone = setting.completed(12, None).await;
    let reverse = setting.undo(undone).await;
    setting.carry_out().await;
    setting.clock.forward(SignedDuration::from_hours(1));
    let young = setting.completed(13, None).await;
    setting.clock.forward(KEPT - SignedDuration::from_mins(30));
    let before = setting.store.verify_log(&[]).await.unwrap();

    assert_eq!(setting.found(Lane::History, "198.51.100.11").await, 1);
    assert_eq!(setting.remove().await, 3);
    assert_eq!(setting.remove().await, 0, "once");
    assert_eq!(setting.history().await, BTreeSet::from([young]));
    assert_eq!(setting.found(Lane::History, "198.51.100.11").await, 0);
    for gone in [old, undone, reverse] {
        assert!(setting.store.action(&RowScope::ALL, gone).await.unwrap().is_none());
    }

    // The log tells of what is gone, and why; a row that nobody removed would be missed.
    let after = setting.store.verify_log(&[]).await.unwrap();
    assert_eq!((after.records, after.actions), (before.records + 1, 1));
    let records = setting.store.audit_after(before.records, 10).await.unwrap();
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!(record.kind, AuditKind::HistoryRemoved);
    assert_eq!(record.body["actions"].as_array().unwrap().len(), 3);

    // A place that is free again holds nothing of what was there before.
    setting.proposed(14, None).await;
    let found = [
        setting.found(Lane::Pending, "198.51.100.12").await,
        setting.found(Lane::Pending, "198.51.100.14").await,
    ];
    assert_eq!(found, [0, 1]);
}

async fn what_is_still_needed_stays(kind: Kind) {
    let setting = Setting::start(kind).await;
    let waits = setting.proposed(21, None).await.id;
    let ends_later = setting.completed(22, Some(400 * 86_400)).await;
    let undone_late = setting.completed(23, None).await;
    setting.undo(undone_late).await;
    setting.clock.forward(KEPT + SignedDuration::from_hours(1));
    assert_eq!(setting.remove().await, 0, "its reverse is not over");
    let mut tx = setting.store.begin_system(&authority()).await.unwrap();
    assert!(tx.remove_history(at(0), 10).await.unwrap().is_empty());
    drop(tx);
    setting.carry_out().await;
    assert_eq!(setting.remove().await, 0, "its reverse is young");
    assert_eq!(setting.history().await.len(), 3);
    for kept in [waits, ends_later, undone_late] {
        assert!(setting.store.action(&RowScope::ALL, kept).await.unwrap().is_some());
    }
    let without = setting.service.clone().with_history_kept(None);
    setting.clock.forward(KEPT * 3);
    assert_eq!(without.remove_old_history(&authority()).await.unwrap(), 0, "for ever if nothing is said");
    assert_eq!(setting.remove().await, 2, "the two that reverse each other");
    assert_eq!(setting.history().await, BTreeSet::from([ends_later]));
}
