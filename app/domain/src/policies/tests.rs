use serde_json::{Value, json};

use super::*;
use crate::actions::action::Action;
use crate::core::actor::{Actor, ActorKind};
use crate::core::time::Timestamp;

fn action(of: &str, entity: &Value, asset: &Value, targets: &Value) -> Action {
    let proposal: crate::Proposal = serde_json::from_value(json!({
        "external_id": "1", "type": of, "entity": entity, "asset": asset, "targets": targets,
        "severity": "high", "source": "automated_device_action",
    }))
    .unwrap();
    let by = Actor::new(ActorKind::User, "a", "A");
    let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
    proposal.into_action(uuid::Uuid::nil().into(), String::new(), by, now)
}

fn isolate(name: &str, group: Option<&str>, criticality: Option<&str>, more: usize) -> Action {
    let targets: Vec<_> =
        (0..more).map(|at| json!({ "kind": "device", "name": format!("more-{at}") })).collect();
    let asset = json!({ "kind": "device", "name": name, "device_group": group, "criticality": criticality });
    action("isolate_device", &json!({ "kind": "device", "name": name }), &asset, &json!(targets))
}

fn when(conditions: Value) -> Conditions {
    serde_json::from_value(conditions).unwrap()
}

#[test]
fn what_is_named_has_to_be_met() {
    let cases = [
        (json!({ "name": "dc-*" }), isolate("DC-1", None, None, 0), true),
        (json!({ "name": "dc-*" }), isolate("web-1", None, None, 0), false),
        (json!({ "name": "more-1" }), isolate("web-1", None, None, 3), true),
        (json!({ "device_group": "servers" }), isolate("a", Some("Servers"), None, 0), true),
        (json!({ "device_group": "servers" }), isolate("a", None, None, 0), false),
        (json!({ "criticality": "high" }), isolate("a", None, Some("very_high"), 0), true),
        (json!({ "criticality": "high" }), isolate("a", None, Some("high"), 0), true),
        (json!({ "criticality": "high" }), isolate("a", None, Some("medium"), 0), false),
        (json!({ "criticality": "low" }), isolate("a", None, None, 0), false),
        (json!({ "types": ["isolate_device"] }), isolate("a", None, None, 0), true),
        (json!({ "types": ["disable_user"] }), isolate("a", None, None, 0), false),
        (json!({ "min_assets": 4 }), isolate("a", None, None, 3), true),
        (json!({ "min_assets": 5 }), isolate("a", None, None, 3), false),
        (json!({ "name": "a", "min_assets": 2 }), isolate("a", None, None, 0), false),
    ];
    for (conditions, action, covered) in cases {
        assert_eq!(when(conditions.clone()).cover(&action), covered, "{conditions} {}", action.asset.name);
    }
}

#[test]
fn mailboxes_of_a_message_count_and_are_named() {
    let asset = json!({ "kind": "mailbox", "name": "a@example.com" });
    let entity = json!({ "kind": "email_message", "message_id": "<1@x>", "subject": "s", "sender": "b@example.com",
        "recipients": ["a@example.com", "chief@example.com"] });
    let message = action("soft_delete_email", &entity, &asset, &json!([]));
    assert!(when(json!({ "min_assets": 2 })).cover(&message));
    assert!(!when(json!({ "min_assets": 3 })).cover(&message));
    assert!(when(json!({ "name": "CHIEF@*" })).cover(&message));
}

#[test]
fn the_strictest_of_several_is_asked_for() {
    let of = |name: &str, demand| Protection {
        name: name.to_owned(),
        when: when(json!({ "name": "dc-*" })),
        demand,
    };
    let protections = vec![of("all", Demand::Held), of("domain controllers", Demand::SecondPerson)];
    let policies = Policies { revision: 1, protections };
    let on = policies.on(&isolate("dc-1", None, None, 0)).unwrap();
    assert_eq!(on.says(), "Protected: domain controllers. Needs a second person.");
    assert!(policies.on(&isolate("web-1", None, None, 0)).is_none());
}

#[test]
fn an_end_is_carried_out_as_it_was_approved_unless_somebody_has_to_be_there() {
    let of = |name: &str, demand| Protection {
        name: name.to_owned(),
        when: when(json!({ "name": "dc-*" })),
        demand,
    };
    let (held, two) = (of("held", Demand::Held), of("two", Demand::SecondPerson));
    let cases = [
        (vec![], "dc-1", false, None),
        (vec![two.clone()], "web-1", false, None),
        (vec![two.clone()], "dc-1", true, None),
        (vec![two.clone()], "dc-1", false, Some("two")),
        (vec![held.clone()], "dc-1", true, Some("held")),
        (vec![held.clone()], "dc-1", false, Some("held")),
        (vec![two, held], "dc-1", true, Some("held")),
    ];
    for (protections, device, by_two, waits) in cases {
        let policies = Policies { revision: 1, protections };
        let by = policies.at_end(&isolate(device, None, None, 0), by_two).map(|of| of.name.as_str());
        assert_eq!(by, waits, "{policies:?} {device} {by_two}");
    }
}

#[test]
fn what_is_no_protection_is_told_why() {
    let bad = [
        json!({ "name": "x", "when": {}, "demand": "held" }),
        json!({ "name": " ", "when": { "name": "a" }, "demand": "held" }),
        json!({ "name": "x", "when": { "min_assets": 0 }, "demand": "held" }),
        json!({ "name": "x", "when": { "name": "" }, "demand": "held" }),
    ];
    for bad in bad {
        let protection: Protection = serde_json::from_value(bad.clone()).unwrap();
        assert_eq!(protection.check().len(), 1, "{bad}");
    }
}
