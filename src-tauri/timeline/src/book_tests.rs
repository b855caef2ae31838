use super::*;
use crate::Origin;
use porthole_output::DiskQuota;
use porthole_process::{Command, Place, Run};

const NO_DISK: Disk = Disk { used: 0, quota: 0, waiting: 0 };

fn call(id: CallId, ended: bool) -> Call {
    let mut run = Run::new(Command::new(Place::Host, "true", [""; 0]));
    if ended {
        run.apply(RunEvent::Failed { at_us: 0, error: Error::new(Code::Cancelled, "") });
    }
    Call { id, origin: Origin::Composer, began_ms: 0, sdk: None, decision: None, act: Act::Run(run) }
}

fn begin(store: &mut CallStore, output: &Arc<Output>, ended: bool) -> CallId {
    store.revision += 1;
    let id = store.next_id();
    store.insert(call(id, ended), Arc::clone(output), None, CancellationToken::new());
    id
}

fn output() -> Arc<Output> {
    Arc::new(Output::new("/nowhere/output".into(), Arc::new(DiskQuota::new(0))))
}

/// Each clear left a row of numbers behind, and every question of the page walked through all of them under the lock.
#[test]
fn a_million_cleared_calls_leave_nothing_to_keep_or_to_walk() {
    const CALLS: CallId = 1_000_000;
    let (mut store, output) = (CallStore::new(), output());
    let stays = begin(&mut store, &output, false);
    let seen = store.changes(0, NO_DISK).revision;
    for _ in 0..CALLS {
        begin(&mut store, &output, true);
        store.revision += 1;
        assert_eq!(store.clear().len(), 1);
    }
    // What is remembered of them all has no part that grows.
    let CallStore { entries, cleared, .. } = &store;
    let _: Option<(u64, CallId)> = *cleared;
    assert_eq!(entries.len(), 1);
    // A page that missed every update in between learns of all of them.
    let changes = store.changes(seen, NO_DISK);
    assert_eq!(changes.cleared, Some(Cleared { through: CALLS + 1, except: vec![stays] }));
    assert!(serde_json::to_vec(&changes).unwrap().len() < 2_000);
    assert_eq!(store.changes(changes.revision, NO_DISK).cleared, None, "it is told once");
}

#[test]
fn a_call_that_begins_after_a_clear_is_not_told_as_gone() {
    let (mut store, output) = (CallStore::new(), output());
    let early = begin(&mut store, &output, true);
    let seen = store.revision;
    // A number may be given before the clear, and the Call come after it: one that an earlier start kept is read from its
    // folder meanwhile.
    let late = store.next_id();
    store.revision += 1;
    store.clear();
    store.revision += 1;
    store.insert(call(late, true), Arc::clone(&output), None, CancellationToken::new());
    let next = begin(&mut store, &output, true);
    let changes = store.changes(seen, NO_DISK);
    assert_eq!(changes.cleared, Some(Cleared { through: late, except: vec![late] }));
    assert_eq!(changes.calls.iter().map(|row| row.id).collect::<Vec<_>>(), [late, next]);
    assert!(store.call(early).is_err());
}

#[test]
fn a_clear_that_removes_nothing_tells_nothing() {
    let (mut store, output) = (CallStore::new(), output());
    begin(&mut store, &output, false);
    let seen = store.revision;
    store.revision += 1;
    store.clear();
    assert_eq!(store.changes(seen, NO_DISK).cleared, None);
}
