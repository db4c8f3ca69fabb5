//! `systems.csv`: the inventory (医療情報システム一覧) for people, made piece by piece. [`Exchange::import_systems`]
//! reads it again.

use kaiji_schema::sheet::Encoding;
use kaiji_schema::sheet::inventory::InventorySheet;
use serde_json::{Map, Value};

use super::cosign::line_of;
use super::export_comparison::named;
use super::piece::Piece;
use super::{Exchange, ExportError, SystemView};
use crate::actor::Actor;
use crate::storage::systems::{self, SystemRow};
use crate::storage::{DbConnection, Error as StorageError};

/// How many systems are read at a time.
const BATCH: i64 = 500;

/// An export in progress.
pub struct SystemsExport {
    institution: String,
    /// `None` once the last row is written.
    sheet: Option<InventorySheet<Piece>>,
    piece: Piece,
    /// The last system that was written.
    after: String,
    checkpoint: String,
}

impl SystemsExport {
    /// The log's checkpoint when the export was begun, a signed note.
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }
}

impl Exchange {
    /// Begins the export of the institution's inventory.
    pub fn export_systems(
        &self,
        actor: &Actor,
        encoding: Encoding,
    ) -> Result<SystemsExport, ExportError> {
        let checkpoint = self.checkpoint()?;
        let piece = Piece::default();
        let line = line_of(&checkpoint)?;
        Ok(SystemsExport {
            institution: actor.organisation.clone(),
            sheet: Some(InventorySheet::new(piece.clone(), encoding, line)?),
            piece,
            after: String::new(),
            checkpoint,
        })
    }

    /// The next piece of the file; `None` after the last.
    pub fn continue_systems_export(
        &self,
        export: &mut SystemsExport,
    ) -> Result<Option<Vec<u8>>, ExportError> {
        let Some(mut sheet) = export.sheet.take() else {
            return Ok(None);
        };
        let after = &export.after;
        let (rows, last) = self.db.read(|c| {
            let rows = systems::list(c, &export.institution, after, BATCH)?;
            let last = rows.last().map(|row| row.id.clone());
            let shown = rows.into_iter().map(|row| shown(c, row));
            Ok::<_, StorageError>((shown.collect::<Result<Vec<_>, _>>()?, last))
        })?;
        for row in &rows {
            sheet.row(row)?;
        }
        sheet.flush()?;
        if let Some(last) = last {
            export.after = last;
            export.sheet = Some(sheet);
        }
        Ok(Some(export.piece.take()))
    }
}

/// A system's document, member by member, as the table shows it: where the institution names neither vendor nor product
/// itself, with the names of the product that it linked.
pub(super) fn shown(
    connection: &mut DbConnection,
    row: SystemRow,
) -> Result<Map<String, Value>, StorageError> {
    let names = match row.product_id {
        Some(_) => Some(named(connection, &row)?),
        None => None,
    };
    // Serialising plain data to memory has nothing that could fail.
    let Ok(Value::Object(mut members)) = serde_json::to_value(SystemView::from(row)) else {
        return Ok(Map::new());
    };
    if let Some((vendor, product)) = names {
        for (member, name) in [("vendor_name", vendor.name), ("product_name", product)] {
            if members.get(member).is_none_or(Value::is_null) {
                members.insert(member.to_owned(), name.into());
            }
        }
    }
    Ok(members)
}
