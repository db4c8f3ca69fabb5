//! An institution's inventory of medical information systems (医療情報システム一覧).

use jiff::civil::Date;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::scope::{UpdatesBy, WrittenIn};
use kaiji_schema::violation::{Violation, Violations};
use serde::Serialize;

use super::idempotency::{Idempotency, IdempotencyError, made_before, remember};
use super::revision::{Revision, Stale};
use super::{Exchange, Moment, Page, Window};
use crate::actor::Actor;
use crate::storage::systems::{self, SystemRow};
use crate::storage::{DbConnection, Error as StorageError, Tx, products};

const NAME: usize = 200;
const WORK: usize = 2000;

/// What an institution says about a system; on creation, absent members are unknown.
#[derive(Debug, Clone, Default)]
#[allow(
    clippy::option_option,
    reason = "absent, null and a value are three different wishes"
)]
pub struct SystemChange {
    name: Option<String>,
    product: Option<Option<String>>,
    product_name: Option<Option<String>>,
    vendor_name: Option<Option<String>>,
    installed_version: Option<Option<String>>,
    outsourced_work: Option<Option<String>>,
    contract_partner: Option<Option<String>>,
    contract_renewal_on: Option<Option<Date>>,
    maintained_by: Option<Option<String>>,
    remote_maintenance: Option<Option<bool>>,
    on_premises_server: Option<Option<bool>>,
    terminal_server: Option<Option<bool>>,
    cloud_server: Option<Option<bool>>,
    security_updates_by: Option<Option<UpdatesBy>>,
    security_updates_written_in: Option<Option<WrittenIn>>,
}

impl FromMembers for SystemChange {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.changed_text("name", NAME);
        if name == Some(None) {
            reader.report("name", "missing", "a system keeps a name");
        }
        Some(Self {
            name: name.flatten(),
            product: reader.changed_text("product", 64),
            product_name: reader.changed_text("product_name", NAME),
            vendor_name: reader.changed_text("vendor_name", NAME),
            installed_version: reader.changed_text("installed_version", 100),
            outsourced_work: reader.changed_lines("outsourced_work", WORK),
            contract_partner: reader.changed_text("contract_partner", NAME),
            contract_renewal_on: reader.changed_date("contract_renewal_on"),
            maintained_by: reader.changed_text("maintained_by", NAME),
            remote_maintenance: reader.changed_bool("remote_maintenance"),
            on_premises_server: reader.changed_bool("on_premises_server"),
            terminal_server: reader.changed_bool("terminal_server"),
            cloud_server: reader.changed_bool("cloud_server"),
            security_updates_by: reader.changed_choice(
                "security_updates_by",
                UpdatesBy::from_name,
                &UpdatesBy::NAMES.join(", "),
            ),
            security_updates_written_in: reader.changed_choice(
                "security_updates_written_in",
                WrittenIn::from_name,
                &WrittenIn::NAMES.join(", "),
            ),
        })
    }
}

/// A system to be put on the list: like a change, but it must have a name.
#[derive(Debug, Clone)]
pub struct NewSystem {
    name: String,
    rest: SystemChange,
}

impl SystemChange {
    /// The product that it links the system to, if it does.
    pub(super) fn product(&self) -> Option<&str> {
        self.product.as_ref().and_then(Option::as_deref)
    }
}

impl NewSystem {
    /// The product that it is linked to.
    pub(super) fn product(&self) -> Option<&str> {
        self.rest.product()
    }
}

impl FromMembers for NewSystem {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.required_text("name", NAME);
        let rest = SystemChange::from_members(reader);
        Some(Self {
            name: name?,
            rest: rest?,
        })
    }
}

