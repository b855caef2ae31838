//! How a compose file is laid over another one, and a service over the one that it extends: the rules of compose-go's
//! `override`.

use std::collections::HashMap;

use super::{
    forms,
    node::{Map, Node, Value},
};

/// A value over another one of the same path. What has the tag `!reset` or `!override` stays marked, for the files before.
pub(super) fn merge(base: Node, over: Node, path: &mut Vec<String>) -> Node {
    if over.replaces || over.value == Value::Reset || base.value == Value::Reset {
        return over;
    }
    let rule: Vec<&str> = path.iter().map(String::as_str).collect();
    match rule.as_slice() {
        ["services", _, "command" | "entrypoint"] | ["services", _, "healthcheck", "test"] => over,
        ["services", _, "ulimits", _] => over,
        [
            "services",
            _,
            "environment" | "labels" | "annotations" | "dns" | "dns_opt" | "dns_search" | "env_file" | "label_file"
            | "sysctls" | "tmpfs",
        ]
        | ["services", _, "build", "args" | "labels" | "additional_contexts"]
        | ["services", _, "deploy", "labels"]
        | ["networks" | "volumes", _, "labels"] => joined(base, over, false),
        ["services", _, "extra_hosts"] | ["services", _, "build", "extra_hosts"] => joined(base, over, true),
        ["services", _, "build"] => {
            let (base, over) = (forms::build(base), forms::build(over));
            mappings(base, over, path)
        }
        ["services", _, "depends_on"] => {
            let (base, over) = (forms::depends_on(base), forms::depends_on(over));
            mappings(base, over, path)
        }
        ["services", _, "networks" | "models"] => {
            let (base, over) = (forms::keys(base), forms::keys(over));
            mappings(base, over, path)
        }
        ["services", _, "logging"] => {
            let driver = |node: &Node| node.get("driver").and_then(Node::scalar);
            match (driver(&base), driver(&over)) {
                (Some(one), Some(other)) if one != other => over,
                _ => mappings(base, over, path),
            }
        }
        _ if over.is_null() => base,
        _ => mappings(base, over, path),
    }
}

fn mappings(base: Node, over: Node, path: &mut Vec<String>) -> Node {
    let at = over.at;
    match (base.value, over.value) {
        (Value::Map(mut base), Value::Map(over)) => {
            for (key, value) in over {
                let merged = match base.get_mut(&key) {
                    Some(before) => {
                        let before = std::mem::replace(before, Node::new(at, Value::Null));
                        path.push(key.clone());
                        let merged = merge(before, value, path);
                        path.pop();
                        merged
                    }
                    None => value,
                };
                base.insert(key, merged);
            }
            Node::new(at, Value::Map(base))
        }
        (Value::List(mut base), Value::List(over)) => {
            base.extend(over);
            Node::new(at, Value::List(base))
        }
        (base, Value::Null) => Node::new(at, base),
        // Where one is a mapping and the other isn't, compose refuses both: the last one is what is looked at.
        (_, over) => Node::new(at, over),
    }
}

/// Both as lists, one after the other.
fn joined(base: Node, over: Node, once: bool) -> Node {
    let at = over.at;
    let mut all = sequence(base);
    let more = sequence(over);
    if once {
        let known: std::collections::HashSet<String> = all.iter().filter_map(Node::scalar).collect();
        all.extend(more.into_iter().filter(|node| node.scalar().is_none_or(|text| !known.contains(&text))));
    } else {
        all.extend(more);
    }
    Node::new(at, Value::List(all))
}

/// A mapping as a list of `KEY=VALUE`, by name.
fn sequence(node: Node) -> Vec<Node> {
    match node.value {
        Value::List(list) => list,
        Value::Map(map) => {
            let mut entries: Vec<Node> = map.into_iter().flat_map(|(key, value)| pairs(&key, value)).collect();
            entries.sort_by(|a, b| a.as_text().cmp(&b.as_text()));
            entries
        }
        Value::Null | Value::Reset => Vec::new(),
        value => vec![Node { value, ..Node::new(node.at, Value::Null) }],
    }
}

