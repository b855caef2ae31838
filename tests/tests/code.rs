//! What is printed as code is run, and does the same as Porthole itself.

#![cfg(unix)]

#[path = "code/node.rs"]
mod node;

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::{Command as Process, Output, Stdio},
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use porthole_engine::target::Target;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Body, Header, Param, Request, Version},
};
use porthole_process::{Command, Ending, EnvMode, EnvVar, Place, run_on_host, stops};
use porthole_sdk::{
    code::{FormKind, forms, paste},
    draft::Draft,
};
use porthole_tests::{
    recorder::{Kept, run_of, send},
    servers::Raw,
};

/// What shells, programs and people trip over.
fn nasty() -> Vec<String> {
    let words = [
        "",
        " ",
        "a b",
        "it's",
        "\"q\"",
        "'",
        "\"",
        "\\",
        "a\\",
        "\\\"",
        "$HOME",
        "$(id)",
        "`id`",
        "!!",
        "!1",
        "a\nb",
        "\n",
        "\t",
        "é",
        "😀",
        "\u{2028}",
        "\u{2019}",
        "-",
        "--",
        "-n",
        "--help",
        "@file",
        "@",
        "@-",
        "%41",
        "%PATH%",
        "%",
        "*",
        "?",
        "[a-z]",
        "{a,b}",
        "~",
        "~root",
        "#",
        "a#b",
        "&",
        "a&b=c",
        ";",
        "|",
        "<x",
        ">x",
        "(x)",
        "=",
        "a=b",
        "\r",
        "\r\n",
        "\u{1b}[1m",
        "\u{7f}",
    ];
    words.into_iter().map(String::from).chain([words.concat(), "long 'x' ".repeat(5_000)]).collect()
}

fn form(composed: Draft, target: &Target, kind: FormKind) -> String {
    let form = forms(&composed, target).into_iter().find(|form| form.kind == kind).unwrap();
    assert!(!form.text.is_empty(), "{form:?}");
    form.text
}

/// Runs a line as somebody does who pastes it.
fn sh(line: &str, directory: &std::path::Path) -> Output {
    let mut shell = Process::new("sh");
    // Nobody listens there: whoever asks a proxy gets no answer.
    shell.env("http_proxy", "http://127.0.0.1:1").env("ALL_PROXY", "http://127.0.0.1:1");
    // A line may be longer than one argument may be.
    fs::write(directory.join("line"), line).unwrap();
    shell.arg(directory.join("line")).current_dir(directory).stdin(Stdio::null()).output().unwrap()
}

/// A request as a server reads it; names that clients write for themselves in lower case.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    start_line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Reads one request whole and answers it.
fn read_request(mut stream: impl Read + Write) -> Seen {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&bytes));
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let mut lines = head.trim_end_matches("\r\n").split("\r\n");
    let start_line = lines.next().unwrap().to_owned();
    let mut headers: Vec<(String, String)> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            let lower = name.to_ascii_lowercase();
            let own = ["host", "content-type", "content-length"].contains(&lower.as_str());
            (if own { lower } else { name.to_owned() }, value.trim_matches([' ', '\t']).to_owned())
        })
        .collect();
    headers.sort();
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
    Seen { start_line, headers, body }
}

fn recording() -> (Raw, Receiver<Seen>) {
    let (seen, wanted) = mpsc::channel();
    (Raw::new(move |stream| seen.send(read_request(stream)).unwrap()), wanted)
}

