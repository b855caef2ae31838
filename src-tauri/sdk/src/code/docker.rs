//! A command in a container as a `docker exec` line.

use super::{
    Form, FormKind,
    quote::{Shell, powershell_notes, too_long},
    shell,
};
use porthole_engine::FROM_ENVIRONMENT;
use porthole_process::Command;

/// The line. Without `-i` it has no input, as a command without one has none in Porthole.
pub(super) fn form(kind: FormKind, container: &str, command: &Command, engine: Option<&str>) -> Form {
    let shell = Shell::of(kind);
    let input = match shell::input(kind, command) {
        Ok(input) => input,
        Err(why) => return Form::unsayable(kind, why),
    };
    let mut parts: Vec<Vec<&str>> = match engine.filter(|engine| *engine != FROM_ENVIRONMENT) {
        // An engine that no context names has its address for a name.
        Some(address) if address.contains("://") => vec![vec!["docker"], vec!["--host", address], vec!["exec"]],
        Some(context) => vec![vec!["docker"], vec!["--context", context], vec!["exec"]],
        None => vec![vec!["docker", "exec"]],
    };
    if command.stdin.is_some() {
        parts.push(vec!["-i"]);
    }
    if command.terminal.is_some() {
        parts.push(vec!["-it"]);
    }
    // Nothing is the same as an empty one.
    if let Some(cwd) = command.cwd.as_deref().filter(|cwd| !cwd.is_empty()) {
        parts.push(vec!["-w", cwd]);
    }
    if let Some(user) = command.user.as_deref().filter(|user| !user.is_empty()) {
        parts.push(vec!["-u", user]);
    }
    let variables: Vec<String> = command.env.iter().map(|var| format!("{}={}", var.name, var.value)).collect();
    parts.extend(variables.iter().map(|variable| vec!["-e", variable.as_str()]));
    let mut last = Vec::new();
    if container.starts_with('-') {
        last.push("--");
    }
    last.extend([container, &command.program]);
    last.extend(command.args.iter().map(String::as_str));
    parts.push(last);

    if let Some(why) = too_long(shell, parts.iter().flatten().copied()) {
        return Form::unsayable(kind, why);
    }
    let quoted: Vec<String> =
        parts.iter().map(|part| part.iter().map(|word| shell.quote(word)).collect::<Vec<_>>().join(" ")).collect();
    let notes = match shell {
        Shell::Posix => Vec::new(),
        Shell::Powershell => powershell_notes(parts.iter().flatten().copied()),
    };
    Form { kind, text: format!("{}{}{}", input.before, shell.command(&quoted), input.after), notes }
}
