use super::*;
use crate::{
    Origin,
    demo_backend::DemoBackend,
    inspect::tests::{no_engine, nowhere, sh, timeline},
    session::samples::{self, header},
};
use porthole_base::error::Error;
use porthole_engine::target::Target;
use porthole_http::exchange::{Failure, Stage};
use porthole_process::Place;

async fn run(timeline: &Timeline, script: &str) -> CallId {
    let engine = Err(Error::new(Code::EngineUnavailable, "no engine in this test"));
    let command = Command::new(Place::Host, "sh", ["-c", script]);
    let id = timeline.run(Origin::Composer, engine, command);
    timeline.ended(id).await.unwrap();
    id
}

async fn send(timeline: &Timeline, backend: &DemoBackend, request: Request) -> CallId {
    let id = timeline.send(Origin::Composer, backend.endpoint().clone(), request);
    timeline.ended(id).await.unwrap();
    id
}

async fn compared(timeline: &Timeline, first: CallId, second: CallId, rules: &Rules) -> Comparison {
    timeline.compare(first, second, rules, CancellationToken::new()).await.unwrap()
}

/// The parts that differ.
fn differing(comparison: &Comparison) -> Vec<CallPart> {
    let differs = |part: &&ComparedPart| part.part != CallPart::Timing && part.difference != Difference::Same;
    comparison.parts.iter().filter(differs).map(|part| part.part).collect()
}

#[tokio::test]
async fn a_request_that_gets_the_same_response_is_the_same() {
    let (_directory, timeline) = timeline();
    let backend = DemoBackend::start().await;
    let first = send(&timeline, &backend, Request::new("GET", "/hello")).await;
    let second = send(&timeline, &backend, Request::new("GET", "/hello")).await;
    let comparison = compared(&timeline, first, second, &Rules::default()).await;
    let allow = comparison.proposed();
    assert_eq!(comparison.is_same(), differing(&comparison).is_empty());
    let rules = Rules { allow, ..Rules::default() };
    assert!(compared(&timeline, first, second, &rules).await.is_same(), "{comparison:?}");
}

#[tokio::test]
async fn another_status_and_body_are_found() {
    let (_directory, timeline) = timeline();
    let backend = DemoBackend::start().await;
    let first = send(&timeline, &backend, Request::new("GET", "/hello")).await;
    let second = send(&timeline, &backend, Request::new("GET", "/no-such-route")).await;
    let parts = differing(&compared(&timeline, first, second, &Rules::default()).await);
    for part in [CallPart::Request, CallPart::Outcome, CallPart::Body, CallPart::InYourCode] {
        assert!(parts.contains(&part), "{part:?} in {parts:?}");
    }
}

#[tokio::test]
async fn commands_are_compared_by_their_end_and_both_streams() {
    let (_directory, timeline) = timeline();
    let first = run(&timeline, "echo same; echo one >&2; exit 3").await;
    let again = run(&timeline, "echo same; echo one >&2; exit 3").await;
    let other = run(&timeline, "echo same; echo two >&2; exit 4").await;
    let killed = run(&timeline, "echo same; kill -9 $$").await;
    assert!(compared(&timeline, first, again, &Rules::default()).await.is_same());
    let parts = differing(&compared(&timeline, first, other, &Rules::default()).await);
    assert_eq!(parts[..3], [CallPart::Request, CallPart::Outcome, CallPart::Stderr]);
    let comparison = compared(&timeline, first, killed, &Rules::default()).await;
    let outcome = comparison.parts.iter().find(|part| part.part == CallPart::Outcome).unwrap();
    let Difference::Fields { fields } = &outcome.difference else { panic!("{outcome:?}") };
    let named: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(named, ["exit code", "signal"]);
}

#[tokio::test]
async fn what_is_allowed_in_the_output_is_allowed_in_what_code_receives() {
    let (_directory, timeline) = timeline();
    let first = run(&timeline, "echo up since 1; echo ready").await;
    let second = run(&timeline, "echo up since 2; echo ready").await;
    let pattern = "^up since".to_owned();
    let rules = Rules { allow: vec![Allow::Lines { pattern }], ..Rules::default() };
    let comparison = compared(&timeline, first, second, &rules).await;
    // The scripts differ.
    assert_eq!(differing(&comparison), [CallPart::Request]);
}