/// A system on the list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SystemView {
    /// Opaque id, `sys_…`.
    pub id: String,
    /// 導入している医療情報システム.
    pub name: String,
    /// The product's id, where it is registered with the exchange.
    pub product: Option<String>,
    /// 製品名, where it is not, or as the institution calls it.
    pub product_name: Option<String>,
    /// 委託先事業者.
    pub vendor_name: Option<String>,
    /// The version that is installed.
    pub installed_version: Option<String>,
    /// 委託業務概要.
    pub outsourced_work: Option<String>,
    /// With whom the contract is.
    pub contract_partner: Option<String>,
    /// When the contract is renewed.
    pub contract_renewal_on: Option<String>,
    /// Who maintains it.
    pub maintained_by: Option<String>,
    /// Whether it is maintained remotely.
    pub remote_maintenance: Option<bool>,
    /// Whether a server of it stands on the premises.
    pub on_premises_server: Option<bool>,
    /// Whether an application of it is installed on a terminal and does all of its work there, so that the terminal
    /// counts as a server (guideline 7.0, 図1, ※1).
    pub terminal_server: Option<bool>,
    /// Whether a server of it is elsewhere, such as in a cloud or a data centre.
    pub cloud_server: Option<bool>,
    /// Who is responsible for its servers' security updates: `vendor`, `institution` or `unclear`.
    pub security_updates_by: Option<String>,
    /// Where that is written: `contract`, `terms`, `sla` or `nowhere`.
    pub security_updates_written_in: Option<String>,
    /// When it was put on the list.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// When it was changed last.
    #[schema(value_type = String)]
    pub updated_at: Moment,
    /// Counts its changes.
    #[serde(skip)]
    pub revision: i64,
}

impl From<SystemRow> for SystemView {
    fn from(row: SystemRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            product: row.product_id,
            product_name: row.product_name,
            vendor_name: row.vendor_name,
            installed_version: row.installed_version,
            outsourced_work: row.outsourced_work,
            contract_partner: row.contract_partner,
            contract_renewal_on: row.contract_renewal_on,
            maintained_by: row.maintained_by,
            remote_maintenance: row.remote_maintenance,
            on_premises_server: row.on_premises_server,
            terminal_server: row.terminal_server,
            cloud_server: row.cloud_server,
            security_updates_by: row.security_updates_by,
            security_updates_written_in: row.security_updates_written_in,
            created_at: Moment(row.created_at),
            updated_at: Moment(row.updated_at),
            revision: row.revision,
        }
    }
}

/// Why a system was not created, changed, deleted or found.
#[derive(Debug, thiserror::Error)]
pub enum SystemError {
    /// The institution has none of that id.
    #[error("there is no such system")]
    NotFound,
    /// It names a product that does not exist.
    #[error(transparent)]
    Violations(#[from] Violations),
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
    /// Puts a system on the institution's list.
    pub fn create_system(
        &self,
        actor: &Actor,
        new: NewSystem,
        request: Option<Idempotency>,
    ) -> Result<SystemView, SystemError> {
        let (id, institution_id) = (self.new_id("sys")?, actor.organisation.clone());
        let created = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                return systems::find(tx, &institution_id, &id)?.ok_or(SystemError::NotFound);
            }
            let row = begun(&id, &institution_id, &new, tx.now().as_millisecond());
            refuse_unknown_product(tx, &row)?;
            systems::insert(tx, &row)?;
            remember(tx, request.as_ref(), &row.id)?;
            Ok(row)
        })?;
        Ok(created.value.into())
    }

    /// The institution's systems.
    pub fn list_systems(
        &self,
        actor: &Actor,
        window: &Window,
    ) -> Result<Page<SystemView>, SystemError> {
        let rows = self
            .db
            .read(|c| systems::list(c, &actor.organisation, window.after_id(), window.fetch()))?;
        Ok(window.page(rows, |row| row.id.clone(), SystemView::from))
    }

    /// One of the institution's systems.
    pub fn find_system(&self, actor: &Actor, id: &str) -> Result<SystemView, SystemError> {
        let row = self
            .db
            .read(|c| systems::find(c, &actor.organisation, id))?;
        row.map(SystemView::from).ok_or(SystemError::NotFound)
    }

    /// Changes one of the institution's systems.
    pub fn change_system(
        &self,
        actor: &Actor,
        id: &str,
        change: SystemChange,
        expected: Option<Revision>,
    ) -> Result<SystemView, SystemError> {
        let (id, institution_id) = (id.to_owned(), actor.organisation.clone());
        let changed = self.write(actor, move |tx| {
            let mut row = systems::find(tx, &institution_id, &id)?.ok_or(SystemError::NotFound)?;
            row.revision = Revision(row.revision).expect(expected)?.0;
            row.updated_at = tx.now().as_millisecond();
            apply(&mut row, &change);
            refuse_unknown_product(tx, &row)?;
            systems::update(tx, &row)?;
            Ok::<_, SystemError>(row)
        })?;
        Ok(changed.value.into())
    }

    /// Takes a system off the list. What was delivered for it stays delivered.
    pub fn delete_system(
        &self,
        actor: &Actor,
        id: &str,
        expected: Option<Revision>,
    ) -> Result<(), SystemError> {
        let (id, institution_id) = (id.to_owned(), actor.organisation.clone());
        self.write(actor, move |tx| {
            let row = systems::find(tx, &institution_id, &id)?.ok_or(SystemError::NotFound)?;
            Revision(row.revision).expect(expected)?;
            Ok::<_, SystemError>(systems::delete(tx, &id)?)
        })?;
        Ok(())
    }
}

