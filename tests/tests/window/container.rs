//! Commands in a container of a real engine.

use porthole_tests::{
    containers::{Running, running},
    given,
    window::{App, Home},
};

async fn open_with_engine() -> (App, Running) {
    let container = running().await;
    let app = App::open_in(Home::default(), &[("DOCKER_HOST", &given("PORTHOLE_TEST_ENGINE"))]).await;
    app.choose_container(&container.name).await;
    app.until("container up", "document.querySelector('#mark-container').dataset.state === 'up'").await;
    (app, container)
}

async fn compose(app: &App, program: &str, args: &[&str]) {
    app.click("#tab-command").await;
    app.click("#command-container").await;
    app.compose(program, args).await;
}

#[tokio::test]
async fn engine_a_command_in_a_container_shows_both_streams_and_its_exit_code() {
    let (app, _container) = open_with_engine().await;
    compose(&app, "sh", &["-c", "echo 'to stdout'; echo 'to stderr' >&2; exit 3"]).await;
    app.click("#command-run").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "exit 3");
    for (stream, text) in [("stdout", "to stdout"), ("stderr", "to stderr")] {
        let line = format!("document.querySelector('#log .line[data-stream={stream}] .text')");
        app.until(stream, &format!("{line}?.textContent === '{text}'")).await;
    }
    app.click("#detail-tab-headers").await;
    app.until("facts", "document.querySelector('.facts')?.innerText.includes('Container ')").await;
    let axe = app.findings_of_axe().await;
    assert!(axe.is_empty(), "{axe:#?}");
    app.close().await;
}

#[tokio::test]
async fn engine_the_stop_button_ends_a_command_in_a_container() {
    let (app, container) = open_with_engine().await;
    compose(&app, "sleep", &["600"]).await;
    app.click("#command-run").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "running").await;
    app.click("#command-stop").await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "SIGTERM");
    assert!(!container.has_process("sleep 600").await);
    app.close().await;
}

#[tokio::test]
async fn engine_closing_the_window_ends_a_command_in_a_container() {
    let (app, container) = open_with_engine().await;
    compose(&app, "sleep", &["601"]).await;
    app.click("#command-run").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "running").await;
    assert!(container.has_process("sleep 601").await);
    app.close().await;
    porthole_tests::eventually("it ends", async || (!container.has_process("sleep 601").await).then_some(())).await;
}

#[tokio::test]
async fn engine_the_mark_says_that_the_container_is_paused_or_gone() {
    let (app, container) = open_with_engine().await;
    for (word, gone) in [("paused", false), ("not found", true)] {
        if gone {
            let options = bollard::query_parameters::RemoveContainerOptionsBuilder::default().force(true).build();
            container.docker.unpause_container(&container.name).await.unwrap();
            app.until("up again", "document.querySelector('#mark-container').dataset.state === 'up'").await;
            container.docker.remove_container(&container.name, Some(options)).await.unwrap();
        } else {
            container.docker.pause_container(&container.name).await.unwrap();
        }
        app.until("down", "document.querySelector('#mark-container').dataset.state === 'down'").await;
        assert!(app.text("#mark-container").await.contains("down"));
        app.focus_by_keys("#mark-container button").await;
        app.until(word, &format!("document.querySelector('.tooltip')?.innerText.toLowerCase().includes('{word}')"))
            .await;
    }
    app.close().await;
}
