//! A compose file: its services in the order of the file, and what Porthole adds to them.

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::json;

use crate::error::{Code, Error, Result};

use super::{compose_files::is_shallow, names::SOCKETS};

/// The most that is read: aliases can make much of little.
pub(super) const LONGEST: u64 = 1024 * 1024;

/// What Porthole needs to know of a compose file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compose {
    /// Its services, in the order of the file. There is at least one.
    pub services: Vec<Service>,
    /// The `version` key, which an older docker-compose wants to be the same in all files.
    version: Option<String>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    /// Its key in the file.
    pub name: String,
    /// Whether something is mounted where the sockets are.
    has_mount: bool,
    /// Whether its container has a name of its own, or there are several.
    is_named: bool,
    /// Whether it publishes ports.
    pub has_ports: bool,
}

/// What is added to the services.
#[derive(Debug)]
pub(super) struct Additions<'a> {
    /// The name of the first service's container.
    pub container: &'a str,
    /// A directory or volume for the sockets, as `volumes` has it.
    pub sockets: &'a str,
    /// The volume in that, which compose is told to leave alone.
    pub volume: Option<&'a str>,
    /// Labels of every container.
    pub labels: &'a BTreeMap<String, String>,
}

impl Compose {
    /// Reads a compose file.
    ///
    /// # Errors
    /// [`Code::ComposeUnreadable`] with the line, or when it has no services.
    pub fn read(text: &str) -> Result<Self> {
        let unreadable = |why: &str| Error::new(Code::ComposeUnreadable, format!("the compose file {why}"));
        if text.len() as u64 > LONGEST {
            return Err(unreadable(&format!("has more than {LONGEST} bytes")));
        }
        if !is_shallow(text) {
            return Err(unreadable("is nested too deeply"));
        }
        let documents = Yaml::load_from_str(text).map_err(|error| {
            let marker = error.marker();
            unreadable(&format!("cannot be read at line {}, column {}", marker.line(), marker.col() + 1)).detail(error)
        })?;
        let Some(root) = documents.first() else { return Err(unreadable("is empty")) };
        let services = root.as_mapping_get("services").and_then(Yaml::as_mapping);
        let services: Vec<Service> = services
            .into_iter()
            .flatten()
            .filter_map(|(name, service)| Some(Service::read(name.as_str()?, service)))
            .collect();
        if services.is_empty() {
            return Err(unreadable("has no services").hint("A backend of several containers is `services:` with an entry for each; the first one is where the extension's commands run."));
        }
        let version = root.as_mapping_get("version").and_then(|version| {
            version.as_str().map(str::to_owned).or_else(|| version.as_floating_point().map(|n| n.to_string()))
        });
        Ok(Self { services, version })
    }

    /// A second compose file with what Porthole adds. JSON is YAML too.
    pub fn additions(&self, add: &Additions<'_>) -> String {
        let mut services = serde_json::Map::new();
        for (n, service) in self.services.iter().enumerate() {
            let mut added = json!({ "labels": add.labels });
            if !service.has_mount {
                added["volumes"] = json!([add.sockets]);
            }
            if n == 0 && !service.is_named {
                added["container_name"] = json!(add.container);
            }
            services.insert(service.name.clone(), added);
        }
        let mut file = json!({ "services": services });
        if let Some(version) = &self.version {
            file["version"] = json!(version);
        }
        if let Some(volume) = add.volume {
            file["volumes"] = json!({ volume: { "external": true, "name": volume } });
        }
        file.to_string()
    }
}

impl Service {
    fn read(name: &str, service: &Yaml<'_>) -> Self {
        let volumes = key(service, "volumes").and_then(Yaml::as_sequence);
        let tmpfs = key(service, "tmpfs");
        let tmpfs = tmpfs.into_iter().flat_map(|tmpfs| match tmpfs.as_sequence() {
            Some(list) => list.iter().filter_map(Yaml::as_str).collect(),
            None => tmpfs.as_str().into_iter().collect::<Vec<_>>(),
        });
        let targets = volumes.into_iter().flatten().filter_map(target).chain(tmpfs.map(before_options));
        let several = ["scale", "deploy"].iter().any(|word| key(service, word).is_some());
        Self {
            name: name.to_owned(),
            has_mount: targets.into_iter().any(|target| target.trim_end_matches('/') == SOCKETS),
            is_named: several || key(service, "container_name").is_some(),
            has_ports: key(service, "ports").and_then(Yaml::as_sequence).is_some_and(|ports| !ports.is_empty()),
        }
    }
}

