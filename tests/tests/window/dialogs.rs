//! What WebKitGTK shows by itself: dialogs that take the keyboard, and the menu of the pointer's other button.

use std::{
    fs,
    io::Write,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use porthole_tests::{
    desktop::{Desktop, key},
    eventually, given, outside,
    pages::Pages,
    window::{App, Home},
};
use serde_json::json;

use crate::{
    backed::NO_ENGINE,
    isolation::open_served,
    page::{extension, shows},
    person::{Person, STAGES, place},
};

/// An app that no driver drives, ended when dropped: under one, WebKit shows no dialog.
struct Alone(Child);

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(home: &Home, desktop: &Desktop) -> Alone {
    let mut command = Command::new(given("PORTHOLE_APP"));
    for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
        command.env(name, home.path().join(name.to_lowercase()));
    }
    command.env_remove("WEBKIT_DISABLE_DMABUF_RENDERER").env("DOCKER_CONFIG", home.path().join("docker"));
    command.envs(desktop.variables()).envs(NO_ENGINE.iter().copied());
    let log = fs::File::create(home.path().join("alone.log")).unwrap();
    Alone(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap())
}

/// The middle of an element, which is where it is in a window that is started in the same home.
async fn middle(app: &App, css: &str) -> (f64, f64) {
    let at = app.value(&place(css)).await;
    (at[0].as_f64().unwrap(), at[1].as_f64().unwrap())
}

/// Its frame is answered with a request for a name and a password. What the page tells is what it asks its server for.
const ASKS: &str = "<!doctype html><title>asks</title><body style='margin:0'>
<button style='position:fixed;inset:0;width:100%;height:100%' id=choose>choose</button>
<input type=file id=file hidden><input type=color id=color hidden><script>
const tell = (what) => void fetch('/told/' + what)
const frame = document.createElement('iframe')
frame.src = '/auth'
document.body.append(frame)
fetch('/auth', { credentials: 'include' }).then(({ status }) => tell('status-' + status))
setInterval(tell, 500, 'tick')
file.oncancel = () => { tell('no-file'); color.click(); tell('color-asked') }
choose.onclick = () => { tell('clicked'); file.click() }
</script>";

