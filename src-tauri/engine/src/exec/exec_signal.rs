//! Ending a command in a container. The engine has no call for it, and a closed connection does
//! not stop the command; so its processes are signaled: from this host where they can be seen
//! and may be signaled, else by a `kill` in the container itself.
//!
//! A process that lost its parent belongs to the container's first process from then on. It is known as the command's by
//! a variable in its environment, or because this host saw it while its parent lived. One that drops its
//! environment and its parent between two looks is not found.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

use crate::{Address, Engine};
use porthole_base::error::{Code, Error, Result};
use porthole_process::{
    Signal,
    host_pid::{self, Process},
};

/// How long a command may take to end after SIGTERM. It is counted by the clock: on a busy machine a look at the processes
/// takes long, and the reaper has only seconds for all.
const GRACE: Duration = Duration::from_secs(1);

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

/// Where a command in a container can be reached, also by the reaper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecProcess {
    /// The engine, with all that is needed to reach it.
    /// The engine that runs the container.
    pub engine: Address,
    /// The container's id.
    pub container: String,
    /// The exec's id.
    pub exec: String,
    /// A variable in the command's environment to know its processes by.
    pub marker: String,
    /// Whether this host sees the container's processes.
    pub is_seen: bool,
    /// The user it runs as, if one was set.
    pub user: Option<String>,
    /// Its id inside the container, where it can be seen.
    pub inner_pid: Option<u32>,
    /// The host's id of its process group, where it can be seen.
    pub group: Option<i32>,
    /// Its processes, as far as this host has seen them.
    pub known: BTreeSet<Process>,
}

/// A container in which commands may have left something in the background. It lives on until Porthole ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepTarget {
    /// The engine that runs the container.
    pub engine: Address,
    /// The container's id.
    pub container: String,
    /// How the variables begin that Porthole added.
    pub marker: String,
    /// The user that its commands ran as.
    pub user: Option<String>,
}

impl ExecProcess {
    /// Adds what this host sees of the process. An engine makes it the leader of its group, so
    /// that the group is known also when the process itself is gone already.
    pub fn see(&mut self, host_pid: u32) {
        match host_pid::look(host_pid, &self.container) {
            Some(seen) => {
                self.inner_pid = Some(seen.inner_pid);
                self.group = Some(seen.process.group);
                self.known.insert(seen.process);
            }
            None => self.group = self.group.or_else(|| i32::try_from(host_pid).ok()),
        }
    }

    /// Looks for processes that the command started meanwhile. Tells whether there are any that were not known.
    pub fn see_more(&mut self) -> bool {
        /// A command that starts one process after the other must not fill the memory.
        const MOST: usize = 1000;
        let found = host_pid::children_of(&self.known);
        if found.is_empty() {
            return false;
        }
        if self.known.len() + found.len() > MOST {
            self.known.retain(host_pid::is_same);
        }
        self.known.extend(found);
        self.known.len() <= MOST
    }

