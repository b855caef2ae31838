//! Terminals: interactive shells on this machine or in a container.

use porthole_base::error::{Code, Error, Result};
use porthole_process::{Command, EnvVar, Place, TerminalSize, login_shell};
use porthole_timeline::{Origin, TerminalPiece};

use crate::{application::Application, host::Host};

/// What the window's terminal understands, as programs know it.
const KIND: (&str, &str) = ("TERM", "xterm-256color");
/// A size for one that isn't drawn yet.
const SIZE: TerminalSize = TerminalSize { columns: 80, rows: 24 };

impl<H: Host> Application<H> {
    pub async fn terminal_open(&self, command: Command) -> Result<u32> {
        let (mut command, engine) = self.of_target(self.filled_command(command)?);
        command.place.named()?;
        (command.stdin, command.stream) = (None, None);
        command.terminal.get_or_insert(SIZE);
        if !command.env.iter().any(|variable| variable.name == KIND.0) {
            command.env.push(EnvVar { name: KIND.0.to_owned(), value: KIND.1.to_owned() });
        }
        if command.program.is_empty() {
            command.args.clear();
            command.program = match &command.place {
                Place::Host => login_shell(),
                Place::Container { name } => self.timeline.shell_in(engine.clone(), name).await?,
                Place::Engine => {
                    return Err(Error::new(Code::CommandInvalid, "A terminal can't be opened on an engine")
                        .hint("Open it in a container or on the host."));
                }
            };
        }
        Ok(self.timeline.run(Origin::Composer, engine, command))
    }

    pub async fn terminal_write(&self, id: u32, bytes: Vec<u8>) -> Result<()> {
        self.timeline.terminal_write(id, bytes).await
    }

    pub async fn terminal_resize(&self, id: u32, size: TerminalSize) -> Result<()> {
        self.timeline.terminal_resize(id, size)
    }

    pub async fn terminal_read(&self, id: u32, from: u64) -> Result<TerminalPiece> {
        self.timeline.terminal_read(id, from).await
    }
}
