//! The supervisors of what ended commands have left in the background, as they would in a terminal. It lives on until
//! Porthole ends.

use std::{
    io::{ErrorKind, Read},
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long a supervisor may take at the end: a second for SIGTERM, and what SIGKILL takes.
const LONGEST_END: Duration = Duration::from_secs(3);

/// The sockets of supervisors. Closing one ends all that it supervises.
#[derive(Debug, Default)]
pub(super) struct LeftSupervisors(Mutex<Vec<UnixStream>>);

impl LeftSupervisors {
    /// Keeps one, and lets go of those that have nothing left to supervise.
    pub fn keep(&self, supervisor: UnixStream) {
        let mut all = self.all();
        all.retain(is_open);
        all.push(supervisor);
    }

    /// Lets all of them end what they supervise.
    pub fn close(&self) {
        for supervisor in self.all().iter() {
            let _ = supervisor.shutdown(Shutdown::Write);
        }
    }

    /// Waits until they have.
    pub fn wait(&self) {
        for mut supervisor in std::mem::take(&mut *self.all()) {
            let _ = supervisor.set_nonblocking(false);
            let _ = supervisor.set_read_timeout(Some(LONGEST_END));
            while matches!(supervisor.read(&mut [0; 64]), Ok(1..)) {}
        }
    }

    fn all(&self) -> MutexGuard<'_, Vec<UnixStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_open(supervisor: &UnixStream) -> bool {
    let mut supervisor = supervisor;
    loop {
        match supervisor.read(&mut [0; 64]) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}
