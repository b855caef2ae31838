//! In a pseudo-terminal of Unix, in each way in which a command can be started.

use std::path::Path;

use porthole_process::{Containment, Ending};

use super::*;

const WAYS: [Containment; 3] = [Containment::Cgroup, Containment::Subreaper, Containment::ProcessGroup];

/// A script in a terminal; without one it is an interactive shell.
fn begin(most: Containment, script: &str) -> Live {
    let mut command = Command::new(Place::Host, "sh", ["-c", script]);
    if script.is_empty() {
        command.args.clear();
    }
    Live::begin(most, command)
}

#[tokio::test]
async fn a_shell_has_a_terminal_of_this_size_and_its_exit_code_is_told() {
    for most in WAYS {
        let mut live = begin(most, "");
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
        let mut live = begin(most, "trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done");
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
            let mut live = begin(most, script);
            live.wrote("ready").await;
            live.typed("\u{3}").await;
            let ending = live.task.await.unwrap().run.ending;
            assert_eq!(ending, Some(Ending::Signaled { signal: 2, name: "SIGINT".into() }), "{script}");
        }
    }
}

#[tokio::test]
async fn a_hundred_megabytes_are_read_to_the_last_byte() {
    let live = begin(Containment::Cgroup, "head -c 100000000 /dev/zero | tr '\\0' x; exit 4");
    let kept = live.task.await.unwrap();
    assert_eq!((kept.bytes, kept.run.ending), (100_000_000, Some(Ending::Exited { code: 4 })));
}

#[tokio::test]
async fn an_interactive_shell_ends_when_its_terminal_is_closed() {
    for most in WAYS {
        let mut live = begin(most, "");
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
        let mut live = begin(most, script);
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
