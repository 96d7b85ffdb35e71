//! Similar actions in buckets, each of which leads to the list of its own: there they are decided together, but some.

use std::sync::Arc;

use leptos::prelude::*;

use crate::actions::badges::Badged;
use crate::actions::location::ListLocation;
use domain::actions::similar::{Bucket, Buckets, Similarity};
use domain::core::text::format_count;
use domain::core::time::Timestamp;
use kit::badge::Badge;
use kit::derived::Derived;
use kit::short_text::ShortText;
use kit::when::When;

/// Characters at the end of a hash that tell it from others.
const END: usize = 12;

/// The groups, the largest first.
#[component]
pub(crate) fn BucketList(
    /// The list's location.
    location: Memo<ListLocation>,
    /// The groups.
    buckets: Buckets,
    /// The page's current time.
    now: Derived<Timestamp>,
) -> impl IntoView {
    let Buckets { buckets, more, .. } = buckets;
    let note = match (buckets.is_empty(), more) {
        (true, _) => Some(
            "No two actions of this list are alike. Those of one type on the same file, or of the same campaign or \
             investigation, appear here as one.",
        ),
        (false, true) => {
            Some("There may be more: only the largest groups of the most urgent actions are listed.")
        }
        (false, false) => None,
    };
    let items = buckets.into_iter().map(|bucket| item(bucket, location, now)).collect_view();
    view! {
        {note.map(|note| view! { <p class="side-panel-note">{note}</p> })}
        <ul class="bucket-list">{items}</ul>
    }
    .into_any()
}

fn item(bucket: Bucket, location: Memo<ListLocation>, now: Derived<Timestamp>) -> AnyView {
    let Bucket { action_type, by, example, title, count, more, oldest, newest, assets, severity } = bucket;
    let id: Arc<str> = example.to_string().into();
    let same = Arc::clone(&id);
    let href = move || location.read().closed().with("similar", Some(&id)).with_panel(None).href();
    let current = move || location.read().has("similar", &same).then_some("true");
    let end = match &by {
        Similarity::File(sha256) => {
            sha256.get(sha256.len().saturating_sub(END)..).map(|end| format!(" …{end}"))
        }
        _ => None,
    };
    let count = format!("{}{} actions", format_count(count), if more { "+" } else { "" });
    let assets =
        if assets == 1 { " on 1 asset".to_owned() } else { format!(" on {} assets", format_count(assets)) };
    view! {
        <li>
            <a class="bucket" href=move || href() aria-current=move || current() data-noscroll>
                <span class="bucket-head">
                    <span class="bucket-type">{action_type.label()}</span>
                    <Badge look=severity.badge()/>
                </span>
                <span class="bucket-name">
                    <ShortText text=title/>
                </span>
                <span class="bucket-line">{by.label()} {end}</span>
                <span class="bucket-count">{count} {assets}</span>
                <span class="bucket-line">"first " <When at=oldest now/> ", last " <When at=newest now/></span>
            </a>
        </li>
    }
    .into_any()
}
