//! What proposals are accepted, and what of a repeat counts.

use super::*;

fn proposal(change: serde_json::Value) -> Result<Proposal, serde_json::Error> {
    let mut body = serde_json::json!({
        "external_id": "x-1", "type": "quarantine_file", "severity": "high", "source": "antivirus_action",
        "entity": {"kind": "file", "path": "/srv/a", "sha256": "AB".repeat(32)},
        "asset": {"kind": "device", "name": "web-1"},
    });
    for (key, value) in change.as_object().unwrap() {
        body[key] = value.clone();
    }
    serde_json::from_value(body)
}

fn cluster(counts: serde_json::Value) -> serde_json::Value {
    let mut entity = serde_json::json!({"kind": "email_cluster", "cluster_id": "c", "subject": "Parcel"});
    entity.as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
    serde_json::json!({"type": "soft_delete_email", "comment": "c", "entity": entity})
}

fn evidence(technique: &str) -> serde_json::Value {
    serde_json::json!({"evidence": [{"title": "t", "detail": "d", "technique": technique}]})
}

fn block(address: &str) -> serde_json::Value {
    let entity = serde_json::json!({"kind": "ip_address", "address": address});
    serde_json::json!({"type": "block_ip_address", "comment": "c", "entity": entity})
}

/// Each change of a proposal has its first error at a pointer, or none, and no two errors at one.
fn points(table: &[(serde_json::Value, Option<&str>)]) {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    for (change, pointer) in table {
        let found = proposal(change.clone()).unwrap().check(now);
        assert_eq!(found.first().map(|error| error.pointer.as_str()), *pointer, "{change} gave {found:?}");
        let mut pointers: Vec<_> = found.iter().map(|error| &error.pointer).collect();
        pointers.dedup();
        assert_eq!(pointers.len(), found.len(), "{change} gave {found:?}");
    }
}

#[test]
fn what_is_empty_is_left_out_and_what_is_no_target_is_refused() {
    points(&[
        (serde_json::json!({"comment": ""}), None),
        (serde_json::json!({"comment": " "}), Some("/comment")),
        (
            serde_json::json!({"comment": "", "type": "isolate_device", "entity": {"kind": "device", "name": "d"}}),
            Some("/comment"),
        ),
        (
            serde_json::json!({"incident_id": "", "campaign": "", "investigation_id": "", "verdict": "", "expires_at": "",
            "decision": "", "status": "", "occurred_at": "", "result": "", "device": {"domain": "", "os": ""},
            "asset": {"kind": "device", "name": "d", "device_group": "", "criticality": ""},
            "alert": {"id": "1", "title": "t", "url": ""},
            "evidence": [{"title": "t", "detail": "d", "technique": "", "verdict": ""}]}),
            None,
        ),
        (evidence("T1059.001"), None),
        (evidence("t1059"), None),
        (evidence("not a technique"), Some("/evidence/0/technique")),
        (evidence("T105"), Some("/evidence/0/technique")),
        (evidence("T1059.1"), Some("/evidence/0/technique")),
        (evidence("TA0001"), Some("/evidence/0/technique")),
        (serde_json::json!({"entity": {"kind": "file", "path": "a.exe"}}), Some("/entity/path")),
        (serde_json::json!({"entity": {"kind": "file", "path": "a.exe", "sha1": "ab".repeat(20)}}), None),
        (
            serde_json::json!({"entity": {"kind": "file", "path": "a.exe"}, "decision": "NotRequired", "status": "Completed"}),
            None,
        ),
        (block("127.0.0.1"), Some("/entity/address")),
        (block("203.0.113.7"), None),
        (
            serde_json::json!({"type": "remove_registry_key", "comment": "c",
            "entity": {"kind": "registry_key", "path": "Software\\X"}}),
            Some("/entity/path"),
        ),
    ]);
}

