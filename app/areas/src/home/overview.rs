//! The home page: what waits, what is stuck, how decisions went. Every number leads to the list that it counts.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::actions::badges::Badged;
use crate::actions::location::{ListLocation, view_href};
use crate::live::outage::Outage;
use api::{ApiError, Load, load_home};
use domain::core::text::{format_count, format_duration, pluralize};
use domain::core::time::Timestamp;
use domain::home::{Day, HomeView, Number, SLOW_MINUTES, Waiting};
use domain::investigations::InvestigationState;
use domain::investigations::feedback::RuleQuality;
use domain::{AssetKind, Lane};
use kit::badge::Badge;
use kit::chart::{Chart, Series};
use kit::clock::ticking;
use kit::deadline::Deadline;
use kit::derived::{Derived, derived};
use kit::failure::Failure;
use kit::icon::Icon;
use kit::navigation::NavigationRow;
use kit::short_text::ShortText;
use kit::skeleton::Skeleton;
use kit::time::{ago, full};
use kit::visible_text::VisibleText;

type Loaded = Load<Result<HomeView, ApiError>>;

kit::page! {
    module: home,
    function: overview / preload_overview,
    paths: ["/"],
    navigation: NavigationRow::new("Home", "home", "/"),
    view: view! { <Overview/> }.into_any(),
}

/// The home page.
#[component]
fn Overview() -> impl IntoView {
    let (outage, kept) = (Outage::current(), StoredValue::new(None));
    let home: Loaded = Load::new(
        || (),
        move |()| async move {
            let answer = load_home().await;
            outage.keep(kept, "", answer)
        },
    );
    outage.remember(kept, move || {
        let loaded = home.read();
        Some((String::new(), loaded.as_deref()?.as_ref().ok()?.clone()))
    });
    outage.again(move || home.refetch());
    view! {
        <Title text="Home · Countersign"/>
            <div class="home">
                <header class="page-head">
                    <h1>"Home"</h1>
                </header>
                <Transition fallback=Skeleton>
                    <Cards home/>
                </Transition>
            </div>
    }
}

#[component]
fn Cards(home: Loaded) -> impl IntoView {
    let rendered_at = derived(move || {
        let home = home.read();
        let home = home.as_deref().and_then(|home| home.as_ref().ok());
        home.map_or(Timestamp::UNIX_EPOCH, |home| home.rendered_at)
    });
    let now = ticking(rendered_at);
    let content = move || {
        home.get().map(|answer| match answer {
            Ok(home) => cards(home, now),
            Err(ApiError { code, .. }) => {
                let retry = move |()| home.refetch();
                view! {
                    <Failure title="The home page could not be loaded" code href="/" retry/>
                }
                .into_any()
            }
        })
    };
    view! { <div class="slot">{move || content()}</div> }.into_any()
}

fn cards(home: HomeView, now: Derived<Timestamp>) -> AnyView {
    let times = times(&home);
    let stuck = stuck(&home);
    let investigations = (!home.investigations.is_empty()).then(|| by_state(&home.investigations));
    let verdicts = (!home.noisiest.is_empty()).then(|| wrong_verdicts(&home.noisiest));
    let days = home.days.iter().map(|day| day.date.clone()).collect();
    let series = series(&home.days);
    view! {
        <div class="cards">
            {waiting(home, now)}
            <section class="card" aria-labelledby="home-stuck">
                <h2 id="home-stuck">"What is stuck"</h2>
                {stuck}
            </section>
            <section class="card" aria-labelledby="home-times">
                <h2 id="home-times">"Median time to decision"</h2>
                {times}
            </section>
            {investigations}
            {verdicts}
            <section class="card wide" aria-labelledby="home-decisions">
                <h2 id="home-decisions">"Decisions over time"</h2>
                <p class="card-note">"The last 30 days, in UTC. Each row has its own scale."</p>
                <Chart
                    caption="Decisions by day, newest first; days are those of UTC"
                    days
                    series
                />
            </section>
        </div>
    }
    .into_any()
}

