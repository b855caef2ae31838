//! Containers on a real engine, from an image built from nothing but a static busybox.

use std::{fs, path::Path, sync::Arc};

use bollard::{
    Docker,
    models::{ContainerCreateBody, HostConfig},
    query_parameters::{CreateContainerOptionsBuilder, CreateImageOptionsBuilder, RemoveContainerOptionsBuilder},
};
use futures_util::TryStreamExt;
use porthole_base::error::Result;
use porthole_engine::{Address, Engine, exec::run_in_container};
use porthole_output::{Stream, record::Record};
use porthole_process::{Command, Place, RunEvent, Terminal, TerminalSize, stops, terminal};
use tokio::sync::watch;

use crate::{
    given,
    recorder::{Kept, Live, run_of},
};

pub(crate) const IMAGE: &str = "porthole-test-busybox:latest";

/// A running container that is removed when this is dropped.
pub struct Running {
    /// Its engine, as Porthole sees it.
    pub engine: Engine,
    /// The same engine, for what Porthole does not do.
    pub docker: Docker,
    /// Its name.
    pub name: String,
}

/// A container on the engine that the tests were given.
pub async fn running() -> Running {
    running_on(&given("PORTHOLE_TEST_ENGINE")).await
}

/// A container on the engine at this address.
pub async fn running_on(host: &str) -> Running {
    running_at(Address::new("test", host), host).await
}

/// A container on the engine that Porthole finds at one address and the test at another.
pub async fn running_at(address: Address, host: &str) -> Running {
    let engine = Engine::connect(address).await.expect("an engine");
    let docker = Docker::connect_with_host(host).expect("an address").negotiate_version().await.expect("an engine");
    import(&docker).await;
    let name = format!("porthole-test-{}-{}", std::process::id(), rand());
    let options = CreateContainerOptionsBuilder::default().name(&name).build();
    let body = ContainerCreateBody {
        image: Some(IMAGE.into()),
        // It does not end by itself, and takes in children that lost their parent.
        cmd: Some(
            ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"].map(String::from).to_vec(),
        ),
        host_config: Some(HostConfig { network_mode: Some("none".into()), ..HostConfig::default() }),
        ..ContainerCreateBody::default()
    };
    docker.create_container(Some(options), body).await.expect("a container");
    docker.start_container(&name, None).await.expect("a running container");
    Running { engine, docker, name }
}

pub(crate) fn rand() -> u32 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map(|since| since.subsec_nanos()).unwrap_or_default()
}

/// Makes the image unless it is there.
pub(crate) async fn import(docker: &Docker) {
    if docker.inspect_image(IMAGE).await.is_ok() {
        return;
    }
    // Podman 4 knows no tag beside the name.
    let options = CreateImageOptionsBuilder::default().from_src("-").repo(IMAGE).build();
    let root = bollard::body_full(root_of_busybox(Path::new(&given("PORTHOLE_TEST_BUSYBOX"))).into());
    docker.create_image(Some(options), Some(root), None).try_collect::<Vec<_>>().await.expect("an imported image");
}

/// A root file system as a tar: busybox under the names that the tests use, and a few odd files.
fn root_of_busybox(busybox: &Path) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for name in ["proc", "tmp", "data", "etc", "bin"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_size(0);
        header.set_mode(0o755);
        header.set_cksum();
        tar.append_data(&mut header, format!("{name}/"), &[] as &[u8]).expect("a folder");
    }
    let mut file = |path: &str, mode: u32, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        header.set_cksum();
        tar.append_data(&mut header, path, bytes).expect("an entry");
    };
    file("bin/busybox", 0o755, &fs::read(busybox).expect("busybox"));
    file("etc/passwd", 0o644, b"root:x:0:0::/:/bin/sh\nauthor:x:1000:1000::/:/bin/sh\n");
    file("data/notes.txt", 0o644, b"not a program\n");
    file("data/broken", 0o755, b"\x7fELF no such format");
    for name in
        ["sh", "sleep", "kill", "cat", "echo", "true", "ps", "dd", "head", "tr", "seq", "pwd", "env", "id", "setsid"]
    {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        header.set_mode(0o777);
        tar.append_link(&mut header, format!("bin/{name}"), "busybox").expect("a link");
    }
    tar.into_inner().expect("a tar")
}

