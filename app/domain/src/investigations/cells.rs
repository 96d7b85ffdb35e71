//! The tabs of an investigation as tables: their columns, and the cells by which they are sorted, filtered and exported.

#[cfg(feature = "ssr")]
use crate::access::device_group::{RemediationLevel, UNGROUPED};
#[cfg(feature = "ssr")]
use crate::actions::action::{Action, Verdict};
#[cfg(feature = "ssr")]
use crate::core::time::Timestamp;
use crate::investigations::Tab;
#[cfg(feature = "ssr")]
use crate::investigations::report::{
    AlertPiece, DevicePiece, EvidencePiece, LogPiece, MailboxPiece, UserPiece,
};
#[cfg(feature = "ssr")]
use crate::investigations::{EntityFigures, Remediation, TabRows, WaitingAction};

/// The columns of a tab, in their order; none of the graph.
#[must_use]
pub const fn columns(tab: Tab) -> &'static [&'static str] {
    match tab {
        Tab::Graph => &[],
        Tab::Alerts => &["Alert", "ID", "Severity", "Category", "Raised"],
        Tab::Devices => &["Device", "Operating system", "Device group", "Criticality", "Remediation level"],
        Tab::Mailboxes => &["Mailbox", "Owner"],
        Tab::Users => &["User", "Verdict"],
        Tab::Evidence => &[
            "Entity",
            "Kind",
            "Verdict",
            "Remediation status",
            "Impacted assets",
            "Detection origin",
            "First seen",
        ],
        Tab::Entities => &[
            "Kind",
            "Total",
            "Remediated",
            "Malicious",
            "Suspicious",
            "Verified",
            "No threats found",
            "Unknown",
        ],
        Tab::Log => &[
            "Action",
            "Type",
            "Status",
            "Device",
            "Description",
            "Created",
            "Started",
            "Duration",
            "Pending",
            "Queued",
        ],
        Tab::Pending => &["Action type", "Entity", "Asset", "Severity", "Proposed by", "Proposed", "Expires"],
        Tab::History => {
            &["Action type", "Entity", "Decision", "Status", "Wait time", "Handled by", "Why", "Time"]
        }
    }
}

/// One cell: what it says, and what it is sorted by.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCell {
    /// As it is exported and filtered.
    pub text: String,
    /// As it is sorted.
    key: String,
}

#[cfg(feature = "ssr")]
impl TableCell {
    fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { key: text.to_lowercase(), text }
    }

    fn optional(text: Option<&String>) -> Self {
        Self::text(text.cloned().unwrap_or_default())
    }

    fn number(number: Option<u64>) -> Self {
        let text = number.map(|number| number.to_string()).unwrap_or_default();
        Self { key: format!("{text:0>20}"), text }
    }

    fn time(at: Option<Timestamp>) -> Self {
        let key = at.map(|at| format!("{:0>20}", at.as_microsecond())).unwrap_or_default();
        Self { key, text: at.map(|at| at.to_string()).unwrap_or_default() }
    }

    /// A word of ours, in the order of its vocabulary.
    fn word(rank: Option<usize>, label: &'static str) -> Self {
        Self { key: rank.map(|rank| format!("{rank:0>4}")).unwrap_or_default(), text: label.to_owned() }
    }

    fn verdict(of: Option<Verdict>) -> Self {
        Self::word(of.map(|of| of as usize), of.map_or("", Verdict::label))
    }
}

/// What a tab is asked for, beside its page.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// Only rows of which a cell holds this, in either case of letters.
    pub text: Option<String>,
    /// The number of the column by which it is sorted, from 0.
    pub sort: Option<usize>,
    /// The last first.
    pub descending: bool,
    /// Of these, so many from one on; all where nothing is named.
    pub page: Option<(usize, usize)>,
}

