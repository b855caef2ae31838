use porthole_engine::target::{Host, Target};
use porthole_http::endpoint::Endpoint;
use porthole_output::View;
use porthole_timeline::Origin;

use super::{engine::FakeEngine, *};

fn target(name: &str, cwd: &Path) -> Target {
    let host = Host { cwd: Some(cwd.display().to_string()), ..Host::default() };
    let endpoint = Some(Endpoint::Unix(cwd.join("backend.sock")));
    Target { name: name.to_owned(), endpoint, host, ..Target::demo() }
}

#[tokio::test]
async fn a_call_that_waits_is_run_on_the_target_that_it_was_proposed_for() {
    let (folder, application) = application().await;
    let at = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        path.canonicalize().unwrap()
    };
    let (first, second) = (at("first"), at("second"));
    application.set_target(target("first", &first)).await.unwrap();
    let waits = pending(&application, host_command("pwd"), Origin::Console).await;

    application.set_target(target("second", &second)).await.unwrap();
    approve(&application, waits).await;

    let id = started(&application, waits).await;
    let call = application.ended(id).await.unwrap();
    assert_eq!(run_of(call).command.cwd.as_deref(), first.to_str());
    let said = application.exact(id, View::Stdout, 0, 1).await.unwrap();
    assert_eq!(said.trim(), first.display().to_string());
    // The next one is for the new target.
    let waits = pending(&application, host_command("pwd"), Origin::Console).await;
    approve(&application, waits).await;
    let id = started(&application, waits).await;
    assert_eq!(run_of(application.ended(id).await.unwrap()).command.cwd.as_deref(), second.to_str());
    application.close().await;
}

#[tokio::test]
async fn a_target_whose_way_was_found_late_does_not_replace_the_one_that_was_set_meanwhile() {
    let (folder, application) = application().await;
    let engine = FakeEngine::listen(folder.path());
    let in_container = Target {
        name: "in a container".to_owned(),
        endpoint: Some("container://web/run/backend.sock".parse().unwrap()),
        engine: Some(engine.address.clone()),
        ..Target::demo()
    };
    // By itself it is changed when its way is known.
    let alone = application.set_target(in_container.clone()).await.unwrap();
    assert!(alone.via.is_some());

    engine.answers.send_replace(false);
    let second = target("second", folder.path());
    let (first, ()) = tokio::join!(application.set_target(in_container), async {
        within(engine.waits.notified()).await;
        application.set_target(second.clone()).await.unwrap();
        engine.answers.send_replace(true);
    });
    assert_eq!(first.unwrap(), second);
    let now = application.bootstrap().await.unwrap();
    assert_eq!((now.target, now.settings.target), (second.clone(), Some(second)));
    application.close().await;
}
