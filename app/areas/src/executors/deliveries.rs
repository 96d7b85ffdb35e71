//! What a webhook was sent and what it answered, each to be looked at and sent again.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use api::{Load, ReplayDelivery, load_deliveries};
use domain::executors::contract::Delivery;
use kit::time::full;
use kit::visible_text::VisibleText;

/// The log of one executor.
#[component]
pub(super) fn Deliveries(
    /// Its name.
    name: String,
) -> impl IntoView {
    let of = name.clone();
    let deliveries =
        Load::new(move || of.clone(), |name| async move { load_deliveries(name).await.unwrap_or_default() });
    let content = move || deliveries.get().map(|deliveries| table(&name, deliveries));
    view! {
        <section class="executor-answers">
            <h2>"Deliveries"</h2>
            <Suspense fallback=|| ()>{move || content()}</Suspense>
        </section>
    }
}

fn table(name: &str, deliveries: Vec<Delivery>) -> AnyView {
    if deliveries.is_empty() {
        return view! { <p>"Nothing was sent yet."</p> }.into_any();
    }
    let rows: Vec<_> = deliveries.into_iter().map(|of| row(name, of)).collect();
    view! {
        <table class="executors-table">
            <thead>
                <tr>
                    <th scope="col">"When"</th>
                    <th scope="col">"Answer"</th>
                    <th scope="col">"Took"</th>
                    <th scope="col">"Message"</th>
                    <th scope="col">"Again"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

fn row(name: &str, of: Delivery) -> AnyView {
    let Delivery { id, command, at, milliseconds, status, request, answer, again, .. } = of;
    let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let label = format!("Send again the delivery of {}", full(at));
    view! {
        <tr>
            <td>{full(at)} {again.then_some(", sent again")}</td>
            <td>{status} ": " <VisibleText text=answer/></td>
            <td class="number">{milliseconds} " ms"</td>
            <td>
                <details>
                    <summary><code>{command.to_string()}</code></summary>
                    <pre class="delivery-text"><VisibleText text=request/></pre>
                </details>
            </td>
            <td>
                <form method="post" action=ReplayDelivery::PATH>
                    <input type="hidden" name="name" value=name.to_owned()/>
                    <input type="hidden" name="id" value=id.to_string()/>
                    <button class="button" type="submit" aria-label=label>"Send again"</button>
                </form>
            </td>
        </tr>
    }
    .into_any()
}
