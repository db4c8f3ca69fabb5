//! Statements: the exact bytes that the vendor signed, and the columns one searches by.
//!
//! Who may read one stands in the WHERE clause: a vendor its own and those of its products, which came with a product from
//! another vendor; an institution those of a product that is listed or
//! granted to it, and those that were delivered to it before.

use diesel::dsl::exists;
use diesel::prelude::*;
use kaiji_schema::jws::Verified;
use kaiji_schema::statement::Statement;

use super::backend::{directly, insert};
use super::comparisons::{ComparisonRow, CountsRow};
use super::tables::{comparisons, deliveries, grants, leaves, products, signing_keys, statements};
use super::{DbConnection, Error};

/// A product has a chain for each of so many forms.
const FORMS: usize = 2;

/// A row of `statements` without its bytes.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = statements)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct StatementRow {
    pub sha256: String,
    pub vendor_id: String,
    pub product_id: String,
    pub form: String,
    pub form_edition: String,
    pub statement_id: String,
    pub revision: i64,
    pub superseded_by: Option<String>,
    pub product_name: String,
    pub product_version: String,
    pub issued_on: String,
    pub signer_kid: String,
    pub receipt_leaf: i64,
    pub received_at: i64,
    pub withdrawn_at: Option<i64>,
    pub withdrawal_reason: Option<String>,
    pub confirmed_on: Option<String>,
}

/// A statement to be stored. It can be made of a verified one alone, so that nothing unverified gets in.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = statements)]
pub struct NewStatement {
    sha256: String,
    vendor_id: String,
    product_id: String,
    form: &'static str,
    form_edition: String,
    statement_id: String,
    revision: i64,
    payload_sha256: String,
    product_name: String,
    product_version: String,
    issued_on: String,
    signer_kid: String,
    receipt_leaf: i64,
    received_at: i64,
    jws: String,
}

impl NewStatement {
    /// The vendor's statement, received as the leaf `receipt_leaf` of the log.
    pub fn of(
        verified: &Verified<Statement>,
        vendor_id: &str,
        receipt_leaf: i64,
        received_at: i64,
    ) -> Self {
        let statement = verified.document();
        Self {
            sha256: verified.sha256().to_string(),
            vendor_id: vendor_id.to_owned(),
            product_id: statement.product.id.clone(),
            form: statement.form.as_str(),
            form_edition: statement.form_edition.clone(),
            statement_id: statement.statement_id.clone(),
            revision: i64::from(statement.revision),
            payload_sha256: verified.payload_sha256().to_string(),
            product_name: statement.product.name.clone(),
            product_version: statement.product.version.clone(),
            issued_on: statement.issued_on.to_string(),
            signer_kid: verified.kid().to_string(),
            receipt_leaf,
            received_at,
            jws: verified.compact().to_owned(),
        }
    }
}

/// What becomes of a signature when its key is revoked later.
#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = signing_keys)]
pub struct SignerStanding {
    /// When the key was revoked.
    pub revoked_at: Option<i64>,
    /// Since when its signatures are not to be trusted.
    pub compromised_since: Option<i64>,
}

