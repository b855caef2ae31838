//! A page's files on their way to the web view, which reads a response as fast as it can and keeps in this process what a
//! busy page doesn't take. So only so much is on its way at a time: a script that the web process runs after it has taken
//! everything that was sent before tells when there is room again.
#![allow(unsafe_code)]

use std::{
    cell::RefCell,
    collections::HashMap,
    io::{PipeWriter, Read, Write},
    sync::{Arc, Condvar, Mutex, PoisonError},
};

use gtk::prelude::WidgetExt;
use porthole_extension::Answer;
use soup::{MessageHeaders, MessageHeadersType};
use tauri::{AppHandle, http::HeaderMap};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use webkit2gtk::{
    SecurityManagerExt, URISchemeRequest, URISchemeRequestExt, URISchemeResponse, URISchemeResponseExt, WebContext,
    WebContextExt, WebView, WebViewExt,
    gio::{Cancellable, UnixInputStream},
    glib::{MainContext, SendWeakRef, prelude::*},
};

use crate::page::{self, SCHEME};

/// This many files are on their way at once; further requests wait, and hold nothing.
const AT_ONCE: usize = 8;
/// This many bytes may be on their way to one web process.
const ROOM: u64 = 16 * 1024 * 1024;
/// This many are read at once.
const PIECE: usize = 64 * 1024;

thread_local! {
    /// By web view; all of it is in the main thread.
    static FLOWS: RefCell<HashMap<usize, Arc<StreamFlow>>> = RefCell::default();
}

/// Serves the page's scheme to all windows of a context. Tauri's own way takes a whole file into memory, twice.
pub fn serve(context: &WebContext, app: AppHandle) {
    if let Some(manager) = context.security_manager() {
        manager.register_uri_scheme_as_secure(SCHEME);
    }
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    context.register_uri_scheme(SCHEME, move |request| {
        let (app, request, turns) = (app.clone(), request.clone(), Arc::clone(&turns));
        MainContext::default().spawn_local(async move { answer(&app, &request, turns).await });
    });
}

async fn answer(app: &AppHandle, request: &URISchemeRequest, turns: Arc<Semaphore>) {
    let Ok(turn) = turns.acquire_owned().await else { return };
    let uri = request.uri().unwrap_or_default().to_string();
    let range = request.http_headers().and_then(|headers| headers.one("Range")).map(|range| range.to_string());
    let app = app.clone();
    let read = tauri::async_runtime::spawn_blocking(move || page::answer_to(&app, &uri, range.as_deref())).await;
    let (answer, headers) = read.unwrap_or_else(|_| page::without_file(404));
    let flow = request.web_view().map(|view| flow_to(&view));
    if let Err(error) = respond(request, answer, &headers, flow, turn) {
        tracing::warn!(%error, "a page's file can't be streamed");
        request.finish_error(&mut webkit2gtk::glib::Error::new(webkit2gtk::gio::IOErrorEnum::Failed, "not read"));
    }
}

fn respond(
    request: &URISchemeRequest,
    answer: Answer,
    headers: &HeaderMap,
    flow: Option<Arc<StreamFlow>>,
    turn: OwnedSemaphorePermit,
) -> std::io::Result<()> {
    let (theirs, ours) = std::io::pipe()?;
    // SAFETY: only this stream has this end of the pipe, and closes it.
    let stream = unsafe { UnixInputStream::take_fd(theirs) };
    let length = i64::try_from(answer.body.length()).unwrap_or(-1);
    let response = URISchemeResponse::new(&stream, length);
    response.set_status(answer.status.into(), None);
    response.set_content_type(&answer.kind);
    let soup = MessageHeaders::new(MessageHeadersType::Response);
    for (name, value) in headers {
        soup.append(name.as_str(), value.to_str().unwrap_or_default());
    }
    response.set_http_headers(soup);
    std::thread::Builder::new().name("page file".to_owned()).spawn(move || {
        // A page that doesn't want it any more closes its end: that is no fault.
        let _ = write(answer.body.into_reader(), ours, flow.as_ref());
        drop(turn);
    })?;
    request.finish_with_response(&response);
    Ok(())
}

fn write(mut body: impl Read, mut to: PipeWriter, flow: Option<&Arc<StreamFlow>>) -> std::io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = body.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        if let Some(flow) = flow {
            flow.enter(length as u64);
        }
        to.write_all(piece.get(..length).unwrap_or_default())?;
    }
}

/// The way to one web process.
struct StreamFlow {
    view: SendWeakRef<WebView>,
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Default)]
struct Counts {
    sent: u64,
    taken: u64,
    /// The web process has a request that it hasn't answered yet.
    asked: bool,
}

fn flow_to(view: &WebView) -> Arc<StreamFlow> {
    let key = view.as_ptr() as usize;
    FLOWS.with_borrow_mut(|ways| {
        let made = ways.entry(key).or_insert_with(|| {
            view.connect_destroy(move |_| drop(FLOWS.with_borrow_mut(|ways| ways.remove(&key))));
            Arc::new(StreamFlow {
                view: SendWeakRef::from(view.downgrade()),
                counts: Mutex::default(),
                changed: Condvar::new(),
            })
        });
        Arc::clone(made)
    })
}

impl StreamFlow {
    /// Waits until there is room for this many bytes, and counts them.
    fn enter(self: &Arc<Self>, bytes: u64) {
        let mut counts = self.counts();
        while counts.sent + bytes - counts.taken > ROOM {
            if !std::mem::replace(&mut counts.asked, true) {
                self.ask(counts.sent);
            }
            counts = self.changed.wait(counts).unwrap_or_else(PoisonError::into_inner);
        }
        counts.sent += bytes;
    }

    /// Has the web process say when it took what was sent so far. It also says so when it ends.
    fn ask(self: &Arc<Self>, sent: u64) {
        let flow = Arc::clone(self);
        MainContext::default().invoke(move || match flow.view.upgrade() {
            Some(view) => view.evaluate_javascript("0", None, None, Cancellable::NONE, move |_| flow.took(sent)),
            None => flow.took(u64::MAX),
        });
    }

    fn took(&self, sent: u64) {
        let mut counts = self.counts();
        counts.taken = sent.min(counts.sent);
        counts.asked = false;
        self.changed.notify_all();
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
