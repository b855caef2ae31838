use crate::settings::{Settings, SettingsFile, Timeouts};
use porthole_engine::target::Target;
use porthole_http::exchange::Request;
use porthole_sdk::variables::{Environment, Variable};

use super::*;

fn saved(folder: &Path) -> Settings {
    SettingsFile::new(folder.join("config/settings.json")).load().settings
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_saved_many_times_at_once_are_in_the_file_as_they_are_in_use() {
    let (folder, application) = application().await;
    for _ in 0..20 {
        let mut saves = tokio::task::JoinSet::new();
        for quota in 1..=20 {
            let application = Arc::clone(&application);
            saves.spawn(async move {
                let settings = Settings { quota: Some(quota * 1_000_000), ..Settings::default() };
                application.save_settings(settings).await.unwrap();
            });
        }
        while let Some(saved) = saves.join_next().await {
            saved.unwrap();
        }
        let in_use = application.bootstrap().await.unwrap().settings;
        assert!(in_use.quota.is_some());
        assert_eq!(saved(folder.path()).quota, in_use.quota);
    }
    application.close().await;
}

#[tokio::test]
async fn settings_of_a_window_that_is_a_moment_behind_undo_no_target_and_no_variables() {
    let (folder, application) = application().await;
    let behind = application.bootstrap().await.unwrap().settings;
    let target = Target { name: "new".to_owned(), ..Target::demo() };
    let (set, allowed, themed) = tokio::join!(
        application.set_target(target.clone()),
        application.allow_variables("content".to_owned(), vec!["TOKEN".to_owned()]),
        application.save_settings(Settings { theme: Theme::Dark, ..behind }),
    );
    assert!(set.is_ok() && allowed.is_ok() && themed.is_ok());
    for settings in [application.bootstrap().await.unwrap().settings, saved(folder.path())] {
        assert_eq!(settings.target.as_ref(), Some(&target));
        assert_eq!(settings.variables.unwrap_or_default()["content"], ["TOKEN"]);
        assert_eq!(settings.theme, Theme::Dark);
    }
    assert_eq!(*application.host().theme.lock().unwrap(), Some(Theme::Dark));
    application.close().await;
}

#[tokio::test]
async fn a_path_is_chosen_in_a_dialog_of_the_host_whose_title_is_one_line() {
    let (_folder, application) = application().await;
    assert_eq!(application.choose_path(PathKind::File, "Choose a file\n".to_owned()).await.unwrap(), None);
    *application.host().chooses.lock().unwrap() = Some("/tmp/x".to_owned());
    let chosen = application.choose_path(PathKind::Directory, "t".repeat(1000)).await.unwrap();
    assert_eq!(chosen.as_deref(), Some("/tmp/x"));
    let titles = application.host().titles.lock().unwrap().clone();
    assert_eq!(titles, ["File: Choose a file".to_owned(), format!("Directory: {}", "t".repeat(200))]);
    application.close().await;
}

#[tokio::test]
async fn a_new_file_is_chosen_with_a_suggestion_that_may_begin_with_the_home_directory() {
    let (folder, application) = application().await;
    *application.host().chooses.lock().unwrap() = Some("/tmp/x".to_owned());
    let chosen = application.choose_new_file("Save as".to_owned(), "~/out.txt".to_owned()).await.unwrap();
    assert_eq!(chosen.as_deref(), Some("/tmp/x"));
    let suggested = folder.path().join("out.txt");
    assert_eq!(*application.host().titles.lock().unwrap(), [format!("NewFile: Save as ({})", suggested.display())]);
    application.close().await;
}

#[tokio::test]
async fn a_call_records_the_values_of_its_variables_and_an_unknown_one_records_nothing() {
    let (_folder, application) = application().await;
    let variable = |name: &str, value: &str| Variable { name: name.into(), value: value.into(), secret: true };
    let environments = vec![Environment { name: "local".into(), variables: vec![variable("path", "hello")] }];
    let settings = Settings {
        environments,
        environment: Some("local".into()),
        timeouts: Timeouts { connect_ms: 0, response_ms: 700 },
        ..Settings::default()
    };
    application.save_settings(settings).await.unwrap();
    let id = application.send(Request::new("GET", "/{{path}}")).await.unwrap();
    let Act::Exchange(exchange) = application.ended(id).await.unwrap().act else { panic!("an exchange") };
    assert_eq!(exchange.request.path, "/hello");
    assert_eq!((exchange.request.connect_timeout_ms, exchange.request.response_timeout_ms), (0, Some(700)));
    let error = application.send(Request::new("GET", "/{{nope}}")).await.unwrap_err();
    assert_eq!(error.code, Code::VariableUnknown);
    assert_eq!(application.changes(0).await.unwrap().calls.len(), 1);
    // What is pinned goes too, and for good.
    application.keep(id, true).await.unwrap();
    application.forget_all().await.unwrap();
    let changes = application.changes(0).await.unwrap();
    assert_eq!((changes.calls.len(), changes.removals.len()), (0, 0));
    assert_eq!(application.host().storage_cleared.load(Ordering::SeqCst), 1);
    application.close().await;
}

#[tokio::test]
async fn routes_are_found_at_the_backend_and_an_older_document_gives_none() {
    let (folder, application) = application().await;
    let found = application.find_routes().await.unwrap();
    assert_eq!(found.from, "/openapi.json");
    assert!(!found.groups.is_empty());
    // Looking isn't a call of the user's.
    assert!(application.changes(0).await.unwrap().calls.is_empty());
    let request = application.route(found.document, 0).await.unwrap();
    assert!(request.path.starts_with('/'));
    let file = folder.path().join("api.json");
    std::fs::write(&file, "{\"openapi\": \"3.0.0\", \"paths\": {\"/x\": {\"get\": {}}}}").unwrap();
    let opened = application.open_routes(file.display().to_string()).await.unwrap();
    assert_eq!(application.routes().await.unwrap().as_ref(), Some(&opened));
    assert_eq!(application.route(found.document, 0).await.unwrap_err().code, Code::RoutesNotFound);
    // A folder isn't read, and neither is what has no end.
    for path in [folder.path().to_owned(), std::path::PathBuf::from("/dev/zero")] {
        let refused = application.open_routes(path.display().to_string()).await.unwrap_err();
        assert_eq!(refused.code, Code::RoutesUnreadable);
    }
    application.close_routes().await.unwrap();
    assert_eq!(application.routes().await.unwrap(), None);
    application.close().await;
}
