//! What is shown when the window's web process keeps ending: the window itself can show nothing then.

use gtk::{
    ButtonsType, DialogFlags, MessageDialog, MessageType, ResponseType,
    prelude::{DialogExt, GtkWindowExt, MessageDialogExt, WidgetExt},
};
use tauri::{Manager, WebviewWindow};

const TITLE: &str = "Porthole can't show its window";

/// Asks what to do, in front of the empty window. `reload` starts another web process. To be called on the main thread.
pub fn ask(window: &WebviewWindow, why: &str, reload: impl Fn() + 'static) {
    let parent = window.gtk_window().ok();
    let text = "The window's process keeps crashing.";
    let dialog = MessageDialog::new(parent.as_ref(), DialogFlags::MODAL, MessageType::Error, ButtonsType::None, text);
    dialog.set_title(TITLE);
    dialog.set_secondary_text(Some(&format!(
        "{why} Your calls and their output are still there. Reload the window to start the process again."
    )));
    dialog.add_button("_Quit", ResponseType::Close);
    dialog.add_button("_Reload window", ResponseType::Accept);
    dialog.set_default_response(ResponseType::Accept);
    let app = window.app_handle().clone();
    dialog.connect_response(move |dialog, response| {
        dialog.hide();
        match response {
            ResponseType::Accept => reload(),
            ResponseType::Close => app.exit(0),
            // The dialog was closed: the empty window remains, which can be closed as well.
            _ => {}
        }
        dialog.close();
    });
    dialog.show_all();
}
