use proptest::prelude::*;

use super::*;

/// What an exchange told, in its order, with its bytes put together.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Told {
    began: String,
    is_raw: bool,
    request: Vec<u8>,
    request_done: bool,
    informed: Vec<String>,
    answered: Option<u16>,
    body: Vec<u8>,
    trailers: Vec<String>,
    from_client: Vec<u8>,
    missed: u64,
    done: Option<Result<(), Why>>,
}

/// All that was told of a connection.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct All(Vec<Told>);

impl All {
    fn tell(&mut self, number: u32, event: Event<'_>) {
        let number = number as usize;
        if let Event::Began { head } = &event {
            assert_eq!(number, self.0.len(), "exchanges begin in order");
            let began = format!("{} {}", head.method, head.target);
            self.0.push(Told { began, is_raw: head.is_raw, ..Told::default() });
            return;
        }
        let told = &mut self.0[number];
        assert!(told.done.is_none(), "{event:?} after the end of {told:?}");
        match event {
            Event::RequestBody(bytes) => told.request.extend_from_slice(bytes),
            Event::RequestDone => told.request_done = true,
            Event::Informed(head) => told.informed.push(head.start_line),
            Event::Answered { status, .. } => told.answered = Some(status),
            Event::Body(bytes) => told.body.extend_from_slice(bytes),
            Event::Trailed(head) => told.trailers = head.headers.into_iter().map(|line| line.name).collect(),
            Event::FromClient(bytes) => told.from_client.extend_from_slice(bytes),
            Event::Missed { bytes, .. } => told.missed += bytes,
            Event::Done => told.done = Some(Ok(())),
            Event::Failed(why) => told.done = Some(Err(without_start(why))),
            Event::Began { .. } => unreachable!("it is above"),
        }
    }
}

/// How many of the unreadable bytes were there at the first look is chance.
fn without_start(why: Why) -> Why {
    match why {
        Why::RequestUnreadable { .. } => Why::RequestUnreadable { start: Vec::new() },
        Why::ResponseUnreadable { .. } => Why::ResponseUnreadable { start: Vec::new() },
        why => why,
    }
}

/// A step of a conversation.
#[derive(Debug, Clone)]
enum Said {
    Client(Vec<u8>),
    Backend(Vec<u8>),
    Missed(Side, u64),
    Ended(Side),
}

fn client(text: &str) -> Said {
    Said::Client(text.into())
}

fn backend(text: &str) -> Said {
    Said::Backend(text.into())
}

/// The events when each step is cut at these places.
fn watched_in_pieces(said: &[Said], cuts: &[usize], why: Option<Why>) -> Vec<Told> {
    let (mut observer, mut all) = (Observer::new(), All::default());
    let mut tell = |number: u32, _: u64, event: Event<'_>| all.tell(number, event);
    for step in said {
        let (side, bytes) = match step {
            Said::Client(bytes) => (Side::Client, bytes),
            Said::Backend(bytes) => (Side::Backend, bytes),
            Said::Missed(side, count) => {
                observer.missed(*side, 0, *count, &mut tell);
                continue;
            }
            Said::Ended(side) => {
                observer.ended(*side, 0, &mut tell);
                continue;
            }
        };
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        for cut in cuts.windows(2) {
            observer.bytes(side, 0, &bytes[cut[0]..cut[1]], &mut tell);
        }
    }
    observer.finish(0, why, &mut tell);
    all.0
}

fn watched(said: &[Said]) -> Vec<Told> {
    watched_in_pieces(said, &[], None)
}

/// Its request, status, body and end.
type Brief<'a> = (&'a str, Option<u16>, &'a str, Option<Result<(), Why>>);

fn brief(told: &[Told]) -> Vec<Brief<'_>> {
    told.iter()
        .map(|one| (one.began.as_str(), one.answered, std::str::from_utf8(&one.body).unwrap(), one.done.clone()))
        .collect()
}

