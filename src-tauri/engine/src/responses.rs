//! What engines answer, read leniently: what is missing, null, unknown or of another type costs that one field, and an
//! entry that can't be read costs that one entry.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bollard::{errors::Error as ApiError, exec::CreateExecOptions, models::ContainerCreateBody};
use serde_json::{Map, Value};

use super::{
    Engine, Inspected,
    api::{Answer, labelled, segment},
    facts::{Container, Mount, MountKind},
};
use porthole_base::reference::familiar;

/// What an engine says of an exec.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExecState {
    /// Whether it runs.
    pub running: Option<bool>,
    /// Its exit code, once it ended.
    pub exit_code: Option<i64>,
    /// The engine's host's id of its process; engines say 0 while and where there is none.
    pub pid: Option<u32>,
}

impl ExecState {
    /// Reads it from the response to an inspection.
    pub fn read(answer: &Value) -> Self {
        Self {
            running: answer.get("Running").and_then(Value::as_bool),
            exit_code: answer.get("ExitCode").and_then(Value::as_i64),
            pid: pid(answer.get("Pid")),
        }
    }
}

/// An image in an engine's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedImage {
    /// Its id.
    pub id: String,
    /// With tags, as Docker shows them.
    pub names: Vec<String>,
    /// Its labels.
    pub labels: HashMap<String, String>,
    /// To the second; none when the engine doesn't know.
    pub created: Option<SystemTime>,
}

impl Engine {
    /// Its containers with their labels, in the engine's order, those that are not running included.
    pub(crate) async fn listed(&self, label: Option<&str>) -> Answer<Vec<(Container, HashMap<String, String>)>> {
        let filters = label.map(labelled).unwrap_or_default();
        let query = [("all", "true"), ("filters", filters.as_str())];
        let answer = self.get("/containers/json", if label.is_some() { &query } else { &query[..1] }).await?;
        Ok(all_listed(entries(&answer, "containers")?))
    }

    /// The ids of the networks with this label.
    pub(crate) async fn networks(&self, label: &str) -> Answer<Vec<String>> {
        let answer = self.get("/networks", &[("filters", &labelled(label))]).await?;
        Ok(entries(&answer, "networks")?.iter().filter_map(|network| text(network, "Id")).collect())
    }

    /// The names of the volumes with this label.
    pub(crate) async fn volumes(&self, label: &str) -> Answer<Vec<String>> {
        let answer = self.get("/volumes", &[("filters", &labelled(label))]).await?;
        let volumes = answer.get("Volumes").unwrap_or(&Value::Null);
        Ok(entries(volumes, "volumes")?.iter().filter_map(|volume| text(volume, "Name")).collect())
    }

    /// The names of all of its images, as Docker shows them.
    pub async fn image_names(&self) -> Answer<Vec<String>> {
        let answer = self.get("/images/json", &[]).await?;
        let tags = entries(&answer, "images")?.iter().flat_map(|image| list(image.get("RepoTags")));
        Ok(tags.filter_map(Value::as_str).map(|name| familiar(name).to_owned()).collect())
    }

    /// Its images that have a name, with their labels.
    pub async fn images(&self) -> Answer<Vec<ListedImage>> {
        let answer = self.get("/images/json", &[]).await?;
        Ok(entries(&answer, "images")?.iter().filter_map(listed_image).collect())
    }

