//! Who takes part: the operator, a vendor and a clinic, each with an API client whose key is in a file of its own.

use kaiji_schema::key::{Algorithm, PublicKey, SigningKey};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Stage;
use super::folder::Folder;
use crate::cli::client::{Service, Session};
use crate::cli::end::CommandError;
use crate::cli::{admin, key};
use crate::exchange::Exchange;

/// 法人番号 and 医療機関コード that are well formed and belong to nobody: all their free digits are nines.
pub(super) const CORPORATE_NUMBER: &str = "9999999999999";
pub(super) const MEDICAL_INSTITUTION_CODE: &str = "1319999999";

pub(super) const VENDOR: &str = "見本電子カルテ株式会社";
pub(super) const INSTITUTION: &str = "サンプル医院";

/// An organisation and its client.
pub(super) struct Party {
    /// The directory of its files, and the name of its token's file.
    pub(super) role: &'static str,
    /// The organisation's id.
    pub(super) id: String,
    /// The client's id.
    pub(super) client: String,
    key: SigningKey,
}

#[derive(Deserialize)]
struct Organisation {
    id: String,
}

#[derive(Deserialize)]
struct Client {
    client_id: String,
}

impl Party {
    /// The first operator, made on the machine itself, as `kaiji admin operator` does.
    pub(super) fn operator(stage: &Stage<'_>, exchange: &Exchange) -> Result<Self, CommandError> {
        let key = client_key(stage, "operator")?;
        let client = admin::make_operator(exchange, "デモ運営者", key.public())?;
        let (id, client) = (client.organisation, client.client_id);
        Ok(Self {
            role: "operator",
            id,
            client,
            key,
        })
    }

    /// A vendor, registered by the operator.
    pub(super) fn vendor(stage: &Stage<'_>, operator: &Session<'_>) -> Result<Self, CommandError> {
        let organisation = json!({
            "kind": "vendor", "name": VENDOR, "corporate_number": CORPORATE_NUMBER,
            "contact": "security@mihon-karte.example", "email": "security@mihon-karte.example",
        });
        let scopes = ["statements:write", "statements:read", "exports:read"];
        Self::register(stage, operator, "vendor", &organisation, &scopes)
    }

    /// A clinic, registered by the operator.
    pub(super) fn institution(
        stage: &Stage<'_>,
        operator: &Session<'_>,
    ) -> Result<Self, CommandError> {
        let organisation = json!({
            "kind": "institution", "name": INSTITUTION,
            "medical_institution_code": MEDICAL_INSTITUTION_CODE, "email": "clinic@sample-iin.example",
        });
        let scopes = [
            "requests:write",
            "statements:read",
            "reviews:write",
            "exports:read",
        ];
        Self::register(stage, operator, "institution", &organisation, &scopes)
    }

    fn register(
        stage: &Stage<'_>,
        operator: &Session<'_>,
        role: &'static str,
        organisation: &Value,
        scopes: &[&str],
    ) -> Result<Self, CommandError> {
        let Organisation { id } = operator.post("/api/v1/organisations", organisation)?;
        let key = client_key(stage, role)?;
        let client = json!({
            "name": "デモ用クライアント", "pem": key.public().to_pem(), "scopes": scopes,
        });
        let clients = format!("/api/v1/organisations/{id}/clients");
        let Client { client_id } = operator.post(&clients, &client)?;
        Ok(Self {
            role,
            id,
            client: client_id,
            key,
        })
    }

    /// Signs in.
    pub(super) fn sign_in<'s>(&self, service: &'s Service) -> Result<Session<'s>, CommandError> {
        Ok(service.sign_in(&self.client, &self.key)?)
    }

    /// Signs in and leaves the token in a file, for `curl`.
    pub(super) fn write_token(
        &self,
        service: &Service,
        folder: &Folder,
    ) -> Result<(), CommandError> {
        let session = self.sign_in(service)?;
        folder.write_secret(&format!("{}.token", self.role), session.token().as_bytes())
    }
}

fn client_key(stage: &Stage<'_>, role: &str) -> Result<SigningKey, CommandError> {
    let path = stage.folder.directory(role)?.join("client.pem");
    key::make(&path, Algorithm::Es256, &*stage.ambient.random)
}

/// A signing key of the vendor, in a file.
pub(super) fn signing_key(stage: &Stage<'_>) -> Result<SigningKey, CommandError> {
    let path = stage.folder.path("vendor/signing.pem");
    key::make(&path, Algorithm::Es256, &*stage.ambient.random)
}

/// The key that signs the service's receipts, as it publishes it; left in a file.
pub(super) fn receipt_key(stage: &Stage<'_>) -> Result<PublicKey, CommandError> {
    #[derive(Deserialize)]
    struct Published {
        keys: Vec<ServiceKey>,
    }
    #[derive(Deserialize)]
    struct ServiceKey {
        purpose: String,
        jwk: Value,
    }
    let published: Published = stage.service.get("/.well-known/kaiji-keys.json")?;
    let key = published
        .keys
        .into_iter()
        .find(|key| key.purpose == "receipt");
    let key =
        key.ok_or_else(|| CommandError::Mismatch("no receipt key is published".to_owned()))?;
    let jwk = key.jwk.to_string();
    stage.folder.write("service-receipt-key.jwk", &jwk)?;
    PublicKey::from_jwk_text(&jwk).map_err(|cause| CommandError::Crypto(cause.into()))
}

#[cfg(test)]
mod tests {
    use kaiji_schema::identifier::{CorporateNumber, MedicalInstitutionCode};

    use super::*;

    #[test]
    fn the_numbers_of_the_samples_have_their_check_digits() {
        assert!(CorporateNumber::parse(CORPORATE_NUMBER).is_ok());
        assert!(MedicalInstitutionCode::parse(MEDICAL_INSTITUTION_CODE).is_ok());
    }
}
