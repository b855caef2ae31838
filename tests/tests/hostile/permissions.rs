//! Extensions that want a permission that is not theirs: a page without a backend, another content at the same place,
//! another program on the same port.

use std::{
    fs,
    io::Write,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use porthole_app::permission::{Proposed, ProposedState};
use porthole_base::error::{Code, Result};
use porthole_engine::this_machine::Machine;
use porthole_extension::{Content, ExtensionHost, ExtensionSource, Guest, Listeners, PageFacts, PageFrom, PageServer};
use porthole_process::Streaming;
use porthole_sdk::{
    permission::{CallKind, Permission},
    runtime::Runtime,
    sdk_call::{CliTarget, Data, Sdk, SdkCall, SdkExec, SdkRequest},
};
use porthole_timeline::{Origin, prompt::Prompt};

use crate::place::{Place, place};

fn hostile(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/extensions").join(name)
}

/// A socket in an engine's place, which counts who comes.
struct FakeEngine {
    socket: PathBuf,
    came: Arc<AtomicUsize>,
}

impl FakeEngine {
    fn at(folder: &Path) -> Self {
        let (socket, came) = (folder.join("engine.sock"), Arc::new(AtomicUsize::new(0)));
        let listener = UnixListener::bind(&socket).unwrap();
        let counted = Arc::clone(&came);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}");
            }
        });
        Self { socket, came }
    }
}

fn request(method: &str, url: &str) -> Sdk {
    let data = Some(Data { text: "{}".into(), json: Some("{}".into()), is_text: false, falsy: false });
    let asked = SdkRequest { method: method.into(), url: url.into(), headers: vec![], named: true, data };
    Sdk::new(SdkCall::Request(asked), Runtime::DockerDesktop)
}

fn exec(whose: CliTarget, cmd: &str) -> Sdk {
    let stream = Some(Streaming::default());
    let (args, env) = (vec![], vec![]);
    let asked = SdkExec { whose, cmd: cmd.into(), args, line: false, cwd: None, env, stream, container: None };
    Sdk::new(SdkCall::Exec(asked), Runtime::DockerDesktop)
}

fn code(proposed: Result<Proposed>) -> Code {
    proposed.expect_err("it was not even planned").code
}

impl Place {
    /// The call waits; its prompt was there for long enough to be read.
    async fn prompt(&self, sdk: Sdk, guest: Guest) -> Prompt {
        let proposed = self.gate.propose(sdk, guest).await.unwrap();
        assert!(matches!(proposed.state, ProposedState::Waiting { .. }), "{:?}", proposed.state);
        self.timeline.changes(0).await.prompt.unwrap()
    }

    async fn is_free(&self, content: Content) -> bool {
        self.gate.set_page(Some(content));
        let proposed = self.gate.propose(exec(CliTarget::Host, "true"), Guest::without_backend()).await.unwrap();
        matches!(proposed.state, ProposedState::Started { .. })
    }

    /// What the user always allowed to this content.
    async fn allow(&self, content: Content) {
        self.gate.set_page(Some(content));
        let prompt = self.prompt(exec(CliTarget::Host, "true"), Guest::without_backend()).await;
        let widest = *prompt.scopes.last().unwrap();
        self.approve(prompt.pending, widest).await;
    }
}

fn open(folder: &Path, server: Option<u16>) -> PageServer {
    let (runtime, machine, image) = (Runtime::DockerDesktop, Machine::this(), "acme/volumes".to_owned());
    let facts = PageFacts { runtime, machine, image, container: false, service: false };
    let server = server.map(|port| format!("localhost:{port}").parse().unwrap());
    PageServer::folder(folder, None, &server.map_or(PageFrom::Folder, PageFrom::Server), facts, None).unwrap().0
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copied(&from, &to) } else { fs::copy(from, to).map(drop).unwrap() }
    }
}

#[tokio::test]
async fn a_page_without_a_backend_or_with_one_that_is_down_reaches_no_engine() {
    let place = place();
    let engine = FakeEngine::at(place.folder.path());
    let extension_host = ExtensionHost::new(Arc::clone(&place.timeline), None, place.folder.path().to_owned());
    let attempts = || {
        let requests = [("POST", "/containers/create"), ("POST", "http://localhost/containers/create"), ("GET", "/x")];
        let requests = requests.into_iter().map(|(method, url)| request(method, url));
        requests.chain([exec(CliTarget::Vm, "sh")]).collect::<Vec<_>>()
    };
    let folder = place.folder.path().join("extension");
    copied(&hostile("no-backend"), &folder);
    let source = || ExtensionSource::Folder { path: folder.clone(), image: None };
    let opened = extension_host.open(source(), None).await.unwrap();
    // All that it may do without a prompt changes nothing about where it gets.
    for kind in [CallKind::Service, CallKind::Container, CallKind::Docker] {
        place.gate.set_permission(kind, Permission::Allow).await.unwrap();
    }
    for sdk in attempts() {
        assert_eq!(code(place.gate.propose(sdk, opened.guest()).await), Code::BackendMissing);
    }
    let vm = r#"{ "vm": { "image": "x", "exposes": { "socket": "b.sock" } }, "ui""#;
    let manifest = fs::read_to_string(folder.join("metadata.json")).unwrap().replacen("{\n  \"ui\"", vm, 1);
    fs::write(folder.join("metadata.json"), manifest).unwrap();
    let opened = extension_host.open(source(), None).await.unwrap();
    assert!(opened.has_backend());
    for sdk in attempts() {
        assert_eq!(code(place.gate.propose(sdk, opened.guest()).await), Code::BackendDown);
    }
    // A page whose extension was closed is nobody's.
    for sdk in attempts() {
        assert_eq!(code(place.gate.propose(sdk, Guest::without_backend()).await), Code::BackendMissing);
    }
    assert_eq!(engine.came.load(Ordering::SeqCst), 0);
    assert_eq!(place.timeline.changes(0).await.calls, []);
}

