//! The outbox: what executors are to carry out.

use async_trait::async_trait;
use domain::dispatch::WaitingCommand;
use domain::{Action, ActionId, Authorized, CommandId, RowScope, Status, UndoState};
use jiff::Timestamp;

use crate::error::Result;

/// The metadata that keeps every worker from taking commands: why, or an empty text.
pub const DISPATCH_PAUSED: &str = "dispatch_paused";
/// The metadata that says when a person went on after a pause, in microseconds.
pub const DISPATCH_RESUMED: &str = "dispatch_resumed";

/// A command under a worker's lease.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The same on each attempt.
    pub id: CommandId,
    /// The action to carry out.
    pub action_id: ActionId,
    /// On which of its targets, by the place among them.
    pub target: u32,
    /// Fences off a worker that lost its lease.
    pub generation: i64,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// Attempts before this one that may have reached the executor.
    pub possibly_sent: i64,
    /// Attempts before this one that provably did not.
    pub not_sent: i64,
    /// The executor that is to carry it out, if one is named.
    pub executor: Option<String>,
}

/// Commands that are not done, of one executor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCommands {
    /// The executor; none if the action names none.
    pub executor: Option<String>,
    /// How many.
    pub count: i64,
    /// When the oldest was decided on.
    pub oldest: Timestamp,
}

/// What waits, for whoever looks from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Since when the oldest pending action waits.
    pub oldest_pending: Option<Timestamp>,
    /// Commands that are not done, by executor.
    pub open: Vec<OpenCommands>,
}

/// A command to be put into the outbox.
#[derive(Debug, Clone)]
pub struct NewCommand {
    /// The same on each attempt.
    pub id: CommandId,
    /// The action to carry out.
    pub action: ActionId,
    /// On which of its targets, by the place among them.
    pub target: u32,
    /// When it was decided on.
    pub at: Timestamp,
    /// The executor that is to carry it out; any that can, where none is named.
    pub executor: Option<String>,
}

/// How it stands with a target, by the last command for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetCommand {
    /// Its place among those of the action.
    pub target: u32,
    /// The command.
    pub command: CommandId,
    /// The executor that has it.
    pub executor: Option<String>,
    /// What the executor did.
    pub status: Status,
    /// In words.
    pub detail: Option<String>,
    /// What became of undoing it there.
    pub undo: UndoState,
}

/// What an executor was handed, with its action.
#[derive(Debug, Clone)]
pub struct HandedTask {
    /// The action.
    pub action: Action,
    /// On which of its targets, by the place among them.
    pub target: u32,
    /// What the executor said of it: what is to be done.
    pub steps: String,
    /// Who took it in hand.
    pub assigned_to: Option<String>,
    /// When it should be done.
    pub due_at: Option<Timestamp>,
}

/// A command that an executor was handed, whose report is awaited.
#[derive(Debug, Clone)]
pub struct HandedOver {
    /// The command.
    pub command: Leased,
    /// Whether it is over.
    pub is_done: bool,
    /// Who took it in hand.
    pub assigned_to: Option<String>,
    /// When it should be done.
    pub due_at: Option<Timestamp>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// The status of its target since.
    pub status: Status,
    /// In words.
    pub detail: &'a str,
}

/// Which commands a worker can take.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The time of the lease.
    pub now: Timestamp,
    /// Until when it holds.
    pub until: Timestamp,
    /// The executors that take commands here now.
    pub executors: &'a [String],
    /// What may have been sent and nobody went on with since then is taken, whoever its executor was.
    pub abandoned: Timestamp,
}

/// Reads of the outbox.
#[async_trait]
pub trait ReadOutbox: Send + Sync {
    /// The state and counters of an action's command, for whoever looks into what is stuck.
    async fn command_of(&self, action: ActionId) -> Result<Option<Leased>>;

    /// The command of an action that is handed over.
    async fn handed_over(&self, action: ActionId) -> Result<Option<HandedOver>>;

    /// How it stands with each target of an action, in their order; of what was decided on.
    async fn targets_of(&self, action: ActionId) -> Result<Vec<TargetCommand>>;

