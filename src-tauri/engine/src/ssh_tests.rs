//! What is asked of ssh, and what is told of its end.

#[cfg(unix)]
use tokio::io::AsyncWriteExt;

use super::*;
use crate::address::Transport;

fn words(host: &str, ssh: &[&str]) -> Vec<String> {
    let address = Address { ssh: ssh.iter().map(|word| (*word).to_owned()).collect(), ..Address::new("test", host) };
    let Ok(Transport::Ssh(to)) = address.transport() else { panic!("{host} is an ssh address") };
    argv(&address, &to)
}

#[test]
fn ssh_is_asked_as_the_docker_cli_asks_it_and_never_for_a_password() {
    let plain = words("ssh://host", &[]);
    assert_eq!(plain[0], "ssh");
    assert_eq!(plain[plain.len() - 5..], ["--", "host", "docker", "system", "dial-stdio"]);
    assert!(plain.contains(&"BatchMode=yes".to_owned()) && plain.contains(&"-T".to_owned()));
    let full = words("ssh://me@host:2222/my dir/d.sock", &["other", "-F", "config"]);
    assert_eq!(full[..3], ["other", "-F", "config"]);
    let rest =
        ["-l", "me", "-p", "2222", "--", "host", "docker", "'--host=unix:///my dir/d.sock'", "system", "dial-stdio"];
    assert_eq!(full[full.len() - rest.len()..], rest);
}

#[cfg(unix)]
fn shell(script: &str) -> SshStream {
    dial(&["sh", "-c", script].map(str::to_owned)).unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn bytes_go_both_ways_and_a_good_end_is_an_end() {
    let mut tunnel = shell("cat; echo bye");
    tunnel.write_all(b"hello\n").await.unwrap();
    tunnel.shutdown().await.unwrap();
    let mut all = String::new();
    tunnel.read_to_string(&mut all).await.unwrap();
    assert_eq!(all, "hello\nbye\n");
    assert!(tunnel.write_all(b"more").await.is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn a_bad_end_brings_its_status_and_what_it_said_within_bounds() {
    let mut tunnel = shell("echo some; echo Permission denied >&2; exit 255");
    let mut all = Vec::new();
    let error = tunnel.read_to_end(&mut all).await.unwrap_err();
    assert_eq!(all, b"some\n");
    assert!(error.to_string().contains("255") && error.to_string().contains("Permission denied"), "{error}");
    let mut tunnel = shell("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1");
    let error = tunnel.read_to_end(&mut all).await.unwrap_err();
    assert!(error.to_string().len() < TOLD + 100);
    // A process that is gone before it was written to tells as much.
    let mut tunnel = shell("exec 0<&-; echo no >&2; exit 3");
    let mut written = Ok(());
    while written.is_ok() {
        written = tunnel.write_all(&[0; 4096]).await;
    }
    assert!(written.unwrap_err().to_string().contains("no"));
}

#[cfg(unix)]
#[tokio::test]
async fn one_whose_stderr_another_process_keeps_open_ends_all_the_same() {
    let mut tunnel = shell("sleep 600 >/dev/null & echo $!; exit 0");
    let mut left = String::new();
    timeout(Duration::from_secs(30), tunnel.read_to_string(&mut left)).await.unwrap().unwrap();
    let left = nix::unistd::Pid::from_raw(left.trim().parse().unwrap());
    nix::sys::signal::kill(left, nix::sys::signal::Signal::SIGKILL).expect("it lives on");
}

#[cfg(unix)]
#[tokio::test]
async fn a_dropped_connection_ends_the_process_and_what_it_started() {
    let mut tunnel = shell("sleep 1000 & echo $$ $!; wait");
    let mut told = String::new();
    while !told.ends_with('\n') {
        told.push(char::from(tunnel.read_u8().await.unwrap()));
    }
    drop(tunnel);
    for id in told.split_whitespace() {
        let lives = || {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat"));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        let gone = async {
            while lives() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), gone).await.expect("the process has ended");
    }
}

#[tokio::test]
async fn no_such_program_is_told_at_once() {
    let Err(error) = dial(&["/nonexistent/ssh".to_owned()]) else { panic!("there is no such program") };
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(dial(&[]).is_err());
}
