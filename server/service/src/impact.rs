//! What an action hits, who else may decide on it, and where one looks further: for the details of an action, in
//! sentences, so that the page has nothing to work out.

use std::fmt::Write as _;

use domain::actions::similar::Similarity;
use domain::core::text::{escape_controls, format_count, pluralize};
use domain::{Action, AssetKind, Criticality, Decision, Entity, Error, RowScope, UserId};
use jiff::Timestamp;

use super::Service;

/// Names in a sentence.
const MAX_NAMES: usize = 5;
/// Similar rows that are looked at.
const MAX_WAITING: u32 = 1_000;

impl Service {
    /// What it hits; of a file that waits elsewhere, too, on how many assets.
    pub(super) async fn impact(&self, scope: &RowScope, action: &Action) -> Result<String, Error> {
        let mut text = hits(action);
        if action.decision == Decision::Pending && matches!(action.similarity(), Some(Similarity::File(_))) {
            let (assets, more) = self.store.waiting_elsewhere(scope, action, MAX_WAITING).await?;
            if assets > 0 {
                text.push_str(&elsewhere(action.asset.kind, assets, more));
            }
        }
        Ok(text)
    }

    /// Who may decide in place of a caller who may not; none where that is not the question.
    pub(super) async fn deciders(
        &self,
        action: &Action,
        proposer: Option<UserId>,
        offered: &Result<(), Error>,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        let open = action.decision == Decision::Pending && action.expires_at > now;
        if !open || !matches!(offered, Err(Error::Forbidden(_))) {
            return Ok(None);
        }
        Ok(Some(may_decide(&self.names_of_deciders(action, proposer, now).await?)))
    }
}

fn hits(action: &Action) -> String {
    let asset = &action.asset;
    let one = |of: &str| format!("1 {of}");
    let what = match &action.entity {
        Entity::Device { .. } => one("device"),
        Entity::User { .. } => one("person"),
        Entity::Mailbox { .. } => one("mailbox"),
        Entity::EmailMessage { recipients, .. } if recipients.is_empty() => one("message"),
        Entity::EmailMessage { recipients, .. } => {
            format!("1 message in {}", pluralize(recipients.len() as u64, "mailbox", "mailboxes"))
        }
        Entity::EmailCluster { messages, mailboxes, .. } => {
            let of = pluralize(u64::from(*messages), "message", "messages");
            match mailboxes {
                Some(mailboxes) => {
                    format!("{of} in {}", pluralize(u64::from(*mailboxes), "mailbox", "mailboxes"))
                }
                None => of,
            }
        }
        on_asset => {
            let what = match on_asset {
                Entity::File { .. } => "file",
                Entity::Process { .. } => "process",
                Entity::Service { .. } => "service",
                Entity::Driver { .. } => "driver",
                Entity::RegistryKey { .. } => "registry key",
                Entity::ScheduledTask { .. } => "scheduled task",
                Entity::EmailAttachment { .. } => "attachment",
                Entity::CloudFile { .. } => "cloud file",
                other => other.kind().label(),
            };
            let place = match asset.kind {
                AssetKind::Device => "on",
                AssetKind::Mailbox => "in",
                AssetKind::Account => "of",
            };
            match action.target_count {
                Some(count) => format!("1 {what} {place} {}", several(action, count)),
                None => format!("1 {what} {place} {}", escape_controls(&asset.name)),
            }
        }
    };
    let mut text = format!("Hits {what}");
    if let Some(criticality) = asset.criticality.filter(|_| !action.has_targets()) {
        // Writing to a text can't fail.
        let _ = write!(text, ", {} criticality", criticality.label().to_lowercase());
    }
    text.push('.');
    text
}

/// So many devices, and how many of them matter most.
fn several(action: &Action, count: u32) -> String {
    let devices = pluralize(u64::from(count), "device", "devices");
    let critical = action.all_targets().filter(|target| target.criticality == Some(Criticality::VeryHigh));
    match critical.count() {
        0 => devices,
        critical => format!("{devices}, {} of very high criticality", format_count(critical as u64)),
    }
}

fn elsewhere(kind: AssetKind, assets: u64, more: bool) -> String {
    let (one, many) = match kind {
        AssetKind::Device => ("other device", "other devices"),
        AssetKind::Mailbox => ("other mailbox", "other mailboxes"),
        AssetKind::Account => ("other account", "other accounts"),
    };
    let others =
        if more { format!("{}+ {many}", format_count(assets)) } else { pluralize(assets, one, many) };
    format!(" The same file waits on {others}.")
}

