//! What a host command really means: the program's file, the directory and the environment.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::{Bin, Command, EnvMode, environment::Environment, walk::crosses_procfs};
use porthole_base::error::{Code, Error, Result};

/// Where names are looked up when a replaced environment has no `PATH`, as C libraries do.
#[cfg(unix)]
const DEFAULT_PATH: &str = "/usr/bin:/bin";

/// A host command, ready to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    /// An absolute path: the process that executes it may be in another directory than the one that looked for it.
    pub program: PathBuf,
    /// The device and inode that the program must have for the process that executes it.
    pub identity: Option<(u64, u64)>,
    pub cwd: PathBuf,
    /// Its `PATH` has absolute entries alone.
    pub env: Environment,
}

impl Resolved {
    /// The program of a name that this command itself would start by it.
    ///
    /// # Errors
    /// [`Code::ProgramNotFound`], [`Code::ProgramNotExecutable`], [`Code::PathThroughProc`].
    pub fn find(&self, program: &str) -> Result<PathBuf> {
        let path = self.env.get("PATH").map(OsStr::to_owned).or_else(default_path);
        find(program, path, &self.cwd)
    }

    /// Checks that the directory and each entry of the `PATH` mean the same to the command as to this process.
    ///
    /// # Errors
    /// [`Code::PathThroughProc`].
    pub fn check_paths(&self) -> Result<()> {
        is_same_for_all(&self.cwd)?;
        let path = self.env.get("PATH").unwrap_or_default();
        // A hostile one names the same directory a million times.
        let entries: BTreeSet<PathBuf> = std::env::split_paths(path).collect();
        entries.iter().try_for_each(|entry| is_same_for_all(entry))
    }
}

fn is_same_for_all(path: &Path) -> Result<()> {
    if !crosses_procfs(path) {
        return Ok(());
    }
    Err(Error::new(Code::PathThroughProc, format!("Not run: {} goes through /proc", path.display())).hint(
        "A path through /proc, such as /proc/self/cwd or /dev/fd, refers to a different file in each process. Use the path of the file itself.",
    ))
}

/// Says what is wrong with a command wherever it runs.
///
/// # Errors
/// [`Code::CommandInvalid`].
pub fn check(command: &Command) -> Result<()> {
    let invalid = |message: String| Err(Error::new(Code::CommandInvalid, message));
    if command.program.is_empty() {
        return invalid("No program is set".into());
    }
    let texts = [&command.program].into_iter().chain(&command.args).chain(&command.cwd).chain(&command.user);
    if texts.chain(command.env.iter().map(|var| &var.value)).any(|text| text.contains('\0')) {
        return invalid("The command contains a NUL byte, which can't be passed to a program".into());
    }
    if command.terminal.is_some() && command.stdin.is_some() {
        return invalid("A command in a terminal reads the keyboard: it can't have text or a file as stdin".into());
    }
    for var in &command.env {
        if var.name.is_empty() || var.name.contains(['=', '\0']) {
            return invalid(format!("`{}` isn't a valid environment variable name", var.name));
        }
    }
    Ok(())
}

/// Finds the program, the directory and the environment of a host command.
///
/// # Errors
/// [`Code::CommandInvalid`], [`Code::CwdInvalid`], [`Code::ProgramNotFound`],
/// [`Code::ProgramNotExecutable`], [`Code::PathThroughProc`].
pub(super) fn resolve(command: &Command) -> Result<Resolved> {
    check(command)?;
    if command.user.is_some() {
        return Err(Error::new(Code::CommandInvalid, "Host commands run as the user who runs Porthole")
            .hint("Leave the user empty: it applies only to commands in a container."));
    }
    let cwd = directory(command.cwd.as_deref())?;
    let mut env = match command.env_mode {
        EnvMode::Add => Environment::of_this_process(),
        EnvMode::Replace => Environment::default(),
    };
    command.env.iter().for_each(|var| env.set(&var.name, &var.value));
    // A shell that is started has the same: the user didn't name what it would find in its own directory.
    let own = env.get("PATH").map(absolute);
    let mut path = own.clone().unwrap_or_else(default_path);
    match own.flatten() {
        Some(own) => env.set("PATH", own),
        None => env.remove("PATH"),
    }
    if let Some(bin) = &command.bin {
        let with_bin = beside(bin, path.as_deref())?;
        env.set("PATH", with_bin.clone());
        path = Some(with_bin);
    }
    let mut resolved = Resolved { program: PathBuf::new(), identity: None, cwd, env };
    resolved.check_paths()?;
    resolved.program = find(&command.program, path, &resolved.cwd)?;
    Ok(resolved)
}

