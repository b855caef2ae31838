//! Node's own child_process as oracle: Docker Desktop's results are reported to be of its shape.

#![cfg(unix)]

use std::process::Command;

use porthole_base::error::{Code, Error};
use porthole_engine::target::{Host, Target};
use porthole_process::Streaming;
use porthole_sdk::{
    runtime::Runtime,
    sdk_call::{CliTarget, Sdk, SdkCall, SdkExec},
    sdk_result::{Field, SdkOutcome, SdkResult, Value},
};
use porthole_tests::calls::Calls;
use porthole_timeline::Origin;
use serde_json::{Value as Json, json};

/// What Node gives for a line: how it settled, and the value's own properties, `undefined` left out.
const EXEC: &str = r"
const exec = require('util').promisify(require('child_process').exec);
const told = (how) => (value) => console.log(JSON.stringify({ how, value: { ...value } }));
exec(process.argv[1], { cwd: process.argv[2] }).then(told('resolved'), told('rejected'));
";

/// The callbacks of a spawned command: the text of stdout, the error, and what `close` gets.
const SPAWN: &str = r"
const [program, ...args] = process.argv.slice(1);
const child = require('child_process').spawn(program, args);
const told = { out: '', error: null, close: null };
child.stdout.setEncoding('utf8').on('data', (data) => { told.out += data; });
child.on('error', (error) => { told.error = error.message; });
child.on('close', (code) => { told.close = code; console.log(JSON.stringify(told)); });
";

/// Runs a script in Node, if there is one.
fn node(script: &str, args: &[&str]) -> Option<Json> {
    let output = Command::new("node").args(["-e", script, "--"]).args(args).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("one JSON value"))
}

fn sdk(cmd: &str, args: &[&str], cwd: Option<&str>, stream: bool) -> Sdk {
    let asked = SdkExec {
        whose: CliTarget::Host,
        cmd: cmd.into(),
        args: args.iter().map(|arg| (*arg).into()).collect(),
        line: false,
        cwd: cwd.map(str::to_owned),
        env: vec![],
        stream: stream.then(Streaming::default),
        container: None,
    };
    Sdk::new(SdkCall::Exec(asked), Runtime::DockerDesktop)
}

fn perform(calls: &Calls, sdk: Sdk) -> u32 {
    let none = || Error::new(Code::EngineUnavailable, "not needed in this test");
    let target = Target { host: Host { cwd: Some("/".into()), ..Host::default() }, ..Target::demo() };
    calls.timeline.perform(Origin::Console, sdk, &target, Err(none()), Err(none())).expect("a Call")
}

async fn delivered(sdk: Sdk) -> SdkResult {
    let calls = Calls::new();
    let id = perform(&calls, sdk);
    calls.timeline.sdk_result(id).await.expect("an end")
}

fn json_of(field: &Field) -> Option<Json> {
    match field.value.as_ref()? {
        Value::Null => Some(Json::Null),
        Value::Bool { value } => Some(json!(value)),
        Value::Number { text } => serde_json::from_str(text).ok(),
        Value::Text(text) => Some(json!(text.text)),
        _ => None,
    }
}

/// The same of what is delivered: methods left out, which an extension's client adds.
fn shape(outcome: &SdkOutcome) -> Json {
    let (how, value) = match outcome {
        SdkOutcome::Resolved { value } => ("resolved", value),
        SdkOutcome::Rejected { value } => ("rejected", value),
        other => panic!("{other:?}"),
    };
    let Value::Object { fields, .. } = value else { panic!("no object") };
    let properties = fields.iter().filter_map(|field| Some((field.name.clone(), json_of(field)?)));
    json!({ "how": how, "value": properties.collect::<serde_json::Map<_, _>>() })
}

