//! Outputs of any size, of real processes: nothing is lost, whatever anybody looks at meanwhile.

#![cfg(unix)]

use std::{collections::HashSet, fs, path::Path};

use porthole_base::error::Code;
use porthole_output::{Query, Row, SaveContent, SearchState, Searching, Stream, View};
use porthole_process::Signal;
use porthole_tests::{
    calls::{Calls, ended, rows, texts, told},
    eventually,
    gate::Gate,
    rerun::on_small_disk,
};
use porthole_timeline::{CallId, Outcome, Timeline};

/// Numbers that look random and are the same in every run.
fn scattered(below: u64) -> impl Iterator<Item = u64> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    })
}

#[tokio::test]
async fn ten_million_lines_are_all_there_and_each_is_the_one_asked_for() {
    const LINES: u64 = 10_000_000;
    let calls = Calls::new();
    // Nobody looks while it runs: the process is not held up, and nothing waits in memory.
    let id = calls.host("seq", &["10000000"]);
    let row = ended(&calls.timeline, id).await;
    assert_eq!(row.counts.stdout.lines, LINES);
    for n in scattered(LINES).take(1000) {
        assert_eq!(texts(&calls.timeline, id, View::Both, n, 1).await, [(n + 1).to_string()]);
    }
    assert_eq!(texts(&calls.timeline, id, View::Both, LINES - 1, 9).await, ["10000000"]);
    let output = calls.timeline.output(id).unwrap();
    assert!((output.memory() as u64) < 4 * LINES, "{} bytes", output.memory());
    let found = search(&calls.timeline, id, query(View::Both, "9999999")).await;
    assert_eq!((found.hits, calls.timeline.hit(0, None, true).await.unwrap().unwrap().line), (1, 9_999_998));
}

#[tokio::test]
async fn every_byte_is_on_disk_in_the_order_read() {
    let calls = Calls::new();
    let script = r"printf 'nul \000 esc \033[31m bell \007\r\n'; printf 'bad \377\376 cut \360\237'; printf '\232\242\n\n\nend'; echo err >&2";
    let id = calls.ran(script).await;
    let output = calls.timeline.output(id).unwrap();
    let whole = b"nul \0 esc \x1b[31m bell \x07\r\nbad \xff\xfe cut \xf0\x9f\x9a\xa2\n\n\nend";
    assert_eq!(fs::read(output.path(Stream::Stdout)).unwrap(), whole);
    assert_eq!(fs::read(output.path(Stream::Stderr)).unwrap(), b"err\n");
    let lines = texts(&calls.timeline, id, View::Stdout, 0, 9).await;
    assert_eq!(lines, ["nul ␀ esc ␛[31m bell ␇", r"bad \xFF\xFE cut 🚢", "", "", "end"]);
    let pieces: u64 = output.chunks(0, 99).iter().map(|chunk| chunk.len).sum();
    assert_eq!(pieces, whole.len() as u64 + 4);
    let hex = texts(&calls.timeline, id, View::Hex, 0, 1).await;
    assert_eq!(hex, ["6e 75 6c 20 00 20 65 73  63 20 1b 5b 33 31 6d 20  nul · esc ·[31m "]);
}

#[tokio::test]
async fn a_line_of_a_hundred_megabytes_is_whole_and_its_drawing_capped() {
    let calls = Calls::new();
    let id = calls.ran("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo next").await;
    let window = rows(&calls.timeline, id, View::Both, 0, 9).await;
    assert_eq!((window[0].bytes, window[0].cut, window[0].text.len()), (100_000_001, true, 16 * 1024));
    assert_eq!(window[1].text, "next");
    let found = search(&calls.timeline, id, regex(View::Both, "x$")).await;
    assert_eq!(found.hits, 1);
}

