//! Vendors, institutions and operators.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::backend::{directly, insert};
use super::tables::organisations;
use super::{DbConnection, Error};

/// A row of `organisations`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = organisations, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct OrganisationRow {
    pub id: String,
    pub kind: String,
    pub name: String,
    pub name_folded: String,
    pub corporate_number: Option<String>,
    pub medical_institution_code: Option<String>,
    pub contact: Option<String>,
    pub revision: i64,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
    pub email: Option<String>,
    pub letters: String,
}

/// Adds an organisation.
pub fn insert(connection: &mut DbConnection, row: &OrganisationRow) -> Result<(), Error> {
    insert!(connection, organisations::table, row)?;
    Ok(())
}

/// Replaces the row of the same id.
pub fn update(connection: &mut DbConnection, row: &OrganisationRow) -> Result<(), Error> {
    diesel::update(organisations::table.find(row.id.clone()))
        .set(row.clone())
        .execute(connection)?;
    Ok(())
}

/// The organisation of that id.
pub fn find(connection: &mut DbConnection, id: &str) -> Result<Option<OrganisationRow>, Error> {
    let query = organisations::table.find(id);
    let found = directly!(connection, |own| query
        .select(OrganisationRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Organisations in the order of their ids.
pub fn list(
    connection: &mut DbConnection,
    kind: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<OrganisationRow>, Error> {
    let mut query = organisations::table
        .filter(organisations::id.gt(after))
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(organisations::kind.eq(kind));
    }
    let rows = query
        .order(organisations::id)
        .limit(limit)
        .select(OrganisationRow::as_select())
        .load(connection)?;
    Ok(rows)
}

/// Who already has this 医療機関コード.
pub fn holder_of_medical_institution_code(
    connection: &mut DbConnection,
    code: &str,
) -> Result<Option<String>, Error> {
    let query = organisations::table.filter(organisations::medical_institution_code.eq(code));
    let found = directly!(connection, |own| query.select(organisations::id).first(own));
    Ok(found.optional()?)
}

/// Which vendor already has this 法人番号.
pub fn vendor_with_corporate_number(
    connection: &mut DbConnection,
    number: &str,
) -> Result<Option<String>, Error> {
    let query = organisations::table
        .filter(organisations::corporate_number.eq(number))
        // Written out: SQLite uses the partial index for a constant alone, never for a parameter.
        .filter(sql::<Bool>("organisations.kind = 'vendor'"));
    let found = directly!(connection, |own| query.select(organisations::id).first(own));
    Ok(found.optional()?)
}

/// Notes when an organisation wants letters. Answers how many organisations of that id there are.
pub fn wish_for_letters(
    connection: &mut DbConnection,
    id: &str,
    letters: &str,
) -> Result<usize, Error> {
    let changed = diesel::update(organisations::table.find(id))
        .set(organisations::letters.eq(letters.to_owned()))
        .execute(connection)?;
    Ok(changed)
}
