//! porthole-cli on Windows: a backend behind a named pipe, an engine over TCP, and commands of this machine.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod engine;
mod processes;

use std::{
    net::TcpListener,
    process::{Command, Output},
};

use engine::engine;
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