#[tokio::test]
async fn a_page_opens_no_dialog_of_webkits_that_takes_the_keyboard() {
    let typed = Arc::new(Mutex::new(Vec::<String>::new()));
    let heads = Arc::clone(&typed);
    let pages = Pages::serve_with(0, ASKS, move |path, head, stream| {
        if head.to_lowercase().contains("\nauthorization:") {
            heads.lock().unwrap().push(head.to_owned());
        }
        if path == "/auth" {
            let answer = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"Unlock your keyring\"\r\n\
                 content-type: text/html\r\ncontent-length: 4\r\nconnection: close\r\n\r\nasks";
            let _ = stream.write_all(answer.as_bytes());
        }
        path == "/auth"
    });
    let told = |what: &str| pages.asked().iter().filter(|path| **path == format!("/told/{what}")).count();
    let folder = extension("Asks", "1");
    let desktop = Desktop::start();
    let app = App::open_in(Home::default(), &[desktop.variables()[0], NO_ENGINE[0]]).await;
    app.click("#tab-page").await;
    let (tab, field, button) =
        (middle(&app, "#tab-page").await, middle(&app, "#page-folder").await, middle(&app, "#page-open").await);
    open_served(&app, folder.path(), pages.port).await;
    eventually("the page", async || (told("tick") > 0).then_some(())).await;
    let (frame, own) = (middle(&app, "#page-frame").await, middle(&app, "#page-own").await);
    let home = app.close().await;

    let alone = start(&home, &desktop);
    let process = alone.0.id();
    let click = |at: (f64, f64)| {
        desktop.point_in(process, "Porthole", at.0, at.1);
        desktop.click();
    };
    desktop.focus_of(process, "Porthole").await;
    // Nothing tells when the window takes clicks: what opens the page is done until it is there.
    let mut tried: Option<Instant> = None;
    let loads = |since: usize| pages.asked().iter().filter(|path| *path == "/").count() > since;
    let since = pages.asked().iter().filter(|path| *path == "/").count();
    eventually("the page again", async || {
        if tried.is_none_or(|tried| tried.elapsed() > Duration::from_secs(4)) {
            tried = Some(Instant::now());
            click(tab);
            click(field);
            desktop.control('a');
            desktop.type_text(&folder.path().display().to_string());
            click(button);
        }
        loads(since).then_some(())
    })
    .await;
    let fills_in = async || {
        let asked = || pages.asked().iter().filter(|path| *path == "/auth").count();
        eventually("its frame", async || (asked() > 0).then_some(())).await;
        // A dialog would be there by then.
        let before = told("tick");
        eventually("some time in the page", async || (told("tick") > before + 3).then_some(())).await;
        desktop.type_text("name");
        desktop.key(key::TAB);
        desktop.type_text("password");
        desktop.key(key::ENTER);
        eventually("some time in the page", async || (told("tick") > before + 5).then_some(())).await;
        assert_eq!(*typed.lock().unwrap(), Vec::<String>::new(), "what was typed is sent to the server");
    };
    fills_in().await;
    // A click lets a page ask for a file and a colour.
    let mut tried: Option<Instant> = None;
    eventually("the page has asked for a file", async || {
        if tried.is_none_or(|tried| tried.elapsed() > Duration::from_secs(2)) {
            tried = Some(Instant::now());
            click(frame);
        }
        (told("no-file") > 0).then_some(())
    })
    .await;
    eventually("it has asked for a colour", async || (told("color-asked") > 0).then_some(())).await;
    assert_eq!(outside::titles(process), ["Porthole"]);

    let since = pages.asked().iter().filter(|path| *path == "/").count();
    let mut tried: Option<Instant> = None;
    eventually("the page in its own window", async || {
        if tried.is_none_or(|tried| tried.elapsed() > Duration::from_secs(10)) {
            tried = Some(Instant::now());
            click(own);
        }
        loads(since).then_some(())
    })
    .await;
    let title = "Asks - Porthole";
    eventually("its window", async || outside::titles(process).contains(&title.to_owned()).then_some(())).await;
    desktop.focus_of(process, title).await;
    fills_in().await;
}

/// One link is all of it.
const LINK: &str = "addEventListener('keydown', ({ key }) => console.log('key ' + key))
addEventListener('load', () => {
  document.body.innerHTML = '<a id=link href=\"ADDRESS\" target=_top style=\"position:fixed;inset:0;font-size:60px\">link</a>'
  console.log('ready')
})";

#[tokio::test]
async fn no_item_of_the_menu_leads_the_window_away() {
    let away = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&away);
    let pages = Pages::serve_with(0, "<title>away</title>", move |_, _, _| {
        seen.store(true, Ordering::SeqCst);
        false
    });
    for address in [format!("{}/away", pages.origin()), "about:blank".to_owned()] {
        for stage in STAGES {
            let person = Person::before(&LINK.replace("ADDRESS", &address), stage).await;
            let own = person.app.value("location.href").await;
            // Once for the window, then for the page: only the second press is the page's.
            person.click("#page-frame").await;
            for downs in 1..=3 {
                person.point("#page-frame").await;
                person.desktop.click_for_menu();
                for _ in 0..downs {
                    person.desktop.key(key::DOWN);
                }
                person.desktop.key(key::ENTER);
                person.desktop.key(key::ESCAPE);
                assert_eq!(person.app.value("location.href").await, own, "{stage:?} {address}");
                // It is the same document still, and not one that was loaded again.
                shows(&person.app, "print", "ready").await;
            }
            assert_eq!(person.app.value("Boolean(document.querySelector('#page-frame'))").await, json!(true));
            person.app.close().await;
        }
    }
    assert!(!away.load(Ordering::SeqCst), "{:?}", pages.asked());
}
