//! What commands leave in the background on Windows.

use std::{fs, path::Path, sync::Arc, time::Duration};

use super::*;
use porthole_base::{error::Result, win32};
use porthole_output::{Stream, record::Record};
use porthole_process::{Command, Ending, EnvVar, Place, RunEvent, run_on_host, stops};

/// Where the test program writes its number when it is started by this test.
const FILE: &str = "PORTHOLE_TEST_FILE";
/// Then the helper ends by itself.
const LONGEST: Duration = Duration::from_secs(60);
const HELPER: &str = "reaper::left_jobs_tests::helper --exact --nocapture";

/// Not a test: it is what the command of the test leaves behind.
#[test]
fn helper() {
    if let Some(file) = std::env::var_os(FILE) {
        fs::write(file, std::process::id().to_string()).unwrap();
        std::thread::sleep(LONGEST);
    }
}

#[derive(Default)]
struct Recorded {
    output: String,
    ending: Option<Ending>,
}

impl Record<RunEvent> for Recorded {
    fn event(&mut self, event: RunEvent) {
        match event {
            RunEvent::Ended { ending, .. } => self.ending = Some(ending),
            RunEvent::Failed { error, .. } => panic!("{error:?}"),
            _ => {}
        }
    }

    fn chunk(&mut self, _: Stream, _: u64, bytes: &[u8]) -> Result<()> {
        self.output.push_str(&String::from_utf8_lossy(bytes));
        Ok(())
    }
}

/// Runs a command that ends at once, and returns the process that it leaves in the background, which writes its number to
/// this file.
async fn leave(reaper: &Arc<Reaper>, file: &Path) -> u32 {
    // `start` passes no stream on, so the run ends before what it has started.
    let line = format!("start \"\" \"{}\" {HELPER}", std::env::current_exe().unwrap().display());
    let mut command = Command::new(Place::Host, "cmd.exe", ["/d", "/s", "/c", &line]);
    command.env = vec![EnvVar { name: FILE.into(), value: file.display().to_string() }];
    let (_stopper, stops) = stops();
    let mut recorded = Recorded::default();
    run_on_host(&command, stops, Some(Arc::clone(reaper) as Arc<dyn GroupReaper>), &mut recorded).await;
    assert_eq!(recorded.ending, Some(Ending::Exited { code: 0 }), "{}", recorded.output);
    let began = std::time::Instant::now();
    loop {
        if let Ok(Ok(process)) = fs::read_to_string(file).map(|text| text.parse()) {
            return process;
        }
        assert!(began.elapsed() < LONGEST / 2, "it was ended with the run");
        std::thread::yield_now();
    }
}

/// Waits until a process has ended.
fn ends(process: u32) {
    let began = std::time::Instant::now();
    while win32::lives(process) {
        assert!(began.elapsed() < LONGEST / 2, "process {process} lives");
        std::thread::yield_now();
    }
}

/// The job ended with the run, and took along what the command had left in the background.
#[tokio::test]
async fn what_a_command_leaves_in_the_background_lives_until_porthole_ends() {
    let reaper = Arc::new(Reaper::without_process());
    let directory = tempfile::tempdir().unwrap();
    let left = leave(&reaper, &directory.path().join("first")).await;
    assert!(win32::lives(left));
    // Another run that leaves something lets go of what has ended, and of nothing else.
    let second = leave(&reaper, &directory.path().join("second")).await;
    assert!(win32::lives(left) && win32::lives(second));
    drop(reaper);
    ends(left);
    ends(second);
}
