//! Hands letters to an SMTP server, or writes them into a folder.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, Message, SmtpTransport, Transport as _};

use super::words::{one_line, words};
use super::{Parcel, Settings, Smtp, SmtpTls, Way};

/// Why no letter can leave.
#[derive(Debug, thiserror::Error)]
pub enum PostOfficeError {
    /// The folder cannot be made.
    #[error("{folder}: {cause}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The certificate is none, or TLS cannot be set up.
    #[error("mail.smtp: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
}

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The server has taken it, or the file is written.
    Taken,
    /// The server refused it for good.
    Refused(String),
    /// The server did not take it now.
    NotNow(String),
    /// The server cannot be reached, or serves nobody: that is not the letter's fault.
    Unreachable(String),
}

/// Where letters leave from.
pub struct PostOffice {
    settings: Settings,
    transport: Transport,
}

enum Transport {
    Folder(PathBuf),
    Smtp(Box<SmtpTransport>),
}

impl PostOffice {
    /// Opens the way that the settings name. No server is asked for anything yet.
    pub fn open(settings: Settings) -> Result<Self, PostOfficeError> {
        let transport = match &settings.way {
            Way::Folder(folder) => {
                fs::create_dir_all(folder).map_err(|cause| PostOfficeError::Folder {
                    folder: folder.clone(),
                    cause,
                })?;
                Transport::Folder(folder.clone())
            }
            Way::Smtp(smtp) => Transport::Smtp(Box::new(connect(smtp)?)),
        };
        Ok(Self {
            settings,
            transport,
        })
    }

    /// Puts a letter into words and sends it.
    pub fn send(&self, parcel: &Parcel) -> Delivery {
        let message = match self.compose(parcel) {
            Ok(message) => message,
            Err(error) => return Delivery::Refused(error),
        };
        match &self.transport {
            Transport::Folder(folder) => match write_file(folder, &parcel.id, &message) {
                Ok(()) => Delivery::Taken,
                Err(error) => Delivery::Unreachable(format!("{}: {error}", folder.display())),
            },
            Transport::Smtp(server) => hand_over(server, &message),
        }
    }

    fn compose(&self, parcel: &Parcel) -> Result<Message, String> {
        let Settings {
            from,
            from_name,
            service,
            ..
        } = &self.settings;
        let words = words(parcel, service).map_err(|error| error.to_string())?;
        let (_, host) = from.as_str().rsplit_once('@').unwrap_or_default();
        let mut message = Message::builder()
            .from(mailbox(Some(from_name), from.as_str())?)
            .to(mailbox(parcel.name.as_deref(), parcel.to.as_str())?)
            .subject(words.subject)
            .date(SystemTime::from(parcel.written_at))
            .message_id(Some(format!("<{}@{host}>", parcel.id)))
            // RFC 3834: no out-of-office notice is to be sent in return.
            .raw_header(header("Auto-Submitted", "auto-generated"));
        if let Some(url) = &parcel.unsubscribe {
            let one_click = "List-Unsubscribe=One-Click";
            message = message
                .raw_header(header("List-Unsubscribe", &format!("<{url}>")))
                .raw_header(header("List-Unsubscribe-Post", one_click));
        }
        let parts = MultiPart::alternative_plain_html(words.text, words.html);
        message.multipart(parts).map_err(|error| error.to_string())
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The library panics on control characters in a name.
fn mailbox(name: Option<&str>, address: &str) -> Result<Mailbox, String> {
    let address: Address = address.parse().map_err(|error| format!("{error}"))?;
    Ok(Mailbox::new(name.map(one_line), address))
}

fn connect(smtp: &Smtp) -> Result<SmtpTransport, lettre::transport::smtp::Error> {
    let tls = match smtp.tls {
        SmtpTls::Plain => Tls::None,
        SmtpTls::Implicit => Tls::Wrapper(parameters(smtp)?),
        SmtpTls::Starttls => Tls::Required(parameters(smtp)?),
    };
    let mut builder = SmtpTransport::builder_dangerous(&smtp.host)
        .port(smtp.port)
        .tls(tls)
        .timeout(Some(Duration::from_secs(smtp.patience_seconds.into())))
        .pool_config(PoolConfig::new());
    if let Some((user, password)) = &smtp.credentials {
        builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(builder.build())
}

fn parameters(smtp: &Smtp) -> Result<TlsParameters, lettre::transport::smtp::Error> {
    let mut builder = TlsParameters::builder(smtp.host.clone());
    if let Some(root) = &smtp.root {
        builder = builder.add_root_certificate(Certificate::from_pem(root)?);
    }
    builder.build()
}

fn hand_over(server: &SmtpTransport, message: &Message) -> Delivery {
    let Err(error) = server.send(message) else {
        return Delivery::Taken;
    };
    let said = explained(&error);
    // A server that cannot be reached, does not let us in or serves nobody says so to a connection without a letter.
    // One that answers that and hangs up on this letter may do so for ever.
    if !server.test_connection().unwrap_or(false) {
        Delivery::Unreachable(said)
    } else if error.is_permanent() {
        Delivery::Refused(said)
    } else {
        Delivery::NotNow(said)
    }
}

/// An error with what caused it.
fn explained(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    one_line(&said)
}

/// A letter may hold a link, which is for its recipient alone.
fn write_file(folder: &Path, id: &str, message: &Message) -> io::Result<()> {
    let unfinished = folder.join(format!("{id}.part"));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(&message.formatted())?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(format!("{id}.eml")))
}
