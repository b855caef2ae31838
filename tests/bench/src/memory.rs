//! How much memory processes have of their own.

use std::{collections::HashMap, fs};

use crate::context::Result;

/// The proportional share of a process, in MB.
pub fn share(process: u32) -> Result<f64> {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1024.0 / 1e6).ok_or_else(|| "smaps_rollup has no Pss".into())
}

/// The processes below this one that draw web pages.
pub fn web_processes_of(app: u32) -> Vec<u32> {
    let parents = parents();
    let is_below = |process: &u32| {
        let mut at = *process;
        while let Some(parent) = parents.get(&at) {
            if *parent == app {
                return true;
            }
            at = *parent;
        }
        false
    };
    // The kernel keeps fifteen letters of a name.
    let draws = |process: &u32| {
        fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.trim_end() == "WebKitWebProces")
    };
    parents.keys().copied().filter(|process| draws(process) && is_below(process)).collect()
}

/// The direct children of a process.
pub fn children_of(process: u32) -> Vec<u32> {
    parents().into_iter().filter(|(_, parent)| *parent == process).map(|(child, _)| child).collect()
}

/// Every process with its parent.
fn parents() -> HashMap<u32, u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let parent = |process: u32| {
        // `pid (name) state parent …`; the name may hold anything but ends with the last parenthesis.
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    numbers.filter_map(|process| Some((process, parent(process)?))).collect()
}
