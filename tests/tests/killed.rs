//! A Porthole that is killed while it records: what was in its history is there, whole, whenever that happens.

#![cfg(unix)]

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use porthole_output::Stream;
use porthole_tests::recorder::with_history;
use porthole_timeline::{HistoryFilter, HistoryFrom, HistoryRow, Timeline};

/// Processes that are killed beside each other, and how often each is.
const LANES: u64 = 4;
const KILLS: u64 = 25;
/// Rows that are read at once.
const ROWS: u32 = 500;

/// Rows that a killed process said are in its history, with their bytes and what was called.
type There = BTreeMap<i64, (u64, String)>;

/// Starts the other process and kills it some time after it had written something.
fn killed_after(directory: &Path, wait: Duration) -> There {
    let mut child = Command::new(env!("CARGO_BIN_EXE_records")).arg(directory).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    assert_ne!(lines.read_line(&mut said).unwrap(), 0, "it ended");
    let reading = std::thread::spawn(move || {
        lines.read_to_string(&mut said).unwrap();
        said
    });
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    let said = reading.join().unwrap();
    // The last line may be cut.
    let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let there = whole.lines().filter_map(|line| {
        let mut words = line.splitn(3, ' ');
        Some((words.next()?.parse().ok()?, (words.next()?.parse().ok()?, words.next()?.to_owned())))
    });
    there.collect()
}

async fn all_rows(timeline: &Timeline) -> Vec<HistoryRow> {
    let (mut rows, mut from) = (Vec::new(), HistoryFrom::Newest);
    loop {
        let list = timeline.history_list(HistoryFilter::default(), from, ROWS).await.unwrap();
        from = HistoryFrom::Before { row: list.rows.last().map_or(0, |row| row.row) };
        rows.extend(list.rows);
        if !list.more {
            return rows;
        }
    }
}

/// All that was there is there, and each call of the last moment can be opened.
async fn check(directory: &Path, there: &There) {
    let timeline = with_history(directory).await;
    assert_eq!(timeline.changes(0).await.history.trouble, None);
    let rows: BTreeMap<i64, HistoryRow> = all_rows(&timeline).await.into_iter().map(|row| (row.row, row)).collect();
    for (number, (bytes, text)) in there {
        let row = rows.get(number).unwrap_or_else(|| panic!("{number} {text} is gone"));
        assert!(&row.text == text && row.bytes >= *bytes && !row.outcome.is_live(), "{bytes} {row:?}");
    }
    // The newest ones are those that a kill could break.
    for row in rows.values().rev().take(40) {
        let id = timeline.history_open(row.row).await.unwrap();
        let summary = timeline.changes(0).await.calls.into_iter().find(|call| call.id == id).unwrap();
        assert_eq!(summary.keep_failed, None, "{row:?}");
        let output = timeline.output(id).unwrap();
        let bytes = output.read(Stream::Stdout, 0, u64::MAX).unwrap();
        assert!(bytes.len() as u64 >= row.bytes, "{row:?}");
        if row.text.starts_with("/hello") && !bytes.is_empty() {
            assert_eq!(
                serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()["message"],
                "Hello from the demo backend"
            );
        }
    }
    timeline.close().await;
}

#[test]
fn nothing_that_was_recorded_is_lost_or_damaged_by_a_kill() {
    std::thread::scope(|scope| {
        for lane in 0..LANES {
            scope.spawn(move || {
                let directory = tempfile::tempdir().unwrap();
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let mut all = There::new();
                for kill in 0..KILLS {
                    let random = RandomState::new().hash_one((lane, kill));
                    all.extend(killed_after(directory.path(), Duration::from_millis(random % 450)));
                    runtime.block_on(check(directory.path(), &all));
                }
                assert!(all.len() as u64 > KILLS, "{} calls", all.len());
            });
        }
    });
}
