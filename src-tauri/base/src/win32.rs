//! What Windows offers through its C interface alone: each function here is a safe one around a few of its calls.
#![allow(unsafe_code)]

pub mod pseudo_console;

use std::{
    ffi::OsString,
    io,
    os::windows::{
        ffi::OsStringExt,
        io::{AsRawHandle, FromRawHandle, OwnedHandle},
    },
    path::PathBuf,
};

pub use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, CREATE_SUSPENDED};
use windows_sys::Win32::{
    Foundation::{ERROR_INVALID_PARAMETER, FILETIME, HANDLE, INVALID_HANDLE_VALUE, WAIT_OBJECT_0, WAIT_TIMEOUT},
    System::{
        Diagnostics::ToolHelp::{
            CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
        },
        JobObjects::TerminateJobObject,
        SystemInformation::GetSystemDirectoryW,
        Threading::{
            GetExitCodeProcess, GetProcessTimes, INFINITE, OpenProcess, OpenThread, PROCESS_ACCESS_RIGHTS,
            PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, ResumeThread,
            THREAD_SUSPEND_RESUME, TerminateProcess, WaitForSingleObject,
        },
    },
};

/// The exit code of what Porthole ends: the one that the task manager gives.
const ENDED: u32 = 1;

/// Lets a process run that was started suspended.
///
/// # Errors
/// What the system says, or that the process has no thread.
pub fn resume(process: u32) -> io::Result<()> {
    // SAFETY: it takes numbers, and the handle that it returns belongs to the caller.
    let threads = owned(unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) })?;
    let mut entry = THREADENTRY32 { dwSize: size_of::<THREADENTRY32>() as u32, ..THREADENTRY32::default() };
    let mut resumed = false;
    // SAFETY: the handle is a snapshot, and the entry tells its own size.
    let mut found = unsafe { Thread32First(threads.as_raw_handle(), &mut entry) };
    while found != 0 {
        if entry.th32OwnerProcessID == process {
            // SAFETY: it takes numbers, and the handle that it returns belongs to the caller.
            let thread = owned(unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, entry.th32ThreadID) })?;
            // SAFETY: the handle is a thread's.
            if unsafe { ResumeThread(thread.as_raw_handle()) } == u32::MAX {
                return Err(io::Error::last_os_error());
            }
            resumed = true;
        }
        // SAFETY: as above.
        found = unsafe { Thread32Next(threads.as_raw_handle(), &mut entry) };
    }
    if resumed { Ok(()) } else { Err(io::Error::other("the process has no thread")) }
}

/// Ends all processes of a job.
///
/// # Errors
/// What the system says.
pub fn end_job(job: &win32job::Job) -> io::Result<()> {
    // SAFETY: the handle is a job's, and lives as long as the job.
    done(unsafe { TerminateJobObject(job.handle() as HANDLE, ENDED) })
}

/// Ends a process; its number must not have been given to another one.
pub fn end_process(process: u32) -> io::Result<()> {
    let process = open(process, PROCESS_TERMINATE)?;
    // SAFETY: the handle is a process's.
    done(unsafe { TerminateProcess(process.as_raw_handle(), ENDED) })
}

/// Waits for the end of a process, and gives its exit code.
///
/// # Errors
/// What the system says.
pub fn wait(process: &OwnedHandle) -> io::Result<u32> {
    let mut code = 0;
    // SAFETY: the handle is a process's.
    if unsafe { WaitForSingleObject(process.as_raw_handle(), INFINITE) } != WAIT_OBJECT_0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the same, and the number is written to.
    done(unsafe { GetExitCodeProcess(process.as_raw_handle(), &mut code) })?;
    Ok(code)
}

/// Where the system's own programs are.
///
/// # Errors
/// What the system says.
pub fn system_directory() -> io::Result<PathBuf> {
    let mut path = [0; 1024];
    // SAFETY: the memory has this many units.
    let length = unsafe { GetSystemDirectoryW(path.as_mut_ptr(), path.len() as u32) } as usize;
    match path.get(..length) {
        Some(path @ [_, ..]) => Ok(OsString::from_wide(path).into()),
        Some([]) => Err(io::Error::last_os_error()),
        None => Err(io::Error::other("the path of the system's directory is too long")),
    }
}

/// Whether there is a process with this number. One that this user may not look at is there.
pub fn lives(process: u32) -> bool {
    match open(process, PROCESS_SYNCHRONIZE) {
        // A process that has ended stays as long as a handle to it is open.
        // SAFETY: the handle is a process's.
        Ok(process) => (unsafe { WaitForSingleObject(process.as_raw_handle(), 0) }) == WAIT_TIMEOUT,
        Err(error) => error.raw_os_error() != Some(ERROR_INVALID_PARAMETER as i32),
    }
}

/// When a process began, in steps of 100 ns; nothing where this user may not look at it.
pub fn began(process: u32) -> Option<u64> {
    let process = open(process, PROCESS_QUERY_LIMITED_INFORMATION).ok()?;
    let [mut began, mut ended, mut kernel, mut user] = [FILETIME::default(); 4];
    // SAFETY: the handle is a process's, and each of the four is written to.
    done(unsafe { GetProcessTimes(process.as_raw_handle(), &mut began, &mut ended, &mut kernel, &mut user) }).ok()?;
    Some(u64::from(began.dwHighDateTime) << 32 | u64::from(began.dwLowDateTime))
}

fn open(process: u32, rights: PROCESS_ACCESS_RIGHTS) -> io::Result<OwnedHandle> {
    // SAFETY: it takes numbers, and the handle that it returns belongs to the caller.
    owned(unsafe { OpenProcess(rights, 0, process) })
}

/// A handle that was just made: functions tell in two ways that there is none.
fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: each caller has got it from a function that makes one, and hands it on only to this.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

fn done(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each process was taken to live, so what a killed Porthole left on an engine was never removed.
    #[test]
    fn a_process_that_has_ended_does_not_live() {
        let own = std::process::id();
        assert!(lives(own));
        assert!(began(own).is_some_and(|time| time > 0));
        let mut child = std::process::Command::new("cmd.exe").args(["/d", "/c", "exit"]).spawn().unwrap();
        let id = child.id();
        child.wait().unwrap();
        // The handle of the child is still open here.
        assert!(!lives(id));
        drop(child);
        assert!(!lives(id));
        assert_eq!(began(i32::MAX as u32), None);
    }
}
