//! The yearly review: what is to be looked at again is listed, and told by letter, each once.

use kaiji_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::review_scene::{ALSO_NO, NO, REDEFINED, Scene, accepting, days, reducing};

on_both_databases![
    what_is_due_is_listed_in_the_order_of_days,
    an_institution_is_told_a_month_ahead_and_on_the_day_each_once,
    what_is_closed_is_not_told_of,
    a_new_approval_has_a_day_of_its_own,
];

const CLINIC: &str = "office@clinic.example.jp";

fn scene_with_address(app: &TestApp) -> Scene {
    let scene = Scene::new(app);
    let path = format!("/organisations/{}", scene.clinic.organisation);
    app.operator()
        .patch(&path)
        .json(&json!({ "email": CLINIC }))
        .ok();
    scene
}

fn due(scene: &Scene, query: &str) -> Vec<Value> {
    let listed = scene.clinic.list(&format!("/reviews{query}")).into_iter();
    listed.map(|review| review["item"].clone()).collect()
}

fn letters(app: &TestApp) -> usize {
    let letters = app.letters_to(CLINIC).into_iter();
    letters
        .filter(|letter| letter.subject.contains("リスク評価"))
        .count()
}

fn events(scene: &Scene) -> Vec<Value> {
    let events = scene.clinic.events().into_iter();
    events
        .filter(|(kind, _)| kind == "review_due")
        .map(|(_, told)| told)
        .collect()
}

fn what_is_due_is_listed_in_the_order_of_days(app: &TestApp) {
    let scene = Scene::new(app);
    let mut sooner = reducing();
    sooner["next_review_on"] = json!("2027-05-01");
    scene.approve(NO, &reducing());
    scene.approve(ALSO_NO, &accepting("2027-03-31"));
    scene.approve(REDEFINED, &sooner);
    scene.draft("sds-54", &reducing());
    assert_eq!(
        due(&scene, ""),
        [json!(ALSO_NO), json!(REDEFINED), json!(NO)]
    );
    assert_eq!(
        due(&scene, "?due_before=2027-05-02"),
        [json!(ALSO_NO), json!(REDEFINED)]
    );
    assert_eq!(due(&scene, "?due_before=2027-05-01"), [json!(ALSO_NO)]);
    scene
        .clinic
        .get("/reviews?due_before=soon")
        .refused(400, "bad_query");
    // The same one by one.
    let (mut found, mut path) = (Vec::new(), "/reviews?limit=1".to_owned());
    loop {
        let page = scene.clinic.get(&path).ok();
        found.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|review| review["item"].clone()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/reviews?limit=1&cursor={next}");
    }
    assert_eq!(found, due(&scene, ""));
    // What is not flagged any more needs no review.
    scene.revise(|answers| answers["17.1"] = json!({ "answer": "yes" }));
    assert_eq!(due(&scene, ""), [json!(ALSO_NO), json!(NO)]);
}

fn an_institution_is_told_a_month_ahead_and_on_the_day_each_once(app: &TestApp) {
    let scene = scene_with_address(app);
    let mut wished = accepting("2027-02-01");
    wished["next_review_on"] = json!("2027-02-01");
    scene.approve(NO, &wished);
    let mut same_day = reducing();
    same_day["next_review_on"] = json!("2027-02-01");
    scene.approve(ALSO_NO, &same_day);
    app.step_jobs();
    assert_eq!(letters(app), 0);
    // It is 9 o'clock on 21 November in Japan; a month before the day is 2 January.
    days(app, 41);
    assert_eq!(letters(app), 0);
    days(app, 1);
    assert_eq!(letters(app), 1, "one for both");
    assert_eq!(events(&scene).len(), 2, "and an event for each");
    days(app, 29);
    assert_eq!(letters(app), 1);
    days(app, 1);
    assert_eq!(letters(app), 2, "on the day");
    assert_eq!(events(&scene).len(), 4);
    days(app, 30);
    assert_eq!(letters(app), 2, "and no more");
    let told = &events(&scene)[0];
    assert_eq!(
        (&told["system"], &told["review_on"]),
        (&json!(scene.system), &json!("2027-02-01"))
    );
    let letters = app.letters_to(CLINIC);
    let letters: Vec<_> = letters
        .iter()
        .filter(|letter| letter.subject.contains("リスク評価"))
        .collect();
    letters[0].is_as(app.site(), "reviews_due_ahead");
    letters[1].is_as(app.site(), "reviews_due");
}

fn what_is_closed_is_not_told_of(app: &TestApp) {
    let scene = scene_with_address(app);
    let mut wished = reducing();
    wished["next_review_on"] = json!("2026-11-25");
    scene.approve(NO, &wished);
    scene.revise(|answers| answers["84"] = json!({ "answer": "yes" }));
    days(app, 5);
    assert_eq!(letters(app), 0);
    assert!(events(&scene).is_empty());
}

fn a_new_approval_has_a_day_of_its_own(app: &TestApp) {
    let scene = scene_with_address(app);
    let mut wished = reducing();
    wished["next_review_on"] = json!("2026-11-25");
    scene.approve(NO, &wished);
    days(app, 4);
    assert_eq!(letters(app), 1);
    wished["next_review_on"] = json!("2026-11-28");
    scene.approve(NO, &wished);
    assert_eq!(scene.review(NO)["next_review_on"], "2026-11-28");
    days(app, 2);
    assert_eq!(letters(app), 1);
    // The mornings of two days were missed.
    days(app, 3);
    assert_eq!(letters(app), 2);
}