#[tokio::test]
async fn a_million_empty_lines_and_a_progress_bar_of_as_many_states() {
    let calls = Calls::new();
    let empty = calls.ran("yes '' | head -n 1000000").await;
    let output = calls.timeline.output(empty).unwrap();
    assert_eq!(output.counts().stdout.lines, 1_000_000);
    assert!(output.memory() < 4_000_000, "{}", output.memory());
    let bar = calls.ran("seq -f 'at %.0f of 300000' 300000 | tr '\\n' '\\r'").await;
    let drawn = calls.timeline.lines(bar, View::Both, 0, 9, true).await.unwrap().lines;
    assert_eq!((drawn.len(), drawn[0].text.as_str()), (1, "at 300000 of 300000"));
}

#[tokio::test]
async fn two_hundred_runs_at_once_keep_their_own() {
    let calls = Calls::new();
    let ids: Vec<CallId> = (0..200).map(|n| calls.sh(&format!("seq {n} {}; echo {n} >&2", n + 2000))).collect();
    for (n, id) in ids.into_iter().enumerate() {
        let row = ended(&calls.timeline, id).await;
        assert_eq!((row.counts.stdout.lines, row.counts.stderr.lines), (2001, 1), "{row:?}");
        assert_eq!(texts(&calls.timeline, id, View::Stdout, 2000, 1).await, [(n + 2000).to_string()]);
        assert_eq!(texts(&calls.timeline, id, View::Stderr, 0, 1).await, [n.to_string()]);
    }
}

#[tokio::test]
async fn chunks_are_told_as_they_were_read() {
    let (calls, mut gate) = (Calls::new(), Gate::closed());
    let id = calls.sh(&format!(r"printf 'one\ntw\303'; {}; printf '\251o\n'", gate.wait()));
    told(&calls.timeline, |changes| changes.calls.iter().any(|row| row.counts.chunks == 1).then_some(())).await;
    gate.open();
    ended(&calls.timeline, id).await;
    let chunks = rows(&calls.timeline, id, View::Chunks, 0, 9).await;
    assert_eq!(chunks.iter().map(|line| line.bytes).collect::<Vec<_>>(), [7, 3]);
    let cut = |n: usize| match chunks[n].row {
        Some(Row::Chunk { begins_in_character, ends_in_character, begins_in_line, ends_in_line, .. }) => {
            (begins_in_line, ends_in_line, begins_in_character, ends_in_character)
        }
        _ => panic!("{:?}", chunks[n]),
    };
    assert_eq!([cut(0), cut(1)], [(false, true, false, true), (true, false, true, false)]);
    assert!(chunks[0].at_us <= chunks[1].at_us);
}

fn query(view: View, text: &str) -> Query {
    Query { view, text: text.into(), regex: false, match_case: true, inverse: false }
}

fn regex(view: View, text: &str) -> Query {
    Query { regex: true, ..query(view, text) }
}

/// Searches and waits until all there is has been searched.
async fn search(timeline: &Timeline, id: CallId, query: Query) -> Searching {
    timeline.search(id, query).unwrap();
    searched(timeline, SearchState::Complete).await
}

async fn searched(timeline: &Timeline, state: SearchState) -> Searching {
    told(timeline, |changes| changes.search.clone().filter(|search| search.state == state)).await
}

#[tokio::test]
async fn a_search_goes_on_while_lines_arrive() {
    let (calls, mut gate) = (Calls::new(), Gate::closed());
    let id = calls.sh(&format!("seq 1000; echo oops 1 >&2; {}; seq 1000; echo oops 2 >&2", gate.wait()));
    calls.timeline.search(id, regex(View::Both, "^7|oops")).unwrap();
    let first = told(&calls.timeline, |changes| {
        let waiting = changes.search.clone().filter(|search| search.state == SearchState::Waiting)?;
        (waiting.hits == 112).then_some(waiting)
    });
    assert_eq!(first.await.progress.done, 3893 + 7);
    gate.open();
    let all = searched(&calls.timeline, SearchState::Complete).await;
    assert_eq!((all.hits, all.progress.done), (224, all.progress.whole));
    let found = texts(&calls.timeline, id, View::Hits, 0, 3).await;
    assert_eq!(found, ["7", "70", "71"]);
    let last = calls.timeline.hit(0, None, false).await.unwrap().unwrap();
    assert_eq!((last.place, calls.timeline.exact(id, View::Hits, 223, 224).await.unwrap()), (223, "oops 2\n".into()));
    let inverse = search(&calls.timeline, id, Query { inverse: true, ..regex(View::Stdout, "^7") }).await;
    assert_eq!(inverse.hits, 2000 - 222);
    calls.timeline.search_end();
    let error = calls.timeline.lines(id, View::Hits, 0, 1, false).await.unwrap_err();
    assert_eq!((error.code, calls.timeline.hit(0, None, true).await.unwrap()), (Code::SearchMissing, None));
}

