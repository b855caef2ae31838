//! What Porthole keeps of what the user does, and how it is removed.

use std::path::Path;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{application::Application, host::Host, permission::GrantedContent};
use porthole_base::error::Result;

/// Where this Porthole keeps its files, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
pub struct StoredPlaces {
    /// The settings with saved requests and environments; absent where they aren't kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// What is allowed always.
    pub permissions: String,
    /// Outputs and bodies of this start.
    pub outputs: String,
    /// Calls that earlier versions pinned.
    pub pinned: String,
    /// The history with its pinned calls; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<String>,
}

impl StoredPlaces {
    pub(super) fn of(
        (settings, permissions): (Option<&Path>, &Path),
        (outputs, pinned): (&Path, &Path),
        history: Option<&Path>,
    ) -> Self {
        let text = |path: &Path| path.display().to_string();
        Self {
            settings: settings.map(text),
            permissions: text(permissions),
            outputs: text(outputs),
            pinned: text(pinned),
            history: history.map(text),
        }
    }
}

impl<H: Host> Application<H> {
    pub async fn stored_places(&self) -> Result<StoredPlaces> {
        Ok(self.places.clone())
    }

    pub async fn granted(&self) -> Result<Vec<GrantedContent>> {
        Ok(self.gate.granted())
    }

    pub async fn revoke(&self, content: String) -> Result<()> {
        self.gate.revoke(&content).await
    }

    /// The settings of the page are the page's to clear.
    pub async fn forget_all(&self) -> Result<()> {
        self.timeline.remove_for_good().await;
        if self.places.history.is_some() {
            self.timeline.history_clear().await?;
        }
        self.gate.revoke_all().await?;
        self.remembered.change(|settings| settings.variables = None).await?;
        // A page that is open has its frame: its storage is cleared before the next one is loaded.
        let mut owner = self.storage_owner.lock().await;
        if self.page_now().is_none() {
            self.host.clear_page_storage().await?;
            *owner = None;
        } else {
            *owner = Some(String::new());
        }
        Ok(())
    }
}
