use std::fs;

use proptest::prelude::*;

use super::{tests::*, *};
use crate::{Act, By, Origin, recorder::Recorder};
use porthole_http::exchange::{Exchange, ExchangeEvent, Request};
use porthole_output::{Stream, record::Record};

#[tokio::test]
async fn a_damaged_database_is_set_aside_and_reported() {
    let started = Started::new().await;
    started.ended("before", b"x");
    started.timeline.close().await;
    let Started { directory, timeline } = started;
    drop(timeline);
    let folder = directory.path().join("history");
    fs::write(folder.join(DATABASE), "no database").unwrap();
    let started = Started::again(directory, u64::MAX).await;
    let told = started.timeline.changes(0).await.history;
    assert_eq!((told.available, told.trouble.unwrap().code), (true, Code::HistoryDamaged));
    let is_aside = |name: &str| name.starts_with("damaged-");
    let aside =
        fs::read_dir(&folder).unwrap().filter(|entry| is_aside(&entry.as_ref().unwrap().file_name().to_string_lossy()));
    assert_eq!(aside.count(), 1);
    started.ended("after", b"x");
    started.write();
    assert_eq!(started.found("after").await, ["prog after"]);
}

/// What happens to a call.
#[derive(Debug, Clone)]
enum Step {
    Begin,
    Chunk { call: prop::sample::Index, stderr: bool, bytes: Vec<u8> },
    End(prop::sample::Index),
    Write,
    Kill,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = prop_oneof![prop::collection::vec(any::<u8>(), 1..40), prop::collection::vec(any::<u8>(), 3000..6000)];
    let step = prop_oneof![
        2 => Just(Step::Begin),
        6 => (any::<prop::sample::Index>(), any::<bool>(), bytes).prop_map(|(call, stderr, bytes)| Step::Chunk { call, stderr, bytes }),
        1 => any::<prop::sample::Index>().prop_map(Step::End),
        2 => Just(Step::Write),
        1 => Just(Step::Kill),
    ];
    prop::collection::vec(step, 1..40)
}

/// A call as it should be, as of now and as it was when the history was written last.
#[derive(Debug, Clone, Default)]
struct Model {
    bytes: [Vec<u8>; 2],
    ended: bool,
    written: Option<[usize; 2]>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_kill_at_any_moment_loses_nothing_that_was_written(steps in steps(), exchanges in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(played(steps, exchanges));
    }

    #[test]
    fn a_damaged_database_is_set_aside_and_nothing_panics(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..60),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(damaged(flips, cut));
    }
}

async fn played(steps: Vec<Step>, exchanges: bool) {
    let started = Started::new().await;
    let (mut recorders, mut models): (Vec<Recorder>, Vec<Model>) = Default::default();
    for step in steps.into_iter().chain([Step::Write, Step::Kill]) {
        match step {
            Step::Begin => {
                recorders.push(if exchanges {
                    let endpoint = "http://localhost:1".parse().unwrap();
                    let act = Act::Exchange(Exchange::new(endpoint, Request::new("GET", "/x")));
                    started.timeline.begin(By::from(Origin::Page), act, None)
                } else {
                    started.run(&["x"])
                });
                models.push(Model::default());
            }
            Step::Chunk { call, stderr, bytes } if !models.is_empty() => {
                let at = call.index(models.len());
                if !models[at].ended {
                    let of = usize::from(stderr && !exchanges);
                    let stream = if of == 1 { Stream::Stderr } else { Stream::Stdout };
                    append(&mut recorders[at], stream, 1, &bytes);
                    models[at].bytes[of].extend(bytes);
                }
            }
            Step::End(call) if !models.is_empty() => {
                let at = call.index(models.len());
                let error = Error::new(Code::Cancelled, "it ended");
                if exchanges {
                    let failure = porthole_http::exchange::Failure::new(porthole_http::exchange::Stage::Body, error);
                    Record::<ExchangeEvent>::event(&mut recorders[at], ExchangeEvent::Failed { at_us: 9, failure });
                } else {
                    finish(&mut recorders[at]);
                }
                models[at].ended = true;
            }
            Step::Write => {
                started.write();
                for model in &mut models {
                    model.written = Some([0, 1].map(|of| model.bytes[of].len()));
                }
            }
            Step::Kill => check_killed(&started, &models).await,
            Step::Chunk { .. } | Step::End(_) => {}
        }
    }
}

async fn check_killed(started: &Started, models: &[Model]) {
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&started.directory.path().join("history"), &copy.path().join("history"));
    let again = Started::again(copy, u64::MAX).await;
    assert_eq!(again.timeline.changes(0).await.history.trouble, None);
    let rows = again.rows().await;
    let written: Vec<&Model> = models.iter().filter(|model| model.written.is_some()).collect();
    assert!(rows.len() >= written.len());
    for (row, model) in rows.iter().rev().zip(written) {
        let id = again.timeline.history_open(row.row).await.unwrap();
        assert!(!row.outcome.is_live());
        assert_eq!(again.summary(id).await.unwrap().keep_failed, None);
        for (of, stream) in [Stream::Stdout, Stream::Stderr].into_iter().enumerate() {
            let bytes = output(&again, id, stream);
            assert!(bytes.len() >= model.written.unwrap()[of] && model.bytes[of].starts_with(&bytes));
        }
    }
}

async fn damaged(flips: Vec<(prop::sample::Index, u8)>, cut: Option<prop::sample::Index>) {
    let started = Started::new().await;
    for number in 0..30 {
        started.ended(&format!("n{number}"), &[b'x'; 500]);
    }
    started.timeline.close().await;
    let Started { directory, timeline } = started;
    drop(timeline);
    let path = directory.path().join("history").join(DATABASE);
    let mut bytes = fs::read(&path).unwrap();
    for (at, to) in &flips {
        let at = at.index(bytes.len());
        bytes[at] = *to;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len()));
    }
    fs::write(&path, bytes).unwrap();
    let started = Started::again(directory, u64::MAX).await;
    let rows = started.timeline.history_list(HistoryFilter::default(), HistoryFrom::Newest, 500).await;
    for row in rows.map(|list| list.rows).unwrap_or_default() {
        let _ = started.timeline.history_open(row.row).await;
    }
    let _ = started.timeline.history_names().await;
    let _ = started
        .timeline
        .history_list(HistoryFilter { text: "n1".to_owned(), ..HistoryFilter::default() }, HistoryFrom::Newest, 9)
        .await;
    // What was found meanwhile is repaired, and new calls are recorded, unless it looks like a newer Porthole's.
    if let Some(history) = started.timeline.shared.history.get() {
        let new = started.ended("new", b"new");
        for _ in 0..3 {
            history.write(&started.timeline.shared);
        }
        let again = started.found("new").await;
        assert_eq!(again, ["prog new"], "{:?}", started.timeline.shared.store().history.trouble);
        assert!(started.timeline.call(new).is_ok());
    }
}
