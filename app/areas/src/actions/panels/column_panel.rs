//! Customize columns: which, in which order, how wide; how high rows are and how many a page has. Each change is kept
//! for the person at once; without wasm a button does, and the order stays.

use leptos::ev::{DragEvent, Event, MouseEvent, SubmitEvent};
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

use crate::actions::export::ExportTracking;
use crate::actions::location::ListLocation;
use crate::actions::table::action_cells::width;
use api::{ResetTable, SaveTable};
use domain::Lane;
use domain::actions::export::ExportFormat;
use domain::actions::query::{Column, LIMITS};
use domain::settings::preference::{ColumnChoice, Density, TablePreference};
use kit::effect::effect;
use kit::handler::handler;
use kit::icon::Icon;

/// The requests that save or reset the table's preferences.
#[derive(Clone, Copy)]
pub struct Saving {
    /// Saves the preferences.
    pub save: ServerAction<SaveTable>,
    /// Resets the preferences.
    pub reset: ServerAction<ResetTable>,
    /// The preferences that the last change replaced.
    pub replaced: StoredValue<Option<Replaced>>,
    /// Preferences that were set elsewhere, for an open form to adopt.
    given: RwSignal<Option<(Lane, TablePreference)>>,
}

/// Preferences before a change, for its undo.
#[derive(Debug, Clone)]
pub struct Replaced {
    /// The text of the toast.
    pub text: String,
    lane: Lane,
    table: TablePreference,
}

impl Saving {
    /// No request is pending.
    #[expect(clippy::new_without_default, reason = "it makes signals, which belong to a page")]
    pub fn new() -> Self {
        Self {
            save: ServerAction::new(),
            reset: ServerAction::new(),
            replaced: StoredValue::new(None),
            given: RwSignal::new(None),
        }
    }

    /// Saves the preferences.
    fn keep(self, lane: Lane, table: TablePreference) {
        let TablePreference { columns, density, limit } = table;
        self.replaced.set_value(None);
        self.save.dispatch(SaveTable { lane, columns, density, limit, back: None });
    }

    /// Saves the preferences of before the change.
    pub fn put_back(self, before: Replaced) {
        let Replaced { lane, table, .. } = before;
        self.given.set(Some((lane, table.clone())));
        self.keep(lane, table);
    }
}

/// The state of the form.
#[derive(Clone, Copy)]
struct Draft {
    lane: Lane,
    /// Every column, with whether it is shown.
    columns: RwSignal<Vec<(ColumnChoice, bool)>>,
    density: RwSignal<Density>,
    limit: RwSignal<u16>,
    saving: Saving,
}

impl Draft {
    fn of(lane: Lane, table: TablePreference, saving: Saving) -> Self {
        let TablePreference { columns, density, limit } = table;
        let (columns, density) = (RwSignal::new(all(columns)), RwSignal::new(density));
        Self { lane, columns, density, limit: RwSignal::new(limit), saving }
    }

    /// Takes over what was set elsewhere.
    fn fill(self, table: TablePreference) {
        let TablePreference { columns, density, limit } = table;
        self.columns.set(all(columns));
        self.density.set(density);
        self.limit.set(limit);
    }

    fn table(self) -> TablePreference {
        let columns = self.columns.get_untracked().into_iter().filter(|(_, shown)| *shown);
        TablePreference {
            columns: columns.map(|(choice, _)| choice).collect(),
            density: self.density.get_untracked(),
            limit: self.limit.get_untracked(),
        }
    }

    /// What was set elsewhere before is no longer so.
    fn save(self) {
        self.saving.given.update_untracked(|given| *given = None);
        self.saving.keep(self.lane, self.table());
    }

    /// Notes what a change takes away.
    fn replaces(self, table: TablePreference, text: String) {
        self.saving.replaced.set_value(Some(Replaced { text, lane: self.lane, table }));
    }

    /// Changes one column.
    fn change(self, column: Column, change: impl FnOnce(&mut (ColumnChoice, bool))) {
        self.columns.update(|columns| {
            if let Some(entry) = columns.iter_mut().find(|(choice, _)| choice.column == column) {
                change(entry);
            }
        });
        self.save();
    }

