//! What is found at a system: the documents that are held for it, which of them stood when, and what they say about an item
//! of the set that is compared with now.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kaiji_schema::comparison::ComparedItem;
use kaiji_schema::form::FormKind;
use kaiji_schema::requirement::RequirementSet;
use kaiji_schema::review::{Finding, Held, Source, stood_since};

use crate::exchange::compare_system::comparison_of;
use crate::exchange::read_attested::compared;
use crate::exchange::stored_digest;
use crate::storage::attested::{self, AttestedRow};
use crate::storage::comparisons::{self, ComparisonRow};
use crate::storage::statements::{self, RevisionRow, StatementRow};
use crate::storage::systems::SystemRow;
use crate::storage::{DbConnection, Error as StorageError};

/// How many documents' items are kept at hand, since many systems share one product.
const MOST_KEPT: usize = 256;

/// A document that is held for a system.
enum Document {
    Signed(RevisionRow),
    Attested(AttestedRow),
}

impl Document {
    fn sha256(&self) -> &str {
        match self {
            Self::Signed(row) => &row.statement.sha256,
            Self::Attested(row) => &row.sha256,
        }
    }

    fn held(&self) -> Held {
        match self {
            Self::Signed(row) => Held {
                leaf: row.statement.receipt_leaf,
                withdrawn: row.withdrawal_leaf,
                signed: true,
            },
            Self::Attested(row) => Held {
                leaf: row.receipt_leaf,
                withdrawn: None,
                signed: false,
            },
        }
    }
}

/// The documents of one form.
struct OfForm {
    documents: Vec<Document>,
    held: Vec<Held>,
}

impl OfForm {
    fn new(documents: Vec<Document>) -> Self {
        let held = documents.iter().map(Document::held).collect();
        Self { documents, held }
    }

    /// Those that stood after a leaf; the last of them stands now.
    fn since(&self, leaf: i64) -> impl Iterator<Item = &Document> {
        let places = stood_since(&self.held, leaf).into_iter();
        places.filter_map(|place| self.documents.get(place))
    }

    /// The last leaf that had a part in which of them stands now.
    fn last_leaf(&self) -> i64 {
        let turns = self
            .held
            .iter()
            .flat_map(|held| [Some(held.leaf), held.withdrawn]);
        turns.flatten().max().unwrap_or(-1)
    }
}

/// Everything that is held for a system.
pub(super) struct Documents {
    product: Option<String>,
    forms: BTreeMap<FormKind, OfForm>,
}

impl Documents {
    /// Of a system that is off the list.
    pub(super) fn none() -> Self {
        Self {
            product: None,
            forms: BTreeMap::new(),
        }
    }

    pub(super) fn read(
        connection: &mut DbConnection,
        system: &SystemRow,
    ) -> Result<Self, StorageError> {
        let (institution, product) = (&system.institution_id, system.product_id.as_deref());
        let revisions = match product {
            Some(product) => statements::revisions(connection, institution, product)?,
            None => Vec::new(),
        };
        let attested = attested::about(connection, institution, &system.id, product)?;
        let mut forms: BTreeMap<FormKind, Vec<Document>> = BTreeMap::new();
        for row in revisions {
            let form = form_of(&row.statement.form)?;
            forms.entry(form).or_default().push(Document::Signed(row));
        }
        for row in attested {
            let form = form_of(&row.form)?;
            forms.entry(form).or_default().push(Document::Attested(row));
        }
        let forms = forms.into_iter();
        Ok(Self {
            product: system.product_id.clone(),
            forms: forms
                .map(|(form, documents)| (form, OfForm::new(documents)))
                .collect(),
        })
    }

    fn source(
        &self,
        form: FormKind,
        document: &Document,
        leaf: i64,
    ) -> Result<Source, StorageError> {
        Ok(Source {
            statement: stored_digest(document.sha256())?,
            signed: matches!(document, Document::Signed(_)),
            form,
            leaf,
            product: self.product.clone(),
        })
    }
}