/// An entry of a mapping, or of what it takes in by `<<`.
pub(super) fn key<'y, 'i>(mapping: &'y Yaml<'i>, name: &str) -> Option<&'y Yaml<'i>> {
    mapping.as_mapping_get(name).or_else(|| {
        let taken = mapping.as_mapping_get("<<")?;
        match taken.as_sequence() {
            Some(list) => list.iter().find_map(|taken| key(taken, name)),
            None => key(taken, name),
        }
    })
}

/// Where in the container an entry of `volumes` is mounted.
fn target<'y>(volume: &'y Yaml<'_>) -> Option<&'y str> {
    let Some(text) = volume.as_str() else { return volume.as_mapping_get("target")?.as_str() };
    // SOURCE:TARGET[:OPTIONS], or only a target. A path in the container begins with a slash, a drive's does not.
    match text.match_indices(":/").next() {
        Some((at, _)) => Some(before_options(&text[at + 1..])),
        None => Some(before_options(text)),
    }
}

fn before_options(text: &str) -> &str {
    text.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn added(text: &str) -> Value {
        let labels = BTreeMap::from([("l".to_owned(), "1".to_owned())]);
        let add = Additions {
            container: "c-service",
            sockets: "/tmp/s:/run/guest-services:z",
            volume: None,
            labels: &labels,
        };
        serde_json::from_str(&Compose::read(text).unwrap().additions(&add)).unwrap()
    }

    #[test]
    fn services_keep_the_order_of_the_file() {
        let compose = Compose::read("x-a: 1\nservices:\n  web: {}\n  a: {image: x}\n  b:\n").unwrap();
        let names: Vec<_> = compose.services.iter().map(|service| service.name.as_str()).collect();
        assert_eq!(names, ["web", "a", "b"]);
    }

    #[test]
    fn sockets_are_bound_where_nothing_is_mounted() {
        let file = added(
            r#"
x-base: &base
  volumes: ["sockets:/run/guest-services"]
services:
  none: {}
  short: {volumes: ["data:/data:ro", "sockets:/run/guest-services/"]}
  long: {volumes: [{type: volume, source: sockets, target: /run/guest-services}]}
  only: {volumes: [/run/guest-services]}
  options: {volumes: ["./s:/run/guest-services:rw"]}
  memory: {tmpfs: /run/guest-services}
  taken: {<<: *base}
  beside: {volumes: ["s:/run/guest-services-of-mine"]}
"#,
        );
        let services = file["services"].as_object().unwrap();
        let bound: Vec<_> = services.iter().filter(|(_, added)| added.get("volumes").is_some()).collect();
        assert_eq!(bound.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["beside", "none"]);
        assert_eq!(bound[0].1["volumes"], json!(["/tmp/s:/run/guest-services:z"]));
        assert!(services.values().all(|added| added["labels"]["l"] == "1"));
    }

    #[test]
    fn only_the_first_container_gets_a_name_and_only_where_it_has_none() {
        let file = added("services: {web: {}, db: {}}");
        assert_eq!(file["services"]["web"]["container_name"], "c-service");
        assert_eq!(file["services"]["db"].get("container_name"), None);
        for own in ["services: {web: {container_name: mine}}", "services: {web: {scale: 2}}"] {
            assert_eq!(added(own)["services"]["web"].get("container_name"), None, "{own}");
        }
    }

    #[test]
    fn the_version_is_that_of_the_file() {
        assert_eq!(added("version: '3.8'\nservices: {a: {}}")["version"], "3.8");
        assert_eq!(added("version: 3.8\nservices: {a: {}}")["version"], "3.8");
        assert_eq!(added("services: {a: {}}").get("version"), None);
    }

    #[test]
    fn what_is_no_compose_file_says_why() {
        for (text, why) in [
            ("", "empty"),
            ("a: [", "line"),
            ("services:", "no services"),
            ("- a", "no services"),
            ("web: {}", "no services"),
        ] {
            let error = Compose::read(text).unwrap_err();
            assert_eq!(error.code, Code::ComposeUnreadable, "{text}");
            assert!(error.message.contains(why), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "(services|version|a|b|:|-|\\{|\\}|\\[|\\]|&x|\\*x|<<|,|'| |\n){0,24}") {
            let _ = Compose::read(&text);
        }
    }
}
