//! Messages in words, the same for every channel. They link to pages; nothing is decided by a link.

use std::fmt::Write as _;

use domain::core::text::escape_controls;
use domain::notifications::{NotificationRule, Occasion};
use domain::{Action, Lane};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// Actions that a message names one by one.
const MAX_NAMED: usize = 20;

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The same on each attempt.
    pub id: Uuid,
    /// The message that this one says to be over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Uuid>,
    /// The rule that it follows from.
    pub rule: String,
    /// What it is about.
    pub occasion: Occasion,
    /// When its first news came.
    pub at: Timestamp,
    /// One line.
    pub title: String,
    /// The actions that it names.
    pub actions: Vec<Item>,
    /// How many more there are.
    pub more: usize,
    /// The page of all of them.
    pub link: String,
    /// Names of who proposed, which may be addresses.
    #[serde(skip)]
    pub proposers: Vec<String>,
}

/// One action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// What it is, in one line.
    pub text: String,
    /// Its page.
    pub link: String,
}

impl Message {
    /// A message that says that it is a test.
    #[must_use]
    pub fn test(rule: &NotificationRule, now: Timestamp, base: &str) -> Self {
        Self {
            id: crate::clock::new_id(now),
            about: None,
            rule: rule.name.clone(),
            occasion: Occasion::Waits,
            at: now,
            title: format!("Test of the rule {}", rule.name),
            actions: Vec::new(),
            more: 0,
            link: format!("{base}/action-center/pending"),
            proposers: Vec::new(),
        }
    }

    /// A message about actions, as they are now.
    #[must_use]
    pub fn of(leased: &store::LeasedMessage, actions: &[Action], base: &str) -> Self {
        let count = actions.len();
        let what = match actions {
            [one] => format!("{} on {}", one.action_type.label(), one.asset.name),
            [first, rest @ ..] if rest.iter().all(|other| other.action_type == first.action_type) => {
                format!("{count} times {}", first.action_type.label())
            }
            _ => format!("{count} actions"),
        };
        let lane = match leased.occasion {
            Occasion::Waits | Occasion::Expiring => Lane::Pending,
            Occasion::Unknown => Lane::InProgress,
            _ => Lane::History,
        };
        let lane = lane.as_str().replace('_', "-");
        let mut proposers: Vec<String> =
            actions.iter().map(|action| action.proposed_by.name.clone()).collect();
        proposers.sort();
        proposers.dedup();
        Self {
            id: leased.id,
            about: leased.about,
            rule: leased.rule.clone(),
            occasion: leased.occasion,
            at: leased.created_at,
            title: plain(&format!("{}: {what}", leased.occasion.label())),
            actions: actions.iter().take(MAX_NAMED).map(|action| item(action, base)).collect(),
            more: count.saturating_sub(MAX_NAMED),
            link: format!("{base}/action-center/{lane}"),
            proposers,
        }
    }

    /// What it says, line by line, without its links.
    #[must_use]
    pub fn closing(&self) -> Option<String> {
        (self.more > 0).then(|| format!("and {} more", self.more))
    }
}

fn item(action: &Action, base: &str) -> Item {
    let state = action.lifecycle().map_or(Lane::History, |lifecycle| lifecycle.state().lane());
    let lane = state.as_str().replace('_', "-");
    let mut text = format!(
        "{} ({}): {} on {}, proposed by {}",
        action.action_type.label(),
        action.severity.label(),
        action.entity.title(),
        action.asset.name,
        action.proposed_by.name,
    );
    let _ = match (state, &action.decided_by) {
        (Lane::Pending, _) => write!(text, ", expires {}", action.expires_at.strftime("%F %H:%M UTC")),
        (_, Some(by)) => write!(text, ", {} by {}, {}", action.decision, by.name, action.status),
        (_, None) => write!(text, ", {}, {}", action.decision, action.status),
    };
    if let Some(detail) = &action.status_detail {
        let _ = write!(text, ": {detail}");
    }
    Item {
        id: action.id.to_string(),
        text: plain(&text),
        link: format!("{base}/action-center/{lane}?open={}", action.id),
    }
}

/// One line, whatever a proposer wrote.
fn plain(text: &str) -> String {
    let text = escape_controls(text);
    let mut short: String = text.chars().take(300).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
