//! The program while it listens in the place of a backend's socket, on sockets of this machine.

use std::{
    fs,
    io::{Read, Write},
    net::Shutdown,
    os::{
        fd::OwnedFd,
        unix::{
            fs::MetadataExt,
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    place::Place,
    place_error::{PlaceError, Step},
    rename::make_room,
    tap_protocol::{End, Event, Order, Side, VERSION},
    test_program::{self, frame},
};

const LONG: Duration = Duration::from_secs(20);

/// A backend's socket in a directory, and the program in its place.
struct Tapped {
    directory: TempDir,
    backend: UnixListener,
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
}

fn spawn(program: &Path, path: &Path) -> (Child, Option<ChildStdin>, ChildStdout) {
    let mut command = Command::new(program);
    command.arg("tap").arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
    (child, input, output)
}

impl Tapped {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let program = test_program::put_in(directory.path());
        let path = directory.path().join("s/b.sock");
        fs::create_dir(directory.path().join("s")).unwrap();
        let backend = UnixListener::bind(&path).unwrap();
        let (child, input, output) = spawn(&program, &path);
        let mut tapped = Self { directory, backend, child, input, output };
        tapped.listens();
        tapped
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("s/b.sock")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path().join("s")).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn next(&mut self) -> (u8, Vec<u8>) {
        frame(&mut self.output)
    }

    fn expect(&mut self, event: &Event<'_>) {
        let (kind, payload) = self.next();
        assert_eq!(Event::decode(kind, &payload).as_ref(), Some(event));
    }

    fn listens(&mut self) {
        let aside =
            format!("{}.porthole", fs::canonicalize(self.path().parent().unwrap()).unwrap().join("b.sock").display());
        self.expect(&Event::Listening { version: VERSION, aside: &aside });
    }

    fn connect(&mut self, id: u32) -> (UnixStream, UnixStream) {
        let client = UnixStream::connect(self.path()).unwrap();
        let server = self.backend.accept().unwrap().0;
        self.expect(&Event::Opened { id });
        (client, server)
    }

    fn order(&mut self, order: Order) {
        self.input.as_mut().unwrap().write_all(&order.encode()).unwrap();
    }

    /// All bytes of a side of a connection that come until this event.
    fn bytes_until(&mut self, of: u32, from: Side, until: &Event<'_>) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let (kind, payload) = self.next();
            match Event::decode(kind, &payload).unwrap() {
                Event::Bytes { id, side, bytes } if id == of && side == from => all.extend_from_slice(bytes),
                event if event == *until => return all,
                _ => {}
            }
        }
    }
}

impl Drop for Tapped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(stream: &mut UnixStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
}

fn hear(stream: &mut UnixStream, text: &str) {
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut bytes = vec![0; text.len()];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), text);
}

