//! Paths as the user types them.

use std::path::PathBuf;

use crate::application::Application;

impl<H> Application<H> {
    /// A path that may begin with `~`.
    pub(crate) fn path(&self, typed: &str) -> PathBuf {
        let below = typed.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
        match (below, &self.home) {
            (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
            _ => PathBuf::from(typed),
        }
    }
}
