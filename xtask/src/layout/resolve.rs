//! What a path means: the module that declares the item which it names, through renamed imports, re-exports and globs.
//!
//! It covers what a project writes, not all that Rust allows: a name that means a module and an item is taken for the
//! module, and what nobody declares is taken for something that a macro declares in the module before it.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
};

use super::source::{ModulePath, Modules};

/// The crates of the workspace by the names under which code refers to them.
pub(super) struct Crates(pub(super) BTreeMap<String, Modules>);

/// A module of a crate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) krate: String,
    pub(super) module: ModulePath,
}

#[derive(Clone, Debug)]
enum Entity {
    Module(Target),
    /// An item of that module.
    Item(Target),
    /// Something that is not of this workspace.
    Foreign,
}

/// The names that are being looked up already, since imports may refer to each other.
type Seen = BTreeSet<(Target, String, bool)>;

impl Crates {
    /// The module to which a path leads, if it is one of ours.
    pub(super) fn resolve(&self, from: &Target, path: &[String]) -> Option<Target> {
        match self.entity(from, path, &mut Seen::new()) {
            Entity::Module(target) | Entity::Item(target) => Some(target),
            Entity::Foreign => None,
        }
    }

    fn entity(&self, from: &Target, path: &[String], seen: &mut Seen) -> Entity {
        let Some((first, rest)) = path.split_first() else { return Entity::Foreign };
        let root = |krate: &str| Entity::Module(Target { krate: krate.to_owned(), module: Vec::new() });
        let start = match first.as_str() {
            "crate" => root(&from.krate),
            "self" => Entity::Module(from.clone()),
            "super" => Entity::Module(parent(from)),
            _ => match self.name(from, first, seen) {
                Some(entity) => entity,
                None if self.0.contains_key(first) => root(first),
                None => Entity::Foreign,
            },
        };
        rest.iter().fold(start, |entity, name| match entity {
            Entity::Module(module) if name == "super" => Entity::Module(parent(&module)),
            Entity::Module(module) => self.name(&module, name, seen).unwrap_or(Entity::Item(module)),
            Entity::Item(_) | Entity::Foreign => entity,
        })
    }

    /// What a name means inside a module. What is declared comes before what a macro may declare.
    fn name(&self, at: &Target, name: &str, seen: &mut Seen) -> Option<Entity> {
        self.declared(at, name, false, seen).or_else(|| self.declared(at, name, true, seen))
    }

    fn declared(&self, at: &Target, name: &str, by_macro: bool, seen: &mut Seen) -> Option<Entity> {
        let modules = self.0.get(&at.krate)?;
        let module = modules.get(&at.module)?;
        let child = [at.module.as_slice(), slice::from_ref(&name.to_owned())].concat();
        if modules.contains_key(&child) {
            return Some(Entity::Module(Target { krate: at.krate.clone(), module: child }));
        }
        if module.items.contains(name) || by_macro && module.macro_words.contains(name) {
            return Some(Entity::Item(at.clone()));
        }
        if !seen.insert((at.clone(), name.to_owned(), by_macro)) {
            return None;
        }
        if let Some((_, path)) = module.aliases.iter().find(|(alias, _)| alias == name) {
            return Some(self.entity(at, path, seen));
        }
        module.globs.iter().find_map(|path| match self.entity(at, path, seen) {
            Entity::Module(module) => self.declared(&module, name, by_macro, seen),
            Entity::Item(_) | Entity::Foreign => None,
        })
    }
}

fn parent(of: &Target) -> Target {
    let mut parent = of.clone();
    parent.module.pop();
    parent
}
