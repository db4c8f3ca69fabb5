//! The outcome of one item, by rules alone (DESIGN section 5): a direct answer goes before the form's answers, and
//! a blank is never 対象外 and never はい. No item has a rule of its own that is not in the set's data.

use std::borrow::Cow;

use super::{ComparedItem, Outcome, Reading, Reason, StatedAnswer, StatedReply};
use crate::requirement::{Item, RequirementSet, Rule};
use crate::statement::{Answer, Answered, Replies, Reply};

/// What the form's answers say about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Derivation {
    /// They answer the questions of another edition.
    AnotherEdition,
    /// A blank leaves the item open.
    Unanswered,
    /// It is not clear how they combine, and the two readings differ.
    Unclear {
        all: Option<Answer>,
        any: Option<Answer>,
    },
    /// They decide.
    Answer(Answer),
}

/// One statement against one set.
pub(super) struct Rules<'a> {
    answered: Answered<'a>,
    direct: Option<&'a Replies<String>>,
    same_edition: bool,
}

impl<'a> Rules<'a> {
    pub(super) fn new(answered: Answered<'a>, set: &RequirementSet) -> Self {
        Self {
            answered,
            direct: answered.direct_replies(&set.id),
            same_edition: answered.form_edition == set.form_edition,
        }
    }

    pub(super) fn compare(&self, item: &'a Item) -> ComparedItem<'a> {
        let answers = self.answers(item);
        let direct = self.direct.and_then(|direct| direct.get(item.id.as_str()));
        let derivation = if self.same_edition {
            derive(item.rule, answers.iter().map(|stated| stated.answer))
        } else {
            Derivation::AnotherEdition
        };
        let (outcome, reason) = decide(
            item.redefined,
            direct.and_then(|reply| reply.answer),
            derivation,
        );
        let (derived_all, derived_any) = readings(reason, derivation);
        ComparedItem {
            id: Cow::Borrowed(&item.id),
            chapter: item.chapter,
            numbers: Cow::Borrowed(&item.numbers),
            text: Cow::Borrowed(&item.text),
            outcome,
            reason,
            direct: direct.map(|reply| StatedReply {
                answer: reply.answer,
                remark: remark(reply),
            }),
            derived: match derivation {
                Derivation::Answer(derived) => Some(derived),
                _ => None,
            },
            derived_all,
            derived_any,
            answers,
        }
    }

    fn answers(&self, item: &Item) -> Vec<StatedAnswer<'a>> {
        let numbers = item.numbers.iter();
        numbers
            .map(|number| {
                let reply = self.answered.reply(number);
                StatedAnswer {
                    number: *number,
                    answer: reply.and_then(|reply| reply.answer),
                    remark: reply.and_then(remark),
                }
            })
            .collect()
    }
}

fn remark(reply: &Reply) -> Option<Cow<'_, str>> {
    reply.remark.as_deref().map(Cow::Borrowed)
}

fn readings(reason: Option<Reason>, derivation: Derivation) -> (Option<Reading>, Option<Reading>) {
    match (reason, derivation) {
        (Some(Reason::UnclearRule), Derivation::Unclear { all, any }) => {
            (Some(Reading(all)), Some(Reading(any)))
        }
        _ => (None, None),
    }
}

/// Steps 1, 2, 4 and 5: what a direct answer and the form's answers come to.
fn decide(
    redefined: bool,
    direct: Option<Answer>,
    derivation: Derivation,
) -> (Outcome, Option<Reason>) {
    let reason = match (direct, derivation) {
        (Some(direct), derived) if !contradict(redefined, direct, derived) => {
            return (outcome_of(direct), None);
        }
        (Some(_), _) => Reason::Contradiction,
        (None, Derivation::AnotherEdition) => Reason::Edition,
        (None, Derivation::Unanswered) => Reason::Unanswered,
        (None, Derivation::Unclear { .. }) => Reason::UnclearRule,
        (None, Derivation::Answer(Answer::No)) if redefined => Reason::Redefined,
        (None, Derivation::Answer(derived)) => return (outcome_of(derived), None),
    };
    (Outcome::Unconfirmed, Some(reason))
}

/// Whether a direct answer is the opposite of what the form's answers give.
fn contradict(redefined: bool, direct: Answer, derivation: Derivation) -> bool {
    match (direct, derivation) {
        // The 別紙 only widens はい, so a direct はい is at home beside the form's いいえ.
        (Answer::Yes, Derivation::Answer(Answer::No)) => !redefined,
        (Answer::No, Derivation::Answer(Answer::Yes)) => true,
        _ => false,
    }
}

fn outcome_of(answer: Answer) -> Outcome {
    match answer {
        Answer::Yes => Outcome::Conforming,
        Answer::No => Outcome::Nonconforming,
        Answer::NotApplicable => Outcome::NotApplicable,
    }
}

/// Step 3: the answers to an item's questions as one.
pub(super) fn derive(rule: Rule, answers: impl Iterator<Item = Option<Answer>>) -> Derivation {
    let given = Given::of(answers);
    let (all, any) = (given.all(), given.any());
    let read = match rule {
        // For one question the two readings are the same.
        Rule::Single | Rule::All => all,
        Rule::Any => any,
        Rule::Unclear if all == any => all,
        Rule::Unclear => return Derivation::Unclear { all, any },
    };
    read.map_or(Derivation::Unanswered, Derivation::Answer)
}

/// Which answers occur among those to the questions of an item; the rules ask for no more.
#[derive(Default)]
struct Given {
    yes: bool,
    no: bool,
    blank: bool,
}

impl Given {
    fn of(answers: impl Iterator<Item = Option<Answer>>) -> Self {
        let mut given = Self::default();
        for answer in answers {
            match answer {
                Some(Answer::Yes) => given.yes = true,
                Some(Answer::No) => given.no = true,
                Some(Answer::NotApplicable) => {}
                None => given.blank = true,
            }
        }
        given
    }

    /// `None` is open: a blank could turn it.
    fn all(&self) -> Option<Answer> {
        if self.no {
            Some(Answer::No)
        } else if self.blank {
            None
        } else if self.yes {
            Some(Answer::Yes)
        } else {
            Some(Answer::NotApplicable)
        }
    }

    /// `None` is open: a blank could turn it.
    fn any(&self) -> Option<Answer> {
        if self.yes {
            Some(Answer::Yes)
        } else if self.blank {
            None
        } else if self.no {
            Some(Answer::No)
        } else {
            Some(Answer::NotApplicable)
        }
    }
}
