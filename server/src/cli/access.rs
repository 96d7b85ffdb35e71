//! Who may do what, from the command line: for the first start, and for emergencies.

use std::sync::Arc;

use clap::{Args, Subcommand};
use domain::access::contract::{CredentialSort, CredentialView, PersonView, RoleGroupView};
use domain::{CredentialId, Role};
use service::Service;
use service::access::console::{Console, Given};
use service::clock::SystemClock;
use service::executor::Executors;
use store::SharedStore;

use super::terminal::{authority, command_line, one_line, open_store, print, read_password};
use crate::config::DatabaseOptions;

/// Options of commands that name nothing.
#[derive(Debug, Args)]
pub struct ListOptions {
    #[command(flatten)]
    database: DatabaseOptions,
}

/// Options of commands about one person.
#[derive(Debug, Args)]
pub struct PersonOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// The name to sign in with
    name: String,
}

/// Options of `countersign user give`.
#[derive(Debug, Args)]
pub struct GiveOptions {
    #[command(flatten)]
    person: PersonOptions,

    /// A role, role group or custom role, after a colon the device groups in which it counts; may be repeated
    #[arg(long = "role", value_name = "ROLE[:GROUP,...]")]
    roles: Vec<String>,

    /// A device group to which the person is limited, whatever they hold; may be repeated
    #[arg(long = "only-group", value_name = "GROUP")]
    limit: Vec<String>,
}

/// Options of commands about one session or token.
#[derive(Debug, Args)]
pub struct CredentialOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// Its id, as the list shows it
    id: CredentialId,
}

/// Commands about people that are there.
#[derive(Debug)]
pub enum People {
    /// Lists everybody.
    List(ListOptions),
    /// Shows one person.
    Show(PersonOptions),
    /// Lets a person in again.
    Enable(PersonOptions),
    /// Keeps a person out.
    Disable(PersonOptions),
    /// Replaces what a person holds.
    Give(GiveOptions),
    /// Sets a new password.
    Password(PersonOptions),
    /// Ends all sessions and tokens of a person.
    Revoke(PersonOptions),
    /// Takes all second factors of a person away.
    ResetFactors(PersonOptions),
}

/// Roles, role groups and custom roles.
#[derive(Debug, Subcommand)]
pub enum RoleCommand {
    /// List roles, role groups and custom roles, and device groups by rank
    List(ListOptions),
    /// Show one: what it holds, and who holds it
    Show(RoleOptions),
    /// Take it away from a user, wherever it counts
    Revoke(RevokeRoleOptions),
}

/// Options of commands about one role.
#[derive(Debug, Args)]
pub struct RoleOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    /// A role, role group or custom role, as the list names it
    role: String,
}

/// Options of `countersign role revoke`.
#[derive(Debug, Args)]
pub struct RevokeRoleOptions {
    #[command(flatten)]
    role: RoleOptions,

    /// The name to sign in with
    name: String,
}

/// Sessions of people.
#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// List the sessions that are open
    List(ListOptions),
    /// Show one
    Show(CredentialOptions),
    /// End one now
    Revoke(CredentialOptions),
}

async fn open(database: &DatabaseOptions) -> anyhow::Result<(Console, SharedStore)> {
    let store = open_store(database).await?;
    let service = Service::new(store.clone(), Arc::new(SystemClock), Executors::new(Vec::new()));
    Ok((Console::new(service, authority(), command_line()), store))
}

