//! What an operator can set: one TOML file, and nothing else. Without a file, everything is under `./var`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use kaiji_schema::mail_address::MailAddress;
use kaiji_schema::requirement::DEFAULT_SET;
use kaiji_schema::retention::LEAST_LOG_YEARS;
use serde::Deserialize;

/// The settings of a service. `config.example.toml` explains each.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the service listens.
    pub listen: SocketAddr,
    /// Its public base address: `iss` of tokens, `aud` of assertions. Without it, `http://` and the address it listens
    /// on.
    pub public_url: Option<String>,
    /// Whether a reverse proxy stands before it, which says in `X-Forwarded-For` where requests come from.
    pub behind_proxy: bool,
    /// Where the metrics are served; nowhere without it.
    pub metrics_listen: Option<SocketAddr>,
    /// `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// Where the service's own keys are.
    pub keys_dir: PathBuf,
    /// Where this instance notes the newest checkpoint that it answered for, outside the database.
    pub high_water: PathBuf,
    /// The name of the log; receipts bear it. Without it, the one that the database has; for a new log, the host of the
    /// public address.
    pub log_name: Option<String>,
    /// How many threads serve requests; as many as there are processors where it is 0.
    pub workers: usize,
    /// How many connections read from the database at the same time.
    pub readers: u32,
    /// What the operator states about the source of the time.
    pub clock: Option<ClockSettings>,
    /// The authority that stamps checkpoints of the log; nobody does without it.
    pub timestamps: Option<TimestampSettings>,
    /// How letters leave.
    pub mail: MailSettings,
    /// At what distances from the day that it is due on a request is reminded of: in days, before it where they are
    /// negative.
    pub reminder_days: Vec<i16>,
    /// A directory with requirement sets that came out after this version of the program.
    pub requirement_sets: Option<PathBuf>,
    /// The requirement set that institutions are shown where they name none.
    pub current_requirement_set: String,
    /// For how long logs are kept.
    pub retention: RetentionSettings,
    /// The witnesses whose cosignatures on checkpoints are kept: their verifier keys, `name+hash+key`.
    pub witnesses: Vec<String>,
}

/// The authority that stamps checkpoints (RFC 3161).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampSettings {
    /// Where it is asked.
    pub url: String,
    /// How many hours pass between two stamps.
    #[serde(default = "daily")]
    pub every_hours: u32,
    /// The file with its root certificate in PEM, for those who check a stamp.
    pub root: Option<PathBuf>,
}

fn daily() -> u32 {
    24
}

/// How letters leave: into a folder, or to an SMTP server where one is named.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSettings {
    /// The address that they come from.
    pub from: String,
    /// The name beside it.
    pub from_name: String,
    /// Where they are written as `.eml` files as long as no server is named.
    pub folder: PathBuf,
    /// The server that takes them.
    pub smtp: Option<SmtpSettings>,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            from: "kaiji@kaiji.example.jp".to_owned(),
            from_name: "Kaiji（開示）".to_owned(),
            folder: PathBuf::from("var/letters"),
            smtp: None,
        }
    }
}

/// The SMTP server that takes letters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// Its port; without it 465, 587 or 25, as `tls` says.
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub tls: SmtpTls,
    /// The name to sign in with.
    pub user: Option<String>,
    /// The file with the password, readable by its owner alone.
    pub password_file: Option<PathBuf>,
    /// The file with the certificate in PEM that the server's is traced back to, where it is not one that all trust.
    pub root: Option<PathBuf>,
    /// How many seconds each step of a conversation with it may take.
    #[serde(default = "half_a_minute")]
    pub patience_seconds: u32,
}

/// How a connection to an SMTP server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// TLS from the first byte.
    #[default]
    Implicit,
    /// The connection turns to TLS, or nothing is sent.
    Starttls,
    /// Not at all: to a server on this machine alone.
    None,
}

impl SmtpSettings {
    /// The port, or the one that is usual for such a connection.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            SmtpTls::Implicit => 465,
            SmtpTls::Starttls => 587,
            SmtpTls::None => 25,
        })
    }

    fn is_on_this_machine(&self) -> bool {
        ["localhost", "127.0.0.1", "::1"].contains(&self.host.as_str())
    }
}

fn half_a_minute() -> u32 {
    30
}

/// For how many years logs are kept; whatever else there is, is kept for ever.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionSettings {
    /// Events.
    pub events_years: u16,
    /// Letters that were sent.
    pub letters_years: u16,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            events_years: LEAST_LOG_YEARS,
            letters_years: LEAST_LOG_YEARS,
        }
    }
}

