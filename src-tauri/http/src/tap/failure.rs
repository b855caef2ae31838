//! Why an exchange that was watched isn't whole, in words.

use super::observer::Why;
use crate::exchange::{Failure, Protocol, Stage, head_text};
use porthole_base::{
    error::{Code, Error},
    numbers::count,
};

/// How often a connection is reset isn't known here: a client and its backend see only an end.
pub(super) fn failure(why: &Why) -> Failure {
    let stage = match why {
        Why::RequestCut | Why::RequestUnreadable { .. } => Stage::Send,
        Why::NoResponse | Why::Unasked => Stage::Wait,
        Why::HeadCut { .. } | Why::ResponseUnreadable { .. } => Stage::Head,
        Why::ClientClosed | Why::BodyCut { .. } | Why::ChunksInvalid { .. } | Why::Unseen | Why::Stopped => Stage::Body,
    };
    let (received, protocol) = match why {
        Why::HeadCut { start } | Why::RequestUnreadable { start } => (head_text(start), None),
        Why::ResponseUnreadable { start } => (head_text(start), Protocol::of(start)),
        _ => (String::new(), None),
    };
    Failure { protocol, received, ..Failure::new(stage, error(why)) }
}

fn error(why: &Why) -> Error {
    match why {
        Why::ClientClosed => {
            Error::new(Code::ClientClosed, "The client closed the connection before the response was complete")
                .hint("The desktop may have timed out, or its page was closed. The received part is kept.")
        }
        Why::RequestCut => {
            Error::new(Code::ClientClosed, "The client closed the connection in the middle of its request")
        }
        Why::NoResponse => {
            Error::new(Code::ClosedBeforeResponse, "The backend closed the connection without a response")
                .hint("A crashing handler causes this (`socket hang up` in JavaScript): check the backend's log.")
        }
        Why::HeadCut { .. } => Error::new(
            Code::ClosedBeforeResponse,
            "The backend closed the connection in the middle of the response's headers",
        ),
        Why::BodyCut { length } => Error::new(
            Code::BodyCut,
            format!("The connection closed in the middle of the body, after {} bytes", count(*length)),
        )
        .hint("The received part is kept. The backend exited or closed the connection too early: check its log."),
        Why::RequestUnreadable { .. } => Error::new(Code::RequestUnreadable, "The client's bytes aren't HTTP/1")
            .hint("They were forwarded unchanged. Porthole can't tell requests apart on this connection."),
        Why::ResponseUnreadable { start } => unreadable_response(start),
        Why::ChunksInvalid { length } => Error::new(
            Code::BadResponse,
            format!("The body's chunked encoding is invalid after {} bytes", count(*length)),
        )
        .hint("The bytes were forwarded unchanged. The rest is recorded as sent."),
        Why::Unasked => Error::new(Code::BadResponse, "The backend sent bytes that belong to no request")
            .hint("They were forwarded unchanged. The response before them may be longer than its Content-Length."),
        Why::Unseen => {
            Error::new(Code::RecordingCut, "A part of this connection wasn't recorded: Porthole couldn't keep up")
                .hint("All bytes were forwarded unchanged. Later requests on this connection aren't recorded either.")
        }
        Why::Stopped => Error::new(Code::Cancelled, "The recording ended before the response was complete"),
    }
}

fn unreadable_response(start: &[u8]) -> Error {
    let hint = "The bytes were forwarded unchanged and are recorded as sent.";
    if start.starts_with(b"HTTP/1.") {
        return Error::new(
            Code::BadResponse,
            "The status line or headers of the backend's response aren't valid HTTP/1",
        )
        .hint(hint);
    }
    match Protocol::of(start) {
        Some(protocol) => Error::new(Code::BadResponse, protocol.sentence()).hint(protocol.hint()),
        None => Error::new(Code::BadResponse, "The backend's response isn't HTTP/1").hint(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_its_code_and_what_was_read() {
        let code = |why: &Why| failure(why).error.code;
        assert_eq!(code(&Why::Unseen), Code::RecordingCut);
        assert_eq!(code(&Why::Stopped), Code::Cancelled);
        assert_eq!((code(&Why::ClientClosed), code(&Why::RequestCut)), (Code::ClientClosed, Code::ClientClosed));
        let unreadable = failure(&Why::ResponseUnreadable { start: b"+PONG\r\n".to_vec() });
        assert_eq!((unreadable.error.code, unreadable.protocol), (Code::BadResponse, Some(Protocol::Redis)));
        assert_eq!(unreadable.received, "+PONG\r\n");
        assert_eq!(failure(&Why::RequestUnreadable { start: b"x\n".to_vec() }).received, "x\n");
    }
}