    /// What these executors were handed and is not over, as far as the scope shows it; what is due first comes first.
    async fn handed_tasks(
        &self,
        scope: &RowScope,
        executors: &[String],
        limit: u32,
    ) -> Result<Vec<HandedTask>>;

    /// Commands of these executors whose end is unknown, the latest first.
    async fn unknown_commands(&self, executors: &[String], limit: u32) -> Result<Vec<Leased>>;

    /// A command by its id.
    async fn command(&self, id: CommandId) -> Result<Option<HandedOver>>;

    /// How many commands are not done, and the oldest of them.
    async fn open_commands(&self, limit: u32) -> Result<(u64, Vec<WaitingCommand>)>;

    /// Whether a command may be there to lease, whoever its executor is.
    async fn command_is_due(&self, now: Timestamp) -> Result<bool>;

    /// When the first command that is not done may be leased.
    async fn next_command_at(&self) -> Result<Option<Timestamp>>;

    /// What waits, and since when.
    async fn queue(&self) -> Result<Queue>;
}

/// Writes to the outbox by those who decide.
#[async_trait]
pub trait WriteOutbox: Send {
    /// Puts commands into the outbox.
    async fn enqueue(&mut self, by: &Authorized, commands: &[NewCommand]) -> Result<()>;

    /// Calls off the commands of an action that no executor can have got. How many these were.
    async fn call_off(&mut self, by: &Authorized, action: ActionId) -> Result<u64>;

    /// Calls off these commands, of which their executors say that they never will begin them. How many these were.
    async fn call_off_sent(&mut self, by: &Authorized, commands: &[CommandId]) -> Result<u64>;

    /// Ends the commands of an action that these executors were handed. How many these were.
    async fn take_back(
        &mut self,
        by: &Authorized,
        action: ActionId,
        executors: &[String],
        ended: Ended<'_>,
    ) -> Result<u64>;

    /// Says who has what is handed over in hand. False if nothing is.
    async fn assign(&mut self, by: &Authorized, action: ActionId, to: &str) -> Result<bool>;

    /// How it stands with each target of an action, in their order.
    async fn targets_of(&mut self, action: ActionId) -> Result<Vec<TargetCommand>>;

    /// Says how these commands ended, of which that was unknown.
    async fn settle_commands(
        &mut self,
        by: &Authorized,
        commands: &[CommandId],
        ended: Ended<'_>,
    ) -> Result<u64>;

    /// Says what became of undoing what these commands did.
    async fn set_undo(&mut self, by: &Authorized, commands: &[CommandId], undo: UndoState) -> Result<()>;

    /// Lets workers take commands again. False if they may, or the authority is gone.
    async fn resume_dispatch(&mut self, by: &Authorized, now: Timestamp) -> Result<bool>;
}

/// What only the worker writes.
#[async_trait]
pub trait SystemOutbox: Send {
    /// Leases the command that is ready for the longest time, of those that the worker can take.
    async fn lease(&mut self, claim: Claim<'_>) -> Result<Option<Leased>>;

    /// Ends a command, if the lease is still ours.
    async fn finish(&mut self, leased: &Leased, ended: Ended<'_>) -> Result<bool>;

    /// Names the executor of a command that named none when it was decided on.
    async fn name_executor(&mut self, leased: &Leased, executor: &str) -> Result<()>;

    /// Hands a command over, if the lease is still ours: it is not leased again, and what is not reported until
    /// `report_by` is unknown.
    async fn hand_over(
        &mut self,
        leased: &Leased,
        report_by: Option<Timestamp>,
        due_at: Option<Timestamp>,
        detail: &str,
    ) -> Result<bool>;

    /// The command that is handed over and should have been reported for the longest time.
    async fn overdue(&mut self, now: Timestamp) -> Result<Option<Leased>>;

    /// Gives a command back to be tried again, if the lease is still ours. `possibly_sent` and `not_sent` of
    /// `leased` are written.
    async fn retry(&mut self, leased: &Leased, ready_at: Timestamp, error: &str) -> Result<bool>;
}
