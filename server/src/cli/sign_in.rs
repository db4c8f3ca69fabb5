//! Who asks which service: the arguments that every command which asks one has in common.

use std::path::PathBuf;

use clap::Args;

use super::client::{Service, ServiceError, Session};
use super::end::CommandError;
use super::{Ambient, files};

/// A service, and the client that asks it.
#[derive(Debug, Args)]
pub(super) struct SignIn {
    /// The service's public base address, such as `https://kaiji.example.jp`
    #[arg(long, value_parser = base_address)]
    url: String,
    /// The API client, `cli_…`
    #[arg(long, value_name = "ID", env = "KAIJI_CLIENT_ID")]
    client_id: String,
    /// The client's private key (PKCS#8 PEM); not the key that signs statements
    #[arg(long, value_name = "FILE", env = "KAIJI_CLIENT_KEY")]
    client_key: PathBuf,
}

impl SignIn {
    /// The service's base address.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The service, before anything was asked of it.
    pub(super) fn service(&self, ambient: &Ambient) -> Service {
        Service::at(&self.url, ambient)
    }

    /// Signs in. The outer error is an unusable key, the inner one the service's.
    pub(super) fn open<'s>(
        &self,
        service: &'s Service,
    ) -> Result<Result<Session<'s>, ServiceError>, CommandError> {
        let key = files::read_signing_key(&self.client_key)?;
        Ok(service.sign_in(&self.client_id, &key))
    }
}

/// Reads a base address, with or without a slash at the end.
pub(super) fn base_address(text: &str) -> Result<String, &'static str> {
    let host = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    match host.map(|host| host.trim_end_matches('/')) {
        Some(host) if !host.is_empty() => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("write it as https://kaiji.example.jp"),
    }
}
