//! Requests and commands as they are composed: rows, forms, JSON, redirects, saved entries, input of a command.

use std::{
    fs,
    io::{Read, Write},
    sync::mpsc,
};

use fantoccini::key::Key;
use porthole_tests::{
    servers::{Raw, read_head},
    window::App,
};
use serde_json::json;

use crate::drawn::{drawn_right, drawn_right_under, pictures};

const PATH: &str = "document.querySelector('#request-path').value";

fn field(label: &str) -> String {
    format!("[aria-label='{label}']")
}

/// The parts of the request are tabs without ids.
pub async fn part(app: &App, name: &str) {
    let tab = format!(
        "[...document.querySelectorAll('.parts [role=tab]')].find((tab) => tab.innerText.startsWith('{name}'))"
    );
    app.value(&format!("{tab}.click()")).await;
    app.until("the part", &format!("{tab}.ariaSelected === 'true'")).await;
}

/// A backend that tells what it got: the head, and the body.
fn backend(answer: &'static str) -> (Raw, mpsc::Receiver<(String, String)>) {
    let (sender, receiver) = mpsc::channel();
    let raw = Raw::new(move |mut stream| {
        let head = read_head(&mut stream);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        let _ = sender.send((head, String::from_utf8_lossy(&body).into_owned()));
        let _ = stream.write_all(answer.as_bytes());
    });
    (raw, receiver)
}

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// What the backend got of a request, but for the look with which the window asks whether it is up.
fn sent(receiver: &mpsc::Receiver<(String, String)>, path: &str) -> (String, String) {
    let patience = std::time::Duration::from_secs(20);
    loop {
        let got = receiver.recv_timeout(patience).expect("the request comes");
        if got.0.lines().next().is_some_and(|line| line.contains(path)) {
            return got;
        }
    }
}