/// A `PATH` without the entries that mean another directory in each working directory, which a caller that made that
/// directory decides on; an empty entry is such a one. None when no other is left.
fn absolute(path: &OsStr) -> Option<OsString> {
    let is_whole = std::env::split_paths(path).all(|entry| entry.is_absolute());
    if is_whole {
        return Some(path.to_owned());
    }
    let kept: Vec<PathBuf> = std::env::split_paths(path).filter(|entry| entry.is_absolute()).collect();
    if kept.is_empty() { None } else { std::env::join_paths(kept).ok() }
}

/// The command of a program that is looked up on this `PATH`, where the user has it. What is started has the same `PATH`
/// without its relative entries.
pub fn command_on(path: &OsStr, program: &str) -> Option<tokio::process::Command> {
    let path = absolute(path)?;
    let found = find(program, Some(path.clone()), Path::new("/")).ok()?;
    let mut command = tokio::process::Command::new(found);
    // It is called as a caller that looks it up in the `PATH` calls it.
    #[cfg(unix)]
    command.arg0(program);
    #[cfg(windows)]
    command.creation_flags(porthole_base::win32::CREATE_NO_WINDOW);
    command.env("PATH", path);
    Some(command)
}

/// The same with the `PATH` of this process.
pub fn command_of(program: &str) -> Option<tokio::process::Command> {
    command_on(&std::env::var_os("PATH").or_else(default_path)?, program)
}

/// A `PATH` with one directory more.
fn beside(bin: &Bin, path: Option<&OsStr>) -> Result<OsString> {
    let own = || std::iter::once(PathBuf::from(&bin.directory));
    let there: Vec<PathBuf> = path.map(|path| std::env::split_paths(path).collect()).unwrap_or_default();
    let all: Vec<PathBuf> =
        if bin.first { own().chain(there).collect() } else { there.into_iter().chain(own()).collect() };
    std::env::join_paths(all).map_err(|error| {
        Error::new(Code::CommandInvalid, format!("{} can't be added to the PATH", bin.directory))
            .detail(error)
            .hint("Put the extension's programs into a directory without the PATH separator in its path.")
    })
}

#[cfg(unix)]
fn default_path() -> Option<OsString> {
    Some(DEFAULT_PATH.into())
}

#[cfg(not(unix))]
fn default_path() -> Option<OsString> {
    std::env::var_os("PATH")
}

/// The command's directory, or the user's home: a window has no working directory.
fn directory(cwd: Option<&str>) -> Result<PathBuf> {
    let Some(cwd) = cwd else {
        return Ok(std::env::home_dir().filter(|home| home.is_dir()).unwrap_or_else(|| PathBuf::from("/")));
    };
    let path = PathBuf::from(cwd);
    if !path.is_absolute() {
        return Err(cwd_invalid(&path, "the path isn't absolute").hint("Use an absolute path."));
    }
    enterable(&path)?;
    Ok(path)
}

/// Whether a process of this user can run in a directory.
///
/// # Errors
/// [`Code::CwdInvalid`].
pub(super) fn enterable(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => Err(cwd_invalid(path, "it isn't a directory")),
        Ok(_) => may_enter(path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(cwd_invalid(path, "directory not found")),
        Err(error) => Err(cwd_invalid(path, "it can't be read").detail(error)),
    }
}

#[cfg(unix)]
fn may_enter(path: &Path) -> Result<()> {
    use nix::unistd::{AccessFlags, access};
    access(path, AccessFlags::X_OK).map_err(|error| cwd_invalid(path, "permission denied").detail(error))
}

#[cfg(not(unix))]
fn may_enter(_: &Path) -> Result<()> {
    Ok(())
}

fn cwd_invalid(path: &Path, why: &str) -> Error {
    Error::new(Code::CwdInvalid, format!("Can't run in {}: {why}", path.display()))
}

