//! `porthole-cli` as scripts use it.

#![cfg(unix)]

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::{fs::PermissionsExt, net::UnixListener, process::CommandExt},
    process::{Child, Command, Output, Stdio},
};

use porthole_app::demo::Demo;
use porthole_http::endpoint::Endpoint;
use porthole_tests::{eventually, gate::Gate, given, servers::Raw};
use serde_json::Value;

fn cli(args: &[&str]) -> Command {
    let mut command = Command::new(given("PORTHOLE_CLI"));
    command.args(args).stdin(Stdio::null());
    command
}

async fn output(command: Command) -> Output {
    let mut command = tokio::process::Command::from(command);
    command.output().await.unwrap()
}

async fn request(endpoint: &Endpoint, args: &[&str]) -> Output {
    let mut command = cli(&["request"]);
    command.args(args).arg("--endpoint").arg(endpoint.to_string());
    output(command).await
}

async fn demo() -> (tempfile::TempDir, Demo) {
    let directory = tempfile::tempdir().unwrap();
    let demo = Demo::start(directory.path()).await.unwrap();
    (directory, demo)
}

fn events(output: &Output) -> Vec<Value> {
    output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// Whether a process with this text in its command line lives.
fn lives(text: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter(|process| process.file_name() != std::process::id().to_string().as_str()).any(|process| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ").contains(text)
            && !line.starts_with(given("PORTHOLE_CLI").as_bytes())
    })
}

#[tokio::test]
async fn a_requests_exit_code_tells_how_it_went() {
    let (_directory, demo) = demo().await;
    for (path, code) in
        [("/hello", 0), ("/status/204", 0), ("/status/302", 1), ("/status/500", 1), ("/close", 3), ("/cut", 3)]
    {
        assert_eq!(request(demo.endpoint(), &["GET", path]).await.status.code(), Some(code), "{path}");
    }
    let failed = request(&Endpoint::Unix("/nonexistent.sock".into()), &["GET", "/"]).await;
    assert_eq!(failed.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("Nothing exists at /nonexistent.sock"));
    assert!(failed.stdout.is_empty());
}

#[tokio::test]
async fn a_body_goes_to_stdout_untouched() {
    let (_directory, demo) = demo().await;
    let numbers = request(demo.endpoint(), &["GET", "/numbers"]).await;
    assert!(String::from_utf8(numbers.stdout).unwrap().contains("\"trailing_zero\": 1.0\n"));
    assert_eq!(request(demo.endpoint(), &["GET", "/bytes/3000000"]).await.stdout.len(), 3_000_000);
}

#[tokio::test]
async fn headers_and_data_go_out_as_given() {
    let (directory, demo) = demo().await;
    let echoed =
        request(demo.endpoint(), &["POST", "/echo", "-H", "X-One: a: b", "--data", "{\"n\":9007199254740993}"]).await;
    let echoed: Value = serde_json::from_slice(&echoed.stdout).unwrap();
    assert_eq!(echoed["body"], "{\"n\":9007199254740993}");
    let headers = echoed["headers"].as_array().unwrap();
    assert!(headers.contains(&serde_json::json!(["x-one", "a: b"])));
    assert!(headers.contains(&serde_json::json!(["content-type", "application/json"])));
    let file = directory.path().join("body.txt");
    fs::write(&file, "from a file").unwrap();
    let data = format!("@{}", file.display());
    let echoed: Value =
        serde_json::from_slice(&request(demo.endpoint(), &["PUT", "/echo", "--data", &data]).await.stdout).unwrap();
    assert_eq!(echoed["body"], "from a file");
}

#[tokio::test]
async fn data_may_begin_like_an_option() {
    let (_directory, demo) = demo().await;
    for data in ["-1", "--json", "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--X--\r\n"] {
        let told = request(demo.endpoint(), &["POST", "/echo", "--data", data]).await;
        let echoed: Value = serde_json::from_slice(&told.stdout).unwrap();
        assert_eq!(echoed["body"], data, "{}", String::from_utf8_lossy(&told.stderr));
    }
}

