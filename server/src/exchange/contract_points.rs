//! What an institution confirmed with the vendor of a system (guideline 7.0, section 5 ③ and ④): the points of the
//! contract and where each is written, and the vendor's certificates. One list for each system, with its history.

mod said;

use jiff::civil::Date;
use kaiji_schema::contract::{
    ContractPoint, ContractPoints, DEFAULT_POINTS, PointKind, PointState, Tier, contract_points,
    has_expired,
};
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::evidence_files::name_evidence_files;
use super::records::{
    Change, ChangeView, Record, RecordError, RecordKind, all_records, find_record,
};
use super::time::day_in_japan;
use super::{Exchange, Moment, Page, Revision, Window};
use crate::actor::Actor;
use crate::storage::{DbConnection, Error as StorageError, Tx, systems};

pub use said::PointsSaid;

use said::PointSaid;

/// The contract points of a system.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ContractPointsView {
    /// The system.
    pub system: String,
    /// What the institution calls it.
    pub name: String,
    /// The list of points.
    pub list: &'static str,
    /// How many of the nine points of the contract (④) are confirmed or not applicable.
    pub settled: usize,
    /// How many there are.
    pub contract_points: usize,
    /// Whether a certificate (③) is confirmed and has not expired.
    pub is_certified: bool,
    /// Every point, whether anything was said of it or not.
    pub points: Vec<PointView>,
    /// When anything was said last.
    #[schema(value_type = Option<String>)]
    pub updated_at: Option<Moment>,
    /// Counts the changes.
    #[serde(skip)]
    pub revision: i64,
}

/// A point as it stands.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PointView {
    /// The point's id, such as `contract-6`.
    pub point: &'static str,
    /// The item of the checklist that asks for it: `5 ④`.
    pub item: &'static str,
    /// `contract`, `selection` or `certificate`.
    #[schema(value_type = String)]
    pub kind: PointKind,
    /// Of a certificate: `first`, `alternative` or `audit`.
    #[schema(value_type = Option<String>)]
    pub tier: Option<Tier>,
    /// Its wording.
    pub text: &'static str,
    /// `confirmed` (確認済), `not_confirmed` (未確認) or `not_applicable` (対象外).
    #[schema(value_type = String)]
    pub state: PointState,
    /// In which document it is written.
    pub written_in: Option<String>,
    /// Where in it.
    pub clause: Option<String>,
    /// The day on which it was confirmed.
    #[schema(value_type = Option<String>)]
    pub confirmed_on: Option<Date>,
    /// A certificate's number.
    pub certificate_number: Option<String>,
    /// The last day on which a certificate is good.
    #[schema(value_type = Option<String>)]
    pub expires_on: Option<Date>,
    /// Whether that day has passed.
    pub expired: bool,
    /// A note.
    pub note: Option<String>,
    /// The digests of the evidence files.
    pub evidence_files: Vec<String>,
}

fn kept_list() -> Result<&'static ContractPoints, StorageError> {
    contract_points(DEFAULT_POINTS)
        .ok_or_else(|| StorageError::Corrupt(format!("no contract points {DEFAULT_POINTS}")))
}

/// The contract points of every system of the institution's inventory, in its order, as they stand on that day.
pub(super) fn contract_points_of(
    connection: &mut DbConnection,
    institution: &str,
    today: Date,
) -> Result<Vec<ContractPointsView>, StorageError> {
    let list = kept_list()?;
    let records: Vec<Record<PointsSaid>> =
        all_records(connection, institution, RecordKind::ContractPoints)?;
    let inventory = systems::all(connection, institution)?.into_iter();
    let views = inventory.map(|system| {
        let record = records.iter().find(|record| record.subject == system.id);
        shown(list, system.id, system.name, record, today)
    });
    Ok(views.collect())
}

impl Exchange {
    /// The contract points of one of the institution's systems.
    pub fn find_contract_points(
        &self,
        actor: &Actor,
        system: &str,
    ) -> Result<ContractPointsView, RecordError> {
        let (institution, today) = (&actor.organisation, day_in_japan(self.clock.now()));
        self.db.read(|c| {
            let name = system_name(c, institution, system)?;
            let record = find_record(c, institution, RecordKind::ContractPoints, system)?;
            let view = shown(
                kept_list()?,
                system.to_owned(),
                name,
                record.as_ref(),
                today,
            );
            Ok(view)
        })
    }