fn pairs(key: &str, value: Node) -> Vec<Node> {
    match value.value {
        Value::List(list) => list
            .into_iter()
            .map(|entry| Node::text(entry.at, format!("{key}={}", entry.scalar().unwrap_or_default())))
            .collect(),
        _ => vec![Node::text(value.at, value.scalar().map_or_else(|| key.to_owned(), |text| format!("{key}={text}")))],
    }
}

/// Leaves each entry of a list once, as the last one with the same key has it, in the first one's position.
pub(super) fn unique(model: &mut Node) {
    let Some(map) = model.as_map_mut() else { return };
    if let Some(services) = map.get_mut("services").and_then(Node::as_map_mut) {
        for service in services.values_mut() {
            let Some(service) = service.as_map_mut() else { continue };
            for (key, value) in service.iter_mut() {
                unique_below(key, value);
            }
        }
    }
    for kind in ["networks", "volumes"] {
        for entry in map.get_mut(kind).and_then(Node::as_map_mut).into_iter().flat_map(Map::values_mut) {
            if let Some(labels) = entry.as_map_mut().and_then(|entry| entry.get_mut("labels")) {
                once(labels, name_of_pair);
            }
        }
    }
}

fn unique_below(key: &str, value: &mut Node) {
    match key {
        "annotations" | "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "environment" | "expose"
        | "labels" | "links" | "profiles" | "sysctls" | "tmpfs" => once(value, name_of_pair),
        "volumes" => once(value, forms::target_of_volume),
        "devices" => once(value, |node| match node.as_text() {
            Some(text) => text.split(':').nth(1).or(Some(text)).map(str::to_owned),
            None => node.get("target").and_then(Node::scalar),
        }),
        "configs" => once(value, |node| mounted(node, "")),
        "secrets" => once(value, |node| mounted(node, "/run/secrets")),
        "env_file" => once(value, |node| node.scalar().or_else(|| node.get("path").and_then(Node::scalar))),
        "ports" => once(value, |node| match node.as_map() {
            Some(port) => {
                let text =
                    |key: &str, other: &str| port.get(key).and_then(Node::scalar).unwrap_or_else(|| other.to_owned());
                let (host, protocol) = (text("host_ip", "0.0.0.0"), text("protocol", "tcp"));
                Some(format!("{host}:{}:{}/{protocol}", text("published", ""), text("target", "")))
            }
            None => node.scalar(),
        }),
        "build" => {
            for key in ["args", "additional_contexts", "tags", "labels", "platforms"] {
                if let Some(list) = value.as_map_mut().and_then(|build| build.get_mut(key)) {
                    once(list, name_of_pair);
                }
            }
        }
        "deploy" => {
            if let Some(labels) = value.as_map_mut().and_then(|deploy| deploy.get_mut("labels")) {
                once(labels, name_of_pair);
            }
        }
        "networks" => {
            for network in value.as_map_mut().into_iter().flat_map(Map::values_mut) {
                for key in ["aliases", "link_local_ips"] {
                    if let Some(list) = network.as_map_mut().and_then(|network| network.get_mut(key)) {
                        once(list, name_of_pair);
                    }
                }
            }
        }
        _ => {}
    }
}

fn once(node: &mut Node, key: impl Fn(&Node) -> Option<String>) {
    let Value::List(list) = &mut node.value else { return };
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<Node> = Vec::with_capacity(list.len());
    for entry in std::mem::take(list) {
        match key(&entry) {
            Some(key) => match known.get(&key) {
                Some(at) => kept[*at] = entry,
                None => {
                    known.insert(key, kept.len());
                    kept.push(entry);
                }
            },
            None => kept.push(entry),
        }
    }
    *list = kept;
}

fn name_of_pair(node: &Node) -> Option<String> {
    let text = node.scalar()?;
    Some(text.split_once('=').map_or(text.clone(), |(name, _)| name.to_owned()))
}

