//! The settings of one process: in memory at once, in the file as soon as it can be written.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Settings, SettingsFile};
use crate::error::Result;

/// Settings and the file that they are saved to, where there is one.
#[derive(Debug)]
pub struct Remembered {
    now: Mutex<Settings>,
    /// What of them this process has written: the next time it writes what differs from this.
    written: Mutex<Settings>,
    file: Option<SettingsFile>,
}

impl Remembered {
    /// Those that were loaded from a file.
    pub fn new(settings: Settings, file: Option<SettingsFile>) -> Self {
        Self { now: Mutex::new(settings.clone()), written: Mutex::new(settings), file }
    }

    /// As they are now.
    pub fn get(&self) -> Settings {
        self.now().clone()
    }

    /// As they are now, to look at a part of them.
    pub fn now(&self) -> MutexGuard<'_, Settings> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes them, and saves what changed. They stay changed where that can't be saved; the next change tries again.
    ///
    /// # Errors
    /// What [`SettingsFile::save`] says.
    pub fn change(&self, change: impl FnOnce(&mut Settings)) -> Result<()> {
        change(&mut self.now());
        let Some(file) = &self.file else { return Ok(()) };
        // Nobody who looks at them waits for the disk.
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.get();
        file.save(&written, &now)?;
        *written = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::Code, settings::Theme};

    #[test]
    fn what_could_not_be_saved_is_saved_with_the_next_change() {
        let directory = tempfile::tempdir().unwrap();
        let parent = directory.path().join("config");
        std::fs::write(&parent, "").unwrap();
        let file = SettingsFile::new(parent.join("settings.json"));
        let remembered = Remembered::new(Settings::default(), Some(file.clone()));
        let failed = remembered.change(|settings| settings.theme = Theme::Dark).unwrap_err();
        assert_eq!(failed.code, Code::SettingsFailed);
        assert_eq!(remembered.get().theme, Theme::Dark);
        std::fs::remove_file(&parent).unwrap();
        remembered.change(|settings| settings.quota = Some(7)).unwrap();
        let Settings { theme, quota, .. } = file.load().settings;
        assert_eq!((theme, quota), (Theme::Dark, Some(7)));
    }
}
