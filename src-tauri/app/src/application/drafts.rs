//! What the user composes, sends and runs.

use porthole_base::error::Result;
use porthole_engine::Address;
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_process as run;
use porthole_process::Command;
use porthole_timeline::Origin;

use crate::{application::Application, host::Host};

impl<H: Host> Application<H> {
    pub async fn send(&self, request: Request) -> Result<u32> {
        let (_, endpoint) = self.target.borrow().clone();
        Ok(self.timeline.send(Origin::Composer, endpoint?, request))
    }

    pub async fn run(&self, command: Command) -> Result<u32> {
        let (command, engine) = self.of_target(command);
        Ok(self.timeline.run(Origin::Composer, engine, command))
    }

    /// A command that the user composed with what the target adds to it, and the engine of its container.
    pub(super) fn of_target(&self, command: Command) -> (Command, Result<Address>) {
        let (target, _) = &*self.target.borrow();
        let mut command = target.applied_to(command);
        // A program that the user names is not one that the extension has put before it.
        if let Some(bin) = &mut command.bin {
            bin.first = false;
        }
        (command, target.address())
    }

    pub async fn repeat(&self, id: u32) -> Result<u32> {
        let engine = self.target.borrow().0.address();
        self.timeline.repeat(id, engine)
    }

    pub async fn read_endpoint(&self, text: String) -> Result<Endpoint> {
        text.parse()
    }

    pub async fn split_words(&self, text: String) -> Result<Vec<String>> {
        run::split_words(&text)
    }
}
