//! A pasted command line as something to send or to run. Nothing in it is run, replaced or
//! guessed: what cannot be read is named.

mod curl;
mod docker;
mod form_field;
mod httpie;
mod kubectl;
mod options;
mod other;
#[cfg(test)]
mod paste_tests;
mod shell_words;
mod url;
mod web_request;
mod windows;

use super::Pasted;
use crate::draft::Draft;
use porthole_base::error::{Code, Error, Result};
use porthole_process::{Place, Stdin};
use shell_words::ShellWords;

/// Reads a pasted command line: `curl`, HTTPie and PowerShell's web requests as requests, an engine's `exec` as a command
/// in its container, and anything else as a command on this machine.
///
/// # Errors
/// [`Code::PasteUnknown`], with the word that could not be read.
pub fn paste(text: &str) -> Result<Pasted> {
    let text = without_prompt(text.trim());
    if web_request::is_one(text) {
        return web_request::read(text);
    }
    let mut line = shell_words::read(text)?;
    let (variables, mut notes) = begin(&mut line);
    let program = line.words.first().map(|word| program_of(word)).unwrap_or_default();
    let mut pasted = match program.as_str() {
        "curl" => curl::read(&line),
        "http" | "https" | "xh" => httpie::read(&line.words[1..]),
        "docker" | "podman" | "nerdctl" | "docker-compose" | "podman-compose" => {
            docker::read(&program, &line.words, &variables)
        }
        "kubectl" | "oc" => {
            Ok(kubectl::read(&line.words[1..])?.unwrap_or_else(|| other::read(&line.words, &variables)))
        }
        "" => Err(unknown("The line is empty")),
        _ if line.words.len() == 1 && is_address(&line.words[0]) => {
            line.words.insert(0, "curl".into());
            curl::read(&line)
        }
        _ => Ok(other::read(&line.words, &variables)),
    }?;
    let keeps = matches!(&pasted.composed, Draft::Command(command) if command.place == Place::Host);
    if !keeps {
        notes.extend(
            variables
                .iter()
                .map(|(name, _)| format!("The variable {name} is left out: it is set only for the program itself.")),
        );
    }
    if let (Draft::Command(command), Some(text)) = (&mut pasted.composed, line.input.take()) {
        command.stdin = Some(Stdin::Text { text });
        pasted.notes.retain(|note| !note.starts_with("-i and -t"));
    }
    pasted.notes.splice(0..0, notes);
    pasted.notes.extend(line.notes);
    Ok(pasted)
}

fn unknown(message: impl Into<String>) -> Error {
    Error::new(Code::PasteUnknown, message)
}

/// The text after the prompt of a terminal that was copied along.
fn without_prompt(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix("PS ")
        && let Some((_, rest)) = rest.split_once("> ")
    {
        return rest.trim_start();
    }
    ["$ ", "# ", "% ", "> "].iter().find_map(|prompt| text.strip_prefix(prompt)).unwrap_or(text).trim_start()
}

fn is_address(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// Takes away what is before the program: `sudo`, variables of the shell, PowerShell's `&`. Answers with the variables
/// and with what was left out.
fn begin(line: &mut ShellWords) -> (Vec<(String, String)>, Vec<String>) {
    let (mut variables, mut notes) = (Vec::new(), Vec::new());
    while let Some(word) = line.words.first() {
        match word.split_once('=') {
            Some((name, value)) if is_name(name) => variables.push((name.to_owned(), value.to_owned())),
            _ if word == "sudo" => notes.push("`sudo` is left out: Porthole runs with its own permissions.".to_owned()),
            _ => break,
        }
        line.words.remove(0);
    }
    (variables, notes)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A program without its folder and `.exe`.
fn program_of(word: &str) -> String {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let lower = name.to_ascii_lowercase();
    lower.strip_suffix(".exe").unwrap_or(&lower).to_owned()
}