#[tokio::test]
async fn lines_that_look_as_if_they_differ_each_time_are_proposed_and_then_the_same() {
    let (_directory, timeline) = timeline();
    let script = |pid: u32, took: &str| format!("echo worker {pid} up; echo 'took {took}' >&2; echo ready");
    let first = run(&timeline, &script(17, "12ms")).await;
    let second = run(&timeline, &script(4711, "1.5s")).await;
    let allow = compared(&timeline, first, second, &Rules::default()).await.proposed();
    assert_eq!(allow[0], Allow::Lines { pattern: "^worker [0-9]+ up$".to_owned() });
    assert_eq!(allow.len(), 2, "{allow:?}");
    let comparison = compared(&timeline, first, second, &Rules { allow, ..Rules::default() }).await;
    assert_eq!(differing(&comparison), [CallPart::Request]);
    let other = run(&timeline, "echo worker 9 up; echo 'took 3ms' >&2; echo broken").await;
    let rules = Rules { allow: comparison_rules(), ..Rules::default() };
    assert!(differing(&compared(&timeline, first, other, &rules).await).contains(&CallPart::Stdout));
}

fn comparison_rules() -> Vec<Allow> {
    ["^worker [0-9]+ up$", "^took "].map(|pattern| Allow::Lines { pattern: pattern.to_owned() }).to_vec()
}

/// The part of callbacks of two streaming commands.
async fn callbacks_of(rules: &Rules, split: bool, scripts: [&str; 2]) -> ComparedPart {
    let (_directory, timeline) = timeline();
    let mut ids = Vec::new();
    for script in scripts {
        let sdk = sh(script, Runtime::DockerDesktop, Some(split));
        let id = timeline.perform(Origin::Console, sdk, &Target::demo(), nowhere(), no_engine()).unwrap();
        timeline.ended(id).await.unwrap();
        ids.push(id);
    }
    let comparison = compared(&timeline, ids[0], ids[1], rules).await;
    comparison.parts.into_iter().find(|part| part.part == CallPart::Callbacks).unwrap()
}

#[tokio::test]
async fn callbacks_are_compared_without_the_lines_that_may_differ() {
    let rules = Rules { allow: comparison_rules(), ..Rules::default() };
    for split in [true, false] {
        let scripts = ["echo worker 1 up; echo ready", "echo worker 22 up; echo ready"];
        // The line that is left out is the last one, and only one of them has it.
        let last = ["printf 'ready\ntook 1 ms'", "printf ready"];
        assert_eq!(callbacks_of(&rules, split, last).await.difference, Difference::Same, "{split}");
        assert_eq!(callbacks_of(&rules, split, scripts).await.difference, Difference::Same, "{split}");
        assert_ne!(callbacks_of(&Rules::default(), split, scripts).await.difference, Difference::Same);
        let other = ["echo worker 1 up; echo ready", "echo worker 22 up; echo broken"];
        assert_ne!(callbacks_of(&rules, split, other).await.difference, Difference::Same);
    }
}

/// A session with one GET of this JSON, in the timeline.
async fn of_json(timeline: &Timeline, folder: &std::path::Path, name: &str, json: &str) -> CallId {
    let headers = vec![header("content-type", "application/json")];
    let sample = samples::exchange(Request::new("GET", "/items"), headers, json.as_bytes());
    let path = folder.join(name);
    samples::write(&path, &[sample], &serde_json::Value::Null);
    let session = timeline.open_session(path).await.unwrap();
    timeline.calls_of_session(session)[0]
}

