use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::*;
use crate::{
    compare::{Allow, CallPart, Capture},
    demo_backend::DemoBackend,
    inspect::tests::timeline,
    session::{PATIENCE, Session, SessionWriter, append},
};
use porthole_http::exchange::{Body, Failure, Header, Request, Stage, Unrecorded};
use porthole_process::Command;

fn options(endpoint: Option<&Endpoint>) -> ReplayOptions {
    ReplayOptions {
        endpoint: endpoint.cloned(),
        container: None,
        engine: Err(Error::new(Code::EngineUnavailable, "no engine in this test")),
        allow_host: false,
        at_recorded_times: false,
        only: None,
    }
}

fn sh(script: &str) -> Command {
    Command::new(Place::Host, "sh", ["-c", script])
}

async fn ended(timeline: &Timeline, id: CallId) {
    timeline.ended(id).await.unwrap();
}

/// Writes what the timeline has to a session file.
fn saved(timeline: &Timeline, directory: &tempfile::TempDir) -> PathBuf {
    let path = directory.path().join("recorded.porthole");
    let mut writer = SessionWriter::begin(&path, true).unwrap();
    for one in timeline.recorded(None) {
        writer.add(&one.call, &one.output, false).unwrap();
    }
    writer.finish(&serde_json::Value::Null).unwrap();
    path
}

async fn replayed(path: &Path, rules: &Rules, options: &ReplayOptions) -> Vec<Replayed> {
    let (_directory, timeline) = timeline();
    let session = timeline.open_session(path.to_owned()).await.unwrap();
    let mut found = Vec::new();
    timeline.replay(session, rules, options, &CancellationToken::new(), |one| found.push(one)).await.unwrap();
    found
}

/// The kinds of the results: `same`, `different`, `skipped`, `failed`.
fn kinds(replayed: &[Replayed]) -> Vec<&'static str> {
    let kind = |one: &Replayed| match one.result {
        ReplayResult::Same { .. } => "same",
        ReplayResult::Different { .. } => "different",
        ReplayResult::Skipped { .. } => "skipped",
        ReplayResult::Failed { .. } => "failed",
    };
    replayed.iter().map(kind).collect()
}

#[tokio::test]
async fn requests_go_to_another_endpoint_and_are_compared() {
    let (directory, recording) = timeline();
    let backend = DemoBackend::start().await;
    for path in ["/hello", "/no-such-route"] {
        let id = recording.send(Origin::Composer, backend.endpoint().clone(), Request::new("GET", path));
        ended(&recording, id).await;
    }
    let path = saved(&recording, &directory);
    let other = DemoBackend::start().await;
    drop(backend);
    // A second later it is another one.
    let rules = Rules { allow: vec![Allow::Header { name: "Date".to_owned() }], ..Rules::default() };
    let found = replayed(&path, &rules, &options(Some(other.endpoint()))).await;
    assert_eq!(kinds(&found), ["same", "same"], "{found:?}");
    let gone = options(None);
    assert_eq!(kinds(&replayed(&path, &rules, &gone).await), ["failed", "failed"]);
    let only = ReplayOptions { only: Some("GET /hello".to_owned()), ..options(Some(other.endpoint())) };
    assert_eq!(kinds(&replayed(&path, &rules, &only).await), ["same", "skipped"]);
}

