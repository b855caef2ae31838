use super::*;

fn answer(status: u16, body: &str, runtime: Runtime) -> String {
    let call = exchange(Request::new("GET", "/x"), status, "", "text/plain");
    render(&received(&call, Written::whole(body.as_bytes(), b""), runtime).outcome)
}

#[test]
fn a_body_is_json_text_or_nothing() {
    for runtime in Runtime::ALL {
        assert_eq!(answer(200, " {\"a\":1} ", runtime), "resolves to { a: 1 }");
        assert_eq!(answer(200, "0", runtime), "resolves to 0");
        assert_eq!(answer(201, "{\"a\":1", runtime), "resolves to '{\"a\":1'");
        assert_eq!(answer(204, "", runtime), "resolves to ''");
        assert_eq!(answer(200, "01", runtime), "resolves to '01'");
    }
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let call = exchange(Request::new("GET", "/x"), 200, "", "text/plain");
    let outcome = received(&call, Written::whole(deep.as_bytes(), b""), DOCKER).outcome;
    assert!(matches!(outcome, SdkOutcome::Resolved { value: Value::Json(_) }), "no depth is too deep for JSON.parse");
}

#[test]
fn of_a_body_that_is_not_all_here_its_headers_are_believed() {
    let written = Written { stdout_len: 1 << 40, ..Written::whole(b"[1,", b"") };
    let of = |kind: &str| {
        let call = exchange(Request::new("GET", "/x"), 200, "", kind);
        match received(&call, written, DOCKER).outcome {
            SdkOutcome::Resolved { value } => matches!(value, Value::Json(Text { cut: true, .. })),
            other => panic!("{other:?}"),
        }
    };
    assert!(of("application/json") && !of("text/plain"));
}

#[test]
fn another_status_rejects_in_three_ways() {
    assert_eq!(answer(404, "no", DOCKER), "rejects with { name: 'Error', message: 'no', statusCode: 404 }");
    assert_eq!(answer(404, "no", RANCHER), "rejects with { statusCode: 404, name: 'Not Found', message: 'no' }");
    assert!(answer(404, "no", OLDER).contains("Response code 404 (Not Found)"));
    assert!(answer(403, "no", OLDER).contains("Unable to get access"));
    assert!(answer(499, "", RANCHER).contains("name: 'Unknown'"));
    let said = exchange(Request::new("GET", "/x"), 404, "Nothing Here", "text/plain");
    holds(&said, OLDER, &["Response code 404 (Nothing Here)"]);
    let gone = exchange(Request::new("GET", "/x"), 302, "Found", "text/plain");
    assert!(says(&gone, OLDER, "redirect") && says(&gone, RANCHER, "redirect") && !says(&said, RANCHER, "redirect"));
    let broken = exchange(Request::new("GET", "/x"), 503, "", "text/plain");
    assert!(says(&broken, OLDER, "retried up to two times") && !says(&said, OLDER, "two more times"));
}

