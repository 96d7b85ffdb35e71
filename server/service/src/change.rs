//! Changes as they are written: the rows of many at once, each under its own version and digest.

use domain::{Action, Authorized, Error};
use jiff::Timestamp;

use super::policies::Beside;
use store::{AuditEntry, Guard, NewCommand, PolicyGuard, StateChange, Transaction};

/// What one decision writes.
pub(super) struct Change {
    pub(super) by: Authorized,
    /// Whether it decides on what is pending, which an undo does not.
    pub(super) deciding: bool,
    /// Which policies were asked; none where none has a say.
    pub(super) policy: Option<PolicyGuard>,
    /// What is written beside its rows.
    pub(super) beside: Beside,
    pub(super) before: Action,
    pub(super) after: Action,
    /// The action that an undo adds.
    pub(super) reverse: Option<Action>,
    /// Its records, in their order.
    pub(super) entries: Vec<AuditEntry>,
    /// What executors are to carry out.
    pub(super) commands: Vec<NewCommand>,
}

impl Change {
    /// Appends its records once its rows are written; answers with the action as it is since.
    pub(super) async fn record(self, tx: &mut dyn Transaction) -> Result<Action, Error> {
        self.beside.write(tx, &self.by, &self.after).await?;
        for entry in self.entries {
            tx.append_audit(&self.by, entry).await?;
        }
        Ok(self.after)
    }
}

/// Writes the rows of changes, those of one authority in the same statements. False if a guarded statement did not find
/// all of its rows: then only a part of them stands, and must be taken back.
pub(super) async fn write_rows(
    tx: &mut dyn Transaction,
    now: Timestamp,
    changes: &[&Change],
) -> Result<bool, Error> {
    for alike in by_authority(changes) {
        let Some(Change { by, deciding, policy, .. }) = alike.first() else { continue };
        let reverses: Vec<_> = alike.iter().filter_map(|change| change.reverse.clone()).collect();
        if !reverses.is_empty() {
            // First, since what is undone names its reverse.
            tx.insert_actions(by, &reverses).await?;
        }
        let states: Vec<_> =
            alike.iter().map(|change| StateChange { before: &change.before, after: &change.after }).collect();
        let guard = Guard { by, deciding: *deciding, policy: *policy, now };
        if tx.update_states(guard, &states).await?.len() < states.len() {
            return Ok(false);
        }
        let commands: Vec<_> = alike.iter().flat_map(|change| change.commands.iter().cloned()).collect();
        if !commands.is_empty() {
            tx.enqueue(by, &commands).await?;
        }
    }
    Ok(true)
}

/// Changes of one authority together, in their order.
fn by_authority<'a>(changes: &[&'a Change]) -> Vec<Vec<&'a Change>> {
    let mut groups: Vec<Vec<&Change>> = Vec::new();
    for change in changes {
        let alike = |group: &&mut Vec<&Change>| {
            group.first().is_some_and(|first| {
                first.by == change.by && first.deciding == change.deciding && first.policy == change.policy
            })
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(change),
            None => groups.push(vec![change]),
        }
    }
    groups
}
