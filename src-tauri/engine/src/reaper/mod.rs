//! The reaper: a second process of this same program that outlives it for a moment.
//!
//! It reads on a pipe what Porthole runs. When the pipe ends, because Porthole was closed or was
//! killed, it ends what is left: commands in containers, containers of Porthole's own, and what the supervisors
//! of host commands could not end because they were killed too. On Windows job objects do the last of these.
//!
//! No command depends on it. A thread writes to it, so no caller waits for it or sees it fail; and when it ends, the
//! thread starts another and tells it everything again.

mod keeper;
#[cfg(windows)]
mod left_jobs;
#[cfg(all(test, windows))]
mod left_jobs_tests;
#[cfg(target_os = "linux")]
mod left_supervisors;
mod message;
mod serve;

#[cfg(target_os = "linux")]
use std::os::unix::net::UnixStream;
use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use tokio::sync::watch;

use keeper::Shared;
use message::{Message, WatchedContainer};
pub use serve::serve_if_asked;

use porthole_process::{GroupReaper, WatchedGroup};

use crate::exec::exec_signal::{ExecProcess, SweepTarget};
use crate::{BackendResources, Engine};
#[cfg(windows)]
use left_jobs::LeftJobs;
#[cfg(target_os = "linux")]
use left_supervisors::LeftSupervisors;
#[cfg(windows)]
use porthole_process::group::Group;

/// The living end of the pipe to the reaper.
#[derive(Debug)]
pub struct Reaper {
    shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
    #[cfg(target_os = "linux")]
    left: LeftSupervisors,
    #[cfg(windows)]
    left: LeftJobs,
}

impl Reaper {
    /// Starts the reaper of this process, now or as soon as the system allows it. The program's `main` must begin with
    /// [`serve_if_asked`].
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let kept = Arc::clone(&shared);
        let keeper = std::thread::Builder::new().name("reaper".to_owned()).spawn(move || keeper::keep(&kept));
        let keeper = keeper.inspect_err(|error| tracing::warn!(%error, "no thread for the reaper"));
        Self {
            shared,
            keeper: Mutex::new(keeper.ok()),
            #[cfg(target_os = "linux")]
            left: LeftSupervisors::default(),
            #[cfg(windows)]
            left: LeftJobs::default(),
        }
    }

    /// Without its process: that would be another program than a test.
    #[cfg(all(test, windows))]
    fn without_process() -> Self {
        Self { shared: Arc::default(), keeper: Mutex::new(None), left: LeftJobs::default() }
    }

    /// Its process, while there is one.
    pub fn process(&self) -> Option<u32> {
        self.shared.state().process
    }

    /// Removes a backend's containers and all else that Porthole makes for it at the end.
    pub fn watch_resources(&self, resources: &BackendResources) {
        self.shared.tell(Message::WatchBelongings(Box::new(resources.clone())));
    }

    /// They were removed, or are kept.
    pub fn forget_resources(&self, id: &str) {
        self.shared.tell(Message::ForgetBelongings(id.to_owned()));
    }

    /// Removes them now.
    pub fn end_resources(&self, id: &str) {
        self.shared.tell(Message::EndBelongings(id.to_owned()));
    }

    pub(crate) fn watch_exec(&self, inside: &ExecProcess) {
        self.shared.tell(Message::WatchExec(Box::new(inside.clone())));
    }

    pub(crate) fn forget_exec(&self, exec: &str) {
        self.shared.tell(Message::ForgetExec(exec.to_owned()));
    }

    /// Ends what commands have left running in a container, at the end.
    pub(crate) fn sweep(&self, swept: SweepTarget) {
        self.shared.tell(Message::Sweep(Box::new(swept)));
    }

    /// Removes a container of Porthole's own at the end, also one that is about to be made.
    pub fn watch_container(&self, engine: &Engine, name: &str) {
        self.watch(engine, name, false);
    }

    /// The same with SIGTERM first.
    pub(crate) fn watch_container_gently(&self, engine: &Engine, name: &str) {
        self.watch(engine, name, true);
    }

    fn watch(&self, engine: &Engine, name: &str, gently: bool) {
        let engine = Box::new(engine.address().clone());
        self.shared.tell(Message::WatchContainer(WatchedContainer { engine, name: name.to_owned(), gently }));
    }

    /// It was removed.
    pub fn forget_container(&self, name: &str) {
        self.shared.tell(Message::ForgetContainer(name.to_owned()));
    }
}

impl GroupReaper for Reaper {
    fn watch_group(&self, group: WatchedGroup) {
        self.shared.tell(Message::WatchGroup(group));
    }

    fn forget_group(&self, id: i32) {
        self.shared.tell(Message::ForgetGroup(id));
    }

    #[cfg(target_os = "linux")]
    fn keep(&self, supervisor: UnixStream) {
        self.left.keep(supervisor);
    }

    #[cfg(windows)]
    fn keep(&self, job: Group) {
        self.left.keep(job);
    }

    fn restarts(&self) -> watch::Receiver<u64> {
        self.shared.restarts.subscribe()
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        // Both end what is left, and then themselves: when this returns, nothing is left.
        #[cfg(any(target_os = "linux", windows))]
        self.left.close();
        self.shared.close();
        if let Some(keeper) = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = keeper.join();
        }
        #[cfg(target_os = "linux")]
        self.left.wait();
    }
}
