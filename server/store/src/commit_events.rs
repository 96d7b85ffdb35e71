//! What a commit tells whoever waits for it: that a command was enqueued, that a record was appended.
//!
//! A transaction notes its [`CommitEvents`]; after the commit they ring the [`CommitNotifier`], here and, where the database can, by
//! an [`Announcement`] in every other process on the same database. A ring only says "look now": several become one, and one may be for
//! nothing, so whoever waits looks into the database, and also from time to time unasked.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;

/// Rings after commits. One that is made before a commit hears of it, however late it listens.
#[derive(Debug, Clone)]
pub struct Subscription {
    commands: watch::Receiver<()>,
    records: watch::Receiver<()>,
}

impl Subscription {
    /// Resolves once a command may have been enqueued since the last time.
    pub async fn command_enqueued(&mut self) {
        rung(&mut self.commands).await;
    }

    /// Resolves once the audit log may have grown since the last time.
    pub async fn record_appended(&mut self) {
        rung(&mut self.records).await;
    }
}

async fn rung(bell: &mut watch::Receiver<()>) {
    if bell.changed().await.is_err() {
        // The store is gone: nothing will ever ring again.
        pending::<()>().await;
    }
}

/// The ringing end, which a store keeps.
#[derive(Debug, Clone)]
pub(super) struct CommitNotifier {
    commands: Arc<watch::Sender<()>>,
    records: Arc<watch::Sender<()>>,
}

impl CommitNotifier {
    pub(super) fn new() -> Self {
        Self { commands: Arc::new(watch::Sender::new(())), records: Arc::new(watch::Sender::new(())) }
    }

    pub(super) fn subscribe(&self) -> Subscription {
        Subscription { commands: self.commands.subscribe(), records: self.records.subscribe() }
    }

    pub(super) fn notify(&self, events: CommitEvents) {
        if events.command {
            self.commands.send_replace(());
        }
        if events.record {
            self.records.send_replace(());
        }
    }
}

/// What a transaction did that others wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CommitEvents {
    pub(super) command: bool,
    pub(super) record: bool,
}

impl CommitEvents {
    /// Whatever may have happened while nobody listened.
    pub(super) const ALL: Self = Self { command: true, record: true };

    /// As one word; none if there is nothing to tell.
    const fn word(self) -> Option<&'static str> {
        match (self.command, self.record) {
            (true, true) => Some("both"),
            (true, false) => Some("command"),
            (false, true) => Some("record"),
            (false, false) => None,
        }
    }

    /// Its inverse. A word of another version of this program may mean anything.
    fn from_word(word: &str) -> Self {
        match word {
            "command" => Self { command: true, record: false },
            "record" => Self { command: false, record: true },
            _ => Self::ALL,
        }
    }
}

/// What a commit does, as instances on one database tell each other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Announcement {
    pub(super) events: CommitEvents,
    /// The instance whose commit it is.
    pub(super) instance: i64,
}

impl Announcement {
    /// As a text between processes; none if there is nothing to tell.
    pub(super) fn text(self) -> Option<String> {
        self.events.word().map(|word| format!("{word} {}", self.instance))
    }

    /// What of a text is new to an instance: its own commits have rung there. One of another version may not say whose it is.
    pub(super) fn heard_by(instance: i64, text: &str) -> Option<CommitEvents> {
        let (word, from) = text.split_once(' ').unwrap_or((text, ""));
        (from.parse() != Ok(instance)).then(|| CommitEvents::from_word(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_hears_all_but_its_own() {
        let command = CommitEvents { command: true, record: false };
        let text = Announcement { events: command, instance: 7 }.text().unwrap();
        assert_eq!(Announcement::heard_by(8, &text), Some(command));
        assert_eq!(Announcement::heard_by(7, &text), None);
        for (text, events) in [("command", command), ("command x", command), ("", CommitEvents::ALL)] {
            assert_eq!(Announcement::heard_by(7, text), Some(events), "{text:?}");
        }
        assert_eq!(Announcement { events: CommitEvents::default(), instance: 7 }.text(), None);
    }

    #[test]
    fn words_read_back() {
        for (command, record) in [(true, true), (true, false), (false, true)] {
            let events = CommitEvents { command, record };
            assert_eq!(events.word().map(CommitEvents::from_word), Some(events));
        }
        assert_eq!(CommitEvents::default().word(), None);
    }

    #[tokio::test]
    async fn a_ring_before_listening_is_heard_and_the_other_bell_stays_still() {
        let notifier = CommitNotifier::new();
        let mut changes = notifier.subscribe();
        notifier.notify(CommitEvents { command: true, record: false });
        notifier.notify(CommitEvents { command: true, record: false });
        changes.command_enqueued().await;
        assert!(!changes.commands.has_changed().unwrap() && !changes.records.has_changed().unwrap());
    }
}
