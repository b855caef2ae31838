//! A backend in a container, whose socket is where the test says.

use std::{collections::HashMap, fs, path::Path, sync::Arc};

use bollard::{
    Docker,
    container::LogOutput,
    exec::{CreateExecOptions, StartExecResults},
    models::{ContainerCreateBody, HostConfig},
    query_parameters::{
        CreateContainerOptionsBuilder, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
        RemoveVolumeOptionsBuilder,
    },
};
use futures_util::StreamExt;
use porthole_engine::{Address, BackendConnections, Engine, tunnel::EngineTunnel};
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Header, Request},
};

use crate::{
    containers::{IMAGE, import, rand, waited_for},
    eventually, given,
    recorder::{Sent, send_over},
};

/// Where the backend's directory is, and what else is odd about its container.
#[derive(Debug, Clone, Default)]
pub struct At {
    /// What is mounted, as `docker run --volume` has it: `VOLUME:/run/guest-services`, or only a path.
    pub bind: Option<String>,
    /// Memory at this path.
    pub tmpfs: Option<String>,
    /// The directory of its sockets.
    pub directory: String,
    /// As `docker run --user`.
    pub user: Option<String>,
    /// As `docker run --read-only`.
    pub read_only: bool,
}

/// A running backend; the container goes when this is dropped, and its volume.
pub struct Inside {
    pub engine: Engine,
    pub docker: Docker,
    pub name: String,
    /// The volume that was made for it.
    pub volume: Option<String>,
    directory: String,
    /// What carries to it.
    pub connections: Arc<BackendConnections>,
}

/// A new volume's name, for [`At::bind`].
pub fn new_name() -> String {
    format!("porthole-test-{}-{}", std::process::id(), rand())
}

impl At {
    /// Only in a volume of the engine.
    pub fn volume() -> Self {
        let directory = "/run/guest-services".to_owned();
        Self { bind: Some(format!("{}:{directory}", new_name())), directory, ..Self::default() }
    }

    /// In a directory of the container itself.
    pub fn own(directory: &str) -> Self {
        Self { directory: directory.to_owned(), ..Self::default() }
    }
}

impl Inside {
    /// Starts one on the engine that the tests were given. `program` is the tests' `backend`.
    pub async fn start(program: &str, at: At) -> Self {
        Self::start_on(&given("PORTHOLE_TEST_ENGINE"), program, at).await
    }

    /// Starts one on this engine.
    pub async fn start_on(host: &str, program: &str, at: At) -> Self {
        Self::start_at(Address::new("test", host), host, program, at).await
    }

