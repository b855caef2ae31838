//! What was asked for and not done is a Call like any other, and can be done after all.

use super::tests::{no_engine, nowhere, sh, timeline};
use super::*;
use crate::Outcome;
use crate::demo_backend::DemoBackend;
use porthole_sdk::{
    sdk_call::{Brief, CliTarget, SdkCall, SdkRequest},
    sdk_result::{render, render_callbacks},
};

const WORDS: &str = "Not done: Porthole only records this.";

fn recorded(timeline: &Timeline, sdk: Sdk, endpoint: Result<Endpoint>, why: Code) -> CallId {
    let does = sdk_result::plan(&sdk.asked, sdk.runtime, &Target::demo()).does;
    let planned = Timeline::planned(sdk, does, endpoint, no_engine()).unwrap();
    timeline.record_skipped(Origin::Page, planned, Decision::Policy, Error::new(why, WORDS))
}

async fn outcome(timeline: &Timeline, id: CallId) -> Outcome {
    timeline.changes(0).await.calls.into_iter().find(|row| row.id == id).unwrap().outcome
}

#[tokio::test]
async fn what_is_only_recorded_says_what_was_asked_from_where_and_that_nothing_was_done() {
    let (directory, timeline) = timeline();
    let mark = directory.path().join("done");
    let line = format!("touch {}", mark.display());
    for code in [Code::RecordedOnly, Code::NotAllowed, Code::ProgramChanged] {
        for stream in [None, Some(true)] {
            let mut sdk = sh(&line, Runtime::DockerDesktop, stream);
            sdk.at = Some(Brief::new("app.js:3:14"));
            let id = recorded(&timeline, sdk.clone(), nowhere(), code);
            assert_eq!(outcome(&timeline, id).await, Outcome::Failed { code });
            let call = timeline.ended(id).await.unwrap();
            assert_eq!((call.origin, call.sdk.as_ref()), (Origin::Page, Some(&sdk)));
            assert_eq!(call.decision, Some(Decision::Policy));
            let Act::Run(run) = &call.act else { panic!("no run") };
            assert!(run.started.is_none() && run.command.args.last().unwrap().contains("touch"));
            // Each Runtime's card shows what the code was told, and no diagnosis of what never was.
            let received = timeline.sdk_results(id).await.unwrap();
            assert_eq!(received.len(), Runtime::ALL.len());
            for one in received {
                assert!(render(&one.outcome).contains(WORDS), "{:?}", one.outcome);
                assert!(one.rules[0].text.contains("Not run"));
            }
            let callbacks = timeline.callbacks(id, Runtime::PodmanDesktop, true, 0, 9).await.unwrap();
            let said = render_callbacks(&callbacks.rows);
            assert!(callbacks.ended && said.starts_with("onError(") && said.contains(WORDS), "{said}");
            assert_eq!(timeline.diagnostics(id).await.unwrap(), []);
        }
    }
    assert!(!mark.exists());
}

#[tokio::test]
async fn a_request_that_is_only_recorded_is_not_sent_and_can_be_sent_after_all() {
    let (_directory, timeline) = timeline();
    let demo = DemoBackend::start().await;
    let (method, url, headers) = ("GET".to_owned(), "/hello".to_owned(), vec![]);
    let asked = SdkCall::Request(SdkRequest { method, url, headers, named: true, data: None });
    let mut sdk = Sdk::new(asked, Runtime::DockerDesktop);
    sdk.at = Some(Brief::new("app.js:3:14"));
    let id = recorded(&timeline, sdk.clone(), Ok(demo.endpoint().clone()), Code::RecordedOnly);
    let call = timeline.ended(id).await.unwrap();
    let Act::Exchange(exchange) = &call.act else { panic!("no exchange") };
    assert!(exchange.sent.is_none() && exchange.ended());
    let told = render(&timeline.sdk_result(id).await.unwrap().outcome);
    assert!(told.starts_with("rejects with") && told.contains(WORDS), "{told}");
    let again = timeline.repeat(id, no_engine()).unwrap();
    assert_eq!(
        render(&timeline.sdk_result(again).await.unwrap().outcome),
        "resolves to { message: 'Hello from the demo backend' }"
    );
    let call = timeline.call(again).unwrap();
    // What it was asked with stays, so that it is received alike; nobody's code asked this time.
    assert_eq!((call.origin, call.decision, call.sdk), (Origin::Composer, None, Some(Sdk { at: None, ..sdk })));
}

#[tokio::test]
async fn a_command_is_run_again_exactly_as_it_was() {
    let (_directory, timeline) = timeline();
    let sdk = sh("printf \"$GREETING\"", Runtime::DockerDesktop, Some(false));
    let SdkCall::Exec(mut asked) = sdk.asked else { panic!("no exec") };
    asked.env = vec![porthole_process::EnvVar { name: "GREETING".into(), value: "two  words".into() }];
    asked.cwd = Some("/".into());
    let sdk = Sdk::new(SdkCall::Exec(asked), Runtime::RancherDesktop);
    let first = timeline.perform(Origin::Page, sdk, &Target::demo(), nowhere(), no_engine()).unwrap();
    let again = timeline.repeat(first, no_engine()).unwrap();
    let calls = [timeline.ended(first).await.unwrap(), timeline.ended(again).await.unwrap()];
    let commands =
        calls.each_ref().map(|call| if let Act::Run(run) = &call.act { &run.command } else { panic!("no run") });
    assert_eq!(commands[0], commands[1]);
    assert_eq!(timeline.output(again).unwrap().read(Stream::Stdout, 0, 10).unwrap(), b"two  words");
    // What was recorded for a container that the target has not says so when it is to be run.
    let mut sdk = sh("true", Runtime::DockerDesktop, None);
    let SdkCall::Exec(asked) = &mut sdk.asked else { panic!("no exec") };
    asked.whose = CliTarget::Vm;
    let nowhere = recorded(&timeline, sdk, nowhere(), Code::NotAllowed);
    assert_eq!(timeline.repeat(nowhere, no_engine()).unwrap_err().code, Code::ContainerNotFound);
    assert_eq!(timeline.repeat(77, no_engine()).unwrap_err().code, Code::CallNotFound);
}
