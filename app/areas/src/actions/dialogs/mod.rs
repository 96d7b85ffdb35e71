//! The dialogs of the keyboard.

pub mod help;
pub mod palette;

use leptos::prelude::*;

use crate::actions::place::Place;
use help::Help;
use palette::Palette;

kit::part! {
    module: dialogs,
    function: dialogs / preload_dialogs,
    as: DIALOGS,
    view: |here: Memo<Place>| view! {
        <Help/>
        <Palette here/>
    }
    .into_any(),
}
