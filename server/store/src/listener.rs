//! What instances on one `PostgreSQL` database hear of each other, and how they find its primary again.

use std::time::Duration;

use sqlx::postgres::PgListener;
use sqlx::{Pool, Postgres};

use super::commit_events::{Announcement, CommitEvents, CommitNotifier};
use super::primary::Servers;

/// The first number of the advisory locks of instances; the second is the instance's own.
pub(super) const INSTANCES: i32 = 0x636F_756E;
/// The channel of notifications.
pub(super) const CHANNEL: &str = "countersign";
/// Between attempts to listen again.
const LISTEN_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Listens, and says by a lock that this instance runs.
pub(super) async fn listen(pool: &Pool<Postgres>, instance: i64) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.ignore_pool_close_event(true);
    listener.listen(CHANNEL).await?;
    hold(&mut listener, instance).await?;
    Ok(listener)
}

async fn hold(listener: &mut PgListener, instance: i64) -> Result<(), sqlx::Error> {
    let lock = sqlx::query("SELECT pg_advisory_lock_shared($1, ($2::bigint)::bit(32)::int)");
    lock.bind(INSTANCES).bind(instance).execute(&mut *listener).await?;
    // Once more and last: by it others know what this connection is for.
    sqlx::query("LISTEN countersign").execute(&mut *listener).await?;
    Ok(())
}

/// The pools of an instance, and where their connections may lead.
pub(super) struct Pools {
    pub(super) servers: Servers,
    pub(super) reader: Pool<Postgres>,
    pub(super) writer: Pool<Postgres>,
}

impl Pools {
    /// Listens again, once the primary answers; to it lead new connections, whichever server it is by now. Those to one
    /// that went away break, and each is tried before it is used.
    async fn listen_again(&self, instance: i64) -> Result<PgListener, sqlx::Error> {
        let primary = self.servers.primary().await?;
        for pool in [&self.reader, &self.writer] {
            pool.set_connect_options(primary.clone());
        }
        listen(&self.reader, instance).await
    }
}

/// Rings the notifier for what other instances committed, for as long as it is polled.
pub(super) async fn pass_on(first: PgListener, pools: Pools, instance: i64, notifier: CommitNotifier) {
    let mut listener = Some(first);
    loop {
        let Some(listening) = &mut listener else {
            match pools.listen_again(instance).await {
                Ok(again) => {
                    listener = Some(again);
                    // Nobody heard what happened in between.
                    notifier.notify(CommitEvents::ALL);
                }
                Err(error) => {
                    tracing::warn!(%error, "not listening to the database; waiting commands are found by looking");
                    tokio::time::sleep(LISTEN_AGAIN_AFTER).await;
                }
            }
            continue;
        };
        match listening.try_recv().await {
            Ok(Some(notification)) => {
                if let Some(events) = Announcement::heard_by(instance, notification.payload()) {
                    notifier.notify(events);
                }
            }
            // It lost its connection; that it has by now, if any, may lead to a replica.
            Ok(None) | Err(_) => listener = None,
        }
    }
}
