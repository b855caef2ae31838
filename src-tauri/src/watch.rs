//! Watches whether the window that an extension's page is in still answers: a page that loops forever
//! blocks its window, and only code outside the web view can offer to end it.

use std::time::Duration;

use porthole_app::page_window::PageWindowClosed;
use porthole_base::error::{Code, Error};
use tauri::{AppHandle, Manager, WebviewWindow};
use tokio::sync::oneshot;

use crate::{
    host::Porthole,
    page_window::{MAIN, OWN},
    process,
    question::{Answer, Question},
};

/// How often the window is pinged, and how long one step of waiting is.
const STEP: Duration = Duration::from_secs(1);

/// After this many seconds without a response a dialog asks the user, and again after as many when the user chose to wait.
const PATIENCE: u32 = 8;
const MORE_PATIENCE: u32 = 30;

/// Watches until the application ends.
pub async fn keep_watch(app: AppHandle) {
    let mut watched = Watched::<String>::default();
    loop {
        tokio::time::sleep(STEP).await;
        watched.step(page_window(&app).map(|window| window.label().to_owned()));
        for window in watched.windows().filter_map(|label| app.get_webview_window(label)) {
            if let Some(answered) = ask(&window) {
                wait_for(&app, &window, answered).await;
            }
        }
    }
}

/// The windows to ask: the one with the page and, for a while, the one that it has left. A page can hold up its window
/// while it goes, and the application knows that it goes before its window has taken it away.
#[derive(Debug, Default)]
struct Watched<T> {
    /// Each with the steps since the page was there.
    windows: Vec<(T, u32)>,
}

impl<T: PartialEq> Watched<T> {
    /// One step later. `now`: where the page is.
    fn step(&mut self, now: Option<T>) {
        for (_, steps) in &mut self.windows {
            *steps += 1;
        }
        self.windows.retain(|(window, steps)| *steps <= PATIENCE && now.as_ref() != Some(window));
        self.windows.extend(now.map(|window| (window, 0)));
    }

    fn windows(&self) -> impl Iterator<Item = &T> {
        self.windows.iter().map(|(window, _)| window)
    }
}

/// The window that the page is in, while one is open.
fn page_window(app: &AppHandle) -> Option<WebviewWindow> {
    let is_own = app.state::<Porthole>().is_page_in_own_window()?;
    app.get_webview_window(if is_own { OWN } else { MAIN })
}

/// Asks the window for the least that it can say: any answer will do. A web process that has ended, or a
/// window that was closed, counts as an answer.
fn ask(window: &WebviewWindow) -> Option<oneshot::Receiver<()>> {
    let (answer, answered) = oneshot::channel();
    let answer = std::sync::Mutex::new(Some(answer));
    let asked = window.eval_with_callback("0", move |_| drop(answer.lock().map(|mut answer| answer.take())));
    asked.ok().map(|()| answered)
}

/// Waits for the response, and for the user's choice in the dialog meanwhile.
///
/// Steps are counted, and no clock is read: a machine that slept for the night, or a process that was
/// stopped, did not wait.
async fn wait_for(app: &AppHandle, window: &WebviewWindow, mut answered: oneshot::Receiver<()>) {
    let mut seconds = 0;
    let mut asks_at = PATIENCE;
    let mut question: Option<Question> = None;
    loop {
        let said = async {
            match &mut question {
                Some(question) => question.answer().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // The user needn't answer any more: the question closes.
            _ = &mut answered => return,
            said = said => {
                question = None;
                match said {
                    Answer::Wait => asks_at = seconds + MORE_PATIENCE,
                    Answer::End => return end(app, window, seconds),
                }
            }
            () = tokio::time::sleep(STEP) => {
                seconds += 1;
                match &question {
                    Some(question) => question.say(&text(window, seconds)),
                    None if seconds >= asks_at => question = Some(Question::ask(window, &text(window, seconds), end_of(window))),
                    None => {}
                }
            }
        }
    }
}

fn text(window: &WebviewWindow, seconds: u32) -> String {
    let (whose, it) =
        if is_own(window) { ("The page's", "its page") } else { ("Porthole's", "the page of an extension") };
    format!("{whose} window hasn't responded for {seconds} s: {it} may keep it busy.")
}

fn end_of(window: &WebviewWindow) -> &'static str {
    if is_own(window) { "_Close window" } else { "_Reload without the page" }
}

fn is_own(window: &WebviewWindow) -> bool {
    window.label() == OWN
}

/// Ends the page with its web process: no request to it would come through.
fn end(app: &AppHandle, window: &WebviewWindow, seconds: u32) {
    let porthole = app.state::<Porthole>();
    let error = |what: &str| Error::new(Code::PageEnded, what);
    if is_own(window) {
        let error = error("The page was stopped: it kept its window busy")
            .detail(format!("The window hadn't responded for {seconds} s and was closed."))
            .hint("Choose Reload to load the page again in this window.");
        // A page that loops would not hear that its window is closed.
        process::end(window);
        return porthole.page_window_gone(PageWindowClosed { trouble: Some(error), ..PageWindowClosed::default() });
    }
    let error = error("The extension's page was stopped: it kept the window busy")
        .detail(format!("The window hadn't responded for {seconds} s and was reloaded without the page."))
        .hint("All calls and their output are kept. Open the page in its own window: if it hangs, Porthole stays responsive.");
    porthole.page_lost(error);
    process::end(window);
}

#[cfg(test)]
mod tests {
    use super::{PATIENCE, Watched};

    fn after(steps: impl IntoIterator<Item = Option<&'static str>>) -> Vec<&'static str> {
        let mut watched = Watched::default();
        for now in steps {
            watched.step(now);
        }
        watched.windows().copied().collect()
    }

    #[test]
    fn a_window_is_asked_for_a_while_after_the_page_has_left_it() {
        assert_eq!(after([Some("main")]), ["main"]);
        assert_eq!(after([Some("main"), Some("own")]), ["main", "own"]);
        assert_eq!(after([Some("main"), None, Some("own"), Some("own")]), ["main", "own"]);
        assert_eq!(after([Some("main"), Some("own"), Some("main")]), ["own", "main"]);
        let long_ago = std::iter::repeat_n(Some("own"), PATIENCE as usize + 1);
        assert_eq!(after(std::iter::once(Some("main")).chain(long_ago)), ["own"]);
        assert_eq!(after(std::iter::once(Some("main")).chain(std::iter::repeat_n(None, 20))), Vec::<&str>::new());
    }
}
