//! What vendors sign beside statements: proofs and approvals of keys, withdrawals, confirmations, and both sides of a
//! product's transfer.
//!
//! Each document is a small JSON object under a `typ` of its own. Whether a challenge is open, a key is the vendor's
//! or a statement is held is not known here.

use jiff::civil::Date;

use crate::digest::Digest;
use crate::jws::Document;
use crate::key::{PublicKey, Thumbprint};
use crate::reader::{self, FromMembers, Reader};
use crate::strict_json::Value;
use crate::violation::Violations;

/// The longest issuer: an id of the service, `ven_…`.
const MAX_ID_CHARS: usize = 64;
/// The longest challenge.
const MAX_CHALLENGE_CHARS: usize = 256;
/// The longest reason, like that of a remark.
const MAX_REASON_CHARS: usize = 2000;

/// The owner of a new key shows that it holds the private half: signed by the new key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProof {
    /// What the service asked to be signed; holds for one registration.
    pub challenge: String,
    /// The vendor's id.
    pub issuer: String,
    /// The new key.
    pub jwk: PublicKey,
}

/// A vendor takes a further key of its own into use: signed by a key of the vendor that is active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyApproval {
    /// The vendor's id.
    pub issuer: String,
    /// The key that is approved.
    pub kid: Thumbprint,
}

/// A vendor takes a statement back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The vendor's id.
    pub issuer: String,
    /// The statement's JWS.
    pub statement_sha256: Digest,
    /// Why, for the institutions that rely on the statement; at most 2,000 characters.
    pub reason: String,
}

/// A vendor says that a statement still holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The vendor's id.
    pub issuer: String,
    /// The statement's JWS.
    pub statement_sha256: Digest,
    /// The day on which the vendor looked.
    pub confirmed_on: Date,
}

/// A vendor hands a product over to another (事業承継): its consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The id of the vendor whose product it is.
    pub issuer: String,
    /// The product's id.
    pub product: String,
    /// The id of the vendor that is to have it.
    pub to: String,
    /// The day, in Japan, on which it is offered: an old consent is none.
    pub offered_on: Date,
}

/// A vendor takes a product over from another: its consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferAcceptance {
    /// The id of the vendor that takes it over.
    pub issuer: String,
    /// The product's id.
    pub product: String,
    /// The id of the vendor that hands it over.
    pub from: String,
    /// The JWS by which that one consented.
    pub transfer_sha256: Digest,
}

impl KeyProof {
    /// The payload to sign.
    pub fn payload(&self) -> Vec<u8> {
        let Self {
            challenge,
            issuer,
            jwk,
        } = self;
        let (challenge, issuer) = (text(challenge), text(issuer));
        // The canonical JWK is JSON already.
        let jwk = jwk.to_jwk();
        format!(r#"{{"challenge":{challenge},"issuer":{issuer},"jwk":{jwk}}}"#).into_bytes()
    }
}

impl KeyApproval {
    /// The payload to sign.
    pub fn payload(&self) -> Vec<u8> {
        payload(vec![
            ("issuer", text(&self.issuer)),
            ("kid", text(self.kid.as_str())),
        ])
    }
}

impl Withdrawal {
    /// The payload to sign.
    pub fn payload(&self) -> Vec<u8> {
        let digest = self.statement_sha256.to_string();
        payload(vec![
            ("issuer", text(&self.issuer)),
            ("statement_sha256", text(&digest)),
            ("reason", text(&self.reason)),
        ])
    }
}

impl Confirmation {
    /// The payload to sign.
    pub fn payload(&self) -> Vec<u8> {
        let (digest, date) = (
            self.statement_sha256.to_string(),
            self.confirmed_on.to_string(),
        );
        payload(vec![
            ("issuer", text(&self.issuer)),
            ("statement_sha256", text(&digest)),
            ("confirmed_on", text(&date)),
        ])
    }
}

impl Transfer {
    /// The payload to sign.
    pub fn payload(&self) -> Vec<u8> {
        let date = self.offered_on.to_string();
        payload(vec![
            ("issuer", text(&self.issuer)),
            ("product", text(&self.product)),
            ("to", text(&self.to)),
            ("offered_on", text(&date)),
        ])
    }
}

impl TransferAcceptance {
    /// The payload to sign.
    pub fn payload(&self) -> Vec<u8> {
        let digest = self.transfer_sha256.to_string();
        payload(vec![
            ("issuer", text(&self.issuer)),
            ("product", text(&self.product)),
            ("from", text(&self.from)),
            ("transfer_sha256", text(&digest)),
        ])
    }
}

impl Document for KeyProof {
    const TYP: &'static str = "kaiji-key-proof+jws";

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        Ok(reader::read(payload)?)
    }
}