#[cfg(feature = "ssr")]
impl Narrowed {
    /// Whether rows are left in their own order, and none out.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.text.is_none() && self.sort.is_none()
    }

    /// The rows that are asked for, in the order that is, and how many there are on all pages.
    #[must_use]
    pub fn of<T>(&self, rows: Vec<T>, cells: impl Fn(&T) -> Vec<TableCell>) -> (Vec<T>, usize) {
        let wanted = self.text.as_ref().map(|text| text.to_lowercase());
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|row| (cells(&row), row))
            .filter(|(cells, _)| {
                wanted
                    .as_ref()
                    .is_none_or(|wanted| cells.iter().any(|cell| cell.text.to_lowercase().contains(wanted)))
            })
            .collect();
        if let Some(column) = self.sort {
            rows.sort_by(|(one, _), (other, _)| {
                let key = |cells: &[TableCell]| cells.get(column).map(|cell| cell.key.clone());
                let order = key(one).cmp(&key(other));
                if self.descending { order.reverse() } else { order }
            });
        }
        let total = rows.len();
        let (from, most) = self.page.unwrap_or((0, usize::MAX));
        (rows.into_iter().map(|(_, row)| row).skip(from).take(most).collect(), total)
    }

    /// The same for the rows of any tab.
    #[must_use]
    pub fn rows(&self, rows: TabRows) -> (TabRows, usize) {
        fn with<T>((rows, total): (Vec<T>, usize), tab: fn(Vec<T>) -> TabRows) -> (TabRows, usize) {
            (tab(rows), total)
        }
        match rows {
            TabRows::Graph(_) => (rows, 0),
            TabRows::Alerts(rows) => with(self.of(rows, alert), TabRows::Alerts),
            TabRows::Devices(rows) => with(self.of(rows, device), TabRows::Devices),
            TabRows::Mailboxes(rows) => with(self.of(rows, mailbox), TabRows::Mailboxes),
            TabRows::Users(rows) => with(self.of(rows, user), TabRows::Users),
            TabRows::Evidence(rows) => with(self.of(rows, evidence), TabRows::Evidence),
            TabRows::Entities(rows) => with(self.of(rows, figures), TabRows::Entities),
            TabRows::Log(rows) => with(self.of(rows, log), TabRows::Log),
            TabRows::Pending(rows) => with(self.of(rows, waiting), TabRows::Pending),
            TabRows::History(rows) => with(self.of(rows, history), TabRows::History),
        }
    }
}

/// The cells of all rows.
#[cfg(feature = "ssr")]
#[must_use]
pub fn cells(rows: &TabRows) -> Vec<Vec<TableCell>> {
    fn all<T>(rows: &[T], cells: impl Fn(&T) -> Vec<TableCell>) -> Vec<Vec<TableCell>> {
        rows.iter().map(cells).collect()
    }
    match rows {
        TabRows::Graph(_) => Vec::new(),
        TabRows::Alerts(rows) => all(rows, alert),
        TabRows::Devices(rows) => all(rows, device),
        TabRows::Mailboxes(rows) => all(rows, mailbox),
        TabRows::Users(rows) => all(rows, user),
        TabRows::Evidence(rows) => all(rows, evidence),
        TabRows::Entities(rows) => all(rows, figures),
        TabRows::Log(rows) => all(rows, log),
        TabRows::Pending(rows) => all(rows, waiting),
        TabRows::History(rows) => all(rows, history),
    }
}

#[cfg(feature = "ssr")]
fn alert(of: &AlertPiece) -> Vec<TableCell> {
    vec![
        TableCell::text(&of.title),
        TableCell::text(&of.id),
        TableCell::word(of.severity.map(|of| of as usize), of.severity.map_or("", |of| of.label())),
        TableCell::optional(of.category.as_ref()),
        TableCell::time(of.at),
    ]
}

#[cfg(feature = "ssr")]
fn device((of, level): &(DevicePiece, RemediationLevel)) -> Vec<TableCell> {
    vec![
        TableCell::text(&of.name),
        TableCell::optional(of.os.as_ref()),
        TableCell::text(of.device_group.as_deref().unwrap_or(UNGROUPED)),
        TableCell::word(of.criticality.map(|of| of as usize), of.criticality.map_or("", |of| of.label())),
        TableCell::word(Some(*level as usize), level.label()),
    ]
}

#[cfg(feature = "ssr")]
fn mailbox(of: &MailboxPiece) -> Vec<TableCell> {
    vec![TableCell::text(&of.address), TableCell::optional(of.owner.as_ref())]
}

#[cfg(feature = "ssr")]
fn user(of: &UserPiece) -> Vec<TableCell> {
    vec![TableCell::text(&of.name), TableCell::verdict(of.verdict)]
}

