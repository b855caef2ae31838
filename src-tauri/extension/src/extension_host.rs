//! The one extension that is open, with its backend.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    AllowedVariables, BackendDeps, BackendKind, BackendStage, Extension, ExtensionSource, LiveBackend, OpenExtension,
    Start, StartPlan, open, programs, start::Confirmed,
};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::{Engine, EngineEnvironment, reaper::Reaper};
use porthole_http::endpoint::Endpoint;
use porthole_sdk::call::CallId;
use porthole_timeline::Timeline;

/// Where one extension at a time is open. What Porthole brought up for it goes when another is opened, when it is closed,
/// and with this value.
#[derive(Debug)]
pub struct ExtensionHost {
    timeline: Arc<Timeline>,
    reaper: Option<Arc<Reaper>>,
    /// Where images are unpacked.
    directory: PathBuf,
    /// One thing at a time is done here; who comes meanwhile waits.
    turn: tokio::sync::Mutex<()>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    current: Option<OpenExtension>,
    backend: Option<LiveBackend>,
    /// The last plan of what starting it would do. Only this plan can be started.
    plan: Option<Arc<Start>>,
    plans: u32,
    /// What the user confirmed and Porthole did.
    confirmed: Vec<Confirmed>,
    /// What was unpacked for the one that is open, again each time that it was read: its backend may appear on the
    /// first.
    unpacked: Vec<tempfile::TempDir>,
    /// Cancels the start.
    starting: CancellationToken,
    /// The one that passes on how the containers are.
    watching: JoinSet<()>,
    /// The one that checks the folder's paths in its image.
    checking: JoinSet<()>,
}

impl ExtensionHost {
    /// An empty one, which unpacks images into a directory.
    pub fn new(timeline: Arc<Timeline>, reaper: Option<Arc<Reaper>>, directory: PathBuf) -> Self {
        let (turn, state) = (tokio::sync::Mutex::new(()), Arc::default());
        Self { timeline, reaper, directory, turn, state }
    }

    /// What is open.
    pub fn open_now(&self) -> Option<OpenExtension> {
        self.state().current.clone()
    }

    /// Opens an extension in the place of the one that is open, whose backend goes if Porthole started it. The same one
    /// opened again keeps it. When it cannot be read, what was open stays.
    ///
    /// # Errors
    /// As for [`open`]; [`Code::UnpackFailed`] when there is no room to unpack it.
    pub async fn open(&self, source: ExtensionSource, engine: Option<String>) -> Result<OpenExtension> {
        let room = tempfile::Builder::new().prefix("extension-").tempdir_in(&self.directory).map_err(no_room)?;
        let files = room.path().join("files");
        std::fs::create_dir(&files).map_err(no_room)?;
        let connected = match source {
            // Read from this machine's disk, whatever the engine does.
            ExtensionSource::Folder { .. } => Err(Error::new(Code::EngineUnavailable, "No engine was queried")),
            ExtensionSource::Image { .. } | ExtensionSource::Running { .. } => connect(engine.as_deref()).await,
        };
        let extension = open(source, connected.as_ref().map_err(Clone::clone), &files, self.reaper.clone()).await?;
        let bin = programs::gather(&extension.manifest, &extension.root, &room.path().join("bin")).map_err(no_room)?;

        let same = || {
            self.state()
                .current
                .as_ref()
                .is_some_and(|current| current.engine == engine && is_same(&current.extension, &extension))
        };
        if !same() {
            self.state().starting.cancel();
        }
        let _turn = self.turn.lock().await;
        // Another may have been opened meanwhile.
        let same = same();
        if !same {
            // Why it did not go is in the timeline; the next one is opened all the same.
            let _ = self.stop_backend().await;
            self.state().unpacked.clear();
        }
        let mut state = self.state();
        let mut current = OpenExtension::new(extension, engine, bin);
        if let (true, Some(before)) = (same, &state.current) {
            current.parts = before.parts.clone();
            current.set_stage(before.stage.clone());
        }
        // What was read is another one, so what was worked out before is of no use.
        state.plan = None;
        state.current = Some(current.clone());
        self.timeline.set_extension_name(Some(current.extension.image.as_ref()));
        state.unpacked.push(room);
        state.checking = self.check_in_image(current.clone());
        drop(state);
        self.timeline.extension_changed();
        Ok(current)
    }

