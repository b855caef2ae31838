//! Commands on this machine, with everything that real ones do.

#![cfg(unix)]

use std::{fs, os::unix::fs::PermissionsExt};

use porthole_base::error::{Code, Error, Result};
use porthole_engine::target::{Host, Target};
use porthole_output::{Stream, View, record::Record};
use porthole_process::{
    Command, Containment, Ending, EnvVar, Fed, Place, Run, RunEvent, Signal, Stdin, Streaming, run_on_host,
    run_on_host_in, stops,
};
use porthole_sdk::{
    call::Act,
    runtime::Runtime,
    sdk_call::{CliTarget, Sdk, SdkCall, SdkExec},
};
use porthole_tests::{
    eventually,
    recorder::{Kept, Live, run_of},
};
use porthole_timeline::{Origin, Timeline};
use tokio::sync::watch;

fn command(program: &str, args: &[&str]) -> Command {
    Command::new(Place::Host, program, args.iter().copied())
}

fn sh(script: &str) -> Command {
    command("sh", &["-c", script])
}

async fn run(command: Command) -> (Run, Kept<RunEvent>) {
    let mut kept = Kept::empty();
    let (_stopper, stopping) = stops();
    run_on_host(&command, stopping, None, &mut kept).await;
    (run_of(command, &kept), kept)
}

fn signaled(signal: i32, name: &str) -> Option<Ending> {
    Some(Ending::Signaled { signal, name: name.into() })
}

/// Whether a process with this command line lives.
fn lives(line: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.into_iter().any(|found| String::from_utf8_lossy(&found).replace('\0', " ").trim() == line)
}