#[test]
fn a_connection_that_fails_is_told_in_nodes_words() {
    for (code, words) in [
        (Code::EndpointMissing, "connect ENOENT /b.sock"),
        (Code::EndpointRefused, "connect ECONNREFUSED /b.sock"),
        (Code::EndpointNotSocket, "connect ECONNREFUSED /b.sock"),
        (Code::EndpointDenied, "connect EACCES /b.sock"),
        (Code::EndpointPathTooLong, "connect EINVAL /b.sock"),
        (Code::ConnectTimeout, "connect ETIMEDOUT /b.sock"),
        (Code::SendFailed, "write EPIPE"),
        (Code::ClosedBeforeResponse, "socket hang up"),
        (Code::BadResponse, "Parse Error: Expected HTTP/"),
        (Code::BodyCut, "aborted"),
        (Code::RequestInvalid, "what failed"),
    ] {
        let call = broken(Endpoint::Unix("/b.sock".into()), Error::new(code, "what failed"));
        let docker = format!("rejects with {{ name: 'Error', message: '{words}', statusCode: undefined }}");
        assert_eq!(text(&call, DOCKER), docker);
        holds(&call, RANCHER, &["request to http://127.0.0.1/x failed, reason: ", words]);
        holds(&call, OLDER, &["extensionVMServiceRequest\\': Error: ", words]);
    }
    // Whatever words the system has for it.
    for code in [Code::ClosedBeforeResponse, Code::SendFailed] {
        let failure = Failure { reset: true, ..Failure::new(Stage::Head, Error::new(code, "getrennt")) };
        let mut exchange = Exchange::new(Endpoint::Unix("/b.sock".into()), Request::new("GET", "/x"));
        exchange.apply(ExchangeEvent::Failed { at_us: 1, failure });
        holds(&call(Act::Exchange(exchange)), DOCKER, &["read ECONNRESET"]);
    }
    let closed = Error::new(Code::ClosedBeforeResponse, "closed").detail("Connection reset by peer (os error 104)");
    holds(&broken(Endpoint::Unix("/b.sock".into()), closed), DOCKER, &["socket hang up"]);
    let name = Endpoint::Tcp { host: "nowhere".into(), port: 80 };
    holds(&broken(name.clone(), Error::new(Code::EndpointUnknownHost, "")), DOCKER, &["getaddrinfo ENOTFOUND nowhere"]);
    holds(&broken(name, Error::new(Code::EndpointRefused, "")), DOCKER, &["connect ECONNREFUSED nowhere:80"]);
}

fn broken(endpoint: Endpoint, error: Error) -> Call {
    let mut exchange = Exchange::new(endpoint, Request::new("GET", "/x"));
    let failure = Failure::new(Stage::Connect, error);
    exchange.apply(ExchangeEvent::Failed { at_us: 1, failure });
    call(Act::Exchange(exchange))
}

#[test]
fn what_only_porthole_can_end_never_settles() {
    for code in [Code::Cancelled, Code::TimedOut] {
        let call = broken(Endpoint::Unix("/b.sock".into()), Error::new(code, ""));
        assert_eq!(Runtime::ALL.map(|runtime| text(&call, runtime)), ["never settles"; 4].map(String::from));
    }
    let open = call(Act::Exchange(Exchange::new(Endpoint::Unix("/b.sock".into()), Request::new("GET", "/x"))));
    assert_eq!(text(&open, DOCKER), "pending");
}

#[test]
fn what_would_have_been_done_otherwise_is_said_first() {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let sent = |body, headers| exchange(Request { body, headers, ..Request::new("POST", "/x") }, 200, "", "{}");
    let first = |call: &Call, runtime| received(call, Written::default(), runtime).rules[0].text.clone();
    let json = Body::Json { text: "[1]".into() };
    let typed = sent(json.clone(), vec![header("content-type", "application/json")]);
    assert!(
        first(&typed, PODMAN).contains("`application/json, application/json` is sent"),
        "{}",
        first(&typed, PODMAN)
    );
    let file = sent(Body::File { path: "/f".into() }, vec![]);
    for runtime in Runtime::ALL {
        assert!(!first(&file, runtime).starts_with("The promise"), "{runtime}: {}", first(&file, runtime));
    }
    let of_ours = sent(json, vec![header("content-length", "3")]);
    assert_eq!(first(&of_ours, PODMAN), "It would not send the header `content-length: 3`.");
}

#[test]
fn a_redirect_that_nobody_followed_is_not_what_the_code_of_those_who_follow_gets() {
    let mut call = exchange(Request::new("GET", "/x"), 302, "Found", "text/plain");
    assert_eq!(as_run(&call), [true; 4], "it leads nowhere");
    let Act::Exchange(Exchange { response: Some(response), .. }) = &mut call.act else { panic!("no response") };
    response.head.headers.push(Header { name: "Location".into(), value: "/y".into() });
    assert_eq!(as_run(&call), [true, false, false, false]);
    let rules = received(&call, Written::default(), RANCHER).rules;
    assert!(rules[0].text.starts_with("It would follow the redirect to `/y`"), "{rules:?}");
}

