//! Whoever gets letters that they can do without ends them with one click (RFC 8058), without an account.

use super::Exchange;
use super::letters::LetterWish;
use crate::storage::{Error as StorageError, organisations, users};

/// Why letters were not ended.
#[derive(Debug, thiserror::Error)]
pub enum UnsubscribeError {
    /// The address was changed on its way: it is none that a letter holds.
    #[error("this address was in no letter: use the one in the newest letter as it is")]
    Unknown,
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Whether the token, which stands in letters to that mailbox alone, is the right one.
    pub fn check_unsubscribing(&self, mailbox: &str, token: &str) -> Result<(), UnsubscribeError> {
        if self.links.may_unsubscribe(mailbox, token) {
            Ok(())
        } else {
            Err(UnsubscribeError::Unknown)
        }
    }

    /// Ends the letters to a mailbox that one can do without. Doing it again changes nothing.
    pub fn unsubscribe(&self, mailbox: &str, token: &str) -> Result<(), UnsubscribeError> {
        self.check_unsubscribing(mailbox, token)?;
        let mailbox = mailbox.to_owned();
        let ended = self.db.write(move |tx| {
            let never = LetterWish::Never.as_str();
            let changed = organisations::wish_for_letters(tx, &mailbox, never)?
                + users::wish_for_letters(tx, &mailbox, never)?;
            if changed == 0 {
                return Err(UnsubscribeError::Unknown);
            }
            Ok(())
        });
        ended.map(drop)
    }
}
