use super::*;
use crate::demo_backend::DemoBackend;
use porthole_output::View;
use porthole_process::{Ending, Place};
use porthole_sdk::diagnostic::DiagnosticCounts;

/// Follows the changes as the page does, until a row is as wanted.
async fn until(timeline: &Timeline, id: CallId, wanted: impl Fn(&Summary) -> bool) -> Summary {
    let mut since = 0;
    loop {
        let changes = timeline.changes(since).await;
        since = changes.revision;
        if let Some(row) = changes.calls.into_iter().find(|row| row.id == id && wanted(row)) {
            return row;
        }
    }
}

async fn settled(timeline: &Timeline, id: CallId) -> Summary {
    until(timeline, id, |row| !row.outcome.is_live()).await
}

fn timeline() -> (tempfile::TempDir, Timeline) {
    let directory = tempfile::tempdir().unwrap();
    let timeline = Timeline::new(directory.path().to_owned(), directory.path().join("kept"), u64::MAX, None);
    (directory, timeline)
}

fn no_engine() -> Result<Address> {
    Err(Error::new(Code::EngineUnavailable, "no engine in this test"))
}

fn host(program: &str, args: &[&str]) -> Command {
    Command::new(Place::Host, program, args.iter().copied())
}

#[tokio::test]
async fn calls_stand_in_the_order_in_which_they_began() {
    let (_directory, timeline) = timeline();
    let demo = DemoBackend::start().await;
    let slow = Request::new("GET", "/slow?ms=60");
    let first = timeline.send(Origin::Composer, demo.endpoint().clone(), slow);
    let second = timeline.run(Origin::Composer, no_engine(), host("sh", &["-c", "echo 'a b'; exit 3"]));
    let run = settled(&timeline, second).await;
    assert_eq!(run.outcome, Outcome::Ended { ending: Ending::Exited { code: 3 } });
    assert_eq!(run.text, "sh -c 'echo '\\''a b'\\''; exit 3'");
    assert_eq!(run.counts.stdout.bytes, 4);
    let exchange = settled(&timeline, first).await;
    assert_eq!(exchange.outcome, Outcome::Status { status: 200, reason: "OK".into() });
    let all = timeline.changes(0).await;
    assert_eq!(all.calls.iter().map(|row| row.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!(timeline.lines(second, View::Both, 0, 9, false).await.unwrap().lines[0].text, "a b");
}

#[tokio::test]
async fn a_task_that_ends_without_a_result_is_a_defect_and_no_unreadable_output() {
    let ended = aside(|| -> Result<()> { panic!("a defect") }).await;
    assert_eq!(ended.unwrap_err().code, Code::Internal);
}

#[tokio::test]
async fn only_what_changed_is_told_and_what_was_cleared() {
    let (_directory, timeline) = timeline();
    let first = timeline.run(Origin::Composer, no_engine(), host("true", &[]));
    settled(&timeline, first).await;
    let since = timeline.changes(0).await.revision;
    let second = timeline.run(Origin::Composer, no_engine(), host("sleep", &["600"]));
    let told = timeline.changes(since).await;
    assert_eq!(told.calls.iter().map(|row| row.id).collect::<Vec<_>>(), [second]);
    timeline.clear();
    let cleared = timeline.changes(told.revision).await;
    let expected = Cleared { through: second, except: vec![second] };
    assert_eq!(cleared.cleared, Some(expected), "a running call is not cleared");
    assert_eq!(timeline.call(first).unwrap_err().code, Code::CallNotFound);
    assert_eq!(timeline.changes(0).await.cleared, None, "a fresh page never knew it");
    timeline.close().await;
    let Act::Run(ended) = timeline.call(second).unwrap().act else { panic!("not a run") };
    assert_eq!(ended.ending, Some(Ending::Signaled { signal: 15, name: "SIGTERM".into() }));
}

#[tokio::test]
async fn findings_are_counted_for_a_caller_that_follows_the_changes_also_of_calls_before() {
    let (_directory, timeline) = timeline();
    let run = || timeline.run(Origin::Composer, no_engine(), host("sh", &["-c", "exit 127"]));
    let first = run();
    timeline.ended(first).await.unwrap();
    until(&timeline, first, |row| row.found != DiagnosticCounts::default()).await;
    let second = run();
    until(&timeline, second, |row| row.found != DiagnosticCounts::default()).await;
}

#[tokio::test]
async fn cancelling_ends_a_stream_and_keeps_what_came() {
    let (_directory, timeline) = timeline();
    let demo = DemoBackend::start().await;
    let id = timeline.send(Origin::Composer, demo.endpoint().clone(), Request::new("GET", "/events?every=5"));
    until(&timeline, id, |row| row.counts.stdout.lines > 4).await;
    timeline.cancel(id).await.unwrap();
    let row = settled(&timeline, id).await;
    assert_eq!(row.outcome, Outcome::Cancelled);
    assert!(row.counts.stdout.lines > 4);
    timeline.cancel(id).await.unwrap();
    assert_eq!(timeline.stop(id, Signal::Term).await.unwrap_err().code, Code::StopFailed);
}

#[tokio::test]
async fn a_run_in_a_container_fails_as_its_engine_does() {
    let (_directory, timeline) = timeline();
    let command = Command::new(Place::Container { name: "c".into() }, "true", [] as [&str; 0]);
    let id = timeline.run(Origin::Composer, no_engine(), command);
    assert_eq!(settled(&timeline, id).await.outcome, Outcome::Failed { code: Code::EngineUnavailable });
}

#[tokio::test]
async fn closing_ends_commands_that_do_not_want_to() {
    let (_directory, timeline) = timeline();
    let stubborn = host("sh", &["-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"]);
    let id = timeline.run(Origin::Composer, no_engine(), stubborn);
    until(&timeline, id, |row| row.counts.stdout.lines > 0).await;
    timeline.close().await;
    let Act::Run(run) = timeline.call(id).unwrap().act else { panic!("not a run") };
    assert_eq!(run.ending, Some(Ending::Signaled { signal: 9, name: "SIGKILL".into() }));
    assert_eq!(run.stops.iter().map(|stop| stop.signal).collect::<Vec<_>>(), [Signal::Term, Signal::Kill]);
}
