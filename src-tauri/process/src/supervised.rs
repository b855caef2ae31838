//! A host command under a supervisor, which finds and ends all of its descendants.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Write},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::{ffi::OsStrExt, net::UnixStream as Socket, process::ExitStatusExt},
    },
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::OnceLock,
    time::Duration,
};

use nix::{
    fcntl::{FcntlArg, SealFlag, fcntl},
    sys::{
        memfd::{MFdFlags, memfd_create},
        signal::{self, Signal as UnixSignal},
    },
    unistd::Pid,
};
use porthole_supervisor::protocol::{MESSAGE, Message, Spec, encode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    net::unix::pipe,
    process::{Child, Command as Process},
    time::timeout,
};

use super::{
    Command, Signal, cgroup,
    group::Group,
    group_reaper::WatchedGroup,
    pty::CommandSide,
    resolve::Resolved,
    running::{Streams, Writer},
};
use porthole_base::{
    error::{Code, Error, Result},
    handles,
};

/// How long a supervisor may take to send a signal: it answers in about a millisecond.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the start went.
pub(super) enum StartOutcome {
    Started(Box<Supervised>, Streams),
    /// The operating system refused the program.
    Refused(io::Error),
    /// There is no supervisor here: the command has to be started without one.
    Unavailable,
}

/// A command that was started by its supervisor.
#[derive(Debug)]
pub(super) struct Supervised {
    /// The command's process, which leads its group.
    pub group: Group,
    /// The cgroup that it is in.
    pub cgroup: Option<PathBuf>,
    supervisor: Child,
    messages: Messages,
}

/// What the supervisor says.
#[derive(Debug)]
struct Messages {
    socket: UnixStream,
    partial: [u8; MESSAGE],
    length: usize,
    /// What came while something else was waited for.
    early: VecDeque<Message>,
}

/// Starts a command, in its own cgroup if there can be one.
pub(super) async fn start(
    resolved: &Resolved,
    command: &Command,
    wants_cgroup: bool,
    terminal: Option<&CommandSide>,
) -> StartOutcome {
    let Some(program) = program() else { return StartOutcome::Unavailable };
    let input = match command.stdin.as_ref().map(|_| input()).transpose() {
        Ok(input) => input,
        Err(error) => return StartOutcome::Refused(error),
    };
    let Ok((ours, theirs)) = Socket::pair() else { return StartOutcome::Unavailable };
    let mut process = Process::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
    process
        .arg0("porthole-run")
        .current_dir(&resolved.cwd)
        .env_clear()
        .envs(resolved.env.iter())
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(if terminal.is_none() { Stdio::piped() } else { Stdio::null() })
        .stderr(if terminal.is_none() { Stdio::piped() } else { Stdio::null() })
        // Ctrl-C in a terminal is not for it.
        .process_group(0);
    // What the system says against the directory or the environment it will say again, in its own words.
    let Ok(mut supervisor) = process.spawn() else { return StartOutcome::Unavailable };
    // This process must not hold the supervisor's end.
    drop(process);
    let pipes = supervisor.stdout.take().zip(supervisor.stderr.take());
    if pipes.is_none() && terminal.is_none() {
        return StartOutcome::Unavailable;
    }
    let socket = ours.set_nonblocking(true).and_then(|()| UnixStream::from_std(ours));
    let Ok(socket) = socket else { return StartOutcome::Unavailable };
    let mut messages = Messages { socket, partial: [0; MESSAGE], length: 0, early: VecDeque::new() };
    let cgroup = if wants_cgroup { cgroup::next() } else { None };
    let argv = [&command.program].into_iter().chain(&command.args).map(|argument| argument.as_bytes().to_vec());
    let spec = Spec {
        cgroup: cgroup.as_ref().map(|path| path.as_os_str().as_bytes().to_vec()).unwrap_or_default(),
        open_files: handles::original(),
        identity: resolved.identity,
        input: match terminal {
            Some(terminal) => terminal.path.as_os_str().as_bytes().to_vec(),
            None => input.as_ref().map(|(reader, _)| path_of(reader)).unwrap_or_default(),
        },
        is_terminal: terminal.is_some(),
        program: resolved.program.as_os_str().as_bytes().to_vec(),
        argv: argv.collect(),
    };
    let _ = messages.socket.write_all(&encode(&spec)).await;
    let (pid, contained) = match messages.next().await {
        Some(Message::Forked { pid, cgroup }) => (pid, cgroup),
        Some(Message::NotStarted { errno }) => return StartOutcome::Refused(io::Error::from_raw_os_error(errno)),
        _ => return StartOutcome::Refused(io::Error::other("the supervisor was killed before it started the program")),
    };
    let Some(group) = Group::led_by(pid) else {
        return StartOutcome::Refused(io::Error::other("the supervisor reported no process ID"));
    };
    match messages.next().await {
        Some(Message::NotStarted { errno }) => StartOutcome::Refused(io::Error::from_raw_os_error(errno)),
        // Also where there is no message: the program may have killed its supervisor before it could say a thing.
        _ => {
            let cgroup = cgroup.filter(|_| contained);
            // This process's own reader is closed here: a command that closes its input closes the last one.
            let stdin = input.map(|(_, writer)| Box::new(writer) as Writer);
            let streams = pipes.map(|(stdout, stderr)| Streams::of_pipes(stdin, stdout, stderr)).unwrap_or_default();
            StartOutcome::Started(Box::new(Supervised { group, cgroup, supervisor, messages }), streams)
        }
    }
}

