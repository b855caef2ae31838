use porthole_http::endpoint::Endpoint;
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::{state::MOST, *};
use porthole_engine::target::Host;
use porthole_extension::Watch;
use porthole_http::exchange::Header;
use porthole_output::Stream;
use porthole_process::{Bin, Ending};
use porthole_sdk::{
    call::Act,
    runtime::Runtime,
    sdk_call::{CliTarget, SdkCall, SdkExec},
};
use porthole_timeline::{Call, Changes};

struct Place {
    directory: tempfile::TempDir,
    timeline: Arc<Timeline>,
    gate: Arc<Gate>,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let timeline = Arc::new(Timeline::new(root.to_owned(), root.join("kept"), u64::MAX, None));
    let gate = Arc::new(Gate::new(Arc::clone(&timeline), root.join("config/permissions.json")));
    gate.set_page(Some(content("one")));
    Place { directory, timeline, gate }
}

fn content(id: &str) -> Content {
    let parts = [("ui/index.html".to_owned(), id.to_owned())].into();
    Content::of("acme/volumes".to_owned(), parts, true, Watch::default())
}

fn guest(origin: Origin) -> Guest {
    Guest { origin, ..Guest::without_backend() }
}

fn exec(whose: CliTarget, cmd: &str, args: &[&str]) -> Sdk {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    let asked = SdkExec {
        whose,
        cmd: cmd.to_owned(),
        args,
        line: false,
        cwd: None,
        env: vec![],
        stream: Some(porthole_process::Streaming::default()),
        container: None,
    };
    Sdk::new(SdkCall::Exec(asked), Runtime::DockerDesktop)
}

fn post(url: &str) -> Sdk {
    let headers: Vec<Header> = Vec::new();
    let data =
        Some(porthole_sdk::sdk_call::Data { text: "{}".into(), json: Some("{}".into()), is_text: false, falsy: false });
    let asked =
        porthole_sdk::sdk_call::SdkRequest { method: "POST".into(), url: url.into(), headers, named: true, data };
    Sdk::new(SdkCall::Request(asked), Runtime::DockerDesktop)
}