/// Who reads.
#[derive(Debug, Clone, Copy)]
pub enum Reader<'a> {
    /// A vendor, by its id.
    Vendor(&'a str),
    /// An institution, by its id.
    Institution(&'a str),
}

/// Whether a statement at hand is the vendor's own, or of a product that is the vendor's now.
macro_rules! open_to_vendor {
    ($vendor:expr) => {{
        let products = products::table
            .filter(products::id.eq(statements::product_id))
            .filter(products::vendor_id.eq($vendor));
        statements::vendor_id.eq($vendor).or(exists(products))
    }};
}
pub(super) use open_to_vendor;

/// The same for finding all of them: two sets, each found by an index.
macro_rules! among_those_of_vendor {
    ($vendor:expr) => {{
        let products = products::table
            .filter(products::vendor_id.eq($vendor))
            .select(products::id);
        statements::vendor_id
            .eq($vendor)
            .or(statements::product_id.eq_any(products))
    }};
}

/// Whether a statement at hand was released to the institution: its product is granted or listed, or it was delivered
/// before.
macro_rules! released_to {
    ($institution:expr) => {{
        let granted = grants::table
            .filter(grants::institution_id.eq($institution))
            .filter(grants::product_id.eq(statements::product_id))
            .filter(grants::revoked_at.is_null());
        let listed = products::table
            .filter(products::id.eq(statements::product_id))
            .filter(products::release.eq("listed"));
        let delivered = deliveries::table
            .filter(deliveries::institution_id.eq($institution))
            .filter(deliveries::statement_sha256.eq(statements::sha256));
        exists(granted).or(exists(listed)).or(exists(delivered))
    }};
}
pub(super) use released_to;

/// The same for finding all of them: three sets, each found by an index, where asking each statement would read the
/// whole table.
macro_rules! among_those_released_to {
    ($institution:expr) => {{
        let granted = grants::table
            .filter(grants::institution_id.eq($institution))
            .filter(grants::revoked_at.is_null())
            .select(grants::product_id);
        let listed = products::table
            .filter(products::release.eq("listed"))
            .select(products::id);
        let delivered = deliveries::table
            .filter(deliveries::institution_id.eq($institution))
            .select(deliveries::statement_sha256);
        statements::product_id
            .eq_any(granted)
            .or(statements::product_id.eq_any(listed))
            .or(statements::sha256.eq_any(delivered))
    }};
}

/// Adds a statement.
pub fn insert(connection: &mut DbConnection, statement: NewStatement) -> Result<(), Error> {
    insert!(connection, statements::table, statement)?;
    Ok(())
}

/// Notes that a later revision took the place of `sha256`.
pub fn supersede(connection: &mut DbConnection, sha256: &str, by: &str) -> Result<(), Error> {
    diesel::update(statements::table.find(sha256))
        .set(statements::superseded_by.eq(Some(by)))
        .execute(connection)?;
    Ok(())
}

/// Notes that the vendor took the statement back.
pub fn withdraw(
    connection: &mut DbConnection,
    sha256: &str,
    reason: &str,
    leaf: i64,
    now: i64,
) -> Result<(), Error> {
    diesel::update(statements::table.find(sha256))
        .set((
            statements::withdrawn_at.eq(Some(now)),
            statements::withdrawal_reason.eq(Some(reason)),
            statements::withdrawal_leaf.eq(Some(leaf)),
        ))
        .execute(connection)?;
    Ok(())
}

/// The statement, if `reader` may read it.
pub fn find(
    connection: &mut DbConnection,
    reader: Reader<'_>,
    sha256: &str,
) -> Result<Option<StatementRow>, Error> {
    let query = statements::table.find(sha256);
    let found = match reader {
        Reader::Vendor(id) => directly!(connection, |own| query
            .filter(open_to_vendor!(id))
            .select(StatementRow::as_select())
            .first(own)),
        Reader::Institution(id) => directly!(connection, |own| query
            .filter(released_to!(id))
            .select(StatementRow::as_select())
            .first(own)),
    };
    Ok(found.optional()?)
}

/// The statement of that digest, whoever may read it: for those who hold its bytes.
pub fn by_digest(
    connection: &mut DbConnection,
    sha256: &str,
) -> Result<Option<StatementRow>, Error> {
    let found = directly!(connection, |own| statements::table
        .find(sha256)
        .select(StatementRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The exact bytes of a statement. Ask [`find`] first whether the caller may have them.
pub fn jws(connection: &mut DbConnection, sha256: &str) -> Result<Option<String>, Error> {
    let found = directly!(connection, |own| statements::table
        .find(sha256)
        .select(statements::jws)
        .first(own));
    Ok(found.optional()?)
}

/// The statement of this vendor with these payload bytes, whatever its signature.
pub fn with_payload(
    connection: &mut DbConnection,
    vendor_id: &str,
    payload_sha256: &str,
) -> Result<Option<StatementRow>, Error> {
    let query = statements::table
        .filter(statements::vendor_id.eq(vendor_id))
        .filter(statements::payload_sha256.eq(payload_sha256));
    let found = directly!(connection, |own| query
        .select(StatementRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The newest revision of the product's chain for that form, withdrawn or not.
pub fn head(
    connection: &mut DbConnection,
    product_id: &str,
    form: &str,
) -> Result<Option<StatementRow>, Error> {
    let query = statements::table
        .filter(statements::product_id.eq(product_id))
        .filter(statements::form.eq(form))
        .filter(statements::superseded_by.is_null());
    let found = directly!(connection, |own| query
        .select(StatementRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The vendor's chain (product and form) that has this id.
pub fn chain_of_id(
    connection: &mut DbConnection,
    vendor_id: &str,
    statement_id: &str,
) -> Result<Option<(String, String)>, Error> {
    let query = statements::table
        .filter(statements::vendor_id.eq(vendor_id))
        .filter(statements::statement_id.eq(statement_id));
    let found = directly!(connection, |own| query
        .select((statements::product_id, statements::form))
        .first(own));
    Ok(found.optional()?)
}

/// Statements that `reader` may read, in the order in which they were received, after the leaf `after`.
pub fn list(
    connection: &mut DbConnection,
    reader: Reader<'_>,
    product_id: Option<&str>,
    after: i64,
    limit: i64,
) -> Result<Vec<StatementRow>, Error> {
    let mut query = match reader {
        Reader::Vendor(id) => statements::table
            .filter(among_those_of_vendor!(id))
            .into_boxed(),
        Reader::Institution(id) => statements::table
            .filter(among_those_released_to!(id))
            .into_boxed(),
    };
    query = query.filter(statements::receipt_leaf.gt(after));
    if let Some(product_id) = product_id {
        query = query.filter(statements::product_id.eq(product_id.to_owned()));
    }
    Ok(query
        .order(statements::receipt_leaf)
        .limit(limit)
        .select(StatementRow::as_select())
        .load(connection)?)
}

/// A revision, and when it was taken back.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = statements)]
pub struct RevisionRow {
    /// The revision.
    #[diesel(embed)]
    pub statement: StatementRow,
    /// The leaf of its withdrawal.
    pub withdrawal_leaf: Option<i64>,
}

/// Every revision of the product's chains that the institution may read, in the order in which they were received.
pub fn revisions(
    connection: &mut DbConnection,
    institution_id: &str,
    product_id: &str,
) -> Result<Vec<RevisionRow>, Error> {
    let query = statements::table
        .filter(statements::product_id.eq(product_id))
        .filter(released_to!(institution_id))
        .order(statements::receipt_leaf);
    Ok(directly!(connection, |own| query
        .select(RevisionRow::as_select())
        .load(own))?)
}

/// The head of a chain.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct HeadRow {
    /// The newest revision.
    #[diesel(embed)]
    pub statement: StatementRow,
    /// What became of its signer's key.
    #[diesel(embed)]
    pub signer: SignerStanding,
}

/// The head of a chain, with what is shown beside it.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct ComparedHeadRow {
    /// The newest revision.
    #[diesel(embed)]
    pub statement: StatementRow,
    /// What became of its signer's key.
    #[diesel(embed)]
    pub signer: SignerStanding,
    /// Its receipt.
    #[diesel(select_expression = leaves::receipt)]
    pub receipt: String,
    /// The comparison that was computed when it came in, if the set asked for was known then.
    #[diesel(embed)]
    pub comparison: Option<ComparisonRow>,
}

/// The head of a chain, with the counts of its comparison.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct CountedHeadRow {
    /// The newest revision.
    #[diesel(embed)]
    pub statement: StatementRow,
    /// The counts of the comparison that was computed when it came in, if the set asked for was known then.
    #[diesel(embed)]
    pub counts: Option<CountsRow>,
}

/// The heads of a product's chains that a reader may read: `$load` loads rows with a `statement` where the condition
/// holds. An institution that may not read a head any more keeps the newest revision that was delivered to it.
macro_rules! heads {
    ($connection:ident, $reader:ident, $product_id:ident, $row:ty, |$condition:ident| $load:expr) => {{
        let head = statements::product_id
            .eq($product_id)
            .and(statements::superseded_by.is_null());
        match $reader {
            Reader::Vendor(id) => {
                let $condition = head.and(open_to_vendor!(id));
                Ok($load?)
            }
            Reader::Institution(id) => {
                let $condition = head.and(released_to!(id));
                let mut heads: Vec<$row> = $load?;
                if heads.len() < FORMS {
                    for (form, sha256) in delivered_before($connection, id, $product_id)? {
                        if heads.iter().all(|head| head.statement.form != form) {
                            let $condition = statements::sha256.eq(sha256);
                            let kept: Vec<$row> = $load?;
                            heads.extend(kept);
                        }
                    }
                    heads.sort_by(|one, other| one.statement.form.cmp(&other.statement.form));
                }
                Ok(heads)
            }
        }
    }};
}

/// The heads of the product's chains that `reader` may read, MDS before SDS.
pub fn heads(
    connection: &mut DbConnection,
    reader: Reader<'_>,
    product_id: &str,
) -> Result<Vec<HeadRow>, Error> {
    heads!(connection, reader, product_id, HeadRow, |condition| {
        directly!(connection, |own| statements::table
            .inner_join(signing_keys::table.on(signing_keys::kid.eq(statements::signer_kid)))
            .filter(condition)
            .order(statements::form)
            .select(HeadRow::as_select())
            .load(own))
    })
}

/// The same, with their comparison with the set of that digest.
pub fn compared_heads(
    connection: &mut DbConnection,
    reader: Reader<'_>,
    product_id: &str,
    requirement_set_sha256: &str,
) -> Result<Vec<ComparedHeadRow>, Error> {
    heads!(
        connection,
        reader,
        product_id,
        ComparedHeadRow,
        |condition| {
            let compared = comparisons::statement_sha256
                .eq(statements::sha256)
                .and(comparisons::requirement_set_sha256.eq(requirement_set_sha256));
            directly!(connection, |own| statements::table
                .inner_join(signing_keys::table.on(signing_keys::kid.eq(statements::signer_kid)))
                .inner_join(leaves::table.on(leaves::leaf_index.eq(statements::receipt_leaf)))
                .left_join(comparisons::table.on(compared))
                .filter(condition)
                .order(statements::form)
                .select(ComparedHeadRow::as_select())
                .load(own))
        }
    )
}

/// The same, with the counts of their comparison alone: for those who look at many.
pub fn counted_heads(
    connection: &mut DbConnection,
    reader: Reader<'_>,
    product_id: &str,
    requirement_set_sha256: &str,
) -> Result<Vec<CountedHeadRow>, Error> {
    heads!(
        connection,
        reader,
        product_id,
        CountedHeadRow,
        |condition| {
            let compared = comparisons::statement_sha256
                .eq(statements::sha256)
                .and(comparisons::requirement_set_sha256.eq(requirement_set_sha256));
            directly!(connection, |own| statements::table
                .left_join(comparisons::table.on(compared))
                .filter(condition)
                .order(statements::form)
                .select(CountedHeadRow::as_select())
                .load(own))
        }
    )
}

/// Superseded revisions that were delivered to the institution, by form, the newest first.
fn delivered_before(
    connection: &mut DbConnection,
    institution_id: &str,
    product_id: &str,
) -> Result<Vec<(String, String)>, Error> {
    let to_it = deliveries::institution_id
        .eq(institution_id)
        .and(deliveries::statement_sha256.eq(statements::sha256));
    let rows = directly!(connection, |own| statements::table
        .inner_join(deliveries::table.on(to_it))
        .filter(statements::product_id.eq(product_id))
        .filter(statements::superseded_by.is_not_null())
        .order((statements::form, statements::revision.desc()))
        .select((statements::form, statements::sha256))
        .load(own));
    Ok(rows?)
}

/// Whose products have a head that the vendor's key signed: its own, and those that went to others.
pub fn holders_of_heads(
    connection: &mut DbConnection,
    vendor_id: &str,
    kid: &str,
) -> Result<Vec<String>, Error> {
    let query = statements::table
        .inner_join(products::table.on(products::id.eq(statements::product_id)))
        .filter(statements::vendor_id.eq(vendor_id))
        .filter(statements::signer_kid.eq(kid))
        .filter(statements::superseded_by.is_null());
    Ok(query
        .select(products::vendor_id)
        .distinct()
        .load(connection)?)
}

/// What became of the key that signed.
pub fn signer_standing(connection: &mut DbConnection, kid: &str) -> Result<SignerStanding, Error> {
    let columns = (signing_keys::revoked_at, signing_keys::compromised_since);
    Ok(signing_keys::table
        .find(kid)
        .select(columns)
        .first(connection)?)
}
