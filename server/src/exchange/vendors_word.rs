//! What a vendor signs beside statements: that it takes one back, that one still holds, or its side of a transfer.

use kaiji_schema::Digest;
use kaiji_schema::jws::{self, Document, Jws, Refusal, VerifyError};
use kaiji_schema::receipt::Event;
use kaiji_schema::signed::{Confirmation, Transfer, TransferAcceptance, Withdrawal};
use kaiji_schema::violation::Violations;

use super::approve_key::usable_key;
use super::{Exchange, stored_digest, violation};
use crate::actor::Actor;
use crate::storage::statements::{self, Reader, StatementRow};
use crate::storage::{Entry, Error as StorageError, Tx, products};

/// A document that a vendor signs.
pub(super) trait VendorsWord: Document {
    /// The vendor that it names.
    fn issuer(&self) -> &str;
}

/// One about a statement.
pub(super) trait AboutStatement: VendorsWord {
    /// The statement that it names.
    fn statement_sha256(&self) -> &Digest;
}

macro_rules! vendors_words {
    ($($document:ty),+) => {$(
        impl VendorsWord for $document {
            fn issuer(&self) -> &str {
                &self.issuer
            }
        }
    )+};
}

vendors_words!(Withdrawal, Confirmation, Transfer, TransferAcceptance);

impl AboutStatement for Withdrawal {
    fn statement_sha256(&self) -> &Digest {
        &self.statement_sha256
    }
}

impl AboutStatement for Confirmation {
    fn statement_sha256(&self) -> &Digest {
        &self.statement_sha256
    }
}

/// Why a vendor's word was not taken.
#[derive(Debug, thiserror::Error)]
pub enum VendorsWordError {
    /// The vendor has no such statement.
    #[error("there is no such statement")]
    NotFound,
    /// The signed document cannot be read.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The document does not say what it must.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The key is not an active one of this vendor.
    #[error("it must be signed by an active key of this vendor")]
    Signer,
    /// A later revision stands in its place, or it is withdrawn already.
    #[error("{0}")]
    State(&'static str),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<VerifyError> for VendorsWordError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Refused(refusal) => Self::Refused(refusal),
            VerifyError::Document(violations) => Self::Violations(violations),
        }
    }
}

impl Exchange {
    /// Verifies a document of this vendor; answers it with the kid that signed.
    pub(super) fn read_word<D: VendorsWord>(
        &self,
        actor: &Actor,
        document: &str,
    ) -> Result<(D, String), VendorsWordError> {
        let jws = Jws::parse(document)?;
        let kid = jws.kid().as_str().to_owned();
        let now = self.clock.now();
        let key = self
            .db
            .read(|c| usable_key(c, &actor.organisation, &kid, now))?;
        let (key, _) = key.ok_or(VendorsWordError::Signer)?;
        let word = jws::verify::<D>(jws, &key)?.into_document();
        if word.issuer() != actor.organisation {
            let detail = format!(
                "it must be {}, the vendor that sends it",
                actor.organisation
            );
            return Err(violation("/issuer", "wrong_issuer", detail).into());
        }
        Ok((word, kid))
    }

    /// The same for a document about the statement in the address.
    pub(super) fn read_word_about<D: AboutStatement>(
        &self,
        actor: &Actor,
        sha256: &str,
        document: &str,
    ) -> Result<(D, String), VendorsWordError> {
        let (word, kid) = self.read_word::<D>(actor, document)?;
        if word.statement_sha256().to_string() != sha256 {
            let detail = "it is about another statement than the one in the address";
            return Err(violation("/statement_sha256", "other_statement", detail).into());
        }
        Ok((word, kid))
    }
}

/// The vendor's statement, if it is the newest of its chain and not withdrawn, and the leaf that will tell what was signed
/// about it by a key that still counts.
pub(super) fn standing(
    tx: &mut Tx<'_>,
    vendor: &str,
    kid: &str,
    sha256: &str,
    event: Event,
) -> Result<(StatementRow, Entry), VendorsWordError> {
    let now = tx.now();
    let key = usable_key(tx, vendor, kid, now)?;
    let (_, key_leaf) = key.ok_or(VendorsWordError::Signer)?;
    let found = statements::find(tx, Reader::Vendor(vendor), sha256)?;
    let row = found.ok_or(VendorsWordError::NotFound)?;
    if products::vendor_of(tx, &row.product_id)? != vendor {
        let what = "the product went to another vendor, whose word counts now";
        return Err(VendorsWordError::State(what));
    }
    if row.withdrawn_at.is_some() {
        return Err(VendorsWordError::State("it is withdrawn already"));
    }
    if row.superseded_by.is_some() {
        let what = "a later revision took its place: name that one";
        return Err(VendorsWordError::State(what));
    }
    let entry = Entry {
        vendor: Some(vendor.to_owned()),
        product: Some(row.product_id.clone()),
        statement_sha256: Some(stored_digest(&row.sha256)?),
        signer_kid: kid.parse().ok(),
        signer_key_leaf: Some(key_leaf),
        ..Entry::new(event)
    };
    Ok((row, entry))
}
