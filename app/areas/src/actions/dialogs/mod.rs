//! The dialogs of the keyboard.

pub mod help;
pub mod palette;

use leptos::prelude::*;

use crate::actions::location::ListLocation;
use help::Help;
use kit::dialog::show_dialog;
use kit::effect::{after_paint, effect};
use palette::Palette;

kit::part! {
    module: dialogs,
    function: dialogs / preload_dialogs,
    as: DIALOGS,
    view: |location: Memo<ListLocation>, asked: RwSignal<Option<&'static str>>| {
        open_when_asked(asked);
        view! {
            <Help/>
            <Palette location/>
        }
        .into_any()
    },
}

/// Opens the dialog with the id that is asked for, also if its key was pressed before this part was loaded.
fn open_when_asked(asked: RwSignal<Option<&'static str>>) {
    effect(move || {
        let Some(id) = asked.get() else { return };
        asked.set(None);
        // The first time, the dialogs are only just being inserted.
        if !show_dialog(id) {
            after_paint(move || {
                show_dialog(id);
            });
        }
    });
}
