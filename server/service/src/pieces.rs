//! What an investigation consists of: from reports into rows, and from rows into the tabs of its page.

use std::collections::{BTreeMap, HashMap};

use domain::actions::contract::Availability;
use domain::actions::query::Filter;
use domain::core::canonical;
use domain::core::device_name::DeviceName;
use domain::core::text::pluralize;
use domain::investigations::graph::{Column, Graph, Item, lay_out};
use domain::investigations::repeat::place;
use domain::investigations::report::{
    AlertPiece, DevicePiece, EvidencePiece, InvestigationReport, UserPiece,
};
use domain::investigations::{EntityFigures, PieceKind, Remediation, Tab, WaitingAction, is_threat};
use domain::{Action, ActionQuery, Caller, Decision, Error, Lane, RowScope, Transition, Verdict};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::investigations::{EvidenceCount, Piece, Place, StoredInvestigation};

use super::Service;
use super::detail::sentence;

/// Actions of one lane that a page looks at.
pub(super) const MAX_ACTIONS: u32 = 300;
/// Pieces that the graph looks at.
const GRAPH_PIECES: u32 = 40;

/// The pieces of a report, which is left without them; and the places of those that are left out.
pub(super) fn pieces(
    report: &mut InvestigationReport,
    now: Timestamp,
) -> Result<(Vec<Piece>, Vec<String>), Error> {
    let mut all = Vec::new();
    for piece in std::mem::take(&mut report.alerts) {
        all.push(row(PieceKind::Alert, piece.id.clone(), piece.at.unwrap_or(now), &piece)?);
    }
    for piece in std::mem::take(&mut report.devices) {
        let name = canonical::name(&piece.name);
        let group = piece.device_group.clone();
        all.push(Piece { device_group: group, ..row(PieceKind::Device, name, EPOCH, &piece)? });
    }
    for piece in std::mem::take(&mut report.mailboxes) {
        let name = canonical::name(&piece.address);
        all.push(row(PieceKind::Mailbox, name, EPOCH, &piece)?);
    }
    for piece in std::mem::take(&mut report.users) {
        let name = canonical::name(&piece.name);
        all.push(Piece { verdict: piece.verdict, ..row(PieceKind::User, name, EPOCH, &piece)? });
    }
    for piece in std::mem::take(&mut report.evidence) {
        let of = row(PieceKind::Evidence, piece.id.clone(), piece.first_seen.unwrap_or(now), &piece)?;
        let entity_kind = Some(piece.entity.kind());
        all.push(Piece { entity_kind, verdict: piece.verdict, remediation: piece.remediation, ..of });
    }
    for piece in std::mem::take(&mut report.emails) {
        let id = canonical::message_id(&piece.message_id);
        all.push(row(PieceKind::Email, id, piece.received_at.unwrap_or(now), &piece)?);
    }
    for piece in std::mem::take(&mut report.log) {
        all.push(row(PieceKind::Log, piece.id.clone(), piece.created_at, &piece)?);
    }
    // Of two with one name in a report the later one holds; one statement takes no row twice.
    let mut last: HashMap<_, usize> = HashMap::new();
    for (at, piece) in all.iter().enumerate() {
        last.insert((piece.kind, piece.name.clone()), at);
    }
    let (mut kept, mut dropped) = (Vec::with_capacity(last.len()), Vec::new());
    let mut places: BTreeMap<PieceKind, usize> = BTreeMap::new();
    for (at, piece) in all.into_iter().enumerate() {
        let place_in_list = places.entry(piece.kind).or_default();
        if last.get(&(piece.kind, piece.name.clone())) == Some(&at) {
            kept.push(piece);
        } else {
            dropped.push(place(piece.kind, *place_in_list));
        }
        *place_in_list += 1;
    }
    Ok((kept, dropped))
}

/// The place of what has none in time: all are listed by name.
const EPOCH: Timestamp = Timestamp::UNIX_EPOCH;

fn row(kind: PieceKind, name: String, at: Timestamp, body: &impl Serialize) -> Result<Piece, Error> {
    let body = serde_json::to_string(body).map_err(|error| Error::Internal(error.to_string()))?;
    let (entity_kind, verdict, remediation, device_group) = (None, None, None, None);
    Ok(Piece { kind, name, at, entity_kind, verdict, remediation, device_group, body })
}

pub(super) fn read<T: DeserializeOwned>(rows: Vec<(Place, String)>) -> Result<Vec<T>, Error> {
    let piece = |(_, body): (Place, String)| {
        serde_json::from_str(&body).map_err(|error| Error::Internal(error.to_string()))
    };
    rows.into_iter().map(piece).collect()
}

