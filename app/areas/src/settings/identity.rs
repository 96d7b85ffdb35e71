//! How people sign in by an identity provider, and which roles its groups give.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::settings::form::{button, check, choices, confirm, field, form, opened, text};
use crate::settings::sheet::{Sheet, loaded, part, table};
use api::{RemoveGroupRoles, RemoveProvider, SaveGroupRoles, SaveProvider, load_roles, load_sign_in};
use domain::Role;
use domain::access::contract::{RoleGroupView, RolesView};
use domain::identity::GroupRoles;
use domain::identity::contract::{ProviderView, SignInView};

kit::page! {
    module: administration,
    function: identity / preload_identity,
    paths: ["/settings/sign-in"],
    view: view! { <Identity/> }.into_any(),
}

/// The page of the identity provider.
#[component]
fn Identity() -> impl IntoView {
    let sheet = Sheet::new();
    let all = sheet.load(|| async { Ok((load_sign_in().await?, load_roles().await?)) });
    let list = loaded(all, move |_, (view, roles)| shown(sheet, view, roles));
    sheet.page(
        "Sign-in",
        "People sign in with a name and a password, or by an identity provider, whose groups say what they hold. Who has \
         no group with a role is not let in.",
        list,
    )
}

fn shown(sheet: Sheet, view: &SignInView, roles: &RolesView) -> AnyView {
    let rows = view.groups.iter().map(|of| row(sheet, of, roles)).collect();
    let headings = &["Group", "Gives", "Change"];
    let groups = view! {
        {table("Groups", headings, rows, "No group has a role yet: nobody new is let in by the identity provider.")}
        {opened("Add a group".to_owned(), editor(sheet, None, roles))}
    };
    view! {
        {part("Identity provider", None, provider(sheet, view))}
        {part(
            "Groups",
            Some("What people of these groups hold, in place of what was given to them by hand. It counts at once, also for groups of a directory (SCIM)."),
            groups.into_any(),
        )}
    }
    .into_any()
}

fn provider(sheet: Sheet, view: &SignInView) -> AnyView {
    let state = match &view.provider {
        Some(provider) => {
            format!("People sign in by {} ({}).", provider.settings.name, provider.settings.issuer)
        }
        None => "There is none: people sign in with a name and a password.".to_owned(),
    };
    let remove = view.provider.as_ref().map(|_| {
        let fields = view! {
            {confirm("Yes: nobody signs in by it any more")}
            {button("Remove", false)}
        };
        let body = form(sheet, RemoveProvider::PATH, "The identity provider is gone.", fields.into_any());
        opened("Remove the identity provider".to_owned(), body)
    });
    let summary = if view.provider.is_some() { "Change it" } else { "Set it up" };
    view! {
        <p>{state}</p>
        <dl class="facts">
            <div class="fact">
                <dt>"Redirect URI, for the provider"</dt>
                <dd><code>{view.redirect_uri.clone()}</code></dd>
            </div>
            <div class="fact">
                <dt>"Back-channel logout URI, for the provider"</dt>
                <dd><code>{view.logout_uri.clone()}</code></dd>
            </div>
            <div class="fact">
                <dt>"SCIM base URL, for a directory with a token of the scope scim"</dt>
                <dd><code>{view.directory_url.clone()}</code></dd>
            </div>
        </dl>
        {opened(summary.to_owned(), provider_form(sheet, view.provider.as_ref()))}
        {remove}
    }
    .into_any()
}

