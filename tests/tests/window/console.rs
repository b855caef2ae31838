//! The console: code against `ddClient` in the real window, on real backends and commands.

use fantoccini::key::Key;
use porthole_tests::{
    containers::running,
    given,
    window::{App, Home},
};
use serde_json::json;

use crate::drawn::drawn_right;

/// Puts code into the console's editor in place of what is there, as a paste does.
pub async fn paste(app: &App, code: &str) {
    app.click("#tab-console").await;
    app.until("the editor", "document.querySelector('#console-editor .cm-content')").await;
    app.value("document.querySelector('#console-editor .cm-content').focus()").await;
    app.chord(&[Key::Control], 'a').await;
    let pasted = format!(
        "(() => {{ const clipboardData = new DataTransfer(); clipboardData.setData('text/plain', {});
          document.querySelector('#console-editor .cm-content')
            .dispatchEvent(new ClipboardEvent('paste', {{ clipboardData, bubbles: true, cancelable: true }})) }})()",
        json!(code)
    );
    app.value(&pasted).await;
    let beginning: String = code.lines().next().unwrap_or_default().trim().chars().take(60).collect();
    let there =
        format!("document.querySelector('#console-editor .cm-content').innerText.includes({})", json!(beginning));
    app.until("the code", &there).await;
}

/// Runs code in the console, and waits for its end.
pub async fn run(app: &App, code: &str) {
    paste(app, code).await;
    app.value("document.querySelector('#console-clear:not(:disabled)')?.click()").await;
    app.click("#console-run").await;
    ended(app).await;
}

async fn ended(app: &App) {
    app.until("the end of the run", "document.querySelector('#console-log [data-entry=end]')").await;
}

/// The texts of the entries of a kind.
pub async fn entries(app: &App, kind: &str) -> Vec<String> {
    let texts =
        format!("[...document.querySelectorAll('#console-log [data-entry={kind}]')].map((entry) => entry.innerText)");
    serde_json::from_value(app.value(&texts).await).unwrap()
}

async fn shows(app: &App, kind: &str, words: &str) {
    let found = format!(
        "[...document.querySelectorAll('#console-log [data-entry={kind}]')].some((entry) => entry.innerText.includes({}))",
        json!(words)
    );
    app.until(words, &found).await;
}

#[tokio::test]
async fn pasted_code_runs_and_shows_its_calls_and_prints_in_order() {
    let app = App::open().await;
    paste(
        &app,
        "import { createDockerDesktopClient } from '@docker/extension-api-client'
const client = createDockerDesktopClient()
interface Hello { message: string }
console.log('before', { deep: { er: [1, 2n, undefined, null] } })
const hello = (await client.extension.vm!.service!.get('/hello')) as Hello
console.warn(hello.message)
try { await client.extension.vm!.service!.get('/status/404') } catch (error) { console.error(error) }
client.desktopUI.toast.success('kept')
client.host.openExternal('https://example.org/')
setTimeout(() => { throw new RangeError('later') }, 20)
await Promise.reject(new Error('nobody catches this'))
",
    )
    .await;
    app.click("#console-run").await;
    ended(&app).await;
    let kinds = app
        .value("[...document.querySelectorAll('#console-log [data-entry]')].map((entry) => entry.dataset.entry)")
        .await;
    assert_eq!(
        kinds,
        json!(["print", "call", "print", "call", "print", "desktop", "desktop", "uncaught", "uncaught", "end"]),
        "{}",
        app.text("#console-log").await
    );
    shows(&app, "print", "Hello from the demo backend").await;
    shows(&app, "print", "statusCode: 404").await;
    shows(&app, "desktop", "kept").await;
    shows(&app, "desktop", "https://example.org/").await;
    shows(&app, "uncaught", "nobody catches this").await;
    shows(&app, "uncaught", "line 11").await;
    shows(&app, "uncaught", "later").await;
    app.until("both calls in the timeline", "document.querySelectorAll('#timeline [data-call]').length === 2").await;
    drawn_right(&app, "console").await;
    // A call of the console is one of the timeline: a click shows what it really did.
    app.value("document.querySelector('#console-log [data-entry=call] button')?.click()").await;
    app.until("the call is shown", "document.querySelector('#detail .head')?.innerText.includes('/hello')").await;
    app.until("its origin", "document.querySelector('#detail .head')?.innerText.includes('console')").await;
    app.close().await;
}

#[tokio::test]
async fn code_that_is_no_code_says_where_and_calls_nothing() {
    let app = App::open().await;
    paste(&app, "const a = 1\nconst b = <b>jsx</b>\n").await;
    app.click("#console-run").await;
    app.until("a problem", "document.querySelector('#console-log [data-entry=problem]')").await;
    shows(&app, "problem", "line 2").await;
    assert_eq!(app.calls().await, 0);
    run(&app, "import React from 'react'\nconsole.log(React)\n").await;
    shows(&app, "uncaught", "react").await;
    app.close().await;
}

