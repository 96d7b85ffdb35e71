//! What commands share: the database, whose acts they are, and what is said at the terminal.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, ensure};
use domain::{Actor, ActorKind, Authorized, Error, SystemAuthority};
use store::SharedStore;

use crate::config::DatabaseOptions;
use service::Service;
use service::clock::SystemClock;
use service::executor::Executors;

/// Opens the database.
pub(super) async fn open_store(database: &DatabaseOptions) -> anyhow::Result<SharedStore> {
    store::connect(&database.url).await.with_context(|| format!("cannot open {}", database.display_url()))
}

/// Whether there is a database, for what makes none of a URL that was mistyped.
pub(super) fn check_exists(database: &DatabaseOptions) -> anyhow::Result<()> {
    ensure!(database.exists(), "there is no database at {}", database.display_url());
    Ok(())
}

/// The service over a database that is there.
pub(super) async fn open_service(database: &DatabaseOptions) -> anyhow::Result<Service> {
    check_exists(database)?;
    Ok(Service::new(open_store(database).await?, Arc::new(SystemClock), Executors::default()))
}

#[expect(clippy::disallowed_methods, reason = "the command line is an entry point: who runs it administers")]
pub(super) const fn authority() -> SystemAuthority {
    SystemAuthority::take()
}

/// The actor in the audit log: whoever can write the database's file.
pub(super) fn command_line() -> Actor {
    Actor::new(ActorKind::System, "cli", "Command line")
}

/// The authority of whoever runs the command line.
pub(super) fn by_command_line() -> Authorized {
    Authorized::system_as(&authority(), command_line())
}

pub(super) fn one_line(error: Error) -> anyhow::Error {
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

/// The password that is typed, or the first line of stdin.
pub(super) fn read_password() -> anyhow::Result<String> {
    let password = read_secret("Password (at least 12 characters): ")?;
    ensure!(!password.is_empty(), "no password: type it, or write it to stdin");
    Ok(password)
}

/// The first line of stdin, or at a terminal what is typed, without echo.
pub(super) fn read_secret(prompt: &str) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return rpassword::prompt_password(prompt)
            .context("the terminal can't hide what is typed; write it to stdin from a pipe instead");
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).context("stdin can't be read")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

pub(super) fn print(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}
