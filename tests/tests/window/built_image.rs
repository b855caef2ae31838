//! The manifest's report on a folder whose image the engine has.

use porthole_tests::{
    built_image::{Fake, IN_THE_FUTURE, LONG_AGO, folder},
    window::{App, Home},
};
use serde_json::{Value, json};

use crate::drawn::drawn_right;

async fn report(created: u64) -> (App, Fake, tempfile::TempDir) {
    let (fake, folder) = (Fake::new("acme/x:1", created), folder());
    let app = App::open_in(Home::default(), &[("DOCKER_HOST", &fake.address())]).await;
    app.click("#tab-page").await;
    app.fill("#page-folder", &folder.path().display().to_string()).await;
    app.click("#page-open").await;
    app.click("#side-manifest").await;
    app.until("the image", "document.querySelector('.report [data-image]')").await;
    (app, fake, folder)
}

async fn keys(app: &App, severity: &str) -> Value {
    let articles = format!("[...document.querySelectorAll('.report article[data-severity={severity}]')]");
    app.value(&format!("{articles}.map((article) => article.dataset.key)")).await
}

#[tokio::test]
async fn the_report_names_the_image_that_the_paths_were_checked_in() {
    let (app, fake, _folder) = report(IN_THE_FUTURE).await;
    let says = app.text(".report").await;
    for part in [
        "The paths were checked in the image acme/x:1, created 2096-10-02 07:06 UTC.",
        "The image acme/x:1 has no ui/index.html",
        "/host/tool isn't executable",
    ] {
        assert!(says.contains(part), "{part}: {says}");
    }
    assert!(!says.contains("was changed after that"), "{says}");
    assert_eq!(keys(&app, "error").await, json!(["ui.dashboard-tab.src"]));
    let asked = fake.asked();
    assert!(asked.iter().all(|line| !line.contains("/start") && !line.contains("/exec")), "{asked:#?}");
    drawn_right(&app, "built-image").await;
    app.close().await;
}

#[tokio::test]
async fn an_image_that_is_older_than_the_sources_is_said_in_the_report() {
    let (app, _fake, _folder) = report(LONG_AGO).await;
    let says = app.text(".report [data-image]").await;
    assert!(says.contains("Dockerfile was changed after that: build the image again"), "{says}");
    assert_eq!(keys(&app, "error").await, json!([]));
    app.close().await;
}
