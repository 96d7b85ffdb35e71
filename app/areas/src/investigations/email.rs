//! The page of an email message or a cluster: what it says of itself, where each copy was and is, and what is done with it.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::address::decoded;
use super::page::missing;
use super::records::{link, optional, optional_time, table, text, time};
use crate::actions::badges::Badged;
use crate::actions::location::{ListLocation, email_href, investigation_href};
use api::{ApiError, Load, load_email};
use domain::investigations::email::{ClusterView, EmailCopy, EmailPiece, EmailView};
use domain::{Action, ErrorCode, Verdict};
use kit::badge::Badge;
use kit::failure::Failure;
use kit::skeleton::Skeleton;
use kit::visible_text::VisibleText;

kit::page! {
    module: investigations,
    function: email / preload_email,
    paths: ["/emails/:id"],
    view: view! { <Email/> }.into_any(),
}

/// The page.
#[component]
fn Email() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| decoded(&params.read().get("id").unwrap_or_default()));
    let email: Load<Result<EmailView, ApiError>> =
        Load::new(move || id.get(), |id| async move { load_email(id).await });
    let content = move || {
        let answer = email.get()?;
        Some(match answer {
            Ok(of) => shown(of),
            Err(ApiError { code: ErrorCode::NotFound, .. }) => missing("email", "/action-center/pending"),
            Err(ApiError { code, .. }) => {
                let href = Signal::derive(move || email_href(&id.read()));
                view! { <Failure title="The email could not be loaded" code href retry=move |()| email.refetch()/> }
                    .into_any()
            }
        })
    };
    view! {
        <Title text="Email · Countersign"/>
        <div class="case">
            <Transition fallback=Skeleton>
                <div class="slot">{move || content()}</div>
            </Transition>
        </div>
    }
}