fn next(seen: &Receiver<Seen>, what: &str) -> Seen {
    seen.recv_timeout(Duration::from_secs(10)).unwrap_or_else(|_| panic!("nothing was sent: {what}"))
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

fn with_body(method: &str, body: Body) -> Request {
    Request { body, ..Request::new(method, "/x") }
}

fn text(text: &str) -> Body {
    Body::Text { text: text.into() }
}

fn requests(directory: &std::path::Path) -> Vec<Request> {
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, bytes).unwrap();
        Body::File { path: path.display().to_string() }
    };
    let mut requests: Vec<Request> =
        ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE", "get", "X!#$%&'*+.^_`|~-"]
            .map(|method| Request::new(method, "/x"))
            .into();
    for path in [
        "/",
        "/a/../b/./c",
        "/..",
        "/%2e%2E/x",
        "//double//",
        "/a?b=c&d=%20",
        "/[1-3]{a,b}",
        "/it's",
        "/$HOME",
        "/a;b,c!d*(e)",
        "/?",
        "/a%2fb",
        "/@x:y",
        "/a^b",
        "/a?x=\\y",
        "/a\\b",
        "/a?`b`",
        "/a?b?c=/../d",
        "/%zz",
        "/:8080",
        "//@h/",
        "/~x|y",
        "/a?x=http://h/",
    ] {
        requests.push(Request::new("GET", path));
    }
    requests.push(Request::new("OPTIONS", "*"));
    for word in nasty() {
        let mut request = Request::new("GET", "/q");
        let short: String = word.chars().take(500).collect();
        request.query = vec![Param { name: short.clone(), value: short }];
        if !word.contains(|c: char| c.is_control()) {
            request.headers = vec![header("X-Word", &word)];
        }
        requests.push(request);
        requests.push(with_body("POST", text(&word)));
    }
    let json = |text: &str| Body::Json { text: text.into() };
    requests.extend([
        with_body("GET", json("{\"a\":1}")),
        with_body("HEAD", text("with a body")),
        with_body("PUT", json("{\"n\": 9007199254740993}\n")),
        with_body("POST", file("body", b"\0\xff line\r\n@x\n")),
        with_body("POST", file("big", &vec![7; 3_000_000])),
        with_body("PUT", file("it's a $body", b"x")),
        with_body("POST", text(&"0123456789abcde\n".repeat(20_000))),
        with_body("POST", text(&"x".repeat(2_000))),
        Request { version: Version::Http10, ..with_body("POST", text("old")) },
    ]);
    for headers in [
        vec![header("Accept", "text/html"), header("User-Agent", "me"), header("x-lower", "1"), header("X-UPPER", "2")],
        vec![header("Accept", ""), header("User-Agent", ""), header("X-Empty", "")],
        vec![header("Host", "other:99")],
        vec![header("X", "1"), header("X", "2"), header("x", "3")],
        vec![header("Content-Type", "application/vnd.x+json")],
        vec![header("Content-Type", "")],
        vec![header("Authorization", "Basic YTpi"), header("Cookie", "a=b; c=d"), header("Connection", "close")],
        vec![header("X-É".trim_end_matches('É'), "é 😀"), header("X!#$%&'*+.^_`|~", "odd")],
        vec![header("X-Spaces", "  a  ")],
        vec![header("Expect", "")],
        vec![header("Content-Length", "4")],
    ] {
        requests.push(Request { headers, ..with_body("POST", text("body")) });
    }
    let timed = Request { timeout_ms: Some(9_500), connect_timeout_ms: 1_250, ..Request::new("GET", "/x") };
    requests.push(timed);
    requests
}

#[tokio::test]
async fn a_curl_line_that_is_run_sends_what_porthole_sends() {
    let directory = tempfile::tempdir().unwrap();
    let (server, seen) = recording();
    let target = Target { endpoint: Some(server.endpoint.clone()), ..Target::demo() };
    for request in requests(directory.path()) {
        let shown = format!("{:.300}", format!("{request:?}"));
        send(&server.endpoint, &request).await;
        let own = next(&seen, &shown);
        let line = form(Draft::Request(request), &target, FormKind::Curl);
        let output = sh(&line, directory.path());
        let curls = next(&seen, &format!("{line:.500} {output:?}"));
        assert_eq!(own, curls, "{line:.1000}");
        assert!(output.status.success(), "{line:.1000} {output:?}");
        // And read back it is sent as the same.
        let Draft::Request(pasted) = paste(&line).unwrap().composed else { panic!("{line}") };
        send(&server.endpoint, &pasted).await;
        assert_eq!(own, next(&seen, &shown), "{line:.1000}");
    }
}

#[tokio::test]
async fn a_curl_line_for_a_port_asks_no_proxy() {
    let directory = tempfile::tempdir().unwrap();
    for address in ["127.0.0.1", "::1"] {
        let Ok(listener) = TcpListener::bind((address, 0)) else {
            assert_eq!(address, "::1", "only IPv6 may be missing");
            continue;
        };
        let port = listener.local_addr().unwrap().port();
        let reading = std::thread::spawn(move || [(); 2].map(|()| read_request(listener.accept().unwrap().0)));
        let endpoint = Endpoint::Tcp { host: address.into(), port };
        let request = with_body("POST", text("a b"));
        send(&endpoint, &request).await;
        let target = Target { endpoint: Some(endpoint), ..Target::demo() };
        let line = form(Draft::Request(request), &target, FormKind::Curl);
        let output = sh(&line, directory.path());
        assert!(output.status.success(), "{line} {output:?}");
        let [own, curls] = reading.join().unwrap();
        assert_eq!(own, curls, "{line}");
    }
}

/// Tells its arguments, directory, input and variables, and ends with 3.
const SHOW: &str = "#!/bin/sh\nprintf '%s\\0' \"$0\" \"$@\"\npwd\ncat\nenv -0\nexit 3\n";

