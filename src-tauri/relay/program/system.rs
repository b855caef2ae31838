//! What the standard library doesn't offer: signals, and the limit of open files.

use std::{
    ffi::c_int,
    sync::atomic::{AtomicBool, Ordering},
};

/// SIGHUP, SIGINT and SIGTERM: what engines and terminals end a process with.
const ENDING: [c_int; 3] = [1, 2, 15];
const RLIMIT_NOFILE: c_int = 7;

/// `struct rlimit` of a 64-bit system.
#[repr(C)]
struct Limit {
    soft: u64,
    hard: u64,
}

unsafe extern "C" {
    fn signal(number: c_int, handler: usize) -> usize;
    fn getrlimit(resource: c_int, limit: *mut Limit) -> c_int;
    fn setrlimit(resource: c_int, limit: *const Limit) -> c_int;
}

static IS_TO_END: AtomicBool = AtomicBool::new(false);

extern "C" fn note(_: c_int) {
    IS_TO_END.store(true, Ordering::Release);
}

/// From now on, such a signal doesn't end the process and is noted instead.
pub fn note_ending() {
    for number in ENDING {
        // SAFETY: the handler only stores to an atomic.
        unsafe { signal(number, note as extern "C" fn(c_int) as usize) };
    }
}

/// Whether one came.
pub fn is_to_end() -> bool {
    IS_TO_END.load(Ordering::Acquire)
}

/// Raises the limit of open files as far as this process may; tells it.
pub fn raise_open_files() -> u64 {
    let mut limit = Limit { soft: 0, hard: 0 };
    // SAFETY: plain calls with a pointer to memory of this function.
    unsafe {
        if getrlimit(RLIMIT_NOFILE, &mut limit) != 0 {
            return 1024;
        }
        let raised = Limit { soft: limit.hard, hard: limit.hard };
        if setrlimit(RLIMIT_NOFILE, &raised) == 0 { limit.hard } else { limit.soft }
    }
}
