//! A drive through the main job in the real window, for a machine with no display: a request, a
//! host command, a live stream. Prints what it does and sees, and where its pictures are.

use std::path::PathBuf;

use porthole_tests::window::App;

#[tokio::main]
async fn main() {
    let pictures = PathBuf::from(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into())).join("tour");
    let app = App::open().await;
    say("The window is open. Its target is the demo backend:");
    see(&app.text("#mark-service").await);

    say("A request, GET /hello:");
    app.send("GET", "/hello").await;
    app.outcome("status").await;
    app.until("the body", "document.querySelector('#log .line')").await;
    see(&app.text("#timeline [data-call]:last-child").await);
    see(&app.text("#log").await);
    let request = app.picture(&pictures.join("1-request.png")).await;

    say("A host command that fails, with one argument a box:");
    app.run_on_host("sh", &["-c", "echo 'to stdout'; echo 'to stderr' >&2; exit 3"]).await;
    app.outcome("ended").await;
    app.until("its output", "document.querySelectorAll('#log .line').length === 2").await;
    see(&app.text("#timeline [data-call]:last-child").await);
    see(&app.text("#log").await);
    let command = app.picture(&pictures.join("2-command.png")).await;

    say("A live stream of server-sent events, GET /events:");
    app.send("GET", "/events?every=100").await;
    app.until("ten events", "Number([...document.querySelectorAll('#log .line')].at(-1)?.dataset.line) >= 9").await;
    see(&app.text("#timeline [data-call]:last-child").await);
    see(&app.text("#log-status").await);
    let stream = app.picture(&pictures.join("3-stream.png")).await;

    say("Cancelled; what had arrived is kept:");
    app.click("#request-cancel").await;
    app.outcome("cancelled").await;
    see(&app.text("#timeline [data-call]:last-child").await);

    app.close().await;
    say("Pictures:");
    for picture in [request, command, stream] {
        see(&picture.display().to_string());
    }
}

fn say(what: &str) {
    println!("\n{what}");
}

fn see(what: &str) {
    for line in what.lines().filter(|line| !line.trim().is_empty()).take(12) {
        println!("    {line}");
    }
}
