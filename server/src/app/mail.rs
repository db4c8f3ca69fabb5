//! How letters leave, from the settings and the files that they name.

use std::fs;
use std::path::Path;

use kaiji_schema::mail_address::MailAddress;

use super::StartError;
use crate::config::{Config, ConfigError, SmtpSettings, SmtpTls};
use crate::keys;
use crate::mail::{self, PostOffice, Settings, Smtp, Way};

/// Opens the post office that the settings name, for a service at that public address.
pub(super) fn post_office(config: &Config, service: &str) -> Result<PostOffice, StartError> {
    let from = MailAddress::parse(&config.mail.from).map_err(|error| ConfigError::Setting {
        setting: "mail.from",
        cause: error.to_string(),
    })?;
    let way = match &config.mail.smtp {
        None => Way::Folder(config.mail.folder.clone()),
        Some(smtp) => Way::Smtp(server(smtp)?),
    };
    let settings = Settings {
        from,
        from_name: config.mail.from_name.clone(),
        service: service.to_owned(),
        way,
    };
    Ok(PostOffice::open(settings)?)
}

fn server(smtp: &SmtpSettings) -> Result<Smtp, StartError> {
    let credentials = match (&smtp.user, &smtp.password_file) {
        (Some(user), Some(file)) => Some((user.clone(), password(file)?)),
        _ => None,
    };
    let root = smtp.root.as_deref().map(read).transpose()?;
    Ok(Smtp {
        host: smtp.host.clone(),
        port: smtp.port(),
        tls: match smtp.tls {
            SmtpTls::Implicit => mail::SmtpTls::Implicit,
            SmtpTls::Starttls => mail::SmtpTls::Starttls,
            SmtpTls::None => mail::SmtpTls::Plain,
        },
        credentials,
        root,
        patience_seconds: smtp.patience_seconds,
    })
}

/// The password: the first line of a file that its owner alone may read.
fn password(file: &Path) -> Result<String, StartError> {
    let text = String::from_utf8_lossy(&keys::read_private(file)?).into_owned();
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn read(file: &Path) -> Result<Vec<u8>, StartError> {
    fs::read(file).map_err(StartError::io(file.display().to_string()))
}
