//! A bare client: hyper on one connection to a unix socket.

use std::{path::Path, time::Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use tokio::{net::UnixStream, task::JoinHandle};

use crate::{calls::ms, context::Result};

/// One connection.
pub struct Client {
    sender: http1::SendRequest<Empty<Bytes>>,
    driver: JoinHandle<hyper::Result<()>>,
}

impl Client {
    /// Connects.
    pub async fn open(socket: &Path) -> Result<Self> {
        let (sender, connection) = http1::handshake(TokioIo::new(UnixStream::connect(socket).await?)).await?;
        Ok(Self { sender, driver: tokio::spawn(connection) })
    }

    /// Sends a GET and reads the whole body: it, and how many milliseconds that took.
    pub async fn get(&mut self, path: &str) -> Result<(Bytes, f64)> {
        let request = hyper::Request::get(path).header(HOST, "localhost").body(Empty::<Bytes>::new())?;
        let began = Instant::now();
        let answer = self.sender.send_request(request).await?;
        let body = answer.into_body().collect().await?.to_bytes();
        let took = ms(began.elapsed());
        if body.is_empty() { Err("the answer is empty".into()) } else { Ok((body, took)) }
    }

    /// Closes the connection.
    pub async fn close(self) -> Result<()> {
        drop(self.sender);
        Ok(self.driver.await??)
    }
}
