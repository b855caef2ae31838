//! A window of the same toolkit with nothing in it: no core, no plugins, no page of ours. What
//! `make bench` compares Porthole's start with.

use tauri::{WebviewUrl, WebviewWindowBuilder, http::Response};

/// Says that it is ready as Porthole's page does, and marks when that was.
const PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Empty</title><body><p>Empty</p>\
    <script>document.documentElement.dataset.ready = 'true'; performance.mark('ready')</script></body></html>";

fn main() -> tauri::Result<()> {
    let mut context = tauri::generate_context!();
    // Porthole's own window would load its page; this one has the same size and another page.
    let windows = std::mem::take(&mut context.config_mut().app.windows);
    let size = windows.first().map_or((1440.0, 900.0), |window| (window.width, window.height));
    tauri::Builder::default()
        .register_uri_scheme_protocol("empty", |_, _| {
            Response::builder().header("content-type", "text/html").body(PAGE.as_bytes()).unwrap_or_default()
        })
        .setup(move |app| {
            let page = "empty://localhost/".parse()?;
            WebviewWindowBuilder::new(app, "main", WebviewUrl::CustomProtocol(page))
                .inner_size(size.0, size.1)
                .build()?;
            Ok(())
        })
        .run(context)
}
