//! What the open page may reach, and the owner of the web storage.

use std::sync::PoisonError;

use porthole_base::error::Result;

use super::Access;
use crate::commands::Porthole;

impl Porthole {
    /// What the frames of the open page may show of this machine.
    pub fn page_access(&self) -> Access {
        let page = self.page.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ports = self.extension_host.open_now().map(|open| open.ports()).unwrap_or_default();
        match page {
            Some(page) => Access { server: page.server().cloned(), ports },
            None => Access::default(),
        }
    }

    /// Clears what another extension's page, or that of another development server, has stored. To be called when that
    /// page's frame is gone and before the next one is loaded.
    ///
    /// # Errors
    /// `window_lost` when it can't be cleared.
    pub async fn separate_page_storage(&self) -> Result<()> {
        let page = self.page.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.own.give_storage_to(page.map(|page| page.storage_owner())).await
    }
}
