//! The application's state, from its start to its end.

mod backend;
mod calls;
mod code;
mod desktop;
mod drafts;
mod engines;
mod extension;
mod history;
mod links;
mod logs;
mod mock;
pub(crate) mod page;
pub(crate) mod page_window;
mod paths;
pub(crate) mod permissions;
mod privacy;
mod replay;
mod routes;
mod sessions;
mod settings;
mod tap;
pub(crate) mod target;
mod terminal;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    bootstrap::{Bootstrap, windows_build},
    data_dir::DataDir,
    demo::{self, Demo},
    permission::Gate,
    settings::{Loaded, Remembered, SettingsFile},
};
pub use page::PageAccess;
use porthole_base::error::{Error, Result};
use porthole_engine::{
    reaper::Reaper,
    target::{Target, TargetStatus, keep_checking},
    this_machine::Machine,
};
use porthole_extension::{ExtensionHost, PageServer, routes::ApiDocument};
use porthole_http::endpoint::Endpoint;
use porthole_timeline::{Origin, Timeline};
pub use privacy::StoredPlaces;
pub use replay::ReplayChoices;
use tokio::{runtime::Handle, sync::watch, task::JoinSet};

use crate::{
    application::{mock::TargetMock, page_window::PageWindow, target::endpoint_of},
    dropped::Dropped,
    host::Host,
};

/// Bytes that all outputs may take on the disk, unless the settings say otherwise.
pub(crate) const QUOTA: u64 = 20_000_000_000;

/// The folders of this user.
pub struct Directories {
    /// Where outputs are.
    pub data: DataDir,
    /// Where the settings are; none without a home.
    pub config: Option<PathBuf>,
    /// Where files are saved unless another place is named.
    pub downloads: PathBuf,
    /// The directory for `~`; absent without a home.
    pub home: Option<PathBuf>,
    /// Where the demo extension is; none where it was not built.
    pub demo_extension: Option<PathBuf>,
}

/// One Porthole, shown by a host.
pub struct Application<H> {
    pub(crate) host: H,
    pub(crate) timeline: Arc<Timeline>,
    /// The target with its endpoint; the demo backend's where it names none.
    pub(crate) target: watch::Sender<(Target, Result<Endpoint>)>,
    pub(crate) demo: Result<Endpoint>,
    /// The session that is served as the target.
    pub(crate) mock: Mutex<Option<TargetMock>>,
    pub(crate) remembered: Remembered,
    trouble: Option<Error>,
    /// Why nothing is kept for the next start, when nothing is.
    pub(crate) not_kept: Option<Error>,
    pub(crate) downloads: PathBuf,
    pub(crate) home: Option<PathBuf>,
    demo_extension: Option<PathBuf>,
    /// Where its files are.
    pub(crate) places: StoredPlaces,
    /// What describes the routes of a backend.
    pub(crate) routes: Mutex<Option<Arc<ApiDocument>>>,
    /// The latest file dropped on the window, until the page takes it.
    pub(crate) dropped: Mutex<Option<Dropped>>,
    /// The extension that is open.
    pub(crate) extension_host: ExtensionHost,
    /// Decides about the calls of code.
    pub(crate) gate: Gate,
    /// The page that is open.
    pub(crate) page: Mutex<Option<Arc<PageServer>>>,
    /// Its own window.
    pub(crate) page_window: PageWindow,
    /// The owner of the data in the pages' storage.
    pub(crate) storage_owner: tokio::sync::Mutex<Option<String>>,
    /// Why the host's window had to be loaded again; told once.
    pub(crate) lost: Mutex<Option<Error>>,
    /// What records a desktop.
    pub(crate) tap: tokio::sync::Mutex<Option<tap::RunningTap>>,
    /// Which socket is moved, for the next start.
    pub(crate) moved_note: Option<PathBuf>,
    /// The runtime of the application. Hosts also call from threads that don't belong to it.
    pub(crate) runtime: Handle,
    checking: Mutex<JoinSet<()>>,
    /// Where the outputs are, and the demo backend, until the end.
    owned: Mutex<Option<(DataDir, Option<Demo>)>>,
}

/// The demo backend, and its endpoint or why there is none.
async fn start_demo(session: &Path) -> (Option<Demo>, Result<Endpoint>) {
    match Demo::start(session).await {
        Ok(running) => {
            let endpoint = running.endpoint().clone();
            (Some(running), Ok(endpoint))
        }
        Err(error) => (None, Err(demo::failed(&error))),
    }
}

