//! Instances whose machines have different clocks go by the database's.

use std::sync::Arc;

use domain::{Action, Decision, RowScope};
use executors::simulated::Simulated;
use jiff::SignedDuration;
use service::Service;
use service::clock::{DatabaseClock, SharedClock, is_notable, is_unusable};
use service::executor::Executors;
use service::testing::{FixedClock, system as authority};
use tokio_util::sync::CancellationToken;

use super::sample::{action, add, command, id, system};
use crate::database::{Database, Kind, on_both};

on_both!(t38_instances_with_other_clocks_go_by_the_databases);

async fn t38_instances_with_other_clocks_go_by_the_databases(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let now = store.clock().await.unwrap();
    let seconds = SignedDuration::from_secs;
    let over = Action { expires_at: now - seconds(1), ..action(1) };
    let soon = Action { expires_at: now + seconds(100), ..action(2) };
    add(&store, &over).await;
    add(&store, &soon).await;
    let stop = CancellationToken::new();
    let instance = async |ahead: i64| {
        let own = FixedClock::at(now + seconds(ahead));
        let clock: SharedClock = DatabaseClock::start(store.clone(), own, stop.clone()).await.unwrap();
        let service =
            Service::new(store.clone(), Arc::clone(&clock), Executors::new(vec![Arc::new(Simulated)]));
        (clock, service)
    };
    let decision = async |number| store.action(&RowScope::ALL, id(number)).await.unwrap().unwrap().decision;
    // (how far the machine is ahead, whether that is told, whether it is too far)
    for (ahead, notable, unusable) in [
        (-3_600, true, true),
        (3_600, true, true),
        (-40, true, true),
        (40, true, true),
        (-20, true, false),
        (20, true, false),
        (0, false, false),
    ] {
        let (clock, service) = instance(ahead).await;
        let off = clock.now().duration_since(store.clock().await.unwrap());
        assert!(off.abs() < seconds(5), "{ahead}: {off}");
        assert!((clock.difference() - seconds(ahead)).abs() < seconds(5), "{ahead}");
        assert_eq!((is_notable(&clock), is_unusable(&clock)), (notable, unusable), "{ahead}");
        if unusable {
            assert_eq!(service.expire_overdue(&authority()).await.unwrap(), 0, "{ahead}");
            assert_eq!(decision(1).await, Decision::Pending, "{ahead}");
        } else {
            service.expire_overdue(&authority()).await.unwrap();
            assert_eq!(decision(1).await, Decision::Expired, "{ahead}");
        }
        assert_eq!(decision(2).await, Decision::Pending, "{ahead}: it has time left");
    }
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.enqueue(&system(), &[command(id(102), id(2), now)]).await.unwrap();
    tx.commit().await.unwrap();
    let (_, service) = instance(3_600).await;
    assert!(service.take_order(&authority()).await.unwrap().is_none());
    let generation = "SELECT CAST(generation AS TEXT) FROM commands";
    assert_eq!(database.column(generation).await, ["0"], "it leased nothing");
    let (_, service) = instance(20).await;
    service.take_order(&authority()).await.unwrap();
    assert_ne!(database.column(generation).await, ["0"]);
    stop.cancel();
}
