//! The demo extension in a folder of its own.

use std::{fs, io, path::Path};

use bollard::{Docker, query_parameters::RemoveImageOptionsBuilder};

use crate::given;

/// A copy of the demo extension: everything on an engine is named after its folder, so tests that run beside each
/// other do not meet. The image goes with it.
pub struct DemoCopy {
    folder: tempfile::TempDir,
}

impl DemoCopy {
    /// Copies it.
    pub fn new() -> Self {
        Self::of(given("PORTHOLE_DEMO_EXTENSION").as_ref())
    }

    /// A copy of another extension.
    pub fn of(extension: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("demo-").tempdir().expect("a folder");
        copy(extension, folder.path()).expect("a copy of the extension");
        Self { folder }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What Porthole calls its image.
    pub fn image(&self) -> String {
        let name = self.folder.path().file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        format!("porthole/{name}")
    }
}

impl Default for DemoCopy {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for DemoCopy {
    fn drop(&mut self) {
        let image = self.image();
        // A drop cannot wait: a thread with a runtime of its own can.
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let Ok(docker) = Docker::connect_with_host(&given("PORTHOLE_TEST_ENGINE")) else { return };
                let Ok(docker) = docker.negotiate_version().await else { return };
                let options = RemoveImageOptionsBuilder::default().force(true).build();
                let _ = docker.remove_image(&image, Some(options), None).await;
            });
        });
        let _ = removing.join();
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&to)?;
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to)?;
        }
    }
    Ok(())
}
