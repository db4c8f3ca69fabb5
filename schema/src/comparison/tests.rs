//! The comparison against the rules as DESIGN section 5 states them: an oracle of truth tables, written from that
//! text and sharing nothing with the implementation.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::rules::{Derivation, derive};
use super::*;
use crate::requirement::{DEFAULT_SET, Item, Rule, requirement_set};
use crate::statement::Statement;
use crate::statement::tests::sample;
use crate::statement::{DirectReplies, Reply};

/// Y はい, N いいえ, A 対象外, - blank; the order of the rows and columns of every table.
const LETTERS: &str = "YNA-";

/// Row: the first number; column: the second.
const ALL_OF_TWO: [&str; 4] = ["YNY-", "NNNN", "YNA-", "-N--"];
const ANY_OF_TWO: [&str; 4] = ["YYYY", "YNN-", "YNA-", "Y---"];
/// `!` is where the two readings differ.
const UNCLEAR_OF_TWO: [&str; 4] = ["Y!Y!", "!NN!", "YNA-", "!!--"];

/// Block: the first number; row in it: the second; column: the third.
const ALL_OF_THREE: [[&str; 4]; 4] = [
    ["YNY-", "NNNN", "YNY-", "-N--"],
    ["NNNN", "NNNN", "NNNN", "NNNN"],
    ["YNY-", "NNNN", "YNA-", "-N--"],
    ["-N--", "NNNN", "-N--", "-N--"],
];
const ANY_OF_THREE: [[&str; 4]; 4] = [
    ["YYYY", "YYYY", "YYYY", "YYYY"],
    ["YYYY", "YNN-", "YNN-", "Y---"],
    ["YYYY", "YNN-", "YNA-", "Y---"],
    ["YYYY", "Y---", "Y---", "Y---"],
];
const UNCLEAR_OF_THREE: [[&str; 4]; 4] = [
    ["Y!Y!", "!!!!", "Y!Y!", "!!!!"],
    ["!!!!", "!NN!", "!NN!", "!!!!"],
    ["Y!Y!", "!NN!", "YNA-", "!!--"],
    ["!!!!", "!!!!", "!!--", "!!--"],
];

fn answer(letter: char) -> Option<Answer> {
    match letter {
        'Y' => Some(Answer::Yes),
        'N' => Some(Answer::No),
        'A' => Some(Answer::NotApplicable),
        _ => None,
    }
}

fn letter(answer: Option<Answer>) -> char {
    match answer {
        Some(Answer::Yes) => 'Y',
        Some(Answer::No) => 'N',
        Some(Answer::NotApplicable) => 'A',
        None => '-',
    }
}

fn derived_letter(rule: Rule, letters: &[char]) -> char {
    match derive(rule, letters.iter().copied().map(answer)) {
        Derivation::Answer(answer) => letter(Some(answer)),
        Derivation::Unanswered => '-',
        Derivation::Unclear { all, any } => {
            assert_ne!(all, any);
            '!'
        }
        Derivation::AnotherEdition => unreachable!("the edition is not a matter of the rule"),
    }
}

#[test]
fn a_single_number_gives_its_answer() {
    for letter in LETTERS.chars() {
        assert_eq!(derived_letter(Rule::Single, &[letter]), letter);
    }
}

#[test]
fn two_numbers_combine_as_their_table_says() {
    let tables = [
        (Rule::All, ALL_OF_TWO),
        (Rule::Any, ANY_OF_TWO),
        (Rule::Unclear, UNCLEAR_OF_TWO),
    ];
    for (rule, table) in tables {
        for (first, row) in LETTERS.chars().zip(table) {
            for (second, expected) in LETTERS.chars().zip(row.chars()) {
                let found = derived_letter(rule, &[first, second]);
                assert_eq!(found, expected, "{rule:?} of {first}{second}");
            }
        }
    }
}

#[test]
fn three_numbers_combine_as_their_table_says() {
    let tables = [
        (Rule::All, ALL_OF_THREE),
        (Rule::Any, ANY_OF_THREE),
        (Rule::Unclear, UNCLEAR_OF_THREE),
    ];
    for (rule, table) in tables {
        for (first, block) in LETTERS.chars().zip(table) {
            for (second, row) in LETTERS.chars().zip(block) {
                for (third, expected) in LETTERS.chars().zip(row.chars()) {
                    let found = derived_letter(rule, &[first, second, third]);
                    assert_eq!(found, expected, "{rule:?} of {first}{second}{third}");
                }
            }
        }
    }
}