    /// Checks the paths of a folder's manifest in its image, if the engine has it: what the Dockerfile says of them is shown
    /// before. Nothing is started, and an engine elsewhere isn't asked. It ends when another extension is opened.
    fn check_in_image(&self, current: OpenExtension) -> JoinSet<()> {
        let (shared, timeline) = (Arc::clone(&self.state), Arc::clone(&self.timeline));
        let (reaper, directory) = (self.reaper.clone(), self.directory.clone());
        let mut checking = JoinSet::new();
        if current.extension.sources().is_none() {
            return checking;
        }
        checking.spawn(async move {
            let OpenExtension { extension, engine, .. } = current;
            let checked = async {
                let address = EngineEnvironment::of_this_process().resolve(engine.as_deref())?;
                if address.is_remote() {
                    return Ok(None);
                }
                let engine = Engine::connect(address).await?;
                let scratch = tempfile::Builder::new().prefix("image-").tempdir_in(directory).map_err(no_room)?;
                extension.check_in_image(&engine, scratch.path(), reaper).await
            };
            let found = match checked.await {
                Ok(Some(found)) => found,
                Ok(None) => return,
                // The report is the Dockerfile's then. A missing engine is reported where one is needed.
                Err(error) => return tracing::debug!(%error, "an extension's image isn't looked into"),
            };
            // Another may have been opened while this one waited for the lock.
            let current = &mut shared.lock().unwrap_or_else(PoisonError::into_inner).current;
            if let Some(current) = current.as_mut().filter(|current| current.extension == extension) {
                (current.extension.diagnostics, current.extension.built_image) = (found.0, Some(found.1));
            }
            timeline.extension_changed();
        });
        checking
    }

    /// Attaches to its backend where that runs. Nothing is started.
    ///
    /// # Errors
    /// [`Code::ExtensionClosed`]; what the engine says.
    pub async fn attach(&self) -> Result<OpenExtension> {
        let _turn = self.turn.lock().await;
        let current = self.require_open()?;
        if !matches!(current.stage, BackendStage::Down { .. }) {
            return Ok(current);
        }
        let found = async {
            let deps = self.deps(current.engine.as_deref(), CancellationToken::new()).await?;
            LiveBackend::attach(&deps, &current.extension).await
        };
        match found.await {
            Ok(Some(backend)) => self.set_backend(backend),
            Ok(None) => self.set_stage(BackendStage::Down { error: None }),
            Err(error) => {
                self.set_stage(BackendStage::Down { error: Some(error.clone()) });
                return Err(error);
            }
        }
        self.require_open()
    }

    /// Works out what starting its backend would do, and remembers that: only this can be started. `again`: an image of
    /// its own is built also when it is there.
    ///
    /// # Errors
    /// [`Code::ExtensionClosed`]; [`Code::Cancelled`] when it was stopped meanwhile; as for [`Start::plan`].
    pub async fn start_plan(&self, again: bool, allowed: &AllowedVariables) -> Result<StartPlan> {
        let _turn = self.turn.lock().await;
        let current = self.require_open()?;
        let starting = CancellationToken::new();
        {
            let mut state = self.state();
            (state.starting, state.plan) = (starting.clone(), None);
        }
        let planned = async {
            let deps = self.deps(current.engine.as_deref(), starting).await?;
            Start::plan(&deps, &current.extension, again, allowed).await
        };
        let mut start = match planned.await {
            Ok(start) => start,
            Err(error) => {
                if matches!(current.stage, BackendStage::Down { .. }) {
                    self.set_stage(BackendStage::Down { error: why(&error) });
                }
                return Err(error);
            }
        };
        let mut state = self.state();
        state.plans += 1;
        start.plan.id = state.plans;
        start.plan.confirmed = state.confirmed.iter().any(|before| start.is_covered(before));
        let plan = start.plan.clone();
        state.plan = Some(Arc::new(start));
        Ok(plan)
    }

