//! Holds a shell's script until a test has seen what the script wrote before.

use std::{
    fs::{File, OpenOptions},
    io::Write,
};

use nix::{sys::stat::Mode, unistd::mkfifo};
use tempfile::TempDir;

pub struct Gate {
    directory: TempDir,
    /// Open for both, so that neither end waits for the other to open it.
    pipe: File,
}

impl Gate {
    pub fn closed() -> Self {
        let directory = tempfile::tempdir().expect("a folder");
        let path = directory.path().join("gate");
        mkfifo(&path, Mode::S_IRWXU).expect("a pipe");
        let pipe = OpenOptions::new().read(true).write(true).open(path).expect("the pipe");
        Self { directory, pipe }
    }

    /// The shell's command that waits until the gate is opened.
    pub fn wait(&self) -> String {
        format!("read -r go <'{}'", self.directory.path().join("gate").display())
    }

    pub fn open(&mut self) {
        self.pipe.write_all(b"\n").expect("a written line");
    }
}
