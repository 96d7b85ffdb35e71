//! A crate's modules as they stand in its files: what each declares, imports and refers to. Code for tests is left out.
//!
//! It reads syntax only. What a path means is decided in `resolve`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{
    Attribute, Expr, ExprLit, ImplItemFn, Item, ItemMacro, ItemMod, ItemUse, Lit, Meta, UseTree,
    VisRestricted, punctuated::Punctuated, spanned::Spanned, visit::Visit,
};

/// The names from the crate's root down to a module.
pub(super) type ModulePath = Vec<String>;

/// A path as it is written, and the line on which it stands.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// One module.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// The file in which it stands: for one that is written inline, its parent's.
    pub(super) file: PathBuf,
    /// The names of its items, without those of its modules.
    pub(super) items: BTreeSet<String>,
    /// All words in calls of macros that may define items.
    pub(super) macro_words: BTreeSet<String>,
    /// The names that `use` brings in, each with the path for which it stands.
    pub(super) aliases: Vec<(String, Vec<String>)>,
    /// The paths of `use path::*`.
    pub(super) globs: Vec<Vec<String>>,
    /// All paths, those of `use` included.
    pub(super) references: Vec<Reference>,
}

/// The modules of a crate by their path; the root's is empty.
pub(super) type Modules = BTreeMap<ModulePath, Module>;

/// Reads a crate from the file of its root.
pub(super) fn read(root: &Path) -> Result<Modules> {
    let mut reader = Reader::default();
    reader.read_file(root, true, Vec::new())?;
    Ok(reader.modules)
}

/// What was read of a crate so far.
#[derive(Default)]
struct Reader {
    modules: Modules,
    /// The modules that `areas!` declared last, which `statements!` declares once more further down.
    areas: Vec<Item>,
}

impl Reader {
    /// `owns_folder`: whether its modules lie beside it, and not in a folder of its name.
    fn read_file(&mut self, file: &Path, owns_folder: bool, path: ModulePath) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let parsed = syn::parse_file(&text).with_context(|| format!("cannot parse {}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let folder =
            if owns_folder { folder.to_owned() } else { folder.join(file.file_stem().unwrap_or_default()) };
        self.read_module(file, &folder, path, &parsed.items)
    }

    fn read_module(&mut self, file: &Path, folder: &Path, path: ModulePath, items: &[Item]) -> Result<()> {
        let mut collector =
            Collector { module: Module { file: file.to_owned(), ..Module::default() }, children: Vec::new() };
        let listed = items.iter().map(|item| self.listed(item)).collect::<Result<Vec<_>>>()?.concat();
        for item in items.iter().chain(&listed) {
            collector.declare(item, &path, &mut self.modules);
            collector.visit_item(item);
        }
        let Collector { module, children } = collector;
        self.modules.insert(path.clone(), module);
        for child in children {
            let name = child.ident.to_string();
            let mut path = path.clone();
            path.push(name.clone());
            if let Some((_, items)) = &child.content {
                self.read_module(file, &folder.join(&name), path, items)?;
            } else if let Some(other) = path_attribute(&child.attrs) {
                let other = file.parent().unwrap_or(Path::new("")).join(other);
                self.read_file(&other, true, path)?;
            } else {
                let flat = folder.join(format!("{name}.rs"));
                let nested = folder.join(&name).join("mod.rs");
                let owns_folder = nested.exists();
                self.read_file(if owns_folder { &nested } else { &flat }, owns_folder, path)?;
            }
        }
        Ok(())
    }

    /// The modules that a list of pages or areas declares.
    fn listed(&mut self, item: &Item) -> Result<Vec<Item>> {
        let Item::Macro(ItemMacro { mac, .. }) = item else { return Ok(Vec::new()) };
        match mac.path.segments.last().map(|name| name.ident.to_string()).as_deref() {
            Some("pages") => modules(mac.tokens.clone()),
            Some("areas") => {
                self.areas = modules(mac.tokens.clone())?;
                Ok(self.areas.clone())
            }
            Some("statements") => Ok(self.areas.clone()),
            _ => Ok(Vec::new()),
        }
    }
}

/// The modules in a list: each is `mod NAME`, whatever the list says of it beside that.
fn modules(list: TokenStream) -> Result<Vec<Item>> {
    let mut found = Vec::new();
    let mut tokens = list.into_iter();
    while let Some(token) = tokens.next() {
        if matches!(&token, TokenTree::Ident(word) if word == "mod")
            && let Some(TokenTree::Ident(name)) = tokens.next()
        {
            found.push(syn::parse_str(&format!("mod {name};"))?);
        }
    }
    Ok(found)
}

struct Collector<'a> {
    module: Module,
    children: Vec<&'a ItemMod>,
}

