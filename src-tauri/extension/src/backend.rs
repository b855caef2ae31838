//! The backend of an extension: attached to where it runs, started where it does not, and stopped by what
//! started it.

use std::{collections::HashMap, time::Duration};

use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task::JoinSet, time::Instant};
use ts_rs::TS;

use super::{
    BackendKind, Extension, Names,
    sockets::{Search, Unreached},
    source::is_called,
    start::Start,
    started_backend::StartedBackend,
    state::{self, PartState},
    tool::BackendDeps,
};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::{BackendResources, Container, PROJECT, RANCHER_DESKTOP, SERVICE, left_behind, tunnel::Choice};
use porthole_http::endpoint::Endpoint;

/// How long a backend may take until it listens.
const LISTENS: Duration = Duration::from_secs(30);
/// How soon it is looked at again meanwhile.
const LOOK: Duration = Duration::from_millis(50);
/// The service of a backend that is one image: what Docker Desktop calls it, by its container's name.
pub(super) const ONLY: &str = "service";

/// The owner of a backend, which decides who stops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BackendOwner {
    /// Porthole brought it up, and takes it down.
    Porthole,
    /// It ran already, and goes on running.
    Other,
    /// The author's own process: Porthole knows only where it listens.
    Author,
}

/// The service that runs an extension's commands in its container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FirstService {
    /// Its name.
    pub service: String,
    /// Its container.
    pub container: String,
    /// Why it is this one, and why that matters.
    pub because: String,
}

/// What is known of a backend that is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct BackendInfo {
    /// Its owner.
    pub whose: BackendOwner,
    /// Where the extension's commands run; absent when there is no container, or several and nothing tells the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<FirstService>,
    /// Its containers, the first service's first.
    pub containers: Vec<String>,
    /// Where it listens, or is to listen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// Why that is not a socket of this host, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// Why it cannot be connected to, where it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<Error>,
}

/// A backend that is up. When this is dropped, what Porthole brought up is taken down by the reaper; [`LiveBackend::stop`]
/// does it in the open, and tells when it is done.
#[derive(Debug)]
pub struct LiveBackend {
    /// What is known of it.
    pub up: BackendInfo,
    owned: Option<StartedBackend>,
    states: watch::Receiver<Vec<PartState>>,
    /// The one that looks at the containers; it ends with this value.
    _looking: JoinSet<()>,
}

impl LiveBackend {
    /// A backend that the author runs: an endpoint and no container.
    pub fn native(endpoint: Endpoint) -> Self {
        let up = BackendInfo {
            whose: BackendOwner::Author,
            first: None,
            containers: Vec::new(),
            endpoint: Some(endpoint),
            said: None,
            unreachable: None,
        };
        Self { up, owned: None, states: watch::Sender::default().subscribe(), _looking: JoinSet::new() }
    }

