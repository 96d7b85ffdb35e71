//! What a column shows of an action. To add a column, add it to the domain's `Column`, to `cell` and to `width`.

use std::borrow::Cow;

use crate::actions::badges::Badged;
use domain::actions::break_glass::Exception;
use domain::actions::query::{Column, Filter};
use domain::actions::wire::parameter_text;
use domain::core::text::escape_controls;
use domain::core::time::Timestamp;
use domain::settings::preference::ColumnChoice;
use domain::{Action, ActionId, Actor, ActorKind, Criticality, Decision, Status, UndoState};
use kit::badge::BadgeStyle;
use kit::deadline::urgency;
use kit::markup::Markup;
use kit::short_text::{halves, head_of};
use kit::time::{Left, ago, full, localize};
use kit::visible_text::reveal_bidi;

/// Maximum bytes of a text without a tooltip: it fits into every column.
const FITS: usize = 14;

/// The default width of a column in pixels.
pub const fn width(column: Column) -> u16 {
    match column {
        Column::Severity => 120,
        Column::Proposed => 104,
        Column::Decision | Column::Undo => 128,
        Column::Expires | Column::EntityKind => 136,
        Column::Status => 172,
        Column::Updated | Column::Investigation | Column::Approval | Column::Incident => 144,
        Column::Source | Column::Technique => 184,
        Column::Entity | Column::Comment => 240,
        Column::ActionType
        | Column::Asset
        | Column::DecidedBy
        | Column::DeviceGroup
        | Column::ProposedBy
        | Column::Id
        | Column::Version
        | Column::ExternalId
        | Column::Decided
        | Column::Reason
        | Column::BreakGlass
        | Column::DecidedByPerson
        | Column::DecidedByToken
        | Column::Hash
        | Column::MessageId
        | Column::EntityDetails
        | Column::Reverses
        | Column::ReversedBy
        | Column::Parameters
        | Column::Result
        | Column::Digest => 168,
    }
}

/// A column of a table, and how wide it is there.
#[derive(Debug, Clone)]
pub struct SizedColumn {
    /// The column.
    pub column: Column,
    /// In pixels, as the attribute of its cells; none takes what is left.
    pub width: Option<Cow<'static, str>>,
    /// What a card says before it, where a person asked for it; none for what has its own place there.
    pub card_label: Option<&'static str>,
}

impl SizedColumn {
    /// As a person chose it, or as it is in a tab whose columns nobody chose: there the entity takes what is left.
    pub fn new(ColumnChoice { column, width: own }: ColumnChoice, chosen: bool) -> Self {
        let fixed = column != Column::Entity || own.is_some() || chosen;
        let width = fixed.then(|| own.unwrap_or(width(column)).to_string().into());
        let card_label = (chosen && !is_on_cards(column)).then(|| column.label());
        Self { column, width, card_label }
    }
}

/// Whether a card has a place of its own for it, as `cards.css` lays it out.
const fn is_on_cards(column: Column) -> bool {
    matches!(
        column,
        Column::Severity
            | Column::ActionType
            | Column::Entity
            | Column::Asset
            | Column::Updated
            | Column::Expires
            | Column::Status
    )
}

/// The class of a column.
pub const fn class(column: Column) -> &'static str {
    match column {
        Column::Updated => "col-updated",
        Column::Proposed => "col-proposed",
        Column::Severity => "col-severity",
        Column::Expires => "col-expires",
        Column::Decision => "col-decision",
        Column::Undo => "col-undo",
        Column::Status => "col-status",
        Column::EntityKind => "col-entity-kind",
        Column::DecidedBy => "col-decided-by",
        Column::ProposedBy => "col-proposed-by",
        Column::Investigation => "col-investigation",
        Column::Approval => "col-approval",
        Column::Incident => "col-incident",
        Column::ActionType => "col-action-type",
        Column::Asset => "col-asset",
        Column::DeviceGroup => "col-device-group",
        Column::Source => "col-source",
        Column::Technique => "col-technique",
        Column::Entity => "col-entity",
        Column::Comment => "col-comment",
        Column::Id
        | Column::Version
        | Column::ExternalId
        | Column::Decided
        | Column::Reason
        | Column::BreakGlass
        | Column::DecidedByPerson
        | Column::DecidedByToken
        | Column::Hash
        | Column::MessageId
        | Column::EntityDetails
        | Column::Reverses
        | Column::ReversedBy
        | Column::Parameters
        | Column::Result
        | Column::Digest => "col-fact",
    }
}

