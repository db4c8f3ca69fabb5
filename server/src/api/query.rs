//! Query parameters, read strictly: each at most once, and none that the operation does not know.
//!
//! A misspelt filter that is ignored answers with too much; here it is a problem.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::operation::{About, Describe};
use super::problem::{Kind, Problem};

/// A query parameter, for the `OpenAPI` document.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub about: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// What it can be.
    pub values: Values,
}

/// What a query parameter can be, for the `OpenAPI` document.
#[derive(Debug)]
pub enum Values {
    /// Any text.
    Text,
    /// An integer.
    Number,
    /// One of these words.
    Words(&'static [&'static str]),
}

/// The parameters of an operation.
pub trait Fields: Sized + 'static {
    /// What they are.
    const PARAMETERS: &'static [Parameter];

    /// Takes them out of a query.
    fn take(pairs: &mut Pairs) -> Result<Self, Problem>;
}

impl Fields for () {
    const PARAMETERS: &'static [Parameter] = &[];

    fn take(_: &mut Pairs) -> Result<Self, Problem> {
        Ok(())
    }
}

/// The parameters of a query that were not taken yet.
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Takes a query apart.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        if query.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query);
        let pairs = pairs
            .map_err(|_| Problem::new(Kind::BadQuery, "the query is not name=value&name=value"))?;
        Ok(Self(pairs.into_inner()))
    }

    /// A parameter that is looked for in rows: without U+0000, which PostgreSQL cannot look for.
    pub fn take_text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let text = self.take(name)?;
        if text.as_ref().is_some_and(|text| text.contains('\0')) {
            return Err(Problem::new(
                Kind::BadQuery,
                format!("`{name}` must not contain U+0000"),
            ));
        }
        Ok(text)
    }

    /// A parameter; `None` where it is absent.
    pub fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let Some(place) = self.0.iter().position(|(found, _)| found == name) else {
            return Ok(None);
        };
        let (_, value) = self.0.swap_remove(place);
        if self.0.iter().any(|(found, _)| found == name) {
            return Err(Problem::new(
                Kind::BadQuery,
                format!("`{name}` is given more than once"),
            ));
        }
        Ok(Some(value))
    }

    /// A number, in decimal digits alone.
    pub fn number(&mut self, name: &str) -> Result<Option<u64>, Problem> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        self.choice(
            name,
            |text| text.parse().ok().filter(|_| digits(text)),
            "a number",
        )
    }

    /// A parameter that must be there.
    pub fn required(&mut self, name: &str) -> Result<String, Problem> {
        let missing = || Problem::new(Kind::BadQuery, format!("`{name}` is missing"));
        self.take(name)?.ok_or_else(missing)
    }

    /// A parameter that `choose` understands; `expected` says what that is.
    pub fn choice<T>(
        &mut self,
        name: &str,
        choose: impl FnOnce(&str) -> Option<T>,
        expected: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.take(name)? else {
            return Ok(None);
        };
        let wrong = || Problem::new(Kind::BadQuery, format!("`{name}` must be {expected}"));
        choose(&value).map(Some).ok_or_else(wrong)
    }

    /// Refuses what nobody took.
    pub fn finish(self) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let name: String = name.chars().take(40).collect();
                Err(Problem::new(
                    Kind::BadQuery,
                    format!("there is no parameter `{name}`"),
                ))
            }
        }
    }
}

/// The query of a request.
pub struct Query<F>(Result<F, Problem>);

impl<F> Query<F> {
    /// Its parameters.
    pub fn read(self) -> Result<F, Problem> {
        self.0
    }
}

fn read<F: Fields>(query: &str) -> Result<F, Problem> {
    let mut pairs = Pairs::parse(query)?;
    let fields = F::take(&mut pairs)?;
    pairs.finish()?;
    Ok(fields)
}

impl<F: Fields> FromRequest for Query<F> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(read(request.query_string()))))
    }
}

impl<F: Fields> Describe for Query<F> {
    fn describe(about: &mut About) {
        about.query(F::PARAMETERS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Filter(Option<String>);

    impl Fields for Filter {
        const PARAMETERS: &'static [Parameter] = &[];

        fn take(pairs: &mut Pairs) -> Result<Self, Problem> {
            Ok(Self(pairs.take("product")?))
        }
    }

    #[test]
    fn a_parameter_is_read_with_its_escapes() {
        assert_eq!(
            read::<Filter>("product=a%20b").unwrap().0.as_deref(),
            Some("a b")
        );
        assert_eq!(read::<Filter>("").unwrap().0, None);
    }

    #[test]
    fn unknown_and_repeated_parameters_are_refused() {
        for query in ["produkt=a", "product=a&product=b", "product=a&x"] {
            assert!(read::<Filter>(query).is_err(), "{query}");
        }
    }
}
