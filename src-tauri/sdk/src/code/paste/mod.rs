//! A pasted `curl` or `docker exec` line as something to send or to run. Nothing in it is run, replaced or
//! guessed: what cannot be read is named.

mod curl;
mod docker;
mod options;
#[cfg(test)]
mod paste_tests;
mod shell_words;
mod url;
mod windows;

use super::Pasted;
use porthole_base::error::{Code, Error, Result};
use shell_words::ShellWords;

/// Reads a pasted `curl` or `docker exec` line.
///
/// # Errors
/// [`Code::PasteUnknown`], with the word that could not be read.
pub fn paste(text: &str) -> Result<Pasted> {
    let mut line = shell_words::read(without_prompt(text.trim()))?;
    let notes = begin(&mut line);
    let program = line.words.first().map(|word| program_of(word)).unwrap_or_default();
    let mut pasted = match program.as_str() {
        "curl" => curl::read(&line),
        "docker" | "podman" | "nerdctl" | "docker-compose" | "podman-compose" => {
            docker::read(&program, &line.words[1..])
        }
        "" => Err(unknown("The line is empty")),
        _ => Err(unknown(format!("`{program}` is neither curl nor docker exec")).hint(
            "Paste a line that starts with curl, docker exec or podman exec. Enter other commands in the Command tab.",
        )),
    }?;
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

/// Takes away what is before the program: `sudo`, variables of the shell, PowerShell's `&`.
fn begin(line: &mut ShellWords) -> Vec<String> {
    let mut notes = Vec::new();
    while let Some(word) = line.words.first() {
        let note = match word.split_once('=') {
            Some((name, _)) if is_name(name) => {
                format!("The variable {name} is left out: it is set only for the program itself.")
            }
            _ if word == "sudo" => "`sudo` is left out: Porthole runs with its own permissions.".to_owned(),
            _ => break,
        };
        notes.push(note);
        line.words.remove(0);
    }
    notes
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