impl Document for KeyApproval {
    const TYP: &'static str = "kaiji-key-approval+jws";

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        Ok(reader::read(payload)?)
    }
}

impl Document for Withdrawal {
    const TYP: &'static str = "kaiji-withdrawal+jws";

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        Ok(reader::read(payload)?)
    }
}

impl Document for Confirmation {
    const TYP: &'static str = "kaiji-confirmation+jws";

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        Ok(reader::read(payload)?)
    }
}

impl Document for Transfer {
    const TYP: &'static str = "kaiji-transfer+jws";

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        Ok(reader::read(payload)?)
    }
}

impl Document for TransferAcceptance {
    const TYP: &'static str = "kaiji-transfer-acceptance+jws";

    fn parse(payload: &[u8]) -> Result<Self, Violations> {
        Ok(reader::read(payload)?)
    }
}

impl FromMembers for KeyProof {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let challenge = reader.required_text("challenge", MAX_CHALLENGE_CHARS);
        let issuer = reader.required_text("issuer", MAX_ID_CHARS);
        let jwk = required_key(reader, "jwk");
        Some(Self {
            challenge: challenge?,
            issuer: issuer?,
            jwk: jwk?,
        })
    }
}

impl FromMembers for KeyApproval {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let issuer = reader.required_text("issuer", MAX_ID_CHARS);
        let kid = reader.required_choice("kid", |kid| kid.parse().ok(), "an RFC 7638 thumbprint");
        Some(Self {
            issuer: issuer?,
            kid: kid?,
        })
    }
}

impl FromMembers for Withdrawal {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let issuer = reader.required_text("issuer", MAX_ID_CHARS);
        let statement_sha256 = reader.required_digest("statement_sha256");
        let reason = reader.required_lines("reason", MAX_REASON_CHARS);
        Some(Self {
            issuer: issuer?,
            statement_sha256: statement_sha256?,
            reason: reason?,
        })
    }
}

impl FromMembers for Confirmation {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let issuer = reader.required_text("issuer", MAX_ID_CHARS);
        let statement_sha256 = reader.required_digest("statement_sha256");
        let confirmed_on = reader.required_date("confirmed_on");
        Some(Self {
            issuer: issuer?,
            statement_sha256: statement_sha256?,
            confirmed_on: confirmed_on?,
        })
    }
}

impl FromMembers for Transfer {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let issuer = reader.required_text("issuer", MAX_ID_CHARS);
        let product = reader.required_text("product", MAX_ID_CHARS);
        let to = reader.required_text("to", MAX_ID_CHARS);
        let offered_on = reader.required_date("offered_on");
        Some(Self {
            issuer: issuer?,
            product: product?,
            to: to?,
            offered_on: offered_on?,
        })
    }
}

impl FromMembers for TransferAcceptance {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let issuer = reader.required_text("issuer", MAX_ID_CHARS);
        let product = reader.required_text("product", MAX_ID_CHARS);
        let from = reader.required_text("from", MAX_ID_CHARS);
        let transfer_sha256 = reader.required_digest("transfer_sha256");
        Some(Self {
            issuer: issuer?,
            product: product?,
            from: from?,
            transfer_sha256: transfer_sha256?,
        })
    }
}

fn required_key(reader: &mut Reader<'_>, name: &str) -> Option<PublicKey> {
    let value = reader.required(name)?;
    PublicKey::from_jwk(value, &reader.pointer_to(name))
        .map_err(|violations| reader.absorb(violations.into_vec()))
        .ok()
}

fn text(text: &str) -> Value<'_> {
    Value::Text(text.into())
}

fn payload(members: Vec<(&'static str, Value<'_>)>) -> Vec<u8> {
    let named = members
        .into_iter()
        .map(|(name, value)| (name.into(), value));
    Value::Object(named.collect()).to_string().into_bytes()
}

#[cfg(test)]
mod tests;