impl<H: Host> Application<H> {
    /// Starts it on the tokio runtime that this is called on.
    pub async fn start(directories: Directories, host: H) -> Self {
        let Directories { data, config, downloads, home, demo_extension } = directories;
        let session = data.session.path().to_owned();
        let (running, demo) = start_demo(&session).await;
        let reaper = Some(Arc::new(Reaper::start()));
        let permissions = config.as_deref().unwrap_or(&session).join("permissions.json");
        let settings = config.map(|config| config.join("settings.json"));
        let file = settings.clone().map(SettingsFile::new);
        let Loaded { settings: remembered, trouble: unread } =
            file.as_ref().map(SettingsFile::load).unwrap_or_default();
        let unsaved = file.as_ref().and_then(|file| file.check_writable().err());
        let (moved_note, not_moved) = tap::undo_moved(data.path.as_deref().filter(|_| data.trouble.is_none()));
        let trouble = Error::joined(data.trouble.iter().cloned().chain(unread).chain(unsaved).chain(not_moved));
        host.apply_theme(remembered.theme);
        porthole_engine::prefer(remembered.engine.clone());
        let quota = remembered.quota.unwrap_or(QUOTA);
        // Without a data directory nothing is kept: `keep` says so.
        let kept = data.path.as_deref().unwrap_or(&session).join("kept");
        let timeline = Arc::new(Timeline::new(session.clone(), kept.clone(), quota, reaper.clone()));
        // Another Porthole may have the directory where this one couldn't take it.
        let history = data.path.as_ref().filter(|_| data.trouble.is_none()).map(|path| path.join("history"));
        let places = StoredPlaces::of((settings.as_deref(), &permissions), (&session, &kept), history.as_deref());
        if let Some(history) = &history {
            timeline.open_history(history, remembered.history.unwrap_or(true)).await;
        }
        let extension_host = ExtensionHost::new(Arc::clone(&timeline), reaper, session);
        timeline.reopen_kept();
        let gate = Gate::new(Arc::clone(&timeline), permissions);
        let target = remembered.target.clone().unwrap_or_else(Target::demo);
        timeline.connections().use_context(target.engine.clone());
        let target = watch::Sender::new((target.clone(), endpoint_of(&target, &demo)));
        let not_kept = data.trouble.clone();
        Self {
            host,
            timeline,
            target,
            demo,
            mock: Mutex::default(),
            remembered: Remembered::new(remembered, file),
            trouble,
            not_kept,
            downloads,
            home,
            demo_extension,
            places,
            routes: Mutex::default(),
            dropped: Mutex::default(),
            extension_host,
            gate,
            page: Mutex::new(None),
            page_window: PageWindow::default(),
            storage_owner: tokio::sync::Mutex::new(None),
            lost: Mutex::new(None),
            tap: tokio::sync::Mutex::default(),
            moved_note,
            runtime: Handle::current(),
            checking: Mutex::default(),
            owned: Mutex::new(Some((data, running))),
        }
    }

    /// Checks from now on whether the target is up. For a host that shows it: a target that is checked gets connections,
    /// and one request.
    pub fn check_target(&self) {
        let (timeline, connections) = (Arc::clone(&self.timeline), self.timeline.connections());
        let tell = move |status: TargetStatus| timeline.set_target_status(status);
        let check = keep_checking(self.target.subscribe(), connections, tell);
        let mut checking = self.checking.lock().unwrap_or_else(PoisonError::into_inner);
        checking.abort_all();
        checking.spawn_on(check, &self.runtime);
    }

    /// Ends every call and removes its files.
    pub async fn close(&self) {
        if let Err(error) = self.stop_tap().await {
            tracing::warn!(%error, "a socket wasn't put back");
        }
        self.extension_host.drop_all();
        self.end_mock();
        self.timeline.close().await;
        drop(self.owned.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub async fn bootstrap(&self) -> Result<Bootstrap> {
        self.timeline.release_removals();
        // A page of the host that is loaded again has lost the code that waited.
        self.gate.withdraw(Origin::Console);
        if self.page_window.shown().is_none() {
            self.gate.withdraw(Origin::Page);
        }
        let (target, _) = self.target.borrow().clone();
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(Bootstrap {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings: self.remembered.get(),
            trouble: lost.or_else(|| self.trouble.clone()).or_else(|| self.demo.as_ref().err().cloned()),
            target,
            demo: self.demo.as_ref().ok().cloned(),
            examples: demo::examples(),
            demo_extension: self.demo_extension.clone(),
            machine: Machine::this(),
            windows_build: windows_build(),
            log_file: self.host.log_file(),
        })
    }

    /// The calls, for a host that prints what they receive and write.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// What shows it.
    pub fn host(&self) -> &H {
        &self.host
    }
}