    /// Moves one column to a place.
    fn shift(self, column: Column, to: impl FnOnce(usize) -> usize) {
        self.columns.update(|columns| {
            if let Some(at) = columns.iter().position(|(choice, _)| choice.column == column) {
                let entry = columns.remove(at);
                columns.insert(to(at).min(columns.len()), entry);
            }
        });
        self.save();
    }

    fn place_of(self, column: Column) -> usize {
        let columns = self.columns.read_untracked();
        columns.iter().position(|(choice, _)| choice.column == column).unwrap_or_default()
    }
}

/// Every column, with whether it is shown: those that are, in their order, come first.
fn all(shown: Vec<ColumnChoice>) -> Vec<(ColumnChoice, bool)> {
    let hidden = Column::ALL.iter().filter(|column| shown.iter().all(|choice| choice.column != **column));
    let hidden = hidden.map(|column| (ColumnChoice::from(*column), false)).collect::<Vec<_>>();
    shown.into_iter().map(|choice| (choice, true)).chain(hidden).collect()
}

/// The form of columns, row height and page size.
#[component]
pub fn ColumnForm(
    /// The list's location.
    location: Memo<ListLocation>,
    /// The saved preferences.
    table: TablePreference,
    /// The page's pending changes.
    saving: Saving,
) -> impl IntoView {
    let lane = location.read_untracked().lane;
    let draft = Draft::of(lane, table, saving);
    effect(move || {
        if let Some((_, table)) = saving.given.get().filter(|(of, _)| *of == lane) {
            draft.fill(table);
        }
    });
    let dragged = RwSignal::new(None::<Column>);
    let only = Memo::new(move |_| draft.columns.read().iter().filter(|(_, shown)| *shown).count() == 1);
    let back = move || location.read().with("cols", None).href();
    let from_url = move || {
        location.read().columns().is_some().then(|| {
            view! {
                <p class="side-panel-note">
                    "The address of this list names its columns. "
                    <a href=back() data-noscroll>"Show mine"</a>
                </p>
            }
            .into_any()
        })
    };
    let item = move |column: Column| item(column, draft, only, dragged);
    let every = move || draft.columns.get().into_iter().map(|(choice, _)| choice.column).collect::<Vec<_>>();
    view! {
        {move || from_url()}
        <p class="side-panel-note">"A list that nobody changed hides the columns that don't fit."</p>
        <form
            class="column-form"
            method="post"
            action=SaveTable::PATH
            on:submit=handler(move |event: SubmitEvent| {
                event.prevent_default();
                draft.save();
            })
        >
            <input type="hidden" name="lane" value=lane.as_str()/>
            <input type="hidden" name="back" value=move || back()/>
            <p class="column-heads needs-wasm">"Width in pixels"</p>
            <ul class="column-list">
                <For each=every key=|column| *column children=item/>
            </ul>
            {density(draft)}
            {limit(draft)}
            <button class="button no-wasm" type="submit">
                "Save"
            </button>
        </form>
        <form
            method="post"
            action=ResetTable::PATH
            on:submit=handler(move |event: SubmitEvent| {
                event.prevent_default();
                draft.replaces(draft.table(), "Columns are as usual again.".to_owned());
                saving.given.set(Some((lane, TablePreference::of(lane))));
                saving.reset.dispatch(ResetTable { lane, back: None });
            })
        >
            <input type="hidden" name="lane" value=lane.as_str()/>
            <input type="hidden" name="back" value=move || back()/>
            <button class="button" type="submit">
                "Back to the usual columns"
            </button>
        </form>
        <p class="side-panel-note">
            "Export the list with these columns: "
            {ExportFormat::on_page().map(|format| export_link(location, format)).collect_view()}
        </p>
    }
    .into_any()
}

fn export_link(location: Memo<ListLocation>, format: ExportFormat) -> AnyView {
    let exporting = ExportTracking::current();
    view! {
        <a
            href=move || location.read().export(format)
            rel="external"
            on:click=handler(move |event: MouseEvent| exporting.begin(&event))
        >
            {format.label()}
        </a>
    }
    .into_any()
}