fn waiting(home: HomeView, now: Derived<Timestamp>) -> AnyView {
    let total = home.total_waiting();
    let content = if total == 0 { nothing_waits() } else { what_waits(home, total, now) };
    view! {
        <section class="card tall" aria-labelledby="home-waiting">
            <h2 id="home-waiting">"Automated investigation & response"</h2>
            {content}
        </section>
    }
    .into_any()
}

fn nothing_waits() -> AnyView {
    view! {
        <p class="card-lead">"Nothing waits for a decision."</p>
        <p class="card-note">
            "Actions that tools and investigations propose appear here until someone approves or rejects them."
        </p>
        <a class="button" href=ListLocation::new(Lane::History).href()>
            "See what was done"
        </a>
    }
    .into_any()
}

fn what_waits(home: HomeView, total: u64, now: Derived<Timestamp>) -> AnyView {
    let pending = ListLocation::new(Lane::Pending).href();
    let severities = home
        .waiting
        .into_iter()
        .filter(|(_, number)| number.count > 0)
        .map(|(severity, number)| {
            view! {
                <li>
                    <a class="severity-link" href=list(&number)>
                        <Badge look=severity.badge()/>
                        <span class="number">{counted(&number)}</span>
                    </a>
                </li>
            }
            .into_any()
        })
        .collect_view();
    let affected =
        home.affected.iter().map(|(kind, count)| assets(*kind, *count)).collect::<Vec<_>>().join(", ");
    let oldest = home.oldest.map(|oldest| {
        let at = oldest.proposed_at;
        let age = view! {
            " · "
            <time datetime=at.to_string() title=full(at)>
                {move || ago(at, now.get())}
            </time>
        }
        .into_any();
        view! {
            <div class="fact">
                <dt>"Oldest"</dt>
                <dd>
                    {named(&oldest, Some(age))}
                </dd>
            </div>
        }
        .into_any()
    });
    let expiring = home
        .expiring
        .into_iter()
        .map(|waiting| {
            view! {
                <li>
                    <span class="expiring-name">{named(&waiting, None)}</span>
                    <Deadline until=waiting.expires_at now/>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <p class="card-lead">
            {pluralize(total, "action waits for a decision", "actions wait for a decision")}
        </p>
        <ul class="severities">{severities}</ul>
        <dl class="card-facts">
            <div class="fact">
                <dt>"Affected"</dt>
                <dd>{affected}</dd>
            </div>
            {oldest}
        </dl>
        <h3>"Expiring next"</h3>
        <ul class="expiring">{expiring}</ul>
        <a class="button primary" href=pending>
            <Icon name="shield"/>
            "Approve in Action Center"
        </a>
        <a href="/investigations?state=pending_approval">"Investigations that wait for approval"</a>
    }
    .into_any()
}

fn assets(kind: AssetKind, count: u64) -> String {
    match kind {
        AssetKind::Device => pluralize(count, "device", "devices"),
        AssetKind::Mailbox => pluralize(count, "mailbox", "mailboxes"),
        AssetKind::Account => pluralize(count, "person", "people"),
    }
}

/// A link that opens the action beside its list.
fn named(waiting: &Waiting, age: Option<AnyView>) -> AnyView {
    let href = ListLocation::new(Lane::Pending).with_open(waiting.id).href();
    let what = format!("{} · {}", waiting.action_type.info().name, waiting.asset);
    view! {
        <a href=href>
            <ShortText text=waiting.entity.clone()/>
        </a>
        " "
        <span class="meta"><VisibleText text=what/> " " {age}</span>
    }
    .into_any()
}

fn times(home: &HomeView) -> AnyView {
    let fact = |period: &'static str, median: Option<i64>| {
        let text = median.map_or_else(|| "no decisions".to_owned(), format_duration);
        view! {
            <div class="fact">
                <dt>{period}</dt>
                <dd class="figure">{text}</dd>
            </div>
        }
        .into_any()
    };
    view! {
        <dl class="card-facts">
            {fact("Last 7 days", home.median_week)} {fact("Last 30 days", home.median_month)}
        </dl>
        <p class="card-note">"From proposal to approval or rejection by a person."</p>
    }
    .into_any()
}

fn stuck(home: &HomeView) -> AnyView {
    let row = |number: &Number, what: String, why: &'static str| {
        let class = if number.count == 0 { "stuck-link none" } else { "stuck-link" };
        view! {
            <li>
                <a class=class href=list(number)>
                    <span class="number">{counted(number)}</span>
                    " "
                    <span class="stuck-what">{what}</span>
                </a>
                <p class="card-note">{why}</p>
            </li>
        }
        .into_any()
    };
    let slow = format!("queued or in progress for over {SLOW_MINUTES} minutes");
    view! {
        <ul class="stuck">
            {row(&home.unknown, "with an unknown outcome".to_owned(), "Sent, but no trustworthy answer came back: someone must look.")}
            {row(&home.slow, slow, "The executor is slow, or can't be reached.")}
            {row(&home.failed, "failed or timed out in the last 24 hours".to_owned(), "They will not be tried again.")}
        </ul>
    }
    .into_any()
}

