//! A gate with its timeline, in a folder that goes away.

use std::sync::Arc;

use porthole_app::permission::Gate;
use porthole_base::error::Code;
use porthole_sdk::permission::Scope;
use porthole_timeline::Timeline;

pub struct Place {
    pub folder: tempfile::TempDir,
    pub timeline: Arc<Timeline>,
    pub gate: Gate,
}

pub fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let timeline = Arc::new(Timeline::new(folder.path().to_owned(), at("kept"), u64::MAX, None));
    let gate = Gate::new(Arc::clone(&timeline), at("permissions.json"));
    Place { folder, timeline, gate }
}

impl Place {
    /// Approves a call as soon as its prompt was there for long enough to be read.
    pub async fn approve(&self, pending: u32, scope: Scope) {
        loop {
            match self.gate.approve(pending, scope).await {
                Ok(()) => return,
                Err(error) => assert_eq!(error.code, Code::PromptTooNew),
            }
            tokio::task::yield_now().await;
        }
    }
}
