//! What `countersign serve` can be told, and which of it is refused before anything starts.

pub mod edge;
mod session_times;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{bail, ensure};
use clap::Args;
use domain::core::time::SignedDuration;

use self::edge::EdgeOptions;
pub use self::session_times::SessionOptions;
use crate::telemetry::LogFormat;
use executors::channels::Channels;
use executors::channels::email::Mailer;
use executors::destinations::{Destination, Destinations};
use service::hunt::HuntLink;
use service::notifications::Messenger;

/// History is not kept for less: how one got where one is has to be there to read.
const MIN_DAYS_OF_HISTORY: i64 = 180;

/// Where the database is.
#[derive(Debug, Clone, Args)]
pub struct DatabaseOptions {
    /// The database, as `sqlite://FILE` or `postgres://USER:PASSWORD@HOST[,HOST…]/DATABASE`
    #[arg(
        long = "database-url",
        env = "COUNTERSIGN_DATABASE_URL",
        value_name = "URL",
        default_value = "sqlite://countersign.db",
        hide_env_values = true
    )]
    pub url: String,
}

/// Where the key of the executors' secrets is.
#[derive(Debug, Clone, Args)]
pub struct SecretsOptions {
    /// The file with the key that seals the secrets of executors; made with the first of them. Keep it apart from the
    /// database and its backups
    #[arg(
        long = "secrets-key",
        env = "COUNTERSIGN_SECRETS_KEY",
        value_name = "FILE",
        default_value = "countersign-secrets.key"
    )]
    pub file: PathBuf,
}

impl DatabaseOptions {
    /// Whether there is one to open. Only a file can be told to be missing.
    #[must_use]
    pub fn exists(&self) -> bool {
        let Some(file) = self.url.strip_prefix("sqlite:") else { return true };
        let file = file.strip_prefix("//").unwrap_or(file);
        let file = file.split('?').next().unwrap_or_default();
        std::path::Path::new(file).exists()
    }

    /// The URL without user, password and options, for messages.
    #[must_use]
    pub fn display_url(&self) -> String {
        store::display_url(&self.url)
    }
}

/// By what notifications travel, and where their links lead.
#[derive(Debug, Clone, Args)]
pub struct MailOptions {
    /// The mail server for notifications, as `smtps://USER:PASSWORD@HOST` or `smtp://HOST?tls=required`
    #[arg(long, env = "COUNTERSIGN_SMTP_URL", value_name = "URL", hide_env_values = true)]
    pub smtp_url: Option<String>,

    /// The address in whose name notifications are sent
    #[arg(
        long,
        env = "COUNTERSIGN_MAIL_FROM",
        value_name = "ADDRESS",
        default_value = "countersign@localhost.localdomain"
    )]
    pub mail_from: String,

    /// Where people reach the pages, for links in notifications; as `--public-host` says where it is not named
    #[arg(long, env = "COUNTERSIGN_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// Where executors and notifications may be.
#[derive(Debug, Clone, Args)]
pub struct DestinationOptions {
    /// A destination that webhooks, `OpenC2` consumers and notifications may be at: a host's name, an address or a range of
    /// addresses; may be repeated. Where one is named, nothing else may be. A name that is not among them may point to a
    /// range that is
    #[arg(
        long = "allow-destination",
        env = "COUNTERSIGN_ALLOW_DESTINATIONS",
        value_name = "HOST|CIDR",
        value_delimiter = ','
    )]
    allowed: Vec<Destination>,
}

impl DestinationOptions {
    /// The list.
    #[must_use]
    pub fn list(&self) -> Destinations {
        Destinations::new(self.allowed.clone())
    }
}

impl MailOptions {
    /// What carries messages.
    ///
    /// # Errors
    /// If the mail server's URL or the address is none.
    pub fn messenger(&self, destinations: &DestinationOptions) -> anyhow::Result<Arc<dyn Messenger>> {
        let mailer = self.smtp_url.as_deref().map(|url| Mailer::new(url, &self.mail_from)).transpose()?;
        Ok(Arc::new(Channels::new(mailer, destinations.list())?))
    }

    /// Where links lead.
    #[must_use]
    pub fn base_url<'a>(&'a self, otherwise: &'a str) -> &'a str {
        self.public_url.as_deref().unwrap_or(otherwise)
    }
}

