//! Which processes end with porthole-cli, and which ones Ctrl-C reaches.
#![allow(unsafe_code)]

use std::{
    io::{BufRead, BufReader, Write},
    os::windows::process::CommandExt,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use porthole_base::win32::{self, CREATE_NO_WINDOW};
use windows_sys::Win32::System::{
    Console::{CTRL_C_EVENT, GenerateConsoleCtrlEvent, SetConsoleCtrlHandler},
    Diagnostics::ToolHelp::{
        CreateToolhelp32Snapshot, PROCESSENTRY32, Process32First, Process32Next, TH32CS_SNAPPROCESS,
    },
};

use super::{cli, engine::engine};

/// What the test program does when one of these tests starts it.
const ACT: &str = "PORTHOLE_TEST_ACT";
/// The arguments of a porthole-cli with a separate console, one per line.
const ARGUMENTS: &str = "PORTHOLE_TEST_ARGUMENTS";
const HELPER: [&str; 3] = ["processes::helper", "--exact", "--nocapture"];
/// Then a helper ends by itself, with this exit code. Ctrl-C ends it with another one: 0xC000013A on Windows, 0 under Wine.
const LONGEST: Duration = Duration::from_secs(60);
const NOT_ENDED: i32 = 77;

/// Not a test: it is what the tests start.
#[test]
fn helper() {
    match std::env::var(ACT).as_deref() {
        Ok("wait") => {
            println!("waits {}", std::process::id());
            std::thread::sleep(LONGEST);
            std::process::exit(NOT_ENDED);
        }
        Ok("stay") => {
            let left = helper_process("wait").stdout(Stdio::null()).spawn().unwrap().id();
            println!("left {} {left}", std::process::id());
            std::thread::sleep(LONGEST);
        }
        Ok("console") => in_console(),
        _ => {}
    }
}

fn helper_process(act: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(HELPER).env(ACT, act);
    command
}

/// Runs porthole-cli and another program in one console, and presses Ctrl-C there when it reads a line.
fn in_console() {
    let arguments = std::env::var(ARGUMENTS).unwrap();
    let mut run = cli(&arguments.split('\n').collect::<Vec<_>>()).env(ACT, "stay").spawn().unwrap();
    let mut other = helper_process("wait").spawn().unwrap();
    println!("runs {}", run.id());
    std::io::stdin().read_line(&mut String::new()).unwrap();
    // SAFETY: there is no handler, and a process that ignores Ctrl-C takes no memory of anything else. It hands that on to
    // what it starts from here on, which is nothing.
    assert_ne!(unsafe { SetConsoleCtrlHandler(None, 1) }, 0, "{}", std::io::Error::last_os_error());
    // SAFETY: it takes numbers. 0 is all processes of this console.
    assert_ne!(unsafe { GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0) }, 0, "{}", std::io::Error::last_os_error());
    // It shows that Ctrl-C has reached the console by now.
    println!("other {}", other.wait().unwrap().code().unwrap() as u32);
    println!("ended {}", run.wait().unwrap().code().unwrap() as u32);
}

/// A console without a window, with porthole-cli and another program in it.
struct Console {
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Console {
    fn with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = helper_process("console");
        command.env(ARGUMENTS, arguments.join("\n")).envs(variables.iter().copied());
        let mut process = command
            .creation_flags(CREATE_NO_WINDOW)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (stdin, stdout) = process.stdin.take().zip(process.stdout.take()).unwrap();
        Self { process, stdin, stdout: BufReader::new(stdout) }
    }

    /// The numbers after these words, once each of them was printed in whatever order.
    fn read<const N: usize>(&mut self, words: [&str; N]) -> [Vec<u32>; N] {
        numbers(&mut self.stdout, words)
    }

