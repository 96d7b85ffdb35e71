//! `CrowdSec`'s local API alone, without its parsers.

use domain::{Action, Outcome};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use service::clock::{Clock as _, SystemClock};
use service::executor::Attempt;

use crate::order::{action, attempt, ends};
use crate::servers::lapi::Lapi;

fn on(of: &str, address: &str, more: Value) -> Action {
    let asset = json!({ "kind": "device", "name": "edge-1" });
    action(of, json!({ "kind": "ip_address", "address": address }), asset, more)
}

#[tokio::test]
async fn an_address_is_banned_until_its_end_and_freed_by_the_undo() {
    let Some(lapi) = Lapi::start() else { return };
    let crowdsec = lapi.executor("password bouncerkey");
    crowdsec.test().await.unwrap();
    assert_eq!(lapi.banned(), Vec::<String>::new());
    let end: Timestamp = SystemClock.now() + SignedDuration::from_hours(4);
    let first = on("block_ip_address", "203.0.113.7", json!({ "parameters": { "expiry": end.to_string() } }));
    let said = ends(&crowdsec, &first, Outcome::Completed).await;
    assert_eq!(said, format!("203.0.113.7 is banned until {end}."));
    assert_eq!(lapi.banned(), ["203.0.113.7"]);
    let shown = lapi.run(&["decisions", "list", "-o", "raw"]);
    assert!(shown.contains("3h59m") && shown.contains(&format!("countersign/{}", first.id)), "{shown}");
    // A repeat bans nothing twice, another action does.
    assert!(matches!(attempt(&crowdsec, &first, true).await, Attempt::Ended(Outcome::Completed, _)));
    assert_eq!(lapi.banned().len(), 1);
    let second = on("block_ip_address", "203.0.113.7", json!({}));
    ends(&crowdsec, &second, Outcome::Completed).await;
    assert_eq!(lapi.banned(), ["203.0.113.7"], "cscli shows one of several");

    let undo = on("unblock_ip_address", "203.0.113.7", json!({ "undo_of": first.id }));
    let said = ends(&crowdsec, &undo, Outcome::PartiallyCompleted).await;
    assert!(said.contains("stays banned") && said.contains(&second.id.to_string()), "{said}");
    let shown = lapi.run(&["decisions", "list", "-o", "raw"]);
    assert!(shown.contains(&second.id.to_string()) && !shown.contains(&first.id.to_string()), "{shown}");
    let undo = on("unblock_ip_address", "203.0.113.7", json!({ "undo_of": second.id }));
    ends(&crowdsec, &undo, Outcome::Completed).await;
    assert_eq!(lapi.banned(), Vec::<String>::new());
    ends(&crowdsec, &undo, Outcome::Skipped).await;
}

#[tokio::test]
async fn a_range_is_banned_and_freeing_an_address_in_it_leaves_it() {
    let Some(lapi) = Lapi::start() else { return };
    let crowdsec = lapi.executor("password bouncerkey");
    for range in ["198.51.100.0/24", "2001:db8:aa::/48"] {
        ends(&crowdsec, &on("block_ip_address", range, json!({})), Outcome::Completed).await;
    }
    lapi.run(&["decisions", "add", "--ip", "198.51.100.9", "--duration", "1h"]);
    assert_eq!(lapi.banned(), ["198.51.100.0/24", "198.51.100.9", "2001:db8:aa::/48"]);
    let said =
        ends(&crowdsec, &on("unblock_ip_address", "198.51.100.9", json!({})), Outcome::PartiallyCompleted)
            .await;
    assert!(said.contains("on 198.51.100.0/24"), "{said}");
    assert_eq!(lapi.banned(), ["198.51.100.0/24", "2001:db8:aa::/48"]);
    for range in ["198.51.100.0/24", "2001:db8:aa::/48"] {
        ends(&crowdsec, &on("unblock_ip_address", range, json!({})), Outcome::Completed).await;
    }
    assert_eq!(lapi.banned(), Vec::<String>::new());
    let past =
        on("block_ip_address", "203.0.113.8", json!({ "parameters": { "expiry": "2020-01-01T00:00:00Z" } }));
    ends(&crowdsec, &past, Outcome::Skipped).await;
    assert_eq!(lapi.banned(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_with_the_settings_is_one_sentence() {
    let Some(lapi) = Lapi::start() else { return };
    let place = format!("127.0.0.1:{}", lapi.port);
    let said = lapi.executor("wrong bouncerkey").test().await.unwrap_err();
    assert!(said.starts_with(&format!("{place} does not let the machine countersign in")), "{said}");
    let said = lapi.executor("password wrong").test().await.unwrap_err();
    assert_eq!(said, format!("{place} does not take the bouncer's key."));
    // What is refused before anything was sent is tried again.
    let block = on("block_ip_address", "203.0.113.7", json!({}));
    assert!(matches!(attempt(&lapi.executor("wrong bouncerkey"), &block, false).await, Attempt::NotSent(_)));
    assert_eq!(lapi.banned(), Vec::<String>::new());
}
