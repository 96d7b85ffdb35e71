//! What a commit tells whoever waits for it: that a command was enqueued, that a record was appended.
//!
//! A transaction notes its [`News`]; after the commit they ring the [`Bells`], here and, where the database can, in
//! every other process on the same database. A ring only says "look now": several become one, and one may be for
//! nothing, so whoever waits looks into the database, and also from time to time unasked.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;

/// Rings after commits. One that is made before a commit hears of it, however late it listens.
#[derive(Debug, Clone)]
pub struct Changes {
    commands: watch::Receiver<()>,
    records: watch::Receiver<()>,
}

impl Changes {
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
pub(super) struct Bells {
    commands: Arc<watch::Sender<()>>,
    records: Arc<watch::Sender<()>>,
}

impl Bells {
    pub(super) fn new() -> Self {
        Self { commands: Arc::new(watch::Sender::new(())), records: Arc::new(watch::Sender::new(())) }
    }

    pub(super) fn listen(&self) -> Changes {
        Changes { commands: self.commands.subscribe(), records: self.records.subscribe() }
    }

    pub(super) fn ring(&self, news: News) {
        if news.command {
            self.commands.send_replace(());
        }
        if news.record {
            self.records.send_replace(());
        }
    }
}

/// What a transaction did that others wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) command: bool,
    pub(super) record: bool,
}

impl News {
    /// Whatever may have happened while nobody listened.
    pub(super) const ALL: Self = Self { command: true, record: true };

    /// As one word between processes; none if there is nothing to tell.
    pub(super) const fn word(self) -> Option<&'static str> {
        match (self.command, self.record) {
            (true, true) => Some("both"),
            (true, false) => Some("command"),
            (false, true) => Some("record"),
            (false, false) => None,
        }
    }

    /// Its inverse. A word of another version of this program may mean anything.
    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "command" => Self { command: true, record: false },
            "record" => Self { command: false, record: true },
            _ => Self::ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for (command, record) in [(true, true), (true, false), (false, true)] {
            let news = News { command, record };
            assert_eq!(news.word().map(News::from_word), Some(news));
        }
        assert_eq!(News::default().word(), None);
    }

    #[tokio::test]
    async fn a_ring_before_listening_is_heard_and_the_other_bell_stays_still() {
        let bells = Bells::new();
        let mut changes = bells.listen();
        bells.ring(News { command: true, record: false });
        bells.ring(News { command: true, record: false });
        changes.command_enqueued().await;
        assert!(!changes.commands.has_changed().unwrap() && !changes.records.has_changed().unwrap());
    }
}
