//! The open extension.

use porthole_base::error::Result;
use porthole_engine::target::Target;
use porthole_extension::{ExtensionSource, OpenExtension};
use porthole_timeline::Origin;

use crate::{application::Application, host::Host};

impl<H: Host> Application<H> {
    pub async fn open_extension(&self, source: ExtensionSource, engine: Option<String>) -> Result<OpenExtension> {
        self.gate.withdraw(Origin::Page);
        let source = match source {
            ExtensionSource::Folder { path, image } => {
                ExtensionSource::Folder { path: self.path(path.to_string_lossy().trim()), image }
            }
            source => source,
        };
        self.end_tap_of_open().await;
        let done = self.extension_host.open(source, engine).await;
        self.aim_at_open(done)
    }

    pub async fn extension(&self) -> Result<Option<OpenExtension>> {
        Ok(self.extension_host.open_now().map(|open| OpenExtension { target: self.target.borrow().0.clone(), ..open }))
    }

    pub async fn close_extension(&self) -> Result<Target> {
        self.close_page().await?;
        self.end_tap_of_open().await;
        if let Err(error) = self.extension_host.close().await {
            // Compose's output is in the timeline; its containers are gone all the same.
            tracing::warn!(%error, "an extension's backend did not stop by itself");
        }
        Ok(self.aim_as_before())
    }
}
