//! Ending a command in a container. The engine has no call for it, and a closed connection does
//! not stop the command; so its process group is signalled: from this host where it can be seen
//! and may be signalled, else by a `kill` in the container itself.

use std::time::Duration;

use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use super::{Signal, group::Group, reach};
use crate::{
    engine::{Address, Engine},
    error::{Code, Error, Result},
};

/// The shell's own `kill`, where there is no program of that name.
const KILL: &str = r#"kill -s "$0" -- "$1" || kill -s "$0" "$1""#;

/// Finds the exec'd process by what an engine gives it: no parent inside the container, and this
/// command line. `$1` is the command line with its NULs as line ends, `$2` the signal.
const FIND_AND_KILL: &str = r#"
for process in /proc/[0-9]*; do
  pid=${process#/proc/}
  read -r stat < "$process/stat" 2>/dev/null || continue
  set -- "$1" "$2" ${stat##*)}
  [ "$4" = 0 ] && [ "$pid" != 1 ] || continue
  [ "$(tr '\0' '\n' < "$process/cmdline")" = "$1" ] || continue
  { kill -s "$2" -- "-$pid" || kill -s "$2" "-$pid"; } && found=yes
done
[ "$found" = yes ]
"#;

/// Where a command in a container can be reached, also by the warden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inside {
    /// The engine's address.
    pub engine: String,
    /// The container's id.
    pub container: String,
    /// The exec's id.
    pub exec: String,
    /// The argument list, program first.
    pub argv: Vec<String>,
    /// The user it runs as, when one was asked for.
    pub user: Option<String>,
    /// Its id inside the container, where it can be seen.
    pub inner_pid: Option<u32>,
    /// The host's id of its process group, where it can be seen.
    pub group: Option<i32>,
}

impl Inside {
    /// Adds what this host sees of the process.
    pub fn see(&mut self, host_pid: u32) {
        if let Some(seen) = reach::look(host_pid, &self.container) {
            self.inner_pid = Some(seen.inner_pid);
            self.group = Some(seen.group);
        }
    }

    /// Sends a signal to the command's process group.
    ///
    /// # Errors
    /// [`Code::StopFailed`] when there is no way to it.
    pub async fn signal(&mut self, engine: &Engine, signal: Signal) -> Result<()> {
        self.locate(engine).await;
        if self.signal_from_host(signal) {
            return Ok(());
        }
        self.signal_from_inside(engine, signal).await
    }

    /// Looks for the process, for an owner that stops it before it was seen. An engine may tell its
    /// id only tens of milliseconds after the start.
    async fn locate(&mut self, engine: &Engine) {
        for _ in 0..10 {
            if self.group.is_some() {
                return;
            }
            let Ok(found) = engine.docker().inspect_exec(&self.exec).await else { return };
            match found.pid.and_then(|pid| u32::try_from(pid).ok()) {
                Some(pid) if pid > 0 => self.see(pid),
                _ => {}
            }
            if found.running != Some(true) {
                return;
            }
            if self.group.is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    fn signal_from_host(&self, signal: Signal) -> bool {
        let Some(id) = self.group else { return false };
        reach::group_lives(id, &self.container)
            && Group::with_id(id).is_some_and(|group| matches!(group.signal(signal), Ok(true)))
    }

    /// Runs `kill` in the container, or a shell that finds the process first.
    pub(super) async fn signal_from_inside(&self, engine: &Engine, signal: Signal) -> Result<()> {
        let name = signal.short_name();
        let mut tries: Vec<Vec<String>> = Vec::new();
        if let Some(pid) = self.inner_pid {
            let group = format!("-{pid}");
            // Some want the two dashes before a negative number, busybox cannot read them.
            tries.push(["kill", "-s", name, "--", &group].map(String::from).to_vec());
            tries.push(["kill", "-s", name, &group].map(String::from).to_vec());
            tries.push(["sh", "-c", KILL, name, &group].map(String::from).to_vec());
        } else {
            let line = self.argv.join("\n");
            tries.push(["sh", "-c", FIND_AND_KILL, "sh", &line, name].map(String::from).to_vec());
        }
        for argv in tries {
            if self.succeeds(engine, argv).await {
                return Ok(());
            }
        }
        Err(Error::new(Code::StopFailed, "the command in the container cannot be reached to be stopped")
            .hint("This host does not see the container's processes, and the container has neither `kill` nor `sh`. Stopping the container stops the command."))
    }

    async fn succeeds(&self, engine: &Engine, argv: Vec<String>) -> bool {
        let options = CreateExecOptions {
            cmd: Some(argv),
            user: self.user.clone(),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::default()
        };
        let run = async {
            let exec = engine.docker().create_exec(&self.container, options).await.ok()?.id;
            if let StartExecResults::Attached { mut output, .. } =
                engine.docker().start_exec(&exec, None::<StartExecOptions>).await.ok()?
            {
                while output.next().await.is_some() {}
            }
            engine.docker().inspect_exec(&exec).await.ok()?.exit_code
        };
        tokio::time::timeout(Duration::from_secs(5), run).await == Ok(Some(0))
    }

    /// Whether the command still runs, as the engine says.
    async fn runs(&self, engine: &Engine) -> bool {
        engine.docker().inspect_exec(&self.exec).await.is_ok_and(|found| found.running == Some(true))
    }

    /// Ends the command: SIGTERM, a moment, SIGKILL. For owners that are going away.
    pub async fn end(&self) {
        let address = Address { name: String::new(), host: self.engine.clone() };
        let Ok(engine) = Engine::connect(address).await else { return };
        let mut inside = self.clone();
        if inside.signal(&engine, Signal::Term).await.is_err() {
            return;
        }
        for _ in 0..20 {
            if !inside.runs(&engine).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let _ = inside.signal(&engine, Signal::Kill).await;
    }
}
