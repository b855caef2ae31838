use std::fs;

use super::*;
use crate::{Act, By, HistoryRow, Origin, Summary, Timeline, demo_backend::DemoBackend, recorder::Recorder};
use porthole_http::exchange::Request;
use porthole_output::{Stream, View, record::Record};
use porthole_process::{Command, Place, Run, RunEvent};

/// A timeline with a history, in folders of its own.
pub(super) struct Started {
    pub directory: tempfile::TempDir,
    pub timeline: Timeline,
}

impl Started {
    pub async fn new() -> Self {
        Self::again(tempfile::tempdir().unwrap(), u64::MAX).await
    }

    pub async fn again(directory: tempfile::TempDir, quota: u64) -> Self {
        let session = tempfile::Builder::new().prefix("session").tempdir_in(directory.path()).unwrap().keep();
        let timeline = Timeline::new(session, directory.path().join("kept"), quota, None);
        timeline.open_history(&directory.path().join("history"), true).await;
        Self { directory, timeline }
    }

    /// Ends it and starts another one.
    pub async fn restart(self) -> Self {
        self.timeline.close().await;
        drop(self.timeline);
        Self::again(self.directory, u64::MAX).await
    }

    /// As a killed one leaves it: nothing is written at the end.
    pub async fn killed(self) -> Self {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(&self.directory.path().join("history"), &copy.path().join("history"));
        self.timeline.close().await;
        Self::again(copy, u64::MAX).await
    }

    pub fn history(&self) -> &History {
        self.timeline.shared.history.get().unwrap()
    }

    /// Writes what changed, now.
    pub fn write(&self) {
        assert!(self.history().write(&self.timeline.shared).all, "{:?}", self.timeline.shared.store().history.trouble);
    }

    pub async fn rows(&self) -> Vec<HistoryRow> {
        self.filtered(HistoryFilter::default()).await
    }

    pub async fn filtered(&self, filter: HistoryFilter) -> Vec<HistoryRow> {
        self.timeline.history_list(filter, HistoryFrom::Newest, 500).await.unwrap().rows
    }

    pub async fn found(&self, text: &str) -> Vec<String> {
        let filter = HistoryFilter { text: text.to_owned(), ..HistoryFilter::default() };
        self.filtered(filter).await.into_iter().map(|row| row.text).collect()
    }

    pub fn run(&self, args: &[&str]) -> Recorder {
        let command = Command::new(Place::Host, "prog", args.iter().copied());
        self.timeline.begin(By::from(Origin::Composer), Act::Run(Run::new(command)), None)
    }

    /// A call that has ended and wrote this.
    pub fn ended(&self, name: &str, bytes: &[u8]) -> CallId {
        let mut recorder = self.run(&[name]);
        append(&mut recorder, Stream::Stdout, 5, bytes);
        finish(&mut recorder);
        recorder.id
    }

    pub async fn summary(&self, id: CallId) -> Option<Summary> {
        self.timeline.changes(0).await.calls.into_iter().find(|call| call.id == id)
    }
}

pub(super) fn append(recorder: &mut Recorder, stream: Stream, at_us: u64, bytes: &[u8]) {
    Record::<RunEvent>::chunk(recorder, stream, at_us, bytes).unwrap();
}

pub(super) fn finish(recorder: &mut Recorder) {
    recorder.event(RunEvent::Failed { at_us: 9, error: Error::new(Code::SpawnFailed, "it ended") });
}

pub(super) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

pub(super) fn output(started: &Started, id: CallId, stream: Stream) -> Vec<u8> {
    started.timeline.output(id).unwrap().read(stream, 0, u64::MAX).unwrap()
}

