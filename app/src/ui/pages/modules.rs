//! Which functions are loaded together, and later.

use leptos::prelude::*;

use super::action_center::{ActionCenter, List};
use super::detail::{Detail, DetailView, coming};
use super::home::Home;
use super::job::Job;
use super::panels::{Loads, side_panel};
use super::plan::Plan;
use super::sign_in::SignIn;
use crate::ui::lazy::later;
use crate::ui::parts::{Decisions, Held, Help, News, Palette, Saving, ViewChanges};
use crate::ui::place::{Panel, Place};

later! { list;
    fn list / preload_list () { view! { <ActionCenter/> }.into_any() }
}

later! { home;
    fn home / preload_home () { view! { <Home/> }.into_any() }
}

later! { bulk;
    fn plan / preload_plan () { view! { <Plan/> }.into_any() }
    fn job / preload_job () { view! { <Job/> }.into_any() }
}

later! { sign_in;
    fn sign_in / preload_sign_in () { view! { <SignIn/> }.into_any() }
}

later! { panels;
    fn panel / preload_panel (panel: Panel, here: Memo<Place>, loads: Loads, saving: Saving, changes: ViewChanges) {
        side_panel(panel, here, loads, saving, changes)
    }
}

later! { details;
    fn details / preload_details (
        list: List,
        detail: Detail,
        here: Memo<Place>,
        held: Held,
        decisions: Decisions,
        news: RwSignal<Option<News>>,
        wants_focus: StoredValue<bool>
    ) {
        // What waits for data stands inside of what waits for code: a `Transition` that found nothing to wait for at
        // first does not show its fallback later.
        view! {
            <Transition fallback=move || coming(here, held)>
                <DetailView list detail here decisions news wants_focus/>
            </Transition>
        }
        .into_any()
    }
}

later! { dialogs;
    fn dialogs / preload_dialogs (here: Memo<Place>) {
        view! {
            <Help/>
            <Palette here/>
        }
        .into_any()
    }
}