    /// The id of an image; none when it has no such image.
    pub async fn image_id(&self, image: &str) -> Answer<Option<String>> {
        match self.get(&format!("/images/{}/json", segment(image)), &[]).await {
            Ok(found) => Ok(Some(text(&found, "Id").unwrap_or_default())),
            Err(ApiError::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All that it says of a container.
    pub async fn container(&self, name: &str) -> Answer<Value> {
        self.get(&format!("/containers/{}/json", segment(name)), &[]).await
    }

    /// Makes a container with this name. What an engine warns of is not looked at.
    pub async fn create_container(&self, name: &str, body: &ContainerCreateBody) -> Answer<()> {
        self.post("/containers/create", &[("name", name)], body).await.map(drop)
    }

    /// Makes an exec, which does not start it, and gives its id.
    pub(crate) async fn create_exec(&self, container: &str, body: &CreateExecOptions<String>) -> Answer<String> {
        let made = self.post(&format!("/containers/{}/exec", segment(container)), &[], body).await?;
        text(&made, "Id").ok_or_else(|| odd("the response has no exec ID"))
    }

    /// How an exec is.
    pub(crate) async fn exec(&self, id: &str) -> Answer<ExecState> {
        Ok(ExecState::read(&self.get(&format!("/exec/{}/json", segment(id)), &[]).await?))
    }
}

/// An image by one of its names, as far as it can be used.
fn listed_image(entry: &Value) -> Option<ListedImage> {
    let names = list(entry.get("RepoTags")).iter().filter_map(Value::as_str);
    let names: Vec<String> =
        names.map(familiar).filter(|name| !name.starts_with("<none>")).map(str::to_owned).collect();
    let id = text(entry, "Id")?;
    // Builds that are meant to give the same image each time set it to the beginning of the epoch, or before it.
    let created = entry.get("Created").and_then(Value::as_u64).filter(|created| *created > 0);
    let created = created.and_then(|created| UNIX_EPOCH.checked_add(Duration::from_secs(created)));
    (!names.is_empty()).then(|| ListedImage { id, names, labels: texts(entry.get("Labels")), created })
}

/// The entries of a list; some engines say null for an empty one.
fn entries<'a>(answer: &'a Value, what: &str) -> Answer<&'a [Value]> {
    match answer {
        Value::Null => Ok(&[]),
        Value::Array(entries) => Ok(entries),
        _ => Err(odd(&format!("the response isn't a list of {what}"))),
    }
}

/// A response that can't be used at all.
fn odd(message: &str) -> ApiError {
    <serde_json::Error as serde::de::Error>::custom(message).into()
}

/// Each container once: a caller that shows them knows them by their ids.
fn all_listed(entries: &[Value]) -> Vec<(Container, HashMap<String, String>)> {
    let mut seen = HashSet::new();
    let listed = entries.iter().enumerate().map(|(at, entry)| listed(at, entry));
    listed.filter(|(container, _)| seen.insert(container.id.clone())).collect()
}

fn listed(at: usize, entry: &Value) -> (Container, HashMap<String, String>) {
    let id = text(entry, "Id");
    let name = list(entry.get("Names")).iter().find_map(Value::as_str);
    let name = name.map(|name| name.trim_start_matches('/').to_owned());
    let problem = id.is_none().then(|| "Can't be used: the engine lists it without an ID.".to_owned());
    let container = Container {
        name: name.or_else(|| id.clone()).unwrap_or_else(|| format!("entry {}", at + 1)),
        id: id.unwrap_or_else(|| format!("entry {}", at + 1)),
        image: text(entry, "Image").map(|image| familiar(&image).to_owned()).unwrap_or_default(),
        state: text(entry, "State").unwrap_or_else(|| "unknown".to_owned()),
        status: text(entry, "Status").unwrap_or_default(),
        problem,
    };
    (container, texts(entry.get("Labels")))
}

/// What is read about a container before a command runs in it.
pub(super) fn inspected(found: &Value) -> Inspected {
    let state = |name: &str| found.get("State").and_then(|state| state.get(name));
    let config = |name: &str| found.get("Config").and_then(|config| config.get(name));
    let host_config = |name: &str| found.get("HostConfig").and_then(|config| config.get(name));
    let status = state("Status").and_then(Value::as_str).unwrap_or_default();
    // The states as flags are the surer ones; an engine that leaves one out has it in words.
    let is = |flag: &str, word: &str| state(flag).and_then(Value::as_bool).unwrap_or(status == word);
    let environment = list(config("Env")).iter().filter_map(Value::as_str);
    Inspected {
        id: text(found, "Id").unwrap_or_default(),
        running: is("Running", "running"),
        paused: is("Paused", "paused"),
        path: environment.filter_map(|pair| pair.strip_prefix("PATH=")).next().map(str::to_owned),
        working_dir: config("WorkingDir")
            .and_then(Value::as_str)
            .filter(|dir| !dir.is_empty())
            .unwrap_or("/")
            .to_owned(),
        started: state("StartedAt").and_then(Value::as_str).map(str::to_owned),
        pid: pid(state("Pid")),
        pid_mode: host_config("PidMode").and_then(Value::as_str).unwrap_or_default().to_owned(),
        mounts: mounts(list(found.get("Mounts")), host_config("Tmpfs")),
    }
}

fn mounts(points: &[Value], tmpfs: Option<&Value>) -> Vec<Mount> {
    let listed = points.iter().filter_map(|point| {
        let kind = match text(point, "Type").as_deref() {
            Some("volume") => MountKind::Volume(text(point, "Name")?),
            Some("bind") => MountKind::Bind(text(point, "Source")?),
            _ => MountKind::Own,
        };
        let read_only = point.get("RW").and_then(Value::as_bool) == Some(false);
        Some(Mount { kind, at: text(point, "Destination")?, read_only })
    });
    // `--tmpfs` is not in the engine's own list of mounts.
    let tmpfs = tmpfs.and_then(Value::as_object).map(Map::keys).into_iter().flatten();
    listed.chain(tmpfs.map(|at| Mount { kind: MountKind::Own, at: at.clone(), read_only: false })).collect()
}

/// A text field that isn't empty.
pub fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The entries of an array; none of anything else.
pub fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A map of texts, such as labels; what isn't a text is left out.
pub fn texts(value: Option<&Value>) -> HashMap<String, String> {
    let pairs = value.and_then(Value::as_object).into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn pid(value: Option<&Value>) -> Option<u32> {
    value.and_then(Value::as_i64).and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0)
}

#[cfg(test)]
#[path = "responses_tests.rs"]
mod tests;
