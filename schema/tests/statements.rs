//! Every file under `fixtures/statements`: what is in `accepted` parses and can be compared, what is in `rejected`
//! has exactly the violations that are listed beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use kaiji_schema::comparison::{Comparison, Outcome, Reason, compare};
use kaiji_schema::form::{FormKind, form};
use kaiji_schema::jws::Document;
use kaiji_schema::requirement::{DEFAULT_SET, RequirementSet, requirement_set};
use kaiji_schema::statement::{Statement, VIOLATION_CODES};

/// What [`kaiji_schema::strict_json`] and [`kaiji_schema::reader`] report of any document.
const GENERAL_CODES: [&str; 20] = [
    "bidi",
    "choice",
    "control",
    "date",
    "duplicate_member",
    "empty",
    "float",
    "integer_range",
    "lone_surrogate",
    "missing",
    "not_utf8",
    "nul",
    "range",
    "syntax",
    "too_deep",
    "too_long",
    "too_many",
    "trailing",
    "type",
    "unknown_member",
];

fn files(folder: &str, ends: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/statements")
        .join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().ends_with(ends))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "nothing in {}", folder.display());
    files
}

fn listed_violations(path: &Path) -> Vec<(String, String)> {
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    listed
        .iter()
        .map(|violation| {
            let text = |member: &str| violation[member].as_str().unwrap().to_owned();
            (text("pointer"), text("code"))
        })
        .collect()
}

fn annex() -> &'static RequirementSet {
    requirement_set(DEFAULT_SET).unwrap()
}

fn sample(name: &str) -> Statement {
    let path = files("accepted", name).remove(0);
    Statement::parse(&fs::read(path).unwrap()).unwrap()
}

/// The flagged items with their outcome and reason, in the order of the 別紙.
fn flagged<'c>(comparison: &'c Comparison<'_>) -> Vec<(&'c str, Outcome, Option<Reason>)> {
    let items = comparison.flagged();
    items
        .map(|item| (item.id.as_ref(), item.outcome, item.reason))
        .collect()
}

#[test]
fn every_accepted_statement_parses_and_can_be_compared() {
    for path in files("accepted", ".json") {
        let statement = Statement::parse(&fs::read(&path).unwrap())
            .unwrap_or_else(|violations| panic!("{}:\n{violations}", path.display()));
        let comparison = compare(&statement, None, annex());
        let items = annex().items_of(statement.form).count();
        assert_eq!(comparison.items.len(), items, "{}", path.display());
    }
}

#[test]
fn every_rejected_statement_has_exactly_its_listed_violations() {
    for listed in files("rejected", ".violations.json") {
        let path = listed
            .to_str()
            .unwrap()
            .replace(".violations.json", ".json");
        let violations = Statement::parse(&fs::read(&path).unwrap())
            .expect_err(&path)
            .into_vec();
        let found: Vec<(String, String)> = violations
            .into_iter()
            .map(|violation| (violation.pointer, violation.code.to_owned()))
            .collect();
        assert_eq!(found, listed_violations(&listed), "{path}");
    }
}

#[test]
fn every_rejected_statement_has_a_list() {
    let all = files("rejected", ".json").len();
    assert_eq!(all, 2 * files("rejected", ".violations.json").len());
}

#[test]
fn the_rejected_statements_show_every_code() {
    let listed = files("rejected", ".violations.json");
    let shown: BTreeSet<String> = listed
        .iter()
        .flat_map(|path| listed_violations(path))
        .map(|(_, code)| code)
        .collect();
    let known = VIOLATION_CODES.into_iter().chain(GENERAL_CODES);
    assert_eq!(shown, known.map(str::to_owned).collect());
}

#[test]
fn the_samples_answer_every_question_of_their_form_but_one() {
    for (name, id, left_out) in [
        ("sds-sample.json", "sds-5.0", 1),
        ("mds-sample.json", "mds-5.0", 0),
    ] {
        let statement = sample(name);
        let missing = form(id).unwrap().numbers.iter();
        let missing = missing.filter(|number| statement.reply(number).is_none());
        assert_eq!(missing.count(), left_out, "{name}");
    }
}

#[test]
fn the_sample_of_a_service_shows_every_outcome_and_every_reason_but_the_edition() {
    let statement = sample("sds-sample.json");
    let comparison = compare(&statement, None, annex());
    assert_eq!(
        flagged(&comparison),
        [
            ("sds-54", Outcome::Unconfirmed, Some(Reason::Contradiction)),
            ("sds-49", Outcome::Nonconforming, None),
            ("sds-57.3", Outcome::Unconfirmed, Some(Reason::Unanswered)),
            (
                "sds-58.1_58.2",
                Outcome::Unconfirmed,
                Some(Reason::Unanswered)
            ),
            (
                "sds-1.1_1.2",
                Outcome::Unconfirmed,
                Some(Reason::UnclearRule)
            ),
            ("sds-17.1", Outcome::Unconfirmed, Some(Reason::Redefined)),
            ("sds-84", Outcome::Nonconforming, None),
        ]
    );
    assert_eq!(comparison.summary.not_applicable, 6);
    assert_eq!(comparison.summary.conforming, 45);
}

#[test]
fn the_sample_of_a_device_has_a_direct_yes_to_a_redefined_item() {
    let statement = sample("mds-sample.json");
    let comparison = compare(&statement, None, annex());
    assert_eq!(
        flagged(&comparison),
        [
            ("mds-12.3.1.1", Outcome::Nonconforming, None),
            ("mds-4.1.2", Outcome::Unconfirmed, Some(Reason::Redefined)),
            ("mds-18", Outcome::Unconfirmed, Some(Reason::Unanswered)),
            ("mds-26", Outcome::Nonconforming, None),
        ]
    );
    let planned = comparison.items.iter().find(|item| item.id == "mds-4.1");
    assert_eq!(planned.unwrap().outcome, Outcome::Conforming);
}

#[test]
fn another_edition_leaves_only_direct_answers_to_compare() {
    let statement = sample("form-edition-unknown.json");
    assert_eq!(statement.form, FormKind::Sds);
    let comparison = compare(&statement, None, annex());
    let by_edition = comparison.items.iter();
    let by_edition = by_edition.filter(|item| item.reason == Some(Reason::Edition));
    assert_eq!((by_edition.count(), comparison.summary.conforming), (57, 1));
}
