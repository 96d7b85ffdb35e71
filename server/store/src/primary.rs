//! Which of several `PostgreSQL` servers takes writes. A URL names them all, separated by commas, as libpq has it:
//! `postgres://USER@ONE:5432,TWO:5432/DATABASE`. One of them is the primary, the others are its replicas; after a
//! failover it is another one.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

/// How long one server may take to say what it is.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// The servers of a URL, in its order.
#[derive(Debug, Clone)]
pub(super) struct Servers(Vec<PgConnectOptions>);

impl Servers {
    /// Reads a URL. What holds for one server (user, database, options) holds for all.
    ///
    /// # Errors
    /// If it is no URL of this kind.
    pub(super) fn parse(url: &str) -> Result<Self, sqlx::Error> {
        each_url(url).iter().map(|url| PgConnectOptions::from_str(url)).collect::<Result<_, _>>().map(Self)
    }

    /// Changes what all of them are asked with.
    pub(super) fn with(self, change: impl Fn(PgConnectOptions) -> PgConnectOptions) -> Self {
        Self(self.0.into_iter().map(change).collect())
    }

    /// The one that takes writes: the only one, or the first that answers and is no replica.
    ///
    /// # Errors
    /// What the last one answered, if there is no primary.
    pub(super) async fn primary(&self) -> Result<PgConnectOptions, sqlx::Error> {
        if let [only] = self.0.as_slice() {
            return Ok(only.clone());
        }
        let mut last = sqlx::Error::PoolTimedOut;
        for server in &self.0 {
            match tokio::time::timeout(ANSWER_TIMEOUT, is_replica(server)).await {
                Ok(Ok(false)) => return Ok(server.clone()),
                Ok(Ok(true)) => {
                    let text = "none of the servers of the URL is a primary";
                    last = sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::ReadOnlyFilesystem, text));
                }
                Ok(Err(error)) => last = error,
                Err(_) => {}
            }
        }
        Err(last)
    }
}

async fn is_replica(server: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let mut connection = server.connect().await?;
    let answer = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&mut connection).await;
    connection.close().await?;
    answer
}

/// A URL for each server. A comma elsewhere, as in a password, is none between servers.
fn each_url(url: &str) -> Vec<String> {
    let place = |text: &str| text.find(['/', '?']).unwrap_or(text.len());
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let (authority, path) = rest.split_at(place(rest));
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
    let at = if user.is_empty() { "" } else { "@" };
    hosts.split(',').map(|host| format!("{scheme}://{user}{at}{host}{path}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_one_server_or_several() {
        for (url, want) in [
            ("postgres://one/c", &["postgres://one/c"][..]),
            ("postgres:///c?host=/run/x", &["postgres:///c?host=/run/x"]),
            (
                "postgres://ana:p,w@one:1,two:2/c?a=b,c",
                &["postgres://ana:p,w@one:1/c?a=b,c", "postgres://ana:p,w@two:2/c?a=b,c"],
            ),
            ("postgres://one,two,[::1]:7", &["postgres://one", "postgres://two", "postgres://[::1]:7"]),
        ] {
            assert_eq!(each_url(url), want, "{url}");
        }
        assert!(Servers::parse("postgres://one:x,two/c").is_err());
    }
}
