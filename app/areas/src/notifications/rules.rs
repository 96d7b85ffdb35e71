//! The rules of notifications: a table, and the form that adds one. All of it is plain forms.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use super::ROOT;
use api::{
    AddNotificationRule, ApiError, Load, RemoveNotificationRule, TestNotificationRule,
    load_notification_rules,
};
use domain::core::text::format_count;
use domain::notifications::contract::NotificationRuleState;
use domain::notifications::{Channel, NotificationRule, Occasion};
use domain::{AssetKind, Severity};
use kit::failure::Failure;
use kit::kept::Kept;
use kit::navigation::NavigationRow;
use kit::skeleton::Skeleton;

type Loaded = Load<Result<Vec<NotificationRuleState>, ApiError>>;

kit::page! {
    module: notifications,
    function: notification_rules / preload_notification_rules,
    paths: ["/settings/notifications"],
    navigation: NavigationRow::new("Notifications", "info", ROOT),
    view: view! { <Rules/> }.into_any(),
}

/// The page of all rules.
#[component]
fn Rules() -> impl IntoView {
    let query = use_location().query;
    let rules: Loaded = Load::new(|| (), |()| async move { load_notification_rules().await });
    let added = ServerAction::<AddNotificationRule>::new();
    let removed = ServerAction::<RemoveNotificationRule>::new();
    let tested = ServerAction::<TestNotificationRule>::new();
    let failed = move || {
        let errors = [
            added.value().get().and_then(Result::err),
            removed.value().get().and_then(Result::err),
            tested.value().get().and_then(Result::err),
        ];
        let said = errors.into_iter().flatten().next().map(|error| said(&error));
        said.map(|text| view! { <p class="notice-text bad" role="alert">{text}</p> })
    };
    let outcome = move || {
        let taken = query.read().get("tested")? == "true";
        let text = if taken {
            "The test message was taken."
        } else {
            "The test message was not taken; the rule's test over the API or the command line says why."
        };
        Some(view! { <p class="notice-text" role="status">{text}</p> })
    };
    let content = move || {
        rules.get().map(|answer| match answer {
            Ok(rules) => table(rules),
            Err(ApiError { code, .. }) => {
                let retry = move |()| rules.refetch();
                view! { <Failure title="The rules could not be loaded" code href=ROOT retry/> }.into_any()
            }
        })
    };
    view! {
        <Title text="Notifications · Settings · Countersign"/>
        <div class="notifications">
            <header class="page-head">
                <h1>"Notifications"</h1>
                <p>"Who is told of what. Messages have links only: nobody decides by one. A webhook's address is not shown again."</p>
            </header>
            {move || outcome()}
            {move || failed()}
            <Transition fallback=Skeleton>
                <div class="slot">{move || content()}</div>
            </Transition>
            <h2>"Add a rule"</h2>
            {form()}
        </div>
    }
}

fn said(error: &ApiError) -> String {
    if error.detail.is_empty() { error.code.label().to_owned() } else { error.detail.clone() }
}

