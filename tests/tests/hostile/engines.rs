//! Something that says it is an engine, and sends without end.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use porthole_base::error::{Code, Error};
use porthole_engine::{Address, Engine, exec::run_in_container};
use porthole_extension::unpack;
use porthole_http::endpoint::Endpoint;
use porthole_process::{Command, Place, Signal, stops};
use porthole_tests::{
    eventually, given,
    recorder::{Kept, run_of},
    servers::{Raw, read_head},
};

const VERSION: &str = r#"{"ApiVersion":"1.41","MinAPIVersion":"1.12","Version":"20.10"}"#;

fn say(stream: &mut UnixStream, body: &str) {
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
}

fn read_body(head: &str, stream: &mut UnixStream) -> String {
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn address(server: &Raw) -> Address {
    Address::new("hostile", server.endpoint.to_string())
}

/// Treats each connection on a thread of its own, as an engine does: one may be left open while the next is made.
fn serving(treat: impl Fn(UnixStream) + Clone + Send + 'static) -> Raw {
    Raw::new(move |stream| {
        let treat = treat.clone();
        std::thread::spawn(move || treat(stream));
    })
}

/// The most memory that this process has used, in megabytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// What its list of containers fails with, when it answers that with a start and then the same again and again.
async fn endless(start: &'static str, again: &'static str) -> Error {
    let again = again.repeat(8192 / again.len());
    let server = serving(move |mut stream| {
        while let head = read_head(&mut stream)
            && !head.is_empty()
        {
            if head.contains("/containers/json") {
                let _ = stream.write_all(start.as_bytes());
                while stream.write_all(again.as_bytes()).is_ok() {}
                return;
            }
            say(&mut stream, VERSION);
        }
    });
    let engine = Engine::connect(address(&server)).await.unwrap();
    engine.containers().await.unwrap_err()
}

#[tokio::test]
async fn an_endless_response_is_cut_off_at_a_limit_that_the_error_names() {
    let before = peak();
    for (start, again, limit) in [
        (
            "HTTP/1.1 200 OK\r\n\r\n[",
            r#"{"Id":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},"#,
            "objects",
        ),
        ("HTTP/1.1 200 OK\r\n\r\n[", "{},", "objects"),
        ("HTTP/1.1 200 OK\r\n\r\n[\"", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "16,777,216 bytes"),
        ("HTTP/1.1 500 No\r\n\r\n", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "16,777,216 bytes"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "8\r\n        \r\n", "16,777,216 bytes"),
        ("HTTP/1.1 200 OK\r\n", "X-Header: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", "head"),
        ("", "HTTP/1.1 103 Early Hints\r\n\r\n", "head"),
    ] {
        let error = endless(start, again).await;
        assert_eq!(error.code, Code::ResponseTooLarge, "{start:?} {again:?}: {error:?}");
        assert!(error.detail.as_ref().unwrap().contains(limit), "{start:?} {again:?}: {error:?}");
    }
    assert!(peak() < before + 250, "{before} MB before, {} MB at most", peak());
}

#[tokio::test]
async fn an_endless_length_of_a_chunk_ends_too() {
    // Here hyper is stricter than the limit.
    let error = endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "00000000").await;
    assert!(matches!(error.code, Code::ResponseTooLarge | Code::EngineLost), "{error:?}");
}

#[tokio::test]
async fn an_engine_that_greets_without_end_is_told_of_at_once() {
    let server = serving(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"Version\":\"");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    let error = Engine::connect(address(&server)).await.unwrap_err();
    assert_eq!(error.code, Code::ResponseTooLarge, "{error:?}");
}

