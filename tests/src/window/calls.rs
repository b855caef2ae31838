//! Calls in the window: begun by its forms, and seen in its timeline.

use std::time::Instant;

use fantoccini::key::Key;
use serde_json::json;

use super::{App, PATIENCE};

/// How many calls the timeline lists.
const CALLS: &str = "Number(document.querySelector('#timeline').dataset.calls)";

const LAST_LINE: &str =
    "Math.max(-1, ...[...document.querySelectorAll('#log .line')].map((line) => Number(line.dataset.line)))";

impl App {
    /// Sends what the request form holds, after method and path are put into it.
    pub async fn send(&self, method: &str, path: &str) {
        self.click("#tab-request").await;
        self.fill("#request-method", method).await;
        self.fill("#request-path", path).await;
        self.click("#request-send").await;
    }

    /// Runs a command on the host.
    pub async fn run_on_host(&self, program: &str, args: &[&str]) {
        self.click("#tab-command").await;
        self.click("#command-host").await;
        self.compose(program, args).await;
        self.click("#command-run").await;
    }

    /// Puts a program and its arguments, one box each, into the command form.
    pub async fn compose(&self, program: &str, args: &[&str]) {
        self.fill("#command-program", program).await;
        while self.value("[...document.querySelectorAll('#args input')].some((box) => box.value)").await == json!(true)
        {
            let filled = "[...document.querySelectorAll('#args input')].find((box) => box.value)";
            self.value(&format!("{filled}.focus()")).await;
            self.chord(&[Key::Control], 'a').await;
            self.chord(&[], Key::Backspace.into()).await;
            self.chord(&[], Key::Backspace.into()).await;
        }
        for arg in args {
            self.value("[...document.querySelectorAll('#args input')].find((box) => !box.value)?.focus()").await;
            let field = self.client.active_element().await.expect("an argument's box");
            field.send_keys(arg).await.expect("typed text");
            self.chord(&[], Key::Enter.into()).await;
        }
    }

    /// The number of the newest Call.
    pub async fn newest(&self) -> u64 {
        let ids = "Math.max(0, ...[...document.querySelectorAll('#timeline [data-call]')].map((row) => Number(row.dataset.call)))";
        self.value(ids).await.as_u64().unwrap_or_default()
    }

    /// Waits for a Call that is newer than this one, and gives its number.
    pub async fn newer_than(&self, call: u64) -> u64 {
        self.until("a new call", &format!("document.querySelector('#timeline [data-call=\"{}\"]')", call + 1)).await;
        call + 1
    }

    /// Plays an example, or something saved, with its own button; gives the number of its Call.
    pub async fn play(&self, name: &str) -> u64 {
        let before = self.newest().await;
        self.click(&format!("[data-saved={}] .play", json!(name))).await;
        self.newer_than(before).await
    }

    /// Waits until this Call's row has this outcome.
    pub async fn becomes(&self, call: u64, outcome: &str) {
        let row = format!("document.querySelector('#timeline [data-call=\"{call}\"]')");
        self.until(outcome, &format!("{row}?.dataset.outcome === {}", json!(outcome))).await;
    }

    /// The words in the badge of this Call's row, also while a log is shown in the place of the timeline.
    pub async fn badge(&self, call: u64) -> String {
        let badge =
            format!("document.querySelector('#timeline [data-call=\"{call}\"] .badge')?.textContent.trim() ?? ''");
        self.value(&badge).await.as_str().unwrap_or_default().to_owned()
    }

    /// How many Calls the timeline has, drawn or not.
    pub async fn calls(&self) -> u64 {
        let rows = self.value(CALLS).await;
        rows.as_f64().unwrap_or_default() as u64
    }

    /// Waits until there are so many calls: what a page prints may be drawn before the call that it is about.
    pub async fn has_calls(&self, count: u64) {
        self.until("the calls", &format!("{CALLS} === {count}")).await;
    }

    /// Waits until a line of the output that is drawn has this text.
    pub async fn line(&self, number: u64, text: &str) {
        self.until("a line of output", &line(number, text)).await;
    }

    /// Waits until the output begins with this text. A stream is followed at its end, where its beginning may be gone
    /// before it was drawn.
    pub async fn begins_with(&self, text: &str) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            self.until("an output", "document.querySelector('#log .line')").await;
            self.value("document.querySelector('#log').focus()").await;
            self.chord(&[], Key::Home.into()).await;
            // The output that was shown before may have taken the key.
            if self.comes(&line(0, text)).await {
                return;
            }
        }
        panic!("the output doesn't begin with {text}");
    }

    /// The largest number of a drawn line; -1 when none is.
    pub async fn last_line(&self) -> i64 {
        self.value(LAST_LINE).await.as_f64().unwrap_or_default() as i64
    }

    /// Waits until a line with this number or a larger one is drawn. A low window draws few lines at a time, and that very
    /// one may be gone again before anybody asks.
    pub async fn grows_to(&self, line: i64) {
        self.until(&format!("line {line}"), &format!("{LAST_LINE} >= {line}")).await;
    }

    /// Waits until the newest Call has this outcome.
    pub async fn outcome(&self, outcome: &str) {
        let rows = "[...document.querySelectorAll('#timeline [data-call]')]";
        self.until(outcome, &format!("{rows}.at(-1)?.dataset.outcome === {}", json!(outcome))).await;
    }
}

/// Whether a line of the output is drawn with this text, as an expression.
fn line(number: u64, text: &str) -> String {
    format!("document.querySelector('#log .line[data-line=\"{number}\"] .text')?.textContent === {}", json!(text))
}
