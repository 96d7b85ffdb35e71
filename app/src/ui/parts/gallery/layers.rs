//! What floats over the page: panels and menus by their buttons, dialogs, toasts. All open natively.

use leptos::prelude::*;

use super::section;
use crate::ui::parts::icon::Icon;

pub(super) fn chapter() -> AnyView {
    view! {
        {section("Menus and panels open from the toolbar above; here two stand still", standing())}
        {section("A question", confirm())}
        {section("Keys", keys())}
        {section("Toasts", toasts())}
    }
    .into_any()
}

fn head(of: &'static str, title: &'static str) -> impl IntoView {
    view! {
        <header class="panel-head">
            <h2 id=format!("{of}-title")>{title}</h2>
            <button
                class="icon-button"
                type="button"
                popovertarget=of
                popovertargetaction="hide"
                aria-label="Close"
                title="Close"
            >
                <Icon name="cross"/>
            </button>
        </header>
    }
}

/// The button that opens the filters, and the panel.
pub(super) fn filters() -> impl IntoView {
    view! {
        <div class="anchor">
            <button class="button" type="button" popovertarget="filters">
                <Icon name="filter"/>
                "Filters"
                <span class="number">"3"</span>
            </button>
            <form class="panel wide" id="filters" popover="auto" aria-labelledby="filters-title">
                {head("filters", "Filters")}
                <div class="panel-body">
                    <div class="facets">{facets()}</div>
                </div>
                <footer class="panel-foot">
                    <button class="button primary" type="submit">
                        "Show 450 actions"
                    </button>
                    <a class="button quiet" href="#lists" rel="external">
                        "Clear all"
                    </a>
                </footer>
            </form>
        </div>
    }
}

fn facets() -> impl IntoView {
    view! {
        {facet(
            "Severity",
            None,
            &[("Critical", "38", true), ("High", "412", true), ("Medium", "603", false), ("Informational", "0", false)],
        )}
        {facet(
            "Action type",
            Some("Find a type"),
            &[
                ("Quarantine file", "481", false),
                ("Stop process", "233", true),
                ("Collect investigation package", "12\u{2009}044", false),
            ],
        )}
        {facet("Entity type", None, &[("File", "512", false), ("Process", "233", false), ("Email message", "120", false)])}
        {facet("Device group", None, &[("Workstations Hamburg", "512", false), ("Servers Rotterdam", "77", false)])}
        {facet("Decided by", None, &[("Automation", "1\u{2009}512", false), ("Priya Raghunathan", "33", false)])}
        {facet("Undo", None, &[("Can be undone", "901", false)])}
    }
}

type Value = (&'static str, &'static str, bool);

fn facet(title: &'static str, find: Option<&'static str>, values: &[Value]) -> impl IntoView + use<> {
    let values = values.iter().map(|&(word, count, chosen)| value(word, count, chosen)).collect_view();
    let find = find.map(|find| {
        let more = view! {
            <details class="facet-more">
                <summary>"Show 2 more"</summary>
                {value("Isolate device", "31", false)}
                {value("Disable user", "4", false)}
            </details>
        };
        (view! { <input class="facet-find" type="search" placeholder=find aria-label=find/> }, more)
    });
    let (find, more) = find.unzip();
    view! {
        <fieldset class="facet">
            <legend>{title}</legend>
            {find}
            {values}
            {more}
        </fieldset>
    }
}

fn value(word: &'static str, count: &'static str, chosen: bool) -> impl IntoView {
    view! {
        <label class="facet-value" class:none=count == "0">
            <input type="checkbox" checked=chosen/>
            <span class="facet-word" title=word>
                {word}
            </span>
            <span class="facet-count">{count}</span>
        </label>
    }
}

/// The time period.
pub(super) fn period() -> impl IntoView {
    view! {
        <div class="anchor">
            <button class="button" type="button" popovertarget="period">
                <Icon name="calendar"/>
                "30 days"
                <Icon name="down"/>
            </button>
            <div class="menu" id="period" popover="auto">
                {periods()}
            </div>
        </div>
    }
}

fn periods() -> impl IntoView {
    ["Past day", "7 days", "30 days", "6 months", "Any time"]
        .map(|name| choice(name, name == "30 days", None))
        .collect_view()
}

fn choice(name: &'static str, chosen: bool, meta: Option<&'static str>) -> impl IntoView {
    view! {
        <a class="menu-item" href="#lists" rel="external" aria-current=chosen.then_some("true")>
            <span class="tick">
                <Icon name="check"/>
            </span>
            {name}
            {meta.map(|meta| view! { <span class="menu-meta">{meta}</span> })}
        </a>
    }
}

/// The saved views.
pub(super) fn views() -> impl IntoView {
    view! {
        <div class="anchor">
            <button class="button quiet" type="button" popovertarget="views" title="Saved views">
                <Icon name="bookmark"/>
                <span class="toolbar-word">"Critical first"</span>
                <Icon name="down"/>
            </button>
            <div class="menu" id="views" popover="auto">
                <p class="menu-heading">"Saved views"</p>
                {choice("Critical first", true, Some("default"))}
                {choice("Mail of Rotterdam", false, None)}
                <hr class="menu-rule"/>
                <button class="menu-item" type="button">
                    <Icon name="plus"/>
                    "Save this view…"
                </button>
            </div>
        </div>
    }
}

