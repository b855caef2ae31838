//! Asks the user on the terminal.

use std::io::{self, IsTerminal};

use crate::say;

/// Whether there is somebody to ask.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question that only `yes` answers with yes.
pub async fn confirmed(question: &str) -> bool {
    say::err(&format!("{question} Type yes to confirm:"));
    let read = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    });
    matches!(read.await, Ok(Ok(answer)) if answer.trim() == "yes")
}
