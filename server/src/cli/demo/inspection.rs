//! The clinic's own part: it assesses the risk of a flagged item, and freezes what it has to show to an inspector.

use std::fs;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::clinic::{List, days_ahead};
use super::story::{Disclosure, Made};
use super::{Stage, result};
use crate::cli::client::Session;
use crate::cli::end::CommandError;

/// The clinic writes a risk review of the first flagged item that needs one, submits and approves it.
pub(super) fn review(
    stage: &Stage<'_>,
    clinic: &Session<'_>,
    disclosures: &[Disclosure],
) -> Result<(), CommandError> {
    #[derive(Deserialize)]
    struct Reviewed {
        item: String,
        number: String,
        now: Found,
    }
    #[derive(Deserialize)]
    struct Found {
        outcome: String,
    }
    #[derive(Deserialize)]
    struct Approved {
        leaf_index: u64,
        approved_alone: bool,
    }
    let what = "要リスク評価の項目のリスクを評価し、対応を決めて承認";
    stage.step("医療機関", what, || {
        let Some(Disclosure { system, sample, .. }) = disclosures.first() else {
            return Ok(());
        };
        let reviews = format!("/api/v1/systems/{system}/reviews");
        let items: List<Reviewed> = clinic.get(&reviews)?;
        let mut items = items.items.into_iter();
        let first = items.find(|item| item.now.outcome == "nonconforming");
        let Some(Reviewed { item, number, .. }) = first else {
            return Ok(());
        };
        let content = json!({
            "risk": "事業者が対応するまでの間、機能の不足により情報が漏えい・改ざんされるおそれがある",
            "likelihood": 1, "impact": 2, "treatment": "reduce",
            "measures": "運用規程に代替の手順を定め、毎月点検する", "owner": "情報管理責任者",
            "target_date": days_ahead(stage.ambient.clock.now(), 90),
            "decision": "事業者の対応予定までの間は、代替の手順で足りる",
        });
        let review = format!("{reviews}/{item}");
        let _: IgnoredAny = clinic.put(&review, &content)?;
        let _: IgnoredAny = clinic.post_empty(&format!("{review}/submission"))?;
        let Approved {
            leaf_index,
            approved_alone,
        } = clinic.post_empty(&format!("{review}/approval"))?;
        result(&format!("{} No.{number}（ログの{leaf_index}番）", sample.system))?;
        if approved_alone {
            result("ほかに承認できる人がいないため、作成者による承認であることも記録")?;
        }
        Ok(())
    })
}

/// The clinic freezes what it has to show, and takes it as a zip and as a PDF. The same again is the same bytes.
pub(super) fn prepare(stage: &Stage<'_>, clinic: &Session<'_>) -> Result<(), CommandError> {
    let what = "立入検査の資料を、この時点の記録で固定して出力";
    stage.step("医療機関", what, || {
        let new = json!({ "title": "立入検査（デモ）" });
        let Made { id } = clinic.post("/api/v1/inspections", &new)?;
        let inspection = format!("/api/v1/inspections/{id}");
        let taken = |name: &str, what: &str| {
            let path = stage.folder.path(name);
            clinic.download(&format!("{inspection}/{what}"), &path)?;
            let bytes = fs::read(&path).map_err(CommandError::file(&path))?;
            Ok::<_, CommandError>((path, bytes))
        };
        let (package, first) = taken("inspection.zip", "package")?;
        let (_, again) = taken("inspection.zip", "package")?;
        if first != again {
            let detail = "the inspection's package is not the same bytes again";
            return Err(CommandError::Mismatch(detail.to_owned()));
        }
        let (document, _) = taken("inspection.pdf", "document")?;
        result(&format!("{} 表・証跡・PDFの一式", package.display()))?;
        result(&format!("{} 印刷用", document.display()))
    })
}