    /// Starts its backend as the plan with this number says. What Porthole started before is stopped first. Answers when it
    /// runs, or why it doesn't.
    ///
    /// # Errors
    /// [`Code::StartPlanChanged`] when another plan was worked out since, or something else would be done by now;
    /// [`Code::Cancelled`] when it was stopped meanwhile; else as for [`LiveBackend::start`].
    pub async fn start(&self, plan: u32) -> Result<OpenExtension> {
        let _turn = self.turn.lock().await;
        let current = self.require_open()?;
        let starting = CancellationToken::new();
        let start = {
            let mut state = self.state();
            state.starting = starting.clone();
            // Once: what is started again is worked out again.
            state.plan.take().filter(|start| start.plan.id == plan)
        };
        let Some(start) = start else {
            return Err(Error::new(Code::StartPlanChanged, "Not started: the plan is out of date")
                .hint("Review what it requests now, then start it."));
        };
        let _ = self.stop_backend().await;
        self.set_stage(BackendStage::Starting);
        // Not dropped in the middle: what it has begun is ended, and stopped, by itself.
        let started = async {
            let deps = self.deps(current.engine.as_deref(), starting).await?;
            let backend = LiveBackend::start(&deps, &current.extension, &start).await?;
            Ok((backend, start.confirmed(&deps).await))
        };
        match started.await {
            Ok((backend, confirmed)) => {
                if let Ok(confirmed) = confirmed {
                    self.state().confirmed.push(confirmed);
                }
                self.set_backend(backend);
            }
            Err(error) => {
                self.set_stage(BackendStage::Down { error: why(&error) });
                return Err(error);
            }
        }
        self.require_open()
    }

    /// Takes the author's own process for the backend: where it listens.
    ///
    /// # Errors
    /// [`Code::ExtensionClosed`] when no extension is open.
    pub async fn use_native(&self, endpoint: Endpoint) -> Result<OpenExtension> {
        self.state().starting.cancel();
        let _turn = self.turn.lock().await;
        self.require_open()?;
        self.stop_backend().await?;
        self.set_backend(LiveBackend::native(endpoint));
        self.require_open()
    }

    /// Stops what Porthole started, and lets go of what it did not.
    ///
    /// # Errors
    /// As for [`LiveBackend::stop`].
    pub async fn stop(&self) -> Result<OpenExtension> {
        self.state().starting.cancel();
        let _turn = self.turn.lock().await;
        self.require_open()?;
        self.stop_backend().await?;
        self.require_open()
    }

    /// Closes the extension.
    ///
    /// # Errors
    /// As for [`LiveBackend::stop`]; it is closed all the same.
    pub async fn close(&self) -> Result<()> {
        self.state().starting.cancel();
        let _turn = self.turn.lock().await;
        let done = self.stop_backend().await;
        self.reset();
        self.timeline.set_extension_name(None);
        self.timeline.extension_changed();
        done
    }

    /// Lets go of everything at once: the reaper stops what Porthole started. For an owner that ends.
    pub fn drop_all(&self) {
        self.state().starting.cancel();
        self.reset();
    }

    /// What was confirmed stays, until Porthole ends.
    fn reset(&self) {
        let mut state = self.state();
        let (confirmed, plans) = (std::mem::take(&mut state.confirmed), state.plans);
        *state = State { confirmed, plans, ..State::default() };
    }

