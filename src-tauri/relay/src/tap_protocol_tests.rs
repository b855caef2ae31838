use proptest::prelude::*;

use super::*;

fn numbers() -> impl Strategy<Value = u32> {
    any::<u32>()
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::Client, Side::Backend])
}

proptest! {
    /// Each event is read as it was sent.
    #[test]
    fn events_arrive_as_they_were_sent(
        id in numbers(),
        count in any::<u64>(),
        side in side(),
        how in prop::sample::select(vec![End::ByBoth, End::ClientGone, End::Stopped]),
        text in ".{0,40}",
        bytes in prop::collection::vec(any::<u8>(), 1..100),
    ) {
        for event in [
            Event::Listening { version: VERSION, aside: &text },
            Event::NotListening { why: &text },
            Event::Opened { id },
            Event::Failed { id, why: &text },
            Event::Bytes { id, side, bytes: &bytes },
            Event::Missed { id, side, count },
            Event::Ended { id, side },
            Event::Closed { id, how },
            Event::Unseen { count },
            Event::Lost,
            Event::Trouble { words: &text },
            Event::Restored,
            Event::NotRestored { why: &text },
        ] {
            let frame = event.encode();
            let head = *frame.first_chunk::<HEAD>().unwrap();
            prop_assert_eq!(crate::protocol::length(head), frame.len() - HEAD);
            prop_assert_eq!(Event::decode(head[0], &frame[HEAD..]), Some(event));
        }
        for order in [Order::Stop, Order::Close { id }] {
            let frame = order.encode();
            prop_assert_eq!(Order::decode(frame[0], &frame[HEAD..]), Some(order));
        }
    }

    /// Whatever comes, nothing else is read than what could have been sent.
    #[test]
    fn nonsense_is_refused_or_means_what_it_says(kind in any::<u8>(), payload in prop::collection::vec(any::<u8>(), 0..60)) {
        if let Some(event) = Event::decode(kind, &payload) {
            let frame = event.encode();
            prop_assert_eq!((frame[0], &frame[HEAD..]), (kind, &payload[..]));
        }
        if let Some(order) = Order::decode(kind, &payload) {
            let frame = order.encode();
            prop_assert_eq!((frame[0], &frame[HEAD..]), (kind, &payload[..]));
        }
    }
}

#[test]
fn a_long_text_is_cut_between_characters_and_a_long_frame_is_refused() {
    let long = "ü".repeat(TEXT);
    let frame = Event::Trouble { words: &long }.encode();
    assert_eq!(Event::decode(frame[0], &frame[HEAD..]), Some(Event::Trouble { words: &long[..TEXT] }));
    assert_eq!(Event::decode(b'T', long.as_bytes()), None);
    assert_eq!(Event::decode(b'C', &vec![0; BLOCK + 1]), None);
    const { assert!(PIECE + 4 <= BLOCK) }
}

#[test]
fn why_a_socket_was_not_moved_is_read_as_it_was_told() {
    use std::io;

    use crate::place_error::{PlaceError, Step};
    let error = PlaceError::new(Step::Move, io::Error::from(io::ErrorKind::PermissionDenied));
    let text = error.text();
    let read = PlaceError::read(&text).unwrap();
    assert_eq!((read.step, read.error.kind()), (Step::Move, io::ErrorKind::PermissionDenied));
    assert_eq!(text, format!("move/denied: {}", read.error));
    for text in ["", "move", "move/denied", "other/denied: x", "move/odd: x"] {
        assert!(PlaceError::read(text).is_none(), "{text}");
    }
}
