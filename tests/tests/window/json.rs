//! JSON bodies in the window: find in what is folded, filtering by a path, and the menu of a value.

use std::fs;

use fantoccini::key::Key;
use porthole_tests::{eventually, servers::Raw, window::App};
use serde_json::json;

use crate::{
    drawn::{drawn_right, drawn_right_under},
    logs::open_with_browser,
};

const VOLUMES: &str = r#"{"id":9007199254740993,"volumes":[{"name":"pg-data","size":41722110},{"name":"pg-data-copy","size":41722110.0},{"name":"web cache","labels":{"com.example/owner":"me"},"size":12}],"took":"38ms"}"#;

/// The window with this as the body of a response.
async fn answered(body: &str) -> App {
    let app = App::open().await;
    respond(&app, body).await;
    app
}

async fn respond(app: &App, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let raw = Raw::answering([head.as_bytes(), body.as_bytes()].concat());
    app.set_target(&raw.endpoint.to_string()).await;
    app.send("GET", "/volumes").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "status").await;
}

async fn search(app: &App, text: &str) {
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[Key::Control], 'f').await;
    app.until("the search is open", "document.activeElement?.id === 'search-text'").await;
    app.fill("#search-text", text).await;
}

async fn says(app: &App, css: &str, words: &str) {
    let words = json!(words);
    app.until(&words.to_string(), &format!("document.querySelector('{css}')?.innerText.trim() === {words}")).await;
}

/// Waits until the search went to this text on this line.
async fn went_to(app: &App, line: u64, text: &str) {
    // Marked in parts where the colors of JSON change within it.
    let current = format!(
        "[...document.querySelectorAll('#log .line[data-line=\"{line}\"] .current')].map((part) => part.textContent).join('')"
    );
    app.until(&format!("{text} on line {line}"), &format!("{current} === {}", json!(text))).await;
}

/// The text of all rows.
async fn rows(app: &App) -> Vec<String> {
    let rows = "[...document.querySelectorAll('#log .line .text')].map((row) => row.textContent)";
    serde_json::from_value(app.value(rows).await).unwrap()
}

#[tokio::test]
async fn find_in_json_counts_places_opens_folds_and_marks_where_it_is() {
    let app = answered(VOLUMES).await;
    app.line(3, "    {").await;
    app.click("#log .line[data-line='2'] .mark.fold").await;
    app.until("folded", "!document.querySelector('#log .line[data-line=\"3\"]')").await;
    search(&app, "pg-data").await;
    says(&app, "#search-count", "1 of 2").await;
    went_to(&app, 4, "pg-data").await;
    app.chord(&[], Key::Enter.into()).await;
    says(&app, "#search-count", "2 of 2").await;
    went_to(&app, 8, "pg-data").await;
    drawn_right(&app, "json-find").await;
    app.chord(&[], Key::Enter.into()).await;
    says(&app, "#search-count", "1 of 2").await;
    app.chord(&[Key::Shift], Key::Enter.into()).await;
    says(&app, "#search-count", "2 of 2").await;
    // What stands between a key and its value is there only as it is drawn.
    app.fill("#search-text", "\": \"").await;
    says(&app, "#search-count", "1 of 5").await;
    app.click("#search-only").await;
    app.until("the rows with it", "document.querySelectorAll('#log .line').length === 5").await;
    drawn_right(&app, "json-find-only").await;
    app.click("#log .line[data-line='12'] .n").await;
    went_to(&app, 12, "\": \"").await;
    app.chord(&[], Key::Escape.into()).await;
    app.close().await;
}

#[tokio::test]
async fn find_lands_in_the_middle_of_a_string_of_megabytes() {
    let long = "0123456789".repeat(600_000);
    let body = format!("{{\"a\":[\"{long}needle{long}\"],\"b\":\"needle\"}}");
    let app = answered(&body).await;
    app.line(0, "{").await;
    search(&app, "needle").await;
    says(&app, "#search-count", "1 of 2").await;
    went_to(&app, 2, "needle").await;
    drawn_right(&app, "json-find-long").await;
    app.chord(&[], Key::Enter.into()).await;
    went_to(&app, 4, "needle").await;
    app.close().await;
}

