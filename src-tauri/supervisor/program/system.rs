//! What the standard library doesn't offer: subreapers, waiting for any child, pidfds, and a fork into a cgroup.

use std::{
    ffi::{CString, OsStr, c_char, c_int, c_long, c_uint, c_ulong, c_void},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
    time::Duration,
};

use crate::protocol::Spec;

pub const KILL: i32 = 9;
pub const TERM: i32 = 15;
const PIPE: i32 = 13;
const CHLD: i32 = 17;
/// SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN and SIGTTOU: what a terminal sends, and what closes it.
const OF_TERMINAL: [i32; 7] = [1, 2, 3, TERM, 20, 21, 22];

const EINVAL: i32 = 22;
const ECHILD: i32 = 10;
const ESRCH: i32 = 3;
const EINTR: i32 = 4;
const ESTALE: i32 = 116;

const PR_SET_PDEATHSIG: c_int = 1;
const PR_SET_DUMPABLE: c_int = 4;
const PR_SET_NAME: c_int = 15;
const PR_SET_CHILD_SUBREAPER: c_int = 36;

const SIG_BLOCK: c_int = 0;
const SIG_SETMASK: c_int = 2;
const WNOHANG: c_int = 1;
const O_CLOEXEC: c_int = 0o2_000_000;
const O_NONBLOCK: c_int = 0o4000;
const O_RDWR: c_int = 2;
const O_NOCTTY: c_int = 0o400;
const TIOCSCTTY: c_ulong = 0x540e;
const POLLIN: i16 = 1;
const RLIMIT_NOFILE: c_int = 7;
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

// The same numbers on every architecture: they were added after the tables were unified.
const SYS_PIDFD_SEND_SIGNAL: c_long = 424;
const SYS_PIDFD_OPEN: c_long = 434;
const SYS_CLONE3: c_long = 435;
const SYS_CLOSE_RANGE: c_long = 436;

/// A set of signals, as large as the C library has it.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct Mask([u8; 128]);

#[repr(C)]
struct PollFd {
    fd: c_int,
    events: i16,
    revents: i16,
}

/// `struct rlimit` of a 64-bit system.
#[repr(C)]
struct Limit {
    soft: u64,
    hard: u64,
}

/// `struct clone_args` up to the field that names the cgroup.
#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

unsafe extern "C" {
    static environ: *const *const c_char;
    fn prctl(option: c_int, ...) -> c_int;
    fn syscall(number: c_long, ...) -> c_long;
    fn fork() -> c_int;
    fn getppid() -> c_int;
    fn setpgid(pid: c_int, group: c_int) -> c_int;
    fn setsid() -> c_int;
    fn ioctl(fd: c_int, request: c_ulong, ...) -> c_int;
    fn execve(path: *const c_char, argv: *const *const c_char, environment: *const *const c_char) -> c_int;
    fn _exit(status: c_int) -> !;
    fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn kill(pid: c_int, signal: c_int) -> c_int;
    fn signal(number: c_int, handler: usize) -> usize;
    fn sigfillset(set: *mut Mask) -> c_int;
    fn sigemptyset(set: *mut Mask) -> c_int;
    fn sigaddset(set: *mut Mask, number: c_int) -> c_int;
    fn sigprocmask(how: c_int, set: *const Mask, old: *mut Mask) -> c_int;
    fn signalfd(fd: c_int, set: *const Mask, flags: c_int) -> c_int;
    fn poll(fds: *mut PollFd, count: c_long, timeout: c_int) -> c_int;
    fn read(fd: c_int, buffer: *mut c_void, length: usize) -> isize;
    fn write(fd: c_int, buffer: *const c_void, length: usize) -> isize;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn close(fd: c_int) -> c_int;
    fn dup2(from: c_int, to: c_int) -> c_int;
    fn pipe2(fds: *mut c_int, flags: c_int) -> c_int;
    fn getrlimit(resource: c_int, limit: *mut Limit) -> c_int;
    fn setrlimit(resource: c_int, limit: *const Limit) -> c_int;
    fn chdir(path: *const c_char) -> c_int;
}

fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(EINVAL)
}

/// Becomes the subreaper of all that it will start, and deaf to every signal that can be refused. Returns the mask
/// that the command gets.
pub fn prepare() -> Mask {
    let (mut all, mut old) = (Mask([0; 128]), Mask([0; 128]));
    // SAFETY: plain calls with valid pointers to memory of this function.
    unsafe {
        sigfillset(&mut all);
        sigprocmask(SIG_BLOCK, &all, &mut old);
        // Ignored, children would vanish without a status.
        signal(CHLD, 0);
        prctl(PR_SET_CHILD_SUBREAPER, 1 as c_long, 0 as c_long, 0 as c_long, 0 as c_long);
        prctl(PR_SET_NAME, c"porthole-run".as_ptr(), 0 as c_long, 0 as c_long, 0 as c_long);
        // The command runs as the same user and must not attach to this process to change it.
        prctl(PR_SET_DUMPABLE, 0 as c_long, 0 as c_long, 0 as c_long, 0 as c_long);
    }
    old
}

