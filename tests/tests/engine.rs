//! Commands in containers of a real engine.

#![cfg(unix)]
use std::sync::Arc;

use bollard::{
    models::{ContainerCreateBody, HostConfig},
    query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder},
};
use porthole_base::error::{Code, Error, Result};
use porthole_engine::exec::{run_in_container, shell_in};
use porthole_extension::BackendDeps;
use porthole_output::{Stream, View, record::Record};
use porthole_process::{Ending, EnvMode, EnvVar, Fed, Run, RunEvent, Signal, Stdin, TerminalSize, stops};
use porthole_tests::{
    calls::{Calls, ended, texts, told},
    containers::{InTerminal, running},
    eventually,
    recorder::{Kept, run_of},
};
use porthole_timeline::{Origin, Timeline};

fn code(run: &Run) -> Option<Code> {
    run.failure.as_ref().map(|error| error.code)
}

fn exited(code: i64) -> Option<Ending> {
    Some(Ending::Exited { code })
}

#[tokio::test]
async fn exit_codes_are_those_of_the_command() {
    let container = running().await;
    for expected in [0, 3, 126, 127, 137, 255] {
        let (run, _) = container.sh(&format!("exit {expected}")).await;
        assert_eq!((run.ending, run.failure), (exited(expected), None));
    }
    let (run, kept) = container.sh("nonesuch").await;
    assert_eq!((run.ending, run.failure), (exited(127), None), "a shell that finds nothing is not an engine's refusal");
    assert!(!kept.stderr.is_empty());
}

#[tokio::test]
async fn streams_are_told_apart_and_facts_are_told() {
    let container = Arc::new(running().await);
    let mut live = container.begin("echo out; echo err >&2; until [ -e /go ]; do sleep 0.05; done; echo more");
    live.wrote().await;
    container.sh(": >/go").await;
    let (run, kept) = live.task.await.unwrap();
    assert_eq!((kept.stdout.as_slice(), kept.stderr.as_slice()), (&b"out\nmore\n"[..], &b"err\n"[..]));
    assert_eq!(run.resolved.as_deref(), Some("/bin/sh"));
    let started = run.started.unwrap();
    assert!(started.pid.is_some() && started.container_id.is_some_and(|id| id.len() == 64));
    assert!(run.started_us < run.ended_us && run.ended_us <= run.closed_us);
}

#[tokio::test]
async fn directory_environment_and_user_are_those_asked_for() {
    let container = running().await;
    let mut command = container.command("sh", &["-c", "pwd; echo $LEVEL; id -u; cat notes.txt"]);
    command.cwd = Some("/data".into());
    command.env = vec![EnvVar { name: "LEVEL".into(), value: "a b=c".into() }];
    command.user = Some("author".into());
    let (run, kept) = container.run(command).await;
    assert_eq!(run.ending, exited(0));
    assert_eq!(String::from_utf8(kept.stdout).unwrap(), "/data\na b=c\n1000\nnot a program\n");
}

#[tokio::test]
async fn a_text_is_the_input_of_a_command_to_its_last_byte_and_one_that_does_not_read_it_ends() {
    let container = running().await;
    for text in [String::new(), "a\nb".into(), "x".repeat(1_000_000)] {
        let mut command = container.command("sh", &["-c", "wc -c"]);
        let bytes = text.len() as u64;
        command.stdin = Some(Stdin::Text { text });
        let (run, kept) = container.run(command).await;
        assert_eq!(run.ending, exited(0), "{:?}", run.failure);
        assert_eq!(String::from_utf8(kept.stdout).unwrap().trim(), bytes.to_string());
        assert_eq!(run.fed, Some(Fed { bytes, whole: true, error: None }));
    }
    let mut command = container.command("sh", &["-c", "exit 3"]);
    command.stdin = Some(Stdin::Text { text: "x".repeat(10_000_000) });
    let (run, _) = container.run(command).await;
    assert_eq!((run.ending, run.failure), (exited(3), None));
}

