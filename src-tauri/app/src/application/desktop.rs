//! What the window asks of the desktop around it.

use std::{path::PathBuf, sync::PoisonError};

use crate::{
    application::Application,
    dropped::Dropped,
    host::{Host, PathKind},
};
use porthole_base::error::{Code, Error, Result};

/// How small and how large the window's content gets, in percent.
const ZOOM: std::ops::RangeInclusive<u32> = 50..=300;
/// The longest title or message, in characters: what it is made of may be long.
const LONGEST: usize = 200;

impl<H: Host> Application<H> {
    /// Tells the window that this was dropped on it.
    pub fn dropped(&self, paths: &[PathBuf]) {
        let Some(dropped) = Dropped::first(paths) else { return };
        *self.dropped.lock().unwrap_or_else(PoisonError::into_inner) = Some(dropped);
        self.timeline.something_dropped();
    }

    pub async fn take_dropped(&self) -> Result<Option<Dropped>> {
        Ok(self.dropped.lock().unwrap_or_else(PoisonError::into_inner).take())
    }

    pub async fn open_log(&self) -> Result<()> {
        match self.host.log_file() {
            Some(file) => self.host.open_file(&file),
            None => Err(Error::new(Code::OpenFailed, "Porthole writes no log file")
                .hint("There is no directory for this user's data. The log goes to stderr.")),
        }
    }

    pub async fn notify(&self, title: String, body: String) -> Result<()> {
        self.host.notify(&shown(&title), &shown(&body));
        Ok(())
    }

    pub async fn choose_path(&self, kind: PathKind, title: String) -> Result<Option<String>> {
        Ok(self.host.choose_path(kind, &shown(&title), None).await)
    }

    pub async fn choose_new_file(&self, title: String, suggested: String) -> Result<Option<String>> {
        let suggested = self.path(&suggested);
        Ok(self.host.choose_path(PathKind::NewFile, &shown(&title), Some(&suggested)).await)
    }

    pub async fn clipboard_text(&self) -> Result<Option<String>> {
        Ok(self.host.clipboard_text().await)
    }

    pub async fn set_title(&self, title: String) -> Result<()> {
        self.host.set_title(&shown(&title));
        Ok(())
    }

    pub async fn set_zoom(&self, percent: u32) -> Result<()> {
        self.host.set_zoom(percent.clamp(*ZOOM.start(), *ZOOM.end()));
        Ok(())
    }

    pub async fn toggle_full_screen(&self) -> Result<bool> {
        Ok(self.host.toggle_full_screen())
    }
}

/// A text that a desktop can show: on one line, and not too long.
fn shown(text: &str) -> String {
    text.chars().filter(|one| !one.is_control()).take(LONGEST).collect()
}
