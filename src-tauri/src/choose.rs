//! The system's dialog in which the user chooses a file or a directory.

use std::path::{Path, PathBuf};

use porthole_app::PathKind;
use tauri::AppHandle;
use tokio::sync::oneshot;

/// What was chosen; none where the dialog was closed, or can't be shown. A path that isn't text couldn't be typed either.
pub async fn choose(app: &AppHandle, kind: PathKind, title: &str, suggested: Option<&Path>) -> Option<String> {
    let (say, chosen) = oneshot::channel();
    native::show(app, kind, title, suggested, say);
    chosen.await.ok()??.into_os_string().into_string().ok()
}

#[cfg(target_os = "linux")]
mod native {
    use std::cell::RefCell;

    use gtk::{
        FileChooserAction, FileChooserDialog, ResponseType,
        prelude::{DialogExt, FileChooserExt, GtkWindowExt, WidgetExt},
    };
    use tauri::Manager;

    use super::{AppHandle, Path, PathBuf, PathKind, oneshot::Sender};
    use crate::page_window::MAIN;

    thread_local! {
        /// The one that is shown; GTK has all of it in the main thread.
        static SHOWN: RefCell<Option<(FileChooserDialog, Sender<Option<PathBuf>>)>> = const { RefCell::new(None) };
    }

    pub fn show(app: &AppHandle, kind: PathKind, title: &str, suggested: Option<&Path>, say: Sender<Option<PathBuf>>) {
        let (parent, title) = (app.get_webview_window(MAIN), title.to_owned());
        let suggested = suggested.map(Path::to_owned);
        let shown = app.run_on_main_thread(move || {
            let parent = parent.and_then(|window| window.gtk_window().ok());
            let action = match kind {
                PathKind::File => FileChooserAction::Open,
                PathKind::Directory => FileChooserAction::SelectFolder,
                PathKind::NewFile => FileChooserAction::Save,
            };
            let accept = if kind == PathKind::NewFile { "_Save" } else { "C_hoose" };
            let buttons = [("_Cancel", ResponseType::Cancel), (accept, ResponseType::Accept)];
            let dialog = FileChooserDialog::with_buttons(Some(&title), parent.as_ref(), action, &buttons);
            dialog.set_modal(true);
            if let Some(suggested) = &suggested {
                dialog.set_do_overwrite_confirmation(true);
                if let Some(folder) = suggested.parent() {
                    dialog.set_current_folder(folder);
                }
                dialog.set_current_name(&suggested.file_name().unwrap_or_default().to_string_lossy());
            }
            dialog.set_default_response(ResponseType::Accept);
            dialog.connect_response(|dialog, response| {
                let path = dialog.filename().filter(|_| response == ResponseType::Accept);
                dialog.hide();
                if let Some((_, say)) = SHOWN.take() {
                    let _ = say.send(path);
                }
                dialog.close();
            });
            dialog.show_all();
            // One that is there already chooses nothing.
            if let Some((before, _)) = SHOWN.replace(Some((dialog, say))) {
                before.hide();
            }
        });
        if let Err(error) = shown {
            tracing::warn!(%error, "the dialog to choose a path can't be shown");
        }
    }
}

/// Not tried yet.
#[cfg(not(target_os = "linux"))]
mod native {
    use tauri::Manager;
    use tauri_plugin_dialog::{DialogExt, FilePath};

    use super::{AppHandle, Path, PathBuf, PathKind, oneshot::Sender};
    use crate::page_window::MAIN;

    pub fn show(app: &AppHandle, kind: PathKind, title: &str, suggested: Option<&Path>, say: Sender<Option<PathBuf>>) {
        let mut dialog = app.dialog().file().set_title(title);
        if let Some(suggested) = suggested {
            if let Some(folder) = suggested.parent() {
                dialog = dialog.set_directory(folder);
            }
            dialog = dialog.set_file_name(suggested.file_name().unwrap_or_default().to_string_lossy());
        }
        if let Some(window) = app.get_webview_window(MAIN) {
            dialog = dialog.set_parent(&window);
        }
        let say = move |path: Option<FilePath>| drop(say.send(path.and_then(|path| path.into_path().ok())));
        match kind {
            PathKind::File => dialog.pick_file(say),
            PathKind::Directory => dialog.pick_folder(say),
            PathKind::NewFile => dialog.save_file(say),
        }
    }
}
