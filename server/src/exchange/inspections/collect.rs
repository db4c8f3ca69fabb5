//! What an institution has to show, read row by row as of one moment. Statements that many systems share are read once.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use kaiji_schema::comparison::ComparedItem;
use kaiji_schema::inspection::{
    AttestedEvidence, Compared, Facts, FrozenEvidence, HeldStatement, Institution, Set, SetItem,
    SystemFact,
};
use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::sheet::{ComparisonRow as SheetRow, SignatureStatus};

use super::own_work::OwnWork;
use super::{InspectionError, NewInspection, dealings};
use crate::exchange::compare_system::{comparison_of, summary_of};
use crate::exchange::cosign::cosigned;
use crate::exchange::evidence::Anchoring;
use crate::exchange::export_comparison::{named, signature_label};
use crate::exchange::export_systems::shown;
use crate::exchange::proposals::proposal;
use crate::exchange::read_attested::{compared, standing_in};
use crate::exchange::reviews::AsOf;
use crate::exchange::time::day_in_japan;
use crate::exchange::{Exchange, LogError, Moment, ProposalView, Validity};
use crate::storage::attested::WholeAttestedRow;
use crate::storage::comparisons::{self, ComparisonRow};
use crate::storage::organisations::{self, OrganisationRow};
use crate::storage::statements::{self, HeadRow, Reader, StatementRow};
use crate::storage::systems::{self, SystemRow};
use crate::storage::{DbConnection, Error as StorageError, deliveries, log, products};

/// Collects the facts of an institution.
pub(super) struct Collector<'e> {
    institution: &'e str,
    now: Timestamp,
    set: &'static RequirementSet,
    anchoring: Anchoring<'e>,
    heads: HashMap<String, Vec<HeadRow>>,
    vendors: HashMap<String, Option<OrganisationRow>>,
    statements: BTreeMap<String, HeldStatement>,
    evidence: BTreeMap<String, FrozenEvidence>,
}

impl<'e> Collector<'e> {
    /// For that institution, under the newest checkpoint of the log.
    pub(super) fn begin(
        exchange: &'e Exchange,
        connection: &mut DbConnection,
        institution: &'e str,
        now: Timestamp,
    ) -> Result<Self, InspectionError> {
        let newest = log::newest_checkpoint(connection)?;
        let (size, note) = newest.ok_or(LogError::NoCheckpoint)?;
        let log_size = u64::try_from(size).map_err(|_| LogError::NoCheckpoint)?;
        let checkpoint = (log_size, cosigned(connection, size, note)?);
        Ok(Self {
            institution,
            now,
            set: exchange.sets.current(),
            anchoring: Anchoring::begin(exchange, connection, checkpoint, now)?,
            heads: HashMap::new(),
            vendors: HashMap::new(),
            statements: BTreeMap::new(),
            evidence: BTreeMap::new(),
        })
    }

    /// Everything, as the inspection of that id.
    pub(super) fn collect(
        mut self,
        connection: &mut DbConnection,
        id: String,
        new: &NewInspection,
    ) -> Result<Facts, InspectionError> {
        let institution = organisations::find(connection, self.institution)?;
        let institution = institution.ok_or(InspectionError::NotFound)?;
        let mut shown = Vec::new();
        for system in systems::all(connection, self.institution)? {
            shown.push(self.system(connection, system)?);
        }
        let requests = dealings::requests(connection, self.institution, &shown, self.now)?;
        let deliveries = dealings::deliveries(connection, self.institution)?;
        let as_of = AsOf {
            institution_id: self.institution,
            set: self.set,
            today: day_in_japan(self.now),
        };
        let own = OwnWork::read(connection, &institution, as_of)?;
        Ok(Facts {
            schema: Facts::SCHEMA.to_owned(),
            id,
            title: new.title.clone(),
            visit_on: new.visit_on,
            frozen_at: self.now,
            institution: Institution {
                id: institution.id,
                name: institution.name,
                code: institution.medical_institution_code,
            },
            sets: [(self.set.digest().to_string(), set_fact(self.set))].into(),
            systems: shown,
            statements: self.statements,
            matrix: own.matrix,
            reviews: own.reviews,
            checklist: own.checklist,
            contract_points: own.contract_points,
            requests,
            deliveries,
            evidence: self.evidence.into_values().collect(),
            anchors: self.anchoring.finish(),
        })
    }

    fn system(
        &mut self,
        connection: &mut DbConnection,
        system: SystemRow,
    ) -> Result<SystemFact, StorageError> {
        let heads = self.heads_of(connection, &system)?;
        let signed: Vec<&StatementRow> = heads.iter().map(|head| &head.statement).collect();
        let attested = standing_in(connection, &system, &signed)?;
        let mut held = Vec::new();
        for head in &heads {
            let sha256 = &head.statement.sha256;
            if !self.statements.contains_key(sha256) {
                self.hold(connection, head)?;
            }
            held.push((head.statement.form.clone(), sha256.clone()));
        }
        for row in &attested {
            let sha256 = row.statement.sha256.clone();
            held.push((row.statement.form.clone(), sha256.clone()));
            let statement = self.attested(row)?;
            self.statements.insert(sha256, statement);
        }
        held.sort();
        let (vendor, _) = named(connection, &system)?;
        let proposal = proposal(connection, system.clone(), day_in_japan(self.now))?;
        let reasons = |found: &ProposalView| {
            let labels = found.occasions.iter().map(|occasion| occasion.label);
            labels.collect::<Vec<_>>().join("、")
        };
        Ok(SystemFact {
            id: system.id.clone(),
            corporate_number: Some(vendor.corporate_number).filter(|number| !number.is_empty()),
            statements: held.into_iter().map(|(_, sha256)| sha256).collect(),
            proposal: proposal.as_ref().map(reasons),
            is_asked_for: proposal.is_some_and(|found| found.open_request.is_some()),
            members: shown(connection, system)?,
        })
    }