#[tokio::test]
async fn a_search_is_stopped_and_what_it_found_stays() {
    let calls = Calls::new();
    let id = calls.sh("yes porthole");
    calls.timeline.search(id, query(View::Both, "hole")).unwrap();
    told(&calls.timeline, |changes| (changes.search.as_ref()?.hits > 0).then_some(())).await;
    calls.timeline.search_stop();
    let stopped = searched(&calls.timeline, SearchState::Stopped).await;
    assert!(stopped.hits > 0);
    calls.timeline.cancel(id).await.unwrap();
    ended(&calls.timeline, id).await;
    assert_eq!(calls.timeline.lines(id, View::Hits, 0, 1, false).await.unwrap().lines[0].found, [(4, 8)]);
    calls.timeline.clear();
    told(&calls.timeline, |changes| changes.search.is_none().then_some(())).await;
}

#[tokio::test]
async fn saved_files_hold_what_came() {
    let (calls, mut gate) = (Calls::new(), Gate::closed());
    let waits = gate.wait();
    let id = calls.sh(&format!(r"printf 'one\ntwo'; {waits}; printf 'err\r\n' >&2; {waits}; printf '\377\n'"));
    for chunks in [1, 2] {
        told(&calls.timeline, |changes| changes.calls.iter().any(|row| row.counts.chunks == chunks).then_some(()))
            .await;
        gate.open();
    }
    ended(&calls.timeline, id).await;
    let folder = calls.directory.path();
    let save = async |what, name: &str| {
        let saved = calls.timeline.save(id, what, folder.join(name), false).await?;
        let read = fs::read(folder.join(name)).unwrap();
        assert_eq!((saved.bytes, saved.path), (read.len() as u64, folder.join(name).display().to_string()));
        Ok::<_, porthole_base::error::Error>(String::from_utf8_lossy(&read).into_owned())
    };
    assert_eq!(save(SaveContent::Stdout, "out").await.unwrap(), "one\ntwo\u{fffd}\n");
    assert_eq!(save(SaveContent::Stderr, "err").await.unwrap(), "err\r\n");
    let both = save(SaveContent::Both, "both").await.unwrap();
    let parts: Vec<Vec<&str>> = both.lines().map(|line| line.splitn(3, '\t').collect()).collect();
    assert_eq!(
        parts.iter().map(|part| (part[1], part[2])).collect::<Vec<_>>(),
        [("stdout", "one"), ("stdout", "two\u{fffd}"), ("stderr", "err"),]
    );
    assert!(parts.iter().all(|part| part[0].starts_with("+0.") || part[0].starts_with('+')));
    let chunks = save(SaveContent::Chunks, "chunks").await.unwrap();
    let chunks: Vec<serde_json::Value> = chunks.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&chunks[0]["text"], &chunks[0]["offset"]), (&"one\ntwo".into(), &0.into()));
    assert_eq!((&chunks[1]["stream"], &chunks[2]["hex"]), (&"stderr".into(), &"ff0a".into()));
    let lines = SaveContent::Lines { view: View::Both, from: 1, to: 3 };
    assert_eq!(save(lines, "lines").await.unwrap(), "two\u{fffd}\nerr\r\n");
    assert_eq!(save(SaveContent::Hits, "hits").await.unwrap_err().code, Code::SearchMissing);
    search(&calls.timeline, id, query(View::Both, "e")).await;
    assert_eq!(save(SaveContent::Hits, "hits").await.unwrap(), "one\nerr\r\n");
    assert_eq!(save(SaveContent::Stdout, "out").await.unwrap_err().code, Code::FileExists);
    assert!(calls.timeline.save(id, SaveContent::Stderr, folder.join("out"), true).await.is_ok());
    assert_eq!(fs::read(folder.join("out")).unwrap(), b"err\r\n");
    assert_eq!(save(SaveContent::Stdout, "no/such/folder").await.unwrap_err().code, Code::SaveFailed);
    let relative = calls.timeline.save(id, SaveContent::Stdout, "name".into(), false).await.unwrap_err();
    assert_eq!(relative.code, Code::SavePathInvalid);
    let place = calls.timeline.save_place(id, SaveContent::Stdout, folder).unwrap();
    assert_eq!(place, folder.join("sh-stdout.txt"));
    assert!(names(folder).iter().all(|name| !name.ends_with(".part")), "{:?}", names(folder));
}

