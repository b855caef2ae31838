//! The session of a build by BuildKit: a connection on which the engine calls back. It has the gRPC calls that a build
//! from a sent context needs, a sign of life and the sign-in at a registry; to all others it says that there are none
//! (read in moby/buildkit 0.25, `session/`).

use std::{convert::Infallible, sync::Arc};

use bollard::errors::Error as ApiError;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;

use super::{
    Engine,
    protobuf::{field, fields},
    registries::Registries,
};

const HEALTH: &str = "/grpc.health.v1.Health/Check";
const CREDENTIALS: &str = "/moby.filesync.v1.Auth/Credentials";
/// The most bytes of a call: the name of a registry.
const LONGEST: usize = 64 * 1024;

const OK: &str = "0";
const INVALID: &str = "3";
const UNIMPLEMENTED: &str = "12";

/// A session that is open; it ends with this value.
#[derive(Debug)]
pub(crate) struct BuildSession {
    pub id: String,
    _serving: JoinSet<()>,
}

impl BuildSession {
    /// Opens one with this id, which no other session has.
    ///
    /// # Errors
    /// Those of `bollard`, for [`Engine::explain`].
    pub async fn open(engine: &Engine, id: String) -> Result<Self, ApiError> {
        let headers = [
            ("Connection", "Upgrade"),
            ("Upgrade", "h2c"),
            ("X-Docker-Expose-Session-Uuid", id.as_str()),
            ("X-Docker-Expose-Session-Name", "porthole"),
            ("X-Docker-Expose-Session-Sharedkey", ""),
            ("X-Docker-Expose-Session-Grpc-Method", HEALTH),
            ("X-Docker-Expose-Session-Grpc-Method", CREDENTIALS),
        ];
        let response = engine.ask(Method::POST, "/session", &[], &headers, bollard::body_full(Bytes::new())).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let message = "The engine didn't open a build session".to_owned();
            return Err(ApiError::DockerResponseServerError { status_code: response.status().as_u16(), message });
        }
        let upgraded = hyper::upgrade::on(response).await?;
        let registries = Arc::new(Registries::of_this_process());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let answer = service_fn(move |request| {
                let registries = Arc::clone(&registries);
                async move { Ok::<_, Infallible>(answer(request, &registries).await) }
            });
            let served = http2::Builder::new(TokioExecutor::new()).serve_connection(upgraded, answer);
            if let Err(error) = served.await {
                tracing::debug!(%error, "the session of a build ended");
            }
        });
        Ok(Self { id, _serving: serving })
    }
}

type Frames = StreamBody<stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>;

async fn answer(request: Request<Incoming>, registries: &Registries) -> Response<Frames> {
    match request.uri().path() {
        // SERVING
        HEALTH => said(Some(&[1 << 3, 1]), OK),
        CREDENTIALS => {
            let body = Limited::new(request.into_body(), LONGEST).collect().await;
            let Some(host) = body.ok().and_then(|body| host(&body.to_bytes())) else { return said(None, INVALID) };
            match registries.sign_in(&host).await {
                // A token is without a name.
                Some(sign_in) => said(Some(&credentials(&sign_in.user, &sign_in.secret)), OK),
                None => said(Some(&[]), OK),
            }
        }
        _ => said(None, UNIMPLEMENTED),
    }
}

/// A response of gRPC: its message with a flag and its length before it, and the status after it.
fn said(message: Option<&[u8]>, status: &'static str) -> Response<Frames> {
    let mut frames = Vec::new();
    if let Some(message) = message {
        let mut bytes = BytesMut::with_capacity(5 + message.len());
        bytes.put_u8(0);
        bytes.put_u32(u32::try_from(message.len()).unwrap_or_default());
        bytes.put_slice(message);
        frames.push(Ok(Frame::data(bytes.freeze())));
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(status));
    frames.push(Ok(Frame::trailers(trailers)));
    let mut response = Response::new(StreamBody::new(stream::iter(frames)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

/// The text in the first field of the first message.
fn host(body: &[u8]) -> Option<String> {
    let message = body.get(5..)?;
    let (_, host) = fields(message).find(|(number, _)| *number == 1)?;
    String::from_utf8(host.to_vec()).ok()
}

fn credentials(user: &str, secret: &str) -> Vec<u8> {
    let fields = [(1, user), (2, secret)].into_iter().filter(|(_, text)| !text.is_empty());
    fields.flat_map(|(number, text)| field(number, text.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_response_has_its_length_before_it_and_its_status_after_it() {
        let collected = said(Some(&[8, 1]), OK).into_body().collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(collected.to_bytes().as_ref(), [0, 0, 0, 0, 2, 8, 1]);
        let none = said(None, UNIMPLEMENTED).into_body().collect().await.unwrap();
        assert_eq!(none.trailers().unwrap()["grpc-status"], "12");
    }

    #[test]
    fn hosts_and_credentials_are_read_and_written_as_protobuf() {
        assert_eq!(host(&[0, 0, 0, 0, 3, 10, 1, b'r']).as_deref(), Some("r"));
        for odd in [&[][..], &[0, 0, 0, 0, 0], &[0, 0, 0, 0, 2, 10, 9], &[0, 0, 0, 0, 3, 10, 1, 0xff]] {
            assert_eq!(host(odd), None);
        }
        let long = "s".repeat(200);
        let message = credentials("me", &long);
        let found: Vec<_> = fields(&message).collect();
        assert_eq!(found, [(1, &b"me"[..]), (2, long.as_bytes())]);
        assert_eq!(credentials("", "t"), [18, 1, b't']);
    }
}