#[tokio::test]
async fn a_host_command_asks_first_with_its_exact_arguments() {
    let app = App::open().await;
    let code = "try {
  const result = await ddClient.extension.host.cli.exec('echo', ['two words', '$HOME'])
  console.log('got ' + result.stdout)
} catch (error) { console.log('refused ' + error.message) }
";
    paste(&app, code).await;
    app.click("#console-run").await;
    app.until("the prompt", "document.querySelector('#prompt')?.open").await;
    // Docker Desktop's own shell is shown as it would be started.
    assert_eq!(app.prompted_args().await, ["-c", "echo two words $HOME"]);
    assert!(app.text("#prompt-program").await.contains("sh"), "the program's file");
    assert_eq!(app.calls().await, 0, "nothing ran before the answer");
    app.decide("deny").await;
    ended(&app).await;
    shows(&app, "print", "refused").await;
    // What was not allowed is recorded, as that.
    app.becomes(1, "failed").await;
    assert_eq!(app.badge(1).await, "not allowed");
    // Once is once.
    for (answer, calls) in [("once", 2), ("session", 3)] {
        app.click("#console-run").await;
        app.decide(answer).await;
        ended(&app).await;
        app.until("its call", &format!("document.querySelectorAll('#timeline [data-call]').length === {calls}")).await;
    }
    shows(&app, "print", "got two words /").await;
    // For the session is until it is taken back.
    app.click("#console-run").await;
    app.until("one more call", "document.querySelectorAll('#timeline [data-call]').length === 4").await;
    app.click("#console-revoke").await;
    app.click("#console-run").await;
    app.until("the prompt takes answers", "document.querySelector('#prompt')?.dataset.armed === 'true'").await;
    app.chord(&[], Key::Escape.into()).await;
    app.until("Escape says no", "!document.querySelector('#prompt')").await;
    ended(&app).await;
    app.has_calls(5).await;
    app.close().await;
}

#[tokio::test]
async fn a_busy_loop_is_stopped_and_the_window_never_waits_for_it() {
    let app = App::open().await;
    paste(&app, "console.log('begins')\nfor (;;) {}\n").await;
    app.click("#console-run").await;
    shows(&app, "print", "begins").await;
    // The loop has no end: what waits for it is never done.
    let call = app.play("hello").await;
    app.becomes(call, "status").await;
    app.click("#tab-console").await;
    app.click("#console-stop").await;
    ended(&app).await;
    shows(&app, "end", "topped").await;
    run(&app, "console.log('again')\n").await;
    shows(&app, "print", "again").await;
    app.close().await;
}

#[tokio::test]
async fn stopping_the_code_ends_the_commands_and_streams_that_it_began() {
    let app = App::open().await;
    paste(
        &app,
        "ddClient.extension.host.cli.exec('sleep', ['603'], { stream: { onClose: () => {} } })
void ddClient.extension.vm.service.get('/events')
",
    )
    .await;
    app.click("#console-run").await;
    app.decide("once").await;
    app.until("both live", "document.querySelectorAll('#timeline [data-outcome=running], #timeline [data-outcome=receiving]').length === 2").await;
    app.click("#console-stop").await;
    app.until("both over", "!document.querySelector('#timeline [data-outcome=running], #timeline [data-outcome=receiving], #timeline [data-outcome=pending]')").await;
    app.close().await;
}

#[tokio::test]
async fn snippets_are_saved_played_and_remembered() {
    let app = App::open().await;
    paste(&app, "console.log('the snippet ran')\n").await;
    app.click("#composer-save").await;
    app.fill("[aria-label='Name to save under']", "my snippet").await;
    app.chord(&[], Key::Enter.into()).await;
    app.until("it is listed", "document.querySelector('[data-saved=\"my snippet\"]')").await;
    paste(&app, "console.log('something else')\n").await;
    app.until("what is typed is remembered", "document.querySelector('#console-editor')").await;
    app.click("[data-saved='my snippet'] .play").await;
    ended(&app).await;
    shows(&app, "print", "the snippet ran").await;
    // What the editor holds is written a moment after the last key.
    let home = app.home().settings();
    porthole_tests::eventually("the code is written down", async || {
        std::fs::read_to_string(&home)
            .ok()
            .filter(|text| text.contains("\"console\"") && text.contains("the snippet ran"))
    })
    .await;
    let app = App::open_in(app.close().await, &[]).await;
    app.click("#tab-console").await;
    app.until(
        "the code is there again",
        "document.querySelector('#console-editor .cm-content')?.innerText.includes('the snippet ran')",
    )
    .await;
    app.click("[data-saved='my snippet'] .play").await;
    shows(&app, "print", "the snippet ran").await;
    app.close().await;
}

