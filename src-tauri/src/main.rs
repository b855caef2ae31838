//! Porthole's window: a thin shell around `porthole-core`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod answers;
mod console;
mod demo_extension;
mod drawing;
mod ipc;
mod own;
mod page;
mod permissions;
mod process;
mod question;
mod starting;
mod watch;

use std::process::ExitCode;

use answers::{Places, Porthole};
use own::OwnWindow;
use porthole_core::{extension::OwnGone, handles, run};
use tauri::{Manager, RunEvent, WindowEvent};

fn main() -> ExitCode {
    if run::serve_if_asked() {
        return ExitCode::SUCCESS;
    }
    handles::raise();
    let filter = tracing_subscriber::EnvFilter::try_from_env("PORTHOLE_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    if !has_display() {
        eprintln!("porthole: there is no display here. `make run` starts a virtual one; `porthole-cli` needs none.");
        return ExitCode::FAILURE;
    }
    match window() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("porthole: the window cannot be opened: {error}");
            ExitCode::FAILURE
        }
    }
}

/// GTK ends the process with a panic where there is none.
fn has_display() -> bool {
    cfg!(not(target_os = "linux")) || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some())
}

fn window() -> tauri::Result<()> {
    let context = tauri::generate_context!();
    let builder = tauri::Builder::default().plugin(page::first_in_frames(&context));
    #[cfg(not(target_os = "linux"))]
    let builder = builder.plugin(tauri_plugin_dialog::init());
    let app = builder
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .register_uri_scheme_protocol(console::SCHEME, |context, request| {
            console::answer(context.app_handle(), request.uri().path())
        })
        .register_asynchronous_uri_scheme_protocol(page::SCHEME, |context, request, responder| {
            page::answer(context.app_handle(), request, responder)
        })
        .invoke_handler(ipc::handler())
        .setup(|app| {
            let path = app.path();
            let home = path.home_dir()?;
            let downloads = path.download_dir().ok().filter(|downloads| downloads.is_dir());
            let places = Places {
                data: path.app_local_data_dir()?,
                config: path.app_config_dir()?,
                downloads: downloads.unwrap_or_else(|| home.clone()),
                home,
                demo_extension: demo_extension::demo_extension(path.resource_dir().ok()),
            };
            let own = OwnWindow::new(app.handle().clone());
            let porthole = tauri::async_runtime::block_on(Porthole::start(places, drawing::theme_of(app), own))?;
            app.manage(porthole);
            for window in app.webview_windows().values() {
                drawing::suit_the_machine(window);
                process::look_after(window);
            }
            tauri::async_runtime::spawn(watch::keep_watch(app.handle().clone()));
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move {
                asked_to_end().await;
                handle.exit(0);
            });
            Ok(())
        })
        .build(context)?;
    app.run(|app, event| match event {
        // The page's own window goes with the main one.
        RunEvent::WindowEvent { event: WindowEvent::Destroyed, .. } => {
            // Not from within the loop that is closing a window: another is closed in its turn.
            let app = app.clone();
            tauri::async_runtime::spawn(async move { app.state::<Porthole>().own_gone(OwnGone::default()) });
        }
        RunEvent::Exit => {
            // Whatever the end waits for: a window that is gone must not leave its process.
            std::thread::spawn(|| {
                std::thread::sleep(LONGEST_END);
                end();
            });
            tauri::async_runtime::block_on(app.state::<Porthole>().close());
            end();
        }
        _ => {}
    });
    Ok(())
}

/// How long the end of everything may take.
const LONGEST_END: std::time::Duration = std::time::Duration::from_secs(10);

/// Ends the process. Answers to the window are still on their way on other threads, and would use what the web view's
/// libraries take down at a usual end.
fn end() -> ! {
    #[cfg(unix)]
    run::end_process();
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
