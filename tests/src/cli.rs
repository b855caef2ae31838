//! `porthole-cli` without a terminal.

use std::process::{Output, Stdio};

use crate::given;

/// Runs it to its end, with these arguments and no input.
pub async fn cli(args: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(given("PORTHOLE_CLI"));
    command.args(args).stdin(Stdio::null()).current_dir("/").output().await.expect("its output")
}

/// What a program wrote, which must be text.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}
