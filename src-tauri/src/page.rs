//! The scheme that an extension's page is served under: one page at a time, below its own name
//! that can't be guessed. It is its own origin, and no capability names it.
//!
//! The page of a development server keeps that server's origin. What is first in it is not in its
//! files then, but a script that the web view runs first in every frame.

use std::collections::BTreeSet;

use porthole_extension::{Answer, Body, CLIENT, policy};
use tauri::{
    AppHandle, Context, Manager, Wry,
    http::{HeaderMap, HeaderValue, Uri, header},
    plugin::{Builder, TauriPlugin},
};

use crate::host::Porthole;

/// The page's scheme.
pub const SCHEME: &str = "ext";

/// What the name of a frame begins with that has a page of a development server: `FRAME` in
/// `ui/src/bridge/page-messages.ts`.
const FRAME: &str = "porthole: the page of ";

/// Runs the client first in frames of that name, and nothing in any other. It gives no rights: it speaks
/// over the port that the window hands to the origin that it showed, and to no other.
pub fn first_in_frames(context: &Context<Wry>) -> TauriPlugin<Wry> {
    let client = context.assets().get(&asset().into()).unwrap_or_default();
    if client.is_empty() {
        tracing::warn!("this build is without its page: there is no ddClient in the pages of development servers");
    }
    let client = String::from_utf8_lossy(&client);
    let script = format!("if (self !== top && self.name.startsWith(\"{FRAME}\")) {{\n{client}\n}}");
    Builder::new("page").js_init_script_on_all_frames(script).build()
}

/// Where the page's build has the client.
fn asset() -> String {
    format!("page{}", CLIENT.trim_start_matches("/__porthole__"))
}

/// Answers a request of the page, with the headers that belong to it: no byte of a file is read yet.
pub fn answer_to(app: &AppHandle, uri: &str, range: Option<&str>) -> (Answer, HeaderMap) {
    let porthole = app.state::<Porthole>();
    let uri = uri.parse::<Uri>().unwrap_or_default();
    let answer = porthole.page_file(uri.host().unwrap_or_default(), uri.path(), range);
    let answer = answer.unwrap_or_else(|| client(app));
    let mut headers = headers(&porthole.page_access().ports);
    set(&mut headers, header::CONTENT_TYPE, &answer.kind);
    if let Some(range) = &answer.range {
        set(&mut headers, header::CONTENT_RANGE, range);
    }
    (answer, headers)
}

/// An answer that says so and no more.
#[cfg(target_os = "linux")]
pub fn without_file(status: u16) -> (Answer, HeaderMap) {
    (Answer::nothing(status), headers(&BTreeSet::new()))
}

fn client(app: &AppHandle) -> Answer {
    match app.asset_resolver().get(asset()) {
        Some(asset) => Answer {
            status: 200,
            kind: "text/javascript; charset=utf-8".to_owned(),
            range: None,
            body: Body::from(asset.bytes),
            problem: None,
        },
        None => Answer::nothing(404),
    }
}

/// What holds for every answer: the policy, and that a file is read again for each request.
fn headers(ports: &BTreeSet<u16>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    set(&mut headers, header::CONTENT_SECURITY_POLICY, &policy(ports));
    set(&mut headers, header::CACHE_CONTROL, "no-store");
    set(&mut headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&mut headers, header::ACCEPT_RANGES, "bytes");
    headers
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Where the web view takes a response whole: so much of a file is answered at most, and so much is in memory at once. A
/// page that wants more asks for ranges.
#[cfg(not(target_os = "linux"))]
pub mod whole {
    use std::{borrow::Cow, io::Read};

    use tauri::{
        AppHandle, UriSchemeResponder,
        http::{Request, Response, StatusCode, header},
    };
    use tokio::sync::Semaphore;

    const LARGEST: u64 = 32 * 1024 * 1024;
    /// In kibibytes.
    static ROOM: Semaphore = Semaphore::const_new(128 * 1024);

    pub fn answer(app: &AppHandle, request: Request<Vec<u8>>, responder: UriSchemeResponder) {
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            let range = request.headers().get(header::RANGE).and_then(|range| range.to_str().ok()).map(str::to_owned);
            let (answer, headers) = super::answer_to(&app, &request.uri().to_string(), range.as_deref());
            let length = answer.body.length().min(LARGEST);
            let Ok(_room) = ROOM.acquire_many(u32::try_from(length / 1024 + 1).unwrap_or(u32::MAX)).await else {
                return;
            };
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::NOT_FOUND);
            let read = tauri::async_runtime::spawn_blocking(move || {
                let mut body = Vec::new();
                let read = answer.body.into_reader().take(LARGEST).read_to_end(&mut body);
                read.map(|_| body)
            });
            let body = read.await.ok().and_then(Result::ok).unwrap_or_default();
            let mut response = Response::new(Cow::Owned(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            responder.respond(response);
        });
    }
}
