//! Comparisons that outlive the statement and the set that they were made from.

use std::borrow::Cow;

use super::{ComparedItem, Comparison, StatedAnswer, StatedReply};

impl Comparison<'_> {
    /// The same comparison with texts of its own, for an answer that the statement does not accompany.
    pub fn into_owned(self) -> Comparison<'static> {
        Comparison {
            requirement_set: owned(self.requirement_set),
            statement: self.statement,
            form: self.form,
            form_edition: owned(self.form_edition),
            summary: self.summary,
            items: self
                .items
                .into_iter()
                .map(ComparedItem::into_owned)
                .collect(),
        }
    }
}

impl ComparedItem<'_> {
    /// The same item with texts of its own.
    pub fn into_owned(self) -> ComparedItem<'static> {
        let answers = self.answers.into_iter();
        ComparedItem {
            id: owned(self.id),
            chapter: self.chapter,
            numbers: Cow::Owned(self.numbers.into_owned()),
            text: owned(self.text),
            outcome: self.outcome,
            reason: self.reason,
            direct: self.direct.map(|direct| StatedReply {
                answer: direct.answer,
                remark: direct.remark.map(owned),
            }),
            derived: self.derived,
            derived_all: self.derived_all,
            derived_any: self.derived_any,
            answers: answers
                .map(|stated| StatedAnswer {
                    number: stated.number,
                    answer: stated.answer,
                    remark: stated.remark.map(owned),
                })
                .collect(),
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
