//! An institution asks about items of what it holds for a system: of the product's vendor, or by letter of whoever
//! attested the answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use kaiji_schema::form::FormKind;
use kaiji_schema::letter::{self, Letter, LetterItem};
use kaiji_schema::requirement::Item;
use kaiji_schema::violation::Violations;
use serde::Serialize;
use serde_json::json;

use super::target::{Held, Target, asked_set, targets};
use super::{InstitutionQuestionView, NewQuestions, QuestionError};
use crate::actor::Actor;
use crate::exchange::idempotency::{Idempotency, made_before, remember};
use crate::exchange::letters::{stored_address, write_to};
use crate::exchange::link::LinkTokens;
use crate::exchange::requests::{self as request, Addressee, NewRequest, create, subject_of};
use crate::exchange::{Exchange, StorageError, violation};
use crate::storage::products::ProductRow;
use crate::storage::questions::{self, QuestionRow};
use crate::storage::requests::{self, RequestRow};
use crate::storage::systems::SystemRow;
use crate::storage::{Tx, organisations, products, systems};

/// What came of asking.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QuestionsAsked {
    /// The questions that wait for the vendor.
    pub questions: Vec<InstitutionQuestionView>,
    /// The requests that were made instead, where somebody attested the answers through a link: one for each address.
    pub requests: Vec<String>,
}

/// What was made: the name of the call that asked a vendor, and requests.
#[derive(Debug, Clone, Default)]
struct Made {
    asked_with: Option<String>,
    requests: Vec<String>,
}

impl Exchange {
    /// Asks about flagged items of a system.
    pub fn ask_questions(
        &self,
        actor: &Actor,
        system_id: &str,
        new: NewQuestions,
        request: Option<Idempotency>,
    ) -> Result<QuestionsAsked, QuestionError> {
        let institution = actor.organisation.clone();
        let set = asked_set(&new, self.sets)?;
        let found = self.db.read(|c| {
            let system = systems::find(c, &institution, system_id)?;
            targets(c, &system.ok_or(QuestionError::NotFound)?, set, &new)
        });
        // The same call again is answered like the first, also if there is nothing to ask any more.
        let targets = match found {
            Err(QuestionError::Violations(violations)) => Err(violations),
            found => Ok(found?),
        };
        let count = targets.as_ref().map_or(0, Vec::len);
        let asking = Asking {
            ids: self.new_ids("qst", count)?,
            request_ids: self.new_ids("req", FormKind::ALL.len())?,
            links: self.links.clone(),
            system_id: system_id.to_owned(),
            institution: institution.clone(),
            targets,
            requirement_set: set.id.clone(),
            message: new.message,
        };
        let made = self.write(actor, move |tx| {
            if let Some(made) = made_before(tx, request.as_ref())? {
                return Ok(Made::parse(&made));
            }
            let made = asking.ask(tx)?;
            remember(tx, request.as_ref(), &made.to_text())?;
            Ok::<_, QuestionError>(made)
        })?;
        let Made {
            asked_with,
            requests,
        } = made.value;
        let rows = match asked_with {
            Some(first) => self
                .db
                .read(|c| questions::of_call(c, &institution, &first))?,
            None => Vec::new(),
        };
        Ok(QuestionsAsked {
            questions: rows
                .into_iter()
                .map(InstitutionQuestionView::from)
                .collect(),
            requests,
        })
    }

    fn new_ids(&self, prefix: &str, count: usize) -> Result<Vec<String>, StorageError> {
        (0..count).map(|_| self.new_id(prefix)).collect()
    }
}

impl Made {
    /// As an `Idempotency-Key` remembers it.
    fn to_text(&self) -> String {
        let made = self.asked_with.iter().chain(&self.requests);
        made.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    fn parse(text: &str) -> Self {
        let (questions, requests): (Vec<_>, Vec<_>) = text
            .split(' ')
            .map(str::to_owned)
            .partition(|id| id.starts_with("qst_"));
        Self {
            asked_with: questions.into_iter().next(),
            requests,
        }
    }
}

/// Questions on their way to whoever answers.
struct Asking {
    institution: String,
    system_id: String,
    requirement_set: String,
    message: Option<String>,
    targets: Result<Vec<Target>, Violations>,
    /// One for each target.
    ids: Vec<String>,
    /// One for each form.
    request_ids: Vec<String>,
    links: Arc<LinkTokens>,
}

/// A question with its id.
type Asked<'a> = (&'a Target, &'a str);

/// By the address that was asked before, that request and what is asked now.
type ByAddress<'a> = BTreeMap<String, (RequestRow, Vec<Asked<'a>>)>;

impl Asking {
    /// Runs inside the writer. What is held for a form is one statement, so that its items go one way.
    fn ask(&self, tx: &mut Tx<'_>) -> Result<Made, QuestionError> {
        let system = systems::find(tx, &self.institution, &self.system_id)?;
        let system = system.ok_or(QuestionError::NotFound)?;
        let targets = self.targets.as_ref().map_err(Clone::clone)?;
        let mut made = Made::default();
        let mut by_address = ByAddress::new();
        for form in FormKind::ALL {
            let asked = self.of_form(targets, form);
            match asked.first().map(|(target, _)| &target.held) {
                None => {}
                Some(Held::Signed(statement)) => {
                    let first = asked.first().map(|(_, id)| (*id).to_owned());
                    made.asked_with = made.asked_with.or(first);
                    let asked_with = made.asked_with.as_deref().unwrap_or_default();
                    self.ask_vendor(tx, &system, statement, asked_with, &asked)?;
                }
                Some(Held::Attested(request)) => {
                    let (address, request) = answered_by_link(tx, request)?;
                    let (_, together) = by_address
                        .entry(address)
                        .or_insert_with(|| (request, Vec::new()));
                    together.extend(asked);
                }
            }
        }
        for ((request, asked), id) in by_address.values().zip(&self.request_ids) {
            made.requests
                .push(self.ask_by_link(tx, request, asked, id)?);
        }
        Ok(made)
    }

