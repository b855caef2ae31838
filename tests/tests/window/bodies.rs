//! Bodies of responses in the window: content encodings, formats and previews.

use std::io::Write;

use porthole_tests::{
    servers::{Lure, Raw, read_head},
    window::{App, Home},
};

use crate::drawn::{drawn_right, drawn_right_under};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A response with these lines of its head.
fn response(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    [format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {length}\r\nConnection: close\r\n\r\n").as_bytes(), body]
        .concat()
}

/// The window with the response to one request.
async fn answered(raw: &Raw, path: &str) -> (App, u64) {
    let app = App::open().await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.send("GET", path).await;
    let call = app.newer_than(0).await;
    (app, call)
}

/// Waits until an element says something.
async fn says(app: &App, css: &str, words: &str) {
    app.until(words, &format!("document.querySelector('{css}')?.innerText.includes('{words}')")).await;
}

#[tokio::test]
async fn a_compressed_body_is_decoded_and_can_be_shown_and_saved_as_sent() {
    let json = format!("[{}]", vec![r#"{"name":"pg data","size":12345678901234567890}"#; 100].join(","));
    let packed = gzip(json.as_bytes());
    let raw = Raw::answering(response("Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", &packed));
    let (app, call) = answered(&raw, "/volumes").await;
    app.becomes(call, "status").await;
    says(&app, "#encoding", &format!("Decoded from gzip: {} B sent, 4.7 kB decoded", packed.len())).await;
    says(&app, "#encoding-toggle", "Show as sent").await;
    // JSON that says that it is text.
    says(&app, "#format", "JSON").await;
    app.line(2, "    \"name\": \"pg data\",").await;
    drawn_right(&app, "body-decoded").await;

    app.click("#save").await;
    let folder = tempfile::tempdir().unwrap();
    let save = async |part: &str, name: &str, ending: &str| {
        app.click(&format!("#save-what input[value={part}]")).await;
        app.until("its name", &format!("document.querySelector('#save-path').value.endsWith('{ending}')")).await;
        let path = folder.path().join(name);
        app.fill("#save-path", &path.display().to_string()).await;
        app.click("#save-go").await;
        says(&app, "#save-done", name).await;
        std::fs::read(path).unwrap()
    };
    assert_eq!(save("decoded", "decoded.json", "volumes.json").await, json.as_bytes());
    assert_eq!(save("stdout", "sent.json.gz", "volumes.json.gz").await, packed);
    app.click("#save-cancel").await;

    app.click("#encoding-toggle").await;
    says(&app, "#encoding", &format!("Shown as sent: {} B of gzip", packed.len())).await;
    says(&app, "#log", "1f 8b 08").await;
    drawn_right(&app, "body-as-sent").await;
    app.click("#encoding-toggle").await;
    says(&app, "#encoding", "Decoded from gzip").await;
    app.line(2, "    \"name\": \"pg data\",").await;
    app.close().await;
}

#[tokio::test]
async fn of_a_broken_body_the_decoded_part_is_shown_with_the_reason() {
    let text: String = (0..3000).map(|n| format!("line {n} of the log\n")).collect();
    let packed = gzip(text.as_bytes());
    let raw =
        Raw::answering(response("Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", &packed[..packed.len() / 2]));
    let (app, call) = answered(&raw, "/log").await;
    app.becomes(call, "status").await;
    says(&app, "#encoding", "The gzip data ends too early.").await;
    app.line(0, "line 0 of the log").await;
    drawn_right(&app, "body-broken").await;
    app.close().await;
}

#[tokio::test]
async fn a_mislabeled_body_is_shown_as_it_was_sent() {
    let raw = Raw::answering(response(
        "Content-Type: text/plain\r\nContent-Encoding: br\r\n",
        b"{\"error\": \"the proxy added the header\"}",
    ));
    let (app, call) = answered(&raw, "/x").await;
    app.becomes(call, "status").await;
    says(&app, "#encoding", "although Content-Encoding says so").await;
    app.line(1, "  \"error\": \"the proxy added the header\"").await;
    drawn_right(&app, "body-mislabeled").await;
    app.close().await;
}

#[tokio::test]
async fn the_format_is_found_by_the_content_and_can_be_changed() {
    let raw =
        Raw::answering(response("Content-Type: application/octet-stream\r\n", b"{\"n\": 1}\n{\"n\": 2}\n{\"n\": 3}\n"));
    let (app, call) = answered(&raw, "/x").await;
    app.becomes(call, "status").await;
    says(&app, "#format", "NDJSON").await;
    says(&app, "#log-status", "3 records").await;
    app.click("#format").await;
    drawn_right_under(&app, "body-formats").await;
    app.click("#format-text").await;
    says(&app, "#format", "Text").await;
    says(&app, "#log-status", "3 lines").await;
    app.click("#format").await;
    app.click("#format-bytes").await;
    says(&app, "#format", "Hex").await;
    says(&app, "#log", "7b 22 6e 22").await;
    app.click("#format").await;
    app.click("#format-automatic").await;
    says(&app, "#log-status", "3 records").await;
    app.close().await;
}

#[tokio::test]
async fn compressed_events_are_decoded_as_they_arrive() {
    let (next, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let raw = Raw::new(move |mut stream| {
        // Whether the backend is up is asked with a HEAD request.
        if !read_head(&mut stream).starts_with("GET") {
            return;
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        for n in 0.. {
            encoder.write_all(format!("data: event {n}\n\n").as_bytes()).unwrap();
            encoder.flush().unwrap();
            if stream.write_all(&std::mem::take(encoder.get_mut())).is_err() {
                return;
            }
            if wait.lock().unwrap().recv().is_err() {
                return;
            }
        }
    });
    let (app, call) = answered(&raw, "/events").await;
    says(&app, "#log", "event 0").await;
    says(&app, "#encoding", "15 B decoded").await;
    next.send(()).unwrap();
    says(&app, "#log", "event 1").await;
    says(&app, "#encoding", "30 B decoded").await;
    drop(next);
    app.becomes(call, "status").await;
    says(&app, "#encoding", "The gzip data ends too early.").await;
    app.close().await;
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let chunk = |name: &[u8; 4], data: &[u8]| {
        let mut crc = flate2::Crc::new();
        crc.update(name);
        crc.update(data);
        [&(data.len() as u32).to_be_bytes()[..], name, data, &crc.sum().to_be_bytes()].concat()
    };
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let row = |y: u32| {
        let pixel =
            move |x: u32| [(x * 255 / width) as u8, (y * 255 / height) as u8, 160, if x < width / 4 { 0 } else { 255 }];
        [0].into_iter().chain((0..width).flat_map(pixel))
    };
    let pixels: Vec<u8> = (0..height).flat_map(row).collect();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&pixels).unwrap();
    let data = chunk(b"IDAT", &packed.finish().unwrap());
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &[&size[..], b"\x08\x06\0\0\0"].concat()), data, chunk(b"IEND", b"")]
        .concat()
}

#[tokio::test]
async fn an_image_is_shown_with_its_size_and_can_be_zoomed() {
    let raw = Raw::answering(response("Content-Type: application/octet-stream\r\n", &png(320, 200)));
    let (app, call) = answered(&raw, "/icon").await;
    app.becomes(call, "status").await;
    says(&app, "#format", "Image").await;
    says(&app, "#preview-size", "320 × 200 px").await;
    app.until("the image", "document.querySelector('#preview-image')?.naturalWidth === 320").await;
    says(&app, "#preview-zoom", "100 %").await;
    app.click("#zoom-in").await;
    says(&app, "#preview-zoom", "150 %").await;
    app.until("its width", "document.querySelector('#preview-image').clientWidth === 480").await;
    app.click("#zoom-fit").await;
    says(&app, "#preview-zoom", "100 %").await;
    drawn_right(&app, "body-image").await;
    app.click("[aria-label='Body view'] button:nth-child(3)").await;
    says(&app, "#log", "89 50 4e 47").await;
    app.close().await;
}

#[tokio::test]
async fn an_svg_is_drawn_without_its_scripts() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='120' height='80' onload='parent.document.title=1'>\
        <script>parent.document.body.remove()</script><rect width='120' height='80' rx='12' fill='teal'/></svg>";
    let raw = Raw::answering(response("Content-Type: image/svg+xml\r\n", svg));
    let (app, call) = answered(&raw, "/logo.svg").await;
    app.becomes(call, "status").await;
    app.until("the image", "document.querySelector('#preview-image')?.naturalWidth === 120").await;
    says(&app, "#preview-size", "120 × 80 px").await;
    app.close().await;
}

#[tokio::test]
async fn an_svg_that_repeats_itself_without_end_is_not_drawn() {
    let levels: String =
        (1..12).map(|n| format!("<g id='l{n}'>{}</g>", format!("<use href='#l{}'/>", n - 1).repeat(10))).collect();
    let svg = format!("<svg xmlns='http://www.w3.org/2000/svg'><rect id='l0' width='9' height='9'/>{levels}</svg>");
    let raw = Raw::answering(response("Content-Type: image/svg+xml\r\n", svg.as_bytes()));
    let (app, call) = answered(&raw, "/bomb.svg").await;
    app.becomes(call, "status").await;
    says(&app, "#preview", "too many elements").await;
    app.close().await;
}

#[tokio::test]
async fn a_page_is_shown_without_scripts_and_without_network() {
    let lure = Lure::set();
    let port = lure.port;
    let html = format!(
        "<!doctype html><html><head><title>T</title><meta http-equiv=refresh content='0;url=http://localhost:{port}/'>\
        <link rel=stylesheet href='http://localhost:{port}/a.css'><style>h1 {{ color: teal }}</style></head>\
        <body onload='parent.document.body.remove()'><h1>502 Bad Gateway</h1><hr><p>nginx/1.27 &amp; friends\
        <img src='http://localhost:{port}/a.png'><iframe src='http://localhost:{port}/'></iframe>\
        <script>parent.document.title = 'taken'; fetch('http://localhost:{port}/x')</script>\
        <a href='http://localhost:{port}/'>a link</a><form action='http://localhost:{port}/'><button>Send</button></form>"
    );
    let raw = Raw::answering(response("Content-Type: text/html\r\n", html.as_bytes()));
    let (app, call) = answered(&raw, "/").await;
    app.becomes(call, "status").await;
    app.until("the frame", "document.querySelector('#preview-page') !== null").await;
    let frame = app.client().find(fantoccini::Locator::Css("#preview-page")).await.unwrap();
    frame.enter_frame().await.unwrap();
    let shown = app.client().find(fantoccini::Locator::Css("h1")).await.unwrap().text().await.unwrap();
    app.client().enter_parent_frame().await.unwrap();
    assert_eq!(shown, "502 Bad Gateway");
    drawn_right(&app, "body-page").await;
    app.click("[aria-label='Body view'] button:nth-child(2)").await;
    says(&app, "#log", "<h1>502 Bad Gateway</h1>").await;
    drawn_right(&app, "body-html").await;
    assert_eq!(lure.asked(), 0);
    app.close().await;
}

#[tokio::test]
async fn xml_is_indented_and_colored() {
    let xml = "<?xml version=\"1.0\"?><feed xmlns='urn:x'><!-- two\n lines --><entry id=\"1\"><title>pg data</title><size unit='B'>12</size></entry></feed>";
    let raw = Raw::answering(response("Content-Type: application/atom+xml\r\n", xml.as_bytes()));
    let (app, call) = answered(&raw, "/feed").await;
    app.becomes(call, "status").await;
    says(&app, "#format", "XML").await;
    app.line(4, "  <entry id=\"1\">").await;
    app.line(5, "    <title>pg data</title>").await;
    app.until(
        "colors",
        "document.querySelector('#log .line .key') !== null && document.querySelector('#log .line .comment') !== null",
    )
    .await;
    drawn_right(&app, "body-xml").await;
    app.close().await;
}

#[tokio::test]
async fn csv_is_shown_as_a_table() {
    let rows: String = (0..200).map(|n| format!("{n},\"volume, {n}\",{}\r\n", n * 1_234_567)).collect();
    let csv = format!("id,name,size in bytes\r\n{rows}last,\"two\nlines\",1\r\n");
    let raw = Raw::answering(response("Content-Type: text/csv\r\n", csv.as_bytes()));
    let (app, call) = answered(&raw, "/volumes.csv").await;
    app.becomes(call, "status").await;
    says(&app, "#format", "CSV").await;
    says(&app, "#log-status", "202 records").await;
    app.until("cells", "document.querySelector('#log .line[data-row=\"3\"] .cell:nth-of-type(3)') !== null || document.querySelectorAll('#log .line[data-row=\"3\"] .cell').length === 3").await;
    says(&app, "#log .line[data-row=\"3\"]", "volume, 2").await;
    drawn_right(&app, "body-csv").await;
    app.close().await;
}

#[tokio::test]
async fn a_pdf_is_opened_with_the_systems_viewer() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (program, opened) = (folder.path().join("xdg-open"), folder.path().join("opened.pdf"));
    std::fs::write(&program, format!("#!/bin/sh\ncp \"$1\" {0}.part && mv {0}.part {0}\n", opened.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let pdf = b"%PDF-1.7\n%%EOF\n";
    let raw = Raw::answering(response("Content-Type: application/pdf\r\n", pdf));
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let app = App::open_in(Home::default(), &[("PATH", &path)]).await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.send("GET", "/report").await;
    let call = app.newer_than(0).await;
    app.becomes(call, "status").await;
    says(&app, "#preview", "PDF document, 15 B").await;
    drawn_right(&app, "body-pdf").await;
    app.click("#open-body").await;
    porthole_tests::eventually("the viewer", async || opened.exists().then_some(())).await;
    assert_eq!(std::fs::read(opened).unwrap(), pdf);
    app.close().await;
}
