//! `porthole-cli call`, and `open` as far as it needs no engine.

#![cfg(unix)]

use std::{io::Write, process::Stdio};

use porthole_app::demo::Demo;
use porthole_tests::{
    cli::{cli, text},
    eventually, given,
    servers::{Raw, read_head},
};

#[tokio::test]
async fn a_request_of_code_is_made_like_the_runtime_makes_it() {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path()).await.unwrap();
    let endpoint = demo.endpoint().to_string();
    let call = async |expression: &str, options: &[&str]| {
        cli(&[&["call", expression, "--endpoint", &endpoint], options].concat()).await
    };
    let hello = call("await ddClient.extension.vm?.service?.get('/hello');", &[]).await;
    assert_eq!(text(&hello.stdout), "resolves to { message: 'Hello from the demo backend' }\n");
    assert_eq!(hello.status.code(), Some(0));

    let echo = "ddClient.extension.vm.service.post('/echo', {name: 'data'})";
    let sent = call(echo, &["--runtime", "podman-desktop-older"]).await;
    assert!(text(&sent.stdout).contains("got (https://github.com/sindresorhus/got)"), "{}", text(&sent.stdout));
    assert!(text(&sent.stdout).contains(r#"{"name":"data"}"#), "{}", text(&sent.stdout));

    let missing = call("ddClient.backend.get('/status/404')", &["--findings"]).await;
    assert!(text(&missing.stdout).starts_with("rejects with "), "{}", text(&missing.stdout));
    assert_eq!(missing.status.code(), Some(1));
    // It ran here, and has no result where the function is missing.
    let lacking = "`ddClient.backend.get` is missing on Rancher Desktop and Podman Desktop. [function-missing]";
    assert!(text(&missing.stderr).contains(lacking), "{}", text(&missing.stderr));
    let closed = call("ddClient.extension.vm.service.get('/close')", &[]).await;
    assert!(text(&closed.stdout).contains("socket hang up"), "{}", text(&closed.stdout));
    assert!(text(&closed.stderr).starts_with("porthole-cli: "));
    assert_eq!(closed.status.code(), Some(3));
}

#[tokio::test]
async fn a_program_of_this_machine_is_started_only_with_consent() {
    let directory = tempfile::tempdir().unwrap();
    let made = directory.path().join("made");
    let expression = format!("ddClient.extension.host.cli.exec('touch', ['{}'])", made.display());
    let refused = cli(&["call", &expression]).await;
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("--yes") && refused.stdout.is_empty(), "{}", text(&refused.stderr));
    let planned = cli(&["call", &expression, "--plan", "--yes"]).await;
    assert_eq!(planned.status.code(), Some(0));
    assert!(!made.exists(), "it was started without consent");
    assert_eq!(cli(&["call", &expression, "--yes"]).await.status.code(), Some(0));
    assert!(made.exists());
    // Beside a backend on this machine the container's commands are commands of this machine.
    let inside = "ddClient.extension.vm.cli.exec('true', [])";
    assert_eq!(cli(&["call", inside, "--host"]).await.status.code(), Some(3));
    assert_eq!(cli(&["call", inside, "--host", "--yes"]).await.status.code(), Some(0));
}