    fn heads_of(
        &mut self,
        connection: &mut DbConnection,
        system: &SystemRow,
    ) -> Result<Vec<HeadRow>, StorageError> {
        let Some(product) = &system.product_id else {
            return Ok(Vec::new());
        };
        if let Some(heads) = self.heads.get(product) {
            return Ok(heads.clone());
        }
        let reader = Reader::Institution(self.institution);
        let heads = statements::heads(connection, reader, product)?;
        self.heads.insert(product.clone(), heads.clone());
        Ok(heads)
    }

    fn vendor(
        &mut self,
        connection: &mut DbConnection,
        id: &str,
    ) -> Result<Option<OrganisationRow>, StorageError> {
        if let Some(vendor) = self.vendors.get(id) {
            return Ok(vendor.clone());
        }
        let vendor = organisations::find(connection, id)?;
        self.vendors.insert(id.to_owned(), vendor.clone());
        Ok(vendor)
    }

    /// The name of the vendor whose product it is now, where that is not the one that signed.
    fn successor(
        &mut self,
        connection: &mut DbConnection,
        statement: &StatementRow,
    ) -> Result<Option<String>, StorageError> {
        let now = products::vendor_of(connection, &statement.product_id)?;
        if now == statement.vendor_id {
            return Ok(None);
        }
        let successor = self.vendor(connection, &now)?;
        Ok(successor.map(|successor| successor.name))
    }

    /// Puts down a signed statement, its comparison and its evidence.
    fn hold(&mut self, connection: &mut DbConnection, head: &HeadRow) -> Result<(), StorageError> {
        let HeadRow { statement, signer } = head;
        let vendor = self.vendor(connection, &statement.vendor_id)?;
        let set_sha256 = self.set.digest().to_string();
        let kept = comparisons::find(connection, &statement.sha256, &set_sha256)?;
        let comparison = comparison_of(connection, statement, kept, self.set)?;
        let held = HeldStatement {
            vendor: vendor
                .as_ref()
                .map_or_else(String::new, |vendor| vendor.name.clone()),
            successor: self.successor(connection, statement)?,
            corporate_number: vendor.and_then(|vendor| vendor.corporate_number),
            product: statement.product_name.clone(),
            version: statement.product_version.clone(),
            form: statement.form.clone(),
            form_edition: statement.form_edition.clone(),
            revision: Some(statement.revision),
            issued_on: statement.issued_on.clone(),
            received_on: day_in_japan(Moment(statement.received_at).timestamp()),
            signature: signature_label(Validity::of(statement, *signer)).to_owned(),
            attested: None,
            set: set_sha256,
            summary: summary_of(&comparison),
            items: self.items(&comparison)?,
        };
        let delivery = deliveries::find(connection, self.institution, &statement.sha256)?;
        let acknowledgement = delivery.and_then(|delivery| delivery.acknowledgement_leaf);
        let evidence = self
            .anchoring
            .freeze(connection, statement, acknowledgement)?;
        self.evidence.insert(statement.sha256.clone(), evidence);
        self.statements.insert(statement.sha256.clone(), held);
        Ok(())
    }

    fn attested(&self, row: &WholeAttestedRow) -> Result<HeldStatement, StorageError> {
        let comparison = compared(row, self.set)?;
        let statement = &row.statement;
        Ok(HeldStatement {
            vendor: statement.organisation_name.clone(),
            successor: None,
            corporate_number: None,
            product: statement.product_name.clone(),
            version: statement.product_version.clone(),
            form: statement.form.clone(),
            form_edition: statement.form_edition.clone(),
            revision: None,
            issued_on: statement.attested_on.clone(),
            received_on: day_in_japan(Moment(statement.received_at).timestamp()),
            signature: SignatureStatus::Attested.label().to_owned(),
            attested: Some(AttestedEvidence {
                document: row.document.clone(),
                receipt: row.receipt.clone(),
            }),
            set: self.set.digest().to_string(),
            summary: summary_of(&comparison),
            items: self.items(&comparison)?,
        })
    }

    fn items(&self, comparison: &ComparisonRow) -> Result<Vec<Compared>, StorageError> {
        let items: Vec<ComparedItem<'_>> =
            serde_json::from_str(&comparison.items).map_err(|error| {
                let statement = &comparison.statement_sha256;
                StorageError::Corrupt(format!("comparison of {statement}: {error}"))
            })?;
        let cells = SheetRow::default();
        let items = items.iter().map(|item| {
            let cells = cells.of_item(item, Some(self.set));
            Compared {
                item: item.id.clone().into_owned(),
                outcome: item.outcome,
                reason: item.reason,
                answer: cells.answer.into_owned(),
                remark: cells.remark.into_owned(),
            }
        });
        Ok(items.collect())
    }
}

fn set_fact(set: &RequirementSet) -> Set {
    let items = set.items.iter().map(|item| {
        let fact = SetItem {
            chapter: item.chapter,
            chapter_title: item.chapter_title.clone(),
            number: item.printed_number.clone(),
            text: item.text.clone(),
        };
        (item.id.clone(), fact)
    });
    Set {
        id: set.id.clone(),
        title: set.title.clone(),
        items: items.collect(),
    }
}
