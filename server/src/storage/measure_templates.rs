//! Institutions' templates of measures that recur.

use diesel::prelude::*;

use super::backend::insert;
use super::tables::measure_templates;
use super::{DbConnection, Error};

/// A row of `measure_templates`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = measure_templates)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct MeasureTemplateRow {
    pub id: String,
    pub institution_id: String,
    pub content: String,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub put_away_at: Option<i64>,
}

/// Adds a template.
pub fn insert(connection: &mut DbConnection, row: &MeasureTemplateRow) -> Result<(), Error> {
    insert!(connection, measure_templates::table, row)?;
    Ok(())
}

/// Notes a change of a template.
pub fn update(connection: &mut DbConnection, row: &MeasureTemplateRow) -> Result<(), Error> {
    diesel::update(measure_templates::table.find(row.id.clone()))
        .set((
            measure_templates::content.eq(row.content.clone()),
            measure_templates::revision.eq(row.revision),
            measure_templates::updated_at.eq(row.updated_at),
            measure_templates::put_away_at.eq(row.put_away_at),
        ))
        .execute(connection)?;
    Ok(())
}

/// The institution's template of that id, unless it was put away.
pub fn find(
    connection: &mut DbConnection,
    institution_id: &str,
    id: &str,
) -> Result<Option<MeasureTemplateRow>, Error> {
    Ok(measure_templates::table
        .find(id)
        .filter(measure_templates::institution_id.eq(institution_id))
        .filter(measure_templates::put_away_at.is_null())
        .select(MeasureTemplateRow::as_select())
        .first(connection)
        .optional()?)
}

/// The institution's templates in the order of their ids, after the id `after`, without those that were put away.
pub fn list(
    connection: &mut DbConnection,
    institution_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<MeasureTemplateRow>, Error> {
    let query = measure_templates::table
        .filter(measure_templates::institution_id.eq(institution_id))
        .filter(measure_templates::put_away_at.is_null())
        .filter(measure_templates::id.gt(after));
    Ok(query
        .order(measure_templates::id)
        .limit(limit)
        .select(MeasureTemplateRow::as_select())
        .load(connection)?)
}
