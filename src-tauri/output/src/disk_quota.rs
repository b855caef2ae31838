//! How much of the disk outputs may take.

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

use tokio::sync::Notify;

use super::files::Files;

/// What is set aside so that bytes which were read can be written when the disk is full: more
/// than two hundred runs hold at once.
const BALLAST: u64 = 16 * 1024 * 1024;

/// The quota that all outputs of one Porthole share. When it is used up nothing more is read, so
/// that processes and backends wait; nothing is thrown away.
#[derive(Debug)]
pub struct DiskQuota {
    quota: AtomicU64,
    used: AtomicU64,
    waiting: AtomicU32,
    freed: Notify,
    ballast: Mutex<Ballast>,
    files: Arc<Files>,
}

/// The file that takes the space which is set aside.
#[derive(Debug, Default)]
struct Ballast {
    path: Option<PathBuf>,
    is_there: bool,
}

impl DiskQuota {
    /// As much as the disk holds.
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// This many bytes.
    pub fn new(quota: u64) -> Self {
        Self {
            quota: AtomicU64::new(quota),
            used: AtomicU64::default(),
            waiting: AtomicU32::default(),
            freed: Notify::new(),
            ballast: Mutex::default(),
            files: Arc::new(Files::new()),
        }
    }

    /// Sets some of the disk aside in this directory, for the moment when it is full. A disk that
    /// is full already has nothing to set aside.
    #[must_use]
    pub fn with_ballast(self, directory: &Path) -> Self {
        let path = directory.join("ballast");
        let made = make_ballast(&path);
        if let Err(error) = &made {
            let _ = fs::remove_file(&path);
            tracing::warn!(%error, "no space could be reserved for a full disk");
        }
        *self.ballast() = Ballast { path: Some(path), is_there: made.is_ok() };
        self
    }

    /// How many bytes outputs may take.
    pub fn quota(&self) -> u64 {
        self.quota.load(Relaxed)
    }

    /// Allows this many bytes from now on.
    pub fn set_quota(&self, quota: u64) {
        self.quota.store(quota, Relaxed);
        self.freed.notify_waiters();
    }

    /// How many bytes outputs take.
    pub fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    /// How many Calls wait for room.
    pub fn waiting(&self) -> u32 {
        self.waiting.load(Relaxed)
    }

    /// Whether nothing more may be read.
    pub fn is_full(&self) -> bool {
        self.used() >= self.quota()
    }

    /// Waits until there is room. A caller that waits counts from this call on.
    pub fn wait(self: &Arc<Self>) -> impl Future<Output = ()> + Send + 'static {
        let counted = Waiting::begin(self);
        async move {
            loop {
                let freed = counted.0.freed.notified();
                if !counted.0.is_full() {
                    return;
                }
                freed.await;
            }
        }
    }

    pub(super) fn files(&self) -> &Arc<Files> {
        &self.files
    }

    /// Counts these bytes as used.
    pub fn take(&self, bytes: u64) {
        self.used.fetch_add(bytes, Relaxed);
    }

    /// Takes back a number of bytes that were removed.
    pub fn give_back(&self, bytes: u64) {
        // What is counted by sums in a file may be wrong by then, and must not become an endless amount.
        let less = |used: u64| Some(used.saturating_sub(bytes));
        let _ = self.used.fetch_update(Relaxed, Relaxed, less);
        self.freed.notify_waiters();
        self.restore_ballast();
    }

    /// Frees what is reserved on a full disk, if it still is.
    pub(super) fn drop_ballast(&self) {
        let mut ballast = self.ballast();
        if ballast.is_there
            && let Some(path) = &ballast.path
        {
            let _ = fs::remove_file(path);
            ballast.is_there = false;
        }
    }

    /// Reserves the space again after it was used, as soon as the disk has twice as much: a caller that is just writing
    /// into the space that was freed must not find it taken.
    pub(super) fn restore_ballast(&self) {
        let mut ballast = self.ballast();
        let Some(path) = ballast.path.as_ref().filter(|_| !ballast.is_there) else { return };
        if has_free(path, 2 * BALLAST) {
            let made = make_ballast(path);
            if made.is_err() {
                let _ = fs::remove_file(path);
            }
            ballast.is_there = made.is_ok();
        }
    }

    fn ballast(&self) -> MutexGuard<'_, Ballast> {
        self.ballast.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Waiting(Arc<DiskQuota>);

impl Waiting {
    fn begin(quota: &Arc<DiskQuota>) -> Self {
        quota.waiting.fetch_add(1, Relaxed);
        Self(Arc::clone(quota))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

/// Whether the disk of this file's folder has this many bytes for this user.
#[cfg(unix)]
#[allow(clippy::unnecessary_cast, reason = "the types differ between systems")]
fn has_free(path: &Path, bytes: u64) -> bool {
    let found = path.parent().map(nix::sys::statvfs::statvfs);
    found.is_some_and(|found| {
        found.is_ok_and(|disk| (disk.blocks_available() as u64).saturating_mul(disk.fragment_size() as u64) >= bytes)
    })
}

#[cfg(not(unix))]
fn has_free(_: &Path, _: u64) -> bool {
    true
}

/// Makes a file that really takes its space: one with a hole in it would not.
fn make_ballast(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    allocate(&options.open(path)?)
}

#[cfg(target_os = "linux")]
fn allocate(file: &File) -> std::io::Result<()> {
    use nix::fcntl::{FallocateFlags, fallocate};
    Ok(fallocate(file, FallocateFlags::empty(), 0, BALLAST as i64)?)
}

#[cfg(not(target_os = "linux"))]
fn allocate(mut file: &File) -> std::io::Result<()> {
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), BALLAST), &mut file).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_goes_on_when_there_is_room() {
        let quota = Arc::new(DiskQuota::new(10));
        quota.take(12);
        assert!(quota.is_full());
        let first = tokio::spawn(quota.wait());
        while quota.waiting() < 1 {
            tokio::task::yield_now().await;
        }
        quota.give_back(3);
        first.await.unwrap();
        assert_eq!((quota.used(), quota.waiting()), (9, 0));
        quota.take(1);
        let second = tokio::spawn(quota.wait());
        while quota.waiting() < 1 {
            tokio::task::yield_now().await;
        }
        quota.set_quota(11);
        second.await.unwrap();
    }
}
