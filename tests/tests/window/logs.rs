//! Lines as a log in the window: levels, filters, records, stack traces and links.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use fantoccini::key::Key;
use porthole_tests::{
    eventually,
    window::{App, Home},
};
use serde_json::json;

use crate::drawn::{drawn_right, drawn_right_under};

const PYTHON: &str = include_str!("../../../src-tauri/output/src/log/samples/python.txt");
const NODE: &str = include_str!("../../../src-tauri/output/src/log/samples/node.txt");

/// Shows a view of the output.
async fn view(app: &App, name: &str) {
    let button =
        format!("[...document.querySelectorAll('.tools [role=radio]')].find((b) => b.innerText === {})", json!(name));
    app.until(name, &button).await;
    app.value(&format!("({button}.click(), true)")).await;
    app.until(name, &format!("{button}?.ariaChecked === 'true'")).await;
}

/// Runs a script on the host and shows what it writes as a log.
async fn logged(app: &App, folder: &Path, script: &str) -> u64 {
    let file = folder.join("run.sh");
    fs::write(&file, script).unwrap();
    app.run_on_host("sh", &[file.to_str().unwrap()]).await;
    let call = app.newer_than(0).await;
    app.click("#detail-maximize").await;
    view(app, "Log").await;
    app.until("the log", "document.querySelector('#log-bar') !== null").await;
    call
}

/// Waits until a level has this many lines.
async fn counts(app: &App, level: &str, count: &str) {
    let shown = format!("document.querySelector('#level-{level} .num')?.innerText.trim()");
    app.until(&format!("{count} {level}"), &format!("{shown} === {}", json!(count))).await;
}

/// Waits until the status bar says how many rows there are.
async fn has_rows(app: &App, rows: &str) {
    let parts = "document.querySelector('#log-status').innerText.split('\\n').map((part) => part.trim())";
    app.until(rows, &format!("{parts}.includes({})", json!(rows))).await;
}

/// The texts of all drawn rows.
async fn texts(app: &App) -> Vec<String> {
    let texts = "[...document.querySelectorAll('#log .line .text')].map((row) => row.textContent)";
    serde_json::from_value(app.value(texts).await).unwrap()
}

