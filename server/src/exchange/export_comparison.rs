//! `comparison.csv` for the on-site inspection: one row an item of every statement held for every system.
//!
//! Made piece by piece: the caller asks for the next piece and sends it on, so that an inventory of ten thousand
//! systems needs no more memory than one of ten.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use kaiji_schema::comparison::ComparedItem;
use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::sheet::{
    ComparisonRow as SheetRow, ComparisonSheet, Encoding, ReadyRows, SignatureStatus,
};

use super::compare_system::comparison_of;
use super::cosign::line_of;
use super::read_attested::{compared, standing_in};
use super::time::day_in_japan;
use super::{Exchange, LogError, Moment, Validity};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::attested::WholeAttestedRow;
use crate::storage::comparisons::{self, ComparisonRow};
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
    encoding: Encoding,
    /// What was written since the last piece was taken away.
    piece: Vec<u8>,
    is_complete: bool,
    set: &'static RequirementSet,
    set_sha256: String,
    /// The last system (product) that was written.
    after: String,
    owner: Option<OrganisationRow>,
    /// The log's checkpoint when it was begun: the signed note, and in one line.
    checkpoint: (String, String),
    /// A statement's part of the rows, ready for every system that has the product.
    kept: HashMap<String, Arc<ReadyRows>>,
}

