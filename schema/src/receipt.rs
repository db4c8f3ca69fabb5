//! Receipts: what the service signs for each event of the log.
//!
//! The bytes of the signed receipt are the leaf. It holds no personal data and no answer of a statement, only the
//! digest of the whole statement JWS, which nobody can guess. Which events happen, and when, is not known here.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::digest::Digest;
use crate::jws::Document;
use crate::key::Thumbprint;
use crate::reader::{self, FromMembers, Reader};
use crate::strict_json::{MAX_INTEGER, Value};
use crate::violation::Violations;

/// The longest id and the longest name of a log.
const MAX_NAME_CHARS: usize = 256;

/// What a `kid` is, for messages.
const THUMBPRINT: &str = "an RFC 7638 thumbprint";

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A key was approved and is active from here on.
    KeyRegistered,
    /// A key signs nothing new from here on.
    KeyRetired,
    /// A key is not to be trusted, perhaps since before.
    KeyRevoked,
    /// A statement was accepted.
    StatementReceived,
    /// An answer that a person attests, unsigned, was accepted.
    StatementAttested,
    /// The vendor took a statement back.
    StatementWithdrawn,
    /// The vendor said that a statement still holds.
    StatementConfirmed,
    /// An institution fetched a statement for the first time.
    DeliveryMade,
    /// An institution acknowledged a statement (受領確認).
    DeliveryAcknowledged,
    /// An institution approved a risk review (リスク評価).
    ReviewApproved,
    /// The service signs with another key of its own from here on.
    ServiceKeyRotated,
    /// An institution lets another act for it.
    MandateGranted,
    /// It does so no more.
    MandateEnded,
    /// A vendor hands a product over to another (事業承継), which has not consented yet.
    TransferOffered,
    /// The other vendor takes it over: the product is its own from here on.
    TransferAccepted,
    /// A day of the audit trail is complete: its last entry's hash vouches for all before it.
    AuditHead,
}

impl Event {
    /// All events.
    pub const ALL: [Self; 16] = [
        Self::KeyRegistered,
        Self::KeyRetired,
        Self::KeyRevoked,
        Self::StatementReceived,
        Self::StatementAttested,
        Self::StatementWithdrawn,
        Self::StatementConfirmed,
        Self::DeliveryMade,
        Self::DeliveryAcknowledged,
        Self::ReviewApproved,
        Self::ServiceKeyRotated,
        Self::MandateGranted,
        Self::MandateEnded,
        Self::TransferOffered,
        Self::TransferAccepted,
        Self::AuditHead,
    ];

    /// The name in receipts, `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyRegistered => "key_registered",
            Self::KeyRetired => "key_retired",
            Self::KeyRevoked => "key_revoked",
            Self::StatementReceived => "statement_received",
            Self::StatementAttested => "statement_attested",
            Self::StatementWithdrawn => "statement_withdrawn",
            Self::StatementConfirmed => "statement_confirmed",
            Self::DeliveryMade => "delivery_made",
            Self::DeliveryAcknowledged => "delivery_acknowledged",
            Self::ReviewApproved => "review_approved",
            Self::ServiceKeyRotated => "service_key_rotated",
            Self::MandateGranted => "mandate_granted",
            Self::MandateEnded => "mandate_ended",
            Self::TransferOffered => "transfer_offered",
            Self::TransferAccepted => "transfer_accepted",
            Self::AuditHead => "audit_head",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

/// How well the service knows the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockStatement {
    /// Where the time comes from, e.g. `ntp.nict.jp`.
    pub source: String,
    /// The largest error at the time, in milliseconds.
    pub error_ms: u32,
}

/// One event, as the service signs it. Times have milliseconds; what is finer is cut off when it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What happened.
    pub event: Event,
    /// The log's name, the origin of its checkpoints.
    pub log: String,
    /// The leaf that these bytes are, counted from 0; at most 2^53−1.
    pub leaf_index: u64,
    /// When the service accepted the event.
    pub received_at: Timestamp,
    /// The vendor concerned.
    pub vendor: Option<String>,
    /// The institution concerned.
    pub institution: Option<String>,
    /// The organisation that acts for the institution by its mandate.
    pub agent: Option<String>,
    /// The vendor that the product goes to.
    pub successor: Option<String>,
    /// The product concerned.
    pub product: Option<String>,
    /// The statement concerned: the digest of its whole JWS, or of an attested one's bytes.
    pub statement_sha256: Option<Digest>,
    /// The edition of a risk review that was approved: the digest of its whole document.
    pub review_sha256: Option<Digest>,
    /// The predecessor's consent to a product's transfer: the digest of its whole JWS.
    pub transfer_sha256: Option<Digest>,
    /// The key that signed what was received, or the key that the event is about.
    pub signer_kid: Option<Thumbprint>,
    /// The leaf by which that key was registered.
    pub signer_key_leaf: Option<u64>,
    /// When the key, or the offer, expires.
    pub not_after: Option<Timestamp>,
    /// Since when the key is not to be trusted.
    pub compromised_since: Option<Timestamp>,
    /// The day (UTC) of the audit trail that the event is about.
    pub audit_day: Option<Date>,
    /// How many entries the audit trail has up to the end of that day.
    pub audit_entries: Option<u64>,
    /// The hash of the last of them, which chains all before it.
    pub audit_head: Option<Digest>,
    /// How well the service knew the time.
    pub clock: Option<ClockStatement>,
}

