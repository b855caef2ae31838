//! The services that are started: those in no profile, each with all its variables, and what they refer to.

use std::{collections::BTreeSet, path::Path};

use indexmap::IndexSet;

use super::{
    files::PathTarget,
    load::{Environment, Loader},
    node::{Map, Node, Value},
    normal,
};
use porthole_sdk::diagnostic::DiagnosticCode;

/// Which services are started, and which are in profiles alone, in the order of the files.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Selection {
    pub started: IndexSet<String>,
    pub in_profiles: Vec<String>,
}

pub(super) fn select(model: &Node) -> Selection {
    let mut selection = Selection::default();
    for (name, service) in model.get("services").into_iter().flat_map(Node::entries) {
        let is_in_profile = service.get("profiles").is_some_and(|profiles| profiles.items().next().is_some());
        if is_in_profile {
            selection.in_profiles.push(name.clone());
        } else {
            selection.started.insert(name.clone());
        }
    }
    selection
}

/// Gives each service its whole environment, from its env files and from its own keys, and a build its defaults.
pub(super) fn complete(loader: &mut Loader<'_>, model: &mut Node, selection: &Selection, env: &Environment) {
    let Some(services) = model.as_map_mut().and_then(|map| map.get_mut("services")).and_then(Node::as_map_mut) else {
        return;
    };
    for (name, service) in services {
        if loader.report.is_spent() {
            return;
        }
        let at = service.at;
        let Some(map) = service.as_map_mut() else { continue };
        normal::service(loader, name, map);
        if let Some(args) = map.get_mut("build").and_then(Node::as_map_mut).and_then(|build| build.get_mut("args")) {
            *args = environment(args, env, false);
        }
        if !selection.started.contains(name) {
            continue;
        }
        labels(loader, name, map, env);
        let own = map.get("environment").map(|node| environment(node, env, true));
        let mut all = Map::new();
        let files: Vec<Node> =
            map.shift_remove("env_file").map(|node| node.items().cloned().collect()).unwrap_or_default();
        for file in files {
            for (key, value) in of_file(loader, name, &file, env, own.as_ref(), &all) {
                all.insert(key, Node::text(file.at, value));
            }
        }
        if own.is_some() || !all.is_empty() {
            for (key, value) in own.as_ref().into_iter().flat_map(Node::entries) {
                all.insert(key.clone(), value.clone());
            }
            if loader.charge(all.len(), at, name) {
                map.insert("environment".to_owned(), Node::new(at, Value::Map(all)));
            }
        }
    }
}

/// Adds the labels of files to those that a service has itself.
fn labels(loader: &mut Loader<'_>, name: &str, map: &mut Map, env: &Environment) {
    let Some(files) = map.shift_remove("label_file") else { return };
    let mut all = Map::new();
    for file in files.items() {
        let key = format!("services.{name}.label_file");
        let Some(text) = file.as_text() else { continue };
        match loader.files.place(Path::new(""), text) {
            PathTarget::Inside(path) => {
                let found = loader.variables(&path, file.at, &key, true, false, &|name| env.get(name).cloned());
                all.extend(found.into_iter().map(|(name, value)| (name, Node::text(file.at, value))));
            }
            PathTarget::Outside | PathTarget::Remote => loader.outside(file.at, &key, text),
        }
    }
    let own = map.get("labels").into_iter().flat_map(Node::entries);
    own.for_each(|(name, value)| drop(all.insert(name.clone(), value.clone())));
    if loader.charge(all.len(), files.at, name) {
        map.insert("labels".to_owned(), Node::new(files.at, Value::Map(all)));
    }
}

fn of_file(
    loader: &mut Loader<'_>,
    name: &str,
    file: &Node,
    env: &Environment,
    own: Option<&Node>,
    before: &Map,
) -> Environment {
    let key = format!("services.{name}.env_file");
    let path = file.get("path").unwrap_or(file);
    let Some(text) = path.as_text().filter(|text| !text.is_empty()) else {
        loader.report.refuse(file.at, key, "An entry of `env_file` has no file", "Write `path:` with a file's path.");
        return Environment::new();
    };
    let needed = !file.get("required").is_some_and(|node| node.value == Value::Bool(false));
    let raw = file.get("format").and_then(Node::as_text) == Some("raw");
    let outer = |name: &str| {
        let of = |node: Option<&Node>| node.and_then(Node::scalar);
        env.get(name).cloned().or_else(|| of(own.and_then(|own| own.get(name)))).or_else(|| of(before.get(name)))
    };
    // Its path was made absolute before: the folder doesn't matter.
    match loader.files.place(Path::new(""), text) {
        PathTarget::Inside(found) => loader.variables(&found, path.at, &key, needed, raw, &outer),
        PathTarget::Outside | PathTarget::Remote => {
            loader.outside(path.at, &key, text);
            Environment::new()
        }
    }
}