    /// Follows the logs of a container of the backend, as a Run.
    ///
    /// # Errors
    /// [`Code::ExtensionClosed`] when no extension is open; those of the engine.
    pub async fn follow_logs(&self, container: &str) -> Result<CallId> {
        let current = self.require_open()?;
        if !current.parts.iter().any(|part| part.container == container) {
            return Err(Error::new(Code::ContainerNotFound, format!("The backend has no container `{container}`")));
        }
        let container = container.parse()?;
        Ok(self.deps(current.engine.as_deref(), CancellationToken::new()).await?.follow_logs(&container))
    }

    async fn stop_backend(&self) -> Result<()> {
        let Some(backend) = self.state().backend.take() else { return Ok(()) };
        self.set_stage(BackendStage::Stopping);
        let done = backend.stop().await;
        // A caller that passes on how they are may do so once more.
        let mut watching = std::mem::take(&mut self.state().watching);
        watching.shutdown().await;
        if let Some(current) = &mut self.state().current {
            current.parts = Vec::new();
        }
        self.set_stage(BackendStage::Down { error: done.as_ref().err().cloned() });
        done
    }

    fn set_backend(&self, backend: LiveBackend) {
        let (up, mut parts) = (backend.up.clone(), backend.watch());
        {
            let mut state = self.state();
            state.backend = Some(backend);
            let (shared, timeline) = (Arc::clone(&self.state), Arc::clone(&self.timeline));
            state.watching = JoinSet::new();
            state.watching.spawn(async move {
                loop {
                    let seen = parts.borrow_and_update().clone();
                    if let Some(current) = &mut shared.lock().unwrap_or_else(PoisonError::into_inner).current {
                        current.parts = seen;
                    }
                    timeline.extension_changed();
                    if parts.changed().await.is_err() {
                        return;
                    }
                }
            });
        }
        self.set_stage(BackendStage::Up { up });
    }

    fn set_stage(&self, stage: BackendStage) {
        if let Some(current) = &mut self.state().current {
            current.set_stage(stage);
        }
        self.timeline.extension_changed();
    }

    async fn deps(&self, engine: Option<&str>, cancelled: CancellationToken) -> Result<BackendDeps> {
        let engine = connect(engine).await?;
        Ok(BackendDeps { engine, timeline: Arc::clone(&self.timeline), reaper: self.reaper.clone(), cancelled })
    }

