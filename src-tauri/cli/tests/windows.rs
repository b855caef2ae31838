//! porthole-cli on Windows: a backend behind a named pipe, an engine over TCP, and commands of this machine.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    sync::mpsc,
};

use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};

fn cli(arguments: &[&str]) -> Command {
    // Beside the folder of this test.
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new(own.parent().unwrap().parent().unwrap().join("porthole-cli.exe"));
    command.args(arguments);
    command
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The demo backend on a pipe with one instance at a time: a second connection finds it busy.
async fn serve(pipe: String, mut instance: NamedPipeServer) {
    let next = async || {
        instance.connect().await?;
        let new = ServerOptions::new().create(&pipe)?;
        Ok(std::mem::replace(&mut instance, new))
    };
    porthole_demo::accept(next, |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_go_through_a_named_pipe_also_while_it_is_busy() {
    let name = format!("porthole-test-{}", std::process::id());
    let pipe = format!(r"\\.\pipe\{name}");
    let first = ServerOptions::new().first_pipe_instance(true).create(&pipe).unwrap();
    let endpoint = format!("npipe:////./pipe/{name}");
    let checked = tokio::task::spawn_blocking(move || {
        let request = |path: &str, more: &[&str]| {
            cli(&[&["request", "GET", path, "--endpoint", &endpoint], more].concat()).output().unwrap()
        };
        let seen = text(&request("/hello", &["--json"]));
        assert!(seen.contains("\"status\":200"), "{seen}");
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| text(&request("/hello", &[])))).collect();
            let bodies: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            assert!(bodies.iter().all(|body| *body == bodies[0] && !body.is_empty()), "{bodies:?}");
        });
        let gone = cli(&["request", "GET", "/", "--endpoint", r"\\.\pipe\porthole-test-nothing"]).output().unwrap();
        assert!(!gone.status.success(), "{gone:?}");
    });
    tokio::select! {
        checked = checked => checked.unwrap(),
        () = serve(pipe, first) => panic!("it serves until it is dropped"),
    }
}

/// An engine with one container, in which each command writes a line to each of its streams and exits with 7.
fn engine() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(std::result::Result::ok) {
            let sender = sender.clone();
            std::thread::spawn(move || while answer(&stream, &sender).is_some() {});
        }
    });
    (address, requests)
}

fn answer(mut stream: &TcpStream, requests: &mpsc::Sender<String>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let length = lines.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let request = lines.first()?.trim_end_matches(" HTTP/1.1").to_owned();
    let _ = requests.send(format!("{request} {}", String::from_utf8_lossy(&body)));
    let path = request.split([' ', '?']).nth(1)?;
    if path.ends_with("/start") {
        let frame = |stream: u8, text: &str| [&[stream, 0, 0, 0, 0, 0, 0, text.len() as u8], text.as_bytes()].concat();
        stream.write_all(b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n").ok()?;
        stream.write_all(&[frame(1, "to stdout\n"), frame(2, "to stderr\n")].concat()).ok()?;
        return None;
    }
    let json = if path.ends_with("/_ping") {
        r#""OK""#
    } else if path.ends_with("/version") {
        r#"{"Version":"28.0.0","ApiVersion":"1.48","MinAPIVersion":"1.24","Os":"linux","Arch":"amd64"}"#
    } else if path.ends_with("/containers/web/exec") {
        r#"{"Id":"0123456789abcdef"}"#
    } else if path.contains("/exec/") {
        r#"{"ID":"0123456789abcdef","Running":false,"ExitCode":7,"Pid":4242,"ContainerID":"web"}"#
    } else if path.ends_with("/containers/web/json") {
        r#"{"Id":"web","Name":"/web","State":{"Status":"running","Running":true,"Pid":4000},"Config":{"Image":"x"}}"#
    } else {
        "{}"
    };
    let length = json.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nApi-Version: 1.48\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"
    )
    .ok()
}

#[test]
fn a_command_runs_in_a_container_of_an_engine_over_tcp() {
    let (address, requests) = engine();
    let output =
        cli(&["exec", "container:web", "--", "tool", "an argument"]).env("DOCKER_HOST", &address).output().unwrap();
    let told = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr), output.status.code());
    assert_eq!(told, ("to stdout\n".into(), "to stderr\n".into(), Some(7)));
    let made = requests.try_iter().find(|request| request.contains("/containers/web/exec")).unwrap();
    assert!(made.contains(r#""tool","an argument""#), "{made}");
}

#[test]
fn an_engine_that_is_not_there_is_told() {
    // Nothing listens there from here on.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output =
        cli(&["exec", "container:web", "--", "tool"]).env("DOCKER_HOST", format!("tcp://{address}")).output().unwrap();
    assert!(!output.status.success());
    assert!(!output.stderr.is_empty());
}

#[test]
fn a_command_of_this_machine_gets_its_arguments_and_its_exit_code_is_handed_on() {
    let output = cli(&["exec", "host", "--", "cmd.exe", "/d", "/s", "/c", r#"echo "a  b" & exit 9"#]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), r#""a  b""#);
    assert_eq!(output.status.code(), Some(9));
}
