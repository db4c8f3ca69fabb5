//! `comparison.csv` for the on-site inspection: one row an item of every statement held for every system.
//!
//! Made piece by piece: the caller asks for the next piece and sends it on, so that an inventory of ten thousand
//! systems needs no more memory than one of ten.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use kaiji_schema::comparison::{ComparedItem, Reason};
use kaiji_schema::requirement::{DEFAULT_SET, RequirementSet, requirement_set};
use kaiji_schema::sheet::{ComparisonRow as SheetRow, ComparisonSheet, Encoding, SignatureStatus};

use super::compare_system::comparison_of;
use super::cosign::line_of;
use super::piece::Piece;
use super::time::day_in_japan;
use super::{Exchange, LogError, Moment, Validity};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::organisations::{self, OrganisationRow};
use crate::storage::products::{self, ProductRow};
use crate::storage::statements::{self, HeadRow, Reader};
use crate::storage::systems::{self, SystemRow};
use crate::storage::{DbConnection, Error as StorageError};

/// How many systems (for a vendor: products) are read at a time.
const BATCH: i64 = 50;

/// How many statements' items are kept at hand, since many systems share one product.
const MOST_KEPT: usize = 64;

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The rows could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log has no checkpoint to show.
    #[error(transparent)]
    Checkpoint(#[from] LogError),
    /// A row could not be written as CSV.
    #[error("a row could not be written: {0}")]
    Write(#[from] io::Error),
}

/// An export in progress.
pub struct ComparisonExport {
    actor: Actor,
    /// `None` once the last row is written.
    sheet: Option<ComparisonSheet<Piece>>,
    piece: Piece,
    set: &'static RequirementSet,
    set_sha256: String,
    /// The last system (product) that was written.
    after: String,
    owner: Option<OrganisationRow>,
    /// The log's checkpoint when it was begun: the signed note, and in one line.
    checkpoint: (String, String),
    kept: HashMap<String, Arc<Held>>,
}

/// A statement's part of the rows.
struct Held {
    vendor: String,
    corporate_number: String,
    product: String,
    version: String,
    form: String,
    form_edition: String,
    issued_on: String,
    received_on: String,
    signature: &'static str,
    items: Vec<ItemCells>,
}

/// The cells that an item fills, ready for every system that has the product.
struct ItemCells {
    chapter: String,
    number: String,
    text: String,
    answer: String,
    remark: String,
    judgement: &'static str,
    reason: &'static str,
}

impl ItemCells {
    fn of(item: &ComparedItem<'_>, set: &RequirementSet) -> Self {
        let row = SheetRow::default().of_item(item, Some(set));
        Self {
            chapter: row.chapter.into_owned(),
            number: row.number.into_owned(),
            text: row.text.into_owned(),
            answer: row.answer.into_owned(),
            remark: row.remark.into_owned(),
            judgement: item.outcome.label(),
            reason: item.reason.map_or("", Reason::label),
        }
    }
}

/// What the rows say about the institution and its system.
struct Place<'a> {
    institution_code: &'a str,
    institution: &'a str,
    system: &'a str,
    /// The log's checkpoint at the time of the export.
    checkpoint: &'a str,
}

impl Exchange {
    /// Begins the export of what the caller holds: an institution its systems, a vendor its own products.
    pub fn export_comparison(
        &self,
        actor: &Actor,
        encoding: Encoding,
    ) -> Result<ComparisonExport, ExportError> {
        let set = requirement_set(DEFAULT_SET)
            .ok_or_else(|| StorageError::Corrupt(format!("no requirement set {DEFAULT_SET}")))?;
        let owner = self
            .db
            .read(|c| organisations::find(c, &actor.organisation))?;
        let note = self.checkpoint()?;
        let line = line_of(&note)?;
        let piece = Piece::default();
        Ok(ComparisonExport {
            actor: actor.clone(),
            sheet: Some(ComparisonSheet::new(piece.clone(), encoding)?),
            piece,
            set,
            set_sha256: set.digest().to_string(),
            after: String::new(),
            owner,
            checkpoint: (note, line),
            kept: HashMap::new(),
        })
    }