const GET: &str = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn requests_on_one_connection_are_told_apart() {
    let told = watched(&[
        client(GET),
        backend("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
        client("POST /b HTTP/1.1\r\nContent-Length: 4\r\n\r\n"),
        client("body"),
        backend("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n"),
        backend("0\r\nX-Sum: 1\r\n\r\n"),
        client("HEAD /c HTTP/1.1\r\n\r\n"),
        backend("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
        client("GET /d HTTP/1.0\r\n\r\n"),
        backend("HTTP/1.0 200 OK\r\n\r\nuntil the end"),
        Said::Ended(Side::Backend),
    ]);
    let done = Some(Ok(()));
    let expected = [
        ("GET /a", Some(200), "abc", done.clone()),
        ("POST /b", Some(201), "de", done.clone()),
        ("HEAD /c", Some(200), "", done.clone()),
        ("GET /d", Some(200), "until the end", done),
    ];
    assert_eq!(brief(&told), expected);
    assert_eq!(
        (told[1].request.as_slice(), &told[1].informed[0], &told[1].trailers[0]),
        (&b"body"[..], &"HTTP/1.1 100 Continue".to_owned(), &"X-Sum".to_owned())
    );
    assert!(told.iter().all(|one| one.request_done));
}

#[test]
fn requests_that_do_not_wait_are_answered_in_their_order() {
    let told = watched(&[
        client(&[GET, "GET /b HTTP/1.1\r\n\r\n", "GET /c HTTP/1.1\r\n\r\n"].concat()),
        backend(
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc",
        ),
    ]);
    let statuses: Vec<_> = told.iter().map(|one| (one.answered, one.body.len(), one.done.is_some())).collect();
    assert_eq!(statuses, [(Some(204), 0, true), (Some(304), 0, true), (Some(200), 1, true)]);
}

#[test]
fn after_an_upgrade_and_connect_both_sides_have_their_own_bytes() {
    let upgrade = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    for (asks, answers) in [
        (upgrade, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
        ("CONNECT host:1 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    ] {
        let told = watched(&[
            client(asks),
            client("early"),
            backend(&[answers, "GET / HTTP/1.1\r\n\r\n"].concat()),
            client(" HTTP/1.1\r\n\r\n"),
            Said::Ended(Side::Client),
            backend("late"),
            Said::Ended(Side::Backend),
        ]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].body, b"GET / HTTP/1.1\r\n\r\nlate");
        assert_eq!((told[0].from_client.as_slice(), &told[0].done), (&b"early HTTP/1.1\r\n\r\n"[..], &Some(Ok(()))));
    }
    // It may also refuse, and what was held back is the next request.
    let told = watched(&[
        client(&[upgrade, GET].concat()),
        backend("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"),
    ]);
    assert_eq!(brief(&told)[1], ("GET /a", Some(200), "a", Some(Ok(()))));
}

#[test]
fn what_ends_too_early_says_who_ended_it() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
    let cases: [(&[Said], Why); 6] = [
        (&[client(GET), Said::Ended(Side::Backend)], Why::NoResponse),
        (
            &[client(GET), backend("HTTP/1.1 20"), Said::Ended(Side::Backend)],
            Why::HeadCut { start: b"HTTP/1.1 20".to_vec() },
        ),
        (&[client(GET), backend(half), Said::Ended(Side::Backend)], Why::BodyCut { length: 3 }),
        (&[client(GET), backend(half), Said::Ended(Side::Client), Said::Ended(Side::Backend)], Why::ClientClosed),
        (
            &[
                client("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"),
                Said::Ended(Side::Client),
                Said::Ended(Side::Backend),
            ],
            Why::RequestCut,
        ),
        (
            &[
                client(GET),
                backend("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX"),
                Said::Ended(Side::Backend),
            ],
            Why::ChunksInvalid { length: 3 },
        ),
    ];
    for (said, why) in cases {
        let told = watched(said);
        assert_eq!((told.len(), told[0].done.clone()), (1, Some(Err(why))), "{said:?}");
    }
    let told = watched(&[client("GET /half HT"), Said::Ended(Side::Client), Said::Ended(Side::Backend)]);
    assert_eq!((told[0].is_raw, told[0].done.clone()), (true, Some(Err(Why::RequestCut))));
    assert_eq!(watched(&[Said::Ended(Side::Client), Said::Ended(Side::Backend)]), []);
    let stopped = watched_in_pieces(&[client(GET), backend(half)], &[], Some(Why::Stopped));
    assert_eq!(stopped[0].done, Some(Err(Why::Stopped)));
}

#[test]
fn bytes_that_are_not_http_are_the_output_of_one_call() {
    let told = watched(&[client("PING\r\n"), backend("+PONG\r\n"), client("QUIT\r\n"), Said::Ended(Side::Backend)]);
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].from_client.as_slice(), told[0].body.as_slice()),
        (&b"PING\r\nQUIT\r\n"[..], &b"+PONG\r\n"[..])
    );
    assert_eq!(told[0].done, Some(Err(Why::RequestUnreadable { start: Vec::new() })));
    // The backend alone may be none.
    let told = watched(&[client(GET), backend("-ERR unknown"), backend(" command\r\n"), client("more")]);
    assert_eq!(
        (told.len(), told[0].body.as_slice(), told[0].from_client.as_slice()),
        (1, &b"-ERR unknown command\r\n"[..], &b"more"[..])
    );
    assert_eq!(told[0].done, Some(Err(Why::ResponseUnreadable { start: Vec::new() })));
    // Nonsense after a request leaves that one as it is.
    let told =
        watched(&[client(&[GET, "\u{1}\u{2}\n"].concat()), backend("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")]);
    assert_eq!(brief(&told)[0], ("GET /a", Some(200), "a", Some(Ok(()))));
    assert_eq!(told[1].done, Some(Err(Why::RequestUnreadable { start: Vec::new() })));
    // And so do bytes without a request.
    let told = watched(&[client(GET), backend("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc")]);
    assert_eq!((told[0].body.as_slice(), told[1].body.as_slice()), (&b"a"[..], &b"bc"[..]));
    assert_eq!(told[1].done, Some(Err(Why::Unasked)));
}

