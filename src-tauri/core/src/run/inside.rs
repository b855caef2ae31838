//! Ending a command in a container. The engine has no call for it, and a closed connection does
//! not stop the command; so its process group is signalled: from this host where it can be seen
//! and may be signalled, else by a `kill` in the container itself.

use std::time::Duration;

use bollard::{
    exec::{CreateExecOptions, StartExecOptions, StartExecResults},
    models::ExecInspectResponse,
};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use super::{Signal, group::Group, reach};
use crate::{
    engine::{Address, Engine},
    error::{Code, Error, Result},
};

/// The shell's own `kill`, which takes this form in dash, bash and busybox alike.
const KILL: &str = r#"kill -"$0" -"$1""#;

/// Finds the processes that were started with a marker in their environment, and signals the
/// groups they are in. `$1` is the marker, `$2` the signal. Nothing but the shell is needed.
const FIND_AND_KILL: &str = r#"
groups=
for process in /proc/[0-9]*; do
  found=
  while read -r line || [ -n "$line" ]; do
    case $line in *"$1"*) found=yes ;; esac
  done 2>/dev/null < "$process/environ"
  [ "$found" ] || continue
  read -r stat 2>/dev/null < "$process/stat" || continue
  set -- "$1" "$2" ${stat##*)}
  case " $groups " in *" $5 "*) ;; *) groups="$groups $5" ;; esac
done
[ "$groups" ] || exit 1
for group in $groups; do kill -"$2" -"$group"; done
"#;

/// Where a command in a container can be reached, also by the warden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Inside {
    /// The engine, with all that is needed to reach it.
    pub engine: Address,
    /// The container's id.
    pub container: String,
    /// The exec's id.
    pub exec: String,
    /// A variable in the command's environment to know it by, where this host does not see the
    /// container's processes.
    pub marker: Option<String>,
    /// The user it runs as, when one was asked for.
    pub user: Option<String>,
    /// Its id inside the container, where it can be seen.
    pub inner_pid: Option<u32>,
    /// The host's id of its process group, where it can be seen.
    pub group: Option<i32>,
}

impl Inside {
    /// Adds what this host sees of the process. An engine makes it the leader of its group, so
    /// that the group is known also when the process itself is gone already.
    pub fn see(&mut self, host_pid: u32) {
        match reach::look(host_pid, &self.container) {
            Some(seen) => {
                self.inner_pid = Some(seen.inner_pid);
                self.group = Some(seen.group);
            }
            None => self.group = self.group.or_else(|| i32::try_from(host_pid).ok()),
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
    /// id only tens of milliseconds after the start, and says "not running" until then; of one that
    /// ended at once it may tell the exit code before the id.
    async fn locate(&mut self, engine: &Engine) {
        for _ in 0..10 {
            if self.inner_pid.is_some() {
                return;
            }
            let Ok(found) = engine.docker().inspect_exec(&self.exec).await else { return };
            if let Some(pid) = process_id(&found) {
                self.see(pid);
            }
            let gone = self.group.is_some() && found.exit_code.is_some();
            if gone || self.inner_pid.is_some() || self.marker.is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn signal_from_host(&self, signal: Signal) -> bool {
        let Some(id) = self.group else { return false };
        reach::group_lives(id, &self.container)
            && Group::with_id(id).is_some_and(|group| matches!(group.signal(signal), Ok(true)))
    }

    /// Runs `kill` in the container: that of a shell, else a program. Each try is looked at before
    /// the next, so that no signal is delivered twice.
    async fn signal_from_inside(&self, engine: &Engine, signal: Signal) -> Result<()> {
        let name = signal.short_name();
        let tries: Vec<Vec<String>> = match (self.inner_pid, &self.marker) {
            (Some(pid), _) => vec![
                ["sh", "-c", KILL, name, &pid.to_string()].map(String::from).to_vec(),
                ["kill", "-s", name, "--", &format!("-{pid}")].map(String::from).to_vec(),
            ],
            (None, Some(marker)) => {
                vec![["sh", "-c", FIND_AND_KILL, "sh", marker, name].map(String::from).to_vec()]
            }
            (None, None) => Vec::new(),
        };
        let ran = self.runs(engine).await;
        for argv in tries {
            if self.succeeds(engine, argv).await || (ran && !self.runs(engine).await) {
                return Ok(());
            }
        }
        Err(Error::new(Code::StopFailed, "the command in the container cannot be reached to be stopped")
            .hint("It has ended, or: this host may not signal the container's processes and the container has neither `sh` nor `kill`. Stopping the container stops the command."))
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

    /// Ends the command: SIGTERM, a moment, SIGKILL. For owners that are going away, perhaps
    /// while the engine is still about to start it.
    pub async fn end(&self) {
        let Ok(engine) = Engine::connect(self.engine.clone()).await else { return };
        if !self.is_or_will_be(&engine).await {
            return;
        }
        let mut inside = self.clone();
        if inside.signal(&engine, Signal::Term).await.is_err() {
            return;
        }
        for _ in 0..20 {
            if !inside.runs(&engine).await && !inside.group.is_some_and(|id| reach::group_lives(id, &self.container)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let _ = inside.signal(&engine, Signal::Kill).await;
    }

    /// Waits until the command was started, or certainly will not be.
    async fn is_or_will_be(&self, engine: &Engine) -> bool {
        for _ in 0..40 {
            match engine.docker().inspect_exec(&self.exec).await {
                Err(_) => return false,
                Ok(found) if process_id(&found).is_some() => return true,
                Ok(found) if found.exit_code.is_some() => return false,
                Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        false
    }
}

/// The host's id of an exec's process; engines say 0 while and where there is none.
pub(super) fn process_id(found: &ExecInspectResponse) -> Option<u32> {
    found.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0)
}
