//! Requests to an engine with responses that are read as plain JSON.
//!
//! `bollard`'s own types are closed: one unknown state of one container, or one array that is null, makes the whole
//! response unreadable. These responses are read by [`super::answers`], field by field.

use std::{pin::Pin, time::Duration};

use bollard::{errors::Error as ApiError, exec::ResizeExecOptions};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONNECTION, CONTENT_TYPE, UPGRADE},
    upgrade::Upgraded,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::{Engine, connect::ANSWER, limits::RawStream};
use porthole_process::TerminalSize;

/// A response of the engine, before its body is read.
pub(crate) type Reply = Response<Incoming>;
/// What came of asking it; an error is for [`Engine::explain`].
pub(super) type Answer<T> = Result<T, ApiError>;

impl Engine {
    /// What the engine has at a path.
    ///
    /// # Errors
    /// Those of `bollard`, for [`Engine::explain`].
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer<Value> {
        json(self.ask(Method::GET, path, query, &[], bollard::body_full(Bytes::new())).await?).await
    }

    /// Has the engine do something, and reads what it says of it.
    ///
    /// # Errors
    /// As for [`Engine::get`].
    pub async fn post(&self, path: &str, query: &[(&str, &str)], body: &impl Serialize) -> Answer<Value> {
        let body = serde_json::to_vec(body).map_err(ApiError::from)?;
        let headers = [(CONTENT_TYPE.as_str(), "application/json")];
        json(self.ask(Method::POST, path, query, &headers, bollard::body_full(body.into())).await?).await
    }

    /// Sends a request. A refusal is an error with the engine's own words.
    ///
    /// # Errors
    /// As for [`Engine::get`].
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: super::pool::Body,
    ) -> Answer<Reply> {
        let limit = Duration::from_secs(ANSWER);
        // On the heap: every task of Porthole's has this future somewhere below it.
        let asked: Pin<Box<dyn Future<Output = _> + Send + '_>> =
            Box::pin(tokio::time::timeout(limit, self.ask_at_length(method, path, query, headers, body)));
        asked.await.map_err(|_| ApiError::RequestTimeoutError)?
    }

    /// The same for one that is long to send, or that an engine may take any time for.
    ///
    /// # Errors
    /// As for [`Engine::get`].
    pub(crate) async fn ask_at_length(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: super::pool::Body,
    ) -> Answer<Reply> {
        let mut uri = format!("{}{path}", self.base);
        if !query.is_empty() {
            uri.push('?');
            uri.push_str(&Serializer::new(String::new()).extend_pairs(query).finish());
        }
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request =
            request.body(body).map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error))?;
        accepted(self.pool.send(request).await?).await
    }

    /// Starts an exec in a terminal and takes over the connection, which carries its bytes as they are. `bollard` would
    /// take those of a terminal apart like frames, where the first one is below 3.
    ///
    /// # Errors
    /// As for [`Engine::get`].
    pub(crate) async fn attach_terminal(&self, exec: &str, size: TerminalSize) -> Answer<Upgraded> {
        let options = serde_json::json!({ "Detach": false, "Tty": true, "ConsoleSize": [size.rows, size.columns] });
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/exec/{}/start", self.base, segment(exec)))
            .header(CONTENT_TYPE, "application/json")
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "tcp")
            .body(bollard::body_full(options.to_string().into()))
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error))?;
        request.extensions_mut().insert(RawStream);
        let started = tokio::time::timeout(Duration::from_secs(ANSWER), self.pool.send(request)).await;
        let response = accepted(started.map_err(|_| ApiError::RequestTimeoutError)??).await?;
        Ok(hyper::upgrade::on(response).await?)
    }

    /// Gives the terminal of an exec another size.
    ///
    /// # Errors
    /// As for [`Engine::get`].
    pub(crate) async fn resize_exec(&self, exec: &str, size: TerminalSize) -> Answer<()> {
        let size = ResizeExecOptions { height: size.rows, width: size.columns };
        self.docker().resize_exec(exec, size).await
    }
}

/// A response, unless it is a refusal: then it is an error with the engine's own words.
async fn accepted(response: Reply) -> Answer<Reply> {
    if response.status().is_success() || response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(response);
    }
    let status_code = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Err(ApiError::DockerResponseServerError { status_code, message: refusal(&body) })
}

impl Engine {
    /// Whether it builds with BuildKit, as it says itself: Podman and older engines don't.
    ///
    /// # Errors
    /// As for [`Engine::get`].
    pub async fn has_buildkit(&self) -> Answer<bool> {
        let pong = self.ask(Method::GET, "/_ping", &[], &[], bollard::body_full(Bytes::new())).await?;
        Ok(pong.headers().get("Builder-Version").is_some_and(|version| version == "2"))
    }
}

async fn json(response: Reply) -> Answer<Value> {
    let body = response.into_body().collect().await?.to_bytes();
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_slice(&body)?)
}

/// Docker has its words in `message`, Podman in `message` or `cause`.
fn refusal(body: &[u8]) -> String {
    let told = serde_json::from_slice::<Value>(body).ok();
    let words = ["message", "cause", "error"].iter().find_map(|key| told.as_ref()?.get(key)?.as_str());
    words.map_or_else(|| String::from_utf8_lossy(body).trim().to_owned(), str::to_owned)
}

/// A name as a part of a request's path. An image's name keeps its slashes: not every engine decodes them.
pub(crate) fn segment(name: &str) -> String {
    const ENCODED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/').remove(b':').remove(b'@');
    utf8_percent_encode(name, ENCODED).to_string()
}

/// The `filters` of a list: things with this label, or with this value of it.
pub fn labelled(label: &str) -> String {
    serde_json::json!({ "label": [label] }).to_string()
}
