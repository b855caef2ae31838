//! A container to run commands in, and the docker CLI on the same engine.

use std::process::{Command as Process, Stdio};

use porthole_engine::Address;
use porthole_process::{Command, Ending};
use porthole_tests::containers::{Running, running_on};

use crate::context::{BenchContext, LINE, Result};

/// Lines of the file that is read again and again in the container: 16 MB, so that reading it costs
/// as good as nothing.
const FILE: u64 = 160_000 * LINE;

/// A running container that is removed at the end.
pub struct Containers {
    running: Running,
    docker: String,
    /// Its engine.
    pub address: Address,
}

impl Containers {
    /// Starts it.
    pub async fn start(context: &BenchContext) -> Result<Self> {
        let host = context.engine()?;
        let docker = std::env::var("PORTHOLE_BENCH_DOCKER").unwrap_or_else(|_| "docker".to_owned());
        let version = Process::new(&docker).arg("--version").stdout(Stdio::null()).status();
        if !version.is_ok_and(|status| status.success()) {
            return Err("the docker command is missing".into());
        }
        let running = running_on(&host).await;
        Ok(Self { running, docker, address: Address::new("bench", host) })
    }

    /// A command in it, for a Timeline.
    pub fn command(&self, program: &str, args: &[&str]) -> Command {
        self.running.command(program, args)
    }

    /// The same by the docker CLI.
    pub fn docker_exec(&self, words: &[&str]) -> Process {
        let mut process = Process::new(&self.docker);
        process.env("DOCKER_HOST", &self.address.host).args(["exec", &self.running.name]).args(words);
        process
    }

    /// A script that writes about so many bytes of lines, and how many they are. It copies a file,
    /// which busybox does many times as fast as any engine hands it on.
    pub async fn lines(&self, bytes: u64) -> Result<(String, u64)> {
        let (file, times) = if bytes < FILE { (bytes, 1) } else { (FILE, bytes / FILE) };
        let text = "x".repeat(LINE as usize - 1);
        let (run, _) = self.running.sh(&format!("busybox yes {text} | head -c {file} > /tmp/lines")).await;
        if run.ending != Some(Ending::Exited { code: 0 }) {
            return Err(format!("no file could be made in the container: {run:?}").into());
        }
        Ok((format!("for n in $(seq {times}); do cat /tmp/lines; done"), file * times))
    }
}
