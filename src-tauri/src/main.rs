//! Porthole's window: a host of `porthole-app`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod choose;
mod commands;
mod console;
mod drawing;
mod host;
mod logging;
#[cfg(target_os = "linux")]
mod lost;
mod notification;
mod page;
#[cfg(target_os = "linux")]
mod page_process;
mod page_window;
mod process;
mod question;
mod start;
mod watch;
mod web;

use std::process::ExitCode;

use host::{Porthole, TauriHost};
use page_window::{MAIN, PageWindow};
use porthole_app::page_window::PageWindowClosed;
use porthole_base::{
    error::{Code, Error, Result},
    handles, private,
};
use porthole_engine::reaper;
use start::Start;
use tauri::{App, DragDropEvent, Manager, RunEvent, WindowEvent};

fn main() -> ExitCode {
    if reaper::serve_if_asked() {
        return ExitCode::SUCCESS;
    }
    handles::raise();
    private::keep_owner_rights();
    match window() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => start::report(&error),
    }
}

fn window() -> Result<()> {
    let mut context = tauri::generate_context!();
    // A start without a window leaves no file behind.
    start::check_display()?;
    logging::start(logging::directory(&context.config().identifier).as_deref());
    let Some(begun) = Start::begin(context.config_mut())? else { return Ok(()) };
    let builder = tauri::Builder::default().plugin(page::first_in_frames(&context));
    // On Linux the page's files are streamed, which Tauri's own way can't do: `web::confine` registers that.
    #[cfg(not(target_os = "linux"))]
    let builder = builder
        .plugin(tauri_plugin_dialog::init())
        .register_asynchronous_uri_scheme_protocol(page::SCHEME, |context, request, responder| {
            page::whole::answer(context.app_handle(), request, responder)
        });
    let app = builder
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .register_uri_scheme_protocol(console::SCHEME, |context, request| {
            console::answer(context.app_handle(), request.uri().path())
        })
        .invoke_handler(commands::handler())
        .setup(|app| {
            set_up(app, begun);
            Ok(())
        })
        .build(context)
        .map_err(no_window)?;
    app.run(|app, event| match event {
        // The page's own window goes with the main one.
        RunEvent::WindowEvent { event: WindowEvent::Destroyed, .. } => {
            // Not from within the loop that is closing a window: another is closed in its turn.
            let app = app.clone();
            tauri::async_runtime::spawn(async move {
                app.state::<Porthole>().page_window_gone(PageWindowClosed::default())
            });
        }
        RunEvent::WindowEvent { label, event: WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }), .. }
            if label == MAIN =>
        {
            app.state::<Porthole>().dropped(&paths)
        }
        RunEvent::Exit => {
            start::stop_raising(app);
            // Whatever the end waits for: a window that is gone must not leave its process.
            end_after(LONGEST_END);
            tauri::async_runtime::block_on(app.state::<Porthole>().close());
            end();
        }
        _ => {}
    });
    Ok(())
}

/// Opens the windows and starts the application.
fn set_up(app: &App, begun: Start) {
    // An error that Tauri gets from here would be a panic.
    let opened = begun.open_windows(app).map_err(no_window);
    let page_window = PageWindow::new(app.handle().clone(), begun.web_storage());
    let host = TauriHost::new(app.handle().clone(), page_window);
    let file = begun.file();
    let places = begun.places(app);
    let started = opened.map(|()| tauri::async_runtime::block_on(Porthole::start(places, host)));
    let porthole = match started {
        Ok(porthole) => porthole,
        Err(error) => {
            let _ = start::report(&error);
            std::process::exit(1);
        }
    };
    porthole.check_target();
    if let Some(file) = file {
        porthole.dropped(&[file]);
    }
    app.manage(porthole);
    for window in app.webview_windows().values() {
        web::confine(window);
        drawing::suit_the_machine(window);
        process::look_after(window);
    }
    tauri::async_runtime::spawn(watch::keep_watch(app.handle().clone()));
    let handle = app.handle().clone();
    tauri::async_runtime::spawn(async move {
        asked_to_end().await;
        // The main thread may not end by itself.
        end_after(LONGEST_END);
        handle.exit(0);
    });
}

fn no_window(error: tauri::Error) -> Error {
    let error = Error::new(Code::WindowLost, "The window can't be opened").detail(error);
    error.hint("Check that WebKitGTK is installed and that the display works.")
}

/// How long the end of everything may take.
const LONGEST_END: std::time::Duration = std::time::Duration::from_secs(10);

/// Ends the process by then, whatever its threads wait for.
fn end_after(limit: std::time::Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        end();
    });
}

/// Ends the process. Answers to the window are still on their way on other threads, and would use what the web view's
/// libraries stop at a usual end.
fn end() -> ! {
    #[cfg(unix)]
    porthole_process::end_process();
    #[cfg(not(unix))]
    std::process::exit(0);
}

/// Waits for the operating system to ask this process to end, so that it ends as from its window.
async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
            }
        }
    }
    std::future::pending::<()>().await;
}