/// 120,000 lines: JSON, logfmt, klog and plain ones, of which 120 are errors and 240 warnings.
fn many_lines() -> String {
    let mut text = String::new();
    for n in 0..120_000 {
        match n {
            _ if n % 1000 == 999 => writeln!(text, r#"{{"level":"error","msg":"request {n} failed","took":{n}}}"#),
            _ if n % 500 == 250 => writeln!(text, r#"time=12:00:00 level=warn msg="slow request" n={n}"#),
            _ if n % 4 == 0 => writeln!(text, r#"{{"level":30,"msg":"served","took":{}}}"#, n % 100),
            _ if n % 4 == 1 => writeln!(text, "D0102 15:04:05.678901       1 main.go:{n}] polled"),
            _ if n % 4 == 2 => writeln!(text, "2026-01-02T15:04:05Z  INFO app: request {n}"),
            _ => writeln!(text, "plain line {n}"),
        }
        .unwrap();
    }
    text
}

#[tokio::test]
async fn a_log_of_120000_lines_is_filtered_while_it_grows_and_the_page_holds_no_more_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let big = folder.path().join("big.log");
    fs::write(&big, many_lines()).unwrap();
    let stop = folder.path().join("stop");
    let script = format!(
        "cat {}\ni=0\nwhile [ ! -e {} ]; do i=$((i+1)); echo '{{\"level\":\"error\",\"live\":'$i'}}'; echo plain $i; sleep 0.05; done\n",
        big.display(),
        stop.display()
    );
    let app = App::open().await;
    let call = logged(&app, folder.path(), &script).await;
    // It is classified while it is looked at, a part after the other.
    for part in [1, 60, 120, 180] {
        let warnings = "Number(document.querySelector('#level-warning .num')?.innerText)";
        app.until(&format!("{part} warnings"), &format!("{warnings} >= {part}")).await;
    }
    counts(&app, "warning", "240").await;
    counts(&app, "debug", "30,000").await;
    let nodes = "document.querySelectorAll('*').length";
    app.click("#level-error").await;
    let errors = "[...document.querySelectorAll('#log .line')].map((row) => row.dataset.level)";
    app.until("only errors", &format!("{errors}.length > 5 && {errors}.every((level) => level === 'error')")).await;
    // It follows what passes the filter.
    let last =
        "Number(document.querySelector('#log .line:last-child .text').textContent.match(/\"live\":(\\d+)/)?.[1])";
    app.until("live errors", &format!("{last} > 5")).await;
    let (seen, before) = (app.value(last).await.as_u64().unwrap(), app.value(nodes).await.as_u64().unwrap());
    app.until("later ones", &format!("{last} > {}", seen + 20)).await;
    let after = app.value(nodes).await.as_u64().unwrap();
    assert!(after < before + 400 && after < 6000, "{before} {after}");
    app.fill("#log-filter", "took>100000").await;
    has_rows(&app, "20 lines").await;
    assert!(texts(&app).await.iter().all(|text| text.contains("failed")));
    app.until("marks", "document.querySelectorAll('#log-map .mark').length === 20").await;
    // Found, gone to and copied as in any other view.
    app.value("(navigator.clipboard.writeText = async (text) => { window.copied = text }, true)").await;
    app.click("#log .line[data-row='0'] .n").await;
    app.click("#copy").await;
    app.until(
        "copied",
        "window.copied === '{\"level\":\"error\",\"msg\":\"request 100999 failed\",\"took\":100999}\\n'",
    )
    .await;
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[Key::Control], 'f').await;
    app.until("the search is open", "document.activeElement?.id === 'search-text'").await;
    app.fill("#search-text", "request 11").await;
    app.until("hits", "/(^|of )10( found)?$/.test(document.querySelector('#search-count').innerText.trim())").await;
    app.chord(&[], Key::Escape.into()).await;
    fs::write(&stop, "").unwrap();
    app.becomes(call, "ended").await;
    app.click("#log-filter-clear").await;
    // Until all of them are rows again, the view stays at the end.
    app.until("all lines", "/\\b12\\d,\\d{3} lines/.test(document.querySelector('#log-status').innerText)").await;
    app.begins_with(r#"{"level":30,"msg":"served","took":0}"#).await;
    app.chord(&[], Key::F8.into()).await;
    app.line(999, r#"{"level":"error","msg":"request 999 failed","took":999}"#).await;
    app.close().await;
}

#[tokio::test]
async fn levels_of_json_logfmt_and_klog_are_shown_and_records_open_to_trees() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"cat <<'EOF'
{"level":30,"msg":"listening","url":"http://127.0.0.1:8080/health"}
{"level":"error","msg":"failed","id":9007199254740993,"http":{"status":500,"path":"/v1"}}
time="2026-01-02T15:04:05Z" level=warning msg="slow query" took=1500
E0102 15:04:05.678901       1 main.go:31] cannot connect
2026-01-02 15:04:05,123 [main] DEBUG c.e.App - cache miss
2026-01-02T15:04:05Z TRACE app: polling
plain text
EOF
"#;
    let app = App::open().await;
    let call = logged(&app, folder.path(), script).await;
    app.becomes(call, "ended").await;
    for (level, count) in
        [("error", "2"), ("warning", "1"), ("info", "1"), ("debug", "1"), ("trace", "1"), ("other", "1")]
    {
        counts(&app, level, count).await;
    }
    let row = |n: u64| format!("document.querySelector('#log .line[data-line=\"{n}\"]')");
    // A number has its name beside it; a word is told by its color and weight.
    app.until("a name", &format!("{}.querySelector('.pill.level')?.innerText === 'Info'", row(0))).await;
    app.until("a word", &format!("{}.querySelector('.text .level')?.innerText === 'error'", row(1))).await;
    app.until("klog", &format!("{}.dataset.level === 'error'", row(3))).await;
    app.click("#log .line[data-line='1'] .fold").await;
    app.until("a tree", "document.querySelectorAll('#log .line').length === 13").await;
    let texts = texts(&app).await;
    assert_eq!(
        texts[2..8],
        [
            "  level: \"error\"",
            "  msg: \"failed\"",
            "  id: 9007199254740993",
            "  http:",
            "    status: 500",
            "    path: \"/v1\""
        ]
    );
    drawn_right(&app, "log").await;
    // By keys: what is marked is closed and opened.
    app.value("document.querySelector('#log').focus()").await;
    app.click("#log .line[data-row='1'] .n").await;
    app.chord(&[], Key::Left.into()).await;
    app.until("closed", "document.querySelectorAll('#log .line').length === 7").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("open", "document.querySelectorAll('#log .line').length === 13").await;
    app.fill("#log-filter", "http.status>=500").await;
    has_rows(&app, "7 lines").await;
    app.fill("#log-filter", "level:loud").await;
    app.until("why", "document.querySelector('#log-filter-problem')?.innerText.includes('loud')").await;
    drawn_right(&app, "log-filter-invalid").await;
    app.fill("#log-filter", "").await;
    app.click("#level-warning").await;
    app.click("#level-debug").await;
    app.until("two levels", "document.querySelectorAll('#log .line').length === 2").await;
    drawn_right(&app, "log-levels").await;
    app.close().await;
}

#[tokio::test]
async fn stack_traces_are_one_row_and_errors_are_gone_to() {
    let folder = tempfile::tempdir().unwrap();
    let (python, node) = (folder.path().join("python.txt"), folder.path().join("node.txt"));
    fs::write(&python, PYTHON).unwrap();
    fs::write(&node, NODE).unwrap();
    let script = format!("cat {}\nseq 300\ncat {}\n", python.display(), node.display());
    let app = App::open().await;
    let call = logged(&app, folder.path(), &script).await;
    app.becomes(call, "ended").await;
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[], Key::Home.into()).await;
    let folded = "document.querySelector('#log .line[data-line=\"1\"] .pill.folded')";
    app.until("frames", &format!("{folded}?.innerText === '… 4 frames'")).await;
    app.click("#log .line[data-line='1'] .pill.folded").await;
    app.line(2, "Traceback (most recent call last):").await;
    drawn_right(&app, "log-trace").await;
    app.click("#log .line[data-row='1'] .mark.fold").await;
    app.until("folded", folded).await;
    // The errors are marked beside the scroll bar, and gone to by a key.
    app.until("marks", "document.querySelectorAll('#log-map .mark').length >= 2").await;
    app.chord(&[], Key::F8.into()).await;
    app.until("the first", "document.querySelector('#log .pointed')?.dataset.line === '1'").await;
    // The crash behind a warning isn't a part of that.
    app.chord(&[], Key::F8.into()).await;
    let pointed = "document.querySelector('#log .pointed .text')?.textContent";
    app.until("the crash", &format!("{pointed}?.startsWith('Traceback')")).await;
    app.chord(&[], Key::F8.into()).await;
    app.until(
        "the next",
        "document.querySelector('#log .pointed .text')?.textContent === 'NotReady: backend not ready'",
    )
    .await;
    app.chord(&[Key::Shift], Key::F8.into()).await;
    app.until("back", &format!("{pointed}?.startsWith('Traceback')")).await;
    app.value("document.querySelector('#log-map .mark:last-child').scrollIntoView()").await;
    let last = "(() => { const mark = [...document.querySelectorAll('#log-map .mark')].at(-1).getBoundingClientRect(); const at = { clientX: mark.left + 1, clientY: mark.top + 1, detail: 1, bubbles: true }; document.querySelector('#log-map').dispatchEvent(new MouseEvent('click', at)); return true })()";
    app.value(last).await;
    app.until("there", "document.querySelector('#log .pointed .text')?.textContent.startsWith('NotReady')").await;
    app.click("#log-fold").await;
    has_rows(&app, "359 lines").await;
    app.close().await;
}