/// A cell that counts time from when it is, or until.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// Its column's class.
    pub column: &'static str,
    at: Timestamp,
    words: fn(Timestamp, Timestamp) -> (&'static str, String),
}

impl Tick {
    /// The classes and the words of a present.
    pub fn show(self, now: Timestamp) -> (String, String) {
        let (class, words) = (self.words)(self.at, now);
        (format!("{} {class}", self.column), words)
    }
}

/// A fact that stands in an export, as text.
fn fact(column: Column, action: &Action) -> String {
    let decider = |kind| action.taken_by().filter(|actor| actor.kind == kind).map(|actor| actor.name.clone());
    match column {
        Column::Id => Some(action.id.to_string()),
        Column::Version => Some(action.version.to_string()),
        Column::ExternalId => action.external_id.clone(),
        Column::Reason => action.taken_for().cloned(),
        Column::BreakGlass => action.break_glass.then(|| Exception::Yes.label().to_owned()),
        Column::DecidedByPerson => {
            let person = |actor: &&Actor| actor.kind == ActorKind::User || actor.person.is_some();
            action.taken_by().filter(person).map(|actor| actor.who().to_owned())
        }
        Column::DecidedByToken => decider(ActorKind::Token),
        Column::Hash => action.entity.hash().map(str::to_owned),
        Column::MessageId => action.entity.message_id().map(str::to_owned),
        Column::EntityDetails => Some(action.entity.details()),
        Column::Reverses => action.undo_of.map(|id| id.to_string()),
        Column::ReversedBy => action.undone_by.map(|id| id.to_string()),
        Column::Parameters => {
            let pairs = action
                .parameters
                .iter()
                .map(|(name, value)| format!("{name}={}", parameter_text(*name, value)));
            Some(pairs.collect::<Vec<_>>().join("; "))
        }
        Column::Result => action.status_detail.clone(),
        Column::Digest => Some(action.digest.clone()),
        _ => None,
    }
    .unwrap_or_default()
}