fn shown(of: EmailView) -> AnyView {
    let EmailView { messages, cluster, verdict, actions, investigations, .. } = of;
    let one = messages.len() == 1 && cluster.as_ref().is_none_or(|cluster| cluster.messages == 0);
    let subject = match (&cluster, messages.first()) {
        (Some(cluster), _) if !one => cluster.subject.clone(),
        (_, Some(message)) => message.subject.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let title = if subject.is_empty() { "(no subject)".to_owned() } else { subject };
    let what = if one { "Email message" } else { "Email cluster" };
    let investigations = investigations
        .into_iter()
        .map(|id| view! { <li>{link(investigation_href(&id), id.clone())}</li> }.into_any())
        .collect_view();
    let parts = if one {
        messages.into_iter().next().map(|message| message_parts(message, cluster))
    } else {
        cluster.map(|cluster| cluster_parts(cluster, messages))
    };
    view! {
        <header class="case-part">
            <h1><VisibleText text=title/></h1>
            <p class="case-badges">
                <span class="badge neutral i-info">{what}</span>
                {verdict.map(|verdict| view! { <Badge look=verdict.badge()/> })}
            </p>
        </header>
        {parts}
        {part("Actions", done(actions))}
        {part("Investigations", view! { <ul class="case-story">{investigations}</ul> }.into_any())}
    }
    .into_any()
}

fn part(heading: &'static str, content: AnyView) -> AnyView {
    view! {
        <section class="case-part">
            <h2>{heading}</h2>
            {content}
        </section>
    }
    .into_any()
}

fn facts(facts: Vec<(&'static str, AnyView)>) -> AnyView {
    let facts = facts
        .into_iter()
        .map(|(label, value)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> }.into_any())
        .collect_view();
    view! { <dl class="case-facts">{facts}</dl> }.into_any()
}

fn verdict(of: Option<Verdict>) -> AnyView {
    of.map_or_else(|| "–".into_any(), |verdict| view! { <Badge look=verdict.badge()/> }.into_any())
}

fn message_parts(message: EmailPiece, cluster: Option<ClusterView>) -> AnyView {
    let recipients = if message.recipients.is_empty() { None } else { Some(message.recipients.join(", ")) };
    let cluster =
        cluster.map_or_else(|| "–".into_any(), |of| link(email_href(&of.cluster_id), of.cluster_id.clone()));
    let head = facts(vec![
        ("Sender", optional(message.sender)),
        ("Recipients", optional(recipients)),
        ("Message-ID", text(message.message_id)),
        ("Received", optional_time(message.received_at)),
        ("Delivery", message.delivery.map_or("–", |of| of.label()).into_any()),
        ("Cluster", cluster),
    ]);
    let checks =
        message.authentication.into_iter().map(|of| vec![text(of.method), text(of.result)]).collect();
    let urls = message.urls.into_iter().map(|of| vec![text(of.url), verdict(of.verdict)]).collect();
    let files = message
        .attachments
        .into_iter()
        .map(|of| vec![text(of.file_name), verdict(of.verdict), optional(of.sha256)])
        .collect();
    view! {
        {part("Message", head)}
        {part("Where each copy is", table(
            "Where each copy is",
            &["Mailbox", "Delivery", "Delivered", "Now", "Known since"],
            message.copies.into_iter().map(copy).collect(),
            "No copy is known.",
        ))}
        {part("Authentication", table(
            "Authentication",
            &["Check", "Result"],
            checks,
            "No result of SPF, DKIM or DMARC is known.",
        ))}
        {part("Links", table("Links", &["Link", "Verdict"], urls, "No link is known."))}
        {part("Attachments", table(
            "Attachments",
            &["File", "Verdict", "SHA-256"],
            files,
            "No attachment is known.",
        ))}
    }
    .into_any()
}

fn copy(of: EmailCopy) -> Vec<AnyView> {
    vec![
        text(of.mailbox),
        of.delivery.map_or("–", |of| of.label()).into_any(),
        optional_time(of.delivered_at),
        of.location.map_or("–", |of| of.label()).into_any(),
        optional_time(of.located_at),
    ]
}

fn cluster_parts(cluster: ClusterView, messages: Vec<EmailPiece>) -> AnyView {
    let number = |of: Option<u32>| of.map_or_else(|| "–".to_owned(), |of| of.to_string()).into_any();
    let head = facts(vec![
        ("Cluster ID", text(cluster.cluster_id)),
        ("Messages", cluster.messages.to_string().into_any()),
        ("Mailboxes", number(cluster.mailboxes)),
        ("Delivered", number(cluster.delivered)),
        ("Delivered to junk", number(cluster.junked)),
        ("Blocked", number(cluster.blocked)),
    ]);
    let row = |of: EmailPiece| {
        vec![
            link(email_href(&of.message_id), of.message_id.clone()),
            optional(of.sender),
            text(of.recipients.join(", ")),
            of.delivery.map_or("–", |of| of.label()).into_any(),
            optional_time(of.received_at),
        ]
    };
    let heads = ["Message-ID", "Sender", "Recipients", "Delivery", "Received"];
    let rows = messages.into_iter().map(row).collect();
    view! {
        {part("Cluster", head)}
        {part("Messages", table("Messages", &heads, rows, "Its tool named none of its messages."))}
    }
    .into_any()
}

fn done(actions: Vec<Action>) -> AnyView {
    let row = |of: Action| {
        let lane = of.lifecycle().map_or(domain::Lane::History, |lifecycle| lifecycle.state().lane());
        let href = ListLocation::new(lane).with_open(of.id).href();
        vec![
            link(href, of.action_type.label()),
            text(of.asset.name),
            view! { <Badge look=of.decision.badge()/> }.into_any(),
            view! { <Badge look=of.status.badge()/> }.into_any(),
            time(of.updated_at),
        ]
    };
    let heads = ["Action", "Mailbox", "Decision", "Status", "Updated"];
    table("Actions", &heads, actions.into_iter().map(row).collect(), "No action was proposed on it.")
}