#[test]
fn a_request_of_the_composer_may_be_what_all_would_send() {
    let post = |body| exchange(Request { body, ..Request::new("POST", "/x?a=1") }, 200, "", "");
    assert_eq!(as_run(&post(Body::None)), [true; 4]);
    assert_eq!(as_run(&post(Body::Json { text: "{\"a\":1}".into() })), [true; 4]);
    assert_eq!(
        as_run(&post(Body::Text { text: "a".into() })),
        [true, true, false, false],
        "Podman Desktop puts it in quotes"
    );
    assert_eq!(as_run(&post(Body::File { path: "/f".into() })), [false; 4]);
    let headers = vec![Header { name: "X-A".into(), value: "1".into() }];
    let body = Body::Json { text: "{\"a\":1}".into() };
    let asked = exchange(Request { headers, body, ..Request::new("POST", "/x") }, 200, "", "");
    assert_eq!(as_run(&asked), [true, false, true, true], "request() of Rancher Desktop sends [object Object]");
    assert!(says(&asked, RANCHER, "doesn't encode"));
}

#[test]
fn a_list_is_the_engines_answer() {
    let asked = SdkCall::List(crate::sdk_call::SdkList { what: crate::sdk_call::EngineList::Images, options: None });
    let of = |status, runtime| {
        let call = exchange(Request::new("GET", "/images/json"), status, "", "application/json");
        let call = Call { sdk: Some(Sdk::new(asked.clone(), runtime)), ..call };
        let received = received(&call, Written::whole(b"[]\n", b""), runtime);
        (render(&received.outcome), received.as_run)
    };
    for runtime in Runtime::ALL {
        assert_eq!(of(200, runtime), ("resolves to []".into(), true));
        assert_eq!(of(500, runtime), ("rejects with Error { name: 'Error', message: '[]' }".into(), true));
    }
}

