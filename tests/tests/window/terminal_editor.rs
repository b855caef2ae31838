//! A terminal with programs that draw all of it, and what is copied from it and pasted into it.

use std::{fs, path::Path};

use fantoccini::key::Key;
use porthole_tests::{eventually, given, window::App};
use serde_json::json;

use crate::{
    composing::part,
    terminal::{ROWS, open, open_terminal, run_in_terminal, shows, types},
};

/// Keeps in a file what is typed until a `.`, byte by byte as it comes, and says when something came.
const READER: &str = r#"
import os, sys, tty
tty.setraw(0)
if sys.argv[2] == "brackets": os.write(1, b"\x1b[?2004h")
os.write(1, b"ready\r\n")
typed = b""
while not typed.endswith(b"."):
    typed += os.read(0, 4096)
    os.write(1, b"\r\ngot some\r\n")
open(sys.argv[1], "wb").write(typed)
"#;

/// Puts a text on the system's clipboard, as a person does: from a field.
async fn put_on_clipboard(app: &App, text: &str) {
    app.click("#tab-request").await;
    part(app, "Body").await;
    app.click("#body-text").await;
    let field = "[aria-label='Text body']";
    app.put(field, text).await;
    app.click(field).await;
    app.chord(&[Key::Control], 'a').await;
    app.chord(&[Key::Control], 'c').await;
    app.put(field, "").await;
}

/// Starts a program in a terminal, which gets the keys.
async fn started(app: &App, script: &str) -> u64 {
    let call = run_in_terminal(app, script).await;
    app.newer_than(call - 1).await;
    app.click(&format!("#timeline [data-call=\"{call}\"]")).await;
    app.click("#terminal .xterm-screen").await;
    app.until("its keys", "document.activeElement?.closest('#terminal') !== null").await;
    call
}

/// Starts the program that keeps what is typed.
async fn reader(app: &App, folder: &Path, how: &str) -> u64 {
    let file = folder.join("reader.py");
    fs::write(&file, READER).unwrap();
    let call = started(app, &format!("python3 {} {}/{how} {how}", file.display(), folder.display())).await;
    shows(app, "ready").await;
    call
}

/// What that program read, once something came and a `.` after it.
async fn read(app: &App, call: u64, folder: &Path, how: &str) -> String {
    shows(app, "got some").await;
    types(app, ".").await;
    app.becomes(call, "ended").await;
    fs::read_to_string(folder.join(how)).unwrap()
}

/// Waits until a text with this in it was copied.
async fn copied(app: &App, part: &str) {
    app.until("it is copied", &format!("window.copied?.includes({})", json!(part))).await;
}

#[tokio::test]
async fn a_paste_is_one_piece_for_a_program_that_asked_for_it_and_no_text_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let app = open().await;
    put_on_clipboard(&app, "one\n\ttwo\u{1b}[201~; touch x\u{3}\n").await;
    let call = reader(&app, folder.path(), "brackets").await;
    app.chord(&[Key::Control, Key::Shift], 'V').await;
    // Signs for Escape and Ctrl-C: nothing in the text is a key.
    let between = "one\r\ttwo\u{241b}[201~; touch x\u{2403}\r";
    assert_eq!(read(&app, call, folder.path(), "brackets").await, format!("\u{1b}[200~{between}\u{1b}[201~."));
    // Any other program gets what a keyboard would have typed.
    let call = reader(&app, folder.path(), "plain").await;
    app.open_menu_of("#terminal").await;
    app.click("#terminal-paste").await;
    app.until("its keys", "document.activeElement?.closest('#terminal') !== null").await;
    assert_eq!(read(&app, call, folder.path(), "plain").await, format!("{between}."));
    app.close().await;
}