/// A window whose browser is a program that writes the URL into the file `opened` of this folder.
pub async fn open_with_browser(folder: &Path) -> (App, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (program, opened) = (folder.join("xdg-open"), folder.join("opened"));
    fs::write(&program, format!("#!/bin/sh\nprintf '%s' \"$1\" > {0}.part && mv {0}.part {0}\n", opened.display()))
        .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    (App::open_in(Home::default(), &[("PATH", &path)]).await, opened)
}

#[tokio::test]
async fn links_are_reached_by_keys_and_opened_or_copied_from_the_menu_of_their_row() {
    let folder = tempfile::tempdir().unwrap();
    let (app, opened) = open_with_browser(folder.path()).await;
    let script = "seq 60; echo 'see http://127.0.0.1:9/a?b=1 at src/main.rs:3:5'; seq 60";
    let call = logged(&app, folder.path(), script).await;
    app.becomes(call, "ended").await;
    app.value("(navigator.clipboard.writeText = async (text) => { window.copied = text }, true)").await;
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[Key::Control], 'g').await;
    app.until("where to go", "document.activeElement.id === 'jump-text'").await;
    app.client().active_element().await.unwrap().send_keys("60").await.unwrap();
    app.chord(&[], Key::Enter.into()).await;
    app.until("line 60", "document.querySelector('#log .pointed')?.dataset.line === '59'").await;
    app.value("document.querySelector('#log').focus()").await;
    // To the row with the links: it says how many.
    app.chord(&[Key::Control], Key::Down.into()).await;
    app.until("the row", "document.querySelector('#log .pointed')?.dataset.line === '60'").await;
    app.until("it is said", "document.querySelector('.beside [role=status]').innerText.endsWith('(2 links)')").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("its menu", "document.activeElement?.id === 'link-open-0'").await;
    drawn_right_under(&app, "menu-links").await;
    app.chord(&[], Key::Enter.into()).await;
    eventually("the browser", async || opened.exists().then_some(())).await;
    assert_eq!(fs::read_to_string(&opened).unwrap(), "http://127.0.0.1:9/a?b=1");
    app.until("the log again", "document.activeElement?.id === 'log'").await;
    app.chord(&[Key::Shift], Key::F10.into()).await;
    app.until("its menu", "document.activeElement?.id === 'link-open-0'").await;
    for _ in 0..2 {
        app.chord(&[], Key::Down.into()).await;
    }
    app.until("the place", "document.activeElement?.id === 'link-copy-1'").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("copied", "window.copied === 'src/main.rs:3:5'").await;
    app.until("the log again", "document.activeElement?.id === 'log'").await;
    // All that can be seen, from anywhere in the window.
    app.value("document.querySelector('#detail-tab-output').focus()").await;
    app.chord(&[Key::Control, Key::Shift], 'O').await;
    app.until("the links", "document.querySelector('#context-menu')?.ariaLabel === 'Links'").await;
    app.until("the first", "document.activeElement?.id === 'link-open-0'").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("the log again", "document.activeElement?.id === 'log'").await;
    app.close().await;
}

