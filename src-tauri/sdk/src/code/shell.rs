//! A host command for a terminal: with Porthole's directory, variables and empty input, and without the shell's
//! own commands of the same name.

use super::{
    Form, FormKind,
    quote::{Shell, posix_string, powershell_notes, powershell_string, too_long},
};
use porthole_process::{Bin, Command, EnvMode, Stdin, is_same_variable};

/// For a POSIX shell or for PowerShell.
pub(super) fn form(kind: FormKind, command: &Command) -> Form {
    let shell = Shell::of(kind);
    let command = &with_own_programs(command);
    let words = [&command.program].into_iter().chain(&command.args).chain(command.env.iter().map(|var| &var.value));
    if let Some(why) = too_long(shell, words.map(String::as_str)) {
        return Form::unsayable(kind, why);
    }
    let input = match input(kind, command) {
        Ok(input) => input,
        Err(why) => return Form::unsayable(kind, why),
    };
    match shell {
        Shell::Posix => posix(kind, command, &input),
        Shell::Powershell => powershell(kind, command),
    }
}

/// What gives a line its standard input: something before it, or after it.
#[derive(Default)]
pub(super) struct InputText {
    pub before: String,
    pub after: String,
}

/// What gives a command its input; nothing where it has none.
///
/// # Errors
/// Why a line can't.
pub(super) fn input(kind: FormKind, command: &Command) -> Result<InputText, String> {
    let shell = Shell::of(kind);
    match (shell, &command.stdin) {
        (_, None) => Ok(InputText::default()),
        (Shell::Powershell, Some(_)) => {
            Err("PowerShell changes the bytes that it passes to a program's standard input.".to_owned())
        }
        (Shell::Posix, Some(Stdin::File { path })) => {
            Ok(InputText { after: format!(" <{}", shell.quote(path)), ..InputText::default() })
        }
        (Shell::Posix, Some(Stdin::Text { text })) => {
            if text.contains('\0') {
                return Err(
                    "The input contains a NUL byte, which a command line can't contain. Put it into a file.".into()
                );
            }
            Ok(InputText { before: format!("printf %s {} | ", shell.quote(text)), ..InputText::default() })
        }
    }
}

/// Where the command sets its own `PATH`, the extension's programs are in that.
fn with_own_programs(command: &Command) -> Command {
    let mut command = command.clone();
    if let Some(path) = command.env.iter_mut().rfind(|var| is_same_variable(&var.name, "PATH"))
        && let Some(Bin { directory, .. }) = command.bin.take()
    {
        path.value = format!("{directory}{SEPARATOR}{}", path.value);
    }
    command
}

/// What is between the directories of a `PATH` on this system.
const SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

/// `env` starts a program where the shell would take its own `echo`, a function or an alias.
fn posix(kind: FormKind, command: &Command, input: &InputText) -> Form {
    let quote = |word: &str| Shell::Posix.quote(word);
    let replaces = command.env_mode == EnvMode::Replace;
    let has_path = command.program.contains('/');
    let mut words: Vec<String> = Vec::new();
    if command.program.contains('=') {
        // `env` would take it for a variable. Quoted it is no word of the shell's either.
        let names_are_plain = command.env.iter().all(|var| is_identifier(&var.name));
        if replaces || !names_are_plain {
            let why = "The program's name contains `=`, so `env` would treat it as a variable.";
            return Form::unsayable(kind, why);
        }
        words.extend(command.env.iter().map(|var| format!("{}={}", var.name, quote(&var.value))));
        words.push(posix_string(&command.program));
    } else {
        if replaces || !has_path || !command.env.is_empty() {
            words.push("env".into());
        }
        if replaces {
            words.push("-i".into());
        }
        let first = command.env.first().map_or(&command.program, |var| &var.name);
        if !words.is_empty() && first.starts_with('-') {
            words.push("--".into());
        }
        words.extend(command.env.iter().map(|var| quote(&format!("{}={}", var.name, var.value))));
        words.push(quote(&command.program));
    }
    words.extend(command.args.iter().map(|arg| quote(arg)));
    let cd = match command.cwd.as_deref() {
        None => "cd".to_owned(),
        Some(cwd) => format!("cd {}", quote(cwd)),
    };
    let notes = vec![
        "Your terminal's environment may differ from Porthole's: a program started from the desktop often has a shorter PATH. The shell also sets PWD and OLDPWD."
            .to_owned(),
    ];
    let notes = if replaces { Vec::new() } else { notes };
    let path = match &command.bin {
        Some(Bin { directory, .. }) => format!("export PATH={}:\"$PATH\" && ", quote(directory)),
        None => String::new(),
    };
    let InputText { before, after } = input;
    let after = if command.stdin.is_none() { " </dev/null" } else { after };
    Form { kind, text: format!("({path}{cd} && {before}{}{after})", words.join(" ")), notes }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn powershell(kind: FormKind, command: &Command) -> Form {
    if command.env_mode == EnvMode::Replace {
        return Form::unsayable(kind, "PowerShell can't start a program with only these variables.");
    }
    let mut notes = powershell_notes(command.args.iter().map(String::as_str));
    let mut lines = Vec::new();
    if let Some(Bin { directory, .. }) = &command.bin {
        let directory = powershell_string(directory);
        lines.push(format!("$env:PATH = {directory} + [IO.Path]::PathSeparator + $env:PATH"));
    }
    for var in &command.env {
        if is_identifier(&var.name) && !var.value.is_empty() {
            lines.push(format!("$env:{} = {}", var.name, powershell_string(&var.value)));
        } else {
            let (name, value) = (powershell_string(&var.name), powershell_string(&var.value));
            lines.push(format!("[Environment]::SetEnvironmentVariable({name}, {value})"));
        }
    }
    if command.env.iter().any(|var| var.value.is_empty()) {
        notes.push("PowerShell before 7.5 removes a variable that is set to an empty value.".into());
    }
    if !command.env.is_empty() || command.bin.is_some() {
        notes.push("The variables stay set in your session.".into());
    }
    let directory = command.cwd.as_deref().map_or_else(|| "$HOME".to_owned(), powershell_string);
    lines.push(format!("Push-Location -LiteralPath {directory}"));
    let words: Vec<String> = command.args.iter().map(|arg| Shell::Powershell.quote(arg)).collect();
    // An empty list on the left is an empty input.
    let call = [vec!["@() | &".to_owned(), program(&command.program)], words].concat().join(" ");
    lines.push(format!("try {{ {call} }} finally {{ Pop-Location }}"));
    if command.program.to_ascii_lowercase().ends_with(".cmd") || command.program.to_ascii_lowercase().ends_with(".bat")
    {
        notes.push("Windows passes the arguments of a batch file through cmd.exe, which changes some of them.".into());
    }
    Form { kind, text: lines.join("\n"), notes }
}

/// A bare name could be one of PowerShell's own commands, such as `ls` and `echo`, so the application is named
/// explicitly.
fn program(name: &str) -> String {
    if name.contains(['/', '\\']) {
        return powershell_string(name);
    }
    let escaped: String =
        name.chars().flat_map(|c| "*?[]`".contains(c).then_some('`').into_iter().chain([c])).collect();
    format!("(Get-Command -CommandType Application -TotalCount 1 -Name {})", powershell_string(&escaped))
}
