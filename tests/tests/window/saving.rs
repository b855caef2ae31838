//! Where an output is saved: chosen in the system's own dialog.

use std::fs;

use porthole_tests::{
    desktop::{Desktop, key},
    eventually,
    plain::PlainApp,
};

use crate::backed::NO_ENGINE;

#[tokio::test]
async fn an_output_is_saved_to_the_file_that_the_systems_dialog_names() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved.txt");
    let desktop = Desktop::start();
    let app = PlainApp::open(&desktop, NO_ENGINE).await;
    app.click(&desktop, "[data-saved=hello] .play").await;
    app.until("the response", "document.querySelector('#timeline [data-call=\"1\"]')?.dataset.outcome === 'status'")
        .await;
    app.click(&desktop, "#save:not(:disabled)").await;
    app.until("where it would go", "document.querySelector('#save-path')?.value.length > 3").await;
    app.click(&desktop, "#save-as").await;
    // The dialog is a window of its own, with the suggested name selected.
    desktop.focus_in(app.process(), "Save as").await;
    desktop.control('a');
    desktop.type_text(&file.display().to_string());
    desktop.key(key::ENTER);
    eventually("the file", async || fs::read(&file).ok().filter(|content| !content.is_empty())).await;
    app.until("it says so", "document.querySelector('#save-done')?.innerText.includes('saved.txt')").await;
}
