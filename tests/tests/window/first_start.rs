//! From nothing to a live stream.

use porthole_tests::window::App;

#[tokio::test]
async fn the_first_start_has_the_demo_as_its_target_and_examples() {
    let app = App::open_welcome().await;
    app.until("service up", "document.querySelector('#mark-service').dataset.state === 'up'").await;
    app.until("host up", "document.querySelector('#mark-host').dataset.state === 'up'").await;
    assert_eq!(app.text("#target-button .clip").await, "demo backend");
    for example in ["hello", "events (SSE)", "a live stream", "a million lines"] {
        let listed = format!("document.querySelector('[data-saved=\"{example}\"] .play')");
        assert!(app.value(&format!("Boolean({listed})")).await.as_bool().unwrap(), "{example}");
    }
    assert_eq!(app.calls().await, 0);
    assert!(app.text("#welcome").await.contains("Look inside your extension's backend"));
    app.click("#welcome-stream").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "running").await;
    assert_eq!(app.value("document.querySelector('#welcome')").await, serde_json::json!(null));
    app.click("#command-stop").await;
    app.becomes(call, "ended").await;
    app.close().await;
}

#[tokio::test]
async fn one_click_shows_a_stream_that_follows_and_cancelling_keeps_what_came() {
    let app = App::open().await;
    let call = app.play("events (SSE)").await;
    app.becomes(call, "receiving").await;
    app.grows_to(5).await;
    app.until("following", "document.querySelector('#log-status').dataset.following === 'true'").await;
    app.click("#request-cancel").await;
    app.becomes(call, "cancelled").await;
    app.until("what failed", "document.querySelector('#failure').dataset.code === 'cancelled'").await;
    app.grows_to(5).await;
    app.begins_with("{\"tick\":0}").await;
    assert_eq!(app.text("#log .line[data-line='0'] .fact").await, "ID 0");
    assert!(app.text("#log-status").await.contains("Ended"));
    app.close().await;
}

#[tokio::test]
async fn one_click_shows_a_running_command_with_both_streams() {
    let app = App::open().await;
    let call = app.play("a live stream").await;
    app.becomes(call, "running").await;
    app.until(
        "both streams",
        "['stdout', 'stderr'].every((s) => document.querySelector(`#log .line[data-stream=${s}]`))",
    )
    .await;
    app.until("another line", "document.querySelectorAll('#log .line').length > 12").await;
    app.click("#command-stop").await;
    app.becomes(call, "ended").await;
    assert_eq!(app.badge(call).await, "SIGTERM");
    app.begins_with("segment 1 written").await;
    app.close().await;
}
