//! A list with all that stands around it, in the order of the page: tabs, toolbar, chips, table, bulk bar, pager.

use leptos::prelude::*;

use super::sample::{self, NOW};
use super::{layers, section};
use crate::domain::{Action, Decision, Lane};
use crate::ui::derived::derived;
use crate::ui::parts::action_table::ActionTable;
use crate::ui::parts::badge::Badge;
use crate::ui::parts::deadline::Deadline;
use crate::ui::parts::icon::Icon;
use crate::ui::parts::pager::{Neighbours, Pager};
use crate::ui::parts::short_text::ShortText;
use crate::ui::parts::tabs::Tabs;
use crate::ui::parts::when::When;
use crate::ui::place::Place;

pub(super) fn chapter() -> AnyView {
    let here = Memo::new(|_| Place::of(Lane::Pending));
    let full = || Neighbours { previous: Some("#lists".into()), next: Some("#lists".into()), rows: 50 };
    let first = || Neighbours { previous: None, next: None, rows: 1 };
    view! {
        {section("Tabs", wide(view! { <Tabs here/> }))}
        {section("Tabs with counts", wide(counted_tabs()))}
        {section("Toolbar", wide(toolbar()))}
        {section("Chips", wide(chips()))}
        {section("Rows to choose from: as a table, as cards below 640 px", wide(table()))}
        {section("Rows as they are", wide(rows(here)))}
        {section("Bulk bar", wide(bulk_bars()))}
        {section("Pager: in the middle, all on one page", wide(view! { <Pager neighbours=full/> <Pager neighbours=first/> }))}
        {section("New rows that wait", new_rows())}
    }
    .into_any()
}

fn wide(content: impl IntoView + 'static) -> AnyView {
    view! { <div class="wide-state">{content.into_any()}</div> }.into_any()
}

fn counted_tabs() -> impl IntoView {
    let tab = |label, count: Option<&'static str>, current: bool| {
        view! {
            <li>
                <a class="tab" href="#lists" rel="external" aria-current=current.then_some("page")>
                    {label}
                    {count.map(|count| view! { <span class="tab-count">{count}</span> })}
                </a>
            </li>
        }
    };
    view! {
        <nav class="tabs" aria-label="With counts">
            <ul>
                {tab("Pending", Some("1\u{2009}204"), true)} {tab("In progress", Some("7"), false)}
                {tab("History", None, false)}
            </ul>
        </nav>
    }
}

fn toolbar() -> impl IntoView {
    view! {
        <div class="toolbar">
            <form class="search" role="search">
                <label class="visually-hidden" for="gallery-search">
                    "Search entity, asset or ID"
                </label>
                <Icon name="search"/>
                <input type="search" id="gallery-search" name="q" placeholder="Search entity, asset or ID"/>
            </form>
            {layers::filters()}
            {layers::period()}
            <div class="toolbar-end">
                {layers::views()} {layers::columns()}
                <button class="button quiet for-table" type="button" title="Compact rows" aria-pressed="true">
                    <Icon name="rows"/>
                    <span class="toolbar-word">"Compact"</span>
                </button>
                <a class="button quiet" href="#lists" rel="external" title="Export .csv">
                    <Icon name="download"/>
                    <span class="toolbar-word">"Export .csv"</span>
                </a>
            </div>
        </div>
    }
}

fn chips() -> impl IntoView {
    let chip = |name: &'static str, value: &'static str| {
        view! {
            <li class="chip">
                <span class="chip-name">{name} ":"</span>
                <span class="chip-value">{value}</span>
                <a class="chip-remove" href="#lists" rel="external" aria-label=format!("Remove {name}: {value}")>
                    <Icon name="cross"/>
                </a>
            </li>
        }
    };
    view! {
        <ul class="chips" aria-label="Filters">
            {chip("Severity", "Critical")} {chip("Severity", "High")} {chip("Action type", "Stop process")}
            {chip("Device group", "Workstations of the terminal in Rotterdam, Maasvlakte and Europoort")}
            {chip("Decided by", "Priya Raghunathan")} <li>
                <a class="chips-clear" href="#lists" rel="external">
                    "Clear all"
                </a>
            </li>
        </ul>
    }
}

