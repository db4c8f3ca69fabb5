//! What a review says. A draft may leave anything out; whoever submits it is told everything that is missing.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Treatment;
use crate::digest::Digest;
use crate::reader::{FromMembers, Reader};
use crate::risk_matrix::{MOST_STEPS, RiskMatrix};
use crate::violation::Violation;

/// What a treatment can be, for messages.
pub(super) const TREATMENTS: &str = "reduce, avoid, transfer, accept or not_used";

/// The most characters of a text of several lines.
pub(super) const TEXT: usize = 4000;

/// The most characters of a name.
pub(super) const NAME: usize = 200;

const MOST_FILES: usize = 50;

/// What a review says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// 想定されるリスク: what could happen, and to what.
    pub risk: Option<String>,
    /// 発生可能性: a step of the matrix, from 1.
    pub likelihood: Option<u8>,
    /// 影響度: a step of the matrix, from 1.
    pub impact: Option<u8>,
    /// リスク対応
    pub treatment: Option<Treatment>,
    /// 対応策: what is done.
    pub measures: Option<String>,
    /// 証跡: SHA-256 of evidence files.
    pub evidence: Vec<Digest>,
    /// 担当者: who sees to it.
    pub owner: Option<String>,
    /// 目標日: by when the measures are taken, or since when they are.
    pub target_date: Option<Date>,
    /// 判断: why this is enough.
    pub decision: Option<String>,
    /// 受容期限: the last day on which an accepted risk is borne.
    pub accepted_until: Option<Date>,
    /// 次回見直し日; without it, a year after the approval.
    pub next_review_on: Option<Date>,
}

impl FromMembers for Content {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let step = |step: i64| u8::try_from(step).ok();
        let steps = 1..=i64::from(MOST_STEPS);
        Some(Self {
            risk: reader.optional_lines("risk", TEXT),
            likelihood: reader
                .optional_integer("likelihood", steps.clone())
                .and_then(step),
            impact: reader.optional_integer("impact", steps).and_then(step),
            treatment: reader.optional_choice("treatment", Treatment::from_word, TREATMENTS),
            measures: reader.optional_lines("measures", TEXT),
            evidence: reader.digests("evidence", MOST_FILES),
            owner: reader.optional_text("owner", NAME),
            target_date: reader.optional_date("target_date"),
            decision: reader.optional_lines("decision", TEXT),
            accepted_until: reader.optional_date("accepted_until"),
            next_review_on: reader.optional_date("next_review_on"),
        })
    }
}

impl Content {
    /// What is beyond the scales of a matrix.
    pub fn beyond(&self, matrix: &RiskMatrix) -> Vec<Violation> {
        let scales = [
            ("/likelihood", self.likelihood, matrix.likelihood.len()),
            ("/impact", self.impact, matrix.impact.len()),
        ];
        let beyond = scales
            .into_iter()
            .filter(|(_, step, steps)| step.is_some_and(|step| usize::from(step) > *steps));
        let told = beyond.map(|(pointer, _, steps)| {
            let detail = format!("the scale of your risk matrix has {steps} steps");
            Violation::new(pointer, "range", detail)
        });
        told.collect()
    }

    /// The level that a matrix gives; `None` where likelihood or impact is not chosen yet.
    pub fn level(&self, matrix: &RiskMatrix) -> Option<u8> {
        matrix.level(self.likelihood?, self.impact?)
    }

    /// What keeps the review from being submitted on that day.
    pub fn obstacles(&self, today: Date) -> Vec<Violation> {
        let accepts = self.treatment == Some(Treatment::Accept);
        let required = [
            ("/risk", self.risk.is_some(), true),
            ("/likelihood", self.likelihood.is_some(), true),
            ("/impact", self.impact.is_some(), true),
            ("/treatment", self.treatment.is_some(), true),
            ("/measures", self.measures.is_some(), !accepts),
            ("/owner", self.owner.is_some(), true),
            ("/target_date", self.target_date.is_some(), !accepts),
            ("/decision", self.decision.is_some(), true),
            ("/accepted_until", self.accepted_until.is_some(), accepts),
        ];
        let missing = required
            .into_iter()
            .filter(|(_, is_there, needed)| *needed && !is_there);
        let mut found: Vec<_> = missing
            .map(|(pointer, ..)| {
                Violation::new(pointer, "missing", "a review is not submitted without it")
            })
            .collect();
        found.extend(self.misfits(accepts, today));
        found
    }

