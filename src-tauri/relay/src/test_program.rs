//! The program as a file, and its frames, for tests.

use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::protocol::{HEAD, length};

/// Puts the program for this machine in a directory.
pub fn put_in(directory: &Path) -> PathBuf {
    let program = directory.join("relay");
    fs::write(&program, super::program(std::env::consts::ARCH).expect("a program for this machine")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

/// The kind and the payload of the next frame.
pub fn frame(from: &mut impl Read) -> (u8, Vec<u8>) {
    let mut begin = [0; HEAD];
    from.read_exact(&mut begin).unwrap();
    let mut payload = vec![0; length(begin)];
    from.read_exact(&mut payload).unwrap();
    (begin[0], payload)
}
