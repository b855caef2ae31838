//! A machine that gives few file handles.

use std::{fs::File, time::Duration};

use porthole_base::{
    error::{Code, Error},
    handles,
};
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_output::View;
use porthole_process::{Command, Place};
use porthole_tests::{
    calls::{Calls, ended, texts, told},
    eventually,
    rerun::with_handles,
};
use porthole_timeline::{Act, CallId, Origin, Outcome};

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test]
async fn thousands_of_ended_runs_keep_no_file_open() {
    if !with_handles("handles::thousands_of_ended_runs_keep_no_file_open", 160) {
        return;
    }
    const RUNS: usize = 2_000;
    let calls = Calls::new();
    let before = open_files();
    let mut ids: Vec<CallId> = Vec::new();
    for n in (0..RUNS).step_by(8) {
        let begun: Vec<CallId> = (n..n + 8).map(|n| calls.sh(&format!("echo out {n}; echo err {n} >&2"))).collect();
        for id in &begun {
            let row = ended(&calls.timeline, *id).await;
            assert!(matches!(row.outcome, Outcome::Ended { .. }), "{row:?}");
        }
        ids.extend(begun);
    }
    assert!(open_files() < before + 20, "{before} before, {} now", open_files());
    // Each can still be read, those just read again too.
    for (n, id) in ids.iter().enumerate().step_by(7) {
        assert_eq!(texts(&calls.timeline, *id, View::Stdout, 0, 2).await, [format!("out {n}")]);
        assert_eq!(texts(&calls.timeline, *id, View::Stderr, 0, 2).await, [format!("err {n}")]);
    }
    assert!(open_files() < before + 40, "{before} before, {} now", open_files());
    calls.timeline.clear();
    eventually("all files closed", async || (open_files() <= before + 2).then_some(())).await;
}

/// Everything that can still be opened.
fn exhaust() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

fn gate(calls: &Calls) -> String {
    let path = calls.directory.path().join("gate");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    path.display().to_string()
}

#[tokio::test]
async fn what_was_read_is_kept_when_no_file_can_be_made_for_it() {
    if !with_handles("handles::what_was_read_is_kept_when_no_file_can_be_made_for_it", 200) {
        return;
    }
    let calls = Calls::new();
    let gate = gate(&calls);
    let id = calls.sh(&format!("read go < {gate}; echo first; echo second; sleep 600"));
    told(&calls.timeline, |changes| changes.calls.iter().any(|row| row.outcome == Outcome::Running).then_some(()))
        .await;
    let mut taken = exhaust();
    // A writer of its own, with the one handle that is left.
    taken.pop();
    drop(
        File::options().write(true).open(&gate).map(|mut gate| std::io::Write::write_all(&mut gate, b"go\n")).unwrap(),
    );
    taken.extend(exhaust());
    let row = ended(&calls.timeline, id).await;
    let Act::Run(run) = calls.timeline.call(id).unwrap().act else { panic!("a run") };
    drop(taken);
    assert_eq!(row.outcome, Outcome::Failed { code: Code::TooManyOpenFiles }, "{row:?}");
    let error = run.failure.unwrap();
    assert!(error.message.contains("200") && error.hint.unwrap().contains("ulimit -n"), "{}", error.message);
    let kept = texts(&calls.timeline, id, View::Stdout, 0, 9).await;
    assert!(kept == ["first"] || kept == ["first", "second"], "{kept:?}");
}

#[tokio::test]
async fn a_command_and_a_request_that_find_no_handle_say_so() {
    if !with_handles("handles::a_command_and_a_request_that_find_no_handle_say_so", 200) {
        return;
    }
    let calls = Calls::new();
    let listener = std::os::unix::net::UnixListener::bind(calls.directory.path().join("s.sock")).unwrap();
    let taken = exhaust();
    let run = calls.sh("echo never");
    let endpoint = Endpoint::Unix(calls.directory.path().join("s.sock"));
    let sent = calls.timeline.send(Origin::Composer, endpoint, Request::new("GET", "/"));
    for id in [run, sent] {
        assert_eq!(ended(&calls.timeline, id).await.outcome, Outcome::Failed { code: Code::TooManyOpenFiles });
    }
    drop((taken, listener));
    // And it is over when there are handles again.
    assert!(matches!(ended(&calls.timeline, calls.sh("true")).await.outcome, Outcome::Ended { .. }));
}

#[tokio::test]
async fn the_raised_limit_is_not_that_of_commands() {
    if !with_handles("handles::the_raised_limit_is_not_that_of_commands", 300) {
        return;
    }
    // As a login has it: `ulimit -n` alone lowers both.
    nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE, 200, 300).unwrap();
    handles::raise();
    assert_eq!(handles::limit(), 300);
    let calls = Calls::new();
    let id = calls.ran("ulimit -Sn; ulimit -Hn").await;
    assert_eq!(texts(&calls.timeline, id, View::Stdout, 0, 9).await, ["200", "300"]);
    let no_engine = Err(Error::new(Code::EngineUnavailable, "none"));
    let python = Command::new(Place::Host, "sh", ["-c", "exec sh -c 'ulimit -n'"]);
    let id = calls.timeline.run(Origin::Page, no_engine, python);
    tokio::time::timeout(Duration::from_secs(30), ended(&calls.timeline, id)).await.unwrap();
    assert_eq!(texts(&calls.timeline, id, View::Stdout, 0, 9).await, ["200"]);
}
