//! The request as hyper takes it: composed parts checked and put together.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use hyper::{
    Method, Uri,
    body::{Body as HttpBody, Frame, SizeHint},
    header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::io::{AsyncRead, ReadBuf};

use super::{
    Body, Request, Version,
    form::{self, Piece},
    wire::Tap,
};
use crate::endpoint::Endpoint;
use porthole_base::error::{Code, Error, Result};

/// All but the characters that RFC 3986 never reserves.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes of a file that are read at once.
const PIECE: usize = 64 * 1024;

/// Path and query as they go onto the request line.
///
/// # Errors
/// [`Code::RequestInvalid`] when they can't appear there as written.
pub fn target(request: &Request) -> Result<String> {
    let path = request.path.as_str();
    if path.contains("://") && !path.starts_with('/') {
        return Err(invalid(format!("`{path}` isn't a path: the endpoint is part of the target"))
            .hint("Enter only the path here, for example /volumes, and the rest as the target's endpoint."));
    }
    if !path.starts_with('/') && path != "*" {
        return Err(invalid(format!("The path `{path}` must start with a slash")).hint("For example: /volumes."));
    }
    if let Some(c) = path.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '#' | '"' | '<' | '>')) {
        let encoded = utf8_percent_encode(c.encode_utf8(&mut [0; 4]), NON_ALPHANUMERIC).to_string();
        return Err(invalid(format!("A path can't contain {c:?}"))
            .hint(format!("Write {encoded}, or add it as a query parameter, which is encoded for you.")));
    }
    let mut target = path.to_owned();
    for param in &request.query {
        target.push(if target.contains('?') { '&' } else { '?' });
        target.extend(utf8_percent_encode(&param.name, QUERY));
        target.push('=');
        target.extend(utf8_percent_encode(&param.value, QUERY));
    }
    Ok(target)
}

/// The bytes of a composed body, of a multipart form with this boundary; none where some of them are in a file.
pub fn body_bytes(request: &Request, boundary: &str) -> Option<Vec<u8>> {
    match &request.body {
        Body::None => Some(Vec::new()),
        Body::Json { text } | Body::Text { text } => Some(text.clone().into_bytes()),
        Body::File { .. } => None,
        Body::Form { fields } => Some(form::urlencoded(fields).into_bytes()),
        Body::Multipart { parts } => {
            let pieces = form::multipart(parts, boundary).ok()?;
            pieces.into_iter().try_fold(Vec::new(), |mut bytes, piece| match piece {
                Piece::Text(text) => {
                    bytes.extend_from_slice(text.as_bytes());
                    Some(bytes)
                }
                Piece::File(_) => None,
            })
        }
    }
}

/// The request for hyper, with the headers that every client adds where none was composed.
pub(super) async fn prepare(
    endpoint: &Endpoint,
    request: &Request,
    tap: &Arc<Tap>,
) -> Result<hyper::Request<Outgoing>> {
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| {
        invalid(format!("`{}` isn't a valid method", request.method)).hint("Use one word, for example GET.")
    })?;
    let target = target(request)?;
    let uri: Uri =
        target.parse().map_err(|error| invalid(format!("`{target}` isn't a valid request target")).detail(error))?;
    let (body, boundary) = Outgoing::of(request, Arc::clone(tap)).await?;
    let prepared_length = body.left;
    let mut prepared = hyper::Request::new(body);
    *prepared.method_mut() = method;
    *prepared.uri_mut() = uri;
    *prepared.version_mut() = match request.version {
        Version::Http10 => hyper::Version::HTTP_10,
        Version::Http11 => hyper::Version::HTTP_11,
    };
    let headers = prepared.headers_mut();
    for header in &request.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|_| invalid(format!("`{}` isn't a valid header name", header.name)))?;
        let value = HeaderValue::from_bytes(header.value.as_bytes())
            .map_err(|_| invalid(format!("The value of {} contains a control character", header.name)))?;
        headers.try_append(name, value).map_err(|_| invalid("Too many headers for one request"))?;
    }
    check_framing(headers, prepared_length)?;
    if !headers.contains_key(HOST)
        && let Ok(authority) = HeaderValue::from_str(&endpoint.authority())
    {
        headers.insert(HOST, authority);
    }
    if let Some(content_type) = request.body.content_type()
        && !headers.contains_key(CONTENT_TYPE)
    {
        let value = match boundary {
            Some(boundary) => HeaderValue::from_str(&format!("{content_type}; boundary={boundary}"))
                .map_err(|_| invalid("The boundary contains a control character"))?,
            None => HeaderValue::from_static(content_type),
        };
        headers.insert(CONTENT_TYPE, value);
    }
    Ok(prepared)
}

