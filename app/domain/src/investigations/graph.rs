//! The graph of an investigation: columns from the alert to the result, laid out here, so that the page only draws it.
//! Where a column would be too long, what is alike is folded into one node that says how many it stands for.

use serde::{Deserialize, Serialize};

use crate::investigations::Tab;

/// Nodes of one column that are drawn one by one.
const MAX_NODES: usize = 12;
/// Width of a node, and the distance from column to column.
const WIDTH: u32 = 180;
const COLUMN: u32 = 236;
/// Height of a node, and the distance from row to row.
const HEIGHT: u32 = 44;
const ROW: u32 = 60;
/// The room above for the headings, and around.
const TOP: u32 = 36;
const MARGIN: u32 = 8;

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its line.
    pub label: String,
    /// What was found of it.
    pub note: String,
    /// Whether it is a threat.
    pub threat: bool,
    /// The tab to which it leads.
    pub tab: Tab,
    /// The labels of nodes before to which it is bound; all of the column before where none is named.
    pub of: Vec<String>,
}

/// A column of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub heading: &'static str,
    /// Its items, those that matter most first.
    pub items: Vec<Item>,
    /// How many there are, if these are only the first.
    pub total: u64,
}

/// A node, as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The heading of its column.
    pub heading: String,
    /// Its line.
    pub label: String,
    /// What was found of it.
    pub note: String,
    /// Whether it is a threat.
    pub threat: bool,
    /// The tab to which it leads.
    pub tab: Tab,
    /// From the left.
    pub x: u32,
    /// From above.
    pub y: u32,
}

/// A line between nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The place of a node.
    pub from: usize,
    /// The place of another.
    pub to: usize,
}

/// The graph, as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graph {
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// The width and height of a node.
    pub node: (u32, u32),
    /// Headings, each with its place from the left.
    pub headings: Vec<(String, u32)>,
    /// The nodes, column by column.
    pub nodes: Vec<Node>,
    /// The lines.
    pub edges: Vec<Edge>,
}

/// Lays out columns; empty ones are left out.
#[must_use]
pub fn lay_out(columns: Vec<Column>) -> Graph {
    let columns: Vec<_> = columns.into_iter().filter(|column| !column.items.is_empty()).collect();
    let mut graph = Graph {
        width: MARGIN * 2,
        height: TOP + MARGIN,
        node: (WIDTH, HEIGHT),
        headings: Vec::new(),
        nodes: Vec::new(),
        edges: Vec::new(),
    };
    let mut before: Vec<(usize, String)> = Vec::new();
    let mut x = MARGIN;
    for column in columns {
        let items = folded(column.items, column.total);
        graph.headings.push((column.heading.to_owned(), x));
        let mut these = Vec::new();
        let mut y = TOP;
        for item in items {
            let at = graph.nodes.len();
            let bound = |(_, label): &&(usize, String)| item.of.iter().any(|of| of == label);
            let mut from: Vec<_> = before.iter().filter(bound).map(|(at, _)| *at).collect();
            if from.is_empty() {
                // Of a long column the first stands for all.
                from = before.iter().take(if before.len() > 4 { 1 } else { 4 }).map(|(at, _)| *at).collect();
            }
            graph.edges.extend(from.into_iter().map(|from| Edge { from, to: at }));
            these.push((at, item.label.clone()));
            let heading = column.heading.to_owned();
            let Item { label, note, threat, tab, .. } = item;
            graph.nodes.push(Node { heading, label, note, threat, tab, x, y });
            y += ROW;
        }
        graph.height = graph.height.max(y + MARGIN);
        graph.width = x + WIDTH + MARGIN;
        x += COLUMN;
        before = these;
    }
    graph
}

/// The first items, and one that stands for the others.
fn folded(mut items: Vec<Item>, total: u64) -> Vec<Item> {
    let all = total.max(items.len() as u64);
    if items.len() > MAX_NODES || all > items.len() as u64 {
        let rest = items.split_off(items.len().min(MAX_NODES - 1));
        let threats = rest.iter().filter(|item| item.threat).count();
        let more = all - items.len() as u64;
        let note = if threats > 0 { format!("{threats} with threats") } else { String::new() };
        let tab = items.first().map_or(Tab::Evidence, |item| item.tab);
        items.push(Item { label: format!("{more} more"), note, threat: threats > 0, tab, of: Vec::new() });
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(heading: &'static str, labels: usize) -> Column {
        let item = |at| Item {
            label: format!("{heading} {at}"),
            note: String::new(),
            threat: at % 2 == 0,
            tab: Tab::Alerts,
            of: Vec::new(),
        };
        Column { heading, items: (0..labels).map(item).collect(), total: labels as u64 }
    }

    #[test]
    fn columns_follow_each_other_and_no_nodes_overlap() {
        let graph = lay_out(vec![column("Alert", 1), column("Devices", 0), column("Evidence", 5)]);
        assert_eq!(graph.headings.len(), 2);
        assert_eq!((graph.nodes.len(), graph.edges.len()), (6, 5));
        for (at, one) in graph.nodes.iter().enumerate() {
            for other in &graph.nodes[at + 1..] {
                let apart = one.x.abs_diff(other.x) >= WIDTH || one.y.abs_diff(other.y) >= HEIGHT;
                assert!(apart, "{one:?} {other:?}");
            }
            assert!(one.x + WIDTH <= graph.width && one.y + HEIGHT <= graph.height);
        }
    }

    #[test]
    fn thousands_fold_into_one_node() {
        let graph = lay_out(vec![column("Alert", 1), column("Evidence", 5_000)]);
        assert_eq!(graph.nodes.len(), 1 + MAX_NODES);
        assert_eq!(graph.nodes.last().unwrap().label, "4989 more");
        let graph = lay_out(vec![Column { total: 9, ..column("Evidence", 3) }]);
        assert_eq!(graph.nodes.last().unwrap().label, "6 more");
        assert_eq!(lay_out(Vec::new()).nodes.len(), 0);
    }

    #[test]
    fn a_node_is_bound_to_what_it_names() {
        let mut evidence = column("Evidence", 1);
        evidence.items[0].of = vec!["Devices 1".to_owned()];
        let graph = lay_out(vec![column("Devices", 3), evidence]);
        assert_eq!(graph.edges, [Edge { from: 1, to: 3 }]);
    }
}