#[tokio::test]
async fn calls_are_there_again_with_all_their_facts_and_bytes() {
    let started = Started::new().await;
    let demo = DemoBackend::start().await;
    let mut calls = Vec::new();
    for path in ["/hello", "/bytes/9000", "/status/404"] {
        let id = started.timeline.send(Origin::Composer, demo.endpoint().clone(), Request::new("GET", path));
        started.timeline.ended(id).await.unwrap();
        calls.push(started.timeline.call(id).unwrap());
    }
    let mut run = started.run(&["a b"]);
    append(&mut run, Stream::Stdout, 3, b"out\n");
    append(&mut run, Stream::Stderr, 8, b"err");
    finish(&mut run);
    calls.push(started.timeline.call(run.id).unwrap());
    drop(run);
    let before: Vec<_> = calls
        .iter()
        .map(|call| {
            let output = started.timeline.output(call.id).unwrap();
            (
                output.chunks(0, 100),
                [Stream::Stdout, Stream::Stderr].map(|stream| output.read(stream, 0, u64::MAX).unwrap()),
            )
        })
        .collect();
    assert!(before[1].1[0].len() > 4096, "one body needs a file");

    let started = started.restart().await;
    assert!(started.timeline.changes(0).await.calls.is_empty(), "the timeline begins as always");
    let rows = started.rows().await;
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(texts, ["prog 'a b'", "/status/404", "/bytes/9000", "/hello"]);
    assert_eq!(rows[1].outcome, Outcome::Status { status: 404, reason: "Not Found".to_owned() });
    for ((row, call), (chunks, bytes)) in rows.iter().rev().zip(&calls).zip(before) {
        let id = started.timeline.history_open(row.row).await.unwrap();
        let again = started.timeline.call(id).unwrap();
        assert_eq!(again, crate::Call { id, ..call.clone() });
        assert_eq!(started.timeline.output(id).unwrap().chunks(0, 100), chunks);
        assert_eq!([Stream::Stdout, Stream::Stderr].map(|stream| output(&started, id, stream)), bytes);
        assert!(started.summary(id).await.unwrap().from_history);
        assert_eq!(started.timeline.history_open(row.row).await.unwrap(), id, "it is there once");
    }
    assert_eq!(started.timeline.lines(1, View::Both, 0, 9, false).await.unwrap().total, 1);
}

#[tokio::test]
async fn a_call_that_went_on_when_porthole_was_killed_is_canceled() {
    let started = Started::new().await;
    let mut run = started.run(&["long"]);
    append(&mut run, Stream::Stdout, 3, b"first");
    started.write();
    // This is in its file, and nowhere else.
    append(&mut run, Stream::Stdout, 9, b" second");
    let started = started.killed().await;
    let row = started.rows().await.remove(0);
    assert_eq!((&row.outcome, row.bytes), (&Outcome::Cancelled, 12));
    let id = started.timeline.history_open(row.row).await.unwrap();
    assert_eq!(output(&started, id, Stream::Stdout), b"first second");
    let summary = started.summary(id).await.unwrap();
    assert_eq!((summary.outcome, summary.keep_failed), (Outcome::Cancelled, None));
}

#[tokio::test]
async fn pinned_calls_are_in_the_timeline_again_until_they_are_let_go() {
    let started = Started::new().await;
    let (pinned, other) = (started.ended("pinned", b"this"), started.ended("other", b"that"));
    started.timeline.keep(pinned, true).await.unwrap();
    assert!(started.summary(pinned).await.unwrap().kept && !started.summary(other).await.unwrap().kept);
    started.timeline.clear();
    assert_eq!(started.timeline.changes(0).await.calls.len(), 1);
    // It is on the disk already.
    let started = started.killed().await;
    let again = loop {
        let calls = started.timeline.changes(0).await.calls;
        if let [call] = calls.as_slice() {
            break call.clone();
        }
    };
    assert!(again.kept && !again.from_history);
    assert_eq!(output(&started, again.id, Stream::Stdout), b"this");
    started.timeline.keep(again.id, false).await.unwrap();
    let started = started.restart().await;
    assert!(started.rows().await.iter().all(|row| !row.pinned));
    assert!(started.timeline.changes(0).await.calls.is_empty());
}

