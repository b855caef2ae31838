//! A host command's process group: what is signalled, and what is ended when its owner goes.

#[cfg(unix)]
mod os {
    use nix::{
        errno::Errno,
        sys::signal::{self, killpg},
        unistd::Pid,
    };

    use crate::{
        error::{Code, Error, Result},
        run::Signal,
    };

    /// A process group on this host, by the id of its leader.
    #[derive(Debug)]
    pub struct Group(Pid);

    impl Group {
        /// The group that the child leads: it was started with `process_group(0)`.
        pub fn of(child: &tokio::process::Child) -> Option<Self> {
            Some(Self(Pid::from_raw(i32::try_from(child.id()?).ok()?)))
        }

        /// The group with this id.
        pub fn with_id(id: i32) -> Option<Self> {
            // 0 and below would mean the caller's own group, or every process there is.
            (id > 1).then(|| Self(Pid::from_raw(id)))
        }

        /// Its id.
        pub fn id(&self) -> i32 {
            self.0.as_raw()
        }

        /// Sends a signal to all of it; false when nobody is left in it.
        ///
        /// # Errors
        /// [`Code::StopFailed`] when a member runs as another user.
        pub fn signal(&self, signal: Signal) -> Result<bool> {
            let signal = match signal {
                Signal::Term => signal::SIGTERM,
                Signal::Int => signal::SIGINT,
                Signal::Kill => signal::SIGKILL,
            };
            match killpg(self.0, signal) {
                Ok(()) => Ok(true),
                Err(Errno::ESRCH) => Ok(false),
                Err(error) => {
                    Err(Error::new(Code::StopFailed, format!("cannot signal the process group {}", self.0))
                        .detail(error))
                }
            }
        }

        /// Whether anybody is left in it.
        pub fn exists(&self) -> bool {
            !matches!(killpg(self.0, None), Err(Errno::ESRCH))
        }
    }

    /// Puts a command into a group of its own.
    pub fn alone(command: &mut tokio::process::Command) {
        command.process_group(0);
    }
}

#[cfg(windows)]
mod os {
    use crate::{
        error::{Code, Error, Result},
        run::Signal,
    };
    use std::sync::Mutex;

    /// A job object: it ends its processes when its handle is closed, also when Porthole is killed.
    #[derive(Debug)]
    pub struct Group {
        job: Mutex<Option<win32job::Job>>,
        id: i32,
    }

    impl Group {
        /// The job that the child was put into. Between its start and this a grandchild could slip away.
        pub fn of(child: &tokio::process::Child) -> Option<Self> {
            let job =
                win32job::Job::create_with_limit_info(win32job::ExtendedLimitInfo::new().limit_kill_on_job_close())
                    .ok()?;
            job.assign_process(child.raw_handle()? as isize).ok()?;
            Some(Self { job: Mutex::new(Some(job)), id: child.id()? as i32 })
        }

        /// The process id of the first member.
        pub fn id(&self) -> i32 {
            self.id
        }

        /// Ends the job, whatever the signal: Windows has none. False when it has ended before.
        ///
        /// # Errors
        /// [`Code::StopFailed`] when the job cannot be reached.
        pub fn signal(&self, _: Signal) -> Result<bool> {
            let mut job = self.job.lock().map_err(|_| Error::new(Code::StopFailed, "the job object is lost"))?;
            Ok(job.take().is_some())
        }

        /// Whether it has not been ended.
        pub fn exists(&self) -> bool {
            self.job.lock().is_ok_and(|job| job.is_some())
        }
    }

    /// Nothing to do before the start.
    pub fn alone(_: &mut tokio::process::Command) {}
}

pub(super) use os::{Group, alone};