/// What the operator states about the source of the time; receipts repeat it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSettings {
    /// Such as `NTP ntp.nict.jp`.
    pub source: String,
    /// The error, in milliseconds, that it keeps below.
    pub error_ms: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            behind_proxy: false,
            metrics_listen: None,
            database: "sqlite:var/kaiji.sqlite".to_owned(),
            keys_dir: PathBuf::from("var/keys"),
            high_water: PathBuf::from("var/high-water.checkpoint"),
            log_name: None,
            workers: 0,
            readers: 8,
            clock: None,
            timestamps: None,
            mail: MailSettings::default(),
            reminder_days: vec![-7, -1, 1, 7],
            requirement_sets: None,
            current_requirement_set: DEFAULT_SET.to_owned(),
            retention: RetentionSettings::default(),
            witnesses: Vec::new(),
        }
    }
}

/// Why a file of settings is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It could not be read.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// It is not TOML, or a setting is unknown or of the wrong kind.
    #[error("{path}: {cause}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        cause: Box<toml::de::Error>,
    },
    /// A setting makes no sense.
    #[error("`{setting}`: {cause}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What is wrong with it.
        cause: String,
    },
}

impl Config {
    /// Reads a file, or takes the defaults without one.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let text = fs::read_to_string(path).map_err(|cause| ConfigError::File {
            path: path.to_owned(),
            cause,
        })?;
        let config: Self = toml::from_str(&text).map_err(|cause| ConfigError::Toml {
            path: path.to_owned(),
            cause: Box::new(cause),
        })?;
        config.check()?;
        Ok(config)
    }

    /// Everything under one directory, on a free port: for the demo and for tests.
    pub fn in_directory(directory: &Path) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database: format!("sqlite:{}", directory.join("kaiji.sqlite").display()),
            keys_dir: directory.join("keys"),
            high_water: directory.join("high-water.checkpoint"),
            mail: MailSettings {
                folder: directory.join("letters"),
                ..MailSettings::default()
            },
            ..Self::default()
        }
    }

    /// Whether the database is the embedded one, which the service sets up by itself.
    pub fn is_embedded(&self) -> bool {
        self.database.starts_with("sqlite:")
    }

    /// Refuses what makes no sense, before anything is opened.
    pub fn check(&self) -> Result<(), ConfigError> {
        let refuse = |setting, cause: &str| {
            Err(ConfigError::Setting {
                setting,
                cause: cause.to_owned(),
            })
        };
        if !["sqlite:", "postgres://", "postgresql://"]
            .iter()
            .any(|scheme| self.database.starts_with(scheme))
        {
            return refuse("database", "write sqlite:PATH or postgres://USER@HOST/NAME");
        }
        if let Some(url) = &self.public_url {
            let host = url
                .strip_prefix("https://")
                .or_else(|| url.strip_prefix("http://"));
            if host.is_none_or(str::is_empty) || url.ends_with('/') {
                return refuse(
                    "public_url",
                    "write it as https://kaiji.example.jp, without a slash at the end",
                );
            }
        }
        if self.readers == 0 {
            return refuse("readers", "at least one connection must read");
        }
        let RetentionSettings {
            events_years,
            letters_years,
        } = self.retention;
        for (setting, years) in [
            ("retention.events_years", events_years),
            ("retention.letters_years", letters_years),
        ] {
            if years < LEAST_LOG_YEARS {
                return refuse(setting, "logs are kept for five years at least");
            }
        }
        self.check_mail(refuse)?;
        self.check_timestamps(refuse)
    }

    fn check_mail(
        &self,
        refuse: impl Fn(&'static str, &str) -> Result<(), ConfigError>,
    ) -> Result<(), ConfigError> {
        if let Err(error) = MailAddress::parse(&self.mail.from) {
            return refuse("mail.from", &error.to_string());
        }
        let Some(smtp) = &self.mail.smtp else {
            return Ok(());
        };
        if smtp.user.is_some() != smtp.password_file.is_some() {
            return refuse("mail.smtp.user", "it goes together with password_file");
        }
        if smtp.tls == SmtpTls::None && !smtp.is_on_this_machine() {
            return refuse(
                "mail.smtp.tls",
                "letters hold links that are for their recipients alone: write \"implicit\" or \"starttls\", or name a \
                 server on this machine",
            );
        }
        if smtp.patience_seconds == 0 {
            return refuse("mail.smtp.patience_seconds", "at least one second");
        }
        Ok(())
    }

    fn check_timestamps(
        &self,
        refuse: impl Fn(&'static str, &str) -> Result<(), ConfigError>,
    ) -> Result<(), ConfigError> {
        let Some(TimestampSettings {
            url, every_hours, ..
        }) = &self.timestamps
        else {
            return Ok(());
        };
        // The address is published with each stamp.
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        if !is_web || url.contains(['@', ' ']) {
            return refuse(
                "timestamps.url",
                "write it as http://tsa.example.jp/path, without a user or a password",
            );
        }
        if *every_hours == 0 {
            return refuse("timestamps.every_hours", "at least one hour must pass");
        }
        Ok(())
    }
}