fn form_of(name: &str) -> Result<FormKind, StorageError> {
    FormKind::from_name(name).ok_or_else(|| StorageError::Corrupt(format!("form {name}")))
}

type Items = Arc<Vec<ComparedItem<'static>>>;

/// Compares documents with a set, each once.
pub(in crate::exchange) struct Comparer {
    set: &'static RequirementSet,
    set_sha256: String,
    kept: HashMap<String, Items>,
}

impl Comparer {
    pub(in crate::exchange) fn new(set: &'static RequirementSet) -> Self {
        Self {
            set,
            set_sha256: set.digest().to_string(),
            kept: HashMap::new(),
        }
    }

    /// What is found now, of the items that `wanted` asks for, in the printed order.
    pub(super) fn now(
        &mut self,
        connection: &mut DbConnection,
        documents: &Documents,
        wanted: impl Fn(&ComparedItem<'_>) -> bool,
    ) -> Result<Vec<(String, Finding)>, StorageError> {
        let mut found = Vec::new();
        for (form, of_form) in &documents.forms {
            let leaf = of_form.last_leaf();
            let Some(document) = of_form.since(leaf).last() else {
                continue;
            };
            let items = self.items(connection, document)?;
            let source = documents.source(*form, document, leaf)?;
            let wanted = items.iter().filter(|item| wanted(item));
            found.extend(wanted.map(|item| {
                let finding = Finding::new(source.clone(), item.clone(), self.set);
                (item.id.to_string(), finding)
            }));
        }
        Ok(found)
    }

    /// What the documents say of an item that stood since something was found.
    pub(super) fn since(
        &mut self,
        connection: &mut DbConnection,
        documents: &Documents,
        item: &str,
        basis: &Finding,
    ) -> Result<Vec<Finding>, StorageError> {
        let form = basis.source.form;
        let Some(of_form) = documents.forms.get(&form) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for document in of_form.since(basis.source.leaf) {
            let items = self.items(connection, document)?;
            let source = documents.source(form, document, document.held().leaf)?;
            let said = items.iter().find(|compared| compared.id == item);
            found.extend(said.map(|said| Finding::new(source, said.clone(), self.set)));
        }
        Ok(found)
    }

    fn items(
        &mut self,
        connection: &mut DbConnection,
        document: &Document,
    ) -> Result<Items, StorageError> {
        let sha256 = document.sha256();
        if let Some(items) = self.kept.get(sha256) {
            return Ok(Arc::clone(items));
        }
        let comparison = match document {
            Document::Signed(row) => self.comparison(connection, &row.statement)?,
            Document::Attested(row) => self.comparison_of_attested(connection, row)?,
        };
        let items: Items = Arc::new(stored_items(&comparison)?);
        if self.kept.len() >= MOST_KEPT {
            self.kept.clear();
        }
        self.kept.insert(sha256.to_owned(), Arc::clone(&items));
        Ok(items)
    }

    fn comparison(
        &self,
        connection: &mut DbConnection,
        statement: &StatementRow,
    ) -> Result<ComparisonRow, StorageError> {
        let kept = comparisons::find(connection, &statement.sha256, &self.set_sha256)?;
        comparison_of(connection, statement, kept, self.set)
    }

    fn comparison_of_attested(
        &self,
        connection: &mut DbConnection,
        row: &AttestedRow,
    ) -> Result<ComparisonRow, StorageError> {
        let whole = attested::find(connection, &row.institution_id, &row.sha256)?;
        let missing = || StorageError::Corrupt(format!("no attested statement {}", row.sha256));
        compared(&whole.ok_or_else(missing)?, self.set)
    }
}

fn stored_items(row: &ComparisonRow) -> Result<Vec<ComparedItem<'static>>, StorageError> {
    let items: Vec<ComparedItem<'_>> = serde_json::from_str(&row.items).map_err(|error| {
        StorageError::Corrupt(format!("comparison of {}: {error}", row.statement_sha256))
    })?;
    Ok(items.into_iter().map(ComparedItem::into_owned).collect())
}
