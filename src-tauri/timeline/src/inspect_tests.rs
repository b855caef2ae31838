use super::*;
use crate::Origin;
use crate::demo_backend::DemoBackend;
use porthole_output::View;
use porthole_process::{Command, Place, Signal, Streaming};
use porthole_sdk::{
    runtime::Runtime,
    sdk_call::{CliTarget, SdkCall, SdkExec, SdkRequest},
    sdk_result::{Callback, Called, SdkOutcome, Value, render, render_callbacks},
};

pub(crate) fn timeline() -> (tempfile::TempDir, Timeline) {
    let directory = tempfile::tempdir().unwrap();
    let timeline = Timeline::new(directory.path().to_owned(), directory.path().join("kept"), u64::MAX, None);
    (directory, timeline)
}

pub(crate) fn nowhere() -> Result<Endpoint> {
    "unix:///nowhere.sock".parse()
}

pub(crate) fn no_engine() -> Result<Address> {
    Err(Error::new(Code::EngineUnavailable, "no engine in this test"))
}

pub(crate) fn sh(script: &str, runtime: Runtime, stream: Option<bool>) -> Sdk {
    let stream = stream.map(|split_lines| Streaming { split_lines });
    let args =
        if stream.is_some() { vec!["-c".into(), script.into()] } else { vec!["-c".into(), format!("'{script}'")] };
    let (cwd, env) = (None, vec![]);
    let asked =
        SdkExec { whose: CliTarget::Host, cmd: "sh".into(), args, line: false, cwd, env, stream, container: None };
    Sdk::new(SdkCall::Exec(asked), runtime)
}

async fn followed(timeline: &Timeline, id: CallId) -> (Vec<Callback>, Option<porthole_sdk::sdk_result::Text>) {
    let (mut rows, mut from) = (Vec::new(), 0);
    loop {
        let found = timeline.next_callbacks(id, from).await.unwrap();
        assert_eq!(found.from, from);
        from += found.rows.len() as u64;
        rows.extend(found.rows);
        if found.ended {
            assert_eq!(from, found.total);
            return (rows, found.lost);
        }
    }
}

async fn streamed(script: &str, runtime: Runtime, split: bool) -> String {
    let (_directory, timeline) = timeline();
    let sdk = sh(script, runtime, Some(split));
    let id = timeline.perform(Origin::Console, sdk, &Target::demo(), nowhere(), no_engine()).unwrap();
    render_callbacks(&followed(&timeline, id).await.0)
}

#[tokio::test]
async fn what_code_asks_is_done_and_delivered() {
    let (_directory, timeline) = timeline();
    let sdk = sh("printf out; printf err >&2; exit 3", Runtime::DockerDesktop, None);
    let id = timeline.perform(Origin::Console, sdk.clone(), &Target::demo(), nowhere(), no_engine()).unwrap();
    let delivered = timeline.sdk_result(id).await.unwrap();
    assert!(delivered.as_run);
    let text = render(&delivered.outcome);
    assert!(text.contains("code: 3") && text.contains("stdout: 'out'") && text.contains("stderr: 'err'"), "{text}");
    let call = timeline.call(id).unwrap();
    assert_eq!((call.origin, call.sdk), (Origin::Console, Some(sdk)));
}

#[tokio::test]
async fn callbacks_come_as_the_runtime_makes_them() {
    let script = "printf \"a\\nb\"; exit 2";
    assert_eq!(
        streamed(script, Runtime::DockerDesktop, true).await,
        "onOutput({ stdout: 'a' })\nonOutput({ stdout: 'b' })\nonClose(2)\n"
    );
    assert_eq!(streamed(script, Runtime::RancherDesktop, true).await, "onOutput({ stdout: 'a' })\nonClose(2)\n");
    assert_eq!(streamed(script, Runtime::PodmanDesktop, false).await, "onOutput({ stdout: 'a\\nb' })\nonClose(2)\n");
}