#[tokio::test]
async fn what_acts_on_this_machine_is_left_out_unless_it_is_allowed() {
    let (directory, recording) = timeline();
    let marker = directory.path().join("marker");
    let engine = || Err(Error::new(Code::EngineUnavailable, "no engine in this test"));
    ended(&recording, recording.run(Origin::Console, engine(), sh(&format!("echo ran >> {}", marker.display())))).await;
    let backend = DemoBackend::start().await;
    let file = Request { body: Body::File { path: marker.display().to_string() }, ..Request::new("POST", "/echo") };
    ended(&recording, recording.send(Origin::Composer, backend.endpoint().clone(), file)).await;
    let named = Place::Container { name: "some".to_owned() };
    ended(&recording, recording.run(Origin::Composer, engine(), Command::new(named, "true", [""; 0]))).await;
    let path = saved(&recording, &directory);
    std::fs::remove_file(&marker).unwrap();
    let found = replayed(&path, &Rules::default(), &options(Some(backend.endpoint()))).await;
    let reasons: Vec<Skipped> = found
        .iter()
        .filter_map(|one| match one.result {
            ReplayResult::Skipped { reason } => Some(reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [Skipped::NeedsHost, Skipped::NeedsHost, Skipped::NeedsContainer]);
    assert!(!marker.exists());
    let allowed = ReplayOptions { allow_host: true, ..options(Some(backend.endpoint())) };
    assert_eq!(kinds(&replayed(&path, &Rules::default(), &allowed).await)[0], "same");
    assert!(marker.exists());
}

#[tokio::test]
async fn a_canceled_recording_is_not_compared() {
    let (directory, recording) = timeline();
    let id = recording.run(Origin::Composer, Err(Error::new(Code::EngineUnavailable, "none")), sh("sleep 60"));
    recording.cancel(id).await.unwrap();
    ended(&recording, id).await;
    let backend = DemoBackend::start().await;
    let stream = recording.send(Origin::Composer, backend.endpoint().clone(), Request::new("GET", "/events"));
    recording.cancel(stream).await.unwrap();
    ended(&recording, stream).await;
    let path = saved(&recording, &directory);
    let allowed = ReplayOptions { allow_host: true, ..options(Some(backend.endpoint())) };
    let found = replayed(&path, &Rules::default(), &allowed).await;
    for one in &found {
        assert!(matches!(one.result, ReplayResult::Skipped { reason: Skipped::Canceled }), "{found:?}");
    }
}

#[tokio::test]
async fn an_updated_session_expects_the_new_results() {
    let (directory, recording) = timeline();
    let counter = directory.path().join("counter");
    let script = format!("echo x >> {0}; wc -l < {0}", counter.display());
    let engine = Err(Error::new(Code::EngineUnavailable, "none"));
    ended(&recording, recording.run(Origin::Console, engine, sh(&script))).await;
    let path = saved(&recording, &directory);
    let allowed = ReplayOptions { allow_host: true, ..options(None) };
    let (_other, timeline) = timeline();
    let session = Session::open(&path).unwrap();
    let number = timeline.open_session(path.clone()).await.unwrap();
    let stop = CancellationToken::new();
    let mut found = Vec::new();
    timeline.replay(number, &Rules::default(), &allowed, &stop, |one| found.push(one)).await.unwrap();
    assert_eq!(kinds(&found), ["different"]);
    // A call that was added meanwhile stays.
    append(&path, &timeline.recorded(None)[..1], PATIENCE).unwrap();
    timeline.update_session(&session, &found).unwrap();
    let updated = Session::open(&path).unwrap();
    assert_eq!(updated.calls()[0].call.origin, Origin::Console);
    assert_eq!(updated.calls().len(), 2);
    assert_eq!(timeline.update_session(&session, &found).unwrap_err().code, Code::SessionChanged);
    std::fs::write(&counter, "x\n").unwrap();
    assert_eq!(kinds(&replayed(&path, &Rules::default(), &allowed).await)[0], "same");
}

#[tokio::test]
async fn values_of_a_response_get_into_later_requests() {
    let (directory, recording) = timeline();
    let backend = DemoBackend::start().await;
    let send = |body: &str, path: &str| {
        let headers = vec![Header { name: "X-Seen".to_owned(), value: "id 17".to_owned() }];
        let body = Body::Json { text: body.to_owned() };
        let request = Request { headers, body, ..Request::new("POST", path) };
        recording.send(Origin::Composer, backend.endpoint().clone(), request)
    };
    ended(&recording, send(r#"{"id":17}"#, "/echo")).await;
    ended(&recording, send(r#"{"of":17}"#, "/echo?id=17")).await;
    let path = saved(&recording, &directory);
    let capture = vec![Capture { name: "id".to_owned(), call: 1, path: "$..id".to_owned() }];
    let rules = Rules { capture, ..Rules::default() };
    let found = replayed(&path, &rules, &options(Some(backend.endpoint()))).await;
    // The echo answers with the same id as it did, so nothing changes on the way.
    assert_eq!(kinds(&found).len(), 2);
    assert!(!matches!(found[1].result, ReplayResult::Failed { .. }), "{found:?}");
}

/// A timeline with a session of requests to a backend that is there.
async fn opened(paths: &[&str]) -> ([tempfile::TempDir; 2], Arc<Timeline>, DemoBackend, u32) {
    let (directory, recording) = timeline();
    let backend = DemoBackend::start().await;
    for path in paths {
        let id = recording.send(Origin::Composer, backend.endpoint().clone(), Request::new("GET", *path));
        ended(&recording, id).await;
    }
    let path = saved(&recording, &directory);
    let (other, timeline) = timeline();
    let session = timeline.open_session(path).await.unwrap();
    ([directory, other], Arc::new(timeline), backend, session)
}

/// Waits until the replay that is shown has ended.
async fn over(timeline: &Timeline) -> ReplayState {
    let mut since = 0;
    loop {
        let changes = timeline.changes(since).await;
        match changes.replay {
            Some(state) if !state.running => return state,
            _ => since = changes.revision,
        }
    }
}

#[tokio::test]
async fn a_shown_replay_tells_of_each_call_and_the_rules_of_the_session_allow_differences() {
    let (_directories, timeline, backend, session) = opened(&["/hello", "/no-such-route"]).await;
    timeline.set_session_rules(session, Rules { allow: vec![date()], ..Rules::default() }).await.unwrap();
    timeline.replay_shown(session, options(Some(backend.endpoint()))).unwrap();
    let state = over(&timeline).await;
    assert_eq!((state.same, state.done, state.whole, state.error), (2, 2, 2, None));
    let ReplayList { rows, total, proposed } = timeline.replay_results(1, 9, false);
    assert_eq!((rows.len(), total, proposed), (1, 2, Vec::new()));
    assert_eq!((rows[0].number, rows[0].title.as_deref()), (2, Some("GET /no-such-route")));
    assert_eq!(timeline.replay_results(0, 9, true).total, 0);
    let (recorded, new) = (rows[0].recorded, rows[0].call.unwrap());
    let call = timeline.changes(0).await.calls.into_iter().find(|row| row.id == new).unwrap();
    assert_eq!((call.origin, call.group.map(|group| group.number)), (Origin::Replay, Some(1)));
    let compared = timeline.compare_shown(recorded, new).await.unwrap();
    assert_eq!((compared.session, compared.comparison.is_same()), (Some(session), true));
    // The request of the two is the same one, but that of another call is not.
    assert!(compared.comparison.parts.iter().all(|part| part.part != CallPart::Request));
    let other = timeline.compare_shown(recorded, rows[0].recorded - 1).await.unwrap();
    assert!(other.comparison.parts.iter().any(|part| part.part == CallPart::Request));
    timeline.close_session(session);
    assert_eq!(timeline.replay_results(0, 9, false).total, 0);
    assert_eq!(timeline.changes(0).await.replay, None);
}

fn date() -> Allow {
    Allow::Header { name: "Date".to_owned() }
}

#[tokio::test]
async fn a_difference_is_listed_with_the_rule_that_would_allow_it() {
    let (_directories, timeline, backend, session) = opened(&["/hello"]).await;
    // The recorded date is of another second.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    timeline.replay_shown(session, options(Some(backend.endpoint()))).unwrap();
    assert_eq!(over(&timeline).await.different, 1);
    let list = timeline.replay_results(0, 9, true);
    assert_eq!(list.rows[0].result, ReplayRowResult::Different { parts: vec![CallPart::Headers] });
    assert_eq!(list.proposed, [Allow::Header { name: "date".to_owned() }]);
    timeline.set_session_rules(session, Rules { allow: list.proposed, ..Rules::default() }).await.unwrap();
    assert_eq!(timeline.replay_results(0, 9, true).proposed, []);
    timeline.replay_shown(session, options(Some(backend.endpoint()))).unwrap();
    assert_eq!(over(&timeline).await.same, 1);
}

#[tokio::test]
async fn a_stopped_replay_ends_its_call_and_makes_no_more() {
    let (_directories, timeline, backend, session) = opened(&["/hello", "/hello"]).await;
    // One that answers nothing: a replay of the first call would wait for it.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap()).parse::<Endpoint>().unwrap();
    timeline.replay_shown(session, options(Some(&endpoint))).unwrap();
    let _accepted = silent.accept().await.unwrap();
    timeline.replay_stop();
    let state = over(&timeline).await;
    assert_eq!((state.done, state.error), (0, None));
    let results = timeline.replay_results(0, 9, false).rows;
    assert!(results.iter().all(|row| row.result == ReplayRowResult::NotRun), "{results:?}");
    let made: Vec<CallId> = timeline
        .changes(0)
        .await
        .calls
        .into_iter()
        .filter(|row| row.origin == Origin::Replay)
        .map(|row| row.id)
        .collect();
    assert_eq!(made.len(), 1);
    ended(&timeline, made[0]).await;
    // Another one begins from the start, and what is left of the first says nothing about it.
    timeline.replay_shown(session, options(Some(backend.endpoint()))).unwrap();
    assert_eq!(over(&timeline).await.done, 2);
}

#[tokio::test]
async fn a_terminal_is_not_replayed() {
    let (directory, recording) = timeline();
    let terminal = Some(porthole_process::TerminalSize { columns: 80, rows: 24 });
    let command = Command { terminal, ..sh("exit") };
    let engine = Err(Error::new(Code::EngineUnavailable, "none"));
    ended(&recording, recording.run(Origin::Composer, engine, command)).await;
    let path = saved(&recording, &directory);
    let allowed = ReplayOptions { allow_host: true, ..options(None) };
    let found = replayed(&path, &Rules::default(), &allowed).await;
    assert!(matches!(found[0].result, ReplayResult::Skipped { reason: Skipped::Terminal }), "{found:?}");
}

#[tokio::test]
async fn an_engine_is_reached_only_when_that_is_allowed() {
    let (_directories, timeline, _backend, session) = opened(&["/hello"]).await;
    let engine = Endpoint::Engine { name: "default".to_owned() };
    timeline.replay_shown(session, options(Some(&engine))).unwrap();
    over(&timeline).await;
    let result = timeline.replay_results(0, 1, false).rows.remove(0).result;
    assert_eq!(result, ReplayRowResult::Skipped { reason: Skipped::NeedsHost });
}

/// An update with the backend down replaced every expected response by a failure.
#[tokio::test]
async fn a_call_that_got_no_response_does_not_become_what_is_expected() {
    let (directory, recording) = timeline();
    let backend = DemoBackend::start().await;
    let id = recording.send(Origin::Composer, backend.endpoint().clone(), Request::new("GET", "/hello"));
    ended(&recording, id).await;
    let engine = || Err(Error::new(Code::EngineUnavailable, "none"));
    ended(&recording, recording.run(Origin::Composer, engine(), sh("true"))).await;
    let path = saved(&recording, &directory);
    drop(backend);
    let (_other, timeline) = timeline();
    let session = Session::open(&path).unwrap();
    let number = timeline.open_session(path.clone()).await.unwrap();
    let mut found = Vec::new();
    let lost = ReplayOptions { allow_host: true, ..options(None) };
    timeline.replay(number, &Rules::default(), &lost, &CancellationToken::new(), |one| found.push(one)).await.unwrap();
    assert_eq!(kinds(&found), ["failed", "same"], "{found:?}");
    assert!(found[0].call.is_some() && found[0].result_of().is_none());
    timeline.update_session(&session, &found).unwrap();
    let updated = Session::open(&path).unwrap();
    assert_eq!(updated.calls()[0].call.act, session.calls()[0].call.act);
}

#[tokio::test]
async fn a_value_that_the_response_lacks_is_a_failure_and_not_a_literal_name_in_the_next_request() {
    let (_directories, timeline, backend, session) = opened(&["/hello", "/hello"]).await;
    let capture = |call: u32, path: &str| Capture { name: "id".to_owned(), call, path: path.to_owned() };
    let to = options(Some(backend.endpoint()));
    let replay = async |rules: Rules| {
        let mut found = Vec::new();
        let done = timeline.replay(session, &rules, &to, &CancellationToken::new(), |one| found.push(one)).await;
        (done.map_err(|error| error.code), found)
    };
    let rules = |capture: Vec<Capture>| Rules { capture, allow: vec![date()] };
    let (done, found) = replay(rules(vec![capture(1, "$.no-such-name")])).await;
    assert_eq!((done, kinds(&found)), (Ok(()), vec!["failed", "same"]));
    assert_eq!(replay(rules(vec![capture(3, "$.id")])).await.0, Err(Code::RuleInvalid), "there are two calls");
    let twice = rules(vec![capture(1, "$.a"), capture(2, "$.b")]);
    assert_eq!(twice.check().unwrap_err().code, Code::RuleInvalid, "one name, two values");
}

#[tokio::test]
async fn a_selection_without_a_call_is_an_error() {
    let (_directories, timeline, backend, session) = opened(&["/hello"]).await;
    let only = ReplayOptions { only: Some("GET /helo".to_owned()), ..options(Some(backend.endpoint())) };
    let done = timeline.replay(session, &Rules::default(), &only, &CancellationToken::new(), |_| {}).await;
    assert_eq!(done.unwrap_err().code, Code::CallNotFound);
}

/// They were sent again without their body, or waited for what never came.
#[tokio::test]
async fn a_request_that_was_not_recorded_to_its_end_is_left_out() {
    let (_directory, recording) = timeline();
    let backend = DemoBackend::start().await;
    ended(&recording, recording.send(Origin::Tap, backend.endpoint().clone(), Request::new("GET", "/hello"))).await;
    let whole = recording.recorded(None)[0].call.clone();
    let but = |change: fn(&mut Exchange)| {
        let mut call = whole.clone();
        let Act::Exchange(exchange) = &mut call.act else { panic!("a request was sent") };
        change(exchange);
        left_out(&call, &options(None))
    };
    assert_eq!(but(|_| {}), None);
    let missing = but(|exchange| exchange.unrecorded = Some(Unrecorded { request_bytes: 1, response_bytes: 0 }));
    assert_eq!(missing, Some(Skipped::Incomplete));
    // A part of the response is missing: what is there is compared.
    assert_eq!(but(|exchange| exchange.unrecorded = Some(Unrecorded { request_bytes: 0, response_bytes: 1 })), None);
    let upgraded = but(|exchange| exchange.response.as_mut().expect("a response").status = 101);
    assert_eq!(upgraded, Some(Skipped::Upgraded));
    let left = but(|exchange| {
        let error = Error::new(Code::ClientClosed, "closed");
        let received = String::new();
        exchange.failure = Some(Failure { stage: Stage::Body, error, received, protocol: None, reset: false });
    });
    assert_eq!(left, Some(Skipped::Canceled));
}
