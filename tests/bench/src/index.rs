//! What the index of ten million lines takes, and how fast a window of them is read.

use std::{path::PathBuf, process::Command as Process, time::Instant};

use porthole_output::{Output, Stream};
use serde::{Deserialize, Serialize};

use crate::{
    calls::ms,
    context::{BenchContext, LINE, Result},
    lines::line,
    outputs,
    pairs::{Sides, percentile},
};

/// What a pipe holds, and a Run reads at once.
const PIECE: usize = 64 * 1024;
/// How many windows are looked at.
const WINDOWS: u64 = 2000;
/// Rows in each.
const ROWS: u64 = 200;
/// What a line takes where offset and time stand in an array.
const PLAIN: f64 = 16.0;

/// What the child tells.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    bytes_per_line: f64,
    window_p99_ms: f64,
}

/// Both figures, each round in a new process: what earlier ones left in memory is not counted.
pub fn memory_and_windows(context: &BenchContext) -> Result<Vec<Sides>> {
    let (mut memory, mut windows) = (Vec::new(), Vec::new());
    for _ in 0..context.pairs {
        let child = Process::new(context.own_program()?)
            .args(["index", &context.lines().to_string()])
            .arg(context.file("indexed"))
            .output()?;
        if !child.status.success() {
            return Err(String::from_utf8_lossy(&child.stderr).into());
        }
        let measured: Measured = serde_json::from_slice(&child.stdout)?;
        memory.push(measured.bytes_per_line);
        windows.push(measured.window_p99_ms);
    }
    Ok(vec![Sides::alone(memory).beside(PLAIN), Sides::alone(windows)])
}

/// The child's part.
pub fn measure_here(lines: u64, path: PathBuf) -> Result<()> {
    let output = filled(path, lines, line)?;
    let bytes_per_line = outputs::memory(&output) as f64 / lines as f64;
    let mut took = Vec::new();
    let mut place = Places(1);
    for _ in 0..WINDOWS {
        let from = place.next() % lines.saturating_sub(ROWS).max(1);
        let began = Instant::now();
        let rows = outputs::window(&output, from, ROWS)?;
        took.push(ms(began.elapsed()));
        if rows != ROWS.min(lines) {
            return Err(format!("a window at {from} has {rows} rows").into());
        }
    }
    let window_p99_ms = percentile(&took, 0.99).unwrap_or_default();
    println!("{}", serde_json::to_string(&Measured { bytes_per_line, window_p99_ms })?);
    Ok(())
}

/// An output of so many lines, which came in the pieces that a pipe gives. Its files go with it.
pub fn filled(path: PathBuf, lines: u64, line: impl Fn(u64) -> Vec<u8>) -> Result<Output> {
    let output = outputs::new(path);
    let mut piece = Vec::with_capacity(PIECE + LINE as usize);
    let mut at_us = 0;
    for n in 0..lines {
        piece.extend_from_slice(&line(n));
        if piece.len() >= PIECE {
            output.append(Stream::Stdout, &piece[..PIECE], at_us)?;
            piece.drain(..PIECE);
            at_us += 100;
        }
    }
    output.append(Stream::Stdout, &piece, at_us)?;
    Ok(output)
}

/// Places that follow no order, the same in every run.
struct Places(u64);

impl Places {
    fn next(&mut self) -> u64 {
        // Knuth's MMIX generator; its upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 20
    }
}
