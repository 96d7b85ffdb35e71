//! `countersign policy`: what is protected, from the command line.

use std::io::Write as _;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use domain::policies::{Conditions, Demand, Protection};
use domain::{ActionType, Criticality, Error};

use super::terminal::{by_command_line, one_line, open_service};
use crate::config::DatabaseOptions;

/// What is protected.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// List what is protected
    List(PolicyOptions),
    /// Protect something more: all that is named has to be met
    Add(AddOptions),
    /// Protect it no more
    Remove(RemoveOptions),
}

/// Options of `countersign policy`.
#[derive(Debug, Args)]
pub struct PolicyOptions {
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Options of `countersign policy add`.
#[derive(Debug, Args)]
pub struct AddOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// What people call it, for example "domain controllers"
    name: String,

    /// What is asked for: `held` or `second_person`
    #[arg(long, default_value = "second_person")]
    demand: Demand,

    /// Assets, or the device, mailbox or person acted on; * stands for any letters and ? for any one
    #[arg(long, value_name = "PATTERN")]
    named: Option<String>,

    /// The device group
    #[arg(long, value_name = "NAME")]
    device_group: Option<String>,

    /// The organisation depends on an asset so much, or more
    #[arg(long, value_name = "WORD")]
    criticality: Option<Criticality>,

    /// A type of action; may stand several times
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<ActionType>,

    /// So many devices, mailboxes or accounts are affected, or more
    #[arg(long, value_name = "N")]
    min_assets: Option<u32>,
}

/// Options of `countersign policy remove`.
#[derive(Debug, Args)]
pub struct RemoveOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// Its name
    name: String,
}

/// Runs `countersign policy`.
///
/// # Errors
/// Why it failed.
pub async fn run(command: PolicyCommand) -> anyhow::Result<()> {
    let (PolicyCommand::List(PolicyOptions { database })
    | PolicyCommand::Add(AddOptions { database, .. })
    | PolicyCommand::Remove(RemoveOptions { database, .. })) = &command;
    let service = open_service(database).await?;
    let protections = match command {
        PolicyCommand::List(_) => service.all_protections().await,
        PolicyCommand::Add(AddOptions {
            name,
            demand,
            named,
            device_group,
            criticality,
            types,
            min_assets,
            ..
        }) => {
            let when = Conditions { name: named, device_group, criticality, types, min_assets };
            service.protect(by_command_line(), Protection { name, when, demand }).await
        }
        PolicyCommand::Remove(RemoveOptions { name, .. }) => service.unprotect(by_command_line(), name).await,
    };
    service.store().close().await;
    print(&protections.map_err(|error| match error {
        Error::NotFound(_) => anyhow!("nothing of this name is protected"),
        other => one_line(other),
    })?)
}

fn print(protections: &[Protection]) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    for of in protections {
        writeln!(out, "{}: {}; {}", of.name, of.when.in_words(), of.demand.label().to_lowercase())?;
    }
    if protections.is_empty() {
        writeln!(out, "nothing is protected")?;
    }
    Ok(())
}