fn may_decide(names: &[String]) -> String {
    match names {
        [] => "Nobody in this system may decide this yet.".to_owned(),
        names => format!("{} may decide this.", listed(names)),
    }
}

/// Names as a sentence has them; of many the first.
pub(super) fn listed(names: &[String]) -> String {
    let (first, others) = names.split_at(names.len().min(MAX_NAMES));
    match (first, others.len()) {
        ([one], 0) => one.clone(),
        ([rest @ .., last], 0) => format!("{} and {last}", rest.join(", ")),
        (first, others) => {
            format!("{} and {}", first.join(", "), pluralize(others as u64, "other", "others"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::proposal;
    use serde_json::{Value, json};

    fn action(entity: Value, asset: Value) -> Action {
        let mut of = proposal("1");
        (of["entity"], of["asset"]) = (entity, asset);
        let by = crate::testing::tester();
        let proposal: domain::Proposal = serde_json::from_value(of).unwrap();
        proposal.into_action(uuid::Uuid::nil().into(), String::new(), by, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_is_hit_reads_as_a_sentence() {
        let device = json!({ "kind": "device", "name": "hr-ws-022", "criticality": "very_high" });
        let plain = json!({ "kind": "device", "name": "hr-ws-022" });
        let account = json!({ "kind": "account", "name": "ana", "criticality": "high" });
        let mailbox = json!({ "kind": "mailbox", "name": "desk@a.example" });
        let message = |recipients: &[&str]| json!({ "kind": "email_message", "message_id": "<1@a>", "subject": "Hi", "sender": "b@b", "recipients": recipients });
        let cluster =
            json!({ "kind": "email_cluster", "cluster_id": "c", "subject": "Hi", "messages": 12_000 });
        let attachment = json!({ "kind": "email_attachment", "file_name": "a.exe", "message_id": "<1@a>" });
        let cases = [
            (
                json!({ "kind": "device", "name": "hr-ws-022" }),
                &device,
                "Hits 1 device, very high criticality.",
            ),
            (json!({ "kind": "user", "name": "ana" }), &account, "Hits 1 person, high criticality."),
            (json!({ "kind": "file", "path": "/a" }), &plain, "Hits 1 file on hr-ws-022."),
            (
                json!({ "kind": "process", "pid": 7 }),
                &device,
                "Hits 1 process on hr-ws-022, very high criticality.",
            ),
            (
                json!({ "kind": "ip_address", "address": "192.0.2.1" }),
                &plain,
                "Hits 1 IP address on hr-ws-022.",
            ),
            (message(&[]), &mailbox, "Hits 1 message."),
            (message(&["c@a"]), &mailbox, "Hits 1 message in 1 mailbox."),
            (message(&["c@a", "d@a"]), &mailbox, "Hits 1 message in 2 mailboxes."),
            (cluster, &mailbox, "Hits 12\u{202f}000 messages."),
            (attachment, &mailbox, "Hits 1 attachment in desk@a.example."),
            (
                json!({ "kind": "file", "path": "/a" }),
                &json!({ "kind": "device", "name": "web\u{202e}1" }),
                "Hits 1 file on web[U+202E]1.",
            ),
            (json!({ "kind": "mailbox", "address": "desk@a.example" }), &mailbox, "Hits 1 mailbox."),
            (
                json!({ "kind": "cloud_file", "path": "/a" }),
                &account,
                "Hits 1 cloud file of ana, high criticality.",
            ),
        ];
        for (entity, asset, want) in cases {
            assert_eq!(hits(&action(entity, asset.clone())), want);
        }
        let table = [
            (AssetKind::Device, 1, false, " The same file waits on 1 other device."),
            (AssetKind::Mailbox, 2, false, " The same file waits on 2 other mailboxes."),
            (AssetKind::Device, 990, true, " The same file waits on 990+ other devices."),
        ];
        for (kind, assets, more, want) in table {
            assert_eq!(elsewhere(kind, assets, more), want);
        }
    }

    #[test]
    fn five_are_named_and_the_others_counted() {
        let table = [
            (0, "Nobody in this system may decide this yet."),
            (1, "A may decide this."),
            (2, "A and B may decide this."),
            (5, "A, B, C, D and E may decide this."),
            (6, "A, B, C, D, E and 1 other may decide this."),
            (8, "A, B, C, D, E and 3 others may decide this."),
        ];
        for (count, want) in table {
            let names: Vec<_> = ('A'..).take(count).map(String::from).collect();
            assert_eq!(may_decide(&names), want);
        }
    }
}
