//! An engine that goes away in the middle: its own, because it is killed.

#![cfg(unix)]
use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use porthole_core::{
    engine::{Address, Engine},
    error::Code,
    run::{run_in_container, stops},
};
use porthole_tests::{
    containers::running_on,
    eventually, given,
    recorder::{Kept, run_of},
};

/// A private engine that leaves the system alone.
struct Private {
    process: Child,
    home: tempfile::TempDir,
}

impl Private {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
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
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let private = Self { process, home };
        eventually("the engine", async || Engine::connect(private.address()).await.ok()).await;
        private
    }

    fn host(&self) -> String {
        format!("unix://{}", self.home.path().join("d.sock").display())
    }

    fn address(&self) -> Address {
        Address { name: "private".into(), host: self.host() }
    }

    fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.kill();
        // containerd and what keeps the containers alive outlive a killed engine.
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let about = |file: &str| std::fs::read(process.path().join(file)).unwrap_or_default();
            let home = self.home.path().display().to_string();
            let ours = [about("cmdline"), about("mountinfo")];
            let is_ours = ours.iter().any(|text| String::from_utf8_lossy(text).contains(&home));
            let other_mounts = |path: &Path| {
                std::fs::read_link(path.join("ns/mnt")).ok() != std::fs::read_link("/proc/self/ns/mnt").ok()
            };
            let names_us = String::from_utf8_lossy(&ours[0]).contains(&home);
            if is_ours && (names_us || other_mounts(&process.path())) {
                let id = process.file_name();
                let _ = Command::new("kill").arg("-KILL").arg(id).stderr(Stdio::null()).status();
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

#[tokio::test]
async fn an_engine_killed_in_the_middle_is_lost_and_what_was_read_is_kept() {
    let mut private = Private::start().await;
    let container = Arc::new(running_on(&private.host()).await);
    let command = container.command("sh", &["-c", "echo before; sleep 600"]);
    let mut kept = Kept::empty();
    let mut length = kept.length.subscribe();
    let (_stopper, stopping) = stops();
    let task = tokio::spawn({
        let (container, command) = (Arc::clone(&container), command.clone());
        async move {
            run_in_container(&container.engine, &container.name, &command, stopping, None, &mut kept).await;
            kept
        }
    });
    length.wait_for(|length| *length > 0).await.unwrap();
    private.kill();
    let kept = task.await.unwrap();
    let run = run_of(command, &kept);
    assert_eq!(run.failure.map(|error| error.code), Some(Code::EngineLost));
    assert_eq!(kept.stdout, b"before\n");
    let gone = Engine::connect(private.address()).await.unwrap_err();
    assert_eq!(gone.code, Code::EngineUnavailable);
    assert!(gone.hint.is_some());
}
