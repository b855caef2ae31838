//! Commands in a terminal of this machine, in each way in which a command can be started.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use porthole_base::error::{Code, Result};
use porthole_output::{Stream, record::Record};
use porthole_process::{
    Command, Containment, Ending, Place, Run, RunEvent, Stdin, Stopper, Terminal, TerminalSize, run_on_host_in, stops,
    terminal,
};
use tokio::{sync::watch, task::JoinHandle};

const WAYS: [Containment; 3] = [Containment::Cgroup, Containment::Subreaper, Containment::ProcessGroup];
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
    fn begin(most: Containment, script: &str) -> Self {
        let mut command = Command::new(Place::Host, "sh", ["-c", script]);
        if script.is_empty() {
            command.args.clear();
        }
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

    async fn wrote(&mut self, text: &str) {
        let has = |written: &Vec<u8>| String::from_utf8_lossy(written).contains(text);
        self.written.wait_for(has).await.unwrap_or_else(|_| panic!("{text} before the end"));
    }

    async fn typed(&self, text: &str) {
        self.user.write(text.as_bytes().to_vec()).await.unwrap();
    }
}

#[tokio::test]
async fn a_shell_has_a_terminal_of_this_size_and_its_exit_code_is_told() {
    for most in WAYS {
        let mut live = Live::begin(most, "");
        live.typed("echo a$((1+1))b; stty size; tty; echo err >&2; ps -o tpgid= -p $$ | grep -c -v -- -1\n").await;
        live.wrote("a2b\r\n33 101\r\n/dev/pts/").await;
        live.wrote("err\r\n1\r\n").await;
        live.typed("exit 3\n").await;
        let kept = live.task.await.unwrap();
        assert_eq!(kept.run.ending, Some(Ending::Exited { code: 3 }), "{:?}", kept.run.failure);
        assert_eq!(kept.run.started.unwrap().containment, Some(most));
        assert_eq!(kept.errors, 0, "a terminal has one stream");
        assert!(kept.run.fed.unwrap().bytes > 80 && kept.run.failure.is_none());
    }
}

#[tokio::test]
async fn a_terminal_gets_each_new_size_and_its_program_is_told() {
    for most in WAYS {
        let mut live = Live::begin(most, "trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done");
        live.wrote("ready").await;
        live.user.resize(TerminalSize { columns: 120, rows: 40 });
        live.wrote("40 120").await;
        live.stopper.stop(porthole_process::Signal::Kill).await.unwrap();
        assert!(matches!(live.task.await.unwrap().run.ending, Some(Ending::Signaled { signal: 9, .. })));
    }
}

#[tokio::test]
async fn ctrl_c_interrupts_a_program_also_in_a_flood() {
    for most in WAYS {
        for script in ["echo ready; exec sleep 1000", "echo ready; exec yes"] {
            let mut live = Live::begin(most, script);
            live.wrote("ready").await;
            live.typed("\u{3}").await;
            let ending = live.task.await.unwrap().run.ending;
            assert_eq!(ending, Some(Ending::Signaled { signal: 2, name: "SIGINT".into() }), "{script}");
        }
    }
}

#[tokio::test]
async fn a_hundred_megabytes_are_read_to_the_last_byte() {
    let live = Live::begin(Containment::Cgroup, "head -c 100000000 /dev/zero | tr '\\0' x; exit 4");
    let kept = live.task.await.unwrap();
    assert_eq!((kept.bytes, kept.run.ending), (100_000_000, Some(Ending::Exited { code: 4 })));
}

#[tokio::test]
async fn an_interactive_shell_ends_when_its_terminal_is_closed() {
    for most in WAYS {
        let mut live = Live::begin(most, "");
        live.typed("echo re''ady\n").await;
        live.wrote("ready").await;
        live.stopper.stop(porthole_process::Signal::Hup).await.unwrap();
        let kept = live.task.await.unwrap();
        assert!(kept.run.ending.is_some() && kept.run.failure.is_none(), "{:?}", kept.run);
    }
}

#[tokio::test]
async fn what_ignores_the_end_of_its_terminal_ends_with_its_owner() {
    for most in WAYS {
        let script = "trap '' HUP TERM INT; echo pid $$; while :; do sleep 0.05; done";
        let mut live = Live::begin(most, script);
        live.wrote("\r\n").await;
        let first = String::from_utf8(live.written.borrow().clone()).unwrap();
        let pid = first.trim().trim_start_matches("pid ").to_owned();
        assert!(Path::new("/proc").join(&pid).exists());
        live.task.abort();
        assert!(live.task.await.unwrap_err().is_cancelled());
        let began = std::time::Instant::now();
        while Path::new("/proc").join(&pid).exists() {
            assert!(began.elapsed().as_secs() < 20, "{pid} lives on, {most:?}");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_terminal_takes_no_other_input() {
    let mut command = Command::new(Place::Host, "sh", [] as [&str; 0]);
    command.terminal = Some(SIZE);
    command.stdin = Some(Stdin::Text { text: String::new() });
    assert_eq!(porthole_process::check(&command).unwrap_err().code, Code::CommandInvalid);
}
