use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{samples::*, *};
use porthole_base::error::Code;
use porthole_http::{
    endpoint::Endpoint,
    exchange::{Exchange, Request},
};
use porthole_output::{DiskQuota, Output, Stream};
use porthole_process::Run;
use porthole_sdk::call::Act;

fn streams(output: &Output) -> [Vec<u8>; 2] {
    [Stream::Stdout, Stream::Stderr].map(|stream| output.read(stream, 0, u64::MAX).unwrap())
}

fn opened(session: &Session, n: usize) -> Output {
    session.output(n, "unused".into(), Arc::new(DiskQuota::unlimited())).unwrap()
}

/// The text of `session.json`.
fn facts(path: &std::path::Path) -> Value {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    serde_json::from_reader(zip.by_name(ENTRY).unwrap()).unwrap()
}

fn check_schema(path: &std::path::Path) {
    let schema: Value = serde_json::from_str(include_str!("../../session-format.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let facts = facts(path);
    let errors: Vec<String> =
        validator.iter_errors(&facts).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, [""; 0]);
}

#[test]
fn what_was_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.porthole");
    let rules = json!({ "ignore": ["/date"] });
    let samples = two();
    write(&path, &samples, &rules);
    let session = Session::open(&path).unwrap();
    assert_eq!(session.rules(), &rules);
    assert_eq!(session.written_by(), env!("CARGO_PKG_VERSION"));
    assert_eq!(session.calls().iter().map(|call| call.pinned).collect::<Vec<_>>(), [false, true]);
    assert_eq!(session.calls()[0].call, samples[0].call);
    assert_eq!(session.calls()[1].call, samples[1].call);
    let output = opened(&session, 1);
    assert_eq!(streams(&output), [b"out\n".to_vec(), b"err\n".to_vec()]);
    assert_eq!(output.chunks(0, 9).iter().map(|chunk| chunk.at_us).collect::<Vec<_>>(), [30, 40]);
    assert_eq!(
        session.output(2, "unused".into(), Arc::new(DiskQuota::unlimited())).unwrap_err().code,
        Code::CallNotFound
    );
    check_schema(&path);
}

#[test]
fn a_call_that_goes_on_has_ended_in_its_session() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.porthole");
    let samples = [
        Sample {
            call: call(Act::Run(Run::new(command("sleep", &["9"])))),
            pieces: vec![(Stream::Stdout, b"a".to_vec(), 33)],
        },
        Sample {
            call: call(Act::Exchange(Exchange::new(Endpoint::Unix("/s".into()), Request::new("GET", "/")))),
            pieces: Vec::new(),
        },
    ];
    write(&path, &samples, &Value::Null);
    let session = Session::open(&path).unwrap();
    let Act::Run(run) = &session.calls()[0].call.act else { panic!() };
    assert_eq!(run.failure.as_ref().unwrap().code, Code::Cancelled);
    assert_eq!(run.closed_us, Some(33));
    let Act::Exchange(exchange) = &session.calls()[1].call.act else { panic!() };
    assert!(exchange.ended());
    check_schema(&path);
}

#[test]
fn an_open_session_is_neither_changed_nor_removed_and_takes_no_quota() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.porthole");
    write(&path, &two(), &Value::Null);
    let before = std::fs::read(&path).unwrap();
    let quota = Arc::new(DiskQuota::new(1000));
    let session = Session::open(&path).unwrap();
    let output = session.output(0, folder.path().join("view"), Arc::clone(&quota)).unwrap();
    assert_eq!(quota.used(), 0);
    // Another file gets its name: the one that was opened is read.
    std::fs::rename(&path, folder.path().join("b")).unwrap();
    std::fs::write(&path, "another").unwrap();
    assert!(streams(&output)[0].starts_with(b"{\"token\""));
    output.keep(false);
    output.move_to(&folder.path().join("moved")).unwrap();
    drop(output);
    assert_eq!(quota.used(), 0);
    assert_eq!(std::fs::read(&path).unwrap(), b"another");
    assert_eq!(std::fs::read(folder.path().join("b")).unwrap(), before);
}

