//! What commands in a container try to leave there, on a real engine.

#![cfg(target_os = "linux")]

use std::{process::Command, sync::Arc};

use porthole_process::{Containment, Ending, Signal};
use porthole_tests::{
    containers::{Running, running},
    eventually, given,
};

/// Each way to leave; `sleep NUMBER` is what is left.
const ESCAPES: [(&str, &str); 4] = [
    ("a session", "setsid sleep NUMBER </dev/null >/dev/null 2>&1 &"),
    ("a parent and a session", "( ( setsid sleep NUMBER </dev/null >/dev/null 2>&1 & ) & );"),
    (
        "a session, deaf to signals",
        "setsid sh -c 'trap \"\" TERM INT; sleep NUMBER; sleep NUMBER' </dev/null >/dev/null 2>&1 &",
    ),
    ("a session and the environment", "(env -i setsid sh -c 'exec sleep NUMBER' </dev/null >/dev/null 2>&1; :) &"),
];

async fn is_gone(container: &Running, number: &str, how: &str) {
    eventually(&format!("the end of {number} after {how}"), async || {
        (!container.has_process(&format!("sleep {number}")).await).then_some(())
    })
    .await;
}

async fn is_there(container: &Running, number: &str) {
    eventually("the escaped process", async || container.has_process(&format!("sleep {number}")).await.then_some(()))
        .await;
}

#[tokio::test]
async fn what_escapes_from_a_command_is_stopped_with_it_and_nothing_else_is() {
    let container = Arc::new(running().await);
    // Others in the same container: of the container itself, and of another command.
    let mut other = container.begin("echo ready; setsid sleep 81900 & exec sleep 81901");
    other.wrote().await;
    for (at, (name, escape)) in ESCAPES.into_iter().enumerate() {
        for signal in [Signal::Term, Signal::Kill] {
            let number = format!("81{at}{:02}", signal.number());
            let script = format!("{} echo ready; exec sleep 82000", escape.replace("NUMBER", &number));
            let mut live = container.begin(&script);
            live.wrote().await;
            is_there(&container, &number).await;
            live.stopper.stop(signal).await.unwrap();
            let (run, _) = live.task.await.unwrap();
            assert_eq!(run.started.unwrap().containment, Some(Containment::Container));
            is_gone(&container, &number, &format!("{signal:?} of a command from which it left {name}")).await;
        }
    }
    assert!(container.has_process("sleep 81900").await && container.has_process("sleep 81901").await);
    other.stopper.stop(Signal::Kill).await.unwrap();
    other.task.await.unwrap();
}

fn cli(container: &Running, script: &str) -> Command {
    let mut command = Command::new(given("PORTHOLE_CLI"));
    command.args(["exec", &format!("container:{}", container.name), "--", "sh", "-c", script]);
    command.env("DOCKER_HOST", given("PORTHOLE_TEST_ENGINE"));
    command
}

#[tokio::test]
async fn what_escapes_from_a_command_ends_with_porthole() {
    let container = running().await;
    for (at, (name, escape)) in ESCAPES.into_iter().enumerate() {
        for signal in ["-KILL", "-TERM"] {
            let number = format!("83{at}{}", signal.len());
            let script = format!("{} echo ready; exec sleep 84000", escape.replace("NUMBER", &number));
            let mut child = porthole_tests::started(cli(&container, &script));
            is_there(&container, &number).await;
            assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
            child.wait().unwrap();
            is_gone(&container, &number, &format!("{signal} of a Porthole from whose command it left {name}")).await;
        }
    }
}

#[tokio::test]
async fn what_a_command_left_in_the_background_ends_with_porthole() {
    let container = running().await;
    let done = cli(&container, "setsid sleep 85001 </dev/null >/dev/null 2>&1 & echo ready; exit 3").output().unwrap();
    assert_eq!(done.status.code(), Some(3));
    // Porthole's end waited for it.
    assert!(!container.has_process("sleep 85001").await);
    let container = Arc::new(container);
    let (run, _) = container.sh("setsid sleep 85002 </dev/null >/dev/null 2>&1 & exit 3").await;
    assert_eq!(run.ending, Some(Ending::Exited { code: 3 }));
    assert!(container.has_process("sleep 85002").await, "it lives as long as Porthole");
}
