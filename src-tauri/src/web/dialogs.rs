//! What WebKitGTK would show by itself for a page. Each of these takes the keyboard from whatever the user is typing in,
//! carries the name of Porthole's window, and what is typed into it can go to the page or to its server. A page needs no
//! click for most of them, and can open them while it is hidden.

use webkit2gtk::{
    AuthenticationRequestExt, ColorChooserRequestExt, ContextMenu, ContextMenuAction, ContextMenuExt, ContextMenuItem,
    ContextMenuItemExt, FileChooserRequestExt, PermissionRequestExt, WebView, WebViewExt,
};

/// Refuses every dialog of WebKitGTK's own. Porthole's windows use none of them.
pub fn refuse(view: &WebView) {
    // A user name and password, a client certificate, a proxy. The page gets the response that asked for it.
    view.connect_authenticate(|_, request| {
        tracing::warn!("a server's request for a user name and password is refused");
        request.cancel();
        true
    });
    view.connect_permission_request(|_, request| {
        request.deny();
        true
    });
    view.connect_run_file_chooser(|_, request| {
        tracing::warn!("a page's file chooser is refused");
        request.cancel();
        true
    });
    view.connect_run_color_chooser(|_, request| {
        request.cancel();
        true
    });
    // `alert`, `confirm`, `prompt` and the question before leaving a page.
    view.connect_script_dialog(|_, _| true);
    view.connect_print(|_, _| true);
    view.connect_show_notification(|_, _| true);
    view.connect_enter_fullscreen(|_| true);
    view.connect_context_menu(|_, menu, _, _| {
        keep_editing_items(menu);
        menu.n_items() == 0
    });
}

/// Removes what leads the window elsewhere, opens another one or saves a file. A new item of WebKitGTK's is removed too.
fn keep_editing_items(menu: &ContextMenu) {
    let mut after_item = false;
    for item in menu.items() {
        let keep = if item.is_separator() { std::mem::take(&mut after_item) } else { is_harmless(&item) };
        if !keep {
            menu.remove(&item);
        } else if !item.is_separator() {
            after_item = true;
        }
    }
    if let Some(last) = menu.last().filter(ContextMenuItemExt::is_separator) {
        menu.remove(&last);
    }
}

fn is_harmless(item: &ContextMenuItem) -> bool {
    use ContextMenuAction as Action;
    matches!(
        item.stock_action(),
        Action::CopyLinkToClipboard
            | Action::CopyImageToClipboard
            | Action::CopyImageUrlToClipboard
            | Action::CopyVideoLinkToClipboard
            | Action::CopyAudioLinkToClipboard
            | Action::Copy
            | Action::Cut
            | Action::Paste
            | Action::PasteAsPlainText
            | Action::Delete
            | Action::SelectAll
            | Action::InsertEmoji
            | Action::InputMethods
            | Action::Unicode
            | Action::SpellingGuess
            | Action::NoGuessesFound
            | Action::IgnoreSpelling
            | Action::LearnSpelling
            | Action::IgnoreGrammar
            | Action::FontMenu
            | Action::Bold
            | Action::Italic
            | Action::Underline
            | Action::Outline
            | Action::MediaPlay
            | Action::MediaPause
            | Action::MediaMute
            | Action::ToggleMediaControls
            | Action::ToggleMediaLoop
            | Action::Reload
            | Action::InspectElement
    )
}
