//! A tap in the place of a backend that is started again while it records.

#![cfg(unix)]

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    os::{
        fd::AsRawFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
};

use nix::sys::socket::{Shutdown, shutdown};
use porthole_base::error::Code;
use porthole_http::{
    endpoint::Endpoint,
    exchange::Request,
    tap::{Tap, TapOptions, TapState},
};
use porthole_tests::{
    recorder::send,
    tapped::{calls_when_ended, exchange, status},
};
use porthole_timeline::Timeline;

/// A backend that responds with its number to each request, until its process would end.
struct Numbered(Option<(UnixListener, JoinHandle<()>)>);

impl Numbered {
    /// Listens as backends do: what is at the path is removed first.
    fn start(path: &Path, number: usize) -> Self {
        let _ = fs::remove_file(path);
        let listener = UnixListener::bind(path).unwrap();
        let accepting = listener.try_clone().unwrap();
        let serving = thread::spawn(move || {
            while let Ok((stream, _)) = accepting.accept() {
                thread::spawn(move || serve(stream, number));
            }
        });
        Self(Some((listener, serving)))
    }

    /// It listens no more. The file of its socket stays, and so do its connections.
    fn end(&mut self) {
        let Some((listener, serving)) = self.0.take() else { return };
        shutdown(listener.as_raw_fd(), Shutdown::Both).unwrap();
        serving.join().unwrap();
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        self.end();
    }
}

