use std::{io::Write, path::Path, sync::Arc};

use serde_json::{Value, json};

use super::*;
use crate::session::{Session, SessionWriter, samples::*};
use porthole_http::exchange::{Body, Header, Param, Request};
use porthole_output::{DiskQuota, Output};
use porthole_process::EnvVar;
use porthole_sdk::call::Act;

fn recorded(samples: &[Sample], folder: &Path) -> Vec<Recorded> {
    let one = |(n, sample): (usize, &Sample)| {
        Recorded::new(sample.call.clone(), Arc::new(sample.output(&folder.join(format!("out{n}")))), false)
    };
    samples.iter().enumerate().map(one).collect()
}

/// Redacts and reads again what was written.
fn redact(samples: &[Sample], options: &RedactOptions) -> (Session, Vec<Output>, Vec<Redaction>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let recorded = recorded(samples, folder.path());
    let redacted = Redacted::of(&recorded, options).unwrap();
    let path = folder.path().join("a.porthole");
    let mut writer = SessionWriter::begin(&path, false).unwrap();
    redacted.write(&recorded, &mut writer).unwrap();
    writer.finish(&Value::Null).unwrap();
    let session = Session::open(&path).unwrap();
    let output = |n| session.output(n, "unused".into(), Arc::new(DiskQuota::unlimited())).unwrap();
    let outputs = (0..samples.len()).map(output).collect();
    let list = redacted.redactions().to_vec();
    (session, outputs, list, folder)
}

