//! The welcome screen: what is there at first, the ways in, and when it comes back.

use fantoccini::key::Key;
use porthole_tests::{servers::Raw, window::App};
use serde_json::json;

use crate::drawn::drawn_right;

const THERE: &str = "document.querySelector('#welcome')";
const GONE: &str = "!document.querySelector('#welcome')";

#[tokio::test]
async fn the_welcome_screen_is_drawn_right_and_comes_back_when_all_is_cleared() {
    let app = App::open_welcome().await;
    app.until("service up", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    drawn_right(&app, "welcome").await;
    app.chord(&[Key::Control], '1').await;
    app.until("the composer", GONE).await;
    app.until("the path has the focus", "document.activeElement.id === 'request-path'").await;
    app.chord(&[Key::Control], Key::Enter.into()).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "status").await;
    // Nothing was composed but what was there.
    app.click("#timeline-clear").await;
    app.until("it is there again", THERE).await;
    app.click("#welcome-request").await;
    app.fill("#request-path", "/numbers").await;
    app.chord(&[Key::Control], Key::Enter.into()).await;
    let call = app.newer_than(call).await;
    app.becomes(call, "status").await;
    app.click("#timeline-clear").await;
    app.until("cleared", "document.querySelectorAll('#timeline [data-call]').length === 0").await;
    assert_eq!(app.value("Boolean(document.querySelector('#welcome'))").await, json!(false), "something is composed");
    app.click("#home").await;
    app.until("it was asked for", THERE).await;
    app.close().await;
}

#[tokio::test]
async fn a_backend_is_connected_from_the_welcome_screen_and_is_recent_afterwards() {
    let raw = Raw::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let endpoint = raw.endpoint.to_string();
    let app = App::open_welcome().await;
    app.fill("#welcome-endpoint", "ftp://elsewhere").await;
    app.click("#welcome-connect").await;
    app.until("why not", "document.querySelector('#welcome [role=alert], #welcome .trouble')").await;
    app.fill("#welcome-endpoint", &endpoint).await;
    app.click("#welcome-connect").await;
    app.until("connected", GONE).await;
    app.until("it is up", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    app.click("#target-button").await;
    app.click("#target-use-demo").await;
    app.until("the demo", "document.querySelector('#target-button').innerText.includes('demo')").await;
    // At the next start too, it is one press away.
    let app = App::open_welcome_in(app.close().await, &[]).await;
    app.click(&format!("#welcome [data-recent={}]", json!(endpoint))).await;
    app.until("connected", GONE).await;
    let named = "document.querySelector('#mark-service').innerText.length > 0 && !document.querySelector('#target-button').innerText.includes('demo')";
    app.until("its name", named).await;
    app.close().await;
}
