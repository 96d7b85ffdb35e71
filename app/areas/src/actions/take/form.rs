//! The form: what to do, and then the fields that this needs.

use leptos::ev::{Event, SubmitEvent};
use leptos::prelude::*;

use super::Filled;
use crate::actions::location::TAKE_PATH as PATH;
use domain::actions::parameter::{ParameterKind, ParameterSpec};
use domain::actions::proposal::MAX_COMMENT_LENGTH;
use domain::actions::take::{FormField, TakeForm, asset_kind, form_fields, is_own_asset};
use domain::{ActionType, Asset, AssetKind, EntityKind, Severity};
use kit::form::{around, follow, sent};
use kit::handler::handler;
use kit::icon::Icon;

/// Chooses the type, and the kind of entity where the type takes several.
#[component]
pub(super) fn TypeChoice(
    /// What the address says of the form.
    filled: Memo<Filled>,
) -> impl IntoView {
    let follow = follow();
    let submit = follow.clone();
    let chosen = Memo::new(move |_| filled.with(Filled::action_type));
    let kind = Memo::new(move |_| filled.with(Filled::kind));
    let types = ActionType::ALL
        .iter()
        .map(|&of| {
            view! {
                <option value=of.as_str() selected=move || chosen.get() == Some(of)>
                    {of.label()}
                </option>
            }
            .into_any()
        })
        .collect_view();
    let kinds = move || {
        let kinds = chosen.get()?.info().entities;
        (kinds.len() > 1).then(|| {
            let options = kinds
                .iter()
                .map(|&of| {
                    view! {
                        <option value=of.as_str() selected=move || kind.get() == Some(of)>
                            {of.label()}
                        </option>
                    }
                    .into_any()
                })
                .collect_view();
            view! {
                <label class="field">
                    <span class="field-label">"On what"</span>
                    <select name="kind">{options}</select>
                </label>
            }
            .into_any()
        })
    };
    let effect = move || chosen.get().map(|of| of.info().effect);
    view! {
        <form
            class="take-form"
            action=PATH
            on:submit=handler(move |event: SubmitEvent| sent(&event).iter().for_each(&submit))
            on:change=handler(move |event: Event| around(&event).iter().for_each(&follow))
        >
            <label class="field">
                <span class="field-label">"What to do"</span>
                <select name="type" required>
                    <option value="">"Choose a type of action"</option>
                    {types}
                </select>
            </label>
            {move || kinds()}
            <p class="take-hint">{move || effect()}</p>
            <button class="button no-wasm" type="submit">"Continue"</button>
        </form>
    }
    .into_any()
}

/// The fields of a type on a kind of entity.
#[component]
pub(super) fn Fields(
    /// What the address says of the form.
    filled: Filled,
    /// The type.
    action_type: ActionType,
    /// The kind of its entity.
    kind: EntityKind,
    /// What the server knows of it.
    form: TakeForm,
) -> impl IntoView {
    let follow = follow();
    let info = action_type.info();
    let lives_on = asset_kind(kind);
    let suggestions = suggestions(&form.assets, lives_on);
    let own = is_own_asset(kind);
    let value = |name: &str| filled.value(name).unwrap_or_default().to_owned();
    let entity = form_fields(kind)
        .iter()
        .enumerate()
        .map(|(at, field)| entity_field(field, &filled, own && at == 0))
        .collect_view();
    let asset = (!own).then(|| {
        view! {
            <label class="field">
                <span class="field-label">{lives_on.label()}</span>
                <input
                    name="asset.name"
                    list="known-assets"
                    required
                    autocomplete="off"
                    spellcheck="false"
                    value=value("asset.name")
                />
            </label>
        }
        .into_any()
    });
    let parameters = info.parameters.iter().map(|spec| parameter(spec, &filled)).collect_view();
    let severity = filled.value("severity").unwrap_or("medium").to_owned();
    let severities = Severity::ALL
        .iter()
        .map(|of| {
            view! { <option value=of.as_str() selected=severity == of.as_str()>{of.label()}</option> }
                .into_any()
        })
        .collect_view();
    let more = ["investigation", "incident"]
        .into_iter()
        .filter_map(|name| {
            let value = filled.value(name)?.to_owned();
            Some(view! { <input type="hidden" name=name value=value/> }.into_any())
        })
        .collect_view();
    let label = if info.comment_required { "Why" } else { "Why (optional)" };
    view! {
        {errors(&form)}
        <form
            class="take-form"
            action=PATH
            on:submit=handler(move |event: SubmitEvent| sent(&event).iter().for_each(&follow))
        >
            <input type="hidden" name="type" value=action_type.as_str()/>
            <input type="hidden" name="kind" value=kind.as_str()/>
            <input type="hidden" name="preview" value="1"/>
            {more}
            {entity}
            {asset}
            {suggestions}
            {parameters}
            <label class="field">
                <span class="field-label">"Severity"</span>
                <select name="severity">{severities}</select>
            </label>
            <label class="field wide">
                <span class="field-label">{label}</span>
                <textarea
                    name="comment"
                    rows="3"
                    required=info.comment_required
                    maxlength=MAX_COMMENT_LENGTH.to_string()
                >
                    {value("comment")}
                </textarea>
            </label>
            <button class="button" class:primary=!filled.previewed || form.preview.is_none() type="submit">
                "Preview"
            </button>
        </form>
    }
    .into_any()
}

