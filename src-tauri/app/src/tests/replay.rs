//! Sessions replayed on the target.

use porthole_engine::target::Target;
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_timeline::{replay::ReplayState, session::ExportFormat};

use super::*;
use crate::ReplayChoices;

const NOTHING_MORE: ReplayChoices = ReplayChoices { container: false, host: false, recorded_times: false };

/// Waits until the replay has ended.
async fn over(application: &TestApplication) -> ReplayState {
    let mut since = 0;
    loop {
        let changes = application.changes(since).await.unwrap();
        match changes.replay {
            Some(state) if !state.running => return state,
            _ => since = changes.revision,
        }
    }
}

#[tokio::test]
async fn a_session_is_replayed_on_the_target_of_that_moment() {
    let (folder, application) = application().await;
    let id = application.send(Request::new("GET", "/hello")).await.unwrap();
    application.ended(id).await.unwrap();
    let path = folder.path().join("a.porthole").display().to_string();
    application.export(None, ExportFormat::Session, None, path.clone(), false).await.unwrap();
    let session = application.open_session(path).await.unwrap();

    let in_container = ReplayChoices { container: true, ..NOTHING_MORE };
    let refused = application.replay(session, in_container).await.unwrap_err();
    assert_eq!(refused.code, Code::ContainerNotFound);
    assert_eq!(application.replay(session + 1, NOTHING_MORE).await.unwrap_err().code, Code::CallNotFound);
    assert_eq!(application.changes(0).await.unwrap().replay, None);

    let endpoint = Endpoint::Unix(folder.path().join("nowhere.sock"));
    let nowhere = Target { name: "nowhere".to_owned(), endpoint: Some(endpoint.clone()), ..Target::demo() };
    application.set_target(nowhere).await.unwrap();
    application.replay(session, NOTHING_MORE).await.unwrap();
    let state = over(&application).await;
    assert_eq!((state.failed, state.done), (1, 1), "{state:?}");
    let row = application.replay_results(0, 9, true).await.unwrap().rows.remove(0);
    let Act::Exchange(sent) = application.call(row.call.unwrap()).await.unwrap().act else { panic!("isn't a request") };
    assert_eq!(sent.endpoint, endpoint);
    application.close().await;
}
