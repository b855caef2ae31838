//! Short forms of a compose file as the long ones that they stand for: compose-go's `transform` and `format`.

use super::{
    node::{Map, Node, Value},
    report::{At, Report},
};

/// The most ports that one range may stand for.
const MOST_PORTS: u32 = 4096;

/// `build: PATH`.
pub(super) fn build(node: Node) -> Node {
    match node.value {
        Value::Text(context) => Node::map(node.at, [("context", Node::text(node.at, context))]),
        value => Node { value, ..node },
    }
}

/// `depends_on: [SERVICE]`.
pub(super) fn depends_on(node: Node) -> Node {
    let at = node.at;
    let defaults =
        |at| [("condition", Node::text(at, "service_started")), ("required", Node::new(at, Value::Bool(true)))];
    let map: Map = match node.value {
        Value::List(list) => list
            .into_iter()
            .filter_map(|entry| Some((entry.scalar()?, Node::map(entry.at, defaults(entry.at)))))
            .collect(),
        Value::Map(map) => map
            .into_iter()
            .map(|(name, mut entry)| {
                let at = entry.at;
                if entry.is_null() {
                    entry = Node::map(at, []);
                }
                for (key, value) in defaults(at) {
                    if let Some(entry) = entry.as_map_mut() {
                        entry.entry(key.to_owned()).or_insert(value);
                    }
                }
                (name, entry)
            })
            .collect(),
        value => return Node { value, ..node },
    };
    Node { value: Value::Map(map), ..Node::new(at, Value::Null) }
}

/// A list of names as a mapping without values.
pub(super) fn keys(node: Node) -> Node {
    match node.value {
        Value::List(list) => {
            let entries =
                list.into_iter().filter_map(|entry| Some((entry.scalar()?, Node::new(entry.at, Value::Null))));
            Node::new(node.at, Value::Map(entries.collect()))
        }
        value => Node { value, ..node },
    }
}

/// Where a volume is mounted, in either form.
pub(super) fn target_of_volume(node: &Node) -> Option<String> {
    match node.as_text() {
        Some(text) => parts_of_volume(text).ok().map(|volume| volume.target),
        None => node.get("target").and_then(Node::scalar),
    }
}

/// `SOURCE:TARGET:OPTIONS`, or only a target.
#[derive(Debug, Default, PartialEq, Eq)]
struct Volume {
    source: String,
    target: String,
    options: String,
}

fn parts_of_volume(text: &str) -> Result<Volume, &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    let mut parts: Vec<String> = vec![String::new()];
    for c in text.chars() {
        let part = parts.last_mut();
        match (c, part) {
            // `C:` is a drive.
            (':', Some(part)) if !(part.len() == 1 && part.starts_with(|c: char| c.is_ascii_alphabetic())) => {
                parts.push(String::new());
            }
            (c, Some(part)) => part.push(c),
            _ => {}
        }
    }
    if parts.len() > 1 && parts.iter().any(String::is_empty) {
        return Err("a section between colons is empty");
    }
    let mut parts = parts.into_iter();
    let mut next = || parts.next().unwrap_or_default();
    let (first, second, options) = (next(), next(), next());
    if parts.next().is_some() {
        return Err("it has too many colons");
    }
    match second.is_empty() {
        true => Ok(Volume { target: first, ..Volume::default() }),
        false => Ok(Volume { source: first, target: second, options }),
    }
}

/// Whether the source of a volume is a path and not a volume's name.
fn is_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~'])
        || source.starts_with("\\\\")
        || (source.as_bytes().get(1) == Some(&b':') && source.starts_with(|c: char| c.is_ascii_alphabetic()))
}

fn volume(at: At, text: &str) -> Result<Node, &'static str> {
    let Volume { source, target, options } = parts_of_volume(text)?;
    let is_bind = is_path(&source);
    let mut map = Map::new();
    let mut put = |key: &str, value: Value| drop(map.insert(key.to_owned(), Node::new(at, value)));
    put("type", Value::Text(if is_bind { "bind" } else { "volume" }.to_owned()));
    if !source.is_empty() {
        put("source", Value::Text(source));
    }
    put("target", Value::Text(clean(&target)));
    let mut bind = Map::new();
    let mut volume = Map::new();
    let text = |text: &str| Node::text(at, text);
    for option in options.split(',') {
        match option {
            "ro" => put("read_only", Value::Bool(true)),
            "nocopy" => drop(volume.insert("nocopy".to_owned(), Node::new(at, Value::Bool(true)))),
            "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => {
                drop(bind.insert("propagation".to_owned(), text(option)));
            }
            "z" | "Z" => drop(bind.insert("selinux".to_owned(), text(option))),
            // Compose passes over what it doesn't know.
            _ => {}
        }
    }
    if is_bind {
        bind.insert("create_host_path".to_owned(), Node::new(at, Value::Bool(true)));
    }
    if is_bind || !bind.is_empty() {
        put("bind", Value::Map(bind));
    }
    if !is_bind {
        put("volume", Value::Map(volume));
    }
    Ok(Node::new(at, Value::Map(map)))
}

