//! Dovecot with three mailboxes. Mail is delivered by its own delivery agent, so that a Sieve script is in force or not
//! by what is forwarded.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use executors::mail::{Mail, MailSettings};
use executors::secret::Secret;
use serde_json::{Value, json};

use super::{Server, folder, is_root, output, port, programs};

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

/// A mail server.
pub(crate) struct Dovecot {
    pub(crate) server: Server,
    pub(crate) port: u16,
    pub(crate) doveadm: PathBuf,
    pub(crate) deliver: PathBuf,
}

impl Dovecot {
    pub(crate) fn start() -> Option<Self> {
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

    pub(crate) fn doveadm(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.doveadm);
        output(command.arg("-c").arg(self.server.folder().join("dovecot.conf")).args(arguments))
    }

    /// Delivers a message as from outside.
    pub(crate) fn deliver(&self, user: &str, id: &str) {
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
    pub(crate) fn folders(&self, user: &str, id: &str) -> Vec<String> {
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
    pub(crate) fn forwarded(&self) -> usize {
        let path = self.server.folder().join("mail/forwarded");
        std::fs::read_to_string(path)
            .map_or(0, |text| text.lines().filter(|line| line.contains("evil.example")).count())
    }

    pub(crate) fn executor(&self, more: Value) -> Arc<Mail> {
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
