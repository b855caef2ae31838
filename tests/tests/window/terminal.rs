//! Terminals: a shell on the host and in a container, drawn by the real window.

use std::path::Path;

use fantoccini::key::Key;
use porthole_tests::{
    containers::{Running, running, running_on},
    eventually, given,
    private::Private,
    window::{App, Home},
};
use serde_json::{Value, json};

use crate::{backed::NO_ENGINE, drawn::pictures};

/// What the terminal shows, row by row without the blanks at their ends.
pub const ROWS: &str = "[...document.querySelectorAll('#terminal .xterm-rows > div')].map((row) => row.innerText.replaceAll('\\u00a0', ' ').trimEnd())";
const HAS_KEYS: &str = "document.activeElement?.closest('#terminal') !== null";
const ENDED: &str = "document.querySelector('#terminal')?.dataset.ended === 'true'";

/// A shell that is there on each machine, and says nothing of its own.
const SHELL: [(&str, &str); 2] = [("SHELL", "/bin/sh"), ("PS1", "$ ")];

pub async fn open() -> App {
    let variables: Vec<_> = SHELL.into_iter().chain(NO_ENGINE.iter().copied()).collect();
    App::open_in(Home::default(), &variables).await
}

pub async fn open_terminal(app: &App, place: &str) -> u64 {
    let before = app.newest().await;
    app.click("#tab-command").await;
    app.click(&format!("#command-{place}")).await;
    app.click("#command-terminal").await;
    let call = app.newer_than(before).await;
    app.until("its keys", HAS_KEYS).await;
    call
}

pub async fn types(app: &App, text: &str) {
    for key in text.chars() {
        app.chord(&[], if key == '\n' { Key::Enter.into() } else { key }).await;
    }
}

/// Waits until a row is exactly this.
pub async fn shows(app: &App, row: &str) {
    app.until(row, &format!("{ROWS}.includes({})", json!(row))).await;
}

async fn size(app: &App) -> String {
    app.text("#terminal-size").await
}

/// As `stty size` has it.
fn rows_and_columns(size: &str) -> String {
    let (columns, rows) = size.split_once(" × ").expect("a size");
    format!("{rows} {columns}")
}

/// Chooses a view of the output: the terminal, lines, chunks or bytes.
async fn view(app: &App, place: u32) {
    app.click(&format!("[aria-label='Output view'] button:nth-child({place})")).await;
}

/// The terminal as it is shown, in both themes.
async fn drawn_right(app: &App, name: &str) {
    for theme in ["dark", "light"] {
        app.value(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
        app.picture(&pictures().join(format!("terminal-{name}-{theme}.png"))).await;
        let axe = app.findings_of_axe().await;
        assert!(axe.is_empty(), "{name} {theme}: {axe:#?}");
    }
}

#[tokio::test]
async fn a_terminal_takes_what_is_typed_and_has_the_size_of_its_pane() {
    let app = open().await;
    let call = open_terminal(&app, "host").await;
    types(&app, "echo a$((1+1))b\n").await;
    shows(&app, "a2b").await;
    types(&app, "printf '\\033[31mred \\033[1;32mgreen\\033[0m\\n'\n").await;
    shows(&app, "red green").await;
    drawn_right(&app, "wide").await;
    let before = size(&app).await;
    types(&app, "stty size\n").await;
    shows(&app, &rows_and_columns(&before)).await;
    app.click("#detail-maximize").await;
    app.until("another size", &format!("document.querySelector('#terminal-size').innerText !== {}", json!(before)))
        .await;
    app.click("#terminal .xterm-screen").await;
    types(&app, "clear; stty size\n").await;
    let larger = size(&app).await;
    shows(&app, &rows_and_columns(&larger)).await;
    app.resize(640, 700).await;
    app.until("a narrow one", &format!("document.querySelector('#terminal-size').innerText !== {}", json!(larger)))
        .await;
    drawn_right(&app, "narrow").await;
    app.resize(1300, 900).await;
    types(&app, "exit 3\n").await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "exit 3");
    app.until("it is read-only", ENDED).await;
    app.until("what it wrote stays", &format!("{ROWS}.some((row) => row.includes('exit 3'))")).await;
    drawn_right(&app, "ended").await;
    // The same bytes, as lines.
    view(&app, 2).await;
    app.until("its lines", "document.querySelector('#log .line')?.textContent.includes('echo a')").await;
    view(&app, 1).await;
    app.until("it is drawn again", &format!("{ROWS}.some((row) => row.includes('exit 3'))")).await;
    app.click("#detail-tab-headers").await;
    app.until("its facts", "document.querySelector('.facts')?.innerText.includes('at the start')").await;
    app.close().await;
}

