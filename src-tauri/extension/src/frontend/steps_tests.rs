use std::fs;

use super::{PackageCommand, ProjectStep, SourcePage, command_as_shown, source_page};
use crate::ExtensionRoot;
use porthole_base::error::Code;

const PAGE: (&str, &str) = ("ui/index.html", "<script type=module src=/src/main.tsx></script>");

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files.iter().chain([&PAGE]) {
        write(&folder, path, text);
    }
    folder
}

fn write(folder: &tempfile::TempDir, path: &str, text: &str) {
    let path = folder.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn steps(folder: &tempfile::TempDir) -> (PackageCommand, PackageCommand) {
    let SourcePage { project, .. } =
        source_page(&ExtensionRoot::open(folder.path()).unwrap(), "ui", "index.html").unwrap();
    let project = project.unwrap();
    (project.install.unwrap(), project.build.unwrap())
}

fn scripts(command: &PackageCommand) -> Vec<(&str, &str)> {
    command.scripts.iter().map(|script| (script.name.as_str(), script.text.as_str())).collect()
}

#[test]
fn an_installation_showed_three_of_the_scripts_that_it_runs() {
    let ui = r#"{"scripts":{"build":"vite build","prepare":"a","prepublish":"b","preprepare":"c","postprepare":"d",
        "preinstall":"e","dependencies":"f","pnpm:devPreinstall":"g","test":"no"},
        "dependencies":{"lib":"file:../lib","react":"^18"},"optionalDependencies":{"b":"../b"}}"#;
    let folder = project(&[
        ("ui/package.json", ui),
        ("package.json", r#"{"workspaces":["ui"],"scripts":{"postinstall":"root","build":"no"}}"#),
    ]);
    let (install, build) = steps(&folder);
    assert_eq!(
        scripts(&install),
        [
            ("pnpm:devPreinstall", "g"),
            ("preinstall", "e"),
            ("prepublish", "b"),
            ("preprepare", "c"),
            ("prepare", "a"),
            ("postprepare", "d"),
            ("dependencies", "f"),
            ("postinstall", "root"),
        ]
    );
    let files: Vec<_> = install.scripts.iter().filter_map(|script| script.file.as_deref()).collect();
    assert_eq!(files, ["package.json"]);
    assert_eq!(
        install.also,
        [
            "the dependency lib (file:../lib) in ui/package.json",
            "the dependency b (../b) in ui/package.json",
            "the workspaces in package.json"
        ]
    );
    assert!(install.whole && build.whole);
    assert_eq!(scripts(&build), [("build", "vite build")]);
    assert!(build.also.is_empty());
    // A package above that isn't the root of workspaces is not installed.
    write(&folder, "package.json", r#"{"scripts":{"postinstall":"root"}}"#);
    assert!(!scripts(&steps(&folder).0).contains(&("postinstall", "root")));
    // One that can't be read here may be read by a package manager.
    write(&folder, "package.json", &format!(r#"{{"workspaces":["ui"],"x":{}}}"#, "[".repeat(500)));
    assert!(!steps(&folder).0.whole);
}

#[test]
fn a_bare_binding_gyp_runs_node_gyp() {
    let folder = project(&[("ui/package.json", r#"{"scripts":{"build":"x"}}"#), ("ui/binding.gyp", "{}")]);
    let (install, _) = steps(&folder);
    assert_eq!(scripts(&install), [("install", "node-gyp rebuild")]);
    assert_eq!(install.scripts[0].file.as_deref(), Some("ui/binding.gyp"));
    write(&folder, "ui/package.json", r#"{"scripts":{"build":"x","install":"own"}}"#);
    assert_eq!(scripts(&steps(&folder).0), [("install", "own")]);
}

#[test]
fn files_that_replace_what_runs_a_script_were_not_shown() {
    for (lock, files, expected) in [
        ("package-lock.json", vec!["ui/.npmrc", ".npmrc", ".yarnrc.yml"], vec!["ui/.npmrc", ".npmrc"]),
        ("yarn.lock", vec!["ui/.yarnrc.yml", ".yarn/plugins/a.cjs"], vec!["ui/.yarnrc.yml", ".yarn"]),
        (
            "pnpm-lock.yaml",
            vec!["ui/.pnpmfile.cjs", "pnpm-workspace.yaml"],
            vec!["ui/.pnpmfile.cjs", "pnpm-workspace.yaml"],
        ),
        ("bun.lock", vec!["ui/bunfig.toml", "ui/.env"], vec!["ui/bunfig.toml", "ui/.env"]),
    ] {
        let folder = project(&[("ui/package.json", r#"{"scripts":{"build":"x"}}"#), (&format!("ui/{lock}"), "")]);
        for file in &files {
            write(&folder, file, "");
        }
        let (install, build) = steps(&folder);
        assert_eq!((&install.also, &build.also), (&expected.iter().map(|&f| f.to_owned()).collect(), &install.also));
    }
}

#[cfg(unix)]
#[test]
fn a_configuration_behind_a_link_that_leads_out_takes_effect_too() {
    let folder = project(&[("ui/package.json", r#"{"scripts":{"build":"x"}}"#)]);
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("ui/.npmrc")).unwrap();
    assert_eq!(steps(&folder).1.also, ["ui/.npmrc"]);
}

#[test]
fn a_command_ran_other_scripts_than_those_that_were_shown() {
    let package = r#"{"scripts":{"build":"vite build"}}"#;
    let folder = project(&[("ui/package.json", package)]);
    let (install, build) = steps(&folder);
    let run = |step, shown: &PackageCommand| command_as_shown(folder.path(), ("ui", "index.html"), step, shown);
    assert_eq!(run(ProjectStep::Build, &build).unwrap(), build.command);
    assert_eq!(run(ProjectStep::Install, &install).unwrap(), install.command);
    let refused = |step, shown: &PackageCommand| run(step, shown).unwrap_err().code;
    // What is asked for is one of the two, and nothing that the window makes up.
    assert_eq!(refused(ProjectStep::Install, &build), Code::ProjectChanged);
    let mut other = build.clone();
    other.command.program = "sh".to_owned();
    assert_eq!(refused(ProjectStep::Build, &other), Code::ProjectChanged);
    for (file, text) in [
        ("ui/package.json", r#"{"scripts":{"build":"vite build; curl evil"}}"#),
        ("ui/package.json", r#"{"scripts":{"build":"vite build","prebuild":"curl evil"}}"#),
        ("ui/.npmrc", "script-shell=./evil"),
        ("ui/yarn.lock", ""),
    ] {
        write(&folder, file, text);
        assert_eq!(refused(ProjectStep::Build, &build), Code::ProjectChanged, "{file}: {text}");
        write(&folder, "ui/package.json", package);
        if file != "ui/package.json" {
            fs::remove_file(folder.path().join(file)).unwrap();
        }
    }
    assert!(run(ProjectStep::Build, &build).is_ok());
    fs::create_dir(folder.path().join("ui/node_modules")).unwrap();
    assert_eq!(refused(ProjectStep::Install, &install), Code::ProjectChanged);
    // The extension's folder is another one by now.
    fs::rename(folder.path().join("ui"), folder.path().join("before")).unwrap();
    assert_eq!(refused(ProjectStep::Build, &build), Code::ProjectChanged);
}

#[test]
fn a_command_whose_scripts_are_cut_is_not_started() {
    let long = |length: usize| format!(r#"{{"scripts":{{"build":"{}"}}}}"#, "ä".repeat(length));
    let folder = project(&[("ui/package.json", &long(4_000))]);
    assert!(steps(&folder).1.whole);
    write(&folder, "ui/package.json", &long(4_001));
    let (_, build) = steps(&folder);
    assert!(!build.whole && build.scripts[0].text.ends_with('…'));
    let refused = command_as_shown(folder.path(), ("ui", "index.html"), ProjectStep::Build, &build).unwrap_err();
    assert_eq!(refused.code, Code::ScriptsTooLong);
    let many: Vec<_> = (0..100).map(|n| format!(r#""d{n}":"file:../{n}""#)).collect();
    write(
        &folder,
        "ui/package.json",
        &format!(r#"{{"scripts":{{"build":"x"}},"dependencies":{{{}}}}}"#, many.join(",")),
    );
    let (install, build) = steps(&folder);
    assert!(!install.whole && build.whole && install.also.len() <= 40);
}
