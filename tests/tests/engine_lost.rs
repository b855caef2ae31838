//! An engine that goes away in the middle: its own, because it is killed.

#![cfg(unix)]
use std::sync::Arc;

use porthole_core::{
    engine::Engine,
    error::Code,
    run::{run_in_container, stops},
};
use porthole_tests::{
    containers::running_on,
    private::Private,
    recorder::{Kept, run_of},
};

#[tokio::test]
async fn an_engine_killed_in_the_middle_is_lost_and_what_was_read_is_kept() {
    let mut private = Private::start().await;
    let container = Arc::new(running_on(&private.host()).await);
    let command = container.command("sh", &["-c", "echo before; sleep 600"]);
    let mut kept = Kept::empty();
    let mut length = kept.length.subscribe();
    let (_stopper, stopping) = stops();
    let task = tokio::spawn({
        let (container, command) = (Arc::clone(&container), command.clone());
        async move {
            run_in_container(&container.engine, &container.name, &command, stopping, None, &mut kept).await;
            kept
        }
    });
    length.wait_for(|length| *length > 0).await.unwrap();
    private.kill();
    let kept = task.await.unwrap();
    let run = run_of(command, &kept);
    assert_eq!(run.failure.map(|error| error.code), Some(Code::EngineLost));
    assert_eq!(kept.stdout, b"before\n");
    let gone = Engine::connect(private.address()).await.unwrap_err();
    assert_eq!(gone.code, Code::EngineUnavailable);
    assert!(gone.hint.is_some());
}
