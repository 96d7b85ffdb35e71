//! Links that lead away from an action: to its alert, and out of this site.

use leptos::prelude::*;

use crate::actions::location::investigation_href;
use domain::Alert;
use domain::actions::proposal::is_web_url;
use domain::investigations::Tab;
use kit::icon::Icon;
use kit::visible_text::VisibleText;

/// The alert: of an investigation, its page here, and beside it where the proposer shows it.
pub fn alert(alert: &Alert, investigation: Option<&str>) -> AnyView {
    let Some(investigation) = investigation else { return outside(alert.title.clone(), alert.url.clone()) };
    let href = format!("{}?tab={}", investigation_href(investigation), Tab::Alerts.as_str());
    let elsewhere = alert.url.clone().filter(|url| is_web_url(url));
    view! {
        <a href=href>
            <VisibleText text=alert.title.clone()/>
        </a>
        {elsewhere.map(|url| view! { " (" {outside("where it was raised".to_owned(), Some(url))} ")" })}
    }
    .into_any()
}

/// A link only where its scheme is the web's: anything else could run here.
pub fn outside(text: String, url: Option<String>) -> AnyView {
    match url.filter(|url| is_web_url(url)) {
        Some(url) => view! {
            <a href=url rel="noopener noreferrer external" target="_blank">
                <VisibleText text/>
                <Icon name="external"/>
                <span class="visually-hidden">" (opens in a new tab)"</span>
            </a>
        }
        .into_any(),
        None => view! { <VisibleText text/> }.into_any(),
    }
}
