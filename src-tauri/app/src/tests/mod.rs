//! The application with a host that only remembers what it was asked for.

mod backend;
mod engine;
mod mock;
mod page;
mod replay;
mod settings;
mod target;
mod terminal;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use crate::{
    data_dir::{DataDir, Opened},
    page_window::PageWindowClosed,
    permission::ProposedState,
    settings::Theme,
};
use porthole_base::error::{Code, Result};
use porthole_extension::{OpenedPage, Server};
use porthole_process::{Place, Run};
use porthole_sdk::{
    permission::Scope,
    runtime::Runtime,
    sdk_call::{CliTarget, Sdk, SdkCall, SdkExec},
};
use porthole_timeline::{Act, Call, Origin, Outcome};

use crate::{Application, Directories, Host, PathKind};

#[derive(Default)]
struct TestHost {
    application: OnceLock<Weak<TestApplication>>,
    opened: AtomicU32,
    has_window: AtomicBool,
    /// The window is closed by the user before it is there.
    closed_while_opening: AtomicBool,
    storage_cleared: AtomicU32,
    theme: Mutex<Option<Theme>>,
    /// What is chosen in dialogs, and the titles of those.
    chooses: Mutex<Option<String>>,
    titles: Mutex<Vec<String>>,
}

type TestApplication = Application<TestHost>;

impl Host for TestHost {
    fn open_page_window(&self, _: &OpenedPage) -> Result<()> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        if self.closed_while_opening.load(Ordering::SeqCst) {
            let application = self.application.get().and_then(Weak::upgrade).unwrap();
            application.page_window_gone(PageWindowClosed::default());
        }
        self.has_window.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn focus_page_window(&self) -> Result<bool> {
        Ok(self.has_window.load(Ordering::SeqCst))
    }

    fn close_page_window(&self) {
        self.has_window.store(false, Ordering::SeqCst);
    }

    async fn clear_page_storage(&self) -> Result<()> {
        self.storage_cleared.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn check_page_server(&self, _: &Server) -> Result<()> {
        Ok(())
    }

    async fn choose_path(&self, kind: PathKind, title: &str, suggested: Option<&Path>) -> Option<String> {
        let suggested = suggested.map(|path| format!(" ({})", path.display())).unwrap_or_default();
        self.titles.lock().unwrap().push(format!("{kind:?}: {title}{suggested}"));
        self.chooses.lock().unwrap().clone()
    }

    fn apply_theme(&self, theme: Theme) {
        *self.theme.lock().unwrap() = Some(theme);
    }
}

/// An application with its own files.
async fn application() -> (tempfile::TempDir, Arc<TestApplication>) {
    let folder = tempfile::tempdir().unwrap();
    let application = application_in(folder.path()).await;
    (folder, application)
}

async fn application_in(folder: &Path) -> Arc<TestApplication> {
    let Opened::Here(data) = DataDir::open(Some(folder.join("data")), folder).unwrap() else {
        panic!("another test uses the directory")
    };
    let directories = Directories {
        data,
        config: Some(folder.join("config")),
        downloads: folder.to_owned(),
        home: Some(folder.to_owned()),
        demo_extension: None,
    };
    let application = Arc::new(Application::start(directories, TestHost::default()).await);
    application.host().application.set(Arc::downgrade(&application)).unwrap();
    application
}

/// `ddClient.extension.host.cli.exec(line, [])`
fn host_command(line: &str) -> Sdk {
    let asked = SdkExec {
        whose: CliTarget::Host,
        cmd: line.to_owned(),
        args: Vec::new(),
        line: false,
        cwd: None,
        env: Vec::new(),
        stream: None,
        container: None,
    };
    Sdk::new(SdkCall::Exec(asked), Runtime::DockerDesktop)
}

/// Proposes a call that the user has to decide about.
async fn pending(application: &TestApplication, sdk: Sdk, origin: Origin) -> u32 {
    let proposed = application.propose(sdk, origin).await.unwrap();
    let ProposedState::Waiting { pending } = proposed.state else { panic!("{proposed:?}") };
    pending
}

/// Approves a pending call once its prompt has been there for long enough.
async fn approve(application: &TestApplication, pending: u32) {
    while application.changes(0).await.unwrap().prompt.is_none_or(|prompt| prompt.pending != pending) {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(1)).await;
    tokio::time::resume();
    application.approve(pending, Scope::Once).await.unwrap();
}

async fn started(application: &TestApplication, pending: u32) -> u32 {
    let decided = application.decision(pending).await.unwrap();
    let ProposedState::Started { id } = decided else { panic!("{decided:?}") };
    id
}

fn run_of(call: Call) -> Run {
    let Act::Run(run) = call.act else { panic!("{:?}", call.act) };
    assert_eq!(run.command.place, Place::Host);
    run
}

async fn outcome(application: &TestApplication, id: u32) -> Outcome {
    let calls = application.changes(0).await.unwrap().calls;
    calls.into_iter().find(|call| call.id == id).unwrap().outcome
}

/// Waits until the process of a run is there.
async fn runs(application: &TestApplication, id: u32) {
    let mut since = 0;
    while outcome(application, id).await != Outcome::Running {
        since = application.changes(since).await.unwrap().revision;
    }
}

/// What a mistake would have a test wait for without end.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("it never came")
}

fn is_cancelled<T: std::fmt::Debug>(result: Result<T>) -> bool {
    result.is_err_and(|error| error.code == Code::Cancelled)
}
