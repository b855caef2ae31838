//! Asks the user on the terminal.

use std::io::{self, IsTerminal};

use crate::say;

/// Whether the user can be asked: a script's input is no answer.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question. Only the word `yes` confirms it.
pub async fn confirmed(question: &str) -> bool {
    say::err(&format!("{question} Type yes to confirm:"));
    let read = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    matches!(read.await, Ok(Ok(answer)) if answer.trim() == "yes")
}
