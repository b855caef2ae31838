use super::*;
use porthole_engine::target::Host;
use porthole_http::exchange::Header;
use porthole_process::{Bin, EnvMode, EnvVar, Streaming};

const DOCKER: Runtime = Runtime::DockerDesktop;
const RANCHER: Runtime = Runtime::RancherDesktop;
const PODMAN: Runtime = Runtime::PodmanDesktop;
const OLDER: Runtime = Runtime::PodmanDesktopOlder;

fn target() -> Target {
    Target { container: Some("backend".into()), ..Target::demo() }
}

fn exec(whose: CliTarget, cmd: &str, args: &[&str]) -> SdkExec {
    SdkExec {
        whose,
        cmd: cmd.into(),
        args: args.iter().map(|arg| (*arg).into()).collect(),
        line: false,
        cwd: None,
        env: vec![],
        stream: None,
        container: None,
    }
}

fn streaming(asked: SdkExec) -> SdkExec {
    SdkExec { stream: Some(Streaming::default()), ..asked }
}

fn command_at(asked: &SdkExec, runtime: Runtime, target: &Target) -> Command {
    match plan(&SdkCall::Exec(asked.clone()), runtime, target).does {
        PlannedAction::Command { command } => command,
        other => panic!("{other:?}"),
    }
}

fn command(asked: &SdkExec, runtime: Runtime) -> Command {
    command_at(asked, runtime, &target())
}

fn argv(asked: &SdkExec, runtime: Runtime) -> Vec<String> {
    let command = command(asked, runtime);
    [command.program].into_iter().chain(command.args).collect()
}

fn says(asked: &SdkExec, runtime: Runtime, words: &str) -> bool {
    plan(&SdkCall::Exec(asked.clone()), runtime, &target()).rules.iter().any(|rule| rule.text.contains(words))
}

fn get(url: &str) -> SdkRequest {
    SdkRequest { method: "GET".into(), url: url.into(), headers: vec![], named: true, data: None }
}

fn request(asked: &SdkRequest, runtime: Runtime) -> Request {
    match plan(&SdkCall::Request(asked.clone()), runtime, &target()).does {
        PlannedAction::Request { request } => request,
        other => panic!("{other:?}"),
    }
}

