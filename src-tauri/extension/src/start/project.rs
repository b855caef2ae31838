//! What a whole project asks of the machine: its services, and what they share.

use serde_json::{Map, Value};

use super::{
    AccessLevel::{Access, Notice},
    RequestedAccess,
    access::{At, of_service, sorted, text_of},
    mounts, overlaps,
    text::{shown, visible},
};

/// A service: its name, its image, and what it asks for.
type ServiceAsks = (String, Option<String>, Vec<RequestedAccess>);

/// What each service requests, in this order first, and what all of them request.
pub(super) fn asks(
    resolved: &Value,
    order: &[String],
    project: &str,
    at: &At<'_>,
) -> (Vec<ServiceAsks>, Vec<RequestedAccess>) {
    let empty = Map::new();
    let services = resolved.get("services").and_then(Value::as_object).unwrap_or(&empty);
    let known = order.iter().filter(|name| services.contains_key(*name));
    let others = services.keys().filter(|name| !order.contains(name));
    let none = Map::new();
    let each = known.chain(others).map(|name| {
        let service = services.get(name).and_then(Value::as_object).unwrap_or(&none);
        let image = service.get("image").map(text_of).filter(|image| !image.is_empty());
        (name.clone(), image, of_service(service, at))
    });
    let mut all = overlaps::asks(resolved, at);
    for (key, value) in resolved.as_object().into_iter().flatten() {
        let entries = || value.as_object().into_iter().flatten();
        match key.as_str() {
            "services" | "version" | "name" => {}
            "models" => all.extend(entries().map(|(name, model)| {
                RequestedAccess::new(Notice, "Downloads and runs a model on the engine").value(format!(
                    "{}: {}",
                    visible(name),
                    shown(model)
                ))
            })),
            "volumes" => all.extend(entries().flat_map(|(name, volume)| mounts::of_volume(name, volume, project, at))),
            "networks" => all.extend(entries().flat_map(|(name, network)| of_network(name, network, project))),
            "secrets" | "configs" => all.extend(entries().flat_map(|(name, secret)| of_file(key, name, secret, at))),
            _ if key.starts_with("x-") => {}
            _ => all.push(RequestedAccess::unknown(key, Some(value))),
        }
    }
    (each.collect(), sorted(all))
}

fn of_network(name: &str, network: &Value, project: &str) -> Vec<RequestedAccess> {
    let Some(network) = network.as_object() else { return Vec::new() };
    let called = network.get("name").map_or_else(|| name.to_owned(), text_of);
    let external = network.get("external").is_some_and(|is| !matches!(is, Value::Null | Value::Bool(false)));
    let mut asks = Vec::new();
    if called == "host" || network.get("driver").map(text_of).is_some_and(|driver| driver == "host") {
        asks.push(
            RequestedAccess::new(Access, "Uses the machine's own network")
                .value(visible(name))
                .impact("It reaches everything that listens on localhost, and can listen on any port."),
        );
    } else if external || !mounts::is_of_project(name, network, project) {
        asks.push(RequestedAccess::new(Access, "Joins another network").value(visible(&called)));
    }
    let driver = network.get("driver").map(text_of).unwrap_or_default();
    if !matches!(driver.as_str(), "" | "bridge" | "default" | "host" | "none") {
        asks.push(RequestedAccess::new(Access, "Creates a network with another driver").value(visible(&driver)));
    }
    let known =
        ["name", "external", "driver", "ipam", "internal", "attachable", "labels", "enable_ipv4", "enable_ipv6"];
    for (key, value) in network {
        let is_empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
        if !known.contains(&key.as_str()) && !key.starts_with("x-") && !is_empty {
            asks.push(RequestedAccess::unknown(&format!("networks.{key}"), Some(value)));
        }
    }
    asks
}

/// A secret or a configuration: a file, a variable, a text, or one that the engine has.
fn of_file(kind: &str, name: &str, secret: &Value, at: &At<'_>) -> Vec<RequestedAccess> {
    let mut asks = Vec::new();
    for (key, value) in secret.as_object().into_iter().flatten() {
        match key.as_str() {
            "name" | "content" | "labels" => {}
            "file" => {
                let here = At::new(at.root, at.engine, true);
                let real = here.real(&text_of(value));
                if !here.is_own(&real) {
                    asks.push(RequestedAccess::new(Access, "Reads a file of your machine").value(format!(
                        "{kind} {}: {}",
                        visible(name),
                        visible(&real.display().to_string())
                    )));
                }
            }
            "environment" => asks.push(RequestedAccess::new(Notice, "Gets a variable").value(shown(value))),
            "external" if *value == Value::Bool(false) => {}
            "external" => asks.push(RequestedAccess::new(Access, "Uses a secret of the engine").value(visible(name))),
            _ if key.starts_with("x-") => {}
            _ => asks.push(RequestedAccess::unknown(&format!("{kind}.{key}"), Some(value))),
        }
    }
    asks
}