#[tokio::test]
async fn what_a_runtime_loses_is_told() {
    let (_directory, timeline) = timeline();
    let sdk = sh("printf \"a\\nlost\"", Runtime::RancherDesktop, Some(true));
    let id = timeline.perform(Origin::Console, sdk, &Target::demo(), nowhere(), no_engine()).unwrap();
    assert_eq!(followed(&timeline, id).await.1.unwrap().text, "lost");
    let docker = timeline.callbacks(id, Runtime::DockerDesktop, true, 0, 9).await.unwrap();
    assert_eq!((docker.total, docker.lost), (3, None));
}

#[tokio::test]
async fn a_closed_command_ends_as_the_runtime_has_it() {
    for (runtime, end) in [(Runtime::DockerDesktop, "onClose(null)\n"), (Runtime::RancherDesktop, "")] {
        let (_directory, timeline) = timeline();
        let sdk = sh("echo up; exec sleep 600", runtime, Some(true));
        let id = timeline.perform(Origin::Console, sdk, &Target::demo(), nowhere(), no_engine()).unwrap();
        let first = timeline.next_callbacks(id, 0).await.unwrap();
        assert_eq!((first.rows.len(), first.ended), (1, false));
        timeline.stop(id, Signal::Term).await.unwrap();
        let last = timeline.next_callbacks(id, 1).await.unwrap();
        assert!(last.ended);
        assert_eq!(render_callbacks(&last.rows), end, "{runtime}");
    }
}

#[tokio::test]
async fn any_callback_of_many_is_found() {
    let (_directory, timeline) = timeline();
    let command = Command::new(Place::Host, "seq", ["300000"]);
    let id = timeline.run(Origin::Composer, no_engine(), command);
    timeline.ended(id).await.unwrap();
    let mut found = timeline.callbacks(id, Runtime::DockerDesktop, true, 0, 1).await.unwrap();
    while !found.whole {
        found = timeline.callbacks(id, Runtime::DockerDesktop, true, 0, 1).await.unwrap();
    }
    assert_eq!((found.total, found.rows.len()), (300_001, 1));
    for from in [0, 1, 4095, 4096, 4097, 123_456, 299_998] {
        let found = timeline.callbacks(id, Runtime::DockerDesktop, true, from, 2).await.unwrap();
        let text = format!("onOutput({{ stdout: '{}' }})\nonOutput({{ stdout: '{}' }})\n", from + 1, from + 2);
        assert_eq!(render_callbacks(&found.rows), text);
        assert_eq!(found.rows[1].n, from + 1);
    }
    let last = timeline.callbacks(id, Runtime::DockerDesktop, true, 300_000, 5).await.unwrap();
    assert_eq!(render_callbacks(&last.rows), "onClose(0)\n");
    let beyond = timeline.callbacks(id, Runtime::DockerDesktop, true, 300_001, 5).await.unwrap();
    assert!(beyond.rows.is_empty() && beyond.ended);
    let chunks = timeline.lines(id, View::Chunks, 0, 1, false).await.unwrap().total;
    assert_eq!(timeline.callbacks(id, Runtime::DockerDesktop, false, 0, 1).await.unwrap().total, chunks + 1);
}