#[tokio::test]
async fn what_a_terminal_shows_is_selected_by_its_menu_and_copied_by_keys() {
    let app = open().await;
    open_terminal(&app, "host").await;
    app.value("(navigator.clipboard.writeText = async (text) => { window.copied = text }, true)").await;
    types(&app, "echo co''py me\n").await;
    shows(&app, "copy me").await;
    // Ctrl+C alone is the program's, with and without a selection.
    app.chord(&[Key::Control, Key::Shift], Key::F10.into()).await;
    app.until("the menu", "document.querySelector('#terminal-select-all')").await;
    assert_eq!(app.value("document.querySelector('#terminal-copy').ariaDisabled").await, json!("true"));
    app.until("it has the keys", "document.activeElement?.closest('#context-menu')").await;
    app.chord(&[], Key::End.into()).await;
    app.until("the last entry", "document.activeElement?.id === 'terminal-select-all'").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("no menu", "!document.querySelector('#context-menu')").await;
    app.until("its keys", "document.activeElement?.closest('#terminal') !== null").await;
    app.chord(&[Key::Control, Key::Shift], 'C').await;
    copied(&app, "\ncopy me\n").await;
    // It isn't typed, and the shell still runs.
    types(&app, "echo af''ter\n").await;
    shows(&app, "after").await;
    app.close().await;
}

#[tokio::test]
async fn a_word_that_is_selected_with_the_mouse_is_copied_by_the_menu() {
    let app = open().await;
    open_terminal(&app, "host").await;
    app.value("(navigator.clipboard.writeText = async (text) => { window.copied = text }, true)").await;
    // Words that fill their rows: one is under the pointer wherever it is.
    let script = "clear; stty size | (read r c; w=$(printf '%*s' $((c - 1)) | tr ' ' x); for i in $(seq $((r - 1))); do echo $w; done)";
    types(&app, &format!("{script}\n")).await;
    app.until("the words", &format!("/^x{{20,}}$/.test({ROWS}.at(-2))")).await;
    let word = app.value(&format!("{ROWS}.at(-2)")).await;
    app.click_twice("#terminal .xterm-screen").await;
    app.until("it is selected", "document.querySelector('#terminal .xterm-selection div')").await;
    app.open_menu_of("#terminal .xterm-screen").await;
    app.until("it can be copied", "document.querySelector('#terminal-copy')?.ariaDisabled !== 'true'").await;
    app.click("#terminal-copy").await;
    app.until("it is copied", &format!("window.copied === {word}")).await;
    app.until("its keys", "document.activeElement?.closest('#terminal') !== null").await;
    types(&app, "echo af''ter\n").await;
    shows(&app, "after").await;
    app.close().await;
}

#[tokio::test]
async fn vim_draws_the_whole_screen_in_any_size_and_inserts_what_is_pasted_as_text() {
    let vim = given("PORTHOLE_TEST_VIM");
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note.txt");
    let app = open().await;
    put_on_clipboard(&app, "pasted\u{1b}:q!\n\tindented").await;
    let command = format!("{vim} -u NONE -N -i NONE -n --cmd 'set encoding=utf-8 autoindent' {}", note.display());
    let call = started(&app, &format!("echo before; {command}; echo after")).await;
    app.until("its screen", &format!("{ROWS}[0] === '' && {ROWS}[1] === '~'")).await;
    let filled = format!("{ROWS}.slice(1, -1).every((row) => row === '~')");
    app.until("all of it", &filled).await;
    let rows = "document.querySelectorAll('#terminal .xterm-rows > div').length";
    let before = app.value(rows).await;
    app.click("#detail-maximize").await;
    app.until("more rows, all drawn", &format!("{rows} > {before} && {filled}")).await;
    app.click("#terminal .xterm-screen").await;
    types(&app, "ityped\n").await;
    app.until("it is typed", &format!("{ROWS}[0] === 'typed'")).await;
    app.chord(&[Key::Control, Key::Shift], 'V').await;
    app.until("it is pasted", &format!("{ROWS}[1] === 'pasted\u{241b}:q!' && {ROWS}[2].trim() === 'indented'")).await;
    app.chord(&[], Key::Escape.into()).await;
    types(&app, ":wq\n").await;
    app.becomes(call, "ended").await;
    eventually("the file", async || note.exists().then_some(())).await;
    assert_eq!(fs::read_to_string(&note).unwrap(), "typed\npasted\u{241b}:q!\n\tindented\n");
    // What was there before it is there again.
    app.until("the screen before it", &format!("{ROWS}[0] === 'before' && {ROWS}.includes('after')")).await;
    app.close().await;
}
