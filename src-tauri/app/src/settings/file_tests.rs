use std::fs;

use serde_json::{Value, json};

use super::*;
use crate::settings::Theme;
use porthole_engine::target::Target;
use porthole_http::exchange::Request;
use porthole_sdk::draft::{Draft, SavedDraft};

fn file() -> (tempfile::TempDir, SettingsFile) {
    let directory = tempfile::tempdir().unwrap();
    let file = SettingsFile::new(directory.path().join("deep").join("settings.json"));
    fs::create_dir(directory.path().join("deep")).unwrap();
    (directory, file)
}

fn saved(name: &str) -> SavedDraft {
    SavedDraft { name: name.into(), composed: Draft::Request(Request::new("GET", format!("/{name}"))), folder: None }
}

/// Changes what is in the file, as a process does that has just read it.
fn change(file: &SettingsFile, change: impl FnOnce(&mut Settings)) {
    let before = file.load().settings;
    let mut after = before.clone();
    change(&mut after);
    file.save(&before, &after).unwrap();
}

/// The same of one that has read nothing.
fn change_blindly(file: &SettingsFile, change: impl FnOnce(&mut Settings)) {
    let mut after = Settings::default();
    change(&mut after);
    file.save(&Settings::default(), &after).unwrap();
}

fn written(file: &SettingsFile) -> Value {
    serde_json::from_slice(&fs::read(file.file.path()).unwrap()).unwrap()
}

#[test]
fn what_is_written_is_read_again() {
    let (_directory, file) = file();
    assert_eq!(file.load().settings, Settings::default());
    let settings = Settings {
        theme: Theme::Dark,
        target: Some(Target::demo()),
        saved: vec![saved("hello")],
        ..Settings::default()
    };
    file.save(&Settings::default(), &settings).unwrap();
    let loaded = file.load();
    assert_eq!((loaded.settings, loaded.trouble), (settings, None));
}