impl Service {
    /// The actions of an investigation that the scope shows: what waits first, then the latest.
    pub(super) async fn actions_of(
        &self,
        scope: &RowScope,
        id: &str,
        now: Timestamp,
    ) -> Result<Vec<Action>, Error> {
        let mut all = Vec::new();
        for &lane in Lane::ALL {
            let filter = Filter { investigation: [id.to_owned()].into(), ..Filter::default() };
            let query = ActionQuery { filter, ..ActionQuery::of(lane) };
            all.extend(self.store.page(scope, &query, None, MAX_ACTIONS, now).await?);
        }
        // Keys are the same of ids that differ in case.
        all.retain(|action| action.investigation_id.as_deref() == Some(id));
        Ok(all)
    }

    /// What waits, with what the caller may do with it.
    pub(super) async fn waiting(
        &self,
        caller: &Caller,
        scope: &RowScope,
        actions: &[Action],
        now: Timestamp,
    ) -> Result<Vec<WaitingAction>, Error> {
        let pending = actions.iter().filter(|action| action.decision == Decision::Pending);
        let ids: Vec<_> = pending.map(|action| action.id).take(MAX_ACTIONS as usize).collect();
        let found = self.store.actions(scope, &ids).await?;
        let offer = |action: &Action, proposer, transition| {
            let may = self.check_decision(caller, action, proposer, transition, now).map(drop);
            Availability::from(may.map_err(|error| sentence(&error)))
        };
        let row = |(action, proposer)| WaitingAction {
            approve: offer(&action, proposer, Transition::Approve),
            reject: offer(&action, proposer, Transition::Reject),
            action,
        };
        Ok(found.into_iter().map(row).collect())
    }

    /// Pieces of a kind.
    pub(super) async fn pieces_of<T: DeserializeOwned>(
        &self,
        scope: &RowScope,
        id: &str,
        kind: PieceKind,
        most: u32,
    ) -> Result<Vec<T>, Error> {
        read(self.store.pieces(scope, id, kind, None, most).await?)
    }

    /// Evidence without the names of devices that the scope hides, of what is on others, too.
    pub(super) async fn without_hidden(
        &self,
        scope: &RowScope,
        id: &str,
        mut evidence: Vec<EvidencePiece>,
    ) -> Result<Vec<EvidencePiece>, Error> {
        if evidence.iter().any(|of| !of.assets.is_empty()) {
            let hidden = self.store.hidden_devices(scope, id).await?;
            let hidden: Vec<_> = hidden.iter().map(|name| DeviceName::of(name)).collect();
            for of in &mut evidence {
                of.assets.retain(|asset| {
                    let name = DeviceName::of(asset);
                    !hidden.iter().any(|hidden| hidden.is_same(&name))
                });
            }
        }
        Ok(evidence)
    }

    /// How many rows each tab has.
    pub(super) async fn tab_counts(
        &self,
        scope: &RowScope,
        id: &str,
        actions: &[Action],
    ) -> Result<Vec<(Tab, u64)>, Error> {
        let pieces = self.store.piece_counts(scope, id).await?;
        let waiting = actions.iter().filter(|action| action.decision == Decision::Pending).count();
        let kinds: std::collections::BTreeSet<_> =
            self.store.evidence_counts(scope, id).await?.iter().map(|of| of.entity_kind).collect();
        let count = |tab: Tab| match tab {
            Tab::Graph => None,
            Tab::Entities => Some(kinds.len() as u64),
            Tab::Pending => Some(waiting as u64),
            Tab::History => Some((actions.len() - waiting) as u64),
            tab => {
                let kind = domain::cases::CaseList::of_tab(tab)?.pieces()?;
                Some(pieces.iter().find(|(of, _)| *of == kind).map_or(0, |(_, count)| *count))
            }
        };
        Ok(Tab::ALL.iter().filter_map(|&tab| Some((tab, count(tab)?))).collect())
    }