impl Exchange {
    /// Begins the export of what the caller holds: an institution its systems, a vendor its own products.
    pub fn export_comparison(
        &self,
        actor: &Actor,
        encoding: Encoding,
    ) -> Result<ComparisonExport, ExportError> {
        let set = self.sets.current();
        let owner = self
            .db
            .read(|c| organisations::find(c, &actor.organisation))?;
        let note = self.checkpoint()?;
        let line = line_of(&note)?;
        let (header, _) = ComparisonSheet::new(Vec::new(), encoding)?.finish()?;
        Ok(ComparisonExport {
            actor: actor.clone(),
            encoding,
            piece: header,
            is_complete: false,
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
        if export.is_complete {
            return Ok(None);
        }
        let last = self.db.read(|c| match export.actor.kind {
            OrganisationKind::Vendor => export.write_products(c),
            OrganisationKind::Institution | OrganisationKind::Operator => export.write_systems(c),
        })?;
        match last {
            Some(last) => export.after = last,
            None => export.is_complete = true,
        }
        Ok(Some(std::mem::take(&mut export.piece)))
    }
}

impl ComparisonExport {
    /// The log's checkpoint when the export was begun, a signed note.
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint.0
    }

    /// Writes the next systems. Answers the last of them; `None` where there are no more.
    fn write_systems(
        &mut self,
        connection: &mut DbConnection,
    ) -> Result<Option<String>, ExportError> {
        let systems = systems::list(connection, &self.actor.organisation, &self.after, BATCH)?;
        for system in &systems {
            let heads = match &system.product_id {
                Some(product) => {
                    let reader = Reader::Institution(&self.actor.organisation);
                    statements::heads(connection, reader, product)?
                }
                None => Vec::new(),
            };
            let signed: Vec<_> = heads.iter().map(|head| &head.statement).collect();
            let attested = standing_in(connection, system, &signed)?;
            let mut rows = Vec::new();
            for head in heads {
                rows.push(self.ready(connection, head)?);
            }
            for row in &attested {
                rows.push(Arc::new(self.attested_rows(row)?));
            }
            if rows.is_empty() {
                rows.push(Arc::new(self.not_received(connection, system)?));
            }
            self.write(&rows, &system.name)?;
        }
        Ok(systems.into_iter().next_back().map(|system| system.id))
    }

    /// Writes the next products of a vendor, which have no place.
    fn write_products(
        &mut self,
        connection: &mut DbConnection,
    ) -> Result<Option<String>, ExportError> {
        let products = products::list(connection, &self.actor.organisation, &self.after, BATCH)?;
        for product in &products {
            let reader = Reader::Vendor(&self.actor.organisation);
            let heads = statements::heads(connection, reader, &product.id)?.into_iter();
            let ready = heads.map(|head| self.ready(connection, head));
            let rows = ready.collect::<Result<Vec<_>, _>>()?;
            self.write(&rows, "")?;
        }
        Ok(products.into_iter().next_back().map(|product| product.id))
    }

    fn write(&mut self, rows: &[Arc<ReadyRows>], system: &str) -> io::Result<()> {
        let owner = self.owner.as_ref();
        let owner = owner.filter(|_| self.actor.kind != OrganisationKind::Vendor);
        let code = owner.and_then(|owner| owner.medical_institution_code.as_deref());
        let place = SheetRow {
            institution_code: code.unwrap_or_default(),
            institution: owner.map_or("", |owner| &owner.name),
            system,
            ..SheetRow::default()
        };
        let place = ReadyRows::new(self.encoding, [place.place_cells()])?;
        for rows in rows {
            rows.write_behind(&place, &mut self.piece);
        }
        Ok(())
    }

    fn ready(
        &mut self,
        connection: &mut DbConnection,
        head: HeadRow,
    ) -> Result<Arc<ReadyRows>, ExportError> {
        let sha256 = head.statement.sha256.clone();
        if let Some(rows) = self.kept.get(&sha256) {
            return Ok(Arc::clone(rows));
        }
        let rows = Arc::new(self.rows_of(connection, head)?);
        if self.kept.len() >= MOST_KEPT {
            self.kept.clear();
        }
        self.kept.insert(sha256, Arc::clone(&rows));
        Ok(rows)
    }

    fn rows_of(
        &self,
        connection: &mut DbConnection,
        head: HeadRow,
    ) -> Result<ReadyRows, ExportError> {
        let HeadRow { statement, signer } = head;
        let vendor = organisations::find(connection, &statement.vendor_id)?;
        let kept = comparisons::find(connection, &statement.sha256, &self.set_sha256)?;
        let comparison = comparison_of(connection, &statement, kept, self.set)?;
        let received_on = day_in_japan(Moment(statement.received_at).timestamp()).to_string();
        let number = vendor
            .as_ref()
            .and_then(|vendor| vendor.corporate_number.as_deref());
        let common = SheetRow {
            vendor: vendor.as_ref().map_or("", |vendor| &vendor.name),
            corporate_number: number.unwrap_or_default(),
            product: &statement.product_name,
            version: &statement.product_version,
            form: &statement.form,
            form_edition: &statement.form_edition,
            issued_on: &statement.issued_on,
            received_on: &received_on,
            signature: signature_label(Validity::of(&statement, signer)),
            checkpoint: &self.checkpoint.1,
            ..SheetRow::default()
        };
        self.item_rows(&common, &comparison)
    }

    /// Of an attested statement: nobody is known to have signed, so that there is no 法人番号 either.
    fn attested_rows(&self, row: &WholeAttestedRow) -> Result<ReadyRows, ExportError> {
        let statement = &row.statement;
        let received_on = day_in_japan(Moment(statement.received_at).timestamp()).to_string();
        let common = SheetRow {
            vendor: &statement.organisation_name,
            product: &statement.product_name,
            version: &statement.product_version,
            form: &statement.form,
            form_edition: &statement.form_edition,
            issued_on: &statement.attested_on,
            received_on: &received_on,
            signature: SignatureStatus::Attested.label(),
            checkpoint: &self.checkpoint.1,
            ..SheetRow::default()
        };
        self.item_rows(&common, &compared(row, self.set)?)
    }

    /// A row for each item, behind what is common to them.
    fn item_rows(
        &self,
        common: &SheetRow<'_>,
        comparison: &ComparisonRow,
    ) -> Result<ReadyRows, ExportError> {
        let items: Vec<ComparedItem<'_>> =
            serde_json::from_str(&comparison.items).map_err(|error| {
                let statement = &comparison.statement_sha256;
                StorageError::Corrupt(format!("comparison of {statement}: {error}"))
            })?;
        let rows = items
            .iter()
            .map(|item| common.of_item(item, Some(self.set)));
        let rows: Vec<_> = rows.collect();
        let cells = rows.iter().map(SheetRow::statement_cells);
        Ok(ReadyRows::new(self.encoding, cells)?)
    }

    fn not_received(
        &self,
        connection: &mut DbConnection,
        system: &SystemRow,
    ) -> Result<ReadyRows, ExportError> {
        let (vendor, product) = named(connection, system)?;
        let row = SheetRow {
            vendor: &vendor.name,
            corporate_number: &vendor.corporate_number,
            product: &product,
            checkpoint: &self.checkpoint.1,
            ..SheetRow::default()
        };
        let row = row.not_received();
        Ok(ReadyRows::new(self.encoding, [row.statement_cells()])?)
    }
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
