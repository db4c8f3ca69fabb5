//! A new edition of the guideline: a requirement set that comes after statements, and becomes the current one.

use std::fs;
use std::path::PathBuf;

use kaiji_tests::{
    Database, Instance, Institution, TestApp, on_both_databases, write_requirement_set,
};
use serde_json::{Value, json};

on_both_databases![
    statements_are_compared_with_a_set_that_came_after_them,
    institutions_learn_once_that_another_set_is_current,
    a_set_can_be_known_before_it_is_current,
    what_was_asked_by_a_link_stays_as_it_was,
];

/// The set that every service knows.
const OLD: &str = "mhlw-7.0-annex";

/// One that it does not know: the last of its 58 items of the SDS is gone.
const NEW: &str = "sample-7.1-annex";

/// A directory of an operator who has the files of the new set.
fn directory(database: &Database) -> PathBuf {
    let directory = database.directory().join("requirement-sets");
    write_requirement_set(&directory, NEW);
    directory
}

/// An instance that knows the new set, too.
fn newer(app: &TestApp, current: &str) -> Instance {
    let directory = directory(app.database());
    app.another_with("newer.checkpoint", |config| {
        config.requirement_sets = Some(directory);
        config.current_requirement_set = String::from(current);
    })
}

/// A clinic with a system that has a statement, and the system.
fn clinic_with_system(app: &TestApp) -> (Institution, String) {
    let vendor = app.vendor("見本社");
    let product = vendor.product_with(&json!({ "name": "見本カルテ", "release": "listed" }));
    vendor.publish(&vendor.statement("sds-sample", &product));
    let clinic = app.institution("サンプル医院");
    let system = clinic.system("電子カルテ", &product);
    (clinic, system)
}

/// The comparison that an instance shows for a system.
fn shown(instance: &Instance, clinic: &Institution, path: &str) -> Value {
    let call = instance.site().call("GET", &format!("/api/v1{path}"));
    let answer = call.bearer(&clinic.token()).ok();
    answer["comparisons"][0].clone()
}

/// How many comparisons with the new set are kept.
fn kept(app: &TestApp) -> usize {
    #[derive(diesel::QueryableByName)]
    struct Kept {
        #[diesel(sql_type = diesel::sql_types::Text)]
        requirement_set: String,
    }
    let rows = app
        .database()
        .rows("SELECT requirement_set FROM comparisons")
        .into_iter();
    rows.filter(|row: &Kept| row.requirement_set == NEW).count()
}

fn statements_are_compared_with_a_set_that_came_after_them(app: &TestApp) {
    let (clinic, system) = clinic_with_system(app);
    let instance = newer(app, NEW);
    let comparison = format!("/systems/{system}/comparison");
    // Nobody waits for the work to be done.
    let before = shown(&instance, &clinic, &comparison);
    assert_eq!(before["requirement_set"], NEW);
    assert_eq!(before["summary"]["items"], 57);
    assert_eq!(kept(app), 0);

    instance.step_jobs();
    assert_eq!(kept(app), 1);
    assert_eq!(shown(&instance, &clinic, &comparison), before);
    // What was compared before keeps its set.
    let old = shown(&instance, &clinic, &format!("{comparison}?set={OLD}"));
    assert_eq!(old["summary"]["items"], 58);
    assert_eq!(clinic.comparisons(&system)[0], old);

    let sets = instance.site().call("GET", "/api/v1/requirement-sets").ok();
    let ids: Vec<_> = sets["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| &set["id"])
        .collect();
    assert_eq!(ids, [OLD, NEW]);
}

fn institutions_learn_once_that_another_set_is_current(app: &TestApp) {
    let (clinic, _) = clinic_with_system(app);
    // What is written from now on goes to its address.
    app.step_jobs();
    let another = app.institution("みほん薬局");
    app.operator()
        .patch(&format!("/organisations/{}", clinic.organisation))
        .json(&json!({ "email": "clinic@sample.example.jp" }))
        .ok();
    let told = |institution: &Institution| {
        let events = institution.events().into_iter();
        events
            .filter(|(kind, _)| kind == "requirement_set_changed")
            .count()
    };
    app.step_jobs();
    assert_eq!(told(&clinic), 0, "the first set is no news");

    let instance = newer(app, NEW);
    instance.step_jobs();
    assert_eq!(told(&clinic), 1);
    assert_eq!(told(&another), 0, "it has no system");
    let letter = app.letter_to("clinic@sample.example.jp");
    letter.is_as(app.site(), "requirement_set_changed");

    instance.step_jobs();
    app.step_jobs();
    assert_eq!(told(&clinic), 1);
}

fn a_set_can_be_known_before_it_is_current(app: &TestApp) {
    let (clinic, system) = clinic_with_system(app);
    let instance = newer(app, OLD);
    instance.step_jobs();
    assert_eq!(kept(app), 1);
    let comparison = format!("/systems/{system}/comparison");
    assert_eq!(
        shown(&instance, &clinic, &comparison)["requirement_set"],
        OLD
    );
    let new = shown(&instance, &clinic, &format!("{comparison}?set={NEW}"));
    assert_eq!(new["summary"]["items"], 57);
    let events = clinic.events();
    assert!(
        events
            .iter()
            .all(|(kind, _)| kind != "requirement_set_changed"),
        "{events:?}"
    );
}

fn what_was_asked_by_a_link_stays_as_it_was(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let address = "security@maker.example.jp";
    clinic.ask_by_letter(address, "見本レセコン");
    let link = app.letter_to(address).link_token("/answer");
    let instance = newer(app, NEW);
    let questions = |link: &str| {
        let call = instance.site().call("GET", "/api/v1/link");
        call.header("Kaiji-Link", link).ok()["requirement_set"].clone()
    };
    assert_eq!(questions(&link), OLD);

    let asked = json!({
        "to": { "name": "見本保守株式会社", "email": "support@other.example.jp" },
        "subject": "見本レセコン",
    });
    let call = instance.site().call("POST", "/api/v1/requests");
    call.bearer(&clinic.token()).json(&asked).created();
    let link = app
        .letter_to("support@other.example.jp")
        .link_token("/answer");
    assert_eq!(questions(&link), NEW);
}

#[test]
fn a_set_that_does_not_hold_together_keeps_the_service_from_starting() {
    let database = Database::sqlite();
    let directory = directory(&database);
    let refused = |current: &str| {
        TestApp::refused(&database, |config| {
            config.requirement_sets = Some(directory.clone());
            config.current_requirement_set = String::from(current);
        })
    };
    assert!(refused("sample-7.2-annex").contains("there is no set sample-7.2-annex"));
    let items = directory.join(format!("{NEW}.csv"));
    let wrong = fs::read_to_string(&items).unwrap();
    fs::write(&items, wrong.replacen("No.28,28,", "No.999,999,", 1)).unwrap();
    let refusal = refused(NEW);
    assert!(refusal.contains("mds-5.0 has no number 999"), "{refusal}");
    fs::remove_file(&items).unwrap();
    let refusal = refused(NEW);
    assert!(refusal.contains("sample-7.1-annex.csv"), "{refusal}");
}