    /// Attaches to the backend of an extension where it runs under the names of Docker Desktop or Rancher Desktop. Nothing
    /// is started or removed. None when it doesn't run.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn attach(deps: &BackendDeps, extension: &Extension) -> Result<Option<Self>> {
        let parts = parts(deps, extension).await?;
        if parts.is_empty() {
            return Ok(None);
        }
        let reached = reach(deps, extension, &names(&parts), false).await;
        Ok(Some(Self::of(deps, extension, parts, reached, None)))
    }

    /// Does what was planned, and nothing else; attaches where the backend has come to run meanwhile. What a killed
    /// Porthole left of it is removed first.
    ///
    /// It is ended by `cancelled` of its deps, and stops what it had begun. When this future is dropped, the reaper
    /// does that, and the Runs that it had begun go on.
    ///
    /// # Errors
    /// [`Code::StartPlanChanged`], [`Code::ImageNotMade`], [`Code::ComposeFailed`], [`Code::BackendEnded`] with its last
    /// words, [`Code::ProgramNotFound`], and what the engine says.
    pub async fn start(deps: &BackendDeps, extension: &Extension, start: &Start) -> Result<Self> {
        remove_left(deps, extension).await?;
        if let Some(found) = Self::attach(deps, extension).await? {
            return Ok(found);
        }
        start.verify(deps, extension).await?;
        let mut owned = StartedBackend::new(deps)?;
        let started = match (&extension.backend, &start.project) {
            (BackendKind::Image { image }, _) => owned.start_image(extension, image, start).await,
            (BackendKind::Compose { .. }, Some(project)) => owned.start_project(extension, start, project).await,
            (BackendKind::Unusable { error }, _) => return Err(error.clone()),
            _ => return Err(Error::new(Code::StartPlanChanged, "Not started: the plan is for another backend")),
        };
        let listens = match started {
            Ok(parts) => wait(deps, extension, parts).await,
            Err(error) => Err(error),
        };
        match listens {
            Ok((parts, reached)) => Ok(Self::of(deps, extension, parts, reached, Some(owned))),
            Err(error) => {
                // Why it didn't start is what counts; compose's own words are in the timeline.
                let _ = owned.take_down().await;
                Err(error)
            }
        }
    }

    fn of(
        deps: &BackendDeps,
        extension: &Extension,
        parts: Vec<Part>,
        reached: Reached,
        owned: Option<StartedBackend>,
    ) -> Self {
        let containers = names(&parts);
        let (tell, states) = watch::channel(Vec::new());
        let mut looking = JoinSet::new();
        let first = first(&parts, extension);
        let told = first.as_ref().map(|first| first.container.clone());
        looking.spawn(state::keep_checking(deps.engine.clone(), containers.clone(), told, tell));
        let (choice, unreachable) = match reached {
            Some(Ok(choice)) => (Some(choice), None),
            Some(Err(unreached)) => (unreached.choice, Some(unreached.error)),
            None => (None, None),
        };
        let (endpoint, said) = choice.map_or((None, None), |choice| (Some(choice.endpoint), choice.said));
        let whose = if owned.is_some() { BackendOwner::Porthole } else { BackendOwner::Other };
        let up = BackendInfo { whose, first, containers, endpoint, said, unreachable };
        Self { up, owned, states, _looking: looking }
    }

    /// How its containers are, told whenever that changes; empty before the first look.
    pub fn watch(&self) -> watch::Receiver<Vec<PartState>> {
        self.states.clone()
    }

    /// Stops what Porthole started, and only that.
    ///
    /// # Errors
    /// [`Code::ComposeFailed`] when compose did not do it; the containers are removed all the same.
    pub async fn stop(mut self) -> Result<()> {
        match self.owned.take() {
            Some(mut owned) => owned.take_down().await,
            None => Ok(()),
        }
    }
}

/// How the socket is reached, of a backend that is to have one.
type Reached = Option<std::result::Result<Choice, Unreached>>;

/// A container of a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub container: String,
    pub service: Option<String>,
}

fn names(parts: &[Part]) -> Vec<String> {
    parts.iter().map(|part| part.container.clone()).collect()
}

/// The name of the first service, as far as the extension tells it.
fn first_service(extension: &Extension) -> Option<&str> {
    match &extension.backend {
        BackendKind::Compose { services, .. } => services.first().map(String::as_str),
        _ => None,
    }
}

fn first(parts: &[Part], extension: &Extension) -> Option<FirstService> {
    let part = parts.first()?;
    let service = part.service.clone().unwrap_or_else(|| ONLY.to_owned());
    let because = match (first_service(extension), parts.len()) {
        (_, 1) => "It is the only one.",
        (Some(first), _) if first == service => {
            "It is the first service in the compose file, so the extension's commands run in its container."
        }
        _ if part.container == engine_name(&extension.names.container) => {
            "Its container is named like an extension's first service, so the extension's commands run in it."
        }
        // With several services and nothing to distinguish them, none is reported as the first.
        _ => return None,
    };
    Some(FirstService { service, container: part.container.clone(), because: because.to_owned() })
}

