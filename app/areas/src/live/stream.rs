//! The stream of changes: one connection of the page to the server, for as long as somebody can see the page.
//!
//! A page is rendered after the server noted how far the log went; the stream goes on from there, so that nothing is
//! missed in between. What comes within a quarter of a second is handed on together. Everything here runs in the
//! browser only, but for the counts that the page came with.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use gloo::events::EventListener;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::Event;
use serde::Deserialize;
use web_sys::{EventSource, MessageEvent};

use crate::live::outage::Outage;
use api::codec;
use domain::site::StreamCursor;
use domain::{Change, LaneCounts};
use kit::effect::effect;

/// Minimum time between two batches.
const BATCH_INTERVAL: Duration = Duration::from_millis(250);
/// Minimum time between two requests for counts.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);
/// The delay before the page connects again after a refusal: browsers reconnect by themselves only after a broken
/// connection.
const RECONNECT_DELAY: Duration = Duration::from_secs(15);

/// The state of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Not connected: changes are not received.
    Off,
    /// Connected: changes are received as they happen.
    Live,
    /// The connection broke; changes are received once it is restored.
    Reconnecting,
}

/// The changes since the previous batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeBatch {
    /// Anything may have changed.
    pub everything: bool,
    /// The changes in their order.
    pub changes: Vec<Change>,
}

impl ChangeBatch {
    /// Whether nothing changed.
    pub const fn is_empty(&self) -> bool {
        !self.everything && self.changes.is_empty()
    }
}

/// The stream of changes, as signals; provided through context.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    /// The state of the connection.
    pub link: RwSignal<Connection>,
    /// The last batch.
    pub changes: RwSignal<ChangeBatch>,
    /// The number of actions by lane; `None` if nobody is signed in.
    pub counts: RwSignal<Option<LaneCounts>>,
    /// Notified to connect again at once: somebody is signed in again.
    pub connect_again: Trigger,
}

impl Live {
    /// Provides the signals, and in the browser connects a page that has a cursor.
    pub fn provide(cursor: Option<StreamCursor>) {
        let live = Self {
            link: RwSignal::new(Connection::Off),
            changes: RwSignal::new(ChangeBatch::default()),
            counts: RwSignal::new(cursor.and_then(|cursor| cursor.counts)),
            connect_again: Trigger::new(),
        };
        provide_context(live);
        if let Some(StreamCursor { seq, .. }) = cursor {
            effect(move || Rc::new(Stream::new(live, seq)).keep());
        }
    }

    /// The signals of the context; outside of the application, signals that stay off.
    pub fn current() -> Self {
        use_context().unwrap_or_else(|| Self {
            link: RwSignal::new(Connection::Off),
            changes: RwSignal::new(ChangeBatch::default()),
            counts: RwSignal::new(None),
            connect_again: Trigger::new(),
        })
    }
}

/// The client of the stream.
struct Stream {
    live: Live,
    outage: Outage,
    /// The sequence number of the last change.
    seen: Cell<i64>,
    open: RefCell<Option<OpenSource>>,
    waiting: RefCell<ChangeBatch>,
    handing_on: Cell<bool>,
    counting: Cell<bool>,
    count_again: Cell<bool>,
}

/// An open connection, which is closed on drop.
struct OpenSource {
    source: EventSource,
    _listeners: [EventListener; 6],
}

impl Drop for OpenSource {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// The data of the events `hello` and `reset`.
#[derive(Deserialize)]
struct StreamPosition {
    seq: i64,
}

impl Stream {
    fn new(live: Live, seq: i64) -> Self {
        Self {
            live,
            outage: Outage::current(),
            seen: Cell::new(seq),
            open: RefCell::default(),
            waiting: RefCell::default(),
            handing_on: Cell::default(),
            counting: Cell::default(),
            count_again: Cell::default(),
        }
    }

    /// Open while the page can be seen: browsers allow a host six connections, and other tabs want theirs.
    fn keep(self: Rc<Self>) {
        let line = Rc::clone(&self);
        let follow = move |_: &Event| {
            if document().hidden() {
                line.close();
            } else if line.open.borrow().is_none() {
                line.connect();
            }
        };
        // For as long as the page lives.
        EventListener::new(&document(), "visibilitychange", follow).forget();
        let line = Rc::clone(&self);
        effect(move || {
            line.live.connect_again.track();
            if !document().hidden() && line.open.borrow().is_none() {
                line.connect();
            }
        });
    }

    fn close(&self) {
        drop(self.open.take());
        self.live.link.set(Connection::Off);
    }

    fn connect(self: &Rc<Self>) {
        let Ok(source) = EventSource::new(&format!("/events?after={}", self.seen.get())) else { return };
        let on = |name: &'static str, act: fn(&Rc<Self>, &Event)| {
            let line = Rc::clone(self);
            EventListener::new(&source, name, move |event| act(&line, event))
        };
        let listeners = [
            on("open", |line, _| {
                line.live.link.set(Connection::Live);
                if line.outage.since.read_untracked().is_some() {
                    line.outage.over();
                    line.hand_on(|batch| batch.everything = true);
                }
            }),
            on("change", |line, event| {
                if let Some(change) = read::<Change>(event) {
                    line.seen.set(change.seq);
                    line.hand_on(|batch| batch.changes.push(change));
                }
            }),
            on("hello", Self::begin_anew),
            on("reset", Self::begin_anew),
            // The session is over: the next load finds out, and asks to sign in.
            on("end", |line, _| {
                line.close();
                line.hand_on(|batch| batch.everything = true);
            }),
            on("error", |line, _| line.broke()),
        ];
        self.open.replace(Some(OpenSource { source, _listeners: listeners }));
    }

    fn begin_anew(self: &Rc<Self>, event: &Event) {
        if let Some(StreamPosition { seq }) = read(event) {
            self.seen.set(seq);
            self.hand_on(|batch| batch.everything = true);
        }
    }

    fn broke(self: &Rc<Self>) {
        let refused =
            self.open.borrow().as_ref().is_some_and(|open| open.source.ready_state() == EventSource::CLOSED);
        if !refused {
            self.live.link.set(Connection::Reconnecting);
            self.outage.begin();
            return;
        }
        self.close();
        self.hand_on(|batch| batch.everything = true);
        let line = Rc::clone(self);
        let again = move || {
            if !document().hidden() && line.open.borrow().is_none() {
                line.connect();
            }
        };
        set_timeout(again, RECONNECT_DELAY);
    }

    /// Adds to the next batch.
    fn hand_on(self: &Rc<Self>, add: impl FnOnce(&mut ChangeBatch)) {
        add(&mut self.waiting.borrow_mut());
        if self.handing_on.replace(true) {
            return;
        }
        let line = Rc::clone(self);
        let hand_on = move || {
            line.handing_on.set(false);
            line.live.changes.set(line.waiting.take());
            line.count();
        };
        set_timeout(hand_on, BATCH_INTERVAL);
    }

    fn count(self: &Rc<Self>) {
        if self.counting.replace(true) {
            self.count_again.set(true);
            return;
        }
        let counts = self.live.counts;
        spawn_local(async move {
            // Without an answer the old counts stay.
            if let Ok(now) = api::lane_counts().await {
                counts.set(Some(now));
            }
        });
        let line = Rc::clone(self);
        let rested = move || {
            line.counting.set(false);
            if line.count_again.take() {
                line.count();
            }
        };
        set_timeout(rested, COUNT_INTERVAL);
    }
}

fn read<T: for<'de> Deserialize<'de>>(event: &Event) -> Option<T> {
    codec::read(&event.dyn_ref::<MessageEvent>()?.data().as_string()?).ok()
}
