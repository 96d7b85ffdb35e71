//! Messages by their Message-ID, in one mailbox or, of a cluster, in all.
//!
//! doveadm's search for a header finds parts of it too, so what it found is compared exactly, and what is done is done
//! by folder and UID.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domain::{ActionType, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};

use super::doveadm::{Doveadm, check_user};
use super::{Done, MailSettings};
use crate::peer::Trouble;

const INBOX: &str = "INBOX";

/// Which messages are meant.
pub(super) struct Wanted<'a> {
    pub(super) message_id: &'a str,
    /// All mailboxes, if none is named.
    pub(super) mailbox: Option<&'a str>,
}

/// A message where it lies.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Found {
    user: String,
    mailbox: String,
    mailbox_guid: String,
    uid: String,
    #[serde(rename = "hdr.message-id")]
    message_id: String,
}

/// What is done with messages of one owner.
enum Doing<'a> {
    Move { to_user: Option<&'a str>, folder: String },
    Expunge,
}

/// Whether it can be the Message-ID of one message, and nothing else.
pub(super) fn is_message_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.is_some_and(|inner| {
        let plain = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '<' | '>' | '"' | '\\');
        inner.len() <= 990
            && inner.split_once('@').is_some_and(|(left, right)| !left.is_empty() && !right.is_empty())
            && inner.chars().all(plain)
    })
}

/// Carries out what is done with messages.
pub(super) async fn carry_out(
    doveadm: &Doveadm,
    settings: &MailSettings,
    of: ActionType,
    wanted: &Wanted<'_>,
    repeats: bool,
) -> Done {
    if !is_message_id(wanted.message_id) {
        return Err(Trouble::Refused(format!("{} is no Message-ID.", wanted.message_id)));
    }
    if let Some(user) = wanted.mailbox {
        check_user(user).map_err(Trouble::Refused)?;
    }
    let vault = settings.quarantine.as_deref().unwrap_or_default();
    let releases = of == ActionType::ReleaseEmailFromQuarantine;
    let sources =
        find(doveadm, wanted, releases.then_some(vault)).await.map_err(Trouble::before_any_change)?;
    let MailSettings { junk, deleted_items, recoverable_items, .. } = settings;
    let sources: Vec<Found> = sources
        .into_iter()
        .filter(|found| (found.user == vault) == releases)
        .filter(|found| match of {
            ActionType::SoftDeleteEmail => found.mailbox != *recoverable_items,
            ActionType::MoveToJunk => found.mailbox != *junk && found.mailbox != *recoverable_items,
            ActionType::MoveToDeletedItems => {
                found.mailbox != *deleted_items && found.mailbox != *recoverable_items
            }
            ActionType::MoveToInbox => [junk, deleted_items, recoverable_items].contains(&&found.mailbox),
            ActionType::ReleaseEmailFromQuarantine => owner(found, wanted).is_some(),
            _ => true,
        })
        .collect();
    if sources.is_empty() {
        let outcome = if repeats { Outcome::Completed } else { Outcome::Skipped };
        let place =
            wanted.mailbox.map_or_else(|| "any mailbox".to_owned(), |user| format!("the mailbox {user}"));
        return Ok((outcome, format!("There is nothing to do for {} in {place}.", wanted.message_id)));
    }
    let mut groups: BTreeMap<(String, String), Vec<Found>> = BTreeMap::new();
    for found in sources {
        groups.entry((found.user.clone(), found.mailbox_guid.clone())).or_default().push(found);
    }
    let mut report = Report::default();
    for ((user, guid), group) in groups {
        let owner = group.first().and_then(|found| owner(found, wanted)).unwrap_or_else(|| user.clone());
        let doing = match of {
            ActionType::SoftDeleteEmail => into(recoverable_items),
            ActionType::MoveToJunk => into(junk),
            ActionType::MoveToDeletedItems => into(deleted_items),
            ActionType::MoveToInbox => into(INBOX),
            ActionType::QuarantineEmail => Doing::Move { to_user: Some(vault), folder: encode(&owner) },
            ActionType::ReleaseEmailFromQuarantine => {
                Doing::Move { to_user: Some(&owner), folder: INBOX.to_owned() }
            }
            ActionType::HardDeleteEmail => Doing::Expunge,
            other => {
                return Err(Trouble::Refused(format!("A mail server does not carry out {}.", other.label())));
            }
        };
        let uids: Vec<&str> = group.iter().map(|found| found.uid.as_str()).collect();
        match act(doveadm, &user, &guid, &uids, &doing, wanted.message_id).await {
            Ok(()) => report.done(&owner, group.len()),
            // Whatever else is to be done is done by the repeat.
            Err(trouble @ (Trouble::NotSent(_) | Trouble::Uncertain(_))) => {
                return Err(trouble.after_a_change());
            }
            Err(Trouble::Refused(why)) => report.failed.push(why),
        }
    }
    Ok(report.outcome(of))
}

fn into<'a>(folder: &str) -> Doing<'a> {
    Doing::Move { to_user: None, folder: folder.to_owned() }
}

/// Whose message it is: in the quarantine the folder says so.
fn owner(found: &Found, wanted: &Wanted<'_>) -> Option<String> {
    match decode(&found.mailbox).filter(|name| name.contains('@') || wanted.mailbox == Some(name)) {
        Some(name) if wanted.mailbox.is_none_or(|user| user == name) => Some(name),
        _ => None,
    }
}