#[tokio::test]
async fn codes_signals_and_streams_are_those_of_the_command() {
    for code in [0, 3, 126, 127, 255] {
        let (run, _) = run(sh(&format!("exit {code}"))).await;
        assert_eq!(run.ending, Some(Ending::Exited { code }));
        assert_eq!(run.failure, None);
    }
    for (signal, name) in [(15, "SIGTERM"), (9, "SIGKILL"), (11, "SIGSEGV"), (10, "SIGUSR1")] {
        let (run, _) = run(sh(&format!("kill -{signal} $$"))).await;
        assert_eq!(run.ending, signaled(signal, name));
    }
    let (run, kept) = run(sh("echo out; echo err >&2")).await;
    assert_eq!((kept.stdout.as_slice(), kept.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
    assert!(run.resolved.unwrap().ends_with("/sh"));
    assert!(run.started.unwrap().pid.is_some());
    assert!(run.started_us <= run.ended_us && run.ended_us <= run.closed_us);
}

/// In each way in which a command can be started.
async fn run_with(stdin: Stdin, mut command: Command) -> Vec<(Run, Kept<RunEvent>)> {
    command.stdin = Some(stdin);
    let mut all = Vec::new();
    for most in [Containment::Cgroup, Containment::Subreaper, Containment::ProcessGroup] {
        let mut kept = Kept::empty();
        let (_stopper, stopping) = stops();
        run_on_host_in(&command, most, stopping, None, &mut kept).await;
        all.push((run_of(command.clone(), &kept), kept));
    }
    all
}

#[tokio::test]
async fn a_text_and_a_file_are_the_input_of_a_command_to_their_last_byte() {
    let text = "é\n".repeat(200_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in put");
    fs::write(&path, &text).unwrap();
    let file = Stdin::File { path: path.to_str().unwrap().into() };
    for stdin in [Stdin::Text { text: text.clone() }, file, Stdin::Text { text: String::new() }] {
        let expected = if stdin == (Stdin::Text { text: String::new() }) { "" } else { &text };
        for (run, kept) in run_with(stdin, command("cat", &[])).await {
            assert_eq!(run.ending, Some(Ending::Exited { code: 0 }), "{:?}", run.failure);
            assert!(kept.stdout == expected.as_bytes());
            assert_eq!(run.fed, Some(Fed { bytes: expected.len() as u64, whole: true, error: None }));
        }
    }
}

#[tokio::test]
async fn a_command_that_does_not_take_its_input_ends_as_it_would_without() {
    let text = "x".repeat(5_000_000);
    for script in ["exit 3", "exec <&-; sleep 0.05; exit 3", "head -c 10 >/dev/null; exit 3"] {
        for (run, _) in run_with(Stdin::Text { text: text.clone() }, sh(script)).await {
            assert_eq!((run.ending, run.failure), (Some(Ending::Exited { code: 3 }), None), "{script}");
            let fed = run.fed.unwrap();
            assert!(!fed.whole && fed.error.is_none() && fed.bytes < 5_000_000, "{script}: {fed:?}");
        }
    }
}

#[tokio::test]
async fn a_command_whose_input_file_is_missing_is_not_started() {
    for path in ["/nonexistent/in", "relative", "/dev/zero", "/"] {
        for (run, _) in run_with(Stdin::File { path: path.into() }, command("cat", &[])).await {
            let error = run.failure.unwrap();
            assert_eq!(error.code, Code::StdinUnreadable, "{path}");
            assert!(error.message.contains(path) && run.started.is_none());
        }
    }
}

#[tokio::test]
async fn arguments_arrive_as_they_were_given() {
    let odd = ["", " ", "a b", "$HOME", "`id`", "*", "'\"", "\n", "é", "--"];
    let mut args = vec!["-c", "import sys; sys.stdout.write('\\0'.join(sys.argv[1:]))"];
    args.extend(odd);
    let (_, kept) = run(command("python3", &args)).await;
    assert_eq!(String::from_utf8(kept.stdout).unwrap(), odd.join("\0"));
}

#[tokio::test]
async fn a_hundred_megabytes_come_through_whole() {
    struct Counted(u64);
    impl Record<RunEvent> for Counted {
        fn event(&mut self, _: RunEvent) {}

        fn chunk(&mut self, _: Stream, _: u64, bytes: &[u8]) -> Result<()> {
            self.0 += bytes.len() as u64;
            Ok(())
        }
    }
    let mut counted = Counted(0);
    let (_stopper, stopping) = stops();
    let flood = sh("head -c 104857600 /dev/zero; head -c 1000 /dev/zero >&2");
    run_on_host(&flood, stopping, None, &mut counted).await;
    assert_eq!(counted.0, 104_857_600 + 1000);
}

#[tokio::test]
async fn programs_that_the_system_cannot_start_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let script = |name: &str, text: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    };
    for (program, code, word) in [
        (script("no-first-line", b"echo hi\n"), Code::ProgramNotExecutable, "isn't a program"),
        (script("no-interpreter", b"#!/no/such/interpreter\n"), Code::ProgramNotExecutable, "interpreter"),
        (script("windows-lines", b"#!/bin/sh\r\necho hi\r\n"), Code::ScriptCarriageReturn, "carriage return"),
        (script("broken", b"\x7fELF broken"), Code::ProgramNotExecutable, "isn't a program"),
    ] {
        let (run, _) = run(command(&program, &[])).await;
        let error = run.failure.unwrap();
        assert_eq!(error.code, code, "{program}");
        assert!(error.message.contains(word) && error.hint.is_some(), "{error:?}");
    }
    let (run, _) = run(command("true", &[&"x".repeat(3_000_000)])).await;
    assert_eq!(
        run.failure.map(|error| error.code),
        Some(Code::SpawnFailed),
        "an argument longer than the system takes"
    );
}

#[tokio::test]
async fn each_signal_reaches_the_whole_group() {
    for (signal, name) in [(Signal::Term, "SIGTERM"), (Signal::Int, "SIGINT"), (Signal::Kill, "SIGKILL")] {
        // Both of a pipeline are in the group; a shell leaves those in the foreground alone.
        let line = format!("sleep 7100{}", signal.number());
        let mut live = Live::on_host(sh(&format!("echo ready; {line} | {line}1")));
        live.wrote().await;
        live.stopper.stop(signal).await.unwrap();
        let (run, kept) = live.task.await.unwrap();
        assert_eq!(run.ending, signaled(signal.number(), name));
        assert_eq!(kept.stdout, b"ready\n");
        assert!(!lives(&line) && !lives(&format!("{line}1")));
    }
}

#[tokio::test]
async fn a_grandchild_that_holds_the_streams_keeps_the_run_open_and_can_be_stopped() {
    let mut live = Live::on_host(sh("sleep 72001 & echo left; exit 4"));
    live.wrote().await;
    eventually("a stop that reaches it", async || live.stopper.stop(Signal::Term).await.ok()).await;
    let (run, _) = live.task.await.unwrap();
    assert_eq!(
        run.ending.map(|ending| matches!(ending, Ending::Exited { code: 4 } | Ending::Signaled { .. })),
        Some(true)
    );
    assert!(!lives("sleep 72001"));
}

#[tokio::test]
async fn streams_held_outside_of_the_group_do_not_hold_a_stop_up() {
    // With a process group alone it lives on, and is ended by its id.
    for most in [Containment::ProcessGroup, Containment::Cgroup] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("setsid sh -c 'echo $$ > {}; exec sleep 73001' & echo left; exit 0", file.display());
        let mut live = Live::on_host_in(most, sh(&script));
        live.wrote().await;
        let left: i32 = eventually("its id", async || fs::read_to_string(&file).ok()?.trim().parse().ok()).await;
        let out = eventually("the end of the shell", async || {
            live.stopper.stop(Signal::Kill).await.ok();
            live.task.is_finished().then_some(())
        });
        out.await;
        assert!(live.task.await.unwrap().0.closed_us.is_some());
        let process = format!("/proc/{left}");
        if most == Containment::ProcessGroup {
            assert!(std::process::Command::new("kill").arg(left.to_string()).status().unwrap().success());
        }
        eventually("its end", async || (!fs::exists(&process).unwrap()).then_some(())).await;
    }
}

