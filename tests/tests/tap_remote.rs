//! A tap whose program runs elsewhere: here beside the test, where for a real one a container on an engine is.

#![cfg(target_os = "linux")]

use std::{
    collections::VecDeque,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    pin::Pin,
    process::Stdio,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use porthole_base::error::{Code, Error, Result};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{EngineDialer, Io, SocketId},
    tap::{RemoteTap, Tap, TapOptions},
};
use porthole_output::Stream;
use porthole_relay::{
    protocol::{HEAD, length},
    tap_protocol::{End, Event, Order, Side, VERSION},
};
use porthole_sdk::call::{Call, Origin};
use porthole_tests::tapped::{calls_when_ended, exchange, expect, failure, rows_when, say, status};
use porthole_timeline::{Summary, Timeline};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::{UnixListener, UnixStream},
    process::{Child, ChildStdin, ChildStdout, Command},
};

const LONG: Duration = Duration::from_secs(30);
const GET: &str = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What is reached at `container://`: the program at a path of this machine, or frames that a test made up.
#[derive(Debug)]
struct Elsewhere {
    program: PathBuf,
    made_up: Mutex<Option<VecDeque<Vec<u8>>>>,
    at_stop: Mutex<AtStop>,
    /// The program of the made-up frames has a second one of it, for as long as it is held.
    held: Arc<()>,
    /// The program's process, and where Porthole's own connections were told to go.
    seen: Arc<Mutex<(Option<u32>, Option<String>)>>,
}

struct Program {
    _child: Child,
    input: ChildStdin,
    output: ChildStdout,
    outgoing: Vec<u8>,
    read: Vec<u8>,
    seen: Arc<Mutex<(Option<u32>, Option<String>)>>,
}

impl RemoteTap for Program {
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<(u8, bytes::Bytes)>>> {
        while !self.outgoing.is_empty() {
            match Pin::new(&mut self.input).poll_write(context, &self.outgoing) {
                Poll::Ready(Ok(written)) => drop(self.outgoing.drain(..written)),
                Poll::Ready(Err(_)) => self.outgoing.clear(),
                Poll::Pending => break,
            }
        }
        loop {
            if let Some(head) = self.read.first_chunk::<HEAD>().copied()
                && self.read.len() >= HEAD + length(head)
            {
                let frame: Vec<u8> = self.read.drain(..HEAD + length(head)).collect();
                return Poll::Ready(Ok(Some((head[0], frame[HEAD..].to_vec().into()))));
            }
            let mut piece = [0; 64 * 1024];
            let mut buffer = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut self.output).poll_read(context, &mut buffer)).unwrap();
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(None));
            }
            self.read.extend_from_slice(buffer.filled());
        }
    }

    fn order(&mut self, order: Order) {
        self.outgoing.extend(order.encode());
    }

    fn set_aside(&mut self, aside: Option<&str>) {
        self.seen.lock().unwrap().1 = aside.map(str::to_owned);
    }
}

/// What the program of made-up frames does when it is to stop.
#[derive(Debug, Clone, Copy)]
enum AtStop {
    Restored,
    Nothing,
    Panic,
}

const LISTENING: Event<'static> = Event::Listening { version: VERSION, aside: "/x.porthole" };

struct MadeUp {
    frames: VecDeque<Vec<u8>>,
    at_stop: AtStop,
    _held: Arc<()>,
}

impl RemoteTap for MadeUp {
    fn poll_frame(&mut self, _: &mut Context<'_>) -> Poll<Result<Option<(u8, bytes::Bytes)>>> {
        match self.frames.pop_front() {
            Some(frame) => Poll::Ready(Ok(Some((frame[0], frame[HEAD..].to_vec().into())))),
            None => Poll::Pending,
        }
    }

    fn order(&mut self, order: Order) {
        match self.at_stop {
            _ if order != Order::Stop => {}
            AtStop::Restored => self.frames.push_back(Event::Restored.encode()),
            AtStop::Nothing => {}
            AtStop::Panic => panic!("as the test wants it"),
        }
    }

