//! `countersign user` and `countersign token`.

use std::sync::Arc;

use clap::{Args, Subcommand};
use domain::{Role, Scope};

use crate::config::DatabaseOptions;
use service::clock::SystemClock;
use service::session::Sessions;
use store::SharedStore;

use super::access::{self, CredentialOptions, GiveOptions, ListOptions, People, PersonOptions};
use super::terminal::{authority, command_line, one_line, open_store, print, read_password};

/// Users who sign in with a password.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user; the password is read from stdin
    Add(AddUserOptions),
    /// List everybody: name, name to show, state, permissions, last sign-in
    List(ListOptions),
    /// Show one user with what they hold, and what it amounts to
    Show(PersonOptions),
    /// Let a user in again
    Enable(PersonOptions),
    /// Keep a user out: sessions and tokens end at once
    Disable(PersonOptions),
    /// Replace all that a user holds
    Give(GiveOptions),
    /// Set a new password, read from stdin; sessions and tokens end at once
    Password(PersonOptions),
    /// End all sessions and tokens of a user at once
    Revoke(PersonOptions),
    /// Take all second factors of a user away; sessions and tokens end at once
    ResetFactors(PersonOptions),
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
    /// List the tokens that are alive
    List(ListOptions),
    /// Show one
    Show(CredentialOptions),
    /// End one now
    Revoke(CredentialOptions),
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
    let args = match command {
        UserCommand::Add(args) => args,
        UserCommand::List(options) => return access::people(People::List(options)).await,
        UserCommand::Show(options) => return access::people(People::Show(options)).await,
        UserCommand::Enable(options) => return access::people(People::Enable(options)).await,
        UserCommand::Disable(options) => return access::people(People::Disable(options)).await,
        UserCommand::Give(options) => return access::people(People::Give(options)).await,
        UserCommand::Password(options) => return access::people(People::Password(options)).await,
        UserCommand::Revoke(options) => return access::people(People::Revoke(options)).await,
        UserCommand::ResetFactors(options) => {
            return access::people(People::ResetFactors(options)).await;
        }
    };
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
    let args = match command {
        TokenCommand::Create(args) => args,
        TokenCommand::List(options) => return access::tokens(options).await,
        TokenCommand::Show(options) => return access::token(options).await,
        TokenCommand::Revoke(options) => return access::revoke(options).await,
    };
    let (sessions, store) = open(&args.database).await?;
    let scopes = args.scopes.into_iter().collect();
    let made = sessions
        .create_token(&authority(), command_line(), &args.name, args.owner.as_deref(), scopes, args.days)
        .await;
    store.close().await;
    print(&made.map_err(one_line)?.secret)
}

async fn open(database: &DatabaseOptions) -> anyhow::Result<(Sessions, SharedStore)> {
    let store = open_store(database).await?;
    Ok((Sessions::new(store.clone(), Arc::new(SystemClock)), store))
}