#[tokio::test]
async fn the_editor_completes_and_explains_from_the_official_types() {
    let app = App::open().await;
    paste(&app, "ddClient.extension.vm.service.\n").await;
    app.value("document.querySelector('#console-editor .cm-content').focus()").await;
    app.chord(&[Key::Control], Key::Home.into()).await;
    app.chord(&[], Key::End.into()).await;
    app.chord(&[Key::Control], ' ').await;
    app.until(
        "the members of the service",
        "['get', 'post', 'request'].every((name) =>
          [...document.querySelectorAll('.cm-tooltip-autocomplete li')].some((option) => option.innerText.includes(name)))",
    )
    .await;
    app.chord(&[], Key::Escape.into()).await;
    paste(
        &app,
        "const result = await ddClient.extension.host.cli.exec('true', [])\nif (result.code) console.log('failed')\n",
    )
    .await;
    app.until("the trap is marked", "document.querySelector('#console-editor .cm-lintRange')").await;
    app.close().await;
}

#[tokio::test]
async fn the_example_of_a_pages_code_is_played_with_one_click() {
    let app = App::open().await;
    let call = app.play("a page's code").await;
    app.becomes(call, "status").await;
    shows(&app, "print", "Hello from the demo backend").await;
    shows(&app, "print", "not found:").await;
    ended(&app).await;
    app.close().await;
}

#[tokio::test]
async fn a_process_that_is_closed_at_once_ends_also_before_it_has_started() {
    let app = App::open().await;
    paste(
        &app,
        "const ended = new Promise<unknown>((done) => {
  const process = ddClient.extension.host!.cli.exec('sleep', ['604'], { stream: { onClose: done, onError: done } })
  process.close()
})
console.log('ended with', await ended)
",
    )
    .await;
    app.click("#console-run").await;
    app.decide("once").await;
    ended(&app).await;
    shows(&app, "print", "ended with").await;
    app.until(
        "nothing runs",
        "!document.querySelector('#timeline [data-outcome=running], #timeline [data-outcome=pending]')",
    )
    .await;
    app.close().await;
}

#[tokio::test]
async fn engine_the_engines_containers_and_images_are_listed_and_docker_is_run() {
    let container = running().await;
    let app = App::open_in(Home::default(), &[("DOCKER_HOST", &given("PORTHOLE_TEST_ENGINE"))]).await;
    let code = format!(
        "// @ts-nocheck
const name = {}
const all = await ddClient.docker.listContainers({{ all: true, filters: JSON.stringify({{ name: [name] }}) }})
console.log('containers ' + all.length + ' ' + (all[0].Names[0] === '/' + name))
const images = await ddClient.docker.listImages()
console.log('images ' + images.some((image) => image.RepoTags?.includes('porthole-test-busybox:latest')))
const named = await ddClient.docker.cli.exec('ps', ['--filter', 'name=' + name, '--format', '{{{{json .Names}}}}'], {{
  stream: {{ splitOutputLines: true, onOutput: (data) => console.log('docker ' + data.stdout), onClose: (code) => console.log('code ' + code) }},
}})
",
        json!(container.name)
    );
    paste(&app, &code).await;
    app.click("#console-run").await;
    // The docker command is a program of this machine.
    app.decide("once").await;
    ended(&app).await;
    for words in ["containers 1 true", "images true", &container.name, "code 0"] {
        shows(&app, "print", words).await;
    }
    app.close().await;
}

/// A value looked like another one: nothing of these characters was seen.
#[tokio::test]
async fn hidden_characters_of_printed_values_are_marked_in_texts_and_in_keys() {
    let app = App::open().await;
    run(
        &app,
        "console.log('invoice\\u202Efdp.exe', { ['to\\u200Bken']: 'a\\u00A0b', plain: '\\uFEFFx', deep: { ['\\u2066k']: 1 } })
console.warn('soft\\u00ADhyphen line\\u2028end tag\\u{E0041} plain  text')
console.error(new Error('bad\\u202Dname'))",
    )
    .await;
    app.value("document.querySelector('#console-log [data-entry=print] button')?.click()").await;
    let said = app.text("#console-log").await;
    for part in [
        "invoice⟨U+202E⟩fdp.exe",
        "to⟨U+200B⟩ken",
        "a⟨U+00A0⟩b",
        "⟨U+FEFF⟩x",
        "⟨U+2066⟩k",
        "soft⟨U+00AD⟩hyphen line⟨U+2028⟩end tag⟨U+E0041⟩ plain  text",
        "bad⟨U+202D⟩name",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    drawn_right(&app, "console-hidden").await;
    app.close().await;
}
