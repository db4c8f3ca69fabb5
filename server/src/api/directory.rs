//! The directory of products that their vendors want to be found.

use super::answer::{Answer, Listed};
use super::auth::{AnyMember, Caller};
use super::page::Listing;
use super::problem::Problem;
use super::query::{Fields, Pairs, Parameter, Values};
use crate::exchange::DirectoryEntry;

/// What is looked for.
pub struct Search {
    words: Option<String>,
}

impl Fields for Search {
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "q",
        about: "A part of the product's or the vendor's name, in whatever width and case.",
        required: false,
        values: Values::Text,
    }];

    fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
        Ok(Self {
            words: pairs.take("q")?,
        })
    }
}

/// Finds products.
pub async fn search(
    caller: Caller<AnyMember>,
    listing: Listing<Search>,
) -> Answer<Listed<DirectoryEntry>> {
    let verb = caller.ask(move |exchange, _| {
        let (search, window) = listing.read()?;
        Ok(exchange.search_directory(search.words.as_deref(), &window)?)
    });
    verb.await.map(Listed)
}
