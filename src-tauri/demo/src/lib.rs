//! The demo backend: an HTTP server with one route for each thing that a backend does to its callers, good and bad.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod routes;

use std::{
    io,
    time::{Duration, Instant},
};

use hyper::{Method, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinSet,
};

/// A request that was answered.
#[derive(Debug)]
pub struct Answered<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its target as it came.
    pub target: &'a str,
    /// The status; none where the connection was closed instead.
    pub status: Option<u16>,
    /// From its head to that of the answer.
    pub took: Duration,
}

/// Takes connections until it is dropped, which ends those that are open then. Each response is reported.
pub async fn accept<S>(mut next: impl AsyncFnMut() -> io::Result<S>, tell: fn(&Answered<'_>))
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        match next().await {
            Ok(stream) => {
                connections.spawn(async move {
                    let answer = service_fn(async |request: hyper::Request<hyper::body::Incoming>| {
                        let began = Instant::now();
                        let (method, target) = (request.method().clone(), request.uri().to_string());
                        let answer = routes::answer(request).await;
                        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
                        tell(&Answered { method: &method, target: &target, status, took: began.elapsed() });
                        answer
                    });
                    let served = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .serve_connection(TokioIo::new(stream), answer)
                        .await;
                    if let Err(error) = served {
                        tracing::debug!(%error, "the demo backend closed a connection");
                    }
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: those that are open end sooner or later.
                tracing::warn!(%error, "the demo backend can't take a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}
