//! What a run of the benchmarks has at hand: sizes, a place for files, an engine, a window.

use std::{env, fs, path::PathBuf};

use tempfile::TempDir;

/// Why something could not be measured.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What measuring gives.
pub type Result<T> = std::result::Result<T, Failure>;

/// How much is ingested and searched: 1 GiB of whole lines.
const BYTES: u64 = (1 << 30) / LINE * LINE;
/// How many lines are indexed and followed.
const LINES: u64 = 10_000_000;
/// The length of a line, its end included.
pub const LINE: u64 = 100;

/// What a run of the benchmarks has at hand.
#[derive(Debug)]
pub struct BenchContext {
    /// How many pairs are measured.
    pub pairs: usize,
    scale: f64,
    directory: TempDir,
}

impl BenchContext {
    /// What is written goes with this value.
    pub fn new(pairs: usize, scale: f64) -> Result<Self> {
        Ok(Self { pairs, scale, directory: tempfile::Builder::new().prefix("porthole-bench-").tempdir()? })
    }

    /// How many bytes are ingested or searched.
    pub fn bytes(&self) -> u64 {
        self.scaled(BYTES / LINE) * LINE
    }

    /// How many lines are indexed or followed.
    pub fn lines(&self) -> u64 {
        self.scaled(LINES)
    }

    /// A count at this run's scale.
    pub fn scaled(&self, whole: u64) -> u64 {
        ((whole as f64 * self.scale) as u64).clamp(1, whole)
    }

    /// A path on the disk that both sides write to.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A new directory there.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.file(name);
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// This program, to be its own child.
    pub fn own_program(&self) -> Result<String> {
        let path = env::current_exe()?;
        path.into_os_string().into_string().map_err(|path| format!("{} is not text", path.display()).into())
    }

    /// The address of an engine.
    pub fn engine(&self) -> Result<String> {
        given("PORTHOLE_TEST_BUSYBOX", "PORTHOLE_BENCH_WITHOUT_ENGINE")?;
        given("PORTHOLE_TEST_ENGINE", "PORTHOLE_BENCH_WITHOUT_ENGINE")
    }

    /// Porthole itself, on a display.
    pub fn app(&self) -> Result<String> {
        given("DISPLAY", "PORTHOLE_BENCH_WITHOUT_WINDOW")?;
        given("PORTHOLE_APP", "PORTHOLE_BENCH_WITHOUT_WINDOW")
    }

    /// The empty window of the same toolkit.
    pub fn empty_app(&self) -> Result<String> {
        given("PORTHOLE_BENCH_EMPTY", "PORTHOLE_BENCH_WITHOUT_WINDOW")
    }
}

/// A variable of `make bench`, or the reason that it gives for having none.
fn given(name: &str, why_not: &str) -> Result<String> {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    set(name).ok_or_else(|| set(why_not).unwrap_or_else(|| format!("{name} is not set: use `make bench`")).into())
}
