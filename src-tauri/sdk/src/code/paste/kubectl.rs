//! A `kubectl exec` line as a command in the backend's container.

use super::{
    super::Pasted,
    options::{Item, Options, table},
    unknown,
};
use crate::draft::Draft;
use porthole_base::error::Result;
use porthole_process::{Command, Place};

const KNOWN: &[&str] = &[
    "i:stdin t:tty c=container q:quiet n=namespace =context =kubeconfig =cluster =user s=server =token =as",
    "=pod-running-timeout f=filename v=v =request-timeout :insecure-skip-tls-verify",
];

/// Reads what follows `kubectl`, if that is an `exec`.
pub(super) fn read(words: &[String]) -> Result<Option<Pasted>> {
    let known = table(KNOWN);
    let mut notes = Vec::new();
    let (mut pod, mut container, mut is_exec) = (None, None, false);
    let split = words.iter().position(|word| word == "--");
    let (before, after) = split.map_or((words, None), |at| {
        let (before, after) = words.split_at(at);
        (before, after.get(1..))
    });
    if !before.iter().any(|word| word == "exec") {
        return Ok(None);
    }
    let mut options = Options::new("kubectl exec", &known, before);
    let mut rest = Vec::new();
    while let Some(item) = options.next()? {
        match item {
            Item::Word(word) if !is_exec && word == "exec" => is_exec = true,
            Item::Word(_) if !is_exec => return Ok(None),
            Item::Word(word) if pod.is_none() => pod = Some(word),
            Item::Word(word) => rest.push(word),
            Item::Option("container", value) => container = value,
            Item::Option("stdin" | "tty", _) => {
                notes.push("-i and -t are left out: the command gets no terminal and no input.".to_owned());
            }
            Item::Option("" | "quiet", _) => {}
            Item::Option(name, value) => {
                let value = value.map(|value| format!(" {value}")).unwrap_or_default();
                notes.push(format!("`--{name}{value}` is left out: Porthole uses the target's engine."));
            }
        }
    }
    let Some(pod) = pod else {
        return Err(unknown("The line has no pod name").hint("Write kubectl exec POD -- PROGRAM."));
    };
    let mut words = rest.into_iter().chain(after.unwrap_or_default().iter().cloned());
    let program = words.next().ok_or_else(|| {
        unknown(format!("The line has no program to run in {pod}")).hint("Add -- and the program after the pod's name.")
    })?;
    let name = container.unwrap_or_else(|| pod.rsplit('/').next().unwrap_or(&pod).to_owned());
    notes.push(format!("The pod {pod} is ignored: the command runs in a container of the target's engine."));
    notes.dedup();
    let command = Command::new(Place::Container { name }, program, words);
    Ok(Some(Pasted { composed: Draft::Command(command), notes }))
}