/// The answers of a statement, as letters by number and by item. What is not in it was left out.
#[derive(Debug, Clone)]
struct Scene {
    form: FormKind,
    edition: &'static str,
    numbers: BTreeMap<QuestionNumber, char>,
    direct: BTreeMap<String, char>,
}

impl Scene {
    fn statement(&self) -> Statement {
        let reply = |letter: &char| Reply {
            answer: answer(*letter),
            remark: Some("備考".to_owned()),
        };
        let mut statement = sample(self.form);
        statement.form_edition = self.edition.to_owned();
        let numbers = self.numbers.iter();
        statement.answers = numbers
            .map(|(number, letter)| (*number, reply(letter)))
            .collect();
        let direct = self.direct.iter();
        statement.annex = vec![DirectReplies {
            set: DEFAULT_SET.to_owned(),
            replies: direct
                .map(|(id, letter)| (id.clone(), reply(letter)))
                .collect(),
        }];
        statement
    }

    fn of_number(&self, number: &QuestionNumber) -> char {
        self.numbers.get(number).copied().unwrap_or('-')
    }
}

/// Looks a pair up in a table; an item of more numbers is folded, since each table is associative.
fn combined(table: [&str; 4], scene: &Scene, item: &Item) -> char {
    let letters = item.numbers.iter().map(|number| scene.of_number(number));
    let position = |letter| LETTERS.find(letter).unwrap();
    letters
        .reduce(|one, other| table[position(one)].as_bytes()[position(other)].into())
        .unwrap()
}

/// Section 5, sentence by sentence: outcome and reason of an item.
fn stated_outcome(scene: &Scene, item: &Item) -> (&'static str, Option<&'static str>) {
    let all = combined(ALL_OF_TWO, scene, item);
    let any = combined(ANY_OF_TWO, scene, item);
    let derived = match item.rule {
        Rule::Single => scene.of_number(&item.numbers[0]),
        Rule::Any => any,
        Rule::Unclear if all != any => '!',
        Rule::All | Rule::Unclear => all,
    };
    let direct = scene.direct.get(&item.id).copied().unwrap_or('-');
    if direct != '-' {
        let opposite = ["YN", "NY"].contains(&format!("{direct}{derived}").as_str());
        let widened = item.redefined && direct == 'Y';
        if scene.edition == "5.0" && opposite && !widened {
            return ("unconfirmed", Some("contradiction"));
        }
        return outcome_of_letter(direct);
    }
    if scene.edition != "5.0" {
        return ("unconfirmed", Some("edition"));
    }
    match derived {
        '!' => ("unconfirmed", Some("unclear_rule")),
        '-' => ("unconfirmed", Some("unanswered")),
        'N' if item.redefined => ("unconfirmed", Some("redefined")),
        letter => outcome_of_letter(letter),
    }
}

fn outcome_of_letter(letter: char) -> (&'static str, Option<&'static str>) {
    match letter {
        'Y' => ("conforming", None),
        'N' => ("nonconforming", None),
        'A' => ("not_applicable", None),
        _ => unreachable!("a blank has no outcome of its own"),
    }
}

fn scenes() -> impl Strategy<Value = Scene> {
    (
        prop::sample::select(FormKind::ALL.to_vec()),
        prop::sample::select(vec!["5.0", "5.0", "5.0", "4.1", "5.1", "3.0a"]),
        any::<u64>(),
    )
        .prop_map(|(form, edition, seed)| scene(form, edition, seed))
}

/// Answers chosen by a seed: dense enough that every rule meets every case within a few hundred scenes.
fn scene(form: FormKind, edition: &'static str, seed: u64) -> Scene {
    let mut state = seed;
    let mut choose = |among: &'static str| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let letters = among.as_bytes();
        let position = usize::try_from(state >> 33).unwrap() % letters.len();
        char::from(letters[position])
    };
    let mut numbers = BTreeMap::new();
    let mut direct = BTreeMap::new();
    let set = requirement_set(DEFAULT_SET).unwrap();
    for item in set.items_of(form) {
        for number in &item.numbers {
            let letter = choose("YYYNNNAA-.");
            if letter != '.' {
                numbers.insert(*number, letter);
            }
        }
        let letter = choose("YNA-....");
        if letter != '.' {
            direct.insert(item.id.clone(), letter);
        }
    }
    Scene {
        form,
        edition,
        numbers,
        direct,
    }
}

