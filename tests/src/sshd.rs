//! An ssh server of a test's own: own keys, own users, own port. It sees the system's users and its
//! `/run` replaced by what it needs, so that nothing has to be installed or changed for it.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use porthole_engine::Address;

use crate::{given, ports::Port};

/// The system around it: `$1` is its folder, the rest is what to start. Its users are `root` and the one
/// that it wants for itself. All of `/run` stays in sight, with a folder more.
const AROUND: &str = r#"
home=$1; shift
mount --bind "$home/passwd" /etc/passwd
if [ -e /etc/shadow ]; then mount --bind "$home/shadow" /etc/shadow; fi
mkdir "$home/run"
mount --rbind /run "$home/run"
mount -t tmpfs -o mode=755 porthole /run
for entry in "$home"/run/*; do ln -s "$entry" /run/; done
if [ ! -e /run/sshd ]; then mkdir -m 755 /run/sshd; fi
exec "$@"
"#;

/// The server, which ends with this.
pub struct Sshd {
    process: Child,
    home: tempfile::TempDir,
    port: Port,
}

impl Sshd {
    /// One whose commands see these variables.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let at = |name: &str| home.path().join(name);
        for name in ["host", "user", "other"] {
            key(&at(name));
        }
        let reserved = Port::default();
        let port = reserved.number();
        let program = PathBuf::from(given("PORTHOLE_TEST_SSHD"));
        let set: Vec<String> = variables.iter().map(|(name, value)| format!("\"{name}={value}\"")).collect();
        let mut config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {host}\nAuthorizedKeysFile {user}\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin yes\nMaxStartups 100\nSetEnv {set}\n",
            host = at("host").display(),
            user = at("user.pub").display(),
            set = set.join(" "),
        );
        // Newer ones are several programs, which they look for where they would be installed.
        for (option, name) in [("SshdSessionPath", "sshd-session"), ("SshdAuthPath", "sshd-auth")] {
            let path = program.parent().expect("a folder").join("../lib/openssh").join(name);
            if path.exists() {
                config += &format!("{option} {}\n", path.display());
            }
        }
        let root = format!("root:x:0:0::{}:/bin/sh\nsshd:x:65533:65534::/run/sshd:/bin/false\n", home.path().display());
        fs::write(at("passwd"), root).expect("a file");
        fs::write(at("shadow"), "root:*:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\n").expect("a file");
        fs::write(at("config"), config).expect("a file");
        let known = fs::read_to_string(at("host.pub")).expect("a key");
        fs::write(at("known"), format!("[127.0.0.1]:{port} {known}")).expect("a file");
        fs::write(at("unknown"), "").expect("a file");
        let mut process = Command::new("unshare")
            .args(["--mount", "--", "sh", "-ec", AROUND, "sh"])
            .arg(home.path())
            .arg(program)
            .args(["-D", "-e", "-f"])
            .arg(at("config"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("unshare");
        let mut lines = BufReader::new(process.stderr.take().expect("its stderr")).lines().map_while(Result::ok);
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.starts_with("Server listening")) {
            said.push(lines.next().unwrap_or_else(|| panic!("sshd did not start: {said:?}")));
        }
        // What it says later has a reader too, as long as it lives.
        std::thread::spawn(move || lines.for_each(|line| eprintln!("sshd: {line}")));
        Self { process, home, port: reserved }
    }

    /// The address of the engine behind it, or of the one at that socket; with the key that it knows.
    pub fn address(&self, socket: &str) -> Address {
        self.as_seen(socket, "user", "known")
    }

    /// The same, with another key or other known hosts.
    pub fn as_seen(&self, socket: &str, identity: &str, known: &str) -> Address {
        Address { ssh: self.ssh(identity, known), ..Address::new("remote", self.url(socket)) }
    }

    /// The address as docker writes it.
    pub fn url(&self, socket: &str) -> String {
        format!("ssh://root@127.0.0.1:{}{socket}", self.port.number())
    }

    /// The command that stands for ssh: nothing of the user's own goes into it.
    pub fn ssh(&self, identity: &str, known: &str) -> Vec<String> {
        let at = |name: &str| self.home.path().join(name).display().to_string();
        let options = [
            format!("IdentityFile={}", at(identity)),
            format!("UserKnownHostsFile={}", at(known)),
            "GlobalKnownHostsFile=/dev/null".into(),
            "IdentitiesOnly=yes".into(),
            "IdentityAgent=none".into(),
        ];
        let options = options.into_iter().flat_map(|option| ["-o".to_owned(), option]);
        ["ssh", "-F", "/dev/null"].map(str::to_owned).into_iter().chain(options).collect()
    }

    /// How many processes of ssh speak to it, those that wait to be collected left out.
    pub fn clients(&self) -> usize {
        let known = self.home.path().join("known").display().to_string();
        let processes = fs::read_dir("/proc").expect("processes").flatten();
        let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
        lines.filter(|line| line.starts_with(b"ssh\0") && String::from_utf8_lossy(line).contains(&known)).count()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn key(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status();
    assert!(made.expect("ssh-keygen").success());
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a private key");
}
