//! What is allowed always: listing and revoking it, whichever extension is open.

use super::{Gate, GrantedContent, grants::Grants, pending::write, store::Unwritten};
use porthole_base::error::Result;
use porthole_sdk::permission::Decision;

impl Gate {
    /// What is allowed from one start to the next, by content.
    pub fn granted(&self) -> Vec<GrantedContent> {
        self.state().grants.list()
    }

    /// Forgets what was decided for this content. If its page is open, it asks again.
    ///
    /// # Errors
    /// [`Code::SettingsFailed`](porthole_base::error::Code::SettingsFailed): it is forgotten until Porthole exits then.
    pub async fn revoke(&self, content: &str) -> Result<()> {
        self.forget(|grants| grants.revoke(content)).await
    }

    /// Forgets everything that was allowed.
    ///
    /// # Errors
    /// As for [`revoke`](Self::revoke).
    pub async fn revoke_all(&self) -> Result<()> {
        self.forget(|grants| Some(grants.clear())).await
    }

    async fn forget(&self, change: impl FnOnce(&mut Grants) -> Option<Unwritten>) -> Result<()> {
        let unwritten = change(&mut self.state().grants);
        self.permissions_changed(Decision::Policy);
        write(unwritten).await
    }
}
