//! How the containers of a backend are: told whenever that changes.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use ts_rs::TS;

use super::ports::published;
use porthole_engine::{Engine, SERVICE, text, texts};

/// How soon they are looked at again. Not every change of health is an event of the engine.
const NEAR: Duration = Duration::from_secs(1);
/// And on an engine that is far away.
const FAR: Duration = Duration::from_secs(5);

/// How one container of a backend is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[ts(optional_fields)]
pub struct PartState {
    /// The container's name.
    pub container: String,
    /// The service that it is of, where it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Whether the extension's commands run in it.
    pub first: bool,
    /// `running`, `exited`, … in the engine's words; `gone` when the engine has no such container; `unknown` when the
    /// engine does not answer.
    pub state: String,
    /// `starting`, `healthy`, `unhealthy`; absent where its image has no check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// How many times the engine has started it again.
    pub restarts: i64,
    /// The code with which it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// Whether it was ended because it used too much memory.
    pub out_of_memory: bool,
    /// When it was started last, as the engine writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// The ports of `localhost` that it publishes; none of an engine that is far away.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[ts(as = "Option<BTreeSet<u16>>")]
    pub ports: BTreeSet<u16>,
}

/// Looks at containers again and again, until nothing listens. `first` is the first service's, where that is known.
pub(super) async fn keep_checking(
    engine: Engine,
    containers: Vec<String>,
    first: Option<String>,
    tell: watch::Sender<Vec<PartState>>,
) {
    let every = if engine.address().is_remote() { FAR } else { NEAR };
    loop {
        let seen = look(&engine, &containers, first.as_deref()).await;
        tell.send_if_modified(|before| {
            let changed = *before != seen;
            *before = seen;
            changed
        });
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = tell.closed() => return,
        }
    }
}

/// How containers are at this moment.
pub async fn look(engine: &Engine, containers: &[String], first: Option<&str>) -> Vec<PartState> {
    let is_near = !engine.address().is_remote();
    let seen = containers.iter().map(async |name| {
        let found = engine.container(name).await;
        let mut part = part(name, first == Some(name.as_str()), found);
        part.ports.retain(|_| is_near);
        part
    });
    join_all(seen).await
}

fn part(name: &str, first: bool, found: Result<Value, bollard::errors::Error>) -> PartState {
    let missing = |state: &str| PartState {
        container: name.to_owned(),
        service: None,
        first,
        state: state.to_owned(),
        health: None,
        restarts: 0,
        exit_code: None,
        out_of_memory: false,
        started: None,
        ports: BTreeSet::new(),
    };
    let found = match found {
        Ok(found) => found,
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => return missing("gone"),
        Err(_) => return missing("unknown"),
    };
    let none = Value::Null;
    let state = found.get("State").unwrap_or(&none);
    let number = |value: Option<&Value>| value.and_then(Value::as_i64);
    let service = texts(found.pointer("/Config/Labels")).remove(SERVICE);
    let ended = state.get("Running").and_then(Value::as_bool) != Some(true);
    // Podman has it under the word that it shows.
    let health = state.get("Health").or_else(|| state.get("Healthcheck")).and_then(|health| text(health, "Status"));
    PartState {
        service,
        state: text(state, "Status").unwrap_or_else(|| "unknown".to_owned()),
        health: health.filter(|health| health != "none"),
        restarts: number(found.get("RestartCount")).unwrap_or_default(),
        exit_code: number(state.get("ExitCode")).filter(|_| ended),
        out_of_memory: state.get("OOMKilled").and_then(Value::as_bool).unwrap_or_default(),
        started: text(state, "StartedAt"),
        ports: published(found.pointer("/NetworkSettings/Ports")),
        ..missing("")
    }
}

impl PartState {
    /// Whether it has ended and will not be started again by itself.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state.as_str(), "exited" | "stopped" | "dead" | "gone")
    }

    /// Whether it ends each time that it is started.
    pub(super) fn keeps_ending(&self) -> bool {
        self.state == "restarting" && self.restarts > 1
    }
}
