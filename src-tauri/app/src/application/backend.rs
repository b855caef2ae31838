//! The backend of the open extension: what starting it would do, starting it, stopping it.

use porthole_base::error::Result;
use porthole_extension::{OpenExtension, StartPlan};
use porthole_http::endpoint::Endpoint;
use porthole_timeline::Origin;

use crate::{application::Application, host::Host};

impl<H: Host> Application<H> {
    pub async fn attach_backend(&self) -> Result<OpenExtension> {
        self.gate.withdraw(Origin::Page);
        let done = self.extension_host.attach().await;
        self.aim_at_open(done)
    }

    pub async fn start_plan(&self, again: bool) -> Result<StartPlan> {
        let allowed = self.remembered.now().variables.clone().unwrap_or_default();
        self.extension_host.start_plan(again, &allowed).await
    }

    pub async fn start_backend(&self, plan: u32) -> Result<OpenExtension> {
        self.gate.withdraw(Origin::Page);
        self.end_tap_of_open().await;
        let done = self.extension_host.start(plan).await;
        self.aim_at_open(done)
    }

    pub async fn use_native(&self, endpoint: Endpoint) -> Result<OpenExtension> {
        self.gate.withdraw(Origin::Page);
        let done = self.extension_host.use_native(endpoint).await;
        self.aim_at_open(done)
    }

    pub async fn stop_backend(&self) -> Result<OpenExtension> {
        self.gate.withdraw(Origin::Page);
        self.end_tap_of_open().await;
        let done = self.extension_host.stop().await;
        self.aim_at_open(done)
    }

    pub async fn follow_logs(&self, container: String) -> Result<u32> {
        self.extension_host.follow_logs(&container).await
    }
}