#[test]
fn settings_of_another_version_are_read_as_far_as_they_go() {
    let (_directory, file) = file();
    fs::write(file.file.path(), r#"{"theme":"dark","unknown":1,"splits":{"side":200,"center":500}}"#).unwrap();
    let Loaded { settings: read, trouble } = file.load();
    assert_eq!((read.theme, read.splits.side, read.splits.bottom), (Theme::Dark, Some(200), 310));
    assert!(trouble.is_none());
    // An earlier version wrote the width of the side bar also where it wasn't set.
    fs::write(file.file.path(), r#"{"splits":{"side":212}}"#).unwrap();
    assert_eq!(file.load().settings.splits.side, None);
}

/// One unknown value set all of them aside.
#[test]
fn a_value_that_is_not_known_costs_nothing_but_itself_and_stays_in_the_file() {
    let (_directory, file) = file();
    let known = serde_json::to_value(saved("known")).unwrap();
    let mut extended = serde_json::to_value(saved("extended")).unwrap();
    extended["pinned"] = json!(true);
    extended["composed"]["retries"] = json!(3);
    let unknown = json!({ "name": "later", "composed": { "kind": "websocket", "url": "/ws" } });
    fs::write(
        file.file.path(),
        json!({
            "theme": "sepia", "saved": [unknown, known, extended], "servers": { "a": ["not a server"] },
            "splits": { "side": 1, "bottom": 2, "later": 3 }, "later": { "x": 1 }
        })
        .to_string(),
    )
    .unwrap();
    let loaded = file.load();
    assert_eq!(loaded.settings.theme, Theme::System);
    assert_eq!(loaded.settings.saved.iter().map(|saved| &saved.name).collect::<Vec<_>>(), ["known", "extended"]);
    let trouble = loaded.trouble.unwrap();
    assert_eq!(trouble.code, Code::SettingsFailed);
    assert!(trouble.message.contains(&file.file.path().display().to_string()));
    assert_eq!(trouble.detail.unwrap(), "theme, servers[\"a\"], saved[0]");

    change(&file, |settings| {
        settings.splits.side = Some(9);
        settings.saved.insert(1, saved("new"));
        settings.saved.remove(0);
    });
    let now = written(&file);
    let new = serde_json::to_value(saved("new")).unwrap();
    assert_eq!(now["saved"], json!([unknown, new, extended]));
    assert_eq!([&now["splits"]["side"], &now["splits"]["bottom"], &now["splits"]["later"]], [9, 2, 3]);
    assert_eq!(
        (&now["theme"], &now["servers"], &now["later"]),
        (&json!("sepia"), &json!({ "a": ["not a server"] }), &json!({ "x": 1 }))
    );
    change(&file, |settings| settings.theme = Theme::Light);
    assert_eq!(written(&file)["theme"], "light");
}

/// A saved request was lost when the other window changed its theme.
#[test]
fn two_that_save_in_turn_lose_nothing_of_each_other() {
    let (_directory, file) = file();
    change(&file, |settings| settings.saved = vec![saved("first")]);
    let (mut one, mut other) = (file.load().settings, file.load().settings);
    let before = one.clone();
    one.saved.push(saved("second"));
    one.servers.insert("a".into(), "http://localhost:1".into());
    file.save(&before, &one).unwrap();
    let before = other.clone();
    other.theme = Theme::Dark;
    other.servers.insert("b".into(), "http://localhost:2".into());
    other.saved = vec![saved("third")];
    file.save(&before, &other).unwrap();
    let read = file.load().settings;
    let names: Vec<&str> = read.saved.iter().map(|saved| saved.name.as_str()).collect();
    assert_eq!((read.theme, read.servers.len(), names), (Theme::Dark, 2, vec!["third", "second"]));
}

#[test]
fn three_hundred_that_save_at_once_all_succeed_and_none_is_lost() {
    let (_directory, file) = file();
    std::thread::scope(|scope| {
        for thread in 0..12 {
            let file = &file;
            scope.spawn(move || {
                for number in 0..25 {
                    let key = format!("{thread}-{number}");
                    let mut after = Settings::default();
                    after.servers.insert(key.clone(), key.clone());
                    after.saved.push(saved(&key));
                    file.save(&Settings::default(), &after).unwrap();
                }
            });
        }
    });
    let read = file.load().settings;
    assert_eq!((read.servers.len(), read.saved.len()), (300, 300));
    let left: Vec<_> =
        fs::read_dir(file.file.path().parent().unwrap()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 2, "the file and its lock: {left:?}");
}

#[test]
fn each_file_that_is_not_settings_is_kept_under_a_name_of_its_own() {
    let (_directory, file) = file();
    for (text, name) in
        [("{ not json", "settings.broken.json"), ("[]", "settings.broken-2.json"), ("\u{0}", "settings.broken-3.json")]
    {
        fs::write(file.file.path(), text).unwrap();
        let Loaded { settings, trouble } = file.load();
        let trouble = trouble.unwrap();
        assert_eq!((settings, trouble.code), (Settings::default(), Code::SettingsFailed));
        let aside = file.file.path().with_file_name(name);
        assert!(trouble.hint.unwrap().contains(&aside.display().to_string()));
        assert_eq!(fs::read_to_string(aside).unwrap(), text);
        assert!(file.load().trouble.is_none());
    }
    assert_eq!(fs::read_to_string(file.file.path().with_file_name("settings.broken.json")).unwrap(), "{ not json");
    // It may also break while Porthole runs.
    fs::write(file.file.path(), "broken later").unwrap();
    file.save(&Settings::default(), &Settings { theme: Theme::Dark, ..Settings::default() }).unwrap();
    assert_eq!(fs::read_to_string(file.file.path().with_file_name("settings.broken-4.json")).unwrap(), "broken later");
    assert_eq!(file.load().settings.theme, Theme::Dark);
}

#[cfg(unix)]
#[test]
fn a_file_behind_links_is_written_and_the_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (directory, file) = file();
    let real = directory.path().join("dotfiles/porthole.json");
    fs::create_dir(directory.path().join("dotfiles")).unwrap();
    symlink("../dotfiles/link.json", file.file.path()).unwrap();
    symlink("porthole.json", directory.path().join("dotfiles/link.json")).unwrap();
    // At first the link leads nowhere.
    change(&file, |settings| settings.theme = Theme::Dark);
    change(&file, |settings| settings.quota = Some(5));
    assert!(
        file.file.path().is_symlink() && directory.path().join("dotfiles/link.json").is_symlink() && !real.is_symlink()
    );
    assert_eq!(file.load().settings.quota, Some(5));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    symlink(file.file.path(), directory.path().join("loop")).unwrap();
    fs::remove_file(file.file.path()).unwrap();
    symlink(directory.path().join("loop"), file.file.path()).unwrap();
    let failed = file.save(&Settings::default(), &Settings { quota: Some(1), ..Settings::default() }).unwrap_err();
    assert_eq!(failed.code, Code::SettingsFailed);
}

#[test]
fn a_directory_that_is_a_file_is_named_before_something_is_to_be_saved() {
    let directory = tempfile::tempdir().unwrap();
    let parent = directory.path().join("config");
    fs::write(&parent, "").unwrap();
    let file = SettingsFile::new(parent.join("settings.json"));
    let error = file.check_writable().unwrap_err();
    assert_eq!(error.code, Code::SettingsFailed);
    assert!(error.message.contains(&parent.display().to_string()));
    let (_directory, file) = self::file();
    file.check_writable().unwrap();
    assert_eq!(fs::read_dir(file.file.path().parent().unwrap()).unwrap().count(), 0);
}

/// The settings that the other process had just written were moved aside in place of the broken ones.
#[test]
fn a_broken_file_that_another_process_has_replaced_meanwhile_is_not_moved_aside() {
    let (_directory, file) = file();
    fs::write(file.file.path(), "not json").unwrap();
    let Ok(Content::Broken(_)) = file.file.content() else { panic!("it is broken") };
    // Now the other process saves; it moves the broken one aside itself.
    change_blindly(&file, |settings| settings.theme = Theme::Dark);
    let Ok(Recovered::Content(Content::Object(_))) = file.file.recover() else { panic!("it is whole") };
    let loaded = file.load();
    assert_eq!((loaded.settings.theme, loaded.trouble), (Theme::Dark, None));
    let aside: Vec<_> = fs::read_dir(file.file.path().parent().unwrap()).unwrap().flatten().collect();
    let aside = aside.iter().filter(|entry| entry.file_name().to_string_lossy().contains("broken")).count();
    assert_eq!(aside, 1);
}

#[test]
fn a_broken_file_is_moved_aside_only_by_who_holds_its_lock() {
    let (_directory, file) = file();
    fs::write(file.file.path(), "not json").unwrap();
    let lock = fs::File::create(file.file.path().with_file_name(".settings.json.lock")).unwrap();
    lock.lock().unwrap();
    std::thread::scope(|scope| {
        let (path, loading) = (file.file.path().to_owned(), scope.spawn(|| file.load()));
        // Whether it has looked before this or not, it finds what is there when it has the lock.
        fs::write(&path, r#"{"theme":"dark"}"#).unwrap();
        drop(lock);
        let loaded = loading.join().unwrap();
        assert_eq!((loaded.settings.theme, loaded.trouble), (Theme::Dark, None));
    });
}
