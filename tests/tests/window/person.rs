//! A person at the window: a hand on the pointer and on the keys, and an extension's page before them.

use std::process::{Child, Command, Stdio};

use porthole_tests::{
    desktop::Desktop,
    eventually,
    ports::Port,
    window::{App, Home},
};
use serde_json::{Value, json};

use crate::page::{extension, in_page, open, shows};

/// Where a page can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stage {
    Frame,
    PageWindow,
    Server,
}

pub const STAGES: [Stage; 3] = [Stage::Frame, Stage::PageWindow, Stage::Server];

/// A window with a page in it, on a display that has a real pointer and keyboard.
pub struct Person {
    pub app: App,
    pub desktop: Desktop,
    pub stage: Stage,
    title: String,
    _folder: tempfile::TempDir,
    _server: Option<Server>,
}

/// A development server, ended when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Person {
    /// Opens a page of this script, which says `ready`.
    pub async fn before(script: &str, stage: Stage) -> Self {
        let desktop = Desktop::start();
        let folder = extension("Hostile", script);
        let app = App::open_in(Home::default(), &desktop.variables()).await;
        let mut server = None;
        if stage == Stage::Server {
            let ui = folder.path().join("ui");
            server = Some(serve(&app, &ui, folder.path()).await);
        } else {
            open(&app, folder.path()).await;
        }
        shows(&app, "print", "ready").await;
        let mut title = "Porthole".to_owned();
        if stage == Stage::PageWindow {
            app.click("#page-own").await;
            app.go_to(true).await;
            shows(&app, "print", "ready").await;
            title = "Hostile - Porthole".to_owned();
        }
        desktop.focus(&app, &title).await;
        Self { app, desktop, stage, title, _folder: folder, _server: server }
    }

    /// Moves the pointer over the middle of an element of the window.
    pub async fn point(&self, css: &str) {
        let at = self.middle(&self.app.value(&place(css)).await, css);
        self.desktop.point(&self.app, &self.title, at.0, at.1);
    }

    /// Moves the pointer over the middle of an element of the page.
    pub async fn point_in_page(&self, css: &str) {
        let frame = self.app.value(&place("#page-frame")).await;
        let inside = in_page(&self.app, &format!("return {}", place(css))).await;
        let (x, y) = self.middle(&inside, css);
        let left = frame[0].as_f64().expect("a place") - frame[2].as_f64().expect("a width") / 2.0;
        let top = frame[1].as_f64().expect("a place") - frame[3].as_f64().expect("a height") / 2.0;
        self.desktop.point(&self.app, &self.title, left + x, top + y);
    }

    pub async fn click(&self, css: &str) {
        self.point(css).await;
        self.desktop.click();
    }

    pub async fn click_in_page(&self, css: &str) {
        self.point_in_page(css).await;
        self.desktop.click();
    }

    /// Waits until a prompt is shown.
    pub async fn is_asked(&self) {
        self.app.until("the prompt", "document.querySelector('#prompt')?.open").await;
    }

    /// Waits until the prompt takes answers.
    pub async fn may_answer(&self) {
        let takes = "document.querySelector('#prompt')?.dataset.armed === 'true'
            && document.querySelector('#prompt-once, #prompt-close')?.getAttribute('aria-disabled') === 'false'";
        self.app.until("the prompt takes answers", takes).await;
    }

    /// All entries of the page's log, in one text.
    pub async fn log(&self) -> String {
        self.app.text("#page-log").await
    }

    /// Whether the page printed these words, now.
    pub async fn printed(&self, words: &str) -> bool {
        let prints = "[...document.querySelectorAll('#page-log [data-entry=print]')].map((entry) => entry.textContent)";
        let prints: Vec<String> = serde_json::from_value(self.app.value(prints).await).expect("texts");
        prints.iter().any(|print| print.contains(words))
    }

    fn middle(&self, place: &Value, css: &str) -> (f64, f64) {
        let at = |n: usize| place[n].as_f64().unwrap_or_else(|| panic!("{css} is not there: {place}"));
        (at(0), at(1))
    }
}

/// The middle of an element, and its size.
pub fn place(css: &str) -> String {
    format!(
        "(() => {{ const box = document.querySelector({})?.getBoundingClientRect();
          return box && [box.x + box.width / 2, box.y + box.height / 2, box.width, box.height] }})()",
        json!(css)
    )
}

/// Has the page come from a server that any author may have.
async fn serve(app: &App, ui: &std::path::Path, folder: &std::path::Path) -> Server {
    let reserved = Port::default();
    let port = reserved.number();
    let mut python = Command::new("python3");
    python.args(["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1", "--directory"]).arg(ui);
    python.stdout(Stdio::null()).stderr(Stdio::null());
    let server = Server(python.spawn().expect("python3"));
    let address = format!("127.0.0.1:{port}");
    eventually("the server", async || tokio::net::TcpStream::connect(&address).await.ok()).await;
    open(app, folder).await;
    app.until("the choice", "document.querySelector('#page-source:not(:disabled)')").await;
    app.click("#page-source-another").await;
    app.fill("#page-server", &port.to_string()).await;
    app.click("#page-server-use").await;
    app.until("its page", "document.querySelector('#page-frame')?.src.startsWith('http://')").await;
    server
}