    fn of_form<'a>(&'a self, targets: &'a [Target], form: FormKind) -> Vec<Asked<'a>> {
        let asked = targets.iter().zip(&self.ids);
        asked
            .filter(|(target, _)| target.item.kind == form)
            .map(|(target, id)| (target, id.as_str()))
            .collect()
    }

    fn ask_vendor(
        &self,
        tx: &mut Tx<'_>,
        system: &SystemRow,
        statement: &str,
        asked_with: &str,
        asked: &[Asked<'_>],
    ) -> Result<(), QuestionError> {
        let product = answering(tx, system)?;
        for (target, id) in asked {
            let row = QuestionRow {
                id: (*id).to_owned(),
                institution_id: self.institution.clone(),
                system_id: self.system_id.clone(),
                product_id: product.id.clone(),
                form: target.item.kind.as_str().to_owned(),
                requirement_set: self.requirement_set.clone(),
                item: target.item.id.clone(),
                statement_sha256: statement.to_owned(),
                asked_with: asked_with.to_owned(),
                message: self.message.clone(),
                state: questions::OPEN.to_owned(),
                answer_id: None,
                created_at: tx.now().as_millisecond(),
                settled_at: None,
            };
            let chain = (row.product_id.as_str(), row.form.as_str());
            let item = (row.requirement_set.as_str(), row.item.as_str());
            if let Some(open) = questions::find_open(tx, &row.institution_id, chain, item)? {
                return Err(QuestionError::OpenAlready(open.id));
            }
            questions::insert(tx, &row)?;
        }
        Ok(self.tell_vendor(tx, &product, asked)?)
    }

    fn tell_vendor(
        &self,
        tx: &mut Tx<'_>,
        product: &ProductRow,
        asked: &[Asked<'_>],
    ) -> Result<(), StorageError> {
        let institution = organisations::find(tx, &self.institution)?;
        let form = asked.first().map(|(target, _)| target.item.kind.as_str());
        let form = form.unwrap_or_default();
        let questions: Vec<_> = asked.iter().map(|(_, id)| id).collect();
        let items: Vec<_> = asked.iter().map(|(target, _)| &target.item.id).collect();
        let subject = json!({
            "product": product.id, "form": form, "institution": self.institution,
            "requirement_set": self.requirement_set, "items": items, "questions": questions,
        });
        tx.notify(&product.vendor_id, "question_asked", &subject.to_string())?;
        let items = asked.iter().map(|(target, _)| named(target.item));
        let letter = Letter::QuestionsAsked(letter::QuestionsAsked {
            institution: institution.map(|found| found.name).unwrap_or_default(),
            product: product.name.clone(),
            form: form.to_owned(),
            items: items.collect(),
            message: self.message.clone(),
        });
        write_to(tx, &product.vendor_id, &letter, None)
    }

    /// Asks the same address again, by a request of its own: a link answers once.
    fn ask_by_link(
        &self,
        tx: &mut Tx<'_>,
        before: &RequestRow,
        asked: &[Asked<'_>],
        id: &str,
    ) -> Result<String, QuestionError> {
        let of_form = |form: &FormKind| asked.iter().any(|(target, _)| target.item.kind == *form);
        let to = Addressee {
            name: before.addressee_name.clone().unwrap_or_default(),
            email: stored_address(before.addressee_email.as_deref().unwrap_or_default())?,
        };
        let request = NewRequest {
            asked: request::Asked::Address {
                to,
                subject: subject_of(tx, before)?,
            },
            system: Some(self.system_id.clone()),
            forms: FormKind::ALL.into_iter().filter(of_form).collect(),
            message: Some(self.in_words(asked)),
            due: None,
        };
        let made = create(tx, &self.links, id, &self.institution, &request)?;
        Ok(made.id)
    }

    /// The questions as the word that comes with a request.
    fn in_words(&self, asked: &[Asked<'_>]) -> String {
        let first = "先にいただいた回答の、次の確認事項についてお尋ねします。".to_owned();
        let items = asked.iter().map(|(target, _)| {
            let item = target.item;
            let (form, number) = (item.kind.as_str(), &item.printed_number);
            format!("・{form} No.{number} {}", item.text)
        });
        let lines = std::iter::once(first)
            .chain(items)
            .chain(self.message.clone());
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The product of the system, whose vendor still takes part.
fn answering(tx: &mut Tx<'_>, system: &SystemRow) -> Result<ProductRow, QuestionError> {
    let product = match &system.product_id {
        Some(id) => products::find(tx, id)?,
        None => None,
    };
    let product = product.ok_or(QuestionError::NotFound)?;
    let vendor = organisations::find(tx, &product.vendor_id)?;
    if vendor.is_none_or(|vendor| vendor.disabled_at.is_some()) {
        let detail = "the product's vendor does not take part in the exchange any more";
        return Err(violation("", "vendor_disabled", detail).into());
    }
    Ok(product)
}

/// The request that an attested statement answers, and the address that it went to.
fn answered_by_link(tx: &mut Tx<'_>, id: &str) -> Result<(String, RequestRow), StorageError> {
    let missing = || StorageError::Corrupt(format!("attested statement without request {id}"));
    let row = requests::get(tx, id)?.ok_or_else(missing)?;
    let address = row.addressee_email.clone().ok_or_else(missing)?;
    Ok((address, row))
}

/// An item as letters name it.
pub(super) fn named(item: &Item) -> LetterItem {
    LetterItem {
        number: item.printed_number.clone(),
        text: item.text.clone(),
    }
}