#[tokio::test]
async fn all_keys_go_to_a_terminal_but_those_with_ctrl_and_shift() {
    let app = open().await;
    open_terminal(&app, "host").await;
    // What the keys are for programs.
    types(&app, "cat -v\n").await;
    shows(&app, "$ cat -v").await;
    app.chord(&[], Key::Escape.into()).await;
    app.chord(&[Key::Control], 'k').await;
    app.chord(&[], Key::F1.into()).await;
    types(&app, "?x\n").await;
    shows(&app, "^[^K^[OP?x").await;
    assert_eq!(app.value(HAS_KEYS).await, json!(true));
    assert_eq!(app.value("document.querySelector('#palette')").await, Value::Null);
    app.chord(&[Key::Control], 'd').await;
    // The ways out.
    app.chord(&[Key::Control, Key::Shift], 'K').await;
    app.until("the palette", "document.querySelector('#palette')").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("it is closed", "!document.querySelector('#palette')").await;
    app.click("#terminal .xterm-screen").await;
    app.until("its keys", HAS_KEYS).await;
    app.chord(&[Key::Control, Key::Shift], Key::F6.into()).await;
    app.until("another pane", &format!("!({HAS_KEYS})")).await;
    app.close().await;
}

/// What a program writes types nothing, names no window, and puts nothing on the clipboard.
#[tokio::test]
async fn hostile_output_types_no_command_and_changes_nothing_of_the_window() {
    let app = open().await;
    open_terminal(&app, "host").await;
    let title = app.value("document.title").await;
    let script = "printf '\\033]0;evil\\007\\033[21t\\005\\033]52;c;ZXZpbA==\\007\\033P$qevil\\033\\\\\\033]8;;file:///etc/passwd\\033\\\\link\\033]8;;\\033\\\\\\n'";
    types(&app, &format!("{script}; read -t 1 x; echo \"<$x>\"\n")).await;
    app.until("its answers", &format!("{ROWS}.some((row) => /^<.*>$/.test(row))")).await;
    let answers = app.value(&format!("{ROWS}.find((row) => /^<.*>$/.test(row))")).await;
    assert!(!answers.as_str().unwrap().contains("evil"), "{answers}");
    let more = app.value(&format!("{ROWS}.filter((row) => row.includes('evil')).every((row) => row.includes('printf') || row.includes('qevil'))")).await;
    assert_eq!(more, json!(true));
    assert_eq!(app.value("document.title").await, title);
    app.click("#terminal .xterm-screen").await;
    app.chord(&[Key::Control], 'c').await;
    types(&app, "echo o''k\n").await;
    shows(&app, "ok").await;
    app.close().await;
}

/// A call begun as the window begins one, without typing into a shell: its bytes are counted.
pub async fn run_in_terminal(app: &App, script: &str) -> u64 {
    let command = json!({
        "place": { "kind": "host" }, "program": "sh", "args": ["-c", script], "env": [], "envMode": "add",
        "terminal": { "columns": 80, "rows": 24 },
    });
    let id = app
        .answer(&format!("return await window.__TAURI_INTERNALS__.invoke('terminal_open', {{ command: {command} }})"))
        .await;
    id.as_u64().unwrap_or_else(|| panic!("no call: {id}"))
}

#[tokio::test]
async fn twenty_megabytes_are_drawn_and_recorded_to_the_last_byte_while_the_window_answers() {
    let app = open().await;
    let call = run_in_terminal(&app, "head -c 20000000 /dev/zero | tr '\\0' x; printf end").await;
    app.newer_than(call - 1).await;
    app.click(&format!("#timeline [data-call=\"{call}\"]")).await;
    app.until("it is drawn", &format!("{ROWS}.some((row) => row.startsWith('xxxx'))")).await;
    // The window does something else meanwhile.
    app.chord(&[Key::Control], 'k').await;
    app.until("the palette", "document.querySelector('#palette')").await;
    app.chord(&[], Key::Escape.into()).await;
    let drawn = "(document.querySelector('#terminal-status')?.innerText ?? '') + (document.querySelector('#terminal')?.dataset.ended ?? '')";
    let mut last = Value::Null;
    // Each step within a window's patience: all of it takes long on a busy machine.
    while app.value(ENDED).await != json!(true) {
        app.until("more", &format!("{drawn} !== {last}")).await;
        last = app.value(drawn).await;
    }
    app.until("the end", &format!("{ROWS}.some((row) => row.endsWith('end'))")).await;
    assert!(app.value("document.querySelectorAll('#terminal .xterm-rows > div').length").await.as_u64() < Some(200));
    app.becomes(call, "ended").await;
    view(&app, 4).await;
    // 16 bytes a row.
    app.until("all of it", "document.querySelector('#log-status')?.innerText.includes('1,250,001')").await;
    app.close().await;
}

