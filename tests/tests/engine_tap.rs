//! Recording what a desktop sends to a backend whose socket only its container sees: on a real engine, from another
//! container.

#![cfg(target_os = "linux")]

use std::{
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use bollard::query_parameters::KillContainerOptionsBuilder;
use hyper_util::rt::TokioIo;
use porthole_base::error::Code;
use porthole_engine::{BackendConnections, tunnel::EngineTunnel};
use porthole_http::{
    exchange::{Body, Header, Io, Request},
    tap::{Tap, TapOptions},
};
use porthole_output::Stream;
use porthole_sdk::call::{Call, Origin};
use porthole_tests::{
    eventually, given,
    inside::{At, Inside},
    recorder::send_over,
    tapped::{calls_when_ended, exchange, status},
};
use porthole_timeline::Timeline;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
};

const BACKEND: &str = env!("CARGO_BIN_EXE_backend");

/// A backend in a container, and what records what others send to it. The desktop's connections are `inside`'s own: they
/// come from another container.
struct Tapped {
    inside: Inside,
    timeline: Arc<Timeline>,
    _folder: tempfile::TempDir,
}

impl Tapped {
    async fn new(at: At) -> Self {
        let inside = Inside::start(BACKEND, at).await;
        let folder = tempfile::tempdir().unwrap();
        let timeline = Arc::new(Timeline::new(folder.path().to_owned(), folder.path().join("kept"), u64::MAX, None));
        timeline.connections().use_engine(inside.engine.address().clone());
        Self { inside, timeline, _folder: folder }
    }

    async fn start(&self) -> Tap {
        let options = TapOptions::new(self.inside.endpoint(), self.inside.endpoint());
        let dialer = self.timeline.connections().dialer();
        Tap::start(options, dialer, self.timeline.tap_log()).await.unwrap()
    }

    async fn desktop(&self, request: &Request) -> (u16, Vec<u8>) {
        let sent = self.inside.send(request).await;
        (sent.status(), sent.body)
    }

    async fn ended(&self, calls: usize) -> Vec<Call> {
        calls_when_ended(&self.timeline, calls).await
    }

    fn body(&self, call: &Call) -> Vec<u8> {
        self.timeline.output(call.id).unwrap().read(Stream::Stdout, 0, u64::MAX).unwrap()
    }
}

async fn nothing_left(inside: &Inside, process: u32) {
    eventually("nothing left on the engine", async || inside.taps(process).await.is_empty().then_some(())).await;
}

