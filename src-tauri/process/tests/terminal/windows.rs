//! In a pseudo-console of Windows. Wine gives the streams of a program in one no handles, so what runs here opens the console
//! by its names, which is right on Windows too.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::windows::io::AsRawHandle,
    path::Path,
    time::Instant,
};

use porthole_base::win32;
use porthole_process::{Ending, EnvVar, Signal};
use windows_sys::Win32::System::Console::{CONSOLE_SCREEN_BUFFER_INFO, GetConsoleScreenBufferInfo};

use super::*;

/// What the test program does when it is started by one of these tests.
const ACT: &str = "PORTHOLE_TEST_ACT";
const HELPER: [&str; 3] = ["windows::helper", "--exact", "--nocapture"];
/// What a process ends with that Ctrl-C has ended: `STATUS_CONTROL_C_EXIT`, and in Wine 0.
const CTRL_C: [i64; 2] = [0xC000_013A_u32 as i32 as i64, 0];
/// The helper ends with it that nothing has ended.
const NOT_ENDED: i32 = 9;

/// Not a test: it is what a command of the tests runs.
#[test]
fn helper() {
    match std::env::var(ACT).as_deref() {
        Ok("read") => read(),
        Ok("resized") => resized(),
        Ok("wait") => {
            say("ready");
            std::thread::sleep(LONGEST);
            std::process::exit(NOT_ENDED);
        }
        Ok("quiet") => std::thread::sleep(LONGEST),
        Ok("stay") => {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap());
            let child = child.args(HELPER).env(ACT, "quiet").spawn().unwrap().id();
            say(&format!("left {child}."));
            std::thread::sleep(LONGEST);
        }
        Ok("flood") => {
            (0..FLOOD).for_each(|line| say(&format!("line {line}")));
            say("last");
            std::process::exit(4);
        }
        _ => {}
    }
}

/// Lines of a flood.
const FLOOD: u32 = 2_000;

fn console(name: &str) -> File {
    OpenOptions::new().read(true).write(true).open(name).unwrap()
}

fn say(text: &str) {
    console("CONOUT$").write_all(format!("{text}\r\n").as_bytes()).unwrap();
}

#[allow(unsafe_code)]
fn size() -> (i16, i16) {
    let (screen, mut about) = (console("CONOUT$"), CONSOLE_SCREEN_BUFFER_INFO::default());
    // SAFETY: the handle is the console's, and what it is about is written to.
    assert!(unsafe { GetConsoleScreenBufferInfo(screen.as_raw_handle(), &mut about) } != 0);
    let window = about.srWindow;
    (window.Right - window.Left + 1, window.Bottom - window.Top + 1)
}

fn read() {
    let (columns, rows) = size();
    say(&format!("size {columns}x{rows}"));
    let mut line = [0; 100];
    let length = console("CONIN$").read(&mut line).unwrap();
    say(&format!("<{}>", String::from_utf8_lossy(&line[..length]).trim()));
    std::process::exit(3);
}

fn resized() {
    let before = size();
    say("ready");
    let began = Instant::now();
    while size() == before {
        assert!(began.elapsed() < LONGEST);
        std::thread::yield_now();
    }
    let (columns, rows) = size();
    say(&format!("size {columns}x{rows}"));
}

fn begin(command: Command) -> Live {
    Live::begin(Containment::Job, command)
}

fn helping(act: &str) -> Live {
    let program = std::env::current_exe().unwrap().display().to_string();
    let mut command = Command::new(Place::Host, program, HELPER);
    command.env = vec![EnvVar { name: ACT.into(), value: act.into() }];
    begin(command)
}

