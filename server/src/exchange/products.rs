//! A vendor's products, and to whom their statements are released.

use kaiji_schema::reader::{FromMembers, Reader};
use serde::Serialize;

use super::idempotency::{Idempotency, IdempotencyError, made_before, remember};
use super::revision::{Revision, Stale};
use super::{Exchange, Moment, Page, Window, fold};
use crate::actor::{Actor, Role, Unfit};
use crate::storage::products::{self, ProductRow};
use crate::storage::{Error as StorageError, Tx};

const NAME: usize = 200;
const VERSION: usize = 100;
const DESCRIPTION: usize = 2000;
const RELEASES: &str = "on_request, automatic, listed";

/// Who may read a product's statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// The vendor decides each request.
    OnRequest,
    /// Any registered institution that asks.
    Automatic,
    /// Every registered institution.
    Listed,
}

impl Release {
    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnRequest => "on_request",
            Self::Automatic => "automatic",
            Self::Listed => "listed",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::OnRequest, Self::Automatic, Self::Listed]
            .into_iter()
            .find(|release| release.as_str() == word)
    }

    pub(super) fn stored(word: &str) -> Result<Self, StorageError> {
        Self::from_word(word).ok_or_else(|| StorageError::Corrupt(format!("release {word}")))
    }
}

/// A product to be created.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// Its name.
    pub name: String,
    /// Its current version, in the vendor's words.
    pub version: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Who may read its statements; the vendor decides each request where it is not said.
    pub release: Release,
    /// Whether the directory shows it.
    pub in_directory: bool,
}

impl FromMembers for NewProduct {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.required_text("name", NAME);
        Some(Self {
            version: reader.optional_text("version", VERSION),
            description: reader.optional_lines("description", DESCRIPTION),
            release: reader
                .optional_choice("release", Release::from_word, RELEASES)
                .unwrap_or(Release::OnRequest),
            in_directory: reader.optional_bool("in_directory").unwrap_or(true),
            name: name?,
        })
    }
}

/// What is to change of a product; absent members stay as they are.
#[derive(Debug, Clone)]
#[allow(
    clippy::option_option,
    reason = "absent, null and a value are three different wishes"
)]
pub struct ProductChange {
    /// A new name.
    pub name: Option<String>,
    /// Another version, or none.
    pub version: Option<Option<String>>,
    /// Another description, or none.
    pub description: Option<Option<String>>,
    /// Who may read its statements.
    pub release: Option<Release>,
    /// Whether the directory shows it.
    pub in_directory: Option<bool>,
}

impl FromMembers for ProductChange {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.changed_text("name", NAME);
        if name == Some(None) {
            reader.report("name", "missing", "a product keeps a name");
        }
        Some(Self {
            name: name.flatten(),
            version: reader.changed_text("version", VERSION),
            description: reader.changed_lines("description", DESCRIPTION),
            release: reader.optional_choice("release", Release::from_word, RELEASES),
            in_directory: reader.optional_bool("in_directory"),
        })
    }
}

/// A product as its vendor sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProductView {
    /// Opaque id, `prd_…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its current version.
    pub version: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// Who may read its statements.
    pub release: String,
    /// Whether the directory shows it.
    pub in_directory: bool,
    /// When it was created.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// When it was changed last.
    #[schema(value_type = String)]
    pub updated_at: Moment,
    /// Counts its changes.
    #[serde(skip)]
    pub revision: i64,
}

impl From<ProductRow> for ProductView {
    fn from(row: ProductRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            version: row.version,
            description: row.description,
            release: row.release,
            in_directory: row.in_directory,
            created_at: Moment(row.created_at),
            updated_at: Moment(row.updated_at),
            revision: row.revision,
        }
    }
}

