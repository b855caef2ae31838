//! What must hold of the readers for any bytes, for `cargo fuzz` to try. Each function panics where it does not.

use std::io::Cursor;

use super::{har, layout};

/// A session is refused, or all of its entries are in the file.
pub fn session(bytes: &[u8]) {
    let Ok(layout) = layout::read(Cursor::new(bytes)) else { return };
    assert_eq!(layout.places.len(), layout.facts.calls.len());
    for places in &layout.places {
        for place in [places.stdout, places.stderr, places.chunks].into_iter().flatten() {
            assert!(place.from.checked_add(place.bytes).is_some_and(|end| end <= bytes.len() as u64));
        }
    }
}

/// An archive is refused, or each of its calls has ended.
pub fn har(bytes: &[u8]) {
    let _ = har::read(bytes, &mut |imported| {
        if let porthole_sdk::call::Act::Exchange(exchange) = &imported.call.act {
            assert!(exchange.ended());
        }
        Ok(())
    });
}