/// `KEY=VALUE`, or a mapping, as a mapping. What has no value gets that of the variable; without one it is left out, or
/// stays without a value.
fn environment(node: &Node, env: &Environment, keeps_empty: bool) -> Node {
    let mut map = Map::new();
    let mut put = |at, name: &str, value: Option<String>| {
        match value.or_else(|| env.get(name).cloned()) {
            Some(value) => drop(map.insert(name.to_owned(), Node::text(at, value))),
            None if keeps_empty => drop(map.insert(name.to_owned(), Node::new(at, Value::Null))),
            None => {}
        };
    };
    match &node.value {
        Value::List(list) => {
            for entry in list {
                let Some(text) = entry.scalar() else { continue };
                match text.split_once('=') {
                    Some((name, value)) => put(entry.at, name, Some(value.to_owned())),
                    None => put(entry.at, &text, None),
                }
            }
        }
        _ => node.entries().for_each(|(name, value)| put(value.at, name, value.scalar())),
    }
    Node::new(node.at, Value::Map(map))
}

/// Leaves out what no service uses: compose doesn't make it.
pub(super) fn prune(model: &mut Node) {
    let mut used: BTreeSet<(&str, String)> = BTreeSet::new();
    for (_, service) in model.get("services").into_iter().flat_map(Node::entries) {
        let networks = service.get("networks").filter(|networks| networks.entries().next().is_some());
        match networks {
            Some(networks) => used.extend(networks.entries().map(|(name, _)| ("networks", name.clone()))),
            None if service.get("network_mode").is_none() => drop(used.insert(("networks", "default".to_owned()))),
            None => {}
        }
        let volumes = service.get("volumes").into_iter().flat_map(Node::items);
        let volumes = volumes.filter(|volume| volume.get("type").and_then(Node::as_text) == Some("volume"));
        used.extend(volumes.filter_map(|volume| Some(("volumes", volume.get("source")?.scalar()?))));
        let built = service.get("build").and_then(|build| build.get("secrets"));
        for (kind, entries) in
            [("secrets", service.get("secrets")), ("secrets", built), ("configs", service.get("configs"))]
        {
            let entries = entries.into_iter().flat_map(Node::items);
            used.extend(entries.filter_map(|entry| Some((kind, entry.get("source").unwrap_or(entry).scalar()?))));
        }
    }
    let Some(map) = model.as_map_mut() else { return };
    for kind in ["networks", "volumes", "secrets", "configs"] {
        if let Some(entries) = map.get_mut(kind).and_then(Node::as_map_mut) {
            entries.retain(|name, _| used.contains(&(kind, name.clone())));
        }
    }
}

/// Reports what the services name and no file defines.
pub fn check(loader: &mut Loader<'_>, model: &Node, selection: &Selection) {
    let empty = Node::new(model.at, Value::Null);
    let services = model.get("services").unwrap_or(&empty);
    if selection.started.is_empty() && selection.in_profiles.is_empty() {
        if !loader.report.refused {
            loader.report.refuse(
                model.at,
                "services",
                "The compose file has no services",
                "Add `services:` with an entry for each container. The extension's commands run in the first one.",
            );
        }
        return;
    }
    if selection.started.is_empty() && !loader.report.refused {
        loader.report.refuse(
            services.at,
            "services",
            "Compose would start no service: every service is in a profile",
            "Remove `profiles` from the services that the extension needs: no runtime activates a profile.",
        );
    }
    let started = &selection.started;
    for name in &selection.in_profiles {
        if let Some(profiles) = services.get(name).and_then(|service| service.get("profiles")) {
            let location = loader.report.location(profiles.at, format!("services.{name}.profiles"));
            let summary = format!("The service `{name}` isn't started: it is in a profile");
            let diagnostic = location.note(DiagnosticCode::ComposeServiceInProfile, summary);
            loader.report.push(
                diagnostic.fix("No runtime activates a profile. Remove `profiles` if the extension needs the service."),
            );
        }
    }
    for (name, service) in services.entries().filter(|(name, _)| started.contains(*name)) {
        let path = format!("services.{name}");
        let names = Names { services, started, model };
        if ["image", "build", "provider"].iter().all(|key| service.get(key).is_none_or(Node::is_null))
            && !loader.report.refused
        {
            loader.report.refuse(
                service.at,
                &path,
                format!("The service `{name}` has neither an image nor a build"),
                "Write `image: ${DESKTOP_PLUGIN_IMAGE}`, or the image of another program.",
            );
        }
        of_service(loader, name, service, &names);
    }
}

