//! The tabs of an investigation: a page of each, in its own order along an index, or sorted and filtered as is asked.

use domain::investigations::cells::Narrowed;
use domain::investigations::report::DevicePiece;
use domain::investigations::{PieceKind, Tab, TabQuery, TabRows};
use domain::{Action, Caller, Decision, Error, RowScope};
use jiff::Timestamp;
use store::investigations::{Place, StoredInvestigation};

use super::Service;
use super::paging::{PAGE, parse_place, place};
use super::pieces::{figures, read};

/// Pieces that are looked through where they are sorted or filtered.
const MAX_NARROWED: u32 = 5_000;
/// Pieces of an export.
const MAX_EXPORTED: u32 = 100_000;
/// Characters of what is filtered by.
const MAX_FILTER: usize = 200;
/// What the cursor of a page begins with that ends before a place, and of one that begins at a number of rows.
const BEFORE: &str = "b:";
const FROM: &str = "o:";

/// One page of a tab.
pub(super) struct TabPage {
    pub(super) rows: TabRows,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
    pub(super) limited: bool,
}

impl Service {
    /// One page of a tab.
    pub(super) async fn tab(
        &self,
        caller: &Caller,
        of: &StoredInvestigation,
        (tab, query): (Tab, &TabQuery),
        actions: &[Action],
        now: Timestamp,
    ) -> Result<TabPage, Error> {
        let narrowed = narrowed(query)?;
        let id = of.summary.id.as_str();
        if let Some(kind) = tab.pieces().filter(|_| narrowed.is_plain()) {
            let (pieces, previous, next) = self.page_of(id, kind, query.cursor.as_deref()).await?;
            return Ok(TabPage { rows: self.typed(kind, pieces).await?, previous, next, limited: false });
        }
        let from = match query.cursor.as_deref() {
            None => 0,
            Some(cursor) => {
                let number = cursor.strip_prefix(FROM).and_then(|number| number.parse().ok());
                number.ok_or_else(|| Error::invalid("/cursor", "is none that this server gave out"))?
            }
        };
        let (rows, limited) = self.unnarrowed(caller, of, tab, actions, now, MAX_NARROWED).await?;
        let most = PAGE as usize;
        let (rows, total) = Narrowed { page: Some((from, most)), ..narrowed }.rows(rows);
        let previous = (from > 0).then(|| format!("{FROM}{}", from.saturating_sub(most)));
        let next = (from.saturating_add(most) < total).then(|| format!("{FROM}{}", from + most));
        Ok(TabPage { rows, previous, next, limited })
    }

    /// All rows that are asked for.
    pub(super) async fn whole_tab(
        &self,
        caller: &Caller,
        of: &StoredInvestigation,
        (tab, query): (Tab, &TabQuery),
        actions: &[Action],
        now: Timestamp,
    ) -> Result<TabRows, Error> {
        let (rows, _) = self.unnarrowed(caller, of, tab, actions, now, MAX_EXPORTED).await?;
        Ok(narrowed(query)?.rows(rows).0)
    }

    /// The rows of a tab in its own order, and whether there are more.
    async fn unnarrowed(
        &self,
        caller: &Caller,
        of: &StoredInvestigation,
        tab: Tab,
        actions: &[Action],
        now: Timestamp,
        most: u32,
    ) -> Result<(TabRows, bool), Error> {
        let id = of.summary.id.as_str();
        let Some(kind) = tab.pieces() else {
            let rows = match tab {
                Tab::Entities => TabRows::Entities(figures(&self.store.evidence_counts(id).await?)),
                Tab::Pending => {
                    TabRows::Pending(self.waiting(caller, &RowScope::of(caller)?, actions, now).await?)
                }
                Tab::History => {
                    let over = actions.iter().filter(|action| action.decision != Decision::Pending);
                    TabRows::History(over.cloned().collect())
                }
                _ => TabRows::Graph(self.graph(of, actions).await?),
            };
            return Ok((rows, false));
        };
        let mut pieces = self.store.pieces(id, kind, None, most + 1).await?;
        let more = pieces.len() > most as usize;
        pieces.truncate(most as usize);
        Ok((self.typed(kind, pieces).await?, more))
    }

    /// One page of pieces with the cursors of those beside it.
    async fn page_of(
        &self,
        id: &str,
        kind: PieceKind,
        cursor: Option<&str>,
    ) -> Result<(Vec<(Place, String)>, Option<String>, Option<String>), Error> {
        let most = PAGE as usize;
        let before = |of: &(Place, String)| format!("{BEFORE}{}", place(&of.0));
        let after = |of: &(Place, String)| place(&of.0);
        if let Some(cursor) = cursor.and_then(|cursor| cursor.strip_prefix(BEFORE)) {
            let mut pieces = self.store.pieces_before(id, kind, &parse_place(cursor)?, PAGE + 1).await?;
            let more = pieces.len() > most;
            if more {
                pieces.remove(0);
            }
            let previous = pieces.first().filter(|_| more).map(before);
            let next = pieces.last().map(after);
            return Ok((pieces, previous, next));
        }
        let from = cursor.map(parse_place).transpose()?;
        let mut pieces = self.store.pieces(id, kind, from.as_ref(), PAGE + 1).await?;
        let more = pieces.len() > most;
        pieces.truncate(most);
        let previous = pieces.first().filter(|_| from.is_some()).map(before);
        let next = pieces.last().filter(|_| more).map(after);
        Ok((pieces, previous, next))
    }

    async fn typed(&self, kind: PieceKind, rows: Vec<(Place, String)>) -> Result<TabRows, Error> {
        Ok(match kind {
            PieceKind::Alert => TabRows::Alerts(read(rows)?),
            PieceKind::Mailbox => TabRows::Mailboxes(read(rows)?),
            PieceKind::User => TabRows::Users(read(rows)?),
            PieceKind::Evidence => TabRows::Evidence(read(rows)?),
            PieceKind::Log => TabRows::Log(read(rows)?),
            // No tab lists them: they have pages of their own.
            PieceKind::Email => TabRows::Log(Vec::new()),
            PieceKind::Device => {
                let mut devices = Vec::with_capacity(rows.len());
                let mut levels = std::collections::BTreeMap::new();
                for device in read::<DevicePiece>(rows)? {
                    let group = device.device_group.clone();
                    let level = match levels.get(&group) {
                        Some(level) => *level,
                        None => self.store.remediation_level(group.as_deref()).await?,
                    };
                    levels.insert(group, level);
                    devices.push((device, level));
                }
                TabRows::Devices(devices)
            }
        })
    }
}

fn narrowed(query: &TabQuery) -> Result<Narrowed, Error> {
    let text = query.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > MAX_FILTER) {
        return Err(Error::invalid("/text", format!("must have at most {MAX_FILTER} characters")));
    }
    Ok(Narrowed {
        text: text.map(str::to_owned),
        sort: query.sort.map(usize::from),
        descending: query.descending,
        page: None,
    })
}