#[tokio::test]
async fn json_prints_a_line_an_event() {
    let (_directory, demo) = demo().await;
    let told = request(demo.endpoint(), &["GET", "/hello", "--json"]).await;
    let names: Vec<String> = events(&told).iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["connected", "sent", "answered", "chunk", "done"]);
    let mut gate = Gate::closed();
    let script = format!("printf 'caf\\303'; {}; printf '\\251'; exit 4", gate.wait());
    let mut command = cli(&["exec", "host", "--json", "--", "sh", "-c", &script]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut events: Vec<Value> = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if event["event"] == "chunk" {
            gate.open();
        }
        events.push(event);
    }
    assert_eq!(child.wait().unwrap().code(), Some(4));
    let text: String =
        events.iter().filter(|event| event["event"] == "chunk").map(|event| event["text"].as_str().unwrap()).collect();
    assert_eq!(text, "café", "a character cut by two chunks is whole");
    assert!(events.iter().any(|event| event["event"] == "started" && event["started"]["pid"].is_u64()));
    assert!(events.iter().any(|event| event["event"] == "ended" && event["ending"]["code"] == 4));
}

#[tokio::test]
async fn a_commands_streams_and_exit_code_are_its_own() {
    let done = output(cli(&["exec", "host", "--", "sh", "-c", "echo out; echo err >&2; exit 3"])).await;
    assert_eq!(
        (done.stdout.as_slice(), done.stderr.as_slice(), done.status.code()),
        (&b"out\n"[..], &b"err\n"[..], Some(3))
    );
    for (signal, code) in [("TERM", 143), ("KILL", 137), ("SEGV", 139)] {
        let done = output(cli(&["exec", "host", "--", "sh", "-c", &format!("kill -{signal} $$")])).await;
        assert_eq!(done.status.code(), Some(code));
    }
    assert_eq!(output(cli(&["exec", "host", "--", "no-such-program"])).await.status.code(), Some(127));
    assert_eq!(output(cli(&["exec", "host", "--", "/etc/passwd"])).await.status.code(), Some(126));
    assert_eq!(output(cli(&["exec", "host", "--cwd", "/nowhere", "--", "true"])).await.status.code(), Some(3));
}

#[tokio::test]
async fn directory_and_environment_are_those_given() {
    let done =
        output(cli(&["exec", "host", "--cwd", "/usr", "-e", "A=1 2=3", "--", "sh", "-c", "pwd; echo $A; echo $HOME"]))
            .await;
    assert_eq!(done.stdout, format!("/usr\n1 2=3\n{}\n", std::env::var("HOME").unwrap_or_default()).as_bytes());
    let done = output(cli(&["exec", "host", "--clear-env", "-e", "ONLY=this", "--", "env"])).await;
    assert_eq!(done.stdout, b"ONLY=this\n");
}

/// Starts a command and waits for its first line.
fn started(script: &str) -> Child {
    porthole_tests::started(cli(&["exec", "host", "--", "sh", "-c", script]))
}

fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test]
async fn ctrl_c_stops_the_command_and_what_it_started() {
    let mut child = started("sleep 61001 & echo ready; sleep 61002");
    // A shell that is just starting it may go on after the signal.
    eventually("the command", async || lives("sleep 61002").then_some(())).await;
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // A shell makes its background children deaf to SIGINT: the reaper ends them.
    eventually("the end of the group", async || (!lives("sleep 6100")).then_some(())).await;
}

#[tokio::test]
async fn a_killed_porthole_leaves_nothing_running() {
    let mut child = started("trap '' TERM; sleep 62001 & echo ready; while :; do sleep 62002; done");
    assert!(lives("sleep 62002"));
    signal(&child, "-KILL");
    child.wait().unwrap();
    eventually("the end of the group", async || (!lives("sleep 6200")).then_some(())).await;
}

