//! Calls of code: who proposes them, what each may act on, and what the user decides.

use crate::permission::{PendingEnd, Proposed, ProposedState};
use porthole_base::error::Result;
use porthole_extension::{Guest, Listeners, Server};
use porthole_sdk::{
    permission::{CallKind, Permission, Scope},
    sdk_call::Sdk,
};
use porthole_timeline::Origin;

use crate::{application::Application, blocking::blocking, host::Host};

impl<H: Host> Application<H> {
    pub async fn propose(&self, sdk: Sdk, origin: Origin) -> Result<Proposed> {
        self.gate.propose(sdk, self.guest(origin)).await
    }

    /// A page acts on its own backend, whatever the user inspects meanwhile, but for a mock: that acts on nothing. The
    /// console acts on the target.
    fn guest(&self, origin: Origin) -> Guest {
        let open = self.extension_host.open_now();
        if let Some((target, recordings)) = self.mock_target() {
            return Guest::of_mock(origin, target, recordings);
        }
        if origin == Origin::Page {
            // One that another extension has left behind acts on nothing of the extension that is open.
            let page = self.page_now();
            let own = open.filter(|open| page.is_some_and(|page| page.whose() == open.extension.whose()));
            return own.map_or_else(Guest::without_backend, |open| open.guest());
        }
        let (target, endpoint) = self.target.borrow().clone();
        let engine = target.address();
        let own = open.map(|open| open.own_folders()).unwrap_or_default();
        Guest { origin, target, endpoint, container: Ok(()), engine, own, mock: None }
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

    pub async fn pending_end(&self, pending: u32) -> Result<PendingEnd> {
        self.gate.pending_end(pending).await
    }

    pub async fn withdraw(&self, origin: Origin) -> Result<()> {
        self.gate.withdraw(origin);
        Ok(())
    }

    pub async fn set_permission(&self, of: CallKind, permission: Permission) -> Result<()> {
        self.gate.set_permission(of, permission).await
    }

    pub async fn reset_permissions(&self) -> Result<()> {
        self.gate.reset_permissions().await
    }

    pub async fn revoke_console(&self) -> Result<()> {
        self.gate.revoke_console();
        Ok(())
    }

    pub async fn look_at_server(&self, server: String) -> Result<()> {
        let server: Server = server.parse()?;
        server.look().await?;
        self.found(server, false).await
    }

    pub async fn accept_server(&self, server: String) -> Result<()> {
        self.found(server.parse()?, true).await
    }

    /// The development server of the page answers: what is allowed to the page belongs to the process behind it.
    async fn found(&self, server: Server, accepted: bool) -> Result<()> {
        let Some(page) = self.page_now().filter(|page| page.is_from(&server)) else { return Ok(()) };
        let port = server.port();
        let listeners = blocking(move || Ok(Listeners::on(port))).await?;
        if let Some(listeners) = &listeners {
            self.gate.know_server(page.whose(), port, &listeners.program(), accepted).await?;
        }
        let content = blocking(move || Ok(page.served_content(listeners))).await?;
        self.gate.set_page(Some(content));
        Ok(())
    }
}
