//! A request or command as code to copy, and code that was pasted as a request or command.

#[cfg(test)]
mod code_tests;
mod commands;
mod curl;
mod docker;
mod facts;
mod javascript;
mod json;
mod paste;
mod quote;
mod request_spec;
mod requests;
mod shell;

pub use facts::*;
pub use paste::paste;

use crate::draft::Draft;
use porthole_base::error::Error;
use porthole_engine::target::Target;
use porthole_process::Place;

/// What was composed, in every form that says exactly the same. Code for the console is code already.
pub fn forms(composed: &Draft, target: &Target) -> Vec<Form> {
    match composed {
        Draft::Request(request) => match request_spec::RequestSpec::of(request) {
            Ok(asks) => vec![
                requests::current(&asks),
                requests::deprecated(&asks),
                curl::form(FormKind::Curl, &asks, target.endpoint.as_ref()),
                curl::form(FormKind::CurlPowershell, &asks, target.endpoint.as_ref()),
            ],
            Err(error) => {
                refused(&error, &[FormKind::Current, FormKind::Deprecated, FormKind::Curl, FormKind::CurlPowershell])
            }
        },
        Draft::Command(command) => {
            let command = target.applied_to(command.clone());
            let own = match command.place {
                Place::Host | Place::Engine => [FormKind::Shell, FormKind::Powershell],
                Place::Container { .. } => [FormKind::DockerExec, FormKind::DockerExecPowershell],
            };
            if let Err(error) = commands::check(&command) {
                return refused(&error, &[FormKind::Current, FormKind::Deprecated, own[0], own[1]]);
            }
            let mut forms = vec![commands::current(&command, target), commands::deprecated(&command, target)];
            forms.extend(own.map(|kind| match &command.place {
                Place::Host | Place::Engine => shell::form(kind, &command),
                Place::Container { name } => docker::form(kind, name, &command, target.engine.as_deref()),
            }));
            forms
        }
        Draft::Console(_) => Vec::new(),
    }
}

/// What Porthole itself would not do has no form either.
fn refused(error: &Error, kinds: &[FormKind]) -> Vec<Form> {
    let why = match &error.hint {
        Some(hint) => format!("Not available as code. {}. {hint}", error.message),
        None => format!("Not available as code. {}.", error.message),
    };
    kinds.iter().map(|kind| Form::unsayable(*kind, why.clone())).collect()
}

impl Form {
    /// One that has no text.
    fn unsayable(kind: FormKind, why: impl Into<String>) -> Self {
        Self { kind, text: String::new(), notes: vec![why.into()] }
    }
}