    /// What was said of them, from the first time on.
    pub fn contract_points_history(
        &self,
        actor: &Actor,
        system: &str,
        window: &Window,
    ) -> Result<Page<ChangeView>, RecordError> {
        let institution = &actor.organisation;
        self.db.read(|c| system_name(c, institution, system))?;
        Ok(self.record_history(actor, RecordKind::ContractPoints, system, window)?)
    }

    /// The institution says how the points of a system stand: all of them, those that are left out being unconfirmed.
    pub fn say_of_contract_points(
        &self,
        actor: &Actor,
        system: &str,
        said: PointsSaid,
        expected: Option<Revision>,
    ) -> Result<ContractPointsView, RecordError> {
        let today = day_in_japan(self.clock.now());
        said.check(kept_list()?, today)?;
        let (id, saying) = (system.to_owned(), actor.clone());
        let changed = self.write(actor, move |tx| {
            let name = system_name(tx, &saying.organisation, &id)?;
            Ok::<_, RecordError>((name, put(tx, &saying, &id, &said, expected)?))
        })?;
        let (name, record) = changed.value;
        Ok(shown(
            kept_list()?,
            system.to_owned(),
            name,
            Some(&record),
            today,
        ))
    }
}

/// What the institution calls that system of its own.
fn system_name(
    connection: &mut DbConnection,
    institution: &str,
    system: &str,
) -> Result<String, RecordError> {
    let row = systems::find(connection, institution, system)?;
    row.map(|row| row.name).ok_or(RecordError::NotFound)
}

/// Runs inside the writer.
fn put(
    tx: &mut Tx<'_>,
    actor: &Actor,
    system: &str,
    said: &PointsSaid,
    expected: Option<Revision>,
) -> Result<Record<PointsSaid>, RecordError> {
    let mut missing = Vec::new();
    for (point, said) in &said.points {
        let (files, pointer) = (said.files(), format!("/points/{point}/evidence_files"));
        missing.extend(name_evidence_files(
            tx,
            &actor.organisation,
            &files,
            &pointer,
        )?);
    }
    Violations::from_vec(missing)?;
    let change = Change {
        actor,
        kind: RecordKind::ContractPoints,
        subject: system,
        expected,
    };
    change.make(tx, said.clone())
}

fn shown(
    list: &'static ContractPoints,
    system: String,
    name: String,
    record: Option<&Record<PointsSaid>>,
    today: Date,
) -> ContractPointsView {
    let said = |point: &ContractPoint| record?.document.points.get(&point.id);
    let points = list.points.iter();
    let points =
        points.map(|point| point_view(point, said(point).cloned().unwrap_or_default(), today));
    let points: Vec<PointView> = points.collect();
    let contract = || {
        points
            .iter()
            .filter(|point| point.kind == PointKind::Contract)
    };
    let certificates = points
        .iter()
        .filter(|point| point.kind == PointKind::Certificate);
    let is_good = |point: &PointView| point.state == PointState::Confirmed && !point.expired;
    ContractPointsView {
        system,
        name,
        list: &list.id,
        settled: contract()
            .filter(|point| point.state != PointState::NotConfirmed)
            .count(),
        contract_points: contract().count(),
        is_certified: certificates.into_iter().any(is_good),
        updated_at: record.map(|record| record.changed_at),
        revision: record.map_or(0, |record| record.revision),
        points,
    }
}

fn point_view(point: &'static ContractPoint, said: PointSaid, today: Date) -> PointView {
    PointView {
        point: &point.id,
        item: &point.item,
        kind: point.kind,
        tier: point.tier,
        text: &point.text,
        state: said.state,
        written_in: said.written_in,
        clause: said.clause,
        confirmed_on: said.confirmed_on,
        certificate_number: said.certificate_number,
        expired: has_expired(said.expires_on, today),
        expires_on: said.expires_on,
        note: said.note,
        evidence_files: said.evidence_files,
    }
}
