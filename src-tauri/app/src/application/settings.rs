//! What is remembered for the next start.

use crate::settings::Settings;
use porthole_base::error::Result;

use crate::{
    application::{Application, QUOTA},
    host::Host,
};

impl<H: Host> Application<H> {
    pub async fn save_settings(&self, settings: Settings) -> Result<()> {
        self.timeline.set_quota(settings.quota.unwrap_or(QUOTA));
        self.timeline.record_history(settings.history.unwrap_or(true));
        self.host.apply_theme(settings.theme);
        let engine = self.remembered.now().engine.clone();
        if engine != settings.engine {
            porthole_engine::prefer(settings.engine.clone());
            // Connections into containers of another engine.
            self.timeline.connections().use_context(self.target.borrow().0.engine.clone());
        }
        // A page of the host that is a moment behind must not undo what is remembered when it is set.
        let change = |remembered: &mut Settings| {
            let (target, variables) = (remembered.target.take(), remembered.variables.take());
            *remembered = Settings { target, variables, ..settings };
        };
        self.remembered.change(change).await
    }

    /// Lets compose see these variables for the extension with this content.
    pub async fn allow_variables(&self, content: String, names: Vec<String>) -> Result<()> {
        let change = |settings: &mut Settings| drop(settings.variables.get_or_insert_default().insert(content, names));
        self.remembered.change(change).await
    }
}
