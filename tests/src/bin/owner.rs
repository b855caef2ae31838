//! A small Porthole that owns commands on the host, told what to do line by line on stdin:
//!
//! - `run CONTAINMENT SCRIPT` runs a shell script, prints `wrote` when it first writes, and its facts when it ended
//! - `stop SIGNAL` stops the last one
//! - `reaper` prints the process id of the reaper
//! - `measure CONTAINMENT N` runs `true` N times, and prints the median in microseconds
//!
//! When stdin ends, it ends as Porthole does when it is closed.

use std::{
    io::BufRead,
    sync::Arc,
    time::{Duration, Instant},
};

use porthole_base::error::Result;
use porthole_engine::reaper::{Reaper, serve_if_asked};
use porthole_output::{Stream, record::Record};
use porthole_process::{Command, Containment, Place, Run, RunEvent, Signal, Stopper, run_on_host_in, stops};
use tokio::task::JoinSet;

struct Facts {
    run: Run,
    wrote: bool,
}

impl Record<RunEvent> for Facts {
    fn event(&mut self, event: RunEvent) {
        self.run.apply(event);
    }

    fn chunk(&mut self, _: Stream, _: u64, _: &[u8]) -> Result<()> {
        if !std::mem::replace(&mut self.wrote, true) {
            println!("wrote");
        }
        Ok(())
    }
}

fn main() {
    if !serve_if_asked() {
        tokio::runtime::Runtime::new().expect("a runtime").block_on(own());
    }
}

async fn own() {
    let reaper = Arc::new(Reaper::start());
    let mut runs = JoinSet::new();
    let mut last: Option<Stopper> = None;
    let (said, mut lines) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(std::io::Result::ok) {
            if said.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        let mut words = line.splitn(3, ' ');
        match (words.next().unwrap_or_default(), words.next(), words.next()) {
            ("run", Some(most), Some(script)) => {
                let (most, script) = (containment(most), script.to_owned());
                let (stopper, stopping) = stops();
                last = Some(stopper);
                let reaper = Arc::clone(&reaper);
                runs.spawn(async move {
                    let command = Command::new(Place::Host, "sh", ["-c", &script]);
                    let mut facts = Facts { run: Run::new(command.clone()), wrote: false };
                    run_on_host_in(&command, most, stopping, Some(reaper), &mut facts).await;
                    println!("{}", serde_json::to_string(&facts.run).expect("facts"));
                });
            }
            ("stop", Some(word), None) => {
                let stopper = last.as_ref().expect("a run").clone();
                let signal = signal(word);
                tokio::spawn(async move { stopper.stop(signal).await });
            }
            ("reaper", ..) => println!("{}", process(&reaper).await),
            ("measure", Some(most), Some(count)) => {
                println!("{}", measure(&reaper, containment(most), count.parse().expect("a number")).await);
            }
            _ => panic!("{line}"),
        }
    }
    runs.shutdown().await;
    drop(reaper);
}

fn containment(word: &str) -> Containment {
    serde_json::from_value(word.into()).expect("a containment")
}

fn signal(word: &str) -> Signal {
    serde_json::from_value(word.into()).expect("a signal")
}

async fn process(reaper: &Reaper) -> u32 {
    loop {
        if let Some(process) = reaper.process() {
            return process;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn measure(reaper: &Arc<Reaper>, most: Containment, count: usize) -> u128 {
    let mut took = Vec::new();
    for _ in 0..count {
        let command = Command::new(Place::Host, "true", [] as [&str; 0]);
        let (_stopper, stopping) = stops();
        let mut facts = Facts { run: Run::new(command.clone()), wrote: false };
        let began = Instant::now();
        run_on_host_in(&command, most, stopping, Some(Arc::<Reaper>::clone(reaper)), &mut facts).await;
        took.push(began.elapsed().as_micros());
        assert!(facts.run.failure.is_none(), "{:?}", facts.run);
    }
    took.sort_unstable();
    took[count / 2]
}
