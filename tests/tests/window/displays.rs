//! The window on a small display and on a usual one, and with everything twice as large.

use fantoccini::key::Key;
use porthole_tests::window::App;

use crate::drawn::{drawn_right_on_displays, pictures};

#[tokio::test]
async fn each_part_of_the_window_fits_on_small_and_usual_displays() {
    let app = App::open_welcome().await;
    app.until("service up", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    drawn_right_on_displays(&app, "display-welcome").await;
    app.click("#welcome-request").await;
    let call = app.play("large numbers").await;
    app.becomes(call, "status").await;
    app.until("JSON", "document.querySelector('#log .line[data-json]')").await;
    drawn_right_on_displays(&app, "display-request").await;
    for tab in ["received", "headers", "timing", "findings", "code"] {
        app.click(&format!("#detail-tab-{tab}")).await;
        app.until(tab, "document.querySelector('#detail [role=tabpanel]:not([hidden])')?.innerText.length > 0").await;
        drawn_right_on_displays(&app, &format!("display-{tab}")).await;
    }
    app.click("#detail-tab-output").await;
    let call = app.play("out, err, exit 3").await;
    app.becomes(call, "ended").await;
    app.click("#tab-command").await;
    drawn_right_on_displays(&app, "display-command").await;
    app.click("#tab-console").await;
    app.until("the editor", "document.querySelector('#console-editor .cm-content')").await;
    drawn_right_on_displays(&app, "display-console").await;
    app.click("#tab-page").await;
    drawn_right_on_displays(&app, "display-extension").await;
    app.click("#settings-open").await;
    drawn_right_on_displays(&app, "display-settings").await;
    app.chord(&[], Key::Escape.into()).await;
    app.chord(&[Key::Control], 'k').await;
    app.until("the palette", "document.querySelector('#palette')").await;
    drawn_right_on_displays(&app, "display-palette").await;
    app.close().await;
}

#[tokio::test]
async fn twice_as_large_everything_still_fits() {
    let app = App::open().await;
    let call = app.play("large numbers").await;
    app.becomes(call, "status").await;
    app.until("JSON", "document.querySelector('#log .line[data-json]')").await;
    app.resize(1920, 1080).await;
    for _ in 0..5 {
        app.chord(&[Key::Control], '+').await;
    }
    app.until("twice as large", "Math.abs(innerWidth - 960) < 40").await;
    let scrolls =
        "document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight";
    app.until("it fits", &format!("!({scrolls})")).await;
    app.picture(&pictures().join("display-double.png")).await;
    app.close().await;
}