/// Options of `countersign serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// Where the data is
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// How it is reached
    #[command(flatten)]
    pub edge: EdgeOptions,

    /// The folder of the built page
    #[arg(long, value_name = "DIR", default_value = "target/site")]
    pub site: PathBuf,

    /// The demo estate: sign-in buttons and a simulated executor, on a database that `seed` made
    #[arg(long)]
    pub demo: bool,

    /// A responder and the device it stands for; may be repeated. After commas may follow `profile=NAME`, the actuator
    /// profile that it is addressed by, and for one that does not sign `token=FILE`, or `identity=FILE` and
    /// `authority=FILE` for mutual TLS
    #[arg(long = "responder", value_name = "DEVICE=URL")]
    pub responders: Vec<ResponderAddress>,

    /// The file with the key that the responders share with this server
    #[arg(long, value_name = "FILE")]
    pub responder_key: Option<PathBuf>,

    /// Where the secrets of executors are
    #[command(flatten)]
    pub secrets: SecretsOptions,

    /// A file to append signed checkpoints of the audit log to; with one, a database that went back in time is found at
    /// the start
    #[arg(long, value_name = "FILE")]
    pub checkpoints: Option<PathBuf>,

    /// The key that signs them, made if it is missing, with FILE.pub beside it, which checks them; --checkpoints FILE.key
    /// where there is none
    #[arg(long, value_name = "FILE", requires = "checkpoints")]
    pub checkpoint_key: Option<PathBuf>,

    /// Days for which History keeps an action after its last update, 180 at least; for ever if none are named. Its records
    /// stay in the audit log
    #[arg(long, env = "COUNTERSIGN_KEEP_HISTORY", value_name = "DAYS")]
    #[arg(value_parser = clap::value_parser!(u16).range(MIN_DAYS_OF_HISTORY..))]
    pub keep_history: Option<u16>,

    /// A link to where people hunt further, with {entity} and {asset} in it
    #[arg(long, env = "COUNTERSIGN_HUNT_URL", value_name = "URL")]
    pub hunt_url: Option<HuntLink>,

    /// Where to tell Prometheus how it goes, at /metrics; nowhere if it is not named. Whoever can connect there can read it
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics_addr: Option<SocketAddr>,

    /// Where to send traces by OTLP over HTTP, for example `http://127.0.0.1:4318/v1/traces`
    #[arg(long, env = "COUNTERSIGN_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,

    /// By what notifications travel
    #[command(flatten)]
    pub mail: MailOptions,

    /// Where executors and notifications may be
    #[command(flatten)]
    pub destinations: DestinationOptions,

    /// How long sessions last
    #[command(flatten)]
    pub sessions: SessionOptions,

    /// How a log line looks
    #[arg(long, value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// One responder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponderAddress {
    /// The device it stands for, as proposals name it.
    pub asset: String,
    /// Where it listens.
    pub url: String,
    /// The actuator profile that it is addressed by; ours where none is named.
    pub profile: Option<String>,
    /// The file with the token that proves our requests.
    pub token: Option<PathBuf>,
    /// The file with our certificate and its key.
    pub identity: Option<PathBuf>,
    /// The file with the authority of its certificate.
    pub authority: Option<PathBuf>,
}

impl ResponderAddress {
    /// Whether requests to it and its answers are signed.
    #[must_use]
    pub const fn signs(&self) -> bool {
        self.token.is_none() && self.identity.is_none()
    }
}

impl FromStr for ResponderAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(',');
        let address = parts.next().unwrap_or_default();
        let mut responder = match address.split_once('=') {
            Some((asset, url)) if !asset.trim().is_empty() && domain::actions::proposal::is_web_url(url) => {
                Self {
                    asset: asset.trim().to_owned(),
                    url: url.to_owned(),
                    profile: None,
                    token: None,
                    identity: None,
                    authority: None,
                }
            }
            _ => return Err("write DEVICE=URL, for example this-machine=http://127.0.0.1:7070".to_owned()),
        };
        for part in parts {
            let (name, value) =
                part.split_once('=').filter(|(_, value)| !value.is_empty()).unwrap_or((part, ""));
            match name {
                "profile" if !value.is_empty() => responder.profile = Some(value.to_owned()),
                "token" if !value.is_empty() => responder.token = Some(value.into()),
                "identity" if !value.is_empty() => responder.identity = Some(value.into()),
                "authority" if !value.is_empty() => responder.authority = Some(value.into()),
                _ => {
                    return Err(format!(
                        "after DEVICE=URL may follow ,profile=NAME ,token=FILE ,identity=FILE and ,authority=FILE, not {part:?}"
                    ));
                }
            }
        }
        if responder.token.is_some() && responder.identity.is_some() {
            return Err("name a token or an identity, not both".to_owned());
        }
        Ok(responder)
    }
}

