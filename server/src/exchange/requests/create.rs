//! An institution asks: the vendor of a product of the exchange, or whoever reads what is sent to an address.

use jiff::civil::Date;
use kaiji_schema::form::FormKind;

use super::new::{Addressee, Asked, NewRequest};
use super::{RequestError, RequestState, RequestView, chain, news};
use crate::actor::Actor;
use crate::exchange::idempotency::{Idempotency, made_before, remember};
use crate::exchange::link::LinkTokens;
use crate::exchange::products::Release;
use crate::exchange::time::day_in_japan;
use crate::exchange::{Exchange, fold, violation};
use crate::storage::products::{self, ProductRow};
use crate::storage::requests::{self, Party, RequestRow};
use crate::storage::{Error as StorageError, Tx, organisations, systems};

impl Exchange {
    /// Asks for statements.
    pub fn create_request(
        &self,
        actor: &Actor,
        new: NewRequest,
        request: Option<Idempotency>,
    ) -> Result<RequestView, RequestError> {
        let (id, institution_id) = (self.new_id("req")?, actor.organisation.clone());
        let links = self.links.clone();
        let created = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                let row = requests::find(tx, Party::Institution(&institution_id), &id)?;
                return row.ok_or(RequestError::NotFound);
            }
            let row = create(tx, &links, &id, &institution_id, &new)?;
            remember(tx, request.as_ref(), &row.id)?;
            Ok(row)
        })?;
        self.show_request(actor, created.value)
    }
}

/// Makes the institution's request of that id and asks whom it names.
pub(in crate::exchange) fn create(
    tx: &mut Tx<'_>,
    links: &LinkTokens,
    id: &str,
    institution_id: &str,
    new: &NewRequest,
) -> Result<RequestRow, RequestError> {
    check_system(tx, institution_id, new.system.as_deref())?;
    let due_on = new.due_on(day_in_japan(tx.now()))?;
    match &new.asked {
        Asked::Product(product) => {
            let product = requestable(tx, product)?;
            let row = begun(tx, id, institution_id, new, due_on);
            ask_vendor(tx, links, row, &product)
        }
        Asked::Address { to, subject } => {
            let row = begun(tx, id, institution_id, new, due_on);
            ask_address(tx, links, row, to, subject)
        }
    }
}

fn ask_vendor(
    tx: &mut Tx<'_>,
    links: &LinkTokens,
    row: RequestRow,
    product: &ProductRow,
) -> Result<RequestRow, RequestError> {
    if let Some(open) = requests::find_open(tx, &row.institution_id, &product.id)? {
        return Err(RequestError::OpenAlready(open.id));
    }
    let row = RequestRow {
        vendor_id: Some(product.vendor_id.clone()),
        product_id: Some(product.id.clone()),
        ..row
    };
    requests::insert(tx, &row)?;
    news::ask(tx, links, &row)?;
    if automatic(product)? {
        return Ok(chain::release_at_once(tx, row, &product.id)?);
    }
    Ok(row)
}

fn ask_address(
    tx: &mut Tx<'_>,
    links: &LinkTokens,
    row: RequestRow,
    to: &Addressee,
    subject: &str,
) -> Result<RequestRow, RequestError> {
    let row = RequestRow {
        addressee_name: Some(to.name.clone()),
        addressee_email: Some(to.email.as_str().to_owned()),
        subject: Some(subject.to_owned()),
        ..row
    };
    let waiting = requests::open_to_address(tx, &row.institution_id, &to.email.folded())?;
    if let Some(same) = waiting
        .into_iter()
        .find(|other| is_about_the_same(&row, other))
    {
        return Err(RequestError::OpenAlready(same.id));
    }
    requests::insert(tx, &row)?;
    news::ask(tx, links, &row)?;
    Ok(row)
}

/// Two requests to one address ask the same where they are for one system, or about one thing whatever its width and case.
fn is_about_the_same(one: &RequestRow, other: &RequestRow) -> bool {
    let folded = |row: &RequestRow| row.subject.as_deref().map(fold);
    match (&one.system_id, &other.system_id) {
        (Some(system), Some(other)) => system == other,
        _ => folded(one) == folded(other),
    }
}

/// A request that says what is asked and not yet whom.
fn begun(
    tx: &Tx<'_>,
    id: &str,
    institution_id: &str,
    new: &NewRequest,
    due_on: Option<Date>,
) -> RequestRow {
    let now = tx.now().as_millisecond();
    let forms: Vec<_> = new
        .forms
        .iter()
        .map(|form| FormKind::as_str(*form))
        .collect();
    RequestRow {
        id: id.to_owned(),
        institution_id: institution_id.to_owned(),
        vendor_id: None,
        addressee_name: None,
        addressee_email: None,
        product_id: None,
        subject: None,
        system_id: new.system.clone(),
        forms: forms.join(" "),
        forwarded_from: None,
        origin_id: id.to_owned(),
        step: 0,
        state: RequestState::Open.as_str().to_owned(),
        message: new.message.clone(),
        due_on: due_on.map(|date| date.to_string()),
        reason: None,
        revision: 1,
        created_at: now,
        updated_at: now,
    }
}

fn check_system(
    tx: &mut Tx<'_>,
    institution_id: &str,
    system: Option<&str>,
) -> Result<(), RequestError> {
    let Some(system) = system else { return Ok(()) };
    if systems::find(tx, institution_id, system)?.is_some() {
        return Ok(());
    }
    let detail = "there is no such system on your list";
    Err(violation("/system", "unknown_system", detail).into())
}

/// The product, if its vendor still takes part.
fn requestable(tx: &mut Tx<'_>, id: &str) -> Result<ProductRow, RequestError> {
    let product = products::find(tx, id)?;
    let vendor = match &product {
        Some(product) => organisations::find(tx, &product.vendor_id)?,
        None => None,
    };
    match (product, vendor) {
        (Some(product), Some(vendor)) if vendor.disabled_at.is_none() => Ok(product),
        _ => Err(unknown_product("there is no such product in the exchange")),
    }
}

/// The refusal of a product that is not there.
pub(in crate::exchange) fn unknown_product(detail: &str) -> RequestError {
    violation("/product", "unknown_product", detail).into()
}

/// Whether the product's statements are released to whoever asks.
pub(in crate::exchange) fn automatic(product: &ProductRow) -> Result<bool, StorageError> {
    Ok(Release::stored(&product.release)? != Release::OnRequest)
}
