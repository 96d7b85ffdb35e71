//! A section of the details: a heading, and labels with their values.

use leptos::prelude::*;

/// One label with its value.
pub type Fact = (&'static str, AnyView);

/// Nothing at all if there are no facts.
#[component]
pub fn Facts(
    /// The heading.
    title: &'static str,
    /// What stands below it.
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