/// A request that uses no connection from before.
fn get(path: &str) -> Request {
    let headers = vec![Header { name: "Connection".into(), value: "close".into() }];
    Request { headers, ..Request::new("GET", path) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_desktop_sends_is_recorded_unchanged_wherever_the_socket_is() {
    let own = At::own("/data/sockets");
    let memory = At { tmpfs: Some("/memory".into()), directory: "/memory".into(), read_only: true, ..At::default() };
    let not_root = At {
        tmpfs: Some("/memory".into()),
        directory: "/memory/deep".into(),
        user: Some("1000:1000".into()),
        ..At::default()
    };
    for at in [At::volume(), own, memory, not_root] {
        let shown = format!("{at:?}");
        let tapped = Tapped::new(at).await;
        let before = tapped.inside.files().await;
        assert!(before.contains("backend.sock"), "{before}");
        let tap = tapped.start().await;
        let during = tapped.inside.files().await;
        assert!(during.contains("backend.sock.porthole"), "{shown}: {during}");
        // Every byte there is comes back as it was sent.
        let text: String = (0..60_000_u32).filter_map(|n| char::from_u32(n % 0x500)).collect();
        let request = Request { body: Body::Text { text: text.clone() }, ..Request::new("POST", "/mirror") };
        assert_eq!(tapped.desktop(&request).await, (200, text.clone().into_bytes()), "{shown}");
        let calls = tapped.ended(1).await;
        assert_eq!((calls[0].origin, status(&calls[0])), (Origin::Tap, Some(200)));
        assert_eq!(exchange(&calls[0]).endpoint, tapped.inside.endpoint());
        assert_eq!(exchange(&calls[0]).request.body, Body::Text { text: text.clone() });
        assert!(tapped.body(&calls[0]) == text.as_bytes());
        // What Porthole itself sends isn't recorded.
        let own = send_over(&tapped.timeline.connections(), &tapped.inside.endpoint(), &get("/")).await;
        assert_eq!(own.status(), 200);
        assert_eq!(tapped.desktop(&get("/last")).await.0, 200);
        let paths: Vec<_> = tapped.ended(2).await.iter().map(|call| exchange(call).request.path.clone()).collect();
        assert_eq!(paths, ["/mirror", "/last"]);
        tap.stop().await.unwrap();
        assert_eq!(tapped.inside.files().await, before, "{shown}: the same files, with the same numbers");
        assert_eq!(tapped.desktop(&get("/")).await.0, 200);
        nothing_left(&tapped.inside, std::process::id()).await;
        tapped.timeline.close().await;
    }
}

/// The helper container beside the backend's has the rights that it needs, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn the_helper_container_may_do_only_what_it_needs() {
    let common = ["CHOWN", "DAC_OVERRIDE", "FOWNER"];
    let beside = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SYS_CHROOT", "SYS_PTRACE"];
    for (at, capabilities) in [(At::volume(), &common[..]), (At::own("/data/sockets"), &beside[..])] {
        let shown = format!("{at:?}");
        let is_volume = at.bind.is_some();
        let tapped = Tapped::new(at).await;
        let tap = tapped.start().await;
        let holder = tapped.inside.taps(std::process::id()).await.remove(0);
        let found = tapped.inside.docker.inspect_container(&holder, None).await.unwrap();
        let host = found.host_config.unwrap();
        let mut added: Vec<String> = host.cap_add.unwrap().iter().map(|name| name.replace("CAP_", "")).collect();
        added.sort();
        assert_eq!(added, capabilities, "{shown}");
        assert_eq!(host.cap_drop.unwrap(), ["ALL"], "{shown}");
        assert_eq!((host.privileged.unwrap_or_default(), host.readonly_rootfs), (false, Some(true)), "{shown}");
        assert_eq!(host.network_mode.as_deref(), Some("none"), "{shown}");
        assert!(host.security_opt.unwrap().iter().any(|option| option.starts_with("no-new-privileges")), "{shown}");
        assert!(host.binds.unwrap_or_default().is_empty() && host.devices.unwrap_or_default().is_empty(), "{shown}");
        // It has the volume, or sees the processes of the one container; never those of the host.
        let beside = host.pid_mode.is_some_and(|mode| mode.starts_with("container:"));
        assert_eq!((host.mounts.unwrap_or_default().len(), beside), (usize::from(is_volume), !is_volume), "{shown}");
        // What the kernel says of its program.
        let process = tapped.inside.process_of(&holder).await;
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
        let effective = u64::from_str_radix(line.trim(), 16).unwrap();
        assert_eq!(effective.count_ones() as usize, capabilities.len(), "{shown}: {effective:x}");
        tap.stop().await.unwrap();
        tapped.timeline.close().await;
    }
}

/// A connection as the desktop makes it, to say anything on.
async fn raw(tapped: &Tapped) -> TokioIo<Box<dyn Io>> {
    let dialer = tapped.inside.connections.dialer();
    TokioIo::new(dialer.connect(&tapped.inside.endpoint(), Duration::from_secs(10)).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_upgrade_bytes_go_both_ways_and_each_side_may_close_its_half() {
    let tapped = Tapped::new(At::volume()).await;
    let tap = tapped.start().await;
    let mut client = raw(&tapped).await;
    client.write_all(b"GET /upgrade HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n").await.unwrap();
    let mut head = vec![0; b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n".len()];
    client.read_exact(&mut head).await.unwrap();
    assert!(head.starts_with(b"HTTP/1.1 101 ") && head.ends_with(b"\r\n\r\n"));
    for piece in [&[0x81, 0xff, 0, b'\n'][..], b"more"] {
        client.write_all(piece).await.unwrap();
        let mut back = vec![0; piece.len()];
        client.read_exact(&mut back).await.unwrap();
        assert_eq!(back, piece);
    }
    client.shutdown().await.unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"after the end");
    let calls = tapped.ended(1).await;
    assert_eq!((status(&calls[0]), &exchange(&calls[0]).failure), (Some(101), &None));
    assert_eq!(tapped.body(&calls[0]), b"\x81\xff\0\nmoreafter the end");
    tap.stop().await.unwrap();
    tapped.timeline.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_connections_are_open_at_once() {
    const MANY: usize = 100;
    let tapped = Tapped::new(At::volume()).await;
    let tap = tapped.start().await;
    let mut opening = JoinSet::new();
    for _ in 0..MANY {
        let (dialer, endpoint) = (tapped.inside.connections.dialer(), tapped.inside.endpoint());
        opening.spawn(async move {
            // A hundred starts of a program at once take their time.
            let io = dialer.connect(&endpoint, Duration::from_secs(60)).await.unwrap();
            let mut client = TokioIo::new(io);
            client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
            client
        });
    }
    let mut clients = opening.join_all().await;
    let mut state = tap.state();
    state.wait_for(|state| state.connections == MANY).await.unwrap();
    for client in &mut clients {
        client.read_exact(&mut [0; 17]).await.unwrap();
    }
    let calls = tapped.ended(MANY).await;
    assert!(calls.iter().all(|call| status(call) == Some(200) && exchange(call).failure.is_none()));
    // The end of the tap is the end of each of them.
    tap.stop().await.unwrap();
    for mut client in clients {
        client.read_to_end(&mut Vec::new()).await.unwrap();
    }
    tapped.timeline.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_is_started_again_is_recorded_again() {
    for at in [At::volume(), At::own("/data/sockets")] {
        let tapped = Tapped::new(at).await;
        let tap = tapped.start().await;
        let mut state = tap.state();
        tapped.inside.docker.kill_container(&tapped.inside.name, None).await.unwrap();
        eventually("the end of the container", async || {
            let found = tapped.inside.docker.inspect_container(&tapped.inside.name, None).await.unwrap();
            (found.state.unwrap().running == Some(false)).then_some(())
        })
        .await;
        // In its own files its processes are shared, and the program ended with it; on a volume it lives on.
        tapped.inside.docker.start_container(&tapped.inside.name, None).await.unwrap();
        state.wait_for(|state| state.trouble.is_some()).await.unwrap();
        eventually("a recorded request", async || {
            let sent = tapped.inside.send(&get("/again")).await;
            let rows = tapped.timeline.changes(0).await.calls;
            (sent.exchange.response.is_some() && rows.iter().any(|row| row.text == "/again")).then_some(())
        })
        .await;
        tap.stop().await.unwrap();
        let after = tapped.inside.files().await;
        assert!(after.contains("backend.sock") && !after.contains("porthole"), "{after}");
        assert_eq!(tapped.desktop(&get("/")).await.0, 200);
        tapped.timeline.close().await;
    }
}

/// `porthole-cli tap` beside the backend.
fn cli(inside: &Inside) -> Child {
    let mut command = Command::new(given("PORTHOLE_CLI"));
    command.args(["tap", "--to", &inside.endpoint().to_string(), "--json"]);
    command.env("DOCKER_HOST", &inside.engine.address().host).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn lines(from: impl std::io::Read + Send + 'static) -> tokio::sync::mpsc::UnboundedReceiver<String> {
    let (sender, lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::BufRead::lines(std::io::BufReader::new(from)).map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cli_records_and_the_socket_is_back_also_when_it_is_killed() {
    let inside = Inside::start(BACKEND, At::volume()).await;
    let before = inside.files().await;
    for signal in ["-INT", "-KILL"] {
        let mut child = cli(&inside);
        let process = child.id();
        let (mut calls, mut said) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        let first = said.recv().await.unwrap();
        assert!(first.contains("Recording the requests to container://"), "{first}");
        let moved = said.recv().await.unwrap();
        assert!(moved.contains("backend.sock.porthole in the container"), "{moved}");
        assert_eq!(inside.send(&get("/recorded")).await.status(), 200);
        let call: serde_json::Value = serde_json::from_str(&calls.recv().await.unwrap()).unwrap();
        assert_eq!((call["origin"].as_str(), call["text"].as_str()), (Some("tap"), Some("/recorded")));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let code = child.wait().unwrap().code();
        assert_eq!(code, if signal == "-INT" { Some(130) } else { None });
        eventually("the backend's own socket", async || (inside.files().await == before).then_some(())).await;
        assert_eq!(inside.send(&get("/")).await.status(), 200);
        nothing_left(&inside, process).await;
    }
}

/// As when the machine had no memory left, or the engine was killed with it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_program_left_is_undone_when_it_is_started_again() {
    let tapped = Tapped::new(At::volume()).await;
    let before = tapped.inside.files().await;
    let tap = tapped.start().await;
    let mut state = tap.state();
    let holder = tapped.inside.taps(std::process::id()).await.remove(0);
    let options = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
    tapped.inside.docker.kill_container(&holder, Some(options)).await.unwrap();
    let told = state.wait_for(|state| state.trouble.is_some()).await.unwrap().trouble.clone().unwrap();
    assert_eq!(told.code, Code::HelperFailed);
    state.wait_for(|state| state.trouble.is_none()).await.unwrap();
    assert_eq!(tapped.desktop(&get("/later")).await.0, 200);
    assert_eq!(tapped.ended(1).await.len(), 1);
    tap.stop().await.unwrap();
    assert_eq!(tapped.inside.files().await, before);
    tapped.timeline.close().await;
}

#[tokio::test]
async fn what_is_not_there_is_refused_and_nothing_is_left() {
    let inside = Inside::start(BACKEND, At::volume()).await;
    let tunnel = EngineTunnel::new(Some(inside.engine.address().clone()), Arc::default(), None);
    let connections = BackendConnections::with_tunnel(tunnel);
    let folder = tempfile::tempdir().unwrap();
    let timeline = Arc::new(Timeline::new(folder.path().to_owned(), folder.path().join("kept"), u64::MAX, None));
    for (endpoint, code) in [
        (inside.socket("none"), Code::EndpointMissing),
        ("container://porthole-test-none/b.sock".parse().unwrap(), Code::ContainerNotFound),
    ] {
        let options = TapOptions::new(endpoint.clone(), endpoint);
        let error = Tap::start(options, connections.dialer(), timeline.tap_log()).await.unwrap_err();
        assert_eq!(error.code, code);
    }
    connections.close().await;
    nothing_left(&inside, std::process::id()).await;
}