    /// Sends a signal to the command's processes.
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
            let Ok(found) = engine.exec(&self.exec).await else { return };
            if let Some(pid) = found.pid {
                self.see(pid);
            }
            let gone = self.group.is_some() && found.exit_code.is_some();
            if gone || self.inner_pid.is_some() || !self.is_seen {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn living(&self) -> Vec<Process> {
        host_pid::living(&self.container, &self.known, self.group, &self.marker)
    }

    fn signal_from_host(&self, signal: Signal) -> bool {
        let living = self.living();
        !living.is_empty() && host_pid::signal(&living, self.group, signal)
    }

    /// Runs `kill` in the container: that of a shell, else a program. Each try is looked at before
    /// the next, so that no signal is delivered twice.
    async fn signal_from_inside(&self, engine: &Engine, signal: Signal) -> Result<()> {
        let name = signal.short_name();
        let mut tries = vec![["sh", "-c", FIND_AND_KILL, "sh", &self.marker, name].map(String::from).to_vec()];
        if let Some(pid) = self.inner_pid {
            tries.push(["sh", "-c", KILL, name, &pid.to_string()].map(String::from).to_vec());
            tries.push(["kill", "-s", name, "--", &format!("-{pid}")].map(String::from).to_vec());
        }
        let ran = self.runs(engine).await;
        for argv in tries {
            if succeeds(engine, &self.container, self.user.clone(), argv).await || (ran && !self.runs(engine).await) {
                return Ok(());
            }
        }
        Err(Error::new(Code::StopFailed, "Can't stop the command in the container")
            .hint("It may have ended. Otherwise stop the container: this host can't signal its processes, and it has no `sh` or `kill`."))
    }

    /// Whether the command still runs, as the engine says.
    async fn runs(&self, engine: &Engine) -> bool {
        engine.exec(&self.exec).await.is_ok_and(|found| found.running == Some(true))
    }

    /// Ends the command: SIGTERM, a moment, SIGKILL. For owners that are going away, perhaps
    /// while the engine is still about to start it.
    pub async fn end(&self) {
        let Ok(engine) = Engine::connect(self.engine.clone()).await else {
            // Killed, it leaves its containers running.
            return end_from_host(|| self.living(), self.group).await;
        };
        if !self.is_or_will_be(&engine).await {
            return;
        }
        let mut inside = self.clone();
        if inside.signal(&engine, Signal::Term).await.is_err() {
            return;
        }
        let began = Instant::now();
        while inside.runs(&engine).await || !inside.living().is_empty() {
            if !may_wait(began).await {
                let _ = inside.signal(&engine, Signal::Kill).await;
                return;
            }
        }
    }

    /// Kills what is left of a command that was stopped and has ended, after a moment.
    pub async fn end_rest(&self, engine: &Engine) {
        if !self.is_seen {
            // It fails when there is nothing.
            let name = Signal::Kill.short_name();
            let argv = ["sh", "-c", FIND_AND_KILL, "sh", &self.marker, name].map(String::from).to_vec();
            let _ = succeeds(engine, &self.container, self.user.clone(), argv).await;
            return;
        }
        let began = Instant::now();
        while !self.living().is_empty() {
            if !may_wait(began).await {
                if !self.signal_from_host(Signal::Kill) {
                    let _ = self.signal_from_inside(engine, Signal::Kill).await;
                }
                return;
            }
        }
    }

    /// Waits until the command was started, or certainly will not be.
    async fn is_or_will_be(&self, engine: &Engine) -> bool {
        for _ in 0..40 {
            match engine.exec(&self.exec).await {
                Err(_) => return false,
                Ok(found) if found.pid.is_some() => return true,
                Ok(found) if found.exit_code.is_some() => return false,
                Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        false
    }
}

impl SweepTarget {
    /// Ends what is left: SIGTERM, a moment, SIGKILL.
    pub async fn end(&self) {
        let Ok(engine) = Engine::connect(self.engine.clone()).await else { return };
        let Ok(name) = self.container.parse() else { return };
        let Ok(found) = engine.running(&name).await else { return };
        if found.pid.is_some_and(|pid| host_pid::sees(pid, &self.container) && host_pid::reads(pid)) {
            end_from_host(|| host_pid::living(&self.container, &BTreeSet::new(), None, &self.marker), None).await;
        } else {
            self.end_from_inside(&engine).await;
        }
    }

    /// Without a shell in the container nothing can be done.
    async fn end_from_inside(&self, engine: &Engine) {
        for signal in [Signal::Term, Signal::Kill] {
            let argv = ["sh", "-c", FIND_AND_KILL, "sh", &self.marker, signal.short_name()].map(String::from).to_vec();
            // It fails when it finds nothing.
            if !succeeds(engine, &self.container, self.user.clone(), argv).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Ends what this host sees of a command: SIGTERM, a moment, SIGKILL.
async fn end_from_host(living: impl Fn() -> Vec<Process>, group: Option<i32>) {
    host_pid::signal(&living(), group, Signal::Term);
    let began = Instant::now();
    while !living().is_empty() {
        if !may_wait(began).await {
            host_pid::signal(&living(), group, Signal::Kill);
            return;
        }
    }
}

/// Waits a moment for an end; not when [`GRACE`] is over.
async fn may_wait(began: Instant) -> bool {
    let is_time = began.elapsed() < GRACE;
    if is_time {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    is_time
}

/// Whether a program in the container ends with success.
async fn succeeds(engine: &Engine, container: &str, user: Option<String>, argv: Vec<String>) -> bool {
    let options = CreateExecOptions {
        cmd: Some(argv),
        user,
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..CreateExecOptions::default()
    };
    let run = async {
        let exec = engine.create_exec(container, &options).await.ok()?;
        if let StartExecResults::Attached { mut output, .. } =
            engine.docker().start_exec(&exec, None::<StartExecOptions>).await.ok()?
        {
            while output.next().await.is_some() {}
        }
        engine.exec(&exec).await.ok()?.exit_code
    };
    tokio::time::timeout(Duration::from_secs(5), run).await == Ok(Some(0))
}
