//! Records calls into the history in the directory that is its argument, until it is killed, and prints those that the
//! history has: number, bytes and path.

use std::path::Path;

use porthole_demo::accept;
use porthole_http::{endpoint::Endpoint, exchange::Request};
use porthole_tests::recorder::with_history;
use porthole_timeline::{HistoryFilter, HistoryFrom, Origin, Timeline};
use tokio::net::TcpListener;

/// Rows that are read at once.
const ROWS: u32 = 500;

#[tokio::main]
async fn main() {
    let directory = std::env::args_os().nth(1).expect("a directory");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(accept(async move || listener.accept().await.map(|(stream, _)| stream), |_| ()));
    let timeline = with_history(Path::new(&directory)).await;
    let endpoint = Endpoint::Tcp { host: "127.0.0.1".to_owned(), port };
    tokio::join!(send(&timeline, &endpoint), print(&timeline));
}

async fn send(timeline: &Timeline, endpoint: &Endpoint) {
    for number in 0_u64.. {
        let path = match number % 4 {
            0 => format!("/bytes/{}", 5_000 + number),
            1 => format!("/ndjson?ms=5&n=20&number={number}"),
            _ => format!("/hello?number={number}"),
        };
        let id = timeline.send(Origin::Composer, endpoint.clone(), Request::new("GET", path));
        // A stream may still run when the next calls are sent.
        if number % 4 != 1 {
            timeline.ended(id).await.expect("an end");
        }
    }
}

async fn print(timeline: &Timeline) {
    let (mut since, mut written) = (0, 0);
    loop {
        let changes = timeline.changes(since).await;
        since = changes.revision;
        if changes.history.revision == written {
            continue;
        }
        written = changes.history.revision;
        let list = timeline.history_list(HistoryFilter::default(), HistoryFrom::Newest, ROWS).await.expect("a list");
        for row in list.rows {
            println!("{} {} {}", row.row, row.bytes, row.text);
        }
    }
}
