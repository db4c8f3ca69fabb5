//! The clinic's part: it asks for the statements, receives and acknowledges them, sees them compared and takes the
//! result as a file. The vendor's release stands between, where it belongs in time.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use kaiji_schema::comparison::Comparison;
use kaiji_schema::evidence::Trusted;
use kaiji_schema::jws::{self, Document, Jws, Verified};
use kaiji_schema::key::PublicKey;
use kaiji_schema::receipt::Receipt;
use kaiji_schema::requirement::{DEFAULT_SET, requirement_set};
use kaiji_schema::statement::Statement;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use serde_json::value::RawValue;

use super::party::{self, VENDOR};
use super::sample::Sample;
use super::story::{Disclosure, Made};
use super::{Stage, result};
use crate::cli::client::{ServiceError, Session};
use crate::cli::end::CommandError;
use crate::cli::evidence::target::Target;
use crate::cli::{compare, output};
use crate::cli::{evidence, verify_folder};

#[derive(Deserialize)]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
}

/// The clinic finds the products, puts systems on its list and asks for the statements; the vendor releases them.
pub(super) fn request(
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
pub(super) fn days_ahead(now: Timestamp, days: i64) -> String {
    let then = now
        .saturating_add(SignedDuration::from_hours(24 * days))
        .unwrap_or(now);
    let japan = TimeZone::fixed(Offset::constant(9));
    then.to_zoned(japan).date().to_string()
}

/// The clinic fetches the signed bytes and verifies them and their receipt.
pub(super) fn receive(
    stage: &Stage<'_>,
    clinic: &Session<'_>,
    vendor_key: &PublicKey,
    disclosures: &[Disclosure],
) -> Result<(), CommandError> {
    let what = "開示書を受領し、発行元と完全性を確認";
    stage.step("医療機関", what, || {
        let receipt_key = party::receipt_key(stage)?;
        for disclosure in disclosures {
            let path = released(clinic, disclosure)?;
            let compact = clinic.get_jose(&path)?;
            let receipt = clinic.get_jose(&format!("{path}/receipt"))?;
            let file = format!("institution/{}", disclosure.sample.name);
            stage.folder.write(&format!("{file}.jws"), &compact)?;
            stage
                .folder
                .write(&format!("{file}-receipt.jws"), &receipt)?;
            let statement = verified::<Statement>("the statement", &compact, vendor_key)?;
            let receipt = verified::<Receipt>("the receipt", &receipt, &receipt_key)?;
            check_receipt(&statement, receipt.document())?;
            let form = statement.document().form;
            let confirmed = "事業者の鍵で署名された内容と一致し、受領証とも一致";
            result(&format!("{form}：{confirmed}"))?;
        }
        Ok(())
    })
}

/// The clinic acknowledges what it received.
pub(super) fn acknowledge(
    stage: &Stage<'_>,
    clinic: &Session<'_>,
    disclosures: &[Disclosure],
) -> Result<(), CommandError> {
    #[derive(Deserialize)]
    struct Acknowledged {
        leaf_index: u64,
        receipt: String,
    }
    stage.step("医療機関", "受領確認を返す", || {
        for Disclosure { sha256, sample, .. } in disclosures {
            let path = format!("/api/v1/statements/{sha256}/acknowledgement");
            let Acknowledged {
                leaf_index,
                receipt,
            } = clinic.post_empty(&path)?;
            let file = format!("institution/{}-acknowledgement.jws", sample.name);
            stage.folder.write(&file, &receipt)?;
            result(&format!("受領確認の受領証（ログの{leaf_index}番）"))?;
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
    if same {
        Ok(())
    } else {
        let detail = "the receipt is for another statement or key";
        Err(CommandError::Mismatch(detail.to_owned()))
    }
}

/// The clinic sees each system compared with the items of the 【別紙】.
pub(super) fn compare_systems(
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
                output::line(&compare::describe(comparison, set, &title))?;
            }
        }
        output::line("")
    })
}

/// The clinic takes everything as a CSV file.
pub(super) fn export(stage: &Stage<'_>, clinic: &Session<'_>) -> Result<(), CommandError> {
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

/// The clinic takes what proves all this without the service, and checks it.
pub(super) fn keep_evidence(stage: &Stage<'_>, clinic: &Session<'_>) -> Result<(), CommandError> {
    let what = "証跡フォルダーを書き出し、サービスなしで確認";
    stage.step("医療機関", what, || {
        let path = stage.folder.path("evidence");
        let statements = evidence::readable(clinic)?;
        evidence::fetch(clinic, &statements, Target::make(&path)?)?;
        let report = verify_folder::check(&path, &Trusted::default())?;
        if !report.passed() {
            let detail = format!("run `kaiji verify {}`", path.display());
            return Err(CommandError::Mismatch(detail));
        }
        result(&format!("{} 開示書{}件", path.display(), statements.len()))?;
        result("受領証、ログへの記録、鍵の登録、添付ファイルの確認にすべて合格")
    })
}
