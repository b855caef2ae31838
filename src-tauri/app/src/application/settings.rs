//! What is remembered for the next start.

use crate::settings::Settings;
use porthole_base::error::Result;

use crate::{
    application::{Application, QUOTA},
    host::{Host, PathKind},
};

/// How small and how large the window's content gets, in percent.
const ZOOM: std::ops::RangeInclusive<u32> = 50..=300;
/// The longest title, in characters: what it is made of may be long.
const TITLE: usize = 200;

impl<H: Host> Application<H> {
    pub async fn choose_path(&self, kind: PathKind, title: String) -> Result<Option<String>> {
        let shown: String = title.chars().filter(|one| !one.is_control()).take(TITLE).collect();
        Ok(self.host.choose_path(kind, &shown).await)
    }

    pub async fn set_title(&self, title: String) -> Result<()> {
        let shown: String = title.chars().filter(|one| !one.is_control()).take(TITLE).collect();
        self.host.set_title(&shown);
        Ok(())
    }

    pub async fn set_zoom(&self, percent: u32) -> Result<()> {
        self.host.set_zoom(percent.clamp(*ZOOM.start(), *ZOOM.end()));
        Ok(())
    }

    pub async fn toggle_full_screen(&self) -> Result<bool> {
        Ok(self.host.toggle_full_screen())
    }

    pub async fn save_settings(&self, settings: Settings) -> Result<()> {
        self.timeline.set_quota(settings.quota.unwrap_or(QUOTA));
        self.host.apply_theme(settings.theme);
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