#[tokio::test]
async fn a_dropped_run_is_killed_with_its_group() {
    let mut live = Live::on_host(sh("echo ready; sleep 74001 | sleep 74002"));
    live.wrote().await;
    live.task.abort();
    eventually("the end of both", async || (!lives("sleep 74001") && !lives("sleep 74002")).then_some(())).await;
}

#[tokio::test]
async fn a_full_disk_ends_the_run_with_that_error() {
    struct Full(Vec<RunEvent>);
    impl Record<RunEvent> for Full {
        fn event(&mut self, event: RunEvent) {
            self.0.push(event);
        }

        fn chunk(&mut self, _: Stream, _: u64, _: &[u8]) -> Result<()> {
            Err(Error::new(Code::SpillFailed, "the disk is full"))
        }
    }
    let mut full = Full(Vec::new());
    let (_stopper, stopping) = stops();
    run_on_host(&sh("echo x; sleep 75001"), stopping, None, &mut full).await;
    let Some(RunEvent::Failed { error, .. }) = full.0.last() else { panic!("{:?}", full.0) };
    assert_eq!(error.code, Code::SpillFailed);
    eventually("the end of the command", async || (!lives("sleep 75001")).then_some(())).await;
}

#[tokio::test]
async fn a_flood_on_stdout_does_not_hold_stderr_or_a_stop_up() {
    /// Tells when the flood goes on and stderr was heard in it.
    struct Heard {
        flood: u64,
        heard: watch::Sender<bool>,
        ending: Option<Ending>,
    }
    impl Record<RunEvent> for Heard {
        fn event(&mut self, event: RunEvent) {
            if let RunEvent::Ended { ending, .. } = event {
                self.ending = Some(ending);
            }
        }

        fn chunk(&mut self, stream: Stream, _: u64, bytes: &[u8]) -> Result<()> {
            match stream {
                Stream::Stdout => self.flood += bytes.len() as u64,
                Stream::Stderr => drop(self.heard.send_replace(self.flood > 10_000_000)),
            }
            Ok(())
        }
    }
    let heard = watch::Sender::new(false);
    let mut hearing = heard.subscribe();
    let (stopper, stopping) = stops();
    let task = tokio::spawn(async move {
        let mut record = Heard { flood: 0, heard, ending: None };
        run_on_host(&sh("yes & while :; do echo here >&2; sleep 0.02; done"), stopping, None, &mut record).await;
        record.ending
    });
    hearing.wait_for(|heard| *heard).await.unwrap();
    stopper.stop(Signal::Kill).await.unwrap();
    assert_eq!(task.await.unwrap(), signaled(9, "SIGKILL"));
}