/// A path in a container, without `.`, `..` and slashes too many.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let text = parts.join("/");
    match (rooted, text.is_empty()) {
        (true, _) => format!("/{text}"),
        (false, true) => ".".to_owned(),
        (false, false) => text,
    }
}

/// `[[ADDRESS:]PUBLISHED:]TARGET[/PROTOCOL]`, each of which may be a range.
fn ports(at: At, text: &str) -> Result<Vec<Node>, &'static str> {
    let (rest, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = protocol.to_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err("its protocol isn't tcp, udp or sctp");
    }
    let (rest, target) = match rest.rsplit_once(':') {
        Some((rest, target)) => (Some(rest), target),
        None => (None, rest),
    };
    let (address, published) = match rest {
        None => ("", ""),
        Some(rest) => rest.rsplit_once(':').unwrap_or(("", rest)),
    };
    let address = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address);
    if !address.is_empty() && address.parse::<std::net::IpAddr>().is_err() {
        return Err("its address isn't an IP address");
    }
    let (first, last) = range(target)?;
    let count = last - first + 1;
    if count > MOST_PORTS {
        return Err("its range has too many ports");
    }
    let published = match published {
        "" => None,
        text => {
            let (from, to) = range(text)?;
            if to - from != last - first && first != last {
                return Err("its two ranges have different lengths");
            }
            Some((from, to))
        }
    };
    let port = |at_target: u32| {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| drop(map.insert(key.to_owned(), Node::new(at, value)));
        put("mode", Value::Text("ingress".to_owned()));
        if !address.is_empty() {
            put("host_ip", Value::Text(address.to_owned()));
        }
        put("target", Value::Integer(i64::from(at_target)));
        let text = match published {
            None => None,
            Some((from, to)) if first == last && from != to => Some(format!("{from}-{to}")),
            Some((from, _)) => Some((from + at_target - first).to_string()),
        };
        if let Some(text) = text {
            put("published", Value::Text(text));
        }
        put("protocol", Value::Text(protocol.clone()));
        Node::new(at, Value::Map(map))
    };
    Ok((first..=last).map(port).collect())
}

fn range(text: &str) -> Result<(u32, u32), &'static str> {
    let number = |text: &str| {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>()
            .ok()
            .filter(|_| is_plain)
            .map(u32::from)
            .ok_or("it has a port that isn't a number up to 65535")
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    if first > last { Err("its range ends before it starts") } else { Ok((first, last)) }
}

/// Replaces all short forms of a model. `spare` is how many values may still be made.
pub(super) fn lengthen(model: &mut Node, report: &mut Report, spare: &mut usize) {
    let Some(map) = model.as_map_mut() else { return };
    if let Some(services) = map.get_mut("services").and_then(Node::as_map_mut) {
        for (name, service) in services {
            let Some(service) = service.as_map_mut() else { continue };
            for (key, value) in service {
                let at = value.at;
                let taken = std::mem::replace(value, Node::new(at, Value::Null));
                *value = of_key(&format!("services.{name}.{key}"), key, taken, report, spare);
            }
        }
    }
    for kind in ["volumes", "networks", "secrets", "configs"] {
        for entry in map.get_mut(kind).and_then(Node::as_map_mut).into_iter().flat_map(Map::values_mut) {
            external(entry);
        }
    }
}