impl ServeOptions {
    /// How long History keeps an action after its last update; for ever if that is not said.
    #[must_use]
    pub fn history_kept(&self) -> Option<SignedDuration> {
        self.keep_history.map(|days| SignedDuration::from_hours(24 * i64::from(days)))
    }

    /// Refuses what would be unsafe or could not work.
    ///
    /// # Errors
    /// One sentence.
    pub fn check(&self) -> anyhow::Result<()> {
        self.edge.check(self.demo)?;
        if self.demo && !self.database.exists() {
            bail!(
                "--demo needs the demo's database, and {} is not there; make it first: countersign seed --demo",
                self.database.display_url()
            );
        }
        ensure!(
            self.responder_key.is_some() || !self.responders.iter().any(ResponderAddress::signs),
            "--responder needs --responder-key FILE, the key that it shares with this server"
        );
        self.sessions.times()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        serve: ServeOptions,
    }

    fn serve(args: &[&str]) -> ServeOptions {
        Line::try_parse_from(std::iter::once("x").chain(args.iter().copied())).unwrap().serve
    }

    #[test]
    fn unsafe_combinations_are_refused_with_a_sentence() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], None),
            (&["--listen", "127.0.0.1:0"], None),
            (&["--listen", "[::1]:0"], None),
            (&["--listen", "0.0.0.0:80"], Some("without TLS")),
            (&["--listen", "0.0.0.0:80", "--trusted-proxy", "10.0.0.1"], Some("without TLS")),
            (&["--listen", "0.0.0.0:80", "--behind-proxy"], None),
            (&["--listen", "0.0.0.0:443", "--tls-cert", "c", "--tls-key", "k"], None),
            (&["--demo", "--trusted-proxy", "10.0.0.1"], Some("this machine only")),
            (&["--behind-proxy", "--public-host", "a.example.org"], None),
            (&["--public-host", "https://a.example.org"], Some("--public-host takes")),
            (&["--demo", "--database-url", "sqlite:///nowhere/at/all.db"], Some("countersign seed --demo")),
            (&["--demo", "--behind-proxy"], Some("this machine only")),
            (&["--demo", "--public-host", "a.example.org"], Some("this machine only")),
            (&["--session-idle", "5", "--session-max", "1"], None),
            (&["--session-idle", "0"], Some("--session-idle 0 --session-max 12: the time without use")),
            (&["--session-idle", "90", "--session-max", "1"], Some("can't last 90 minutes")),
            (&["--session-max", "721"], Some("1 to 720 hours")),
            (&["--responder", "d=http://127.0.0.1:1"], Some("--responder-key")),
            (&["--responder", "d=http://127.0.0.1:1", "--responder-key", "k"], None),
        ];
        for (args, want) in table {
            let got = serve(args).check().map_err(|error| error.to_string());
            match want {
                None => assert_eq!(got, Ok(()), "{args:?}"),
                Some(want) => assert!(got.as_ref().unwrap_err().contains(want), "{args:?} {got:?}"),
            }
        }
    }

    #[test]
    fn a_destination_is_no_url() {
        let args = ["--allow-destination", "a.example,10.0.0.0/8", "--allow-destination", "192.0.2.7"];
        assert_eq!(serve(&args).destinations.allowed.len(), 3);
        let bad = ["x", "--allow-destination", "https://a.example"];
        let said = Line::try_parse_from(bad).err().unwrap().to_string();
        assert!(said.contains("hooks.example.com"), "{said}");
    }

    #[test]
    fn a_certificate_needs_its_key() {
        for bad in [
            &["x", "--tls-cert", "c"][..],
            &["x", "--tls-key", "k"],
            &["x", "--redirect-http", "127.0.0.1:80"],
        ] {
            assert!(Line::try_parse_from(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_responder_is_a_device_a_url_and_how_it_is_spoken_to() {
        let want = ResponderAddress {
            asset: "this machine".into(),
            url: "http://127.0.0.1:7070".into(),
            profile: None,
            token: None,
            identity: None,
            authority: None,
        };
        assert_eq!("this machine=http://127.0.0.1:7070".parse(), Ok(want.clone()));
        let profiled = ResponderAddress { profile: Some("slpf".into()), token: Some("t".into()), ..want };
        assert_eq!("this machine=http://127.0.0.1:7070,profile=slpf,token=t".parse(), Ok(profiled.clone()));
        assert!(!profiled.signs());
        for bad in [
            "",
            "x",
            "=http://a",
            "x=",
            "x=file:///etc",
            "x=http://a,profile=",
            "x=http://a,colour=red",
            "x=https://a,token=t,identity=i",
        ] {
            assert!(bad.parse::<ResponderAddress>().is_err(), "{bad}");
        }
    }
}
