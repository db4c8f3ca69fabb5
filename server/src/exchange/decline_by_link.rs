//! Whoever holds a link says that they do not answer, and why.

use super::Exchange;
use super::links::{LinkError, Standing, Visitor, standing, use_up};
use super::requests::chain;

impl Exchange {
    /// Declines the request. Whoever forwarded it is asked again.
    pub fn decline_by_link(&self, visitor: &Visitor, reason: String) -> Result<(), LinkError> {
        let (holder, links) = (visitor.clone(), self.links.clone());
        self.write(visitor.actor(), move |tx| {
            let now = tx.now();
            let Standing { link, request } = standing(tx, &holder, now)?;
            tx.concerns(&link.id);
            use_up(tx, link)?;
            chain::decline(tx, &links, request, &reason)?;
            Ok::<_, LinkError>(())
        })?;
        Ok(())
    }
}
