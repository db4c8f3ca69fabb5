//! Letters in words, and the way to their recipients' servers.
//!
//! What a letter says comes from `kaiji_schema::letter`; `words` puts it into Japanese by the templates under
//! `server/templates/letters`; `post` hands it to an SMTP server or writes it into a folder. No row is read here and no
//! rule decided: whether a letter is tried again is the exchange's business.

mod post;
mod words;

use std::path::PathBuf;

use jiff::Timestamp;
use kaiji_schema::letter::Letter;
use kaiji_schema::mail_address::MailAddress;

pub use post::{Delivery, PostOffice, PostOfficeError};

/// How letters leave.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address that they come from.
    pub from: MailAddress,
    /// The name beside it.
    pub from_name: String,
    /// The public address of the service, which they name.
    pub service: String,
    /// Where they go first.
    pub way: Way,
}

/// Where letters go first.
#[derive(Debug, Clone)]
pub enum Way {
    /// Into this folder, as files `….eml`.
    Folder(PathBuf),
    /// To an SMTP server.
    Smtp(Smtp),
}

/// An SMTP server.
#[derive(Clone)]
pub struct Smtp {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// The name and the password to sign in with.
    pub credentials: Option<(String, String)>,
    /// The certificate, in PEM, that the server's is to be traced back to, besides those that everybody trusts.
    pub root: Option<Vec<u8>>,
    /// How many seconds each step may take.
    pub patience_seconds: u32,
}

/// Shows no password.
impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "smtp://{}:{}", self.host, self.port)
    }
}

/// How a connection to an SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// TLS from the first byte (RFC 8314; port 465).
    Implicit,
    /// The connection turns to TLS, or nothing is sent (RFC 3207; port 587).
    Starttls,
    /// Not at all.
    Plain,
}

/// A letter with its envelope, ready to be put into words and sent.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Names the letter for ever: two copies of it can be told from two letters.
    pub id: String,
    /// Where it goes.
    pub to: MailAddress,
    /// The recipient's name.
    pub name: Option<String>,
    /// What it says.
    pub letter: Letter,
    /// When it was written.
    pub written_at: Timestamp,
    /// The link in it.
    pub link: Option<String>,
    /// Where one click ends such letters.
    pub unsubscribe: Option<String>,
    /// The newest checkpoint of the log, in one line.
    pub checkpoint: Option<String>,
}
