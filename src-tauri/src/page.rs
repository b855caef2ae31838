//! The scheme that an extension's page is served under: one page at a time, below a name of its own
//! that nobody can guess. It is an origin of its own, and no capability names it.
//!
//! The page of a development server keeps that server's origin. What stands first in it is not in its
//! files then, but a script that the web view runs first in every frame.

use std::borrow::Cow;

use porthole_core::{
    error::{Code, Error, Result},
    extension::{Answer, CLIENT, POLICY, Server},
};
use tauri::{
    AppHandle, Context, Manager, UriSchemeResponder, Wry,
    http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header},
    plugin::{Builder, TauriPlugin},
};
use tokio::sync::Semaphore;

use crate::answers::Porthole;

/// The page's scheme.
pub const SCHEME: &str = "ext";

/// So many files are read at once; the requests of a page that asks for more wait here.
static AT_ONCE: Semaphore = Semaphore::const_new(8);

/// What the name of a frame begins with that has a page of a development server: `FRAME` in
/// `ui/src/page/messages.ts`.
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

/// Where the window's own page is while it is developed: `devUrl` in `tauri.conf.json`.
const OWN: &str = "http://localhost:5173";

/// Refuses the origin that may call our commands: a frame of it would be the window itself.
///
/// # Errors
/// [`Code::PageServerInvalid`].
pub fn not_our_own(server: Server) -> Result<Server> {
    if tauri::is_dev() && server.origin() == OWN {
        let error = Error::new(Code::PageServerInvalid, format!("{OWN} is the development server of this window"));
        return Err(error.hint("Have the extension's server listen on another port."));
    }
    Ok(server)
}

/// Where the page's build has the client.
fn asset() -> String {
    format!("page{}", CLIENT.trim_start_matches("/__porthole__"))
}

/// Answers a request of the page when the file was read.
pub fn answer(app: &AppHandle, request: Request<Vec<u8>>, responder: UriSchemeResponder) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let Ok(_turn) = AT_ONCE.acquire().await else { return };
        let read = tauri::async_runtime::spawn_blocking(move || read(&app, &request)).await;
        responder.respond(read.unwrap_or_else(|_| response(404, Cow::Borrowed(&[]))));
    });
}

fn read(app: &AppHandle, request: &Request<Vec<u8>>) -> Response<Cow<'static, [u8]>> {
    let (uri, headers) = (request.uri(), request.headers());
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let host = uri.host().unwrap_or_default();
    match app.state::<Porthole>().page_file(host, uri.path(), range) {
        Some(answer) => file(answer),
        None => client(app),
    }
}

fn file(answer: Answer) -> Response<Cow<'static, [u8]>> {
    let mut response = response(answer.status, Cow::Owned(answer.body));
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, &answer.kind);
    if let Some(range) = &answer.range {
        set(headers, header::CONTENT_RANGE, range);
    }
    response
}

fn client(app: &AppHandle) -> Response<Cow<'static, [u8]>> {
    let Some(asset) = app.asset_resolver().get(asset()) else { return response(404, Cow::Borrowed(&[])) };
    let mut response = response(200, Cow::Owned(asset.bytes));
    set(response.headers_mut(), header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    response
}

/// With what holds for every answer: the policy, and that a file is read again when it is asked for again.
fn response(status: u16, body: Cow<'static, [u8]>) -> Response<Cow<'static, [u8]>> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
    let headers = response.headers_mut();
    set(headers, header::CONTENT_SECURITY_POLICY, POLICY);
    set(headers, header::CACHE_CONTROL, "no-store");
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::ACCEPT_RANGES, "bytes");
    response
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
