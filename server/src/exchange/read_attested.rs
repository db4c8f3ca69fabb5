//! An institution reads what was answered to it through links, and acknowledges it. Nobody else sees any of it.

use kaiji_schema::comparison::compare;
use kaiji_schema::receipt::Event;
use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::statement::Attested;
use serde::Serialize;
use serde_json::value::RawValue;

use super::acknowledge::{Given, given_with_receipt};
use super::announce::named;
use super::log::current_proof;
use super::submit_statement::row_of;
use super::{
    AcknowledgeError, Acknowledged, Assurance, Exchange, Moment, Page, ReadStatementError, Window,
    stored_digest,
};
use crate::actor::Actor;
use crate::storage::attested::{self, AttestedRow, WholeAttestedRow};
use crate::storage::comparisons::ComparisonRow;
use crate::storage::statements::StatementRow;
use crate::storage::systems::SystemRow;
use crate::storage::{DbConnection, Entry, Error as StorageError, Tx};

/// An attested statement without its answers.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AttestedView {
    /// SHA-256 of the document: its name.
    pub sha256: String,
    /// Always `attested`: a person declared it, and nobody signed.
    pub assurance: Assurance,
    /// The request that it answers; where that was forwarded, the last of the chain.
    pub request: String,
    /// The system that the institution asked about.
    pub system: Option<String>,
    /// The product that the institution asked about, where it is registered.
    pub product: Option<String>,
    /// 会社名, as the person wrote it.
    pub organisation_name: String,
    /// What the person calls the product.
    pub product_name: String,
    /// The product's version that it is about.
    pub product_version: String,
    /// `MDS` or `SDS`.
    pub form: String,
    /// The edition of the form.
    pub form_edition: String,
    /// The day of the declaration (回答日).
    pub attested_on: String,
    /// When the service received it.
    #[schema(value_type = String)]
    pub received_at: Moment,
    /// The place of its receipt in the log.
    pub leaf_index: i64,
    /// When the institution acknowledged it.
    #[schema(value_type = Option<String>)]
    pub acknowledged_at: Option<Moment>,
}

/// An attested statement as a whole.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AttestedDocument {
    /// All but the answers.
    #[serde(flatten)]
    pub statement: AttestedView,
    /// The receipt (受領証), a compact JWS of the service.
    pub receipt: String,
    /// That the receipt is a leaf of the log (`c2sp.org/tlog-proof@v1`).
    pub proof: String,
    /// The document, as the person sent it, with the name and the e-mail address to ask back.
    #[schema(value_type = Object)]
    pub document: Box<RawValue>,
}

impl From<AttestedRow> for AttestedView {
    fn from(row: AttestedRow) -> Self {
        Self {
            sha256: row.sha256,
            assurance: Assurance::Attested,
            request: row.request_id,
            system: row.system_id,
            product: row.product_id,
            organisation_name: row.organisation_name,
            product_name: row.product_name,
            product_version: row.product_version,
            form: row.form,
            form_edition: row.form_edition,
            attested_on: row.attested_on,
            received_at: Moment(row.received_at),
            leaf_index: row.receipt_leaf,
            acknowledged_at: row.acknowledged_at.map(Moment),
        }
    }
}

impl Exchange {
    /// What was answered to the institution through links, in the order in which it was received.
    pub fn list_attested(
        &self,
        actor: &Actor,
        window: &Window,
    ) -> Result<Page<AttestedView>, StorageError> {
        let after = window.after_number(-1);
        let rows = self
            .db
            .read(|c| attested::list(c, &actor.organisation, after, window.fetch()))?;
        let position = |row: &AttestedRow| row.receipt_leaf.to_string();
        Ok(window.page(rows, position, AttestedView::from))
    }

    /// One of them, with its document.
    pub fn find_attested(
        &self,
        actor: &Actor,
        sha256: &str,
    ) -> Result<AttestedDocument, ReadStatementError> {
        self.db.read(|c| {
            let row = institutions_own(c, actor, sha256)?.ok_or(ReadStatementError::NotFound)?;
            let proof = current_proof(c, row.statement.receipt_leaf)?.to_text();
            let document = RawValue::from_string(row.document);
            let document = document.map_err(|error| StorageError::Corrupt(error.to_string()))?;
            Ok(AttestedDocument {
                statement: row.statement.into(),
                receipt: row.receipt,
                proof,
                document,
            })
        })
    }

    /// Acknowledges one (受領確認). Doing it again answers the first receipt.
    pub fn acknowledge_attested(
        &self,
        actor: &Actor,
        sha256: &str,
    ) -> Result<Acknowledged, AcknowledgeError> {
        let (asking, sha256) = (actor.clone(), sha256.to_owned());
        let acknowledged = self.write(actor, move |tx| {
            let row = institutions_own(tx, &asking, &sha256)?.ok_or(AcknowledgeError::NotFound)?;
            acknowledge(tx, &asking, &row.statement)
        })?;
        Ok(given_with_receipt(acknowledged, Assurance::Attested)?)
    }
}

fn institutions_own(
    connection: &mut DbConnection,
    actor: &Actor,
    sha256: &str,
) -> Result<Option<WholeAttestedRow>, StorageError> {
    match named(sha256) {
        Some(sha256) => attested::find(connection, &actor.organisation, &sha256),
        None => Ok(None),
    }
}

/// Nobody is told: who answered has no place in the exchange.
fn acknowledge(
    tx: &mut Tx<'_>,
    asking: &Actor,
    row: &AttestedRow,
) -> Result<Given, AcknowledgeError> {
    if let Some(before) = row.acknowledgement_leaf.zip(row.acknowledged_at) {
        return Ok(Given::before(tx, row.sha256.clone(), before)?);
    }
    let leaf = tx.append(Entry {
        institution: Some(row.institution_id.clone()),
        agent: asking.agent.clone(),
        statement_sha256: Some(stored_digest(&row.sha256)?),
        ..Entry::new(Event::DeliveryAcknowledged)
    });
    let at = tx.now().as_millisecond();
    attested::acknowledge(tx, &row.sha256, leaf, at)?;
    Ok(Given::now(row.sha256.clone(), leaf, at))
}

/// The attested statements that count for a system: the newest of each form for which no signed one stands. A signed
/// one takes precedence whenever it came, unless its vendor took it back.
pub(super) fn standing_in(
    connection: &mut DbConnection,
    system: &SystemRow,
    signed: &[&StatementRow],
) -> Result<Vec<WholeAttestedRow>, StorageError> {
    let SystemRow {
        institution_id, id, ..
    } = system;
    let mut found = attested::newest(connection, institution_id, id, system.product_id.as_deref())?;
    found.retain(|attested| {
        let stands = |held: &&&StatementRow| held.withdrawn_at.is_none();
        let mut standing = signed.iter().filter(stands);
        standing.all(|held| held.form != attested.statement.form)
    });
    Ok(found)
}

/// An attested statement read back from its row.
pub(super) fn stored_attested(row: &WholeAttestedRow) -> Result<Attested, StorageError> {
    let sha256 = &row.statement.sha256;
    Attested::parse(row.document.as_bytes())
        .map_err(|error| StorageError::Corrupt(format!("attested statement {sha256}: {error}")))
}

/// How it compares. That is worked out when it is asked for: it concerns one institution alone.
pub(super) fn compared(
    row: &WholeAttestedRow,
    set: &RequirementSet,
) -> Result<ComparisonRow, StorageError> {
    let sha256 = stored_digest(&row.statement.sha256)?;
    Ok(row_of(
        &compare(&stored_attested(row)?, Some(sha256), set),
        set,
    ))
}