fn refuse_unknown_product(tx: &mut Tx<'_>, row: &SystemRow) -> Result<(), SystemError> {
    match unknown_product(tx, row.product_id.as_deref(), "/product")? {
        Some(violation) => Err(Violations::one(violation).into()),
        None => Ok(()),
    }
}

/// What is wrong with a product that a system names, if there is none such.
pub(super) fn unknown_product(
    connection: &mut DbConnection,
    product: Option<&str>,
    pointer: &str,
) -> Result<Option<Violation>, StorageError> {
    let Some(product) = product else {
        return Ok(None);
    };
    if products::find(connection, product)?.is_some() {
        return Ok(None);
    }
    let detail = "there is no such product: find it in the directory, or leave this out and write product_name";
    Ok(Some(Violation::new(pointer, "unknown_product", detail)))
}

/// The row of a new system.
pub(super) fn begun(id: &str, institution_id: &str, new: &NewSystem, now: i64) -> SystemRow {
    let mut row = blank(id, institution_id, &new.name, now);
    apply(&mut row, &new.rest);
    row
}

fn blank(id: &str, institution_id: &str, name: &str, now: i64) -> SystemRow {
    SystemRow {
        id: id.to_owned(),
        institution_id: institution_id.to_owned(),
        name: name.to_owned(),
        product_id: None,
        product_name: None,
        vendor_name: None,
        installed_version: None,
        outsourced_work: None,
        contract_partner: None,
        contract_renewal_on: None,
        maintained_by: None,
        remote_maintenance: None,
        on_premises_server: None,
        terminal_server: None,
        cloud_server: None,
        security_updates_by: None,
        security_updates_written_in: None,
        revision: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Makes the change in the row.
pub(super) fn apply(row: &mut SystemRow, change: &SystemChange) {
    fn set<T: Clone>(column: &mut T, wish: Option<&T>) {
        if let Some(value) = wish {
            column.clone_from(value);
        }
    }
    let renewal = change
        .contract_renewal_on
        .map(|date| date.map(|date| date.to_string()));
    let updates_by = change
        .security_updates_by
        .map(|by| by.map(|by| by.as_str().to_owned()));
    let written_in = change
        .security_updates_written_in
        .map(|place| place.map(|place| place.as_str().to_owned()));
    set(&mut row.name, change.name.as_ref());
    set(&mut row.product_id, change.product.as_ref());
    set(&mut row.product_name, change.product_name.as_ref());
    set(&mut row.vendor_name, change.vendor_name.as_ref());
    set(
        &mut row.installed_version,
        change.installed_version.as_ref(),
    );
    set(&mut row.outsourced_work, change.outsourced_work.as_ref());
    set(&mut row.contract_partner, change.contract_partner.as_ref());
    set(&mut row.contract_renewal_on, renewal.as_ref());
    set(&mut row.maintained_by, change.maintained_by.as_ref());
    set(
        &mut row.remote_maintenance,
        change.remote_maintenance.as_ref(),
    );
    set(
        &mut row.on_premises_server,
        change.on_premises_server.as_ref(),
    );
    set(&mut row.terminal_server, change.terminal_server.as_ref());
    set(&mut row.cloud_server, change.cloud_server.as_ref());
    set(&mut row.security_updates_by, updates_by.as_ref());
    set(&mut row.security_updates_written_in, written_in.as_ref());
}
