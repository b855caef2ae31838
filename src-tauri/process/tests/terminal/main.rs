//! Commands in a terminal of this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use porthole_base::error::{Code, Result};
use porthole_output::{Stream, record::Record};
use porthole_process::{
    Command, Containment, Place, Run, RunEvent, Stdin, Stopper, Terminal, TerminalSize, run_on_host_in, stops, terminal,
};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

/// How long a program may take to write what is waited for.
const LONGEST: Duration = Duration::from_secs(60);
const SIZE: TerminalSize = TerminalSize { columns: 101, rows: 33 };

/// What a terminal wrote, for those who wait for some of it.
#[derive(Debug)]
struct Kept {
    run: Run,
    written: watch::Sender<Vec<u8>>,
    bytes: u64,
    errors: u64,
}

impl Record<RunEvent> for Kept {
    fn event(&mut self, event: RunEvent) {
        self.run.apply(event);
    }

    fn chunk(&mut self, stream: Stream, _: u64, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        self.errors += u64::from(stream == Stream::Stderr);
        // A flood is counted alone.
        self.written.send_modify(|written| {
            if written.len() < 100_000 {
                written.extend_from_slice(bytes);
            }
        });
        Ok(())
    }
}

struct Live {
    user: Terminal,
    stopper: Stopper,
    written: watch::Receiver<Vec<u8>>,
    task: JoinHandle<Kept>,
}

impl Live {
    fn begin(most: Containment, mut command: Command) -> Self {
        command.terminal = Some(SIZE);
        let written = watch::Sender::new(Vec::new());
        let read = written.subscribe();
        let (user, input) = terminal(SIZE);
        let (stopper, stopping) = stops();
        let mut kept = Kept { run: Run::new(command.clone()), written, bytes: 0, errors: 0 };
        let task = tokio::spawn(async move {
            run_on_host_in(&command, most, stopping.with_terminal(input), None, &mut kept).await;
            kept
        });
        Self { user, stopper, written: read, task }
    }

    /// Waits until this was written.
    async fn wrote(&mut self, text: &str) {
        let has = |written: &Vec<u8>| String::from_utf8_lossy(written).contains(text);
        let found = timeout(LONGEST, self.written.wait_for(has)).await.map(|found| found.is_ok());
        let written = String::from_utf8_lossy(&self.written.borrow()).into_owned();
        assert_eq!(found, Ok(true), "{text:?} isn't in {written:?}");
    }

    async fn typed(&self, text: &str) {
        self.user.write(text.as_bytes().to_vec()).await.unwrap();
    }
}

#[tokio::test]
async fn a_terminal_takes_no_other_input() {
    let mut command = Command::new(Place::Host, "sh", [] as [&str; 0]);
    command.terminal = Some(SIZE);
    command.stdin = Some(Stdin::Text { text: String::new() });
    assert_eq!(porthole_process::check(&command).unwrap_err().code, Code::CommandInvalid);
}
