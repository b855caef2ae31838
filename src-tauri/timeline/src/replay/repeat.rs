//! One call made again, without a session.

use porthole_base::error::Result;
use porthole_engine::Address;
use porthole_http::exchange::Exchange;
use porthole_process::Run;
use porthole_sdk::{
    call::{Act, Call, CallId, Origin},
    sdk_call::Sdk,
};

use crate::{By, Timeline};

impl Timeline {
    /// Does again what a Call did or was to do, exactly: the same request to the same endpoint, the
    /// same command in the same place. `engine` is where commands in containers go.
    ///
    /// # Errors
    /// [`porthole_base::error::Code::CallNotFound`]; [`porthole_base::error::Code::ContainerNotFound`] when it names no container.
    pub fn repeat(&self, id: CallId, engine: Result<Address>) -> Result<CallId> {
        let Call { sdk, act, .. } = self.call(id)?;
        // This time no code asked for it.
        let by = By {
            origin: Origin::Composer,
            sdk: sdk.map(|sdk| Sdk { at: None, began_ms: None, ..sdk }),
            decision: None,
            replay_ms: None,
        };
        match act {
            Act::Exchange(Exchange { endpoint, request, .. }) => Ok(self.send(by, endpoint, request)),
            Act::Run(Run { command, .. }) => {
                command.place.named()?;
                Ok(self.run(by, engine, command))
            }
        }
    }
}
