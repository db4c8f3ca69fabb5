//! Whoever holds a link answers the request: an attested statement, which a person declares and nobody signs.
//!
//! Before the writer: read the document as an answer to what was asked, and compare it. Inside: whether the link still
//! stands; then the row, the receipt's leaf and the end of the request.

use kaiji_schema::Digest;
use kaiji_schema::comparison::compare;
use kaiji_schema::form::Form;
use kaiji_schema::reader::ReadError;
use kaiji_schema::receipt::Event;
use kaiji_schema::requirement::RequirementSets;
use kaiji_schema::sheet::answers;
use kaiji_schema::statement::{Attested, Questions};
use kaiji_schema::violation::Violations;
use serde::Serialize;
use serde_json::{Map, Value};

use super::links::{LinkError, Standing, Visitor, questions, settle_by_link, standing};
use super::submit_statement::row_of;
use super::{Assurance, ComparisonSummary, Exchange, Moment, violation};
use crate::storage::attested::{self, NewAttested};
use crate::storage::{DbConnection, Entry, Error as StorageError, Tx, requests};

/// What whoever answers by a link gets for it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Attestation {
    /// SHA-256 of the document: its name.
    pub sha256: String,
    /// The request that it answers.
    pub request: String,
    /// `MDS` or `SDS`.
    pub form: String,
    /// The edition of the form.
    pub form_edition: String,
    /// `attested`: nobody signed.
    pub assurance: Assurance,
    /// When it was received.
    #[schema(value_type = String)]
    pub received_at: Moment,
    /// Its place in the log.
    pub leaf_index: i64,
    /// The receipt (受領証), a compact JWS of the service.
    pub receipt: String,
    /// That the receipt is a leaf of the log (`c2sp.org/tlog-proof@v1`), with a checkpoint.
    pub proof: String,
    /// How it compares with the set that was asked for.
    pub comparison: ComparisonSummary,
}

/// The answers of a table, as a document has them.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SheetAnswers {
    /// `MDS` or `SDS`.
    pub form: String,
    /// The replies by question number: the `answers` of the document.
    #[schema(value_type = Object)]
    pub answers: Map<String, Value>,
}

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The link does not allow it.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The document is none, or breaks rules.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<Violations> for AnswerError {
    fn from(violations: Violations) -> Self {
        Self::Read(violations.into())
    }
}

impl Exchange {
    /// Takes the answer in: the document's exact bytes in, receipt out. The request is answered, the link used up.
    pub fn answer_by_link(
        &self,
        visitor: &Visitor,
        document: &[u8],
    ) -> Result<Attestation, AnswerError> {
        let now = self.clock.now();
        let asked = self.db.read(|c| asked_by(c, visitor, now, self.sets))?;
        let read = Attested::read(document, &asked.0, &asked.1)?;
        // What was read is UTF-8.
        let text = String::from_utf8_lossy(document).into_owned();
        let sha256 = Digest::of(document);
        let row = row_of(&compare(&read, Some(sha256), asked.1.set), asked.1.set);
        let comparison = ComparisonSummary::from(&row);
        let (visitor_again, attested) = (visitor.clone(), read.clone());
        let taken = self.write(visitor.actor(), move |tx| {
            tx.concerns(&sha256.to_string());
            let now = tx.now();
            let standing = standing(tx, &visitor_again, now)?;
            let leaf = take_in(tx, standing, sha256, &attested, &text)?;
            Ok::<_, LinkError>((leaf, Moment::from(now)))
        })?;
        let ((leaf_index, received_at), logged) = taken.into_value_and_leaf();
        let missing = || StorageError::Corrupt(format!("no leaf {leaf_index}"));
        let logged = logged.ok_or_else(missing)?;
        Ok(Attestation {
            sha256: sha256.to_string(),
            request: read.request,
            form: read.form.as_str().to_owned(),
            form_edition: read.form_edition,
            assurance: Assurance::Attested,
            received_at,
            leaf_index,
            receipt: logged.receipt,
            proof: logged.proof.to_text(),
            comparison,
        })
    }

    /// Reads a template that was filled in, for the form that is named. Nothing is stored.
    pub fn read_sheet_by_link(
        &self,
        visitor: &Visitor,
        form: &str,
        table: &[u8],
    ) -> Result<SheetAnswers, AnswerError> {
        let now = self.clock.now();
        let (_, asked) = self.db.read(|c| asked_by(c, visitor, now, self.sets))?;
        let is_named = |found: &&Form| found.kind.as_str() == form;
        let form = asked.forms().find(is_named).ok_or_else(|| {
            let detail = "must be a form that was asked for";
            violation("/form", "wrong_form", detail)
        })?;
        let replies = answers::read(table, form)?;
        let replies = replies.iter().map(|(number, reply)| {
            // Plain data: nothing that could fail.
            let reply = serde_json::to_value(reply).unwrap_or_default();
            (number.to_string(), reply)
        });
        Ok(SheetAnswers {
            form: form.kind.as_str().to_owned(),
            answers: replies.collect(),
        })
    }
}

/// The request that the link is for, and its questions.
fn asked_by(
    connection: &mut DbConnection,
    visitor: &Visitor,
    now: jiff::Timestamp,
    sets: &'static RequirementSets,
) -> Result<(String, Questions), LinkError> {
    let Standing { link, request } = standing(connection, visitor, now)?;
    let (set, forms) = questions(&link, sets)?;
    Ok((request.id, Questions { set, forms }))
}

/// Runs inside the writer: the row, the leaf, the news for the institution, and the end of the request.
fn take_in(
    tx: &mut Tx<'_>,
    standing: Standing,
    sha256: Digest,
    attested: &Attested,
    document: &str,
) -> Result<i64, StorageError> {
    let request = &standing.request;
    let missing = || StorageError::Corrupt(format!("no request {}", request.origin_id));
    let origin = requests::get(tx, &request.origin_id)?.ok_or_else(missing)?;
    let leaf = tx.append(Entry {
        institution: Some(request.institution_id.clone()),
        statement_sha256: Some(sha256),
        ..Entry::new(Event::StatementAttested)
    });
    let subject = serde_json::json!({
        "statement": sha256.to_string(), "request": origin.id, "system": origin.system_id, "form": attested.form,
    });
    tx.notify(
        &request.institution_id,
        "statement_attested",
        &subject.to_string(),
    )?;
    let row = NewAttested {
        sha256: sha256.to_string(),
        institution_id: request.institution_id.clone(),
        request_id: request.id.clone(),
        system_id: origin.system_id,
        product_id: origin.product_id,
        form: attested.form.as_str(),
        form_edition: attested.form_edition.clone(),
        product_name: attested.product_name.clone(),
        product_version: attested.product_version.clone(),
        organisation_name: attested.attested_by.organisation.clone(),
        attested_on: attested.attested_on.to_string(),
        receipt_leaf: leaf,
        received_at: tx.now().as_millisecond(),
        document: document.to_owned(),
    };
    attested::insert(tx, row)?;
    settle_by_link(tx, standing)?;
    Ok(leaf)
}
