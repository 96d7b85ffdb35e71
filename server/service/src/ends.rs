//! The end that an action names is kept: when it comes, the server starts the reverse by itself. An undo before it leaves
//! nothing to end. Who approved the action approved its end; where policies ask for people nevertheless, the reverse
//! waits for them and says so.

use domain::{Action, ActionId, Actor, Authorized, Decision, Error, RowScope, SystemAuthority, Transition};

use super::change::{Change, write_rows};
use super::clock::is_unusable;
use super::decision::{lifecycle_of, undoing};
use super::decision_times::give_time;
use super::targets::to_undo;
use super::{Service, detached, policies, timeline};
use crash::crash_point;
use store::{PolicyGuard, Transaction};

/// Ends that are read together, and how often in one look: those that nobody can keep now are read again by each look.
const BATCH: u32 = 100;
const MAX_BATCHES: u32 = 50;

/// Keeps the end of what had an effect that can be reversed.
pub(super) async fn keep_end(
    tx: &mut (impl Transaction + ?Sized),
    by: &Authorized,
    action: &Action,
) -> Result<(), Error> {
    let had_effect = lifecycle_of(action)?.state().had_effect();
    if let Some(end) = timeline::end_of(action).filter(|_| had_effect)
        && action.undoable().is_ok()
    {
        tx.set_end(by, action.id, end).await?;
    }
    Ok(())
}

/// A look of the clock at many: one that fails keeps none of the others from its turn.
#[derive(Default)]
pub(super) struct Look {
    done: usize,
    failed: Option<Error>,
}

impl Look {
    /// Notes how it went with one. False if the next ones would fail alike.
    pub(super) fn note(&mut self, result: Result<bool, Error>) -> bool {
        match result {
            Ok(is_done) => self.done += usize::from(is_done),
            Err(error) => {
                let goes_on = !error.is_transient();
                self.failed.get_or_insert(error);
                return goes_on;
            }
        }
        true
    }

    /// How many were done, or why the first failed that did.
    pub(super) fn over(self) -> Result<usize, Error> {
        self.failed.map_or(Ok(self.done), Err)
    }
}

impl Service {
    /// Starts the reverse of what has come to its end. Returns how many were started.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn end_due(&self, authority: &SystemAuthority) -> Result<usize, Error> {
        if is_unusable(&self.clock) {
            return Ok(0);
        }
        let (mut look, mut after) = (Look::default(), None);
        for _ in 0..MAX_BATCHES {
            let due = self.store.due_ends(self.clock.now(), after, BATCH).await?;
            for (_, id) in &due {
                if !self.is_endable(*id).await? {
                    continue;
                }
                let (service, authority, id) = (self.clone(), authority.clone(), *id);
                let ended = detached(async move { service.end_one(&authority, id).await }).await;
                if !look.note(ended) {
                    return look.over();
                }
            }
            after = due.last().copied().filter(|_| due.len() == BATCH as usize);
            if after.is_none() {
                break;
            }
        }
        look.over()
    }

    /// Whether somebody is there who can start the reverse, or there is nothing to reverse: asked without the write lock.
    /// Its end stays due until then.
    async fn is_endable(&self, id: ActionId) -> Result<bool, Error> {
        let Some(action) = self.store.action(&RowScope::ALL, id).await? else { return Ok(true) };
        Ok(match action.undoable() {
            Ok(reverse) => self.has_executor_for(reverse, &action),
            Err(_) => true,
        })
    }

    async fn end_one(&self, authority: &SystemAuthority, id: ActionId) -> Result<bool, Error> {
        let by = Authorized::system(authority, "clock", "Countersign");
        let mut tx = self.store.begin_system(authority).await?;
        let now = tx.time(self.clock.now()).await?;
        let Some((before, proposer)) = tx.actions(&RowScope::ALL, &[id]).await?.pop() else {
            return Ok(false);
        };
        let reverse_type =
            before.undoable().ok().filter(|_| timeline::end_of(&before).is_some_and(|end| end <= now));
        let mut others = self.standing_twins(&RowScope::ALL, &before, &[]).await?;
        others.retain(|other| timeline::end_of(other).is_none_or(|end| end > now));
        let Some(reverse_type) = reverse_type.filter(|_| others.is_empty()) else {
            // It was undone, or another action keeps the effect, and has its own end or none.
            tx.forget_end(id).await?;
            tx.commit().await?;
            return Ok(false);
        };
        if !self.has_executor_for(reverse_type, &before) {
            // Its end stays due: it is ended once somebody can.
            return Ok(false);
        }
        let lifecycle = lifecycle_of(&before)?
            .apply(Transition::RequestUndo)
            .map_err(|refusal| Error::Internal(refusal.to_string()))?;
        let actor: &Actor = by.actor();
        let on = to_undo(&mut *tx, &before, &[]).await?;
        let (mut reverse, mut commands) =
            self.reverse(actor, &before, (reverse_type, on), "Its end has come.", now)?;
        let policies = tx.policies().await?;
        let first = tx.first_approval(id).await?;
        let by_two = policies::by_two(&before, proposer, first.as_ref());
        policies::at_end(&policies, &mut reverse, by_two, now);
        give_time(&mut *tx, &mut reverse, now).await?;
        if reverse.decision == Decision::Pending {
            commands.clear();
        }
        let policy = Some(PolicyGuard { revision: policies.revision, second: false });
        let change = Change { policy, ..undoing(by, before, lifecycle, reverse, commands, now) };
        if !write_rows(&mut *tx, now, &[&change]).await? {
            return Ok(false);
        }
        change.record(&mut *tx).await?;
        tx.forget_end(id).await?;
        crash_point!("end.before_commit");
        tx.commit().await?;
        crash_point!("end.after_commit");
        Ok(true)
    }
}
