//! The institution sends the letter with a link once more, or ends the link. Both concern whoever has its request in the end.

use super::Exchange;
use super::links::revoke;
use super::requests::chain::Chain;
use super::requests::{RequestError, RequestView, news, own_request};
use crate::actor::Actor;
use crate::storage::Tx;
use crate::storage::requests::RequestRow;

impl Exchange {
    /// Sends a new letter. The link in the one before is superseded; what was filled in stays.
    pub fn renew_link(&self, actor: &Actor, id: &str) -> Result<RequestView, RequestError> {
        let (asking, id, links) = (actor.clone(), id.to_owned(), self.links.clone());
        let renewed = self.write(actor, move |tx| {
            let own = own_request(tx, &asking, &id)?;
            let asked = asked_by_link(tx, &own)?;
            news::send_link(tx, &links, &asked, None)?;
            Ok::<_, RequestError>(own)
        })?;
        self.show_request(actor, renewed.value)
    }

    /// Ends the link. The request stays open; a new letter has a new link.
    pub fn revoke_link(&self, actor: &Actor, id: &str) -> Result<(), RequestError> {
        let (asking, id) = (actor.clone(), id.to_owned());
        self.write(actor, move |tx| {
            let own = own_request(tx, &asking, &id)?;
            let asked = asked_by_link(tx, &own)?;
            if revoke(tx, &asked)? {
                Ok(())
            } else {
                Err(RequestError::NoLink)
            }
        })?;
        Ok(())
    }
}

/// The request of the chain that waits for an answer, if that is to come by a link.
fn asked_by_link(tx: &mut Tx<'_>, own: &RequestRow) -> Result<RequestRow, RequestError> {
    let head = Chain::read(tx, &own.id)?.into_head();
    let by_link = head.filter(|head| head.vendor_id.is_none());
    by_link.ok_or(RequestError::NoLink)
}
