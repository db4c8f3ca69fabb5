//! Kinds of information that an institution handles (取り扱う情報の一覧), and templates to start the list from.
//!
//! How fine the list is, the guideline says (3 ①): as fine as the way differs in which things are kept, such as results of
//! blood tests and images of radiology.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::embedded::{self, DataError};

const SOURCES: [&str; 1] = [include_str!(
    "../../fixtures/information-kinds/templates.csv"
)];

static TEMPLATES: LazyLock<Vec<InformationTemplate>> = LazyLock::new(|| {
    let files = embedded::all(&SOURCES, |file| parse(file));
    files.into_iter().flatten().collect()
});

/// How much a kind of information is to be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    /// 要配慮個人情報: such as a person's illnesses (個人情報保護法 第2条第3項).
    SpecialCare,
    /// 個人情報: about a person, otherwise.
    Personal,
    /// その他: about no person.
    Other,
}

impl Sensitivity {
    /// Every degree there is.
    pub const ALL: [Self; 3] = [Self::SpecialCare, Self::Personal, Self::Other];

    /// The word in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SpecialCare => "special_care",
            Self::Personal => "personal",
            Self::Other => "other",
        }
    }

    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::SpecialCare => "要配慮個人情報",
            Self::Personal => "個人情報",
            Self::Other => "その他",
        }
    }

    /// The degree of that word, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|degree| degree.as_str() == name)
    }
}

/// A kind of information to start from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InformationTemplate {
    /// Its name for programs.
    pub id: String,
    /// What the information is.
    pub name: String,
    /// How much it is to be protected.
    pub sensitivity: Sensitivity,
    /// Where it is usually kept.
    pub kept_in: String,
    /// What to think of.
    pub note: Option<String>,
}

/// Every template.
pub fn information_templates() -> &'static [InformationTemplate] {
    &TEMPLATES
}

fn parse(file: &str) -> Result<Vec<InformationTemplate>, DataError> {
    let rows = csv::Reader::from_reader(file.as_bytes()).into_deserialize();
    let templates: Vec<InformationTemplate> = rows.collect::<Result<_, _>>()?;
    for (place, template) in templates.iter().enumerate() {
        let before = templates.iter().take(place);
        let alike =
            |other: &InformationTemplate| other.id == template.id || other.name == template.name;
        if template.name.is_empty() || before.clone().any(alike) {
            return Err(DataError::Rule(format!("template {}", template.id)));
        }
    }
    Ok(templates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guidelines_examples_are_among_the_templates() {
        let names: Vec<_> = information_templates()
            .iter()
            .map(|kind| kind.name.as_str())
            .collect();
        for example in ["血液検査結果", "放射線画像（X線、CT、MRI）", "尿検査結果"]
        {
            assert!(names.contains(&example), "{example}");
        }
    }

    #[test]
    fn a_corrupt_file_is_refused() {
        let file = SOURCES[0];
        for (right, wrong) in [
            ("urine-test", "blood-test"),
            ("尿検査結果", "血液検査結果"),
            ("special_care", "secret"),
        ] {
            assert!(file.contains(right), "{right}");
            assert!(parse(&file.replacen(right, wrong, 1)).is_err(), "{wrong}");
        }
    }
}
