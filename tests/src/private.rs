//! An engine of a test's own, to be killed or to be spoken to in another way.

use std::process::{Child, Command, Stdio};

use porthole_engine::{Address, Engine};

use crate::{eventually, given};

/// A private engine that leaves the system alone. It ends with this.
pub struct Private {
    process: Child,
    home: tempfile::TempDir,
}

impl Private {
    /// One that listens on a socket in its own folder.
    pub async fn start() -> Self {
        Self::start_with(tempfile::tempdir().unwrap(), &[]).await
    }

    /// One that lives in this folder and takes these arguments too.
    pub async fn start_with(home: tempfile::TempDir, arguments: &[String]) -> Self {
        let at = |name: &str| home.path().join(name);
        std::fs::write(at("daemon.json"), "{}").unwrap();
        let process = Command::new(given("PORTHOLE_TEST_DOCKERD"))
            .arg("--config-file")
            .arg(at("daemon.json"))
            .arg("--data-root")
            .arg(at("data"))
            .arg("--exec-root")
            .arg(at("exec"))
            .arg("--pidfile")
            .arg(at("pid"))
            .arg("--host")
            .arg(format!("unix://{}", at("d.sock").display()))
            .args(["--storage-driver", "vfs", "--iptables=false", "--ip6tables=false", "--bridge=none"])
            .args(["--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent"])
            .arg(format!("/porthole-{}", std::process::id()))
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let private = Self { process, home };
        eventually("the engine", async || Engine::connect(private.address()).await.ok()).await;
        private
    }

    /// Its socket, as docker writes it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.home.path().join("d.sock").display())
    }

    /// The address of its socket.
    pub fn address(&self) -> Address {
        Address::new("private", self.host())
    }

    /// Kills it outright.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.kill();
        // containerd and what keeps the containers alive outlive a killed engine: they name its folder, and what
        // runs in the containers is in its control group. Mounts tell nothing: whoever makes a view of his own
        // takes those of everybody along.
        let (home, group) = (self.home.path().display().to_string(), format!("/porthole-{}/", std::process::id()));
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let says = |file: &str, words: &str| {
                let text = std::fs::read(process.path().join(file)).unwrap_or_default();
                String::from_utf8_lossy(&text).contains(words)
            };
            if says("cmdline", &home) || says("cgroup", &group) {
                let _ = Command::new("kill").arg("-KILL").arg(process.file_name()).stderr(Stdio::null()).status();
            }
        }
        for mount in std::fs::read_to_string("/proc/self/mounts").unwrap_or_default().lines().rev() {
            let at = mount.split(' ').nth(1).unwrap_or_default();
            if at.starts_with(&self.home.path().display().to_string()) {
                let _ = Command::new("umount").args(["-l", at]).status();
            }
        }
    }
}