/// The command tells the reaper of itself before it becomes its program.
#[tokio::test]
async fn a_porthole_killed_while_it_starts_a_command_leaves_nothing_running() {
    for n in 0..60 {
        let mut child = cli(&["exec", "host", "--", "sleep", "67001"]).stdout(Stdio::null()).spawn().unwrap();
        // Not a wait for something: the moment is the case.
        std::thread::sleep(std::time::Duration::from_micros(n * 160));
        signal(&child, "-KILL");
        child.wait().unwrap();
    }
    eventually("the end of all", async || (!lives("sleep 67001")).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_request_is_not_a_success() {
    let (_directory, demo) = demo().await;
    let mut command = cli(&["request", "GET", "/events?every=20", "--endpoint", &demo.endpoint().to_string()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    signal(&child, "-INT");
    assert_eq!(tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap().code(), Some(130));
}

#[tokio::test]
async fn a_reader_that_stopped_reading_does_not_hold_ctrl_c_up() {
    let mut child =
        cli(&["exec", "host", "--", "yes", "68001"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = [0];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    signal(&child, "-INT");
    assert!(child.wait().unwrap().code().is_some_and(|code| code >= 128));
    eventually("the end of the command", async || (!lives("yes 68001")).then_some(())).await;
}

#[tokio::test]
async fn the_demo_backend_prints_its_endpoint_and_ends_with_ctrl_c() {
    let mut child = cli(&["demo"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut endpoint = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut endpoint).unwrap();
    let endpoint: Endpoint = endpoint.parse().unwrap();
    assert_eq!(request(&endpoint, &["GET", "/hello"]).await.status.code(), Some(0));
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let Endpoint::Unix(path) = endpoint else { panic!("not a socket") };
    assert!(!path.parent().unwrap().exists(), "the socket and its folder are gone");
}

#[tokio::test]
async fn a_socket_that_this_user_may_not_open_is_denied() {
    // Somebody else must be able to come this far, whatever folder is set for temporary files.
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = directory.path().join("mine.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    // Root may open everything, so it is tried as somebody else; the program must be theirs to run.
    let program = directory.path().join("porthole-cli");
    fs::copy(given("PORTHOLE_CLI"), &program).unwrap();
    let mut command = Command::new(&program);
    command.args(["request", "GET", "/", "--json", "--endpoint"]).arg(&path).current_dir("/");
    if std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap()) == 0 {
        command.uid(65534).gid(65534);
    }
    let denied = output(command).await;
    assert_eq!(denied.status.code(), Some(3));
    assert_eq!(events(&denied)[0]["failure"]["error"]["code"], "endpoint_denied", "{denied:?}");
}

#[tokio::test]
async fn wrong_arguments_are_refused_with_a_reason() {
    for args in [
        &["request", "GET", "/", "--endpoint", "https://x"][..],
        &["request", "GET", "/", "--endpoint", "/p.sock", "-H", "no colon"],
        &["exec", "elsewhere", "--", "true"],
        &["exec", "container:", "--", "true"],
        &["exec", "host", "-e", "NOVALUE", "--", "true"],
        &["exec", "host"],
    ] {
        let refused = output(cli(args)).await;
        assert_eq!(refused.status.code(), Some(2), "{args:?}");
        assert!(!refused.stderr.is_empty());
    }
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_the_command() {
    let mut child =
        cli(&["exec", "host", "--", "yes", "63001"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = [0];
    std::io::Read::read_exact(&mut child.stdout.take().unwrap(), &mut first).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    eventually("the end of the command", async || (!lives("yes 63001")).then_some(())).await;
}

#[tokio::test]
async fn what_a_response_has_besides_head_and_body_is_told_as_events_and_findings() {
    let raw = Raw::answering(concat!(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\nmore",
    ));
    let told = request(&raw.endpoint, &["GET", "/", "--json", "--findings"]).await;
    assert!(told.status.success());
    let events = events(&told);
    let of = |name: &str| events.iter().find(|event| event["event"] == name).unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!(of("informed")["informational"]["response"]["status"], 103);
    assert_eq!(of("trailed")["trailers"][0]["name"], "x-sum");
    assert_eq!(of("exceeded")["excess"]["start"], "more");
    let findings = String::from_utf8_lossy(&told.stderr);
    for rule in ["bytes-after-response", "trailers-hidden", "informational-hidden"] {
        assert!(findings.contains(&format!("[{rule}]")), "{findings}");
    }
    let raw = Raw::answering("-ERR unknown command 'GET'\r\n");
    let failed = request(&raw.endpoint, &["GET", "/", "--json"]).await;
    assert_eq!(failed.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("speaks Redis, not HTTP/1"), "{failed:?}");
}

#[tokio::test]
async fn a_body_is_printed_as_sent_unless_it_is_to_be_decoded() {
    use std::io::Write;
    let text = "all work and no play\n".repeat(5000);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let answer = |body: &[u8]| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
        Raw::answering([head.as_bytes(), body].concat())
    };
    let whole = answer(&packed);
    let sent = request(&whole.endpoint, &["GET", "/"]).await;
    assert_eq!((sent.status.code(), sent.stdout), (Some(0), packed.clone()));
    let decoded = request(&whole.endpoint, &["GET", "/", "--decode"]).await;
    assert_eq!(decoded.status.code(), Some(0));
    assert!(decoded.stdout == text.as_bytes());

    let cut = answer(&packed[..packed.len() - 20]);
    let decoded = request(&cut.endpoint, &["GET", "/", "--decode"]).await;
    assert_eq!(decoded.status.code(), Some(3));
    assert!(!decoded.stdout.is_empty() && text.as_bytes().starts_with(&decoded.stdout));
    assert!(String::from_utf8_lossy(&decoded.stderr).contains("The gzip data ends too early"));
}
