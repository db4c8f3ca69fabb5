//! Gathers what the exchange knows about items of the checklist: what each system of the inventory has, and what was said
//! before. Only what the items asked about need is read.

use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan;
use jiff::civil::Date;
use kaiji_schema::checklist::{ChecklistItem, FactKind};
use kaiji_schema::requirement::RequirementSet;

use super::facts::{
    ComparisonFacts, Facts, FlaggedSystem, InformationFacts, LedgerFacts, NamedSystem,
    PartnerFacts, PartnerSystems, ReviewFacts, StatementFacts,
};
use super::said::Entry;
use super::{entries_of, kept_checklist, subject_of};
use crate::exchange::Moment;
use crate::exchange::compare_system::comparison_of;
use crate::exchange::export_comparison::named;
use crate::exchange::information_kinds::information_kinds_of;
use crate::exchange::read_attested::{compared, standing_in};
use crate::exchange::records::Record;
use crate::exchange::reviews::{self, Comparer, ReviewedItem};
use crate::storage::comparisons::CountsRow;
use crate::storage::statements::{self, Reader, StatementRow};
use crate::storage::systems::{self, SystemRow};
use crate::storage::{DbConnection, Error as StorageError};

/// What was read to know something about items.
pub(super) struct Known {
    today: Date,
    set: &'static RequirementSet,
    /// What was said of items, by subject.
    entries: HashMap<String, Entry>,
    /// How many kinds of information there are, and when that list was changed last.
    information: (usize, Option<Moment>),
    systems: Vec<SystemKnown>,
    /// How many flagged items of a system have a review in force.
    reviewed: HashMap<String, i64>,
    /// How many reviews are to be looked at again today, or were before.
    reviews_due: usize,
}

/// What is known of a system.
struct SystemKnown {
    named: NamedSystem,
    changed_at: Moment,
    /// With whom the contract is, else whose product it is.
    partner: Option<String>,
    /// Whether each column of the guideline's table is filled in.
    is_complete: bool,
    held: Vec<Held>,
}

/// A statement that is held, and how it compares.
#[derive(Clone)]
struct Held {
    sha256: String,
    received_at: Moment,
    counts: CountsRow,
}

/// What all systems with one product share.
struct ProductKnown {
    vendor: String,
    product: String,
    /// The heads, withdrawn ones among them.
    heads: Vec<(StatementRow, CountsRow)>,
}

impl Known {
    /// Reads what these kinds of facts need; statements are compared with that set.
    pub(super) fn of(
        connection: &mut DbConnection,
        institution: &str,
        kinds: &[FactKind],
        set: &'static RequirementSet,
        today: Date,
    ) -> Result<Self, StorageError> {
        let mut known = Self {
            today,
            set,
            entries: HashMap::new(),
            information: (0, None),
            systems: Vec::new(),
            reviewed: HashMap::new(),
            reviews_due: 0,
        };
        if kinds.contains(&FactKind::Review) {
            known.entries = entries_of(connection, institution)?
                .into_iter()
                .map(
                    |Record {
                         subject, document, ..
                     }| (subject, document),
                )
                .collect();
        }
        if kinds.contains(&FactKind::Information) {
            let list = information_kinds_of(connection, institution)?;
            let last = list.iter().map(|kind| kind.updated_at).max();
            known.information = (list.len(), last);
        }
        let of_systems =
            |kind: &FactKind| !matches!(kind, FactKind::Review | FactKind::Information);
        if kinds.iter().any(of_systems) {
            known.systems = systems_of(connection, institution, set)?;
        }
        let of_reviews = |kind: &FactKind| matches!(kind, FactKind::Review | FactKind::Comparisons);
        if kinds.iter().any(of_reviews) {
            known.read_reviews(connection, institution)?;
        }
        Ok(known)
    }