    /// The next piece of the file; `None` after the last.
    pub fn continue_export(
        &self,
        export: &mut ComparisonExport,
    ) -> Result<Option<Vec<u8>>, ExportError> {
        let Some(sheet) = export.sheet.take() else {
            return Ok(None);
        };
        let (mut sheet, more) = self.db.read(|c| match export.actor.kind {
            OrganisationKind::Vendor => export.write_products(c, sheet),
            OrganisationKind::Institution | OrganisationKind::Operator => {
                export.write_systems(c, sheet)
            }
        })?;
        sheet.flush()?;
        if more {
            export.sheet = Some(sheet);
        }
        Ok(Some(export.piece.take()))
    }
}

type Written = Result<(ComparisonSheet<Piece>, bool), ExportError>;

impl ComparisonExport {
    /// The log's checkpoint when the export was begun, a signed note.
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint.0
    }

    fn write_systems(
        &mut self,
        connection: &mut DbConnection,
        mut sheet: ComparisonSheet<Piece>,
    ) -> Written {
        let systems = systems::list(connection, &self.actor.organisation, &self.after, BATCH)?;
        for system in &systems {
            let heads = match &system.product_id {
                Some(product) => {
                    let reader = Reader::Institution(&self.actor.organisation);
                    statements::heads(connection, reader, product, &self.set_sha256)?
                }
                None => Vec::new(),
            };
            if heads.is_empty() {
                let (vendor, product) = named(connection, system)?;
                sheet.row(&not_received(&self.place(&system.name), &vendor, &product))?;
            }
            for head in heads {
                let held = self.held(connection, head)?;
                write_items(&mut sheet, &self.place(&system.name), &held)?;
            }
        }
        Ok((sheet, self.advance(systems.last().map(|system| &system.id))))
    }

    fn write_products(
        &mut self,
        connection: &mut DbConnection,
        mut sheet: ComparisonSheet<Piece>,
    ) -> Written {
        let products = products::list(connection, &self.actor.organisation, &self.after, BATCH)?;
        let checkpoint = self.checkpoint.1.clone();
        let nowhere = Place {
            institution_code: "",
            institution: "",
            system: "",
            checkpoint: &checkpoint,
        };
        for product in &products {
            let reader = Reader::Vendor(&self.actor.organisation);
            for head in statements::heads(connection, reader, &product.id, &self.set_sha256)? {
                let held = self.held(connection, head)?;
                write_items(&mut sheet, &nowhere, &held)?;
            }
        }
        Ok((
            sheet,
            self.advance(products.last().map(|product| &product.id)),
        ))
    }

    /// Notes how far the export has come. Answers whether there may be more.
    fn advance(&mut self, last: Option<&String>) -> bool {
        if let Some(last) = last {
            self.after.clone_from(last);
        }
        last.is_some()
    }

    fn place<'a>(&'a self, system: &'a str) -> Place<'a> {
        let owner = self.owner.as_ref();
        Place {
            institution_code: owner
                .and_then(|owner| owner.medical_institution_code.as_deref())
                .unwrap_or_default(),
            institution: owner.map(|owner| owner.name.as_str()).unwrap_or_default(),
            system,
            checkpoint: &self.checkpoint.1,
        }
    }

    fn held(
        &mut self,
        connection: &mut DbConnection,
        head: HeadRow,
    ) -> Result<Arc<Held>, ExportError> {
        let sha256 = head.statement.sha256.clone();
        if let Some(held) = self.kept.get(&sha256) {
            return Ok(Arc::clone(held));
        }
        let held = Arc::new(read_held(connection, head, self.set)?);
        if self.kept.len() >= MOST_KEPT {
            self.kept.clear();
        }
        self.kept.insert(sha256, Arc::clone(&held));
        Ok(held)
    }
}

