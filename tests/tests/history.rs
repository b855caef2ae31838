//! The history on a disk of its own that is too small.

#![cfg(unix)]

use std::path::Path;

use porthole_base::error::Code;
use porthole_output::Stream;
use porthole_tests::{
    calls::{Calls, ended, told},
    rerun::on_small_disk,
};
use porthole_timeline::{HistoryFilter, HistoryFrom, HistoryRow, Outcome, Timeline};

async fn rows(timeline: &Timeline) -> Vec<HistoryRow> {
    timeline.history_list(HistoryFilter::default(), HistoryFrom::Newest, 500).await.unwrap().rows
}

async fn calls_on(disk: &Path) -> Calls {
    let calls = Calls { timeline: Calls::at(disk, u64::MAX), directory: tempfile::tempdir().unwrap() };
    calls.timeline.open_history(&disk.join("history"), true).await;
    calls
}

#[tokio::test]
async fn a_full_disk_damages_no_history_and_it_goes_on_when_there_is_space() {
    let Some(disk) = on_small_disk("a_full_disk_damages_no_history_and_it_goes_on_when_there_is_space", 32) else {
        return;
    };
    let calls = calls_on(&disk).await;
    calls.ran("echo first").await;
    let full = calls.sh("seq 9000000");
    let row = ended(&calls.timeline, full).await;
    assert_eq!(row.outcome, Outcome::Failed { code: Code::SpillFailed }, "{row:?}");
    // What fills the disk is deleted for good: all that couldn't be written is written then.
    calls.timeline.delete(&[full].into());
    let removal = told(&calls.timeline, |changes| changes.removals.first().map(|removal| removal.number)).await;
    calls.timeline.end_removal(removal).await;
    calls.ran("echo last").await;
    told(&calls.timeline, |changes| changes.history.trouble.is_none().then_some(())).await;
    calls.timeline.close().await;
    drop(calls);

    let calls = calls_on(&disk).await;
    let rows = rows(&calls.timeline).await;
    assert_eq!(
        rows.iter().map(|row| row.text.as_str()).collect::<Vec<_>>(),
        ["sh -c 'echo last'", "sh -c 'echo first'"]
    );
    for (row, text) in rows.iter().zip(["last\n", "first\n"]) {
        let id = calls.timeline.history_open(row.row).await.unwrap();
        let output = calls.timeline.output(id).unwrap().read(Stream::Stdout, 0, u64::MAX).unwrap();
        assert_eq!(output, text.as_bytes());
    }
}
