//! What comes back with the next start.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

#[tokio::test]
async fn theme_saved_request_target_and_widths_come_back() {
    let app = App::open().await;
    app.theme("Dark").await;
    app.fill("#request-path", "/numbers?saved=1").await;
    app.click("#composer-save").await;
    app.fill("[aria-label='Name to save under']", "my numbers").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("it is listed", "document.querySelector('[data-saved=\"my numbers\"]')").await;
    app.set_target("unix:///tmp/porthole-is-not-there.sock").await;
    let grip = "document.querySelector('[aria-label=\"Width of the side bar\"]')";
    app.value(&format!("{grip}.focus()")).await;
    app.chord(&[], Key::Right.into()).await;
    app.chord(&[], Key::Right.into()).await;
    let width = app.value(&format!("{grip}.ariaValueNow")).await;
    assert_eq!(width, json!("244"));

    // Closed at once: what was changed last is not lost.
    let app = App::open_in(app.close().await, &[]).await;
    assert_eq!(app.value("document.documentElement.dataset.theme").await, json!("dark"));
    assert_eq!(app.value(&format!("{grip}.ariaValueNow")).await, width);
    assert_eq!(app.text("#target-button .clip").await, "porthole-is-not-there");
    app.until("service down", "document.querySelector('#mark-service').dataset.state === 'down'").await;
    app.click("[data-saved=\"my numbers\"] .load").await;
    assert_eq!(app.value("document.querySelector('#request-path').value").await, json!("/numbers?saved=1"));
    app.edit_target().await;
    app.click("#target-demo").await;
    app.until("service up", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    let call = app.play("my numbers").await;
    app.becomes(call, "status").await;
    app.close().await;
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_said_and_the_window_works() {
    let home = App::open().await;
    home.theme("Dark").await;
    let home = home.close().await;
    let file = home.settings();
    std::fs::write(&file, "{ this is not json").unwrap();
    let app = App::open_in(home, &[]).await;
    app.until("a note", "document.querySelector('.notes [role=alert]')").await;
    let axe = app.findings_of_axe().await;
    assert!(axe.is_empty(), "{axe:#?}");
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.close().await;
}
