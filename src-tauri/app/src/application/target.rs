//! What is inspected.

use porthole_base::error::{Code, Error, Result};
use porthole_engine::target::{self, Target};
use porthole_extension::OpenExtension;
use porthole_http::endpoint::Endpoint;

use crate::{application::Application, host::Host};

impl<H: Host> Application<H> {
    pub async fn set_target(&self, target: Target) -> Result<Target> {
        if let Some(target) = self.change_mock_target(&target) {
            self.apply_target(&target, endpoint_of(&target, &self.demo));
            return Ok(target);
        }
        // What is inspected is no mock any more.
        self.end_mock();
        let typed = Target { mock: false, ..target }.named();
        self.apply_target(&typed, endpoint_of(&typed, &self.demo));
        // The backend of the open extension is gone at the next start.
        let stays = !self.extension_host.open_now().is_some_and(|open| open.has_backend());
        if stays {
            self.remembered.change(|settings| settings.target = Some(typed.clone())).await?;
        }
        // The way to a socket in a container takes a moment, in which the marks already tell of the new target.
        let target = target::reached(typed.clone(), &self.timeline.connections()).await;
        let now = self.target.borrow().0.clone();
        if now != typed {
            // Another one was set meanwhile.
            return Ok(now);
        }
        if target != typed {
            self.apply_target(&target, endpoint_of(&target, &self.demo));
            if stays {
                self.remembered.change(|settings| settings.target = Some(target.clone())).await?;
            }
        }
        Ok(target)
    }

    /// Makes the open extension the target. If opening another one failed, that is the one before.
    pub(crate) fn aim_at_open(&self, done: Result<OpenExtension>) -> Result<OpenExtension> {
        let now = self.extension_host.open_now().map(|open| self.aimed_at(open));
        let closed = || Error::new(Code::ExtensionClosed, "the extension was closed meanwhile");
        done.and_then(|_| now.ok_or_else(closed))
    }

    /// An extension that is open is the target, which is not remembered: it is gone at the next start. One without a
    /// backend leaves the target to the user, and a mock stays what it is.
    pub(crate) fn aimed_at(&self, mut open: OpenExtension) -> OpenExtension {
        if let Some((target, _)) = self.mock_target() {
            // Its page runs against the mock.
            open.target = target;
        } else if open.has_backend() {
            self.apply_target(&open.target, open.endpoint());
        } else {
            open.target = self.aim_as_before();
        }
        open
    }

    /// Aims at what is remembered.
    pub(crate) fn aim_as_before(&self) -> Target {
        if let Some((target, _)) = self.mock_target() {
            return target;
        }
        let before = self.remembered.now().target.clone();
        let target = before.unwrap_or_else(Target::demo);
        self.apply_target(&target, endpoint_of(&target, &self.demo));
        target
    }

    pub(crate) fn apply_target(&self, target: &Target, endpoint: Result<Endpoint>) {
        self.timeline.connections().use_context(target.engine.clone());
        let _before = self.target.send_replace((target.clone(), endpoint));
    }
}

/// Where requests to a target go.
pub(crate) fn endpoint_of(target: &Target, demo: &Result<Endpoint>) -> Result<Endpoint> {
    target.endpoint.clone().map_or_else(|| demo.clone(), Ok)
}
