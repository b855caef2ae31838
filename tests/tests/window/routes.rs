//! Routes of a backend from its OpenAPI document.

use std::fs;

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

use crate::{
    drawn::drawn_right,
    page::{extension, open},
};

const DOCUMENT: &str = "openapi: 3.0.3
info: {title: Volumes}
servers: [{url: 'http://backend/api'}]
paths:
  /volumes/{name}:
    get:
      tags: [volumes]
      summary: Show a volume
      parameters:
        - {name: name, in: path, required: true, schema: {type: string}}
        - {name: size, in: query, schema: {type: boolean}}
    delete: {tags: [volumes], deprecated: true}
  /volumes:
    post:
      tags: [volumes]
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string, example: pg data}}}}}}
";

#[tokio::test]
async fn the_demo_backends_document_is_found_and_a_route_fills_the_composer() {
    let app = App::open().await;
    app.click("#side-routes").await;
    app.click("#routes-find").await;
    app.until("routes", "document.querySelectorAll('#side [data-route]').length > 3").await;
    drawn_right(&app, "side-routes").await;
    app.fill("#side-filter", "hello").await;
    app.until("one", "document.querySelectorAll('#side [data-route]').length === 1").await;
    app.chord(&[], Key::Down.into()).await;
    app.until(
        "its tag",
        "document.activeElement.getAttribute('aria-level') !== null || document.activeElement.id === 'routes-close'",
    )
    .await;
    app.value("document.querySelector('#side [data-route]').focus()").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("it is composed", "document.querySelector('#request-path').value.startsWith('/hello')").await;
    app.click("#request-send").await;
    app.becomes(1, "status").await;
    // Looking for it isn't a call of the user's.
    assert_eq!(app.calls().await, 1);
    app.close().await;
}

#[tokio::test]
async fn a_file_is_read_and_a_parameter_of_the_path_is_typed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.yaml");
    let app = App::open().await;
    app.click("#side-routes").await;
    fs::write(&path, "just: yaml").unwrap();
    app.fill("#routes-path", &path.display().to_string()).await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("why not", "document.querySelector('#side').innerText.includes('neither')").await;
    drawn_right(&app, "side-routes-unreadable").await;
    fs::write(&path, DOCUMENT).unwrap();
    app.fill("#routes-path", &path.display().to_string()).await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("its routes", "document.querySelectorAll('#side [data-route]').length === 3").await;
    let get = "[...document.querySelectorAll('#side [data-route]')].find((one) => one.innerText.includes('GET'))";
    app.value(&format!("{get}.click()")).await;
    app.until("its path", "document.querySelector('#request-path').value === '/api/volumes/{name}'").await;
    app.until("the parameter is selected", "getSelection().toString() === '{name}' || (document.activeElement.selectionStart === 13 && document.activeElement.selectionEnd === 19)").await;
    for key in "pg".chars() {
        app.chord(&[], key).await;
    }
    app.until("typed over", "document.querySelector('#request-path').value === '/api/volumes/pg'").await;
    app.until(
        "the optional parameter is off",
        "document.querySelector('[aria-label=\"Send parameter 1\"]')?.checked === false",
    )
    .await;
    let post = "[...document.querySelectorAll('#side [data-route]')].find((one) => one.innerText.includes('POST'))";
    app.value(&format!("{post}.click()")).await;
    app.until("the method", "document.querySelector('#request-method').value === 'POST'").await;
    app.click("#composer .parts [role=tab]:nth-of-type(3)").await;
    app.until("the body", "document.querySelector('#composer .cm-content')?.innerText.includes('pg data')").await;
    app.click("#routes-close").await;
    app.until("closed", "document.querySelector('#routes-find')").await;
    app.close().await;
}

#[tokio::test]
async fn the_document_of_the_open_extension_is_found_first_and_a_closed_extension_is_reopened() {
    let folder = extension("Volumes", "console.log('here')");
    fs::write(folder.path().join("openapi.yaml"), DOCUMENT).unwrap();
    let app = App::open_in(porthole_tests::window::Home::default(), crate::backed::NO_ENGINE).await;
    open(&app, folder.path()).await;
    app.click("#side-routes").await;
    app.click("#routes-find").await;
    app.until("its routes", "document.querySelector('#side')?.innerText.includes('openapi.yaml')").await;
    // The focus in the offer stops its time: on a busy machine the click alone may take as long.
    app.value("setInterval(() => document.querySelector('#undo-close .act')?.focus(), 50)").await;
    app.click("#page-close").await;
    app.until("the offer", "document.querySelector('#undo-close')?.innerText.includes('Closed Volumes')").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("its page again", "document.querySelector('#page-frame')").await;
    app.until("no offer", "!document.querySelector('#undo-close')").await;
    assert_eq!(app.value("document.querySelector('#tab-page').ariaSelected").await, json!("true"));
    app.close().await;
}