proptest! {
    #[test]
    fn every_item_comes_out_as_the_rules_state(scene in scenes()) {
        let set = requirement_set(DEFAULT_SET).unwrap();
        let statement = scene.statement();
        let comparison = compare(&statement, None, set);
        prop_assert_eq!(comparison.items.len(), set.items_of(scene.form).count());
        for (item, compared) in set.items_of(scene.form).zip(&comparison.items) {
            let found = (compared.outcome.as_str(), compared.reason.map(Reason::as_str));
            prop_assert_eq!(found, stated_outcome(&scene, item), "{}", item.id);
        }
    }

    #[test]
    fn what_is_shown_beside_an_outcome_is_what_it_follows_from(scene in scenes()) {
        let set = requirement_set(DEFAULT_SET).unwrap();
        let statement = scene.statement();
        for (item, compared) in set.items_of(scene.form).zip(&compare(&statement, None, set).items) {
            let all = combined(ALL_OF_TWO, &scene, item);
            let any = combined(ANY_OF_TWO, &scene, item);
            let derived = match item.rule {
                _ if scene.edition != "5.0" => '-',
                Rule::Any => any,
                Rule::Unclear if all != any => '-',
                _ => all,
            };
            prop_assert_eq!(letter(compared.derived), derived);
            let unclear = compared.reason == Some(Reason::UnclearRule);
            prop_assert_eq!(compared.derived_all, unclear.then(|| Reading(answer(all))));
            prop_assert_eq!(compared.derived_any, unclear.then(|| Reading(answer(any))));
            prop_assert_eq!(compared.reason.is_some(), compared.outcome == Outcome::Unconfirmed);
            let direct = compared.direct.as_ref().map(|reply| letter(reply.answer));
            prop_assert_eq!(direct, scene.direct.get(&item.id).copied());
            let raw = compared.answers.iter().map(|stated| letter(stated.answer));
            prop_assert!(raw.eq(item.numbers.iter().map(|number| scene.of_number(number))));
        }
    }

    #[test]
    fn a_blank_never_becomes_conforming_or_not_applicable(scene in scenes()) {
        let set = requirement_set(DEFAULT_SET).unwrap();
        let statement = scene.statement();
        for compared in compare(&statement, None, set).items {
            let unanswered = compared.answers.iter().all(|stated| stated.answer.is_none());
            let no_direct = compared.direct.is_none_or(|reply| reply.answer.is_none());
            if unanswered && no_direct {
                prop_assert_eq!(compared.outcome, Outcome::Unconfirmed);
            }
        }
    }

    #[test]
    fn the_summary_adds_up(scene in scenes()) {
        let statement = scene.statement();
        let comparison = compare(&statement, None, requirement_set(DEFAULT_SET).unwrap());
        let Summary { items, conforming, not_applicable, nonconforming, unconfirmed, review_required } =
            comparison.summary;
        prop_assert_eq!(usize::from(items), comparison.items.len());
        prop_assert_eq!(items, conforming + not_applicable + nonconforming + unconfirmed);
        prop_assert_eq!(usize::from(nonconforming + unconfirmed), comparison.flagged().count());
        prop_assert_eq!(review_required, nonconforming + unconfirmed > 0);
    }

    #[test]
    fn a_comparison_reads_back_from_its_json_and_can_own_its_texts(scene in scenes()) {
        let statement = scene.statement();
        let digest = Digest::of(b"statement");
        let comparison = compare(&statement, Some(digest), requirement_set(DEFAULT_SET).unwrap());
        let json = serde_json::to_string(&comparison).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Comparison<'_>>(&json).unwrap(), &comparison);
        prop_assert_eq!(&comparison.clone().into_owned(), &comparison);
    }
}

/// A statement of edition 5.0 that answers some numbers and items and leaves the others out.
fn statement(form: FormKind, numbers: &[(&str, char)], direct: &[(&str, char)]) -> Statement {
    let numbers = numbers
        .iter()
        .map(|(number, letter)| (number.parse().unwrap(), *letter));
    Scene {
        form,
        edition: "5.0",
        numbers: numbers.collect(),
        direct: direct
            .iter()
            .map(|(id, letter)| ((*id).to_owned(), *letter))
            .collect(),
    }
    .statement()
}

fn outcome(statement: &Statement, id: &str) -> (Outcome, Option<Reason>) {
    let comparison = compare(statement, None, requirement_set(DEFAULT_SET).unwrap());
    let item = comparison.items.iter().find(|item| item.id == id).unwrap();
    (item.outcome, item.reason)
}