/// What the program told; the variables in any order, without those that a shell sets for itself.
fn told(output: &[u8]) -> BTreeSet<String> {
    let own = ["PWD=", "OLDPWD=", "SHLVL=", "_=", "http_proxy=", "ALL_PROXY="];
    let texts = output.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    texts.filter(|text| !own.iter().any(|name| text.starts_with(name))).collect()
}

/// Each shell in which somebody may paste or run a line.
#[test]
fn each_shell_hands_a_program_the_words_that_were_copied() {
    let mut words = nasty();
    words.retain(|word| word.len() < 10_000);
    let hostile = [
        "\u{1b}[201~\nid\n",
        "a\n\n",
        "\n\n",
        "-\u{9b}2J",
        "gpj\u{202e}exe",
        "%s\\n%%",
        "\u{e0041}",
        "'\u{7}'!x\"$HOME`id`",
    ];
    words.extend(hostile.map(String::from));
    let directory = tempfile::tempdir().unwrap();
    let arguments = [vec!["%s\\0".to_owned()], words.clone()].concat();
    let command = Command::new(Place::Host, "printf", arguments);
    let line = form(Draft::Command(command), &Target::demo(), FormKind::Shell);
    fs::write(directory.path().join("line"), &line).unwrap();
    let mut tried = 0;
    for shell in ["sh", "dash", "bash", "zsh", "busybox"] {
        let mut process = Process::new(shell);
        if shell == "busybox" {
            process.arg("sh");
        }
        let Ok(done) = process.arg(directory.path().join("line")).stdin(Stdio::null()).output() else { continue };
        let got: Vec<&[u8]> = done.stdout.split(|byte| *byte == 0).collect();
        let wanted: Vec<&[u8]> = words.iter().map(String::as_bytes).chain([&b""[..]]).collect();
        assert_eq!(got, wanted, "{shell}: {line}");
        tried += 1;
    }
    assert!(tried >= 2, "sh and bash are everywhere");
}

#[tokio::test]
async fn a_shell_line_that_is_run_does_what_a_run_does() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    for name in ["show", "it's a $show", "show=it"] {
        fs::write(root.join(name), SHOW).unwrap();
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::create_dir(root.join("-it's a $dir")).unwrap();
    let full = |name: &str| root.join(name).display().to_string();
    let var = |name: &str, value: &str| EnvVar { name: name.into(), value: value.into() };
    let path = std::env::var("PATH").unwrap();
    let plain = |program: &str, args: &[&str]| Command::new(Place::Host, program, args.iter().copied());
    let with = |program: &str, env: Vec<EnvVar>| Command { env, ..plain(program, &["x"]) };
    let here = var("PATH", &format!("{}:{path}", root.display()));
    let mut commands = vec![
        Command::new(Place::Host, full("show"), nasty()),
        plain(&full("it's a $show"), &["x"]),
        plain(&full("show=it"), &["x"]),
        with("show", vec![here.clone()]),
        with("it's a $show", vec![here.clone()]),
        with("show=it", vec![here.clone(), var("A", "it's")]),
        with(&full("show"), vec![var("A", "1"), var("A", "2"), var("-odd name", "x"), var("EMPTY", "")]),
        Command { cwd: Some(full("-it's a $dir")), ..plain(&full("show"), &[]) },
        Command { env_mode: EnvMode::Replace, ..with(&full("show"), vec![var("ONLY", "a\nb"), var("PATH", &path)]) },
        Command { env_mode: EnvMode::Replace, ..plain("pwd", &[]) },
        // Words of the shell itself.
        plain("echo", &["-n", "a\\nb\\c"]),
        plain("printf", &["%q|%s", "a b", "c"]),
        plain("test", &["a", "=", "b"]),
        plain("cat", &[]),
        plain("sh", &["-c", "echo $1 >&2; exit 7", "sh", "to stderr"]),
    ];
    commands.extend(nasty().into_iter().map(|word| with(&full("show"), vec![var("WORD", &word)])));
    for command in commands {
        let mut kept = Kept::empty();
        let (_stopper, stopping) = stops();
        run_on_host(&command, stopping, None, &mut kept).await;
        let run = run_of(command.clone(), &kept);
        let line = form(Draft::Command(command), &Target::demo(), FormKind::Shell);
        let output = sh(&line, &root);
        let code = output.status.code().map(|code| Ending::Exited { code: code.into() });
        assert_eq!(run.ending, code, "{line:.1000} {run:?} {output:?}");
        assert_eq!(told(&kept.stdout), told(&output.stdout), "{line:.1000}");
        assert_eq!(kept.stderr, output.stderr, "{line:.1000}");
    }
}
