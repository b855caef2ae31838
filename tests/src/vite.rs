//! The page of an extension as its authors have it: React and the official client, built or served by Vite.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::eventually;

/// A copy of the page's sources beside its manifest: it is built into `ui`, and may be edited.
pub struct Sources(tempfile::TempDir);

/// Vite's development server, ended when dropped.
pub struct Server(Child);

impl Default for Sources {
    fn default() -> Self {
        let copy = tempfile::tempdir().expect("a folder");
        let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui").canonicalize().expect("the page's sources");
        copy_all(&ui.join("tests/react-page"), copy.path());
        #[cfg(unix)]
        std::os::unix::fs::symlink(ui.join("node_modules"), copy.path().join("node_modules")).expect("a link");
        Self(copy)
    }
}

impl Sources {
    /// The extension's folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Builds the page, so that it is as new as its sources.
    pub fn build(&self) {
        let built = self.vite(&["build", "--logLevel", "error"]).status().expect("node");
        assert!(built.success(), "Vite cannot build the page");
    }

    /// Serves the page at a port of 127.0.0.1; answers when it is served.
    pub async fn serve(&self, port: u16) -> Server {
        let port = port.to_string();
        let arguments = ["--host", "127.0.0.1", "--port", &port, "--strictPort", "--logLevel", "error"];
        let server = Server(self.vite(&arguments).spawn().expect("node"));
        let address = format!("127.0.0.1:{port}");
        eventually("Vite serves", async || tokio::net::TcpStream::connect(&address).await.ok()).await;
        server
    }

    /// Writes a file of the page.
    pub fn write(&self, path: &str, text: &str) {
        fs::write(self.file(path), text).expect("a written file");
    }

    fn file(&self, path: &str) -> PathBuf {
        self.path().join("page").join(path)
    }

    fn vite(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("node");
        command.arg("node_modules/vite/bin/vite.js").args(arguments).current_dir(self.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the sources").flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_all(&path, &to);
        } else {
            fs::copy(&path, &to).expect("a copy");
        }
    }
}
