//! What Porthole adds to the configuration that it starts: labels, a place for the sockets, a name.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::names::SOCKETS;

/// What is added to the services.
#[derive(Debug)]
pub(in super::super) struct Additions<'a> {
    /// The service with the named container, and the name.
    pub first: Option<(&'a str, &'a str)>,
    /// A directory or volume for the socket, as `volumes` has it; none where the manifest declares no socket.
    pub sockets: Option<&'a str>,
    /// The volume in it, which compose must leave alone.
    pub volume: Option<&'a str>,
    /// Labels of every container.
    pub labels: &'a BTreeMap<String, String>,
}

/// The configuration with them.
pub(in super::super) fn with_additions(resolved: &Value, add: &Additions<'_>) -> Value {
    let mut file = resolved.clone();
    let services = file.get_mut("services").and_then(Value::as_object_mut);
    for (name, service) in services.into_iter().flatten() {
        let Some(service) = service.as_object_mut() else { continue };
        labelled(service, add.labels);
        if let Some(sockets) = add.sockets
            && !has_mount(service)
        {
            let volumes = service.entry("volumes").or_insert_with(|| json!([]));
            if let Some(list) = volumes.as_array_mut() {
                list.push(json!(sockets));
            } else {
                *volumes = json!([sockets]);
            }
        }
        if let Some((first, container)) = add.first
            && first == name
            && !is_named(service)
        {
            service.insert("container_name".to_owned(), json!(container));
        }
    }
    if let (Some(volume), Some(file)) = (add.volume, file.as_object_mut()) {
        let volumes = file.entry("volumes").or_insert_with(|| json!({}));
        let entry = json!({ "external": true, "name": volume });
        match volumes.as_object_mut() {
            Some(volumes) => drop(volumes.insert(volume.to_owned(), entry)),
            None => *volumes = json!({ volume: entry }),
        }
    }
    file
}

/// Its own labels stay, but for those by which Porthole knows what it made.
fn labelled(service: &mut Map<String, Value>, labels: &BTreeMap<String, String>) {
    let before = match service.remove("labels") {
        Some(Value::Object(before)) => before,
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(Value::as_str)
            .map(|text| text.split_once('=').unwrap_or((text, "")))
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect(),
        _ => Map::new(),
    };
    let mut all = before;
    all.extend(labels.iter().map(|(name, value)| (name.clone(), json!(value))));
    service.insert("labels".to_owned(), Value::Object(all));
}

/// Whether something is mounted where the sockets are.
fn has_mount(service: &Map<String, Value>) -> bool {
    let list = |key: &str| match service.get(key) {
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let volumes = list("volumes").into_iter().filter_map(|volume| super::mounts::Mount::read(&volume).target);
    let tmpfs = list("tmpfs").into_iter().filter_map(|tmpfs| Some(tmpfs.as_str()?.split(':').next()?.to_owned()));
    volumes.chain(tmpfs).any(|target| target.trim_end_matches('/') == SOCKETS)
}

/// Whether its container has its own name, or there are several.
fn is_named(service: &Map<String, Value>) -> bool {
    ["scale", "deploy", "container_name"].iter().any(|key| service.get(*key).is_some_and(|found| !found.is_null()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_machine_is_mounted_where_no_socket_is_declared() {
        let labels = BTreeMap::new();
        let add = Additions { first: None, sockets: None, volume: None, labels: &labels };
        let file = with_additions(&json!({ "services": { "web": {} } }), &add);
        assert_eq!(file["services"]["web"].get("volumes"), None);
        assert_eq!(file.get("volumes"), None);
    }

    fn added(services: Value, volume: Option<&str>) -> Value {
        let labels = BTreeMap::from([("l".to_owned(), "1".to_owned())]);
        let sockets = "/tmp/s:/run/guest-services:z";
        let add = Additions { first: Some(("web", "c-service")), sockets: Some(sockets), volume, labels: &labels };
        with_additions(&json!({ "services": services }), &add)
    }

    #[test]
    fn sockets_are_bound_where_nothing_is_mounted() {
        let file = added(
            json!({
                "none": {},
                "short": { "volumes": ["data:/data:ro", "sockets:/run/guest-services/"] },
                "long": { "volumes": [{ "type": "volume", "source": "sockets", "target": "/run/guest-services" }] },
                "only": { "volumes": ["/run/guest-services"] },
                "options": { "volumes": ["/x/s:/run/guest-services:rw"] },
                "memory": { "tmpfs": "/run/guest-services" },
                "list": { "tmpfs": ["/run/guest-services:size=1m"] },
                "beside": { "volumes": ["s:/run/guest-services-of-mine"], "labels": ["mine=2", "l=9"] },
            }),
            None,
        );
        let services = file["services"].as_object().unwrap();
        let bound: Vec<_> = services
            .iter()
            .filter(|(_, added)| {
                added["volumes"].as_array().into_iter().flatten().any(|v| v == "/tmp/s:/run/guest-services:z")
            })
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(bound, ["beside", "none"]);
        assert!(services.values().all(|added| added["labels"]["l"] == "1"));
        assert_eq!(services["beside"]["labels"]["mine"], "2");
    }

    #[test]
    fn only_the_first_container_gets_a_name_and_only_where_it_has_none() {
        let file = added(json!({ "web": {}, "db": {} }), Some("v"));
        assert_eq!(file["services"]["web"]["container_name"], "c-service");
        assert_eq!(file["services"]["db"].get("container_name"), None);
        assert_eq!(file["volumes"]["v"], json!({ "external": true, "name": "v" }));
        assert_eq!(
            added(json!({ "web": { "container_name": "mine" } }), None)["services"]["web"]["container_name"],
            "mine"
        );
        for own in [json!({ "scale": 2 }), json!({ "deploy": { "replicas": 2 } })] {
            assert_eq!(added(json!({ "web": own }), None)["services"]["web"].get("container_name"), None);
        }
    }
}
