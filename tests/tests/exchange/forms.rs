//! Forms and redirects of requests that are composed.

use super::*;

#[tokio::test]
async fn nginx_redirects_are_followed_where_the_request_asks_for_it() {
    let nginx = nginx().await;
    let request = Request { follow_redirects: true, ..get("/moved") };
    let sent = send(&nginx.endpoint, &request).await;
    assert_eq!((sent.status(), sent.text()), (200, "<h1>nginx</h1>\n"));
    let [redirect] = &sent.exchange.redirects[..] else { panic!("{:?}", sent.exchange.redirects) };
    assert_eq!((redirect.path.as_str(), redirect.response.status), ("/moved", 302));
}

#[tokio::test]
async fn a_redirect_to_another_server_is_shown_and_not_followed() {
    let raw = Raw::answering("HTTP/1.1 307 X\r\nLocation: http://example.com/\r\nContent-Length: 2\r\n\r\nhi");
    let request = Request { follow_redirects: true, ..get("/") };
    let sent = send(&raw.endpoint, &request).await;
    assert_eq!((sent.status(), sent.text(), sent.exchange.redirects.len()), (307, "hi", 0));
}

#[tokio::test]
async fn a_multipart_form_arrives_as_a_server_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a \"b.bin");
    let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
    fs::write(&path, &bytes).unwrap();
    let (sender, receiver) = mpsc::channel();
    let raw = Raw::new(move |mut stream| {
        let head = read_head(&mut stream);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        sender.send(body).unwrap();
        stream.write_all(b"HTTP/1.1 204 X\r\n\r\n").unwrap();
    });
    let text = Part {
        name: "na me".into(),
        content: PartContent::Text { text: "é".into() },
        filename: None,
        content_type: None,
    };
    let file = Part { content: PartContent::File { path: path.to_str().unwrap().into() }, ..text.clone() };
    let request = Request { body: Body::Multipart { parts: vec![text, file] }, ..Request::new("POST", "/") };
    let sent = send(&raw.endpoint, &request).await;
    assert_eq!(sent.status(), 204);
    let head = sent.exchange.sent.unwrap();
    let boundary = head.header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let received = receiver.recv().unwrap();
    assert_eq!(head.header("content-length").unwrap(), received.len().to_string());
    let mut expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"na me\"\r\n\r\né\r\n--{boundary}\r\nContent-Disposition: \
         form-data; name=\"na me\"; filename=\"a %22b.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    expected.extend(bytes);
    expected.extend(format!("\r\n--{boundary}--\r\n").bytes());
    assert!(received == expected);
}

#[tokio::test]
async fn a_form_whose_file_is_missing_is_not_sent_and_names_it() {
    let part = Part {
        name: "f".into(),
        content: PartContent::File { path: "/nonexistent/f".into() },
        filename: None,
        content_type: None,
    };
    let request = Request { body: Body::Multipart { parts: vec![part] }, ..Request::new("POST", "/") };
    let failure = send(&Raw::answering("").endpoint, &request).await.exchange.failure.unwrap();
    assert_eq!((failure.error.code, failure.stage), (Code::BodyFileUnreadable, Stage::Prepare));
    assert!(failure.error.message.contains("/nonexistent/f"));
}
