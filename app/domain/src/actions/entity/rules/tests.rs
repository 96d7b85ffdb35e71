//! What of an entity is there, and what its kind needs.

use serde_json::{Value, json};

use super::*;

fn read(given: &Value) -> Result<Entity, Vec<FieldError>> {
    let Value::Object(fields) = given else { panic!("{given} is no object") };
    serde_json::from_value::<GivenEntity>(given.clone()).unwrap().into_entity(fields)
}

fn pointers(errors: &[FieldError]) -> Vec<&str> {
    errors.iter().map(|error| error.pointer.as_str()).collect()
}

#[test]
fn null_missing_and_empty_are_nothing_where_nothing_may_be() {
    let hash = "ab".repeat(32);
    let sid = "S-1-5-21-1-2-3-500";
    for (given, same) in [
        (
            json!({"kind": "email_message", "message_id": "<a@b>", "subject": null, "sender": null, "recipients": null}),
            json!({"kind": "email_message", "message_id": "<a@b>", "subject": "", "sender": ""}),
        ),
        (
            json!({"kind": "email_message", "message_id": "<a@b>", "network_message_id": "", "received_at": "",
                "delivery": "", "location": ""}),
            json!({"kind": "email_message", "message_id": "<a@b>", "subject": "", "sender": ""}),
        ),
        (
            json!({"kind": "email_cluster", "cluster_id": "c", "messages": 3, "mailboxes": null}),
            json!({"kind": "email_cluster", "cluster_id": "c", "messages": 3, "subject": ""}),
        ),
        (
            json!({"kind": "file", "path": "", "sha256": hash, "sha1": "", "md5": null}),
            json!({"kind": "file", "sha256": hash}),
        ),
        (json!({"kind": "user", "sid": sid}), json!({"kind": "user", "name": sid, "sid": sid})),
        (json!({"kind": "user", "name": null, "sid": sid}), json!({"kind": "user", "name": sid, "sid": sid})),
        (json!({"kind": "user", "name": "kim", "sid": ""}), json!({"kind": "user", "name": "kim"})),
        (
            json!({"kind": "process", "pid": 7, "image": "/a", "started_at": "", "command_line": ""}),
            json!({"kind": "process", "pid": 7, "image": "/a"}),
        ),
        (
            json!({"kind": "registry_key", "path": "HKLM\\X", "value_name": ""}),
            json!({"kind": "registry_key", "path": "HKLM\\X", "value_name": ""}),
        ),
        (
            json!({"kind": "registry_key", "path": "HKLM\\X", "value_name": null}),
            json!({"kind": "registry_key", "path": "HKLM\\X"}),
        ),
    ] {
        let entity = read(&given).unwrap();
        assert_eq!(serde_json::to_value(&entity).unwrap(), same, "{given}");
        assert_eq!(entity.check(), [], "{given}");
        assert_eq!(serde_json::from_value::<Entity>(same).unwrap(), entity, "{given}");
    }
    for (given, pointer) in [
        (json!({"kind": "user"}), "/name"),
        (json!({"kind": "user", "name": null}), "/name"),
        (json!({"kind": "email_message", "subject": "a"}), "/message_id"),
        (json!({"kind": "teams_message", "message_id": "1", "channel": "c"}), "/sender"),
        (json!({"kind": "email_cluster", "cluster_id": "c"}), "/messages"),
        (json!({"kind": "registry_key", "value_name": ""}), "/path"),
    ] {
        assert_eq!(pointers(&read(&given).unwrap_err()), [pointer], "{given}");
    }
}

#[test]
fn each_field_has_one_error() {
    for (given, pointer) in [
        (json!({"kind": "url", "url": ""}), "/url"),
        (json!({"kind": "ip_address", "address": " "}), "/address"),
        (json!({"kind": "file", "sha256": "  "}), "/sha256"),
        (json!({"kind": "email_message", "message_id": "<>"}), "/message_id"),
        (json!({"kind": "email_attachment", "file_name": "a", "message_id": "<a@b[.]c>"}), "/message_id"),
        (
            json!({"kind": "teams_message", "message_id": "1", "sender": "k[@]x[.]example", "channel": "c"}),
            "/sender",
        ),
        (json!({"kind": "registry_key", "path": "HKLM\\X", "value_name": " "}), "/value_name"),
    ] {
        assert_eq!(pointers(&read(&given).unwrap().check()), [pointer], "{given}");
    }
}

#[test]
fn what_is_acted_on_is_named_in_full() {
    let hash = "ab".repeat(32);
    for (given, pointer) in [
        (json!({"kind": "file", "path": "a.exe"}), Some("/path")),
        (json!({"kind": "file", "path": "a.exe", "sha256": hash}), None),
        (json!({"kind": "file", "path": "C:\\", "sha256": hash}), Some("/path")),
        (json!({"kind": "file", "path": "\"C:\\Users\\x\\a.exe\""}), None),
        (json!({"kind": "file", "sha256": hash}), None),
        (json!({"kind": "registry_key", "path": "Software\\X"}), Some("/path")),
        (json!({"kind": "registry_key", "path": "[HKLM\\Software\\X]", "value_name": ""}), None),
        (json!({"kind": "process", "pid": 7, "image": "a.exe"}), None),
    ] {
        let entity = read(&given).unwrap();
        assert_eq!(entity.check(), [], "{given}");
        assert_eq!(pointers(&entity.check_target()).first().copied(), pointer, "{given}");
    }
    let local = read(&json!({"kind": "ip_address", "address": "127.0.0.1"})).unwrap();
    assert_eq!((local.check(), pointers(&local.check_block())), (vec![], vec!["/address"]));
}
