//! The forms as texts, and that what is printed is read back.

use proptest::prelude::*;

use super::{request_spec::RequestSpec, *};
use crate::draft::Snippet;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Body, Header, Param, Part, PartContent, Request, Version},
};
use porthole_process::{Command, EnvMode, EnvVar, Stdin, Streaming};

fn target() -> Target {
    let endpoint = Some(Endpoint::Unix("/run/my app.sock".into()));
    Target { endpoint, container: Some("backend".into()), ..Target::demo() }
}

fn form(composed: &Draft, kind: FormKind) -> Form {
    forms(composed, &target()).into_iter().find(|form| form.kind == kind).unwrap()
}

fn of_request(request: &Request, kind: FormKind) -> Form {
    form(&Draft::Request(request.clone()), kind)
}

fn of_command(command: &Command, kind: FormKind) -> Form {
    form(&Draft::Command(command.clone()), kind)
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

fn json(method: &str, path: &str, text: &str) -> Request {
    Request { body: Body::Json { text: text.into() }, ..Request::new(method, path) }
}

fn in_backend(program: &str, args: &[&str]) -> Command {
    Command::new(Place::Container { name: "backend".into() }, program, args.iter().copied())
}

#[test]
fn a_request_is_the_shortest_call_that_says_it() {
    let service = "const result = await ddClient.extension.vm.service";
    for (request, call) in [
        (Request::new("GET", "/x?a=1"), "get(\"/x?a=1\")".to_owned()),
        (Request::new("HEAD", "/x"), "head(\"/x\")".to_owned()),
        (Request::new("DELETE", "/x"), "delete(\"/x\")".to_owned()),
        (Request::new("POST", "/x"), "post(\"/x\", undefined)".to_owned()),
        (json("PUT", "/x", "{\"a\":1}"), "put(\"/x\", {\n  a: 1,\n})".to_owned()),
        (json("PATCH", "/x", "[]"), "patch(\"/x\", [])".to_owned()),
        (
            Request::new("PURGE", "/x"),
            "request({\n  method: \"PURGE\",\n  url: \"/x\",\n  headers: {},\n  data: undefined,\n})".to_owned(),
        ),
    ] {
        let current = of_request(&request, FormKind::Current);
        assert_eq!((current.text, current.notes), (format!("{service}.{call};"), vec![]));
        let deprecated = of_request(&request, FormKind::Deprecated);
        assert_eq!(deprecated.text, format!("const result = await window.ddClient.backend.{call};"));
    }
}

#[test]
fn a_number_that_javascript_cannot_hold_goes_as_a_string_and_says_why() {
    let form = of_request(&json("POST", "/x", "{\"id\":9007199254740993}"), FormKind::Current);
    assert!(form.text.contains("\"Content-Type\": \"application/json\""), "{}", form.text);
    assert!(form.text.contains(r#"data: "{\"id\":9007199254740993}""#), "{}", form.text);
    assert!(form.notes[0].contains("9007199254740993"), "{:?}", form.notes);
}

#[test]
fn what_the_sdk_cannot_say_of_a_request_is_told() {
    let mut request = json("GET", "/x", "{\"a\": 1}");
    request.headers = vec![header("X-A", "1"), header("x-a", "2"), header("Host", "other")];
    request.version = Version::Http10;
    request.timeout_ms = Some(1000);
    let form = of_request(&request, FormKind::Current);
    assert!(form.text.contains("\"X-A\": \"1, 2\""), "{}", form.text);
    for said in ["spaces", "more than once", "body of a GET", "HTTP/1.1", "timeouts", "order", "Host is set by"] {
        assert!(form.notes.iter().any(|note| note.contains(said)), "{said}: {:?}", form.notes);
    }
    let file = Request { body: Body::File { path: "/b".into() }, ..Request::new("PUT", "/x") };
    let form = of_request(&file, FormKind::Current);
    assert!(form.text.is_empty() && form.notes[0].contains("/b"));
}

#[test]
fn curl_sends_no_header_of_its_own() {
    let mut request = Request::new("GET", "/a/../b[1]");
    request.query = vec![Param { name: "q".into(), value: "a b".into() }];
    let own = "-H User-Agent: -H Accept:";
    let curl = |request: &Request| of_request(request, FormKind::Curl).text.replace(" \\\n ", "");
    let socket = "curl --unix-socket '/run/my app.sock'";
    assert_eq!(curl(&request), format!("{socket} --path-as-is --globoff {own} 'http://localhost/a/../b[1]?q=a%20b'"),);
    assert_eq!(curl(&Request::new("HEAD", "/")), format!("{socket} --head {own} http://localhost/"));
    assert_eq!(
        curl(&Request::new("OPTIONS", "*")),
        format!("{socket} -X OPTIONS --request-target '*' {own} http://localhost"),
    );
    let mut request = json("POST", "/", "@it's");
    request.headers = vec![header("Accept", ""), header("X", "1")];
    (request.version, request.timeout_ms, request.connect_timeout_ms) = (Version::Http10, Some(1500), 250);
    assert_eq!(
        curl(&request),
        format!(
            "{socket} --http1.0 --connect-timeout 0.25 --max-time 1.5 -H User-Agent: \
             -H 'Content-Type: application/json' -H 'Accept;' -H 'X: 1' --data-raw '@it'\\''s' http://localhost/"
        ),
    );
}

#[test]
fn a_port_is_asked_without_a_proxy_and_a_pipe_or_a_socket_in_a_container_not_at_all() {
    let request = Draft::Request(Request::new("GET", "/"));
    let at = |endpoint: Endpoint| forms(&request, &Target { endpoint: Some(endpoint), ..target() }).remove(2);
    let form = at(Endpoint::Tcp { host: "::1".into(), port: 8080 });
    assert!(form.text.contains("--noproxy '*'") && form.text.contains("'http://[::1]:8080/'"), "{}", form.text);
    let form = at(Endpoint::Npipe("docker".into()));
    assert!(form.text.is_empty() && form.notes[0].contains("named pipe"));
    let form = at(Endpoint::Container { container: "web".parse().unwrap(), path: "/run/b.sock".into() });
    assert!(form.text.is_empty() && form.notes[0].contains("inside a container"));
    let form = forms(&request, &Target { endpoint: None, ..target() }).remove(2);
    assert!(form.text.is_empty() && form.notes[0].contains("no endpoint"));
}

#[test]
fn curl_for_powershell_is_the_program_and_warns_of_old_ones() {
    let form = of_request(&json("POST", "/", "{\"a\":1}"), FormKind::CurlPowershell);
    assert!(form.text.starts_with("curl.exe `\n  --unix-socket '/run/my app.sock' `\n"), "{}", form.text);
    assert!(form.text.contains("--data-raw '{\"a\":1}'"));
    assert!(form.notes[0].contains("7.3"));
}

#[test]
fn what_porthole_would_not_send_or_run_has_no_code() {
    for composed in [
        Draft::Request(Request::new("GET", "no slash")),
        Draft::Request(Request { headers: vec![header("a b", "")], ..Request::new("GET", "/") }),
        Draft::Request(Request { headers: vec![header("a", "x\n")], ..Request::new("GET", "/") }),
        Draft::Command(in_backend("", &[])),
        Draft::Command(in_backend("a", &["\0"])),
        Draft::Command(Command { env_mode: EnvMode::Replace, ..in_backend("a", &[]) }),
        Draft::Command(Command { place: Place::Host, user: Some("u".into()), ..in_backend("a", &[]) }),
        Draft::Command(Command { place: Place::Host, cwd: Some("here".into()), ..in_backend("a", &[]) }),
    ] {
        let forms = forms(&composed, &target());
        assert_eq!(forms.len(), 4);
        assert!(forms.iter().all(|form| form.text.is_empty() && form.notes.len() == 1), "{forms:?}");
    }
    assert!(forms(&Draft::Console(Snippet { code: "1".into() }), &target()).is_empty());
    let nul = Request { body: Body::Text { text: "a\0b".into() }, ..Request::new("POST", "/") };
    assert!(of_request(&nul, FormKind::Curl).text.is_empty());
}

#[test]
fn a_command_is_code_on_the_cli_of_its_place() {
    let mut command = in_backend("ls", &["-l", "a b"]);
    assert_eq!(
        of_command(&command, FormKind::Current).text,
        "const result = await ddClient.extension.vm.cli.exec(\"ls\", [\"-l\", \"a b\"]);"
    );
    let deprecated = of_command(&command, FormKind::Deprecated);
    assert_eq!(deprecated.text, "const result = await window.ddClient.backend.execInVMExtension(\"ls -l 'a b'\");");
    assert_eq!(deprecated.notes.len(), 1);
    command.cwd = Some("/w".into());
    command.env = ["1", "2"].map(|value| EnvVar { name: "A".into(), value: value.into() }).to_vec();
    command.stream = Some(Streaming { split_lines: true });
    let current = of_command(&command, FormKind::Current).text;
    assert_eq!(
        current,
        "const running = ddClient.extension.vm.cli.exec(\"ls\", [\"-l\", \"a b\"], {\n  cwd: \"/w\",\n  env: {\n    A: \"2\",\n  },\n  \
         stream: {\n    onOutput(data) {\n      if (data.stdout !== undefined) console.log(data.stdout);\n      \
         else console.error(data.stderr);\n    },\n    onError(error) {\n      console.error(error);\n    },\n    \
         onClose(exitCode) {\n      console.log(\"exit code\", exitCode);\n    },\n    splitOutputLines: true,\n  },\n});\n\
         // running.close() stops it."
    );
    let deprecated = of_command(&command, FormKind::Deprecated);
    assert!(
        deprecated
            .text
            .starts_with("window.ddClient.backend.spawnInVMExtension(\"ls\", [\"-l\", \"a b\"], (data, error) => {\n")
    );
    assert_eq!(deprecated.notes.len(), 2);
    command.place = Place::Host;
    command.cwd = command.cwd.map(here);
    assert!(
        of_command(&command, FormKind::Current).text.starts_with("const running = ddClient.extension.host.cli.exec(")
    );
    assert!(of_command(&command, FormKind::Deprecated).text.starts_with("window.ddClient.spawnHostCmd("));
}

#[test]
fn another_container_than_the_backends_is_reached_only_by_the_deprecated_exec() {
    let mut command = in_backend("ls", &[]);
    command.place = Place::Container { name: "db".into() };
    assert!(of_command(&command, FormKind::Current).text.is_empty());
    assert_eq!(
        of_command(&command, FormKind::Deprecated).text,
        "const result = await window.ddClient.backend.execInContainer(\"db\", \"ls\");"
    );
    command.stream = Some(Streaming::default());
    assert!(of_command(&command, FormKind::Deprecated).text.is_empty());
}

#[test]
fn a_container_command_is_docker_exec_and_a_host_command_itself() {
    let mut command = in_backend("-p", &["", "it's"]);
    command.cwd = Some("/w".into());
    command.user = Some("1:2".into());
    command.env = vec![EnvVar { name: "A".into(), value: "b c".into() }];
    let line = "docker exec -w /w -u 1:2 -e 'A=b c' backend -p '' ";
    assert_eq!(of_command(&command, FormKind::DockerExec).text, format!("{line}'it'\\''s'"));
    assert_eq!(
        of_command(&command, FormKind::DockerExecPowershell).text,
        "docker exec -w /w -u '1:2' -e 'A=b c' backend -p '' 'it''s'"
    );
    let at = |engine: &str, command: &Command| {
        let target = Target { engine: Some(engine.into()), container: Some("backend".into()), ..Target::demo() };
        let forms = forms(&Draft::Command(command.clone()), &target);
        forms.into_iter().find(|form| form.kind == FormKind::DockerExec).unwrap().text
    };
    let elsewhere = line.replacen("docker", "docker --context far", 1);
    assert_eq!(at("far", &command), format!("{elsewhere}'it'\\''s'"));
    // What DOCKER_HOST says is asked without a word.
    assert_eq!(at("DOCKER_HOST", &command), format!("{line}'it'\\''s'"));
    (command.place, command.user) = (Place::Host, None);
    let cwd = here("/w".into());
    command.cwd = Some(cwd.clone());
    assert_eq!(
        of_command(&command, FormKind::Shell).text,
        format!("(cd {cwd} && env 'A=b c' -p '' 'it'\\''s' </dev/null)")
    );
    assert_eq!(
        of_command(&command, FormKind::Powershell).text,
        format!(
            "$env:A = 'b c'\nPush-Location -LiteralPath '{cwd}'\n\
             try {{ @() | & (Get-Command -CommandType Application -TotalCount 1 -Name '-p') '' 'it''s' }} finally {{ Pop-Location }}"
        )
    );
    command.env_mode = EnvMode::Replace;
    assert!(of_command(&command, FormKind::Shell).text.contains("env -i 'A=b c' -p"));
    assert!(of_command(&command, FormKind::Powershell).text.is_empty());
}

/// An absolute path of this system.
fn here(path: String) -> String {
    if cfg!(windows) { format!("C:{path}") } else { path }
}

#[test]
fn a_host_command_stands_in_the_targets_directory() {
    let mut target = target();
    let cwd = here("/data".into());
    target.host.cwd = Some(cwd.clone());
    let command = Draft::Command(Command::new(Place::Host, "echo", ["hi"]));
    assert_eq!(forms(&command, &target)[2].text, format!("(cd {cwd} && env echo hi </dev/null)"));
    assert!(forms(&command, &target)[0].text.contains(&format!("cwd: \"{cwd}\"")));
}

/// Text that shells, curl and people trip over.
fn nasty() -> impl Strategy<Value = String> {
    let odd = "[ '\"\\\\$`!\n\t\r@%*~#^&|;<>(){}\\[\\]=,\\-éñ😀\u{2028}\u{2019}\u{201d}\u{1b}a-z0-9]{0,12}";
    prop_oneof![
        odd,
        "-{1,3}[a-z]?",
        "@[a-z]{1,3}",
        Just("--%".to_owned()),
        Just("\\\"".to_owned()),
        Just("a\\".to_owned())
    ]
}

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z!#$%&'*+.^_`|~-]{1,8}"
}

prop_compose! {
    fn request()(
        method in prop_oneof![Just("GET".to_owned()), Just("POST".into()), Just("HEAD".into()), token()],
        path in "/[!$-;=?-_a-z|~{}]{0,12}",
        query in prop::collection::vec((nasty(), nasty()), 0..3),
        headers in prop::collection::vec((token(), "[ -~é]{0,10}"), 0..4),
        body in prop_oneof![
            Just(Body::None),
            nasty().prop_map(|text| Body::Text { text }),
            nasty().prop_map(|text| Body::Json { text }),
            "/[ a-z'\"$]{1,8}".prop_map(|path| Body::File { path }),
            prop::collection::vec((nasty(), nasty()), 0..3).prop_map(|fields| {
                Body::Form { fields: fields.into_iter().map(|(name, value)| Param { name, value }).collect() }
            }),
            prop::collection::vec(part(), 1..4).prop_map(|parts| Body::Multipart { parts }),
        ],
        http10 in any::<bool>(),
        connect_timeout_ms in prop_oneof![Just(5000_u32), 1..100_000_u32],
        timeout_ms in prop::option::of(1..u32::MAX),
        follow_redirects in any::<bool>(),
    ) -> Request {
        Request {
            method,
            path,
            query: query.into_iter().map(|(name, value)| Param { name, value }).collect(),
            headers: headers.into_iter().map(|(name, value)| Header { name, value }).collect(),
            body,
            version: if http10 { Version::Http10 } else { Version::Http11 },
            connect_timeout_ms,
            timeout_ms,
            response_timeout_ms: None,
            client: None,
            follow_redirects,
            off: Vec::new(),
            off_parts: Vec::new(),
        }
    }
}

fn part() -> impl Strategy<Value = Part> {
    let content = prop_oneof![
        nasty().prop_map(|text| PartContent::Text { text }),
        "/[ a-z'\"$;,\\\\]{1,8}".prop_map(|path| PartContent::File { path }),
    ];
    let more = (prop::option::of("[ a-z'\"$;,\\\\]{1,8}"), prop::option::of("[a-z]{1,4}/[a-z]{1,4}"));
    ("[a-z '\"$]{1,6}", content, more).prop_map(|(name, content, (filename, content_type))| Part {
        name,
        content,
        filename,
        content_type,
    })
}

prop_compose! {
    fn command()(
        program in nasty().prop_filter("a program", |program| !program.is_empty()),
        args in prop::collection::vec(nasty(), 0..5),
        cwd in prop::option::of(nasty().prop_map(|path| format!("/{path}"))),
        user in prop::option::of("[a-z]{1,4}(:[0-9]{1,3})?"),
        env in prop::collection::vec(("[A-Za-z_. -]{1,6}", nasty()), 0..3),
    ) -> Command {
        Command {
            cwd,
            user,
            env: env.into_iter().map(|(name, value)| EnvVar { name, value }).collect(),
            ..Command::new(Place::Container { name: "backend".into() }, program, args)
        }
    }
}

/// A request as it goes out: a header that comes with the body anyway is the same composed or not.
fn goes_out(request: &Request) -> (RequestSpec<'_>, Vec<Header>) {
    let mut asks = RequestSpec::of(request).unwrap();
    let mut headers = asks.all_headers();
    headers.sort_by_key(|header| header.name.eq_ignore_ascii_case("content-type"));
    (asks.content_type, asks.headers) = (None, Vec::new());
    if let request_spec::Payload::Text { json, .. } = &mut asks.body {
        *json = false;
    }
    (asks, headers)
}

#[test]
fn a_command_with_an_input_is_a_line_with_a_pipe_or_a_file_and_no_code() {
    let text = Command { stdin: Some(Stdin::Text { text: "a'b\n".into() }), ..in_backend("cat", &[]) };
    let line = of_command(&text, FormKind::DockerExec).text;
    assert!(line.starts_with("printf %s ") && line.contains(" | docker exec -i backend cat"), "{line}");
    assert_eq!(paste(&line).unwrap().composed, Draft::Command(text.clone()));
    let file = Command { stdin: Some(Stdin::File { path: "/a b".into() }), place: Place::Host, ..text.clone() };
    assert_eq!(of_command(&file, FormKind::Shell).text, "(cd && env cat <'/a b')");
    for kind in [FormKind::Current, FormKind::Deprecated, FormKind::DockerExecPowershell] {
        let form = of_command(&text, kind);
        assert!(form.text.is_empty() && form.notes[0].contains("standard input"), "{form:?}");
    }
}

#[test]
fn a_multipart_form_is_a_curl_line_and_no_code() {
    let text = PartContent::Text { text: "@x;y".into() };
    let part = Part { name: "a".into(), content: text, filename: None, content_type: None };
    let file =
        Part { content: PartContent::File { path: "/f;1".into() }, content_type: Some("a/b".into()), ..part.clone() };
    let request = Request { body: Body::Multipart { parts: vec![part, file] }, ..Request::new("POST", "/x") };
    let line = of_request(&request, FormKind::Curl).text;
    assert!(line.contains("--form-string 'a=@x;y'") && line.contains("-F 'a=@\"/f;1\";type=a/b'"), "{line}");
    assert!(of_request(&request, FormKind::Current).text.is_empty());
}

#[test]
fn a_caret_after_a_quote_that_powershell_takes_as_it_is_is_no_cmd() {
    let command = Command::new(Place::Container { name: "backend".into() }, "-", ["\t\"^"]);
    let form = of_command(&command, FormKind::DockerExecPowershell);
    let pasted = paste(&form.text.replacen("docker", "docker.exe", 1)).unwrap();
    assert_eq!(pasted.composed, Draft::Command(command), "{}", form.text);
}

#[test]
fn a_caret_before_a_quote_in_a_printed_word_with_a_tab_is_no_cmd() {
    let body = Body::Text { text: "\"^\"\t".into() };
    let request = Request { body, ..Request::new("GET", "/") };
    let pasted = paste(&of_request(&request, FormKind::Curl).text).unwrap();
    let Draft::Request(read) = &pasted.composed else { panic!("{pasted:?}") };
    assert_eq!(goes_out(read), goes_out(&request));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_curl_line_is_read_back_as_the_same_request(request in request(), powershell in any::<bool>()) {
        let kind = if powershell { FormKind::CurlPowershell } else { FormKind::Curl };
        let form = of_request(&request, kind);
        if RequestSpec::of(&request).is_err() {
            prop_assert!(form.text.is_empty());
        } else {
            let pasted = paste(&form.text).unwrap();
            let Draft::Request(read) = &pasted.composed else { panic!("{pasted:?}") };
            prop_assert_eq!(goes_out(read), goes_out(&request), "{}", form.text);
        }
    }

    #[test]
    fn a_printed_docker_line_is_read_back_as_the_same_command(command in command()) {
        let form = of_command(&command, FormKind::DockerExec);
        let pasted = paste(&form.text).unwrap();
        prop_assert_eq!(pasted, Pasted { composed: Draft::Command(command), notes: vec![] }, "{}", form.text);
    }

    /// Asked for as `docker.exe`, which only PowerShell's reader takes.
    #[test]
    fn a_printed_docker_line_for_powershell_is_read_back_as_the_same_command(command in command()) {
        let form = of_command(&command, FormKind::DockerExecPowershell);
        let pasted = paste(&form.text.replacen("docker", "docker.exe", 1)).unwrap();
        prop_assert_eq!(pasted.composed, Draft::Command(command), "{}", form.text);
    }

    /// The end of a bracketed paste and a line break ran what followed.
    #[test]
    fn no_form_holds_what_acts_on_a_terminal(request in request(), command in command(), odd in any::<String>()) {
        let odd = format!("\u{1b}[201~\nid\n{odd}\u{9b}\u{202e}");
        let request = Request { body: Body::Text { text: odd.clone() }, ..request };
        let mut command = command;
        command.args.push(odd.replace('\0', ""));
        let mut host = command.clone();
        host.place = Place::Host;
        for composed in [Draft::Request(request), Draft::Command(command), Draft::Command(host)] {
            for form in forms(&composed, &target()) {
                let acts = |c: char| porthole_base::terminal::is_control(c) && c != '\n';
                prop_assert!(!form.text.contains(acts), "{:?}", form.text);
                // A line begins with Porthole's own indentation, or ends a word in quotes: `id` is on none.
                prop_assert!(!form.text.lines().any(|line| line.starts_with("id")), "{:?}", form.text);
            }
        }
    }

    #[test]
    fn any_pasted_text_is_read_or_refused(text in any::<String>(), odd in nasty()) {
        for text in [&text, &format!("curl {odd}"), &format!("docker exec {odd} {odd}"), &format!("curl.exe {odd}"), &format!("curl ^\"{odd}")] {
            if let Err(error) = paste(text) {
                prop_assert_eq!(error.code, porthole_base::error::Code::PasteUnknown);
            }
        }
    }
}
