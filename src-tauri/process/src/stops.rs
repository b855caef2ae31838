//! How a running command gets what its user wants of it: signals, and what is typed into its terminal.

use tokio::sync::{mpsc, oneshot};

use super::{Signal, terminal::TerminalInput};
use porthole_base::error::{Code, Error, Result};

/// A wish to send a signal, with the place for its answer.
#[derive(Debug)]
pub struct Stop {
    /// What to send.
    pub signal: Signal,
    answer: oneshot::Sender<Result<()>>,
}

impl Stop {
    /// Reports the result to the caller, if it still waits.
    pub fn answer(self, answer: Result<()>) {
        let _ = self.answer.send(answer);
    }
}

/// The end that a run listens on.
#[derive(Debug)]
pub struct Stops {
    requests: mpsc::Receiver<Stop>,
    terminal: Option<TerminalInput>,
}

/// The end that a caller that wants to stop the run holds.
#[derive(Debug, Clone)]
pub struct Stopper(mpsc::Sender<Stop>);

/// Both ends. Sixteen wishes may wait; a caller that has one more waits for the run.
pub fn stops() -> (Stopper, Stops) {
    let (sender, receiver) = mpsc::channel(16);
    (Stopper(sender), Stops { requests: receiver, terminal: None })
}

impl Stops {
    /// The same with what comes from the user of its terminal.
    #[must_use]
    pub fn with_terminal(self, terminal: TerminalInput) -> Self {
        Self { terminal: Some(terminal), ..self }
    }

    /// What comes from the user of its terminal, once.
    pub fn terminal(&mut self) -> Option<TerminalInput> {
        self.terminal.take()
    }

    /// Waits for a step before the start, unless the command is stopped first.
    pub async fn unless_stopped<T>(&mut self, step: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            stop = self.next() => {
                stop.answer(Ok(()));
                Err(Error::new(Code::Cancelled, "The command was stopped before it started"))
            }
            done = step => done,
        }
    }

    /// The next request. This never ends if none can come any more.
    pub async fn next(&mut self) -> Stop {
        match self.requests.recv().await {
            Some(stop) => stop,
            None => std::future::pending().await,
        }
    }
}

impl Stopper {
    /// Sends a signal to the run's process group and tells whether it was delivered.
    ///
    /// # Errors
    /// [`Code::StopFailed`] when it could not be, or when the run has ended.
    pub async fn stop(&self, signal: Signal) -> Result<()> {
        let (answer, told) = oneshot::channel();
        let over = || Error::new(Code::StopFailed, "The command has already ended");
        self.0.send(Stop { signal, answer }).await.map_err(|_| over())?;
        told.await.map_err(|_| over())?
    }
}
