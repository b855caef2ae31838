//! What a page makes of several prompts, and of one that is long.

use std::fs;

use porthole_tests::window::App;
use serde_json::json;

use crate::page::{extension, in_page, open, shows};

/// Runs `echo` with these words; `again` asks once more whenever it is refused.
const RUNS: &str =
    "window.run = (...words) => new Promise((ended) => ddClient.extension.host.cli.exec('echo', words, { stream: {
    onClose: () => ended(console.log('ran ' + words.at(-1))),
    onError: (error) => ended(console.log('refused ' + error.message)) } }));
window.again = (...words) => window.run(...words).then(() => window.again(...words));
console.log('ready')
";

async fn opened(folder: &std::path::Path) -> App {
    let app = App::open().await;
    open(&app, folder).await;
    shows(&app, "print", "ready").await;
    app
}

#[tokio::test]
async fn a_call_that_was_allowed_along_with_another_is_not_shown_as_withdrawn() {
    let folder = extension("Two calls", RUNS);
    let app = opened(folder.path()).await;
    app.value(
        "(() => { window.titles = new Set(); new MutationObserver(() =>
            window.titles.add(document.querySelector('#prompt-over')?.innerText ?? ''))
            .observe(document.body, { childList: true, subtree: true, characterData: true }) })()",
    )
    .await;
    in_page(&app, "void window.run('one'); void window.run('two'); return true").await;
    let both = "document.querySelector('#prompt-waiting')?.innerText === '1 more call is waiting'";
    app.until("both wait", both).await;
    app.decide("session").await;
    shows(&app, "print", "ran one").await;
    shows(&app, "print", "ran two").await;
    app.until("no prompt", "!document.querySelector('#prompt')").await;
    assert_eq!(app.value("[...window.titles].filter((text) => text !== '')").await, json!([]));
    app.close().await;
}

#[tokio::test]
async fn a_page_that_asks_again_after_each_denial_can_be_closed_from_its_prompt() {
    let folder = extension("Asks again", RUNS);
    let app = opened(folder.path()).await;
    in_page(&app, "void window.again('evil'); void window.again('evil'); return true").await;
    app.until("the prompt", "document.querySelector('#prompt')?.open").await;
    assert_eq!(app.value("document.querySelector('#prompt-end')").await, json!(null));
    app.decide("deny").await;
    app.until("the next", "document.querySelector('#prompt-end')").await;
    app.decide("end").await;
    app.until("the page is gone", "!document.querySelector('#page-frame') && !document.querySelector('#prompt')").await;
    // The window is its user's again.
    app.click("#page-reload").await;
    shows(&app, "print", "ready").await;
    app.until("the page is back", "document.querySelector('#page-frame')").await;
    assert_eq!(app.value("document.querySelector('#prompt')").await, json!(null));
    app.close().await;
}

#[tokio::test]
async fn what_will_run_is_in_view_before_it_can_be_allowed_however_long_names_and_lists_are() {
    let made = extension("Long", RUNS);
    let folder = made.path().join("trusted-".repeat(25)).join("name-".repeat(45)).join("more-".repeat(45));
    fs::create_dir_all(&folder).expect("a folder");
    for entry in ["metadata.json", "icon.svg", "ui"] {
        fs::rename(made.path().join(entry), folder.join(entry)).expect("moved");
    }
    let app = opened(&folder).await;
    in_page(&app, "void window.run(...Array(150).fill('-v'), '--exec=evil'); return true").await;
    app.until("the prompt", "document.querySelector('#prompt')?.dataset.armed === 'true'").await;
    let heading = app.value("document.querySelector('#prompt-title').offsetHeight").await;
    assert!(heading.as_u64().is_some_and(|height| height <= 90), "{heading}");
    let body = app.value("document.querySelector('#prompt .body').clientHeight").await;
    assert!(body.as_u64().is_some_and(|height| height >= 160), "{body}");
    // The end is out of sight: it can be denied, and not allowed.
    let disabled = "document.querySelector('#prompt-once').getAttribute('aria-disabled') === 'true'";
    app.until("it can't be allowed yet", disabled).await;
    assert_eq!(app.value("document.querySelector('#prompt-deny').getAttribute('aria-disabled')").await, json!("false"));
    app.click("#prompt-once").await;
    assert_eq!(app.value("document.querySelector('#prompt').open").await, json!(true));
    let text = app.text("#prompt .what").await;
    assert!(text.contains("Not shown: 51 arguments in the middle."), "{text}");
    let last = "[...document.querySelectorAll('#prompt-args-end .box')].at(-1).innerText";
    assert_eq!(app.value(last).await, json!("--exec=evil"));
    app.value("document.querySelector('#prompt .body').scrollTo(0, 1e6)").await;
    app.until("it can be allowed", "document.querySelector('#prompt-once').getAttribute('aria-disabled') === 'false'")
        .await;
    app.decide("once").await;
    shows(&app, "print", "ran --exec=evil").await;
    app.close().await;
}

/// Each kind of callback throws, and the page hears of it as of any other error that nobody caught.
const THROWS: &str = "addEventListener('error', ({ message, error }) => console.log('heard ' + message + ' ' + (error instanceof Error)));
const bad = (word) => { console.log('called ' + word); throw new Error('bad ' + word) };
window.go = () => {
  ddClient.extension.host.cli.exec('printf', ['1\\\\n2\\\\n'], { stream: { splitOutputLines: true,
    onOutput: (data) => bad('output ' + data.stdout), onClose: () => bad('close') } });
  ddClient.extension.host.cli.exec('/no/such/program', [], { stream: { onError: () => bad('error') } });
  ddClient.extension.host.cli.exec('printf', ['x'], { stream: {
    onOutput: async () => bad('async output'), onClose: async () => bad('async close') } });
  ddClient.spawnHostCmd('printf', ['y'], (data, error) => bad('spawned ' + JSON.stringify(data) + (error ?? '')));
}
console.log('ready')
";

#[tokio::test]
async fn what_callbacks_throw_is_uncaught_in_the_page_and_each_later_one_is_called() {
    let folder = extension("Throws", THROWS);
    let app = opened(folder.path()).await;
    crate::page::may(&app, "host", "allow").await;
    in_page(&app, "window.go(); return true").await;
    for word in ["output 1", "output 2", "close", "error", "spawned {\"stdout\":\"y\"}", "spawned {\"code\":0}"] {
        shows(&app, "print", &format!("called {word}")).await;
        shows(&app, "print", &format!("heard Error: bad {word} true")).await;
        shows(&app, "uncaught", &format!("bad {word}")).await;
    }
    for word in ["async output", "async close"] {
        shows(&app, "uncaught", &format!("bad {word}")).await;
    }
    // Each with the place where it was thrown, and no other.
    let uncaught = crate::page::entries(&app, "uncaught").await;
    assert_eq!(uncaught.iter().filter(|text| text.contains("line 2")).count(), 6, "{uncaught:#?}");
    assert_eq!(uncaught.len(), 8, "{uncaught:#?}");
    app.close().await;
}
