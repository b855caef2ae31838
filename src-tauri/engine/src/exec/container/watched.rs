//! What the reaper knows of a command in a container.

use std::sync::Arc;

use tokio::time::timeout;

use super::{Exec, limit, marker_of_all};
use crate::{
    exec::exec_signal::{ExecProcess, SweepTarget},
    reaper::Reaper,
};

/// The reaper's entry for this exec: it stays there when the run is dropped before its end.
pub(super) struct Watched(pub Option<Arc<Reaper>>);

impl Watched {
    pub fn new(reaper: Option<Arc<Reaper>>, inside: &ExecProcess) -> Self {
        if let Some(reaper) = &reaper {
            reaper.watch_exec(inside);
        }
        Self(reaper)
    }

    pub fn tell_more(&self, inside: &ExecProcess) {
        if let Some(reaper) = &self.0 {
            reaper.watch_exec(inside);
        }
    }

    /// A command that ended is forgotten; if its recording failed, it is ended first.
    pub async fn end(self, exec: &mut Exec<'_>) {
        let limit = limit(exec.engine);
        let ended = if exec.was_refused || exec.ended && exec.stopped.is_empty() {
            Ok(())
        } else if exec.ended {
            timeout(limit, exec.inside.end_rest(exec.engine)).await
        } else {
            timeout(limit, exec.inside.end()).await
        };
        if let Some(reaper) = self.0 {
            // What it left in the background lives until Porthole ends, as on the host.
            let ExecProcess { engine, container, user, .. } = exec.inside.clone();
            // The command has it, so it is made already.
            if let Ok(marker) = marker_of_all() {
                reaper.sweep(SweepTarget { engine, container, marker: marker.to_owned(), user });
            }
            // Where the engine doesn't answer, the reaper tries it again at the end.
            if ended.is_ok() {
                reaper.forget_exec(&exec.inside.exec);
            }
        }
    }
}
