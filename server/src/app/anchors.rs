//! Who ties the log to others than the operator: the settings of time stamps and witnesses, read and checked.

use std::path::Path;

use jiff::SignedDuration;

use super::StartError;
use crate::config::{Config, ConfigError};
use crate::exchange::{Anchors, Authority};

/// Who ties the log to others than the operator, as the settings say.
pub fn anchors(config: &Config) -> Result<Anchors, StartError> {
    let settings = config.timestamps.as_ref();
    let authority = settings.map(|settings| {
        let root = settings.root.as_deref().map(certificate).transpose()?;
        Ok::<_, StartError>(Authority {
            url: settings.url.clone(),
            every: SignedDuration::from_hours(settings.every_hours.into()),
            root_pem: root,
        })
    });
    let authority = authority.transpose()?;
    Anchors::new(authority, &config.witnesses).map_err(|error| {
        let (setting, cause) = ("witnesses", error.to_string());
        ConfigError::Setting { setting, cause }.into()
    })
}

/// The PEM of a certificate. What it says is for whoever checks a stamp with it.
fn certificate(path: &Path) -> Result<String, StartError> {
    let pem = std::fs::read_to_string(path).map_err(StartError::io(format!(
        "timestamps.root: {}",
        path.display()
    )))?;
    let begins = pem.contains("-----BEGIN CERTIFICATE-----");
    if begins && !pem.contains("PRIVATE KEY") {
        return Ok(pem);
    }
    let setting = "timestamps.root";
    let cause = "the file must hold the authority's root certificate in PEM, and nothing secret";
    let cause = cause.to_owned();
    Err(ConfigError::Setting { setting, cause }.into())
}
