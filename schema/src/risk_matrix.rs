//! Risk matrices (リスクマトリクス): the scales of likelihood and impact, and the level that each pair of them gives.
//!
//! A matrix is data. Those of `fixtures/risk-matrices` are offered to everybody; an institution may write its own. Never
//! edit one that has been released: reviews keep the matrix that they were made with.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::embedded::{self, DataError};
use crate::reader::{self, FromMembers, Reader};
use crate::strict_json::Value;

const SOURCES: [&str; 2] = [
    include_str!("../../fixtures/risk-matrices/3x3.json"),
    include_str!("../../fixtures/risk-matrices/5x5.json"),
];

static STANDARDS: LazyLock<Vec<StandardMatrix>> = LazyLock::new(|| {
    embedded::all(&SOURCES, |text| {
        reader::read(text.as_bytes()).map_err(|error| DataError::Rule(error.to_string()))
    })
});

/// The most steps of a scale.
pub const MOST_STEPS: u8 = 10;

const TITLE: usize = 100;
const LABEL: usize = 20;
const MEANING: usize = 200;

/// One step of a scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it is called, such as 高.
    pub label: String,
    /// When it is the one to choose.
    pub meaning: Option<String>,
}

/// A risk matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskMatrix {
    /// What it is called.
    pub title: String,
    /// 発生可能性: its steps, the lowest first; a step's number is its place, from 1.
    pub likelihood: Vec<Step>,
    /// 影響度: its steps, the lowest first.
    pub impact: Vec<Step>,
    /// リスクレベル: its steps, the lowest first.
    pub levels: Vec<Step>,
    /// A row for each likelihood, in it a level's number for each impact. Neither scale's next step lowers the level.
    pub cells: Vec<Vec<u8>>,
}

/// A matrix that is offered to everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandardMatrix {
    /// By which it is chosen: `3x3`.
    pub id: String,
    /// The matrix.
    #[serde(flatten)]
    pub matrix: RiskMatrix,
}

/// The matrices that are offered; the first is the one of whoever chose none.
pub fn standard_matrices() -> &'static [StandardMatrix] {
    &STANDARDS
}

/// The matrix that is offered under that id.
pub fn standard_matrix(id: &str) -> Option<&'static RiskMatrix> {
    let mut standards = standard_matrices().iter();
    let found = standards.find(|standard| standard.id == id)?;
    Some(&found.matrix)
}

impl RiskMatrix {
    /// The level that a likelihood and an impact give; `None` where one of them is beyond its scale.
    pub fn level(&self, likelihood: u8, impact: u8) -> Option<u8> {
        let row = usize::from(likelihood).checked_sub(1)?;
        let column = usize::from(impact).checked_sub(1)?;
        self.cells.get(row)?.get(column).copied()
    }
}

impl FromMembers for StandardMatrix {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let id = reader.required_text("id", LABEL);
        let matrix = RiskMatrix::from_members(reader);
        Some(Self {
            id: id?,
            matrix: matrix?,
        })
    }
}

impl FromMembers for RiskMatrix {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let title = reader.required_text("title", TITLE);
        let likelihood = scale(reader, "likelihood");
        let impact = scale(reader, "impact");
        let levels = scale(reader, "levels");
        let cells = cells(reader);
        let matrix = Self {
            title: title?,
            likelihood: likelihood?,
            impact: impact?,
            levels: levels?,
            cells: cells?,
        };
        matrix.hangs_together(reader).then_some(matrix)
    }
}

impl RiskMatrix {
    fn hangs_together(&self, reader: &mut Reader<'_>) -> bool {
        let is_whole = self.cells.len() == self.likelihood.len()
            && self.cells.iter().all(|row| row.len() == self.impact.len());
        if !is_whole {
            let detail = "must hold a row for each likelihood, and in it a level for each impact";
            reader.report("cells", "shape", detail);
            return false;
        }
        let known = |level: &u8| (1..=self.levels.len()).contains(&usize::from(*level));
        if !self.cells.iter().flatten().all(known) {
            let detail = format!("a level is a number from 1 to {}", self.levels.len());
            reader.report("cells", "range", detail);
            return false;
        }
        let rises = self.cells.iter().all(|row| row.is_sorted())
            && self
                .cells
                .array_windows()
                .all(|[row, next]| row.iter().zip(next).all(|(level, above)| level <= above));
        if !rises {
            let detail = "a higher likelihood or impact must not give a lower level";
            reader.report("cells", "falls", detail);
        }
        rises
    }
}