    /// Starts one on the engine that Porthole finds at one address and the test at another, and waits until it listens.
    pub async fn start_at(address: Address, host: &str, program: &str, at: At) -> Self {
        let engine = Engine::connect(address.clone()).await.expect("an engine");
        let docker = Docker::connect_with_host(host).expect("an address").negotiate_version().await.expect("an engine");
        import(&docker).await;
        let name = new_name();
        // The backend is a program of this host: it runs with this host's libraries.
        let folder = Path::new(program).parent().expect("its folder").display().to_string();
        let libraries = ["/usr", "/lib", "/lib64"].into_iter().filter(|path| Path::new(path).exists());
        let binds = libraries.map(|path| format!("{path}:{path}:ro")).chain([format!("{folder}:/program:ro")]);
        let volume = at.bind.as_deref().and_then(|bind| bind.split_once(':')).map(|(source, _)| source.to_owned());
        let (folders, paths): (Vec<_>, Vec<_>) = at.bind.into_iter().partition(|bind| bind.contains(':'));
        let body = ContainerCreateBody {
            image: Some(IMAGE.into()),
            cmd: Some(vec!["/program/backend".to_owned(), at.directory.clone()]),
            user: at.user,
            // Its first process doesn't hear SIGTERM, which Podman sends, and waits, also where a removal is forced.
            stop_signal: Some("SIGKILL".into()),
            volumes: Some(paths),
            host_config: Some(HostConfig {
                network_mode: Some("none".into()),
                binds: Some(binds.chain(folders).collect()),
                tmpfs: at.tmpfs.map(|path| [(path, String::new())].into()),
                readonly_rootfs: Some(at.read_only),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        docker.create_container(Some(options), body).await.expect("a container");
        let connections =
            Arc::new(BackendConnections::with_tunnel(EngineTunnel::new(Some(address), Arc::default(), None)));
        let volume = volume.filter(|source| !source.starts_with('/'));
        let inside = Self { engine, docker, name, volume, directory: at.directory, connections };
        inside.started().await;
        inside
    }

    /// Starts its container, and waits until it listens.
    pub async fn started(&self) {
        self.docker.start_container(&self.name, None).await.expect("a running container");
        eventually("the backend in the container", async || {
            let found = self.docker.inspect_container(&self.name, None).await.expect("the container");
            assert_eq!(found.state.and_then(|state| state.running), Some(true), "the backend ended");
            let sent = self.send(&alone()).await;
            sent.exchange.response.is_some().then_some(())
        })
        .await;
    }

    /// A socket in its directory.
    pub fn socket(&self, name: &str) -> Endpoint {
        let path = format!("{}/{name}", self.directory);
        Endpoint::Container { container: self.name.parse().expect("a container name"), path }
    }

    /// The backend's.
    pub fn endpoint(&self) -> Endpoint {
        self.socket("backend.sock")
    }

    /// Sends a request to the backend.
    pub async fn send(&self, request: &Request) -> Sent {
        send_over(&self.connections, &self.endpoint(), request).await
    }

    /// How many connections the backend has, the one that asks included, and how many it ever had.
    pub async fn counts(&self) -> (usize, usize) {
        let sent = self.send(&alone()).await;
        let (open, ever) = sent.text().split_once(' ').expect("two numbers");
        (open.parse().expect("a number"), ever.parse().expect("a number"))
    }

    /// The first process of a container, as this host numbers it.
    pub async fn process_of(&self, container: &str) -> i64 {
        let found = self.docker.inspect_container(container, None).await.expect("a container");
        found.state.and_then(|state| state.pid).filter(|pid| *pid > 0).expect("a process")
    }

    /// How many processes a container has, as this host counts them: to list those of an image that has no `ps`,
    /// Podman 4 would have to run one there.
    pub async fn processes_in(&self, container: &str) -> usize {
        let namespace = |process: &Path| fs::read_link(process.join("ns/pid")).ok();
        let own = namespace(Path::new(&format!("/proc/{}", self.process_of(container).await))).expect("its namespace");
        let all = fs::read_dir("/proc").expect("processes").flatten();
        all.filter(|process| namespace(&process.path()).as_ref() == Some(&own)).count()
    }

    /// The commands that run in a container beside its first process. Podman also lists those that have ended, for
    /// minutes.
    pub async fn execs_in(&self, container: &str) -> Vec<String> {
        let found = self.docker.inspect_container(container, None).await.expect("a container");
        let mut running = Vec::new();
        for id in found.exec_ids.unwrap_or_default() {
            let exec = self.docker.inspect_exec(&id).await;
            if exec.is_ok_and(|exec| exec.running == Some(true)) {
                running.push(id);
            }
        }
        running
    }

    /// The helper containers that this process has made; the runner gives each test a process of its own.
    pub async fn helpers(&self) -> Vec<String> {
        helpers(&self.docker, std::process::id()).await
    }

    /// The containers in which the taps of a process run.
    pub async fn taps(&self, process: u32) -> Vec<String> {
        of_process(&self.docker, "porthole.tap", process).await
    }

    /// What the directory of its sockets has, with the numbers of the files.
    pub async fn files(&self) -> String {
        let options = CreateExecOptions {
            cmd: Some(["/bin/busybox", "ls", "-i1", &self.directory].map(str::to_owned).to_vec()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::default()
        };
        let exec = self.docker.create_exec(&self.name, options).await.expect("a command").id;
        let started = self.docker.start_exec(&exec, None).await.expect("a running command");
        let StartExecResults::Attached { mut output, .. } = started else { panic!("its output") };
        let mut text = String::new();
        while let Some(piece) = output.next().await {
            if let LogOutput::StdOut { message } | LogOutput::StdErr { message } = piece.expect("its output") {
                text.push_str(&String::from_utf8_lossy(&message));
            }
        }
        let mut lines: Vec<&str> = text.lines().map(str::trim).collect();
        lines.sort_by_key(|line| line.split_once(' ').map(|(_, name)| name));
        lines.join("\n")
    }
}

/// A request that neither uses a connection of others nor leaves one.
fn alone() -> Request {
    let mut request = Request::new("POST", "/");
    request.headers = vec![Header { name: "Connection".into(), value: "close".into() }];
    request
}

/// The helper containers that a process has made.
pub async fn helpers(docker: &Docker, process: u32) -> Vec<String> {
    of_process(docker, "porthole.carrier", process).await
}

/// The containers with a label, which has their owner as its value, that a process has made.
async fn of_process(docker: &Docker, label: &str, process: u32) -> Vec<String> {
    let labeled = HashMap::from([("label", vec![label])]);
    let options = ListContainersOptionsBuilder::default().all(true).filters(&labeled).build();
    // What Podman says of a container that has just ended is not in the client's closed list of states, for a moment.
    let found =
        eventually("a list that can be read", async || docker.list_containers(Some(options.clone())).await.ok()).await;
    let is_its = |labels: &HashMap<String, String>| {
        labels.get(label).is_some_and(|owner| owner.ends_with(&format!("/{process}")))
    };
    found.into_iter().filter(|one| one.labels.as_ref().is_some_and(is_its)).filter_map(|one| one.id).collect()
}

impl Drop for Inside {
    fn drop(&mut self) {
        let (docker, name, volume) = (self.docker.clone(), self.name.clone(), self.volume.take());
        let connections = Arc::clone(&self.connections);
        waited_for(async move {
            connections.close().await;
            let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
            let _ = docker.remove_container(&name, Some(options)).await;
            if let Some(volume) = volume {
                let options = RemoveVolumeOptionsBuilder::default().force(true).build();
                let _ = docker.remove_volume(&volume, Some(options)).await;
            }
        });
    }
}