#[test]
fn nothing_stays_of_a_session_that_is_not_finished_and_none_is_replaced_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.porthole");
    let big = run(command("yes", &[]), vec![(Stream::Stdout, vec![b'y'; 3 << 20], 1)]);
    let mut writer = SessionWriter::begin(&path, false).unwrap().reporting(|bytes| bytes < 1 << 20);
    let error = writer.add(&big.call, &big.output(&folder.path().join("o")), false).unwrap_err();
    assert_eq!(error.code, Code::Cancelled);
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    std::fs::write(&path, "mine").unwrap();
    assert_eq!(SessionWriter::begin(&path, false).unwrap_err().code, Code::FileExists);
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}

fn pieces() -> impl Strategy<Value = Vec<(Stream, Vec<u8>, u64)>> {
    let stream = prop_oneof![Just(Stream::Stdout), Just(Stream::Stderr)];
    prop::collection::vec((stream, prop::collection::vec(any::<u8>(), 1..300), 0..1000_u64), 0..12).prop_map(
        |mut pieces| {
            let mut at = 0;
            for (_, _, since) in &mut pieces {
                at += *since;
                *since = at;
            }
            pieces
        },
    )
}

fn samples() -> impl Strategy<Value = Vec<Sample>> {
    let one = (any::<bool>(), ".{0,20}", ".{0,20}", pieces()).prop_map(|(is_run, a, b, pieces)| {
        if is_run {
            return run(command(&a, &[&b]), pieces);
        }
        let request = Request { headers: vec![header("x-a", &b)], ..Request::new("PUT", a) };
        let body: Vec<_> = pieces.into_iter().filter(|(stream, ..)| *stream == Stream::Stdout).collect();
        Sample { pieces: body, ..exchange(request, vec![header("x-b", &b)], b"") }
    });
    prop::collection::vec(one, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_calls_come_back_with_their_bytes_and_times(samples in samples()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.porthole");
        write(&path, &samples, &Value::Null);
        check_schema(&path);
        let session = Session::open(&path).unwrap();
        prop_assert_eq!(session.calls().len(), samples.len());
        for (n, sample) in samples.iter().enumerate() {
            prop_assert_eq!(&session.calls()[n].call, &sample.call);
            let (before, after) = (sample.output(&folder.path().join("x")), opened(&session, n));
            prop_assert_eq!(streams(&before), streams(&after));
            prop_assert_eq!(before.counts(), after.counts());
            prop_assert_eq!(before.chunks(0, 100), after.chunks(0, 100));
        }
    }
}

/// A disk of a megabyte, where this system lets one be mounted.
#[cfg(target_os = "linux")]
fn small_disk() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(folder.path())
        .stderr(std::process::Stdio::null())
        .status();
    mount.is_ok_and(|status| status.success()).then_some(folder)
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_nothing_of_a_new_session_stays_and_the_one_that_was_there_is_whole() {
    let Some(disk) = small_disk() else { return };
    let outputs = tempfile::tempdir().unwrap();
    let path = disk.path().join("a.porthole");
    write(&path, &two(), &Value::Null);
    let before = std::fs::read(&path).unwrap();
    for size in [100_000, 900_000, 1_048_576 - 4096 - before.len(), 3 << 20] {
        let big = run(command("yes", &[]), vec![(Stream::Stdout, vec![b'y'; size], 1)]);
        let mut writer = SessionWriter::begin(&path, true).unwrap();
        let written = writer.add(&big.call, &big.output(&outputs.path().join(format!("o{size}"))), false);
        let finished = written.and_then(|()| writer.finish(&Value::Null));
        let Err(error) = finished else {
            // There was room: the next one is larger.
            assert!(Session::open(&path).is_ok());
            std::fs::write(&path, &before).unwrap();
            continue;
        };
        assert!(size > 500_000, "{error:?}");
        assert_eq!(error.code, Code::SaveFailed);
        assert!(error.hint.unwrap().contains("disk is full"));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(disk.path()).unwrap().count(), 1);
    }
    assert!(std::process::Command::new("umount").arg(disk.path()).status().unwrap().success());
}