#[tokio::test]
async fn words_targets_and_extensions_are_found() {
    let started = Started::new().await;
    started.ended("résumé-1", b"x");
    started.timeline.set_extension_name(Some("acme/logs"));
    started.ended("/api/users/42", b"x");
    started.timeline.set_extension_name(None);
    let command = Command::new(Place::Container { name: "db-1".to_owned() }, "psql", ["users"]);
    started.timeline.record(Origin::Console, Act::Run(Run::new(command)), Error::new(Code::ContainerNotFound, "none"));
    started.write();
    assert_eq!(started.found("resume").await, ["prog résumé-1"]);
    assert_eq!(started.found("user").await, ["psql users", "prog /api/users/42"]);
    assert_eq!(started.found("users/4").await, ["prog /api/users/42"]);
    assert_eq!(started.found("users console").await, ["psql users"]);
    assert_eq!(started.found("acme").await, ["prog /api/users/42"]);
    assert_eq!(started.found("nothing").await, [""; 0]);
    let names = started.timeline.history_names().await.unwrap();
    assert_eq!((names.targets, names.extensions), (vec!["db-1".into(), "host".into()], vec!["acme/logs".into()]));
    let of = |target: &str, extension: Option<&str>, text: &str| HistoryFilter {
        text: text.to_owned(),
        target: Some(target.to_owned()),
        extension: extension.map(str::to_owned),
    };
    assert_eq!(started.filtered(of("host", None, "")).await.len(), 2);
    assert_eq!(started.filtered(of("host", None, "users")).await.len(), 1);
    assert_eq!(started.filtered(of("host", Some("acme/logs"), "")).await.len(), 1);
    assert_eq!(started.filtered(of("db-1", Some("acme/logs"), "")).await.len(), 0);
    assert_eq!(started.filtered(of("unknown", None, "")).await.len(), 0);
}

#[tokio::test]
async fn a_list_goes_on_in_both_directions() {
    let started = Started::new().await;
    for number in 0..25 {
        started.ended(&format!("n{number}"), b"");
    }
    started.write();
    let list = async |from, count| started.timeline.history_list(HistoryFilter::default(), from, count).await.unwrap();
    let texts = |list: &HistoryList| list.rows.iter().map(|row| row.text.clone()).collect::<Vec<_>>();
    let newest = list(HistoryFrom::Newest, 10).await;
    assert_eq!((newest.rows.len(), newest.more, newest.calls), (10, true, 25));
    assert_eq!((newest.rows[0].text.as_str(), newest.rows[9].text.as_str()), ("prog n24", "prog n15"));
    let next = list(HistoryFrom::Before { row: newest.rows[9].row }, 10).await;
    assert_eq!((next.rows[0].text.as_str(), next.more), ("prog n14", true));
    let last = list(HistoryFrom::Before { row: next.rows[9].row }, 10).await;
    assert_eq!((last.rows.len(), last.more), (5, false));
    let back = list(HistoryFrom::After { row: next.rows[0].row }, 10).await;
    assert_eq!((texts(&back), back.more), (texts(&newest), false));
    let oldest = list(HistoryFrom::Oldest, 10).await;
    assert_eq!((oldest.rows[9].text.as_str(), oldest.more), ("prog n0", true));
}

#[tokio::test]
async fn what_is_cleared_stays_in_the_history_and_what_is_deleted_does_not() {
    let started = Started::new().await;
    let (cleared, deleted) = (started.ended("cleared", &[b'c'; 9000]), started.ended("deleted", &[b'd'; 9000]));
    // Both before anything was written.
    started.timeline.delete(&[deleted].into());
    assert!(started.rows().await.iter().all(|row| row.text != "prog deleted"));
    started.timeline.clear();
    for removal in started.timeline.changes(0).await.removals {
        started.timeline.end_removal(removal.number).await;
    }
    let rows = started.rows().await;
    assert_eq!(rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(), ["prog cleared"]);
    assert_eq!(files(&started), 1);
    let id = started.timeline.history_open(rows[0].row).await.unwrap();
    assert!(id > cleared);
    // It is written already, and is no other call that is to be written.
    started.timeline.keep(id, true).await.unwrap();
    started.write();
    started.ended("next", b"x");
    started.write();
    assert_eq!(started.rows().await.len(), 2);
    assert_eq!(output(&started, id, Stream::Stdout), [b'c'; 9000]);
}

