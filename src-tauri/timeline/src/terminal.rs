//! Terminals of the timeline: what is typed into them, and what of their output the window draws.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use ts_rs::TS;

use super::{CallId, LONGEST_WAIT, Timeline, aside, call_store::Control};
use porthole_base::{
    error::{Code, Error, Result},
    reference::ContainerName,
};
use porthole_engine::{Address, exec};
use porthole_output::{Output, Stream, record::Wait};
use porthole_process::{Terminal, TerminalSize};

/// Bytes of one piece for the window.
const PIECE: u64 = 128 * 1024;
/// How far a terminal may write ahead of a window that draws it, so that what is typed shows at once also in a flood.
const AHEAD: u64 = 512 * 1024;
/// How long a terminal waits for a window that draws no more: it may be hidden, or closed.
const PATIENCE: Duration = Duration::from_secs(1);
/// A window that is further behind than this draws only the end.
const BEHIND: u64 = 8 * 1024 * 1024;
/// What such a window draws.
const END: u64 = 1024 * 1024;

/// Bytes that a terminal wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TerminalPiece {
    /// Where in the output they begin: later than requested where the window was far behind.
    pub from: u64,
    /// The bytes, in Base64; empty when nothing came for half a minute.
    pub bytes: String,
    /// Nothing comes after them.
    pub ended: bool,
}

/// The user's end of a terminal that lives.
#[derive(Debug, Clone)]
pub(super) struct LiveTerminal {
    user: Terminal,
    flow: Arc<Flow>,
}

impl LiveTerminal {
    pub fn new(user: Terminal) -> Self {
        Self { user, flow: Arc::new(Flow(watch::Sender::default())) }
    }

    pub fn flow(&self) -> Arc<Flow> {
        Arc::clone(&self.flow)
    }
}

/// How far a window has drawn a terminal.
#[derive(Debug)]
pub(super) struct Flow(watch::Sender<Drawn>);

#[derive(Debug, Clone, Copy, Default)]
struct Drawn {
    bytes: u64,
    /// When it last drew; never, as long as no window shows the terminal.
    at: Option<Instant>,
}

impl Flow {
    fn drawn(&self, bytes: u64) {
        self.0.send_replace(Drawn { bytes, at: Some(Instant::now()) });
    }

    /// What to wait for before more is read, of an output with this many bytes.
    pub fn wait(&self, written: u64) -> Option<Wait> {
        let Drawn { bytes, at: Some(at) } = *self.0.borrow() else { return None };
        let until = at + PATIENCE;
        if written.saturating_sub(bytes) <= AHEAD || Instant::now() >= until {
            return None;
        }
        let mut drawn = self.0.subscribe();
        Some(Box::pin(async move {
            let _ = timeout_at(until, drawn.wait_for(|drawn| written.saturating_sub(drawn.bytes) <= AHEAD)).await;
        }))
    }
}

impl Timeline {
    /// The first shell that a container has.
    ///
    /// # Errors
    /// [`Code::ProgramNotFound`] when it has none, and what is wrong with the container or its engine.
    pub async fn shell_in(&self, engine: Result<Address>, container: &str) -> Result<String> {
        let name: ContainerName = container.parse()?;
        exec::shell_in(&self.engines.at(engine?).await?, &name).await
    }

    /// Types into a terminal. One that has ended takes nothing.
    ///
    /// # Errors
    /// [`Code::CallNotFound`]; [`Code::CommandInvalid`] for a Call without a terminal, or for too much at once.
    pub async fn terminal_write(&self, id: CallId, bytes: Vec<u8>) -> Result<()> {
        match self.live_terminal(id)? {
            Some(terminal) => terminal.user.write(bytes).await,
            None => Ok(()),
        }
    }

    /// Gives a terminal another size.
    ///
    /// # Errors
    /// As for [`Timeline::terminal_write`].
    pub fn terminal_resize(&self, id: CallId, size: TerminalSize) -> Result<()> {
        if let Some(terminal) = self.live_terminal(id)? {
            terminal.user.resize(size);
        }
        Ok(())
    }

