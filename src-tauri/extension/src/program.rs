//! What a program's file is for, read off its first bytes.

use super::manifest::Platform;

/// A processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// 64-bit x86.
    X64,
    /// 64-bit Arm.
    Arm64,
    /// Several in one file, as macOS has them.
    Universal,
    /// Any other one.
    Other,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// A binary.
    Binary {
        /// For which kind of host.
        platform: Platform,
        /// For which processor.
        arch: Arch,
    },
    /// A script with a first line `#!`.
    Script,
    /// Something else.
    Unknown,
}

impl Program {
    /// What these are the first bytes of: a kilobyte is enough.
    pub fn of(head: &[u8]) -> Self {
        elf(head).or_else(|| mach_o(head)).or_else(|| windows(head)).unwrap_or(if head.starts_with(b"#!") {
            Self::Script
        } else {
            Self::Unknown
        })
    }
}

fn number<const N: usize>(head: &[u8], at: usize) -> Option<[u8; N]> {
    head.get(at..at + N)?.try_into().ok()
}

fn elf(head: &[u8]) -> Option<Program> {
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let machine = number(head, 18)?;
    let machine = if head.get(5) == Some(&2) { u16::from_be_bytes(machine) } else { u16::from_le_bytes(machine) };
    let arch = match machine {
        62 => Arch::X64,
        183 => Arch::Arm64,
        _ => Arch::Other,
    };
    Some(Program::Binary { platform: Platform::Linux, arch })
}

fn mach_o(head: &[u8]) -> Option<Program> {
    let arch = match u32::from_le_bytes(number(head, 0)?) {
        0xfeed_facf => match u32::from_le_bytes(number(head, 4)?) {
            0x0100_0007 => Arch::X64,
            0x0100_000c => Arch::Arm64,
            _ => Arch::Other,
        },
        0xfeed_face => Arch::Other,
        // The same magic as a Java class file, where the next number (its version) is at least 45.
        0xbeba_feca if u32::from_be_bytes(number(head, 4)?) < 20 => Arch::Universal,
        _ => return None,
    };
    Some(Program::Binary { platform: Platform::Darwin, arch })
}

fn windows(head: &[u8]) -> Option<Program> {
    if !head.starts_with(b"MZ") {
        return None;
    }
    let at = u32::from_le_bytes(number(head, 0x3c)?) as usize;
    let arch = match (head.get(at..at.checked_add(4)?), number(head, at.checked_add(4)?).map(u16::from_le_bytes)) {
        (Some(b"PE\0\0"), Some(0x8664)) => Arch::X64,
        (Some(b"PE\0\0"), Some(0xaa64)) => Arch::Arm64,
        _ => Arch::Other,
    };
    Some(Program::Binary { platform: Platform::Windows, arch })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_file_of_this_test_is_a_binary_for_this_machine() {
        let head = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let arch = if cfg!(target_arch = "aarch64") { Arch::Arm64 } else { Arch::X64 };
        assert_eq!(Program::of(&head[..1024]), Program::Binary { platform: Platform::this(), arch });
    }

    #[test]
    fn binaries_of_other_hosts_are_known_by_their_heads() {
        let darwin = |arch| Program::Binary { platform: Platform::Darwin, arch };
        assert_eq!(Program::of(b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01"), darwin(Arch::Arm64));
        assert_eq!(Program::of(b"\xcf\xfa\xed\xfe\x07\x00\x00\x01"), darwin(Arch::X64));
        assert_eq!(Program::of(b"\xca\xfe\xba\xbe\x00\x00\x00\x02"), darwin(Arch::Universal));
        assert_eq!(Program::of(b"\xca\xfe\xba\xbe\x00\x00\x00\x41"), Program::Unknown, "a Java class");
        let mut exe = vec![0; 0x80];
        exe[..2].copy_from_slice(b"MZ");
        exe[0x3c] = 0x40;
        exe[0x40..0x46].copy_from_slice(b"PE\0\0\x64\x86");
        assert_eq!(Program::of(&exe), Program::Binary { platform: Platform::Windows, arch: Arch::X64 });
        assert_eq!(Program::of(b"#!/bin/sh\n"), Program::Script);
        assert_eq!(Program::of(b""), Program::Unknown);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_looked_at(head in proptest::collection::vec(any::<u8>(), 0..200), magic in 0..4usize) {
            let magic: &[u8] = [&b""[..], b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe"][magic];
            Program::of(&[magic, &head].concat());
        }
    }
}
