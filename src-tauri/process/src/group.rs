//! A host command's process group: what is signalled, and what is ended when its owner goes.

#[cfg(unix)]
mod os {
    use std::{
        io,
        sync::{Mutex, MutexGuard, PoisonError},
    };

    use nix::{
        errno::Errno,
        sys::signal::{self, killpg},
        unistd::Pid,
    };

    use crate::{Signal, membership::Membership};
    use porthole_base::error::{Code, Error, Result};

    /// A command's process group on this host.
    #[derive(Debug)]
    pub struct Group {
        id: i32,
        state: Mutex<State>,
    }

    #[derive(Debug)]
    struct State {
        membership: Membership,
        /// Its leader has ended and was waited for: the id may be given away once the group is empty.
        is_loose: bool,
    }

    impl Group {
        /// The group that the child leads: it was started with `process_group(0)`.
        ///
        /// # Errors
        /// When it was waited for.
        pub fn of(child: &tokio::process::Child) -> io::Result<Self> {
            let id = child.id().and_then(|id| i32::try_from(id).ok());
            id.and_then(Self::led_by).ok_or_else(|| io::Error::other("the process has ended"))
        }

        /// The group that this process leads. It hasn't been waited for.
        pub fn led_by(id: i32) -> Option<Self> {
            let state = State { membership: Membership::led_by(id), is_loose: false };
            // 0 and below would mean the caller's own group, or every process there is.
            (id > 1).then(|| Self { id, state: Mutex::new(state) })
        }

        /// Its id.
        pub fn id(&self) -> i32 {
            self.id
        }

        /// Its leader was waited for.
        pub fn leader_ended(&self) {
            let mut state = self.state();
            state.is_loose = true;
            state.membership.is_left();
        }

        /// What is known to be in it.
        pub fn membership(&self) -> Membership {
            self.state().membership.clone()
        }

        fn state(&self) -> MutexGuard<'_, State> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Sends a signal to all of it; false when no process is left in it.
        ///
        /// # Errors
        /// [`Code::StopFailed`] when a member runs as another user.
        pub fn signal(&self, signal: Signal) -> Result<bool> {
            if self.exists() { signal_group(self.id, signal) } else { Ok(false) }
        }

        /// Whether anybody is left in it.
        pub fn exists(&self) -> bool {
            let mut state = self.state();
            if state.is_loose { state.membership.is_left() } else { exists(self.id) }
        }
    }

    /// Sends a signal to the group with this ID, whatever owns it; false when it is empty.
    ///
    /// # Errors
    /// [`Code::StopFailed`] when a member runs as another user.
    pub fn signal_group(id: i32, signal: Signal) -> Result<bool> {
        let signal = match signal {
            Signal::Term => signal::SIGTERM,
            Signal::Int => signal::SIGINT,
            Signal::Hup => signal::SIGHUP,
            Signal::Kill => signal::SIGKILL,
        };
        if id <= 1 {
            return Ok(false);
        }
        match killpg(Pid::from_raw(id), signal) {
            Ok(()) => Ok(true),
            Err(Errno::ESRCH) => Ok(false),
            Err(error) => {
                Err(Error::new(Code::StopFailed, format!("Can't signal the process group {id}")).detail(error))
            }
        }
    }

    /// Whether anybody is in the group with this id.
    pub fn exists(id: i32) -> bool {
        id > 1 && !matches!(killpg(Pid::from_raw(id), None), Err(Errno::ESRCH))
    }

    /// Puts a command into its own group.
    pub fn alone(command: &mut tokio::process::Command) {
        command.process_group(0);
    }
}

#[cfg(windows)]
#[path = "group_windows.rs"]
mod os;

#[cfg(windows)]
pub use os::Group;
#[cfg(not(windows))]
pub(super) use os::Group;
pub(super) use os::alone;
#[cfg(unix)]
pub use os::{exists, signal_group};
