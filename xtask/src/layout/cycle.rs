//! Cycles of imports: in each folder of a crate, what its modules import of each other goes one way.
//!
//! A module may use what its ancestors declare, and its descendants. A path that leads to another child of an ancestor
//! counts for the two children below that ancestor, whichever files inside them import whichever.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

use super::{
    resolve::{Crates, Target},
    source::ModulePath,
};

/// A cycle, as short as there is one among modules that all depend on each other.
#[derive(Debug)]
pub(super) struct Cycle {
    /// The module in which the cycle's modules lie, with its crate: `server::store`.
    folder: String,
    /// Each module with the import that leads to the next one.
    links: Vec<(String, Import)>,
    /// All modules that depend on each other by way of these.
    entangled: usize,
}

/// Where one module imports another.
#[derive(Clone, Debug)]
struct Import {
    file: String,
    line: usize,
    path: String,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.links.iter().map(|(name, _)| name.as_str()).collect();
        write!(f, "{}: {} -> {}", self.folder, names.join(" -> "), names[0])?;
        for ((name, import), next) in self.links.iter().zip(names.iter().cycle().skip(1)) {
            let Import { file, line, path } = import;
            write!(f, "\n  {name} imports {next} in {file}:{line} by `{path}`")?;
        }
        if self.entangled > self.links.len() {
            write!(f, "\n  {} modules depend on each other in this way", self.entangled)?;
        }
        Ok(())
    }
}

/// By module, what it imports and where it does so first.
type Graph = BTreeMap<String, BTreeMap<String, Import>>;

/// One cycle for each set of modules that depend on each other.
pub(super) fn cycles(crates: &Crates) -> Vec<Cycle> {
    let mut found = Vec::new();
    for (krate, modules) in &crates.0 {
        let mut folders: BTreeMap<ModulePath, Graph> = BTreeMap::new();
        for (path, module) in modules {
            let from = Target { krate: krate.clone(), module: path.clone() };
            for reference in &module.references {
                let Some(to) = crates.resolve(&from, &reference.path) else { continue };
                let common = path.iter().zip(&to.module).take_while(|(one, other)| one == other).count();
                let (Some(one), Some(other)) = (path.get(common), to.module.get(common)) else { continue };
                if to.krate == *krate {
                    let graph = folders.entry(path[..common].to_vec()).or_default();
                    graph.entry(one.clone()).or_default().entry(other.clone()).or_insert_with(|| Import {
                        file: module.file.display().to_string(),
                        line: reference.line,
                        path: reference.path.join("::"),
                    });
                }
            }
        }
        for (folder, graph) in folders {
            let folder = std::iter::once(krate).chain(&folder).cloned().collect::<Vec<_>>().join("::");
            found.extend(in_folder(&folder, &graph));
        }
    }
    found
}

fn in_folder(folder: &str, graph: &Graph) -> Vec<Cycle> {
    let mut cycles = Vec::new();
    let mut reported = BTreeSet::new();
    for start in graph.keys() {
        let Some(way) = shortest_cycle_from(graph, start) else { continue };
        if reported.contains(start) {
            continue;
        }
        let ahead = reachable(graph, start);
        let entangled: Vec<_> = ahead.into_iter().filter(|it| reachable(graph, it).contains(start)).collect();
        let shortest = entangled
            .iter()
            .filter_map(|module| shortest_cycle_from(graph, module))
            .min_by_key(Vec::len)
            .unwrap_or(way);
        let links = shortest
            .iter()
            .zip(shortest.iter().cycle().skip(1))
            .map(|(from, to)| ((*from).to_owned(), graph[*from][*to].clone()))
            .collect();
        cycles.push(Cycle { folder: folder.to_owned(), links, entangled: entangled.len() });
        reported.extend(entangled);
    }
    cycles
}

fn reachable<'a>(graph: &'a Graph, start: &str) -> BTreeSet<&'a String> {
    let mut seen = BTreeSet::new();
    let mut next: Vec<_> = graph.get(start).into_iter().flat_map(BTreeMap::keys).collect();
    while let Some(module) = next.pop() {
        if seen.insert(module) {
            next.extend(graph.get(module).into_iter().flat_map(BTreeMap::keys));
        }
    }
    seen
}

/// The shortest way from a module to itself, without its second mention at the end.
fn shortest_cycle_from<'a>(graph: &'a Graph, start: &'a str) -> Option<Vec<&'a str>> {
    let mut from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(module) = next.pop_front() {
        for other in graph.get(module).into_iter().flat_map(BTreeMap::keys) {
            if other == start {
                let mut way = vec![module];
                while let Some(before) = from.get(way[way.len() - 1]) {
                    way.push(before);
                }
                way.reverse();
                return Some(way);
            }
            if !from.contains_key(other.as_str()) {
                from.insert(other, module);
                next.push_back(other);
            }
        }
    }
    None
}
