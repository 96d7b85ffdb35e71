//! A section of the details: a heading, and labels with their values.

use leptos::prelude::*;

/// A label with its value.
pub type Fact = (&'static str, AnyView);

/// A titled list of labels with their values; nothing if it is empty.
#[component]
pub fn Facts(
    /// The heading.
    title: &'static str,
    /// The labels with their values.
    facts: Vec<Fact>,
) -> impl IntoView {
    (!facts.is_empty()).then(|| {
        let facts = facts
            .into_iter()
            .map(|(label, value)| {
                view! {
                    <div class="fact">
                        <dt>{label}</dt>
                        <dd>{value}</dd>
                    </div>
                }
                .into_any()
            })
            .collect_view();
        view! {
            <section class="facts">
                <h3>{title}</h3>
                <dl>{facts}</dl>
            </section>
        }
    })
}
