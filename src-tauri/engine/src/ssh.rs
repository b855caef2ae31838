//! An engine behind ssh, as the docker CLI reaches it: a process of ssh for each connection, which
//! runs `docker system dial-stdio` on the other side. Its stdin and stdout are the connection.

use std::{
    io,
    pin::Pin,
    process::{ExitStatus, Stdio},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};

use super::address::{Address, Ssh};
use porthole_process::command_of;

/// How much is kept of what ssh says when it fails.
const TOLD: usize = 4096;
/// How long a process that closed its streams may take to end.
const ENDING: Duration = Duration::from_secs(2);
/// How long its last words may take after its end: a master that it left behind may hold the pipe open.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How a process of ssh ended, when still running well.
#[derive(Debug, Clone)]
pub(super) struct SshExit {
    pub status: Option<ExitStatus>,
    /// The beginning of its stderr.
    pub told: String,
}

impl std::fmt::Display for SshExit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = self.status.map_or_else(|| "still running".to_owned(), |status| status.to_string());
        if self.told.is_empty() { write!(f, "ssh: {status}") } else { write!(f, "ssh: {status}: {}", self.told) }
    }
}

impl std::error::Error for SshExit {}

/// The program and arguments of one connection.
pub(super) fn argv(address: &Address, to: &Ssh) -> Vec<String> {
    let program = if address.ssh.is_empty() { vec!["ssh".to_owned()] } else { address.ssh.clone() };
    // A password can't be typed here; and ssh itself must report a missing host, which
    // knows why, before the greeting's limit is over.
    let options = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-T"].map(str::to_owned);
    let user = to.user.iter().flat_map(|user| ["-l".to_owned(), user.clone()]);
    let port = to.port.iter().flat_map(|port| ["-p".to_owned(), port.to_string()]);
    let place = ["--".to_owned(), to.host.clone()];
    // The shell of the other side takes these apart.
    let socket = to.socket.iter().map(|path| shell_words::quote(&format!("--host=unix://{path}")).into_owned());
    let dial = ["system", "dial-stdio"].map(str::to_owned);
    let remote = ["docker".to_owned()].into_iter().chain(socket).chain(dial);
    program.into_iter().chain(options).chain(user).chain(port).chain(place).chain(remote).collect()
}

/// Starts one.
///
/// # Errors
/// What the operating system says when there is no such program.
pub(super) fn dial(argv: &[String]) -> io::Result<SshStream> {
    let (program, args) = argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = if program.contains(std::path::is_separator) {
        Command::new(program)
    } else {
        command_of(program).ok_or(io::ErrorKind::NotFound)?
    };
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // Its own group: Ctrl-C in a terminal is not for it, and what it starts ends with it.
    #[cfg(unix)]
    command.process_group(0);
    #[cfg(windows)]
    command.creation_flags(porthole_base::win32::CREATE_NEW_PROCESS_GROUP | porthole_base::win32::CREATE_NO_WINDOW);
    porthole_base::handles::restore_in(command.as_std_mut());
    let mut process = Process(command.spawn()?);
    let child = &mut process.0;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    Ok(SshStream { stdin: Some(stdin), stdout, end: ExitState::Later(Some(tokio::spawn(attend(process, stderr)))) })
}

/// The process, and with it its group.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // There is an id as long as it has not been waited for, so it cannot be another program's.
        #[cfg(unix)]
        if let Some(id) = self.0.id().and_then(|id| i32::try_from(id).ok()) {
            use nix::{sys::signal, unistd::Pid};
            let _ = signal::killpg(Pid::from_raw(id), signal::Signal::SIGKILL);
        }
    }
}

/// Reads what it says, all the time, so that it never waits for a reader; tells how it ended.
async fn attend(mut process: Process, mut stderr: ChildStderr) -> Option<SshExit> {
    let mut told = Vec::new();
    let mut piece = [0; 1024];
    let status = loop {
        tokio::select! {
            read = stderr.read(&mut piece) => match read {
                Ok(length @ 1..) => keep(&mut told, &piece[..length]),
                _ => break process.0.wait().await,
            },
            status = process.0.wait() => {
                let rest = async {
                    while let Ok(length @ 1..) = stderr.read(&mut piece).await {
                        keep(&mut told, &piece[..length]);
                    }
                };
                let _ = timeout(LAST_WORDS, rest).await;
                break status;
            }
        }
    };
    let status = status.ok();
    let told = String::from_utf8_lossy(&told).trim().to_owned();
    (!status.is_some_and(|status| status.success())).then_some(SshExit { status, told })
}

fn keep(told: &mut Vec<u8>, piece: &[u8]) {
    told.extend_from_slice(&piece[..piece.len().min(TOLD - told.len())]);
}

/// A connection through ssh. The process ends with it.
pub(super) struct SshStream {
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    end: ExitState,
}

/// What is known of the process's end.
enum ExitState {
    /// Its stdout is open. The task exists until it is queried.
    Later(Option<JoinHandle<Option<SshExit>>>),
    /// It is being waited for.
    Soon(Pin<Box<dyn Future<Output = Option<SshExit>> + Send>>),
    Known(Option<SshExit>),
}

impl SshStream {
    /// How the process ended, once its streams have: the end of a stream alone says nothing.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Option<SshExit>> {
        loop {
            match &mut self.end {
                ExitState::Later(task) => {
                    let task = Owned(task.take());
                    self.end = ExitState::Soon(Box::pin(async move {
                        let mut task = task;
                        let handle = task.0.as_mut()?;
                        let late = SshExit { status: None, told: String::new() };
                        timeout(ENDING, handle).await.map_or(Some(late), |ended| ended.unwrap_or_default())
                    }));
                }
                ExitState::Soon(ending) => {
                    let ended = ready!(ending.as_mut().poll(cx));
                    self.end = ExitState::Known(ended);
                }
                ExitState::Known(ended) => return Poll::Ready(ended.clone()),
            }
        }
    }
}

impl Drop for SshStream {
    fn drop(&mut self) {
        if let ExitState::Later(task) = &mut self.end {
            drop(Owned(task.take()));
        }
    }
}

/// A task that ends with its owner.
struct Owned(Option<JoinHandle<Option<SshExit>>>);

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl AsyncRead for SshStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if matches!(self.end, ExitState::Later(_)) {
            ready!(Pin::new(&mut self.stdout).poll_read(cx, buffer))?;
            if buffer.filled().len() > before || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let ended = ready!(self.poll_end(cx));
        Poll::Ready(ended.map_or(Ok(()), |ended| Err(io::Error::new(io::ErrorKind::ConnectionAborted, ended))))
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(stdin) = &mut self.stdin else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        match ready!(Pin::new(stdin).poll_write(cx, bytes)) {
            // It has ended: why, is worth more than that.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                let ended = ready!(self.poll_end(cx));
                Poll::Ready(Err(ended.map_or(error, |ended| io::Error::new(io::ErrorKind::ConnectionAborted, ended))))
            }
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stdin.as_mut().map_or(Poll::Ready(Ok(())), |stdin| Pin::new(stdin).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Closing the pipe is what the other side sees.
        self.stdin = None;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
#[path = "ssh_tests.rs"]
mod tests;
