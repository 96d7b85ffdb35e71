//! Which actions a decision on many means.

use std::collections::HashSet;

use domain::bulk::MAX_ITEMS;
use domain::{Action, ActionId, ActionQuery, BulkRequest, BulkVerb, EntityKind, Error, RowScope, Targets};
use jiff::Timestamp;

use crate::Service;

impl Service {
    /// The actions that are meant, each once.
    pub(super) async fn targets(
        &self,
        scope: &RowScope,
        request: &BulkRequest,
        now: Timestamp,
    ) -> Result<Vec<ActionId>, Error> {
        let (pointer, ids) = match &request.targets {
            Targets::Ids(ids) => {
                let mut known = HashSet::with_capacity(ids.len());
                ("/ids", ids.iter().copied().filter(|id| known.insert(*id)).collect::<Vec<_>>())
            }
            Targets::Matching { query, except } => {
                ("/matching", self.matching(scope, query, except, now).await?)
            }
            Targets::SameFile(id) => {
                if request.verb != BulkVerb::Undo {
                    return Err(Error::invalid("/verb", "only an undo can go to all instances of a file"));
                }
                let action =
                    self.store.action(scope, *id).await?.ok_or_else(|| Error::NotFound((*id).into()))?;
                let ids = self.same_file(scope, &action).await?;
                let none =
                    || Error::invalid("/same_file", "names no action on a file of which a hash is known");
                ("/same_file", ids.ok_or_else(none)?)
            }
        };
        match ids.len() {
            0 => Err(Error::invalid(pointer, "no action is selected; choose at least one")),
            1..=MAX_ITEMS => Ok(ids),
            count => Err(too_many(pointer, &count.to_string())),
        }
    }

    async fn matching(
        &self,
        scope: &RowScope,
        query: &ActionQuery,
        except: &[ActionId],
        now: Timestamp,
    ) -> Result<Vec<ActionId>, Error> {
        let except: HashSet<_> = except.iter().collect();
        if except.len() > MAX_ITEMS {
            return Err(too_many("/except", &except.len().to_string()));
        }
        let most = MAX_ITEMS + except.len() + 1;
        let mut ids = self.store.matching(scope, query, now, u32::try_from(most).unwrap_or(u32::MAX)).await?;
        ids.retain(|id| !except.contains(id));
        if ids.len() > MAX_ITEMS {
            let counts = self.store.counts(scope, query, now).await?;
            let more = if counts.more { "more than " } else { "" };
            return Err(too_many("/matching", &format!("{more}{}", counts.matches)));
        }
        Ok(ids)
    }

    /// All that did the same to the same file and can be undone. None if it is on no file, or on one without a hash.
    async fn same_file(&self, scope: &RowScope, action: &Action) -> Result<Option<Vec<ActionId>>, Error> {
        if action.entity.kind() != EntityKind::File || action.entity.hash().is_none() {
            return Ok(None);
        }
        let most = u32::try_from(MAX_ITEMS + 1).unwrap_or(u32::MAX);
        Ok(Some(self.store.same_file(scope, action, most).await?))
    }

    /// How many others did the same to the same file and can be undone.
    pub(crate) async fn instances(&self, scope: &RowScope, action: &Action) -> Result<usize, Error> {
        let ids = self.same_file(scope, action).await?.unwrap_or_default();
        Ok(ids.iter().filter(|other| **other != action.id).count())
    }
}

fn too_many(pointer: &str, count: &str) -> Error {
    let detail = format!(
        "{count} actions are selected, and at most {MAX_ITEMS} can be decided at once; narrow the list by a filter, \
         a time period or a search"
    );
    Error::invalid(pointer, detail)
}
