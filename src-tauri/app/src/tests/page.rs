use crate::permission::PendingEnd;
use porthole_base::error::Error;
use porthole_extension::OpenedPage;
use porthole_process::Ending;
use porthole_timeline::Origin;

use super::*;

/// Opens the page of an extension in this folder.
async fn open_page(application: &TestApplication, folder: &Path) -> OpenedPage {
    std::fs::create_dir_all(folder.join("ui")).unwrap();
    let manifest = r#"{"ui": {"dashboard-tab": {"title": "T", "root": "/ui", "src": "index.html"}}}"#;
    std::fs::write(folder.join("metadata.json"), manifest).unwrap();
    std::fs::write(folder.join("ui/index.html"), "<!doctype html><title>T</title>").unwrap();
    let folder = folder.display().to_string();
    application.open_page(folder, None, false, Runtime::PodmanDesktop).await.unwrap()
}

/// A run of the page that ends only when it is stopped, and a pending call.
async fn busy_page(application: &TestApplication) -> (u32, u32) {
    let approved = pending(application, host_command("sleep 86400"), Origin::Page).await;
    approve(application, approved).await;
    let run = started(application, approved).await;
    runs(application, run).await;
    let waits = pending(application, host_command("true"), Origin::Page).await;
    (run, waits)
}

#[tokio::test]
async fn a_lost_page_takes_its_pending_calls_and_its_runs_along() {
    let (folder, application) = application().await;
    open_page(&application, &folder.path().join("x")).await;
    let (run, waits) = busy_page(&application).await;
    let of_console = pending(&application, host_command("true"), Origin::Console).await;

    application.page_lost(Error::new(Code::WindowLost, "The process that drew the window ended"));

    assert!(is_cancelled(within(application.decision(waits)).await));
    assert_eq!(application.pending_end(waits).await.unwrap(), PendingEnd::Withdrawn);
    let ended = run_of(within(application.ended(run)).await.unwrap());
    assert!(matches!(ended.ending, Some(Ending::Signaled { .. })), "{ended:?}");
    assert_eq!(application.page_file("x", "/", None).unwrap().status, 404);
    // Code of the console is not the page's.
    assert_eq!(application.changes(0).await.unwrap().prompt.unwrap().pending, of_console);
    // The reason is in the first bootstrap after the window was loaded again, and in no other.
    assert_eq!(application.bootstrap().await.unwrap().trouble.unwrap().code, Code::WindowLost);
    assert_eq!(application.bootstrap().await.unwrap().trouble, None);
    application.close().await;
}

#[tokio::test]
async fn a_page_in_its_own_window_outlives_the_main_window_and_ends_with_its_own() {
    let (folder, application) = application().await;
    let opened = open_page(&application, &folder.path().join("x")).await;
    application.open_page_window(opened.clone()).await.unwrap();
    let (run, waits) = busy_page(&application).await;

    application.page_lost(Error::new(Code::WindowLost, "The process that drew the window ended"));
    // The main window is loaded again.
    application.bootstrap().await.unwrap();
    assert_eq!(application.is_page_in_own_window(), Some(true));
    assert!(outcome(&application, run).await.is_live());
    assert_eq!(application.changes(0).await.unwrap().prompt.unwrap().pending, waits);

    application.close_page_window().await.unwrap();
    assert!(application.page_window_closed().await.unwrap().back);
    assert!(is_cancelled(within(application.decision(waits)).await));
    within(application.ended(run)).await.unwrap();
    assert!(!outcome(&application, run).await.is_live());
    assert!(!application.host().has_window.load(Ordering::SeqCst));
    application.close().await;
}

#[tokio::test]
async fn a_window_that_was_closed_while_it_was_opened_is_not_left_open() {
    let (folder, application) = application().await;
    let opened = open_page(&application, &folder.path().join("x")).await;
    application.host().closed_while_opening.store(true, Ordering::SeqCst);
    let failed = application.open_page_window(opened.clone()).await.unwrap_err();
    assert_eq!(failed.code, Code::WindowLost);
    assert!(!application.host().has_window.load(Ordering::SeqCst), "the host's window is left");
    assert_eq!(application.page_window_state().await.unwrap(), None);
    // It can be opened after that, and a second request only brings it to the front.
    application.host().closed_while_opening.store(false, Ordering::SeqCst);
    application.open_page_window(opened.clone()).await.unwrap();
    application.open_page_window(opened).await.unwrap();
    assert_eq!(application.host().opened.load(Ordering::SeqCst), 2);
    application.close().await;
}

#[tokio::test]
async fn what_one_page_stored_is_cleared_before_the_page_of_another_extension() {
    let (folder, application) = application().await;
    let cleared = || application.host().storage_cleared.load(Ordering::SeqCst);
    for (name, times) in [("x", 0), ("x", 0), ("y", 1), ("x", 2)] {
        open_page(&application, &folder.path().join(name)).await;
        application.separate_storage().await.unwrap();
        assert_eq!(cleared(), times, "{name}");
    }
    application.close().await;
}