fn files(started: &Started) -> usize {
    let folders = fs::read_dir(started.directory.path().join("history").join(OUTPUTS)).unwrap();
    folders.map(|folder| fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}

#[tokio::test]
async fn deleting_from_the_history_can_be_undone() {
    let started = Started::new().await;
    for name in ["one", "two", "three"] {
        started.ended(name, &[b'x'; 9000]);
    }
    let started = started.restart().await;
    let rows = started.rows().await;
    let open = started.timeline.history_open(rows[0].row).await.unwrap();
    started.timeline.history_delete([rows[0].row, rows[1].row].into()).await.unwrap();
    started.timeline.history_delete([rows[2].row].into()).await.unwrap();
    assert!(started.rows().await.is_empty() && started.timeline.call(open).is_err());
    let removals = started.timeline.changes(0).await.removals;
    assert_eq!(removals.iter().map(|removal| removal.calls).collect::<Vec<_>>(), [2, 1]);
    assert!(removals.iter().all(|removal| removal.deleted), "what is deleted in the history isn't only cleared");
    assert_eq!(removals[1].text.as_deref(), Some("prog one"));
    started.timeline.undo_removal(removals[0].number).unwrap();
    started.timeline.end_removal(removals[1].number).await;
    assert_eq!(started.rows().await, [HistoryRow { call: Some(open), ..rows[0].clone() }, rows[1].clone()]);
    assert_eq!(files(&started), 2);
}

#[tokio::test]
async fn clearing_the_history_leaves_what_is_pinned_and_what_goes_on() {
    let started = Started::new().await;
    started.ended("old", &[b'x'; 9000]);
    let started = started.restart().await;
    started.ended("new", &[b'x'; 9000]);
    let pinned = started.ended("pinned", &[b'x'; 9000]);
    started.timeline.keep(pinned, true).await.unwrap();
    let _live = started.run(&["live"]);
    started.timeline.history_clear().await.unwrap();
    started.write();
    let texts: Vec<String> = started.rows().await.into_iter().map(|row| row.text).collect();
    assert_eq!(texts, ["prog live", "prog pinned"]);
    assert_eq!(files(&started), 1);
}

#[tokio::test]
async fn the_oldest_calls_make_room_for_new_ones() {
    const LENGTH: u64 = 20_000;
    let started = Started::new().await;
    for number in 0..10 {
        started.ended(&format!("n{number}"), &vec![b'x'; LENGTH as usize]);
    }
    started.timeline.keep(1, true).await.unwrap();
    started.timeline.close().await;
    drop(started.timeline);
    let started = Started::again(started.directory, 6 * LENGTH).await;
    let opened = {
        let rows = started.rows().await;
        // Calls in the timeline stay; this is the oldest that isn't pinned.
        let row = rows.iter().find(|row| row.text == "prog n1" || row.text == "prog n9").unwrap();
        started.timeline.history_open(row.row).await.unwrap()
    };
    started.write();
    let rows = started.rows().await;
    let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
    assert!(texts.contains(&"prog n0") && texts.contains(&"prog n9") && !texts.contains(&"prog n2"), "{texts:?}");
    assert!(started.timeline.shared.quota.used() < 6 * LENGTH);
    assert!(started.timeline.call(opened).is_ok());
    // A new call that fills the rest lets others go, and doesn't wait for good.
    let id = started.ended("new", &vec![b'x'; 3 * LENGTH as usize]);
    started.write();
    assert!(!started.timeline.shared.quota.is_full());
    assert!(started.timeline.call(id).is_ok());
}

#[tokio::test]
async fn what_the_history_takes_of_the_disk_is_counted_once() {
    let started = Started::new().await;
    let quota = || started.timeline.shared.quota.used();
    started.ended("one", &[b'x'; 9000]);
    started.write();
    let used = quota();
    assert!((9000..11_000).contains(&used), "{used}");
    started.timeline.clear();
    for removal in started.timeline.changes(0).await.removals {
        started.timeline.end_removal(removal.number).await;
    }
    assert_eq!(quota(), used, "it is the history's now");
    let row = started.rows().await[0].row;
    started.timeline.history_open(row).await.unwrap();
    assert_eq!(quota(), used);
    started.timeline.history_delete([row].into()).await.unwrap();
    let removal = started.timeline.changes(0).await.removals[0].number;
    started.timeline.end_removal(removal).await;
    assert_eq!(quota(), 0);
}

#[tokio::test]
async fn nothing_is_kept_where_that_is_wanted() {
    let started = Started::new().await;
    started.timeline.record_history(false);
    started.ended("secret", &[b'x'; 9000]);
    started.write();
    assert!(started.rows().await.is_empty());
    assert_eq!(files(&started), 0);
    let started = started.restart().await;
    assert!(started.rows().await.is_empty());
}

/// The window's process had ended, and a thread of it still wrote to the disk.
#[tokio::test]
async fn a_history_that_another_porthole_is_letting_go_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("history");
    fs::create_dir(&directory).unwrap();
    let lock = fs::File::create(directory.join(LOCK)).unwrap();
    lock.lock().unwrap();
    let timeline = Timeline::new(folder.path().to_owned(), folder.path().join("kept"), u64::MAX, None);
    let let_go = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(lock);
    };
    tokio::join!(timeline.open_history(&directory, true), let_go);
    let told = timeline.changes(0).await.history;
    assert!(told.available && told.trouble.is_none(), "{told:?}");
}

