//! Colours, sizes of text, steps of room, icons.

use leptos::prelude::*;

use super::section;
use kit::icon::Icon;

const COLOURS: [(&str, &str); 24] = [
    ("--n1", "page"),
    ("--n2", "pane"),
    ("--n3", "hover"),
    ("--n4", "selected"),
    ("--n5", "line"),
    ("--n6", "strong line"),
    ("--n7", "control line"),
    ("--n8", "placeholder"),
    ("--n10", "second text"),
    ("--n12", "text"),
    ("--raised", "what floats"),
    ("--raised-hover", "hover on it"),
    ("--accent", "primary button"),
    ("--accent-hover", "its hover"),
    ("--accent-text", "link"),
    ("--accent-line", "focus, selection"),
    ("--danger", "danger button"),
    ("--danger-hover", "its hover"),
    ("--danger-text", "danger in text"),
    ("--good-text", "success in text"),
    ("--amber-text", "little time left"),
    ("--on-accent", "on a button"),
    ("--tint-good", "good news"),
    ("--tint-bad", "bad news"),
];

const TEXTS: [(&str, &str, &str); 7] = [
    ("20", "600", "Page title 20/28"),
    ("16", "600", "Section 16/24"),
    ("14", "400", "Body 14/20"),
    ("14", "500", "Button 14/20, medium"),
    ("13", "400", "Table 13/20: 0123456789"),
    ("12", "400", "Meta 12/16"),
    ("12", "600", "Heading of a column 12/16"),
];

const STEPS: [u32; 7] = [4, 8, 12, 16, 24, 32, 48];

/// All that stands in `public/icons.svg`.
const ICONS: &str = include_str!("../../../public/icons.svg");

pub(super) fn chapter() -> AnyView {
    // As attributes of SVG: the policy forbids inline styles, and these are none.
    let colours = COLOURS.map(|(name, what)| {
        view! {
            <p class="swatch">
                <svg width="40" height="32" aria-hidden="true">
                    <rect
                        x="0.5"
                        y="0.5"
                        width="39"
                        height="31"
                        rx="4"
                        fill=format!("var({name})")
                        stroke="var(--n6)"
                    ></rect>
                </svg>
                <span>
                    <code>{name}</code>
                    <br/>
                    <span class="identity-roles">{what}</span>
                </span>
            </p>
        }
    });
    let texts = TEXTS.map(|(size, weight, text)| {
        view! {
            <svg class="wide-state" width="400" height="28" role="img" aria-label=text>
                <text x="0" y="20" font-size=size font-weight=weight fill="currentColor">
                    {text}
                </text>
            </svg>
        }
    });
    let steps = STEPS.map(|step| {
        view! {
            <p class="step">
                <svg width=step.to_string() height=step.to_string() aria-hidden="true">
                    <rect width="100%" height="100%" fill="var(--accent)"></rect>
                </svg>
                <span>{step}</span>
            </p>
        }
    });
    view! {
        {section("Colours", colours.collect_view())}
        {section("Text", texts.collect_view())}
        {section("Steps", steps.collect_view())}
        {section("Icons", icons())}
    }
    .into_any()
}

fn icons() -> impl IntoView {
    ICONS
        .split("<symbol id=\"")
        .skip(1)
        .filter_map(|symbol| symbol.split('"').next())
        .map(|name| {
            view! {
                <p class="picture">
                    <Icon name/>
                    {name}
                </p>
            }
        })
        .collect_view()
}
