//! Policies: what is protected, and what one person let happen alone.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::actions::location::ListLocation;
use crate::page::PageContext;
use crate::settings::form::{button, check, choices, confirm, field, form, opened, text};
use crate::settings::sheet::{Sheet, loaded, part, table};
use api::{AddProtection, PoliciesView, RemoveProtection, ReviewBreakGlass, load_policies};
use domain::actions::break_glass::BreakGlassUse;
use domain::policies::{Demand, Protection};
use domain::{ActionType, Criticality, Lane};
use kit::time::full;
use kit::visible_text::VisibleText;

kit::page! {
    module: administration,
    function: policies / preload_policies,
    paths: ["/settings/policies"],
    view: view! { <Policies/> }.into_any(),
}

/// The page of policies.
#[component]
fn Policies() -> impl IntoView {
    let sheet = Sheet::new();
    let view = sheet.load(load_policies);
    let body = loaded(view, move |_, PoliciesView { protections, uses }: &PoliciesView| {
        view! {
            {protected(sheet, protections)}
            {reviewed(sheet, uses)}
        }
        .into_any()
    });
    sheet.page(
        "Policies",
        "What is protected: no rule decides on it, Take action and Undo wait for somebody else, and a decision asks for a second factor.",
        body,
    )
}

fn protected(sheet: Sheet, protections: &[Protection]) -> AnyView {
    let row = |of: &Protection| {
        let fields = view! {
            <input type="hidden" name="name" value=of.name.clone()/>
            {confirm("Yes: one person, or a rule, may decide on it from now on")}
            {button("Remove", false)}
        };
        vec![
            view! { <VisibleText text=of.name.clone()/> }.into_any(),
            view! { <VisibleText text=of.when.in_words()/> }.into_any(),
            of.demand.label().into_any(),
            opened(
                format!("Remove {}", of.name),
                form(sheet, RemoveProtection::PATH, "It is protected no more.", fields.into_any()),
            ),
        ]
    };
    let administers =
        use_context::<PageContext>().and_then(|context| context.who).is_some_and(|who| who.administers);
    let headings: &[_] = if administers {
        &["Name", "What is protected", "What is asked for", "Remove"]
    } else {
        // What is left over of a row has no heading, and is not shown.
        &["Name", "What is protected", "What is asked for"]
    };
    let none = "Nothing is protected yet.";
    view! {
        {table("Protections", headings, protections.iter().map(row).collect(), none)}
        {administers.then(|| opened("Protect something".to_owned(), editor(sheet)))}
    }
    .into_any()
}

fn editor(sheet: Sheet) -> AnyView {
    let demands: Vec<_> = Demand::ALL
        .iter()
        .map(|of| {
            let selected = *of == Demand::SecondPerson;
            view! { <option value=of.as_str() selected=selected>{of.label()}</option> }.into_any()
        })
        .collect();
    let criticalities: Vec<_> = Criticality::ALL
        .iter()
        .map(|of| view! { <option value=of.as_str()>{of.label()} " or more"</option> }.into_any())
        .collect();
    let types = ActionType::ALL
        .iter()
        .map(|of| check("types[]", of.as_str().to_owned(), of.label().to_owned(), false))
        .collect();
    let demand = view! { <select name="demand">{demands}</select> };
    let criticality = view! {
        <select name="criticality">
            <option value="">"Any"</option>
            {criticalities}
        </select>
    };
    let least = view! { <input type="number" name="min_assets" min="1"/> };
    let fields = view! {
        {text("Name, for example domain controllers", "name", String::new(), true)}
        {field("What is asked for", demand.into_any())}
        {text("Named (* for any letters, ? for any one), for example dc-*", "pattern", String::new(), false)}
        {text("In the device group", "device_group", String::new(), false)}
        {field("Criticality", criticality.into_any())}
        {field("Devices, mailboxes or accounts affected, at least", least.into_any())}
        {opened("Only some types of action".to_owned(), choices("Types", types))}
        {button("Protect", true)}
    };
    form(sheet, AddProtection::PATH, "It is protected.", fields.into_any())
}

fn reviewed(sheet: Sheet, uses: &[BreakGlassUse]) -> AnyView {
    let row = |of: &BreakGlassUse| {
        let href = ListLocation::new(Lane::History).with_open(of.action).href();
        let answer = if let Some(review) = &of.review {
            view! {
                <VisibleText text=review.by.clone()/>
                ", "
                {full(review.at)}
                ": "
                <VisibleText text=review.comment.clone()/>
            }
            .into_any()
        } else {
            let comment = view! { <textarea name="comment" rows="2" required></textarea> };
            let fields = view! {
                <input type="hidden" name="id" value=of.action.to_string()/>
                {field("What you found", comment.into_any())}
                {button("Review", false)}
            };
            let body = form(sheet, ReviewBreakGlass::PATH, "It is reviewed.", fields.into_any());
            opened("Review".to_owned(), body)
        };
        vec![
            full(of.at).into_any(),
            view! { <VisibleText text=of.by.clone()/> }.into_any(),
            view! {
                <a href=href>
                    {of.action_type.label()} ": " <VisibleText text=of.entity.clone()/>
                </a>
            }
            .into_any(),
            view! { <VisibleText text=of.policy.clone()/> }.into_any(),
            view! { <VisibleText text=of.reason.clone()/> }.into_any(),
            answer,
        ]
    };
    let open = uses.iter().filter(|of| of.review.is_none()).count();
    let headings = &["When", "Who", "Action", "Policy", "Reason", "Review"];
    let none = "Nobody let anything happen alone.";
    part(
        "Break-glass",
        Some("What one person approved alone. Somebody else reviews it."),
        view! {
            <p class="settings-note">{format!("To be reviewed: {open}.")}</p>
            {table("Break-glass", headings, uses.iter().map(row).collect(), none)}
        }
        .into_any(),
    )
}
