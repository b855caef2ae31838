use porthole_engine::target::Target;
use porthole_extension::{BackendStage, ExtensionSource};

use super::{engine::FakeEngine, *};

/// Opens an extension whose backend is an image that the engine has to pull.
async fn opened(application: &TestApplication, folder: &Path, engine: &FakeEngine) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("metadata.json"), r#"{"vm": {"image": "acme/backend:1"}}"#).unwrap();
    let source = ExtensionSource::Folder { path: folder.to_owned(), image: Some("acme/x:1".to_owned()) };
    application.open_extension(source, Some(engine.address.clone())).await.unwrap();
}

/// Starts its backend, and returns when the engine is pulling the image.
async fn starting(application: &Arc<TestApplication>, engine: &FakeEngine) -> tokio::task::JoinHandle<Result<()>> {
    let plan = application.start_plan(false).await.unwrap();
    let starting = Arc::clone(application);
    let start = tokio::spawn(async move { starting.start_backend(plan.id).await.map(drop) });
    within(engine.waits.notified()).await;
    assert_eq!(stage(application), Some(BackendStage::Starting));
    start
}

fn stage(application: &TestApplication) -> Option<BackendStage> {
    application.extension_host.open_now().map(|open| open.stage)
}

#[tokio::test]
async fn an_extension_that_is_closed_while_it_starts_is_not_started_and_leaves_the_target() {
    let (folder, application) = application().await;
    let engine = FakeEngine::listen(folder.path());
    let before = Target { name: "mine".to_owned(), ..Target::demo() };
    application.set_target(before.clone()).await.unwrap();
    opened(&application, &folder.path().join("x"), &engine).await;
    let start = starting(&application, &engine).await;

    assert_eq!(application.close_extension().await.unwrap(), before);

    let failed = within(start).await.unwrap().unwrap_err();
    assert!([Code::Cancelled, Code::ExtensionClosed].contains(&failed.code), "{failed:?}");
    assert_eq!(application.extension().await.unwrap(), None);
    // The start that ended late does not aim at the extension that is gone.
    assert_eq!(application.bootstrap().await.unwrap().target, before);
    application.close().await;
}

#[tokio::test]
async fn an_extension_that_is_opened_while_another_starts_is_the_target() {
    let (folder, application) = application().await;
    let engine = FakeEngine::listen(folder.path());
    opened(&application, &folder.path().join("x"), &engine).await;
    let start = starting(&application, &engine).await;

    let other = folder.path().join("y");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("metadata.json"), r#"{"vm": {"image": "acme/other:1"}}"#).unwrap();
    let source = ExtensionSource::Folder { path: other, image: Some("acme/y:1".to_owned()) };
    application.open_extension(source, Some(engine.address.clone())).await.unwrap();

    // It tells of what is open now, or that it was cancelled; either way that is the target.
    let _ = within(start).await.unwrap();
    assert_eq!(application.bootstrap().await.unwrap().target.name, "acme/y:1");
    assert_eq!(stage(&application), Some(BackendStage::Down { error: None }));
    application.close().await;
}

#[tokio::test]
async fn stopping_while_it_starts_ends_the_start_and_tells_no_error() {
    let (folder, application) = application().await;
    let engine = FakeEngine::listen(folder.path());
    opened(&application, &folder.path().join("x"), &engine).await;
    let start = starting(&application, &engine).await;
    application.stop_backend().await.unwrap();
    assert!(is_cancelled(within(start).await.unwrap()));
    assert_eq!(stage(&application), Some(BackendStage::Down { error: None }));
    application.close().await;
}