#[tokio::test]
async fn a_shell_in_a_terminal_is_typed_into_resized_and_its_exit_code_told() {
    let container = Arc::new(running().await);
    let mut terminal = InTerminal::begin(&container, "");
    terminal.types("echo a$((1+1))b\n").await;
    terminal.wrote("a2b\r\n").await;
    // The engine may take its time for a size.
    let until = |size: &str, word: &str| {
        format!("until [ \"$(busybox stty size)\" = '{size}' ]; do sleep 0.05; done; echo {word}\n")
    };
    terminal.types(&until("25 90", "first''size")).await;
    terminal.wrote("firstsize\r\n").await;
    terminal.user.resize(TerminalSize { columns: 120, rows: 40 });
    terminal.types(&until("40 120", "re''sized")).await;
    terminal.wrote("resized\r\n").await;
    terminal.types("sleep 77701\n").await;
    eventually("the sleep", async || container.has_process("sleep 77701").await.then_some(())).await;
    terminal.types("\u{3}").await;
    eventually("its end", async || (!container.has_process("sleep 77701").await).then_some(())).await;
    terminal.types("exit 3\n").await;
    let (run, kept) = terminal.live.task.await.unwrap();
    assert_eq!((run.ending, run.failure), (exited(3), None));
    assert!(kept.stderr.is_empty() && run.fed.unwrap().bytes > 100);
}

#[tokio::test]
async fn the_bytes_of_a_terminal_are_not_taken_for_frames() {
    let container = Arc::new(running().await);
    let script = "printf '\\001\\000\\000\\000\\377\\377\\377\\377'; sleep 0.3; printf '\\000\\002end'; exit 5";
    let (run, kept) = InTerminal::begin(&container, script).live.task.await.unwrap();
    assert_eq!((run.ending, run.failure), (exited(5), None));
    assert_eq!(kept.stdout, b"\x01\0\0\0\xff\xff\xff\xff\0\x02end");
}

#[tokio::test]
async fn a_hundred_megabytes_come_through_a_terminal_whole() {
    let container = Arc::new(running().await);
    let script = "dd if=/dev/zero bs=1000000 count=100 2>/dev/null | tr '\\0' x";
    let (run, kept) = InTerminal::begin(&container, script).live.task.await.unwrap();
    assert_eq!((run.ending, run.failure), (exited(0), None));
    assert_eq!(kept.stdout.len(), 100_000_000);
}

#[tokio::test]
async fn a_terminal_that_is_closed_leaves_no_process_inside() {
    let container = Arc::new(running().await);
    let mut terminal = InTerminal::begin(&container, "");
    terminal.types("trap '' HUP; sleep 77702 & echo re''ady; sleep 77702\n").await;
    terminal.wrote("ready").await;
    terminal.live.stopper.stop(Signal::Kill).await.unwrap();
    let (run, _) = terminal.live.task.await.unwrap();
    assert!(matches!(run.ending, Some(Ending::Signaled { signal: 9, .. })), "{:?}", run.ending);
    eventually("its end", async || (!container.has_process("sleep 77702").await).then_some(())).await;
}

#[tokio::test]
async fn the_shell_of_a_container_is_the_first_that_it_has() {
    let container = running().await;
    let name = container.name.parse().unwrap();
    assert_eq!(shell_in(&container.engine, &name).await.unwrap(), "/bin/sh");
    let (run, _) = container.run(container.command("busybox", &["rm", "/bin/sh"])).await;
    assert_eq!(run.ending, exited(0));
    let error = shell_in(&container.engine, &name).await.unwrap_err();
    assert_eq!(error.code, Code::ProgramNotFound);
    assert!(error.message.contains(&container.name) && error.hint.is_some(), "{error:?}");
    let gone = shell_in(&container.engine, &"porthole-nonesuch".parse().unwrap()).await.unwrap_err();
    assert_eq!(gone.code, Code::ContainerNotFound);
}

