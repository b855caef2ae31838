use crate::settings::{Settings, SettingsFile};
use porthole_engine::target::Target;

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