/// A name as an engine and compose take it: those of images may hold a port's colon and dots.
pub(super) fn engine_name(name: &str) -> String {
    name.replace(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')), "_").to_lowercase()
}

/// The containers under the names of this extension, with their labels.
async fn ours(deps: &BackendDeps, extension: &Extension) -> Result<Vec<(Container, HashMap<String, String>)>> {
    let Names { project, container, stem } = &extension.names;
    let all = deps.engine.labelled().await?.into_iter();
    let ours = all.filter(|(found, labels)| match labels.get(PROJECT) {
        Some(named) => {
            *named == engine_name(project)
                || named == project
                || named.strip_prefix(RANCHER_DESKTOP).is_some_and(|name| is_called(stem, name))
        }
        None => found.name == engine_name(container),
    });
    Ok(ours.collect())
}

/// Removes what a killed Porthole left of it.
async fn remove_left(deps: &BackendDeps, extension: &Extension) -> Result<()> {
    for id in left_behind(ours(deps, extension).await?.iter().map(|(_, labels)| labels)) {
        tracing::info!(%id, "removing a backend that a killed Porthole left");
        let project = Some(engine_name(&extension.names.project));
        let left = BackendResources { engine: deps.engine.address().clone(), id, project, directory: None };
        left.remove(&deps.engine, false).await;
    }
    Ok(())
}

/// The containers that run under the names of this extension, the first service's first; none that a killed Porthole left.
pub(super) async fn parts(deps: &BackendDeps, extension: &Extension) -> Result<Vec<Part>> {
    let container = &extension.names.container;
    let ours = ours(deps, extension).await?;
    let living = ours.into_iter().filter(|(_, labels)| left_behind([labels]).is_empty());
    let running = living.filter(|(found, _)| matches!(found.state.as_str(), "running" | "paused" | "restarting"));
    let mut parts: Vec<Part> =
        running.map(|(found, mut labels)| Part { container: found.name, service: labels.remove(SERVICE) }).collect();
    let named = engine_name(container);
    let service = first_service(extension);
    parts.sort_by(|a, b| {
        let rank = |part: &Part| (part.service.as_deref() != service || service.is_none(), part.container != named);
        (rank(a), &a.container).cmp(&(rank(b), &b.container))
    });
    Ok(parts)
}

/// Waits until the backend listens, if it is to, or until its first container ends. One that goes on and does not listen
/// is no failure: some declare a socket and never open it.
async fn wait(deps: &BackendDeps, extension: &Extension, parts: Vec<Part>) -> Result<(Vec<Part>, Reached)> {
    let (engine, began) = (&deps.engine, Instant::now());
    let containers = names(&parts);
    let Some(first) = containers.first() else {
        return Err(Error::new(Code::ComposeFailed, "Compose created no container")
            .hint("Check whether every service is in a profile."));
    };
    loop {
        if deps.cancelled.is_cancelled() {
            return Err(BackendDeps::stopped());
        }
        let late = began.elapsed() > LISTENS;
        let reached = reach(deps, extension, &containers, !late).await;
        let seen = state::look(engine, std::slice::from_ref(first), None).await;
        if let Some(part) = seen.iter().find(|part| part.has_ended() || part.keeps_ending()) {
            return Err(ended(deps, part).await);
        }
        let waits = matches!(&reached, Some(Err(unreached)) if unreached.may_come);
        if !waits || late {
            return Ok((parts, reached));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The way to the socket, of a backend that is to have one.
async fn reach(deps: &BackendDeps, extension: &Extension, containers: &[String], starting: bool) -> Reached {
    let Extension { names, socket, .. } = extension;
    let (engine, connections) = (&deps.engine, deps.timeline.connections());
    let search = Search { engine, connections: &connections, containers, names, socket: socket.as_deref()? };
    Some(search.endpoint(starting).await)
}

/// Bytes that are shown of the last lines of a container.
const LOGGED: usize = 16 * 1024;

async fn ended(deps: &BackendDeps, part: &PartState) -> Error {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail("12").build();
    let mut logs = Box::pin(deps.engine.docker().logs(&part.container, Some(options)));
    let mut text = String::new();
    while let Some(Ok(piece)) = logs.next().await {
        text.push_str(&String::from_utf8_lossy(&piece.into_bytes()));
        // A line may be of any length.
        if text.len() > LOGGED {
            text.truncate(text.floor_char_boundary(LOGGED));
            text.push('…');
            break;
        }
    }
    let how = match part.exit_code {
        _ if part.out_of_memory => "it ran out of memory".to_owned(),
        Some(code) => format!("exit code {code}"),
        None => part.state.clone(),
    };
    let error = Error::new(
        Code::BackendEnded,
        format!("The backend's container `{}` exited before it listened on its socket: {how}", part.container),
    );
    if text.trim().is_empty() {
        return error.hint(
            "It printed nothing. Check that the image has a program to run, built for this machine's processor.",
        );
    }
    error.detail(text.trim_end()).hint("This error includes its last lines of output.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images_become_names_that_an_engine_takes() {
        for (name, taken) in
            [("acme_x-desktop-extension", "acme_x-desktop-extension"), ("host:5000_acme_x.y", "host_5000_acme_x_y")]
        {
            assert_eq!(engine_name(name), taken);
        }
    }

    #[tokio::test]
    async fn the_authors_own_process_has_no_container() {
        let backend = LiveBackend::native("unix:///tmp/mine.sock".parse().unwrap());
        assert_eq!((backend.up.whose, backend.up.containers.len()), (BackendOwner::Author, 0));
        assert!(backend.watch().borrow().is_empty());
        backend.stop().await.unwrap();
    }
}
