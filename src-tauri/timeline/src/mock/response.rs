//! A recorded response on the wire again: its bytes, cut where it was cut, at its times.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::Instant,
};

use super::{requests::Answer, runs::read, speed::Speed};
use porthole_base::error::Code;
use porthole_http::exchange::{Exchange, Failure, Head, Header, Response};
use porthole_output::{Output, Stream};

/// How many chunks are looked up at once, and how many bytes of a chunk are read at once.
const CHUNKS: usize = 256;
const PIECE: u64 = 256 * 1024;

/// What may follow a response on its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Another request.
    Request,
    /// Nothing: it was cut, or its end is the end of the connection.
    Close,
    /// Nothing, and not even an end: the connection was reset.
    Reset,
    /// Nothing until the client ends the connection, as it did in the recording.
    Silence,
}

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// There is none.
    Empty,
    /// `Transfer-Encoding: chunked`
    Chunked,
    /// `Content-Length`
    Length(u64),
    /// The connection ends.
    Close,
}

impl Framing {
    fn of(method: &str, response: &Response) -> Self {
        if method == "HEAD" || matches!(response.status, 204 | 304) {
            return Self::Empty;
        }
        if response.status == 101 || method == "CONNECT" {
            return Self::Close;
        }
        if let Some(encoding) = response.head.header("transfer-encoding") {
            let last = encoding.rsplit(',').next().unwrap_or_default().trim();
            return if last.eq_ignore_ascii_case("chunked") { Self::Chunked } else { Self::Close };
        }
        let length = response.head.header("content-length").and_then(|length| length.trim().parse().ok());
        length.map_or(Self::Close, Self::Length)
    }
}

/// Sends what was recorded of an exchange.
pub(super) struct Sending<'s, W> {
    pub io: &'s mut W,
    pub exchange: &'s Exchange,
    pub output: &'s Arc<Output>,
    pub speed: Speed,
    /// The method of the request that it answers.
    pub method: &'s str,
    /// When the whole request was there.
    pub began: Instant,
    /// `100 Continue` was sent already.
    pub continued: bool,
}

