//! How long it takes in the real window until what a user opens is drawn, and what the web process needs for it: a JSON
//! body of 100 MB, what is found at its end, and the palette.

use std::{fmt::Write, time::Duration};

use fantoccini::{key::Key, wd::TimeoutConfiguration};
use porthole_tests::{
    servers::Raw,
    window::{App, Home},
};

use crate::{
    context::{BenchContext, Result},
    memory::{share, web_processes_of},
    pairs::Sides,
};

/// The length of the body in bytes.
const JSON: u64 = 100_000_000;
/// It is in the last value only.
const LAST: &str = "the last value";
const PATIENCE: Duration = Duration::from_secs(120);
/// The web engine has put away what it needed to draw the window.
const CALM: Duration = Duration::from_secs(2);

/// Milliseconds and MB for each of the three. Each round has a new window.
pub async fn in_window(context: &BenchContext) -> Result<Vec<Sides>> {
    context.app()?;
    let raw = Raw::answering(response(context.scaled(JSON)));
    let mut figures = vec![Vec::new(); 6];
    for _ in 0..context.pairs {
        let app = App::open_in(Home::default(), &[("PORTHOLE_LAYERS", "0")]).await;
        app.client().update_timeouts(TimeoutConfiguration::new(Some(PATIENCE), None, None)).await?;
        for (n, figure) in round(&app, &raw).await?.into_iter().enumerate() {
            figures[n].push(figure);
        }
        app.close().await;
    }
    Ok(figures.into_iter().map(Sides::alone).collect())
}

async fn round(app: &App, raw: &Raw) -> Result<[f64; 6]> {
    // The first call creates the panels, which takes a frame.
    let first = app.play("hello").await;
    app.becomes(first, "status").await;
    app.set_target(&raw.endpoint.to_string()).await;
    app.click("#tab-request").await;
    app.fill("#request-path", "/all").await;
    tokio::time::sleep(CALM).await;
    let before = web(app)?;
    let palette = shortcut('k');
    let palette = until(app, &palette, "document.activeElement?.id === 'palette-text'").await?;
    let with_palette = web(app)?;
    app.chord(&[], Key::Escape.into()).await;
    let send = "document.querySelector('#request-send').click()";
    // The row of the first Call has no such text.
    let row = "document.querySelector('#log .line[data-line=\"1\"]')?.textContent.includes('\"rows\": [')";
    let opened = until(app, send, row).await?;
    app.becomes(first + 1, "status").await;
    let with_json = web(app)?;
    app.value("document.querySelector('#log').focus()").await;
    app.value(&shortcut('f')).await;
    app.until("the search", "document.activeElement?.id === 'search-text'").await;
    let find = format!(
        "const field = document.querySelector('#search-text');
         Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, '{LAST}');
         field.dispatchEvent(new InputEvent('input', {{ bubbles: true }}))"
    );
    let found = until(app, &find, "document.querySelector('#log .line .current')").await?;
    let with_search = web(app)?;
    Ok([opened, with_json - before, found, with_search - with_json, palette, with_palette - before])
}

/// Milliseconds from what this script does until its condition holds after a drawing.
async fn until(app: &App, script: &str, condition: &str) -> Result<f64> {
    let script = format!(
        "const done = arguments[arguments.length - 1], began = performance.now();
         {script};
         const look = () => ({condition}) ? done(performance.now() - began) : requestAnimationFrame(look);
         requestAnimationFrame(look)"
    );
    let took = app.client().execute_async(&script, vec![]).await?;
    took.as_f64().ok_or_else(|| format!("no duration: {took}").into())
}

/// A script that presses Ctrl and a key.
fn shortcut(key: char) -> String {
    format!(
        "(document.activeElement ?? document.body).dispatchEvent(
           new KeyboardEvent('keydown', {{ key: '{key}', ctrlKey: true, bubbles: true, cancelable: true }}))"
    )
}

/// MB of the processes that draw the page.
fn web(app: &App) -> Result<f64> {
    web_processes_of(app.process()).into_iter().map(share).sum()
}

/// A response with a JSON body of about this many bytes.
fn response(bytes: u64) -> Vec<u8> {
    let mut body = String::from("{\"rows\":[");
    let mut n: u64 = 0;
    while (body.len() as u64) < bytes {
        let _ = write!(body, "{{\"id\":{n},\"name\":\"row {n}\",\"sizes\":[{n},{}.5,null],\"ok\":true}},", n * 7);
        n += 1;
    }
    let _ = write!(body, "\"{LAST}\"]}}");
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}
