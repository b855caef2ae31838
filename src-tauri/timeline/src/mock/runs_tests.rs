use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::session::samples::{Sample, command, run};
use porthole_process::{StopSent, stops};

/// What a run told, and when.
#[derive(Debug, Default)]
struct Told {
    events: Vec<RunEvent>,
    chunks: Vec<(Stream, Vec<u8>, Duration)>,
    began: Option<Instant>,
}

impl Record<RunEvent> for Told {
    fn event(&mut self, event: RunEvent) {
        self.events.push(event);
    }

    fn chunk(&mut self, stream: Stream, _: u64, bytes: &[u8]) -> Result<()> {
        let at = self.began.map(|began| began.elapsed()).unwrap_or_default();
        self.chunks.push((stream, bytes.to_vec(), at));
        Ok(())
    }
}

impl Told {
    fn text(&self) -> String {
        self.chunks.iter().map(|(_, bytes, _)| String::from_utf8_lossy(bytes)).collect()
    }

    fn ending(&self) -> Option<Ending> {
        self.events.iter().find_map(|event| match event {
            RunEvent::Ended { ending, .. } => Some(ending.clone()),
            _ => None,
        })
    }

    fn failure(&self) -> Option<&Error> {
        match self.events.last() {
            Some(RunEvent::Failed { error, .. }) => Some(error),
            _ => None,
        }
    }
}

fn runs(samples: &[Sample]) -> (tempfile::TempDir, Runs) {
    let folder = tempfile::tempdir().unwrap();
    let recorded: Vec<Recorded> = samples
        .iter()
        .enumerate()
        .map(|(n, sample)| {
            let output = sample.output(&folder.path().join(n.to_string()));
            Recorded::new(sample.call.clone(), Arc::new(output), false)
        })
        .collect();
    let runs = Runs::of(&recorded);
    (folder, runs)
}

fn of(sample: &mut Sample) -> &mut Run {
    match &mut sample.call.act {
        Act::Run(run) => run,
        Act::Exchange(_) => panic!("a run"),
    }
}

/// A command that wrote one line to standard output.
fn printed(program: &str, args: &[&str], line: &str) -> Sample {
    run(command(program, args), vec![(Stream::Stdout, line.as_bytes().to_vec(), 30)])
}

async fn played(runs: &Runs, command: &Command, speed: &str) -> Told {
    let (_stopper, stopping) = stops();
    let mut told = Told { began: Some(Instant::now()), ..Told::default() };
    runs.play(command, speed.parse().unwrap(), stopping, &mut told).await;
    told
}

#[tokio::test]
async fn the_nth_run_does_what_the_nth_recording_did_and_the_last_one_repeats() {
    let (_folder, runs) =
        runs(&[printed("date", &["-u"], "one\n"), printed("date", &[], "other\n"), printed("date", &["-u"], "two\n")]);
    for expected in ["one\n", "two\n", "two\n"] {
        let told = played(&runs, &command("date", &["-u"]), "0").await;
        assert_eq!((told.text().as_str(), told.ending()), (expected, Some(Ending::Exited { code: 0 })));
        assert!(matches!(told.events.last(), Some(RunEvent::Closed { .. })), "{told:?}");
    }
}

#[tokio::test]
async fn a_miss_is_an_error_that_names_the_closest_command() {
    let in_container = Command::new(Place::Container { name: "web".into() }, "ls", ["/data"]);
    let (_folder, runs) = runs(&[printed("ls", &["-l", "/a"], ""), run(in_container.clone(), Vec::new())]);
    let failure = |told: Told| told.failure().cloned().unwrap();
    let other = failure(played(&runs, &command("ls", &["-l", "/b"]), "0").await);
    assert_eq!(other.code, Code::NotRecorded);
    assert_eq!(other.detail.as_deref(), Some("Closest: call 1, on the host: ls -l /a. It differs in the arguments."));
    let elsewhere = Command { place: Place::Host, ..in_container };
    let detail = failure(played(&runs, &elsewhere, "0").await).detail.unwrap();
    assert!(detail.contains("call 1") && detail.contains("the arguments"), "{detail}");
    let terminal = Command {
        terminal: Some(porthole_process::TerminalSize { columns: 80, rows: 24 }),
        ..command("ls", &["-l", "/a"])
    };
    assert_eq!(failure(played(&runs, &terminal, "0").await).code, Code::NotRecorded);
    assert_eq!(failure(played(&Runs::default(), &command("x", &[]), "0").await).code, Code::NotRecorded);
}

#[tokio::test]
async fn only_commands_that_were_run_and_ended_by_themselves_are_recordings() {
    let mut canceled = printed("a", &[], "");
    of(&mut canceled).failure = Some(Error::new(Code::Cancelled, "canceled"));
    let mut denied = printed("b", &[], "");
    of(&mut denied).failure = Some(Error::new(Code::NotAllowed, "denied"));
    let mut started = printed("c", &[], "");
    started.call.origin = Origin::Extension;
    let on_engine = run(Command::new(Place::Engine, "d", [""; 0]), Vec::new());
    let (_folder, runs) = runs(&[canceled, denied, started, on_engine]);
    assert_eq!(runs.len(), 0);
}