fn read_held(
    connection: &mut DbConnection,
    head: HeadRow,
    set: &RequirementSet,
) -> Result<Held, ExportError> {
    let HeadRow {
        statement,
        signer,
        comparison: kept,
        ..
    } = head;
    let vendor = organisations::find(connection, &statement.vendor_id)?;
    let comparison = comparison_of(connection, &statement, kept, set)?;
    let items: Vec<ComparedItem<'_>> =
        serde_json::from_str(&comparison.items).map_err(|error| {
            StorageError::Corrupt(format!("comparison of {}: {error}", statement.sha256))
        })?;
    Ok(Held {
        signature: signature_label(Validity::of(&statement, signer)),
        vendor: vendor
            .as_ref()
            .map(|vendor| vendor.name.clone())
            .unwrap_or_default(),
        corporate_number: vendor
            .and_then(|vendor| vendor.corporate_number)
            .unwrap_or_default(),
        product: statement.product_name,
        version: statement.product_version,
        form: statement.form,
        form_edition: statement.form_edition,
        issued_on: statement.issued_on,
        received_on: day_in_japan(Moment(statement.received_at).timestamp()).to_string(),
        items: items.iter().map(|item| ItemCells::of(item, set)).collect(),
    })
}

fn write_items(
    sheet: &mut ComparisonSheet<Piece>,
    place: &Place<'_>,
    held: &Held,
) -> Result<(), ExportError> {
    let common = SheetRow {
        institution_code: place.institution_code,
        institution: place.institution,
        system: place.system,
        checkpoint: place.checkpoint,
        vendor: &held.vendor,
        corporate_number: &held.corporate_number,
        product: &held.product,
        version: &held.version,
        form: &held.form,
        form_edition: &held.form_edition,
        issued_on: &held.issued_on,
        received_on: &held.received_on,
        signature: held.signature,
        ..SheetRow::default()
    };
    for item in &held.items {
        sheet.row(&SheetRow {
            chapter: item.chapter.as_str().into(),
            number: item.number.as_str().into(),
            text: item.text.as_str().into(),
            answer: item.answer.as_str().into(),
            remark: item.remark.as_str().into(),
            judgement: item.judgement,
            reason: item.reason,
            ..common.clone()
        })?;
    }
    Ok(())
}

fn not_received<'a>(
    place: &Place<'a>,
    vendor: &'a OrganisationName,
    product: &'a str,
) -> SheetRow<'a> {
    let row = SheetRow {
        institution_code: place.institution_code,
        institution: place.institution,
        system: place.system,
        checkpoint: place.checkpoint,
        vendor: &vendor.name,
        corporate_number: &vendor.corporate_number,
        product,
        ..SheetRow::default()
    };
    row.not_received()
}

/// What a system's vendor is called, and its 法人番号 where it is registered.
#[derive(Default)]
pub(super) struct OrganisationName {
    pub(super) name: String,
    corporate_number: String,
}

/// The names of a system's vendor and product: the registered ones, or what the institution wrote.
pub(super) fn named(
    connection: &mut DbConnection,
    system: &SystemRow,
) -> Result<(OrganisationName, String), StorageError> {
    let linked: Option<ProductRow> = match &system.product_id {
        Some(id) => products::find(connection, id)?,
        None => None,
    };
    let Some(product) = linked else {
        let name = system.vendor_name.clone().unwrap_or_default();
        let vendor = OrganisationName {
            name,
            corporate_number: String::new(),
        };
        return Ok((vendor, system.product_name.clone().unwrap_or_default()));
    };
    let vendor =
        organisations::find(connection, &product.vendor_id)?.map(|vendor| OrganisationName {
            name: vendor.name,
            corporate_number: vendor.corporate_number.unwrap_or_default(),
        });
    Ok((vendor.unwrap_or_default(), product.name))
}

fn signature_label(validity: Validity) -> &'static str {
    let status = match validity {
        Validity::Valid | Validity::Superseded => SignatureStatus::Valid,
        Validity::ValidKeyLaterRevoked => SignatureStatus::KeyRevokedLater,
        Validity::ToBeSignedAgain => SignatureStatus::ResignRequired,
        Validity::Withdrawn => SignatureStatus::Withdrawn,
    };
    status.label()
}
