//! Commands that try to outlive their run, and a reaper that is killed.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
};

use porthole_engine::reaper::Reaper;
use porthole_process::{Command as Draft, Containment, Ending, Place, Run, Signal, run_on_host};
use porthole_tests::{
    eventually, given,
    recorder::{Kept, Live, run_of},
};
use porthole_timeline::{Origin, Timeline};

/// Each way to leave. `FILE` is where the process writes its id, which then does nothing for ten minutes.
const ESCAPES: [(&str, &str); 6] = [
    ("a session", "setsid sh -c 'echo $$ > FILE.new; mv FILE.new FILE; exec sleep 600' </dev/null >/dev/null 2>&1 &"),
    (
        "a parent and a session",
        "( ( setsid sh -c 'echo $$ > FILE.new; mv FILE.new FILE; exec sleep 600' </dev/null >/dev/null 2>&1 & ) & )",
    ),
    (
        "a session and the environment",
        "env -i \"$(command -v setsid)\" sh -c 'echo $$ > FILE.new; mv FILE.new FILE; exec sleep 600' </dev/null >/dev/null 2>&1 &",
    ),
    ("its group, with its streams open", "setsid sh -c 'echo $$ > FILE.new; mv FILE.new FILE; exec sleep 600' &"),
    (
        "its session, deaf to signals",
        "setsid sh -c 'trap \"\" TERM INT HUP; echo $$ > FILE.new; mv FILE.new FILE; sleep 600' </dev/null >/dev/null 2>&1 &",
    ),
    ("everything", "python3 SCRIPTS/escape.py FILE"),
];

const MODES: [Containment; 2] = [Containment::Cgroup, Containment::Subreaper];

/// A process that has escaped, and cannot be mistaken for a later one of the same id.
struct Escaped {
    pid: i32,
    started: String,
}

impl Escaped {
    async fn of(file: &Path) -> Self {
        let pid: i32 =
            eventually("the escaped process", async || fs::read_to_string(file).ok()?.trim().parse().ok()).await;
        Self { pid, started: started(pid).expect("a living process") }
    }

    async fn is_gone(&self, how: &str) {
        eventually(&format!("the end of {} after {how}", self.pid), async || {
            (started(self.pid).as_ref() != Some(&self.started)).then_some(())
        })
        .await;
    }

    fn lives(&self) -> bool {
        started(self.pid).as_ref() == Some(&self.started)
    }
}

impl Drop for Escaped {
    fn drop(&mut self) {
        if self.lives() {
            kill(self.pid, "-KILL");
        }
    }
}

/// When a process was started, unless it is over.
fn started(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    (fields.next()? != "Z").then(|| fields.nth(18).map(str::to_owned))?
}

fn kill(pid: i32, signal: &str) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/processes")
}

/// A command, on one line, that lets a process escape and goes on itself.
fn script(escape: &str, file: &Path, then: &str) -> String {
    let escape =
        escape.replace("SCRIPTS", &scripts().display().to_string()).replace("FILE", &file.display().to_string());
    format!("{{ {escape} }}; {then}").replace("& }", "& true; }").replace(") }", "); }").replace("pid }", "pid; }")
}

fn sh(script: &str) -> Draft {
    Draft::new(Place::Host, "sh", ["-c", script])
}

/// The program that owns commands, in a process of its own.
struct Owner {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Owner {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_owner"));
        let mut child = child.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, stdin, stdout }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn run(&mut self, mode: Containment, script: &str) {
        let mode = serde_json::to_value(mode).unwrap();
        self.say(&format!("run {} {script}", mode.as_str().unwrap()));
    }

