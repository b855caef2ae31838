//! Drafts as code to copy, and code that was pasted.

use porthole_base::error::Result;
use porthole_sdk::{
    code::{self, Form, Pasted},
    draft::Draft,
    variables::Environments,
};

use crate::{application::Application, host::Host};

impl<H: Host> Application<H> {
    pub async fn code(&self, mut composed: Draft) -> Result<Vec<Form>> {
        {
            let settings = self.remembered.now();
            Environments::new(&settings.environments, settings.environment.as_deref()).fill_shown(&mut composed);
        }
        let (mut target, endpoint) = self.target.borrow().clone();
        target.endpoint = target.endpoint.or(endpoint.ok());
        Ok(code::forms(&composed, &target))
    }

    pub async fn paste(&self, text: String) -> Result<Pasted> {
        code::paste(&text)
    }
}
