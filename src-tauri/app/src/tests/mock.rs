//! A session as the target: its commands don't run on this machine, and need no permission.

use porthole_engine::target::Target;
use porthole_http::exchange::Request;
use porthole_output::View;
use porthole_process::{Command, Ending};
use porthole_timeline::session::ExportFormat;

use super::*;

/// An application with a session of a request and of a host command that leaves a marker, and where the marker would be.
async fn with_session() -> (tempfile::TempDir, Arc<TestApplication>, u32, std::path::PathBuf) {
    let (folder, application) = application().await;
    let marker = folder.path().join("marker");
    let sent = application.send(Request::new("GET", "/hello")).await.unwrap();
    application.ended(sent).await.unwrap();
    let line = format!("echo recorded; touch {}", marker.display());
    let ran = application.run(Command::new(Place::Host, "/bin/sh", ["-c", &line])).await.unwrap();
    application.ended(ran).await.unwrap();
    let path = folder.path().join("a.porthole").display().to_string();
    application.export(Some(vec![sent, ran]), ExportFormat::Session, None, path.clone(), false).await.unwrap();
    let session = application.open_session(path).await.unwrap();
    std::fs::remove_file(&marker).unwrap();
    (folder, application, session, marker)
}

fn ended_with(call: Call) -> Option<Ending> {
    run_of(call).ending
}

#[tokio::test]
async fn a_served_session_answers_requests_and_commands_until_it_is_stopped() {
    let (folder, application, session, marker) = with_session().await;
    let before = application.bootstrap().await.unwrap().target;
    let target = application.serve_mock(session).await.unwrap();
    assert!(target.mock && target.name.contains("a.porthole"), "{target:?}");
    let sent = application.send(Request::new("GET", "/hello")).await.unwrap();
    assert_eq!(application.ended(sent).await.unwrap().skipped(), None);
    assert!(application.exact(sent, View::Stdout, 0, 1).await.unwrap().contains("Hello"));
    let missed = application.send(Request::new("GET", "/other")).await.unwrap();
    application.ended(missed).await.unwrap();
    let mock = application.changes(0).await.unwrap().mock.unwrap();
    assert_eq!((mock.session, mock.served, mock.missed), (session, 1, 1));

    assert_eq!(mock.speed, 1.0);
    application.set_mock_speed(0.0).await.unwrap();
    for speed in [f64::NAN, -1.0] {
        assert_eq!(application.set_mock_speed(speed).await.unwrap_err().code, Code::RequestInvalid, "{speed}");
    }
    assert_eq!(application.changes(0).await.unwrap().mock.unwrap().speed, 0.0);

    // Code of the console isn't asked for what starts no program.
    let line = format!("echo recorded; touch {}", marker.display());
    let proposed = application.propose(host_command(&line), Origin::Console).await.unwrap();
    let ProposedState::Started { id } = proposed.state else { panic!("{proposed:?}") };
    assert_eq!(ended_with(application.ended(id).await.unwrap()), Some(Ending::Exited { code: 0 }));
    assert_eq!(application.exact(id, View::Stdout, 0, 1).await.unwrap().trim(), "recorded");
    let again = application.repeat(id).await.unwrap();
    assert_eq!(ended_with(application.ended(again).await.unwrap()), Some(Ending::Exited { code: 0 }));
    assert!(!marker.exists());
    // A page without any extension gets the same.
    let paged = application.propose(host_command(&line), Origin::Page).await.unwrap();
    assert!(matches!(paged.state, ProposedState::Started { .. }), "{paged:?}");
    let missed = application.propose(host_command("echo other"), Origin::Page).await.unwrap();
    let ProposedState::Started { id } = missed.state else { panic!("{missed:?}") };
    let failure = run_of(application.ended(id).await.unwrap()).failure;
    assert_eq!(failure.map(|error| error.code), Some(Code::NotRecorded));

    assert_eq!(application.stop_mock().await.unwrap(), before);
    assert_eq!(application.changes(0).await.unwrap().mock, None);
    assert_eq!(application.set_mock_speed(1.0).await.unwrap_err().code, Code::CallNotFound);
    let sockets = || {
        let files = std::fs::read_dir(application.timeline().directory()).unwrap();
        files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("mock-")).count()
    };
    assert_eq!(sockets(), 0);
    // Now it would run, so it needs permission.
    let waits = pending(&application, host_command(&line), Origin::Console).await;
    application.deny(waits).await.unwrap();
    application.close().await;
    drop(folder);
}

#[tokio::test]
async fn a_mock_ends_with_its_session_and_with_another_target() {
    let (_folder, application, session, _) = with_session().await;
    let is_served = async || application.changes(0).await.unwrap().mock.is_some();
    let target = application.serve_mock(session).await.unwrap();
    // A new name is no other target.
    let renamed = application.set_target(Target { name: "mine".into(), ..target }).await.unwrap();
    assert!(renamed.mock && is_served().await);
    let demo = application.set_target(Target::demo()).await.unwrap();
    assert!(!demo.mock && !is_served().await);
    application.serve_mock(session).await.unwrap();
    application.close_session(session).await.unwrap();
    assert!(!is_served().await);
    assert_eq!(application.bootstrap().await.unwrap().target, demo);
    assert_eq!(application.serve_mock(session).await.unwrap_err().code, Code::CallNotFound);
    application.close().await;
}
