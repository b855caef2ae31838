//! The settings of one process: in memory at once, in the file as soon as it can be written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Settings, SettingsFile};
use porthole_base::error::{Code, Error, Result};

/// Settings and the file that they are saved to, where there is one.
#[derive(Debug)]
pub struct Remembered {
    now: Arc<Mutex<Settings>>,
    /// What of them this process has written: the next time it writes what differs from this.
    written: Arc<Mutex<Settings>>,
    file: Option<SettingsFile>,
}

impl Remembered {
    /// Those that were loaded from a file.
    pub fn new(settings: Settings, file: Option<SettingsFile>) -> Self {
        Self { now: Arc::new(Mutex::new(settings.clone())), written: Arc::new(Mutex::new(settings)), file }
    }

    /// As they are now.
    pub fn get(&self) -> Settings {
        self.now().clone()
    }

    /// As they are now, to look at a part of them.
    pub fn now(&self) -> MutexGuard<'_, Settings> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes them at once, and saves what changed where waiting for the disk and for other processes is allowed. They
    /// stay changed where that can't be saved; the next change tries again.
    ///
    /// # Errors
    /// What [`SettingsFile::save`] says.
    pub async fn change(&self, change: impl FnOnce(&mut Settings)) -> Result<()> {
        change(&mut self.now());
        let Some(file) = self.file.clone() else { return Ok(()) };
        let (now, written) = (Arc::clone(&self.now), Arc::clone(&self.written));
        let saved = tokio::task::spawn_blocking(move || {
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            let now = now.lock().unwrap_or_else(PoisonError::into_inner).clone();
            file.save(&written, &now)?;
            *written = now;
            Ok(())
        });
        saved.await.map_err(|error| Error::new(Code::SettingsFailed, "The settings weren't saved").detail(error))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Theme;
    use porthole_base::error::Code;

    #[tokio::test]
    async fn what_could_not_be_saved_is_saved_with_the_next_change() {
        let directory = tempfile::tempdir().unwrap();
        let parent = directory.path().join("config");
        std::fs::write(&parent, "").unwrap();
        let file = SettingsFile::new(parent.join("settings.json"));
        let remembered = Remembered::new(Settings::default(), Some(file.clone()));
        let failed = remembered.change(|settings| settings.theme = Theme::Dark).await.unwrap_err();
        assert_eq!(failed.code, Code::SettingsFailed);
        assert_eq!(remembered.get().theme, Theme::Dark);
        std::fs::remove_file(&parent).unwrap();
        remembered.change(|settings| settings.quota = Some(7)).await.unwrap();
        let Settings { theme, quota, .. } = file.load().settings;
        assert_eq!((theme, quota), (Theme::Dark, Some(7)));
    }
}
