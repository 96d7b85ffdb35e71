//! What hosts made for an action, each with a link that downloads it.

use leptos::prelude::*;

use domain::actions::contract::{ActionDetail, Availability};
use domain::actions::package::KeptPackage;
use kit::facts::Fact;
use kit::time::full;
use kit::visible_text::VisibleText;

/// A label with what stands beside it, for each of them.
pub fn facts(detail: &ActionDetail) -> Vec<Fact> {
    let id = detail.action.id;
    let fact = |package: &KeptPackage| {
        let KeptPackage { command_id, name, size, sha256, responder, expires_at, .. } = package.clone();
        let link = match &detail.download {
            Availability::Allowed => {
                let href = format!("/export/actions/{id}/package?command={command_id}");
                view! {
                    <a href=href rel="external" download>"Download " <VisibleText text=name/></a>
                }
                .into_any()
            }
            Availability::Denied(why) => view! { <VisibleText text=name/> " (" {why.clone()} ")" }.into_any(),
        };
        let about = view! {
            {link}
            ", " {bytes(size)} ", made and signed by " <VisibleText text=responder/> ". SHA-256 "
            <code>{sha256}</code> ". Kept until " {full(expires_at)} "; each download is recorded."
        };
        ("Package", about.into_any())
    };
    detail.packages.iter().map(fact).collect()
}

fn bytes(size: u64) -> String {
    match size {
        0..1_024 => format!("{size} bytes"),
        1_024..1_048_576 => format!("{} KiB", size.div_ceil(1_024)),
        _ => format!("{} MiB", size.div_ceil(1_048_576)),
    }
}
