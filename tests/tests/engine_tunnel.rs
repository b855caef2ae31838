//! Sockets that only a container sees, carried through a real engine.

#![cfg(target_os = "linux")]

#[path = "engine_tunnel/bodies.rs"]
mod bodies;
#[path = "engine_tunnel/failures.rs"]
mod failures;
#[path = "engine_tunnel/left.rs"]
mod left;
#[path = "engine_tunnel/places.rs"]
mod places;

use porthole_http::exchange::{Body, Request};
use porthole_tests::inside::{At, Inside};

const BACKEND: &str = env!("CARGO_BIN_EXE_backend");

async fn in_volume() -> Inside {
    Inside::start(BACKEND, At::volume()).await
}

fn get(path: &str) -> Request {
    Request::new("GET", path)
}

fn post(path: &str, text: &str) -> Request {
    let mut request = Request::new("POST", path);
    request.body = Body::Text { text: text.to_owned() };
    request
}