    fn set_aside(&mut self, _: Option<&str>) {}
}

impl EngineDialer for Elsewhere {
    fn connect<'a>(&'a self, _: &'a Endpoint, _: Duration) -> BoxFuture<'a, Result<Box<dyn Io>>> {
        unreachable!("nothing is sent")
    }

    fn probe_connect<'a>(&'a self, _: &'a Endpoint, _: Duration) -> BoxFuture<'a, Result<()>> {
        unreachable!("nothing is checked")
    }

    fn tap<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<Box<dyn RemoteTap>>> {
        Box::pin(async move {
            if let Some(frames) = self.made_up.lock().unwrap().take() {
                let at_stop = *self.at_stop.lock().unwrap();
                let tap: Box<dyn RemoteTap> = Box::new(MadeUp { frames, at_stop, _held: Arc::clone(&self.held) });
                return Ok(tap);
            }
            assert_eq!(Arc::strong_count(&self.held), 1, "the one before keeps the place for as long as it is held");
            let Endpoint::Container { path, .. } = endpoint else { panic!("{endpoint}") };
            let mut command = Command::new(&self.program);
            command.arg("tap").arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(false);
            let mut child = command.spawn().unwrap();
            self.seen.lock().unwrap().0 = child.id();
            let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
            let seen = Arc::clone(&self.seen);
            let tap: Box<dyn RemoteTap> =
                Box::new(Program { _child: child, input, output, outgoing: Vec::new(), read: Vec::new(), seen });
            Ok(tap)
        })
    }

    fn explain<'a>(&'a self, _: &'a Endpoint, error: Error) -> BoxFuture<'a, Error> {
        Box::pin(std::future::ready(error))
    }