impl Receipt {
    /// The payload to sign: the members in the order of the fields, absent ones left out, times RFC 3339 in UTC.
    pub fn payload(&self) -> Vec<u8> {
        let members = [
            ("event", Some(text(self.event.as_str()))),
            ("log", Some(text(&self.log))),
            ("leaf_index", Some(index(self.leaf_index))),
            ("received_at", Some(time(self.received_at))),
            ("vendor", self.vendor.as_deref().map(text)),
            ("institution", self.institution.as_deref().map(text)),
            ("agent", self.agent.as_deref().map(text)),
            ("successor", self.successor.as_deref().map(text)),
            ("product", self.product.as_deref().map(text)),
            (
                "statement_sha256",
                self.statement_sha256.map(|digest| text(digest.to_string())),
            ),
            (
                "review_sha256",
                self.review_sha256.map(|digest| text(digest.to_string())),
            ),
            (
                "transfer_sha256",
                self.transfer_sha256.map(|digest| text(digest.to_string())),
            ),
            (
                "signer_kid",
                self.signer_kid.as_ref().map(|kid| text(kid.as_str())),
            ),
            ("signer_key_leaf", self.signer_key_leaf.map(index)),
            ("not_after", self.not_after.map(time)),
            ("compromised_since", self.compromised_since.map(time)),
            ("audit_day", self.audit_day.map(|day| text(day.to_string()))),
            ("audit_entries", self.audit_entries.map(index)),
            (
                "audit_head",
                self.audit_head.map(|digest| text(digest.to_string())),
            ),
            ("clock", self.clock.as_ref().map(ClockStatement::to_value)),
        ];
        let present = members
            .into_iter()
            .filter_map(|(name, value)| Some((name.into(), value?)));
        Value::Object(present.collect()).to_string().into_bytes()
    }
}

impl ClockStatement {
    fn to_value(&self) -> Value<'_> {
        Value::Object(vec![
            ("source".into(), text(self.source.as_str())),
            ("error_ms".into(), Value::Integer(self.error_ms.into())),
        ])
    }
}

impl Document for Receipt {
    const TYP: &'static str = "kaiji-receipt+jws";

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        Ok(reader::read(payload)?)
    }
}

impl FromMembers for Receipt {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let event = reader.required_choice("event", Event::parse, "an event of the log");
        let log = reader.required_text("log", MAX_NAME_CHARS);
        let leaf_index = reader.required_integer("leaf_index", 0..=MAX_INTEGER);
        let received_at = reader.required_time("received_at");
        let vendor = reader.optional_text("vendor", MAX_NAME_CHARS);
        let institution = reader.optional_text("institution", MAX_NAME_CHARS);
        let agent = reader.optional_text("agent", MAX_NAME_CHARS);
        let successor = reader.optional_text("successor", MAX_NAME_CHARS);
        let product = reader.optional_text("product", MAX_NAME_CHARS);
        let statement_sha256 = reader.optional_digest("statement_sha256");
        let review_sha256 = reader.optional_digest("review_sha256");
        let transfer_sha256 = reader.optional_digest("transfer_sha256");
        let signer_kid = reader.optional_choice("signer_kid", |kid| kid.parse().ok(), THUMBPRINT);
        let signer_key_leaf = reader.optional_integer("signer_key_leaf", 0..=MAX_INTEGER);
        let not_after = reader.optional_time("not_after");
        let compromised_since = reader.optional_time("compromised_since");
        let audit_day = reader.optional_date("audit_day");
        let audit_entries = reader.optional_integer("audit_entries", 0..=MAX_INTEGER);
        let audit_head = reader.optional_digest("audit_head");
        let clock = optional_clock(reader);
        Some(Self {
            event: event?,
            log: log?,
            leaf_index: leaf_index?.unsigned_abs(),
            received_at: received_at?,
            vendor,
            institution,
            agent,
            successor,
            product,
            statement_sha256,
            review_sha256,
            transfer_sha256,
            signer_kid,
            signer_key_leaf: signer_key_leaf.map(i64::unsigned_abs),
            not_after,
            compromised_since,
            audit_day,
            audit_entries: audit_entries.map(i64::unsigned_abs),
            audit_head,
            clock,
        })
    }
}

fn optional_clock(reader: &mut Reader<'_>) -> Option<ClockStatement> {
    let value = reader.take("clock")?;
    let mut clock = Reader::at(value, reader.pointer_to("clock"));
    let source = clock.required_text("source", MAX_NAME_CHARS);
    let error_ms = clock.required_integer("error_ms", 0..=u32::MAX.into());
    reader.absorb(clock.finish());
    Some(ClockStatement {
        source: source?,
        error_ms: u32::try_from(error_ms?).ok()?,
    })
}

fn text<'a>(text: impl Into<Cow<'a, str>>) -> Value<'a> {
    Value::Text(text.into())
}

/// A log does not reach 2^53 leaves; if it did, the receipt would not verify rather than lie.
fn index(leaf: u64) -> Value<'static> {
    Value::Integer(i64::try_from(leaf).unwrap_or(i64::MAX))
}

fn time(time: Timestamp) -> Value<'static> {
    text(format!("{time:.3}"))
}

#[cfg(test)]
mod tests;
