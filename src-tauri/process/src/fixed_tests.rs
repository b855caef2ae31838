use std::{fs, os::unix::fs::PermissionsExt};

use super::*;
use crate::{Containment, Place, running::Running};

fn command(program: &str, args: &[&str]) -> Command {
    Command::new(Place::Host, program, args.iter().copied())
}

async fn output(fixed: &FixedCommand, command: &Command, most: Containment) -> io::Result<String> {
    use tokio::io::AsyncReadExt;
    let (mut process, mut streams) = Running::start(&fixed.unchanged().unwrap(), command, most, None).await?;
    let mut text = String::new();
    streams.stdout.take().unwrap().read_to_string(&mut text).await?;
    process.ended().await.unwrap();
    Ok(text)
}

#[tokio::test]
async fn the_process_that_executes_a_program_refuses_another_file_than_the_one_that_was_shown() {
    for most in [Containment::Subreaper, Containment::ProcessGroup] {
        let command = command("echo", &["ran"]);
        let mut fixed = FixedCommand::find(&command);
        assert_eq!(output(&fixed, &command, most).await.unwrap(), "ran\n");
        // As if the same path were another file there.
        let shown = FixedCommand::find(&self::command("cat", &[])).program.unwrap();
        let mut resolved = fixed.unchanged().unwrap();
        resolved.identity = shown.inode();
        let Err(refused) = Running::start(&resolved, &command, most, None).await else { panic!("it was started") };
        assert_eq!(refused.raw_os_error(), Some(nix::libc::ESTALE), "{most:?}");
        fixed.resolved = Err(changed_since(&shown.path, ""));
        assert_eq!(fixed.unchanged().unwrap_err().code, Code::ProgramChanged);
    }
}

#[tokio::test]
async fn a_link_to_a_program_keeps_the_name_that_it_was_called_by() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("multi"), "#!/bin/sh\necho \"$0\"\n").unwrap();
    fs::set_permissions(at("multi"), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("multi", at("link")).unwrap();
    let link = at("link").display().to_string();
    let command = command(&link, &[]);
    let fixed = FixedCommand::find(&command);
    assert_eq!(fixed.program.as_ref().unwrap().real, at("multi").canonicalize().unwrap());
    assert_eq!(output(&fixed, &command, Containment::Subreaper).await.unwrap(), format!("{link}\n"));
}

#[tokio::test]
async fn a_python_of_a_virtual_environment_finds_its_prefix() {
    let python = FixedCommand::find(&command("/usr/bin/python3", &[]));
    // Only where there is one.
    let Some(python) = python.program else { return };
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    fs::create_dir(root.join("bin")).unwrap();
    fs::write(root.join("pyvenv.cfg"), "home = /usr/bin\n").unwrap();
    std::os::unix::fs::symlink(&python.path, root.join("bin/python")).unwrap();
    let print = ["-S", "-c", "import sys; print(sys.executable)"];
    let mut by_path = command(&root.join("bin/python").display().to_string(), &print);
    let mut by_name = command("python", &print);
    by_name.env =
        vec![crate::EnvVar { name: "PATH".to_owned(), value: format!("{}:/usr/bin:/bin", root.join("bin").display()) }];
    by_path.cwd = Some("/".to_owned());
    for command in [by_path, by_name] {
        let fixed = FixedCommand::find(&command);
        let printed = output(&fixed, &command, Containment::Cgroup).await.unwrap();
        assert_eq!(printed.trim(), root.join("bin/python").display().to_string());
    }
}
