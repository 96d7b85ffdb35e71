//! The targets of an action that has several: a table of how it stands with each.

use leptos::prelude::*;

use crate::actions::badges::Badged;
use domain::actions::targets::TargetState;
use domain::core::text::pluralize;
use domain::{Status, UndoState};
use kit::badge::Badge;
use kit::time::localize;
use kit::visible_text::VisibleText;

/// The table; nothing for an action with one target.
pub(super) fn targets(targets: &[TargetState]) -> Option<AnyView> {
    if targets.is_empty() {
        return None;
    }
    let rows: Vec<_> = targets.iter().cloned().map(row).collect();
    let title = pluralize(targets.len() as u64, "target", "targets");
    let view = view! {
        <section class="facts target-states">
            <h3>{title}</h3>
            <div class="target-scroll" tabindex="0" role="region" aria-label="Targets">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Device"</th>
                            <th scope="col">"Status"</th>
                            <th scope="col">"Executor"</th>
                            <th scope="col">"In words"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    };
    Some(view.into_any())
}

fn row(of: TargetState) -> AnyView {
    let TargetState { name, criticality, executor, status, detail, undo, .. } = of;
    let who = executor.unwrap_or_else(|| "None connected".to_owned());
    view! {
        <tr>
            <th scope="row">
                <VisibleText text=name/>
                {criticality.map(|of| format!(", {} criticality", of.label().to_lowercase()))}
            </th>
            <td>
                {(status != Status::None).then(|| view! { <Badge look=status.badge()/> })}
                {(undo != UndoState::None).then(|| view! { <Badge look=undo.badge()/> })}
            </td>
            <td><VisibleText text=who/></td>
            <td><VisibleText text=localize(&detail.unwrap_or_default())/></td>
        </tr>
    }
    .into_any()
}