/// Runs `countersign user`, but for adding one.
///
/// # Errors
/// Why it failed.
pub async fn people(command: People) -> anyhow::Result<()> {
    match command {
        People::List(ListOptions { database }) => {
            let (console, store) = open(&database).await?;
            let people = console.people().await;
            store.close().await;
            let lines: Vec<_> = people.map_err(one_line)?.iter().map(line).collect();
            print(&lines.join("\n"))
        }
        People::Show(PersonOptions { database, name }) => {
            let (console, store) = open(&database).await?;
            let person = console.person(&name).await;
            store.close().await;
            print(&show(&person.map_err(one_line)?))
        }
        People::Enable(PersonOptions { database, name }) => {
            let (console, store) = open(&database).await?;
            let done = console.set_enabled(&name, true).await;
            store.close().await;
            done.map_err(one_line)?;
            print(&format!("user {name} may sign in"))
        }
        People::Disable(PersonOptions { database, name }) => {
            let (console, store) = open(&database).await?;
            let done = console.set_enabled(&name, false).await;
            store.close().await;
            done.map_err(one_line)?;
            print(&format!("user {name} is kept out; sessions and tokens are over"))
        }
        People::Give(GiveOptions { person: PersonOptions { database, name }, roles, limit }) => {
            let (console, store) = open(&database).await?;
            let person = console.give(&name, &Given { roles, limit }).await;
            store.close().await;
            print(&show(&person.map_err(one_line)?))
        }
        People::Password(PersonOptions { database, name }) => {
            let password = tokio::task::spawn_blocking(read_password).await??;
            let (console, store) = open(&database).await?;
            let done = console.set_password(&name, &password).await;
            store.close().await;
            done.map_err(one_line)?;
            print(&format!("user {name} has a new password; sessions and tokens are over"))
        }
        People::Revoke(PersonOptions { database, name }) => {
            let (console, store) = open(&database).await?;
            let ended = console.revoke_all(&name).await;
            store.close().await;
            print(&format!("{} sessions and tokens of {name} are over", ended.map_err(one_line)?))
        }
        People::ResetFactors(PersonOptions { database, name }) => {
            let (console, store) = open(&database).await?;
            let removed = console.reset_factors(&name).await;
            store.close().await;
            let removed = removed.map_err(one_line)?;
            print(&format!("{removed} second factors of {name} were removed; sessions and tokens are over"))
        }
    }
}

/// Runs `countersign role`.
///
/// # Errors
/// Why it failed.
pub async fn roles(command: RoleCommand) -> anyhow::Result<()> {
    let database = match command {
        RoleCommand::List(ListOptions { database }) => database,
        RoleCommand::Show(RoleOptions { database, role }) => {
            let (console, store) = open(&database).await?;
            let (groups, holders) = (console.role_groups().await, console.holders(&role).await);
            store.close().await;
            let holders = holders.map_err(one_line)?;
            let is_it = |line: &String| line.split('\t').next().is_some_and(|name| is_same(name, &role));
            let mut lines: Vec<_> =
                role_lines(&groups.map_err(one_line)?).into_iter().filter(is_it).collect();
            lines.extend(holders.iter().map(line));
            return print(&lines.join("\n"));
        }
        RoleCommand::Revoke(RevokeRoleOptions { role: RoleOptions { database, role }, name }) => {
            let (console, store) = open(&database).await?;
            let person = console.take_away(&role, &name).await;
            store.close().await;
            return print(&show(&person.map_err(one_line)?));
        }
    };
    let (console, store) = open(&database).await?;
    let (groups, devices) = (console.role_groups().await, console.device_groups().await);
    store.close().await;
    let mut lines = role_lines(&groups.map_err(one_line)?);
    for (group, count) in devices.map_err(one_line)? {
        let rule: Vec<_> = group.rule.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "{}\tdevice group {}\t{}\t{count} devices\t{}",
            group.name,
            group.rank,
            group.level,
            rule.join(" and ")
        ));
    }
    print(&lines.join("\n"))
}

/// Names in either case of letters are the same.
fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Roles, role groups and custom roles, each on a line.
fn role_lines(groups: &[RoleGroupView]) -> Vec<String> {
    let roles =
        Role::ALL.iter().map(|role| format!("{role}\tdirectory role or permission\t{}", role.label()));
    let group = |of: &RoleGroupView| {
        let held: Vec<_> = of.group.permissions.iter().map(|held| held.as_str()).collect();
        let note = of.note.as_ref().map(|note| format!("\t{note}")).unwrap_or_default();
        format!("{}\t{}\t{}{note}", of.group.name, of.group.model.label(), held.join(","))
    };
    roles.chain(groups.iter().map(group)).collect()
}

