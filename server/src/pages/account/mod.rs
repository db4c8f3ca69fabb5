//! The pages behind the links of letters to people: whoever is invited joins (`invitation`), whoever forgot the password
//! chooses another (`password`).

mod invitation;
mod password;
mod qr;
mod unusable;

use actix_web::HttpResponse;
use kaiji_schema::reader::{self, FromMembers};
use kaiji_schema::violation::Violations;
use serde_json::Value;

pub(super) use invitation::scope as invitation;
pub(super) use password::scope as password;

use super::Page;
use super::holder::Holder;
use crate::actor::Act;
use crate::exchange::{Exchange, InvitationError, LinkToken, UserLinkError};

/// The most that is taken of a form: a password as browsers encode it, and more.
const LARGEST: usize = 16 * 1024;

impl Holder {
    /// Makes a page for whoever holds a person's link; where the link is not good any more, that page says how to come by
    /// `another`.
    async fn act(
        self,
        another: &'static str,
        verb: impl FnOnce(&Exchange, &LinkToken, Act) -> Result<Page, InvitationError> + Send + 'static,
    ) -> HttpResponse {
        let made = self.show(move |exchange, shown, act| {
            let link = LinkToken::parse(shown).ok_or(UserLinkError::Unknown);
            let made = link
                .map_err(InvitationError::from)
                .and_then(|link| verb(exchange, &link, act));
            made.unwrap_or_else(|error| unusable::page(&error, another))
        });
        made.await
    }
}

/// Reads what a form says.
fn read<W: FromMembers>(members: &Value) -> Result<W, InvitationError> {
    let read = reader::read(members.to_string().as_bytes());
    Ok(read.map_err(Violations::from)?)
}
