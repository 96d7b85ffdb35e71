//! How long sessions last.

use clap::Args;
use service::session::SessionTimes;

/// How long sessions last.
#[derive(Debug, Clone, Copy, Args)]
pub struct SessionOptions {
    /// Minutes without use after which a session ends, 1 to 1440
    #[arg(long, env = "COUNTERSIGN_SESSION_IDLE", value_name = "MINUTES", default_value_t = 30)]
    pub session_idle: u32,

    /// Hours after which a session ends whatever happens, 1 to 720
    #[arg(long, env = "COUNTERSIGN_SESSION_MAX", value_name = "HOURS", default_value_t = 12)]
    pub session_max: u32,
}

impl SessionOptions {
    /// The times.
    ///
    /// # Errors
    /// One sentence, if they are out of bounds.
    pub fn times(&self) -> anyhow::Result<SessionTimes> {
        SessionTimes::checked(self.session_idle, self.session_max).map_err(|wrong| {
            anyhow::anyhow!(
                "--session-idle {} --session-max {}: {wrong}",
                self.session_idle,
                self.session_max
            )
        })
    }
}