    /// The facts of a run that ended.
    fn ended(&mut self) -> Run {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn reaper(&mut self) -> i32 {
        self.say("reaper");
        self.line().parse().unwrap()
    }

    fn kill(&mut self, signal: &str) {
        kill(self.child.id() as i32, signal);
        self.child.wait().unwrap();
    }

    fn close(&mut self) {
        self.stdin = None;
        assert!(self.child.wait().unwrap().success());
    }
}

/// The supervisor of a process on this machine.
fn parent(pid: i32) -> i32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// What a run says where a cgroup is not permitted on this machine.
async fn expected(mode: Containment) -> Containment {
    let (run, _) = Live::on_host_in(mode, sh("true")).task.await.unwrap();
    let found = run.started.unwrap().containment.unwrap();
    let permitted = fs::read_to_string("/proc/self/mountinfo").unwrap().contains(" - cgroup2 ");
    assert!(found == mode || (mode == Containment::Cgroup && !permitted), "{found:?}");
    found
}

#[tokio::test]
async fn what_escapes_from_a_command_ends_with_it_however_that_is_ended() {
    for mode in MODES {
        let expected = expected(mode).await;
        for (name, escape) in ESCAPES {
            for end in ["SIGTERM", "SIGINT", "SIGKILL", "dropped"] {
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join("pid");
                let mut live = Live::on_host_in(mode, sh(&script(escape, &file, "echo ready; exec sleep 600")));
                live.wrote().await;
                let escaped = Escaped::of(&file).await;
                let how = format!("{end} of a run in {mode:?} from which it left {name}");
                let signal = match end {
                    "SIGTERM" => Signal::Term,
                    "SIGINT" => Signal::Int,
                    "SIGKILL" => Signal::Kill,
                    _ => {
                        live.task.abort();
                        escaped.is_gone(&how).await;
                        continue;
                    }
                };
                live.stopper.stop(signal).await.unwrap();
                // A shell in the foreground of a deaf process may have the streams still open.
                let run = eventually("the end of the run", async || {
                    if live.task.is_finished() {
                        return Some(());
                    }
                    let _ = live.stopper.stop(Signal::Kill).await;
                    None
                });
                run.await;
                let (run, _) = live.task.await.unwrap();
                assert_eq!(run.started.unwrap().containment, Some(expected));
                escaped.is_gone(&how).await;
            }
        }
    }
}

#[tokio::test]
async fn what_escapes_from_a_command_ends_with_its_owner_however_that_ends() {
    for mode in MODES {
        for (name, escape) in ESCAPES {
            for end in ["-TERM", "-KILL", "close", "both"] {
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join("pid");
                let mut owner = Owner::start();
                owner.run(mode, &script(escape, &file, "echo ready; exec sleep 600"));
                assert_eq!(owner.line(), "wrote");
                let escaped = Escaped::of(&file).await;
                match end {
                    "close" => owner.close(),
                    "both" => {
                        // Nobody is left but the supervisor.
                        let reaper = owner.reaper();
                        kill(owner.child.id() as i32, "-STOP");
                        kill(reaper, "-KILL");
                        owner.kill("-KILL");
                    }
                    signal => owner.kill(signal),
                }
                escaped.is_gone(&format!("{end} of the owner of a run in {mode:?} from which it left {name}")).await;
            }
        }
    }
}

#[tokio::test]
async fn what_escapes_from_the_command_line_ends_with_it() {
    for end in ["-TERM", "-INT", "-KILL"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let mut command = Command::new(given("PORTHOLE_CLI"));
        command.args(["exec", "host", "--", "sh", "-c"]).arg(script(ESCAPES[5].1, &file, "echo ready; exec sleep 600"));
        let mut child = porthole_tests::started(command);
        let escaped = Escaped::of(&file).await;
        kill(child.id() as i32, end);
        child.wait().unwrap();
        escaped.is_gone(&format!("{end} of porthole-cli")).await;
    }
}

#[tokio::test]
async fn a_process_that_forks_away_all_the_time_is_killed() {
    for mode in MODES {
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("trace");
        let hydra = format!("python3 {}/hydra.py {}", scripts().display(), trace.display());
        let live = Live::on_host_in(mode, sh(&format!("{hydra} </dev/null >/dev/null 2>&1 & exec sleep 600")));
        let length = || fs::metadata(&trace).map(|found| found.len()).unwrap_or_default();
        eventually("some generations", async || (length() > 50).then_some(())).await;
        live.stopper.stop(Signal::Kill).await.unwrap();
        let (run, _) = live.task.await.unwrap();
        assert_eq!(run.ending, Some(Ending::Signaled { signal: 9, name: "SIGKILL".into() }));
        let mut before = u64::MAX;
        let mut same = 0;
        eventually("the end of the last generation", async || {
            same = if length() == before { same + 1 } else { 0 };
            before = length();
            (same > 30).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_a_command_leaves_in_the_background_lives_until_porthole_ends() {
    for mode in MODES {
        for end in ["close", "-KILL"] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("pid");
            let mut owner = Owner::start();
            owner.run(mode, &script(ESCAPES[1].1, &file, "exit 3"));
            assert_eq!(owner.ended().ending, Some(Ending::Exited { code: 3 }));
            let escaped = Escaped::of(&file).await;
            // Another command in between changes nothing.
            owner.run(mode, "true");
            assert_eq!(owner.ended().ending, Some(Ending::Exited { code: 0 }));
            assert!(escaped.lives(), "{mode:?}");
            if end == "close" {
                owner.close();
                assert!(!escaped.lives(), "it is gone when Porthole is");
            } else {
                owner.kill(end);
            }
            escaped.is_gone(end).await;
        }
    }
}

#[tokio::test]
async fn closing_the_timeline_ends_what_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let reaper = Arc::new(Reaper::start());
    let timeline = Timeline::new(folder.path().to_owned(), folder.path().join("kept"), 1 << 20, Some(reaper));
    let none = porthole_base::error::Error::new(porthole_base::error::Code::EngineUnavailable, "not needed");
    timeline.run(Origin::Composer, Err(none), sh(&script(ESCAPES[5].1, &file, "exec sleep 600")));
    let escaped = Escaped::of(&file).await;
    timeline.close().await;
    drop(timeline);
    escaped.is_gone("the end of the timeline").await;
}

/// It was ended by SIGPIPE: it told a reaper of itself that was not there any more.
#[tokio::test]
async fn a_command_runs_when_the_reaper_was_killed() {
    for mode in [Containment::Cgroup, Containment::Subreaper, Containment::ProcessGroup] {
        let mut owner = Owner::start();
        let mut last = 0;
        for _ in 0..5 {
            last = eventually("another reaper", async || Some(owner.reaper()).filter(|now| *now != last)).await;
            kill(last, "-KILL");
            owner.run(mode, "exit 7");
            let run = owner.ended();
            assert_eq!((run.ending, run.failure), (Some(Ending::Exited { code: 7 }), None), "{mode:?}");
        }
        owner.close();
    }
}

#[tokio::test]
async fn a_command_runs_beside_a_reaper_that_does_not_read() {
    let mut owner = Owner::start();
    let reaper = owner.reaper();
    kill(reaper, "-STOP");
    for _ in 0..20 {
        owner.run(Containment::Cgroup, "exit 7");
        assert_eq!(owner.ended().ending, Some(Ending::Exited { code: 7 }));
    }
    kill(reaper, "-KILL");
    owner.close();
}

/// The program of this test is no reaper: each that is started ends at once.
#[tokio::test]
async fn a_command_runs_where_no_reaper_can_be_started() {
    let reaper = Arc::new(Reaper::start());
    let mut kept = Kept::empty();
    let (_stopper, stopping) = porthole_process::stops();
    let command = sh("echo out; exit 3");
    run_on_host(&command, stopping, Some(reaper), &mut kept).await;
    let run = run_of(command, &kept);
    assert_eq!(
        (run.ending, run.failure, kept.stdout.as_slice()),
        (Some(Ending::Exited { code: 3 }), None, &b"out\n"[..])
    );
}

/// Nothing but the new reaper is left to end what runs.
#[tokio::test]
async fn a_reaper_that_was_started_again_knows_what_runs() {
    for (mode, escape) in [
        (Containment::Cgroup, ESCAPES[5].1),
        (Containment::ProcessGroup, "sh -c 'echo $$ > FILE.new; mv FILE.new FILE; exec sleep 600' &"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let mut owner = Owner::start();
        let first = owner.reaper();
        owner.run(mode, &script(escape, &file, "echo ready; exec sleep 600"));
        assert_eq!(owner.line(), "wrote");
        let escaped = Escaped::of(&file).await;
        kill(first, "-KILL");
        let second = eventually("another reaper", async || Some(owner.reaper()).filter(|now| *now != first)).await;
        // It has read what it was told when it answers nothing more: its pipe is empty.
        assert_ne!(first, second);
        owner.run(mode, "true");
        owner.ended();
        kill(owner.child.id() as i32, "-STOP");
        if mode == Containment::Cgroup {
            kill(parent(escaped.pid), "-KILL");
        }
        owner.kill("-KILL");
        escaped.is_gone("the end of the owner and of the supervisor").await;
    }
}

#[tokio::test]
async fn a_run_tells_that_the_reaper_was_started_again() {
    let mut owner = Owner::start();
    let first = owner.reaper();
    owner.run(Containment::Cgroup, "echo ready; exec sleep 600");
    assert_eq!(owner.line(), "wrote");
    kill(first, "-KILL");
    eventually("another reaper", async || (owner.reaper() != first).then_some(())).await;
    owner.say("stop SIGTERM");
    let run = owner.ended();
    assert_eq!(run.reaper_restarts_us.len(), 1, "{run:?}");
    assert_eq!(run.ending, Some(Ending::Signaled { signal: 15, name: "SIGTERM".into() }));
    owner.close();
}

/// It can be killed by the command, which is the same user's. The run then ends with an error, and not never.
#[tokio::test]
async fn a_command_that_kills_its_supervisor_ends_with_it() {
    for mode in MODES {
        let live = Live::on_host_in(mode, sh("sleep 600 & kill -9 $PPID; sleep 600"));
        let (run, _) = live.task.await.unwrap();
        assert_eq!(run.failure.map(|error| error.code), Some(porthole_base::error::Code::SpawnFailed), "{mode:?}");
        let group = run.started.unwrap().pid.unwrap();
        eventually("an empty group", async || {
            let left = Command::new("kill").args(["-0", "--", &format!("-{group}")]).stderr(Stdio::null()).status();
            (!left.unwrap().success()).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_command_that_stops_its_supervisor_can_be_stopped() {
    for mode in MODES {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let mut live =
            Live::on_host_in(mode, sh(&script(ESCAPES[5].1, &file, "kill -STOP $PPID; echo ready; exec sleep 600")));
        live.wrote().await;
        let escaped = Escaped::of(&file).await;
        live.stopper.stop(Signal::Kill).await.unwrap();
        live.task.await.unwrap();
        escaped.is_gone("SIGKILL").await;
    }
}
