//! `countersign notification`: who is told of what, from the command line.

use std::io::Write as _;
use std::sync::Arc;

use clap::{Args, Subcommand};
use domain::notifications::contract::NotificationRuleState;
use domain::notifications::{Channel, NotificationRule, Occasion, expiring_hours};
use domain::{ActionType, AssetKind, Authorized, Error, Severity};

use super::terminal::{by_command_line, one_line, open_store};
use crate::config::{DatabaseOptions, DestinationOptions, MailOptions, SecretsOptions};
use executors::seal::SecretsKey;
use executors::workshop::Kinds;
use service::Service;
use service::clock::{SharedClock, SystemClock};
use service::executor::Executors;

/// Rules of notifications.
#[derive(Debug, Subcommand)]
pub enum NotificationCommand {
    /// Add a rule; it is about what happens from now on
    Add(Box<AddOptions>),
    /// List the rules, and how their messages went
    List(ListOptions),
    /// Send a message by a rule that says that it is a test
    Test(NameOptions),
    /// Remove a rule, and what it was going to send
    Remove(NameOptions),
}

/// Where rules are kept, and by what mail is sent.
#[derive(Debug, Args)]
pub struct ListOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    #[command(flatten)]
    secrets: SecretsOptions,

    #[command(flatten)]
    mail: MailOptions,

    #[command(flatten)]
    destinations: DestinationOptions,
}

/// Which rule.
#[derive(Debug, Args)]
pub struct NameOptions {
    #[command(flatten)]
    kept: ListOptions,

    /// Its name
    name: String,
}

/// Options of `countersign notification add`.
#[derive(Debug, Args)]
pub struct AddOptions {
    #[command(flatten)]
    kept: ListOptions,

    /// Its name, which never changes: a-z, 0-9, '.', '_' and '-'
    name: String,

    /// What is told: waits, expiring, decided, completed, failed, unknown or undone; may be repeated
    #[arg(long = "on", value_name = "WHAT", required = true)]
    on: Vec<Occasion>,

    /// How messages travel: email, webhook, slack or teams
    #[arg(long)]
    channel: Channel,

    /// An address, or proposer; of the other channels the URL; may be repeated
    #[arg(long = "to", value_name = "TO", required = true)]
    to: Vec<String>,

    /// Of this kind of asset alone
    #[arg(long, value_name = "KIND")]
    asset_kind: Option<AssetKind>,

    /// Of this device group alone
    #[arg(long, value_name = "GROUP")]
    device_group: Option<String>,

    /// Of this type of action alone; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<ActionType>,

    /// Of this severity at least
    #[arg(long, value_name = "SEVERITY")]
    min_severity: Option<Severity>,

    /// Of what this person or tool proposed alone
    #[arg(long, value_name = "NAME")]
    proposed_by: Option<String>,

    /// Hours before the end at which an action expires soon
    #[arg(long, value_name = "HOURS", default_value_t = expiring_hours())]
    expiring_hours: u32,

    /// Gather what is of low or informational severity for so many hours
    #[arg(long, value_name = "HOURS")]
    digest_hours: Option<u32>,
}

/// Runs `countersign notification`.
///
/// # Errors
/// Why it failed.
pub async fn run(command: NotificationCommand) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    match command {
        NotificationCommand::Add(options) => {
            let AddOptions { kept, name, on, channel, to, asset_kind, device_group, types, .. } = *options;
            let rule = NotificationRule {
                name,
                on,
                asset_kind,
                device_group,
                types,
                min_severity: options.min_severity,
                proposed_by: options.proposed_by,
                channel,
                to,
                expiring_hours: options.expiring_hours,
                digest_hours: options.digest_hours,
            };
            let (service, by) = open(&kept).await?;
            let added = service.add_rule(&by, rule).await;
            close(&service, added).await.and_then(|rule| Ok(writeln!(out, "rule {} added", rule.name)?))
        }
        NotificationCommand::List(kept) => {
            let (service, _) = open(&kept).await?;
            let states = service.notification_states().await;
            for state in close(&service, states).await? {
                writeln!(out, "{}", line(&state))?;
            }
            Ok(())
        }
        NotificationCommand::Test(NameOptions { kept, name }) => {
            let (service, _) = open(&kept).await?;
            let tested = service.test_rule(&name).await;
            let tested = close(&service, tested).await?;
            anyhow::ensure!(tested.works, "{}", tested.says);
            Ok(writeln!(out, "{}", tested.says)?)
        }
        NotificationCommand::Remove(NameOptions { kept, name }) => {
            let (service, by) = open(&kept).await?;
            let removed = service.remove_rule(&by, &name).await;
            close(&service, removed).await?;
            Ok(writeln!(out, "rule {name} removed")?)
        }
    }
}

async fn open(options: &ListOptions) -> anyhow::Result<(Service, Authorized)> {
    let clock: SharedClock = Arc::new(SystemClock);
    let workshop = Kinds::new(SecretsKey::in_file(&options.secrets.file), clock.clone());
    let service = Service::new(open_store(&options.database).await?, clock, Executors::default());
    let service = service.with_workshop(Arc::new(workshop));
    let service = service.with_messenger(
        options.mail.messenger(&options.destinations)?,
        options.mail.base_url("http://localhost:8080"),
    );
    Ok((service, by_command_line()))
}

async fn close<T>(service: &Service, done: Result<T, Error>) -> anyhow::Result<T> {
    service.store().close().await;
    done.map_err(one_line)
}

fn line(state: &NotificationRuleState) -> String {
    let NotificationRuleState { rule, waiting, sent, failed, last_error } = state;
    let on = rule.on.iter().map(|occasion| occasion.as_str()).collect::<Vec<_>>().join(",");
    let last = last_error.as_ref().map(|error| format!("; last error: {error}")).unwrap_or_default();
    let to = rule.to.join(", ");
    format!(
        "{}: {on} by {} to {to}; {waiting} waiting, {sent} sent, {failed} failed{last}",
        rule.name, rule.channel
    )
}