/// One cell: an element of its own and, but for the entity's link to `open`, nothing in it but its text. Those that
/// count time are noted in `ticks`.
pub fn cell(column: Column, action: &Action, open: &str, now: Timestamp, ticks: &mut Vec<Tick>) -> Markup {
    let name = class(column);
    let text = |text: Option<&String>| plain(name, text.map_or("", String::as_str));
    let mut tick = |at, words| {
        let tick = Tick { column: name, at, words };
        ticks.push(tick);
        let (class, text) = tick.show(now);
        Markup::new("td").with("class", class).with("title", full(at)).text(text).live()
    };
    match column {
        Column::Updated => tick(action.updated_at, how_long_ago),
        Column::Proposed => tick(action.proposed_at, how_long_ago),
        // Past its decision nothing expires any more.
        Column::Expires if action.decision == Decision::Pending => tick(action.expires_at, time_left),
        Column::Severity => mark(name, action.severity.badge(), None),
        Column::Decision => mark(name, action.decision.badge(), action.break_glass.then_some("break-glass")),
        Column::Undo if action.undo != UndoState::None => mark(name, action.undo.badge(), None),
        Column::Expires | Column::Undo => plain(name, ""),
        // How it was done stands in the details; what went wrong is said here.
        // What was undone stands no longer, however well it went.
        Column::Status if action.undo == UndoState::Undone => {
            let badge = BadgeStyle { label: action.status.badge().label, ..action.undo.badge() };
            mark(name, badge, Some("undone since"))
        }
        Column::Status if action.status == Status::Completed => mark(name, action.status.badge(), None),
        Column::Status => {
            let detail = action.status_detail.as_deref().map(localize);
            mark(name, action.status.badge(), detail.as_deref())
        }
        Column::EntityKind => plain(name, action.entity.kind().label()),
        // Nobody else had to decide it: who took it stands for it.
        Column::DecidedBy => text(action.taken_by().map(domain::Actor::label).as_ref()),
        Column::ProposedBy => plain(name, &action.proposed_by.label()),
        Column::Investigation => text(action.investigation_id.as_ref()),
        Column::Approval => text(action.approval_id.map(|id| id.to_string()).as_ref()),
        Column::Incident => text(action.incident_id.as_ref()),
        Column::ActionType => plain(name, action.action_type.label()),
        Column::Asset if action.asset.criticality == Some(Criticality::VeryHigh) && !action.has_targets() => {
            let title = format!("{}, criticality very high", escape_controls(&action.asset.name));
            reveal_bidi(
                Markup::new("td").with("class", "col-asset very-high").with("title", title),
                &action.asset.name,
            )
        }
        Column::Asset if action.has_targets() => {
            let more = action.target_count.unwrap_or_default().saturating_sub(1);
            plain(name, &format!("{} and {more} more", action.asset.name))
        }
        Column::Asset => plain(name, &action.asset.name),
        Column::DeviceGroup => plain(name, action.asset.device_group.as_deref().unwrap_or(Filter::UNGROUPED)),
        Column::Source => plain(name, action.source.label()),
        Column::Technique => text(action.evidence.iter().find_map(|piece| piece.technique.as_ref())),
        Column::Entity => entity(action, open),
        Column::Comment => text(action.comment.as_ref()),
        Column::Decided => plain(name, &action.taken_at().map(full).unwrap_or_default()),
        Column::Id
        | Column::Version
        | Column::ExternalId
        | Column::Reason
        | Column::BreakGlass
        | Column::DecidedByPerson
        | Column::DecidedByToken
        | Column::Hash
        | Column::MessageId
        | Column::EntityDetails
        | Column::Reverses
        | Column::ReversedBy
        | Column::Parameters
        | Column::Result
        | Column::Digest => plain(name, &fact(column, action)),
    }
}

/// A cell with a link to the action, for a table without the entity.
pub fn opener(action: &Action, open: &str) -> Markup {
    let label = format!("Open {} on {}", action.action_type.label(), escape_controls(&action.entity.title()));
    let link = link(action.id, "entity-link", open).with("aria-label", label).text("Open");
    Markup::new("td").with("class", "col-open").child(link)
}

/// The id of the link to an action.
pub fn row_link(id: ActionId) -> String {
    format!("open-{id}")
}

fn plain(class: &'static str, text: &str) -> Markup {
    td(Markup::new("td").with("class", class), text)
}

/// A word with its icon; what is known beyond the word follows it.
fn mark(class: &'static str, look: BadgeStyle, detail: Option<&str>) -> Markup {
    let text = detail.map(|detail| format!("{}: {detail}", look.label));
    let cell = Markup::new("td").with("class", format!("{class} mark {}", look.tone));
    td(cell, text.as_deref().unwrap_or(look.label))
}

fn td(cell: Markup, text: &str) -> Markup {
    let cell = if text.len() > FITS { cell.with("title", escape_controls(text)) } else { cell };
    reveal_bidi(cell, text)
}

fn how_long_ago(at: Timestamp, now: Timestamp) -> (&'static str, String) {
    ("when", ago(at, now))
}

fn time_left(until: Timestamp, now: Timestamp) -> (&'static str, String) {
    let left = Left::until(until, now);
    (urgency(left), left.text(until))
}

fn entity(action: &Action, open: &str) -> Markup {
    let text = action.entity.title();
    let (head, tail) = halves(&text);
    let link = link(action.id, "entity-link short-text", open)
        .with("title", escape_controls(&text))
        .child(reveal_bidi(head_of(head), head));
    Markup::new("td").with("class", "col-entity").child(if tail.is_empty() {
        link
    } else {
        reveal_bidi(link, tail)
    })
}

fn link(id: ActionId, class: &'static str, open: &str) -> Markup {
    Markup::new("a")
        .live()
        .with("class", class)
        .with("id", row_link(id))
        .with("href", open.to_owned())
        .with("data-noscroll", "")
}
