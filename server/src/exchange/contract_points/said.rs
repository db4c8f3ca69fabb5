//! What an institution says of contract points, and the rules that it keeps: what is confirmed has a day and, where it is
//! part of the contract, says where; numbers and last days are those of certificates.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kaiji_schema::Digest;
use kaiji_schema::contract::{ContractPoint, ContractPoints, PointKind, PointState};
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::{Violation, Violations};
use serde::{Deserialize, Serialize};

use crate::exchange::evidence_files::read_evidence_files;

const LINE: usize = 200;
const LINES: usize = 2000;

/// What an institution says of the contract points of a system, by the points' ids.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PointsSaid {
    pub(super) points: BTreeMap<String, PointSaid>,
}

/// What it says of one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct PointSaid {
    pub(super) state: PointState,
    pub(super) written_in: Option<String>,
    pub(super) clause: Option<String>,
    pub(super) confirmed_on: Option<Date>,
    pub(super) certificate_number: Option<String>,
    pub(super) expires_on: Option<Date>,
    pub(super) note: Option<String>,
    pub(super) evidence_files: Vec<String>,
}

impl FromMembers for PointsSaid {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let mut points = BTreeMap::new();
        for (point, mut members) in reader.objects("points") {
            let said = PointSaid::from_members(&mut members);
            reader.absorb(members.finish());
            points.extend(said.map(|said| (point.to_owned(), said)));
        }
        Some(Self { points })
    }
}

impl FromMembers for PointSaid {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let words = PointState::ALL.map(PointState::as_str).join(", ");
        let state = reader.required_choice("state", PointState::from_name, &words);
        let written_in = reader.optional_text("written_in", LINE);
        let clause = reader.optional_text("clause", LINE);
        let confirmed_on = reader.optional_date("confirmed_on");
        let certificate_number = reader.optional_text("certificate_number", LINE);
        let expires_on = reader.optional_date("expires_on");
        let note = reader.optional_lines("note", LINES);
        let files = read_evidence_files(reader, "evidence_files");
        Some(Self {
            state: state?,
            written_in,
            clause,
            confirmed_on,
            certificate_number,
            expires_on,
            note,
            evidence_files: files.iter().map(Digest::to_string).collect(),
        })
    }
}

impl PointsSaid {
    /// Refuses points that the list does not have, and what does not fit a point.
    pub(super) fn check(&self, list: &ContractPoints, today: Date) -> Result<(), Violations> {
        let mut found = Vec::new();
        for (id, said) in &self.points {
            match list.point(id) {
                Some(point) => said.report_unfit(point, today, &mut found),
                None => found.push(Violation::new(
                    place(id, ""),
                    "unknown_point",
                    format!("{} has no such point", list.id),
                )),
            }
        }
        Violations::from_vec(found)
    }
}

impl PointSaid {
    /// The files that it names.
    pub(super) fn files(&self) -> Vec<Digest> {
        let files = self.evidence_files.iter();
        files.filter_map(|file| file.parse().ok()).collect()
    }

    fn report_unfit(&self, point: &ContractPoint, today: Date, found: &mut Vec<Violation>) {
        let mut report = |member, code, detail: &str| {
            found.push(Violation::new(place(&point.id, member), code, detail));
        };
        let is_confirmed = self.state == PointState::Confirmed;
        if is_confirmed && self.confirmed_on.is_none() {
            report(
                "confirmed_on",
                "missing",
                "say on which day it was confirmed",
            );
        }
        if is_confirmed && point.kind == PointKind::Contract && self.written_in.is_none() {
            report(
                "written_in",
                "missing",
                "say in which document it is written",
            );
        }
        if self.confirmed_on.is_some_and(|day| day > today) {
            report("confirmed_on", "future", "must not be a day to come");
        }
        if point.kind != PointKind::Certificate {
            let detail = "only certificates have it";
            if self.certificate_number.is_some() {
                report("certificate_number", "unexpected", detail);
            }
            if self.expires_on.is_some() {
                report("expires_on", "unexpected", detail);
            }
        }
    }
}

fn place(point: &str, member: &str) -> String {
    let token = kaiji_schema::violation::escape_pointer_token(point);
    match member {
        "" => format!("/points/{token}"),
        member => format!("/points/{token}/{member}"),
    }
}
