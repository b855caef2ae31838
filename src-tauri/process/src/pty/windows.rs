//! A pseudo-console of Windows (ConPTY), and the process that is started in it.

use std::{
    fs, io,
    os::windows::{
        io::{AsRawHandle, OwnedHandle},
        process::ExitStatusExt,
    },
    process::ExitStatus,
    sync::Arc,
    thread,
};

use tokio::{fs::File, sync::oneshot};

use crate::{Command, TerminalSize, command_line, group::Group, resolve::Resolved, running::Streams};
use porthole_base::win32::{
    self,
    pseudo_console::{PseudoConsole, Suspended},
};

/// The side of a command: where it is started.
pub(crate) struct CommandSide(Arc<PseudoConsole>);

/// Porthole's side, which sets the size. Without both sides the console is closed.
pub(crate) struct OurSide(Arc<PseudoConsole>);

/// A process in a console. A thread waits for it, which ends with the process: its job does not outlive its owner.
#[derive(Debug)]
pub(crate) struct Process(oneshot::Receiver<io::Result<u32>>);

impl OurSide {
    pub fn resize(&self, size: TerminalSize) {
        // After the end of the command there is nothing to resize.
        let _ = self.0.resize(in_cells(size));
    }
}

/// Opens a console of this size: the side of a command, and what it reads and writes. The ends of the pipes block, and are
/// read and written on threads of the runtime, as those of all commands are on Windows. A thread that waits there ends with
/// the console, which is closed when both sides are dropped.
pub(crate) async fn open(size: TerminalSize) -> io::Result<(CommandSide, Streams)> {
    let (of_keys, keys) = io::pipe()?;
    let (screen, of_screen) = io::pipe()?;
    let console = PseudoConsole::open(in_cells(size), &of_keys.into(), &of_screen.into())?;
    let console = Arc::new(console);
    let streams = Streams {
        stdin: Some(Box::new(ours(keys.into()))),
        stdout: Some(Box::new(ours(screen.into()))),
        stderr: None,
        terminal: Some(OurSide(Arc::clone(&console))),
    };
    Ok((CommandSide(console), streams))
}

fn ours(end: OwnedHandle) -> File {
    File::from_std(fs::File::from(end))
}

impl CommandSide {
    /// Starts a command in the console, in a job.
    ///
    /// # Errors
    /// What the system says against the program.
    pub fn start(&self, resolved: &Resolved, command: &Command) -> io::Result<(Process, Group)> {
        let (program, line) = command_line::of(resolved, command)?;
        let Suspended { process, id } = self.0.start(&program, &line, resolved.env.iter(), &resolved.cwd)?;
        let (sender, ended) = oneshot::channel();
        // Before it runs: without a thread that waits for it, it is ended again.
        let waiting = process.try_clone().and_then(|process| {
            let wait = move || drop(sender.send(win32::wait(&process)));
            thread::Builder::new().name("terminal-wait".to_owned()).spawn(wait)
        });
        match waiting.and_then(|_| Group::of_process(id, process.as_raw_handle())) {
            Ok(group) => Ok((Process(ended), group)),
            Err(error) => {
                let _ = win32::end_process(id);
                Err(error)
            }
        }
    }
}

impl Process {
    /// Waits for its end. It loses nothing when it is dropped.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let ended = (&mut self.0).await.map_err(io::Error::other)?;
        ended.map(ExitStatus::from_raw)
    }
}

fn in_cells(TerminalSize { columns, rows }: TerminalSize) -> (u16, u16) {
    (columns, rows)
}