/// All messages that are exactly that one; in one mailbox, or in all.
async fn find(doveadm: &Doveadm, wanted: &Wanted<'_>, vault: Option<&str>) -> Result<Vec<Found>, Trouble> {
    let mut parameters = json!({
        "field": ["user", "mailbox", "mailbox-guid", "uid", "hdr.message-id"],
        "query": ["HEADER", "Message-ID", wanted.message_id],
    });
    let user = vault.or(wanted.mailbox);
    match user {
        Some(user) => parameters["user"] = user.into(),
        None => parameters["allUsers"] = true.into(),
    }
    let found = doveadm.run("fetch", parameters).await;
    let found = found.map_err(|failure| failure.of(user.unwrap_or("all mailboxes")))?;
    read(found, wanted.message_id)
}

fn read(found: Value, message_id: &str) -> Result<Vec<Found>, Trouble> {
    let found: Vec<Found> = serde_json::from_value(found).map_err(|error| {
        Trouble::Uncertain(format!("The answer of the mail server is not understood: {error}."))
    })?;
    Ok(found.into_iter().filter(|found| found.message_id.trim() == message_id).collect())
}

/// Moves or expunges the messages of one folder, and sees that they are gone from it and, moved, at their new place.
async fn act(
    doveadm: &Doveadm,
    user: &str,
    guid: &str,
    uids: &[&str],
    doing: &Doing<'_>,
    message_id: &str,
) -> Result<(), Trouble> {
    let query = json!(["mailbox-guid", guid, "uid", uids.join(",")]);
    let there = async |user: &str, folder: &str| {
        let query = json!(["mailbox", folder, "HEADER", "Message-ID", message_id]);
        let fields = ["user", "mailbox", "mailbox-guid", "uid", "hdr.message-id"];
        let found = doveadm.run("fetch", json!({ "user": user, "field": fields, "query": query })).await;
        read(found.map_err(|failure| failure.of(user))?, message_id).map(|found| found.len())
    };
    match doing {
        Doing::Expunge => {
            let done = doveadm.run("expunge", json!({ "user": user, "query": query })).await;
            done.map_err(|failure| failure.of(user))?;
        }
        Doing::Move { to_user, folder } => {
            let target = to_user.unwrap_or(user);
            if folder != INBOX {
                // That it is there already is no failure; whether it is there, moving shows.
                let _ = doveadm.run("mailboxCreate", json!({ "user": target, "mailbox": [folder] })).await;
            }
            let before = there(target, folder).await?;
            let mut parameters = json!({ "user": target, "destinationMailbox": folder, "query": query });
            if target != user {
                parameters["sourceType"] = "user".into();
                parameters["sourceUser"] = user.into();
            }
            doveadm.run("move", parameters).await.map_err(|failure| failure.of(target))?;
            if there(target, folder).await.map_err(Trouble::after_a_change)? < before + uids.len() {
                return Err(Trouble::Refused(format!(
                    "Messages of {user} did not arrive in {folder} of {target}."
                )));
            }
        }
    }
    let left = doveadm.run("fetch", json!({ "user": user, "field": ["uid"], "query": query })).await;
    let left = left.map_err(|failure| failure.of(user).after_a_change())?;
    if left.as_array().is_some_and(Vec::is_empty) {
        return Ok(());
    }
    Err(Trouble::Refused(format!("Messages of {user} are still where they were.")))
}

/// What came of it in each mailbox.
#[derive(Default)]
struct Report {
    mailboxes: BTreeMap<String, usize>,
    failed: Vec<String>,
}

impl Report {
    fn done(&mut self, mailbox: &str, messages: usize) {
        *self.mailboxes.entry(mailbox.to_owned()).or_default() += messages;
    }

    fn outcome(self, of: ActionType) -> (Outcome, String) {
        let messages: usize = self.mailboxes.values().sum();
        let mailboxes: Vec<&str> = self.mailboxes.keys().map(String::as_str).collect();
        let named = match mailboxes.as_slice() {
            [] => String::new(),
            [one] => format!(" in {one}"),
            some if some.len() <= 5 => format!(" in {}", some.join(", ")),
            [first, second, rest @ ..] => format!(" in {first}, {second} and {} more mailboxes", rest.len()),
        };
        let plural = if messages == 1 { "message" } else { "messages" };
        let mut detail = format!("{}: {messages} {plural}{named}.", of.label());
        for why in self.failed.iter().take(5) {
            let _ = write!(detail, " {why}");
        }
        let outcome = match (messages, self.failed.is_empty()) {
            (_, true) => Outcome::Completed,
            (0, false) => Outcome::Failed,
            (_, false) => Outcome::PartiallyCompleted,
        };
        (outcome, detail)
    }
}

/// The folder of the quarantine for a mailbox: dots and slashes would make folders in folders.
fn encode(user: &str) -> String {
    let mut folder = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'-' | b'_') {
            folder.push(char::from(byte));
        } else {
            let _ = write!(folder, "={byte:02X}");
        }
    }
    folder
}

fn decode(folder: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(folder.len());
    let mut rest = folder.as_bytes();
    while let [byte, tail @ ..] = rest {
        if *byte == b'=' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail.get(2..)?;
        } else {
            bytes.push(*byte);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_message_is_meant() {
        for good in ["<a@b.example>", "<x.y+z@[192.0.2.1]>"] {
            assert!(is_message_id(good), "{good}");
        }
        for bad in ["", "a@b", "<>", "<a>", "<@>", "<a@b> ", "<a@b><c@d>", "<a b@c>", "<a\"@b>", "<a@b\n>"] {
            assert!(!is_message_id(bad), "{bad}");
        }
    }

    #[test]
    fn a_folder_of_the_quarantine_names_its_mailbox() {
        for user in ["kim@corp.example", "o'neil/x@corp.example", "zoë@corp.example", "a=b"] {
            let folder = encode(user);
            assert!(!folder.contains(['.', '/', '\'']) && folder.is_ascii(), "{folder}");
            assert_eq!(decode(&folder).as_deref(), Some(user));
        }
        assert_eq!(decode("="), None);
    }
}
