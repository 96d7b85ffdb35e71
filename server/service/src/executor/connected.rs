//! The connected executors: those that come with options of the server, and those that were set up, each with its rules,
//! its pause and its limits, and with what this instance knows of how it is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use domain::actions::contract::ExecutorView;
use domain::executors::contract::{Health, TestResult};
use domain::executors::{ExecutorKind, ExecutorSetup};
use domain::{Action, ActionType, Asset};
use jiff::{SignedDuration, Timestamp};

use super::{Attempt, Executor, Order};

/// Attempts in a row without an answer after which an executor is left alone.
const MAX_FAILURES: u32 = 5;
/// For so long; then one attempt looks whether it is back.
const LEFT_ALONE: SignedDuration = SignedDuration::from_secs(30);
/// Commands at a time of an executor that comes with the server.
const BUILT_IN_CONCURRENCY: u32 = 8;
/// Commands that all executors have under way beyond the one that each may have whatever the others do: those that don't
/// answer keep no other waiting.
const MAX_SHARED: u32 = 32;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// An executor as this instance has it.
pub struct Connected {
    name: String,
    kind: ExecutorKind,
    /// What was set up; none of one that comes with the server.
    setup: Option<ExecutorSetup>,
    pub(crate) revision: i64,
    paused: bool,
    /// Or why there is none.
    adapter: Result<Arc<dyn Executor>, String>,
    state: Mutex<State>,
}

/// What this instance knows of it.
#[derive(Debug, Default)]
struct State {
    in_hand: u32,
    failures: u32,
    /// Until when it is left alone.
    open_until: Option<Timestamp>,
    /// When commands were begun in the last minute.
    begun: VecDeque<Timestamp>,
    /// The time and the outcome of the last attempt or test.
    last: Option<(Timestamp, Result<(), String>)>,
}

/// The place of a command among those that an executor has at a time; given back when it is dropped.
pub struct Busy(Arc<Connected>);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.in_hand = state.in_hand.saturating_sub(1);
    }
}

/// Why an asset is an executor's business.
enum Served {
    /// It was started for it.
    AsStarted,
    /// By this rule.
    ByRule(String),
}

/// The executor of an action, and the rule by which it has it.
pub struct Found {
    /// Which.
    pub executor: Arc<Connected>,
    /// By which of its rules.
    pub rule: Option<String>,
}

impl Connected {
    /// One that comes with the server.
    #[must_use]
    pub fn built_in(adapter: Arc<dyn Executor>) -> Self {
        Self {
            name: adapter.name().to_owned(),
            kind: adapter.kind(),
            setup: None,
            revision: 0,
            paused: false,
            adapter: Ok(adapter),
            state: Mutex::default(),
        }
    }