#[test]
fn what_was_not_seen_is_counted_and_the_rest_is_read_where_it_can_be() {
    let told = watched(&[
        client(GET),
        backend("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
        Said::Missed(Side::Backend, 7),
        client("GET /b HTTP/1.1\r\n\r\n"),
        backend("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"),
    ]);
    assert_eq!((told[0].missed, told[0].done.clone(), told[1].done.clone()), (7, Some(Ok(())), Some(Ok(()))));
    let told = watched(&[
        client("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"),
        Said::Missed(Side::Client, 7),
        backend("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"),
    ]);
    assert_eq!((told[0].missed, told[0].request_done, told[0].done.clone()), (7, true, Some(Ok(()))));
    // In the middle of a head nothing is left to read.
    let told = watched(&[client(GET), Said::Missed(Side::Backend, 7), backend("rest")]);
    assert_eq!(
        (told[0].missed, told[0].body.as_slice(), told[0].done.clone()),
        (7, &b"rest"[..], Some(Err(Why::Unseen)))
    );
    let told = watched(&[Said::Missed(Side::Client, 7), client(GET)]);
    assert_eq!((told[0].is_raw, told[0].done.clone()), (true, Some(Err(Why::Unseen))));
}

#[test]
fn a_client_that_never_ends_its_head_is_bounded() {
    let told = watched(&[client(&format!("GET /a HTTP/1.1\r\nA: {}", "x".repeat(300 * 1024)))]);
    assert_eq!(told[0].done, Some(Err(Why::RequestUnreadable { start: Vec::new() })));
    let mut said = vec![client(&GET.repeat(300))];
    said.extend([Said::Ended(Side::Client), Said::Ended(Side::Backend)]);
    assert!(watched(&said).len() <= MOST_OPEN + 1);
}

/// A request and its response, with the body that each of them has.
fn exchange() -> impl Strategy<Value = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>)> {
    let body = prop::collection::vec(any::<u8>(), 0..60);
    let coded = |head: String, body: &[u8], chunked: bool| {
        let mut bytes = head.into_bytes();
        if chunked {
            bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in body.chunks(7) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            bytes.extend_from_slice(body);
        }
        bytes
    };
    (body.clone(), body, any::<[bool; 3]>(), 200u16..600).prop_map(
        move |(sent, received, [first, second, interim], status)| {
            let request = coded(format!("POST /{} HTTP/1.1\r\n", sent.len()), &sent, first);
            let interim = if interim { "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" } else { "" };
            let status = if matches!(status, 204 | 304) { 200 } else { status };
            let response = coded(format!("{interim}HTTP/1.1 {status} Fine\r\n"), &received, second);
            (request, response, sent, received)
        },
    )
}

