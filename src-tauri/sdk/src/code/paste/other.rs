//! Any other command line: a command on this machine, as it is.

use super::super::Pasted;
use crate::draft::Draft;
use porthole_process::{Command, EnvVar, Place};

/// The command, with the variables that were set before it.
pub(super) fn read(words: &[String], variables: &[(String, String)]) -> Pasted {
    let mut words = words.iter().cloned();
    let mut command = Command::new(Place::Host, words.next().unwrap_or_default(), words);
    let variable = |(name, value): &(String, String)| EnvVar { name: name.clone(), value: value.clone() };
    command.env = variables.iter().map(variable).collect();
    Pasted { composed: Draft::Command(command), notes: Vec::new() }
}
