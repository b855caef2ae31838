//! What is measured, beside what, and what is to be reached.

use crate::context::Result;

/// One benchmark, as it stands in the report.
#[derive(Debug, Clone, Copy)]
pub struct Bench {
    /// Its name.
    pub name: &'static str,
    /// Of what its figures are.
    pub unit: &'static str,
    /// What is measured beside it.
    pub peer: &'static str,
    /// What is to be reached.
    pub goal: Goal,
}

/// What is to be reached.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// So many times the peer's figure, or more.
    RatioAtLeast(f64),
    /// So many times the peer's figure, or less.
    RatioAtMost(f64),
    /// So much, or less.
    AtMost(f64),
}

/// What one measurement gives together.
#[derive(Debug, Clone, Copy)]
pub enum Group {
    HostIngest,
    ContainerIngest,
    ExecStart,
    BodyIngest,
    RequestP50,
    Tap,
    Mock,
    History,
    Tunneled,
    Search,
    Index,
    Frames,
    Opened,
    Start,
}

/// All there is, in the order in which it is measured.
pub const GROUPS: [Group; 14] = [
    Group::HostIngest,
    Group::ContainerIngest,
    Group::ExecStart,
    Group::BodyIngest,
    Group::RequestP50,
    Group::Tap,
    Group::Mock,
    Group::History,
    Group::Tunneled,
    Group::Search,
    Group::Index,
    Group::Frames,
    Group::Opened,
    Group::Start,
];

fn bench(name: &'static str, unit: &'static str, peer: &'static str, goal: Goal) -> Bench {
    Bench { name, unit, peer, goal }
}

impl Group {
    /// What it measures.
    pub fn benches(self) -> Vec<Bench> {
        use Goal::{AtMost, RatioAtLeast, RatioAtMost};
        match self {
            Self::HostIngest => vec![bench("host_ingest", "MB/s", "child | cat > file", RatioAtLeast(0.8))],
            Self::ContainerIngest => vec![bench("container_ingest", "MB/s", "docker exec … > file", RatioAtLeast(1.3))],
            Self::ExecStart => vec![bench("exec_start", "ms", "docker exec c true", RatioAtMost(0.7))],
            Self::BodyIngest => {
                vec![bench("body_ingest", "MB/s", "curl -s --unix-socket -o file", RatioAtLeast(0.9))]
            }
            Self::RequestP50 => vec![bench("request_p50", "ms", "hyper on one connection", RatioAtMost(1.3))],
            Self::Tap => vec![bench("tap_overhead", "ms", "the request without a tap", AtMost(0.1))],
            Self::Mock => vec![bench("mock_requests", "requests/s", "nginx with the same file", RatioAtLeast(0.5))],
            Self::History => vec![
                bench("history_open", "ms", "–", AtMost(200.0)),
                bench("history_search", "ms", "–", AtMost(200.0)),
                bench("recorded_p50", "ms", "the same without a history", RatioAtMost(1.1)),
            ],
            Self::Tunneled => vec![
                bench("carried_p50", "ms", "the same over the socket itself", AtMost(1.0)),
                bench("carried_connect", "ms", "the same over the socket itself", AtMost(150.0)),
                bench("carried_body", "MB/s", "the same over the socket itself", RatioAtLeast(0.1)),
            ],
            Self::Search => vec![bench("search", "ms", "rg -c", RatioAtMost(1.5))],
            Self::Index => vec![
                bench("index_bytes_per_line", "bytes", "an array, 16 bytes a line", AtMost(4.0)),
                bench("window_p99", "ms", "–", AtMost(5.0)),
            ],
            Self::Frames => vec![
                bench("frame_p99", "ms", "–", AtMost(33.0)),
                bench("frame_max", "ms", "–", AtMost(100.0)),
                bench("web_growth", "MB", "–", AtMost(40.0)),
                bench("host_growth", "MB", "–", AtMost(80.0)),
            ],
            Self::Opened => vec![
                bench("json_open", "ms", "–", AtMost(1000.0)),
                bench("json_web", "MB", "–", AtMost(40.0)),
                bench("json_find", "ms", "–", AtMost(1000.0)),
                bench("json_find_web", "MB", "–", AtMost(20.0)),
                bench("palette_open", "ms", "–", AtMost(100.0)),
                bench("palette_web", "MB", "–", AtMost(20.0)),
            ],
            Self::Start => vec![
                bench("start", "ms", "an empty window", RatioAtMost(1.3)),
                bench("welcome_paint", "ms", "an empty window", RatioAtMost(1.3)),
                bench("welcome_web", "MB", "an empty window", RatioAtMost(1.5)),
            ],
        }
    }

    /// The names of what it measures.
    pub fn names(self) -> Vec<&'static str> {
        self.benches().into_iter().map(|bench| bench.name).collect()
    }
}

impl Goal {
    /// Whether it was.
    pub fn is_reached(self, ours: f64, ratio: Option<f64>) -> bool {
        match self {
            Self::RatioAtLeast(least) => ratio.is_some_and(|ratio| ratio >= least),
            Self::RatioAtMost(most) => ratio.is_some_and(|ratio| ratio <= most),
            Self::AtMost(most) => ours <= most,
        }
    }

    /// As the table has it.
    pub fn words(self, unit: &str) -> String {
        match self {
            Self::RatioAtLeast(least) => format!("≥ {least} ×"),
            Self::RatioAtMost(most) => format!("≤ {most} ×"),
            Self::AtMost(most) => format!("≤ {most} {unit}"),
        }
    }
}

/// Refuses names of nothing.
pub fn check_names(only: &[String]) -> Result<()> {
    let known: Vec<&str> = GROUPS.iter().flat_map(|group| group.names()).collect();
    match only.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("there is no benchmark `{name}`; there are: {}", known.join(", ")).into()),
        None => Ok(()),
    }
}