fn samples() -> [Action; 3] {
    [sample::pending(), sample::irreversible(), sample::unknown()]
}

fn rows(here: Memo<Place>) -> impl IntoView {
    view! { <ActionTable lane=Lane::Pending rows=|| samples().to_vec() here now=derived(|| NOW)/> }
}

fn table() -> impl IntoView {
    let heading = |class, label, sort: Option<&'static str>| {
        view! {
            <th scope="col" class=class aria-sort=sort>
                <a class="sort" href="#lists" rel="external">
                    {label}
                    {sort.map(|_| view! { <Icon name="sort-down"/> })}
                </a>
            </th>
        }
    };
    let rows = samples().into_iter().enumerate().map(|(at, action)| row(&action, at == 1));
    view! {
        <div class="action-table" tabindex="0" role="region" aria-label="Rows to choose from">
            <table class="lane-pending">
                <thead>
                    <tr>
                        <th scope="col" class="col-select">
                            <label>
                                <input type="checkbox" aria-label="Select all on this page"/>
                            </label>
                        </th>
                        {heading("col-severity", "Severity", Some("descending"))}
                        {heading("col-action-type", "Action type", None)} {heading("col-entity", "Entity", None)}
                        {heading("col-asset", "Asset", None)} {heading("col-time", "Proposed", None)}
                        {heading("col-expires", "Expires", None)}
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

fn row(action: &Action, chosen: bool) -> impl IntoView + use<> {
    let title = action.entity.title();
    let urgent = action.decision == Decision::Pending;
    let expires = urgent.then(|| view! { <Deadline until=action.expires_at now=derived(|| NOW)/> });
    view! {
        <tr>
            <td class="col-select">
                <label>
                    <input type="checkbox" checked=chosen aria-label=format!("Select {title}")/>
                </label>
            </td>
            <td class="col-severity">
                <Badge look=action.severity/>
            </td>
            <td class="col-action-type">{action.action_type.label()}</td>
            <td class="col-entity">
                <span class="pair">
                    <a class="entity-link" href="#lists" rel="external">
                        <ShortText text=title/>
                    </a>
                    <span class="meta">{action.entity.kind().label()}</span>
                </span>
            </td>
            <td class="col-asset">
                <ShortText text=action.asset.name.clone()/>
            </td>
            <td class="col-time">
                <When at=action.proposed_at now=derived(|| NOW)/>
            </td>
            <td class="col-expires">{expires}</td>
        </tr>
    }
}

fn bulk_bars() -> impl IntoView {
    let bar = |label, count, rest: Option<&'static str>, decide: AnyView| {
        view! {
            <div class="bulk-bar" role="region" aria-label=label>
                <strong class="bulk-count">{count}</strong>
                {rest
                    .map(|rest| {
                        view! {
                            <button class="button quiet" type="button">
                                {rest}
                            </button>
                        }
                    })}
                <button class="button quiet bulk-clear" type="button">
                    "Clear"
                </button>
                <div class="bulk-actions">{decide}</div>
            </div>
        }
    };
    let decide = view! {
        <button class="button primary" type="button">
            "Approve 12…"
        </button>
        <button class="button" type="button">
            "Reject…"
        </button>
    };
    let undo = view! {
        <button class="button primary" type="button">
            "Undo 1\u{2009}202…"
        </button>
    };
    view! {
        {bar("Selected to decide", "12 selected", Some("Select all 1\u{2009}204 matching"), decide.into_any())}
        {bar("Selected to undo", "All 1\u{2009}204 matching but 2", None, undo.into_any())}
    }
}

fn new_rows() -> impl IntoView {
    view! {
        <button class="pill" type="button">
            <Icon name="sort-up"/>
            "4 new actions"
        </button>
    }
}
