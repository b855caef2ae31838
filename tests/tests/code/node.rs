//! Code for `ddClient` is run by Node.

use super::*;

/// Runs each source with a `ddClient` that writes down how it is called.
const NODE: &str = r#"
const sources = JSON.parse(require("fs").readFileSync(0, "utf8"));
const run = async (source) => {
  const calls = [];
  const at = (path) => new Proxy(function () {}, {
    get: (_, name) => at(path === "" ? name : path + "." + name),
    apply: (_, __, args) => { calls.push({ path, args }); return path.endsWith("then") ? undefined : { then: undefined }; },
  });
  const said = [];
  const console = { log: (...all) => said.push(all), error: (...all) => said.push(all) };
  const body = Object.getPrototypeOf(async function () {}).constructor;
  await new body("ddClient", "window", "console", source)(at("ddClient"), at("window"), console);
  if (calls.length !== 1) throw new Error(calls.length + " calls: " + source);
  const [{ path, args }] = calls;
  const stream = args[2]?.stream;
  if (stream) {
    stream.onOutput({ stdout: "" }); stream.onOutput({ stderr: "e" }); stream.onError("x"); stream.onClose(0);
  }
  if (typeof args[2] === "function") {
    args[2]({ stdout: "" }); args[2]({ stderr: "e" }); args[2](undefined, "x"); args[2]({ code: 0 });
  }
  return { path, args: args.map((arg) => arg === undefined ? null : arg), json: args.map((arg) => JSON.stringify(arg?.data ?? arg) ?? null), said };
};
Promise.all(sources.map(run)).then((all) => process.stdout.write(JSON.stringify(all)));
"#;

fn node(sources: &[String]) -> Vec<serde_json::Value> {
    let mut child = Process::new("node")
        .args(["-e", NODE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node, which also builds the page");
    child.stdin.take().unwrap().write_all(serde_json::to_string(sources).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn code_for_a_request_that_is_run_asks_for_that_request() {
    let json = |text: &str| with_body("POST", Body::Json { text: text.into() });
    // As `JSON.stringify` writes them, so that they can be compared byte by byte.
    let objects = [
        "{}",
        "[]",
        "{\"a\":[1,-2.5,true,null,{\"b-c\":\"it's \\\"\\\\ \\n\"}]}",
        "{\"__proto__\":{\"x\":1},\"constructor\":2}",
        "{\"\":9007199254740991,\"é😀\":\"\\u001b\",\"a\\nb\":\"</script>\"}",
    ];
    // These go as strings, as they are.
    let strings =
        ["{\"n\":9007199254740993}", "{\"b\":1,\"1\":2}", "{\"a\":1,\"a\":2}", "[1.0]", "\"text\"", "0", "{ broken"];
    let target = Target::demo();
    for (kind, place) in
        [(FormKind::Current, "ddClient.extension.vm.service"), (FormKind::Deprecated, "window.ddClient.backend")]
    {
        let print = |request: Request| form(Draft::Request(request), &target, kind);
        for (call, text) in node(&objects.map(|text| print(json(text)))).iter().zip(objects) {
            assert_eq!(call["path"], format!("{place}.post"));
            assert_eq!((&call["args"][0], &call["json"][1]), (&"/x".into(), &text.into()));
        }
        for (call, text) in node(&strings.map(|text| print(json(text)))).iter().zip(strings) {
            assert_eq!(call["path"], format!("{place}.request"));
            assert_eq!(call["args"][0]["data"], text);
            assert_eq!(call["args"][0]["headers"]["Content-Type"], "application/json");
        }
        let words: Vec<String> = nasty();
        let with_words = |word: &String| {
            let headers = vec![header("X-Word", word), header("__proto__", "1")];
            let headers = if word.contains(char::is_control) { Vec::new() } else { headers };
            print(Request { headers, ..with_body("PURGE", text(&format!(".{word}"))) })
        };
        for (call, word) in node(&words.iter().map(with_words).collect::<Vec<_>>()).iter().zip(&words) {
            assert_eq!(call["args"][0]["method"], "PURGE");
            assert_eq!(call["args"][0]["data"], format!(".{word}"));
            if !word.contains(char::is_control) {
                assert_eq!(call["args"][0]["headers"]["X-Word"], word.trim_matches([' ', '\t']));
                assert_eq!(call["args"][0]["headers"]["__proto__"], "1");
            }
        }
    }
}

#[test]
fn code_for_a_command_that_is_run_asks_for_that_command() {
    let mut target = Target { container: Some("backend".into()), ..Target::demo() };
    let mut command = Command::new(Place::Container { name: "backend".into() }, "it's", nasty());
    command.env = nasty().into_iter().enumerate().map(|(n, value)| EnvVar { name: format!("A {n}"), value }).collect();
    command.cwd = Some("/it's \"here\"".into());
    for (stream, said) in [(None, 0), (Some(Default::default()), 4)] {
        command.stream = stream;
        let print = |kind| form(Draft::Command(command.clone()), &target, kind);
        let calls = node(&[print(FormKind::Current), print(FormKind::Deprecated)]);
        let (current, deprecated) = (&calls[0], &calls[1]);
        assert_eq!(current["path"], "ddClient.extension.vm.cli.exec");
        assert_eq!(current["args"][0], "it's");
        assert_eq!(current["args"][1], serde_json::json!(nasty()));
        assert_eq!(current["args"][2]["cwd"], "/it's \"here\"");
        for var in &command.env {
            assert_eq!(current["args"][2]["env"][&var.name], var.value);
        }
        for call in [current, deprecated] {
            assert_eq!(call["said"].as_array().unwrap().len(), said, "{call}");
        }
        if stream.is_some() {
            assert_eq!(current["args"][2]["stream"]["splitOutputLines"], false);
            assert_eq!(deprecated["path"], "window.ddClient.backend.spawnInVMExtension");
            assert_eq!(deprecated["args"][1], serde_json::json!(nasty()));
        } else {
            // The one string is what a shell splits into the same words.
            assert_eq!(deprecated["path"], "window.ddClient.backend.execInVMExtension");
            let words = porthole_process::split_words(deprecated["args"][0].as_str().unwrap()).unwrap();
            assert_eq!(words, [vec!["it's".to_owned()], nasty()].concat());
        }
    }
    command.place = Place::Host;
    (command.stream, target.container) = (None, None);
    let calls = node(
        &[FormKind::Current, FormKind::Deprecated].map(|kind| form(Draft::Command(command.clone()), &target, kind)),
    );
    assert_eq!(calls[0]["path"], "ddClient.extension.host.cli.exec");
    assert_eq!(calls[1]["path"], "window.ddClient.execHostCmd");
}