#[tokio::test]
async fn each_way_not_to_start_has_its_code_and_the_engines_words() {
    let container = running().await;
    let mut bad_cwd = container.command("true", &[]);
    bad_cwd.cwd = Some("/nowhere".into());
    let mut bad_user = container.command("true", &[]);
    bad_user.user = Some("ghost".into());
    let mut replaced = container.command("true", &[]);
    replaced.env_mode = EnvMode::Replace;
    for (command, expected) in [
        (container.command("nope", &[]), Code::ProgramNotFound),
        (container.command("/data/nope", &[]), Code::ProgramNotFound),
        (container.command("/data/notes.txt", &[]), Code::ProgramNotExecutable),
        (container.command("/data/broken", &[]), Code::ProgramNotExecutable),
        (bad_cwd, Code::CwdInvalid),
        (bad_user, Code::CommandInvalid),
        (replaced, Code::CommandInvalid),
        (container.command("", &[]), Code::CommandInvalid),
    ] {
        let shown = format!("{command:?}");
        let (run, _) = container.run(command).await;
        assert_eq!(code(&run), Some(expected), "{shown}: {run:?}");
    }
    // The engine's exit code and words are facts too, on whichever stream it writes them.
    let (run, kept) = container.run(container.command("nope", &[])).await;
    assert!(matches!(run.ending, Some(Ending::Exited { code: 126 | 127 })), "{:?}", run.ending);
    let words = String::from_utf8([kept.stdout, kept.stderr].concat()).unwrap();
    assert_eq!(run.failure.unwrap().detail.as_deref(), Some(words.trim()));
}

#[tokio::test]
async fn a_hundred_megabytes_come_through_whole() {
    struct Counted {
        bytes: u64,
        wrong: u64,
        ending: Option<Ending>,
    }
    impl Record<RunEvent> for Counted {
        fn event(&mut self, event: RunEvent) {
            if let RunEvent::Ended { ending, .. } = event {
                self.ending = Some(ending);
            }
        }

        fn chunk(&mut self, _: Stream, _: u64, bytes: &[u8]) -> Result<()> {
            self.wrong += bytes.iter().filter(|byte| **byte != b'x').count() as u64;
            self.bytes += bytes.len() as u64;
            Ok(())
        }
    }
    let container = running().await;
    let command = container.command("sh", &["-c", "dd if=/dev/zero bs=1048576 count=100 2>/dev/null | tr '\\0' x"]);
    let mut counted = Counted { bytes: 0, wrong: 0, ending: None };
    let (_stopper, stopping) = stops();
    run_in_container(&container.engine, &container.name, &command, stopping, None, &mut counted).await;
    assert_eq!((counted.bytes, counted.wrong, counted.ending), (100 * 1024 * 1024, 0, exited(0)));
}

#[tokio::test]
async fn a_full_disk_ends_the_run_and_leaves_nothing_inside() {
    struct Full;
    impl Record<RunEvent> for Full {
        fn event(&mut self, _: RunEvent) {}

        fn chunk(&mut self, _: Stream, _: u64, _: &[u8]) -> Result<()> {
            Err(Error::new(Code::SpillFailed, "the disk is full"))
        }
    }
    let container = running().await;
    let command = container.command("sh", &["-c", "echo x; sleep 54321"]);
    let (_stopper, stopping) = stops();
    run_in_container(&container.engine, &container.name, &command, stopping, None, &mut Full).await;
    eventually("the end of the command", async || (!container.has_process("54321").await).then_some(())).await;
}

#[tokio::test]
async fn stopping_leaves_no_process_inside() {
    let container = Arc::new(running().await);
    for (signal, name) in [(Signal::Term, "SIGTERM"), (Signal::Int, "SIGINT"), (Signal::Kill, "SIGKILL")] {
        let mut live = container.begin("sleep 44441 & echo ready; sleep 44442; echo never");
        live.wrote().await;
        live.stopper.stop(signal).await.unwrap();
        let (run, kept) = live.task.await.unwrap();
        // A shell sets SIGINT aside for its background children; the engine reports the leader's end.
        assert_eq!(run.ending, Some(Ending::Signaled { signal: signal.number(), name: name.into() }), "{run:?}");
        assert_eq!(run.stops.len(), 1);
        assert_eq!(kept.stdout, b"ready\n");
        if signal == Signal::Int {
            let (_, _) =
                container.sh("kill -9 $(ps | grep '4444[1]' | tr -s ' ' | cut -d' ' -f2) 2>/dev/null; ps").await;
        } else {
            eventually("an empty container", async || (!container.has_process("4444").await).then_some(())).await;
        }
    }
}

