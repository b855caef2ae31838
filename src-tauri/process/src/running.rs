//! A host command that runs: under a supervisor where there is one, else in a process group alone.

use std::{
    io,
    process::{ExitStatus, Stdio},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    process::{Child, ChildStderr, ChildStdout, Command as Process},
};

#[cfg(windows)]
use super::pty::Process as ConsoleProcess;
#[cfg(windows)]
use super::shell_line::verbatim_line;
#[cfg(target_os = "linux")]
use super::supervised::{self, StartOutcome, Supervised};
use super::{
    Command, Containment, GroupReaper, Signal,
    group::{Group, alone},
    group_reaper::WatchedGroup,
    pty::{CommandSide, OurSide},
    resolve::Resolved,
};
use porthole_base::{
    error::{Code, Error, Result},
    handles,
};

pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// The standard streams of a command. There is an input only where the command has one, and a terminal is also its input
/// and all that it writes to.
#[derive(Default)]
pub(super) struct Streams {
    pub stdin: Option<Writer>,
    pub stdout: Option<Reader>,
    pub stderr: Option<Reader>,
    pub terminal: Option<OurSide>,
}

impl Streams {
    pub fn of_pipes(stdin: Option<Writer>, stdout: ChildStdout, stderr: ChildStderr) -> Self {
        #[cfg(target_os = "linux")]
        widen(&stdout);
        Self { stdin, stdout: Some(Box::new(stdout)), stderr: Some(Box::new(stderr)), ..Self::default() }
    }
}

/// Lets the command write a megabyte ahead, so that it and a caller that reads do not take turns. What is
/// read at once stays what it was.
#[cfg(target_os = "linux")]
fn widen(pipe: &impl std::os::fd::AsFd) {
    use nix::fcntl::{FcntlArg, fcntl};
    // Refused where the system's own limit is lower, or this user has many such pipes: it works then
    // as it does without.
    let _ = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(1024 * 1024));
}

#[derive(Debug)]
pub(super) enum Running {
    #[cfg(target_os = "linux")]
    Supervised(Box<Supervised>),
    Alone {
        child: Leader,
        group: Group,
    },
}

/// The process of a command that has no supervisor.
#[derive(Debug)]
pub(super) enum Leader {
    Child(Box<Child>),
    #[cfg(windows)]
    InConsole(ConsoleProcess),
}

impl Leader {
    async fn wait(&mut self) -> io::Result<ExitStatus> {
        match self {
            Self::Child(child) => child.wait().await,
            #[cfg(windows)]
            Self::InConsole(process) => process.wait().await,
        }
    }
}

/// Has the process that will execute the program refuse another file than the one that was shown.
#[cfg(unix)]
#[allow(unsafe_code)]
fn same_program(process: &mut Process, resolved: &Resolved) {
    use std::{ffi::CString, os::unix::ffi::OsStrExt};
    let Some(identity) = resolved.identity else { return };
    let Ok(program) = CString::new(resolved.program.as_os_str().as_bytes()) else { return };
    let check = move || {
        let found = nix::sys::stat::stat(program.as_c_str())?;
        // The types have other widths on other systems.
        #[allow(clippy::unnecessary_cast)]
        let is_same = (found.st_dev as u64, found.st_ino as u64) == identity;
        if is_same {
            return Ok(());
        }
        Err(io::Error::from_raw_os_error(nix::libc::ESTALE))
    };
    // SAFETY: between fork and exec only calls that are safe in a signal handler are allowed. This is one system call on
    // memory that was made before, and an error that is a number.
    unsafe { process.pre_exec(check) };
}

