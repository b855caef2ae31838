//! Dialogs that WebKitGTK shows by itself for a page. It shows none to WebDriver, so the keys and clicks are real ones.

use std::{
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use porthole_tests::{
    desktop::{Desktop, key},
    eventually,
    pages::Pages,
    plain::PlainApp,
};

use crate::{backed::NO_ENGINE, page::extension};

/// A field of the window that is always there.
const FIELD: &str = "input[type=search]";

/// Opens the extension in a folder, and has its page come from a server.
async fn open_served(app: &PlainApp, desktop: &Desktop, folder: &Path, server: &Pages) {
    app.click(desktop, "#tab-page").await;
    app.fill(desktop, "#page-folder", &folder.display().to_string()).await;
    app.click(desktop, "#page-open").await;
    app.until("the choice", "document.querySelector('#page-source:not(:disabled)')").await;
    app.click(desktop, "#page-source").await;
    app.click(desktop, "#page-source-another").await;
    app.fill(desktop, "#page-server", &format!("localhost:{}", server.port)).await;
    app.click(desktop, "#page-server-use").await;
    app.until("its page", "document.querySelector('#page-frame')?.src.startsWith('http:')").await;
}

/// Asks again and again for what its server shows to nobody without a password, and tells the server what came of it.
const ASKS: &str = "<!doctype html><title>asks</title><body><script>
setInterval(() => {
  fetch('/locked').then(({ status }) => fetch('/got?' + status))
  new Image().src = '/locked.png?' + Math.random()
}, 200)
const frame = document.createElement('iframe')
document.body.append(frame)
setInterval(() => { frame.src = '/locked.html?' + Math.random() }, 500)
</script>";

#[tokio::test]
async fn a_server_that_wants_a_password_opens_no_dialog_that_takes_the_keys() {
    let passwords = Arc::new(AtomicUsize::new(0));
    let sent = Arc::clone(&passwords);
    let pages = Pages::serve_with(0, ASKS, move |path, head, stream| {
        if head.to_ascii_lowercase().contains("\r\nauthorization:") {
            sent.fetch_add(1, Ordering::SeqCst);
        }
        let locked = path.starts_with("/locked");
        if locked {
            let refused = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"Your password\"\r\n\
                           content-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(refused.as_bytes());
        }
        locked
    });
    let folder = extension("Asks", "1");
    let desktop = Desktop::start();
    let app = PlainApp::open(&desktop, NO_ENGINE).await;
    open_served(&app, &desktop, folder.path(), &pages).await;
    app.fill(&desktop, FIELD, "before").await;
    let asked = |path: &str| pages.asked().iter().filter(|asked| asked.starts_with(path)).count();
    // The page gets the response at once, and goes on.
    for wanted in [2, 4] {
        let (responses, frames) = (asked("/got?401"), asked("/locked.html"));
        eventually("the response", async || (asked("/got?401") >= responses + wanted).then_some(())).await;
        eventually("the frame", async || (asked("/locked.html") >= frames + wanted).then_some(())).await;
        desktop.type_text(" hunter2");
        desktop.key(key::ENTER);
    }
    let typed = format!("document.querySelector('{FIELD}').value === 'before hunter2 hunter2'");
    app.until("all that was typed", &typed).await;
    assert_eq!(passwords.load(Ordering::SeqCst), 0, "the server got a password");
    assert!(app.log().contains("user name and password is refused"), "{}", app.log());
}
