//! A question about a window that does not answer, asked outside of any web view. It stops nothing: the
//! window may be waited for, moved and closed meanwhile.

use tauri::{AppHandle, Manager, WebviewWindow};
use tokio::sync::mpsc;

/// The user's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Leave it be.
    Wait,
    /// End the page.
    End,
}

const TITLE: &str = "Porthole doesn't respond";
const WAIT: &str = "_Wait";

/// It goes away when dropped.
pub struct Question {
    app: AppHandle,
    answers: mpsc::Receiver<Answer>,
}

impl Question {
    /// Asks, in front of the window. `end`: what ending the page is called here, with its letter marked.
    pub fn ask(window: &WebviewWindow, text: &str, end: &'static str) -> Self {
        // One answer is enough, and a second one is ignored.
        let (say, answers) = mpsc::channel(1);
        let app = window.app_handle().clone();
        native::show(window, text, end, move |answer| {
            let _ = say.try_send(answer);
        });
        Self { app, answers }
    }

    /// The answer. It never comes if the question can't be shown.
    pub async fn answer(&mut self) -> Answer {
        match self.answers.recv().await {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    /// Puts another text in the place of the one that is there.
    pub fn say(&self, text: &str) {
        native::change(&self.app, text);
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        native::hide(&self.app);
    }
}

#[cfg(target_os = "linux")]
mod native {
    use std::cell::RefCell;

    use gtk::{
        ButtonsType, DialogFlags, MessageDialog, MessageType, ResponseType,
        prelude::{DialogExt, GtkWindowExt, MessageDialogExt, WidgetExt},
    };
    use tauri::{AppHandle, Manager, WebviewWindow};

    use super::{Answer, TITLE, WAIT};

    thread_local! {
        /// The one that is shown; GTK has all of it in the main thread.
        static SHOWN: RefCell<Option<MessageDialog>> = const { RefCell::new(None) };
    }

    pub fn show(window: &WebviewWindow, text: &str, end: &'static str, say: impl Fn(Answer) + Send + 'static) {
        let (parent, text) = (window.clone(), text.to_owned());
        on_main(window.app_handle(), move || {
            let parent = parent.gtk_window().ok();
            let dialog = MessageDialog::new(
                parent.as_ref(),
                DialogFlags::empty(),
                MessageType::Warning,
                ButtonsType::None,
                &text,
            );
            dialog.set_title(TITLE);
            dialog.set_secondary_text(Some(
                "All calls and their output are kept. Only the page is stopped, with the calls that it waits for.",
            ));
            dialog.add_button(WAIT, ResponseType::Cancel);
            dialog.add_button(end, ResponseType::Accept);
            // A key that was meant for the window ends nothing.
            dialog.set_default_response(ResponseType::Cancel);
            dialog.connect_response(move |dialog, response| {
                dialog.hide();
                say(if response == ResponseType::Accept { Answer::End } else { Answer::Wait });
            });
            dialog.show_all();
            if let Some(before) = SHOWN.replace(Some(dialog)) {
                before.close();
            }
        });
    }

    pub fn change(app: &AppHandle, text: &str) {
        let text = text.to_owned();
        on_main(app, move || {
            SHOWN.with_borrow(|dialog| {
                if let Some(dialog) = dialog {
                    dialog.set_text(Some(&text));
                }
            });
        });
    }

    pub fn hide(app: &AppHandle) {
        on_main(app, || {
            if let Some(dialog) = SHOWN.take() {
                dialog.close();
            }
        });
    }

    fn on_main(app: &AppHandle, work: impl FnOnce() + Send + 'static) {
        if let Err(error) = app.run_on_main_thread(work) {
            tracing::warn!(%error, "the dialog about an unresponsive window can't be shown");
        }
    }
}

/// As the system asks, which neither counts on nor goes away by itself. Not tried yet.
#[cfg(not(target_os = "linux"))]
mod native {
    use tauri::{AppHandle, Manager, WebviewWindow};
    use tauri_plugin_dialog::{DialogExt, MessageDialogButtons, MessageDialogKind};

    use super::{Answer, TITLE, WAIT};

    pub fn show(window: &WebviewWindow, text: &str, end: &'static str, say: impl Fn(Answer) + Send + 'static) {
        let plain = |label: &str| label.replace('_', "");
        let buttons = MessageDialogButtons::OkCancelCustom(plain(end), plain(WAIT));
        let dialog = window.app_handle().dialog().message(text).title(TITLE);
        dialog
            .kind(MessageDialogKind::Warning)
            .buttons(buttons)
            .show(move |end| say(if end { Answer::End } else { Answer::Wait }));
    }

    pub fn change(_app: &AppHandle, _text: &str) {}

    pub fn hide(_app: &AppHandle) {}
}