/// Two steps at least: with one there is nothing to tell apart.
fn scale(reader: &mut Reader<'_>, name: &str) -> Option<Vec<Step>> {
    let values = array(reader, name)?;
    if !(2..=usize::from(MOST_STEPS)).contains(&values.len()) {
        let detail = format!("must hold 2 to {MOST_STEPS} steps");
        reader.report(name, "count", detail);
        return None;
    }
    let mut steps = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let pointer = format!("{}/{index}", reader.pointer_to(name));
        let mut nested = Reader::at(value, pointer);
        let label = nested.required_text("label", LABEL);
        let meaning = nested.optional_text("meaning", MEANING);
        reader.absorb(nested.finish());
        steps.extend(label.map(|label| Step { label, meaning }));
    }
    (steps.len() == values.len()).then_some(steps)
}

fn cells(reader: &mut Reader<'_>) -> Option<Vec<Vec<u8>>> {
    let rows = array(reader, "cells")?;
    let level = |value: &Value<'_>| match value {
        Value::Integer(level) => u8::try_from(*level).ok(),
        _ => None,
    };
    let row = |value: &Value<'_>| match value {
        Value::Array(levels) => levels.iter().map(level).collect(),
        _ => None,
    };
    let read: Option<Vec<Vec<u8>>> = rows.iter().map(row).collect();
    if read.is_none() {
        let detail = "must be an array of arrays of levels, each a number from 1";
        reader.report("cells", "type", detail);
    }
    read
}

fn array<'v>(reader: &mut Reader<'v>, name: &str) -> Option<&'v [Value<'v>]> {
    if let Value::Array(values) = reader.required(name)? {
        Some(values)
    } else {
        reader.report(name, "type", "must be an array");
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn codes(matrix: &Json) -> Vec<(String, &'static str)> {
        match reader::read::<RiskMatrix>(matrix.to_string().as_bytes()) {
            Ok(_) => Vec::new(),
            Err(reader::ReadError::Violations(found)) => found
                .into_vec()
                .into_iter()
                .map(|violation| (violation.pointer, violation.code))
                .collect(),
            Err(error) => panic!("{error}"),
        }
    }

    fn two_by_three() -> Json {
        let step = |label: &str| json!({ "label": label });
        json!({
            "title": "2×3", "likelihood": [step("低"), step("高")],
            "impact": [step("小"), step("中"), step("大")], "levels": [step("低"), step("高")],
            "cells": [[1, 1, 2], [1, 2, 2]],
        })
    }

    #[test]
    fn the_standards_are_read_and_the_first_is_three_by_three() {
        let [first, second] = standard_matrices() else {
            panic!("two standards")
        };
        assert_eq!((&*first.id, &*second.id), ("3x3", "5x5"));
        assert_eq!(first.matrix.level(3, 1), Some(2));
        assert_eq!(first.matrix.level(2, 3), Some(3));
        assert_eq!(first.matrix.level(0, 1), None);
        assert_eq!(first.matrix.level(1, 4), None);
        assert_eq!(standard_matrix("5x5").unwrap().level(5, 5), Some(4));
        assert!(standard_matrix("4x4").is_none());
    }

    #[test]
    fn a_matrix_of_ones_own_is_read() {
        assert_eq!(codes(&two_by_three()), []);
    }

    #[test]
    fn what_does_not_hang_together_is_refused() {
        let cases = [
            ("cells", json!([[1, 1, 2]]), "shape"),
            ("cells", json!([[1, 1], [1, 2]]), "shape"),
            ("cells", json!([[1, 1, 2], [1, 2, 3]]), "range"),
            ("cells", json!([[0, 1, 2], [1, 2, 2]]), "range"),
            ("cells", json!([[1, 2, 1], [2, 2, 2]]), "falls"),
            ("cells", json!([[2, 2, 2], [1, 2, 2]]), "falls"),
            ("cells", json!([[1, 1, "2"], [1, 2, 2]]), "type"),
            ("cells", json!([1, 2]), "type"),
            ("cells", json!("1"), "type"),
            ("likelihood", json!([{ "label": "低" }]), "count"),
            ("impact", json!({}), "type"),
        ];
        for (member, value, code) in cases {
            let mut matrix = two_by_three();
            matrix[member] = value;
            assert_eq!(codes(&matrix), [(format!("/{member}"), code)], "{matrix}");
        }
    }

    #[test]
    fn each_step_is_told_what_is_wrong_with_it() {
        let mut matrix = two_by_three();
        matrix["impact"] = json!([{ "label": "" }, {}, { "label": "大", "colour": "red" }]);
        let expected = [
            ("/impact/0/label", "empty"),
            ("/impact/1/label", "missing"),
            ("/impact/2/colour", "unknown_member"),
        ];
        let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code));
        assert_eq!(codes(&matrix), expected);
    }
}
