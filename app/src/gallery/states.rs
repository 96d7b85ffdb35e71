//! What stands where content would be: loading, nothing there, failed, and what is announced.

use leptos::prelude::*;

use super::section;
use areas::actions::list::empty::{EmptyLane, Narrowed};
use areas::page::demo_banner::DemoBanner;
use domain::{ErrorCode, Lane};
use kit::failure::Failure;
use kit::notice::{Announcement, Notice};
use kit::skeleton::Skeleton;

pub(super) fn chapter() -> AnyView {
    view! {
        {section("The very first load", view! { <div class="wide-state"><Skeleton/></div> })}
        {section("Nothing there", empty())}
        {section("It did not load", failures())}
        {section("What became of a decision", notices())}
        {section("On every page of the demo", view! { <div class="wide-state"><DemoBanner/></div> })}
    }
    .into_any()
}

fn empty() -> impl IntoView {
    let lanes = Lane::ALL.iter().map(|&lane| (lane, None)).chain([(Lane::Pending, Some(Narrowed::Both))]);
    lanes
        .map(|(lane, narrowed)| {
            view! {
                <div class="stand">
                    <EmptyLane lane narrowed elsewhere=Vec::new()/>
                </div>
            }
        })
        .collect_view()
}

fn failures() -> impl IntoView {
    [ErrorCode::Busy, ErrorCode::Internal, ErrorCode::Invalid, ErrorCode::NotFound]
        .map(|code| {
            view! {
                <div class="stand">
                    <Failure title="The list could not be loaded" code href=|| "#states".to_owned() retry=|| ()/>
                </div>
            }
        })
        .collect_view()
}

fn notices() -> impl IntoView {
    let news = [
        Announcement::Done("Approved. Waiting for the executor.".to_owned()),
        Announcement::failed_before(ErrorCode::Conflict),
        Announcement::Failed {
            code: ErrorCode::Forbidden,
            detail: Some("this needs Search and Purge as well; Ana Lima has it".to_owned()),
        },
    ];
    news.map(|news| {
        view! {
            <div class="wide-state">
                <Notice news=RwSignal::new(Some(news))/>
            </div>
        }
    })
    .collect_view()
}