fn item(column: Column, draft: Draft, only: Memo<bool>, dragged: RwSignal<Option<Column>>) -> AnyView {
    let find = move || draft.columns.read().iter().find(|(choice, _)| choice.column == column).copied();
    let shown = move || find().is_some_and(|(_, shown)| shown);
    let text = move || find().map(|(choice, _)| choice.to_string());
    let chosen = move || find().and_then(|(choice, _)| choice.width).map(|width| width.to_string());
    let label = column.label();
    let step = move |up: bool, icon: &'static str| {
        let id = format!("{}-{}", if up { "up" } else { "down" }, column.as_str());
        let title = format!("Move {label} {}", if up { "up" } else { "down" });
        let refocus = id.clone();
        let at_end = move || {
            let columns = draft.columns.read();
            let end = if up { columns.first() } else { columns.last() };
            end.is_some_and(|(choice, _)| choice.column == column)
        };
        let go = move |_| {
            if untrack(at_end) {
                return;
            }
            draft.shift(column, |at| if up { at.saturating_sub(1) } else { at + 1 });
            // What moves in the document loses the focus.
            let id = refocus.clone();
            request_animation_frame(move || {
                let button =
                    document().get_element_by_id(&id).and_then(|found| found.dyn_into::<HtmlElement>().ok());
                if let Some(button) = button {
                    drop(button.focus());
                }
            });
        };
        view! {
            <button
                type="button"
                class="icon-button needs-wasm"
                id=id
                title=title.clone()
                aria-label=title
                aria-disabled=move || at_end().then_some("true")
                on:click=handler(go)
            >
                <Icon name=icon/>
            </button>
        }
    };
    view! {
        <li
            class="column-item"
            class:dragged=move || dragged.get() == Some(column)
            draggable="true"
            on:dragstart=handler(move |_: DragEvent| dragged.set(Some(column)))
            on:dragend=handler(move |_: DragEvent| dragged.set(None))
            on:dragover=handler(|event: DragEvent| event.prevent_default())
            on:drop=handler(move |event: DragEvent| {
                event.prevent_default();
                if let Some(moved) = dragged.get_untracked().filter(|moved| *moved != column) {
                    let to = draft.place_of(column);
                    draft.shift(moved, |_| to);
                }
            })
        >
            <label class="column-name">
                <input
                    type="checkbox"
                    name="columns[]"
                    value=move || text()
                    checked=shown()
                    prop:checked=move || shown()
                    disabled=move || only.get() && shown()
                    on:change=handler(move |event: Event| {
                        let shown = event_target_checked(&event);
                        let before = draft.table();
                        draft.change(column, |entry| entry.1 = shown);
                        if !shown {
                            draft.replaces(before, format!("The column {label} is hidden."));
                        }
                    })
                />
                {label}
            </label>
            <input
                class="column-width needs-wasm"
                type="number"
                min="48"
                max="800"
                step="8"
                aria-label=format!("Width of {label} in pixels")
                placeholder=width(column).to_string()
                prop:value=move || chosen().unwrap_or_default()
                on:change=handler(move |event: Event| {
                    let width = event_target_value(&event).parse::<u16>().ok().map(|width| width.clamp(48, 800));
                    draft.change(column, |entry| entry.0.width = width);
                })
            />
            {step(true, "up")}
            {step(false, "down")}
        </li>
    }
    .into_any()
}

fn density(draft: Draft) -> AnyView {
    let options = Density::ALL
        .iter()
        .map(|&density| {
            view! {
                <label class="facet-value">
                    <input
                        type="radio"
                        name="density"
                        value=density.as_str()
                        checked=draft.density.get_untracked() == density
                        prop:checked=move || draft.density.get() == density
                        on:change=handler(move |_: Event| {
                            draft.density.set(density);
                            draft.save();
                        })
                    />
                    {density.label()}
                </label>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <fieldset class="facet density">
            <legend>"Rows"</legend>
            {options}
        </fieldset>
    }
    .into_any()
}

fn limit(draft: Draft) -> AnyView {
    let options = LIMITS
        .iter()
        .map(|&limit| {
            view! {
                <option value=limit.to_string() selected=move || draft.limit.get() == limit>
                    {limit}
                </option>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <label class="field">
            <span class="field-label">"Items per page"</span>
            <select
                name="limit"
                on:change=handler(move |event: Event| {
                    if let Ok(limit) = event_target_value(&event).parse() {
                        draft.limit.set(limit);
                        draft.save();
                    }
                })
            >
                {options}
            </select>
        </label>
    }
    .into_any()
}