#[tokio::test]
async fn path_and_query_rows_are_one_and_rows_can_be_switched_off() {
    let (raw, receiver) = backend(NO_CONTENT);
    let app = App::open().await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.click("#tab-request").await;
    app.put("#request-path", "/q?a=%31&b=x+y").await;
    part(&app, "Query").await;
    let value =
        |row: u32| format!("document.querySelector({})?.value", json!(field(&format!("parameter {row}, value"))));
    app.until("the first row", &format!("{} === '1'", value(1))).await;
    app.until("the second row", &format!("{} === 'x y'", value(2))).await;
    app.put(&field("parameter 2, value"), "x yz").await;
    app.until("what was typed stays", &format!("{PATH} === '/q?a=%31&b=x+yz'")).await;
    app.put(&field("parameter 3, name"), "é").await;
    app.until("a row is added", &format!("{PATH} === '/q?a=%31&b=x+yz&%C3%A9='")).await;
    app.click(&field("Send parameter 1")).await;
    app.until("it is out of the path", &format!("{PATH} === '/q?b=x+yz&%C3%A9='")).await;
    drawn_right(&app, "composer-query").await;
    part(&app, "Headers").await;
    app.put(&field("header 1, name"), "X-Off").await;
    app.put(&field("header 1, value"), "1").await;
    app.put(&field("header 2, name"), "X-On").await;
    app.put(&field("header 2, value"), "2").await;
    app.click(&field("Send header 1")).await;
    app.click("#request-send").await;
    let (head, _) = sent(&receiver, "/q");
    assert!(head.starts_with("GET /q?b=x+yz&%C3%A9= HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("X-On: 2") && !head.contains("X-Off"), "{head}");
    // Kept in a saved entry.
    app.click("#composer-save").await;
    app.until(
        "it is selected",
        "document.querySelector('#side [data-saved][aria-selected=true]')?.dataset.saved === '/q?b=x+yz&%C3%A9='",
    )
    .await;
    app.close().await;
}

#[tokio::test]
async fn tab_accepts_a_suggestion_and_a_helper_writes_the_authorization() {
    let app = App::open().await;
    app.click("#tab-request").await;
    part(&app, "Headers").await;
    app.fill(&field("header 1, name"), "content").await;
    app.until(
        "the list",
        "document.querySelector('[role=option][aria-selected=true]')?.innerText.trim() === 'Content-Type'",
    )
    .await;
    app.picture(&pictures().join("composer-suggestions.png")).await;
    assert_eq!(app.findings_of_axe().await, [] as [String; 0]);
    app.client().active_element().await.unwrap().send_keys(&String::from(char::from(Key::Tab))).await.unwrap();
    let name = field("header 1, name");
    app.until("it is accepted", &format!("document.querySelector({}).value === 'Content-Type'", json!(name))).await;
    app.until("the value has the focus", "document.activeElement.ariaLabel === 'header 1, value'").await;
    app.client().active_element().await.unwrap().send_keys("json").await.unwrap();
    app.client().active_element().await.unwrap().send_keys(&String::from(char::from(Key::Tab))).await.unwrap();
    let value = json!(field("header 1, value"));
    app.until("its value", &format!("document.querySelector({value}).value === 'application/json'")).await;
    app.click("#request-auth").await;
    app.fill("#auth-user", "zoë").await;
    app.fill("#auth-password", "pass").await;
    drawn_right_under(&app, "composer-authorization").await;
    app.click("#auth-set").await;
    let row = json!(field("header 2, value"));
    app.until("the row", &format!("document.querySelector({row})?.value === 'Basic em/DqzpwYXNz'")).await;
    app.close().await;
}

#[tokio::test]
async fn json_is_formatted_and_its_problems_have_their_line() {
    let app = App::open().await;
    app.click("#tab-request").await;
    part(&app, "Body").await;
    app.click("#body-json").await;
    app.until("the editor", "document.querySelector('.request .cm-content')").await;
    let editor = app.client().find(fantoccini::Locator::Css(".request .cm-content")).await.unwrap();
    editor.send_keys("{\"a\":9007199254740993,").await.unwrap();
    app.until(
        "the problem",
        "document.querySelector('.editor + .below [role=status]')?.innerText.includes('Line 1, column')",
    )
    .await;
    app.until("it is marked", "document.querySelector('.cm-lintRange-error, .cm-lintPoint-error')").await;
    drawn_right(&app, "composer-json-problem").await;
    editor.send_keys("\"b\":[]}").await.unwrap();
    app.until("it is valid", "document.querySelector('.below [role=status]') === null").await;
    app.click("#json-format").await;
    let lines = "[...document.querySelectorAll('.request .cm-line')].map((line) => line.innerText.trimEnd()).join('|')";
    app.until("it is formatted", &format!("{lines} === '{{|  \"a\": 9007199254740993,|  \"b\": []|}}'")).await;
    app.close().await;
}

#[tokio::test]
async fn forms_are_sent_with_their_files() {
    let (raw, receiver) = backend(NO_CONTENT);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("up load.txt");
    fs::write(&path, "content").unwrap();
    let app = App::open().await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.click("#tab-request").await;
    app.put("#request-method", "POST").await;
    app.put("#request-path", "/form").await;
    part(&app, "Body").await;
    app.click("#body-form").await;
    app.put(&field("field 1, name"), "a b").await;
    app.put(&field("field 1, value"), "é&").await;
    drawn_right(&app, "composer-form").await;
    app.click("#request-send").await;
    let (head, body) = sent(&receiver, "/form");
    assert!(head.contains("content-type: application/x-www-form-urlencoded\r\n"), "{head}");
    assert_eq!(body, "a+b=%C3%A9%26");
    app.click("#body-multipart").await;
    app.click("#part-add-text").await;
    app.put(&field("part 1, name"), "t").await;
    app.put(&field("part 1, value"), "x").await;
    app.click("#part-add-file").await;
    app.put(&field("part 2, name"), "f").await;
    app.put(&field("part 2, file"), path.to_str().unwrap()).await;
    drawn_right(&app, "composer-multipart").await;
    app.click("#request-send").await;
    let (head, body) = sent(&receiver, "/form");
    let boundary = head.split("boundary=").nth(1).unwrap().lines().next().unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\nx\r\n--{boundary}\r\nContent-Disposition: \
         form-data; name=\"f\"; filename=\"up load.txt\"\r\nContent-Type: application/octet-stream\r\n\r\ncontent\r\n\
         --{boundary}--\r\n"
    );
    assert_eq!(body, expected);
    app.put(&field("part 2, file"), "/nonexistent/file").await;
    let before = app.newest().await;
    app.click("#request-send").await;
    app.newer_than(before).await;
    app.until("the file is named", "document.querySelector('.detail')?.innerText.includes('/nonexistent/file')").await;
    app.close().await;
}

#[tokio::test]
async fn redirects_are_followed_where_it_is_chosen_and_shown() {
    let app = App::open().await;
    let raw = Raw::new(|mut stream| {
        let head = read_head(&mut stream);
        let answer = if head.starts_with("GET /end ") {
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone"
        } else {
            "HTTP/1.1 302 Found\r\nLocation: /end\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        };
        let _ = stream.write_all(answer.as_bytes());
    });
    app.set_target(&raw.endpoint.to_string()).await;
    app.click("#tab-request").await;
    app.put("#request-path", "/start").await;
    part(&app, "Options").await;
    assert_eq!(app.value("document.querySelector('#request-follow').checked").await, json!(false));
    app.click("#request-follow").await;
    app.click("#request-send").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "status").await;
    app.line(0, "done").await;
    drawn_right(&app, "composer-options").await;
    app.close().await;
}

#[tokio::test]
async fn saved_entries_are_selected_renamed_duplicated_and_put_back_after_they_were_deleted() {
    let app = App::open().await;
    app.click("#tab-request").await;
    app.put("#request-path", "/mine").await;
    app.chord(&[Key::Control], 's').await;
    let selected = "document.querySelector('#side [role=treeitem][aria-selected=true]')?.dataset.saved";
    app.until("it is saved and selected", &format!("{selected} === '/mine'")).await;
    app.until("its name has the focus", "document.activeElement?.id === 'composer-name'").await;
    app.fill("#composer-name", "mine").await;
    app.client().active_element().await.unwrap().send_keys(&String::from(char::from(Key::Enter))).await.unwrap();
    app.until("it is renamed", &format!("{selected} === 'mine'")).await;
    let more = "[aria-label='More about mine']";
    app.click(more).await;
    app.picture(&pictures().join("composer-saved-menu.png")).await;
    assert_eq!(app.findings_of_axe().await, [] as [String; 0]);
    app.click("#saved-duplicate").await;
    app.until("the copy's name has the focus", "document.activeElement?.ariaLabel === 'Name of mine copy'").await;
    app.client().active_element().await.unwrap().send_keys(&String::from(char::from(Key::Escape))).await.unwrap();
    app.until("the copy is selected", &format!("{selected} === 'mine copy'")).await;
    app.click(more).await;
    app.click("#saved-delete").await;
    app.until("it is gone", "document.querySelector('[data-saved=mine]') === null").await;
    app.until("the message", "document.querySelector('#undo-delete')?.innerText.includes('Deleted mine')").await;
    app.picture(&pictures().join("composer-undo.png")).await;
    assert_eq!(app.findings_of_axe().await, [] as [String; 0]);
    app.click("#undo-delete .act").await;
    app.until("it is back before its copy", "document.querySelector('[data-saved=mine] + [data-saved=\"mine copy\"]')")
        .await;
    app.close().await;
}

#[tokio::test]
async fn a_command_reads_a_text_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in");
    fs::write(&path, "from a file\n").unwrap();
    let app = App::open().await;
    app.click("#tab-command").await;
    app.compose("cat", &[]).await;
    app.click("#command-add-stdin").await;
    app.put("#command-stdin", "typed\nlines").await;
    app.until("the code", "document.querySelector('#code-line')?.innerText.includes('standard input')").await;
    app.click("#command-run").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    app.line(0, "typed").await;
    app.line(1, "lines").await;
    drawn_right(&app, "composer-stdin").await;
    app.click("#stdin-file").await;
    app.put("#command-stdin-file", path.to_str().unwrap()).await;
    app.click("#command-run").await;
    let call = app.newer_than(call).await;
    app.becomes(call, "ended").await;
    app.line(0, "from a file").await;
    app.close().await;
}

#[tokio::test]
async fn any_command_line_is_pasted() {
    let app = App::open().await;
    app.click("#tab-request").await;
    let paste = async |line: &str| {
        app.click("#code-paste").await;
        app.until("the panel", "document.querySelector('#paste-text')").await;
        app.put("#paste-text", line).await;
        app.click("#paste-fill").await;
        app.until("it is read", "!document.querySelector('#paste-text') && document.querySelector('#paste-read')")
            .await;
    };
    paste("http PUT :8080/items name=x").await;
    app.until("the method", "document.querySelector('#request-method').value === 'PUT'").await;
    paste("Invoke-RestMethod -Uri http://localhost/ps -Method Post -Body 'a=1'").await;
    app.until("the path", &format!("{PATH} === '/ps'")).await;
    paste("curl -F a=b -F f=@/tmp/x http://localhost/up").await;
    app.until("the form's path", &format!("{PATH} === '/up'")).await;
    paste("docker run --rm alpine ls -l").await;
    app.until("a command", "document.querySelector('#command-program')?.value === 'docker'").await;
    app.close().await;
}
