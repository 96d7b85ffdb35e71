//! What a person can do, and for the rest what is missing and who has it, as a table.

use leptos::prelude::*;

use crate::settings::sheet::table;
use domain::access::contract::AccessAnswer;

/// Each permission: held and where, or what is missing and who has it.
pub(super) fn answered(answer: &AccessAnswer) -> AnyView {
    let rows = answer
        .permissions
        .iter()
        .map(|of| {
            let within = of.device_groups.as_ref().map(|groups| {
                let names: Vec<_> = groups.iter().map(String::as_str).collect();
                if names.is_empty() {
                    " in no device group".to_owned()
                } else {
                    format!(" in {}", names.join(", "))
                }
            });
            let held = if of.held { format!("Yes{}", within.unwrap_or_default()) } else { "No".to_owned() };
            let needs = of.needs.as_ref().map(|needs| format!("Needs {needs}")).unwrap_or_default();
            let holders =
                if of.holders.is_empty() { "Nobody else".to_owned() } else { of.holders.join(", ") };
            vec![of.permission.label().into_any(), held.into_any(), needs.into_any(), holders.into_any()]
        })
        .collect();
    table("Permissions", &["Permission", "Held", "Missing", "Who has it"], rows, "")
}