/// Why a product was not created, changed or found.
#[derive(Debug, thiserror::Error)]
pub enum ProductError {
    /// The vendor has none of that id.
    #[error("there is no such product")]
    NotFound,
    /// The institution has no grant for it.
    #[error("this institution has no grant for the product")]
    NoGrant,
    /// Who may read a product's statements is an approver's decision.
    #[error("`release` says who may read the product's statements: {0}")]
    Unfit(#[from] Unfit),
    /// It has changed since the caller read it.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// See [`IdempotencyError`].
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Creates a product of the vendor.
    pub fn create_product(
        &self,
        actor: &Actor,
        new: NewProduct,
        request: Option<Idempotency>,
    ) -> Result<ProductView, ProductError> {
        if new.release != Release::OnRequest {
            actor.is_fit_as(Role::Approver)?;
        }
        let (id, vendor_id) = (self.new_id("prd")?, actor.organisation.clone());
        let created = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                return own_product(tx, &vendor_id, &id);
            }
            let now = tx.now().as_millisecond();
            let row = ProductRow {
                id: id.clone(),
                vendor_id: vendor_id.clone(),
                name: new.name.clone(),
                name_folded: fold(&new.name),
                version: new.version.clone(),
                description: new.description.clone(),
                release: new.release.as_str().to_owned(),
                in_directory: new.in_directory,
                revision: 1,
                created_at: now,
                updated_at: now,
            };
            products::insert(tx, &row)?;
            remember(tx, request.as_ref(), &row.id)?;
            Ok::<_, ProductError>(row)
        })?;
        Ok(created.value.into())
    }

    /// The vendor's products.
    pub fn list_products(
        &self,
        actor: &Actor,
        window: &Window,
    ) -> Result<Page<ProductView>, ProductError> {
        let rows = self
            .db
            .read(|c| products::list(c, &actor.organisation, window.after_id(), window.fetch()))?;
        Ok(window.page(rows, |row| row.id.clone(), ProductView::from))
    }

    /// One of the vendor's products.
    pub fn find_product(&self, actor: &Actor, id: &str) -> Result<ProductView, ProductError> {
        let row = self
            .db
            .read(|c| products::find(c, id))?
            .filter(|row| row.vendor_id == actor.organisation);
        row.map(ProductView::from).ok_or(ProductError::NotFound)
    }

    /// Changes one of the vendor's products. Narrowing its release never takes back what was delivered.
    pub fn change_product(
        &self,
        actor: &Actor,
        id: &str,
        change: ProductChange,
        expected: Option<Revision>,
    ) -> Result<ProductView, ProductError> {
        let (id, asking) = (id.to_owned(), actor.clone());
        let changed = self.write(actor, move |tx| {
            let mut row = own_product(tx, &asking.organisation, &id)?;
            if change
                .release
                .is_some_and(|release| release.as_str() != row.release)
            {
                asking.is_fit_as(Role::Approver)?;
            }
            row.revision = Revision(row.revision).expect(expected)?.0;
            row.updated_at = tx.now().as_millisecond();
            apply(&mut row, &change);
            products::update(tx, &row)?;
            Ok::<_, ProductError>(row)
        })?;
        Ok(changed.value.into())
    }

    /// Takes back the grant of the product to the institution: no future revision, nothing delivered is lost.
    pub fn revoke_grant(
        &self,
        actor: &Actor,
        product_id: &str,
        institution_id: &str,
    ) -> Result<(), ProductError> {
        let vendor_id = actor.organisation.clone();
        let (product_id, institution_id) = (product_id.to_owned(), institution_id.to_owned());
        self.write(actor, move |tx| {
            own_product(tx, &vendor_id, &product_id)?;
            let now = tx.now().as_millisecond();
            if !products::revoke_grant(tx, &institution_id, &product_id, now)? {
                return Err(ProductError::NoGrant);
            }
            let subject = serde_json::json!({ "product": product_id }).to_string();
            Ok(tx.notify(&institution_id, "grant_revoked", &subject)?)
        })?;
        Ok(())
    }
}

fn own_product(tx: &mut Tx<'_>, vendor_id: &str, id: &str) -> Result<ProductRow, ProductError> {
    let row = products::find(tx, id)?.filter(|row| row.vendor_id == vendor_id);
    row.ok_or(ProductError::NotFound)
}

fn apply(row: &mut ProductRow, change: &ProductChange) {
    if let Some(name) = &change.name {
        row.name.clone_from(name);
        row.name_folded = fold(name);
    }
    if let Some(version) = &change.version {
        row.version.clone_from(version);
    }
    if let Some(description) = &change.description {
        row.description.clone_from(description);
    }
    if let Some(release) = change.release {
        release.as_str().clone_into(&mut row.release);
    }
    if let Some(in_directory) = change.in_directory {
        row.in_directory = in_directory;
    }
}