    /// Waits until a terminal has more than this many bytes, at most half a minute, and gives them. All up to there were
    /// drawn: a terminal writes no further ahead of a window that reads on.
    ///
    /// # Errors
    /// [`Code::CallNotFound`], [`Code::OutputUnreadable`].
    pub async fn terminal_read(&self, id: CallId, from: u64) -> Result<TerminalPiece> {
        let output = self.output(id)?;
        let live = self.live_terminal(id)?;
        let drawn = |bytes| live.iter().for_each(|terminal| terminal.flow.drawn(bytes));
        drawn(from);
        let until = Instant::now() + LONGEST_WAIT;
        let mut revision = self.revision();
        loop {
            revision.borrow_and_update();
            // Asked first: what comes before the end is counted below.
            let over = !self.is_live(id);
            let written = output.counts().stdout.bytes;
            if written > from || over || !matches!(timeout_at(until, revision.changed()).await, Ok(Ok(()))) {
                let (from, bytes) = aside(move || piece(&output, from, written)).await?;
                drawn(from);
                let ended = over && from + bytes.len() as u64 >= written;
                return Ok(TerminalPiece { from, bytes: BASE64_STANDARD.encode(bytes), ended });
            }
        }
    }

    fn live_terminal(&self, id: CallId) -> Result<Option<LiveTerminal>> {
        let is_live = self.is_live(id);
        match self.shared.store().control(id)? {
            Some(Control::Terminal(_, terminal)) => Ok(is_live.then_some(terminal)),
            Some(_) => Err(Error::new(Code::CommandInvalid, "This call has no terminal")),
            None => Ok(None),
        }
    }
}

/// The piece of an output that a window draws next, and where it begins.
fn piece(output: &Output, from: u64, written: u64) -> Result<(u64, Vec<u8>)> {
    if written.saturating_sub(from) <= BEHIND {
        return Ok((from, output.read(Stream::Stdout, from, (from + PIECE).min(written))?));
    }
    let from = written - END;
    let mut bytes = output.read(Stream::Stdout, from, from + PIECE)?;
    // A line is a place where neither a character nor a code is cut.
    let line = first_line(&bytes);
    Ok((from + line as u64, bytes.split_off(line)))
}

