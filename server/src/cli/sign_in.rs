//! `countersign sign-in`: the identity provider, and what groups give, from the command line.

use std::sync::Arc;

use anyhow::ensure;
use clap::{Args, Subcommand};
use domain::Authorized;
use domain::identity::contract::{ProviderView, SignInView};
use domain::identity::{GroupRoles, ProviderForm, ProviderSettings};

use super::terminal::{authority, command_line, one_line, open_store, print, read_secret};
use crate::config::{DatabaseOptions, SecretsOptions};
use executors::seal::SecretsKey;
use executors::workshop::Kinds;
use service::Service;
use service::access::console::{Console, Given};
use service::clock::{SharedClock, SystemClock};
use service::executor::Executors;
use store::SharedStore;

/// How people sign in by an identity provider.
#[derive(Debug, Subcommand)]
pub enum SignInCommand {
    /// Show the identity provider, and what groups give
    Show(KeptOptions),
    /// Set the identity provider; its secret is read from standard input
    Provider(Box<ProviderOptions>),
    /// Remove the identity provider; who signed in by it stays signed in
    RemoveProvider(KeptOptions),
    /// Set what a group gives; its people have it at once
    Group(GroupOptions),
    /// Remove what a group gives; its people lose it at once
    RemoveGroup(NameOptions),
    /// Say who a person is at the provider: for accounts that were here before
    Link(LinkOptions),
}

/// Where it is kept.
#[derive(Debug, Args)]
pub struct KeptOptions {
    #[command(flatten)]
    database: DatabaseOptions,

    #[command(flatten)]
    secrets: SecretsOptions,
}

/// Options of `countersign sign-in provider`.
#[derive(Debug, Args)]
pub struct ProviderOptions {
    #[command(flatten)]
    kept: KeptOptions,

    /// What the button of the sign-in page calls it
    #[arg(long)]
    name: String,

    /// The address by which it names itself
    #[arg(long, value_name = "URL")]
    issuer: String,

    /// What it calls us
    #[arg(long, value_name = "ID")]
    client_id: String,

    /// Read no secret: the kept one stays, or there is none
    #[arg(long)]
    keep_secret: bool,

    /// What is asked for beside openid; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", default_values = ["profile", "email", "groups"])]
    scopes: Vec<String>,

    /// The claim that lists a person's groups
    #[arg(long, value_name = "NAME", default_value = "groups")]
    groups_claim: String,

    /// The claim that is a person's externalId in the directory
    #[arg(long, value_name = "NAME", default_value = "sub")]
    directory_claim: String,

    /// A method (amr: mfa, otp, hwk and others) or context (acr) of a sign-in there that counts as our second factor; may
    /// be repeated
    #[arg(long = "trusted-factor", value_name = "METHOD")]
    trusted_factors: Vec<String>,
}

/// Options of `countersign sign-in group`.
#[derive(Debug, Args)]
pub struct GroupOptions {
    #[command(flatten)]
    named: NameOptions,

    /// A role, role group or custom role, after a colon the device groups in which it counts; may be repeated
    #[arg(long = "role", value_name = "ROLE[:GROUP,...]", required = true)]
    roles: Vec<String>,
}

/// Which group.
#[derive(Debug, Args)]
pub struct NameOptions {
    #[command(flatten)]
    kept: KeptOptions,

    /// The group, as the claim or the directory names it
    group: String,
}

/// Options of `countersign sign-in link`.
#[derive(Debug, Args)]
pub struct LinkOptions {
    #[command(flatten)]
    kept: KeptOptions,

    /// The name to sign in with
    name: String,

    /// The provider's own number for the person: the claim sub
    #[arg(long, value_name = "SUB")]
    subject: String,
}

struct Opened {
    store: SharedStore,
    service: Service,
    console: Console,
    by: Authorized,
}

async fn open(KeptOptions { database, secrets }: &KeptOptions) -> anyhow::Result<Opened> {
    let store = open_store(database).await?;
    let clock: SharedClock = Arc::new(SystemClock);
    let kinds = Kinds::new(SecretsKey::in_file(&secrets.file), clock.clone());
    let service =
        Service::new(store.clone(), clock, Executors::new(Vec::new())).with_workshop(Arc::new(kinds));
    let console = Console::new(service.clone(), authority(), command_line());
    let by = Authorized::system_as(&authority(), command_line());
    Ok(Opened { store, service, console, by })
}