fn of_key(path: &str, key: &str, node: Node, report: &mut Report, spare: &mut usize) -> Node {
    if matches!(node.value, Value::Reset) {
        return node;
    }
    let at = node.at;
    match key {
        "build" => build(node),
        "depends_on" => depends_on(node),
        "networks" | "models" => keys(node),
        "extends" => match node.value {
            Value::Text(service) => Node::map(at, [("service", Node::text(at, service))]),
            value => Node { value, ..node },
        },
        "env_file" => each(listed(node), env_file),
        "dns" | "label_file" => listed(node),
        "secrets" | "configs" => each(node, |entry| match &entry.value {
            Value::Text(source) => Node::map(entry.at, [("source", Node::text(entry.at, source.clone()))]),
            _ => entry,
        }),
        "devices" => each(node, device),
        "volumes" => each(node, |entry| {
            let Some(text) = entry.as_text() else { return entry };
            volume(entry.at, text).unwrap_or_else(|why| {
                refuse(report, &entry, path, "a volume", why);
                Node::new(entry.at, Value::Null)
            })
        }),
        "ports" => all_ports(path, node, report, spare),
        _ => node,
    }
}

fn env_file(entry: Node) -> Node {
    match &entry.value {
        Value::Text(path) => {
            let required = Node::new(entry.at, Value::Bool(true));
            Node::map(entry.at, [("path", Node::text(entry.at, path.clone())), ("required", required)])
        }
        Value::Map(map) => {
            let mut map = map.clone();
            map.entry("required".to_owned()).or_insert_with(|| Node::new(entry.at, Value::Bool(true)));
            Node { value: Value::Map(map), ..entry }
        }
        _ => entry,
    }
}

fn device(entry: Node) -> Node {
    let Some(text) = entry.as_text() else { return entry };
    let mut parts = text.split(':');
    let source = parts.next().unwrap_or_default();
    let target = parts.next().unwrap_or(source);
    let permissions = parts.next().unwrap_or("rwm");
    let text = |text: &str| Node::text(entry.at, text);
    Node::map(entry.at, [("source", text(source)), ("target", text(target)), ("permissions", text(permissions))])
}

fn all_ports(path: &str, node: Node, report: &mut Report, spare: &mut usize) -> Node {
    let at = node.at;
    let Value::List(list) = node.value else { return node };
    let mut all = Vec::new();
    for entry in list {
        if report.is_spent() {
            break;
        }
        let text = match &entry.value {
            Value::Map(_) => {
                all.push(entry);
                continue;
            }
            _ => entry.scalar().unwrap_or_default(),
        };
        match ports(entry.at, &text) {
            Ok(made) if made.len() * 7 <= *spare => {
                *spare -= made.len() * 7;
                all.extend(made);
            }
            Ok(_) => report.limit(entry.at, path, "The compose files have too many ports"),
            Err(why) => refuse(report, &entry, path, "a port", why),
        }
    }
    Node::new(at, Value::List(all))
}

fn refuse(report: &mut Report, entry: &Node, path: &str, what: &str, why: &str) {
    let shown = entry.scalar().unwrap_or_default();
    report.refuse(
        entry.at,
        path,
        format!("`{}` isn't {what}: {why}", shown.escape_debug()),
        "Correct the entry, or write it in the long form: compose rejects the file.",
    );
}

fn listed(node: Node) -> Node {
    match node.value {
        Value::Text(_) => Node::new(node.at, Value::List(vec![node])),
        _ => node,
    }
}

fn each(node: Node, change: impl FnMut(Node) -> Node) -> Node {
    match node.value {
        Value::List(list) => {
            Node { value: Value::List(list.into_iter().map(change).collect()), ..Node::new(node.at, Value::Null) }
        }
        _ => node,
    }
}