/// Length and encoding of the body, where they were composed by hand: what is not so would be
/// changed on the way, or leave the backend waiting forever.
fn check_framing(headers: &HeaderMap, body: u64) -> Result<()> {
    let lengths: Vec<_> = headers.get_all(CONTENT_LENGTH).iter().collect();
    if lengths.iter().any(|length| length.as_bytes() != body.to_string().as_bytes()) {
        return Err(invalid(format!("The Content-Length header doesn't match the length of the body, {body}"))
            .hint("Remove the header: Porthole sends it with the correct length."));
    }
    let encodings: Vec<_> = headers.get_all(TRANSFER_ENCODING).iter().collect();
    let chunked = encodings.iter().all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    if !encodings.is_empty() && (!chunked || encodings.len() > 1 || body == 0 || !lengths.is_empty()) {
        return Err(invalid("The Transfer-Encoding header can't be sent with this body")
            .hint("Only `chunked` is supported, with a body and without Content-Length."));
    }
    Ok(())
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::RequestInvalid, message)
}

/// A request body of known length, which tells the tap when its last byte was taken.
pub(super) struct Outgoing {
    sources: VecDeque<Source>,
    left: u64,
    tap: Arc<Tap>,
}

enum Source {
    Bytes(Bytes),
    /// A file, and how many bytes of it are still to be sent: of one that grows meanwhile, the announced
    /// length is sent.
    File(tokio::fs::File, u64),
}

impl Source {
    fn left(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, left) => *left,
        }
    }
}

impl Outgoing {
    /// The body, and the boundary of its parts where it has any.
    async fn of(request: &Request, tap: Arc<Tap>) -> Result<(Self, Option<String>)> {
        let mut boundary = None;
        let pieces = match &request.body {
            Body::None => Vec::new(),
            Body::Json { text } | Body::Text { text } => vec![Piece::Text(text.clone())],
            Body::File { path } => vec![Piece::File(path)],
            Body::Form { fields } => vec![Piece::Text(form::urlencoded(fields))],
            Body::Multipart { parts } => {
                let made = boundary.insert(form::boundary(&request.headers)?);
                form::multipart(parts, made)?
            }
        };
        let mut sources = VecDeque::with_capacity(pieces.len());
        for piece in pieces {
            sources.push_back(match piece {
                Piece::Text(text) => Source::Bytes(Bytes::from(text)),
                Piece::File(path) => {
                    let (file, length) = open(path).await.map_err(|error| {
                        Error::new(Code::BodyFileUnreadable, format!("Can't read the body from {path}"))
                            .detail(error)
                            .hint("Use the full path of an existing file.")
                    })?;
                    Source::File(file, length)
                }
            });
        }
        let left = sources.iter().map(Source::left).sum();
        if left == 0 {
            tap.body_written();
        }
        Ok((Self { sources, left, tap }, boundary))
    }
}

async fn open(path: &str) -> io::Result<(tokio::fs::File, u64)> {
    const NOT_REGULAR: &str = "it isn't a regular file, so its length isn't known before it is read";
    // Before it is opened: a pipe that has no writer would be waited for.
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(io::Error::other(NOT_REGULAR));
    }
    let file = tokio::fs::File::open(path).await?;
    let found = file.metadata().await?;
    if !found.is_file() {
        return Err(io::Error::other(NOT_REGULAR));
    }
    Ok((file, found.len()))
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        while self.sources.front().is_some_and(|source| source.left() == 0) {
            self.sources.pop_front();
        }
        let piece = match self.sources.front_mut() {
            None => return Poll::Ready(None),
            Some(Source::Bytes(bytes)) => std::mem::take(bytes),
            Some(Source::File(file, left)) => {
                let mut space = vec![0; PIECE.min(usize::try_from(*left).unwrap_or(PIECE))];
                let mut buffer = ReadBuf::new(&mut space);
                ready!(Pin::new(file).poll_read(cx, &mut buffer))?;
                let length = buffer.filled().len();
                if length == 0 {
                    let error = "the file was truncated while it was sent";
                    return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::UnexpectedEof, error))));
                }
                *left -= length as u64;
                space.truncate(length);
                Bytes::from(space)
            }
        };
        self.left -= piece.len() as u64;
        if self.left == 0 {
            self.tap.body_written();
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Param;

    #[test]
    fn the_query_is_encoded_and_joined() {
        let mut request = Request::new("GET", "/a%20b?x=1");
        request.query = vec![
            Param { name: "q".into(), value: "a b&c=d/é".into() },
            Param { name: "empty".into(), value: String::new() },
        ];
        assert_eq!(target(&request).unwrap(), "/a%20b?x=1&q=a%20b%26c%3Dd%2F%C3%A9&empty=");
        assert_eq!(target(&Request::new("OPTIONS", "*")).unwrap(), "*");
    }

    #[test]
    fn a_path_that_would_not_arrive_as_written_is_refused() {
        for path in ["volumes", "", "http://unix:/p.sock:/x", "/a b", "/é", "/a#b", "/a\r\nX: y", "/\0"] {
            let error = target(&Request::new("GET", path)).unwrap_err();
            assert_eq!(error.code, Code::RequestInvalid, "{path}");
            assert!(error.hint.is_some(), "{path}");
        }
    }
}