#[tokio::test]
async fn two_timelines_never_share_a_history() {
    let first = Started::new().await;
    first.ended("first", b"x");
    first.write();
    let second = Timeline::new(first.directory.path().to_owned(), first.directory.path().join("kept"), u64::MAX, None);
    second.open_history(&first.directory.path().join("history"), true).await;
    let told = second.changes(0).await.history;
    assert_eq!((told.available, told.trouble.unwrap().code), (false, Code::HistoryInUse));
    let error = second.history_list(HistoryFilter::default(), HistoryFrom::Newest, 1).await.unwrap_err();
    assert_eq!(error.code, Code::HistoryInUse);
    // Its calls are there as they were before there was a history.
    let id = second.record(
        Origin::Composer,
        Act::Run(Run::new(Command::new(Place::Host, "x", [""; 0]))),
        Error::new(Code::SpawnFailed, "no"),
    );
    assert!(second.call(id).is_ok());
    assert_eq!(first.rows().await.len(), 1);
}

#[tokio::test]
async fn what_a_full_disk_refuses_is_written_when_there_is_room() {
    let started = Started::new().await;
    started.ended("before", b"x");
    started.write();
    {
        // As many pages as it has: SQLite reports a full disk for the next.
        let writer = started.history().writer();
        let pages: i64 = writer.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        writer.connection.pragma_update(None, "max_page_count", pages).unwrap();
    }
    for number in 0..40 {
        started.ended(&format!("{number} {}", "long ".repeat(200)), b"x");
    }
    assert!(!started.history().write(&started.timeline.shared).all);
    let told = started.timeline.changes(0).await.history.trouble.unwrap();
    assert_eq!(told.code, Code::HistoryFailed);
    assert!(told.hint.unwrap().contains("disk is full"));
    assert_eq!(started.rows().await.len(), 1, "nothing of what failed is there by half");
    started.history().writer().connection.pragma_update(None, "max_page_count", 1_000_000).unwrap();
    started.write();
    assert_eq!(started.rows().await.len(), 41);
    assert_eq!(started.timeline.changes(0).await.history.trouble, None);
}

#[tokio::test]
async fn bodies_are_searched() {
    let started = Started::new().await;
    let demo = DemoBackend::start().await;
    for path in ["/bytes/9000", "/hello"] {
        let id = started.timeline.send(Origin::Composer, demo.endpoint().clone(), Request::new("GET", path));
        started.timeline.ended(id).await.unwrap();
    }
    started.ended("needle in words", b"only NEEDLE here");
    let started = started.restart().await;
    started.timeline.history_search(HistoryFilter::default(), "needle".to_owned()).unwrap();
    let searched = loop {
        let search = started.timeline.changes(0).await.history.search.unwrap();
        if search.state != porthole_output::SearchState::Running {
            break search;
        }
    };
    assert_eq!((searched.looked, searched.found, searched.state), (3, 1, porthole_output::SearchState::Complete));
    let found = started.timeline.history_found(0, 9).await.unwrap();
    assert_eq!(found.rows[0].text, "prog 'needle in words'");
    assert_eq!(files(&started), 2, "searching removes nothing");
    let error = started.timeline.history_search(HistoryFilter::default(), String::new()).unwrap_err();
    assert_eq!(error.code, Code::SearchInvalid);
}

#[tokio::test]
async fn the_files_of_calls_that_the_database_never_had_go() {
    let started = Started::new().await;
    started.ended("there", &[b'x'; 9000]);
    started.write();
    started.ended("too late", &[b'x'; 9000]);
    let killed = started.killed().await;
    while files(&killed) > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(killed.rows().await.len(), 1);
}