impl<W: AsyncWrite + Unpin> Sending<'_, W> {
    /// # Errors
    /// When the client is gone, or the recorded bytes can't be read. Then the connection is closed as well.
    pub async fn send(mut self, answer: Answer) -> io::Result<Next> {
        match answer {
            Answer::Redirect(n) => match self.exchange.redirects.get(n) {
                Some(redirect) => self.redirect(&redirect.response).await,
                None => Ok(Next::Close),
            },
            Answer::Response | Answer::Unknown => self.informed_and_answered().await,
        }
    }

    /// The body of a redirect isn't in the session: one that has none is whole.
    async fn redirect(&mut self, response: &Response) -> io::Result<Next> {
        self.write(&head_bytes(&response.head)).await?;
        let is_whole = matches!(Framing::of(self.method, response), Framing::Empty | Framing::Length(0));
        Ok(if is_whole { Next::Request } else { Next::Close })
    }

    async fn informed_and_answered(&mut self) -> io::Result<Next> {
        let exchange = self.exchange;
        for informational in &exchange.informational {
            if informational.response.status == 100 && self.continued {
                continue;
            }
            self.until(informational.at_us).await;
            self.write(&head_bytes(&informational.response.head)).await?;
        }
        let Some(response) = &exchange.response else { return self.no_response().await };
        self.until(exchange.phases.first_byte_us.unwrap_or_default()).await;
        self.write(&head_bytes(&response.head)).await?;
        let framing = Framing::of(self.method, response);
        let length = self.body(framing).await?;
        self.until(exchange.phases.done_us.unwrap_or_default()).await;
        if let Some(failure) = &exchange.failure {
            return Ok(after(failure));
        }
        match framing {
            Framing::Empty => Ok(Next::Request),
            Framing::Chunked => {
                let mut end = b"0\r\n".to_vec();
                exchange.trailers.iter().for_each(|trailer| push_line(&mut end, trailer));
                end.extend_from_slice(b"\r\n");
                self.write(&end).await?;
                Ok(Next::Request)
            }
            Framing::Length(promised) if promised == length => Ok(Next::Request),
            Framing::Length(_) | Framing::Close => Ok(Next::Close),
        }
    }

    /// What came in place of a head, if anything did, and then the end.
    async fn no_response(&mut self) -> io::Result<Next> {
        let failure = self.exchange.failure.as_ref();
        let received = failure.map_or("", |failure| failure.received.as_str());
        if !received.is_empty() {
            self.until(self.exchange.phases.first_byte_us.unwrap_or_default()).await;
            self.write(received.as_bytes()).await?;
        }
        self.until(self.exchange.phases.done_us.unwrap_or_default()).await;
        Ok(failure.map_or(Next::Close, after))
    }

    /// Sends the body at its times and gives its length.
    async fn body(&mut self, framing: Framing) -> io::Result<u64> {
        if framing == Framing::Empty {
            return Ok(0);
        }
        let (mut n, mut length) = (0, 0);
        loop {
            let chunks = self.output.chunks(n, CHUNKS);
            if chunks.is_empty() {
                return Ok(length);
            }
            n += chunks.len() as u64;
            for chunk in chunks.into_iter().filter(|chunk| chunk.stream == Stream::Stdout) {
                self.until(chunk.at_us).await;
                let (mut from, end) = (chunk.offset, chunk.offset + chunk.len);
                while from < end {
                    let to = end.min(from + PIECE);
                    let bytes = read(self.output, Stream::Stdout, from, to).await.map_err(io::Error::other)?;
                    length += bytes.len() as u64;
                    self.piece(framing, &bytes).await?;
                    from = to;
                }
            }
        }
    }

    async fn piece(&mut self, framing: Framing, bytes: &[u8]) -> io::Result<()> {
        if framing != Framing::Chunked {
            return self.write(bytes).await;
        }
        let mut framed = format!("{:x}\r\n", bytes.len()).into_bytes();
        framed.extend_from_slice(bytes);
        framed.extend_from_slice(b"\r\n");
        self.write(&framed).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.io.write_all(bytes).await?;
        self.io.flush().await
    }

    /// Waits until a recorded moment. Times count from the last byte of the request.
    async fn until(&mut self, recorded_us: u64) {
        let phases = &self.exchange.phases;
        let sent_us = phases.sent_us.or(phases.connected_us).unwrap_or_default();
        self.speed.until(self.began, recorded_us.saturating_sub(sent_us)).await;
    }
}

/// What comes after what was received before this failure.
fn after(failure: &Failure) -> Next {
    match failure.error.code {
        _ if failure.reset => Next::Reset,
        Code::Cancelled | Code::TimedOut | Code::ClientClosed => Next::Silence,
        _ => Next::Close,
    }
}

/// A head as it stood on the wire.
fn head_bytes(head: &Head) -> Vec<u8> {
    let mut bytes = status_line(&head.start_line).into_bytes();
    bytes.extend_from_slice(b"\r\n");
    head.headers.iter().for_each(|header| push_line(&mut bytes, header));
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// An archive may have a response of another version of HTTP, which this connection doesn't speak.
fn status_line(recorded: &str) -> String {
    let line = one_line(recorded);
    match line.split_once(' ') {
        Some((version, rest)) if !version.starts_with("HTTP/1.") => format!("HTTP/1.1 {rest}"),
        _ => line,
    }
}

fn push_line(bytes: &mut Vec<u8>, Header { name, value }: &Header) {
    bytes.extend_from_slice(one_line(name).as_bytes());
    bytes.extend_from_slice(if value.is_empty() { b":" } else { b": " });
    bytes.extend_from_slice(one_line(value).as_bytes());
    bytes.extend_from_slice(b"\r\n");
}

/// A session may hold what no head on a wire can: a line that is several.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], " ")
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
