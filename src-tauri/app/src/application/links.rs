//! Opening what an output links to. An output is a stranger's text: only a click of the user leads here, and what may be
//! opened is decided here.

use std::path::{Component, Path, PathBuf};

use porthole_base::error::{Code, Error, Result};
use porthole_extension::ExtensionRoot;
use url::Url;

use crate::{application::Application, host::Host};

/// Bytes of a URL that is opened.
const LONGEST: usize = 8 * 1024;

/// What the files of source code end in that no system runs when it opens them.
const TEXTS: [&str; 29] = [
    "rs", "go", "ts", "tsx", "jsx", "java", "kt", "c", "h", "cc", "cpp", "hpp", "cs", "swift", "svelte", "vue", "css",
    "scss", "md", "txt", "log", "json", "yaml", "yml", "toml", "sql", "proto", "mod", "lock",
];
/// What Linux opens in an editor unless the file may be executed; elsewhere a program may run them.
const SCRIPTS: [&str; 5] = ["js", "mjs", "cjs", "py", "rb"];

impl<H: Host> Application<H> {
    /// Opens a web page in the browser.
    pub async fn open_link(&self, url: String) -> Result<()> {
        self.host.open_url(web_page(&url)?.as_str())
    }

    /// Opens a file of the open extension's folder, such as `src/main.rs`, with the program that the system has for it.
    /// Returns false where there is no such file, or it isn't one that a system only shows.
    pub async fn open_source(&self, file: String) -> Result<bool> {
        let Some(folder) = self.extension_host.open_now().and_then(|open| open.extension.sources().map(PathBuf::from))
        else {
            return Ok(false);
        };
        match source_in(&folder, Path::new(&file)) {
            Some(path) => self.host.open_file(&path).map(|()| true),
            None => Ok(false),
        }
    }
}

/// A URL that a browser may be given.
fn web_page(url: &str) -> Result<Url> {
    let refused = |why: &str| {
        Error::new(Code::OpenFailed, format!("Porthole doesn't open this link: {why}"))
            .hint("Only http and https links are opened.")
    };
    if url.len() > LONGEST || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(refused("it's too long or has control characters"));
    }
    let read = Url::parse(url).map_err(|error| refused(&error.to_string()))?;
    if !matches!(read.scheme(), "http" | "https") || !read.has_host() {
        return Err(refused("it isn't an http or https URL"));
    }
    Ok(read)
}

/// The absolute path of a file of source code in a folder, by a path relative to it or an absolute one within it.
fn source_in(folder: &Path, file: &Path) -> Option<PathBuf> {
    let root = ExtensionRoot::open(folder).ok()?;
    let inner = if file.is_absolute() { file.strip_prefix(root.path()).ok()? } else { file };
    if inner.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return None;
    }
    let executable = root.file(inner).ok()?.executable;
    let path = root.file_path(inner).ok()?;
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    let is_shown = TEXTS.contains(&extension.as_str())
        || (cfg!(target_os = "linux") && !executable && SCRIPTS.contains(&extension.as_str()));
    is_shown.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_pages_are_opened() {
        for good in ["http://127.0.0.1:8080/health?a=1#b", "https://example.com", "https://bücher.example/ä"] {
            assert!(web_page(good).is_ok(), "{good}");
        }
        let long = format!("https://example.com/{}", "x".repeat(LONGEST));
        for bad in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "ftp://example.com",
            "http://",
            "//example.com",
            "example.com",
            "https://example.com/a b",
            "https://example.com/\u{7}",
            "",
            &long,
        ] {
            assert_eq!(web_page(bad).unwrap_err().code, Code::OpenFailed, "{bad}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_source_files_within_the_folder_are_opened() {
        use std::{fs, os::unix::fs::PermissionsExt};
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.rs"), "x").unwrap();
        let folder = outside.path().join("extension");
        fs::create_dir_all(folder.join("src")).unwrap();
        for name in ["src/main.rs", "run.sh", "app.desktop", "a.js", "b.js", "Makefile"] {
            fs::write(folder.join(name), "x").unwrap();
        }
        fs::set_permissions(folder.join("b.js"), fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.rs"), folder.join("link.rs")).unwrap();
        std::os::unix::fs::symlink("run.sh", folder.join("run.rs")).unwrap();
        let real = fs::canonicalize(&folder).unwrap();
        let opens = |file: &str| source_in(&folder, Path::new(file));
        assert_eq!(opens("src/main.rs"), Some(real.join("src/main.rs")));
        assert_eq!(opens("./src/main.rs"), Some(real.join("src/main.rs")));
        assert_eq!(opens(&real.join("src/main.rs").display().to_string()), Some(real.join("src/main.rs")));
        assert_eq!(opens("a.js").is_some(), cfg!(target_os = "linux"));
        for never in [
            "../secret.rs",
            "link.rs",
            "run.rs",
            "run.sh",
            "app.desktop",
            "b.js",
            "Makefile",
            "src",
            "no.rs",
            "/etc/hosts",
        ] {
            assert_eq!(opens(never), None, "{never}");
        }
    }
}
