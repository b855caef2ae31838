//! Session files on a disk of their own that is full.

#![cfg(unix)]

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use porthole_tests::{cli::cli, names, rerun::on_small_disk};

/// Writes until nothing more fits.
fn fill(disk: &Path) {
    let mut file = File::create(disk.join("fill")).unwrap();
    for size in [65_536, 4096, 1] {
        while file.write_all(&vec![b'x'; size]).is_ok() {}
    }
}

#[tokio::test]
async fn exporting_updating_and_adding_leave_a_session_on_a_full_disk_as_it_was() {
    let name = "exporting_updating_and_adding_leave_a_session_on_a_full_disk_as_it_was";
    let Some(disk) = on_small_disk(name, 4) else { return };
    let session = disk.join("a.porthole").display().to_string();
    // Each time another output: an update has something to write.
    let command = ["exec", "host", "--session", &session, "--", "sh", "-c", "date +%s%N"];
    assert_eq!(cli(&command).await.status.code(), Some(0));
    let before = fs::read(&session).unwrap();
    fill(&disk);
    let text = disk.join("out.md").display().to_string();
    let copy = disk.join("copy.porthole").display().to_string();
    for refused in [
        cli(&["session", "export", &session, "--markdown", &text]).await,
        cli(&["session", "redact", &session, "--out", &copy]).await,
        cli(&["replay", &session, "--allow-host", "--update"]).await,
        cli(&command).await,
    ] {
        assert_eq!(refused.status.code(), Some(3), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("The disk is full"), "{refused:?}");
        assert_eq!(names(&disk), ["a.porthole", "fill"]);
        assert_eq!(fs::read(&session).unwrap(), before);
    }
    // With space again, all of it works.
    fs::remove_file(disk.join("fill")).unwrap();
    assert_eq!(cli(&["replay", &session, "--allow-host", "--update"]).await.status.code(), Some(0));
    assert_ne!(fs::read(&session).unwrap(), before);
    assert_eq!(cli(&["session", "show", &session]).await.status.code(), Some(0));
}
