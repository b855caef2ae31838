//! Instruction budgets of the hot paths. Instructions are counted by valgrind and not timed, so the counts are the same on a
//! busy machine. They are those of the build that the other tests use, which isn't optimized: a path that does more work
//! counts more in it too, but the numbers say nothing about a release. Work of the system and of other processes isn't
//! counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::process::{Command, Stdio};

/// What a path may take more than its budget, in percent.
const TOLERANCE: u64 = 5;

/// Counts the instructions of one passage: what twice as many passages take more, so that the preparation doesn't count.
fn passage(path: &str, times: u64) -> u64 {
    let [fewer, more] = [times, 2 * times].map(|times| counted(path, times));
    more.saturating_sub(fewer) / times
}

fn counted(path: &str, times: u64) -> u64 {
    let child = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(env!("CARGO_BIN_EXE_porthole-budgets"))
        .args([path, &times.to_string()])
        // A command gets the environment, and its program is looked up on the path: both are the same everywhere.
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("valgrind is installed");
    // A forked process reports its own count: `==12== I   refs:      1,234,567`.
    let process = format!("=={}== ", child.id());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let mut own = told.lines().filter_map(|line| line.strip_prefix(&process)?.split_once("refs:"));
    let count = own.next_back().map(|(_, count)| count.trim().replace(',', ""));
    count.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("valgrind told no count: {told}"))
}

fn check(path: &str, times: u64, budget: u64) {
    let count = passage(path, times);
    println!("{path}: {count} instructions, budget {budget}");
    let limit = budget + budget * TOLERANCE / 100;
    assert!(
        count <= limit,
        "{path} takes {count} instructions, {:.1} % more than its budget of {budget}. Find what it does more; raise the \
         budget only where that must be, with the reason in the commit.",
        (count as f64 / budget as f64 - 1.0) * 100.0
    );
}

#[test]
fn a_small_request_is_within_its_budget() {
    // With a place in the history and a limit for the head of the response.
    check("request", 90, 429_000);
}

#[test]
fn the_findings_of_a_request_are_within_their_budget() {
    check("findings", 100, 245_000);
}

#[test]
fn a_command_that_does_nothing_is_within_its_budget() {
    check("command", 30, 741_000);
}

#[test]
fn a_mebibyte_of_lines_is_within_its_budget() {
    check("lines", 10, 18_774_000);
}

#[test]
fn a_window_of_rows_is_within_its_budget() {
    // Each line is looked at for the level of its log entry.
    check("rows", 20, 7_911_000);
}

#[test]
fn a_search_in_8_mebibytes_is_within_its_budget() {
    check("search", 1, 778_500_000);
}

#[test]
fn the_plan_of_a_call_is_within_its_budget() {
    check("plan", 200, 80_600);
}
