//! The frame that the console's code runs in, served under a scheme and its own policy: it
//! has an opaque origin, no network, and none of the window's commands.

use std::borrow::Cow;

use tauri::{
    AppHandle,
    http::{Response, StatusCode, header},
};

/// The frame's scheme. Windows has it as `http://console.localhost`.
pub const SCHEME: &str = "console";

/// What the frame may do: its own script, and a Worker made of a blob that runs scripts made of
/// blobs. Nothing is fetched, and nothing but the window may hold it.
const POLICY: &str = "default-src 'none'; script-src console: http://console.localhost blob:; worker-src blob:; \
    connect-src 'none'; base-uri 'none'; form-action 'none'; sandbox allow-scripts";

/// The frame's page and its script; all else is not there.
pub fn answer(app: &AppHandle, path: &str) -> Response<Cow<'static, [u8]>> {
    let kind = match path {
        "/frame.html" => "text/html; charset=utf-8",
        "/frame.js" => "text/javascript; charset=utf-8",
        _ => return nothing(),
    };
    let Some(asset) = app.asset_resolver().get(format!("console{path}")) else { return nothing() };
    let mut response = Response::new(Cow::Owned(asset.bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(POLICY));
    response
}

fn nothing() -> Response<Cow<'static, [u8]>> {
    let mut response = Response::new(Cow::Borrowed(&[][..]));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
