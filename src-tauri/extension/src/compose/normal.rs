//! A service in the forms in which compose's `config` writes it: what compares and shows services then has one to know.

use super::{
    load::Loader,
    node::{Map, Node, Value},
};

/// Gives texts and lists of a service the one form that they have for compose, and adds its defaults.
pub(super) fn service(loader: &mut Loader<'_>, name: &str, map: &mut Map) {
    for key in ["command", "entrypoint"] {
        if let Some(node) = map.get_mut(key) {
            words(loader, name, key, node);
        }
    }
    if let Some(test) = map.get_mut("healthcheck").and_then(Node::as_map_mut).and_then(|check| check.get_mut("test"))
        && let Value::Text(text) = &test.value
    {
        let at = test.at;
        test.value = Value::List(vec![Node::text(at, "CMD-SHELL"), Node::text(at, text.clone())]);
    }
    for key in ["tmpfs", "dns_search"] {
        if let Some(node) = map.get_mut(key)
            && node.as_text().is_some()
        {
            node.value = Value::List(vec![node.clone()]);
        }
    }
    for key in ["labels", "annotations", "sysctls"] {
        if let Some(node) = map.get_mut(key) {
            pairs(node);
        }
    }
    for key in ["build", "deploy"] {
        let labels = map.get_mut(key).and_then(Node::as_map_mut).and_then(|map| map.get_mut("labels"));
        labels.into_iter().for_each(pairs);
    }
    if let Some(hosts) = map.get_mut("extra_hosts") {
        extra_hosts(hosts);
    }
    for entry in list_mut(map.get_mut("expose")) {
        if let Some(text) = entry.scalar() {
            entry.value = Value::Text(text);
        }
    }
    build(map);
    for volume in list_mut(map.get_mut("volumes")) {
        let Some(bind) = volume.as_map_mut().and_then(|volume| volume.get_mut("bind")) else { continue };
        let at = bind.at;
        if let Some(bind) = bind.as_map_mut() {
            bind.entry("create_host_path".to_owned()).or_insert_with(|| Node::new(at, Value::Bool(true)));
        }
    }
    for port in list_mut(map.get_mut("ports")) {
        let at = port.at;
        let Some(port) = port.as_map_mut() else { continue };
        port.entry("protocol".to_owned()).or_insert_with(|| Node::text(at, "tcp"));
        port.entry("mode".to_owned()).or_insert_with(|| Node::text(at, "ingress"));
    }
    for secret in list_mut(map.get_mut("secrets")) {
        let (at, source) = (secret.at, secret.get("source").and_then(Node::scalar).unwrap_or_default());
        if let Some(secret) = secret.as_map_mut() {
            secret.entry("target".to_owned()).or_insert_with(|| Node::text(at, format!("/run/secrets/{source}")));
        }
    }
}

fn build(map: &mut Map) {
    let Some(build) = map.get_mut("build") else { return };
    let at = build.at;
    let Some(build) = build.as_map_mut() else { return };
    build.entry("context".to_owned()).or_insert_with(|| Node::text(at, ""));
    if !build.contains_key("dockerfile_inline") {
        build.entry("dockerfile".to_owned()).or_insert_with(|| Node::text(at, "Dockerfile"));
    }
    if let Some(contexts) = build.get_mut("additional_contexts") {
        pairs(contexts);
    }
}

/// A command's words, as a shell would see them without running anything.
fn words(loader: &mut Loader<'_>, name: &str, key: &str, node: &mut Node) {
    let Value::Text(text) = &node.value else { return };
    match shell_words::split(text) {
        Ok(words) => {
            let at = node.at;
            node.value = Value::List(words.into_iter().map(|word| Node::text(at, word)).collect());
        }
        Err(error) => {
            let summary = format!("The `{key}` of the service `{name}` can't be split into words: {error}");
            loader.report.refuse(
                node.at,
                format!("services.{name}.{key}"),
                summary,
                "Close each quote, or write a list.",
            );
        }
    }
}

/// `KEY=VALUE` and a mapping's values as a mapping of texts.
fn pairs(node: &mut Node) {
    let map: Map = match &node.value {
        Value::List(list) => list
            .iter()
            .filter_map(|entry| {
                let text = entry.scalar()?;
                let (name, value) = text.split_once('=').unwrap_or((&text, ""));
                Some((name.to_owned(), Node::text(entry.at, value)))
            })
            .collect(),
        Value::Map(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), Node::text(value.at, value.scalar().unwrap_or_default())))
            .collect(),
        _ => return,
    };
    node.value = Value::Map(map);
}

/// `HOST:ADDRESS` and a mapping as `HOST=ADDRESS`.
fn extra_hosts(node: &mut Node) {
    let list: Vec<Node> = match &node.value {
        Value::List(list) => list
            .iter()
            .filter_map(|entry| {
                let text = entry.scalar()?;
                let text = if text.contains('=') { text } else { text.replacen(':', "=", 1) };
                Some(Node::text(entry.at, text))
            })
            .collect(),
        Value::Map(map) => map
            .iter()
            .flat_map(|(host, addresses)| {
                let all: Vec<&Node> =
                    if addresses.as_list().is_some() { addresses.items().collect() } else { vec![addresses] };
                all.into_iter()
                    .filter_map(move |address| Some(Node::text(address.at, format!("{host}={}", address.scalar()?))))
            })
            .collect(),
        _ => return,
    };
    node.value = Value::List(list);
}

pub(super) fn list_mut(node: Option<&mut Node>) -> impl Iterator<Item = &mut Node> {
    let list = match node.map(|node| &mut node.value) {
        Some(Value::List(list)) => Some(list),
        _ => None,
    };
    list.into_iter().flatten()
}