/// Requests without a body, until the connection ends.
fn serve(mut stream: UnixStream, number: usize) {
    let mut head = Vec::new();
    let mut byte = [0];
    while let Ok(1) = stream.read(&mut byte) {
        head.push(byte[0]);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{number}", number.to_string().len());
            if stream.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// A tap in the place of a backend's socket, with its timeline.
struct Tapped {
    _folder: tempfile::TempDir,
    timeline: Arc<Timeline>,
    path: PathBuf,
    tap: Tap,
}

impl Tapped {
    async fn new(path: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let timeline = Timeline::new(folder.path().to_owned(), folder.path().join("kept"), u64::MAX, None);
        let timeline = Arc::new(timeline);
        let endpoint = Endpoint::Unix(path.to_owned());
        let options = TapOptions::new(endpoint.clone(), endpoint);
        let tap = Tap::start(options, timeline.connections().dialer(), timeline.tap_log()).await.unwrap();
        Self { _folder: folder, timeline, path: path.to_owned(), tap }
    }

    /// What the backend responds with; nothing where it can't be reached.
    async fn ask(&self, path: &str) -> Option<String> {
        let sent = send(&Endpoint::Unix(self.path.clone()), &Request::new("GET", path)).await;
        sent.exchange.response.is_some().then(|| sent.text().to_owned())
    }

    async fn state(&self, holds: impl FnMut(&TapState) -> bool) -> TapState {
        self.tap.state().wait_for(holds).await.unwrap().clone()
    }

    /// It says that it doesn't record, and then that it does.
    async fn records_again(&self) {
        let lost = self.state(|state| state.is_lost).await;
        assert_eq!(lost.trouble.map(|error| error.code), Some(Code::TapUnavailable));
        self.found().await;
    }

    async fn found(&self) {
        let found = self.state(|state| !state.is_lost).await;
        assert_eq!(found.trouble, None);
    }

    /// What was recorded, when this many calls have ended.
    async fn recorded(&self, calls: usize) -> Vec<String> {
        let calls = calls_when_ended(&self.timeline, calls).await;
        assert!(calls.iter().all(|call| status(call) == Some(200)), "{calls:#?}");
        calls.iter().map(|call| exchange(call).request.path.clone()).collect()
    }

    /// Nothing of it is left, and the backend is where it was.
    async fn end(self, number: usize) {
        let path = self.path.clone();
        self.tap.stop().await.unwrap();
        let sent = send(&Endpoint::Unix(path.clone()), &Request::new("GET", "/after")).await;
        assert_eq!(sent.text(), number.to_string());
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(names, [path]);
    }
}

fn socket() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/b.sock");
    fs::create_dir(path.parent().unwrap()).unwrap();
    (folder, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_removes_its_socket_and_listens_again_is_recorded_again() {
    let (_folder, path) = socket();
    let mut backend = Numbered::start(&path, 1);
    let tapped = Tapped::new(&path).await;
    assert_eq!(tapped.ask("/1").await.as_deref(), Some("1"));
    for number in 2..4 {
        backend.end();
        backend = Numbered::start(&path, number);
        // It is reached all the time.
        assert_eq!(tapped.ask("/unseen").await, Some(number.to_string()));
        tapped.records_again().await;
        assert_eq!(tapped.ask(&format!("/{number}")).await, Some(number.to_string()));
    }
    assert_eq!(tapped.recorded(3).await, ["/1", "/2", "/3"]);
    tapped.end(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_whose_socket_is_put_there_by_a_rename_is_recorded_again() {
    let (_folder, path) = socket();
    let mut old = Numbered::start(&path, 1);
    let tapped = Tapped::new(&path).await;
    let next = path.with_file_name("next.sock");
    let _new = Numbered::start(&next, 2);
    fs::rename(&next, &path).unwrap();
    // As long as the old one listens beside it, both keep their sockets, and the new one is reached.
    let lost = tapped.state(|state| state.is_lost).await;
    assert!(lost.trouble.and_then(|error| error.hint).is_some_and(|hint| hint.contains("b.sock.porthole")));
    assert_eq!(tapped.ask("/unseen").await.as_deref(), Some("2"));
    old.end();
    tapped.found().await;
    assert_eq!(tapped.ask("/new").await.as_deref(), Some("2"));
    assert_eq!(tapped.recorded(1).await, ["/new"]);
    tapped.end(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_removed_and_made_again_is_recorded_again() {
    let (_folder, path) = socket();
    let mut backend = Numbered::start(&path, 1);
    let tapped = Tapped::new(&path).await;
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    backend.end();
    tapped.state(|state| state.is_lost).await;
    fs::create_dir(path.parent().unwrap()).unwrap();
    let _backend = Numbered::start(&path, 2);
    tapped.found().await;
    assert_eq!(tapped.ask("/2").await.as_deref(), Some("2"));
    assert_eq!(tapped.recorded(1).await, ["/2"]);
    tapped.end(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_may_be_away_for_a_while_and_its_connections_go_on() {
    let (_folder, path) = socket();
    let mut backend = Numbered::start(&path, 1);
    let tapped = Tapped::new(&path).await;
    // A connection that is open stays, as it would without a tap.
    let mut open = UnixStream::connect(&path).unwrap();
    let mut ask = move || {
        open.write_all(b"GET /open HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut text = [0; "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1".len()];
        open.read_exact(&mut text).unwrap();
        assert!(text.ends_with(b"1"));
    };
    ask();
    fs::remove_file(&path).unwrap();
    backend.end();
    let lost = tapped.state(|state| state.is_lost).await;
    assert!(lost.trouble.is_some_and(|error| error.message.contains("stopped listening") && error.hint.is_some()));
    // Clients see what they would see without a tap.
    assert_eq!(tapped.ask("/none").await, None);
    assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::NotFound);
    ask();
    assert!(tapped.tap.state().borrow().is_lost, "an old connection changes nothing");
    let _backend = Numbered::start(&path, 2);
    tapped.found().await;
    assert_eq!(tapped.ask("/2").await.as_deref(), Some("2"));
    ask();
    let mut recorded = tapped.recorded(4).await;
    recorded.sort();
    assert_eq!(recorded, ["/2", "/open", "/open", "/open"]);
    tapped.end(2).await;
}

/// After a crash the file of its socket stays. Some backends don't start while something listens there.
#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_crashed_finds_its_socket_as_it_left_it_and_is_recorded_again() {
    let (_folder, path) = socket();
    let mut backend = Numbered::start(&path, 1);
    let tapped = Tapped::new(&path).await;
    for number in 2..4 {
        backend.end();
        let lost = tapped.state(|state| state.is_lost).await;
        assert_eq!(lost.trouble.map(|error| error.code), Some(Code::TapUnavailable));
        assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        backend = Numbered::start(&path, number);
        tapped.found().await;
        assert_eq!(tapped.ask(&format!("/{number}")).await, Some(number.to_string()));
    }
    assert_eq!(tapped.recorded(2).await, ["/2", "/3"]);
    tapped.end(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_may_end_while_the_backend_is_away() {
    let (_folder, path) = socket();
    let mut backend = Numbered::start(&path, 1);
    let tapped = Tapped::new(&path).await;
    fs::remove_file(&path).unwrap();
    backend.end();
    tapped.state(|state| state.is_lost).await;
    tapped.tap.stop().await.unwrap();
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
}