struct Names<'n> {
    services: &'n Node,
    started: &'n IndexSet<String>,
    model: &'n Node,
}

/// The services that a service refers to: where, under which key, by which name, and whether it can't start without.
fn services_named_in(service: &Node) -> Vec<(&Node, &'static str, String, bool)> {
    let mut named = Vec::new();
    for (wanted, entry) in service.get("depends_on").into_iter().flat_map(Node::entries) {
        let needed = !entry.get("required").is_some_and(|node| node.value == Value::Bool(false));
        named.push((entry, "depends_on", wanted.clone(), needed));
    }
    for key in ["network_mode", "ipc", "pid"] {
        if let Some((node, wanted)) =
            service.get(key).and_then(|node| Some((node, node.as_text()?.strip_prefix("service:")?)))
        {
            named.push((node, key, wanted.to_owned(), true));
        }
    }
    for key in ["links", "volumes_from"] {
        for node in service.get(key).into_iter().flat_map(Node::items) {
            let Some(text) = node.as_text().filter(|text| !text.starts_with("container:")) else { continue };
            named.push((node, key, text.split(':').next().unwrap_or_default().to_owned(), true));
        }
    }
    named
}

fn of_service(loader: &mut Loader<'_>, name: &str, service: &Node, names: &Names<'_>) {
    let mut missing = |node: &Node, key: &str, what: &str, wanted: &str, fix: &str| {
        let summary =
            format!("The service `{name}` refers to the {what} `{}`, which isn't defined", wanted.escape_debug());
        loader.report.refuse(node.at, format!("services.{name}.{key}"), summary, fix);
    };
    for (node, key, wanted, needed) in services_named_in(service) {
        let is_there = names.services.get(&wanted).is_some();
        if is_there && (names.started.contains(&wanted) || !needed) {
            continue;
        }
        let (what, fix) = match is_there {
            true => {
                ("service", "It is in a profile that no runtime activates: remove its `profiles`, or the reference.")
            }
            false => ("service", "Correct the name, or add the service."),
        };
        missing(node, key, what, &wanted, fix);
    }
    let defined = |kind: &str, wanted: &str| names.model.get(kind).is_some_and(|all| all.get(wanted).is_some());
    for (wanted, node) in service.get("networks").into_iter().flat_map(Node::entries) {
        if wanted != "default" && !defined("networks", wanted) {
            missing(node, "networks", "network", wanted, "Add it to `networks` at the top level.");
        }
    }
    for volume in service.get("volumes").into_iter().flat_map(Node::items) {
        let source = volume.get("source").filter(|_| volume.get("type").and_then(Node::as_text) == Some("volume"));
        if let Some((source, wanted)) = source.and_then(|node| Some((node, node.as_text()?)))
            && !wanted.is_empty()
            && !defined("volumes", wanted)
        {
            missing(
                source,
                "volumes",
                "volume",
                wanted,
                "Add it to `volumes` at the top level. A path starts with `./` or `/`.",
            );
        }
    }
    let built = service.get("build").and_then(|build| build.get("secrets"));
    for (node, key, kind, what) in [
        (service.get("secrets"), "secrets", "secrets", "secret"),
        (service.get("configs"), "configs", "configs", "config"),
        (built, "build.secrets", "secrets", "secret"),
    ] {
        for entry in node.into_iter().flat_map(Node::items) {
            let wanted = entry.get("source").unwrap_or(entry);
            if let Some(text) = wanted.as_text().filter(|text| !defined(kind, text)) {
                missing(wanted, key, what, text, "Add it at the top level.");
            }
        }
    }
}