/// Runs `countersign session`.
///
/// # Errors
/// Why it failed.
pub async fn sessions(command: SessionCommand) -> anyhow::Result<()> {
    match command {
        SessionCommand::List(ListOptions { database }) => {
            list(&database, CredentialSort::Session, None).await
        }
        SessionCommand::Show(CredentialOptions { database, id }) => {
            list(&database, CredentialSort::Session, Some(id)).await
        }
        SessionCommand::Revoke(options) => revoke(options).await,
    }
}

/// Lists the tokens that are alive, or shows one.
///
/// # Errors
/// Why it failed.
pub async fn tokens(options: ListOptions) -> anyhow::Result<()> {
    list(&options.database, CredentialSort::Token, None).await
}

/// Shows a token.
///
/// # Errors
/// Why it failed.
pub async fn token(options: CredentialOptions) -> anyhow::Result<()> {
    list(&options.database, CredentialSort::Token, Some(options.id)).await
}

async fn list(
    database: &DatabaseOptions,
    sort: CredentialSort,
    one: Option<CredentialId>,
) -> anyhow::Result<()> {
    let (console, store) = open(database).await?;
    let found = console.credentials(sort).await;
    store.close().await;
    let found = found.map_err(one_line)?;
    let found: Vec<_> =
        found.iter().filter(|view| one.is_none_or(|id| view.id == id)).map(of_credential).collect();
    anyhow::ensure!(one.is_none() || !found.is_empty(), "no such {} is alive", sort.label().to_lowercase());
    print(&found.join("\n"))
}

/// Ends a session or token now.
///
/// # Errors
/// Why it failed.
pub async fn revoke(CredentialOptions { database, id }: CredentialOptions) -> anyhow::Result<()> {
    let (console, store) = open(&database).await?;
    let done = console.revoke(id).await;
    store.close().await;
    done.map_err(one_line)?;
    print(&format!("{id} is over"))
}

/// A person on a line of a list.
fn line(person: &PersonView) -> String {
    let state = if person.enabled { "enabled" } else { "disabled" };
    let held: Vec<_> = person.permissions.iter().map(|held| held.permission.as_str()).collect();
    let last = person.last_sign_in_at.map_or("never".to_owned(), |at| at.to_string());
    format!("{}\t{}\t{state}\t{}\t{last}", person.name, person.display_name, held.join(","))
}

fn show(person: &PersonView) -> String {
    let mut lines = vec![line(person)];
    for grant in &person.assignments.roles {
        lines.push(format!("role {}{}", grant.role, limited(grant.device_groups.is_some())));
    }
    for grant in &person.assignments.role_groups {
        lines.push(format!("role group {}{}", grant.role_group, limited(grant.device_groups.is_some())));
    }
    for held in &person.permissions {
        let within = held.device_groups.as_ref().map_or("everywhere".to_owned(), |groups| {
            let names: Vec<_> = groups.iter().map(String::as_str).collect();
            format!("in {}", if names.is_empty() { "no device group".to_owned() } else { names.join(", ") })
        });
        lines.push(format!("{} {within}", held.permission.label()));
    }
    lines.push(format!("{} sessions, {} tokens", person.sessions, person.tokens));
    lines.join("\n")
}

const fn limited(is: bool) -> &'static str {
    if is { " in some device groups" } else { "" }
}

/// A session or token on a line of a list.
fn of_credential(view: &CredentialView) -> String {
    let owner = view.owner_name.as_deref().unwrap_or("a tool");
    let scopes: Vec<_> = view.scopes.iter().map(|scope| scope.as_str()).collect();
    format!(
        "{}\t{owner}\t{}\t{}\tlast used {}\tends {}",
        view.id,
        view.name,
        scopes.join(","),
        view.last_used_at,
        view.expires_at
    )
}
