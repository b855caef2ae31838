use std::path::PathBuf;

use super::*;
use crate::{compare::Allow, demo_backend::DemoBackend, inspect::tests::timeline};
use porthole_http::exchange::Header;

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
    timeline.replay(session, rules, options, &CancellationToken::new(), |_| ()).await.unwrap()
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
    assert_eq!(kinds(&replayed(&path, &rules, &gone).await), ["different", "different"]);
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
    assert!(matches!(found[1].result, ReplayResult::Skipped { reason: Skipped::Canceled }), "{found:?}");
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
    let found = timeline.replay(number, &Rules::default(), &allowed, &stop, |_| ()).await.unwrap();
    assert_eq!(kinds(&found), ["different"]);
    timeline.update_session(&session, &found, &path).unwrap();
    let updated = Session::open(&path).unwrap();
    assert_eq!(updated.calls()[0].call.origin, Origin::Console);
    std::fs::write(&counter, "x\n").unwrap();
    assert_eq!(kinds(&replayed(&path, &Rules::default(), &allowed).await), ["same"]);
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
