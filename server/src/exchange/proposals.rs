//! What the institution should ask for now, and why: what is missing, and when it is time again.

use jiff::civil::Date;
use kaiji_schema::renewal::{HeldStatement, Occasion, SystemNow, occasions};
use serde::Serialize;

use super::export_comparison::named;
use super::read_attested::standing_in;
use super::scope::QuestionView;
use super::time::day_in_japan;
use super::{Assurance, Exchange, Moment};
use crate::actor::Actor;
use crate::storage::statements::{self, Reader, StatementRow};
use crate::storage::systems::{self, SystemRow};
use crate::storage::{DbConnection, Error as StorageError, products, requests};

/// A system for which a statement should be asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProposalView {
    /// The system.
    pub system: String,
    /// What the institution calls it.
    pub name: String,
    /// Why, the weightiest first.
    pub occasions: Vec<OccasionView>,
    /// What is held for it: `signed`, `attested` where nothing of it is signed, null where nothing is held.
    pub assurance: Option<Assurance>,
    /// The request for it that waits for an answer already.
    pub open_request: Option<String>,
    /// The request to make, ready to be sent (`POST /api/v1/requests`) where the product is registered; nothing where one
    /// is open.
    pub ask: Option<QuestionView>,
}

/// Why a statement should be asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OccasionView {
    /// `missing`, `withdrawn`, `contract_renewed`, `version_installed`, `version_offered` or `year_passed`.
    pub occasion: &'static str,
    /// The same for people.
    pub label: &'static str,
}

impl Exchange {
    /// Every system of the inventory for which something should be asked for today.
    pub fn proposals(&self, actor: &Actor) -> Result<Vec<ProposalView>, StorageError> {
        let today = day_in_japan(self.clock.now());
        self.db.read(|c| {
            let rows = systems::all(c, &actor.organisation)?.into_iter();
            let proposals = rows.map(|row| proposal(c, row, today));
            let proposals = proposals.collect::<Result<Vec<_>, StorageError>>()?;
            Ok(proposals.into_iter().flatten().collect())
        })
    }
}

/// What should be asked for about one system, if anything.
pub(super) fn proposal(
    connection: &mut DbConnection,
    row: SystemRow,
    today: Date,
) -> Result<Option<ProposalView>, StorageError> {
    let product = match &row.product_id {
        Some(id) => products::find(connection, id)?,
        None => None,
    };
    let heads = match &product {
        Some(product) => {
            let reader = Reader::Institution(&row.institution_id);
            statements::heads(connection, reader, &product.id)?
        }
        None => Vec::new(),
    };
    let signed: Vec<StatementRow> = heads.into_iter().map(|head| head.statement).collect();
    let (held, assurance) = held(connection, &row, signed)?;
    let system = SystemNow {
        installed_version: row.installed_version.as_deref(),
        offered_version: product
            .as_ref()
            .and_then(|product| product.version.as_deref()),
        contract_renewal_on: row
            .contract_renewal_on
            .as_deref()
            .and_then(|day| day.parse().ok()),
    };
    let found = occasions(&held, system, today);
    if found.is_empty() {
        return Ok(None);
    }
    let open = open_request(connection, &row)?;
    let ask = match &open {
        Some(_) => None,
        None => Some(question(connection, &row, &found)?),
    };
    Ok(Some(ProposalView {
        system: row.id,
        name: row.name,
        occasions: found.into_iter().map(shown).collect(),
        assurance,
        open_request: open,
        ask,
    }))
}

/// The request for the system's product, or for the system itself, that waits for an answer.
fn open_request(
    connection: &mut DbConnection,
    row: &SystemRow,
) -> Result<Option<String>, StorageError> {
    let for_product = match &row.product_id {
        Some(product) => requests::find_open(connection, &row.institution_id, product)?,
        None => None,
    };
    let found = match for_product {
        Some(request) => Some(request),
        None => requests::find_open_for_system(connection, &row.institution_id, &row.id)?,
    };
    Ok(found.map(|request| request.id))
}

/// What is held for a system, and what it rests on.
fn held(
    connection: &mut DbConnection,
    system: &SystemRow,
    signed: Vec<StatementRow>,
) -> Result<(Vec<HeldStatement>, Option<Assurance>), StorageError> {
    let by_reference: Vec<&StatementRow> = signed.iter().collect();
    let attested = standing_in(connection, system, &by_reference)?;
    let assurance = match (signed.is_empty(), attested.is_empty()) {
        (false, _) => Some(Assurance::Signed),
        (true, false) => Some(Assurance::Attested),
        (true, true) => None,
    };
    let attested = attested.into_iter().map(|row| HeldStatement {
        product_version: row.statement.product_version,
        good_on: day_in_japan(Moment(row.statement.received_at).timestamp()),
        withdrawn: false,
    });
    let held = signed.into_iter().map(held_signed).chain(attested);
    Ok((held.collect(), assurance))
}

fn held_signed(row: StatementRow) -> HeldStatement {
    let received_on = day_in_japan(Moment(row.received_at).timestamp());
    let confirmed_on = row.confirmed_on.and_then(|day| day.parse().ok());
    HeldStatement {
        product_version: row.product_version,
        good_on: confirmed_on.map_or(received_on, |day: Date| day.max(received_on)),
        withdrawn: row.withdrawn_at.is_some(),
    }
}

fn shown(occasion: Occasion) -> OccasionView {
    OccasionView {
        occasion: occasion.as_str(),
        label: occasion.label(),
    }
}

fn question(
    connection: &mut DbConnection,
    row: &SystemRow,
    found: &[Occasion],
) -> Result<QuestionView, StorageError> {
    let (vendor, product) = named(connection, row)?;
    let called = if product.is_empty() {
        &row.name
    } else {
        &product
    };
    let reasons: Vec<_> = found.iter().map(|occasion| occasion.label()).collect();
    let wish = if found == [Occasion::Missing] {
        "開示書の提出をお願いいたします。"
    } else {
        "新しい改訂版の提出か、現在の開示書に変更がないことの確認をお願いいたします。"
    };
    Ok(QuestionView {
        message: format!(
            "当院で導入している「{called}」の医療情報セキュリティ開示書（MDS/SDS）について、{wish}（理由：{}）",
            reasons.join("、")
        ),
        product: row.product_id.clone(),
        vendor_name: Some(vendor.name).filter(|name| !name.is_empty()),
    })
}
