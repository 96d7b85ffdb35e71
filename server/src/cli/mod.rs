//! The command line: one binary, a subcommand for each thing it can be.
//!
//! To add one, add its arguments to `Command` and its arm to [`run`]. A failure is one sentence on stderr.

pub mod access;
pub mod account;
pub mod audit;
pub mod automation;
pub mod backup;
pub mod dispatch;
mod doors;
pub mod executor;
pub mod import;
pub mod notification;
pub mod policy;
pub mod responder;
pub mod serve;
pub mod sign_in;
pub mod support;
mod terminal;
pub mod usage;

use clap::{Parser, Subcommand};

use crate::config;
use crate::telemetry::{self, LogFormat};

/// One queue and one audit log for every security remediation action
#[derive(Debug, Parser)]
#[command(name = "countersign", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the Action center and its API
    Serve(Box<config::ServeOptions>),
    /// Carry out actions on this host
    Responder(Box<::responder::Args>),
    /// Make a code that takes in one host, within 15 minutes: countersign responder --server URL --enrol CODE
    ResponderCode(responder::CodeOptions),
    /// List the hosts that were taken in
    ResponderList(responder::ListOptions),
    /// Revoke the key of a host
    ResponderRevoke(responder::RevokeOptions),
    /// Fill an empty database with an invented estate
    Seed(seed::Args),
    /// Users who sign in with a password
    #[command(subcommand)]
    User(account::UserCommand),
    /// API tokens
    #[command(subcommand)]
    Token(account::TokenCommand),
    /// Take in what other tools wrote: recorded or proposed actions
    Import(import::ImportOptions),
    /// Copy the database into a file, while it is in use
    Backup(backup::BackupOptions),
    /// Make a database of a copy
    Restore(backup::RestoreOptions),
    /// Whether commands are handed to executors
    #[command(subcommand)]
    Dispatch(dispatch::DispatchCommand),
    /// Whether rules approve anything by themselves
    #[command(subcommand)]
    Automation(automation::AutomationCommand),
    /// Say what is protected, and protect more
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Write down what helps to understand a failure, without secrets and without what actions are about
    SupportBundle(support::SupportOptions),
    /// What carries actions out
    #[command(subcommand)]
    Executor(executor::ExecutorCommand),
    /// Rules of notifications: who is told of what
    #[command(subcommand)]
    Notification(notification::NotificationCommand),
    /// Roles, role groups and device groups
    #[command(subcommand)]
    Role(access::RoleCommand),
    /// Sessions of people
    #[command(subcommand)]
    Session(access::SessionCommand),
    /// Sign-in by an identity provider: its settings, and what groups give
    #[command(subcommand)]
    SignIn(sign_in::SignInCommand),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
}

/// Does what the command line asks for.
///
/// # Errors
/// Why it failed, as one sentence.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
    let traces = if let Command::Serve(serve) = &cli.command {
        telemetry::start(serve.log_format, serve.otlp_endpoint.as_deref())?
    } else {
        telemetry::start(LogFormat::Text, None)?
    };
    let done = run_command(cli.command).await;
    // On a thread of its own: what is left is sent there, which waits.
    tokio::task::spawn_blocking(|| drop(traces)).await?;
    done
}

async fn run_command(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => serve::run(*args).await,
        Command::Responder(args) => ::responder::run(*args).await,
        Command::ResponderCode(options) => responder::code(options).await,
        Command::ResponderList(options) => responder::list(options).await,
        Command::ResponderRevoke(options) => responder::revoke(options).await,
        Command::Seed(args) => seed::run(args).await,
        Command::User(command) => account::user(command).await,
        Command::Token(command) => account::token(command).await,
        Command::Import(options) => import::run(options).await,
        Command::SupportBundle(options) => support::run(options).await,
        Command::Executor(command) => executor::run(command).await,
        Command::Notification(command) => notification::run(command).await,
        Command::Role(command) => access::roles(command).await,
        Command::Session(command) => access::sessions(command).await,
        Command::SignIn(command) => sign_in::run(command).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Backup(options) => backup::back_up(options).await,
        Command::Restore(options) => backup::restore(options).await,
        Command::Automation(command) => automation::run(command).await,
        Command::Policy(command) => policy::run(command).await,
        Command::Dispatch(command) => dispatch::run(command).await,
    }
}