/// Runs `countersign sign-in`.
///
/// # Errors
/// Why it failed.
pub async fn run(command: SignInCommand) -> anyhow::Result<()> {
    match command {
        SignInCommand::Show(kept) => {
            let Opened { store, service, .. } = open(&kept).await?;
            let view = service.sign_in_view().await;
            store.close().await;
            print(&show(&view.map_err(one_line)?))
        }
        SignInCommand::Provider(options) => set_provider(*options).await,
        SignInCommand::RemoveProvider(kept) => {
            let Opened { store, service, by, .. } = open(&kept).await?;
            let done = service.unset_provider(&by).await;
            store.close().await;
            done.map_err(one_line)?;
            print("there is no identity provider any more")
        }
        SignInCommand::Group(GroupOptions { named: NameOptions { kept, group }, roles }) => {
            let Opened { store, service, console, by } = open(&kept).await?;
            let set = async {
                let held = console.held(&Given { roles, limit: Vec::new() }).await?;
                let given = GroupRoles { group, roles: held.roles, role_groups: held.role_groups };
                service.set_group(&by, given).await
            };
            let set = set.await;
            store.close().await;
            print(&line(&set.map_err(one_line)?))
        }
        SignInCommand::RemoveGroup(NameOptions { kept, group }) => {
            let Opened { store, service, by, .. } = open(&kept).await?;
            let done = service.unset_group(&by, &group).await;
            store.close().await;
            done.map_err(one_line)?;
            print(&format!("the group {group} gives nothing any more"))
        }
        SignInCommand::Link(LinkOptions { kept, name, subject }) => {
            let Opened { store, service, by, .. } = open(&kept).await?;
            let done = service.link_person(&by, &name, &subject).await;
            store.close().await;
            done.map_err(one_line)?;
            print(&format!("{name} signs in by the identity provider as {subject}"))
        }
    }
}

async fn set_provider(options: ProviderOptions) -> anyhow::Result<()> {
    let client_secret = if options.keep_secret {
        None
    } else {
        let secret = tokio::task::spawn_blocking(|| read_secret("Client secret: ")).await??;
        ensure!(!secret.is_empty(), "no secret was given; --keep-secret goes without one");
        Some(secret)
    };
    let settings = ProviderSettings {
        name: options.name,
        issuer: options.issuer,
        client_id: options.client_id,
        scopes: options.scopes,
        groups_claim: options.groups_claim,
        directory_claim: options.directory_claim,
        trusted_factors: options.trusted_factors,
    };
    let Opened { store, service, by, .. } = open(&options.kept).await?;
    let set = service.set_provider(&by, ProviderForm { settings, client_secret }).await;
    store.close().await;
    print(&provider(&set.map_err(one_line)?))
}

fn provider(view: &ProviderView) -> String {
    let ProviderSettings { name, issuer, client_id, scopes, groups_claim, directory_claim, trusted_factors } =
        &view.settings;
    let trusted = trusted_factors.join(" ");
    let secret = if view.has_secret { "with a secret" } else { "without a secret" };
    let scopes = scopes.join(" ");
    format!(
        "{name}\t{issuer}\t{client_id} {secret}\t{scopes}\tgroups: {groups_claim}\tdirectory: {directory_claim}\ttrusted: {trusted}"
    )
}

fn line(of: &GroupRoles) -> String {
    let limited = |is: bool| if is { " in some device groups" } else { "" };
    let roles =
        of.roles.iter().map(|grant| format!("{}{}", grant.role, limited(grant.device_groups.is_some())));
    let groups = of
        .role_groups
        .iter()
        .map(|grant| format!("{}{}", grant.role_group, limited(grant.device_groups.is_some())));
    format!("{}\t{}", of.group, roles.chain(groups).collect::<Vec<_>>().join(", "))
}

fn show(view: &SignInView) -> String {
    let first = view.provider.as_ref().map_or_else(|| "there is no identity provider".to_owned(), provider);
    let rest = view.groups.iter().map(line);
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
}