fn table(rules: Vec<NotificationRuleState>) -> AnyView {
    if rules.is_empty() {
        return view! { <p>"There is no rule yet: nobody is told of anything."</p> }.into_any();
    }
    let rows: Vec<_> = rules.into_iter().map(row).collect();
    view! {
        <table class="notifications-table">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"What"</th>
                    <th scope="col">"To"</th>
                    <th scope="col" class="number">"Sent"</th>
                    <th scope="col" class="number">"Waiting"</th>
                    <th scope="col">"Last error"</th>
                    <th scope="col">"Actions"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(state: NotificationRuleState) -> AnyView {
    let NotificationRuleState { rule, waiting, sent, last_error, .. } = state;
    let (test, remove) = (format!("Test {}", rule.name), format!("Delete {}", rule.name));
    let to = format!("{}: {}", rule.channel.label(), rule.to.join(", "));
    view! {
        <tr>
            <th scope="row">{rule.name.clone()}</th>
            <td>{what(&rule)}</td>
            <td>{to}</td>
            <td class="number">{format_count(sent)}</td>
            <td class="number">{format_count(waiting)}</td>
            <td>{last_error}</td>
            <td class="notifications-buttons">
                <form method="post" action=TestNotificationRule::PATH>
                    <input type="hidden" name="name" value=rule.name.clone()/>
                    <input type="hidden" name="back" value=ROOT/>
                    <button class="button" type="submit" aria-label=test>"Test"</button>
                </form>
                <form method="post" action=RemoveNotificationRule::PATH>
                    <input type="hidden" name="name" value=rule.name.clone()/>
                    <input type="hidden" name="back" value=ROOT/>
                    <button class="button" type="submit" aria-label=remove>"Delete"</button>
                </form>
            </td>
        </tr>
    }
    .into_any()
}

/// What a rule is about, in words.
fn what(rule: &NotificationRule) -> String {
    let on = rule.on.iter().map(|occasion| occasion.label()).collect::<Vec<_>>().join(", ");
    let parts = [
        rule.asset_kind.map(|kind| format!("of {}s", kind.label().to_lowercase())),
        rule.device_group.as_ref().map(|group| format!("in {group}")),
        rule.min_severity.map(|severity| format!("at least {}", severity.label())),
        rule.proposed_by.as_ref().map(|name| format!("proposed by {name}")),
        rule.digest_hours.map(|hours| format!("low severity gathered for {hours} h")),
    ];
    let parts: Vec<_> = std::iter::once(on).chain(parts.into_iter().flatten()).collect();
    parts.join("; ")
}

fn form() -> AnyView {
    let kept = Kept::of_address();
    let occasions = Occasion::ALL.iter().filter(|occasion| **occasion != Occasion::Settled).enumerate();
    let occasions: Vec<_> = occasions
        .map(|(index, occasion)| {
            let name = format!("on[{index}]");
            view! {
                <label class="choice">
                    <input type="checkbox" name=name value=occasion.as_str() checked=kept.has("on", occasion.as_str(), *occasion == Occasion::Waits)/>
                    {occasion.label()}
                </label>
            }
        })
        .collect();
    let channels: Vec<_> = Channel::ALL
        .iter()
        .map(|channel| view! { <option value=channel.as_str() selected=kept.has("channel", channel.as_str(), false)>{channel.label()}</option> })
        .collect();
    let kinds: Vec<_> = AssetKind::ALL
        .iter()
        .map(|kind| view! { <option value=kind.as_str() selected=kept.has("asset_kind", kind.as_str(), false)>{kind.label()}</option> })
        .collect();
    let severities: Vec<_> = Severity::ALL
        .iter()
        .map(|severity| view! { <option value=severity.as_str() selected=kept.has("min_severity", severity.as_str(), false)>{severity.label()}</option> })
        .collect();
    view! {
        {kept.notice()}
        <form class="notifications-form" method="post" action=AddNotificationRule::PATH>
            <input type="hidden" name="back" value=ROOT/>
            <label class="field">
                <span class="field-label">"Name (a-z, 0-9, '.', '_' and '-'; it never changes)"</span>
                <input name="name" value=kept.or("name", "") required maxlength="60" pattern="[a-z0-9._\\-]+"/>
            </label>
            <fieldset class="choices">
                <legend class="field-label">"What"</legend>
                {occasions}
            </fieldset>
            <label class="field">
                <span class="field-label">"Channel"</span>
                <select name="channel">{channels}</select>
            </label>
            <label class="field">
                <span class="field-label">"To: mail addresses or proposer, a line each; or one URL"</span>
                <textarea name="to" rows="2" required>{kept.or("to", "")}</textarea>
            </label>
            <label class="field">
                <span class="field-label">"Kind of asset"</span>
                <select name="asset_kind"><option value="">"All"</option>{kinds}</select>
            </label>
            <label class="field">
                <span class="field-label">"Device group (all where none is named)"</span>
                <input name="device_group" value=kept.or("device_group", "") maxlength="200"/>
            </label>
            <label class="field">
                <span class="field-label">"Severity at least"</span>
                <select name="min_severity"><option value="">"All"</option>{severities}</select>
            </label>
            <label class="field">
                <span class="field-label">"Proposed by (anybody where none is named)"</span>
                <input name="proposed_by" value=kept.or("proposed_by", "") maxlength="200"/>
            </label>
            <label class="field">
                <span class="field-label">"Hours before its end at which an action expires soon"</span>
                <input name="expiring_hours" value=kept.or("expiring_hours", "") inputmode="numeric" maxlength="3" placeholder="24"/>
            </label>
            <label class="field">
                <span class="field-label">"Gather what is of low severity for so many hours (optional)"</span>
                <input name="digest_hours" value=kept.or("digest_hours", "") inputmode="numeric" maxlength="3"/>
            </label>
            <button class="button primary" type="submit">"Add rule"</button>
        </form>
    }
    .into_any()
}