    fn misfits(&self, accepts: bool, today: Date) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut report = |pointer, code, detail: &str| {
            found.push(Violation::new(pointer, code, detail));
        };
        if let Some(until) = self.accepted_until {
            if self.treatment.is_some() && !accepts {
                let detail = "only an acceptance (`accept`) expires: leave it out";
                report("/accepted_until", "not_an_acceptance", detail);
            } else if until < today {
                report("/accepted_until", "past", "the acceptance is over already");
            }
        }
        if let Some(next) = self.next_review_on {
            if next < today {
                report("/next_review_on", "past", "the day is over already");
            } else if self.accepted_until.is_some_and(|until| next > until) {
                let detail = "the acceptance expires before: review it by then";
                report("/next_review_on", "after_expiry", detail);
            }
        }
        found
    }

    /// When the review is to be looked at again, if it is approved on that day: as it says, or a year later; when an
    /// acceptance expires at the latest.
    pub fn next_review(&self, approved_on: Date) -> Date {
        let wished = self
            .next_review_on
            .unwrap_or_else(|| approved_on.saturating_add(1.year()));
        self.expiry().map_or(wished, |until| wished.min(until))
    }

    /// The last day of an acceptance.
    pub fn expiry(&self) -> Option<Date> {
        self.accepted_until
            .filter(|_| self.treatment == Some(Treatment::Accept))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::reader::{self, ReadError};
    use crate::risk_matrix::standard_matrix;

    fn read(document: &Value) -> Result<Content, Vec<(String, &'static str)>> {
        match reader::read(document.to_string().as_bytes()) {
            Ok(content) => Ok(content),
            Err(ReadError::Violations(found)) => Err(codes(found.into_vec())),
            Err(error) => panic!("{error}"),
        }
    }

    fn codes(found: Vec<Violation>) -> Vec<(String, &'static str)> {
        let found = found.into_iter();
        found
            .map(|violation| (violation.pointer, violation.code))
            .collect()
    }

    fn day(day: &str) -> Date {
        day.parse().unwrap()
    }

    fn reducing() -> Value {
        json!({
            "risk": "職員になりすまされ、診療録が閲覧される", "likelihood": 2, "impact": 3, "treatment": "reduce",
            "measures": "端末を施錠区域に置く", "owner": "情報管理室", "target_date": "2027-03-31",
            "decision": "更改までの間、物理的な対策で足りる",
        })
    }

    fn accepting() -> Value {
        let mut document = reducing();
        document["treatment"] = json!("accept");
        document["accepted_until"] = json!("2027-06-30");
        document
    }

    fn obstacles(document: &Value) -> Vec<(String, &'static str)> {
        codes(read(document).unwrap().obstacles(day("2026-11-21")))
    }

    #[test]
    fn a_draft_may_leave_everything_out_and_is_told_so_when_submitted() {
        let empty = read(&json!({})).unwrap();
        assert_eq!(empty, Content::default());
        let missing: Vec<_> = codes(empty.obstacles(day("2026-11-21")));
        let expected = [
            "risk",
            "likelihood",
            "impact",
            "treatment",
            "measures",
            "owner",
            "target_date",
            "decision",
        ];
        assert_eq!(
            missing,
            expected.map(|name| (format!("/{name}"), "missing"))
        );
        assert_eq!(obstacles(&reducing()), []);
    }

    #[test]
    fn an_acceptance_has_an_end_and_needs_no_measures() {
        let mut document = accepting();
        document["measures"] = Value::Null;
        document["target_date"] = Value::Null;
        assert_eq!(obstacles(&document), []);
        document["accepted_until"] = Value::Null;
        let missing = ("/accepted_until".to_owned(), "missing");
        assert_eq!(obstacles(&document), [missing]);
        document["accepted_until"] = json!("2026-11-20");
        let past = ("/accepted_until".to_owned(), "past");
        assert_eq!(obstacles(&document), [past]);
        document["accepted_until"] = json!("2026-11-21");
        assert_eq!(obstacles(&document), [], "the last day counts");
    }

    #[test]
    fn nothing_else_than_an_acceptance_expires() {
        let mut document = reducing();
        document["accepted_until"] = json!("2027-06-30");
        let expected = ("/accepted_until".to_owned(), "not_an_acceptance");
        assert_eq!(obstacles(&document), [expected]);
    }

    #[test]
    fn the_next_review_lies_ahead_and_within_the_acceptance() {
        let mut document = accepting();
        document["next_review_on"] = json!("2027-07-01");
        let late = ("/next_review_on".to_owned(), "after_expiry");
        assert_eq!(obstacles(&document), [late]);
        document["next_review_on"] = json!("2026-11-20");
        let past = ("/next_review_on".to_owned(), "past");
        assert_eq!(obstacles(&document), [past]);
    }

    #[test]
    fn the_next_review_is_a_year_later_or_as_wished_or_at_the_expiry() {
        let approved_on = day("2028-02-29");
        let mut document = reducing();
        let next = |document: &Value| read(document).unwrap().next_review(approved_on);
        assert_eq!(next(&document), day("2029-02-28"));
        document["next_review_on"] = json!("2028-09-01");
        assert_eq!(next(&document), day("2028-09-01"));
        let mut accepted = accepting();
        accepted["accepted_until"] = json!("2028-06-30");
        assert_eq!(next(&accepted), day("2028-06-30"));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let digest = Digest::of(b"file").to_string();
        let document = json!({
            "likelihood": 11, "impact": "3", "treatment": "ignore", "evidence": [digest, "x", digest],
            "target_date": "2027-02-30", "owner": "a\nb", "level": 3,
        });
        let expected = [
            ("/likelihood", "range"),
            ("/impact", "type"),
            ("/treatment", "choice"),
            ("/evidence/1", "choice"),
            ("/evidence/2", "twice"),
            ("/owner", "control"),
            ("/target_date", "date"),
            ("/level", "unknown_member"),
        ];
        let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code));
        assert_eq!(read(&document), Err(expected.to_vec()));
    }

    #[test]
    fn steps_beyond_the_matrix_are_told_and_those_within_give_a_level() {
        let three = standard_matrix("3x3").unwrap();
        let content = |likelihood: u8, impact: u8| Content {
            likelihood: Some(likelihood),
            impact: Some(impact),
            ..Content::default()
        };
        assert_eq!(
            codes(content(4, 5).beyond(three)),
            [
                ("/likelihood".to_owned(), "range"),
                ("/impact".to_owned(), "range")
            ]
        );
        assert_eq!(content(4, 5).level(three), None);
        assert_eq!(content(2, 3).beyond(three), []);
        assert_eq!(content(2, 3).level(three), Some(3));
        assert_eq!(Content::default().level(three), None);
    }

    #[test]
    fn a_document_of_a_row_is_read_back_as_it_was() {
        let content = read(&accepting()).unwrap();
        let row = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&row).unwrap(), content);
    }
}