#[tokio::test]
async fn a_shown_callback_is_cut_and_a_delivered_one_is_whole() {
    let (_directory, timeline) = timeline();
    let sdk = sh("head -c 2000000 /dev/zero | tr \"\\\\0\" x; echo; echo y", Runtime::DockerDesktop, Some(true));
    let id = timeline.perform(Origin::Console, sdk, &Target::demo(), nowhere(), no_engine()).unwrap();
    let whole = followed(&timeline, id).await.0;
    let text = |row: &Callback| match &row.what {
        Called::Output { value: Value::Text(text), .. } => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((text(&whole[0]).text.len(), text(&whole[1]).text.as_str()), (2_000_000, "y"));
    let shown = timeline.callbacks(id, Runtime::DockerDesktop, true, 0, 9).await.unwrap();
    let shown = text(&shown.rows[0]);
    assert_eq!((shown.text.len(), shown.bytes, shown.cut), (1024, 2_000_000, true));
}

#[tokio::test]
async fn what_is_too_long_for_one_value_is_refused() {
    let (_directory, timeline) = timeline();
    let target = Target::demo();
    let long = "head -c 67200000 /dev/zero";
    let plain = timeline
        .perform(Origin::Console, sh(long, Runtime::DockerDesktop, None), &target, nowhere(), no_engine())
        .unwrap();
    assert_eq!(timeline.sdk_result(plain).await.unwrap_err().code, Code::ValueTooLarge);
    let shown = timeline.sdk_results(plain).await.unwrap();
    assert!(matches!(shown[0].outcome, SdkOutcome::Resolved { .. }));
    let line = sh(long, Runtime::DockerDesktop, Some(true));
    let line = timeline.perform(Origin::Console, line, &target, nowhere(), no_engine()).unwrap();
    timeline.ended(line).await.unwrap();
    assert_eq!(timeline.next_callbacks(line, 0).await.unwrap_err().code, Code::ValueTooLarge);
}

#[tokio::test]
async fn flags_tell_where_a_chunk_was_cut() {
    let (directory, timeline) = timeline();
    // The second half of the character waits until the first was read.
    let go = directory.path().join("go");
    let script = format!("printf '\\303'; until [ -e {} ]; do :; done; printf '\\274\\n'", go.display());
    let command = Command { stream: Some(Streaming::default()), ..Command::new(Place::Host, "sh", ["-c", &script]) };
    let id = timeline.run(Origin::Composer, no_engine(), command);
    let mut since = 0;
    while timeline.output(id).unwrap().counts().chunks == 0 {
        since = timeline.changes(since).await.revision;
    }
    std::fs::write(go, "").unwrap();
    timeline.ended(id).await.unwrap();
    let rancher = timeline.callbacks(id, Runtime::RancherDesktop, false, 0, 9).await.unwrap();
    assert_eq!(
        render_callbacks(&rancher.rows),
        "onOutput({ stdout: '\u{fffd}' })\nonOutput({ stdout: '\u{fffd}\\n' })\nonClose(0)\n"
    );
    let Called::Output { begins_in_character, ends_in_character, begins_in_line, ends_in_line, .. } =
        rancher.rows[1].what
    else {
        panic!("no output")
    };
    assert_eq!((begins_in_character, ends_in_character, begins_in_line, ends_in_line), (true, false, true, false));
    let docker = timeline.callbacks(id, Runtime::DockerDesktop, false, 0, 9).await.unwrap();
    assert_eq!(render_callbacks(&docker.rows), "onOutput({ stdout: 'ü\\n' })\nonClose(0)\n");
}

#[tokio::test]
async fn a_request_is_delivered_whole_and_shown_cut() {
    let (_directory, timeline) = timeline();
    let demo = DemoBackend::start().await;
    let asked = |url: &str| {
        let (headers, named, data) = (vec![], true, None);
        SdkCall::Request(SdkRequest { method: "GET".into(), url: url.into(), headers, named, data })
    };
    let perform = |url: &str| {
        let sdk = Sdk::new(asked(url), Runtime::DockerDesktop);
        timeline.perform(Origin::Console, sdk, &Target::demo(), Ok(demo.endpoint().clone()), no_engine()).unwrap()
    };
    let hello = timeline.sdk_result(perform("/hello")).await.unwrap();
    assert_eq!(render(&hello.outcome), "resolves to { message: 'Hello from the demo backend' }");
    let long = perform("/bytes/100000");
    let SdkOutcome::Resolved { value: Value::Text(whole) } = timeline.sdk_result(long).await.unwrap().outcome else {
        panic!("no text")
    };
    assert_eq!((whole.text.len(), whole.cut), (100_000, false));
    let SdkOutcome::Resolved { value: Value::Text(shown) } =
        timeline.sdk_results(long).await.unwrap().remove(0).outcome
    else {
        panic!("no text")
    };
    assert_eq!((shown.text.len(), shown.bytes, shown.cut), (SHOWN, 100_000, true));
    let pending = perform("/events?every=5");
    assert_eq!(timeline.sdk_results(pending).await.unwrap()[0].outcome, SdkOutcome::Pending);
    let none = timeline.callbacks(pending, Runtime::DockerDesktop, true, 0, 9).await.unwrap();
    assert_eq!((none.total, none.ended), (0, false));
    timeline.cancel(pending).await.unwrap();
    assert_eq!(timeline.sdk_result(pending).await.unwrap().outcome, SdkOutcome::Never);
}

#[tokio::test]
async fn what_cannot_be_performed_is_refused() {
    let (_directory, timeline) = timeline();
    let perform =
        |sdk: Sdk| timeline.perform(Origin::Console, sdk, &Target::demo(), nowhere(), no_engine()).unwrap_err().code;
    let mut sdk = sh("true", Runtime::DockerDesktop, None);
    let SdkCall::Exec(asked) = &mut sdk.asked else { panic!("no exec") };
    asked.whose = CliTarget::Vm;
    assert_eq!(perform(sdk.clone()), Code::ContainerNotFound);
    let SdkCall::Exec(asked) = &mut sdk.asked else { panic!("no exec") };
    asked.line = true;
    assert_eq!(perform(Sdk { runtime: Runtime::PodmanDesktop, ..sdk }), Code::RuntimeRefuses);
    let list = porthole_sdk::sdk_call::SdkList { what: porthole_sdk::sdk_call::EngineList::Images, options: None };
    let list = Sdk::new(SdkCall::List(list), Runtime::DockerDesktop);
    assert_eq!(perform(list), Code::EngineUnavailable);
    assert_eq!(timeline.sdk_results(7).await.unwrap_err().code, Code::CallNotFound);
}

#[tokio::test]
async fn a_kept_call_tells_the_same_after_a_start() {
    let directory = tempfile::tempdir().unwrap();
    let at = || Timeline::new(directory.path().to_owned(), directory.path().join("kept"), u64::MAX, None);
    let (before, told) = {
        let timeline = at();
        let sdk = sh("printf \"a\\nb\"; exit 3", Runtime::RancherDesktop, Some(true));
        let id = timeline.perform(Origin::Console, sdk, &Target::demo(), nowhere(), no_engine()).unwrap();
        timeline.ended(id).await.unwrap();
        timeline.keep(id, true).await.unwrap();
        (followed(&timeline, id).await, timeline.sdk_results(id).await.unwrap())
    };
    let timeline = at();
    timeline.reopen_kept();
    let mut since = 0;
    let id = loop {
        let changes = timeline.changes(since).await;
        since = changes.revision;
        if let Some(row) = changes.calls.first() {
            break row.id;
        }
    };
    assert_eq!(followed(&timeline, id).await, before);
    assert_eq!(timeline.sdk_results(id).await.unwrap(), told);
}

#[tokio::test]
async fn a_body_that_is_in_memory_has_no_callbacks_and_is_received() {
    let (_directory, timeline) = timeline();
    let demo = DemoBackend::start().await;
    let request = porthole_http::exchange::Request::new("GET", "/hello");
    let id = timeline.send(Origin::Composer, demo.endpoint().clone(), request);
    timeline.ended(id).await.unwrap();
    assert!(!timeline.output(id).unwrap().path(Stream::Stdout).exists());
    for received in timeline.sdk_results(id).await.unwrap() {
        assert_eq!(render(&received.outcome), "resolves to { message: 'Hello from the demo backend' }");
        assert!(received.as_run);
    }
    let none = timeline.next_callbacks(id, 0).await.unwrap();
    assert!(none.ended && none.rows.is_empty());
}
