use super::*;
use crate::{output::Room, timeline::Origin};

const NO_DISK: Disk = Disk { used: 0, quota: 0, waiting: 0 };

fn call(id: CallId, ended: bool) -> Call {
    let mut run = Run::new(Command::new(Place::Host, "true", [""; 0]));
    if ended {
        run.apply(RunEvent::Failed { at_us: 0, error: Error::new(Code::Cancelled, "") });
    }
    Call { id, origin: Origin::Composer, began_ms: 0, sdk: None, decision: None, act: Act::Run(run) }
}

fn begin(book: &mut Book, output: &Arc<Output>, ended: bool) -> CallId {
    book.revision += 1;
    let id = book.next_id();
    book.insert(call(id, ended), Arc::clone(output), None, CancellationToken::new());
    id
}

fn output() -> Arc<Output> {
    Arc::new(Output::new("/nowhere/output".into(), Arc::new(Room::new(0))))
}

/// Each clear left a row of numbers behind, and every question of the page walked through all of them under the lock.
#[test]
fn a_million_cleared_calls_leave_nothing_to_keep_or_to_walk() {
    const CALLS: CallId = 1_000_000;
    let (mut book, output) = (Book::new(), output());
    let stays = begin(&mut book, &output, false);
    let seen = book.changes(0, NO_DISK).revision;
    for _ in 0..CALLS {
        begin(&mut book, &output, true);
        book.revision += 1;
        assert_eq!(book.clear().len(), 1);
    }
    // What is remembered of them all has no part that grows.
    let Book { entries, cleared, .. } = &book;
    let _: Option<(u64, CallId)> = *cleared;
    assert_eq!(entries.len(), 1);
    // A page that missed every update in between learns of all of them.
    let changes = book.changes(seen, NO_DISK);
    assert_eq!(changes.cleared, Some(Cleared { through: CALLS + 1, except: vec![stays] }));
    assert!(serde_json::to_vec(&changes).unwrap().len() < 2_000);
    assert_eq!(book.changes(changes.revision, NO_DISK).cleared, None, "it is told once");
}

#[test]
fn a_call_that_begins_after_a_clear_is_not_told_as_gone() {
    let (mut book, output) = (Book::new(), output());
    let early = begin(&mut book, &output, true);
    let seen = book.revision;
    // A number may be given before the clear, and the Call come after it: one that an earlier start kept is read from its
    // folder meanwhile.
    let late = book.next_id();
    book.revision += 1;
    book.clear();
    book.revision += 1;
    book.insert(call(late, true), Arc::clone(&output), None, CancellationToken::new());
    let next = begin(&mut book, &output, true);
    let changes = book.changes(seen, NO_DISK);
    assert_eq!(changes.cleared, Some(Cleared { through: late, except: vec![late] }));
    assert_eq!(changes.calls.iter().map(|row| row.id).collect::<Vec<_>>(), [late, next]);
    assert!(book.call(early).is_err());
}

#[test]
fn a_clear_that_removes_nothing_tells_nothing() {
    let (mut book, output) = (Book::new(), output());
    begin(&mut book, &output, false);
    let seen = book.revision;
    book.revision += 1;
    book.clear();
    assert_eq!(book.changes(seen, NO_DISK).cleared, None);
}
