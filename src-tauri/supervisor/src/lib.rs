//! The supervisor's program as bytes, and the protocol between Porthole and a supervisor.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[path = "../program/protocol.rs"]
pub mod protocol;
#[path = "../program/stat.rs"]
pub mod stat;

/// The program for this platform; none where Porthole was built without it.
pub fn program() -> Option<&'static [u8]> {
    let program: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/porthole-supervisor"));
    (!program.is_empty()).then_some(program)
}

#[cfg(test)]
mod tests {
    use super::protocol::{Message, Spec, decode, encode};

    #[test]
    fn a_command_and_each_message_arrive_as_they_were_sent() {
        for spec in [
            Spec { program: b"/bin/x".to_vec(), argv: vec![b"x".to_vec()], ..Spec::default() },
            Spec {
                cgroup: b"/sys/fs/cgroup/a b".to_vec(),
                open_files: Some(1024),
                identity: Some((u64::MAX, 7)),
                input: b"/dev/pts/3".to_vec(),
                is_terminal: true,
                program: vec![0xff, b'\n'],
                argv: vec![b"x".to_vec(), Vec::new(), vec![0xff], Vec::new()],
            },
        ] {
            let bytes = encode(&spec);
            assert_eq!(u32::from_le_bytes(*bytes.first_chunk().unwrap()) as usize, bytes.len() - 4);
            assert_eq!(decode(&bytes[4..]), Some(spec));
        }
        assert_eq!(decode(b"cut off"), None);
        for message in [
            Message::Forked { pid: i32::MAX, cgroup: true },
            Message::Executed,
            Message::NotStarted { errno: 2 },
            Message::Ended { status: -1, remaining: false },
            Message::Signaled { count: 3, errno: 0 },
        ] {
            assert_eq!(Message::decode(message.encode()), Some(message));
        }
        assert_eq!(Message::decode([0; 9]), None);
    }
}