/// The columns to show, in their order.
pub(super) fn columns() -> impl IntoView {
    view! {
        <div class="anchor for-table">
            <button class="button quiet" type="button" popovertarget="columns" title="Customize columns">
                <Icon name="columns"/>
                <span class="toolbar-word">"Customize columns"</span>
            </button>
            <form class="panel" id="columns" popover="auto" aria-labelledby="columns-title">
                {head("columns", "Customize columns")}
                <div class="panel-body">
                    <ol class="column-list">{column_list()}</ol>
                </div>
                <footer class="panel-foot">
                    <button class="button primary" type="submit">
                        "Save columns"
                    </button>
                    <button class="button quiet" type="reset">
                        "Reset"
                    </button>
                </footer>
            </form>
        </div>
    }
}

fn column_list() -> impl IntoView {
    let names = ["Severity", "Action type", "Entity", "Asset", "Investigation ID"];
    let last = names.len() - 1;
    let item = |(at, name): (usize, &'static str)| {
        view! {
            <li class="column-item" class:moving=at == 2>
                <Icon name="grip"/>
                <label>
                    <input type="checkbox" checked=at < last/>
                    {name}
                </label>
                <button class="icon-button" type="button" disabled=at == 0 aria-label=format!("Move {name} up")>
                    <Icon name="up"/>
                </button>
                <button class="icon-button" type="button" disabled=at == last aria-label=format!("Move {name} down")>
                    <Icon name="down"/>
                </button>
            </li>
        }
    };
    names.into_iter().enumerate().map(item).collect_view()
}

fn standing() -> impl IntoView {
    view! {
        <div class="menu standing">{periods()}</div>
        <div class="panel standing">
            <header class="panel-head">
                <h2>"Customize columns"</h2>
            </header>
            <div class="panel-body">
                <ol class="column-list">{column_list()}</ol>
            </div>
        </div>
        <div class="panel wide standing">
            <div class="panel-body">
                <div class="facets">{facets()}</div>
            </div>
        </div>
    }
}

fn confirm() -> impl IntoView {
    let question = || {
        view! {
            <form method="dialog">
                <header class="dialog-head">
                    <h2>"Hard delete 120 messages?"</h2>
                    <button class="icon-button" aria-label="Close" title="Close">
                        <Icon name="cross"/>
                    </button>
                </header>
                <div class="dialog-body">
                    <p>"“Overdue freight invoice 59109” in 120 mailboxes of Northwind Ferries."</p>
                    <p class="final">
                        <Icon name="triangle"/>
                        "This can't be undone: it is gone for the user."
                    </p>
                    <label class="field">
                        <span class="field-label">"Comment (optional)"</span>
                        <textarea rows="2"></textarea>
                    </label>
                </div>
                <footer class="dialog-foot">
                    <button class="button" autofocus>
                        "Cancel"
                    </button>
                    <button class="button danger">"Approve"</button>
                </footer>
            </form>
        }
    };
    view! {
        <dialog class="dialog" open aria-label="A question that stands still">
            {question()}
        </dialog>
        <dialog class="dialog" id="question" aria-label="A question">
            {question()}
        </dialog>
        <button class="button" type="button" command="show-modal" commandfor="question">
            "Ask it…"
        </button>
    }
}

fn keys() -> impl IntoView {
    let key = |what, keys: &[&'static str]| {
        let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view();
        view! {
            <div class="key">
                <dt>{what}</dt>
                <dd>{keys}</dd>
            </div>
        }
    };
    view! {
        <dialog class="dialog wide" open aria-label="Keys">
            <header class="dialog-head">
                <h2>"Keys"</h2>
            </header>
            <div class="dialog-body">
                <dl class="keys">
                    {key("Next or previous action", &["j", "k"])} {key("Open the details", &["Enter"])}
                    {key("Select", &["x"])} {key("Select up to here", &["Shift", "x"])} {key("Approve…", &["a"])}
                    {key("Reject…", &["r"])} {key("Undo…", &["u"])} {key("Search", &["/"])}
                </dl>
            </div>
        </dialog>
    }
}

fn toasts() -> impl IntoView {
    let toast = |tone, icon, text, offer: Option<&'static str>| {
        view! {
            <div class=tone>
                <Icon name=icon/>
                <p>{text}</p>
                {offer
                    .map(|offer| {
                        view! {
                            <button class="button quiet" type="button">
                                {offer}
                            </button>
                        }
                    })}
                <button class="icon-button" type="button" aria-label="Dismiss" title="Dismiss">
                    <Icon name="cross"/>
                </button>
            </div>
        }
    };
    view! {
        <div class="toasts">
            {toast("toast good", "check", "20 actions approved.", Some("See the result"))}
            {toast("toast", "info", "The view “Critical first” is your default now.", Some("Undo"))}
            {toast(
                "toast bad",
                "triangle",
                "Ana Lima rejected “Quarantine file” on sin-bkp-01 a moment before. Nothing was sent.",
                None,
            )}
        </div>
    }
}
