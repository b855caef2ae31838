//! Certificates for a test, made by openssl in a folder of its own.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use porthole_engine::Tls;

/// An issuer and what it has issued: `ca.pem`, and for each name `NAME.pem` and `NAME-key.pem`.
pub struct Issuer {
    folder: PathBuf,
}

impl Issuer {
    /// A new issuer, whose files go into this folder.
    pub fn new(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a folder");
        let issuer = Self { folder: folder.to_owned() };
        // openssl's own settings may be anything, or not there.
        fs::write(issuer.at("config"), "[req]\ndistinguished_name=name\n[name]\n").expect("a file");
        let made = [issuer.at("ca-key.pem"), issuer.at("ca.pem")];
        let rights = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign"];
        issuer.request("porthole-test-issuer", &made, &[&["-x509", "-days", "2"], &rights[..]].concat());
        issuer
    }

    /// The path of one of its files.
    pub fn at(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// A certificate for a server at this address, valid from now on for so many days: one of a
    /// negative number has expired.
    pub fn issue(&self, name: &str, host: &str, days: i32) {
        let request = self.at(&format!("{name}.csr"));
        self.request("porthole-test", &[self.at(&format!("{name}-key.pem")), request.clone()], &[]);
        fs::write(self.at("extensions"), format!("subjectAltName={host}\n")).expect("a file");
        let made = Command::new("openssl")
            .args(["x509", "-req", "-set_serial", &(days.unsigned_abs() + 1).to_string()])
            .args(["-CA", &self.at("ca.pem"), "-CAkey", &self.at("ca-key.pem"), "-days", &days.to_string()])
            .args(["-in", &request, "-out", &self.at(&format!("{name}.pem")), "-extfile", &self.at("extensions")])
            .stderr(Stdio::null())
            .status();
        assert!(made.expect("openssl").success());
    }

    /// A new key, and a request or certificate for it, in two files.
    fn request(&self, name: &str, files: &[String; 2], more: &[&str]) {
        let made = Command::new("openssl")
            .args(["req", "-config", &self.at("config"), "-subj", &format!("/CN={name}")])
            .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-keyout", &files[0], "-out", &files[1]])
            .args(more)
            .stderr(Stdio::null())
            .status();
        assert!(made.expect("openssl").success());
    }

    /// What somebody needs who trusts this issuer and shows that certificate.
    pub fn tls(&self, shown: Option<&str>) -> Tls {
        let file = |name: String| Some(PathBuf::from(self.at(&name)));
        Tls {
            ca: file("ca.pem".into()),
            cert: shown.and_then(|name| file(format!("{name}.pem"))),
            key: shown.and_then(|name| file(format!("{name}-key.pem"))),
            skip_verify: false,
        }
    }

    /// A server that only says who it is, with one of the certificates; and its port.
    pub fn server(&self, name: &str) -> (Server, u16) {
        let mut server = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0"])
            .args(["-cert", &self.at(&format!("{name}.pem")), "-key", &self.at(&format!("{name}-key.pem"))])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl");
        let mut lines = BufReader::new(server.stdout.as_mut().expect("its stdout")).lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit_once(':')?.1.parse().ok());
        (Server(server), port.expect("a port"))
    }
}

/// A server that ends with this.
pub struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
