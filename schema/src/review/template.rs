//! Templates of measures (対応策のひな形): what an institution does about the same item of many systems, written once.

use serde::{Deserialize, Serialize};

use super::content::{NAME, TEXT, TREATMENTS};
use super::{Content, Treatment};
use crate::reader::{FromMembers, Reader};

/// A template of measures. Likelihood, impact and days belong to a system and are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureTemplate {
    /// What it is called.
    pub title: String,
    /// リスク対応
    pub treatment: Treatment,
    /// 対応策
    pub measures: String,
    /// 想定されるリスク
    pub risk: Option<String>,
    /// 判断
    pub decision: Option<String>,
    /// 担当者
    pub owner: Option<String>,
}

impl FromMembers for MeasureTemplate {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let title = reader.required_text("title", NAME);
        let treatment = reader.required_choice("treatment", Treatment::from_word, TREATMENTS);
        let measures = reader.required_lines("measures", TEXT);
        let risk = reader.optional_lines("risk", TEXT);
        let decision = reader.optional_lines("decision", TEXT);
        let owner = reader.optional_text("owner", NAME);
        Some(Self {
            title: title?,
            treatment: treatment?,
            measures: measures?,
            risk,
            decision,
            owner,
        })
    }
}

impl MeasureTemplate {
    /// What a review says that is written from it.
    pub fn content(&self) -> Content {
        Content {
            risk: self.risk.clone(),
            treatment: Some(self.treatment),
            measures: Some(self.measures.clone()),
            owner: self.owner.clone(),
            decision: self.decision.clone(),
            ..Content::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader;

    #[test]
    fn a_review_takes_over_what_the_template_says_and_nothing_about_its_system() {
        let template: MeasureTemplate = reader::read(
            r#"{"title": "二要素認証まで", "treatment": "reduce", "measures": "端末を施錠区域に置く", "owner": "情報管理室"}"#
                .as_bytes(),
        )
        .unwrap();
        let content = template.content();
        assert_eq!(content.treatment, Some(Treatment::Reduce));
        assert_eq!(content.measures.as_deref(), Some("端末を施錠区域に置く"));
        assert_eq!(content.owner.as_deref(), Some("情報管理室"));
        assert_eq!((content.likelihood, content.target_date), (None, None));
    }

    #[test]
    fn a_template_has_a_title_a_treatment_and_measures() {
        let refused = reader::read::<MeasureTemplate>(b"{}").unwrap_err();
        let text = refused.to_string();
        for member in ["/title", "/treatment", "/measures"] {
            assert!(text.contains(member), "{text}");
        }
    }
}