/// Investigations by their state; each leads to those in it.
fn by_state(states: &[(InvestigationState, u64)]) -> AnyView {
    let rows = states
        .iter()
        .map(|(state, count)| {
            view! {
                <li>
                    <a class="state-link" href=format!("/investigations?state={state}")>
                        <span class="number">{format_count(*count)}</span>
                        " "
                        <span>{state.label()}</span>
                    </a>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="home-investigations">
            <h2 id="home-investigations">"Investigations by state"</h2>
            <ul class="states">{rows}</ul>
        </section>
    }
    .into_any()
}

/// The rules that were wrong most often, so that a noisy one is seen.
fn wrong_verdicts(rules: &[RuleQuality]) -> AnyView {
    let rows = rules
        .iter()
        .map(|of| {
            let share = of.percent_wrong().map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"));
            view! {
                <tr>
                    <th scope="row"><VisibleText text=of.rule.clone()/></th>
                    <td><VisibleText text=of.source.clone()/></td>
                    <td class="number">{format_count(of.false_positives)}</td>
                    <td class="number">{format_count(of.false_negatives)}</td>
                    <td class="number">{format_count(of.proposed)}</td>
                    <td class="number">{share}</td>
                </tr>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <section class="card wide" aria-labelledby="home-verdicts">
            <h2 id="home-verdicts">"Wrong verdicts"</h2>
            <p class="card-note">"The rules that people reported most in the last 30 days."</p>
            <div class="home-rules" role="region" aria-labelledby="home-verdicts" tabindex="0">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Rule"</th>
                            <th scope="col">"Source"</th>
                            <th scope="col">"False positives"</th>
                            <th scope="col">"False negatives"</th>
                            <th scope="col">"Proposed"</th>
                            <th scope="col">"Wrong"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// A row for each kind of decision.
fn series(days: &[Day]) -> Vec<Series> {
    let row =
        |name, class, of: fn(&Day) -> u64| Series { name, class, numbers: days.iter().map(of).collect() };
    vec![
        row("Approved", "chart-row approved", |day| day.approved),
        row("Rejected", "chart-row rejected", |day| day.rejected),
        row("Automatic", "chart-row automatic", |day| day.automatic),
        row("Expired", "chart-row expired", |day| day.expired),
    ]
}

/// The number of a list; with a plus, if there are more.
fn counted(number: &Number) -> String {
    let text = format_count(number.count);
    if number.more { text + "+" } else { text }
}

fn list(number: &Number) -> String {
    view_href(number.lane, &number.shows)
}
