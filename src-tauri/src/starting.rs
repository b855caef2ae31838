//! Starting the backend of the open extension: worked out, shown, and then done.

use porthole_base::error::Result;
use porthole_core::settings::Settings;
use porthole_extension::{OpenExtension, StartPlan};
use porthole_timeline::Origin;

use crate::commands::Porthole;

impl Porthole {
    pub async fn attach_backend(&self) -> Result<OpenExtension> {
        self.gate.withdraw(Origin::Page);
        let done = self.extension_host.attach().await;
        self.after(done)
    }

    pub async fn start_plan(&self, again: bool) -> Result<StartPlan> {
        let allowed = self.remembered.now().variables.clone().unwrap_or_default();
        self.extension_host.start_plan(again, &allowed).await
    }

    pub async fn start_backend(&self, plan: u32) -> Result<OpenExtension> {
        self.gate.withdraw(Origin::Page);
        let done = self.extension_host.start(plan).await;
        self.after(done)
    }

    pub async fn allow_variables(&self, content: String, names: Vec<String>) -> Result<()> {
        let change = |settings: &mut Settings| drop(settings.variables.get_or_insert_default().insert(content, names));
        self.remembered.change(change).await
    }
}