#[tokio::test]
async fn links_are_opened_by_a_click_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (app, opened) = open_with_browser(folder.path()).await;
    let script = r#"cat <<'EOF'
see (http://127.0.0.1:9/a?b=1&c=%20(x)), or file:///etc/passwd.
at src/main.rs:3:5 and javascript:alert(1)
EOF
"#;
    let call = logged(&app, folder.path(), script).await;
    app.becomes(call, "ended").await;
    let links = "[...document.querySelectorAll('#log .link')].map((link) => link.textContent)";
    app.until("links", &format!("{links}.length === 2")).await;
    assert_eq!(app.value(links).await, json!(["http://127.0.0.1:9/a?b=1&c=%20(x)", "src/main.rs:3:5"]));
    app.hover("#log .link[data-link='url']").await;
    app.until(
        "where it leads",
        "document.querySelector('.tooltip')?.innerText === 'Open http://127.0.0.1:9/a?b=1&c=%20(x)'",
    )
    .await;
    drawn_right(&app, "log-links").await;
    assert!(!opened.exists());
    app.click("#log .link[data-link='url']").await;
    eventually("the browser", async || opened.exists().then_some(())).await;
    assert_eq!(fs::read_to_string(&opened).unwrap(), "http://127.0.0.1:9/a?b=1&c=%20(x)");
    fs::remove_file(&opened).unwrap();
    // There is no extension with that file: the place is copied.
    app.value("(navigator.clipboard.writeText = async (text) => { window.copied = text }, true)").await;
    app.click("#log .link[data-link='file']").await;
    app.until("copied", "window.copied === 'src/main.rs:3:5'").await;
    assert!(!opened.exists());
    app.close().await;
}