fn provider_form(sheet: Sheet, of: Option<&ProviderView>) -> AnyView {
    let value =
        |read: fn(&ProviderView) -> String, otherwise: &str| of.map_or_else(|| otherwise.to_owned(), read);
    let kept = of.is_some_and(|of| of.has_secret);
    let secret = if kept { "Client secret; the kept one stays where none is given" } else { "Client secret" };
    let fields = view! {
        {text("Name on the button", "name", value(|of| of.settings.name.clone(), ""), true)}
        {text("Issuer (https://…)", "issuer", value(|of| of.settings.issuer.clone(), ""), true)}
        {text("Client ID", "client_id", value(|of| of.settings.client_id.clone(), ""), true)}
        {field(
            secret,
            view! { <input type="password" name="client_secret" autocomplete="new-password"/> }.into_any(),
        )}
        {text(
            "Scopes beside openid, between spaces",
            "scopes",
            value(|of| of.settings.scopes.join(" "), "profile email groups"),
            false,
        )}
        {text(
            "Methods (amr) or contexts (acr) that count as the second factor, between spaces, for example mfa otp hwk; ours is asked for where none is named",
            "trusted_factors",
            value(|of| of.settings.trusted_factors.join(" "), ""),
            false,
        )}
        {text("Claim with the groups", "groups_claim", value(|of| of.settings.groups_claim.clone(), "groups"), true)}
        {text(
            "Claim that is the externalId in the directory",
            "directory_claim",
            value(|of| of.settings.directory_claim.clone(), "sub"),
            true,
        )}
        {confirm("Yes: it decides who people are")}
        {button("Save", true)}
    };
    form(sheet, SaveProvider::PATH, "The identity provider was saved.", fields.into_any())
}

fn row(sheet: Sheet, of: &GroupRoles, roles: &RolesView) -> Vec<AnyView> {
    let delete = view! {
        <input type="hidden" name="group" value=of.group.clone()/>
        {confirm("Yes: its people lose it at once")}
        {button("Delete", false)}
    };
    let delete = form(sheet, RemoveGroupRoles::PATH, "The group gives nothing any more.", delete.into_any());
    let body = view! { {editor(sheet, Some(of), roles)} {delete} }.into_any();
    vec![
        of.group.clone().into_any(),
        gives(of, roles).into_any(),
        opened(format!("Change {}", of.group), body),
    ]
}

/// What a group gives, in words.
fn gives(of: &GroupRoles, roles: &RolesView) -> String {
    let limited = |is: bool| if is { " in some device groups" } else { "" };
    let role = of
        .roles
        .iter()
        .map(|grant| format!("{}{}", grant.role.label(), limited(grant.device_groups.is_some())));
    let group = of.role_groups.iter().map(|grant| {
        let known = roles.role_groups.iter().find(|of| of.group.id == grant.role_group);
        let name = known.map_or("a role group that is gone", |of| of.group.name.as_str());
        format!("{name}{}", limited(grant.device_groups.is_some()))
    });
    role.chain(group).collect::<Vec<_>>().join("; ")
}

fn editor(sheet: Sheet, of: Option<&GroupRoles>, roles: &RolesView) -> AnyView {
    let directory = Role::ALL
        .iter()
        .map(|role| {
            let checked = of.is_some_and(|of| of.roles.iter().any(|grant| grant.role == *role));
            check("roles[]", role.to_string(), role.label().to_owned(), checked)
        })
        .collect();
    let groups: Vec<_> = roles
        .role_groups
        .iter()
        .map(|view: &RoleGroupView| {
            let group = &view.group;
            let checked =
                of.is_some_and(|of| of.role_groups.iter().any(|grant| grant.role_group == group.id));
            check(
                "role_groups[]",
                group.id.to_string(),
                format!("{} ({})", group.name, group.model.label()),
                checked,
            )
        })
        .collect();
    let name = match of {
        Some(of) => view! { <input type="hidden" name="group" value=of.group.clone()/> }.into_any(),
        None => text("Group, exactly as the claim or the directory names it", "group", String::new(), true),
    };
    let fields = view! {
        {name}
        {choices("Gives", directory)}
        {choices("Role groups and custom roles", groups)}
        {confirm("Yes: it counts for its people at once")}
        {button("Save", true)}
    };
    form(sheet, SaveGroupRoles::PATH, "What the group gives was saved.", fields.into_any())
}