    /// One that was set up, or why it does not work.
    pub(crate) fn set_up(
        setup: ExecutorSetup,
        revision: i64,
        paused: bool,
        adapter: Result<Arc<dyn Executor>, String>,
    ) -> Self {
        let (name, kind) = (setup.name.clone(), setup.kind);
        Self { name, kind, setup: Some(setup), revision, paused, adapter, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it speaks.
    #[must_use]
    pub const fn kind(&self) -> ExecutorKind {
        self.kind
    }

    /// Whether it only pretends.
    #[must_use]
    pub const fn is_simulated(&self) -> bool {
        matches!(self.kind, ExecutorKind::Simulated)
    }

    /// What was set up of it; none of one that comes with the server.
    #[must_use]
    pub const fn setup(&self) -> Option<&ExecutorSetup> {
        self.setup.as_ref()
    }

    /// Whether it is paused.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    /// The adapter, or why there is none.
    pub(crate) const fn adapter(&self) -> Result<&Arc<dyn Executor>, &String> {
        self.adapter.as_ref()
    }

    /// What it can do, in words.
    #[must_use]
    pub fn can(&self) -> Vec<String> {
        self.adapter.as_ref().map(|adapter| adapter.can()).unwrap_or_default()
    }

    /// The rule by which this type on the asset is its business, in words; none if it is not.
    fn serves(&self, action_type: ActionType, asset: &Asset) -> Option<Served> {
        match (&self.setup, &self.adapter) {
            (Some(setup), _) => {
                let fits = setup.serves.iter().position(|rule| rule.fits(action_type, asset))?;
                setup.rule_in_words(fits).map(Served::ByRule)
            }
            (None, Ok(adapter)) => adapter.serves(asset).then_some(Served::AsStarted),
            (None, Err(_)) => None,
        }
    }

    /// One attempt at an order; without an adapter nothing is sent.
    pub(crate) async fn execute(&self, order: &Order) -> Attempt {
        match &self.adapter {
            Ok(adapter) => adapter.execute(order).await,
            Err(why) => Attempt::NotSent(why.clone()),
        }
    }

    /// Whether it said that it is gone for good.
    pub(crate) fn is_gone(&self) -> bool {
        self.adapter.as_ref().is_ok_and(|adapter| adapter.is_gone())
    }

    /// Pauses between attempts that may repeat another, in seconds.
    pub(crate) fn pauses(&self) -> &'static [i64] {
        self.adapter.as_ref().map_or(&[], |adapter| adapter.pauses())
    }

    fn carries_out(&self, action_type: ActionType, action: &Action) -> bool {
        self.adapter.as_ref().is_ok_and(|adapter| adapter.carries_out(action_type, action))
    }

    /// Why it does not carry this type out, as words with its name; none if there is nothing to say of it.
    fn why_not(&self, action_type: ActionType, action: &Action) -> Option<String> {
        let why = match &self.adapter {
            Ok(adapter) => adapter.why_not(action_type, action)?,
            Err(why) => format!("it does not work: {why}"),
        };
        Some(format!("{} can't: {why}", self.name))
    }

    /// Whether it takes a command now.
    fn is_ready(&self, now: Timestamp) -> bool {
        if self.paused || self.adapter.is_err() {
            return false;
        }
        let mut state = self.lock();
        let Some(setup) = &self.setup else { return state.in_hand < BUILT_IN_CONCURRENCY };
        let since = now.saturating_sub(MINUTE).unwrap_or(now);
        while state.begun.front().is_some_and(|at| *at <= since) {
            state.begun.pop_front();
        }
        let most = if state.open_until.is_some() { 1 } else { setup.concurrency };
        state.in_hand < most
            && state.open_until.is_none_or(|until| until <= now)
            && setup.rate.is_none_or(|rate| state.begun.len() < rate as usize)
    }

    /// Commands that it has under way.
    fn in_hand(&self) -> u32 {
        self.lock().in_hand
    }

    /// Takes a place for a command.
    pub(crate) fn begin(self: &Arc<Self>, now: Timestamp) -> Busy {
        let mut state = self.lock();
        state.in_hand += 1;
        if self.setup.as_ref().is_some_and(|setup| setup.rate.is_some()) {
            state.begun.push_back(now);
        }
        drop(state);
        Busy(Arc::clone(self))
    }

    /// Learns how an attempt went.
    pub fn learn(&self, attempt: &Attempt, now: Timestamp) {
        let failed = match attempt {
            Attempt::NotSent(why) | Attempt::Uncertain(why) => Some(why.clone()),
            Attempt::Ended(..) | Attempt::Handed(..) | Attempt::Working(..) | Attempt::Unsendable(_) => None,
        };
        let mut state = self.lock();
        match failed {
            None => {
                state.failures = 0;
                state.open_until = None;
                state.last = Some((now, Ok(())));
            }
            Some(why) => {
                state.failures = state.failures.saturating_add(1);
                if state.failures >= MAX_FAILURES && self.setup.is_some() {
                    state.open_until = now.checked_add(LEFT_ALONE).ok();
                }
                state.last = Some((now, Err(why)));
            }
        }
    }

    /// Learns what a test found.
    pub(crate) fn tested(&self, found: &TestResult, now: Timestamp) {
        let mut state = self.lock();
        if found.works {
            state.failures = 0;
            state.open_until = None;
        }
        let why = found.says.trim_end_matches('.').to_owned();
        state.last = Some((now, if found.works { Ok(()) } else { Err(why) }));
    }

    /// How it is, as a word and as a sentence.
    #[must_use]
    pub fn health(&self) -> (Health, String) {
        if let Err(why) = &self.adapter {
            return (Health::Broken, format!("It does not work: {why}"));
        }
        if self.paused {
            return (
                Health::Paused,
                "Paused: what is approved waits, and runs when it is resumed.".to_owned(),
            );
        }
        let known = self.adapter.as_ref().ok().and_then(|adapter| adapter.state());
        let state = self.lock();
        if let Some(TestResult { works, says }) = known.filter(|_| state.open_until.is_none()) {
            return (if works { Health::Up } else { Health::Failing }, says);
        }
        match (&state.last, state.open_until) {
            (None, _) => (Health::Untried, "Not tried since this server started.".to_owned()),
            (Some((at, Ok(()))), _) => (Health::Up, format!("It last answered at {}.", short(*at))),
            (Some((at, Err(why))), Some(until)) => (
                Health::Failing,
                format!(
                    "Left alone until {}, after {} attempts without an answer; the last at {}: {why}.",
                    short(until),
                    state.failures,
                    short(*at)
                ),
            ),
            (Some((at, Err(why))), None) => (Health::Failing, format!("It failed at {}: {why}.", short(*at))),
        }
    }
}

/// A time for a sentence, to the second.
fn short(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

impl Found {
    /// As the details show it.
    #[must_use]
    pub fn view(&self) -> ExecutorView {
        let (health, says) = self.executor.health();
        let (name, kind) = (self.executor.name.clone(), self.executor.kind);
        ExecutorView { name, kind, rule: self.rule.clone(), health, says }
    }
}

/// The connected executors. Those of the server's options come first, then those that were set up in their order; the one
/// that only pretends is last. The first that serves an action and can carry it out has it.
#[derive(Default)]
pub struct Executors {
    built_in: Vec<Arc<Connected>>,
    set_up: RwLock<Vec<Arc<Connected>>>,
}

impl Executors {
    /// With those of the server's options, in order of precedence.
    #[must_use]
    pub fn new(built_in: Vec<Arc<dyn Executor>>) -> Self {
        let built_in = built_in.into_iter().map(|adapter| Arc::new(Connected::built_in(adapter))).collect();
        Self { built_in, set_up: RwLock::default() }
    }

    /// All of them, in order of precedence.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Connected>> {
        let (pretending, real): (Vec<_>, Vec<_>) = self.built_in.iter().partition(|one| one.is_simulated());
        let set_up = self.set_up.read().unwrap_or_else(PoisonError::into_inner);
        real.into_iter().chain(set_up.iter()).chain(pretending).map(Arc::clone).collect()
    }

    /// Those that were set up, in place of those before.
    pub(crate) fn replace(&self, set_up: Vec<Arc<Connected>>) {
        *self.set_up.write().unwrap_or_else(PoisonError::into_inner) = set_up;
    }

    /// The one that carries out this action.
    #[must_use]
    pub fn find(&self, action: &Action) -> Option<Arc<Connected>> {
        self.found(action.action_type, action).map(|found| found.executor)
    }

    /// The one that would carry out this type on the action's asset: for its reverse.
    #[must_use]
    pub fn find_for(&self, action_type: ActionType, action: &Action) -> Option<Arc<Connected>> {
        self.found(action_type, action).map(|found| found.executor)
    }

    /// The same with the rule by which it has it.
    #[must_use]
    pub fn found(&self, action_type: ActionType, action: &Action) -> Option<Found> {
        let mut is_served = false;
        for executor in self.all() {
            // What a real one serves is never pretended.
            if executor.is_simulated() && is_served {
                return None;
            }
            let Some(served) = executor.serves(action_type, &action.asset) else { continue };
            if executor.carries_out(action_type, action) {
                let rule = match served {
                    Served::ByRule(rule) => Some(rule),
                    Served::AsStarted => None,
                };
                return Some(Found { executor, rule });
            }
            if executor.adapter.is_err() {
                // What it could do is not known: no other steps in without a word.
                return None;
            }
            is_served = true;
        }
        None
    }

    /// Why nobody carries out this type on what an action is about, in words: what each of those says whose business its
    /// asset is.
    #[must_use]
    pub fn why_none(&self, action_type: ActionType, action: &Action) -> String {
        let serving = self.all().into_iter().filter(|executor| {
            !executor.is_simulated() && executor.serves(action_type, &action.asset).is_some()
        });
        let says: Vec<_> = serving.filter_map(|executor| executor.why_not(action_type, action)).collect();
        let detail = if says.is_empty() { String::new() } else { format!(": {}", says.join("; ")) };
        format!("no executor is connected that carries out this type of action on this asset{detail}")
    }

    /// The one of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<Connected>> {
        self.all().into_iter().find(|executor| executor.name() == name)
    }

    /// Those of a kind, by their names.
    #[must_use]
    pub fn of_kind(&self, kind: ExecutorKind) -> Vec<String> {
        self.all().into_iter().filter(|one| one.kind() == kind).map(|one| one.name().to_owned()).collect()
    }

    /// Those that take commands now, by their names.
    #[must_use]
    pub fn ready(&self, now: Timestamp) -> Vec<String> {
        let all = self.all();
        let shared: u32 = all.iter().map(|one| one.in_hand().saturating_sub(1)).sum();
        let has_place = |one: &Arc<Connected>| shared < MAX_SHARED || one.in_hand() == 0;
        let ready = all.iter().filter(|one| one.is_ready(now) && has_place(one));
        ready.map(|one| one.name().to_owned()).collect()
    }

    /// Whether one of them is paused.
    #[must_use]
    pub fn has_paused(&self) -> bool {
        self.set_up.read().unwrap_or_else(PoisonError::into_inner).iter().any(|one| one.is_paused())
    }
}

#[cfg(test)]
mod tests;
