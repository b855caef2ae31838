//! What a command on this machine needs of the process that ends it when Porthole was killed.

#[cfg(target_os = "linux")]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::time::Duration;
use std::{fmt::Debug, path::PathBuf};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

#[cfg(target_os = "linux")]
use crate::cgroup;
#[cfg(windows)]
use crate::group::Group;
use crate::membership::{Membership, Present};
#[cfg(unix)]
use crate::{Signal, group::signal_group};

/// Ends process groups that outlive this process.
pub trait GroupReaper: Debug + Send + Sync {
    /// Ends this group with Porthole.
    fn watch_group(&self, group: WatchedGroup);

    /// The group with this id has ended.
    fn forget_group(&self, id: i32);

    /// Keeps the supervisor of processes that an ended command left in the background: they live until this process ends.
    #[cfg(target_os = "linux")]
    fn keep(&self, supervisor: UnixStream);

    /// Keeps the job of processes that an ended command left in the background: they live until this process ends.
    #[cfg(windows)]
    fn keep(&self, job: Group);

    /// How many times it was started again. A change wakes the receiver.
    fn restarts(&self) -> watch::Receiver<u64>;
}

/// A host command's process group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WatchedGroup {
    /// Which processes are in it.
    pub membership: Membership,
    /// A supervisor ends it, unless that was killed as well.
    pub supervised: bool,
    /// The command's own cgroup.
    pub cgroup: Option<PathBuf>,
}

impl WatchedGroup {
    /// Whether something is left to be ended. Of a daemon's command only the cgroup may be.
    pub fn is_left(&mut self, present: &Present) -> bool {
        // The group is looked at in any case: once it is gone, its id is another's.
        let in_group = self.membership.is_among(present);
        #[cfg(target_os = "linux")]
        let in_cgroup = self.cgroup.as_deref().is_some_and(cgroup::is_populated);
        #[cfg(not(target_os = "linux"))]
        let in_cgroup = false;
        in_group || in_cgroup
    }

    #[cfg(unix)]
    fn signal(&mut self, signal: Signal) {
        if self.membership.is_left() {
            let _ = signal_group(self.membership.id, signal);
        }
    }
}

/// A supervisor has begun to end its own by now, in the same way: this is for those that are gone.
#[cfg(unix)]
pub fn end_groups(mut watched: Vec<WatchedGroup>) {
    /// What a group gets to end by itself, in steps of 20 ms. A supervisor gives it a second.
    const STEPS: u32 = 60;
    for group in watched.iter_mut().filter(|group| !group.supervised) {
        group.signal(Signal::Term);
    }
    for _ in 0..STEPS {
        let present = Present::in_groups(&watched.iter().map(|group| group.membership.id).collect::<Vec<_>>());
        watched.retain_mut(|group| group.is_left(&present));
        if watched.is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    for group in &mut watched {
        group.signal(Signal::Kill);
        #[cfg(target_os = "linux")]
        if let Some(path) = &group.cgroup {
            cgroup::kill(path);
        }
    }
}

/// Job objects end them on Windows.
#[cfg(not(unix))]
pub fn end_groups(_: Vec<WatchedGroup>) {}

/// Tells a run when the reaper was started again; nothing where there is none.
pub struct Restarts(Option<watch::Receiver<u64>>);

impl Restarts {
    /// Those of this reaper.
    pub fn of(reaper: Option<&dyn GroupReaper>) -> Self {
        Self(reaper.map(GroupReaper::restarts))
    }

    /// The next one.
    pub async fn next(&mut self) {
        if let Some(restarts) = &mut self.0
            && restarts.changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}
