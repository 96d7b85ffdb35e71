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

#[test]
fn a_kind_has_its_article() {
    for (kind, words) in [
        (EntityKind::Device, "a device"),
        (EntityKind::IpAddress, "an IP address"),
        (EntityKind::Url, "a URL"),
        (EntityKind::EmailMessage, "an email message"),
        (EntityKind::User, "a user"),
        (EntityKind::TeamsMessage, "a Teams message"),
    ] {
        assert_eq!(kind.with_article(), words);
    }
}

#[test]
fn what_is_acted_on_is_one_thing() {
    let message = |field: &str, value: Value| {
        let mut of = json!({"kind": "email_message", "message_id": "<a@b>", "subject": "", "sender": ""});
        of[field] = value;
        of
    };
    for (given, pointer) in [
        (json!({"kind": "device", "name": "ws-*"}), "/name"),
        (json!({"kind": "user", "name": "kim;ana"}), "/name"),
        (json!({"kind": "user", "name": "kim@"}), "/name"),
        (json!({"kind": "mailbox", "address": "not a mailbox"}), "/address"),
        (json!({"kind": "service", "name": "ssh*"}), "/name"),
        (json!({"kind": "driver", "name": "a,b"}), "/name"),
        (json!({"kind": "scheduled_task", "name": "\\Vendor\\*"}), "/name"),
        (json!({"kind": "file", "path": "C:\\*"}), "/path"),
        (json!({"kind": "file", "path": "/srv/*"}), "/path"),
        (json!({"kind": "file", "path": "C:\\a[.]exe"}), "/path"),
        (json!({"kind": "cloud_file", "path": "sites/a/*"}), "/path"),
        (json!({"kind": "process", "pid": 0, "image": "/a"}), "/pid"),
        (json!({"kind": "process", "pid": 7, "image": "C:\\*.exe"}), "/image"),
        (json!({"kind": "registry_key", "path": "HKLM\\*"}), "/path"),
        (message("message_id", json!("*")), "/message_id"),
        (message("message_id", json!("abc")), "/message_id"),
        (message("network_message_id", json!("nope")), "/network_message_id"),
        (message("recipients", json!(["k@c.example", "*@c.example"])), "/recipients/1"),
        (message("recipients", json!(["k@c;l@c"])), "/recipients/0"),
        (message("sender", json!("*@c.example")), "/sender"),
        (json!({"kind": "ip_address", "address": "64:ff9b::/96"}), "/address"),
        (json!({"kind": "url", "url": "https://0x7f.1/"}), "/url"),
        (json!({"kind": "url", "url": "http://localhost/"}), "/url"),
    ] {
        let entity = read(&given).unwrap();
        let mut errors = entity.check();
        errors.extend(entity.check_target());
        errors.extend(entity.check_block());
        assert_eq!(pointers(&errors), [pointer], "{given}");
    }
    for given in [
        json!({"kind": "user", "name": "CORP\\kim"}),
        json!({"kind": "user", "name": "CN=Kim,OU=Staff,DC=corp"}),
        json!({"kind": "file", "path": "/srv/a*b [1]"}),
        json!({"kind": "registry_key", "path": "HKCR\\*\\shell\\x"}),
        json!({"kind": "process", "pid": 4, "image": "System"}),
        json!({"kind": "scheduled_task", "name": "/etc/crontab: 17 * * * * root a"}),
        json!({"kind": "file", "sha256": format!(" {} ", "ab".repeat(32))}),
        message("network_message_id", json!(" 9a7f1c2e-0000-4000-8000-000000000001")),
        message("sender", json!("a*b@c.example")),
    ] {
        let entity = read(&given).unwrap();
        let errors = [entity.check(), entity.check_target(), entity.check_block()].concat();
        assert_eq!(errors, [], "{given}");
    }
}