/// Finds a program as a process in the directory `cwd` would.
fn find(program: &str, path: Option<OsString>, cwd: &Path) -> Result<PathBuf> {
    let has_separator = program.contains(std::path::is_separator);
    let candidates: Vec<PathBuf> = if has_separator {
        let path = cwd.join(program.strip_prefix("./").unwrap_or(program));
        is_same_for_all(&path)?;
        vec![path]
    } else {
        let directories = path.as_deref().map(std::env::split_paths);
        directories.into_iter().flatten().map(|directory| directory.join(program)).collect()
    };
    if let Some(found) = executable(program, path.as_deref(), cwd, &candidates) {
        is_same_for_all(&found)?;
        return Ok(found);
    }
    if let Some(there) = candidates.iter().find(|candidate| candidate.exists()) {
        return Err(not_executable(there));
    }
    let not_found = Error::new(Code::ProgramNotFound, format!("Program not found: `{program}`"));
    Err(if has_separator {
        not_found.hint(format!("Nothing exists at {}.", cwd.join(program).display()))
    } else if program.contains(char::is_whitespace) {
        not_found.hint("The name contains a space, and no shell splits it: enter each argument in a separate field.")
    } else {
        not_found.detail(format!("PATH={}", path.unwrap_or_default().to_string_lossy())).hint(
            "It isn't in any directory on the PATH. A program started from the desktop has a shorter PATH than your terminal: set PATH in env, or use the full path.",
        )
    })
}

#[cfg(unix)]
fn executable(_: &str, _: Option<&OsStr>, _: &Path, candidates: &[PathBuf]) -> Option<PathBuf> {
    use nix::unistd::{AccessFlags, access};
    candidates.iter().find(|path| path.is_file() && access(*path, AccessFlags::X_OK).is_ok()).cloned()
}

/// With the extensions that this system adds.
#[cfg(not(unix))]
fn executable(program: &str, path: Option<&OsStr>, cwd: &Path, _: &[PathBuf]) -> Option<PathBuf> {
    which::which_in(program, path, cwd).ok()
}

pub(super) fn not_executable(path: &Path) -> Error {
    let error = Error::new(Code::ProgramNotExecutable, format!("{} can't be executed", path.display()));
    if path.is_dir() {
        error.hint("It's a directory.")
    } else {
        error.hint(format!("Run `chmod +x {}`.", path.display()))
    }
}

