//! The streams of a helper's first process: it ends with them, and answers who listens.

use futures_util::StreamExt;
use tokio::{io::AsyncWriteExt, sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::stream::{Input, Output};

/// Holds the helper as long as this value is there.
pub(super) struct Hold {
    input: Input,
    answers: mpsc::Receiver<String>,
    questions: u64,
    /// The one that reads; it ends with this value, so that nothing keeps the streams open.
    _reading: JoinSet<()>,
}

impl Hold {
    /// Cancels `gone` when the streams end. They tell so at once; engines let the stream of an exec hang forever when
    /// its container is removed at the wrong moment.
    pub fn new(output: Output, input: Input, gone: CancellationToken) -> Self {
        // Answers that nothing waits for any more may pile up to here; further ones are let go.
        let (told, answers) = mpsc::channel(16);
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            read(output, told).await;
            gone.cancel();
        });
        Self { input, answers, questions: 0, _reading: reading }
    }

    /// Asks whether a socket takes connections, and gives the program's own words; else why there is no answer. One that
    /// nothing waited for is passed over.
    pub async fn ask(&mut self, path: &str) -> Result<String, String> {
        self.questions += 1;
        let begin = format!("{} ", self.questions);
        let words = |error: std::io::Error| error.to_string();
        self.input.write_all(format!("{begin}{path}\n").as_bytes()).await.map_err(words)?;
        self.input.flush().await.map_err(words)?;
        while let Some(line) = self.answers.recv().await {
            if let Some(answer) = line.strip_prefix(&begin) {
                return Ok(answer.to_owned());
            }
        }
        Err("it ended".to_owned())
    }
}

/// Reads lines to the end.
async fn read(mut output: Output, told: mpsc::Sender<String>) {
    /// The longest answer of the helper, in bytes: a line. What sends more is no helper of ours.
    const LONGEST: usize = 64 * 1024;
    let mut said = Vec::new();
    while let Some(Ok(piece)) = output.next().await {
        said.extend_from_slice(&piece.into_bytes());
        if said.len() > LONGEST {
            return;
        }
        while let Some(end) = memchr::memchr(b'\n', &said) {
            let line: Vec<u8> = said.drain(..=end).collect();
            let _ = told.try_send(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
    }
}