/// The body was the same, and what code received of it was DIFFERENT on each runtime.
#[tokio::test]
async fn names_in_another_order_are_the_same_in_what_code_receives() {
    let (directory, timeline) = timeline();
    let first = of_json(&timeline, directory.path(), "1.porthole", r#"{"a":1,"b":[{"c":2,"d":"A"}]}"#).await;
    let same = of_json(&timeline, directory.path(), "2.porthole", r#"{"b":[{"d":"\u0041","c":2.0}],"a":1}"#).await;
    let other = of_json(&timeline, directory.path(), "3.porthole", r#"{"b":[{"d":"B","c":2}],"a":1}"#).await;
    assert_eq!(differing(&compared(&timeline, first, same, &Rules::default()).await), []);
    let parts = differing(&compared(&timeline, first, other, &Rules::default()).await);
    assert!(parts.contains(&CallPart::Body) && parts.contains(&CallPart::InYourCode), "{parts:?}");
}

#[test]
fn one_argument_with_a_line_break_and_two_arguments_were_the_same() {
    let of = |args: &[&str]| samples::run(samples::command("echo", args), Vec::new()).call;
    let part = fields(CallPart::Request, &asked(&of(&["a\nb"])), &asked(&of(&["a", "b"])), |_| false);
    let Difference::Fields { fields } = part.difference else { panic!("{part:?}") };
    assert_eq!(fields[0].first.as_deref(), Some(r#"["a\nb"]"#));
    assert_eq!(fields[0].second.as_deref(), Some(r#"["a","b"]"#));
}

#[test]
fn a_failure_is_shown_in_words_and_compared_by_its_code() {
    let of = |code: Code, message: &str| {
        let mut call = samples::exchange(Request::new("GET", "/"), Vec::new(), b"").call;
        let Act::Exchange(exchange) = &mut call.act else { panic!("an exchange") };
        exchange.response = None;
        exchange.failure = Some(Failure::new(Stage::Connect, Error::new(code, message)));
        call
    };
    let first = of(Code::EndpointMissing, "Nothing is listening on a.sock");
    let moved = of(Code::EndpointMissing, "Nothing is listening on b.sock");
    let other = of(Code::TimedOut, "Timed out");
    assert_eq!(outcomes(&first, &moved).difference, Difference::Same);
    let Difference::Fields { fields } = outcomes(&first, &other).difference else { panic!("the same") };
    assert_eq!(fields[0].first.as_deref(), Some("Nothing is listening on a.sock"));
    assert_eq!(fields[0].second.as_deref(), Some("Timed out"));
}

#[tokio::test]
async fn a_request_and_a_command_have_nothing_in_common() {
    let (_directory, timeline) = timeline();
    let backend = DemoBackend::start().await;
    let first = send(&timeline, &backend, Request::new("GET", "/hello")).await;
    let second = run(&timeline, "echo hello").await;
    assert!(!compared(&timeline, first, second, &Rules::default()).await.is_same());
}

#[tokio::test]
async fn a_rule_that_cannot_be_read_is_refused() {
    let (_directory, timeline) = timeline();
    let first = run(&timeline, "true").await;
    for allow in [
        Allow::Path { path: "items".to_owned() },
        Allow::Lines { pattern: "(".to_owned() },
        Allow::Matches { path: "$".to_owned(), pattern: "a{99999999}".to_owned() },
    ] {
        let rules = Rules { allow: vec![allow], ..Rules::default() };
        let refused = timeline.compare(first, first, &rules, CancellationToken::new()).await;
        assert_eq!(refused.unwrap_err().code, Code::RuleInvalid);
    }
}

#[tokio::test]
async fn a_large_output_is_compared_without_being_held() {
    let (_directory, timeline) = timeline();
    let lines = |last: &str| format!("seq 1000000; echo {last}");
    let first = run(&timeline, &lines("one")).await;
    let second = run(&timeline, &lines("two")).await;
    let comparison = compared(&timeline, first, second, &Rules::default()).await;
    let stdout = comparison.parts.iter().find(|part| part.part == CallPart::Stdout).unwrap();
    let Difference::Text { hunks, .. } = &stdout.difference else { panic!("{stdout:?}") };
    assert_eq!((hunks[0].lines.last().unwrap().second, stdout.partial), (Some(1_000_001), None));
}