    fn require_open(&self) -> Result<OpenExtension> {
        self.open_now().ok_or_else(|| Error::new(Code::ExtensionClosed, "No extension is open"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why it doesn't run: empty when the user stopped it.
fn why(error: &Error) -> Option<Error> {
    (error.code != Code::Cancelled).then(|| error.clone())
}

/// Whether they are one extension with one backend. Where its files were unpacked to does not count.
fn is_same(one: &Extension, other: &Extension) -> bool {
    let backend = |extension: &Extension| match &extension.backend {
        BackendKind::Compose { file, services } => {
            let file = file.strip_prefix(&extension.root).unwrap_or(file).to_owned();
            BackendKind::Compose { file, services: services.clone() }
        }
        kind => kind.clone(),
    };
    one.names == other.names && backend(one) == backend(other)
}

async fn connect(context: Option<&str>) -> Result<Engine> {
    Engine::connect(EngineEnvironment::of_this_process().resolve(context)?).await
}

fn no_room(error: std::io::Error) -> Error {
    Error::new(Code::UnpackFailed, "Can't create a folder for the extension's files").detail(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extension_host() -> (tempfile::TempDir, ExtensionHost) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("session")).unwrap();
        let timeline = Arc::new(Timeline::new(at("session"), at("kept"), 1 << 20, None));
        let extension_host = ExtensionHost::new(timeline, None, at("session"));
        (folder, extension_host)
    }

    fn written(folder: &std::path::Path, manifest: &str) -> ExtensionSource {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join("metadata.json"), manifest).unwrap();
        ExtensionSource::Folder { path: folder.to_owned(), image: Some("acme/x:1".into()) }
    }

    const NOWHERE: &str = "no-such-context";

    #[tokio::test]
    async fn without_an_extension_there_is_nothing_to_do() {
        let (_folder, extension_host) = extension_host();
        assert_eq!(extension_host.open_now(), None);
        assert_eq!(extension_host.attach().await.unwrap_err().code, Code::ExtensionClosed);
        assert_eq!(
            extension_host.start_plan(false, &AllowedVariables::new()).await.unwrap_err().code,
            Code::ExtensionClosed
        );
        assert_eq!(extension_host.start(1).await.unwrap_err().code, Code::ExtensionClosed);
        assert_eq!(extension_host.stop().await.unwrap_err().code, Code::ExtensionClosed);
        assert_eq!(extension_host.follow_logs("x").await.unwrap_err().code, Code::ExtensionClosed);
        extension_host.close().await.unwrap();
    }

    #[tokio::test]
    async fn requests_to_a_backend_that_is_not_up_go_nowhere() {
        let (folder, extension_host) = extension_host();
        let source = written(&folder.path().join("x"), r#"{"vm": {"image": "x", "exposes": {"socket": "b.sock"}}}"#);
        let open = extension_host.open(source, Some(NOWHERE.into())).await.unwrap();
        assert_eq!(open.stage, BackendStage::Down { error: None });
        assert_eq!(open.endpoint().unwrap_err().code, Code::BackendDown);
        assert_eq!((open.target.name.as_str(), open.target.engine.as_deref()), ("acme/x:1", Some(NOWHERE)));
        // Nothing is started that wasn't worked out.
        assert_eq!(extension_host.start(0).await.unwrap_err().code, Code::StartPlanChanged);
        assert_eq!(extension_host.attach().await.unwrap_err().code, Code::EngineAddressInvalid);
        let failed = extension_host.start_plan(false, &AllowedVariables::new()).await.unwrap_err();
        assert_eq!(failed.code, Code::EngineAddressInvalid);
        let open = extension_host.open_now().unwrap();
        assert_eq!(open.stage, BackendStage::Down { error: Some(failed.clone()) });
        // Why it is down is in what a request is told.
        assert!(open.endpoint().unwrap_err().detail.unwrap().contains(&failed.message));
    }

    #[tokio::test]
    async fn a_process_of_the_author_is_the_backend_until_it_is_let_go() {
        let (folder, extension_host) = extension_host();
        let source = written(&folder.path().join("x"), r#"{"vm": {"image": "x", "exposes": {"socket": "b.sock"}}}"#);
        extension_host.open(source.clone(), Some(NOWHERE.into())).await.unwrap();
        let endpoint: Endpoint = "unix:///tmp/mine.sock".parse().unwrap();
        let open = extension_host.use_native(endpoint.clone()).await.unwrap();
        assert_eq!((open.endpoint().unwrap(), open.target.native), (endpoint, true));
        // The same one opened again keeps it, another manifest does not.
        assert!(extension_host.open(source, Some(NOWHERE.into())).await.unwrap().target.native);
        let other = written(&folder.path().join("y"), r#"{"vm": {"image": "y"}}"#);
        assert!(!extension_host.open(other, Some(NOWHERE.into())).await.unwrap().target.native);
        assert_eq!(extension_host.stop().await.unwrap().stage, BackendStage::Down { error: None });
    }

    #[tokio::test]
    async fn what_cannot_be_read_leaves_what_is_open() {
        let (folder, extension_host) = extension_host();
        let open = extension_host.open(written(&folder.path().join("x"), "{}"), None).await.unwrap();
        assert!(!open.has_backend());
        let gone = ExtensionSource::Folder { path: "/no/such/folder".into(), image: None };
        assert_eq!(extension_host.open(gone, None).await.unwrap_err().code, Code::ManifestUnreadable);
        assert_eq!(extension_host.open_now(), Some(open));
        extension_host.close().await.unwrap();
        assert_eq!(extension_host.open_now(), None);
    }
}
