//! What the backend of the open extension does, printed as it happens: its states and the progress of its start to stderr,
//! its logs to the stream of the same name.

use std::collections::BTreeMap;

use porthole_base::{error::Result, terminal::line};
use porthole_extension::{BackendStage, OpenExtension, PartState};
use porthole_output::{Stream, View};
use porthole_sdk::call::{CallId, Origin};
use porthole_timeline::Summary;

use crate::{
    host::Porthole,
    say::{self, complain},
};

/// Lines that are read at a time.
const ROWS: u32 = 500;

/// The printed output of one command.
#[derive(Default)]
struct Followed {
    id: CallId,
    /// How many lines of each stream were printed.
    printed: [u64; 2],
    ended: bool,
    /// When its container was started, as the engine writes it.
    started: Option<String>,
}

/// Follows the timeline of an application.
pub struct Follower<'a> {
    application: &'a Porthole,
    since: u64,
    /// Commands up to this one belong to the plan: nothing is printed of them.
    planned: CallId,
    /// Builds, pulls and compose.
    commands: BTreeMap<CallId, Followed>,
    /// The logs, by container.
    logs: BTreeMap<String, Followed>,
    stage: Option<String>,
    parts: BTreeMap<String, String>,
}

impl<'a> Follower<'a> {
    pub async fn new(application: &'a Porthole) -> Result<Self> {
        let planned = application.changes(0).await?.calls.last().map_or(0, |call| call.id);
        let (commands, logs, parts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { application, since: 0, planned, commands, logs, stage: None, parts })
    }

    /// Follows until all containers have ended, or the backend is gone.
    pub async fn until_ended(&mut self) -> Result<()> {
        loop {
            self.step().await?;
            let Some(open) = self.application.extension().await? else { return Ok(()) };
            let has_ended = |part: &PartState| matches!(part.state.as_str(), "exited" | "stopped" | "dead" | "gone");
            let all_ended = !open.parts.is_empty() && open.parts.iter().all(has_ended);
            if all_ended || !matches!(open.stage, BackendStage::Up { .. }) {
                return self.print_rest().await;
            }
        }
    }

    /// Waits for the next change, and prints it.
    pub async fn step(&mut self) -> Result<()> {
        let changes = self.application.changes(self.since).await?;
        for call in &changes.calls {
            self.print_output(call).await?;
        }
        if let Some(open) = self.application.extension().await? {
            self.print_states(&open);
            self.follow_logs(&open).await;
        }
        // Only now: what a cancelled step hasn't printed is printed by the next one.
        self.since = changes.revision;
        Ok(())
    }

    /// What the logs hold after the last change.
    async fn print_rest(&mut self) -> Result<()> {
        let ids: Vec<CallId> = self.logs.values().map(|followed| followed.id).collect();
        for id in ids {
            self.application.ended(id).await?;
        }
        for call in self.application.changes(0).await?.calls {
            self.print_output(&call).await?;
        }
        Ok(())
    }

    fn print_states(&mut self, open: &OpenExtension) {
        let stage = stage(&open.stage);
        if self.stage.as_ref() != Some(&stage) {
            say::note(&stage);
            self.stage = Some(stage);
        }
        for part in &open.parts {
            let state = state(part);
            if self.parts.get(&part.container) != Some(&state) {
                say::note(&format!("{}: {state}", part.container));
                self.parts.insert(part.container.clone(), state);
            }
        }
    }

    /// Follows the logs of each container, again when it was started again.
    async fn follow_logs(&mut self, open: &OpenExtension) {
        if !matches!(open.stage, BackendStage::Up { .. }) {
            return;
        }
        for part in &open.parts {
            // The engine ends the logs with the container, and tells them from their beginning when asked again.
            let followed = self.logs.entry(part.container.clone()).or_default();
            let is_new = followed.id == 0 || (followed.ended && followed.started != part.started);
            if !is_new {
                continue;
            }
            followed.started = part.started.clone();
            match self.application.follow_logs(part.container.clone()).await {
                Ok(id) => (followed.id, followed.ended) = (id, false),
                Err(error) => complain(&error),
            }
        }
    }

    async fn print_output(&mut self, call: &Summary) -> Result<()> {
        if call.origin != Origin::Extension || call.id <= self.planned {
            return Ok(());
        }
        let ended = !call.outcome.is_live();
        let log = self.logs.iter_mut().find(|(_, followed)| followed.id == call.id);
        let (prefix, followed, is_log) = match log {
            Some((container, followed)) => (format!("{} | ", line(container)), followed, true),
            None => {
                let followed = self.commands.entry(call.id).or_insert_with(|| {
                    say::note(&call.text);
                    Followed { id: call.id, ..Followed::default() }
                });
                ("  ".to_owned(), followed, false)
            }
        };
        for (index, (stream, view)) in
            [(Stream::Stdout, View::Stdout), (Stream::Stderr, View::Stderr)].into_iter().enumerate()
        {
            let printed = &mut followed.printed[index];
            let stream = if is_log { stream } else { Stream::Stderr };
            print_lines(self.application, call.id, view, printed, ended, |text| {
                let text = format!("{prefix}{}", line(text));
                match stream {
                    Stream::Stdout => say::out(&text),
                    Stream::Stderr => {
                        say::err(&text);
                        Ok(())
                    }
                }
            })
            .await?;
        }
        followed.ended = ended;
        Ok(())
    }
}

/// Prints the complete lines that arrived since. The last one may still grow while the command runs.
async fn print_lines(
    application: &Porthole,
    id: CallId,
    view: View,
    printed: &mut u64,
    ended: bool,
    print: impl Fn(&str) -> Result<()>,
) -> Result<()> {
    loop {
        let window = application.lines(id, view, *printed, ROWS, false).await?;
        if window.lines.is_empty() {
            return Ok(());
        }
        for (row, text) in (*printed..).zip(&window.lines) {
            let is_last = row + 1 == window.total;
            if is_last && !ended && !application.exact(id, view, row, row + 1).await?.ends_with('\n') {
                return Ok(());
            }
            print(&text.text)?;
            *printed = row + 1;
        }
    }
}

fn stage(stage: &BackendStage) -> String {
    match stage {
        BackendStage::None => "The extension has no backend".to_owned(),
        BackendStage::Down { error: None } => "The backend isn't running".to_owned(),
        BackendStage::Down { error: Some(error) } => format!("The backend isn't running: {}", error.message),
        BackendStage::Starting => "Starting the backend…".to_owned(),
        BackendStage::Stopping => "Stopping the backend…".to_owned(),
        BackendStage::Up { up } => match (&up.endpoint, &up.unreachable) {
            (Some(endpoint), _) => format!("The backend is running at {endpoint}"),
            (None, Some(error)) => {
                format!("The backend is running, but its socket can't be reached: {}", error.message)
            }
            (None, None) => "The backend is running".to_owned(),
        },
    }
}

fn state(part: &PartState) -> String {
    let mut state = part.state.clone();
    let mut more: Vec<String> = part.health.iter().cloned().collect();
    more.extend(part.exit_code.map(|code| format!("exit code {code}")));
    if part.restarts > 0 {
        more.push(format!("restarts: {}", part.restarts));
    }
    if part.out_of_memory {
        more.push("out of memory".to_owned());
    }
    if !more.is_empty() {
        state.push_str(&format!(" ({})", more.join(", ")));
    }
    state
}
