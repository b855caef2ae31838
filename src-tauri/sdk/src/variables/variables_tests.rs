use super::*;
use porthole_http::exchange::{Body, Header, Param, Part, PartContent, Request};
use porthole_process::{Command, EnvVar, Place, Stdin};
use proptest::prelude::*;

fn variable(name: &str, value: &str) -> Variable {
    Variable { name: name.into(), value: value.into(), secret: false }
}

fn local() -> Vec<Environment> {
    let secret = Variable { secret: true, ..variable("token", "s3cr&t") };
    vec![
        Environment { name: "other".into(), variables: vec![variable("host", "elsewhere")] },
        Environment {
            name: "local".into(),
            variables: vec![variable("host", "a b"), variable("base", "/api/v1"), secret],
        },
    ]
}

fn filled(path: &str) -> Result<String> {
    let environments = local();
    let mut draft = Draft::Request(Request::new("GET", path));
    Environments::new(&environments, Some("local")).fill(&mut draft)?;
    let Draft::Request(request) = draft else { unreachable!() };
    Ok(request.path)
}

#[test]
fn values_are_inserted_as_they_are_and_encoded_in_a_query() {
    assert_eq!(filled("{{base}}/x?q={{host}}&r={{ token }}").unwrap(), "/api/v1/x?q=a%20b&r=s3cr%26t");
    assert_eq!(filled("/{{host}}").unwrap(), "/a b");
}

#[test]
fn what_is_no_name_stays_and_a_backslash_keeps_the_rest() {
    for same in
        ["/{{.Names}}", "/{{json .}}", "/{{range .M}}{{end}}", "/{{}}", "/{{1}}", "/{{a", "/{{a}", "/{a}", "/}}{{"]
    {
        assert_eq!(filled(same).unwrap(), same);
    }
    assert_eq!(filled(r"/\{{host}}/{{base}}").unwrap(), "/{{host}}//api/v1");
    assert_eq!(filled("/{{{base}}}").unwrap(), "/{/api/v1}");
    let long = format!("/{{{{{}}}}}", "n".repeat(65));
    assert_eq!(filled(&long).unwrap(), long);
}

#[test]
fn an_unknown_variable_is_an_error_that_names_it() {
    let error = filled("/{{nope}}").unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (Code::VariableUnknown, "Unknown variable: nope"));
    assert!(error.hint.unwrap().contains("local"));
    let environments = local();
    let mut draft = Draft::Request(Request::new("GET", "/{{host}}"));
    let error = Environments::new(&environments, None).fill(&mut draft).unwrap_err();
    assert_eq!(error.code, Code::VariableUnknown);
    assert!(error.hint.unwrap().contains("No environment is active"));
    // Without environments braces mean nothing.
    let mut draft = Draft::Request(Request::new("GET", r"/{{host}}\{{x}}"));
    let before = draft.clone();
    Environments::new(&[], None).fill(&mut draft).unwrap();
    assert_eq!(draft, before);
}

#[test]
fn every_text_of_a_request_and_a_command_is_filled() {
    let x = || "{{base}}".to_owned();
    let mut request = Request::new("GET", x());
    request.query = vec![Param { name: x(), value: x() }];
    request.headers = vec![Header { name: x(), value: x() }];
    let part = |content| Part { name: x(), content, filename: Some(x()), content_type: Some(x()) };
    let bodies = [
        Body::Json { text: x() },
        Body::Text { text: x() },
        Body::File { path: x() },
        Body::Form { fields: vec![Param { name: x(), value: x() }] },
        Body::Multipart { parts: vec![part(PartContent::Text { text: x() }), part(PartContent::File { path: x() })] },
    ];
    let mut command = Command::new(Place::Host, x(), [x()]);
    (command.cwd, command.user) = (Some(x()), Some(x()));
    command.env = vec![EnvVar { name: x(), value: x() }];
    let inputs = [Stdin::Text { text: x() }, Stdin::File { path: x() }];
    let requests = bodies.map(|body| Draft::Request(Request { body, ..request.clone() }));
    let commands = inputs.map(|stdin| Draft::Command(Command { stdin: Some(stdin), ..command.clone() }));
    let environments = local();
    for mut draft in requests.into_iter().chain(commands) {
        Environments::new(&environments, Some("local")).fill(&mut draft).unwrap();
        let text = serde_json::to_string(&draft).unwrap();
        assert!(!text.contains("{{") && text.contains("/api/v1"), "{text}");
    }
}

#[test]
fn snippets_name_secrets_also_where_a_recorded_call_has_their_values() {
    let environments = local();
    let environments = Environments::new(&environments, Some("local"));
    let shown = |path: &str, header: &str| {
        let mut request = Request::new("GET", path);
        request.headers = vec![Header { name: "Authorization".into(), value: header.into() }];
        let mut draft = Draft::Request(request);
        environments.fill_shown(&mut draft);
        let Draft::Request(request) = draft else { unreachable!() };
        (request.path, request.headers[0].value.clone())
    };
    assert_eq!(
        shown("{{base}}?t={{token}}&{{nope}}", "Bearer {{token}}"),
        ("/api/v1?t={{token}}&{{nope}}".into(), "Bearer {{token}}".into())
    );
    assert_eq!(shown("/?t=s3cr%26t", "Bearer s3cr&t"), ("/?t={{token}}".into(), "Bearer {{token}}".into()));
}

#[test]
fn used_variables_tell_what_they_stand_for() {
    let environments = local();
    let draft = Draft::Request(Request::new("GET", r"{{token}}/{{base}}/{{nope}}/{{base}}\{{kept}}"));
    let used = Environments::new(&environments, Some("local")).used(&draft);
    let told: Vec<_> = used.iter().map(|one| (one.name.as_str(), &one.meaning)).collect();
    let base = Meaning::Value { value: "/api/v1".into() };
    assert_eq!(told, [("base", &base), ("nope", &Meaning::Unknown), ("token", &Meaning::Secret)]);
}

proptest! {
    #[test]
    fn any_text_is_read(text in r"[\\{}a-z ?é.]{0,40}") {
        let environments = vec![Environment { name: "e".into(), variables: vec![variable("a", "{{a}}")] }];
        let mut draft = Draft::Request(Request::new("GET", text.clone()));
        // A value is never read again, so it always ends.
        let _ = Environments::new(&environments, Some("e")).fill(&mut draft);
        Environments::new(&environments, Some("e")).fill_shown(&mut draft);
        if !text.contains("{{") {
            prop_assert_eq!(draft, Draft::Request(Request::new("GET", text)));
        }
    }
}