/// Where the first line begins that is whole.
fn first_line(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use porthole_output::DiskQuota;

    use super::*;

    fn output(folder: &std::path::Path) -> Output {
        Output::new(folder.join("1"), Arc::new(DiskQuota::new(u64::MAX)))
    }

    #[test]
    fn a_window_that_is_far_behind_draws_the_end_from_a_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let output = output(folder.path());
        output.append(Stream::Stdout, b"0123456789\n", 0).unwrap();
        assert_eq!(piece(&output, 4, 11).unwrap(), (4, b"456789\n".to_vec()));
        assert_eq!(piece(&output, 11, 11).unwrap(), (11, Vec::new()));
        let line = [&[b'x'; 99][..], b"\n"].concat();
        for _ in 0..100 {
            output.append(Stream::Stdout, &line.repeat(1000), 0).unwrap();
        }
        let written = output.counts().stdout.bytes;
        let (from, bytes) = piece(&output, 5, written).unwrap();
        assert!(written - from <= END && bytes.starts_with(b"xxx"), "{from} of {written}");
        assert_eq!((from - 11) % 100, 0);
        let (next, more) = piece(&output, from + bytes.len() as u64, written).unwrap();
        assert_eq!((next, more.len() as u64), (from + bytes.len() as u64, PIECE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_terminal_waits_for_a_window_that_draws_and_for_no_other() {
        let flow = Flow(watch::Sender::default());
        assert!(flow.wait(u64::MAX).is_none(), "no window shows it");
        flow.drawn(1000);
        assert!(flow.wait(1000 + AHEAD).is_none());
        let waits = flow.wait(1001 + AHEAD).unwrap();
        let began = Instant::now();
        let (_, ()) = tokio::join!(waits, async { flow.drawn(1001) });
        assert_eq!(began.elapsed(), Duration::ZERO);
        flow.wait(5000 + AHEAD).unwrap().await;
        assert_eq!(began.elapsed(), PATIENCE, "a window that draws no more holds nothing up for long");
        assert!(flow.wait(5000 + AHEAD).is_none());
    }

    /// All that a terminal writes until this text.
    async fn read_until(timeline: &Timeline, id: CallId, text: &str) -> String {
        let mut read = Vec::new();
        loop {
            let piece = timeline.terminal_read(id, read.len() as u64).await.unwrap();
            assert_eq!(piece.from, read.len() as u64);
            read.extend(BASE64_STANDARD.decode(&piece.bytes).unwrap());
            let shown = String::from_utf8_lossy(&read).into_owned();
            if shown.contains(text) {
                return shown;
            }
            assert!(!piece.ended, "it ended with {shown}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_terminal_is_recorded_like_any_call_and_ends_with_the_timeline() {
        use porthole_process::{Command, Place};

        use crate::{Act, Origin};

        let folder = tempfile::tempdir().unwrap();
        let timeline = Timeline::new(folder.path().to_owned(), folder.path().join("kept"), u64::MAX, None);
        let script = "trap '' HUP; stty size; read line; echo got $line $$; while :; do sleep 0.05; done";
        let mut command = Command::new(Place::Host, "sh", ["-c", script]);
        command.terminal = Some(TerminalSize { columns: 90, rows: 20 });
        let none = || Err(Error::new(Code::EngineUnavailable, "none"));
        let id = timeline.run(Origin::Composer, none(), command);
        read_until(&timeline, id, "20 90").await;
        timeline.terminal_resize(id, TerminalSize { columns: 91, rows: 21 }).unwrap();
        timeline.terminal_write(id, b"it\r".to_vec()).await.unwrap();
        let shown = read_until(&timeline, id, "got it ").await;
        let pid = shown.split("got it ").nth(1).unwrap().trim().to_owned();
        assert!(std::path::Path::new("/proc").join(&pid).exists());
        timeline.close().await;
        assert!(!std::path::Path::new("/proc").join(&pid).exists(), "it ignores SIGHUP and lives on");
        let call = timeline.ended(id).await.unwrap();
        let Act::Run(run) = &call.act else { panic!() };
        assert!(run.ending.is_some() && run.fed.as_ref().unwrap().bytes == 3);
        // What was read stays, and what comes too late is for nothing.
        assert_eq!(
            timeline.terminal_read(id, 0).await.unwrap().bytes,
            BASE64_STANDARD.encode(timeline.output(id).unwrap().read(Stream::Stdout, 0, u64::MAX).unwrap())
        );
        timeline.terminal_write(id, b"late".to_vec()).await.unwrap();
        let plain = timeline.run(Origin::Composer, none(), Command::new(Place::Host, "sh", ["-c", "sleep 1"]));
        assert_eq!(timeline.terminal_write(plain, vec![b'x']).await.unwrap_err().code, Code::CommandInvalid);
        timeline.close().await;
    }

    #[cfg(windows)]
    #[tokio::test]
    async fn a_console_is_recorded_like_any_call_and_ends_with_the_timeline() {
        use porthole_base::win32;
        use porthole_process::{Command, Place};

        use crate::{Act, Origin};

        let folder = tempfile::tempdir().unwrap();
        let timeline = Timeline::new(folder.path().to_owned(), folder.path().join("kept"), u64::MAX, None);
        // Under Wine the streams of a program in a console lead nowhere.
        let mut command = Command::new(Place::Host, "cmd.exe", ["/d", "/s", "/c", "cmd /d <CONIN$ >CONOUT$ 2>&1"]);
        command.terminal = Some(TerminalSize { columns: 90, rows: 20 });
        let id = timeline.run(Origin::Composer, Err(Error::new(Code::EngineUnavailable, "none")), command);
        timeline.terminal_write(id, b"echo got^it\r".to_vec()).await.unwrap();
        read_until(&timeline, id, "gotit").await;
        let Act::Run(run) = timeline.call(id).unwrap().act else { panic!() };
        let process = run.started.unwrap().pid.unwrap();
        assert!(win32::lives(process));
        timeline.close().await;
        assert!(!win32::lives(process));
        let call = timeline.ended(id).await.unwrap();
        let Act::Run(run) = &call.act else { panic!() };
        assert!(run.ending.is_some() && run.fed.as_ref().unwrap().bytes == 12);
        assert_eq!(
            timeline.terminal_read(id, 0).await.unwrap().bytes,
            BASE64_STANDARD.encode(timeline.output(id).unwrap().read(Stream::Stdout, 0, u64::MAX).unwrap())
        );
        timeline.terminal_write(id, b"late".to_vec()).await.unwrap();
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_hundred_megabytes_are_recorded_to_the_last_byte() {
        use porthole_process::{Command, Place};

        use crate::Origin;

        let folder = tempfile::tempdir().unwrap();
        let timeline = Timeline::new(folder.path().to_owned(), folder.path().join("kept"), u64::MAX, None);
        let script = "head -c 100000000 /dev/zero | tr '\\0' x; printf end";
        let mut command = Command::new(Place::Host, "sh", ["-c", script]);
        command.terminal = Some(TerminalSize { columns: 80, rows: 24 });
        let id = timeline.run(Origin::Composer, Err(Error::new(Code::EngineUnavailable, "none")), command);
        timeline.ended(id).await.unwrap();
        let output = timeline.output(id).unwrap();
        assert_eq!(output.counts().stdout.bytes, 100_000_003);
        assert_eq!(output.read(Stream::Stdout, 99_999_999, u64::MAX).unwrap(), b"xend");
        timeline.close().await;
    }
}
