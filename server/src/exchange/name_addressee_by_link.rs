//! Whoever holds a link names the right addressee: the request goes on to them, and the link ends.

use super::Exchange;
use super::forward_request::{FollowError, follow, pass_on};
use super::links::{LinkError, Standing, Visitor, standing};
use super::requests::{Addressee, Forward, Next};

impl Exchange {
    /// Forwards the request to the one who was named, by a letter of their own. Should they decline, whoever named them
    /// gets a new letter.
    pub fn name_addressee_by_link(
        &self,
        visitor: &Visitor,
        addressee: Addressee,
    ) -> Result<(), LinkError> {
        let (holder, links) = (visitor.clone(), self.links.clone());
        let next_id = self.new_id("req")?;
        let forward = Forward {
            to: Next::Address(addressee),
            message: None,
        };
        self.write(visitor.actor(), move |tx| {
            let now = tx.now();
            let Standing { link, request } = standing(tx, &holder, now)?;
            tx.concerns(&link.id);
            let next = follow(tx, &next_id, &request, &forward, None)?;
            Ok::<_, LinkError>(pass_on(tx, &links, request, next, None)?)
        })?;
        Ok(())
    }
}

impl From<FollowError> for LinkError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Chain(error) => error.into(),
            FollowError::Storage(error) => error.into(),
        }
    }
}
