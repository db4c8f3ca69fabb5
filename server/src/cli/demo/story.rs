//! What happens, in order: registration, submission, request, delivery, acknowledgement, comparison, export, review,
//! inspection.
//!
//! All of it over HTTP but the first step. Words are chosen with care: Kaiji confirms issuer and integrity
//! (発行元と完全性) and points out items; it judges nothing.

use kaiji_schema::jws::{self, Document};
use kaiji_schema::key::SigningKey;
use kaiji_schema::statement::Statement;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::folder::Folder;
use super::party::{self, INSTITUTION, Party, VENDOR};
use super::sample::Sample;
use super::{Stage, clinic, inspection, result};
use crate::cli::client::{Service, Session};
use crate::cli::end::CommandError;
use crate::cli::register;
use crate::cli::submit::Accepted;
use crate::exchange::Exchange;

/// Who took part, and what they exchanged.
pub(super) struct Cast {
    pub(super) operator: Party,
    pub(super) vendor: Party,
    pub(super) institution: Party,
    pub(super) disclosures: Vec<Disclosure>,
}

/// A statement on its way from the vendor to the clinic.
pub(super) struct Disclosure {
    pub(super) sample: Sample,
    pub(super) product: String,
    pub(super) system: String,
    pub(super) sha256: String,
}

/// The id of what was made.
#[derive(Deserialize)]
pub(super) struct Made {
    pub(super) id: String,
}

impl Cast {
    /// Leaves a fresh token of everybody in a file.
    pub(super) fn write_tokens(
        &self,
        service: &Service,
        folder: &Folder,
    ) -> Result<(), CommandError> {
        [&self.operator, &self.vendor, &self.institution]
            .iter()
            .try_for_each(|party| party.write_token(service, folder))
    }
}

/// Tells the whole story.
pub(super) fn tell(stage: &Stage<'_>, exchange: &Exchange) -> Result<Cast, CommandError> {
    let (operator, office) = operator(stage, exchange)?;
    let (vendor, seller) = vendor(stage, &office)?;
    let (institution, customer) = institution(stage, &office)?;
    let key = register_key(stage, &seller, &office)?;
    let mut disclosures = Vec::new();
    for sample in Sample::both()? {
        disclosures.push(disclose(stage, &vendor, &seller, &key, sample)?);
    }
    clinic::request(stage, &customer, &seller, &mut disclosures)?;
    clinic::receive(stage, &customer, key.public(), &disclosures)?;
    clinic::acknowledge(stage, &customer, &disclosures)?;
    clinic::compare_systems(stage, &customer, &disclosures)?;
    clinic::export(stage, &customer)?;
    clinic::keep_evidence(stage, &customer)?;
    inspection::review(stage, &customer, &disclosures)?;
    inspection::prepare(stage, &customer)?;
    Ok(Cast {
        operator,
        vendor,
        institution,
        disclosures,
    })
}

fn operator<'s>(
    stage: &'s Stage<'_>,
    exchange: &Exchange,
) -> Result<(Party, Session<'s>), CommandError> {
    let what = "最初のAPIクライアントを作成（kaiji admin operator と同じ。以降はすべてHTTP）";
    stage.step("運営者", what, || {
        let operator = Party::operator(stage, exchange)?;
        let session = operator.sign_in(&stage.service)?;
        result("クライアントの鍵でトークンを取得")?;
        Ok((operator, session))
    })
}

fn vendor<'s>(
    stage: &'s Stage<'_>,
    office: &Session<'_>,
) -> Result<(Party, Session<'s>), CommandError> {
    let what = format!("事業者「{VENDOR}」とそのAPIクライアントを登録");
    stage.step("運営者", &what, || {
        let vendor = Party::vendor(stage, office)?;
        result(&format!(
            "{}（法人番号 {}）",
            vendor.id,
            party::CORPORATE_NUMBER
        ))?;
        let session = vendor.sign_in(&stage.service)?;
        Ok((vendor, session))
    })
}

fn institution<'s>(
    stage: &'s Stage<'_>,
    office: &Session<'_>,
) -> Result<(Party, Session<'s>), CommandError> {
    let what = format!("医療機関「{INSTITUTION}」とそのAPIクライアントを登録");
    stage.step("運営者", &what, || {
        let institution = Party::institution(stage, office)?;
        let code = party::MEDICAL_INSTITUTION_CODE;
        result(&format!("{}（医療機関コード {code}）", institution.id))?;
        let session = institution.sign_in(&stage.service)?;
        Ok((institution, session))
    })
}

/// The vendor registers a signing key with proof of possession, and the operator approves it.
fn register_key(
    stage: &Stage<'_>,
    seller: &Session<'_>,
    office: &Session<'_>,
) -> Result<SigningKey, CommandError> {
    let key = stage.step(
        "事業者",
        "署名鍵を作成し、所持を証明して登録",
        || {
            let key = party::signing_key(stage)?;
            let registered = register::register(seller, &key)?;
            result(&format!("kid {}（承認待ち）", registered.kid))?;
            Ok(key)
        },
    )?;
    stage.step(
        "運営者",
        "本人確認の記録を添えて鍵を承認",
        || {
            let approval = format!("/api/v1/keys/{}/approval", key.public().thumbprint());
            let note = json!({ "note": "デモのため本人確認は行っていない" });
            let _: IgnoredAny = office.post(&approval, &note)?;
            result("この鍵による署名が有効になる")
        },
    )?;
    Ok(key)
}

/// The vendor registers a product, signs its statement and submits it.
fn disclose(
    stage: &Stage<'_>,
    vendor: &Party,
    seller: &Session<'_>,
    key: &SigningKey,
    sample: Sample,
) -> Result<Disclosure, CommandError> {
    let what = format!("製品「{}」を登録", sample.product);
    let product = stage.step("事業者", &what, || {
        let product = json!({ "name": sample.product, "version": sample.version });
        let Made { id } = seller.post("/api/v1/products", &product)?;
        result(&id)?;
        Ok(id)
    })?;
    let what = format!("{}に署名して提出", sample.name.to_uppercase());
    let sha256 = stage.step("事業者", &what, || {
        let payload = sample.payload(&vendor.id, &product);
        let accepted = submit(stage, seller, key, sample.name, &payload)?;
        let Accepted {
            sha256,
            leaf_index,
            received_at,
            ..
        } = accepted;
        result(&format!("受領証（ログの{leaf_index}番、{received_at}）"))?;
        result(&format!("sha256 {sha256}"))?;
        Ok(sha256)
    })?;
    Ok(Disclosure {
        sample,
        product,
        system: String::new(),
        sha256,
    })
}

/// Signs the payload, submits it, and keeps payload, statement and receipt in files.
fn submit(
    stage: &Stage<'_>,
    seller: &Session<'_>,
    key: &SigningKey,
    name: &str,
    payload: &str,
) -> Result<Accepted, CommandError> {
    let compact = jws::sign(Statement::TYP, payload.as_bytes(), key)?;
    stage
        .folder
        .write(&format!("vendor/{name}.json"), payload)?;
    stage
        .folder
        .write(&format!("vendor/{name}.jws"), &compact)?;
    let accepted: Accepted = seller.post_jose("/api/v1/statements", &compact)?;
    let receipt = format!("vendor/{name}-receipt.jws");
    stage.folder.write(&receipt, &accepted.receipt)?;
    Ok(accepted)
}
