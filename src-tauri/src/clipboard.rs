//! The text on the system's clipboard, which WebKitGTK doesn't give to a page that asks for it.

use gtk::gdk;
use tauri::AppHandle;
use tokio::sync::oneshot;

/// The longest text that is pasted, in bytes: the page puts it into a field.
const LONGEST: usize = 16 * 1024 * 1024;

/// The text; none where the clipboard has no text, or more than fits into a field.
pub async fn text(app: &AppHandle) -> Option<String> {
    let (say, text) = oneshot::channel();
    let asked = app.run_on_main_thread(move || {
        let clipboard = gtk::Clipboard::get(&gdk::SELECTION_CLIPBOARD);
        clipboard.request_text(move |_, text| drop(say.send(text.map(str::to_owned))));
    });
    if let Err(error) = asked {
        tracing::warn!(%error, "the clipboard can't be read");
        return None;
    }
    text.await.ok()?.filter(|text| text.len() <= LONGEST)
}
