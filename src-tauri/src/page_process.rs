//! The web process of the page's own window. WebKitGTK closes a window without ending its process at once: a page that keeps
//! it busy runs on for seconds, and keeps storing. Ending it while it has its window counts as a crash, so it is killed
//! by its number after that.

use std::{
    fs,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use porthole_base::error::{Code, Error, Result};
use porthole_supervisor::stat::Stat;

/// The kernel cuts a process's name to 15 bytes.
const NAME: &[u8] = b"WebKitWebProces";
const STEP: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: i32,
    /// In the system's own ticks: a number that is given again belongs to another start.
    started: u64,
}

#[derive(Debug, Default)]
struct Expected {
    found: Option<Process>,
    /// It was found, or is looked for no longer.
    sought: bool,
    ends: bool,
}

/// Those of the window that is shown and of those that were closed.
#[derive(Debug, Default)]
pub struct PageProcesses(Mutex<Vec<Arc<Mutex<Expected>>>>);

impl PageProcesses {
    /// The window is about to be made: the next web process is its own.
    pub fn expect_one(&self) {
        let before = running();
        let expected = Arc::<Mutex<Expected>>::default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&expected));
        tauri::async_runtime::spawn(async move {
            let began = Instant::now();
            // A caller that is not waited for any more has no window.
            while began.elapsed() < PATIENCE && Arc::strong_count(&expected) > 1 {
                if let Some(found) = running().into_iter().find(|process| !before.contains(process)) {
                    let mut expected = expected.lock().unwrap_or_else(PoisonError::into_inner);
                    (expected.found, expected.sought) = (Some(found), true);
                    if expected.ends {
                        found.kill();
                    }
                    return;
                }
                tokio::time::sleep(STEP).await;
            }
            expected.lock().unwrap_or_else(PoisonError::into_inner).sought = true;
            tracing::debug!("the page's window has no separate process");
        });
    }

    /// The window could not be made.
    pub fn expect_none(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
    }

    /// The window is gone: its process is not needed any more.
    pub fn end(&self) {
        for expected in self.all() {
            let mut expected = expected.lock().unwrap_or_else(PoisonError::into_inner);
            if !std::mem::replace(&mut expected.ends, true)
                && let Some(process) = expected.found
            {
                process.kill();
            }
        }
    }

    /// Waits until those that were ended are gone.
    ///
    /// # Errors
    /// [`Code::WindowLost`] when one stays.
    pub async fn gone(&self) -> Result<()> {
        let began = Instant::now();
        while self.some_end() {
            if began.elapsed() > PATIENCE {
                return Err(Error::new(Code::WindowLost, "The process of the page's window doesn't exit")
                    .hint("Restart Porthole: the page may still be running."));
            }
            tokio::time::sleep(STEP).await;
        }
        Ok(())
    }

    /// Whether one that was ended is still there. Those that are gone are forgotten.
    fn some_end(&self) -> bool {
        let there = running();
        let mut some = false;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|expected| {
            let expected = expected.lock().unwrap_or_else(PoisonError::into_inner);
            let is_there = !expected.sought || expected.found.is_some_and(|process| there.contains(&process));
            some |= expected.ends && is_there;
            !expected.ends || is_there
        });
        some
    }

    fn all(&self) -> Vec<Arc<Mutex<Expected>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Process {
    fn kill(self) {
        if running().contains(&self)
            && let Err(error) = kill(Pid::from_raw(self.pid), Signal::SIGKILL)
        {
            tracing::debug!(%error, "the process of the page's own window is gone already");
        }
    }
}

/// The web processes that this process has started and not yet waited for.
fn running() -> Vec<Process> {
    let own = std::process::id() as i32;
    let is_web = |pid: i32| fs::read(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_ascii_end() == NAME);
    let children = Stat::all().filter(|(pid, found)| found.parent == own && is_web(*pid));
    children.map(|(pid, found)| Process { pid, started: found.started }).collect()
}
