//! What an institution says when it asks, and what a vendor says when it forwards: whom, about what, by when.

use jiff::civil::Date;
use kaiji_schema::calendar;
use kaiji_schema::form::FormKind;
use kaiji_schema::mail_address::MailAddress;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::Violations;

use crate::exchange::violation;

/// At most so many business days: about a year.
const MOST_BUSINESS_DAYS: i64 = 240;

/// The most characters of a word to whoever is asked.
const MESSAGE: usize = 2000;

/// The most characters of a name, of somebody or of what is asked about.
const NAME: usize = 200;

/// A request to be made.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Whom, and about what.
    pub asked: Asked,
    /// The system of the institution's inventory that it is for.
    pub system: Option<String>,
    /// Which forms are wanted.
    pub forms: Vec<FormKind>,
    /// A word to whoever is asked.
    pub message: Option<String>,
    /// By when an answer is hoped for.
    pub due: Option<Due>,
}

/// Whom a request goes to, and what it asks about.
#[derive(Debug, Clone)]
pub enum Asked {
    /// The vendor of a product of the exchange, about it.
    Product(String),
    /// Whoever reads what is sent to an address, about what the institution calls so.
    Address {
        /// Whom.
        to: Addressee,
        /// About what: the product's name, as the institution writes it.
        subject: String,
    },
}

/// Somebody who need not be known to the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Their name, or their company's.
    pub name: String,
    /// Where they read letters.
    pub email: MailAddress,
}

/// By when an answer is hoped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// On that day.
    On(Date),
    /// So many business days after the day of the request.
    InBusinessDays(u16),
}

/// Where a request is forwarded to.
#[derive(Debug, Clone)]
pub struct Forward {
    /// Who is to answer instead.
    pub to: Next,
    /// A word to them.
    pub message: Option<String>,
}

/// Who is to answer a request instead of the one who was asked.
#[derive(Debug, Clone)]
pub enum Next {
    /// A vendor of the exchange.
    Vendor {
        /// Its id.
        vendor: String,
        /// The product of theirs that it is about, if that is known.
        product: Option<String>,
    },
    /// Whoever reads what is sent to an address.
    Address(Addressee),
}

impl FromMembers for NewRequest {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let asked = read_asked(reader);
        let system = reader.optional_text("system", 64);
        let forms = read_forms(reader);
        let message = reader.optional_lines("message", MESSAGE);
        let due = read_due(reader);
        Some(Self {
            asked: asked?,
            system,
            forms: forms?,
            message,
            due,
        })
    }
}

impl FromMembers for Addressee {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.required_text("name", NAME);
        let email = reader.required_mail_address("email");
        Some(Self {
            name: name?,
            email: email?,
        })
    }
}

impl FromMembers for Forward {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let vendor = reader.optional_text("vendor", 64);
        let product = reader.optional_text("product", 64);
        let to = read_to(reader);
        let message = reader.optional_lines("message", MESSAGE);
        let to = match (vendor, to) {
            (Some(vendor), None) => Some(Next::Vendor { vendor, product }),
            (None, Some(to)) => {
                if product.is_some() {
                    let detail = "an address has no products: name the vendor, or leave this out";
                    reader.report("product", "both", detail);
                }
                to.map(Next::Address)
            }
            (Some(_), Some(_)) => {
                reader.report("to", "both", "say it once: either vendor or to");
                None
            }
            (None, None) => {
                reader.report("", "missing", "say who is to answer: vendor or to");
                None
            }
        };
        Some(Self { to: to?, message })
    }
}

fn read_asked(reader: &mut Reader<'_>) -> Option<Asked> {
    let product = reader.optional_text("product", 64);
    let subject = reader.optional_text("subject", NAME);
    match (product, read_to(reader)) {
        (Some(product), None) => {
            if subject.is_some() {
                let detail = "the product has a name: leave this out";
                reader.report("subject", "both", detail);
            }
            Some(Asked::Product(product))
        }
        (None, Some(to)) => {
            if subject.is_none() {
                let detail = "say what is asked about: the product's name";
                reader.report("subject", "missing", detail);
            }
            let (to, subject) = (to?, subject?);
            Some(Asked::Address { to, subject })
        }
        (Some(_), Some(_)) => {
            reader.report("to", "both", "say it once: either product or to");
            None
        }
        (None, None) => {
            reader.report("", "missing", "say what or whom: product or to");
            None
        }
    }
}

/// `None` where the member is absent; `Some(None)` where it is no addressee.
#[allow(
    clippy::option_option,
    reason = "one who cannot be read is not one who was not named"
)]
fn read_to(reader: &mut Reader<'_>) -> Option<Option<Addressee>> {
    let value = reader.take("to")?;
    let mut nested = Reader::at(value, reader.pointer_to("to"));
    let to = Addressee::from_members(&mut nested);
    reader.absorb(nested.finish());
    Some(to)
}

/// All forms where the member is absent.
fn read_forms(reader: &mut Reader<'_>) -> Option<Vec<FormKind>> {
    let Some(names) = reader.texts("forms", FormKind::ALL.len(), 8) else {
        return Some(FormKind::ALL.to_vec());
    };
    let asked_for = |kind: &FormKind| names.iter().any(|name| name == kind.as_str());
    let forms: Vec<_> = FormKind::ALL.into_iter().filter(asked_for).collect();
    if forms.is_empty() || forms.len() != names.len() {
        let detail = "must be MDS, SDS or both, each once";
        reader.report("forms", "choice", detail);
        return None;
    }
    Some(forms)
}

fn read_due(reader: &mut Reader<'_>) -> Option<Due> {
    let on = reader.optional_date("due_on").map(Due::On);
    let days = reader.optional_integer("due_in_business_days", 1..=MOST_BUSINESS_DAYS);
    let days = days
        .and_then(|days| u16::try_from(days).ok())
        .map(Due::InBusinessDays);
    if on.is_some() && days.is_some() {
        let detail = "say it once: either due_on or due_in_business_days";
        reader.report("due_in_business_days", "both", detail);
    }
    on.or(days)
}

impl NewRequest {
    /// The day on which it is due, if it is made on `today`.
    pub(super) fn due_on(&self, today: Date) -> Result<Option<Date>, Violations> {
        match self.due {
            None => Ok(None),
            Some(Due::On(day)) => Ok(Some(day)),
            Some(Due::InBusinessDays(days)) => {
                let due = calendar::business_days_after(today, days);
                due.map(Some).map_err(|unknown| {
                    let detail = unknown.to_string();
                    violation("/due_in_business_days", "unknown_year", detail)
                })
            }
        }
    }
}
