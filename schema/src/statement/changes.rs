//! What changed between two revisions, question by question and item by item.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Replies, Reply, Statement};
use crate::form::QuestionNumber;

/// One reply that differs between two revisions: of a question, or of an item of a requirement set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change<'a> {
    /// The question, where the form's answer differs.
    pub number: Option<QuestionNumber>,
    /// The requirement set, where a direct answer differs.
    pub requirement_set: Option<&'a str>,
    /// The item of that set.
    pub item: Option<&'a str>,
    /// What the earlier revision says; `None` where it says nothing.
    pub before: Option<&'a Reply>,
    /// What the later revision says; `None` where it says nothing.
    pub after: Option<&'a Reply>,
}

impl Statement {
    /// The replies that differ from an earlier revision: first the questions, then the items set by set, in order.
    ///
    /// Numbers are compared as numbers, also where the two follow different editions of the form.
    pub fn changes_since<'a>(&'a self, earlier: &'a Statement) -> Vec<Change<'a>> {
        let questions = differing(Some(&earlier.answers), Some(&self.answers));
        let mut changes: Vec<Change<'a>> = questions
            .map(|(number, before, after)| Change {
                number: Some(*number),
                requirement_set: None,
                item: None,
                before,
                after,
            })
            .collect();
        let both = earlier.annex.iter().chain(&self.annex);
        let sets: BTreeSet<&str> = both.map(|direct| direct.set.as_str()).collect();
        for set in sets {
            let items = differing(earlier.direct_replies(set), self.direct_replies(set));
            changes.extend(items.map(|(item, before, after)| Change {
                number: None,
                requirement_set: Some(set),
                item: Some(item),
                before,
                after,
            }));
        }
        changes
    }
}

type Difference<'a, K> = (&'a K, Option<&'a Reply>, Option<&'a Reply>);

/// The keys under which the two say something else, in order.
fn differing<'a, K: Ord>(
    before: Option<&'a Replies<K>>,
    after: Option<&'a Replies<K>>,
) -> impl Iterator<Item = Difference<'a, K>> {
    let mut pairs: BTreeMap<&K, (Option<&Reply>, Option<&Reply>)> = BTreeMap::new();
    for (key, reply) in before.into_iter().flat_map(Replies::iter) {
        pairs.entry(key).or_default().0 = Some(reply);
    }
    for (key, reply) in after.into_iter().flat_map(Replies::iter) {
        pairs.entry(key).or_default().1 = Some(reply);
    }
    pairs
        .into_iter()
        .filter(|(_, (before, after))| before != after)
        .map(|(key, (before, after))| (key, before, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::FormKind;
    use crate::statement::{Answer, DirectReplies, tests::sample};

    fn reply(answer: Answer, remark: Option<&str>) -> Reply {
        Reply {
            answer: Some(answer),
            remark: remark.map(str::to_owned),
        }
    }

    fn with(answers: &[(&str, Reply)], items: &[(&str, Reply)]) -> Statement {
        let mut statement = sample(FormKind::Sds);
        let numbers = answers.iter().cloned();
        statement.answers = numbers
            .map(|(number, reply)| (number.parse().unwrap(), reply))
            .collect();
        if !items.is_empty() {
            let items = items.iter().cloned();
            statement.annex = vec![DirectReplies {
                set: "mhlw-7.0-annex".to_owned(),
                replies: items.map(|(id, reply)| (id.to_owned(), reply)).collect(),
            }];
        }
        statement
    }

    #[test]
    fn the_same_replies_are_no_change() {
        let statement = with(&[("17", reply(Answer::Yes, None))], &[]);
        assert_eq!(statement.changes_since(&statement.clone()), []);
    }

    #[test]
    fn changes_are_listed_in_the_order_of_the_numbers_and_then_of_the_items() {
        let yes = reply(Answer::Yes, None);
        let planned = reply(Answer::No, Some("次期更改で対応予定"));
        let earlier = with(
            &[
                ("4.10", planned.clone()),
                ("4.9", yes.clone()),
                ("4.8", yes.clone()),
            ],
            &[],
        );
        let later = with(
            &[
                ("4.10", yes.clone()),
                ("4.8", yes.clone()),
                ("2", planned.clone()),
            ],
            &[("sds-17.1", yes.clone())],
        );
        let changes = later.changes_since(&earlier);
        let seen: Vec<_> = changes
            .iter()
            .map(|change| {
                let number = change.number.map(|number| number.to_string());
                (number, change.item, change.before, change.after)
            })
            .collect();
        assert_eq!(
            seen,
            [
                (Some("2".to_owned()), None, None, Some(&planned)),
                (Some("4.9".to_owned()), None, Some(&yes), None),
                (Some("4.10".to_owned()), None, Some(&planned), Some(&yes)),
                (None, Some("sds-17.1"), None, Some(&yes)),
            ]
        );
        assert_eq!(changes[3].requirement_set, Some("mhlw-7.0-annex"));
    }

    #[test]
    fn a_remark_alone_is_a_change() {
        let earlier = with(&[("17.1", reply(Answer::No, None))], &[]);
        let later = with(
            &[("17.1", reply(Answer::No, Some("令和9年度に対応予定")))],
            &[],
        );
        assert_eq!(later.changes_since(&earlier).len(), 1);
    }
}
