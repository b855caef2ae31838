//! Commands whose prompt would show another program than the one that starts.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use porthole_app::permission::ProposedState;
use porthole_base::error::Code;
use porthole_extension::Guest;
use porthole_output::Stream;
use porthole_process::{EnvVar, Run, Streaming};
use porthole_sdk::{
    call::Act,
    permission::Scope,
    runtime::Runtime,
    sdk_call::{CliTarget, Sdk, SdkCall, SdkExec},
};
use porthole_timeline::prompt::{ProgramFacts, PromptAction};

use crate::place::{Place, place};

/// An extension whose own `usr/bin/git` is found from one of its folders as the system's is from elsewhere.
fn with_extension() -> Place {
    let place = place();
    let at = |name: &str| place.folder.path().join(name);
    fs::create_dir_all(at("extension/usr/bin")).unwrap();
    fs::create_dir_all(at("extension/a/b/c/d")).unwrap();
    let git = at("extension/usr/bin/git");
    fs::write(&git, "#!/bin/sh\necho EVIL\n").unwrap();
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).unwrap();
    place
}

fn exec(cmd: &str, args: &[&str], path: Option<&str>, cwd: PathBuf) -> Sdk {
    let env = path.map(|value| EnvVar { name: "PATH".into(), value: value.into() }).into_iter().collect();
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    let (cwd, stream) = (Some(cwd.display().to_string()), Some(Streaming::default()));
    let asked =
        SdkExec { whose: CliTarget::Host, cmd: cmd.into(), args, line: false, cwd, env, stream, container: None };
    Sdk::new(SdkCall::Exec(asked), Runtime::DockerDesktop)
}

struct Shown {
    program: ProgramFacts,
    line_programs: Vec<ProgramFacts>,
    line_unclear: bool,
    env_loading: u64,
}

impl Place {
    fn below(&self, name: &str) -> PathBuf {
        self.folder.path().join("extension").join(name)
    }

    async fn propose(&self, sdk: Sdk) -> (u32, Shown) {
        let guest = Guest { own: vec![self.below("")], ..Guest::without_backend() };
        let proposed = self.gate.propose(sdk, guest).await.unwrap();
        let ProposedState::Waiting { pending } = proposed.state else { panic!("{:?}", proposed.state) };
        let prompt = self.timeline.changes(0).await.prompt.unwrap();
        let PromptAction::Command { program, line_programs, line_unclear, env_loading, .. } = prompt.action else {
            panic!()
        };
        (pending, Shown { program: *program, line_programs, line_unclear, env_loading })
    }

    /// What ran, and what it wrote.
    async fn approved(&self, pending: u32) -> (Run, String) {
        self.approve(pending, Scope::Once).await;
        let ProposedState::Started { id } = self.gate.decision(pending).await.unwrap() else { panic!() };
        let call = self.timeline.ended(id).await.unwrap();
        let Act::Run(run) = &call.act else { panic!() };
        let output = self.timeline.output(id).unwrap().read(Stream::Stdout, 0, 1000).unwrap_or_default();
        (run.clone(), String::from_utf8_lossy(&output).into_owned())
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_program_that_is_another_file_for_its_own_process_is_not_shown_as_the_one_that_runs() {
    let place = with_extension();
    let there = place.below("a/b/c/d");
    std::os::unix::fs::symlink("/proc/self/cwd", place.below("link")).unwrap();
    let link = place.below("link").display().to_string();
    let up = "/proc/self/cwd/../../../../usr/bin";
    for (cmd, path) in [
        (format!("{up}/git"), None),
        (format!("{link}/../../../../usr/bin/git"), None),
        ("git".to_owned(), Some(format!("{up}:/usr/bin:/bin"))),
        ("git".to_owned(), Some(format!("{link}/../../../../usr/bin:/usr/bin:/bin"))),
        ("/proc/self/exe".to_owned(), None),
        ("/dev/fd/0".to_owned(), None),
    ] {
        let (pending, shown) = place.propose(exec(&cmd, &["--version"], path.as_deref(), there.clone())).await;
        assert_eq!(shown.program.path, None, "{cmd} {path:?}");
        assert_eq!(shown.program.error.map(|error| error.code), Some(Code::PathThroughProc), "{cmd} {path:?}");
        let (run, output) = place.approved(pending).await;
        assert_eq!(run.failure.map(|error| error.code), Some(Code::PathThroughProc));
        assert_eq!(output, "");
    }
}

#[tokio::test]
async fn a_relative_entry_of_the_path_finds_nothing_where_the_program_will_run() {
    let place = with_extension();
    let sdk = exec("git", &["--version"], Some("../../../../usr/bin:/usr/bin:/bin"), place.below("a/b/c/d"));
    let (pending, shown) = place.propose(sdk).await;
    assert!(!shown.program.from_extension && shown.env_loading == 1, "{:?}", shown.program);
    assert!(!place.approved(pending).await.1.contains("EVIL"));
}

#[tokio::test]
async fn a_line_whose_programs_only_the_shell_knows_shows_none_as_a_fact() {
    let place = with_extension();
    for line in [
        "cd ../../../..; ./usr/bin/git",
        "PATH=../../../../usr/bin:$PATH git",
        "/proc/self/cwd/../../../../usr/bin/git $x",
        "eval ../../../../usr/bin/git",
    ] {
        let (pending, shown) = place.propose(exec("sh", &["-c", line], None, place.below("a/b/c/d"))).await;
        assert!(shown.line_unclear, "{line}");
        assert!(shown.line_programs.iter().all(|program| program.path.is_none()), "{line}");
        place.gate.deny(pending).unwrap();
    }
    let (_, shown) = place.propose(exec("sh", &["-c", "ls; cat x"], None, place.below("a/b/c/d"))).await;
    assert!(!shown.line_unclear && shown.line_programs.iter().all(|program| program.path.is_some()));
}
