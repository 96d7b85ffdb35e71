//! Executors: the adapters that carry out approved actions. Each says for which assets and types it stands.
//!
//! An executor is given one order at a time with the same command id on each repeat, and answers whether it ended,
//! was provably not sent, or may have been sent. It writes nothing: the `worker` reports through the service. To add
//! a kind, implement [`Executor`] and make it in the [`Workshop`] of the crate `executors`.

mod connected;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::executors::contract::TestResult;
use domain::executors::{ExecutorKind, ExecutorSetup};
use domain::{Action, ActionType, Asset, CommandId, Error, Outcome};
use jiff::SignedDuration;
use store::Leased;

pub use connected::{Busy, Connected, Executors, Found};

/// A command to carry out, under our lease.
pub struct Order {
    /// The lease.
    pub leased: Leased,
    /// Who carries it out.
    pub executor: Arc<Connected>,
    /// Its place among those that the executor has at a time.
    pub busy: Option<Busy>,
    /// The action.
    pub action: Action,
    /// What was sent for it, where its executor keeps that to be looked at.
    pub sent: Mutex<Option<Sent>>,
}

/// What was sent by one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The body.
    pub request: String,
    /// The status of the answer; none where there was no answer.
    pub status: Option<u16>,
    /// How the answer begins, or why there was none.
    pub answer: String,
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The executor gave a definite answer.
    Ended(Outcome, String),
    /// It has it now, and says later how it ended; its end is unknown after a time, if there is one.
    Handed(String, Option<SignedDuration>),
    /// It has it and says that it is at it: asked again, until its end is unknown after a time.
    Working(String, SignedDuration),
    /// Provably nothing was sent: refused connection, unresolved name.
    NotSent(String),
    /// Nothing was sent by this attempt, and no other can send it: it has no form for this executor.
    Unsendable(String),
    /// It may have been sent; there is no trustworthy answer.
    Uncertain(String),
}

/// What an executor says of a command when it is asked to call it off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CalledOff {
    /// Provably nothing was done under its id, and nothing will be.
    NotDone(String),
    /// It had ended before.
    Ended(Outcome, String),
    /// It has begun.
    Begun(String),
    /// It was asked, and its answer comes as a report.
    Asked(String),
    /// There was no trustworthy answer.
    Unanswered(String),
    /// It can't be asked.
    Never(String),
}

/// An adapter to something that carries out actions.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Its name on the screen and in the audit log.
    fn name(&self) -> &str;

    /// What it speaks.
    fn kind(&self) -> ExecutorKind;

    /// Whether actions on this asset are its business. Of one that was set up, its rules say so.
    fn serves(&self, _asset: &Asset) -> bool {
        true
    }

    /// Whether it can carry out this type on what the action is about: also whether it finds that by what is known of
    /// it. The action may be one of another type, whose reverse is asked for.
    fn carries_out(&self, action_type: ActionType, action: &Action) -> bool;

    /// Why it can't carry out this type on what the action is about, in words that its name stands before; none if it can,
    /// or if it says no more than that it does not.
    fn why_not(&self, _action_type: ActionType, _action: &Action) -> Option<String> {
        None
    }

    /// What it can do, in words, for the screen.
    fn can(&self) -> Vec<String> {
        Vec::new()
    }

    /// Asks whether it is there, without any effect.
    async fn test(&self) -> TestResult;

    /// How it is, where it knows that without being asked; none if only attempts tell.
    fn state(&self) -> Option<TestResult> {
        None
    }

    /// Whether a signed report is its: of what it was handed.
    ///
    /// # Errors
    /// Why it is not.
    fn verify_report(&self, _report: &SignedReport<'_>) -> Result<(), String> {
        Err("reports are not signed by this executor".to_owned())
    }

    /// Pauses before an attempt that may repeat an earlier one, in seconds; after the last its end is unknown.
    fn pauses(&self) -> &'static [i64] {
        &[1, 2, 4, 8, 16]
    }

    /// Whether it can be asked to call off what it has, and so also how that ended.
    fn calls_off(&self) -> bool {
        false
    }

    /// Asks it to call a command off that it may have got. One that it has not begun is not carried out any more.
    async fn call_off(&self, _command: CommandId) -> CalledOff {
        CalledOff::Never("this executor can't be asked to call off what it has".to_owned())
    }

    /// Sends what was sent before once more, under the id of its command; none if it keeps nothing that it could send.
    async fn send_again(&self, _command: CommandId, _request: &str) -> Option<(Attempt, Sent)> {
        None
    }

    /// Whether it said that it is gone for good: it is paused then.
    fn is_gone(&self) -> bool {
        false
    }

    /// Learns what it has to know before it can say what it carries out; asked from time to time.
    async fn prepare(&self) {}

    /// Tries once. The worker bounds the time.
    async fn execute(&self, order: &Order) -> Attempt;
}

/// A report as it came.
#[derive(Debug, Clone, Copy)]
pub struct SignedReport<'a> {
    /// The header `webhook-id`.
    pub id: &'a str,
    /// The header `webhook-timestamp`.
    pub timestamp: &'a str,
    /// The header `webhook-signature`.
    pub signature: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// Makes executors of what was set up, and keeps their secrets.
pub trait Workshop: Send + Sync {
    /// The secret of a new executor where none was given, if its kind makes one.
    fn new_secret(&self, kind: ExecutorKind) -> Option<String>;

    /// Seals a secret for the database.
    ///
    /// # Errors
    /// Why it can't.
    fn seal(&self, name: &str, secret: &str) -> Result<String, String>;

    /// Opens what was sealed.
    ///
    /// # Errors
    /// Why it can't.
    fn open(&self, name: &str, sealed: &str) -> Result<String, String>;

    /// Makes the executor.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field that does not do.
    fn make(&self, setup: &ExecutorSetup, secret: Option<&str>) -> Result<Arc<dyn Executor>, Error>;
}
