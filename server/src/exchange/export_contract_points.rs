//! `contract-points.csv`: what the institution confirmed with the vendors of all its systems, made at once.

use std::collections::HashMap;

use jiff::civil::Date;
use kaiji_schema::sheet::Encoding;
use kaiji_schema::sheet::contract_points::{self, ContractPointRow};

use super::contract_points::{ContractPointsView, PointView, contract_points_of};
use super::time::day_in_japan;
use super::{Exchange, ExportError};
use crate::actor::Actor;
use crate::storage::{Error as StorageError, evidence_files, organisations};

impl Exchange {
    /// The contract points of every system as a table.
    pub fn export_contract_points(
        &self,
        actor: &Actor,
        encoding: Encoding,
    ) -> Result<Vec<u8>, ExportError> {
        let (institution, today) = (&actor.organisation, day_in_japan(self.clock.now()));
        let (owner, systems, files) = self.db.read(|c| {
            let owner = organisations::find(c, institution)?;
            let files = evidence_files::all_named(c, institution)?;
            Ok::<_, StorageError>((owner, contract_points_of(c, institution, today)?, files))
        })?;
        let (code, name) = owner.map_or_else(Default::default, |owner| {
            let code = owner.medical_institution_code.unwrap_or_default();
            (code, owner.name)
        });
        let names: HashMap<_, _> = files
            .into_iter()
            .map(|row| (row.sha256, row.name))
            .collect();
        let rows = systems.iter();
        let rows =
            rows.flat_map(|system| system.points.iter().map(|point| row(system, point, &names)));
        let rows: Vec<ContractPointRow> = rows.collect();
        let place = (code.as_str(), name.as_str());
        let (bytes, _) = contract_points::write_into(Vec::new(), place, &rows, encoding)?;
        Ok(bytes)
    }
}

/// The row of a point of a system; evidence files by these names.
pub(super) fn row(
    system: &ContractPointsView,
    point: &PointView,
    names: &HashMap<String, String>,
) -> ContractPointRow {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
    let files = point.evidence_files.iter();
    let files = files.filter_map(|file| names.get(file)).map(String::as_str);
    ContractPointRow {
        system: system.name.clone(),
        item: point.item.into(),
        kind: point.kind.label().into(),
        text: point.text.into(),
        state: point.state.label().into(),
        written_in: text(&point.written_in),
        clause: text(&point.clause),
        confirmed_on: day(point.confirmed_on),
        certificate_number: text(&point.certificate_number),
        expires_on: day(point.expires_on),
        expired: point.expired,
        note: text(&point.note),
        evidence_files: files.collect::<Vec<_>>().join("\n"),
    }
}