fn mounted(node: &Node, folder: &str) -> Option<String> {
    match node.as_text() {
        Some(text) => Some(format!("{folder}/{text}")),
        None => {
            let target = node.get("target").and_then(Node::scalar);
            target.or_else(|| Some(format!("{folder}/{}", node.get("source").and_then(Node::scalar)?)))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{super::node::documents, *};

    fn merged(base: &str, over: &str) -> Json {
        let read = |text: &str| documents(text, 0).unwrap().remove(0);
        let mut model = merge(read(base), read(over), &mut Vec::new());
        unique(&mut model);
        model.settle();
        model.json()
    }

    fn service(base: &str, over: &str) -> Json {
        let of = |entries: &str| format!("services: {{web: {{{entries}}}}}");
        merged(&of(base), &of(over))["services"]["web"].clone()
    }

    #[test]
    fn each_kind_of_key_is_merged_by_its_rule() {
        for (base, over, expected) in [
            ("image: a, restart: always", "image: b", json!({"image": "b", "restart": "always"})),
            ("command: [a, b]", "command: c", json!({"command": "c"})),
            ("entrypoint: [a]", "entrypoint: [b]", json!({"entrypoint": ["b"]})),
            ("environment: {A: 1, B: 2}", "environment: [B=3, C]", json!({"environment": ["A=1", "B=3", "C"]})),
            ("ports: ['80:80']", "ports: ['80:80', '81:81']", json!({"ports": ["80:80", "81:81"]})),
            ("volumes: ['aa:/x', 'bb:/y']", "volumes: ['cc:/x']", json!({"volumes": ["cc:/x", "bb:/y"]})),
            ("build: .", "build: {target: t}", json!({"build": {"context": ".", "target": "t"}})),
            ("dns: 1.1.1.1", "dns: [8.8.8.8]", json!({"dns": ["1.1.1.1", "8.8.8.8"]})),
            (
                "networks: [a]",
                "networks: {b: {aliases: [x]}}",
                json!({"networks": {"a": null, "b": {"aliases": ["x"]}}}),
            ),
            ("logging: {driver: a, options: {x: 1}}", "logging: {driver: b}", json!({"logging": {"driver": "b"}})),
            (
                "logging: {driver: a, options: {x: 1}}",
                "logging: {options: {y: 2}}",
                json!({"logging": {"driver": "a", "options": {"x": 1, "y": 2}}}),
            ),
            ("cap_add: [A]", "cap_add: [A, B]", json!({"cap_add": ["A", "B"]})),
            (
                "healthcheck: {test: [CMD, a], retries: 2}",
                "healthcheck: {test: b}",
                json!({"healthcheck": {"test": "b", "retries": 2}}),
            ),
            ("extra_hosts: ['a=1']", "extra_hosts: {a: 1, b: 2}", json!({"extra_hosts": ["a=1", "b=2"]})),
            ("labels: {a: 1}", "labels: ", json!({"labels": ["a=1"]})),
            ("privileged: true", "privileged: ", json!({"privileged": true})),
            ("env_file: a.env", "env_file: [b.env, a.env]", json!({"env_file": ["a.env", "b.env"]})),
        ] {
            assert_eq!(service(base, over), expected, "{base} | {over}");
        }
    }

    #[test]
    fn dependencies_are_merged_in_both_forms() {
        let found = service("depends_on: [db]", "depends_on: {cache: {condition: service_healthy}}");
        assert_eq!(found["depends_on"]["db"], json!({"condition": "service_started", "required": true}));
        assert_eq!(found["depends_on"]["cache"], json!({"condition": "service_healthy", "required": true}));
    }

    #[test]
    fn reset_removes_and_override_replaces() {
        let found = service(
            "image: a, ports: ['80:80'], environment: {A: 1}, command: x",
            "ports: !reset [], environment: !override {B: 2}, command: !reset null",
        );
        assert_eq!(found, json!({"image": "a", "environment": {"B": 2}}));
        assert_eq!(
            merged("services: {a: {image: x}, b: {image: y}}", "services: {a: !reset null}"),
            json!({"services": {"b": {"image": "y"}}})
        );
    }
}