#[tokio::test]
async fn a_command_that_ignores_sigterm_goes_on_until_sigkill() {
    let container = Arc::new(running().await);
    let mut live = container.begin("trap '' TERM; echo ready; while :; do sleep 0.05; done");
    live.wrote().await;
    live.stopper.stop(Signal::Term).await.unwrap();
    live.stopper.stop(Signal::Kill).await.unwrap();
    let (run, _) = live.task.await.unwrap();
    assert_eq!(run.ending, Some(Ending::Signaled { signal: 9, name: "SIGKILL".into() }));
}

/// An engine answers the start of an exec before its process is there, and says until then that
/// it does not run. Taken for an end, this lost the output of commands that ran beside others.
#[tokio::test(flavor = "multi_thread")]
async fn forty_commands_at_once_lose_nothing() {
    let container = running().await;
    for _ in 0..2 {
        let runs = (0..40).map(|n| {
            let container = &container;
            async move { (n, container.sh(&format!("echo {n}; exit 3")).await) }
        });
        for (n, (run, kept)) in futures_util::future::join_all(runs).await {
            assert_eq!((run.ending, run.failure), (exited(3), None));
            assert_eq!(kept.stdout, format!("{n}\n").as_bytes());
        }
    }
}

/// The group of a command that ended at once was never seen, and its children could not be stopped.
#[tokio::test]
async fn children_of_a_leader_that_ended_at_once_can_be_stopped() {
    let container = Arc::new(running().await);
    let mut live = container.begin("sleep 45551 & echo x; exit 4");
    live.wrote().await;
    eventually("the leader's end", async || (!container.has_process("exit 4").await).then_some(())).await;
    // Podman closes the streams with the leader, and the run is over then.
    let stopped = live.stopper.stop(Signal::Term).await;
    let (run, _) = live.task.await.unwrap();
    assert_eq!(run.ending, exited(4));
    if stopped.is_err() {
        assert!(run.closed_us.is_some());
        return;
    }
    eventually("an empty container", async || (!container.has_process("45551").await).then_some(())).await;
}

