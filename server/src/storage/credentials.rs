//! What a person who accepts an invitation has chosen so far, and recovery codes.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{enrolments, recovery_codes};
use super::{DbConnection, Error};

/// A row of `enrolments`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = enrolments)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct EnrolmentRow {
    pub user_id: String,
    /// The generation of the invitation that it is for.
    pub link_generation: i64,
    pub password_hash: String,
    pub totp_secret: Vec<u8>,
}

/// Begins a person's enrolment anew.
pub fn begin_enrolment(connection: &mut DbConnection, row: &EnrolmentRow) -> Result<(), Error> {
    end_enrolment(connection, &row.user_id)?;
    insert!(connection, enrolments::table, row)?;
    Ok(())
}

/// The person's enrolment.
pub fn find_enrolment(
    connection: &mut DbConnection,
    user_id: &str,
) -> Result<Option<EnrolmentRow>, Error> {
    let found = directly!(connection, |own| enrolments::table
        .find(user_id)
        .select(EnrolmentRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Ends the person's enrolment, if one was begun.
pub fn end_enrolment(connection: &mut DbConnection, user_id: &str) -> Result<(), Error> {
    diesel::delete(enrolments::table.find(user_id)).execute(connection)?;
    Ok(())
}

/// Gives the person these recovery codes in place of all others.
pub fn replace_recovery_codes(
    connection: &mut DbConnection,
    user_id: &str,
    codes_sha256: &[String],
) -> Result<(), Error> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user_id)))
        .execute(connection)?;
    for code in codes_sha256 {
        insert!(
            connection,
            recovery_codes::table,
            (
                recovery_codes::user_id.eq(user_id),
                recovery_codes::code_sha256.eq(code),
            )
        )?;
    }
    Ok(())
}

/// Takes a recovery code away; `false` if the person has no such code.
pub fn use_recovery_code(
    connection: &mut DbConnection,
    user_id: &str,
    code_sha256: &str,
) -> Result<bool, Error> {
    let code = recovery_codes::table.find((user_id, code_sha256));
    Ok(diesel::delete(code).execute(connection)? == 1)
}

/// How many recovery codes the person has left.
pub fn count_recovery_codes(connection: &mut DbConnection, user_id: &str) -> Result<i64, Error> {
    Ok(recovery_codes::table
        .filter(recovery_codes::user_id.eq(user_id))
        .count()
        .get_result(connection)?)
}