/// A program that leaves a mark.
fn tool(path: &Path, marks: &Path, word: &str) {
    fs::write(path, format!("#!/bin/sh\necho {word} >> {}\n", marks.display())).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

impl Place {
    fn marks(&self) -> std::path::PathBuf {
        self.directory.path().join("marks")
    }

    fn marked(&self) -> String {
        fs::read_to_string(self.marks()).unwrap_or_default()
    }

    /// An extension with a program of this name.
    fn own(&self, name: &str) -> Guest {
        let bin = self.directory.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        tool(&bin.join(name), &self.marks(), "own");
        let host = Host { bin: Some(bin.display().to_string()), ..Host::default() };
        let mut guest = guest(Origin::Page);
        guest.target.host = host;
        guest.own = vec![bin];
        guest
    }

    async fn waits(&self, sdk: Sdk, guest: Guest) -> u32 {
        match self.gate.propose(sdk, guest).await.unwrap().state {
            ProposedState::Waiting { pending } => pending,
            other => panic!("{other:?}"),
        }
    }

    async fn changes(&self) -> Changes {
        self.timeline.changes(0).await
    }

    /// Publishes the prompt, and lets the time pass in which it takes no approval.
    async fn read(&self) -> Prompt {
        let prompt = self.changes().await.prompt.unwrap();
        while self.timeline.prompted_for(prompt.pending).unwrap() < SHOWN_AT_LEAST {
            tokio::task::yield_now().await;
        }
        prompt
    }

    async fn approved(&self, pending: u32, scope: Scope) -> Call {
        self.read().await;
        self.gate.approve(pending, scope).await.unwrap();
        match self.gate.decision(pending).await.unwrap() {
            ProposedState::Started { id } => Call::clone(&self.timeline.ended(id).await.unwrap()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_prompt_shows_the_program_that_runs_and_whose_it_is() {
    let place = place();
    let guest = place.own("git");
    place.waits(exec(CliTarget::Host, "git", &["--version"]), guest.clone()).await;
    let prompt = place.read().await;
    assert_eq!((prompt.extension.as_deref(), prompt.kind), (Some("acme/volumes"), CallKind::Host));
    let porthole_timeline::prompt::PromptAction::Command { program, args, args_total, bin, shell_line, .. } =
        prompt.action
    else {
        panic!("no command")
    };
    let real = place.directory.path().canonicalize().unwrap().join("bin/git");
    assert_eq!(program.path.as_deref(), Some(real.to_str().unwrap()));
    assert!(program.from_extension && program.changed_s_ago.is_some_and(|seconds| seconds < 600));
    assert_eq!((args[0].text.as_str(), args_total, shell_line), ("--version", 1, None));
    assert_eq!(bin, guest.target.host.bin.clone().map(|directory| Bin { directory, first: true }));
    place.gate.deny(prompt.pending).unwrap();
    // Without callbacks the same goes through a shell, whose line starts the extension's program just as well.
    let mut sdk = exec(CliTarget::Host, "A=1 env", &["git", "--version"]);
    let SdkCall::Exec(asked) = &mut sdk.asked else { panic!() };
    asked.stream = None;
    place.waits(sdk, guest).await;
    let porthole_timeline::prompt::PromptAction::Command { program, shell_line, line_programs, .. } =
        place.read().await.action
    else {
        panic!("no command")
    };
    assert!(!program.from_extension && program.path.is_some());
    assert_eq!(shell_line.unwrap().text, "A=1 env git --version");
    let named = |at: usize| (line_programs[at].asked.text.as_str(), line_programs[at].from_extension);
    assert_eq!([named(0), named(1)], [("env", false), ("git", true)]);
}

#[tokio::test]
async fn what_is_approved_is_the_call_that_was_planned_whatever_the_target_is_now() {
    let place = place();
    let mut guest = guest(Origin::Console);
    guest.target.host.env = vec![porthole_process::EnvVar { name: "WHERE".into(), value: "before".into() }];
    let pending = place.waits(exec(CliTarget::Host, "sh", &["-c", "printf \"$WHERE\""]), guest.clone()).await;
    // The target is another one now: nothing is planned again.
    guest.target.host.env[0].value = "after".into();
    let call = place.approved(pending, Scope::Once).await;
    assert_eq!(call.decision, Some(Decision::Once));
    assert_eq!(place.timeline.output(call.id).unwrap().read(Stream::Stdout, 0, 20).unwrap(), b"before");
    assert_eq!(place.gate.approve(pending, Scope::Once).await.unwrap_err().code, Code::PendingNotFound);
    assert_eq!(place.gate.deny(pending).unwrap_err().code, Code::PendingNotFound);
    assert_eq!(place.gate.decision(pending).await.unwrap_err().code, Code::PendingNotFound, "it is told once");
}

#[tokio::test]
async fn a_program_that_is_swapped_while_its_prompt_waits_does_not_run() {
    type Swap = fn(&Path, &Path);
    let swaps: [Swap; 5] = [
        |tool_at, marks| {
            fs::remove_file(tool_at).unwrap();
            tool(tool_at, marks, "swapped");
        },
        |tool_at, marks| {
            let beside = tool_at.with_extension("new");
            tool(&beside, marks, "swapped");
            fs::rename(beside, tool_at).unwrap();
        },
        // Written in place, with its length and its time as they were.
        |tool_at, _| {
            let time = fs::metadata(tool_at).unwrap().modified().unwrap();
            let text = fs::read_to_string(tool_at).unwrap().replace("own", "bad");
            fs::write(tool_at, text).unwrap();
            fs::File::options().write(true).open(tool_at).unwrap().set_modified(time).unwrap();
        },
        |tool_at, marks| {
            let beside = tool_at.with_extension("new");
            tool(&beside, marks, "swapped");
            fs::remove_file(tool_at).unwrap();
            std::os::unix::fs::symlink(beside, tool_at).unwrap();
        },
        |tool_at, _| fs::remove_file(tool_at).unwrap(),
    ];
    for in_shell in [false, true] {
        for swap in swaps {
            let place = place();
            let guest = place.own("tool");
            let mut sdk = exec(CliTarget::Host, "tool", &[]);
            let SdkCall::Exec(asked) = &mut sdk.asked else { panic!() };
            if in_shell {
                asked.stream = None;
            }
            let pending = place.waits(sdk, guest).await;
            place.read().await;
            swap(&place.directory.path().join("bin/tool"), &place.marks());
            assert_eq!(place.gate.approve(pending, Scope::Session).await.unwrap_err().code, Code::ProgramChanged);
            let ProposedState::Refused { id, error } = place.gate.decision(pending).await.unwrap() else { panic!() };
            let call = place.timeline.ended(id).await.unwrap();
            assert_eq!((error.code, call.decision), (Code::ProgramChanged, Some(Decision::ProgramChanged)));
            assert_eq!(place.marked(), "");
            assert!(!place.changes().await.permissions.decided, "and nothing was allowed");
        }
    }
}

#[tokio::test]
async fn a_program_that_appears_while_its_prompt_waits_does_not_run() {
    let place = place();
    let guest = place.own("other");
    let pending = place.waits(exec(CliTarget::Host, "tool", &[]), guest).await;
    let prompt = place.read().await;
    let porthole_timeline::prompt::PromptAction::Command { program, .. } = prompt.action else { panic!() };
    assert_eq!(program.error.unwrap().code, Code::ProgramNotFound);
    tool(&place.directory.path().join("bin/tool"), &place.marks(), "appeared");
    let call = place.approved(pending, Scope::Once).await;
    let Act::Run(run) = call.act else { panic!() };
    assert_eq!((run.failure.unwrap().code, place.marked().as_str()), (Code::ProgramNotFound, ""));
}

#[tokio::test]
async fn an_approval_is_for_the_prompt_that_was_there_long_enough_to_be_read() {
    let place = place();
    let first = place.waits(exec(CliTarget::Host, "true", &[]), guest(Origin::Page)).await;
    let second = place.waits(exec(CliTarget::Host, "false", &[]), guest(Origin::Page)).await;
    let refused = |pending, scope| {
        let gate = Arc::clone(&place.gate);
        async move { gate.approve(pending, scope).await.unwrap_err().code }
    };
    assert_eq!(refused(first, Scope::Once).await, Code::PromptTooNew, "it was never published");
    let told = place.changes().await;
    assert_eq!((told.prompt.unwrap().pending, told.waiting), (first, 2));
    assert_eq!(refused(first, Scope::Once).await, Code::PromptTooNew);
    place.read().await;
    assert_eq!(refused(second, Scope::Once).await, Code::PromptTooNew, "it waits behind the other one");
    assert_eq!(refused(77, Scope::Once).await, Code::PendingNotFound);
    place.gate.approve(first, Scope::Once).await.unwrap();
    // The second of two clicks meets the next prompt, which is new.
    assert_eq!(refused(second, Scope::Once).await, Code::PromptTooNew);
    assert_eq!(place.changes().await.prompt.unwrap().pending, second);
    assert_eq!(refused(second, Scope::Once).await, Code::PromptTooNew);
    place.gate.deny(second).unwrap();
    let ProposedState::Refused { id, error } = place.gate.decision(second).await.unwrap() else { panic!() };
    assert_eq!((error.code, place.timeline.call(id).unwrap().decision), (Code::NotAllowed, Some(Decision::Denied)));
    assert_eq!(place.changes().await.waiting, 0);
}

#[tokio::test]
async fn calls_that_are_made_at_once_are_asked_about_in_the_order_in_which_they_were_made() {
    let place = place();
    // The first has a program that takes long to read.
    let large = place.directory.path().join("large");
    tool(&large, &place.marks(), "large");
    fs::File::options().append(true).open(&large).unwrap().set_len(64 * 1024 * 1024).unwrap();
    let large = large.display().to_string();
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (gate, program) = (Arc::clone(&place.gate), if n == 0 { large.clone() } else { "true".to_owned() });
        calls.spawn(async move {
            let args = [n.to_string()];
            let sdk = exec(CliTarget::Host, &program, &[args[0].as_str()]);
            gate.propose(sdk, guest(Origin::Page)).await.unwrap();
        });
    }
    calls.join_all().await;
    for n in 0..8 {
        let prompt = place.changes().await.prompt.unwrap();
        let porthole_timeline::prompt::PromptAction::Command { args, .. } = &prompt.action else { panic!() };
        assert_eq!(args[0].text, n.to_string());
        place.gate.deny(prompt.pending).unwrap();
    }
}

#[tokio::test]
async fn a_page_that_goes_takes_its_pending_calls_along() {
    let place = place();
    let leave: [fn(&Gate); 3] = [
        |gate| gate.withdraw(Origin::Page),
        |gate| gate.set_page(None),
        |gate| gate.set_page(Some(content("another"))),
    ];
    for leave in leave {
        let page = place.waits(exec(CliTarget::Host, "true", &[]), guest(Origin::Page)).await;
        let console = place.waits(exec(CliTarget::Host, "true", &[]), guest(Origin::Console)).await;
        place.read().await;
        let (gate, decided) = (
            Arc::clone(&place.gate),
            tokio::spawn({
                let gate = Arc::clone(&place.gate);
                async move { gate.decision(page).await }
            }),
        );
        leave(&gate);
        assert_eq!(decided.await.unwrap().unwrap_err().code, Code::Cancelled);
        assert_eq!(gate.approve(page, Scope::Once).await.unwrap_err().code, Code::PendingNotFound);
        let left = place.changes().await;
        assert_eq!((left.prompt.unwrap().pending, left.waiting), (console, 1), "the console is another matter");
        gate.deny(console).unwrap();
    }
    let ran = place.changes().await.calls.len();
    assert_eq!(ran, 3, "the three that were denied in the console, and nothing of the page");
}

#[tokio::test]
async fn so_many_calls_wait_and_no_more() {
    let place = place();
    for _ in 0..MOST {
        place.waits(exec(CliTarget::Host, "true", &[]), guest(Origin::Page)).await;
    }
    let refused = place.gate.propose(exec(CliTarget::Host, "true", &[]), guest(Origin::Page)).await.unwrap_err();
    assert_eq!(refused.code, Code::TooManyPending);
    place.waits(exec(CliTarget::Host, "true", &[]), guest(Origin::Console)).await;
    assert_eq!(place.changes().await.waiting, MOST as u32 + 1);
    // Allowed at once, all of them go.
    place.gate.set_permission(CallKind::Host, Permission::Allow).await.unwrap();
    assert_eq!(place.changes().await.waiting, 1);
    assert_eq!(place.changes().await.calls.len(), MOST);
}

#[tokio::test]
async fn what_is_allowed_always_belongs_to_the_content() {
    let place = place();
    let sdk = || exec(CliTarget::Host, "true", &[]);
    let pending = place.waits(sdk(), guest(Origin::Page)).await;
    let waiting_too = place.waits(sdk(), guest(Origin::Page)).await;
    let call = place.approved(pending, Scope::Always).await;
    assert_eq!(call.decision, Some(Decision::Always));
    let ProposedState::Started { .. } = place.gate.decision(waiting_too).await.unwrap() else { panic!() };
    let free = |gate: Arc<Gate>, content| async move {
        gate.set_page(Some(content));
        matches!(gate.propose(sdk(), guest(Origin::Page)).await.unwrap().state, ProposedState::Started { .. })
    };
    let again =
        || Arc::new(Gate::new(Arc::clone(&place.timeline), place.directory.path().join("config/permissions.json")));
    assert!(free(Arc::clone(&place.gate), content("one")).await);
    assert!(free(again(), content("one")).await, "from one start to the next");
    assert!(!free(Arc::clone(&place.gate), content("two")).await, "the same name");
    assert_eq!(place.changes().await.prompt.unwrap().changed[0].text, "ui/index.html (changed)");
    let unknown = Content { id: None, lasting: false, ..content("one") };
    assert!(!free(Arc::clone(&place.gate), unknown).await);
    assert_eq!(place.changes().await.prompt.unwrap().scopes, [Scope::Once]);
    // For the session it is gone with the next start.
    place.gate.set_page(Some(content("three")));
    let pending = place.waits(sdk(), guest(Origin::Page)).await;
    place.approved(pending, Scope::Session).await;
    assert!(free(Arc::clone(&place.gate), content("three")).await);
    assert!(!free(again(), content("three")).await);
    place.gate.set_page(Some(content("one")));
    place.gate.reset_permissions().await.unwrap();
    assert!(!free(Arc::clone(&place.gate), content("one")).await && !free(again(), content("one")).await);
}

#[tokio::test]
async fn a_call_that_is_allowed_along_with_another_is_never_in_a_prompt() {
    let place = place();
    let pending = [
        place.waits(exec(CliTarget::Host, "true", &["1"]), guest(Origin::Page)).await,
        place.waits(exec(CliTarget::Host, "true", &["2"]), guest(Origin::Page)).await,
        place.waits(exec(CliTarget::Docker, "version", &[]), guest(Origin::Page)).await,
    ];
    place.read().await;
    let approving = {
        let gate = Arc::clone(&place.gate);
        tokio::spawn(async move { gate.approve(pending[0], Scope::Session).await })
    };
    let mut prompted = std::collections::BTreeSet::from([pending[0]]);
    while prompted.len() < 2 {
        prompted.extend(place.changes().await.prompt.map(|prompt| prompt.pending));
        tokio::task::yield_now().await;
    }
    approving.await.unwrap().unwrap();
    assert_eq!(prompted, [pending[0], pending[2]].into());
    for started in [pending[0], pending[1]] {
        assert_eq!(place.gate.pending_end(started).await.unwrap(), PendingEnd::Started);
    }
    place.gate.pending_end(pending[2]).await.unwrap_err();
    place.gate.withdraw(Origin::Page);
    assert_eq!(place.gate.pending_end(pending[2]).await.unwrap(), PendingEnd::Withdrawn);
}

#[tokio::test]
async fn a_scope_that_was_not_offered_is_refused() {
    let place = place();
    let pending = place.waits(exec(CliTarget::Host, "true", &[]), guest(Origin::Console)).await;
    assert_eq!(place.read().await.scopes, [Scope::Once, Scope::Session]);
    assert_eq!(place.gate.approve(pending, Scope::Always).await.unwrap_err().code, Code::ScopeNotOffered);
    let call = place.approved(pending, Scope::Session).await;
    let Act::Run(run) = call.act else { panic!() };
    assert_eq!(run.ending, Some(Ending::Exited { code: 0 }));
    let next = place.gate.propose(exec(CliTarget::Docker, "true", &[]), guest(Origin::Console)).await.unwrap();
    assert!(matches!(next.state, ProposedState::Started { .. }));
    place.gate.revoke_console();
    place.waits(exec(CliTarget::Host, "true", &[]), guest(Origin::Console)).await;
}

#[tokio::test]
async fn a_page_without_a_backend_reaches_nothing_else() {
    let place = place();
    for sdk in [post("/containers/create"), exec(CliTarget::Vm, "id", &[])] {
        let refused = place.gate.propose(sdk, guest(Origin::Page)).await.unwrap_err();
        assert_eq!(refused.code, Code::BackendMissing);
    }
    assert_eq!(place.changes().await.calls, []);
}

#[tokio::test]
async fn writing_to_an_engine_is_asked_for_in_the_console_and_reading_is_not() {
    let place = place();
    let socket = place.directory.path().join("docker.sock");
    let endpoint: Endpoint = format!("container://outer{}", "/var/run/docker.sock").parse().unwrap();
    let console = Guest { endpoint: Ok(endpoint.clone()), ..guest(Origin::Console) };
    let pending = place.waits(post("/containers/create"), console.clone()).await;
    let prompt = place.read().await;
    assert_eq!((prompt.kind, prompt.scopes), (CallKind::Engine, vec![Scope::Once, Scope::Session]));
    place.gate.deny(pending).unwrap();
    let mut get = post("/containers/json");
    let SdkCall::Request(asked) = &mut get.asked else { panic!() };
    (asked.method, asked.data) = ("GET".into(), None);
    let read = place.gate.propose(get.clone(), console).await.unwrap();
    assert!(matches!(read.state, ProposedState::Started { .. }));
    // A page has no business there, and is never let in for good.
    place.waits(get, Guest { endpoint: Ok(endpoint), ..guest(Origin::Page) }).await;
    assert_eq!(place.read().await.scopes, [Scope::Once]);
    // An ordinary backend is asked nothing about.
    let own = Guest { endpoint: Ok(Endpoint::Unix(socket)), ..guest(Origin::Console) };
    let sent = place.gate.propose(post("/volumes"), own).await.unwrap();
    assert!(matches!(sent.state, ProposedState::Started { .. }));
}

#[tokio::test]
async fn what_is_kept_in_another_form_allows_nothing_and_the_rest_stays() {
    let place = place();
    let file = place.directory.path().join("other.json");
    let id = content("one").id().to_owned();
    let allow = r#"{"service":"allow","container":"allow","host":"allow","docker":"allow"}"#;
    let whole = format!(r#"{{"permissions":{allow},"name":"acme/volumes","parts":{{}},"order":1}}"#);
    let kept = |entry: &str| format!(r#"{{"contents":{{"{id}":{entry},"other":{whole}}},"servers":{{}}}}"#);
    // As permissions were kept before: by the manifest alone, which anybody has.
    let before = format!(r#"{{"leaves":{{"{id}":{allow}}},"contents":{{}}}}"#);
    let forms = [
        (kept(&whole), true),
        (kept(allow), false),
        (kept("7"), false),
        (kept(&whole.replace(r#""docker":"allow""#, r#""docker":"everything""#)), false),
        (before, false),
        ("not json".to_owned(), false),
        (String::new(), false),
    ];
    for (text, allowed) in forms {
        fs::write(&file, &text).unwrap();
        let gate = Gate::new(Arc::clone(&place.timeline), file.clone());
        gate.set_page(Some(content("one")));
        let proposed = gate.propose(exec(CliTarget::Host, "true", &[]), guest(Origin::Page)).await.unwrap();
        assert_eq!(matches!(proposed.state, ProposedState::Started { .. }), allowed, "{text}");
    }
}

/// Its lock was waited for on a worker of the runtime, and with the state locked.
#[tokio::test]
async fn a_process_that_holds_the_permissions_file_holds_up_no_decision() {
    let place = place();
    let config = place.directory.path().join("config");
    fs::create_dir_all(&config).unwrap();
    let lock = fs::File::create(config.join(".permissions.json.lock")).unwrap();
    lock.lock().unwrap();
    let pending = place.waits(exec(CliTarget::Host, "true", &[]), guest(Origin::Page)).await;
    place.read().await;
    let gate = Arc::clone(&place.gate);
    let approving = tokio::spawn(async move { gate.approve(pending, Scope::Always).await });
    let ProposedState::Started { .. } = place.gate.decision(pending).await.unwrap() else { panic!() };
    let next = place.waits(exec(CliTarget::Host, "true", &[]), guest(Origin::Console)).await;
    place.gate.deny(next).unwrap();
    let allowed = place.gate.propose(exec(CliTarget::Host, "true", &[]), guest(Origin::Page)).await.unwrap();
    assert!(matches!(allowed.state, ProposedState::Started { .. }));
    assert!(!approving.is_finished(), "it is not in the file yet");
    drop(lock);
    approving.await.unwrap().unwrap();
    let again = Gate::new(Arc::clone(&place.timeline), config.join("permissions.json"));
    again.set_page(Some(content("one")));
    let allowed = again.propose(exec(CliTarget::Host, "true", &[]), guest(Origin::Page)).await.unwrap();
    assert!(matches!(allowed.state, ProposedState::Started { .. }));
}
