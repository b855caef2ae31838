use porthole_sdk::sdk_call::{CliTarget, SdkCall, SdkExec, SdkList, SdkRequest};

use super::*;

fn asked(text: &str) -> SdkCall {
    Expression::read(text).unwrap().call(Runtime::DockerDesktop).unwrap().asked
}

fn request(text: &str) -> SdkRequest {
    match asked(text) {
        SdkCall::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

fn exec(text: &str) -> SdkExec {
    match asked(text) {
        SdkCall::Exec(exec) => exec,
        other => panic!("{other:?}"),
    }
}

fn json(value: &str) -> String {
    let text = format!("ddClient.extension.vm.service.post('/x', {value})");
    request(&text).data.unwrap().json.unwrap()
}

#[test]
fn a_call_is_read_however_code_writes_it() {
    let plain = asked(r#"ddClient.extension.vm.service.get("/x")"#);
    for text in [
        "await ddClient.extension.vm.service.get('/x');",
        "window.ddClient.extension.vm?.service?.get(`/x`)",
        "ddClient.extension.vm!.service!.get( \"/x\", )",
        "extension.vm.service.get('/x')",
        "ddClient\n  .extension // the backend\n  .vm.service['get'](/* its path */ '\\u002fx')",
        "ddClient.backend.get('/x')",
    ] {
        assert_eq!(asked(text), plain, "{text}");
    }
    let SdkRequest { method, url, named, data, .. } = request("ddClient.extension.vm.service.delete('/a b')");
    assert_eq!((method.as_str(), url.as_str(), named, data), ("DELETE", "/a b", true, None));
}

#[test]
fn values_have_the_json_and_the_text_that_the_language_gives_them() {
    for (value, expected) in [
        ("{name: 'data', 'size': 1.0, nested: {a: [1, , ]}}", None),
        (
            "{name: 'data', 'size': 1.0, nested: {a: [1, 'x',]},}",
            Some(r#"{"name":"data","size":1,"nested":{"a":[1,"x"]}}"#),
        ),
        ("{b: undefined, a: [undefined], 10: 1, 2: 2, a1: null}", Some(r#"{"2":2,"10":1,"a":[null],"a1":null}"#)),
        ("{a: 1, b: 2, a: 3}", Some(r#"{"a":3,"b":2}"#)),
        (r#""a\"\u00e9\ud83d\ude00\x41\n""#, Some("\"a\\\"é😀A\\n\"")),
        (
            "[1e21, 1e-7, 0.000001, 123456789012345680000, -0, 0xff, 1_000, 9007199254740993, 1e400]",
            Some("[1e+21,1e-7,0.000001,123456789012345680000,0,255,1000,9007199254740992,null]"),
        ),
    ] {
        match expected {
            Some(expected) => assert_eq!(json(value), expected, "{value}"),
            None => assert!(Expression::read(&format!("ddClient.backend.post('/x', {value})")).is_err(), "{value}"),
        }
    }
    let data = |value: &str| request(&format!("ddClient.backend.post('/x', {value})")).data;
    assert_eq!(data("[1, null, [2, 'x']]").unwrap().text, "1,,2,x");
    assert_eq!(data("{}").unwrap().text, "[object Object]");
    assert!(data("0").unwrap().falsy && data("''").unwrap().is_text);
    assert_eq!(data("undefined"), None);
}

#[test]
fn each_function_asks_for_what_the_console_asks_for() {
    let run = exec(
        "ddClient.extension.host.cli.exec('tool', ['a b', 1], {cwd: '/x', env: {A: 1, B: undefined}, stream: {splitOutputLines: true}})",
    );
    assert_eq!(
        (run.whose, run.cmd.as_str(), run.args.as_slice()),
        (CliTarget::Host, "tool", ["a b".into(), "1".into()].as_slice())
    );
    assert_eq!((run.cwd.as_deref(), run.env.len(), run.env[0].value.as_str()), (Some("/x"), 1, "1"));
    assert!(run.stream.unwrap().split_lines);

    let docker = exec("ddClient.docker.cli.exec('ps', ['--all'])");
    assert_eq!((docker.whose, docker.cmd.as_str(), docker.stream), (CliTarget::Docker, "ps", None));
    let line = exec("ddClient.execHostCmd('ls -l')");
    assert!(line.line && line.cmd == "ls -l");
    let words = exec("ddClient.execDockerCmd('ps', '--all')");
    assert!(!words.line && words.args == ["--all"]);
    let inside = exec("ddClient.backend.execInContainer('web', 'ls -l')");
    assert_eq!((inside.container.as_deref(), inside.cmd.as_str(), inside.line), (Some("web"), "ls -l", true));
    assert!(exec("ddClient.backend.spawnInVMExtension('ls', ['-l'])").stream.is_some());

    let SdkCall::List(SdkList { options, .. }) = asked("ddClient.docker.listContainers({all: true})") else { panic!() };
    assert_eq!(options.as_deref(), Some(r#"{"all":true}"#));
    let whole =
        request("ddClient.extension.vm.service.request({url: '/x', method: 'PURGE', headers: {A: 1}, data: 'x'})");
    assert_eq!((whole.method.as_str(), whole.headers[0].value.as_str(), whole.named), ("PURGE", "1", false));
}

#[test]
fn what_a_runtimes_client_refuses_is_refused_there_alone() {
    let odd = Expression::read("ddClient.extension.host.cli.exec('x', [1])").unwrap();
    assert!(odd.call(Runtime::DockerDesktop).is_ok());
    let refused = odd.call(Runtime::RancherDesktop).unwrap_err();
    assert_eq!(refused.code, Code::RuntimeRefuses);
    assert_eq!(refused.message, r#"The "args[0]" argument must be of type string. Received number"#);
    // It was made without its variables, where code gets an error.
    let refused = |call: &str| Expression::read(call).unwrap().call(Runtime::RancherDesktop).unwrap_err().message;
    assert_eq!(
        refused("ddClient.docker.cli.exec('ps', [], {env: 'A=1'})"),
        r#"The "options.env" argument must be of type object. Received string"#
    );
    assert_eq!(
        refused("ddClient.docker.cli.exec('ps', [], {env: {A: undefined, B: 1}})"),
        r#"The "options.env.B" argument must be of type string. Received number"#
    );
    let missing = Expression::read("ddClient.docker.cli.exec('ps')").unwrap();
    assert_eq!(missing.call(Runtime::DockerDesktop).unwrap_err().code, Code::RuntimeRefuses);
}

/// `spawnHostCmd` started a command, and `backend.get` sent a request, on runtimes without these functions.
#[test]
fn a_function_that_a_runtime_lacks_makes_no_call_there() {
    for (call, message) in [
        ("ddClient.execHostCmd('ls')", "ddClient.execHostCmd is not a function"),
        ("ddClient.spawnHostCmd('ls', [])", "ddClient.spawnHostCmd is not a function"),
        ("ddClient.execDockerCmd('ps', '--all')", "ddClient.execDockerCmd is not a function"),
        ("ddClient.listImages()", "ddClient.listImages is not a function"),
        ("ddClient.backend.get('/x')", "Cannot read properties of undefined (reading 'get')"),
    ] {
        let expression = Expression::read(call).unwrap();
        assert!(expression.call(Runtime::DockerDesktop).is_ok(), "{call}");
        for runtime in [Runtime::RancherDesktop, Runtime::PodmanDesktop, Runtime::PodmanDesktopOlder] {
            let refused = expression.call(runtime).unwrap_err();
            assert_eq!((refused.code, refused.message.as_str()), (Code::RuntimeRefuses, message), "{call}");
        }
    }
}

#[test]
fn what_is_no_call_with_literal_arguments_is_refused_with_its_place() {
    for (text, place) in [
        ("", "character 1"),
        ("ddClient.backend.get('/x'", "the text ends"),
        ("ddClient.backend.get(path)", "character 22"),
        ("ddClient.backend.get(`/${x}`)", "character 24"),
        ("ddClient.backend.get('/x').then(show)", "character 27"),
        ("ddClient.backend.get('/x\\ud800')", "a whole character"),
        ("ddClient.backend.post('/x', 1n)", "a number"),
        ("ddClient.desktopUI.toast.success('x')", "Unknown function"),
        ("ddClient.backend.get(/* '/x')", "a literal value"),
        ("ddClient", "`(`"),
    ] {
        let error = Expression::read(text).unwrap_err();
        assert_eq!(error.code, Code::PasteUnknown, "{text}");
        assert!(error.message.contains(place), "{text}: {}", error.message);
    }
}

/// A deep nesting overflowed the stack.
#[test]
fn no_nesting_is_too_deep_for_the_stack() {
    let text = format!("ddClient.backend.post('/x', {}1", "[".repeat(200_000));
    assert_eq!(Expression::read(&text).unwrap_err().code, Code::PasteUnknown);
}
