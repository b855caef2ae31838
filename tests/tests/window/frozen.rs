//! A page that keeps the window from answering, and a window whose process is gone: what somebody is
//! asked then, and what is there afterwards.

use porthole_tests::{
    eventually,
    outside::{self, BY_MESSAGE},
    window::{App, Home},
};
use serde_json::json;

use crate::{
    backed::{NO_ENGINE, open_backed},
    page::{extension, in_page, shows},
};

const QUESTION: &str = "Porthole doesn't respond";

/// Asks for something that goes on for ever, and keeps its thread busy when it is told to.
const LOOPS: &str = "window.hang = (ms) => setTimeout(() => { for (const end = Date.now() + ms; Date.now() < end;); console.log('answers again') }, 100)
ddClient.extension.vm.service.get('/events')
console.log('ready')
";

async fn asked(app: u32) {
    eventually("the question", async || outside::titles(app).contains(&QUESTION.to_owned()).then_some(())).await;
}

async fn asked_no_more(app: u32) {
    eventually("no question", async || (!outside::titles(app).contains(&QUESTION.to_owned())).then_some(())).await;
}

#[tokio::test]
async fn a_page_that_loops_for_ever_is_ended_from_outside_and_the_timeline_is_still_there() {
    let folder = extension("Loops", LOOPS);
    let mut app = App::open_in(Home::default(), &[BY_MESSAGE, NO_ENGINE[0]]).await;
    let process = app.process();
    let hello = app.play("hello").await;
    app.becomes(hello, "status").await;
    let _backend = open_backed(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    let waits = app.newer_than(hello).await;
    app.becomes(waits, "receiving").await;
    in_page(&app, "window.hang(1e9); return true").await;
    asked(process).await;
    outside::press(process, QUESTION, 'r');
    asked_no_more(process).await;

    app.drive_again().await;
    app.until("what happened", "document.querySelector('.notes')?.innerText.includes('page was stopped')").await;
    let code = "document.querySelector('.notes [role=alert]').dataset.code";
    assert_eq!(app.value(code).await, json!("page_ended"));
    app.becomes(hello, "status").await;
    app.becomes(waits, "cancelled").await;
    app.has_calls(2).await;
    app.click(&format!("#timeline [data-call=\"{hello}\"]")).await;
    app.until("what it wrote", "document.querySelector('#log')?.innerText.includes('Hello from the demo backend')")
        .await;
    crate::drawn::drawn_right(&app, "page-ended").await;
    // The page is gone, and can be loaded again; it is told once what happened.
    app.click("#tab-page").await;
    app.until("no page", "document.querySelector('#page-reload') && !document.querySelector('#page-frame')").await;
    app.click("#page-reload").await;
    shows(&app, "print", "ready").await;
    app.reload().await;
    assert_eq!(app.value("document.querySelector('.notes').innerText.trim()").await, json!(""));
    app.close().await;
}

#[tokio::test]
async fn the_question_goes_when_somebody_waits_and_when_the_window_answers_again() {
    let folder = extension("Slow", LOOPS);
    let app = App::open_in(Home::default(), &[BY_MESSAGE, NO_ENGINE[0]]).await;
    let process = app.process();
    let _backend = open_backed(&app, folder.path()).await;
    shows(&app, "print", "ready").await;
    in_page(&app, "window.hang(20000); return true").await;
    asked(process).await;
    asked_no_more(process).await;
    shows(&app, "print", "answers again").await;
    app.click("#page-clear").await;
    in_page(&app, "window.hang(20000); return true").await;
    asked(process).await;
    outside::press(process, QUESTION, 'w');
    asked_no_more(process).await;
    shows(&app, "print", "answers again").await;
    // Nothing was ended.
    app.becomes(1, "receiving").await;
    app.close().await;
}

#[tokio::test]
async fn a_window_whose_process_was_killed_comes_back_with_its_timeline() {
    let mut app = App::open().await;
    let process = app.process();
    let hello = app.play("hello").await;
    app.becomes(hello, "status").await;
    let stream = app.play("a live stream").await;
    app.becomes(stream, "running").await;
    let web = outside::web_processes(process);
    assert_eq!(web.len(), 1, "{web:?}");
    outside::kill(web[0]);
    eventually("another process", async || {
        let now = outside::web_processes(process);
        (now.len() == 1 && now != web).then_some(())
    })
    .await;
    app.drive_again().await;
    app.until("what happened", "document.querySelector('.notes')?.innerText.includes('A new one was started')").await;
    let code = "document.querySelector('.notes [role=alert]').dataset.code";
    assert_eq!(app.value(code).await, json!("window_lost"));
    app.becomes(hello, "status").await;
    // It is nobody's but the timeline's.
    app.becomes(stream, "running").await;
    app.click(&format!("#timeline [data-call=\"{hello}\"]")).await;
    app.until("what it wrote", "document.querySelector('#log')?.innerText.includes('Hello from the demo backend')")
        .await;
    app.close().await;
}