#[tokio::test]
async fn closing_the_window_ends_the_shell_and_what_it_started() {
    let app = open().await;
    open_terminal(&app, "host").await;
    types(&app, "trap '' HUP; sleep 70701 & echo pids $$ $! .\n").await;
    app.until("its processes", &format!("{ROWS}.some((row) => /^pids \\d+ \\d+ \\.$/.test(row))")).await;
    let row = app.value(&format!("{ROWS}.find((row) => /^pids \\d+ \\d+ \\.$/.test(row))")).await;
    let pids: Vec<String> = row.as_str().unwrap().split(' ').skip(1).take(2).map(str::to_owned).collect();
    let lives = |pid: &String| Path::new("/proc").join(pid).exists();
    assert!(pids.iter().all(lives), "{pids:?}");
    app.close().await;
    eventually("their end", async || (!pids.iter().any(lives)).then_some(())).await;
}

#[tokio::test]
async fn the_stop_button_closes_a_terminal_with_its_shell() {
    let app = open().await;
    let call = open_terminal(&app, "host").await;
    types(&app, "echo re''ady\n").await;
    shows(&app, "ready").await;
    app.click("#command-stop").await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "SIGHUP");
    app.close().await;
}

/// While another call is shown, a program draws on.
#[tokio::test]
async fn a_terminal_goes_on_while_another_call_is_shown() {
    let app = open().await;
    let call = open_terminal(&app, "host").await;
    types(&app, "printf '\\033[?1049h\\033[5;5Hin the other screen'; read x; printf '\\033[?1049l'\n").await;
    shows(&app, "    in the other screen").await;
    app.run_on_host("true", &[]).await;
    let other = app.newer_than(call).await;
    app.becomes(other, "ended").await;
    app.click(&format!("#timeline [data-call=\"{call}\"]")).await;
    shows(&app, "    in the other screen").await;
    app.click("#terminal .xterm-screen").await;
    types(&app, "\necho ba''ck\n").await;
    shows(&app, "back").await;
    app.close().await;
}

async fn open_with_engine(host: &str, container: &Running) -> App {
    let app = App::open_in(Home::default(), &[("DOCKER_HOST", host)]).await;
    app.choose_container(&container.name).await;
    app.until("container up", "document.querySelector('#mark-container').dataset.state === 'up'").await;
    app
}

#[tokio::test]
async fn engine_vi_and_top_draw_the_whole_screen_in_a_container() {
    let container = running().await;
    let app = open_with_engine(&given("PORTHOLE_TEST_ENGINE"), &container).await;
    let call = open_terminal(&app, "container").await;
    let larger = size(&app).await;
    types(&app, "busybox stty size\n").await;
    shows(&app, &rows_and_columns(&larger)).await;
    types(&app, "busybox vi /tmp/note\n").await;
    app.until("vi", &format!("{ROWS}[1] === '~'")).await;
    types(&app, "ihello from vi").await;
    app.chord(&[], Key::Escape.into()).await;
    drawn_right(&app, "vi").await;
    types(&app, ":wq\n").await;
    types(&app, "cat /tmp/note\n").await;
    app.until("the file", &format!("{ROWS}.filter((row) => row === 'hello from vi').length > 0")).await;
    types(&app, "busybox top\n").await;
    app.until(
        "top",
        &format!("{ROWS}.some((row) => row.startsWith('Mem:')) && {ROWS}.some((row) => row.includes('PID'))"),
    )
    .await;
    drawn_right(&app, "top").await;
    types(&app, "q").await;
    types(&app, "exit 4\n").await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "exit 4");
    app.close().await;
}

#[tokio::test]
async fn engine_a_terminal_whose_engine_is_killed_says_so_and_keeps_what_was_drawn() {
    let mut private = Private::start().await;
    let container = running_on(&private.host()).await;
    let app = open_with_engine(&private.host(), &container).await;
    let call = open_terminal(&app, "container").await;
    types(&app, "echo be''fore\n").await;
    shows(&app, "before").await;
    private.kill();
    app.becomes(call, "failed").await;
    app.until("why", "document.querySelector('#detail')?.innerText.includes('engine')").await;
    assert_eq!(app.badge(call).await, "engine lost");
    app.until("what was drawn stays", &format!("{ROWS}.includes('before')")).await;
    app.close().await;
}

#[tokio::test]
async fn engine_a_container_without_a_shell_has_no_terminal_and_the_window_says_why() {
    let container = running().await;
    container.run(container.command("busybox", &["rm", "/bin/sh"])).await;
    let app = open_with_engine(&given("PORTHOLE_TEST_ENGINE"), &container).await;
    app.click("#tab-command").await;
    app.click("#command-container").await;
    app.click("#command-terminal").await;
    app.until("why", "document.querySelector('#composer')?.innerText.includes('No shell found in the container')")
        .await;
    assert_eq!(app.newest().await, 0);
    app.close().await;
}