#[test]
fn a_direct_yes_to_a_redefined_item_stands_beside_the_forms_no() {
    let planned = statement(FormKind::Sds, &[("17.1", 'N')], &[("sds-17.1", 'Y')]);
    assert_eq!(outcome(&planned, "sds-17.1"), (Outcome::Conforming, None));
    let backwards = statement(FormKind::Sds, &[("17.1", 'Y')], &[("sds-17.1", 'N')]);
    let contradiction = (Outcome::Unconfirmed, Some(Reason::Contradiction));
    assert_eq!(outcome(&backwards, "sds-17.1"), contradiction);
    let ordinary = statement(FormKind::Sds, &[("17.2", 'N')], &[("sds-17.2", 'Y')]);
    assert_eq!(outcome(&ordinary, "sds-17.2"), contradiction);
}

#[test]
fn a_question_that_two_items_name_counts_in_both() {
    let both = statement(FormKind::Sds, &[("57.1", 'Y'), ("57.2", 'N')], &[]);
    assert_eq!(outcome(&both, "sds-57.1"), (Outcome::Conforming, None));
    assert_eq!(
        outcome(&both, "sds-57.1_57.2"),
        (Outcome::Nonconforming, None)
    );
}

#[test]
fn a_direct_answer_counts_under_an_edition_whose_numbers_do_not() {
    let mut older = statement(FormKind::Sds, &[("17", 'Y'), ("7", 'N')], &[("sds-7", 'Y')]);
    older.form_edition = "4.1".to_owned();
    assert_eq!(outcome(&older, "sds-7"), (Outcome::Conforming, None));
    assert_eq!(
        outcome(&older, "sds-17"),
        (Outcome::Unconfirmed, Some(Reason::Edition))
    );
}

#[test]
fn the_json_has_the_members_of_the_documentation_in_their_order() {
    let unclear = statement(FormKind::Sds, &[("1.1", 'N')], &[]);
    let comparison = compare(&unclear, None, requirement_set(DEFAULT_SET).unwrap());
    let item = comparison
        .items
        .iter()
        .find(|item| item.id == "sds-1.1_1.2")
        .unwrap();
    assert_eq!(
        serde_json::to_string(item).unwrap(),
        r#"{"id":"sds-1.1_1.2","chapter":12,"numbers":["1.1","1.2"],"text":"保存場所がガイドラインの要件を満たしているか？","#
            .to_owned()
            + r#""outcome":"unconfirmed","reason":"unclear_rule","direct":null,"derived":null,"#
            + r#""derived_all":"no","derived_any":null,"answers":[{"number":"1.1","answer":"no","remark":"備考"},"#
            + r#"{"number":"1.2","answer":null,"remark":null}]}"#
    );
    let json = serde_json::to_value(&comparison).unwrap();
    assert_eq!(json["statement"], serde_json::Value::Null);
    assert_eq!(json["requirement_set"], DEFAULT_SET);
    assert_eq!(json["summary"]["items"], 58);
    assert!(json["items"][0].get("derived_all").is_none());
}

#[test]
fn names_in_documents_are_the_names_in_code() {
    for outcome in Outcome::ALL {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
    }
    for reason in Reason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
    for answer in Answer::ALL {
        assert_eq!(serde_json::to_value(answer).unwrap(), answer.as_str());
    }
}

#[test]
fn a_revision_answers_whoever_asked_if_it_says_something_else_to_the_item_or_leaves_nothing_to_ask()
{
    let answers = |before: &Statement, after: &Statement| {
        let set = requirement_set(DEFAULT_SET).unwrap();
        let (before, after) = (compare(before, None, set), compare(after, None, set));
        let find = |items: &[ComparedItem<'_>]| {
            let found = items.iter().position(|item| item.id == "sds-7");
            found.unwrap()
        };
        let (before, after) = (
            &before.items[find(&before.items)],
            &after.items[find(&after.items)],
        );
        (after.answers(Some(before)), after.answers(None))
    };
    let no = statement(FormKind::Sds, &[("7", 'N')], &[]);
    let direct = statement(FormKind::Sds, &[("7", 'N')], &[("sds-7", 'N')]);
    let yes = statement(FormKind::Sds, &[("7", 'Y')], &[]);
    assert_eq!(answers(&no, &no), (false, false));
    assert_eq!(answers(&no, &direct), (true, true));
    assert_eq!(answers(&direct, &direct), (false, true));
    assert_eq!(answers(&no, &yes), (true, true));
    // What is not said any more is no answer.
    assert_eq!(answers(&direct, &no), (false, false));
}
