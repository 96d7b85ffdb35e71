//! What happens while the page is open: the stream of changes, and what is done without it.

pub mod connection_state;
pub mod outage;
pub mod stream;

use leptos::prelude::*;

use kit::clock::poll;
use kit::derived::{Derived, derived};
use stream::{Connection, Live};

/// Calls `look` every two seconds while `running` says so, somebody can see the page, and changes do not come by
/// themselves.
pub fn poll_while(running: Derived<bool>, look: impl Fn() + Clone + 'static) {
    let link = Live::current().link;
    poll(derived(move || running.get() && link.get() == Connection::Off), look);
}