/// A command in a terminal of a container.
pub struct InTerminal {
    /// The command.
    pub live: Live,
    /// What types and resizes.
    pub user: Terminal,
    written: watch::Receiver<Vec<u8>>,
}

impl InTerminal {
    /// A shell line, or the shell itself when it is empty, in a terminal of 90 columns and 25 rows.
    pub fn begin(container: &Arc<Running>, script: &str) -> Self {
        let size = TerminalSize { columns: 90, rows: 25 };
        let args: &[&str] = if script.is_empty() { &[] } else { &["-c", script] };
        let (container, mut command) = (Arc::clone(container), container.command("sh", args));
        command.terminal = Some(size);
        let (user, input) = terminal(size);
        let all = watch::Sender::new(Vec::new());
        let written = all.subscribe();
        let live = Live::begin(|stopping, kept| async move {
            let mut told = Told { kept, all };
            let stops = stopping.with_terminal(input);
            run_in_container(&container.engine, &container.name, &command, stops, None, &mut told).await;
            (run_of(command, &told.kept), told.kept)
        });
        Self { live, user, written }
    }

    /// Waits until it wrote this.
    pub async fn wrote(&mut self, text: &str) {
        let has = |all: &Vec<u8>| all.windows(text.len()).any(|part| part == text.as_bytes());
        self.written.wait_for(has).await.unwrap_or_else(|_| panic!("`{text}` before the end"));
    }

    /// Types this.
    pub async fn types(&self, text: &str) {
        self.user.write(text.as_bytes().to_vec()).await.expect("not too much at once");
    }
}

/// Keeps what was written and tells of it.
struct Told {
    kept: Kept<RunEvent>,
    all: watch::Sender<Vec<u8>>,
}

impl Record<RunEvent> for Told {
    fn event(&mut self, event: RunEvent) {
        self.kept.event(event);
    }

    fn chunk(&mut self, stream: Stream, at_us: u64, bytes: &[u8]) -> Result<()> {
        self.all.send_modify(|all| all.extend_from_slice(bytes));
        self.kept.chunk(stream, at_us, bytes)
    }
}

impl Running {
    /// A command in this container.
    pub fn command(&self, program: &str, args: &[&str]) -> Command {
        Command::new(Place::Container { name: self.name.clone() }, program, args.iter().copied())
    }

    /// Runs it to its end.
    pub async fn run(&self, command: Command) -> (porthole_process::Run, Kept<RunEvent>) {
        let mut kept = Kept::empty();
        let (_stopper, stopping) = stops();
        run_in_container(&self.engine, &self.name, &command, stopping, None, &mut kept).await;
        (run_of(command, &kept), kept)
    }

    /// A shell line in this container, run to its end.
    pub async fn sh(&self, script: &str) -> (porthole_process::Run, Kept<RunEvent>) {
        self.run(self.command("sh", &["-c", script])).await
    }

    /// A shell line in this container that goes on while a test does something to it.
    pub fn begin(self: &Arc<Self>, script: &str) -> Live {
        let (container, command) = (Arc::clone(self), self.command("sh", &["-c", script]));
        Live::begin(|stopping, mut kept| async move {
            run_in_container(&container.engine, &container.name, &command, stopping, None, &mut kept).await;
            (run_of(command, &kept), kept)
        })
    }

    /// Whether a process with this text in its command line lives in the container.
    pub async fn has_process(&self, text: &str) -> bool {
        let top = self.docker.top_processes(&self.name, None).await.expect("processes");
        top.processes.unwrap_or_default().iter().any(|row| row.join(" ").contains(text))
    }
}

/// Does something to its end in a drop, which cannot wait: a thread with a runtime of its own can.
pub(crate) fn waited_for(task: impl Future<Output = ()> + Send + 'static) {
    let doing = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(task);
    });
    let _ = doing.join();
}

impl Drop for Running {
    fn drop(&mut self) {
        let (docker, name) = (self.docker.clone(), self.name.clone());
        waited_for(async move {
            let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            let _ = docker.remove_container(&name, Some(options)).await;
        });
    }
}
