//! `kaiji compare`: what an institution would be shown for a statement, without a service.
//!
//! Kaiji points out items; what they mean for an institution is for that institution to judge.

use std::path::PathBuf;

use clap::Args;
use kaiji_schema::Digest;
use kaiji_schema::comparison::{Comparison, Outcome, Summary, compare};
use kaiji_schema::jws::Document;
use kaiji_schema::requirement::{DEFAULT_SET, RequirementSet, RequirementSets, requirement_set};
use kaiji_schema::sheet::ComparisonRow;
use kaiji_schema::statement::Statement;
use kaiji_schema::violation::Violations;

use super::end::{Answer, CommandError};
use super::files::StatementFile;
use super::output::{self, Output};
use super::table;

/// How wide the table is made.
const COLUMNS: usize = 100;

/// Compare a statement with the items of a requirement set (別紙) and show what needs a look (offline)
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// A statement's payload (JSON), or the signed statement (its signature is not checked: see `kaiji verify`)
    file: PathBuf,
    /// End with status 1 if any item is flagged
    #[arg(long)]
    strict: bool,
    /// The requirement set
    #[arg(long, value_name = "ID", default_value = DEFAULT_SET)]
    set: String,
    #[command(flatten)]
    output: Output,
}

impl Compare {
    pub(super) fn run(&self) -> Result<Answer, CommandError> {
        let set = requirement_set(&self.set).ok_or_else(|| unknown_set(&self.set))?;
        let (statement, sha256) = match self.statement()? {
            Ok(read) => read,
            Err(violations) => {
                self.output
                    .refuse(&self.file.display().to_string(), &violations)?;
                return Ok(Answer::No);
            }
        };
        let comparison = compare(&statement, sha256, set);
        self.output
            .show(&comparison, &describe(&comparison, set, &title(&statement)))?;
        Ok(Answer::from(
            !(self.strict && comparison.summary.review_required),
        ))
    }

    /// The statement, with its digest where it is signed, or why it is none.
    fn statement(&self) -> Result<Result<(Statement, Option<Digest>), Violations>, CommandError> {
        let (payload, sha256) = match StatementFile::read(&self.file)? {
            Ok(StatementFile::Payload(payload)) => (payload, None),
            Ok(StatementFile::Signed(jws)) => {
                output::note("kaiji: the signature was not checked; `kaiji verify` does that");
                (jws.payload().to_vec(), Some(jws.sha256()))
            }
            Err(violations) => return Ok(Err(violations)),
        };
        Ok(Statement::parse(&payload).map(|statement| (statement, sha256)))
    }
}

fn unknown_set(id: &str) -> CommandError {
    let known: Vec<&str> = RequirementSets::built_in()
        .iter()
        .map(|set| set.id.as_str())
        .collect();
    CommandError::Usage(format!(
        "there is no requirement set `{id}`; known: {}",
        known.join(", ")
    ))
}

fn title(statement: &Statement) -> String {
    let Statement {
        form,
        form_edition,
        product,
        issued_on,
        ..
    } = statement;
    format!(
        "{} {}（{form} {form_edition}、作成日 {issued_on}）",
        product.name, product.version
    )
}

/// A comparison for people: the counts, and a table of the flagged items.
pub(super) fn describe(comparison: &Comparison<'_>, set: &RequirementSet, title: &str) -> String {
    let mut lines = vec![title.to_owned(), counts(&comparison.summary)];
    let blank = ComparisonRow::default();
    let flagged: Vec<ComparisonRow<'_>> = comparison
        .flagged()
        .map(|item| blank.of_item(item, Some(set)))
        .collect();
    if flagged.is_empty() {
        lines.push("要リスク評価・要確認の項目はない。".to_owned());
        return lines.join("\n");
    }
    let numbers = flagged.iter().map(|row| table::width(&row.number));
    let left = numbers.max().unwrap_or_default() + 2;
    let judgements = Outcome::ALL.map(|outcome| table::width(outcome.label()));
    let middle = judgements.into_iter().max().unwrap_or_default() + 2;
    let columns = |number: &str, judgement: &str, answer: &str| {
        let (number, judgement) = (table::pad(number, left), table::pad(judgement, middle));
        format!("{number}{judgement}{answer}")
    };
    lines.extend([
        String::new(),
        columns("項番", "判定", "回答"),
        "─".repeat(COLUMNS),
    ]);
    for row in &flagged {
        lines.push(columns(&row.number, row.judgement, &row.answer));
        lines.extend(details(row));
    }
    lines.join("\n")
}

fn details(row: &ComparisonRow<'_>) -> impl Iterator<Item = String> {
    let text = format!("{}（第{}章）", row.text, row.chapter);
    [
        ("項目", text.as_str()),
        ("備考", &row.remark),
        ("理由", row.reason),
    ]
    .map(|(label, text)| table::labelled(4, label, text, COLUMNS))
    .into_iter()
    .flatten()
}

/// `58項目：適合 40、対象外 10、要リスク評価 5、要確認 3`.
pub(super) fn counts(summary: &Summary) -> String {
    let each = Outcome::ALL.map(|outcome| {
        let count = match outcome {
            Outcome::Conforming => summary.conforming,
            Outcome::NotApplicable => summary.not_applicable,
            Outcome::Nonconforming => summary.nonconforming,
            Outcome::Unconfirmed => summary.unconfirmed,
        };
        format!("{} {count}", outcome.label())
    });
    format!("{}項目：{}", summary.items, each.join("、"))
}
