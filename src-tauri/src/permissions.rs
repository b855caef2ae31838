//! What the shell answers about calls of code: who proposes them, and what each may act on.

use porthole_core::{
    asked::Sdk,
    error::Result,
    permission::{CallKind, Content, Guest, Permission, Proposed, ProposedState, Scope},
    timeline::Origin,
};

use crate::answers::Porthole;

impl Porthole {
    pub async fn propose(&self, sdk: Sdk, origin: Origin) -> Result<Proposed> {
        self.gate.propose(sdk, self.guest(origin)).await
    }

    /// A page acts on its own backend, whatever the user inspects meanwhile; the console on the target.
    fn guest(&self, origin: Origin) -> Guest {
        let open = self.bench.open_now();
        if origin == Origin::Page {
            return open.map_or_else(Guest::without_backend, |open| open.guest());
        }
        let (target, endpoint) = self.target.borrow().clone();
        let engine = target.address();
        let own = open.map(|open| open.own_folders()).unwrap_or_default();
        Guest { origin, target, endpoint, container: Ok(()), engine, own }
    }

    pub async fn decision(&self, pending: u32) -> Result<ProposedState> {
        self.gate.decision(pending).await
    }

    pub async fn approve(&self, pending: u32, scope: Scope) -> Result<()> {
        self.gate.approve(pending, scope).await
    }

    pub async fn deny(&self, pending: u32) -> Result<()> {
        self.gate.deny(pending)
    }

    pub async fn withdraw(&self, origin: Origin) -> Result<()> {
        self.gate.withdraw(origin);
        Ok(())
    }

    pub async fn set_permission(&self, of: CallKind, permission: Permission) -> Result<()> {
        self.gate.set_permission(of, permission)
    }

    pub async fn reset_permissions(&self) -> Result<()> {
        self.gate.reset_permissions()
    }

    pub async fn revoke_console(&self) -> Result<()> {
        self.gate.revoke_console();
        Ok(())
    }

    /// What a page that was opened is known by.
    pub(crate) fn page_opened(&self, content: Content) {
        self.gate.set_page(Some(content));
    }
}
