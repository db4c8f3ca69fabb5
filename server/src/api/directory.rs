//! The directory of products that their vendors want to be found.

use super::answer::{Answer, Listed};
use super::auth::{AnyMember, Caller};
use super::page::Listing;
use super::problem::{Kind, Problem};
use super::query::{Fields, Pairs, Parameter, Values};
use crate::exchange::DirectoryEntry;

/// As long as the longest name.
const LONGEST_SEARCH: usize = 200;

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
        let words = pairs.take_text("q")?;
        if words
            .as_ref()
            .is_some_and(|words| words.chars().count() > LONGEST_SEARCH)
        {
            let detail = format!("`q` has {LONGEST_SEARCH} characters at the most");
            return Err(Problem::new(Kind::BadQuery, detail));
        }
        Ok(Self { words })
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
