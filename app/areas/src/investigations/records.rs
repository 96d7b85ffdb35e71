//! A plain table of records: headings, and rows of cells of which the first names the row.

use leptos::prelude::*;

use domain::core::time::Timestamp;
use kit::time::full;
use kit::visible_text::VisibleText;

/// By which column a table is sorted, and where one sorts by another.
pub(crate) struct Sorting {
    /// The number of the column, and whether its last comes first.
    pub(crate) by: Option<(u8, bool)>,
    /// The address of a column's order.
    pub(crate) href: Box<dyn Fn(u8, bool) -> String>,
}

/// A table. `label` is its accessible name; `empty` stands in its place where there are no rows.
pub(crate) fn table(
    label: &'static str,
    heads: &[&'static str],
    rows: Vec<Vec<AnyView>>,
    empty: &'static str,
) -> AnyView {
    sorted_table(label, heads, rows, empty, None)
}

/// The same with headings that sort.
pub(crate) fn sorted_table(
    label: &'static str,
    heads: &[&'static str],
    rows: Vec<Vec<AnyView>>,
    empty: &'static str,
    sorting: Option<&Sorting>,
) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="records-empty">{empty}</p> }.into_any();
    }
    let heads = heads.iter().zip(0_u8..).map(|(head, column)| heading(head, column, sorting)).collect_view();
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

fn heading(head: &'static str, column: u8, sorting: Option<&Sorting>) -> AnyView {
    let Some(Sorting { by, href }) = sorting else {
        return view! { <th scope="col">{head}</th> }.into_any();
    };
    let descending = by.filter(|(sorted, _)| *sorted == column).map(|(_, descending)| descending);
    let (order, mark) = match descending {
        None => ("none", ""),
        Some(false) => ("ascending", " \u{25b2}"),
        Some(true) => ("descending", " \u{25bc}"),
    };
    let href = href(column, descending == Some(false));
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