/// `external: {name: NAME}`, the form before `external: true`.
fn external(entry: &mut Node) {
    let Some(map) = entry.as_map_mut() else { return };
    let Some(external) = map.get_mut("external").filter(|external| external.as_map().is_some()) else { return };
    let name = external.get("name").cloned();
    external.value = Value::Bool(true);
    if let Some(name) = name {
        map.entry("name".to_owned()).or_insert(name);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::{super::node::documents, *};

    fn long(entries: &str) -> (Json, Vec<String>) {
        let mut report = Report::default();
        report.file(std::path::Path::new("c.yaml"));
        let mut model = documents(&format!("services: {{web: {{{entries}}}}}"), 0).unwrap().remove(0);
        lengthen(&mut model, &mut report, &mut 100_000);
        let said = report.finish().into_iter().map(|diagnostic| diagnostic.summary).collect();
        (model.json()["services"]["web"].clone(), said)
    }

    #[test]
    fn ports_in_the_short_form_are_what_compose_makes_of_them() {
        let port = |host: Option<&str>, published: Option<&str>, target: u16, protocol: &str| {
            let mut port = json!({"mode": "ingress", "target": target, "protocol": protocol});
            for (key, value) in [("host_ip", host), ("published", published)] {
                if let Some(value) = value {
                    port[key] = json!(value);
                }
            }
            port
        };
        for (text, expected) in [
            ("80", vec![port(None, None, 80, "tcp")]),
            ("8080:80/udp", vec![port(None, Some("8080"), 80, "udp")]),
            ("127.0.0.1:81:80", vec![port(Some("127.0.0.1"), Some("81"), 80, "tcp")]),
            ("127.0.0.1::80", vec![port(Some("127.0.0.1"), None, 80, "tcp")]),
            ("'[::1]:1:2'", vec![port(Some("::1"), Some("1"), 2, "tcp")]),
            ("8000-9000:80", vec![port(None, Some("8000-9000"), 80, "tcp")]),
            ("5-6:80-81", vec![port(None, Some("5"), 80, "tcp"), port(None, Some("6"), 81, "tcp")]),
        ] {
            let (found, said) = long(&format!("ports: [{text}]"));
            assert_eq!(found["ports"], json!(expected), "{text}: {said:?}");
        }
        for text in ["80000", "a:80", "80:81-80", "1-2:3-5", "x:1:2", "80/icmp", "'80:'"] {
            let (_, said) = long(&format!("ports: [{text}]"));
            assert!(said.len() == 1 && said[0].contains("isn't a port"), "{text}: {said:?}");
        }
    }

    #[test]
    fn volumes_in_the_short_form_are_what_compose_makes_of_them() {
        for (text, expected) in [
            ("/data", json!({"type": "volume", "target": "/data", "volume": {}})),
            (
                "data:/data/:ro",
                json!({"type": "volume", "source": "data", "target": "/data", "read_only": true, "volume": {}}),
            ),
            (
                "'./x:/y:ro,z'",
                json!({"type": "bind", "source": "./x", "target": "/y", "read_only": true, "bind": {"selinux": "z", "create_host_path": true}}),
            ),
            (
                "'C:\\x:/y'",
                json!({"type": "bind", "source": "C:\\x", "target": "/y", "bind": {"create_host_path": true}}),
            ),
            (
                "~/x:/y/../z:rshared",
                json!({"type": "bind", "source": "~/x", "target": "/z", "bind": {"propagation": "rshared", "create_host_path": true}}),
            ),
            ("data:/d:nocopy", json!({"type": "volume", "source": "data", "target": "/d", "volume": {"nocopy": true}})),
        ] {
            let (found, said) = long(&format!("volumes: [{text}]"));
            assert_eq!(found["volumes"][0], expected, "{text}: {said:?}");
        }
        for text in ["''", "'aa::b'", "'aa:/b:cc:d'"] {
            assert!(long(&format!("volumes: [{text}]")).1[0].contains("isn't a volume"), "{text}");
        }
    }

    #[test]
    fn other_short_forms_become_long_ones() {
        let (found, _) = long(
            "build: ctx, env_file: a.env, depends_on: [db], secrets: [s], devices: ['/dev/x:/dev/y:r', /dev/z], extends: base, networks: [n], dns: 1.1.1.1",
        );
        assert_eq!(found["build"], json!({"context": "ctx"}));
        assert_eq!(found["env_file"], json!([{"path": "a.env", "required": true}]));
        assert_eq!(found["depends_on"], json!({"db": {"condition": "service_started", "required": true}}));
        assert_eq!(found["secrets"], json!([{"source": "s"}]));
        assert_eq!(found["devices"][0], json!({"source": "/dev/x", "target": "/dev/y", "permissions": "r"}));
        assert_eq!(found["devices"][1]["target"], "/dev/z");
        assert_eq!(found["extends"], json!({"service": "base"}));
        assert_eq!((&found["networks"], &found["dns"]), (&json!({"n": null}), &json!(["1.1.1.1"])));
    }

    proptest! {
        #[test]
        fn no_port_or_volume_makes_it_fail(text in "([0-9]{1,6}|:|-|/|\\[|\\]|a|tcp|\\.|~|é){0,12}") {
            let _ = (ports(At::default(), &text), volume(At::default(), &text));
        }
    }
}