#[test]
fn each_rule_points_at_its_field() {
    let table = [
        (serde_json::json!({}), None),
        (serde_json::json!({"entity": {"kind": "user", "name": "ana"}}), Some("/entity")),
        (serde_json::json!({"entity": {"kind": "file"}}), Some("/entity")),
        (serde_json::json!({"entity": {"kind": "file", "sha256": "12"}}), Some("/entity/sha256")),
        (serde_json::json!({"entity": {"kind": "file", "path": " "}}), Some("/entity/path")),
        (
            serde_json::json!({"type": "stop_and_quarantine_file", "comment": "c",
            "entity": {"kind": "file", "path": "/a"}}),
            Some("/entity/sha256"),
        ),
        (
            serde_json::json!({"type": "isolate_device", "entity": {"kind": "device", "name": "d"}}),
            Some("/comment"),
        ),
        (serde_json::json!({"parameters": {"scope": "Full"}}), Some("/parameters/scope")),
        (
            serde_json::json!({"type": "run_antivirus_scan", "comment": "c",
            "entity": {"kind": "device", "name": "d"}}),
            Some("/parameters/scope"),
        ),
        (
            serde_json::json!({"type": "run_antivirus_scan", "comment": "c", "parameters": {"scope": "Deep"},
            "entity": {"kind": "device", "name": "d"}}),
            Some("/parameters/scope"),
        ),
        (
            serde_json::json!({"alert": {"id": "1", "title": "t", "url": "javascript:alert(1)"}}),
            Some("/alert/url"),
        ),
        (serde_json::json!({"expires_at": "2025-12-31T00:00:00Z"}), Some("/expires_at")),
        (serde_json::json!({"expires_at": "2027-12-31T00:00:00Z"}), Some("/expires_at")),
        (
            serde_json::json!({"type": "block_ip_address", "comment": "c",
            "entity": {"kind": "ip_address", "address": "1.2.3"}}),
            Some("/entity/address"),
        ),
        (serde_json::json!({"decision": "NotRequired", "status": "Completed", "result": "2 files"}), None),
        (serde_json::json!({"decision": "NotRequired"}), Some("/status")),
        (serde_json::json!({"decision": "NotRequired", "status": "Queued"}), Some("/status")),
        (serde_json::json!({"decision": "Approved"}), Some("/decision")),
        (serde_json::json!({"status": "Completed"}), Some("/status")),
        (serde_json::json!({"result": "x"}), Some("/result")),
        (
            serde_json::json!({"decision": "NotRequired", "status": "Failed", "occurred_at": "2026-01-01T01:00:00Z"}),
            Some("/occurred_at"),
        ),
        (
            serde_json::json!({"decision": "NotRequired", "status": "Completed", "occurred_at": "1970-01-01T00:00:00Z"}),
            Some("/occurred_at"),
        ),
        (
            serde_json::json!({"decision": "NotRequired", "status": "Completed", "occurred_at": "2000-01-01T00:00:00Z"}),
            None,
        ),
        (
            serde_json::json!({"decision": "NotRequired", "status": "Completed", "type": "block_ip_address",
            "entity": {"kind": "ip_address", "address": "203.0.113.7"},
            "parameters": {"expiry": "2025-12-01T00:00:00Z"}}),
            None,
        ),
        (cluster(serde_json::json!({"messages": 0})), Some("/entity/messages")),
        (cluster(serde_json::json!({"messages": 9, "mailboxes": 9, "delivered": 7, "junked": 2})), None),
        (
            cluster(serde_json::json!({"messages": 9, "delivered": u32::MAX, "blocked": 2})),
            Some("/entity/messages"),
        ),
        (cluster(serde_json::json!({"messages": 9, "junked": 5, "replaced": 5})), Some("/entity/messages")),
        (cluster(serde_json::json!({"messages": 9, "mailboxes": 10})), Some("/entity/mailboxes")),
        (cluster(serde_json::json!({"messages": 9, "mailboxes": 0})), Some("/entity/mailboxes")),
    ];
    points(&table);
    for broken in [
        serde_json::json!({"type": "fly_to_the_moon"}),
        serde_json::json!({"surprise": 1}),
        serde_json::json!({"entity": {"kind": "file", "path": "/a", "colour": "red"}}),
    ] {
        assert!(proposal(broken.clone()).is_err(), "{broken}");
    }
}

#[test]
fn hashes_are_kept_in_lower_case() {
    let mut given = proposal(serde_json::json!({})).unwrap();
    given.normalize();
    assert_eq!(given.entity.fields()[1].value, "ab".repeat(32));
}

#[test]
fn names_are_kept_out_of_their_dress_and_else_as_they_were_given() {
    for (entity, kept) in [
        (
            serde_json::json!({"kind": "file", "path": "\"C:\\A b\\x.exe\""}),
            serde_json::json!({"kind": "file", "path": "C:\\A b\\x.exe"}),
        ),
        (
            serde_json::json!({"kind": "email_message", "message_id": "Message-ID: <M@b.example>", "sender": "Kim <k@b>"}),
            serde_json::json!({"kind": "email_message", "message_id": "<M@b.example>", "sender": "Kim <k@b>", "subject": ""}),
        ),
        (
            serde_json::json!({"kind": "user", "name": "Kim <smtp:Kim@b.example>"}),
            serde_json::json!({"kind": "user", "name": "Kim@b.example"}),
        ),
        (
            serde_json::json!({"kind": "file", "path": "/etc/../a "}),
            serde_json::json!({"kind": "file", "path": "/etc/../a "}),
        ),
        (
            serde_json::json!({"kind": "device", "name": "\\\\WS-9"}),
            serde_json::json!({"kind": "device", "name": "WS-9"}),
        ),
    ] {
        let asset = serde_json::json!({"kind": "device", "name": "http://WEB-1/"});
        let mut given = proposal(serde_json::json!({"entity": entity, "asset": asset})).unwrap();
        given.normalize();
        assert_eq!(serde_json::to_value(&given.entity).unwrap(), kept);
        assert_eq!(given.asset.name, "web-1");
    }
}