#[tokio::test]
async fn a_path_filters_a_body_while_it_is_typed() {
    let app = answered(VOLUMES).await;
    app.line(0, "{").await;
    app.fill("#json-path", "$.volumes[*].name").await;
    says(&app, "#json-path-note .grow", "3 values").await;
    app.line(3, "  \"web cache\"").await;
    assert_eq!(rows(&app).await, ["[", "  \"pg-data\",", "  \"pg-data-copy\",", "  \"web cache\"", "]"]);
    drawn_right(&app, "json-path").await;
    search(&app, "pg").await;
    says(&app, "#search-count", "1 of 2").await;
    went_to(&app, 1, "pg").await;
    app.chord(&[], Key::Escape.into()).await;
    // Wrong while it is being typed: what was found stays.
    app.value("document.querySelector('#json-path').focus()").await;
    app.chord(&[], '[').await;
    app.until("it says where", "document.querySelector('#json-path-note')?.innerText.includes('character 19')").await;
    assert_eq!(rows(&app).await.len(), 5);
    drawn_right(&app, "json-path-wrong").await;
    app.fill("#json-path", "$.volumes[?@.size > 41722109].size").await;
    says(&app, "#json-path-note .grow", "2 values").await;
    app.line(2, "  41722110.0").await;
    app.value("document.querySelector('#json-path').focus()").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until(
        "all of it",
        "!document.querySelector('#json-path-note') && document.querySelector('#json-path').value === ''",
    )
    .await;
    app.line(0, "{").await;
    app.close().await;
}

#[tokio::test]
async fn a_value_has_a_menu_with_its_path() {
    let app = answered(VOLUMES).await;
    app.line(3, "    {").await;
    app.value("(navigator.clipboard.writeText = async (text) => { window.copied = text }, true)").await;
    let choose = async |line: u64, item: &str, text: &str| {
        app.click(&format!("#log .line[data-line='{line}'] .text")).await;
        app.until("its path", "document.querySelector('#json-menu .menu-heading')?.innerText.startsWith('$')").await;
        app.click(item).await;
        app.until(text, &format!("window.copied === {}", json!(text))).await;
    };
    choose(8, "#json-copy-path", "$.volumes[1].name").await;
    choose(9, "#json-copy-value", "41722110.0").await;
    choose(14, "#json-copy-access", "result.volumes[2].labels[\"com.example/owner\"]").await;
    choose(14, "#json-copy-path", "$.volumes[2].labels['com.example/owner']").await;
    app.click("#log .line[data-line='13'] .text").await;
    app.until("its path", "document.querySelector('#json-menu .menu-heading')?.innerText === '$.volumes[2].labels'")
        .await;
    drawn_right_under(&app, "json-menu").await;
    app.click("#json-filter-to").await;
    says(&app, "#json-path-note .grow", "1 value").await;
    app.until("the path", "document.querySelector('#json-path').value === '$.volumes[2].labels'").await;
    app.line(2, "    \"com.example/owner\": \"me\"").await;
    // In the result it is the path in the body.
    choose(2, "#json-copy-path", "$.volumes[2].labels['com.example/owner']").await;
    // By the keyboard.
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[Key::Shift], Key::F10.into()).await;
    app.until("the menu", "document.querySelector('#json-menu') !== null").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until(
        "closed, and back in the rows",
        "!document.querySelector('#json-menu') && document.activeElement?.id === 'log'",
    )
    .await;
    app.close().await;
}

#[tokio::test]
async fn links_in_json_are_opened_by_a_click_or_from_the_menu_of_their_value() {
    let folder = tempfile::tempdir().unwrap();
    let (app, opened) = open_with_browser(folder.path()).await;
    respond(&app, r#"{"a":1,"docs":"see http://127.0.0.1:9/a?b=1.","next":"http:\/\/127.0.0.1:9\/b?c=1\u0026d=2"}"#)
        .await;
    app.line(3, r#"  "next": "http:\/\/127.0.0.1:9\/b?c=1\u0026d=2""#).await;
    app.hover("#log .line[data-line='3'] .link").await;
    app.until(
        "where it leads",
        "document.querySelector('.tooltip')?.innerText === 'Open http://127.0.0.1:9/b?c=1&d=2'",
    )
    .await;
    drawn_right(&app, "json-links").await;
    app.click("#log .line[data-line='3'] .link").await;
    eventually("the browser", async || opened.exists().then_some(())).await;
    assert_eq!(fs::read_to_string(&opened).unwrap(), "http://127.0.0.1:9/b?c=1&d=2");
    fs::remove_file(&opened).unwrap();
    // The rest of the row still has the menu of the value.
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[Key::Control], 'g').await;
    app.until("where to go", "document.activeElement.id === 'jump-text'").await;
    app.client().active_element().await.unwrap().send_keys("2").await.unwrap();
    app.chord(&[], Key::Enter.into()).await;
    app.until("line 2", "document.querySelector('#log .pointed')?.dataset.line === '1'").await;
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[Key::Control], Key::Down.into()).await;
    app.until("it is said", "document.querySelector('.beside [role=status]').innerText.endsWith('(1 link)')").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("its menu", "document.activeElement?.id === 'link-open-0'").await;
    app.until("its path", "document.querySelector('#json-menu .menu-heading')?.innerText === '$.docs'").await;
    drawn_right_under(&app, "json-menu-link").await;
    app.chord(&[], Key::Enter.into()).await;
    eventually("the browser", async || opened.exists().then_some(())).await;
    assert_eq!(fs::read_to_string(&opened).unwrap(), "http://127.0.0.1:9/a?b=1");
    app.close().await;
}
