//! `include`: other compose files with a folder and variables of their own, whose services become part of the model.

use std::path::{Path, PathBuf};

use super::{
    files::{Absence, PathTarget},
    load::{Environment, Loader},
    merge::merge,
    node::{Map, Node, Value},
    report::At,
};
use porthole_sdk::diagnostic::DiagnosticCode;

/// Files that include each other.
const DEEPEST: usize = 16;
/// What is taken in.
const KINDS: [&str; 6] = ["services", "volumes", "networks", "secrets", "configs", "models"];

/// Takes in what a document includes. `including` are the files that lead to it, itself at last.
pub(super) fn apply(
    loader: &mut Loader<'_>,
    document: &mut Node,
    folder: &Path,
    env: &Environment,
    including: &mut Vec<PathBuf>,
) {
    let Some(include) = document.as_map_mut().and_then(|map| map.shift_remove("include")) else { return };
    if include.is_null() {
        return;
    }
    let Value::List(entries) = include.value else {
        loader.report.refuse(include.at, "include", "`include` isn't a list", "Write one file per line, after a dash.");
        return;
    };
    if including.len() > DEEPEST {
        let summary = format!("Compose files include each other more than {DEEPEST} levels deep");
        loader.report.limit(include.at, "include", summary);
        return;
    }
    for entry in entries {
        if loader.report.is_spent() {
            return;
        }
        if let Some(model) = one(loader, &entry, folder, env, including) {
            take_in(loader, document, model);
        }
    }
}

fn one(
    loader: &mut Loader<'_>,
    entry: &Node,
    folder: &Path,
    env: &Environment,
    including: &mut Vec<PathBuf>,
) -> Option<Node> {
    let mut files = Vec::new();
    let named: Vec<&Node> = match &entry.value {
        Value::Text(_) => vec![entry],
        _ => texts(entry.get("path")),
    };
    for node in named {
        let text = node.as_text()?;
        match loader.files.place(folder, text) {
            PathTarget::Inside(path) => files.push((path, node.at, "include".to_owned())),
            PathTarget::Remote => {
                loader.report.not_read(
                    node.at,
                    "include",
                    &format!("`{}`, which compose downloads", text.escape_debug()),
                );
                return None;
            }
            PathTarget::Outside => {
                loader.outside(node.at, "include", text);
                return None;
            }
        }
    }
    let Some((first, at, _)) = files.first().cloned() else {
        loader.report.refuse(
            entry.at,
            "include",
            "An entry of `include` has no file",
            "Write `path:` with a compose file.",
        );
        return None;
    };
    if including.contains(&first) {
        let summary = format!("`{}` includes itself", crate::names::with_slashes(&first));
        loader.report.refuse(
            at,
            "include",
            summary,
            "Remove the cycle: compose rejects files that include each other.",
        );
        return None;
    }
    let own = match entry.get("project_directory").filter(|node| node.as_text().is_some_and(|text| !text.is_empty())) {
        None => first.parent().unwrap_or(Path::new("")).to_owned(),
        Some(node) => {
            let text = node.as_text().unwrap_or_default();
            match loader.files.place(folder, text) {
                PathTarget::Inside(path) => path,
                PathTarget::Outside | PathTarget::Remote => {
                    loader.outside(node.at, "include.project_directory", text);
                    return None;
                }
            }
        }
    };
    let mut inner = env.clone();
    for (name, value) in variables(loader, entry, folder, &own, env) {
        inner.entry(name).or_insert(value);
    }
    Some(loader.model(&files, &own, &inner, including))
}

/// The variables of an included file: what it names, or `.env` in its folder.
fn variables(loader: &mut Loader<'_>, entry: &Node, folder: &Path, own: &Path, env: &Environment) -> Environment {
    let key = "include.env_file";
    let mut found = Environment::new();
    let named = texts(entry.get("env_file"));
    if named.is_empty() {
        let beside = own.join(".env");
        // Compose reads it only where it is a file.
        return match loader.files.look(&beside) {
            Ok(crate::root::Entry::Directory) | Err(Absence::Missing { .. } | Absence::Unknown) => found,
            _ => loader.variables(&beside, entry.at, key, false, false, &|name| env.get(name).cloned()),
        };
    }
    for node in named {
        let Some(text) = node.as_text().filter(|text| *text != "/dev/null") else { continue };
        match loader.files.place(folder, text) {
            PathTarget::Inside(path) => {
                let before = found.clone();
                let outer = |name: &str| env.get(name).or_else(|| before.get(name)).cloned();
                found.extend(loader.variables(&path, node.at, key, true, false, &outer));
            }
            PathTarget::Outside | PathTarget::Remote => loader.outside(node.at, key, text),
        }
    }
    found
}

/// What the document itself says of the same service goes over what is included.
fn take_in(loader: &mut Loader<'_>, document: &mut Node, mut model: Node) {
    let Some(map) = document.as_map_mut() else { return };
    for kind in KINDS {
        let Some(Value::Map(taken)) =
            model.as_map_mut().and_then(|model| model.shift_remove(kind)).map(|node| node.value)
        else {
            continue;
        };
        let own = map.entry(kind.to_owned()).or_insert_with(|| Node::new(At::default(), Value::Map(Map::new())));
        if own.is_null() {
            own.value = Value::Map(Map::new());
        }
        let Some(own) = own.as_map_mut() else { continue };
        for (name, node) in taken {
            match own.get_mut(&name) {
                Some(over) => {
                    if over.json() != node.json() {
                        let summary = format!("`{name}` is defined in an included file too");
                        let fix = "Rename it, or extend it: compose 2.40 and older reject this, newer versions merge the two.";
                        loader.report.warn(
                            DiagnosticCode::ComposeNameDuplicate,
                            over.at,
                            format!("{kind}.{name}"),
                            summary,
                            fix,
                        );
                    }
                    let over_it = std::mem::replace(over, Node::new(node.at, Value::Null));
                    *over = merge(node, over_it, &mut vec![kind.to_owned(), name]);
                }
                None => drop(own.insert(name, node)),
            }
        }
    }
}

fn texts(node: Option<&Node>) -> Vec<&Node> {
    match node {
        Some(node) if node.as_text().is_some() => vec![node],
        Some(node) => node.items().filter(|node| node.as_text().is_some()).collect(),
        None => Vec::new(),
    }
}