    fn is_engine_socket(&self, _: SocketId) -> bool {
        false
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A backend that the test plays, with a tap in its place.
struct Tapped {
    folder: tempfile::TempDir,
    timeline: Arc<Timeline>,
    elsewhere: Arc<Elsewhere>,
    backend: UnixListener,
    endpoint: Endpoint,
}

impl Tapped {
    fn new(made_up: Option<Vec<Event<'_>>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("relay");
        fs::write(&program, porthole_relay::program(std::env::consts::ARCH).expect("a program")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let path = folder.path().join("b.sock");
        let backend = UnixListener::bind(&path).unwrap();
        let endpoint = format!("container://backend{}", path.display()).parse().unwrap();
        let made_up = made_up.map(|events| events.iter().map(Event::encode).collect());
        let elsewhere = Arc::new(Elsewhere {
            program,
            made_up: Mutex::new(made_up),
            at_stop: Mutex::new(AtStop::Restored),
            held: Arc::default(),
            seen: Arc::default(),
        });
        let timeline = Timeline::new(folder.path().to_owned(), folder.path().join("kept"), u64::MAX, None);
        Self { timeline: Arc::new(timeline), elsewhere, backend, endpoint, folder }
    }

    async fn start(&self) -> Result<Tap> {
        let options = TapOptions::new(self.endpoint.clone(), self.endpoint.clone());
        let dialer: Arc<dyn EngineDialer> = Arc::<Elsewhere>::clone(&self.elsewhere);
        Tap::start(options, dialer, self.timeline.tap_log()).await
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("b.sock")
    }

    fn inode(&self) -> u64 {
        fs::symlink_metadata(self.path()).unwrap().ino()
    }

    fn is_moved(&self) -> bool {
        Path::new(&format!("{}.porthole", self.path().display())).exists()
    }

    /// A connection, from both sides.
    async fn connect(&self) -> (UnixStream, UnixStream) {
        let client = UnixStream::connect(self.path()).await.unwrap();
        let accepted = tokio::time::timeout(LONG, self.backend.accept()).await.unwrap();
        (client, accepted.unwrap().0)
    }

    async fn rows(&self, holds: impl Fn(&[Summary]) -> bool) -> Vec<Summary> {
        rows_when(&self.timeline, holds).await
    }

    async fn ended(&self, calls: usize) -> Vec<Call> {
        calls_when_ended(&self.timeline, calls).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_elsewhere_is_recorded_here_and_the_socket_is_put_back() {
    let tapped = Tapped::new(None);
    let before = tapped.inode();
    let tap = tapped.start().await.unwrap();
    assert_eq!(tap.aside().map(Path::to_owned), tapped.elsewhere.seen.lock().unwrap().1.clone().map(PathBuf::from));
    assert!(tapped.is_moved() && tapped.inode() != before);
    let (mut client, mut server) = tapped.connect().await;
    for _ in 0..2 {
        say(&mut client, GET).await;
        expect(&mut server, GET).await;
        say(&mut server, OK).await;
        expect(&mut client, OK).await;
    }
    let calls = tapped.ended(2).await;
    assert!(calls.iter().all(|call| call.origin == Origin::Tap && status(call) == Some(200)));
    assert_eq!(exchange(&calls[0]).endpoint, tapped.endpoint);
    assert_eq!(tapped.timeline.output(calls[1].id).unwrap().read(Stream::Stdout, 0, 9).unwrap(), b"ok");
    // One that isn't complete at the end says why.
    say(&mut client, GET).await;
    expect(&mut server, GET).await;
    tapped.rows(|rows| rows.len() == 3).await;
    tap.stop().await.unwrap();
    assert_eq!((tapped.inode(), tapped.is_moved()), (before, false));
    assert_eq!(client.read(&mut [0; 9]).await.unwrap(), 0);
    assert_eq!(failure(&tapped.ended(3).await[2]), Some(Code::Cancelled));
    assert_eq!(tapped.elsewhere.seen.lock().unwrap().1, None);
    let _direct = tapped.connect().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_stopped_closes_its_connection_and_no_other() {
    let tapped = Tapped::new(None);
    let tap = tapped.start().await.unwrap();
    let (mut first, mut first_server) = tapped.connect().await;
    say(&mut first, GET).await;
    expect(&mut first_server, GET).await;
    let row = tapped.rows(|rows| rows.len() == 1).await.remove(0);
    let (mut second, mut second_server) = tapped.connect().await;
    tapped.timeline.cancel(row.id).await.unwrap();
    assert_eq!(first.read(&mut [0; 9]).await.unwrap(), 0);
    say(&mut second, GET).await;
    expect(&mut second_server, GET).await;
    drop(tap);
    let began = Instant::now();
    while tapped.is_moved() {
        assert!(began.elapsed() < LONG, "a dropped tap puts the socket back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_was_killed_is_started_again_and_undoes_what_it_left() {
    let tapped = Tapped::new(None);
    let before = tapped.inode();
    let tap = tapped.start().await.unwrap();
    let process = tapped.elsewhere.seen.lock().unwrap().0.unwrap();
    let mut state = tap.state();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(process as i32), nix::sys::signal::Signal::SIGKILL).unwrap();
    let told = state.wait_for(|state| state.trouble.is_some()).await.unwrap().trouble.clone().unwrap();
    assert_eq!(told.code, Code::HelperFailed);
    state.wait_for(|state| state.trouble.is_none()).await.unwrap();
    let (mut client, mut server) = tapped.connect().await;
    say(&mut client, GET).await;
    expect(&mut server, GET).await;
    say(&mut server, OK).await;
    assert_eq!(status(&tapped.ended(1).await[0]), Some(200));
    tap.stop().await.unwrap();
    assert_eq!((tapped.inode(), tapped.is_moved()), (before, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_moved_is_refused_with_its_code() {
    let tapped = Tapped::new(None);
    let tap = tapped.start().await.unwrap();
    assert_eq!(tapped.start().await.unwrap_err().code, Code::TapUnavailable);
    tap.stop().await.unwrap();
    let missing = Tapped {
        endpoint: format!("container://backend{}/none", tapped.folder.path().display()).parse().unwrap(),
        ..tapped
    };
    let error = missing.start().await.unwrap_err();
    assert_eq!(error.code, Code::EndpointMissing);
    assert!(error.message.contains("in the container `backend`"), "{error:?}");
    let long = format!("container://backend/{}", "x".repeat(100));
    let long = Tapped { endpoint: long.parse().unwrap(), ..missing };
    assert_eq!(long.start().await.unwrap_err().code, Code::EndpointPathTooLong);
}

/// The container is the extension's, and so may be what comes from there.
#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_neither_harms_nor_is_recorded() {
    let get = GET.as_bytes();
    let (client, backend) = (Side::Client, Side::Backend);
    let mut events = vec![
        LISTENING,
        Event::Bytes { id: 9, side: client, bytes: get },
        Event::Closed { id: 9, how: End::ByBoth },
        Event::Opened { id: 1 },
        Event::Missed { id: 1, side: backend, count: u64::MAX },
        Event::Missed { id: 1, side: backend, count: u64::MAX },
        Event::Opened { id: 1 },
        Event::Bytes { id: 1, side: client, bytes: get },
        Event::Bytes { id: 1, side: backend, bytes: OK.as_bytes() },
    ];
    events.extend(std::iter::repeat_n(Event::Ended { id: 1, side: client }, 10_000));
    events.extend([
        Event::Bytes { id: 1, side: client, bytes: get },
        Event::Closed { id: 1, how: End::ByBoth },
        Event::Closed { id: 1, how: End::ClientGone },
    ]);
    let tapped = Tapped::new(Some(events));
    let tap = tapped.start().await.unwrap();
    // The connection of which only missed bytes are known is a call too, before this one or after it.
    let is_exchange = |row: &&Summary| row.text == "/a" && !row.outcome.is_live();
    let rows = tapped.rows(|rows| rows.iter().filter(is_exchange).count() == 1).await;
    let id = rows.iter().find(is_exchange).unwrap().id;
    assert_eq!(status(&tapped.timeline.call(id).unwrap()), Some(200));
    tap.stop().await.unwrap();
    // A frame that isn't one ends it. Then the real program is started, as after any other failure.
    let tapped = Tapped::new(Some(vec![LISTENING, Event::Trouble { words: "w" }]));
    tapped.elsewhere.made_up.lock().unwrap().as_mut().unwrap().push_back(vec![b'?', 0, 0, 0, 0]);
    let tap = tapped.start().await.unwrap();
    let mut state = tap.state();
    let is_told = |code: Code| move |trouble: &Option<Error>| trouble.as_ref().is_some_and(|error| error.code == code);
    let failed = is_told(Code::HelperFailed);
    state.wait_for(|state| failed(&state.trouble)).await.unwrap();
    state.wait_for(|state| state.trouble.is_none()).await.unwrap();
    tap.stop().await.unwrap();
    // Another version isn't taken for this one, and a path that the program wouldn't choose isn't one.
    for (version, aside) in [(VERSION + 1, "/x.porthole"), (VERSION, "/x"), (VERSION, "/a/../x.porthole")] {
        let tapped = Tapped::new(Some(vec![Event::Listening { version, aside }]));
        assert_eq!(tapped.start().await.unwrap_err().code, Code::HelperFailed, "{aside}");
    }
    let tapped = Tapped::new(Some(vec![LISTENING, Event::Listening { version: VERSION, aside: "/etc/passwd" }]));
    let tap = tapped.start().await.unwrap();
    let mut state = tap.state();
    state.wait_for(|state| failed(&state.trouble)).await.unwrap();
    state.wait_for(|state| state.trouble.is_none()).await.unwrap();
    tap.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_without_a_result_does_not_stop_as_if_the_socket_were_back() {
    for (at_stop, code) in [(AtStop::Panic, Code::Internal), (AtStop::Nothing, Code::TapMoveFailed)] {
        let tapped = Tapped::new(Some(vec![LISTENING]));
        *tapped.elsewhere.at_stop.lock().unwrap() = at_stop;
        let tap = tapped.start().await.unwrap();
        assert_eq!(tap.stop().await.unwrap_err().code, code);
    }
}