/// Starts the program in its own process group, and in the cgroup if the kernel permits it. Tells its process id
/// and whether it is in the cgroup, before the program is executed and as the result; or the error of the operating
/// system.
#[expect(clippy::too_many_lines, reason = "what runs between fork and exec must be seen at once")]
pub fn start(
    spec: &Spec,
    cgroup: Option<c_int>,
    mask: Mask,
    tell: impl FnOnce(i32, bool),
) -> Result<(i32, bool), i32> {
    let text = |bytes: &[u8]| CString::new(bytes).map_err(|_| EINVAL);
    let path = Path::new(OsStr::from_bytes(&spec.program));
    let program = text(&spec.program)?;
    let input = if spec.input.is_empty() { c"/dev/null".to_owned() } else { text(&spec.input)? };
    let argv: Vec<CString> = spec.argv.iter().map(|argument| text(argument)).collect::<Result<_, _>>()?;
    let mut pointers: Vec<*const c_char> = argv.iter().map(|argument| argument.as_ptr()).collect();
    pointers.push(std::ptr::null());
    let (mut ends, mut told) = ([0; 2], [0; 2]);
    let own = std::process::id() as c_int;
    // SAFETY: this process has one thread, so a forked child may do anything; all pointers outlive the calls.
    unsafe {
        let input = open(input.as_ptr(), if spec.is_terminal { O_RDWR | O_NOCTTY | O_CLOEXEC } else { O_CLOEXEC });
        if input < 0 || pipe2(ends.as_mut_ptr(), O_CLOEXEC) < 0 || pipe2(told.as_mut_ptr(), O_CLOEXEC) < 0 {
            return Err(errno());
        }
        let (mut contained, mut pid) = (false, -1);
        if let Some(cgroup) = cgroup {
            let arguments = CloneArgs {
                flags: CLONE_INTO_CGROUP,
                exit_signal: CHLD as u64,
                cgroup: cgroup as u64,
                ..CloneArgs::default()
            };
            pid = syscall(SYS_CLONE3, &raw const arguments, size_of::<CloneArgs>()) as c_int;
            contained = pid >= 0;
        }
        if pid < 0 {
            pid = fork();
        }
        if pid < 0 {
            return Err(errno());
        }
        if pid == 0 {
            // Who leads a session leads a group too; who leads a group already can't begin a session.
            if spec.is_terminal {
                setsid();
            } else {
                setpgid(0, 0);
            }
            // If this process is killed, nothing else could report how the command ends, or end it.
            prctl(PR_SET_PDEATHSIG, KILL as c_long, 0 as c_long, 0 as c_long, 0 as c_long);
            if getppid() != own {
                _exit(127);
            }
            close(told[1]);
            let mut byte = 0_u8;
            if read(told[0], (&raw mut byte).cast(), 1) != 1 {
                _exit(127);
            }
            if let Some(soft) = spec.open_files {
                let mut limit = Limit { soft: 0, hard: 0 };
                if getrlimit(RLIMIT_NOFILE, &mut limit) == 0 {
                    setrlimit(RLIMIT_NOFILE, &Limit { soft: soft.min(limit.hard), hard: limit.hard });
                }
            }
            dup2(input, 0);
            if spec.is_terminal {
                ioctl(0, TIOCSCTTY, 0 as c_long);
                dup2(input, 1);
                dup2(input, 2);
                // Porthole may have been started to ignore them, as by `nohup`.
                for number in OF_TERMINAL {
                    signal(number, 0);
                }
            }
            signal(PIPE, 0);
            sigprocmask(SIG_SETMASK, &mask, std::ptr::null_mut());
            // Looked at here, because here the path is what it will be to `execve`.
            let number = if spec.identity.is_some_and(|known| identity(path).is_ok_and(|found| found != known)) {
                ESTALE
            } else {
                execve(program.as_ptr(), pointers.as_ptr(), environ);
                errno()
            };
            write(ends[1], (&raw const number).cast(), size_of::<i32>());
            _exit(127);
        }
        if !spec.is_terminal {
            setpgid(pid, pid);
        }
        close(ends[1]);
        close(told[0]);
        tell(pid, contained);
        write(told[1], c"".as_ptr().cast(), 1);
        close(told[1]);
        let mut number = 0_i32;
        // The other end closes when the program is executed.
        let failed = loop {
            match read(ends[0], (&raw mut number).cast(), size_of::<i32>()) {
                -1 if errno() == EINTR => {}
                count => break count > 0,
            }
        };
        close(ends[0]);
        close(input);
        if failed {
            waitpid(pid, std::ptr::null_mut(), 0);
            return Err(number);
        }
        Ok((pid, contained))
    }
}