#[tokio::test]
async fn a_long_refusal_is_shortened() {
    let server = serving(|mut stream| {
        while let head = read_head(&mut stream)
            && !head.is_empty()
        {
            if head.contains("/containers/json") {
                let body = "n".repeat(1_000_000);
                let _ = write!(stream, "HTTP/1.1 500 No\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            } else {
                say(&mut stream, VERSION);
            }
        }
    });
    let engine = Engine::connect(address(&server)).await.unwrap();
    let error = engine.containers().await.unwrap_err();
    assert_eq!(error.code, Code::EngineRefused);
    assert!(error.message.len() < 5000, "{}", error.message.len());
}

/// Stop was heard only after two minutes, when the question that the engine did not answer had timed out.
#[tokio::test]
async fn a_command_whose_engine_answers_nothing_more_can_be_stopped() {
    let asked = Arc::new(AtomicBool::new(false));
    let hangs = Arc::clone(&asked);
    let server = serving(move |mut stream| {
        loop {
            match read_head(&mut stream) {
                head if head.is_empty() => return,
                head if head.contains("/exec/e/json") => {
                    hangs.store(true, Ordering::SeqCst);
                    break;
                }
                head if head.contains("/exec/e/start") => {
                    let upgraded = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
                    let _ = stream.write_all(upgraded.as_bytes());
                    break;
                }
                head if head.contains("/containers/c/exec") => say(&mut stream, r#"{"Id":"e"}"#),
                head if head.contains("/containers/c/json") => {
                    say(&mut stream, r#"{"Id":"c","State":{"Running":true}}"#);
                }
                _ => say(&mut stream, VERSION),
            }
        }
        // Until the other side closes.
        while stream.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
    });
    let engine = Engine::connect(address(&server)).await.unwrap();
    let command = Command::new(Place::Container { name: "c".into() }, "sleep", ["600"]);
    let (stopper, stopping) = stops();
    let running = tokio::spawn({
        let command = command.clone();
        async move {
            let mut kept = Kept::empty();
            run_in_container(&engine, "c", &command, stopping, None, &mut kept).await;
            run_of(command, &kept)
        }
    });
    eventually("a question", async || asked.load(Ordering::SeqCst).then_some(())).await;
    let began = Instant::now();
    let _ = stopper.stop(Signal::Kill).await;
    let run = running.await.unwrap();
    assert_eq!(run.failure.unwrap().code, Code::EngineLost);
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
}

/// It had the code of a refusal, and code got it as a command that wasn't started.
#[tokio::test]
async fn a_command_that_the_engine_forgets_has_a_code_of_its_own_whatever_the_engine_says() {
    for words in [r#"{"message":"No such exec instance: e"}"#, r#"{"message":"unbekannt"}"#, ""] {
        let server = serving(move |mut stream| {
            while let head = read_head(&mut stream)
                && !head.is_empty()
            {
                if head.contains("/exec/e/json") {
                    let _ = write!(stream, "HTTP/1.1 404 X\r\nContent-Length: {}\r\n\r\n{words}", words.len());
                } else if head.contains("/exec/e/start") {
                    read_body(&head, &mut stream);
                    let upgraded = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
                    let _ = stream.write_all(upgraded.as_bytes());
                    return;
                } else if head.contains("/containers/c/exec") {
                    read_body(&head, &mut stream);
                    say(&mut stream, r#"{"Id":"e"}"#);
                } else if head.contains("/containers/c/json") {
                    say(&mut stream, r#"{"Id":"c","State":{"Running":true}}"#);
                } else {
                    say(&mut stream, VERSION);
                }
            }
        });
        let engine = Engine::connect(address(&server)).await.unwrap();
        let command = Command::new(Place::Container { name: "c".into() }, "sleep", ["600"]);
        let (_stopper, stopping) = stops();
        let mut kept = Kept::empty();
        run_in_container(&engine, "c", &command, stopping, None, &mut kept).await;
        assert_eq!(run_of(command, &kept).failure.unwrap().code, Code::CommandLost, "{words}");
    }
}

/// The image that a name meant was unpacked, and its id was asked for after that: of another image, perhaps.
#[tokio::test]
async fn an_image_is_unpacked_by_its_id_and_not_by_a_name_that_may_mean_another_one_meanwhile() {
    const ID: &str = "sha256:6a92cd1fcdc8d8cdec60f33dda4db2cb1fcdcacf3410a8e05b3741f44a9b5998";
    let created = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&created);
    let server = serving(move |mut stream| {
        while let head = read_head(&mut stream)
            && !head.is_empty()
        {
            if head.contains("/images/acme/x:1/json") {
                say(&mut stream, &format!(r#"{{"Id":"{ID}"}}"#));
            } else if head.contains("/containers/create") {
                *seen.lock().unwrap() = read_body(&head, &mut stream);
                say(&mut stream, r#"{"Id":"r","Warnings":[]}"#);
            } else if head.contains("/archive") {
                let _ = stream.write_all(b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}");
            } else if head.contains("/containers/json") {
                say(&mut stream, "[]");
            } else {
                say(&mut stream, VERSION);
            }
        }
    });
    let engine = Engine::connect(address(&server)).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = unpack(&engine, &"acme/x:1".parse().unwrap(), folder.path(), None).await.unwrap_err();
    assert_eq!(error.code, Code::ManifestUnreadable, "it has no manifest: {error:?}");
    let created = created.lock().unwrap().clone();
    assert!(created.contains(&format!(r#""Image":"{ID}""#)), "{created}");
}

/// While the reaper swept a container, which an engine that answers nothing may hold up, Ctrl-C was ignored.
#[tokio::test]
async fn ctrl_c_ends_the_command_line_while_it_waits_for_what_is_swept() {
    let inspected = Arc::new(AtomicU32::new(0));
    let (hung, closed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (hangs, closes) = (Arc::clone(&hung), Arc::clone(&closed));
    let server = serving(move |mut stream| {
        while let head = read_head(&mut stream)
            && !head.is_empty()
        {
            if head.contains("/exec/e/json") {
                say(&mut stream, r#"{"Running":false,"ExitCode":0,"Pid":0}"#);
            } else if head.contains("/exec/e/start") {
                let upgraded = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
                read_body(&head, &mut stream);
                let _ = stream.write_all(upgraded.as_bytes());
                return;
            } else if head.contains("/containers/c/exec") {
                say(&mut stream, r#"{"Id":"e"}"#);
            } else if head.contains("/containers/c/json") {
                // Before the start, for the program's path, and by the reaper.
                if inspected.fetch_add(1, Ordering::SeqCst) == 2 {
                    hangs.store(true, Ordering::SeqCst);
                    while stream.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
                    closes.store(true, Ordering::SeqCst);
                    return;
                }
                say(&mut stream, r#"{"Id":"c","State":{"Running":true}}"#);
            } else {
                say(&mut stream, VERSION);
            }
        }
    });
    let Endpoint::Unix(socket) = &server.endpoint else { panic!() };
    let mut command = std::process::Command::new(given("PORTHOLE_CLI"));
    command.args(["exec", "container:c", "--", "/bin/true"]);
    command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    let mut child = command.spawn().unwrap();
    eventually("a sweep", async || hung.load(Ordering::SeqCst).then_some(())).await;
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!closed.load(Ordering::SeqCst), "the reaper goes on");
}

#[tokio::test]
async fn a_connection_is_used_again_and_one_that_was_closed_is_opened_again() {
    let opened = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = std::sync::Arc::clone(&opened);
    let server = serving(move |mut stream| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        // Three questions on each connection.
        for _ in 0..3 {
            match read_head(&mut stream) {
                head if head.is_empty() => return,
                head if head.contains("/containers/json") => say(&mut stream, "[]"),
                _ => say(&mut stream, VERSION),
            }
        }
    });
    let engine = Engine::connect(address(&server)).await.unwrap();
    for _ in 0..8 {
        assert_eq!(engine.containers().await.unwrap(), []);
    }
    let opened = opened.load(std::sync::atomic::Ordering::SeqCst);
    // Nine questions.
    assert!((3..9).contains(&opened), "{opened}");
}
