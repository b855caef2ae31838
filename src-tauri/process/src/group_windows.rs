//! The job object of a host command: it has all descendants of the command, and ends them when its last handle is closed,
//! also when Porthole is killed.

use std::{
    io,
    os::windows::io::RawHandle,
    sync::{Mutex, MutexGuard, PoisonError},
};

use win32job::{ExtendedLimitInfo, Job};

use crate::{Signal, membership::Membership};
use porthole_base::error::{Code, Error, Result};
use porthole_base::win32;

/// A command's job object.
#[derive(Debug)]
pub struct Group {
    /// Until it was ended.
    job: Mutex<Option<Job>>,
    id: i32,
}

impl Group {
    /// Puts a child into its own job and lets it run: it was started suspended, so that nothing that it starts is
    /// outside the job.
    ///
    /// # Errors
    /// What the system says. The child is suspended then.
    pub fn of(child: &tokio::process::Child) -> io::Result<Self> {
        let gone = || io::Error::other("the process has ended");
        let (process, handle) = child.id().zip(child.raw_handle()).ok_or_else(gone)?;
        Self::of_process(process, handle)
    }

    /// The same with a process that has this number and handle.
    pub fn of_process(process: u32, handle: RawHandle) -> io::Result<Self> {
        let job = Job::create_with_limit_info(ExtendedLimitInfo::new().limit_kill_on_job_close())
            .map_err(io::Error::other)?;
        job.assign_process(handle as isize).map_err(io::Error::other)?;
        win32::resume(process)?;
        // Numbers of processes are 32 bits without a sign there. This one only tells one group from another.
        Ok(Self { job: Mutex::new(Some(job)), id: process as i32 })
    }

    /// The process id of the first member.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Ends the job, whatever the signal: Windows has none. False when nothing is left in it.
    ///
    /// # Errors
    /// [`Code::StopFailed`] when the system refuses it.
    pub fn signal(&self, _: Signal) -> Result<bool> {
        let is_left = self.exists();
        let mut kept = self.job();
        let Some(job) = kept.as_ref() else { return Ok(false) };
        win32::end_job(job)
            .map_err(|error| Error::new(Code::StopFailed, "Can't end the job object of the command").detail(error))?;
        *kept = None;
        Ok(is_left)
    }

    /// Its handle names it, also after the first member has ended.
    pub fn leader_ended(&self) {}

    /// What is known to be in it.
    pub fn membership(&self) -> Membership {
        Membership::led_by(self.id)
    }

    /// Whether anything is left in it.
    pub fn exists(&self) -> bool {
        let job = self.job();
        // Where the system doesn't tell, something may be.
        job.as_ref().is_some_and(|job| job.query_process_id_list().map_or(true, |members| !members.is_empty()))
    }

    fn job(&self) -> MutexGuard<'_, Option<Job>> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has a command wait for its job, in no window.
pub fn alone(command: &mut tokio::process::Command) {
    command.creation_flags(win32::CREATE_SUSPENDED | win32::CREATE_NO_WINDOW);
}