fn refusal(asked: &SdkCall, runtime: Runtime) -> SdkOutcome {
    match plan(asked, runtime, &target()).does {
        PlannedAction::Refuses { outcome } => outcome,
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
#[test]
fn a_plain_host_command_goes_through_a_shell_where_the_runtime_has_one() {
    let asked = exec(CliTarget::Host, "printf", &["%s|", "\"a b\"", "c"]);
    assert_eq!(argv(&asked, DOCKER), ["/bin/sh", "-c", "printf %s| \"a b\" c"]);
    assert_eq!(argv(&asked, OLDER), ["/bin/sh", "-c", "printf %s| \"a b\" c"]);
    assert_eq!(argv(&asked, RANCHER), ["printf", "%s|", "a b", "c"]);
    assert!(says(&asked, DOCKER, "through a shell") && says(&asked, OLDER, "through a shell"));
}

#[test]
fn streaming_never_goes_through_a_shell() {
    let asked = streaming(exec(CliTarget::Host, "printf", &["%s", "\"a b\""]));
    assert_eq!(argv(&asked, DOCKER), ["printf", "%s", "\"a b\""]);
    assert_eq!(argv(&asked, OLDER), ["printf", "%s", "\"a b\""]);
    assert_eq!(argv(&asked, RANCHER), ["printf", "%s", "a b"]);
    assert_eq!(command(&asked, DOCKER).stream, asked.stream, "what was asked stays with the command");
}

#[test]
fn in_the_container_the_joined_line_is_split_and_nothing_is_expanded() {
    let asked = exec(CliTarget::Vm, "sh", &["-c", "echo $HOME 'x y'"]);
    let place = Place::Container { name: "backend".into() };
    assert_eq!(command(&asked, DOCKER).place, place);
    assert_eq!(argv(&asked, DOCKER), ["sh", "-c", "echo", "$HOME", "x y"]);
    assert!(says(&asked, DOCKER, "doesn't reproduce"));
    assert!(!says(&exec(CliTarget::Vm, "ls", &["-l"]), DOCKER, "doesn't reproduce"));
    assert_eq!(argv(&asked, OLDER), ["sh", "-c", "echo $HOME 'x y'"]);
    assert_eq!(argv(&asked, RANCHER), ["sh", "-c", "echo $HOME 'x y'"]);
    assert_eq!(
        argv(&exec(CliTarget::Vm, "echo", &["it's"]), DOCKER),
        ["echo", "it's"],
        "a quote that is not closed stays"
    );
}

#[test]
fn another_container_may_be_named_and_none_may_be_there() {
    let asked = SdkExec { container: Some("db".into()), ..exec(CliTarget::Vm, "ls", &[]) };
    assert_eq!(command(&asked, DOCKER).place, Place::Container { name: "db".into() });
    let none = command_at(&exec(CliTarget::Vm, "ls", &[]), OLDER, &Target::demo());
    assert_eq!(none.place, Place::Container { name: String::new() });
}

#[test]
fn rancher_desktop_takes_one_pair_of_quotes_off_and_twice_for_docker() {
    let asked = exec(CliTarget::Vm, "'x'", &["'a'", "\"'b'\"", "'c", "\"\"", "'", "'d\ne'"]);
    assert_eq!(argv(&asked, RANCHER), ["'x'", "a", "'b'", "'c", "", "'", "'d\ne'"]);
    let asked = exec(CliTarget::Docker, "'ps'", &["\"'b'\""]);
    assert_eq!(argv(&asked, RANCHER), ["docker", "ps", "b"]);
}

#[test]
fn rancher_desktop_looks_only_into_the_bin_folder() {
    let asked = exec(CliTarget::Host, "tool", &[]);
    let bin = Target { host: Host { bin: Some("/ext/bin/".into()), ..Host::default() }, ..Target::demo() };
    assert_eq!(command_at(&asked, RANCHER, &bin).program, "/ext/bin/tool");
    let absolute = exec(CliTarget::Host, "/usr/bin/tool", &[]);
    assert_eq!(command_at(&absolute, RANCHER, &bin).program, "/ext/bin/usr/bin/tool");
    assert_eq!(command(&asked, RANCHER).program, "tool");
    assert!(says(&asked, RANCHER, "so Porthole uses PATH"));
    assert_eq!(command_at(&streaming(asked), DOCKER, &bin).program, "tool");
}

fn surrounded(whose: CliTarget) -> SdkExec {
    let env = vec![EnvVar { name: "A".into(), value: "asked".into() }];
    SdkExec { cwd: Some("/asked".into()), env, ..streaming(exec(whose, "x", &[])) }
}

#[test]
fn directory_and_variables_are_honoured_or_not() {
    let host =
        Host { cwd: Some("/target".into()), env: vec![EnvVar { name: "B".into(), value: "target".into() }], bin: None };
    let target = Target { host, ..target() };
    let of = |command: &Command| {
        let names: Vec<String> = command.env.iter().map(|var| var.name.clone()).collect();
        (command.cwd.clone(), names.concat(), command.env_mode)
    };
    let (asked, own) = (Some("/asked".to_owned()), Some("/target".to_owned()));
    let on_host = surrounded(CliTarget::Host);
    assert_eq!(of(&command_at(&on_host, DOCKER, &target)), (asked.clone(), "BA".into(), EnvMode::Add));
    assert_eq!(of(&command_at(&on_host, RANCHER, &target)), (asked.clone(), "A".into(), EnvMode::Replace));
    assert_eq!(of(&command_at(&on_host, OLDER, &target)), (None, String::new(), EnvMode::Add));
    let bare = exec(CliTarget::Host, "x", &[]);
    assert_eq!(of(&command_at(&bare, DOCKER, &target)), (own.clone(), "B".into(), EnvMode::Add));
    assert_eq!(of(&command_at(&bare, RANCHER, &target)), (own, "B".into(), EnvMode::Add));
    assert_eq!(of(&command_at(&bare, OLDER, &target)), (None, String::new(), EnvMode::Add));
    let inside = surrounded(CliTarget::Vm);
    assert_eq!(of(&command_at(&inside, DOCKER, &target)), (asked.clone(), "A".into(), EnvMode::Add));
    assert_eq!(of(&command_at(&inside, RANCHER, &target)), (asked, String::new(), EnvMode::Add));
    assert_eq!(of(&command_at(&inside, OLDER, &target)), (None, String::new(), EnvMode::Add));
    assert!(says(&inside, RANCHER, "no effect") && says(&inside, OLDER, "ignored"));
    assert!(!says(&exec(CliTarget::Vm, "x", &[]), OLDER, "ignored"));
}

#[cfg(unix)]
#[test]
fn docker_is_the_docker_program_on_the_host() {
    let asked = exec(CliTarget::Docker, "ps", &["--format", "{{.Names}}"]);
    assert_eq!(argv(&asked, DOCKER), ["/bin/sh", "-c", "docker ps --format {{.Names}}"]);
    assert_eq!(argv(&streaming(asked.clone()), OLDER), ["docker", "ps", "--format", "{{.Names}}"]);
    assert!(says(&asked, OLDER, "podman instead of docker"));
    for whose in [CliTarget::Docker, CliTarget::Host] {
        assert!(plan(&SdkCall::Exec(exec(whose, "ps", &[])), RANCHER, &target()).on_host);
    }
    assert!(!plan(&SdkCall::Exec(exec(CliTarget::Vm, "ps", &[])), DOCKER, &target()).on_host);
}

#[cfg(unix)]
#[test]
fn a_deprecated_line_is_docker_desktops_alone() {
    let line = SdkExec { line: true, ..exec(CliTarget::Host, "echo 'a b'", &[]) };
    assert_eq!(argv(&line, DOCKER), ["/bin/sh", "-c", "echo 'a b'"]);
    assert_eq!(argv(&streaming(line.clone()), DOCKER), ["echo", "a b"]);
    let inside = SdkExec { line: true, ..exec(CliTarget::Vm, "echo 'a b'", &[]) };
    assert_eq!(argv(&inside, DOCKER), ["echo", "a b"]);
    let SdkOutcome::Thrown { value } = refusal(&SdkCall::Exec(line), RANCHER) else { panic!("not thrown") };
    assert_eq!(value, Value::error_of("TypeError", "ddClient.execHostCmd is not a function"));
    let SdkOutcome::Thrown { value } = refusal(&SdkCall::Exec(inside), OLDER) else { panic!("not thrown") };
    assert_eq!(
        value,
        Value::error_of("TypeError", "Cannot read properties of undefined (reading 'execInVMExtension')")
    );
}

#[test]
fn a_url_is_a_path_whatever_it_looks_like() {
    for runtime in [DOCKER, RANCHER] {
        assert_eq!(request(&get("/a?b=1"), runtime).path, "/a?b=1");
        assert_eq!(request(&get("a/b"), runtime).path, "/a/b");
        assert_eq!(request(&get("http://localhost/x?y"), runtime).path, "/x?y");
        assert_eq!(request(&get("http://localhost"), runtime).path, "/");
        assert_eq!(request(&get("/a b#part"), runtime).path, "/a%20b");
        assert_eq!(request(&get("?q=ü"), runtime).path, "/?q=%C3%BC");
        assert_eq!(plan(&SdkCall::Request(get("/a")), runtime, &target()).rules, []);
        assert_eq!(plan(&SdkCall::Request(get("a")), runtime, &target()).rules.len(), 1);
    }
    assert_eq!(request(&get("/a"), OLDER).path, "/a");
    for url in ["a/b", "http://localhost/x"] {
        let SdkOutcome::Rejected { value } = refusal(&SdkCall::Request(get(url)), OLDER) else {
            panic!("not rejected")
        };
        assert!(format!("{value:?}").contains("Invalid URL"));
    }
}

fn with(data: Data, named: bool) -> SdkRequest {
    SdkRequest { method: "POST".into(), named, data: Some(data), ..get("/x") }
}

fn object() -> Data {
    Data {
        text: "[object Object]".into(),
        json: Some(r#"{"n":9007199254740993}"#.into()),
        is_text: false,
        falsy: false,
    }
}

fn text(text: &str) -> Data {
    Data { text: text.into(), json: serde_json::to_string(text).ok(), is_text: true, falsy: text.is_empty() }
}

#[test]
fn objects_are_encoded_or_not() {
    let json = Body::Json { text: r#"{"n":9007199254740993}"#.into() };
    for (runtime, named, body) in [
        (DOCKER, true, json.clone()),
        (DOCKER, false, json.clone()),
        (RANCHER, true, json.clone()),
        (RANCHER, false, Body::Text { text: "[object Object]".into() }),
        (OLDER, true, json.clone()),
        (OLDER, false, json),
    ] {
        assert_eq!(request(&with(object(), named), runtime).body, body, "{runtime} {named}");
    }
}

#[test]
fn texts_are_sent_as_they_are_but_for_podman_desktop() {
    for runtime in [DOCKER, RANCHER] {
        assert_eq!(request(&with(text("a\"b"), true), runtime).body, Body::Text { text: "a\"b".into() });
    }
    assert_eq!(request(&with(text("a\"b"), true), OLDER).body, Body::Json { text: r#""a\"b""#.into() });
}

#[test]
fn falsy_data_is_dropped_by_podman_desktop_alone() {
    let zero = Data { text: "0".into(), json: Some("0".into()), is_text: false, falsy: true };
    assert_eq!(request(&with(zero.clone(), false), DOCKER).body, Body::Json { text: "0".into() });
    assert_eq!(request(&with(zero.clone(), false), RANCHER).body, Body::Text { text: "0".into() });
    assert_eq!(request(&with(zero, false), OLDER).body, Body::None);
    let null = Data { text: "null".into(), json: Some("null".into()), is_text: false, falsy: true };
    assert_eq!(request(&with(null.clone(), false), RANCHER).body, Body::None);
    assert_eq!(request(&with(null, true), RANCHER).body, Body::Json { text: "null".into() });
    let function = Data { text: "() => 1".into(), json: None, is_text: false, falsy: false };
    assert_eq!(request(&with(function, true), DOCKER).body, Body::None);
}

#[test]
fn methods_and_headers_are_those_that_were_asked_for() {
    let header = Header { name: "X-A".into(), value: "1".into() };
    let asked = SdkRequest { method: "PURGE".into(), headers: vec![header.clone()], ..get("/x") };
    for runtime in [DOCKER, RANCHER] {
        let request = request(&asked, runtime);
        assert_eq!(request.method, "PURGE");
        assert!(porthole_http::exchange::without_additions(&request.headers).eq([&header]), "{:?}", request.headers);
    }
    assert!(matches!(refusal(&SdkCall::Request(asked), OLDER), SdkOutcome::Rejected { .. }));
    // A Runtime whose client is known sends what that client adds, once.
    let names =
        |runtime| request(&get("/x"), runtime).headers.into_iter().map(|header| header.name).collect::<Vec<_>>();
    assert_eq!(names(DOCKER), [""; 0]);
    assert_eq!(names(RANCHER), ["Accept", "User-Agent", "Accept-Encoding"]);
    assert_eq!(names(OLDER), ["user-agent", "accept-encoding"]);
    assert_eq!(request(&SdkRequest { method: "delete".into(), ..get("/x") }, OLDER).method, "DELETE");
}

#[test]
fn list_options_become_the_engines_parameters() {
    let options = r#"{"all":true,"limit":3,"name":"a b","none":null,"filters":{"status":["running"]}}"#;
    let asked = SdkCall::List(SdkList { what: EngineList::Containers, options: Some(options.into()) });
    for runtime in Runtime::ALL {
        let PlannedAction::Engine { request } = plan(&asked, runtime, &target()).does else { panic!("not the engine") };
        assert_eq!(request.path, "/containers/json");
        let query: Vec<(&str, &str)> =
            request.query.iter().map(|param| (param.name.as_str(), param.value.as_str())).collect();
        let filters = ("filters", r#"{"status":["running"]}"#);
        assert_eq!(query, [("all", "true"), ("limit", "3"), ("name", "a b"), filters]);
    }
    let asked = SdkCall::List(SdkList { what: EngineList::Images, options: Some("7".into()) });
    let PlannedAction::Engine { request } = plan(&asked, DOCKER, &target()).does else { panic!("not the engine") };
    assert_eq!((request.path.as_str(), request.query.len()), ("/images/json", 0));
}

#[test]
fn no_plan_has_more_rules_than_can_be_read() {
    let asked = SdkExec { line: true, ..surrounded(CliTarget::Vm) };
    for runtime in Runtime::ALL {
        assert!(plan(&SdkCall::Exec(asked.clone()), runtime, &target()).rules.len() <= AT_MOST);
    }
}

#[test]
fn an_extensions_own_programs_are_on_the_path_as_each_runtime_has_it() {
    let asked = streaming(exec(CliTarget::Host, "tool", &[]));
    let target = Target { host: Host { bin: Some("/ext/bin".into()), ..Host::default() }, ..Target::demo() };
    let bin = |first| Some(Bin { directory: "/ext/bin".into(), first });
    assert_eq!(command_at(&asked, DOCKER, &target).bin, bin(true));
    assert_eq!(command_at(&asked, RANCHER, &target).bin, bin(false));
    assert_eq!(command_at(&asked, OLDER, &target).bin, None);
    // The docker program is nobody's own, and there is nothing to add where the target names none.
    for runtime in Runtime::ALL {
        assert_eq!(command_at(&exec(CliTarget::Docker, "ps", &[]), runtime, &target).bin, None);
        assert_eq!(command(&asked, runtime).bin, None);
    }
    let replaced = SdkExec { env: vec![EnvVar { name: "A".into(), value: "1".into() }], ..asked };
    assert_eq!(command_at(&replaced, RANCHER, &target).bin, None);
}

#[test]
fn the_docker_program_asks_the_targets_engine() {
    let asked = exec(CliTarget::Docker, "ps", &[]);
    let named = |engine: Option<&str>| Target { engine: engine.map(str::to_owned), ..target() };
    for runtime in Runtime::ALL {
        let env = command_at(&asked, runtime, &named(Some("far"))).env;
        let told: Vec<_> = env.iter().map(|var| (var.name.as_str(), var.value.as_str())).collect();
        assert_eq!(told, [("DOCKER_HOST", ""), ("DOCKER_CONTEXT", "far")], "{runtime}");
        for same in [None, Some("DOCKER_HOST")] {
            assert_eq!(command_at(&asked, runtime, &named(same)).env, []);
        }
        assert_eq!(command_at(&exec(CliTarget::Host, "ps", &[]), runtime, &named(Some("far"))).env, []);
    }
}

#[test]
fn beside_a_native_backend_what_is_for_its_container_runs_on_this_machine_and_is_said_to() {
    let native = Target { native: true, ..Target::demo() };
    for runtime in Runtime::ALL {
        let asked = exec(CliTarget::Vm, "ls", &["-l"]);
        assert_eq!(command_at(&asked, runtime, &native).place, Place::Host, "{runtime}");
        assert!(plan(&SdkCall::Exec(asked), runtime, &native).on_host);
    }
    // A container that is named is meant.
    let named = SdkExec { container: Some("db".into()), ..exec(CliTarget::Vm, "ls", &[]) };
    assert_eq!(command_at(&named, DOCKER, &native).place, Place::Container { name: "db".into() });
}

#[test]
fn the_newer_podman_desktop_uses_no_shell_and_leaves_out_what_docker_was_given_in_vain() {
    let asked = exec(CliTarget::Host, "echo", &["a b", "", "$HOME"]);
    assert_eq!(argv(&asked, PODMAN), ["echo", "a b", "", "$HOME"]);
    assert!(!says(&asked, PODMAN, "through a shell") && says(&asked, OLDER, "through a shell"));
    let socket = "/var/run/docker.sock:/var/run/docker.sock";
    let docker = exec(CliTarget::Docker, "run", &["-v", socket, "", "-v", "/a:/b", "-v", socket, "image", "-v"]);
    assert_eq!(argv(&docker, PODMAN), ["docker", "run", "-v", "/a:/b", "image", "-v"]);
    assert_eq!(argv(&streaming(docker.clone()), OLDER), ["docker", "run", "", "-v", "/a:/b", "image", "-v"]);
    assert!(says(&docker, PODMAN, "removed"));
    let unchanged = exec(CliTarget::Docker, "ps", &["-v", "/a:/b"]);
    assert!(!says(&unchanged, PODMAN, "removed") && !says(&unchanged, OLDER, "removed"));
}

#[test]
fn fetch_has_methods_and_headers_of_its_own() {
    let asked = |method: &str| SdkRequest { method: method.into(), ..get("/x") };
    let with = |method: &str| SdkRequest { data: Some(text("a")), ..asked(method) };
    let words = |asked| crate::sdk_result::render(&refusal(&SdkCall::Request(asked), PODMAN));
    assert!(words(asked("trace")).contains("TypeError: \\'trace\\' HTTP method is unsupported."));
    assert!(words(with("get")).contains("Request with GET/HEAD method cannot have body."));
    assert!(words(with("HEAD")).contains("Request with GET/HEAD method cannot have body."));
    for (method, sent) in [("patch", "patch"), ("PATCH", "PATCH"), ("put", "PUT"), ("options", "OPTIONS")] {
        assert_eq!(request(&asked(method), PODMAN).method, sent);
    }
    let rules = plan(&SdkCall::Request(asked("patch")), PODMAN, &target()).rules;
    assert!(rules.iter().any(|rule| rule.text.contains("except `patch`")), "{rules:?}");
    let mut typed = with("POST");
    for (name, value) in [("content-type", "text/plain"), ("Host", "other"), ("Content-Length", "9")] {
        typed.headers.push(Header { name: name.into(), value: value.into() });
    }
    let sent = request(&typed, PODMAN);
    let headers: Vec<String> = sent.headers.iter().map(|header| format!("{}: {}", header.name, header.value)).collect();
    assert_eq!(
        headers,
        [
            "content-type: text/plain, application/json",
            "accept: */*",
            "accept-language: *",
            "sec-fetch-mode: cors",
            "user-agent: node",
            "accept-encoding: gzip, deflate",
        ]
    );
}