    fn read_reviews(
        &mut self,
        connection: &mut DbConnection,
        institution: &str,
    ) -> Result<(), StorageError> {
        let systems = systems::all(connection, institution)?;
        let mut comparer = Comparer::new(self.set);
        for item in reviews::of_systems(connection, &mut comparer, &systems, self.today)? {
            if item.is_due(self.today) {
                self.reviews_due += 1;
            }
            if item.is_in_force() && self.holds(&item) {
                *self.reviewed.entry(item.system).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Whether it is found in a statement that is counted: one that was withdrawn is not, though its reviews stand.
    fn holds(&self, item: &ReviewedItem) -> bool {
        let Some(found) = item.flagged() else {
            return false;
        };
        let sha256 = found.source.statement.to_string();
        let system = |known: &&SystemKnown| known.named.system == item.system;
        let known = self.systems.iter().find(system);
        known.is_some_and(|known| known.held.iter().any(|held| held.sha256 == sha256))
    }

    /// The facts of that kind.
    pub(super) fn facts(&self, kind: FactKind) -> Result<Facts, StorageError> {
        Ok(match kind {
            FactKind::Information => Facts::Information(InformationFacts {
                kinds: self.information.0,
                last_changed_at: self.information.1,
            }),
            FactKind::Statements => Facts::Statements(self.statements()),
            FactKind::Ledger => Facts::Ledger(self.ledger()),
            FactKind::Partners => Facts::Partners(self.partners()),
            FactKind::Comparisons => Facts::Comparisons(self.comparisons()),
            FactKind::Review => Facts::Review(self.review()?),
        })
    }

    fn those(&self, which: impl Fn(&SystemKnown) -> bool) -> Vec<NamedSystem> {
        let those = self.systems.iter().filter(|system| which(system));
        those.map(|system| system.named.clone()).collect()
    }

    fn statements(&self) -> StatementFacts {
        let held = || self.systems.iter().flat_map(|system| &system.held);
        StatementFacts {
            systems: self.systems.len(),
            statements: held().count(),
            last_received_at: held().map(|held| held.received_at).max(),
            without: self.those(|system| system.held.is_empty()),
        }
    }

    fn ledger(&self) -> LedgerFacts {
        LedgerFacts {
            systems: self.systems.len(),
            last_changed_at: self.systems.iter().map(|system| system.changed_at).max(),
            incomplete: self.those(|system| !system.is_complete),
        }
    }

    fn partners(&self) -> PartnerFacts {
        let mut partners: BTreeMap<&str, usize> = BTreeMap::new();
        for partner in self
            .systems
            .iter()
            .filter_map(|system| system.partner.as_deref())
        {
            *partners.entry(partner).or_default() += 1;
        }
        let partners = partners.into_iter().map(|(name, systems)| PartnerSystems {
            name: name.to_owned(),
            systems,
        });
        PartnerFacts {
            systems: self.systems.len(),
            partners: partners.collect(),
            without: self.those(|system| system.partner.is_none()),
        }
    }

    fn comparisons(&self) -> ComparisonFacts {
        let held = || self.systems.iter().flat_map(|system| &system.held);
        let sum = |count: fn(&CountsRow) -> i64| held().map(|held| count(&held.counts)).sum();
        let flagged = self.systems.iter().filter_map(|system| {
            let items = system.held.iter().map(|held| flagged(&held.counts)).sum();
            (items > 0).then(|| FlaggedSystem {
                items,
                reviewed: self.reviewed_of(system),
                named: system.named.clone(),
            })
        });
        ComparisonFacts {
            requirement_set: &self.set.id,
            systems: self.systems.len(),
            conforming: sum(|counts| counts.conforming),
            not_applicable: sum(|counts| counts.not_applicable),
            nonconforming: sum(|counts| counts.nonconforming),
            unconfirmed: sum(|counts| counts.unconfirmed),
            flagged: flagged.collect(),
            not_compared: self.those(|system| system.held.is_empty()),
        }
    }

    fn reviewed_of(&self, system: &SystemKnown) -> i64 {
        let reviewed = self.reviewed.get(&system.named.system);
        reviewed.copied().unwrap_or_default()
    }

    /// All items but the one that asks for it.
    fn review(&self) -> Result<ReviewFacts, StorageError> {
        let others = kept_checklist()?.items.iter();
        let others: Vec<&ChecklistItem> = others
            .filter(|item| item.facts != Some(FactKind::Review))
            .collect();
        let days = others.iter();
        let days = days.filter_map(|item| self.entries.get(&subject_of(item)));
        let days: Vec<Date> = days.map(|entry| entry.last_checked_on).collect();
        let next = |day: &Date| day.saturating_add(1.year());
        let first = days.iter().min().filter(|_| days.len() == others.len());
        Ok(ReviewFacts {
            items: others.len(),
            within_a_year: days.iter().filter(|day| next(day) > self.today).count(),
            last_checked_on: days.iter().max().copied(),
            next_due_on: first.map(next),
            reviews_due: self.reviews_due,
        })
    }
}

fn flagged(counts: &CountsRow) -> i64 {
    counts.nonconforming + counts.unconfirmed
}

/// Every system of the inventory. Systems with one product share what is read for it.
fn systems_of(
    connection: &mut DbConnection,
    institution: &str,
    set: &RequirementSet,
) -> Result<Vec<SystemKnown>, StorageError> {
    let mut products: HashMap<String, ProductKnown> = HashMap::new();
    let mut known = Vec::new();
    for row in systems::all(connection, institution)? {
        if let Some(product) = row
            .product_id
            .as_ref()
            .filter(|id| !products.contains_key(*id))
        {
            let read = product_of(connection, &row, product, set)?;
            products.insert(product.clone(), read);
        }
        let product = row.product_id.as_ref().and_then(|id| products.get(id));
        known.push(system_of(connection, row, product, set)?);
    }
    Ok(known)
}

fn product_of(
    connection: &mut DbConnection,
    system: &SystemRow,
    product_id: &str,
    set: &RequirementSet,
) -> Result<ProductKnown, StorageError> {
    let (vendor, product) = named(connection, system)?;
    let (reader, digest) = (
        Reader::Institution(&system.institution_id),
        set.digest().to_string(),
    );
    let mut heads = Vec::new();
    for head in statements::counted_heads(connection, reader, product_id, &digest)? {
        let counts = match head.counts {
            Some(counts) => counts,
            None => comparison_of(connection, &head.statement, None, set)?.into(),
        };
        heads.push((head.statement, counts));
    }
    Ok(ProductKnown {
        vendor: vendor.name,
        product,
        heads,
    })
}

fn system_of(
    connection: &mut DbConnection,
    row: SystemRow,
    product: Option<&ProductKnown>,
    set: &RequirementSet,
) -> Result<SystemKnown, StorageError> {
    let heads = product.map_or(&[][..], |product| &product.heads);
    let signed: Vec<&StatementRow> = heads.iter().map(|(statement, _)| statement).collect();
    let mut held = Vec::new();
    for attested in standing_in(connection, &row, &signed)? {
        held.push(Held {
            sha256: attested.statement.sha256.clone(),
            received_at: Moment(attested.statement.received_at),
            counts: compared(&attested, set)?.into(),
        });
    }
    let standing = heads.iter();
    let standing = standing.filter(|(statement, _)| statement.withdrawn_at.is_none());
    held.extend(standing.map(|(statement, counts)| Held {
        sha256: statement.sha256.clone(),
        received_at: Moment(statement.received_at),
        counts: *counts,
    }));
    let vendor = row
        .vendor_name
        .or_else(|| product.map(|product| product.vendor.clone()));
    let called = row
        .product_name
        .or_else(|| product.map(|product| product.product.clone()));
    Ok(SystemKnown {
        named: NamedSystem {
            system: row.id,
            name: row.name,
        },
        changed_at: Moment(row.updated_at),
        is_complete: vendor.is_some() && called.is_some() && row.outsourced_work.is_some(),
        partner: row.contract_partner.or(vendor),
        held,
    })
}
