//! `extends`: a service over another one, of the same file or of another.

use std::path::{Path, PathBuf};

use super::{
    files::PathTarget,
    load::{Environment, Loader},
    merge::merge,
    node::{Map, Node, Value},
    unread,
};
use crate::names::with_slashes;

/// Services that extend each other.
const DEEPEST: usize = 32;

/// Where services are, and what leads to them.
struct Chain<'c> {
    folder: &'c Path,
    env: &'c Environment,
    /// The services that extend each other, each with its file.
    links: Vec<(PathBuf, String)>,
}

/// Lays each service of a document over what it extends.
pub(super) fn apply(loader: &mut Loader<'_>, document: &mut Node, file: &Path, folder: &Path, env: &Environment) {
    let Some(services) = document.as_map_mut().and_then(|map| map.get_mut("services")).and_then(Node::as_map_mut)
    else {
        return;
    };
    let names: Vec<String> = services.keys().cloned().collect();
    for name in names {
        if loader.report.is_spent() {
            return;
        }
        let mut chain = Chain { folder, env, links: Vec::new() };
        service(loader, services, &name, file, &mut chain);
    }
}

/// Replaces a service by what it is once what it extends is below it. On a problem it stays as it is written.
fn service(loader: &mut Loader<'_>, services: &mut Map, name: &str, file: &Path, chain: &mut Chain<'_>) {
    let Some(extends) = services.get_mut(name).and_then(Node::as_map_mut).and_then(|map| map.shift_remove("extends"))
    else {
        return;
    };
    let key = format!("services.{name}.extends");
    let link = (file.to_owned(), name.to_owned());
    let wanted = match &extends.value {
        Value::Text(service) => Some(service.as_str()),
        _ => extends.get("service").and_then(Node::as_text),
    };
    let Some(wanted) = wanted.map(str::to_owned) else {
        if extends.value != Value::Reset {
            loader.report.refuse(
                extends.at,
                key,
                "`extends` has no service",
                "Write `service:` with a service's name.",
            );
        }
        return;
    };
    if chain.links.len() >= DEEPEST {
        loader.report.limit(extends.at, key, format!("Services extend each other more than {DEEPEST} levels deep"));
        return;
    }
    chain.links.push(link);
    let base = base(loader, services, &wanted, &extends, file, &key, chain);
    chain.links.pop();
    let Some(base) = base.filter(|base| !base.is_null()) else { return };
    if let Some(own) = services.get_mut(name) {
        let over = std::mem::replace(own, Node::new(extends.at, Value::Null));
        let at = over.at;
        *own = Node { at, ..merge(base, over, &mut vec!["services".to_owned(), name.to_owned()]) };
        own.as_map_mut().and_then(|own| own.shift_remove("extends"));
    }
}

/// The service that is extended, with what it extends itself.
fn base(
    loader: &mut Loader<'_>,
    services: &mut Map,
    wanted: &str,
    extends: &Node,
    file: &Path,
    key: &str,
    chain: &mut Chain<'_>,
) -> Option<Node> {
    let at = extends.at;
    let from = extends.get("file").filter(|node| !node.is_null());
    let (mut read, other);
    let (services, file, shown) = match from {
        None => (services, file, with_slashes(file)),
        Some(node) => {
            let text = node.as_text()?;
            match loader.files.place(chain.folder, text) {
                PathTarget::Inside(path) => other = path,
                PathTarget::Remote => {
                    loader.report.not_read(
                        node.at,
                        key,
                        &format!("`{}`, which compose downloads", text.escape_debug()),
                    );
                    return None;
                }
                PathTarget::Outside => {
                    loader.outside(node.at, key, text);
                    return None;
                }
            }
            if chain.links.contains(&(other.clone(), wanted.to_owned())) {
                circular(loader, at, key, wanted);
                return None;
            }
            read = of_file(loader, &other, node, key, chain.env)?;
            (&mut read, other.as_path(), with_slashes(&other))
        }
    };
    if chain.links.contains(&(file.to_owned(), wanted.to_owned())) {
        circular(loader, at, key, wanted);
        return None;
    }
    if !services.contains_key(wanted) {
        let summary = format!("Service to extend not found in `{shown}`: `{wanted}`");
        loader.report.refuse(
            at,
            key,
            summary,
            "Correct the service's name, or set `file` to the compose file that has it.",
        );
        return None;
    }
    service(loader, services, wanted, file, chain);
    let base = services.get(wanted)?;
    unread::of_service(wanted, base, &mut loader.report);
    loader.charge(base.count(), at, key).then(|| base.clone())
}

fn circular(loader: &mut Loader<'_>, at: super::report::At, key: &str, wanted: &str) {
    let summary = format!("The service `{wanted}` extends itself through other services");
    loader.report.refuse(at, key, summary, "Remove the cycle: compose rejects services that extend each other.");
}

/// The services of another file, with paths from its own folder. What it includes isn't part of them.
fn of_file(loader: &mut Loader<'_>, path: &Path, named: &Node, key: &str, env: &Environment) -> Option<Map> {
    let mut model = Node::new(named.at, Value::Map(Map::new()));
    for document in loader.documents(path, named.at, key, env)? {
        let merged = merge(model, document, &mut Vec::new());
        model = loader.settled(merged);
    }
    loader.resolve(&mut model, path.parent().unwrap_or(Path::new("")));
    match model.as_map_mut().and_then(|map| map.shift_remove("services")).map(|node| node.value) {
        Some(Value::Map(services)) => Some(services),
        _ => {
            let summary = format!("`{}` has no services to extend", with_slashes(path));
            loader.report.refuse(named.at, key, summary, "Name a compose file with `services:`.");
            None
        }
    }
}
