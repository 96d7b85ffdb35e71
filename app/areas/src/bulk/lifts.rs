//! What an undo of many lifts beside them: others by which the same stands, each with a link.

use leptos::prelude::*;

use crate::actions::location::ListLocation;
use domain::Lane;
use domain::bulk::ActionLine;
use domain::core::text::{format_count, pluralize};
use kit::icon::Icon;
use kit::short_text::ShortText;

/// Rows that are shown.
const MAX_SHOWN: usize = 20;

/// The others, or nothing where there are none.
pub(super) fn lifts(others: Vec<ActionLine>) -> Option<AnyView> {
    if others.is_empty() {
        return None;
    }
    let title = format!("Also lifts {}", pluralize(others.len() as u64, "other action", "other actions"));
    let more = others.len().saturating_sub(MAX_SHOWN);
    let row = |of: ActionLine| {
        let href = ListLocation::new(Lane::History).with_open(of.id).href();
        view! {
            <tr>
                <td>{of.action_type.label()}</td>
                <th scope="row">
                    <a href=href>
                        <ShortText text=of.entity/>
                    </a>
                </th>
                <td>
                    <ShortText text=of.asset/>
                </td>
            </tr>
        }
        .into_any()
    };
    let rows = others.into_iter().take(MAX_SHOWN).map(row).collect_view();
    let view = view! {
        <section class="bulk-part">
            <h2>
                <Icon name="copy"/>
                {title}
            </h2>
            <p>"The same stands by them, too. It is lifted for all of them."</p>
            <div class="bulk-table lifts" tabindex="0" role="region" aria-label="Also lifted">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Action type"</th>
                            <th scope="col">"Entity"</th>
                            <th scope="col">"Asset"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {(more > 0).then(|| view! { <p class="bulk-more">"and " {format_count(more)} " more"</p> })}
        </section>
    };
    Some(view.into_any())
}
