//! One connection of a mock. hyper reads the requests. What hyper would write is dropped: it knows neither the case and order of
//! header lines nor a response that is cut.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response,
    body::Incoming,
    header::{CONTENT_TYPE, EXPECT, HeaderName},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use porthole_http::listener::Connection;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::Instant,
};

use super::{
    Recordings, Served,
    request_key::RequestKey,
    requests::{Answer, Miss, Recording},
    response::{Next, Sending},
};

/// Bytes of a request's body that are compared.
const COMPARED: usize = 16 * 1024 * 1024;

/// Answers the requests of one connection until it is closed.
pub(super) async fn serve(mut connection: Connection, recordings: Arc<Recordings>) {
    if recordings.has_resets() {
        connection.prepare_reset();
    }
    let shared = Shared(Arc::new(Mutex::new(connection)));
    let (is_used, is_reset) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let answer = |request: Request<Incoming>| {
        let is_used = is_used.swap(true, Ordering::Relaxed);
        let (recordings, mut write, is_reset) = (Arc::clone(&recordings), shared.clone(), Arc::clone(&is_reset));
        async move {
            // Nothing else writes: hyper takes one request after the other.
            match answer(request, is_used, &recordings, &mut write).await? {
                Next::Request => Ok(Response::new(Empty::<Bytes>::new())),
                Next::Close => Err(io::Error::other("the recorded connection ended here")),
                Next::Reset => {
                    is_reset.store(true, Ordering::Relaxed);
                    Err(io::Error::other("the recorded connection was reset here"))
                }
                Next::Silence => {
                    tokio::io::copy(&mut write, &mut tokio::io::sink()).await?;
                    Err(io::Error::other("the client ended the connection"))
                }
            }
        }
    };
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        // A client that has sent all of its requests may end its side and still get the responses. Without this, hyper also
        // reads on while a request is answered, and a byte must stay unread for a reset.
        .half_close(true)
        .serve_connection(TokioIo::new(OnlyReads(shared.clone())), service_fn(answer))
        .await;
    let mut write = shared;
    if is_reset.load(Ordering::Relaxed) {
        let _ = write.connection().reset_on_close();
        return;
    }
    if served.is_err_and(|error| error.is_parse()) {
        let _ = write.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    }
    let _ = write.shutdown().await;
}

async fn answer(
    request: Request<Incoming>,
    is_used: bool,
    recordings: &Recordings,
    write: &mut Shared,
) -> io::Result<Next> {
    let (parts, body) = request.into_parts();
    let value_of = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let continued = value_of(EXPECT).is_some_and(|expected| expected.eq_ignore_ascii_case("100-continue"));
    if continued {
        write.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        write.flush().await?;
    }
    let body = compared(body).await?;
    let (method, target) = (parts.method.as_str(), parts.uri.to_string());
    let key = RequestKey::new(method, &target, value_of(CONTENT_TYPE), body.as_deref());
    let began = Instant::now();
    let is_silent = |next: &Recording| next.answer == Answer::Response && recordings.is_silent(next.call);
    if is_used && recordings.requests.peek(&key).is_some_and(is_silent) {
        // Clients send a request again when a connection that was open before is closed without a response.
        return Ok(Next::Close);
    }
    match recordings.requests.next(&key) {
        Ok(found) => {
            let call = found.call;
            let Some((exchange, output)) = recordings.exchange(call) else { return Ok(Next::Close) };
            let status = exchange.response.as_ref().map(|response| response.status);
            recordings.tell(&Served { method, target: &target, call: Some(call + 1), status, miss: None });
            let sending = Sending { io: write, exchange, output, speed: recordings.speed(), method, began, continued };
            sending.send(found.answer).await
        }
        Err(miss) => {
            let text = miss.text();
            let call = miss.closest_call();
            recordings.tell(&Served { method, target: &target, call, status: None, miss: Some(&text) });
            refuse(write, method, &miss).await
        }
    }
}

/// The body, if it is small enough to be compared. It is read to its end in any case.
async fn compared(mut body: Incoming) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Some(Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(io::Error::other)?.into_data() else { continue };
        bytes = bytes.filter(|bytes| bytes.len() + data.len() <= COMPARED);
        if let Some(bytes) = &mut bytes {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

async fn refuse(write: &mut Shared, method: &str, miss: &Miss) -> io::Result<Next> {
    let body = format!("{}\n", serde_json::to_string_pretty(miss)?);
    let head = format!(
        "HTTP/1.1 501 Not Implemented\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    write.write_all(head.as_bytes()).await?;
    if method != "HEAD" {
        write.write_all(body.as_bytes()).await?;
    }
    write.flush().await?;
    Ok(Next::Request)
}

/// A connection that one reads and another writes.
#[derive(Debug, Clone)]
struct Shared(Arc<Mutex<Connection>>);

impl Shared {
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Shared {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.connection()).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Shared {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.connection()).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.connection()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.connection()).poll_shutdown(cx)
    }
}

/// A connection that hyper reads from.
struct OnlyReads(Shared);

impl AsyncRead for OnlyReads {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for OnlyReads {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