/// What stands against it, by the labels of the fields.
fn errors(form: &TakeForm) -> Option<AnyView> {
    if form.errors.is_empty() {
        return None;
    }
    let items = form
        .errors
        .iter()
        .map(|error| {
            let name = error.pointer.rsplit('/').next().unwrap_or_default().replace('_', " ");
            view! { <li><strong>{name}</strong> " " {error.detail.clone()}</li> }.into_any()
        })
        .collect_view();
    let view = view! {
        <div class="take-errors" role="alert">
            <Icon name="triangle"/>
            <ul>{items}</ul>
        </div>
    };
    Some(view.into_any())
}

fn entity_field(field: &'static FormField, filled: &Filled, suggested: bool) -> AnyView {
    let name = format!("entity.{}", field.name);
    let value = filled.value(&name).unwrap_or_default().to_owned();
    let label = if field.required { field.label.to_owned() } else { format!("{} (optional)", field.label) };
    view! {
        <label class="field">
            <span class="field-label">{label}</span>
            <input
                name=name
                value=value
                required=field.required
                inputmode=field.is_number.then_some("numeric")
                list=suggested.then_some("known-assets")
                autocomplete="off"
                spellcheck="false"
            />
        </label>
    }
    .into_any()
}

fn parameter(spec: &'static ParameterSpec, filled: &Filled) -> AnyView {
    let name = format!("parameter.{}", spec.name);
    let value = filled.value(&name).unwrap_or_default().to_owned();
    let optional = if spec.required { "" } else { " (optional)" };
    let input = match spec.kind {
        ParameterKind::OneOf(words) => {
            let options = words
                .iter()
                .map(|word| view! { <option value=*word selected=value == *word>{*word}</option> }.into_any())
                .collect_view();
            let none = (!spec.required).then(|| view! { <option value="">"—"</option> });
            view! { <select name=name required=spec.required>{none}{options}</select> }.into_any()
        }
        ParameterKind::Time => view! {
            <input name=name value=value required=spec.required placeholder="2026-01-31T12:00:00Z" autocomplete="off"/>
        }
        .into_any(),
        ParameterKind::Text(_) => view! {
            <input name=name value=value required=spec.required autocomplete="off" spellcheck="false"/>
        }
        .into_any(),
    };
    view! {
        <label class="field">
            <span class="field-label">{spec.name.label()}{optional}</span>
            {input}
        </label>
    }
    .into_any()
}

/// The names of known assets, for the browser to complete.
fn suggestions(assets: &[Asset], kind: AssetKind) -> AnyView {
    let options = assets
        .iter()
        .filter(|asset| asset.kind == kind)
        .map(|asset| {
            let label = [
                asset.criticality.map(|of| format!("{} criticality", of.label())),
                asset.device_group.clone(),
            ];
            let label = label.into_iter().flatten().collect::<Vec<_>>().join(", ");
            view! { <option value=asset.name.clone()>{label}</option> }.into_any()
        })
        .collect_view();
    view! { <datalist id="known-assets">{options}</datalist> }.into_any()
}