/// Makes a terminal the command's own, and what it reads and writes.
#[cfg(unix)]
#[allow(unsafe_code)]
fn in_terminal(process: &mut Process, terminal: &CommandSide) -> io::Result<()> {
    process.stdin(terminal.descriptor()?).stdout(terminal.descriptor()?).stderr(terminal.descriptor()?);
    let take = || {
        nix::unistd::setsid()?;
        // SAFETY: a plain call on a descriptor that the command has.
        if unsafe { nix::libc::ioctl(0, nix::libc::TIOCSCTTY as _, 0) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    };
    // SAFETY: between fork and exec only calls that are safe in a signal handler are allowed. These are two system calls.
    unsafe { process.pre_exec(take) };
    Ok(())
}

/// `cmd` takes the rest of its command line as it is. Quoted as other programs read it, the line would be another one.
#[cfg(windows)]
fn set_arguments(process: &mut Process, command: &Command) {
    match verbatim_line(command) {
        Some((options, line)) => process.args(options).raw_arg(format!("\"{line}\"")),
        None => process.args(&command.args),
    };
}

impl Running {
    /// Starts a command with the best containment that there is, and with none better than this. In a terminal it has no
    /// other streams.
    ///
    /// # Errors
    /// What the operating system says against the program.
    pub async fn start(
        resolved: &Resolved,
        command: &Command,
        most: Containment,
        terminal: Option<&CommandSide>,
    ) -> io::Result<(Self, Streams)> {
        #[cfg(target_os = "linux")]
        if matches!(most, Containment::Cgroup | Containment::Subreaper) {
            match supervised::start(resolved, command, most == Containment::Cgroup, terminal).await {
                StartOutcome::Started(process, streams) => return Ok((Self::Supervised(process), streams)),
                StartOutcome::Refused(error) => return Err(error),
                StartOutcome::Unavailable => {}
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = most;
        Self::start_alone(resolved, command, terminal)
    }

    fn start_alone(
        resolved: &Resolved,
        command: &Command,
        terminal: Option<&CommandSide>,
    ) -> io::Result<(Self, Streams)> {
        #[cfg(windows)]
        if let Some(terminal) = terminal {
            let (process, group) = terminal.start(resolved, command)?;
            return Ok((Self::Alone { child: Leader::InConsole(process), group }, Streams::default()));
        }
        let mut process = Process::new(&resolved.program);
        process
            .current_dir(&resolved.cwd)
            .env_clear()
            .envs(resolved.env.iter())
            .stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(windows)]
        set_arguments(&mut process, command);
        #[cfg(not(windows))]
        process.args(&command.args);
        #[cfg(unix)]
        process.arg0(&command.program);
        match terminal {
            // Who leads a session leads a group too.
            #[cfg(unix)]
            Some(terminal) => in_terminal(&mut process, terminal)?,
            _ => alone(&mut process),
        }
        #[cfg(unix)]
        same_program(&mut process, resolved);
        handles::restore_in(process.as_std_mut());
        let mut child = process.spawn()?;
        // The descriptors of a terminal are in it.
        drop(process);
        let stdin = child.stdin.take().map(|stdin| Box::new(stdin) as Writer);
        let pipes = child.stdout.take().zip(child.stderr.take());
        let streams = match pipes {
            Some((stdout, stderr)) => Some(Streams::of_pipes(stdin, stdout, stderr)),
            None => terminal.map(|_| Streams::default()),
        };
        match (Group::of(&child), streams) {
            (Ok(group), Some(streams)) => Ok((Self::Alone { child: Leader::Child(Box::new(child)), group }, streams)),
            (group, _) => {
                let _ = child.start_kill();
                Err(io::Error::other(match group {
                    Ok(_) => "the process has no streams".to_owned(),
                    Err(error) => format!("the process couldn't be put into a separate group: {error}"),
                }))
            }
        }
    }

    /// The command's process id.
    pub fn id(&self) -> Option<u32> {
        u32::try_from(self.group().id()).ok()
    }

    /// The id of its process group.
    pub fn group_id(&self) -> i32 {
        self.group().id()
    }

    fn group(&self) -> &Group {
        match self {
            #[cfg(target_os = "linux")]
            Self::Supervised(process) => &process.group,
            Self::Alone { group, .. } => group,
        }
    }

    /// How its descendants are found.
    pub fn containment(&self) -> Containment {
        match self {
            #[cfg(target_os = "linux")]
            Self::Supervised(process) if process.cgroup.is_some() => Containment::Cgroup,
            #[cfg(target_os = "linux")]
            Self::Supervised(_) => Containment::Subreaper,
            Self::Alone { .. } if cfg!(windows) => Containment::Job,
            Self::Alone { .. } => Containment::ProcessGroup,
        }
    }

    /// What a reaper has to know of it.
    pub fn watched(&self) -> WatchedGroup {
        match self {
            #[cfg(target_os = "linux")]
            Self::Supervised(process) => process.watched(),
            Self::Alone { group, .. } => {
                WatchedGroup { membership: group.membership(), supervised: false, cgroup: None }
            }
        }
    }

    /// Waits for its end. Tells how it ended, and whether it may have left something in the background.
    ///
    /// # Errors
    /// [`Code::SpawnFailed`].
    pub async fn ended(&mut self) -> Result<(ExitStatus, bool)> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Supervised(process) => process.ended().await,
            Self::Alone { child, group } => {
                let status = child
                    .wait()
                    .await
                    .map_err(|error| Error::new(Code::SpawnFailed, "Can't wait for the process").detail(error))?;
                group.leader_ended();
                Ok((status, true))
            }
        }
    }

    /// Sends a signal to it and its descendants; false when no process is left.
    ///
    /// # Errors
    /// [`Code::StopFailed`].
    pub async fn signal(&mut self, signal: Signal) -> Result<bool> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Supervised(process) => process.signal(signal).await,
            Self::Alone { group, .. } => group.signal(signal),
        }
    }

    /// Kills it and its descendants, without waiting.
    pub fn kill(&self) {
        match self {
            #[cfg(target_os = "linux")]
            Self::Supervised(process) => process.kill(),
            Self::Alone { group, .. } => drop(group.signal(Signal::Kill)),
        }
    }

    /// Whether something is left of it after its end.
    pub fn is_left(&self, remaining: bool) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Self::Supervised(_) => remaining,
            Self::Alone { group, .. } => remaining && group.exists(),
        }
    }

    /// Whether all that is left is ended, gently first, when this is dropped.
    pub fn ends_when_dropped(&self) -> bool {
        // All that is in a job ends when its handle is closed.
        cfg!(windows) || !matches!(self, Self::Alone { .. })
    }

    /// Hands what is left of it to the reaper, which ends it with Porthole.
    #[cfg(not(windows))]
    pub fn keep_in(self, reaper: &dyn GroupReaper) {
        // It may hold none of the processes any more that were in it at the start.
        reaper.watch_group(self.watched());
        match self {
            #[cfg(target_os = "linux")]
            Self::Supervised(process) => {
                if let Some(socket) = process.into_socket() {
                    reaper.keep(socket);
                }
            }
            // The reaper knows its group.
            Self::Alone { .. } => {}
        }
    }

    /// Keeps its job open, which ends what is left of it, until Porthole ends.
    #[cfg(windows)]
    pub fn keep_in(self, reaper: &dyn GroupReaper) {
        let Self::Alone { group, .. } = self;
        reaper.forget_group(group.id());
        reaper.keep(group);
    }
}
