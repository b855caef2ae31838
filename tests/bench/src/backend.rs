//! The demo backend in a process of its own: it takes no time of whoever asks it.

use std::{
    env,
    ffi::OsStr,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
};

use porthole_app::demo::Demo;
use porthole_http::endpoint::Endpoint;

use crate::context::{BenchContext, Result};

/// Serves until the input ends, which it does when the parent is gone.
pub fn serve(directory: &Path) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let demo = runtime.block_on(Demo::start(directory))?;
    let Endpoint::Unix(socket) = demo.endpoint() else { return Err("it listens on no unix socket".into()) };
    println!("{}", socket.display());
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// A process of this program that serves until this is dropped.
pub struct Child(process::Child);

impl Child {
    /// Starts it with these arguments, and waits for the line that it writes when it listens.
    pub fn start<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> Result<(Self, String)> {
        let mut command = Command::new(env::current_exe()?);
        let mut child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let read = child.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut line));
        let child = Self(child);
        match read {
            Some(Ok(length)) if length > 0 => Ok((child, line.trim_end().to_owned())),
            _ => Err("it did not start to serve".into()),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The end of its input, by which it takes its socket away.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A served demo backend; it ends when this is dropped.
pub struct Backend {
    _child: Child,
    /// Where it listens.
    pub socket: PathBuf,
}

impl Backend {
    /// Starts it, and waits until it listens.
    pub fn start(context: &BenchContext) -> Result<Self> {
        let (child, line) = Child::start([OsStr::new("backend"), context.folder("backend")?.as_os_str()])?;
        Ok(Self { _child: child, socket: PathBuf::from(line) })
    }

    /// It as a Timeline has it.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.socket.clone())
    }
}