// They start `sh`, and what may be executed is decided by modes there.
#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::{EnvVar, Place};

    fn command(program: &str) -> Command {
        Command::new(Place::Host, program, [] as [&str; 0])
    }

    fn code(command: &Command) -> Code {
        resolve(command).unwrap_err().code
    }

    #[test]
    fn names_are_looked_up_on_the_path_that_the_command_has() {
        let directory = tempfile::tempdir().unwrap();
        let tool = directory.path().join("tool");
        fs::write(&tool, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = command("tool");
        assert_eq!(code(&command), Code::ProgramNotFound);
        command.env = vec![EnvVar { name: "PATH".into(), value: directory.path().to_string_lossy().into_owned() }];
        assert_eq!(resolve(&command).unwrap().program, tool);
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(code(&command), Code::ProgramNotExecutable);
        command.program = "./tool".into();
        command.cwd = Some(directory.path().to_string_lossy().into_owned());
        assert_eq!(code(&command), Code::ProgramNotExecutable);
        command.program = "/etc".into();
        assert_eq!(code(&command), Code::ProgramNotExecutable);
    }

    #[test]
    fn an_entry_of_the_path_that_is_not_absolute_finds_nothing() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("bin")).unwrap();
        for tool in ["tool", "bin/tool"] {
            fs::write(directory.path().join(tool), "#!/bin/sh\n").unwrap();
            fs::set_permissions(directory.path().join(tool), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let cwd = Some(directory.path().display().to_string());
        let with = |program: &str, path: &str| {
            let path = EnvVar { name: "PATH".into(), value: path.into() };
            resolve(&Command { cwd: cwd.clone(), env: vec![path], ..command(program) })
        };
        for path in [".:bin", "", ":", "/usr/bin::bin", "./:/bin"] {
            assert_eq!(with("tool", path).unwrap_err().code, Code::ProgramNotFound, "{path}");
        }
        // What a shell would find, and what its prompt shows, is the same.
        let shell = with("sh", ".:/usr/bin::bin:/bin").unwrap();
        assert_eq!(shell.env.get("PATH").unwrap(), "/usr/bin:/bin");
        assert_eq!(shell.find("tool").unwrap_err().code, Code::ProgramNotFound);
        let alone = with("/bin/sh", ".").unwrap();
        assert!(alone.env.get("PATH").is_none());
        assert_eq!(alone.find("tool").unwrap_err().code, Code::ProgramNotFound);
        assert!(with("./tool", "/usr/bin").is_ok(), "a path to the program is no name");
    }

    #[test]
    fn a_helper_program_is_not_taken_from_the_working_directory() {
        let directory = tempfile::tempdir().unwrap();
        let tool = directory.path().join("tool");
        fs::write(&tool, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        let here = std::env::current_dir().unwrap();
        let up = "../".repeat(here.components().count());
        let relative = format!("{up}{}", directory.path().display());
        assert!(Path::new(&relative).join("tool").is_file());
        for path in [relative.clone(), format!("{relative}:"), format!(".:{relative}:/usr/bin")] {
            assert!(command_on(OsStr::new(&path), "tool").is_none(), "{path}");
        }
        let path = format!("{relative}:{}", directory.path().display());
        let command = command_on(OsStr::new(&path), "tool").unwrap();
        let command = command.as_std();
        assert_eq!(command.get_program(), tool);
        let envs: Vec<_> = command.get_envs().collect();
        assert_eq!(envs, [(OsStr::new("PATH"), Some(directory.path().as_os_str()))]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_path_that_is_another_file_for_each_process_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path().display().to_string();
        std::os::unix::fs::symlink("/proc/self/cwd", directory.path().join("link")).unwrap();
        let path = |value: &str| vec![EnvVar { name: "PATH".into(), value: value.into() }];
        for (program, cwd, env) in [
            ("/proc/self/cwd/../../bin/sh", None, vec![]),
            ("/proc/self/exe", None, vec![]),
            ("link/bin/sh", Some(here.clone()), vec![]),
            ("sh", Some("/proc/self/cwd".to_owned()), vec![]),
            ("sh", Some(format!("{here}/link")), vec![]),
            ("sh", None, path("/proc/self/cwd/bin:/usr/bin:/bin")),
            ("sh", None, path("/usr/bin:/bin:/dev/fd")),
        ] {
            assert_eq!(code(&Command { cwd, env, ..command(program) }), Code::PathThroughProc, "{program}");
        }
    }

    #[test]
    fn an_extensions_own_programs_are_found_and_seen_by_what_is_started() {
        let directory = tempfile::tempdir().unwrap();
        let tool = directory.path().join("sh");
        fs::write(&tool, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        let own = directory.path().display().to_string();
        let with = |first: bool, name: &str| {
            let bin = Some(Bin { directory: own.clone(), first });
            let path = EnvVar { name: "PATH".into(), value: "/usr/bin:/bin".into() };
            let resolved = resolve(&Command { bin, env: vec![path], ..command(name) }).unwrap();
            (resolved.program, resolved.env.get("PATH").unwrap().to_str().unwrap().to_owned())
        };
        assert_eq!(with(true, "sh"), (tool, format!("{own}:/usr/bin:/bin")));
        let (program, path) = with(false, "sh");
        assert!(!program.starts_with(&own), "{program:?}");
        assert_eq!(path, format!("/usr/bin:/bin:{own}"));
        let odd = Command { bin: Some(Bin { directory: "/a:b".into(), first: true }), ..command("sh") };
        assert_eq!(code(&odd), Code::CommandInvalid);
    }

    #[test]
    fn a_replaced_environment_holds_nothing_else() {
        let mut command = command("sh");
        command.env = vec![EnvVar { name: "ONLY".into(), value: "this".into() }];
        command.env_mode = EnvMode::Replace;
        let resolved = resolve(&command).unwrap();
        assert_eq!(resolved.env.iter().count(), 1);
        assert!(resolved.program.ends_with("sh"));
        command.env_mode = EnvMode::Add;
        assert!(resolve(&command).unwrap().env.iter().count() > 1);
    }

    #[test]
    fn what_cannot_be_run_is_said_before_anything_is_started() {
        assert_eq!(code(&command("")), Code::CommandInvalid);
        assert_eq!(code(&command("a\0b")), Code::CommandInvalid);
        let mut user = command("sh");
        user.user = Some("nobody".into());
        assert_eq!(code(&user), Code::CommandInvalid);
        for name in ["", "A=B"] {
            let mut env = command("sh");
            env.env = vec![EnvVar { name: name.into(), value: String::new() }];
            assert_eq!(code(&env), Code::CommandInvalid);
        }
        for cwd in ["relative", "/nonexistent", "/etc/passwd"] {
            let mut there = command("sh");
            there.cwd = Some(cwd.into());
            assert_eq!(code(&there), Code::CwdInvalid);
        }
        let hint = resolve(&command("echo hello")).unwrap_err().hint.unwrap();
        assert!(hint.contains("no shell splits it"), "{hint}");
    }
}
