//! A message of the desktop's, for what ends while the window is in the background.

use tauri::AppHandle;

/// Shows it. A desktop that shows no messages shows none.
#[cfg(target_os = "linux")]
pub fn show(app: &AppHandle, title: &str, body: &str) {
    let (title, body) = (title.to_owned(), body.to_owned());
    // GIO's connection to the session bus is the main thread's.
    let asked = app.run_on_main_thread(move || {
        if let Err(error) = tell_the_desktop(&title, &body) {
            tracing::info!(%error, "the desktop shows no message");
        }
    });
    if let Err(error) = asked {
        tracing::info!(%error, "the desktop shows no message");
    }
}

/// Calls `org.freedesktop.Notifications.Notify`, and waits for no answer.
#[cfg(target_os = "linux")]
fn tell_the_desktop(title: &str, body: &str) -> Result<(), gtk::glib::Error> {
    use gtk::{
        gio::{BusType, Cancellable, DBusCallFlags, bus_get_sync},
        glib::{Variant, VariantDict, variant::ToVariant},
    };
    /// The desktop decides how long it's shown.
    const USUAL: i32 = -1;
    let bus = bus_get_sync(BusType::Session, None::<&Cancellable>)?;
    let hints = VariantDict::new(None).end();
    // The desktop may read tags in the body.
    let body = gtk::glib::markup_escape_text(body);
    let parts: [Variant; 8] = [
        "Porthole".to_variant(),
        0_u32.to_variant(),
        "porthole".to_variant(),
        title.to_variant(),
        body.as_str().to_variant(),
        Vec::<String>::new().to_variant(),
        hints,
        USUAL.to_variant(),
    ];
    let place = "/org/freedesktop/Notifications";
    let name = "org.freedesktop.Notifications";
    let flags = DBusCallFlags::NONE;
    let message = Variant::tuple_from_iter(parts);
    bus.call(Some(name), place, name, "Notify", Some(&message), None, flags, USUAL, None::<&Cancellable>, |_| {});
    Ok(())
}

/// Marks the window's button in the taskbar or dock. A message with text needs a registered application there.
#[cfg(not(target_os = "linux"))]
pub fn show(app: &AppHandle, _title: &str, _body: &str) {
    use tauri::{Manager, UserAttentionType};
    let window = app.get_webview_window(crate::page_window::MAIN);
    let asked = window.map(|window| window.request_user_attention(Some(UserAttentionType::Informational)));
    if let Some(Err(error)) = asked {
        tracing::info!(%error, "the window's button isn't marked");
    }
}