fn at_end(stream: &mut UnixStream) -> bool {
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.read(&mut [0; 9]).is_ok_and(|count| count == 0)
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < LONG, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn bytes_pass_both_ways_and_copies_come_in_their_order() {
    let mut tapped = Tapped::new();
    let before = fs::symlink_metadata(tapped.directory.path().join("s/b.sock.porthole")).unwrap().ino();
    let (mut client, mut server) = tapped.connect(0);
    say(&mut client, "ping");
    hear(&mut server, "ping");
    tapped.expect(&Event::Bytes { id: 0, side: Side::Client, bytes: b"ping" });
    say(&mut server, "pong");
    hear(&mut client, "pong");
    tapped.expect(&Event::Bytes { id: 0, side: Side::Backend, bytes: b"pong" });
    // The client's half ends, and the backend may still respond.
    client.shutdown(Shutdown::Write).unwrap();
    assert!(at_end(&mut server));
    tapped.expect(&Event::Ended { id: 0, side: Side::Client });
    say(&mut server, "late");
    hear(&mut client, "late");
    tapped.expect(&Event::Bytes { id: 0, side: Side::Backend, bytes: b"late" });
    drop(server);
    assert!(at_end(&mut client));
    tapped.expect(&Event::Ended { id: 0, side: Side::Backend });
    tapped.expect(&Event::Closed { id: 0, how: End::ByBoth });
    tapped.order(Order::Stop);
    tapped.expect(&Event::Restored);
    assert!(tapped.child.wait().unwrap().success());
    assert_eq!(tapped.names(), ["b.sock"]);
    assert_eq!(fs::symlink_metadata(tapped.path()).unwrap().ino(), before);
    let _direct = UnixStream::connect(tapped.path()).unwrap();
    assert!(tapped.backend.accept().is_ok());
}

#[test]
fn a_client_that_went_away_ends_its_connection() {
    let mut tapped = Tapped::new();
    let (client, mut server) = tapped.connect(0);
    drop(client);
    server.set_write_timeout(Some(LONG)).unwrap();
    while server.write_all(&[b'x'; 4096]).is_ok() {}
    tapped.bytes_until(0, Side::Backend, &Event::Closed { id: 0, how: End::ClientGone });
}

#[test]
fn a_long_response_is_the_same_and_so_is_its_copy() {
    const LENGTH: usize = 10_000_000;
    let mut tapped = Tapped::new();
    let (mut client, mut server) = tapped.connect(0);
    let body: Vec<u8> = (0..LENGTH).map(|n| (n % 251) as u8).collect();
    let sent = body.clone();
    let sending = thread::spawn(move || server.write_all(&sent).unwrap());
    let receiving = thread::spawn(move || {
        let mut all = Vec::new();
        client.read_to_end(&mut all).unwrap();
        all
    });
    let copy = tapped.bytes_until(0, Side::Backend, &Event::Ended { id: 0, side: Side::Backend });
    assert!(copy == body, "{} bytes", copy.len());
    sending.join().unwrap();
    assert!(receiving.join().unwrap() == body);
}

/// Nothing reads what it tells: bytes pass all the same, and what has no room is counted.
#[test]
fn passing_never_waits_for_porthole() {
    const LENGTH: usize = 200_000_000;
    let mut tapped = Tapped::new();
    let (mut client, mut server) = tapped.connect(0);
    let sending = thread::spawn(move || {
        let piece = vec![b'x'; 1_000_000];
        (0..LENGTH / piece.len()).for_each(|_| server.write_all(&piece).unwrap());
    });
    let mut received = 0;
    let mut piece = vec![0; 256 * 1024];
    client.set_read_timeout(Some(LONG)).unwrap();
    while let Ok(count @ 1..) = client.read(&mut piece) {
        received += count;
    }
    sending.join().unwrap();
    assert_eq!(received, LENGTH);
    drop(client);
    let (mut copied, mut missed) = (0, 0);
    loop {
        let (kind, payload) = tapped.next();
        match Event::decode(kind, &payload).unwrap() {
            Event::Bytes { bytes, .. } => copied += bytes.len(),
            Event::Missed { side: Side::Backend, count, .. } => missed += count as usize,
            Event::Closed { .. } => break,
            _ => {}
        }
    }
    assert!(missed > 0);
    assert_eq!(copied + missed, LENGTH);
}

#[test]
fn a_hundred_connections_are_open_at_once_and_end_with_it() {
    const MANY: u32 = 100;
    let mut tapped = Tapped::new();
    let mut open = Vec::new();
    for _ in 0..MANY {
        let mut client = UnixStream::connect(tapped.path()).unwrap();
        say(&mut client, "ask");
        let mut server = tapped.backend.accept().unwrap().0;
        hear(&mut server, "ask");
        open.push((client, server));
    }
    for (client, server) in &mut open {
        say(server, "answer");
        hear(client, "answer");
    }
    // The end of Porthole, also when it is killed.
    drop(tapped.input.take());
    let (mut closed, mut is_restored) = (0, false);
    while closed < MANY {
        let (kind, payload) = tapped.next();
        match Event::decode(kind, &payload).unwrap() {
            Event::Closed { how: End::Stopped, .. } => closed += 1,
            Event::Restored => is_restored = true,
            Event::Closed { .. } | Event::Ended { .. } => panic!("it was Porthole that ended it"),
            _ => {}
        }
    }
    assert!(is_restored);
    assert!(open.iter_mut().all(|(client, server)| at_end(client) && at_end(server)));
    assert!(tapped.child.wait().unwrap().success());
    assert_eq!(tapped.names(), ["b.sock"]);
}

#[test]
fn a_connection_is_closed_by_its_number_and_others_stay() {
    let mut tapped = Tapped::new();
    let (mut first, mut first_server) = tapped.connect(0);
    let (mut second, mut second_server) = tapped.connect(1);
    tapped.order(Order::Close { id: 7 });
    tapped.order(Order::Close { id: 0 });
    tapped.expect(&Event::Closed { id: 0, how: End::Stopped });
    assert!(at_end(&mut first) && at_end(&mut first_server));
    say(&mut second, "more");
    hear(&mut second_server, "more");
}

#[test]
fn a_backend_that_is_down_is_told_with_what_the_client_wanted() {
    let mut tapped = Tapped::new();
    // It still has its socket, and takes no connections.
    UnixStream::from(OwnedFd::from(tapped.backend.try_clone().unwrap())).shutdown(Shutdown::Both).unwrap();
    let mut client = UnixStream::connect(tapped.path()).unwrap();
    say(&mut client, "ask");
    let (kind, payload) = tapped.next();
    assert!(
        matches!(Event::decode(kind, &payload), Some(Event::Failed { id: 0, why }) if why.starts_with("refused: "))
    );
    tapped.expect(&Event::Bytes { id: 0, side: Side::Client, bytes: b"ask" });
    tapped.expect(&Event::Closed { id: 0, how: End::ByBoth });
    assert!(at_end(&mut client));
}

#[test]
fn a_backend_that_is_started_again_is_tapped_again() {
    let mut tapped = Tapped::new();
    let (_client, server) = tapped.connect(0);
    // As backends do: the socket that is there is removed, and it is Porthole's.
    fs::remove_file(tapped.path()).unwrap();
    drop(server);
    tapped.backend = UnixListener::bind(tapped.path()).unwrap();
    tapped.bytes_until(0, Side::Backend, &Event::Lost);
    tapped.listens();
    let (mut client, mut server) = tapped.connect(1);
    say(&mut client, "ping");
    hear(&mut server, "ping");
    tapped.order(Order::Stop);
    assert!(tapped.child.wait().unwrap().success());
    assert_eq!(tapped.names(), ["b.sock"]);
}

/// A backend that ends cleanly removes the socket at its path.
#[test]
fn a_backend_that_comes_back_later_is_tapped_then() {
    let mut tapped = Tapped::new();
    fs::remove_file(tapped.path()).unwrap();
    tapped.backend = UnixListener::bind(tapped.directory.path().join("other.sock")).unwrap();
    tapped.expect(&Event::Lost);
    until("nothing is left", || tapped.names().is_empty());
    tapped.backend = UnixListener::bind(tapped.path()).unwrap();
    tapped.listens();
    let _open = tapped.connect(0);
}

/// A backend that crashed leaves the file of its socket.
#[test]
fn a_backend_that_ended_without_a_word_finds_its_path_as_it_left_it() {
    let mut tapped = Tapped::new();
    tapped.backend = UnixListener::bind(tapped.directory.path().join("other.sock")).unwrap();
    tapped.expect(&Event::Lost);
    assert_eq!(tapped.names(), ["b.sock"]);
    make_room(&tapped.path()).unwrap();
    tapped.backend = UnixListener::bind(tapped.path()).unwrap();
    tapped.listens();
    let _open = tapped.connect(0);
}

#[test]
fn a_signal_puts_the_socket_back_and_what_kill_leaves_the_next_start_undoes() {
    let mut tapped = Tapped::new();
    let kill = |signal: &str, child: &Child| {
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    };
    kill("-TERM", &tapped.child);
    tapped.expect(&Event::Restored);
    assert!(tapped.child.wait().unwrap().success());
    assert_eq!(tapped.names(), ["b.sock"]);
    let before = fs::symlink_metadata(tapped.path()).unwrap().ino();
    let program = tapped.directory.path().join("relay");
    let (child, input, output) = spawn(&program, &tapped.path());
    (tapped.child, tapped.input, tapped.output) = (child, input, output);
    tapped.listens();
    kill("-KILL", &tapped.child);
    tapped.child.wait().unwrap();
    assert_eq!(tapped.names(), ["b.sock", "b.sock.porthole", "b.sock.porthole-tap"]);
    let (child, input, output) = spawn(&program, &tapped.path());
    (tapped.child, tapped.input, tapped.output) = (child, input, output);
    tapped.listens();
    let _open = tapped.connect(0);
    drop(tapped.input.take());
    assert!(tapped.child.wait().unwrap().success());
    assert_eq!((tapped.names(), fs::symlink_metadata(tapped.path()).unwrap().ino()), (vec!["b.sock".into()], before));
}

#[test]
fn what_cannot_be_moved_is_told_and_nothing_changes() {
    let tapped = Tapped::new();
    let program = tapped.directory.path().join("relay");
    for (path, step) in [
        (tapped.path(), Step::Busy),
        (program.clone(), Step::NotSocket),
        (tapped.directory.path().join("none"), Step::Missing),
    ] {
        let (mut child, _input, mut output) = spawn(&program, &path);
        let (kind, payload) = frame(&mut output);
        let Some(Event::NotListening { why }) = Event::decode(kind, &payload) else { panic!("{kind} {payload:?}") };
        assert_eq!(PlaceError::read(why).unwrap().step, step);
        assert!(!child.wait().unwrap().success());
    }
    assert_eq!(tapped.names(), ["b.sock", "b.sock.porthole", "b.sock.porthole-tap"]);
    assert_eq!(Place::take(&tapped.path(), true).unwrap_err().step, Step::Busy);
}
