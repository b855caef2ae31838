//! Calls that are kept, on machines in trouble.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use porthole_base::error::Code;
use porthole_output::View;
use porthole_tests::{
    calls::{Calls, ended, rows, told},
    eventually,
    rerun::on_small_disk,
};
use porthole_timeline::{CallId, Outcome, Timeline};

const CHILD: &str = "PORTHOLE_TEST_KEEPING";

/// A timeline whose session and whose kept calls are in two folders.
fn calls_at(directory: &Path) -> Timeline {
    fs::create_dir_all(directory.join("session")).unwrap();
    Timeline::new(directory.join("session"), directory.join("kept"), u64::MAX, None)
}

fn kept_folders(directory: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(directory.join("kept")).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

async fn is_kept(timeline: &Timeline, id: CallId) -> bool {
    timeline.changes(0).await.calls.iter().any(|row| row.id == id && row.kept)
}

/// The child that is killed: it keeps a command that writes a line every few milliseconds.
async fn keep_until_killed(directory: &Path) {
    let calls = Calls { timeline: calls_at(directory), directory: tempfile::tempdir().unwrap() };
    let id = calls.sh("while :; do echo line; sleep 0.02; done");
    told(&calls.timeline, |changes| changes.calls.iter().any(|row| row.counts.chunks > 3).then_some(())).await;
    calls.timeline.keep(id, true).await.unwrap();
    // Not by `println!`, which a test's harness keeps to itself.
    fs::write(directory.join("is-kept"), "").unwrap();
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn what_a_kept_call_wrote_has_its_times_after_porthole_was_killed() {
    if let Some(directory) = std::env::var_os(CHILD) {
        return keep_until_killed(Path::new(&directory)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let name = "keeping::what_a_kept_call_wrote_has_its_times_after_porthole_was_killed";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, directory.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let chunks = eventually("the kept call", async || {
        directory.path().join("is-kept").exists().then(|| kept_folders(directory.path())[0].join("chunks"))
    })
    .await;
    let recorded = || fs::metadata(&chunks).unwrap().len() / 16;
    let when_kept = recorded();
    eventually("later times", async || (recorded() > when_kept + 50).then_some(())).await;
    let last = recorded();
    child.kill().unwrap();
    child.wait().unwrap();

    let next = calls_at(directory.path());
    next.reopen_kept();
    let row = eventually("the call", async || next.changes(0).await.calls.first().cloned()).await;
    assert_eq!(row.outcome, Outcome::Cancelled);
    let lines = rows(&next, row.id, View::Chunks, 0, 1000).await;
    assert!(lines.len() as u64 >= last, "{} of {last}", lines.len());
    let times: Vec<u64> = lines[..last as usize].iter().map(|line| line.at_us).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    // A file that was being written when the machine stopped ends anywhere.
    drop(next);
    let mut facts = fs::OpenOptions::new().append(true).open(chunks.with_file_name("facts.jsonl")).unwrap();
    facts.write_all(b"{\"id\":1,\"orig").unwrap();
    let length = fs::metadata(&chunks).unwrap().len();
    fs::OpenOptions::new().write(true).open(&chunks).unwrap().set_len(length - 5).unwrap();
    let last = calls_at(directory.path());
    last.reopen_kept();
    eventually("the call again", async || last.changes(0).await.calls.first().cloned()).await;
}

#[tokio::test]
async fn keeping_on_a_full_disk_is_an_error_and_keeps_nothing_by_half() {
    let Some(disk) = on_small_disk("keeping::keeping_on_a_full_disk_is_an_error_and_keeps_nothing_by_half", 20) else {
        return;
    };
    let timeline = calls_at(&disk);
    let calls = Calls { timeline, directory: tempfile::tempdir().unwrap() };
    let id = calls.ran("seq 100000").await;
    let live = calls.sh("echo first; read go; sleep 600");
    calls.timeline.cancel(live).await.unwrap();
    ended(&calls.timeline, live).await;
    let mut filler = fs::File::create(disk.join("filler")).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}
    let error = calls.timeline.keep(id, true).await.unwrap_err();
    assert_eq!(error.code, Code::PinFailed);
    assert!(error.hint.unwrap().contains("disk is full"));
    assert!(!is_kept(&calls.timeline, id).await && kept_folders(&disk).is_empty(), "{:?}", kept_folders(&disk));
    drop(filler);
    fs::remove_file(disk.join("filler")).unwrap();
    calls.timeline.keep(id, true).await.unwrap();
    assert!(is_kept(&calls.timeline, id).await);
}

#[tokio::test]
async fn what_can_not_be_added_to_a_kept_call_is_told() {
    let Some(disk) = on_small_disk("keeping::what_can_not_be_added_to_a_kept_call_is_told", 20) else { return };
    let calls = Calls { timeline: calls_at(&disk), directory: tempfile::tempdir().unwrap() };
    let id = calls.sh("while :; do echo line; sleep 0.01; done");
    told(&calls.timeline, |changes| changes.calls.iter().any(|row| row.counts.chunks > 0).then_some(())).await;
    calls.timeline.keep(id, true).await.unwrap();
    let mut filler = fs::File::create(disk.join("filler")).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}
    let failed = told(&calls.timeline, |changes| changes.calls.iter().find_map(|row| row.keep_failed.clone())).await;
    assert_eq!(failed.code, Code::PinFailed);
    assert!(is_kept(&calls.timeline, id).await, "what was kept before stays");
    calls.timeline.cancel(id).await.unwrap();
}

#[tokio::test]
async fn keeping_without_the_sessions_folder_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let timeline = calls_at(directory.path());
    let calls = Calls { timeline, directory: tempfile::tempdir().unwrap() };
    let id = calls.ran("seq 1000").await;
    fs::remove_dir_all(directory.path().join("session")).unwrap();
    let error = calls.timeline.keep(id, true).await.unwrap_err();
    assert_eq!(error.code, Code::PinFailed);
    assert!(!is_kept(&calls.timeline, id).await && kept_folders(directory.path()).is_empty());
}

#[tokio::test]
async fn what_is_let_go_can_still_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let first = Calls { timeline: calls_at(directory.path()), directory: tempfile::tempdir().unwrap() };
    let id = first.ran("seq 1000").await;
    first.timeline.keep(id, true).await.unwrap();
    drop(first);
    let next = calls_at(directory.path());
    next.reopen_kept();
    let row = eventually("the call", async || next.changes(0).await.calls.first().cloned()).await;
    next.keep(row.id, false).await.unwrap();
    assert!(kept_folders(directory.path()).is_empty());
    assert_eq!(rows(&next, row.id, View::Stdout, 999, 1).await[0].text, "1000");
    // And kept again.
    next.keep(row.id, true).await.unwrap();
    assert_eq!(kept_folders(directory.path()).len(), 1);
}