impl<'a> Collector<'a> {
    fn declare(&mut self, item: &'a Item, path: &ModulePath, modules: &mut Modules) {
        let name = match item {
            _ if is_for_tests(attributes(item)) => return,
            Item::Const(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Static(item) => &item.ident,
            Item::Struct(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::TraitAlias(item) => &item.ident,
            Item::Type(item) => &item.ident,
            Item::Union(item) => &item.ident,
            Item::Macro(item) => return self.declare_macro(item, path, modules),
            _ => return,
        };
        self.module.items.insert(name.to_string());
    }

    fn declare_macro(&mut self, item: &ItemMacro, path: &ModulePath, modules: &mut Modules) {
        let Some(name) = item.ident.as_ref().map(ToString::to_string) else {
            words(item.mac.tokens.clone(), &mut self.module.macro_words);
            return;
        };
        if item.attrs.iter().any(|it| it.path().is_ident("macro_export")) && !path.is_empty() {
            let full = ["crate".to_owned()].into_iter().chain(path.iter().cloned()).chain([name.clone()]);
            modules.entry(Vec::new()).or_default().aliases.push((name.clone(), full.collect()));
        }
        self.module.items.insert(name);
    }

    fn refer(&mut self, path: Vec<String>, line: usize) {
        self.module.references.push(Reference { path, line });
    }

    fn import(&mut self, tree: &UseTree, prefix: &[String]) {
        let joined = |name: &syn::Ident| {
            let itself = *name == "self" && !prefix.is_empty();
            let own = (!itself).then(|| name.to_string());
            prefix.iter().cloned().chain(own).collect::<Vec<_>>()
        };
        match tree {
            UseTree::Path(it) => self.import(&it.tree, &joined(&it.ident)),
            UseTree::Group(it) => it.items.iter().for_each(|tree| self.import(tree, prefix)),
            UseTree::Name(it) => {
                let path = joined(&it.ident);
                self.refer(path.clone(), it.ident.span().start().line);
                self.module.aliases.extend(path.last().cloned().map(|name| (name, path)));
            }
            UseTree::Rename(it) => {
                let path = joined(&it.ident);
                self.refer(path.clone(), it.ident.span().start().line);
                self.module.aliases.push((it.rename.to_string(), path));
            }
            UseTree::Glob(it) => {
                self.refer(prefix.to_vec(), it.star_token.span().start().line);
                self.module.globs.push(prefix.to_vec());
            }
        }
    }

    /// Finds the paths in tokens that may mean anything. `prefix` is what stands before the braces of a group.
    fn scan(&mut self, tokens: TokenStream, prefix: &[String]) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.scan(group.stream(), &[]),
                TokenTree::Ident(first) => {
                    let line = first.span().start().line;
                    let mut path = prefix.to_vec();
                    path.push(first.to_string());
                    let mut grouped = false;
                    while is_colon(tokens.peek()) {
                        tokens.next();
                        if !is_colon(tokens.peek()) {
                            break;
                        }
                        tokens.next();
                        match tokens.peek() {
                            Some(TokenTree::Ident(next)) => {
                                path.push(next.to_string());
                                tokens.next();
                            }
                            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                                self.scan(group.stream(), &path);
                                grouped = true;
                                tokens.next();
                            }
                            _ => break,
                        }
                    }
                    if !grouped {
                        self.refer(path, line);
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'a> Visit<'a> for Collector<'a> {
    fn visit_item(&mut self, item: &'a Item) {
        if !is_for_tests(attributes(item)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'a ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            syn::visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        self.children.push(module);
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.import(&item.tree, &[]);
    }

    // Who may see an item depends on nobody.
    fn visit_vis_restricted(&mut self, _: &'a VisRestricted) {}

    fn visit_path(&mut self, path: &'a syn::Path) {
        let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.refer(names, path.span().start().line);
        syn::visit::visit_path(self, path);
    }

    fn visit_token_stream(&mut self, tokens: &'a TokenStream) {
        self.scan(tokens.clone(), &[]);
    }

    fn visit_attribute(&mut self, attribute: &'a Attribute) {
        syn::visit::visit_attribute(self, attribute);
        if let Meta::List(list) = &attribute.meta {
            for path in quoted_paths(list.tokens.clone()) {
                self.refer(path, attribute.span().start().line);
            }
        }
    }
}

/// The paths that an attribute names as text, such as `#[serde(with = "crate::time")]`.
fn quoted_paths(tokens: TokenStream) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => found.extend(quoted_paths(group.stream())),
            TokenTree::Literal(literal) => {
                if let Lit::Str(text) = Lit::new(literal)
                    && let Ok(path) = text.parse::<syn::Path>()
                {
                    found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
    found
}

fn words(tokens: TokenStream, into: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => words(group.stream(), into),
            TokenTree::Ident(ident) => {
                into.insert(ident.to_string());
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    let attribute = attributes.iter().find(|it| it.path().is_ident("path"))?;
    match &attribute.meta.require_name_value().ok()?.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => &[],
    }
}

/// Whether it is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.parse_args::<Meta>().is_ok_and(|condition| needs_test(&condition))
    })
}

fn needs_test(condition: &Meta) -> bool {
    let parts = || match condition {
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated);
            parts.into_iter().flatten().collect()
        }
        _ => Vec::new(),
    };
    let path = condition.path();
    path.is_ident("test")
        || path.is_ident("all") && parts().iter().any(needs_test)
        || path.is_ident("any") && !parts().is_empty() && parts().iter().all(needs_test)
}