/// Without a docker command there were no logs.
#[tokio::test]
async fn logs_are_followed_over_the_engines_api_and_stopped() {
    let container = running().await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("session")).unwrap();
    let timeline = Arc::new(Timeline::new(at("session"), at("kept"), 1 << 20, None));
    let deps = BackendDeps {
        engine: container.engine.clone(),
        timeline: Arc::clone(&timeline),
        reaper: None,
        cancelled: Default::default(),
    };
    let name = format!("{}-logs", container.name);
    for (script, is_stopped) in [("echo out; echo err >&2", false), ("echo out; echo err >&2; sleep 600", true)] {
        let body = ContainerCreateBody {
            image: Some("porthole-test-busybox:latest".into()),
            cmd: Some(["/bin/sh", "-c", script].map(String::from).to_vec()),
            // A shell that is the first process doesn't hear SIGTERM, and Podman would wait for it.
            stop_signal: Some("SIGKILL".into()),
            host_config: Some(HostConfig { network_mode: Some("none".into()), ..HostConfig::default() }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        container.docker.create_container(Some(options), body).await.unwrap();
        container.docker.start_container(&name, None).await.unwrap();
        let id = deps.follow_logs(&name.parse().unwrap());
        if is_stopped {
            eventually("both lines", async || {
                (timeline.lines(id, View::Both, 0, 0, false).await.unwrap().total >= 2).then_some(())
            })
            .await;
            timeline.stop(id, Signal::Term).await.unwrap();
        }
        let call = timeline.ended(id).await.unwrap();
        let porthole_sdk::call::Act::Run(run) = &call.act else { panic!("a Run") };
        let expected =
            if is_stopped { Some(Ending::Signaled { signal: 15, name: "SIGTERM".into() }) } else { exited(0) };
        assert_eq!((&run.ending, &run.failure), (&expected, &None));
        assert_eq!(timeline.exact(id, View::Stdout, 0, 9).await.unwrap().trim_end(), "out");
        assert_eq!(timeline.exact(id, View::Stderr, 0, 9).await.unwrap().trim_end(), "err");
        let force = RemoveContainerOptionsBuilder::default().force(true).build();
        container.docker.remove_container(&name, Some(force)).await.unwrap();
    }
}

/// A program that says what a runtime would say, and succeeds.
#[tokio::test]
async fn a_command_that_only_talks_of_an_exec_format_error_has_run() {
    let container = running().await;
    let (run, _) = container.sh("echo 'exec sh: exec format error' >&2; exit 0").await;
    assert_eq!((run.ending, run.failure), (exited(0), None));
}

#[tokio::test]
async fn a_stop_before_the_start_is_a_cancel() {
    let container = running().await;
    let (stopper, stopping) = stops();
    let command = container.command("sleep", &["600"]);
    let mut kept = Kept::empty();
    let stopping_early = stopper.stop(Signal::Term);
    let running = run_in_container(&container.engine, &container.name, &command, stopping, None, &mut kept);
    let (stopped, ()) = tokio::join!(stopping_early, running);
    stopped.unwrap();
    assert_eq!(code(&run_of(command, &kept)), Some(Code::Cancelled));
}

#[tokio::test]
async fn a_signal_that_porthole_did_not_send_is_the_engines_exit_code() {
    let container = running().await;
    let (run, _) = container.sh("kill -9 $$").await;
    assert_eq!(run.ending, exited(137));
}

#[tokio::test]
async fn a_container_that_is_gone_paused_or_stopped_is_each_its_own_error() {
    let container = running().await;
    let mut gone = container.command("true", &[]);
    gone.place = porthole_process::Place::Container { name: "porthole-no-such".into() };
    let mut kept = Kept::empty();
    let (_stopper, stopping) = stops();
    run_in_container(&container.engine, "porthole-no-such", &gone, stopping, None, &mut kept).await;
    assert_eq!(code(&run_of(gone, &kept)), Some(Code::ContainerNotFound));
    container.docker.pause_container(&container.name).await.unwrap();
    assert_eq!(code(&container.sh("true").await.0), Some(Code::ContainerPaused));
    container.docker.unpause_container(&container.name).await.unwrap();
    container.docker.kill_container(&container.name, None).await.unwrap();
    eventually("the container's end", async || container.engine.ready(&container.name).await.err()).await;
    assert_eq!(code(&container.sh("true").await.0), Some(Code::ContainerNotRunning));
}

#[tokio::test]
async fn a_container_removed_in_the_middle_keeps_what_was_read() {
    let container = Arc::new(running().await);
    let mut live = container.begin("echo before; sleep 600");
    live.wrote().await;
    // The engine may be busy with the files of the container, and is asked again.
    eventually("the container's removal", async || {
        let options = RemoveContainerOptionsBuilder::default().force(true).build();
        container.docker.remove_container(&container.name, Some(options)).await.ok()
    })
    .await;
    let (run, kept) = live.task.await.unwrap();
    assert_eq!(kept.stdout, b"before\n");
    // The engine may still tell the exit code, or have forgotten the exec with its container.
    match code(&run) {
        None => assert_eq!(run.ending, exited(137)),
        Some(code) => assert_eq!(code, Code::ContainerNotFound),
    }
}

#[tokio::test]
async fn containers_are_listed_running_ones_first() {
    let container = running().await;
    let listed = container.engine.containers().await.unwrap();
    let own = listed.iter().find(|found| found.name == container.name).unwrap();
    assert_eq!(own.state, "running");
    assert!(own.image.starts_with("porthole-test-busybox"));
}

#[tokio::test]
async fn an_output_of_millions_of_lines_waits_at_the_quota_and_is_whole_in_the_end() {
    let container = running().await;
    let calls = Calls::with_quota(5_000_000);
    let command = container.command("sh", &["-c", "seq 2000000; echo last >&2"]);
    let id = calls.timeline.run(Origin::Composer, Ok(container.engine.address().clone()), command);
    let disk = told(&calls.timeline, |changes| (changes.disk.waiting == 1).then_some(changes.disk)).await;
    assert!(disk.used < 6_000_000, "{disk:?}");
    calls.timeline.set_quota(u64::MAX);
    let row = ended(&calls.timeline, id).await;
    assert_eq!((row.counts.stdout.lines, row.counts.stderr.lines), (2_000_000, 1));
    for n in (0..2_000_000).step_by(39_979) {
        assert_eq!(texts(&calls.timeline, id, View::Stdout, n, 1).await, [(n + 1).to_string()]);
    }
    assert_eq!(texts(&calls.timeline, id, View::Stderr, 0, 9).await, ["last"]);
}