/// The device and inode of a file.
fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    let found = std::fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// Lets go of everything that the command got, but for these: its streams end with it, and its directory can be
/// removed.
pub fn let_go(keep: &[c_int]) {
    // SAFETY: nothing here uses the descriptors that are closed; the cgroup's is not needed any more.
    unsafe {
        chdir(c"/".as_ptr());
        let null = open(c"/dev/null".as_ptr(), O_RDWR | O_CLOEXEC);
        if null >= 0 {
            dup2(null, 1);
            dup2(null, 2);
        }
        let mut from: c_uint = 3;
        let mut kept: Vec<c_uint> = keep.iter().filter(|fd| **fd > 2).map(|fd| *fd as c_uint).collect();
        kept.sort_unstable();
        for fd in kept {
            if fd > from {
                syscall(SYS_CLOSE_RANGE, c_long::from(from), c_long::from(fd - 1), 0 as c_long);
            }
            from = fd + 1;
        }
        syscall(SYS_CLOSE_RANGE, c_long::from(from), c_long::from(c_uint::MAX), 0 as c_long);
    }
}

/// A descriptor that is readable when a child has ended.
pub fn child_signals() -> c_int {
    let mut set = Mask([0; 128]);
    // SAFETY: the set is memory of this function.
    unsafe {
        sigemptyset(&mut set);
        sigaddset(&mut set, CHLD);
        signalfd(-1, &set, O_CLOEXEC | O_NONBLOCK)
    }
}

/// Takes all that a descriptor has for now.
pub fn drain(fd: c_int) {
    let mut bytes = [0_u8; 512];
    // SAFETY: reads into memory of this function; the descriptor doesn't block.
    while unsafe { read(fd, bytes.as_mut_ptr().cast(), bytes.len()) } > 0 {}
}

/// Waits until one of them is readable, or until the time is over. Tells whether the first is.
pub fn wait(first: Option<c_int>, second: c_int, timeout: Option<Duration>) -> bool {
    let entry = |fd| PollFd { fd, events: POLLIN, revents: 0 };
    // A negative descriptor is left out.
    let mut entries = [entry(first.unwrap_or(-1)), entry(second)];
    let timeout = timeout.map_or(-1, |timeout| timeout.as_millis() as c_int + 1);
    // SAFETY: two entries, as it says.
    unsafe { poll(entries.as_mut_ptr(), 2, timeout) };
    entries[0].revents != 0
}

/// What waiting for any child told.
pub enum Reaped {
    Ended { pid: i32, status: i32 },
    NoneEnded,
    NoChildren,
}

pub fn reap() -> Reaped {
    let mut status = 0;
    loop {
        // SAFETY: the status is memory of this function.
        match unsafe { waitpid(-1, &mut status, WNOHANG) } {
            0 => return Reaped::NoneEnded,
            pid if pid > 0 => return Reaped::Ended { pid, status },
            _ if errno() == EINTR => {}
            _ if errno() == ECHILD => return Reaped::NoChildren,
            _ => return Reaped::NoneEnded,
        }
    }
}

/// Signals a process group; 0, or the error.
pub fn signal_group(group: c_int, number: c_int) -> i32 {
    // SAFETY: a plain call.
    if unsafe { kill(-group, number) } == 0 { 0 } else { errno() }
}

/// Signals a process if it is still the same one after it was taken hold of: its id may be given away at any time.
pub fn signal_checked(pid: c_int, number: c_int, is_same: impl Fn() -> bool) -> Result<(), i32> {
    // SAFETY: plain calls; the descriptor is closed here.
    unsafe {
        let fd = syscall(SYS_PIDFD_OPEN, c_long::from(pid), 0 as c_long) as c_int;
        if fd < 0 {
            // An old kernel: the moment between the two is short.
            let sent = errno() != ESRCH && is_same() && kill(pid, number) == 0;
            return if sent { Ok(()) } else { Err(errno()) };
        }
        let sent = if !is_same() {
            Err(ESRCH)
        } else if syscall(SYS_PIDFD_SEND_SIGNAL, c_long::from(fd), c_long::from(number), 0 as c_long, 0 as c_long) < 0 {
            Err(errno())
        } else {
            Ok(())
        };
        close(fd);
        sent
    }
}
