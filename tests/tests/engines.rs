//! Engines that are not there, are something else, or refuse.

#![cfg(unix)]

use std::io::Write;

use porthole_base::error::{Code, Error};
use porthole_engine::{Address, Engine};
use porthole_http::endpoint::Endpoint;
use porthole_tests::servers::{Raw, read_head};

async fn connect(host: &str) -> Result<Engine, Error> {
    Engine::connect(Address::new("test", host)).await
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// An engine that answers 500 to all, also to the greeting, as Podman does when its storage is broken.
fn refusing() -> Raw {
    Raw::new(|mut stream| {
        read_head(&mut stream);
        let told = answer("500 Internal Server Error", r#"{"message":"the storage driver is broken"}"#);
        let _ = stream.write_all(told.as_bytes());
    })
}

fn socket(raw: &Raw) -> &str {
    let Endpoint::Unix(path) = &raw.endpoint else { unreachable!("a raw server has a unix socket") };
    path.to_str().unwrap()
}

#[tokio::test]
async fn an_address_that_cannot_be_used_is_said_to_be_one() {
    for host in ["ssh://me:secret@host", "https://host:port", "nonsense", "gopher://x", "fd://"] {
        let error = connect(host).await.unwrap_err();
        assert_eq!(error.code, Code::EngineAddressInvalid, "{host}: {error:?}");
        assert!(error.message.contains(host));
    }
}

#[tokio::test]
async fn nothing_there_or_something_else_is_no_engine() {
    let other = Raw::answering("SSH-2.0-OpenSSH\r\n");
    for host in [
        "unix:///nonexistent/docker.sock".to_owned(),
        format!("unix://{}", socket(&other)),
        "tcp://127.0.0.1:1".to_owned(),
    ] {
        let error = connect(&host).await.unwrap_err();
        assert_eq!(error.code, Code::EngineUnavailable, "{host}: {error:?}");
        assert!(error.detail.is_some() && error.hint.is_some());
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_the_engines_words() {
    let raw = refusing();
    let engine = connect(&format!("unix://{}", socket(&raw))).await.unwrap();
    let error = engine.containers().await.unwrap_err();
    assert_eq!(error.code, Code::EngineRefused);
    assert!(error.message.contains("the storage driver is broken"), "{error}");
}