#[tokio::test]
async fn a_command_that_could_not_start_fails_again() {
    let mut missing = printed("nope", &[], "");
    let run = of(&mut missing);
    (run.ending, run.ended_us) = (None, None);
    run.failure = Some(Error::new(Code::ProgramNotFound, "Program not found: nope"));
    let (_folder, runs) = runs(&[missing]);
    let told = played(&runs, &command("nope", &[]), "0").await;
    assert_eq!(told.failure().map(|error| error.code), Some(Code::ProgramNotFound));
    assert_eq!(told.ending(), None);
}

/// A command that writes at these seconds, and ends at the last of them.
fn writing_at(seconds: &[u64]) -> Sample {
    let at_us = |second: u64| second * 1_000_000;
    let pieces = seconds.iter().map(|second| (Stream::Stdout, format!("{second}\n").into_bytes(), at_us(*second)));
    let mut sample = run(command("tick", &[]), pieces.collect());
    let last = at_us(seconds.last().copied().unwrap_or_default());
    let run = of(&mut sample);
    (run.ended_us, run.closed_us) = (Some(last), Some(last));
    sample
}

#[tokio::test(start_paused = true)]
async fn pieces_come_at_their_times() {
    let (_folder, runs) = runs(&[writing_at(&[1, 2, 8])]);
    let seconds = |told: &Told| told.chunks.iter().map(|(_, _, at)| at.as_millis()).collect::<Vec<_>>();
    let told = played(&runs, &command("tick", &[]), "1").await;
    assert_eq!(seconds(&told), [1000, 2000, 8000]);
    let twice = played(&runs, &command("tick", &[]), "2").await;
    assert_eq!(seconds(&twice), [500, 1000, 4000]);
    let at_once = played(&runs, &command("tick", &[]), "0").await;
    assert_eq!(seconds(&at_once), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_a_run_that_was_not_stopped_in_the_recording() {
    let (_folder, runs) = runs(&[writing_at(&[1, 60])]);
    let (stopper, stopping) = stops();
    let mut told = Told::default();
    let asked = command("tick", &[]);
    let playing = runs.play(&asked, Speed::default(), stopping, &mut told);
    let stop = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        stopper.stop(Signal::Term).await
    };
    let ((), stopped) = tokio::join!(playing, stop);
    stopped.unwrap();
    assert_eq!(told.text(), "1\n");
    assert_eq!(told.ending(), Some(Ending::Signaled { signal: 15, name: "SIGTERM".into() }));
    assert!(told.events.iter().any(|event| matches!(event, RunEvent::StopSent { signal: Signal::Term, .. })));
}

#[tokio::test(start_paused = true)]
async fn what_a_recorded_stop_caused_comes_after_a_stop() {
    let mut sample = writing_at(&[1, 2, 10, 12]);
    of(&mut sample).stops = vec![StopSent { at_us: 9_000_000, signal: Signal::Term }];
    let (_folder, runs) = runs(&[sample]);
    // Before and after the recorded moment.
    for (second, text, ends) in [(1, "1\n10\n12\n", 4_u128), (100, "1\n2\n10\n12\n", 103)] {
        let (stopper, stopping) = stops();
        let mut told = Told { began: Some(Instant::now()), ..Told::default() };
        let asked = command("tick", &[]);
        let began = Instant::now();
        let playing = runs.play(&asked, Speed::default(), stopping, &mut told);
        let stop = async {
            tokio::time::sleep(Duration::from_millis(second * 1000 + 500)).await;
            stopper.stop(Signal::Term).await
        };
        let ((), stopped) = tokio::join!(playing, stop);
        stopped.unwrap();
        assert_eq!((told.text().as_str(), told.ending()), (text, Some(Ending::Exited { code: 0 })));
        assert_eq!(began.elapsed().as_secs() as u128, ends);
    }
}

#[test]
fn the_place_of_a_backends_commands_is_that_of_its_own_calls() {
    let host = printed("a", &[], "");
    let web = run(Command::new(Place::Container { name: "web".into() }, "b", [""; 0]), Vec::new());
    let recorded = |samples: Vec<Sample>| -> Vec<Recorded> {
        let output = || Arc::new(Output::new("unused".into(), Arc::new(porthole_output::DiskQuota::unlimited())));
        samples.into_iter().map(|sample| Recorded::new(sample.call, output(), false)).collect()
    };
    assert_eq!(own_place(&recorded(vec![host.clone()])), None);
    assert_eq!(own_place(&recorded(vec![host, web])), Some(Place::Container { name: "web".into() }));
}

proptest! {
    #[test]
    fn the_closest_of_several_is_one_with_the_most_in_common(
        args in prop::collection::vec("[ab]{1,2}", 0..4), others in prop::collection::vec(prop::collection::vec("[ab]{1,2}", 0..4), 1..6),
    ) {
        let key = |args: &[String]| RunKey { container: None, program: "p".into(), args: args.to_vec() };
        let asked = key(&args);
        let best = others.iter().map(|other| closeness(&asked, &key(other))).max();
        prop_assert!(best <= Some(closeness(&asked, &asked)));
        prop_assert_eq!(best == Some(closeness(&asked, &asked)), others.contains(&args));
    }
}