/// What a terminal of its own prints when the user answers `answer` to a call's question.
#[cfg(target_os = "linux")]
fn answered(answer: &str, expression: &str) -> (String, Option<i32>) {
    let line = format!("exec \"$PORTHOLE_CLI\" call \"{expression}\"");
    let mut command = std::process::Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The terminal keeps it until it is read.
    child.stdin.take().unwrap().write_all(format!("{answer}\n").as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    (text(&done.stdout).to_owned(), done.status.code())
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_the_user_sees_what_would_be_started_and_only_yes_starts_it() {
    let directory = tempfile::tempdir().unwrap();
    let made = directory.path().join("made");
    let expression = format!("ddClient.extension.host.cli.exec('touch', ['{}'])", made.display());
    for answer in ["no", "y", ""] {
        let (shown, code) = answered(answer, &expression);
        assert!(shown.contains("Runs on this machine: ") && shown.contains("Program: /bin/sh is "), "{shown}");
        assert_eq!(code, Some(3), "{answer}: {shown}");
        assert!(!made.exists(), "{answer} has started it");
    }
    let (shown, code) = answered("yes", &expression);
    assert!(shown.contains("resolves to "), "{shown}");
    assert_eq!((code, made.exists()), (Some(0), true));
}

#[tokio::test]
async fn a_streamed_command_prints_its_callbacks_and_has_its_exit_code_in_them() {
    let stream = |line: &str| {
        format!("ddClient.extension.host.cli.exec('sh', ['-c', '{line}'], {{stream: {{splitOutputLines: true}}}})")
    };
    let failed = cli(&["call", &stream("echo a; echo b; exit 3"), "--yes"]).await;
    assert_eq!(text(&failed.stdout), "onOutput({ stdout: 'a' })\nonOutput({ stdout: 'b' })\nonClose(3)\n");
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(cli(&["call", &stream("exit 0"), "--yes"]).await.status.code(), Some(0));
}

#[tokio::test]
async fn a_plan_names_what_each_runtime_would_send_and_sends_nothing() {
    let nowhere = "unix:///nonexistent.sock";
    let plan = cli(&["call", "ddClient.backend.post('/x', {a: 1})", "--plan", "--endpoint", nowhere]).await;
    let said = text(&plan.stdout);
    for part in [
        "Docker Desktop\n  Sends POST /x to unix:///nonexistent.sock\n  Body {\"a\":1}\n",
        "Rancher Desktop\n  Refuses the call: Cannot read properties of undefined (reading 'post')\n",
        "Podman Desktop (older)\n  Refuses the call: Cannot read",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(plan.status.code(), Some(0));
    let odd = cli(&["call", "ddClient.extension.host.cli.exec('echo', ['a b', 1])", "--plan"]).await;
    let said = text(&odd.stdout);
    assert!(said.contains("Rancher Desktop\n  Refuses the call: The \"args[1]\" argument"), "{said}");
    assert!(said.contains("/bin/sh -c 'echo a b 1'") && said.contains("env echo 'a b' 1"), "{said}");
}

#[tokio::test]
async fn what_is_no_call_or_has_nothing_to_act_on_is_an_invalid_argument() {
    for (args, part) in [
        (&["call", "ddClient.extension.vm.service.get(path)"][..], "Expected a literal value"),
        (&["call", "ddClient.desktopUI.toast.success('x')"], "Unknown function"),
        (&["call", "ddClient.extension.vm.service.get('/x')"], "--endpoint"),
        (&["call", "ddClient.extension.vm.cli.exec('ls', [])"], "--container"),
    ] {
        let refused = cli(args).await;
        assert_eq!(refused.status.code(), Some(2), "{args:?}");
        assert!(text(&refused.stderr).contains(part), "{}", text(&refused.stderr));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_interrupted_call_stops_its_command() {
    use std::io::{BufRead, BufReader};
    // The shell becomes the command that must end.
    let expression = "ddClient.extension.host.cli.exec('sh', ['-c', 'echo $$; exec sleep 66001'], {stream: {}})";
    let mut command = std::process::Command::new(given("PORTHOLE_CLI"));
    command.args(["call", expression, "--yes"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A callback is printed as soon as it comes: `onOutput({ stdout: '123\\n' })`.
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let id: String = line.chars().filter(char::is_ascii_digit).collect();
    assert!(std::path::Path::new("/proc").join(&id).exists(), "{line}");
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let there = || std::path::Path::new("/proc").join(&id).exists();
    eventually("its end", async || (!there()).then_some(())).await;
}

#[tokio::test]
async fn opening_reads_and_starts_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().display().to_string();
    let unread = cli(&["open", &path]).await;
    assert_eq!(unread.status.code(), Some(3));
    assert!(text(&unread.stderr).contains("metadata.json"), "{}", text(&unread.stderr));
    let manifest = r#"{"icon": "i.svg", "ui": {"dashboard-tab": {"title": "Mine", "root": "/ui", "src": "i.html"}}}"#;
    std::fs::write(directory.path().join("metadata.json"), manifest).unwrap();
    let opened = cli(&["open", &path, "--image", "acme/mine:1"]).await;
    assert_eq!(opened.status.code(), Some(0), "{}", text(&opened.stderr));
    assert!(text(&opened.stdout).starts_with("Extension: acme/mine:1\nPage: Mine\n"), "{}", text(&opened.stdout));
    assert!(text(&opened.stderr).contains("Nothing to start"), "{}", text(&opened.stderr));
    let wrong = cli(&["open", "Not An Image"]).await;
    assert_eq!(wrong.status.code(), Some(3));
}

/// A request to find out whether the target is up was sent too.
#[tokio::test]
async fn the_backend_gets_the_call_and_nothing_else() {
    let (tell, told) = std::sync::mpsc::channel();
    let backend = Raw::new(move |mut stream| {
        let head = read_head(&mut stream);
        let _ = tell.send(head.lines().next().unwrap_or_default().to_owned());
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
    });
    let endpoint = backend.endpoint.to_string();
    let done = cli(&["call", "ddClient.extension.vm.service.get('/x')", "--endpoint", &endpoint]).await;
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    drop(backend);
    assert_eq!(told.iter().collect::<Vec<_>>(), ["GET /x HTTP/1.1"]);
}