/// It was only logged, and looked as if it had never been pinned.
#[tokio::test]
async fn a_kept_call_that_can_not_be_read_is_told_and_its_files_stay() {
    let directory = tempfile::tempdir().unwrap();
    let first = Calls { timeline: calls_at(directory.path()), directory: tempfile::tempdir().unwrap() };
    for script in ["echo first", "echo second", "echo third"] {
        let id = first.ran(script).await;
        first.timeline.keep(id, true).await.unwrap();
    }
    drop(first);
    let mut folders = kept_folders(directory.path());
    folders.sort();
    // The facts of one are no facts, and the output of another is a directory.
    fs::write(folders[0].join("facts.jsonl"), "nothing of a call").unwrap();
    fs::remove_file(folders[1].join("output.stdout")).unwrap();
    fs::create_dir(folders[1].join("output.stdout")).unwrap();
    let next = calls_at(directory.path());
    next.reopen_kept();
    let unread = told(&next, |changes| changes.kept_unread.clone()).await;
    assert_eq!(unread.code, Code::PinnedUnreadable);
    assert!(unread.detail.unwrap().contains(&folders[0].display().to_string()));
    let calls = next.changes(0).await.calls;
    assert_eq!(
        calls.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(),
        ["sh -c 'echo second'", "sh -c 'echo third'"]
    );
    let failed = calls[0].keep_failed.clone().unwrap();
    assert!(failed.message.contains(&folders[1].display().to_string()) && !calls[0].kept);
    assert!(calls[1].kept && calls[1].keep_failed.is_none());
    // Pinned again, it gets a folder of its own.
    next.keep(calls[0].id, true).await.unwrap();
    assert_eq!(kept_folders(directory.path()).len(), 4);
    next.keep(calls[0].id, false).await.unwrap();
    next.clear();
    drop(next);
    assert!(folders[0].join("facts.jsonl").exists() && folders[1].join("chunks").exists());
}
