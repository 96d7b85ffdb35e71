//! `countersign user` and `countersign token`.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use clap::{Args, Subcommand};
use domain::{Actor, ActorKind, Error, Role, Scope, SystemAuthority};

use crate::config::DatabaseOptions;
use service::clock::SystemClock;
use service::session::Sessions;
use store::{self, SharedStore};

/// Users who sign in with a password.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user; the password is read from stdin
    Add(AddUserOptions),
}

/// Options of `countersign user add`.
#[derive(Debug, Args)]
pub struct AddUserOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The name to sign in with
    name: String,

    /// A role; may be repeated
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<Role>,

    /// The name to show; the name to sign in with where there is none
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
}

/// API tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print its secret, once
    Create(CreateTokenOptions),
}

/// Options of `countersign token create`.
#[derive(Debug, Args)]
pub struct CreateTokenOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The token's name, for the audit log
    name: String,

    /// What it may be used for; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<Scope>,

    /// The user whose token it is; a tool's own where there is none
    #[arg(long, value_name = "USER")]
    owner: Option<String>,

    /// Days until it ends
    #[arg(long, value_name = "N", default_value_t = 90)]
    days: u16,
}

/// Runs `countersign user`.
///
/// # Errors
/// Why it failed.
pub async fn user(command: UserCommand) -> anyhow::Result<()> {
    let UserCommand::Add(args) = command;
    let password = tokio::task::spawn_blocking(read_password).await??;
    let (sessions, store) = open(&args.database).await?;
    let display_name = args.display_name.as_deref().unwrap_or(&args.name);
    let roles = args.roles.into_iter().collect();
    let added =
        sessions.add_user(&authority(), command_line(), &args.name, display_name, roles, &password).await;
    store.close().await;
    added.map_err(one_line)?;
    print(&format!("user {} added", args.name))
}

/// Runs `countersign token`.
///
/// # Errors
/// Why it failed.
pub async fn token(command: TokenCommand) -> anyhow::Result<()> {
    let TokenCommand::Create(args) = command;
    let (sessions, store) = open(&args.database).await?;
    let scopes = args.scopes.into_iter().collect();
    let made = sessions
        .create_token(&authority(), command_line(), &args.name, args.owner.as_deref(), scopes, args.days)
        .await;
    store.close().await;
    print(&made.map_err(one_line)?.secret)
}

async fn open(database: &DatabaseOptions) -> anyhow::Result<(Sessions, SharedStore)> {
    let store = store::connect(&database.url)
        .await
        .with_context(|| format!("cannot open {}", database.display_url()))?;
    Ok((Sessions::new(store.clone(), Arc::new(SystemClock)), store))
}

#[expect(clippy::disallowed_methods, reason = "the command line is an entry point")]
const fn authority() -> SystemAuthority {
    SystemAuthority::take()
}

/// The actor in the audit log: whoever can write the database's file.
fn command_line() -> Actor {
    Actor::new(ActorKind::System, "cli", "Command line")
}

fn one_line(error: Error) -> anyhow::Error {
    match error {
        Error::Invalid(fields) => {
            let all: Vec<_> = fields
                .iter()
                .map(|field| {
                    format!("{} {}", field.pointer.trim_start_matches('/').replace('_', " "), field.detail)
                })
                .collect();
            anyhow!("{}", all.join("; "))
        }
        Error::Internal(text) => anyhow!(text),
        other => anyhow!("{other}"),
    }
}

/// The first line of stdin, or at a terminal what is typed, without echo.
fn read_password() -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    let password = if stdin.is_terminal() {
        rpassword::prompt_password("Password (at least 12 characters): ")
            .context("the terminal can't hide the password; write it to stdin from a pipe instead")?
    } else {
        let mut line = String::new();
        stdin.lock().read_line(&mut line).context("the password can't be read from stdin")?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    };
    ensure!(!password.is_empty(), "no password: type it, or write it to stdin");
    Ok(password)
}

fn print(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}