/// Waits until a process has ended.
fn ends(process: u32) {
    let began = Instant::now();
    while win32::lives(process) {
        assert!(began.elapsed() < LONGEST / 2, "process {process} lives");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn a_program_has_a_console_of_this_size_and_its_exit_code_is_told() {
    let mut live = helping("read");
    live.wrote("size 101x33").await;
    live.typed("a b\u{e4}\r").await;
    live.wrote("<a b").await;
    let kept = live.task.await.unwrap();
    assert_eq!(kept.run.ending, Some(Ending::Exited { code: 3 }), "{:?}", kept.run.failure);
    assert_eq!(kept.run.started.unwrap().containment, Some(Containment::Job));
    assert_eq!(kept.errors, 0, "a console has one stream");
    assert!(kept.run.fed.unwrap().bytes == 6 && kept.run.failure.is_none());
}

#[tokio::test]
async fn an_interactive_shell_runs_what_is_typed() {
    let mut shell = Command::new(Place::Host, "cmd.exe", ["/d", "/s", "/c", "cmd /d <CONIN$ >CONOUT$ 2>&1"]);
    shell.env = vec![EnvVar { name: "Porthole_Test".into(), value: "of its \u{e4}nvironment".into() }];
    let mut live = begin(shell);
    live.typed("echo [%PORTHOLE_TEST%]\r").await;
    live.wrote("[of its").await;
    live.typed("exit 5\r").await;
    let kept = live.task.await.unwrap();
    assert_eq!(kept.run.ending, Some(Ending::Exited { code: 5 }), "{:?}", kept.run.failure);
}

#[tokio::test]
async fn a_console_gets_each_new_size() {
    let mut live = helping("resized");
    live.wrote("ready").await;
    live.user.resize(TerminalSize { columns: 120, rows: 40 });
    live.wrote("size 120x40").await;
    live.task.await.unwrap();
}

#[tokio::test]
async fn ctrl_c_interrupts_a_program() {
    let mut live = helping("wait");
    live.wrote("ready").await;
    live.typed("\u{3}").await;
    let ending = live.task.await.unwrap().run.ending;
    assert!(matches!(ending, Some(Ending::Exited { code }) if CTRL_C.contains(&code)), "{ending:?}");
}

/// A console ends its output only when it is closed, after the command.
#[tokio::test]
async fn a_flood_is_read_to_its_end() {
    let kept = helping("flood").task.await.unwrap();
    assert_eq!(kept.run.ending, Some(Ending::Exited { code: 4 }), "{:?}", kept.run.failure);
    let written = String::from_utf8_lossy(&kept.written.borrow()).into_owned();
    assert!(written.contains("line 0") && written.contains("last"), "{written}");
}

async fn left(live: &mut Live) -> u32 {
    live.wrote("left ").await;
    live.written.wait_for(|written| String::from_utf8_lossy(written).contains('.')).await.unwrap();
    let written = String::from_utf8_lossy(&live.written.borrow()).into_owned();
    written.split("left ").nth(1).unwrap().split('.').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_stop_ends_all_that_was_started_in_a_console() {
    let mut live = helping("stay");
    let left = left(&mut live).await;
    assert!(win32::lives(left));
    live.stopper.stop(Signal::Term).await.unwrap();
    let kept = live.task.await.unwrap();
    assert_eq!(kept.run.ending, Some(Ending::Exited { code: 1 }), "ended by the job, not by itself");
    ends(left);
}

#[tokio::test]
async fn what_was_started_in_a_console_ends_with_its_owner() {
    let mut live = helping("stay");
    let left = left(&mut live).await;
    live.task.abort();
    assert!(live.task.await.unwrap_err().is_cancelled());
    ends(left);
}

#[tokio::test]
async fn arguments_and_errors_are_those_of_a_command_without_a_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let [tool, broken, none, out] =
        ["a tool.cmd", "broken.exe", "none.exe", "out"].map(|name| directory.path().join(name));
    std::fs::write(&tool, "@echo {%1}{%2}{%3}>>\"%OUT%\"\r\n@exit 6\r\n").unwrap();
    std::fs::write(&broken, "this is no program\r\n").unwrap();
    let of = |path: &Path, arguments: &[&str]| {
        let mut command = Command::new(Place::Host, path.display().to_string(), arguments.iter().copied());
        command.env = vec![EnvVar { name: "OUT".into(), value: out.display().to_string() }];
        command
    };
    let batch = of(&tool, &["a&b|c", "%OS%", "say \"hi\""]);
    let kept = begin(batch.clone()).task.await.unwrap();
    assert_eq!(kept.run.ending, Some(Ending::Exited { code: 6 }), "{:?}", kept.run.failure);
    let mut plain = Kept { run: Run::new(batch.clone()), written: watch::Sender::default(), bytes: 0, errors: 0 };
    let (_stopper, stopping) = stops();
    run_on_host_in(&batch, Containment::Job, stopping, None, &mut plain).await;
    assert_eq!(plain.run.ending, kept.run.ending);
    let lines = std::fs::read_to_string(&out).unwrap();
    let (first, second) = lines.split_once("\r\n").unwrap();
    assert!(first.starts_with("{\"a&b|c\"}") && second.trim_end() == first.trim_end(), "{lines}");
    for (command, code) in [
        (of(&tool, &["a\nb"]), Code::BatchArgumentInvalid),
        (of(&broken, &[]), Code::ProgramNotExecutable),
        (of(&none, &[]), Code::ProgramNotFound),
    ] {
        assert_eq!(begin(command).task.await.unwrap().run.failure.unwrap().code, code);
    }
}
