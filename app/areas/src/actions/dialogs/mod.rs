//! The dialogs of the keyboard.

pub mod help;
pub mod palette;

use leptos::prelude::*;

use crate::actions::location::ListLocation;
use help::Help;
use palette::Palette;

kit::part! {
    module: dialogs,
    function: dialogs / preload_dialogs,
    as: DIALOGS,
    view: |location: Memo<ListLocation>| view! {
        <Help/>
        <Palette location/>
    }
    .into_any(),
}