/// A pipe to a command's input.
fn input() -> io::Result<(io::PipeReader, pipe::Sender)> {
    let (reader, writer) = io::pipe()?;
    Ok((reader, pipe::Sender::from_owned_fd(writer.into())?))
}

/// Where the supervisor opens it: a descriptor that it inherited would also be inherited by what another thread starts
/// at the same time.
fn path_of(reader: &io::PipeReader) -> Vec<u8> {
    format!("/proc/{}/fd/{}", std::process::id(), reader.as_raw_fd()).into_bytes()
}

/// The supervisor's program, in memory: no path to it can be wrong, unmounted or not executable.
fn program() -> Option<&'static File> {
    static PROGRAM: OnceLock<File> = OnceLock::new();
    /// Where the system asks for it: that this memory is to be executed.
    const MFD_EXEC: u32 = 0x10;
    let make = || {
        let bytes = porthole_supervisor::program()?;
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let made = memfd_create(c"porthole-run", flags | MFdFlags::from_bits_retain(MFD_EXEC))
            .or_else(|_| memfd_create(c"porthole-run", flags));
        let mut file = File::from(made.ok()?);
        file.write_all(bytes).ok()?;
        // A command runs as the same user, and could change it through `/proc`.
        let seals = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
        fcntl(&file, FcntlArg::F_ADD_SEALS(seals)).ok()?;
        Some(file)
    };
    // A failure is not kept: there may be too many open files for the moment.
    if let Some(program) = PROGRAM.get() {
        return Some(program);
    }
    match make() {
        Some(made) => Some(PROGRAM.get_or_init(|| made)),
        None => {
            tracing::warn!("no supervisor: a command that leaves its process group can't be stopped");
            None
        }
    }
}

impl Messages {
    /// The next one; none when the supervisor has ended. It loses nothing when it is dropped.
    async fn next(&mut self) -> Option<Message> {
        if let Some(early) = self.early.pop_front() {
            return Some(early);
        }
        self.read().await
    }

    async fn read(&mut self) -> Option<Message> {
        loop {
            if self.length == MESSAGE {
                self.length = 0;
                return Message::decode(self.partial);
            }
            match self.socket.read(&mut self.partial[self.length..]).await {
                Ok(count @ 1..) => self.length += count,
                _ => return None,
            }
        }
    }
}

impl Supervised {
    /// Waits for the command's end. Tells how it ended, and whether it left something in the background.
    ///
    /// # Errors
    /// [`Code::SpawnFailed`] when the supervisor was killed: the command is ended then.
    pub async fn ended(&mut self) -> Result<(ExitStatus, bool)> {
        loop {
            match self.messages.next().await {
                Some(Message::Ended { status, remaining }) => {
                    self.group.leader_ended();
                    return Ok((ExitStatus::from_raw(status), remaining));
                }
                Some(_) => {}
                None => {
                    self.end_without_supervisor();
                    return Err(Error::new(
                        Code::SpawnFailed,
                        "The command's supervising process was killed, so the command was stopped",
                    )
                    .hint("Its exit code is unknown. Run it again."));
                }
            }
        }
    }

    /// Sends a signal to all descendants; false when there is none.
    ///
    /// # Errors
    /// [`Code::StopFailed`] when all that are left run as another user.
    pub async fn signal(&mut self, signal: Signal) -> Result<bool> {
        self.wake();
        let asked = async {
            self.messages.socket.write_all(&[signal.number() as u8]).await.ok()?;
            loop {
                match self.messages.read().await? {
                    Message::Signaled { count, errno } => return Some((count, errno)),
                    other => self.messages.early.push_back(other),
                }
            }
        };
        match timeout(PATIENCE, asked).await {
            Ok(Some((0, 0 | nix::libc::ESRCH))) => Ok(false),
            Ok(Some((0, errno))) => Err(Error::new(Code::StopFailed, "The command's processes can't be signaled")
                .detail(io::Error::from_raw_os_error(errno))),
            Ok(Some(_)) => Ok(true),
            Ok(None) => Ok(false),
            Err(_) => self.group.signal(signal),
        }
    }

    /// What a reaper has to know of it.
    pub fn watched(&self) -> WatchedGroup {
        WatchedGroup { membership: self.group.membership(), supervised: true, cgroup: self.cgroup.clone() }
    }

    /// Kills all descendants, without waiting: the supervisor runs until none is left.
    pub fn kill(&self) {
        self.wake();
        let _ = self.messages.socket.try_write(&[Signal::Kill.number() as u8]);
    }

    /// The socket, which ends all that is left when it is closed.
    pub fn into_socket(self) -> Option<Socket> {
        self.messages.socket.into_std().ok()
    }

    /// A command may have stopped its supervisor.
    fn wake(&self) {
        if let Some(pid) = self.supervisor.id().and_then(|pid| i32::try_from(pid).ok()) {
            let _ = signal::kill(Pid::from_raw(pid), UnixSignal::SIGCONT);
        }
    }

    fn end_without_supervisor(&self) {
        let _ = self.group.signal(Signal::Kill);
        if let Some(cgroup) = &self.cgroup {
            cgroup::kill(cgroup);
        }
    }
}