#[tokio::test]
async fn an_engine_in_the_place_of_a_pages_own_backend_is_not_written_to_without_a_prompt() {
    let place = place();
    let engine = FakeEngine::at(place.folder.path());
    // Its place inside a container tells what it is, wherever that container came from.
    let inside = "container://backend/var/run/docker.sock".parse().unwrap();
    let guest = Guest { endpoint: Ok(inside), ..Guest::without_backend() };
    for origin in [Origin::Page, Origin::Console] {
        let prompt = place.prompt(request("POST", "/containers/create"), Guest { origin, ..guest.clone() }).await;
        assert_eq!(prompt.kind, CallKind::Engine);
        place.gate.deny(prompt.pending).unwrap();
    }
    assert!(engine.socket.exists() && engine.came.load(Ordering::SeqCst) == 0);
}

#[tokio::test]
async fn another_content_at_the_same_place_or_of_the_same_name_has_no_permission() {
    let place = place();
    let folder = place.folder.path().join("extension");
    let put = |name: &str| {
        fs::remove_dir_all(&folder).ok();
        copied(&hostile(name), &folder);
    };
    put("no-backend");
    let read = || open(&folder, None).read_content(None);
    place.allow(read()).await;
    assert!(place.is_free(read()).await);
    // Another folder at the same path, with the same manifest: one word of its script is another.
    let script = fs::read_to_string(folder.join("ui/attack.js")).unwrap();
    put("no-backend");
    fs::write(folder.join("ui/attack.js"), script.replace("alpine", "evil")).unwrap();
    assert!(!place.is_free(read()).await);
    let prompt = place.timeline.changes(0).await.prompt.unwrap();
    assert_eq!((prompt.changed[0].text.as_str(), prompt.changed_total), ("ui/attack.js (changed)", 1));
    put("no-backend");
    assert!(place.is_free(read()).await, "as it was, it is what the user saw");
    // The same title and the same files elsewhere are somebody else's.
    let elsewhere = place.folder.path().join("elsewhere");
    copied(&folder, &elsewhere);
    assert!(!place.is_free(open(&elsewhere, None).read_content(None)).await);
    // An image of the same name, built anew.
    let image = |id: &str| open(&folder, None).read_content(Some(id.to_owned()));
    place.allow(image("sha256:aa")).await;
    assert!(place.is_free(image("sha256:aa")).await && !place.is_free(image("sha256:bb")).await);
    assert_eq!(place.timeline.changes(0).await.prompt.unwrap().changed[0].text, "image digest (changed)");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn another_program_on_the_port_of_a_development_server_has_no_permission_and_is_asked_for() {
    let place = place();
    let folder = place.folder.path().join("extension");
    copied(&hostile("no-backend"), &folder);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let open = open(&folder, Some(port));
    let served = || open.served_content(Listeners::on(port));
    let known = Listeners::on(port).unwrap().program();
    place.gate.know_server(open.whose(), port, &known, false).await.unwrap();
    place.allow(served()).await;
    assert!(place.is_free(served()).await);
    let before = served();
    drop(listener);
    // Another one takes the port while the page is open, and after it.
    let mut other = std::process::Command::new("python3")
        .args(["-c", "import socket, sys, time; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(); time.sleep(600)"])
        .arg(port.to_string())
        .spawn()
        .unwrap();
    let came = tokio::time::timeout(Duration::from_secs(20), async {
        while Listeners::on(port).is_none() {
            tokio::task::yield_now().await;
        }
    });
    came.await.unwrap();
    assert!(!place.is_free(before).await && !place.is_free(served()).await);
    let program = Listeners::on(port).unwrap().program();
    let ask = |accepted| place.gate.know_server(open.whose(), port, &program, accepted);
    assert_eq!(ask(false).await.unwrap_err().code, Code::PageServerChanged);
    ask(true).await.unwrap();
    ask(false).await.unwrap();
    other.kill().unwrap();
    other.wait().unwrap();
}

/// A listener beside another one on the same port, which the first one permits.
#[cfg(target_os = "linux")]
fn beside(port: u16) -> tokio::net::TcpListener {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(([127, 0, 0, 1], port).into()).unwrap();
    socket.listen(8).unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_listened_for_a_moment_beside_a_development_server_has_not_its_permission() {
    let place = place();
    let folder = place.folder.path().join("extension");
    copied(&hostile("no-backend"), &folder);
    let server = beside(0);
    let port = server.local_addr().unwrap().port();
    let open = open(&folder, Some(port));
    let served = || open.served_content(Listeners::on(port));
    place.allow(served()).await;
    assert!(place.is_free(served()).await);
    // It is there while a frame loads the page, and gone before the page calls.
    let content = served();
    place.gate.set_page(Some(content));
    let other = beside(port);
    place.gate.page_loads();
    drop(other);
    let asks = || async {
        let proposed = place.gate.propose(exec(CliTarget::Host, "true"), Guest::without_backend()).await.unwrap();
        matches!(proposed.state, ProposedState::Waiting { .. })
    };
    assert!(asks().await);
    // It is there for a while, and nothing is loaded or called.
    let content = served();
    let watch = Arc::clone(&content.watch);
    place.gate.set_page(Some(content));
    let other = beside(port);
    let seen = tokio::time::timeout(Duration::from_secs(20), async {
        while watch.changed().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    seen.await.unwrap();
    drop(other);
    assert!(asks().await);
    assert!(place.is_free(served()).await, "opened again, with the server alone");
}
