//! Executors: the adapters that carry out approved actions. Each says for which assets and types it stands.
//!
//! An executor is given one order at a time with the same command id on each repeat, and answers whether it ended,
//! was provably not sent, or may have been sent. It writes nothing: the `worker` reports through the service. To add
//! one, implement [`Executor`] and connect it where the server starts.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Action, ActionType, Asset, Outcome};
use store::Leased;

/// A command to carry out, under our lease.
#[derive(Clone)]
pub struct Order {
    /// The lease.
    pub leased: Leased,
    /// Who carries it out.
    pub executor: Arc<dyn Executor>,
    /// The action.
    pub action: Action,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The executor gave a definite answer.
    Ended(Outcome, String),
    /// Provably nothing was sent: refused connection, unresolved name.
    NotSent(String),
    /// Nothing was sent by this attempt, and no other can send it: it has no form for this executor.
    Unsendable(String),
    /// It may have been sent; there is no trustworthy answer.
    Uncertain(String),
}

/// An adapter to something that carries out actions.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Its name on the screen and in the audit log.
    fn name(&self) -> &str;

    /// Whether it only pretends.
    fn is_simulated(&self) -> bool {
        false
    }

    /// Whether actions on this asset are its business.
    fn serves(&self, asset: &Asset) -> bool;

    /// Whether it can carry out this type on what the action is about: also whether it finds that by what is known of
    /// it. The action may be one of another type, whose reverse is asked for.
    fn carries_out(&self, action_type: ActionType, action: &Action) -> bool;

    /// Tries once. The worker bounds the time.
    async fn execute(&self, order: &Order) -> Attempt;
}

/// The connected executors. The first that serves an asset is the only one for it.
#[derive(Default)]
pub struct Executors(Vec<Arc<dyn Executor>>);

impl Executors {
    /// In order of precedence.
    #[must_use]
    pub fn new(executors: Vec<Arc<dyn Executor>>) -> Self {
        Self(executors)
    }

    /// The one that carries out this action.
    #[must_use]
    pub fn find(&self, action: &Action) -> Option<Arc<dyn Executor>> {
        self.find_for(action.action_type, action)
    }

    /// The one that would carry out this type on the action's asset: for its reverse.
    #[must_use]
    pub fn find_for(&self, action_type: ActionType, action: &Action) -> Option<Arc<dyn Executor>> {
        let serving = self.0.iter().find(|executor| executor.serves(&action.asset))?;
        serving.carries_out(action_type, action).then(|| Arc::clone(serving))
    }

    /// The one of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<dyn Executor>> {
        self.0.iter().find(|executor| executor.name() == name).cloned()
    }

    /// Those that take commands now, by their names.
    #[must_use]
    pub fn ready(&self) -> Vec<String> {
        self.0.iter().map(|executor| executor.name().to_owned()).collect()
    }
}