#[tokio::test]
async fn plain_results_have_the_shape_of_nodes_exec() {
    for (cmd, args) in [
        ("printf", &["out; printf err >&2"][..]),
        ("true", &[]),
        ("echo", &["\"a  b\"", "c  d", "'$HOME'", "é"]),
        ("printf", &["x; exit 3"]),
        ("exit", &["255"]),
        ("kill", &["-TERM", "$$"]),
        ("echo", &["early;", "kill", "-KILL", "$$"]),
        ("porthole-no-such-program", &["a"]),
        ("/etc/passwd", &[]),
    ] {
        let line = [&[cmd], args].concat().join(" ");
        let Some(expected) = node(EXEC, &[&line, "/"]) else { return };
        assert_eq!(shape(&delivered(sdk(cmd, args, None, false)).await.outcome), expected, "{line}");
    }
}

#[tokio::test]
async fn a_missing_directory_rejects_as_nodes_exec_does() {
    let Some(expected) = node(EXEC, &["pwd", "/porthole-no-such"]) else { return };
    let found = shape(&delivered(sdk("pwd", &[], Some("/porthole-no-such"), false)).await.outcome);
    assert_eq!((&found["how"], &found["value"]["code"]), (&expected["how"], &expected["value"]["code"]));
    assert_eq!(found["value"]["cmd"], expected["value"]["cmd"]);
}

#[tokio::test]
async fn nodes_own_limit_of_output_is_the_one_that_is_told() {
    const AT_THE_LIMIT: &str = "head -c 1048576 /dev/zero | tr '\\0' x";
    const BEYOND: &str = "head -c 1048577 /dev/zero | tr '\\0' x";
    let Some(within) = node(EXEC, &[AT_THE_LIMIT, "/"]) else { return };
    assert_eq!(within["how"], "resolved");
    assert_eq!(node(EXEC, &[BEYOND, "/"]).unwrap()["value"]["code"], "ERR_CHILD_PROCESS_STDIO_MAXBUFFER");
    let tells = async |line: &str| {
        let received = delivered(sdk(line, &[], None, false)).await;
        assert!(matches!(received.outcome, SdkOutcome::Resolved { .. }), "nothing is lost here");
        received.rules.iter().any(|rule| rule.text.contains("1,048,576 bytes"))
    };
    assert!(!tells(AT_THE_LIMIT).await && tells(BEYOND).await);
}

#[tokio::test]
async fn streaming_ends_as_nodes_spawn_does() {
    for args in [&["sh", "-c", "printf ü; exit 7"][..], &["sh", "-c", "kill -TERM $$"], &["porthole-no-such-program"]]
    {
        let Some(expected) = node(SPAWN, args) else { return };
        let calls = Calls::new();
        let id = perform(&calls, Sdk { runtime: Runtime::PodmanDesktop, ..sdk(args[0], &args[1..], None, true) });
        let (mut told, mut from) = (json!({ "out": "", "error": null, "close": null }), 0);
        loop {
            let found = calls.timeline.next_callbacks(id, from).await.expect("callbacks");
            from += found.rows.len() as u64;
            for row in found.rows {
                tell(&mut told, row.what);
            }
            if found.ended {
                break;
            }
        }
        assert_eq!(told, expected, "{args:?}");
    }
}

fn tell(told: &mut Json, what: porthole_sdk::sdk_result::Called) {
    use porthole_sdk::sdk_result::{Called, End};
    match what {
        Called::Output { value: Value::Text(text), .. } => {
            told["out"] = json!(format!("{}{}", told["out"].as_str().unwrap_or_default(), text.text));
        }
        Called::End { end: End::Error { error: Value::Object { fields, .. } } } => {
            told["error"] = fields.iter().find(|field| field.name == "message").and_then(json_of).unwrap_or_default();
        }
        Called::End { end: End::Close { code } } => {
            let field = Field { name: String::new(), value: Some(code), differs: false };
            told["close"] = json_of(&field).unwrap_or_default();
        }
        other => panic!("{other:?}"),
    }
}