fn compressed(coding: &str, bytes: &[u8], runtime: Runtime) -> SdkResult {
    let mut call = exchange(Request::new("GET", "/"), 200, "OK", "application/json");
    let Act::Exchange(exchange) = &mut call.act else { panic!("no exchange") };
    let headers = &mut exchange.response.as_mut().unwrap().head.headers;
    headers.push(Header { name: "content-encoding".into(), value: coding.into() });
    received(&call, Written::whole(bytes, &[]), runtime)
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_compressed_body_is_decoded_where_the_client_decodes_it() {
    let body = gzipped(r#"{"greeting": "hello"}"#);
    for runtime in [RANCHER, PODMAN, OLDER] {
        let received = compressed("gzip", &body, runtime);
        assert!(render(&received.outcome).contains("hello"), "{:?}", received.outcome);
        assert!(received.rules.iter().any(|rule| rule.text.contains("decoded from gzip")), "{:?}", received.rules);
        // A coding that the client does not know is handed on as it is, and so are two at once.
        let other = compressed("compress", &body, runtime);
        assert!(other.rules.iter().any(|rule| rule.text.contains("doesn't decode compress")), "{:?}", other.rules);
        assert!(!render(&compressed("deflate, gzip", &body, runtime).outcome).contains("hello"));
        assert!(!render(&compressed("compress", &body, runtime).outcome).contains("rejects"));
        // An empty body is not decoded: a HEAD has none.
        assert!(render(&compressed("gzip", b"", runtime).outcome).contains("resolves"));
    }
    assert!(!render(&compressed("gzip", &body, DOCKER).outcome).contains("hello"));
}

#[test]
fn zstd_is_decoded_by_the_fetch_of_podman_desktop_alone() {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    let body = compress_to_vec(br#"{"greeting": "hello"}"#.as_slice(), CompressionLevel::Fastest);
    let podman = compressed("zstd", &body, PODMAN);
    assert_eq!(render(&podman.outcome), "resolves to { greeting: 'hello' }");
    let rule = podman.rules.iter().find(|rule| rule.text.contains("decoded from zstd"));
    assert!(rule.is_some_and(|rule| rule.from.contains("Node 24.11")), "{:?}", podman.rules);
    for (runtime, from) in [(RANCHER, "node-fetch 2.7.0"), (OLDER, "got 13.0.0")] {
        let raw = compressed("zstd", &body, runtime);
        let rule = raw.rules.iter().find(|rule| rule.text.contains("doesn't decode zstd"));
        assert!(rule.is_some_and(|rule| rule.from.contains(from)), "{:?}", raw.rules);
        // The bytes as they came, which are no JSON.
        let outcome = render(&raw.outcome);
        assert!(outcome.starts_with("resolves") && outcome.contains('\u{fffd}'), "{outcome}");
    }
    // What isn't zstd rejects; of what ends too early the beginning counts.
    assert!(render(&compressed("zstd", b"plain text", PODMAN).outcome).contains("terminated"));
    assert!(render(&compressed("zstd", &body[..6], PODMAN).outcome).contains("resolves"));
}

#[test]
fn a_body_that_is_not_compressed_as_it_says_rejects() {
    let rancher = render(&compressed("gzip", br#"{"sent": "as it is"}"#, RANCHER).outcome);
    assert!(rancher.contains("Invalid response body") && rancher.contains("incorrect header check"), "{rancher}");
    assert!(render(&compressed("br", b"plain", OLDER).outcome).contains("rejects"));
    let cut = gzipped(&"long ".repeat(10_000));
    assert!(render(&compressed("gzip", &cut[..cut.len() - 9], OLDER).outcome).contains("unexpected end of file"));
    // node-fetch takes what is there.
    assert!(render(&compressed("gzip", &cut[..cut.len() - 9], RANCHER).outcome).contains("long long"));
}

#[test]
fn redirects_beyond_what_a_client_follows_reject_in_its_words() {
    for (runtime, client, most, words) in [
        (RANCHER, HttpClient::NodeFetch, 20, "maximum redirect reached at: http://127.0.0.1/x"),
        (PODMAN, HttpClient::Fetch, 20, "TypeError: fetch failed"),
        (OLDER, HttpClient::Got, 10, "Redirected 10 times. Aborting."),
    ] {
        let mut call = exchange(client.sends(Request::new("GET", "/x")), 302, "Found", "text/plain");
        let Act::Exchange(exchange) = &mut call.act else { panic!("no exchange") };
        let response = exchange.response.as_mut().unwrap();
        response.head.headers.push(Header { name: "Location".into(), value: "/x".into() });
        let redirect = Redirect { method: "GET".into(), path: "/x".into(), response: response.clone() };
        exchange.redirects = vec![redirect; most];
        let outcome = render(&received(&call, Written::default(), runtime).outcome);
        assert!(outcome.contains(words), "{outcome}");
    }
}

#[test]
fn the_newer_podman_desktop_tells_less_of_a_failure() {
    let answer = |status, reason| exchange(Request::new("GET", "/x"), status, reason, "text/plain");
    holds(&answer(404, "Not Found"), PODMAN, &["extensionVMServiceRequest\\': Error: Not Found'"]);
    holds(&answer(404, ""), PODMAN, &["extensionVMServiceRequest\\': Error'"]);
    holds(&answer(304, "Not Modified"), PODMAN, &["rejects", "Error: Not Modified"]);
    holds(&answer(304, "Not Modified"), OLDER, &["resolves"]);
    holds(&answer(403, "Forbidden"), PODMAN, &["Error: Unable to get access"]);
    for code in [Code::EndpointMissing, Code::ClosedBeforeResponse, Code::BadResponse] {
        let call = broken(Endpoint::Unix("/b.sock".into()), Error::new(code, ""));
        holds(&call, PODMAN, &["Request\\': TypeError: fetch failed"]);
    }
    let cut = broken(Endpoint::Unix("/b.sock".into()), Error::new(Code::BodyCut, ""));
    holds(&cut, PODMAN, &["TypeError: terminated"]);
    for code in [Code::ProgramNotFound, Code::ProgramNotExecutable, Code::ScriptCarriageReturn] {
        let call = failed(host(), code);
        assert_eq!(text(&call, PODMAN), "rejects with { toString(), stderr: '', stdout: '' }");
    }
}

#[test]
fn fetch_takes_a_byte_order_mark_off_and_what_is_there_of_a_compressed_body() {
    let marked = exchange(Request::new("GET", "/x"), 200, "OK", "application/json");
    let bytes = b"\xef\xbb\xbf{\"a\":1}";
    let of = |runtime| render(&received(&marked, Written::whole(bytes, b""), runtime).outcome);
    assert_eq!(of(PODMAN), "resolves to { a: 1 }");
    assert!(of(OLDER).contains('\u{feff}'), "{}", of(OLDER));
    let cut = gzipped(&"long ".repeat(10_000));
    assert!(render(&compressed("gzip", &cut[..cut.len() - 9], PODMAN).outcome).contains("long long"));
    holds(&broken(Endpoint::Unix("/b".into()), Error::new(Code::BodyCut, "")), PODMAN, &["terminated"]);
    assert!(render(&compressed("br", b"plain", PODMAN).outcome).contains("TypeError: terminated"));
}

fn exceeding(at_once: bool, start: &str, connection: Option<&str>, runtime: Runtime) -> String {
    let mut call = exchange(Request::new("GET", "/x"), 200, "OK", "text/plain");
    let Act::Exchange(exchange) = &mut call.act else { panic!("no exchange") };
    let length = start.chars().count() as u64;
    let excess = Excess { bytes: length, at_once, characters: length, utf16: length, start: start.into() };
    exchange.apply(ExchangeEvent::Exceeded { excess });
    let headers = &mut exchange.response.as_mut().unwrap().head.headers;
    headers.extend(connection.map(|value| Header { name: "Connection".into(), value: value.into() }));
    render(&received(&call, Written::whole(b"ok", &[]), runtime).outcome)
}

#[test]
fn bytes_that_come_with_the_end_of_a_response_make_clients_of_node_reject() {
    for runtime in [RANCHER, OLDER] {
        assert!(exceeding(true, " and more", None, runtime).contains("Parse Error: Expected HTTP/, RTSP/ or ICE/"));
        assert!(exceeding(true, "x", Some("close"), runtime).contains("Parse Error: Data after `Connection: close`"));
        // What comes later, and empty lines, are on a connection that nobody reads any more.
        assert_eq!(exceeding(false, " and more", None, runtime), "resolves to 'ok'");
        assert_eq!(exceeding(true, "␍␊", None, runtime), "resolves to 'ok'");
    }
    for runtime in [DOCKER, PODMAN] {
        assert_eq!(exceeding(true, " and more", None, runtime), "resolves to 'ok'");
    }
}

#[test]
fn a_promise_of_a_connection_that_changed_its_protocol_never_settles() {
    let call = exchange(Request::new("GET", "/ws"), 101, "Switching Protocols", "");
    holds(&call, PODMAN, &["rejects", "TypeError: fetch failed"]);
    for runtime in [DOCKER, RANCHER, OLDER] {
        assert_eq!(received(&call, Written::default(), runtime).outcome, SdkOutcome::Never);
    }
    // However the connection ended after that.
    let Act::Exchange(mut exchange) = call.act else { panic!("no exchange") };
    exchange.failure = Some(Failure::new(Stage::Body, Error::new(Code::TimedOut, "")));
    holds(&self::call(Act::Exchange(exchange)), PODMAN, &["rejects", "TypeError: fetch failed"]);
}
