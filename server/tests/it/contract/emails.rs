//! One email: told from what investigations found of it and from the actions on it, as far as the caller sees them.

use domain::actions::entity::{Delivery, MailLocation};
use domain::investigations::contract::InvestigationsBackend as _;
use domain::investigations::report::InvestigationReport;
use domain::{Error, RowScope};
use serde_json::json;

use super::investigations::{add_tool, service, tool};
use super::sample::add_ana;
use crate::database::{Database, Kind, on_both};

on_both!(an_email_is_told_from_investigations_and_actions,);

async fn an_email_is_told_from_investigations_and_actions(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    add_tool(&store).await;
    let service = service(&store);
    let message = json!({ "kind": "email_message", "message_id": "<m-1@bad.example>", "subject": "Parcel",
        "sender": "x@bad.example", "recipients": ["kim@a.example"], "received_at": "2026-03-01T07:00:00Z",
        "delivery": "delivered", "location": "inbox" });
    let action = |id: &str, kind: &str, entity: serde_json::Value| {
        json!({ "external_id": id, "type": kind, "severity": "high", "source": "automated_email_action",
            "verdict": "malicious", "comment": "phish", "entity": entity,
            "asset": { "kind": "mailbox", "name": "kim@a.example" } })
    };
    let cluster = json!({ "kind": "email_cluster", "cluster_id": "c-1", "subject": "Parcel", "messages": 3 });
    let report: InvestigationReport = serde_json::from_value(json!({
        "id": "I-1", "title": "Phish", "state": "running",
        "emails": [{
            "message_id": "m-1@BAD.example", "cluster_id": "c-1", "subject": "Parcel",
            "authentication": [{ "method": "spf", "result": "fail" }],
            "urls": [{ "url": "https://bad.example/", "verdict": "malicious" }],
            "attachments": [{ "file_name": "a.html", "verdict": "suspicious" }],
            "copies": [{ "mailbox": "lee@a.example", "delivery": "junked", "location": "junk_folder",
                "located_at": "2026-03-01T07:05:00Z" }],
        }],
        "actions": [action("1", "soft_delete_email", message), action("2", "soft_delete_email", cluster)],
    }))
    .unwrap();
    let made = service.report_investigation(&tool(), report).await.unwrap();
    assert_eq!(made.investigation.waiting, 2);
    assert_eq!(store.emails(&RowScope::ALL, "<m-1@bad.example>").await.unwrap().len(), 1);
    assert!(store.emails(&RowScope::proposed_by("other"), "<m-1@bad.example>").await.unwrap().is_empty());
    let email = service.email(&ana, "<m-1@bad.example>").await.unwrap();
    let [message] = &email.messages[..] else { panic!("{email:?}") };
    assert_eq!((message.sender.as_deref(), message.recipients.len()), (Some("x@bad.example"), 1));
    assert_eq!(
        (message.authentication[0].result.as_str(), message.urls.len(), message.attachments.len()),
        ("fail", 1, 1)
    );
    let copies: Vec<_> =
        message.copies.iter().map(|of| (of.mailbox.as_str(), of.delivery, of.location)).collect();
    assert_eq!(
        copies,
        [
            ("lee@a.example", Some(Delivery::Junked), Some(MailLocation::Junk)),
            ("kim@a.example", Some(Delivery::Delivered), Some(MailLocation::Inbox)),
        ]
    );
    assert_eq!((email.actions.len(), email.investigations.as_slice()), (1, &["I-1".to_owned()][..]));
    // The cluster names the messages that are known of it.
    assert_eq!(email.cluster.as_ref().unwrap().cluster_id, "c-1");
    let cluster = service.email(&ana, "c-1").await.unwrap();
    assert_eq!((cluster.cluster.unwrap().messages, cluster.messages.len(), cluster.actions.len()), (3, 1, 1));
    assert!(matches!(service.email(&ana, "<m-2@bad.example>").await, Err(Error::NotFound(_))));
}
