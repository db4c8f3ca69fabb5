//! What happens, in order: registration, submission, request, delivery, acknowledgement, comparison, export.
//!
//! All of it over HTTP but the first step. Words are chosen with care: Kaiji confirms issuer and integrity
//! (発行元と完全性) and points out items; it judges nothing.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use kaiji_schema::comparison::Comparison;
use kaiji_schema::jws::{self, Document, Jws, Verified};
use kaiji_schema::key::{PublicKey, SigningKey};
use kaiji_schema::receipt::Receipt;
use kaiji_schema::requirement::{DEFAULT_SET, requirement_set};
use kaiji_schema::signed::KeyProof;
use kaiji_schema::statement::Statement;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use serde_json::value::RawValue;

use super::folder::Folder;
use super::party::{self, INSTITUTION, Party, VENDOR};
use super::sample::Sample;
use super::{Stage, result};
use crate::cli::client::{Service, ServiceError, Session};
use crate::cli::end::CommandError;
use crate::cli::submit::Accepted;
use crate::cli::{compare, output};
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

#[derive(Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
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
    let operator = stage.step(
        "運営者",
        "最初のAPIクライアントを作成（以降はすべてHTTP）",
        || Party::operator(stage, exchange),
    )?;
    let office = operator.sign_in(&stage.service)?;
    let vendor = stage.step(
        "運営者",
        &format!("事業者「{VENDOR}」を登録"),
        || {
            let vendor = Party::vendor(stage, &office)?;
            result(&format!(
                "{}（法人番号 {}）",
                vendor.id,
                party::CORPORATE_NUMBER
            ))?;
            Ok(vendor)
        },
    )?;
    let institution = stage.step(
        "運営者",
        &format!("医療機関「{INSTITUTION}」を登録"),
        || {
            let institution = Party::institution(stage, &office)?;
            let code = party::MEDICAL_INSTITUTION_CODE;
            result(&format!("{}（医療機関コード {code}）", institution.id))?;
            Ok(institution)
        },
    )?;
    let seller = vendor.sign_in(&stage.service)?;
    let key = register_key(stage, &vendor, &seller, &office)?;
    let clinic = institution.sign_in(&stage.service)?;
    let mut disclosures = Vec::new();
    for sample in Sample::both()? {
        disclosures.push(disclose(stage, &vendor, &seller, &key, sample)?);
    }
    request(stage, &clinic, &seller, &mut disclosures)?;
    receive(stage, &clinic, key.public(), &disclosures)?;
    compare_systems(stage, &clinic, &disclosures)?;
    export(stage, &clinic)?;
    Ok(Cast {
        operator,
        vendor,
        institution,
        disclosures,
    })
}