    fn press_ctrl_c(&mut self) {
        self.stdin.write_all(b"\n").unwrap();
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn numbers<const N: usize>(from: &mut impl BufRead, words: [&str; N]) -> [Vec<u32>; N] {
    let mut all = words.map(|_| Vec::new());
    let mut printed = String::new();
    while all.iter().any(Vec::is_empty) {
        let start = printed.len();
        assert_ne!(from.read_line(&mut printed).unwrap(), 0, "it ended: {printed}");
        // The runner of the tests prints in the same line.
        for (found, word) in all.iter_mut().zip(words) {
            if let Some((_, after)) = printed[start..].split_once(&format!("{word} ")) {
                *found = after.split_whitespace().map_while(|number| number.parse().ok()).collect();
            }
        }
    }
    all
}

/// Waits until a process has ended.
fn ends(process: u32) {
    let began = Instant::now();
    while win32::lives(process) {
        assert!(began.elapsed() < LONGEST / 2, "process {process} lives");
        std::thread::yield_now();
    }
}

/// The processes that this one has started.
fn children(parent: u32) -> Vec<u32> {
    // SAFETY: it takes numbers. The snapshot's handle lives until this process ends.
    let all = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    let mut entry = PROCESSENTRY32 { dwSize: size_of::<PROCESSENTRY32>() as u32, ..PROCESSENTRY32::default() };
    let mut found = Vec::new();
    // SAFETY: the handle is a snapshot, and the entry tells its own size.
    let mut more = unsafe { Process32First(all, &mut entry) };
    while more != 0 {
        if entry.th32ParentProcessID == parent {
            found.push(entry.th32ProcessID);
        }
        // SAFETY: as above.
        more = unsafe { Process32Next(all, &mut entry) };
    }
    found
}

fn stay() -> Vec<String> {
    let own = std::env::current_exe().unwrap().display().to_string();
    ["exec", "host", "--", &own].into_iter().chain(HELPER).map(str::to_owned).collect()
}

#[test]
fn ctrl_c_ends_a_command_of_this_machine_with_all_that_it_started() {
    let arguments = stay();
    let mut console = Console::with(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let [run, left, _] = console.read(["runs", "left", "waits"]);
    assert!(left.iter().all(|process| win32::lives(*process)), "{left:?}");
    console.press_ctrl_c();
    let [other, ended] = console.read(["other", "ended"]);
    assert_ne!(other, [NOT_ENDED as u32]);
    assert_eq!(ended, [130]);
    left.into_iter().chain(run).for_each(ends);
}

/// Ctrl-C ended the reaper with porthole-cli, and what ran in a container went on.
#[test]
fn ctrl_c_reaches_porthole_cli_and_not_its_reaper() {
    let (address, requests) = engine();
    let mut console = Console::with(&["exec", "container:busy", "--", "tool"], &[("DOCKER_HOST", &address)]);
    let [run, _] = console.read(["runs", "waits"]);
    let request = |what: &str| loop {
        let request = requests.recv_timeout(LONGEST / 2).unwrap_or_else(|_| panic!("no request with {what}"));
        if request.contains(what) {
            return;
        }
    };
    request("/exec/fedcba9876543210/start");
    let reapers = children(run[0]);
    let &[reaper] = reapers.as_slice() else { panic!("{reapers:?}") };
    console.press_ctrl_c();
    let [other] = console.read(["other"]);
    assert_ne!(other, [NOT_ENDED as u32]);
    request(r#""INT"]"#);
    assert!(win32::lives(reaper));
    // The reaper continues after porthole-cli is killed.
    win32::end_process(run[0]).unwrap();
    request(r#""TERM"]"#);
    ends(reaper);
}

#[test]
fn a_command_ends_with_all_that_it_started_when_porthole_cli_is_killed() {
    let arguments = stay();
    let mut run = cli(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let mut run = run.env(ACT, "stay").stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(run.stdout.take().unwrap());
    let [left] = numbers(&mut stdout, ["left"]);
    assert!(left.iter().all(|process| win32::lives(*process)), "{left:?}");
    let reapers = children(run.id());
    run.kill().unwrap();
    run.wait().unwrap();
    left.into_iter().chain(reapers).for_each(ends);
}
