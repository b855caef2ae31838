//! The demo backend in a process of its own: it takes no time of whoever asks it.

use std::{
    env,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
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

/// A served backend; it ends when this is dropped.
pub struct Backend {
    child: Child,
    /// Where it listens.
    pub socket: PathBuf,
}

impl Backend {
    /// Starts it, and waits until it listens.
    pub fn start(context: &BenchContext) -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg("backend")
            .arg(context.folder("backend")?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let read = child.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut line));
        let backend = Self { child, socket: PathBuf::from(line.trim_end()) };
        match read {
            Some(Ok(length)) if length > 0 => Ok(backend),
            _ => Err("the demo backend did not start".into()),
        }
    }

    /// It as a Timeline has it.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.socket.clone())
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        // The end of its input, by which it takes its socket away.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
