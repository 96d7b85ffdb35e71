//! What a page does whose session is over.

use leptos::prelude::*;

use domain::actions::query::push_encoded;
use kit::effect::effect;

/// Leaves for the sign-in page once the session has ended; `back` is the address to which it returns.
pub(crate) fn leave_when_signed_out(
    back: impl Fn() -> String + 'static,
    signed_out: impl Fn() -> bool + 'static,
) {
    effect(move || {
        if signed_out() {
            let mut href = "/sign-in?error=expired&next=".to_owned();
            push_encoded(&mut href, &untrack(&back));
            drop(window().location().set_href(&href));
        }
    });
}
