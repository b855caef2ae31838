//! The child that writes: lines of a hundred bytes, much faster than anybody reads them.

use std::io::{self, Write};

use crate::context::{LINE, Result};

/// Lines in one write: some more than 1 MiB.
const BLOCK: u64 = 10_486;

/// Writes so many bytes of lines to stdout.
pub fn write(bytes: u64) -> Result<()> {
    let block: Vec<u8> = (0..BLOCK).flat_map(line).collect();
    // Not through `Stdout`, which looks for line ends.
    let out = io::stdout().lock();
    let mut out = std::fs::File::from(std::os::fd::AsFd::as_fd(&out).try_clone_to_owned()?);
    let mut left = bytes;
    while left > 0 {
        let length = left.min(block.len() as u64);
        out.write_all(&block[..length as usize])?;
        left -= length;
    }
    Ok(())
}

/// A line as programs log them; one in a hundred tells of a failure.
pub fn line(n: u64) -> Vec<u8> {
    let (worker, job) = (n * 7 % 32, n * 2_654_435_761 % 1_000_000);
    let mut text = match n % 100 {
        17 => format!("{n:010} ERROR worker-{worker:02} job {job:06}: timeout after {} ms", n % 9000),
        61 => format!("{n:010} ERROR worker-{worker:02} job {job:06}: refused after {} ms", n % 9000),
        _ => format!("{n:010} INFO  worker-{worker:02} job {job:06}: done, took {} ms", n % 9000),
    };
    while text.len() < LINE as usize - 1 {
        text.push(if text.len() % 9 == 0 { ' ' } else { 'x' });
    }
    text.push('\n');
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_hundred_bytes() {
        assert!((0..10_000).map(line).all(|line| line.len() as u64 == LINE && line.ends_with(b"\n")));
    }
}
