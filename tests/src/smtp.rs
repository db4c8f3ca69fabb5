//! A real SMTP server, the npm package `smtp-server`, which keeps what it is sent.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use kaiji::config::SmtpSettings;
pub use kaiji::config::SmtpTls;
use serde_json::json;

use crate::Database;
use crate::foreign::{script, tools};
use crate::letters::{self, Letter};

const USER: &str = "kaiji";
const PASSWORD: &str = "見本のパスワード";

/// The server, in a process of its own. Ended when it is dropped.
pub struct SmtpServer {
    process: Child,
    folder: PathBuf,
    settings: SmtpSettings,
}

impl SmtpServer {
    /// Starts one beside that database, with a certificate of its own for `localhost`.
    pub fn start(database: &Database, tls: SmtpTls) -> Self {
        let folder = database.directory().join("smtp");
        fs::create_dir(&folder).unwrap();
        let (key, cert) = (folder.join("key.pem"), folder.join("cert.pem"));
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-nodes", "-days", "30", "-subj", "/CN=localhost"])
            .args(["-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&cert)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let settings = json!({
            "secure": tls == SmtpTls::Implicit, "key": key, "cert": cert,
            "user": USER, "password": PASSWORD, "folder": folder,
        });
        let mut process = Command::new(tools().join("bin/node"))
            .arg(script("smtp_server.mjs"))
            .arg(tools())
            .arg(settings.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut port).unwrap();
        let password_file = folder.join("password");
        kaiji::keys::write_private(&password_file, PASSWORD.as_bytes()).unwrap();
        let settings = SmtpSettings {
            host: "localhost".to_owned(),
            port: Some(port.trim().parse().unwrap()),
            tls,
            user: Some(USER.to_owned()),
            password_file: Some(password_file),
            root: Some(cert),
            patience_seconds: 2,
        };
        Self {
            process,
            folder,
            settings,
        }
    }

    /// The settings of a service whose letters it takes.
    pub fn settings(&self) -> SmtpSettings {
        self.settings.clone()
    }

    /// What it was sent.
    pub fn letters(&self) -> Vec<Letter> {
        letters::in_folder(&self.folder)
    }

    /// From now on it greets nobody, or everybody again.
    pub fn close(&self, closed: bool) {
        let sign = self.folder.join("closed");
        if closed {
            fs::write(sign, "").unwrap();
        } else {
            fs::remove_file(sign).unwrap();
        }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
