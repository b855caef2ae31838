//! Host commands on Windows.

use std::{fs, path::Path, process::Command as Process, time::Duration};

use super::*;
use porthole_base::win32;
use porthole_output::{Stream, record::Record};

/// What the test program does when it is started by one of these tests.
const ACT: &str = "PORTHOLE_TEST_ACT";
/// Then the helper ends by itself.
const LONGEST: Duration = Duration::from_secs(60);

/// Not a test: it is what a command of the other tests runs.
#[test]
fn helper() {
    match std::env::var(ACT).as_deref() {
        Ok("wait") => std::thread::sleep(LONGEST),
        Ok("stay") => {
            println!("left {}", start_waiting());
            std::thread::sleep(LONGEST);
        }
        _ => {}
    }
}

fn start_waiting() -> u32 {
    Process::new(std::env::current_exe().unwrap()).args(HELPER).env(ACT, "wait").spawn().unwrap().id()
}

const HELPER: [&str; 3] = ["windows_tests::helper", "--exact", "--nocapture"];

fn helper_command(act: &str) -> Command {
    let program = std::env::current_exe().unwrap().display().to_string();
    let mut command = Command::new(Place::Host, program, HELPER);
    command.env = vec![EnvVar { name: ACT.into(), value: act.into() }];
    command
}

/// What a run did.
#[derive(Default)]
struct Recorded {
    output: String,
    ending: Option<Ending>,
    error: Option<Error>,
    /// Stops the run once it has written this.
    stop_at: Option<(&'static str, Stopper)>,
}

impl Recorded {
    /// The process that the helper has left.
    fn left(&self) -> u32 {
        let after = self.output.split("left ").nth(1).unwrap_or_else(|| panic!("{}", self.output));
        after.split_whitespace().next().unwrap().parse().unwrap()
    }
}

impl Record<RunEvent> for Recorded {
    fn event(&mut self, event: RunEvent) {
        match event {
            RunEvent::Ended { ending, .. } => self.ending = Some(ending),
            RunEvent::Failed { error, .. } => self.error = Some(error),
            _ => {}
        }
    }

    fn chunk(&mut self, _: Stream, _: u64, bytes: &[u8]) -> Result<()> {
        self.output.push_str(&String::from_utf8_lossy(bytes));
        if self.stop_at.as_ref().is_some_and(|(text, _)| self.output.contains(text)) {
            let (_, stopper) = self.stop_at.take().unwrap();
            tokio::spawn(async move { stopper.stop(Signal::Term).await });
        }
        Ok(())
    }
}

async fn ran(command: &Command) -> Recorded {
    let (_stopper, stops) = stops();
    let mut recorded = Recorded::default();
    run_on_host(command, stops, None, &mut recorded).await;
    recorded
}

/// Waits until a process has ended.
fn ends(process: u32) {
    let began = std::time::Instant::now();
    while win32::lives(process) {
        assert!(began.elapsed() < LONGEST / 2, "process {process} lives");
        std::thread::yield_now();
    }
}

fn cmd(line: &str) -> Command {
    Command::new(Place::Host, "cmd.exe", ["/d", "/s", "/c", line])
}

/// A program that started another one at once had it outside of the job.
#[tokio::test]
async fn what_a_command_starts_at_once_ends_with_it() {
    for _ in 0..5 {
        let (stopper, stops) = stops();
        let mut recorded = Recorded { stop_at: Some(("left ", stopper)), ..Recorded::default() };
        run_on_host(&helper_command("stay"), stops, None, &mut recorded).await;
        assert_eq!(recorded.ending, Some(Ending::Exited { code: 1 }), "ended by the job, not by itself");
        ends(recorded.left());
    }
}

#[tokio::test]
async fn a_run_that_is_dropped_ends_all_that_it_has_started() {
    let (_stopper, stops) = stops();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    struct Told(Option<tokio::sync::oneshot::Sender<u32>>, Recorded);
    impl Record<RunEvent> for Told {
        fn event(&mut self, _: RunEvent) {}
        fn chunk(&mut self, stream: Stream, at: u64, bytes: &[u8]) -> Result<()> {
            self.1.chunk(stream, at, bytes)?;
            if self.1.output.contains("left ") && self.1.output.ends_with('\n') {
                self.0.take().map(|sender| sender.send(self.1.left()));
            }
            Ok(())
        }
    }
    let mut told = Told(Some(sender), Recorded::default());
    let command = helper_command("stay");
    let left = tokio::select! {
        left = receiver => left.unwrap(),
        () = run_on_host(&command, stops, None, &mut told) => panic!("it ended"),
    };
    ends(left);
}

/// Quotes of the line came out as `\"`, because it was quoted as if another program than `cmd` read it.
#[tokio::test]
async fn a_line_for_cmd_is_handed_over_as_it_is() {
    let recorded = ran(&cmd(r#"echo "a  b" & echo c"#)).await;
    assert_eq!(recorded.output.replace(" \r\n", "\n").replace("\r\n", "\n"), "\"a  b\"\nc\n");
}

/// `Path`, which Windows has, won over the `PATH` of the command.
#[tokio::test]
async fn the_path_of_a_command_replaces_that_of_the_system() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("tool.bat"), "@echo found %1\r\n").unwrap();
    let mut command = Command::new(Place::Host, "tool", ["an argument"]);
    assert_eq!(ran(&command).await.error.unwrap().code, Code::ProgramNotFound);
    let path = format!("{};{}", directory.path().display(), std::env::var("PATH").unwrap());
    command.env = vec![EnvVar { name: "PATH".into(), value: path.clone() }];
    let recorded = ran(&command).await;
    assert_eq!(recorded.output.trim(), "found \"an argument\"", "{:?}", recorded.error);
    let shown = ran(&Command { env: command.env.clone(), ..cmd("echo %PATH%") }).await;
    assert_eq!(shown.output.trim(), path);
}

#[tokio::test]
async fn an_argument_that_a_batch_file_would_read_as_another_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let tool = directory.path().join("tool.cmd");
    fs::write(&tool, "@echo %*\r\n").unwrap();
    let with = |argument: &str| Command::new(Place::Host, tool.display().to_string(), [argument]);
    for argument in ["a\nb", "a\r\nwhoami"] {
        let error = ran(&with(argument)).await.error.unwrap();
        assert_eq!(error.code, Code::BatchArgumentInvalid, "{argument:?}");
    }
    let recorded = ran(&with("a&whoami|more>x")).await;
    assert_eq!(recorded.output.trim(), "\"a&whoami|more>x\"", "{:?}", recorded.error);
    assert!(!Path::new("x").exists());
}

/// It was told as a failure of the start that has no name.
#[tokio::test]
async fn a_file_that_is_no_program_is_told_as_on_other_systems() {
    let directory = tempfile::tempdir().unwrap();
    let tool = directory.path().join("tool.exe");
    fs::write(&tool, "this is no program\r\n").unwrap();
    let command = Command::new(Place::Host, tool.display().to_string(), [] as [&str; 0]);
    let error = ran(&command).await.error.unwrap();
    assert_eq!(error.code, Code::ProgramNotExecutable);
    assert!(error.message.contains("isn't a program for this machine"), "{error:?}");
}
