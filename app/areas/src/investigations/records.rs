//! A plain table of records: headings, and rows of cells of which the first names the row.

use leptos::prelude::*;

use domain::core::time::Timestamp;
use kit::time::full;
use kit::visible_text::VisibleText;

/// A table. `label` is its accessible name; `empty` stands in its place where there are no rows.
pub(crate) fn table(
    label: &'static str,
    heads: &[&'static str],
    rows: Vec<Vec<AnyView>>,
    empty: &'static str,
) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="records-empty">{empty}</p> }.into_any();
    }
    framed(label, heads.iter().map(|head| heading(head, None, None)).collect_view().into_any(), rows)
}

/// The frame of a table, which is scrolled by itself.
pub(crate) fn framed(label: &'static str, heads: AnyView, rows: Vec<Vec<AnyView>>) -> AnyView {
    let rows = rows
        .into_iter()
        .map(|cells| {
            let mut cells = cells.into_iter();
            let first = cells.next().map(|cell| view! { <th scope="row">{cell}</th> });
            let rest = cells.map(|cell| view! { <td>{cell}</td> }.into_any()).collect_view();
            view! { <tr>{first}{rest}</tr> }.into_any()
        })
        .collect_view();
    view! {
        <div class="records" tabindex="0" role="region" aria-label=label>
            <table>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// A heading; with an address it sorts. `descending` is of the column by which the table is sorted.
pub(crate) fn heading(head: &str, sort: Option<String>, descending: Option<bool>) -> AnyView {
    let head = head.to_owned();
    let Some(href) = sort else {
        return view! { <th scope="col">{head}</th> }.into_any();
    };
    let (order, mark) = match descending {
        None => ("none", ""),
        Some(false) => ("ascending", " \u{25b2}"),
        Some(true) => ("descending", " \u{25bc}"),
    };
    view! {
        <th scope="col" aria-sort=order>
            <a href=href data-noscroll>
                {head}
                <span aria-hidden="true">{mark}</span>
            </a>
        </th>
    }
    .into_any()
}

/// A cell with text from outside.
pub(crate) fn text(text: impl Into<String>) -> AnyView {
    view! { <VisibleText text=text.into()/> }.into_any()
}

/// A cell with text from outside, if there is any.
pub(crate) fn optional(of: Option<String>) -> AnyView {
    of.map_or_else(|| "–".into_any(), text)
}

/// A cell with a time.
pub(crate) fn time(at: Timestamp) -> AnyView {
    view! { <time datetime=at.to_string()>{full(at)}</time> }.into_any()
}

/// A cell with a time, if there is one.
pub(crate) fn optional_time(at: Option<Timestamp>) -> AnyView {
    at.map_or_else(|| "–".into_any(), time)
}

/// A span of seconds in words.
pub(crate) fn seconds(seconds: i64) -> String {
    if seconds < 60 { format!("{seconds} s") } else { domain::core::text::format_duration(seconds / 60) }
}

/// A cell that leads somewhere.
pub(crate) fn link(href: String, of: impl Into<String>) -> AnyView {
    view! { <a href=href><VisibleText text=of.into()/></a> }.into_any()
}
