//! What Chrome's names of network errors mean, which its archives have in `_error`. They are those of `net_error_list.h`,
//! Chromium 131; a name that isn't known means no more than that there is no whole response.

use porthole_base::error::Code;
use porthole_http::exchange::Stage;

/// What happened, and whether the backend reset the connection. `stage`: where the archive's entry ends.
pub(super) fn meaning(name: &str, stage: Stage) -> (Code, bool) {
    let name = name.strip_prefix("net::").unwrap_or(name);
    let reset = name == "ERR_CONNECTION_RESET";
    let code = match name {
        "ERR_ABORTED" => Code::Cancelled,
        "ERR_CONNECTION_REFUSED" => Code::EndpointRefused,
        "ERR_NAME_NOT_RESOLVED" => Code::EndpointUnknownHost,
        "ERR_CONNECTION_TIMED_OUT" => Code::ConnectTimeout,
        "ERR_CONNECTION_FAILED" | "ERR_ADDRESS_UNREACHABLE" | "ERR_INTERNET_DISCONNECTED" => Code::ConnectFailed,
        "ERR_TIMED_OUT" => Code::TimedOut,
        "ERR_INVALID_HTTP_RESPONSE" => Code::BadResponse,
        _ if stage == Stage::Body => Code::BodyCut,
        _ => Code::ClosedBeforeResponse,
    };
    (code, reset)
}

/// Whether there was no connection for the request.
pub(super) fn is_before_connection(name: &str) -> bool {
    let (code, _) = meaning(name, Stage::Connect);
    matches!(code, Code::EndpointRefused | Code::EndpointUnknownHost | Code::ConnectTimeout | Code::ConnectFailed)
}