    pub(super) async fn graph(
        &self,
        scope: &RowScope,
        of: &StoredInvestigation,
        actions: &[Action],
    ) -> Result<Graph, Error> {
        let id = of.summary.id.as_str();
        let total = self.store.piece_counts(scope, id).await?;
        let count = |kind| total.iter().find(|(of, _)| *of == kind).map_or(0, |(_, count)| *count);
        let item =
            |label: String, note: String, threat, tab| Item { label, note, threat, tab, of: Vec::new() };
        let alerts: Vec<AlertPiece> = self.pieces_of(scope, id, PieceKind::Alert, GRAPH_PIECES).await?;
        let severity =
            |alert: &AlertPiece| alert.severity.map(|of| of.label().to_owned()).unwrap_or_default();
        let alerts =
            alerts.iter().map(|of| item(of.title.clone(), severity(of), false, Tab::Alerts)).collect();
        let devices: Vec<DevicePiece> = self.pieces_of(scope, id, PieceKind::Device, GRAPH_PIECES).await?;
        let mailboxes: Vec<domain::investigations::report::MailboxPiece> =
            self.pieces_of(scope, id, PieceKind::Mailbox, GRAPH_PIECES).await?;
        let users: Vec<UserPiece> = self.pieces_of(scope, id, PieceKind::User, GRAPH_PIECES).await?;
        let mut assets: Vec<Item> =
            devices.into_iter().map(|of| item(of.name, "Device".to_owned(), false, Tab::Devices)).collect();
        let mailbox = |of: domain::investigations::report::MailboxPiece| {
            item(of.address, "Mailbox".to_owned(), false, Tab::Mailboxes)
        };
        assets.extend(mailboxes.into_iter().map(mailbox));
        assets.extend(users.into_iter().map(|of| {
            let note = of.verdict.map_or("User", Verdict::label).to_owned();
            item(of.name, note, of.verdict.is_some_and(is_threat), Tab::Users)
        }));
        let of_assets =
            [PieceKind::Device, PieceKind::Mailbox, PieceKind::User].into_iter().map(count).sum::<u64>();
        let figures = figures(&self.store.evidence_counts(scope, id).await?);
        let entities = figures
            .iter()
            .map(|of| {
                let threats = of.malicious + of.suspicious;
                let label = format!("{}: {}", of.kind.label(), of.total);
                let note = if threats > 0 {
                    pluralize(threats, "threat", "threats")
                } else {
                    "no threats".to_owned()
                };
                item(label, note, threats > 0, Tab::Entities)
            })
            .collect::<Vec<_>>();
        let label = |kind| {
            figures.iter().find(|of| of.kind == kind).map(|of| format!("{}: {}", of.kind.label(), of.total))
        };
        let evidence: Vec<EvidencePiece> =
            self.pieces_of(scope, id, PieceKind::Evidence, GRAPH_PIECES).await?;
        let mut evidence: Vec<_> = evidence
            .into_iter()
            .map(|of| Item {
                label: of.entity.title(),
                note: of.verdict.unwrap_or(Verdict::Unknown).label().to_owned(),
                threat: of.verdict.is_some_and(is_threat),
                tab: Tab::Evidence,
                of: label(of.entity.kind()).into_iter().collect(),
            })
            .collect();
        // What matters is drawn; the rest folds.
        evidence.sort_by_key(|item| !item.threat);
        let waiting = actions.iter().filter(|action| action.decision == Decision::Pending).count() as u64;
        let pending = (waiting > 0).then(|| {
            item(pluralize(waiting, "action waits", "actions wait"), String::new(), false, Tab::Pending)
        });
        let result = item(of.summary.state.label().to_owned(), String::new(), false, Tab::History);
        let columns = [
            ("Alerts", alerts, count(PieceKind::Alert)),
            ("Assets", assets, of_assets),
            ("Entities analyzed", entities, 0),
            ("Evidence", evidence, count(PieceKind::Evidence)),
            ("Pending approval", pending.into_iter().collect(), 0),
            ("Result", vec![result], 0),
        ];
        Ok(lay_out(
            columns.into_iter().map(|(heading, items, total)| Column { heading, items, total }).collect(),
        ))
    }
}

/// Figures by kind of entity.
pub(super) fn figures(counts: &[EvidenceCount]) -> Vec<EntityFigures> {
    let mut all: Vec<EntityFigures> = Vec::new();
    for of in counts {
        let at = all.iter().position(|known| known.kind == of.entity_kind).unwrap_or_else(|| {
            let kind = of.entity_kind;
            let (total, remediated, malicious, suspicious, verified, clean, unknown) = (0, 0, 0, 0, 0, 0, 0);
            all.push(EntityFigures {
                kind,
                total,
                remediated,
                malicious,
                suspicious,
                verified,
                clean,
                unknown,
            });
            all.len() - 1
        });
        let figures = &mut all[at];
        figures.total += of.count;
        match of.verdict.unwrap_or(Verdict::Unknown) {
            Verdict::Malicious | Verdict::Compromised => figures.malicious += of.count,
            Verdict::Suspicious => figures.suspicious += of.count,
            Verdict::NoThreatsFound => figures.clean += of.count,
            Verdict::Unknown => figures.unknown += of.count,
        }
        if matches!(
            of.remediation,
            Some(Remediation::Remediated | Remediation::Prevented | Remediation::Blocked)
        ) {
            figures.remediated += of.count;
        }
        figures.verified = figures.total - figures.unknown;
    }
    all.sort_by_key(|of| of.kind);
    all
}
