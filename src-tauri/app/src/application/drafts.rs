//! What the user composes, sends and runs.

use porthole_base::error::{Code, Error, Result};
use porthole_engine::Address;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{CONNECT_TIMEOUT_MS, Request},
};
use porthole_process as run;
use porthole_process::Command;
use porthole_sdk::{
    draft::Draft,
    variables::{Environments, UsedVariable},
};
use porthole_timeline::Origin;

use crate::{application::Application, host::Host, settings::Timeouts};

impl<H: Host> Application<H> {
    pub async fn send(&self, request: Request) -> Result<u32> {
        let (_, endpoint) = self.target.borrow().clone();
        let Draft::Request(mut request) = self.filled(Draft::Request(request))? else { return Err(internal()) };
        let Timeouts { connect_ms, response_ms } = self.remembered.now().timeouts;
        // A request that has its own limit keeps it.
        if request.connect_timeout_ms == CONNECT_TIMEOUT_MS {
            request.connect_timeout_ms = connect_ms;
        }
        request.response_timeout_ms = request.response_timeout_ms.or(Some(response_ms).filter(|&limit| limit > 0));
        Ok(self.timeline.send(Origin::Composer, endpoint?, request))
    }

    pub async fn run(&self, command: Command) -> Result<u32> {
        let Some(recordings) = self.recordings() else { return self.run_on_machine(command) };
        let (command, _) = self.of_target(self.filled_command(command)?);
        Ok(self.timeline.run_recorded(Origin::Composer, command, recordings))
    }

    /// Runs a command also while the target is a mock.
    pub(super) fn run_on_machine(&self, command: Command) -> Result<u32> {
        let (command, engine) = self.of_target(self.filled_command(command)?);
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

    /// What is sent or run: with the values of its variables. It happens before anything is planned or recorded, so a
    /// call has what was really sent.
    fn filled(&self, mut draft: Draft) -> Result<Draft> {
        let settings = self.remembered.now();
        Environments::new(&settings.environments, settings.environment.as_deref()).fill(&mut draft)?;
        Ok(draft)
    }

    /// The same of a command.
    pub(super) fn filled_command(&self, command: Command) -> Result<Command> {
        match self.filled(Draft::Command(command))? {
            Draft::Command(command) => Ok(command),
            Draft::Request(_) | Draft::Console(_) => Err(internal()),
        }
    }

    pub async fn used_variables(&self, composed: Draft) -> Result<Vec<UsedVariable>> {
        let settings = self.remembered.now();
        Ok(Environments::new(&settings.environments, settings.environment.as_deref()).used(&composed))
    }

    pub async fn repeat(&self, id: u32) -> Result<u32> {
        let engine = self.target.borrow().0.address();
        match self.recordings() {
            Some(recordings) => self.timeline.repeat_in_mock(id, engine, recordings),
            None => self.timeline.repeat(id, engine),
        }
    }

    pub async fn read_endpoint(&self, text: String) -> Result<Endpoint> {
        text.parse()
    }

    pub async fn split_words(&self, text: String) -> Result<Vec<String>> {
        run::split_words(&text)
    }
}

fn internal() -> Error {
    Error::new(Code::Internal, "A draft became one of another kind")
}
