//! The graph as it was laid out, and its twin in words.

use leptos::prelude::*;

use super::records::{link, table, text};
use domain::actions::query::push_pair;
use domain::investigations::Tab;
use domain::investigations::graph::{Edge, Graph, Node};
use kit::url::with_query;

/// Characters of a line of a node; the whole of it stands in its title.
const MAX_LABEL: usize = 21;

/// The graph; each node leads to its tab.
pub(crate) fn graph(of: Graph, href: &str) -> AnyView {
    let Graph { width, height, node: (node_width, node_height), headings, nodes, edges } = of;
    let href_of = |tab: Tab| {
        let mut query = String::new();
        push_pair(&mut query, "tab", tab.as_str());
        with_query(href.to_owned(), &query)
    };
    let lines = edges
        .iter()
        .filter_map(|Edge { from, to }| {
            let (from, to) = (nodes.get(*from)?, nodes.get(*to)?);
            let (x1, y1) = (from.x + node_width, from.y + node_height / 2);
            let (x2, y2) = (to.x, to.y + node_height / 2);
            let middle = u32::midpoint(x1, x2);
            let path = format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}");
            Some(view! { <path class="graph-line" d=path></path> }.into_any())
        })
        .collect_view();
    let heads = headings
        .into_iter()
        .map(|(heading, x)| {
            view! { <text class="graph-heading" x=x.to_string() y="20">{heading}</text> }.into_any()
        })
        .collect_view();
    let boxes =
        nodes.iter().map(|node| drawn(node, node_width, node_height, href_of(node.tab))).collect_view();
    let words = nodes
        .iter()
        .map(|node| {
            vec![
                link(href_of(node.tab), node.label.clone()),
                node.heading.clone().into_any(),
                text(if node.note.is_empty() { "–".to_owned() } else { node.note.clone() }),
            ]
        })
        .collect();
    view! {
        <div class="graph" tabindex="0" role="region" aria-label="Graph">
            <svg
                role="group"
                aria-label="Investigation graph; its table follows"
                width=width.to_string()
                height=height.to_string()
                viewBox=format!("0 0 {width} {height}")
            >
                {lines}
                {heads}
                {boxes}
            </svg>
        </div>
        <details class="graph-words">
            <summary>"The graph as a table"</summary>
            {table("The graph as a table", &["What", "Column", "Found"], words, "The graph is empty.")}
        </details>
    }
    .into_any()
}

fn drawn(node: &Node, width: u32, height: u32, href: String) -> AnyView {
    let Node { label, note, threat, x, y, heading, .. } = node;
    let name =
        if note.is_empty() { format!("{heading}: {label}") } else { format!("{heading}: {label}, {note}") };
    let class = if *threat { "graph-node threat" } else { "graph-node" };
    view! {
        // In a group of its own, so that the macro knows that it is a link of SVG and none of HTML.
        <g>
            <a href=href class=class>
                <title>{name}</title>
                <rect
                    x=x.to_string()
                    y=y.to_string()
                    width=width.to_string()
                    height=height.to_string()
                    rx="6"
                ></rect>
                <text x=(x + 10).to_string() y=(y + 19).to_string()>{shortened(label)}</text>
                <text class="graph-note" x=(x + 10).to_string() y=(y + 35).to_string()>{shortened(note)}</text>
            </a>
        </g>
    }
    .into_any()
}

/// The end of a path says more than its beginning.
fn shortened(text: &str) -> String {
    let text = domain::core::text::escape_controls(text);
    let count = text.chars().count();
    if count <= MAX_LABEL {
        return text;
    }
    let end: String = text.chars().skip(count - (MAX_LABEL - 1)).collect();
    format!("…{end}")
}