/// The vendor registers a signing key with proof of possession, and the operator approves it.
fn register_key(
    stage: &Stage<'_>,
    vendor: &Party,
    seller: &Session<'_>,
    office: &Session<'_>,
) -> Result<SigningKey, CommandError> {
    #[derive(Deserialize)]
    struct Challenge {
        challenge: String,
    }
    let key = stage.step(
        "事業者",
        "署名鍵を作成し、所持を証明して登録",
        || {
            let key = party::signing_key(stage)?;
            let Challenge { challenge } = seller.post_empty("/api/v1/keys/challenges")?;
            let (issuer, jwk) = (vendor.id.clone(), key.public().clone());
            let proof = KeyProof {
                challenge,
                issuer,
                jwk,
            };
            let proof = jws::sign(KeyProof::TYP, &proof.payload(), &key)?;
            let _: IgnoredAny = seller.post_jose("/api/v1/keys", &proof)?;
            result(&format!("kid {}（承認待ち）", key.public().thumbprint()))?;
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
    let product = stage.step(
        "事業者",
        &format!("製品「{}」を登録", sample.product),
        || {
            let product = json!({ "name": sample.product, "version": sample.version });
            let Made { id } = seller.post("/api/v1/products", &product)?;
            result(&id)?;
            Ok(id)
        },
    )?;
    let form = sample.name.to_uppercase();
    let sha256 = stage.step("事業者", &format!("{form}に署名して提出"), || {
        let payload = sample.payload(&vendor.id, &product);
        let compact = jws::sign(Statement::TYP, payload.as_bytes(), key)?;
        let accepted: Accepted = seller.post_jose("/api/v1/statements", &compact)?;
        let file = |what: &str| format!("vendor/{}{what}", sample.name);
        stage.folder.write(&file(".json"), payload.as_bytes())?;
        stage.folder.write(&file(".jws"), compact.as_bytes())?;
        stage
            .folder
            .write(&file("-receipt.jws"), accepted.receipt.as_bytes())?;
        let Accepted {
            sha256,
            leaf_index,
            received_at,
            ..
        } = &accepted;
        result(&format!("受領証（ログの{leaf_index}番、{received_at}）"))?;
        result(&format!("sha256 {sha256}"))?;
        Ok(accepted.sha256)
    })?;
    Ok(Disclosure {
        sample,
        product,
        system: String::new(),
        sha256,
    })
}

/// The clinic finds the products, puts systems on its list and asks for the statements; the vendor releases them.
fn request(
    stage: &Stage<'_>,
    clinic: &Session<'_>,
    seller: &Session<'_>,
    disclosures: &mut [Disclosure],
) -> Result<(), CommandError> {
    #[derive(Deserialize)]
    struct Found {
        product: String,
    }
    stage.step(
        "医療機関",
        "公開された製品を検索し、医療情報システム一覧に登録",
        || {
            // 「見本」, percent-encoded.
            let found: List<Found> =
                clinic.get("/api/v1/directory/products?q=%E8%A6%8B%E6%9C%AC")?;
            for disclosure in disclosures.iter_mut() {
                if !found
                    .items
                    .iter()
                    .any(|found| found.product == disclosure.product)
                {
                    let product = &disclosure.product;
                    return Err(CommandError::Mismatch(format!(
                        "{product} is not in the directory"
                    )));
                }
                disclosure.system = register_system(clinic, disclosure)?;
                result(&format!(
                    "{}「{}」",
                    disclosure.system, disclosure.sample.system
                ))?;
            }
            Ok(())
        },
    )?;
    let due_on = days_ahead(stage.ambient.clock.now(), 14);
    stage.step(
        "医療機関",
        &format!("開示書の提出を依頼（期限 {due_on}）"),
        || {
            for disclosure in disclosures.iter() {
                let request = json!({
                    "product": disclosure.product, "due_on": due_on,
                    "message": "立入検査に備え、最新版の開示書をお願いいたします。",
                });
                let Made { id } = clinic.post("/api/v1/requests", &request)?;
                result(&id)?;
            }
            Ok(())
        },
    )?;
    stage.step("事業者", "依頼を確認し、開示", || {
        let open: List<Made> = seller.get("/api/v1/requests?state=open")?;
        for Made { id } in &open.items {
            let _: IgnoredAny = seller.post_empty(&format!("/api/v1/requests/{id}/release"))?;
        }
        result(&format!("{}件の依頼に応じた", open.items.len()))
    })
}

fn register_system(clinic: &Session<'_>, disclosure: &Disclosure) -> Result<String, CommandError> {
    let system = json!({
        "name": disclosure.sample.system,
        "product": disclosure.product,
        "installed_version": disclosure.sample.version,
        "contract_partner": VENDOR,
        "outsourced_work": "保守",
        "security_updates_by": "vendor",
        "security_updates_written_in": "contract",
    });
    let Made { id } = clinic.post("/api/v1/systems", &system)?;
    Ok(id)
}

/// The date in Japan some days from now.
fn days_ahead(now: Timestamp, days: i64) -> String {
    let then = now
        .saturating_add(SignedDuration::from_hours(24 * days))
        .unwrap_or(now);
    let japan = TimeZone::fixed(Offset::constant(9));
    then.to_zoned(japan).date().to_string()
}

/// The clinic fetches the signed bytes, verifies them and their receipt, and acknowledges.
fn receive(
    stage: &Stage<'_>,
    clinic: &Session<'_>,
    vendor_key: &PublicKey,
    disclosures: &[Disclosure],
) -> Result<(), CommandError> {
    stage.step(
        "医療機関",
        "開示書を受領し、発行元と完全性を確認",
        || {
            let receipt_key = party::receipt_key(stage)?;
            for disclosure in disclosures {
                let path = released(clinic, disclosure)?;
                let compact = clinic.get_jose(&path)?;
                let receipt = clinic.get_jose(&format!("{path}/receipt"))?;
                let name = disclosure.sample.name;
                stage
                    .folder
                    .write(&format!("institution/{name}.jws"), compact.as_bytes())?;
                stage.folder.write(
                    &format!("institution/{name}-receipt.jws"),
                    receipt.as_bytes(),
                )?;
                let statement = verified::<Statement>("the statement", &compact, vendor_key)?;
                let receipt = verified::<Receipt>("the receipt", &receipt, &receipt_key)?;
                check_receipt(&statement, receipt.document())?;
                let form = statement.document().form;
                result(&format!(
                    "{form}：事業者の鍵で署名された内容と一致し、受領証とも一致"
                ))?;
            }
            Ok(())
        },
    )?;
    stage.step("医療機関", "受領確認を返す", || {
        for Disclosure { sha256, sample, .. } in disclosures {
            #[derive(Deserialize)]
            struct Acknowledged {
                leaf_index: u64,
                receipt: String,
            }
            let path = format!("/api/v1/statements/{sha256}/acknowledgement");
            let acknowledged: Acknowledged = clinic.post_empty(&path)?;
            let file = format!("institution/{}-acknowledgement.jws", sample.name);
            stage.folder.write(&file, acknowledged.receipt.as_bytes())?;
            result(&format!(
                "受領確認の受領証（ログの{}番）",
                acknowledged.leaf_index
            ))?;
        }
        Ok(())
    })
}

/// The address of the product's statement, as the clinic finds it.
fn released(clinic: &Session<'_>, disclosure: &Disclosure) -> Result<String, CommandError> {
    #[derive(Deserialize)]
    struct Listed {
        sha256: String,
    }
    let Disclosure {
        product, sha256, ..
    } = disclosure;
    let list: List<Listed> = clinic.get(&format!("/api/v1/statements?product={product}"))?;
    match list.items.iter().find(|listed| listed.sha256 == *sha256) {
        Some(listed) => Ok(format!("/api/v1/statements/{}", listed.sha256)),
        None => Err(CommandError::Mismatch(format!(
            "statement {sha256} was not released"
        ))),
    }
}

fn verified<T: Document>(
    what: &'static str,
    compact: &str,
    key: &PublicKey,
) -> Result<Verified<T>, CommandError> {
    let verified = Jws::parse(compact)
        .map_err(Into::into)
        .and_then(|jws| jws::verify(jws, key));
    verified.map_err(|cause| CommandError::NotVerified { what, cause })
}

fn check_receipt(statement: &Verified<Statement>, receipt: &Receipt) -> Result<(), CommandError> {
    let same = receipt.statement_sha256 == Some(statement.sha256())
        && receipt.signer_kid.as_ref() == Some(statement.kid());
    match same {
        true => Ok(()),
        false => Err(CommandError::Mismatch(
            "the receipt is for another statement".to_owned(),
        )),
    }
}

/// The clinic sees each system compared with the items of the 【別紙】.
fn compare_systems(
    stage: &Stage<'_>,
    clinic: &Session<'_>,
    disclosures: &[Disclosure],
) -> Result<(), CommandError> {
    #[derive(Deserialize)]
    struct Compared<'a> {
        #[serde(borrow)]
        comparisons: Vec<Comparison<'a>>,
    }
    let what = "別紙の99項目と照合（以下は要リスク評価・要確認の項目のみ）";
    stage.step("医療機関", what, || {
        for Disclosure { system, sample, .. } in disclosures {
            let path = format!("/api/v1/systems/{system}/comparison");
            let json: Box<RawValue> = clinic.get(&path)?;
            let Compared { comparisons } =
                serde_json::from_str(json.get()).map_err(|error| ServiceError::Unexpected {
                    url: path,
                    detail: error.to_string(),
                })?;
            for comparison in &comparisons {
                let Some(set) = requirement_set(&comparison.requirement_set) else {
                    continue;
                };
                let Sample {
                    product, version, ..
                } = sample;
                let form = comparison.form;
                let title = format!("■ {}：{product} {version}（{form}）", sample.system);
                output::line("")?;
                output::line(compare::describe(comparison, set, &title).trim_end())?;
            }
        }
        output::line("")
    })
}

/// The clinic takes everything as a CSV file.
fn export(stage: &Stage<'_>, clinic: &Session<'_>) -> Result<(), CommandError> {
    stage.step("医療機関", "照合結果をCSVに出力", || {
        let csv = clinic.get_csv("/api/v1/exports/comparison.csv")?;
        stage.folder.write("comparison.csv", &csv)?;
        let rows = csv::Reader::from_reader(csv.as_slice())
            .byte_records()
            .count();
        result(&format!(
            "{} {rows}行",
            stage.folder.path("comparison.csv").display()
        ))?;
        let items = requirement_set(DEFAULT_SET).map_or(0, |set| set.items.len());
        if rows == items {
            Ok(())
        } else {
            Err(CommandError::Mismatch(format!(
                "{rows} rows where {items} were expected"
            )))
        }
    })
}
