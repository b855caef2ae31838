#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| porthole_timeline::session::fuzz::session(bytes));
