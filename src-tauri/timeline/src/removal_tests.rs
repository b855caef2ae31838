use super::*;
use crate::{Act, Changes, Origin, Outcome, demo_backend::DemoBackend};
use porthole_engine::Address;
use porthole_http::exchange::Request;
use porthole_output::Stream;
use porthole_process::{Command, Place};

/// How many bytes a command writes.
const LENGTH: u64 = 100_000;

struct Calls {
    directory: tempfile::TempDir,
    timeline: Timeline,
}

impl Calls {
    fn new(quota: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let timeline = Timeline::new(directory.path().to_owned(), directory.path().join("kept"), quota, None);
        Self { directory, timeline }
    }

    /// A command that has ended, with an output that is long enough to have a file.
    async fn ended(&self) -> CallId {
        let script = format!("head -c {} /dev/zero", LENGTH + 1);
        let command = Command::new(Place::Host, "sh", ["-c", &script]);
        let engine: Result<Address> = Err(Error::new(Code::EngineUnavailable, "no engine in this test"));
        let id = self.timeline.run(Origin::Composer, engine, command);
        self.timeline.ended(id).await.unwrap();
        id
    }

    async fn all(&self) -> Changes {
        self.timeline.changes(0).await
    }

    async fn ids(&self) -> Vec<CallId> {
        self.all().await.calls.iter().map(|row| row.id).collect()
    }

    fn has_file(&self, id: CallId) -> bool {
        self.directory.path().join(id.to_string()).with_extension("stdout").exists()
    }

    async fn until_gone(&self, id: CallId) {
        while self.has_file(id) {
            tokio::task::yield_now().await;
        }
    }

    /// Lets time pass as far as a timer, when it is paused.
    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[tokio::test]
async fn what_was_cleared_is_hidden_at_once_and_comes_back_as_it_was() {
    let calls = Calls::new(u64::MAX);
    let (first, second) = (calls.ended().await, calls.ended().await);
    let before = calls.all().await;
    calls.timeline.clear();
    let after = calls.timeline.changes(before.revision).await;
    assert!(after.cleared.is_some_and(|cleared| cleared.except.is_empty()));
    let [removal] = after.removals.as_slice() else { panic!("not one removal") };
    assert_eq!((removal.calls, &removal.text, removal.deleted), (2, &None, false));
    assert_eq!(calls.timeline.call(first).unwrap_err().code, Code::CallNotFound);
    assert!(calls.has_file(first));
    calls.timeline.undo_removal(removal.number).unwrap();
    let back = calls.timeline.changes(after.revision).await;
    assert_eq!(back.cleared, None);
    assert_eq!(back.calls.iter().map(|row| row.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!(calls.timeline.output(first).unwrap().read(Stream::Stdout, 0, 3).unwrap(), [0, 0, 0]);
    assert_eq!(calls.timeline.undo_removal(removal.number).unwrap_err().code, Code::RemovalOver);
}

#[tokio::test]
async fn the_files_go_when_it_can_no_longer_be_undone() {
    let calls = Calls::new(u64::MAX);
    let id = calls.ended().await;
    calls.timeline.delete(&[id].into());
    tokio::time::pause();
    calls.pass(GRACE - Duration::from_secs(1)).await;
    assert!(calls.has_file(id));
    calls.pass(Duration::from_secs(2)).await;
    tokio::time::resume();
    calls.until_gone(id).await;
    assert!(calls.all().await.removals.is_empty());
}

#[tokio::test]
async fn the_time_stands_still_while_the_user_looks_at_the_offer_to_undo() {
    let calls = Calls::new(u64::MAX);
    let id = calls.ended().await;
    calls.timeline.clear();
    let number = calls.all().await.removals[0].number;
    tokio::time::pause();
    calls.pass(GRACE - Duration::from_secs(1)).await;
    calls.timeline.hold_removal(number, true);
    calls.pass(GRACE * 20).await;
    assert!(calls.has_file(id));
    // A window that was loaded again holds nothing.
    calls.timeline.release_removals();
    calls.pass(GRACE + Duration::from_secs(1)).await;
    tokio::time::resume();
    calls.until_gone(id).await;
}

#[tokio::test]
async fn only_calls_that_have_ended_are_deleted() {
    let calls = Calls::new(u64::MAX);
    let demo = DemoBackend::start().await;
    let stream = Request::new("GET", "/events?every=5");
    let live = calls.timeline.send(Origin::Composer, demo.endpoint().clone(), stream);
    let ended = calls.ended().await;
    calls.timeline.delete(&[live, ended, 99].into());
    assert_eq!(calls.ids().await, [live]);
    assert_eq!(calls.all().await.removals[0].text.as_deref().map(|text| text.contains("head -c")), Some(true));
    calls.timeline.close().await;
}

#[tokio::test]
async fn a_pinned_call_survives_a_clear_and_its_folder_goes_with_a_delete() {
    let calls = Calls::new(u64::MAX);
    let id = calls.ended().await;
    calls.timeline.keep(id, true).await.unwrap();
    calls.timeline.clear();
    assert_eq!(calls.ids().await, [id]);
    let folders = || std::fs::read_dir(calls.directory.path().join("kept")).unwrap().count();
    assert_eq!(folders(), 1);
    calls.timeline.delete(&[id].into());
    let number = calls.all().await.removals[0].number;
    calls.timeline.undo_removal(number).unwrap();
    assert!(calls.all().await.calls[0].kept);
    calls.timeline.delete(&[id].into());
    let number = calls.all().await.removals[0].number;
    calls.timeline.end_removal(number).await;
    assert_eq!((folders(), calls.has_file(id)), (0, false));
}

#[tokio::test]
async fn only_the_latest_removals_can_be_undone() {
    let calls = Calls::new(u64::MAX);
    let mut ids = Vec::new();
    for _ in 0..=MOST {
        let id = calls.ended().await;
        calls.timeline.delete(&[id].into());
        ids.push(id);
    }
    assert_eq!(calls.all().await.removals.len(), MOST);
    assert!(!calls.has_file(ids[0]));
    assert!(ids[1..].iter().all(|id| calls.has_file(*id)));
    calls.timeline.close().await;
    assert!(!ids.iter().any(|id| calls.has_file(*id)), "closing deletes what was removed");
}

#[tokio::test]
async fn a_call_that_waits_for_the_disk_ends_the_time_to_undo() {
    let room = LENGTH * 3;
    let calls = Calls::new(room);
    let removed = calls.ended().await;
    calls.timeline.delete(&[removed].into());
    assert!(calls.has_file(removed));
    let script = format!("head -c {} /dev/zero", room - LENGTH / 2);
    let command = Command::new(Place::Host, "sh", ["-c", &script]);
    let id = calls.timeline.run(Origin::Composer, Err(Error::new(Code::EngineUnavailable, "")), command);
    let call = calls.timeline.ended(id).await.unwrap();
    let Act::Run(run) = &call.act else { panic!("not a run") };
    assert_eq!(run.failure, None);
    let changes = calls.all().await;
    assert!(changes.removals.is_empty());
    assert!(matches!(changes.calls[0].outcome, Outcome::Ended { .. }));
    calls.until_gone(removed).await;
}

#[tokio::test]
async fn a_clear_that_makes_room_for_waiting_calls_deletes_at_once() {
    let calls = Calls::new(u64::MAX);
    let id = calls.ended().await;
    calls.timeline.set_quota(LENGTH);
    calls.timeline.clear();
    assert!(calls.all().await.removals.is_empty());
    assert!(!calls.has_file(id));
}
