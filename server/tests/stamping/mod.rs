//! A time-stamping authority for one test, made with OpenSSL: a root, an authority under it, its answers (RFC 3161).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SETTINGS: &str = "
[req]
distinguished_name = name
prompt = no
[name]
CN = TEST ONLY
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[authority]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
serial = serial
signer_cert = authority.crt
certs = root.crt
signer_key = authority.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
";

/// The authority: a directory with its keys and certificates.
pub struct Authority(PathBuf);

impl Authority {
    pub fn new(directory: PathBuf) -> Self {
        drop(fs::remove_dir_all(&directory));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("openssl.cnf"), SETTINGS).unwrap();
        fs::write(directory.join("serial"), "01\n").unwrap();
        let authority = Self(directory);
        for name in ["root", "authority"] {
            let key = format!("{name}.pem");
            authority.openssl(&[
                "genpkey",
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-out",
                &key,
            ]);
        }
        let settings = ["-config", "openssl.cnf", "-days", "30"];
        let root = [
            "req",
            "-new",
            "-x509",
            "-key",
            "root.pem",
            "-extensions",
            "root",
            "-subj",
            "/CN=TEST ONLY root",
        ];
        authority.openssl(&[&root[..], &settings, &["-out", "root.crt"]].concat());
        let signed = [
            "req",
            "-new",
            "-x509",
            "-key",
            "authority.pem",
            "-extensions",
            "authority",
        ];
        let by = [
            "-CA",
            "root.crt",
            "-CAkey",
            "root.pem",
            "-subj",
            "/CN=TEST ONLY authority",
        ];
        authority.openssl(&[&signed[..], &settings, &by, &["-out", "authority.crt"]].concat());
        authority
    }

    /// The root certificate.
    pub fn root(&self) -> Vec<u8> {
        fs::read(self.0.join("root.crt")).unwrap()
    }

    /// The answer to a request for a stamp over these bytes.
    pub fn stamp(&self, bytes: &[u8]) -> Vec<u8> {
        fs::write(self.0.join("data"), bytes).unwrap();
        self.openssl(&[
            "ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "query",
        ]);
        self.openssl(&[
            "ts",
            "-reply",
            "-config",
            "openssl.cnf",
            "-section",
            "tsa",
            "-queryfile",
            "query",
            "-out",
            "reply",
        ]);
        fs::read(self.0.join("reply")).unwrap()
    }

    #[track_caller]
    fn openssl(&self, arguments: &[&str]) {
        let directory: &Path = &self.0;
        let ran = Command::new("openssl")
            .args(arguments)
            .current_dir(directory)
            .output();
        let ran = ran.unwrap_or_else(|error| {
            panic!("openssl (OpenSSL 3) is needed for the tests of evidence folders; install it: {error}")
        });
        assert!(
            ran.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }
}
