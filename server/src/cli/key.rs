//! `kaiji key`: `new` makes a key pair in two files, the private one readable by its owner alone; `register` is beside.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use kaiji_schema::key::{Algorithm, SigningKey};
use ring::rand::SecureRandom;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Ambient;
use super::end::{Answer, CommandError};
use super::output::Output;
use super::register::Register;
use crate::keys;

/// Make keys to sign with, and register them
#[derive(Debug, Args)]
pub(super) struct Key {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    New(New),
    Register(Register),
}

/// Make a key pair: FILE, readable by its owner alone, and beside it the public key as PEM
///
/// For `--out vendor.pem` the public key goes to `vendor.pub.pem`. No file is ever overwritten.
#[derive(Debug, Args)]
struct New {
    /// How the key signs
    #[arg(long, value_enum, default_value_t = NewAlgorithm::Es256)]
    alg: NewAlgorithm,
    /// Where the private key goes (PKCS#8 PEM)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum NewAlgorithm {
    #[value(name = "ES256")]
    Es256,
    #[value(name = "EdDSA", alias = "Ed25519")]
    EdDsa,
}

impl Key {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        match &self.action {
            Action::New(new) => new.run(ambient),
            Action::Register(register) => register.run(ambient),
        }
    }
}

impl New {
    fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        let algorithm = match self.alg {
            NewAlgorithm::Es256 => Algorithm::Es256,
            NewAlgorithm::EdDsa => Algorithm::EdDsa,
        };
        let made = make(&self.out, algorithm, &*ambient.random)?;
        let shown = MadeView::of(&made, &self.out)?;
        let text = format!(
            "kid          {}\nalgorithm    {}\nprivate key  {}\npublic key   {}\njwk          {}",
            shown.kid,
            shown.algorithm,
            self.out.display(),
            public_path(&self.out).display(),
            shown.jwk,
        );
        self.output.show(&shown, &text)?;
        Ok(Answer::Yes)
    }
}

/// A key that was made, as `--json` shows it.
#[derive(Serialize)]
struct MadeView {
    kid: String,
    algorithm: &'static str,
    private_key: PathBuf,
    public_key: PathBuf,
    jwk: Box<RawValue>,
}

impl MadeView {
    fn of(key: &SigningKey, path: &Path) -> Result<Self, CommandError> {
        let public = key.public();
        // A canonical JWK is JSON; were it not, there would be nothing to show.
        let jwk = RawValue::from_string(public.to_jwk())
            .map_err(|error| CommandError::Output(error.into()))?;
        Ok(Self {
            kid: public.thumbprint().to_string(),
            algorithm: public.algorithm().as_str(),
            private_key: path.to_owned(),
            public_key: public_path(path),
            jwk,
        })
    }
}

/// Makes a key pair in two new files.
pub(super) fn make(
    path: &Path,
    algorithm: Algorithm,
    random: &dyn SecureRandom,
) -> Result<SigningKey, CommandError> {
    let public = public_path(path);
    if let Some(there) = [path, &public].into_iter().find(|path| path.exists()) {
        return Err(CommandError::Exists(there.to_owned()));
    }
    let (key, pem) = SigningKey::generate(algorithm, random)?;
    keys::write_private(path, pem.as_bytes())?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&public)
        .and_then(|mut file| file.write_all(key.public().to_pem().as_bytes()))
        .map_err(CommandError::file(&public))?;
    Ok(key)
}

/// `vendor.pub.pem` for `vendor.pem`, `vendor.pub.pem` for `vendor`.
pub(super) fn public_path(path: &Path) -> PathBuf {
    path.with_extension(match path.extension() {
        Some(extension) if extension != "pem" => {
            let mut extension = extension.to_owned();
            extension.push(".pub.pem");
            extension
        }
        _ => "pub.pem".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_key_lies_beside_the_private_one() {
        for (private, public) in [
            ("keys/vendor.pem", "keys/vendor.pub.pem"),
            ("keys/vendor", "keys/vendor.pub.pem"),
            ("vendor.2026", "vendor.2026.pub.pem"),
        ] {
            assert_eq!(public_path(Path::new(private)), Path::new(public));
        }
    }
}