fn names(folder: &Path) -> HashSet<String> {
    fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn saving_is_stopped_and_nothing_of_it_stays() {
    let calls = Calls::new();
    let id = calls.ran("head -c 300000000 /dev/zero").await;
    let path = calls.directory.path().join("large");
    let saving = calls.timeline.save(id, SaveContent::Both, path.clone(), false);
    let stopping = async {
        told(&calls.timeline, |changes| changes.saving.filter(|saving| saving.done > 0)).await;
        calls.timeline.save_stop();
    };
    let (saved, ()) = tokio::join!(saving, stopping);
    assert_eq!(saved.unwrap_err().code, Code::Cancelled);
    let part = names(calls.directory.path()).into_iter().find(|name| name.contains("part"));
    assert!(!path.exists() && part.is_none(), "{part:?}");
}

#[tokio::test]
async fn at_its_quota_a_run_waits_and_nothing_is_cut() {
    let calls = Calls::with_quota(1_000_000);
    let id = calls.sh("seq 1000000; echo last >&2");
    let disk = told(&calls.timeline, |changes| (changes.disk.waiting == 1).then_some(changes.disk)).await;
    assert!(disk.used >= 1_000_000 && disk.used < 1_200_000, "{disk:?}");
    // It waits and says so; it has not ended, and a second one waits as well.
    let second = calls.sh("seq 10");
    told(&calls.timeline, |changes| (changes.disk.waiting == 2).then_some(())).await;
    assert_eq!(calls.timeline.output(second).unwrap().counts().stdout.bytes, 0);
    calls.timeline.set_quota(u64::MAX);
    let row = ended(&calls.timeline, id).await;
    assert_eq!((row.counts.stdout.lines, row.counts.stderr.lines), (1_000_000, 1));
    assert_eq!(ended(&calls.timeline, second).await.counts.stdout.lines, 10);
    let disk = told(&calls.timeline, |changes| Some(changes.disk)).await;
    assert_eq!((disk.waiting, disk.used), (0, 6_888_896 + 5 + 21));
}

#[tokio::test]
async fn clearing_makes_room_for_a_run_that_waits() {
    let calls = Calls::with_quota(500_000);
    let old = calls.ran("head -c 400000 /dev/zero").await;
    let id = calls.sh("head -c 450000 /dev/zero");
    told(&calls.timeline, |changes| (changes.disk.waiting == 1).then_some(())).await;
    calls.timeline.clear();
    assert_eq!(ended(&calls.timeline, id).await.counts.stdout.bytes, 450_000);
    assert_eq!(calls.timeline.output(old).unwrap_err().code, Code::CallNotFound);
}

#[tokio::test]
async fn a_run_that_waits_for_room_can_be_stopped() {
    let calls = Calls::with_quota(100_000);
    let id = calls.sh("yes");
    told(&calls.timeline, |changes| (changes.disk.waiting == 1).then_some(())).await;
    calls.timeline.stop(id, Signal::Kill).await.unwrap();
    // What its pipe held is read, though there is no room for it; nothing waits any more.
    let row = ended(&calls.timeline, id).await;
    assert!(matches!(row.outcome, Outcome::Ended { .. }), "{row:?}");
    assert!(row.counts.stdout.bytes < 6_000_000, "{row:?}");
    let disk = told(&calls.timeline, |changes| Some(changes.disk)).await;
    assert_eq!(disk.waiting, 0);
}

#[tokio::test]
async fn a_killed_run_ends_at_a_full_quota_also_when_another_process_still_writes() {
    let calls = Calls::with_quota(100_000);
    let id = calls.sh("setsid yes left & exec yes");
    told(&calls.timeline, |changes| (changes.disk.waiting == 1).then_some(())).await;
    calls.timeline.stop(id, Signal::Kill).await.unwrap();
    let row = ended(&calls.timeline, id).await;
    assert!(matches!(row.outcome, Outcome::Ended { .. }), "{row:?}");
}

/// On a disk of its own that is too small.
#[tokio::test]
async fn a_full_disk_is_an_error_that_loses_nothing_that_was_read() {
    let Some(disk) = on_small_disk("a_full_disk_is_an_error_that_loses_nothing_that_was_read", 32) else { return };
    let disk = Path::new(&disk);
    let timeline = Calls::at(disk, u64::MAX);
    let calls = Calls { timeline, directory: tempfile::tempdir().unwrap() };
    let written = calls.directory.path().join("written");
    // The process writes the same to a file elsewhere: what Porthole read must be its beginning.
    let id = calls.sh(&format!("seq 9000000 | tee {}", written.display()));
    let row = ended(&calls.timeline, id).await;
    assert_eq!(row.outcome, Outcome::Failed { code: Code::SpillFailed }, "{row:?}");
    let call = calls.timeline.call(id).unwrap();
    let told = serde_json::to_string(&call).unwrap();
    assert!(told.contains("The disk is full") && !told.contains("are lost"), "{told}");
    let output = calls.timeline.output(id).unwrap();
    let (kept, whole) = (fs::read(output.path(Stream::Stdout)).unwrap(), fs::read(&written).unwrap());
    assert_eq!(kept.len() as u64, output.counts().stdout.bytes);
    assert!(kept.len() > 15_000_000 && whole.starts_with(&kept), "{} bytes kept", kept.len());
    let last = output.counts().stdout.lines - 2;
    assert_eq!(texts(&calls.timeline, id, View::Stdout, last, 1).await, [(last + 1).to_string()]);
    let free = calls.timeline.save(id, SaveContent::Stdout, disk.join("copy"), false).await.unwrap_err();
    assert_eq!((free.code, disk.join("copy").exists()), (Code::SaveFailed, false));
}

#[tokio::test]
async fn the_space_reserved_for_a_full_disk_is_reserved_again() {
    let Some(disk) = on_small_disk("the_space_reserved_for_a_full_disk_is_reserved_again", 40) else { return };
    let timeline = Calls::at(&disk, u64::MAX);
    let calls = Calls { timeline, directory: tempfile::tempdir().unwrap() };
    for round in 0..3 {
        // Two at once: what one of them frees, the other needs as well.
        let files =
            [calls.directory.path().join(format!("{round}-a")), calls.directory.path().join(format!("{round}-b"))];
        let ids = files.each_ref().map(|file| calls.sh(&format!("seq 9000000 | tee {}", file.display())));
        for (id, file) in ids.into_iter().zip(&files) {
            let row = ended(&calls.timeline, id).await;
            assert_eq!(row.outcome, Outcome::Failed { code: Code::SpillFailed }, "round {round}: {row:?}");
            let told = serde_json::to_string(&calls.timeline.call(id).unwrap()).unwrap();
            assert!(told.contains("The disk is full") && !told.contains("are lost"), "round {round}: {told}");
            let output = calls.timeline.output(id).unwrap();
            let (kept, whole) = (output.read(Stream::Stdout, 0, u64::MAX).unwrap(), fs::read(file).unwrap());
            assert!(whole.starts_with(&kept) && kept.len() as u64 == output.counts().stdout.bytes);
        }
        calls.timeline.clear();
        eventually("the space is reserved again", async || disk.join("ballast").exists().then_some(())).await;
    }
}

#[tokio::test]
async fn calls_of_one_millisecond_are_kept_apart() {
    let calls = Calls::new();
    let ids: Vec<CallId> = (0..50).map(|n| calls.sh(&format!("echo {n}"))).collect();
    for id in &ids {
        ended(&calls.timeline, *id).await;
        calls.timeline.keep(*id, true).await.unwrap();
    }
    drop(calls.timeline);
    let next = Calls::at(calls.directory.path(), u64::MAX);
    next.reopen_kept();
    // They come one by one: all of them are asked for each time.
    let rows = eventually("all that were kept", async || {
        let rows = next.changes(0).await.calls;
        (rows.len() == 50).then_some(rows)
    });
    let rows = rows.await;
    let mut said = HashSet::new();
    for row in rows {
        said.extend(texts(&next, row.id, View::Both, 0, 9).await);
        next.keep(row.id, false).await.unwrap();
    }
    assert_eq!(said, (0..50).map(|n| n.to_string()).collect());
    assert_eq!(names(&calls.directory.path().join("kept")), HashSet::new(), "what is let go is gone");
}

#[tokio::test]
async fn a_search_that_was_replaced_says_nothing_after_the_next_one_began() {
    let calls = Calls::new();
    let id = calls.ran("seq 200000").await;
    for n in 0..60 {
        calls.timeline.search(id, query(View::Both, "1")).unwrap();
        let text = n.to_string();
        calls.timeline.search(id, query(View::Both, &text)).unwrap();
        let last = searched(&calls.timeline, SearchState::Complete).await;
        assert_eq!(last.query.text, text);
    }
}

#[tokio::test]
async fn a_kept_call_is_there_at_the_next_start_and_the_others_are_not() {
    let calls = Calls::new();
    let kept = calls.ran("seq 5000; echo problem >&2; exit 3").await;
    let other = calls.ran("echo other").await;
    calls.timeline.keep(kept, true).await.unwrap();
    let live = calls.sh("echo begun; exec sleep 600");
    told(&calls.timeline, |changes| {
        changes.calls.iter().any(|row| row.id == live && row.counts.chunks == 1).then_some(())
    })
    .await;
    calls.timeline.keep(live, true).await.unwrap();
    calls.timeline.clear();
    assert!(calls.timeline.output(kept).is_ok() && calls.timeline.output(other).is_err());
    let before = rows(&calls.timeline, kept, View::Both, 0, 999).await;
    let chunks = rows(&calls.timeline, kept, View::Chunks, 0, 99).await;
    calls.timeline.close().await;
    drop(calls.timeline);

    let next = Calls::at(calls.directory.path(), u64::MAX);
    next.reopen_kept();
    let (first, second) = eventually("both that were kept", async || match &next.changes(0).await.calls[..] {
        [first, second] => Some((first.clone(), second.clone())),
        _ => None,
    })
    .await;
    assert!(first.kept && second.kept);
    assert_eq!(serde_json::to_value(&first.outcome).unwrap()["ending"]["code"], 3);
    assert_eq!(rows(&next, first.id, View::Both, 0, 999).await, before);
    assert_eq!(rows(&next, first.id, View::Chunks, 0, 99).await, chunks);
    assert_eq!(texts(&next, second.id, View::Both, 0, 9).await, ["begun"]);
    let new = next.search(first.id, query(View::Stdout, "4999"));
    assert!(new.is_ok());
    next.keep(first.id, false).await.unwrap();
    next.clear();
    drop(next);
    let last = Calls::at(calls.directory.path(), u64::MAX);
    last.reopen_kept();
    let left = eventually("the one that is still kept", async || {
        let rows = last.changes(0).await.calls;
        (rows.len() == 1).then(|| rows[0].text.clone())
    });
    assert!(left.await.contains("begun"));
}
