//! The window with outputs of any size: exact at every line, never in the way of who writes.

use fantoccini::key::Key;
use porthole_tests::window::App;
use serde_json::json;

use crate::drawn::drawn_right;

#[tokio::test]
async fn ten_million_lines_scroll_like_ten() {
    let app = App::open().await;
    app.run_on_host("seq", &["10000000"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    app.line(9_999_999, "10000000").await;
    app.begins_with("1").await;
    app.chord(&[], Key::Down.into()).await;
    app.until("one line further", "document.querySelector('#log .line')?.dataset.line === '1'").await;
    let go = async |line: u64| {
        app.chord(&[Key::Control], 'g').await;
        app.fill("#jump-text", &(line + 1).to_string()).await;
        app.chord(&[], Key::Enter.into()).await;
        app.line(line, &(line + 1).to_string()).await;
    };
    for line in [9_999_999, 5_000_000, 1_234_567, 9_999_960, 7] {
        go(line).await;
    }
    // By the scrollbar, to the middle: what is drawn is what the numbers say.
    app.value("(document.querySelector('#log').scrollTop = 4_000_000, true)").await;
    let exact = "(() => { const lines = [...document.querySelectorAll('#log .line')]; const first = Number(lines[0]?.dataset.line);
        return first > 4_000_000 && first < 6_000_000 && lines.every((line) => line.querySelector('.text').textContent === String(Number(line.dataset.line) + 1)) })()";
    app.until("the middle", exact).await;
    app.chord(&[], Key::End.into()).await;
    app.line(9_999_999, "10000000").await;
    app.close().await;
}

#[tokio::test]
async fn a_page_that_is_stuck_for_a_minute_holds_nobody_up() {
    let app = App::open().await;
    // Twenty thousand lines a second, and each second the longest time that one of them took.
    let script = r#"exec("import sys,time\nslowest=0\nend=time.monotonic()+40\nwhile time.monotonic()<end:\n for _ in range(200):\n  began=time.monotonic(); sys.stdout.write('x'*80+chr(10)); slowest=max(slowest,time.monotonic()-began)\n sys.stdout.flush(); time.sleep(0.01)\nprint('slowest',slowest)")"#;
    app.run_on_host("python3", &["-u", "-c", script]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "running").await;
    app.until("lines", "document.querySelectorAll('#log .line').length > 10").await;
    // Nothing of the page runs until this is over: no question is asked, no frame is drawn.
    app.answer("const until = performance.now() + 20_000; while (performance.now() < until); return 1").await;
    app.answer("const until = performance.now() + 20_000; while (performance.now() < until); return 1").await;
    app.answer("const until = performance.now() + 20_000; while (performance.now() < until); return 1").await;
    app.becomes(call, "ended").await;
    app.until(
        "its last line",
        "[...document.querySelectorAll('#log .line .text')].at(-1)?.textContent.startsWith('slowest')",
    )
    .await;
    let last = app.text("#log .line:last-child .text").await;
    let slowest: f64 = last.trim_start_matches("slowest ").trim().parse().unwrap();
    assert!(slowest < 5.0, "a line of the process took {slowest} s");
    let took = app.value("document.querySelector('#log-status').innerText").await;
    assert!(took.as_str().unwrap().contains("lines"), "{took}");
    app.close().await;
}

#[tokio::test]
async fn a_download_tells_how_far_it_is_and_is_cancelled() {
    let app = App::open().await;
    app.send("GET", "/bytes/4000000000").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "receiving").await;
    app.until("how far", "document.querySelector('#log-status [role=progressbar]') && /of 4.0 GB/.test(document.querySelector('#log-status').innerText)").await;
    drawn_right(&app, "download").await;
    app.chord(&[Key::Shift], Key::F5.into()).await;
    app.becomes(call, "cancelled").await;
    app.until("it has stopped", "!document.querySelector('#log-status [role=progressbar]')").await;
    app.close().await;
}

#[tokio::test]
async fn at_the_quota_the_window_says_who_waits_and_what_to_do() {
    let app = App::open().await;
    app.theme("Light").await;
    let home = app.close().await;
    let file = home.settings();
    let mut settings: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    settings["quota"] = json!(3_000_000);
    std::fs::write(&file, settings.to_string()).unwrap();
    let app = App::open_in(home, &[]).await;
    let call = app.play("a million lines").await;
    app.until("the note", "document.querySelector('#disk-full')?.innerText.includes('1 call is paused')").await;
    drawn_right(&app, "quota").await;
    app.click("#disk-raise").await;
    // Twice as much is not enough yet.
    // The note, and the button in it, disappear until the call is paused again.
    let paused = "document.querySelector('#disk-full')?.innerText.includes('(6 MB). 1 call is paused')";
    app.until("paused again", &format!("{paused} && /12/.test(document.querySelector('#disk-raise')?.innerText)"))
        .await;
    app.click("#disk-raise").await;
    app.becomes(call, "ended").await;
    app.line(999_999, "1000000").await;
    app.until("the note goes", "!document.querySelector('#disk-full')").await;
    app.close().await;
}

#[tokio::test]
async fn a_flood_is_followed_and_stopped() {
    let app = App::open().await;
    app.run_on_host("yes", &["porthole"]).await;
    let call = app.newer_than(0).await;
    app.becomes(call, "running").await;
    let lines =
        "Number(document.querySelector('#log-status').innerText.match(/([\\d,]+) lines/)?.[1].replace(/,/g, ''))";
    app.until("a million", &format!("{lines} > 1_000_000")).await;
    app.value("document.querySelector('#log').focus()").await;
    app.chord(&[], Key::PageUp.into()).await;
    app.until("paused", "document.querySelector('#log-status').dataset.following === 'false'").await;
    app.until("how many are new", "/[\\d,]+ new lines/.test(document.querySelector('#log-follow')?.innerText)").await;
    app.chord(&[], Key::End.into()).await;
    app.until("followed again", "document.querySelector('#log-status').dataset.following === 'true'").await;
    app.chord(&[Key::Shift], Key::F5.into()).await;
    app.becomes(call, "ended").await;
    app.close().await;
}