#[cfg(feature = "ssr")]
fn evidence(of: &EvidencePiece) -> Vec<TableCell> {
    let remediation = of.remediation.unwrap_or(Remediation::None);
    vec![
        TableCell::text(of.entity.title()),
        TableCell::text(of.entity.kind().label()),
        TableCell::verdict(of.verdict),
        TableCell::word(Some(remediation as usize), remediation.label()),
        TableCell::text(of.assets.join(", ")),
        TableCell::optional(of.detection_origin.as_ref()),
        TableCell::time(of.first_seen),
    ]
}

#[cfg(feature = "ssr")]
fn figures(of: &EntityFigures) -> Vec<TableCell> {
    let numbers = [of.total, of.remediated, of.malicious, of.suspicious, of.verified, of.clean, of.unknown];
    let numbers = numbers.map(|number| TableCell::number(Some(number)));
    std::iter::once(TableCell::text(of.kind.label())).chain(numbers).collect()
}

#[cfg(feature = "ssr")]
fn log(of: &LogPiece) -> Vec<TableCell> {
    let span = |of: Option<u32>| TableCell::number(of.map(u64::from));
    vec![
        TableCell::text(&of.action),
        TableCell::optional(of.action_type.as_ref()),
        TableCell::optional(of.status.as_ref()),
        TableCell::optional(of.device.as_ref()),
        TableCell::optional(of.description.as_ref()),
        TableCell::time(Some(of.created_at)),
        TableCell::time(of.started_at),
        span(of.duration),
        span(of.pending_time),
        span(of.queue_time),
    ]
}

#[cfg(feature = "ssr")]
fn waiting(of: &WaitingAction) -> Vec<TableCell> {
    let of = &of.action;
    vec![
        TableCell::text(of.action_type.label()),
        TableCell::text(of.entity.title()),
        TableCell::text(&of.asset.name),
        TableCell::word(Some(of.severity as usize), of.severity.label()),
        TableCell::text(of.proposed_by.label()),
        TableCell::time(Some(of.proposed_at)),
        TableCell::time(Some(of.expires_at)),
    ]
}

#[cfg(feature = "ssr")]
fn history(of: &Action) -> Vec<TableCell> {
    let waited = of.decided_at.map(|at| at.duration_since(of.proposed_at).as_secs().max(0).unsigned_abs());
    vec![
        TableCell::text(of.action_type.label()),
        TableCell::text(of.entity.title()),
        TableCell::text(of.decision.label()),
        TableCell::text(of.status.label()),
        TableCell::number(waited),
        TableCell::text(of.taken_by().map(crate::Actor::label).unwrap_or_default()),
        TableCell::optional(of.reason.as_ref()),
        TableCell::time(Some(of.decided_at.unwrap_or(of.updated_at))),
    ]
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn figure(kind: crate::EntityKind, total: u64) -> EntityFigures {
        EntityFigures {
            kind,
            total,
            remediated: 0,
            malicious: 0,
            suspicious: 0,
            verified: 0,
            clean: 0,
            unknown: 0,
        }
    }

    #[test]
    fn rows_are_sorted_as_numbers_and_filtered_by_any_cell() {
        use crate::EntityKind::{File, Process, Url};
        let rows = || TabRows::Entities(vec![figure(File, 9), figure(Process, 10), figure(Url, 100)]);
        let order = |narrowed: Narrowed| {
            let (TabRows::Entities(rows), _) = narrowed.rows(rows()) else { return Vec::new() };
            rows.into_iter().map(|of| of.total).collect()
        };
        assert_eq!(order(Narrowed { sort: Some(1), descending: true, ..Narrowed::default() }), [100, 10, 9]);
        assert_eq!(order(Narrowed { text: Some("PROC".to_owned()), ..Narrowed::default() }), [10]);
        assert_eq!(order(Narrowed { sort: Some(99), ..Narrowed::default() }), [9, 10, 100], "no such column");
        let second = Narrowed { sort: Some(1), page: Some((1, 1)), ..Narrowed::default() };
        assert_eq!(second.rows(rows()).1, 3);
        assert_eq!(order(second), [10]);
        assert_eq!(cells(&rows())[0].len(), columns(Tab::Entities).len());
    }
}