fn body(output: &Output) -> String {
    String::from_utf8(output.read(Stream::Stdout, 0, u64::MAX).unwrap()).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn secret_request() -> Request {
    Request {
        headers: vec![
            header("Authorization", "Bearer abcdef123"),
            header("Cookie", "sid=cookie77; theme=darkly"),
            header("X-Mine", "mine-value"),
        ],
        query: vec![Param { name: "api_key".into(), value: "querykey1".into() }],
        body: Body::Json { text: r#"{"n": 1.0, "user":{"password":"hunter22"}}"#.into() },
        ..Request::new("POST", "/login?token=tok%2Fen99&x=1")
    }
}

fn secret_samples() -> Vec<Sample> {
    let answer = br#"{"access_token" : "issued-1", "echo":"hunter22 and abcdef123", "n": 1.50e+3}"#;
    let headers = vec![
        header("content-type", "application/json"),
        header("content-length", &answer.len().to_string()),
        header("Set-Cookie", "sid=fresh-cookie; Path=/; HttpOnly"),
    ];
    let mut command = command("docker", &["run", "-e", "API_TOKEN=fromargs", "--password", "hunter22", "img"]);
    command.env = vec![
        EnvVar { name: "DB_PASSWORD".into(), value: "databasepw".into() },
        EnvVar { name: "MODE".into(), value: "production".into() },
    ];
    vec![
        exchange(secret_request(), headers, answer),
        run(
            command,
            vec![
                (Stream::Stdout, b"connecting with databa".to_vec(), 10),
                (Stream::Stdout, b"sepw in production\n".to_vec(), 20),
                (Stream::Stderr, b"issued-1 tok/en99\n".to_vec(), 30),
            ],
        ),
    ]
}

#[test]
fn nothing_secret_is_in_the_file_and_all_else_is_as_it_was() {
    let samples = secret_samples();
    let options = RedactOptions { headers: vec!["x-mine".into()], ..RedactOptions::default() };
    let (session, outputs, redactions, folder) = redact(&samples, &options);
    let file = std::fs::read(folder.path().join("a.porthole")).unwrap();
    let facts = serde_json::to_string(session.calls()).unwrap();
    for secret in [
        "abcdef123",
        "cookie77",
        "darkly",
        "mine-value",
        "querykey1",
        "hunter22",
        "en99",
        "issued-1",
        "fresh-cookie",
        "fromargs",
        "databasepw",
    ] {
        assert!(!facts.contains(secret), "{secret} in {facts}");
        assert!(!file.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret}");
    }
    assert_eq!(
        body(&outputs[0]),
        r#"{"access_token" : "[redacted]", "echo":"[redacted] and [redacted]", "n": 1.50e+3}"#,
    );
    assert_eq!(body(&outputs[1]), "connecting with [redacted] in production\n");
    let chunks = outputs[1].chunks(0, 9);
    assert_eq!(chunks.iter().map(|chunk| chunk.len).sum::<u64>(), 41 + 22);
    assert_eq!(chunks.last().unwrap().at_us, 30);
    let Act::Exchange(exchange) = &session.calls()[0].call.act else { panic!() };
    assert_eq!(exchange.request.path, "/login?token=[redacted]&x=1");
    assert_eq!(exchange.request.headers[0].value, "Bearer [redacted]");
    assert_eq!(exchange.request.headers[1].value, "sid=[redacted]; theme=[redacted]");
    assert_eq!(exchange.request.body, Body::Json { text: r#"{"n": 1.0, "user":{"password":"[redacted]"}}"#.into() });
    let head = &exchange.response.as_ref().unwrap().head;
    assert_eq!(head.header("set-cookie"), Some("sid=[redacted]; Path=/; HttpOnly"));
    assert_eq!(head.header("content-length").unwrap(), body(&outputs[0]).len().to_string());
    let Act::Run(run) = &session.calls()[1].call.act else { panic!() };
    assert_eq!(run.command.args, ["run", "-e", "API_TOKEN=[redacted]", "--password", "[redacted]", "img"]);
    let count = |kind, name: &str, place| {
        let found = redactions.iter().find(|one| one.kind == kind && one.name == name && one.place == place);
        found.map(|one| (one.count, one.calls))
    };
    assert_eq!(count(RedactionKind::Variable, "MODE", RedactionPlace::Command), Some((1, 1)));
    assert_eq!(count(RedactionKind::Field, "access_token", RedactionPlace::Body), Some((1, 1)));
    assert_eq!(count(RedactionKind::Known, "", RedactionPlace::Body), Some((2, 1)));
    assert_eq!(count(RedactionKind::Known, "", RedactionPlace::Output), Some((3, 1)));
    assert_eq!(
        count(RedactionKind::Header, "Authorization", RedactionPlace::Request),
        Some((2, 1)),
        "composed and sent"
    );
}

#[test]
fn a_compressed_body_is_written_decoded_only_where_something_is_taken_out() {
    let json: &[u8] = br#"{"token":"inner-secret","a":1}"#;
    let encoded = |body: &[u8]| {
        let sent = gzip(body);
        let length = sent.len().to_string();
        let headers: Vec<Header> = vec![header("Content-Encoding", "gzip"), header("Content-Length", &length)];
        exchange(Request::new("GET", "/"), headers, &sent)
    };
    let broken = {
        let sent = gzip(json);
        exchange(Request::new("GET", "/"), vec![header("content-encoding", "gzip")], &sent[..sent.len() - 9])
    };
    let samples = [encoded(json), encoded(br#"{"a":1}"#), broken.clone()];
    let (session, outputs, redactions, _folder) = redact(&samples, &RedactOptions::default());
    assert_eq!(body(&outputs[0]), r#"{"token":"[redacted]","a":1}"#);
    let head = |n: usize| match &session.calls()[n].call.act {
        Act::Exchange(exchange) => exchange.response.clone().unwrap().head,
        Act::Run(_) => panic!(),
    };
    assert_eq!(head(0).header("content-encoding"), Some("identity"));
    assert_eq!(head(0).header("content-length"), Some("28"));
    assert_eq!(outputs[1].read(Stream::Stdout, 0, 999).unwrap(), samples[1].pieces[0].1);
    assert_eq!(head(1).header("content-encoding"), Some("gzip"));
    // It stays as it is, and the user learns of it first.
    assert_eq!(outputs[2].read(Stream::Stdout, 0, 999).unwrap(), broken.pieces[0].1);
    let unchecked: Vec<_> = redactions.iter().filter(|one| one.kind == RedactionKind::Unchecked).collect();
    assert_eq!(unchecked.len(), 1);
    assert_eq!((unchecked[0].place, unchecked[0].count), (RedactionPlace::Body, 1));
}

#[test]
fn what_is_not_to_be_taken_out_stays() {
    let none =
        RedactOptions { authorization: false, cookies: false, environment: false, headers: vec![], fields: vec![] };
    let answer = br#"{"token":"issued-1"}"#;
    let samples = [exchange(secret_request(), vec![header("set-cookie", "a=bcdefgh")], answer)];
    let (session, outputs, redactions, _folder) = redact(&samples, &none);
    assert_eq!(session.calls()[0].call, samples[0].call);
    assert_eq!(body(&outputs[0]).as_bytes(), answer);
    assert_eq!(redactions, []);
}

#[test]
fn headers_cookies_and_variables_that_are_kept_are_no_fields() {
    let options =
        RedactOptions { authorization: false, cookies: false, environment: false, ..RedactOptions::default() };
    let headers = vec![
        header("X-Auth-Token", "abcdef11"),
        header("Authorization", "Bearer abcdef22"),
        header("Cookie", "token=abcdef33; a=b"),
    ];
    let mut command = command("tool", &["http://u:pw@h"]);
    command.env = vec![EnvVar { name: "API_TOKEN".into(), value: "abcdef44".into() }];
    let request = Request { headers, ..Request::new("GET", "/") };
    let samples = [exchange(request, vec![header("set-cookie", "token=abcdef55")], b""), run(command, vec![])];
    let (session, _, redactions, _folder) = redact(&samples, &options);
    assert_eq!(redactions, []);
    assert_eq!(session.calls()[0].call, samples[0].call);
    assert_eq!(session.calls()[1].call, samples[1].call);
}

#[test]
fn words_of_the_facts_are_no_secrets() {
    let body = Body::Json { text: json!({ "token": "cancelled", "password": "exchange" }).to_string() };
    let samples = [exchange(Request { body, ..Request::new("POST", "/exchange") }, vec![], b"")];
    let (session, ..) = redact(&samples, &RedactOptions::default());
    let Act::Exchange(exchange) = &session.calls()[0].call.act else { panic!() };
    assert_eq!(exchange.request.path, "/[redacted]");
}

/// Everything of a session that may hold a secret, as text.
fn all_text(session: &Session, outputs: &[Output]) -> String {
    let of = |output: &Output| [Stream::Stdout, Stream::Stderr].map(|stream| output.read(stream, 0, 9999).unwrap());
    let written = outputs.iter().flat_map(of).map(|bytes| String::from_utf8(bytes).unwrap());
    written.fold(serde_json::to_string(session.calls()).unwrap(), |all, one| all + &one)
}

#[test]
fn values_of_variables_with_harmless_names_stayed_in_outputs_and_arguments() {
    let mut command = command("psql", &["postgres://app:dsnpw@db/app", "deadbeef-0001"]);
    command.env = vec![
        EnvVar { name: "DEPLOYMENT".into(), value: "deadbeef-0001".into() },
        EnvVar { name: "DATABASE_URL".into(), value: "postgres://u:urlpw77@db/app".into() },
        EnvVar { name: "PWD".into(), value: "/usr/src/app".into() },
        EnvVar { name: "DEBUG".into(), value: "true".into() },
    ];
    let written = b"id deadbeef-0001, pw urlpw77, mysql://root:x@db true in /usr/src/app\n".to_vec();
    let (session, outputs, ..) = redact(&[run(command, vec![(Stream::Stdout, written, 1)])], &RedactOptions::default());
    assert_eq!(body(&outputs[0]), "id [redacted], pw [redacted], mysql://root:[redacted]@db true in /usr/src/app\n");
    let Act::Run(run) = &session.calls()[0].call.act else { panic!() };
    assert_eq!(run.command.args, ["postgres://app:[redacted]@db/app", "[redacted]"]);
}

#[test]
fn credentials_in_headers_fields_and_urls_that_no_list_has_stayed() {
    let request = Request {
        headers: vec![
            header("Private-Token", "glpat-1111"),
            header("X-Amz-Security-Token", "amz-session-2222"),
            header("Authorization", "Basic dTpiYXNpY3B3Mw=="),
            header("Referer", "https://u:refpw@h/"),
            header("X-Page-Token", "page-2"),
        ],
        body: Body::Json { text: r#"{"dbPassword":"dbpw4444","author":"Ann","nextPageToken":"page-2"}"#.into() },
        ..Request::new("POST", "/x?API_TOKEN=query5555&next_token=page-2")
    };
    let headers = vec![
        header("Location", "http://u:locpw@h/"),
        header("WWW-Authenticate", "Bearer realm=\"here\""),
        header("Access-Control-Allow-Credentials", "true"),
    ];
    let answer = br#"{"aws_secret_access_key":"aws66666","url":"ftp:\/\/u:ftpw@h","echo":"basicpw3"}"#;
    let (session, outputs, ..) = redact(&[exchange(request, headers, answer)], &RedactOptions::default());
    let all = all_text(&session, &outputs);
    for secret in [
        "glpat-1111",
        "amz-session",
        "dTpiYXN",
        "basicpw3",
        "refpw",
        "dbpw4444",
        "query5555",
        "locpw",
        "aws66666",
        "ftpw",
    ] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    let Act::Exchange(exchange) = &session.calls()[0].call.act else { panic!() };
    assert_eq!(exchange.request.headers[3].value, "https://u:[redacted]@h/");
    assert_eq!(exchange.request.headers[4].value, "page-2");
    assert_eq!(exchange.request.path, "/x?API_TOKEN=[redacted]&next_token=page-2");
    let expected = r#"{"dbPassword":"[redacted]","author":"Ann","nextPageToken":"page-2"}"#;
    assert_eq!(exchange.request.body, Body::Json { text: expected.into() });
    let head = &exchange.response.as_ref().unwrap().head;
    assert_eq!(head.header("www-authenticate"), Some("Bearer realm=\"here\""));
    assert_eq!(head.header("access-control-allow-credentials"), Some("true"));
}

#[test]
fn a_form_and_arguments_kept_their_first_secret() {
    let request =
        Request { body: Body::Text { text: "user[password]=form1111&a=1".into() }, ..Request::new("POST", "/") };
    let command = command("docker", &["build", "--build-arg", "NPM_TOKEN=npm22222", "-H", "X-Vault-Token: hvs.3333"]);
    let samples = [exchange(request, vec![], b""), run(command, vec![])];
    let (session, ..) = redact(&samples, &RedactOptions::default());
    let Act::Exchange(exchange) = &session.calls()[0].call.act else { panic!() };
    assert_eq!(exchange.request.body, Body::Text { text: "user[password]=[redacted]&a=1".into() });
    let Act::Run(run) = &session.calls()[1].call.act else { panic!() };
    assert_eq!(run.command.args[2..], ["NPM_TOKEN=[redacted]", "-H", "X-Vault-Token: [redacted]"]);
}

#[test]
fn a_redacted_session_was_redacted_again() {
    let mut samples = secret_samples();
    let answer = br#"{"token":"[redacted]","at":"http://u:longpassword@h"}"#;
    samples.push(exchange(Request::new("GET", "http://u:pw@h/?token=abc"), vec![], answer));
    let options = RedactOptions { headers: vec!["x-mine".into()], ..RedactOptions::default() };
    let (session, outputs, first, _folder) = redact(&samples, &options);
    assert_ne!(first, []);
    let again = session.recorded().unwrap();
    let redacted = Redacted::of(&again, &options).unwrap();
    assert_eq!(redacted.redactions(), []);
    let calls: Vec<Call> = session.calls().iter().map(|one| one.call.clone()).collect();
    assert_eq!(redacted.calls(), calls);
    assert!(!all_text(&session, &outputs).contains("longpassword"));
}