#[tokio::test]
async fn a_removed_directory_is_said_before_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let mut there = sh("pwd");
    there.cwd = Some(directory.path().display().to_string());
    there.env = vec![EnvVar { name: "A".into(), value: "1".into() }];
    assert_eq!(run(there.clone()).await.0.ending, Some(Ending::Exited { code: 0 }));
    drop(directory);
    assert_eq!(run(there).await.0.failure.map(|error| error.code), Some(Code::CwdInvalid));
}

#[tokio::test]
async fn two_hundred_runs_at_once_all_end_with_their_own_output() {
    let runs = (0..200).map(|n| async move {
        let (run, kept) = run(sh(&format!("echo {n}; exit {}", n % 50))).await;
        assert_eq!(run.ending, Some(Ending::Exited { code: n % 50 }));
        assert_eq!(kept.stdout, format!("{n}\n").as_bytes());
    });
    futures_util::future::join_all(runs).await;
}

/// A folder with a program of an extension's own, which tells the arguments that it got and its PATH's first folder.
fn programs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let tool = folder.path().join("porthole-test-tool");
    fs::write(&tool, "#!/bin/sh\necho \"$# ${PATH%%:*} ${PATH##*:}\"\n").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[tokio::test]
async fn an_extensions_own_programs_run_by_their_names_and_the_facts_say_which() {
    let folder = programs();
    let own = folder.path().display().to_string();
    let host = Host { bin: Some(own.clone()), ..Host::default() };
    let target = Target { host, ..Target::demo() };
    let (run, kept) = run(target.applied_to(command("porthole-test-tool", &["a b"]))).await;
    assert_eq!(run.failure, None);
    assert!(String::from_utf8(kept.stdout).unwrap().starts_with(&format!("1 {own} ")));
    assert_eq!(run.resolved, Some(format!("{own}/porthole-test-tool")));
    let (run, _) = self::run(command("porthole-test-tool", &[])).await;
    assert_eq!(run.failure.map(|error| error.code), Some(Code::ProgramNotFound));

    // As code asks for it: through a shell or not, behind the others or before them, or not there at all.
    let home = tempfile::tempdir().unwrap();
    let timeline = Timeline::new(home.path().to_owned(), home.path().join("kept"), 1_000_000, None);
    let streaming = Some(Streaming::default());
    for (runtime, stream, wrote) in [
        (Runtime::DockerDesktop, None, format!("1 {own} ")),
        (Runtime::DockerDesktop, streaming, format!("1 {own} ")),
        (Runtime::RancherDesktop, None, format!(" {own}\n")),
        (Runtime::PodmanDesktop, streaming, String::new()),
    ] {
        let asked = SdkCall::Exec(SdkExec {
            whose: CliTarget::Host,
            cmd: "porthole-test-tool".into(),
            args: vec!["x".into()],
            line: false,
            cwd: None,
            env: vec![],
            stream,
            container: None,
        });
        let none = Error::new(Code::EndpointMissing, "not asked");
        let sdk = Sdk::new(asked, runtime);
        let id = timeline.perform(Origin::Console, sdk, &target, Err(none.clone()), Err(none)).unwrap();
        let call = timeline.ended(id).await.unwrap();
        let Act::Run(run) = &call.act else { panic!("no run") };
        assert_eq!(run.failure.is_none(), !wrote.is_empty(), "{runtime} {run:?}");
        let lines = timeline.exact(id, View::Stdout, 0, 1).await.unwrap_or_default();
        assert!(format!("{}\n", lines.trim_end()).contains(&wrote), "{runtime}: {lines}");
    }
    timeline.close().await;
}