proptest! {
    /// However the bytes are cut, and whether or not requests wait for responses.
    #[test]
    fn the_same_is_told_wherever_bytes_are_cut(
        exchanges in prop::collection::vec(exchange(), 1..5),
        pipelined in any::<bool>(),
        cuts in prop::collection::vec(0usize..500, 0..20),
    ) {
        let mut said = Vec::new();
        if pipelined {
            said.push(Said::Client(exchanges.iter().flat_map(|one| one.0.clone()).collect()));
            said.push(Said::Backend(exchanges.iter().flat_map(|one| one.1.clone()).collect()));
        } else {
            for (request, response, ..) in &exchanges {
                said.extend([Said::Client(request.clone()), Said::Backend(response.clone())]);
            }
        }
        let told = watched_in_pieces(&said, &cuts, None);
        prop_assert_eq!(told.len(), exchanges.len());
        for (told, (_, _, sent, received)) in told.iter().zip(&exchanges) {
            prop_assert_eq!(&told.request, sent);
            prop_assert_eq!(&told.body, received);
            prop_assert_eq!(&told.done, &Some(Ok(())));
            prop_assert!(told.request_done && told.answered.is_some());
        }
        prop_assert_eq!(told, watched(&said));
    }

    /// Anything at all may pass: each exchange that began ends exactly once, and no byte is reported twice.
    #[test]
    fn nonsense_ends_what_it_began(
        said in prop::collection::vec((any::<bool>(), prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            Just(GET.as_bytes().to_vec()),
            Just(b"CONNECT a HTTP/1.1\r\nUpgrade: x\r\nContent-Length: 3\r\n\r\n".to_vec()),
            Just(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab".to_vec()),
            Just(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
            Just(b"HTTP/1.1 101 Switching\r\n\r\n".to_vec()),
            Just(b"HTTP/1.1 204 No\r\n\r\n".to_vec()),
        ], 0u8..12), 0..12),
        cuts in prop::collection::vec(0usize..60, 0..5),
    ) {
        let steps: Vec<Said> = said
            .iter()
            .map(|(from_client, bytes, kind)| match (kind, from_client) {
                (0, true) => Said::Ended(Side::Client),
                (0, false) => Said::Ended(Side::Backend),
                (1, true) => Said::Missed(Side::Client, bytes.len() as u64),
                (1, false) => Said::Missed(Side::Backend, bytes.len() as u64),
                (_, true) => Said::Client(bytes.clone()),
                (_, false) => Said::Backend(bytes.clone()),
            })
            .collect();
        let told = watched_in_pieces(&steps, &cuts, None);
        let all: usize = said.iter().map(|(_, bytes, _)| bytes.len()).sum();
        let kept: usize = told.iter().map(|one| one.request.len() + one.body.len() + one.from_client.len()).sum();
        prop_assert!(kept <= all, "{} of {}", kept, all);
        prop_assert!(told.iter().all(|one| one.done.is_some()), "{:?}", told);
    }
}
