//! Templates of measures that recur, applied to many reviews at once; and the scale that risks are assessed on.

use kaiji_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::review_scene::{ALSO_NO, NO, REDEFINED, Scene, YES, reducing};

on_both_databases![
    templates_are_kept_changed_and_put_away,
    one_template_becomes_the_drafts_of_many_reviews,
    what_people_wrote_is_left_alone,
    targets_that_lead_nowhere_are_told,
    what_is_reopened_takes_a_template_again,
    reviews_keep_the_scale_that_they_were_made_with,
    an_institution_defines_its_own_scale,
];

fn template() -> Value {
    json!({
        "title": "代行入力の運用", "treatment": "reduce", "measures": "記載者がその日のうちに確定操作を行う",
        "risk": "代行入力が確定されないまま残る", "owner": "医事課",
    })
}

fn made(scene: &Scene) -> String {
    let made = scene
        .clinic
        .post("/measure-templates")
        .json(&template())
        .created();
    made["id"].as_str().unwrap().to_owned()
}

fn apply(scene: &Scene, template: &str, targets: &Value) -> Value {
    let path = format!("/measure-templates/{template}/application");
    scene.clinic.post(&path).json(targets).ok()
}

fn count(told: &Value) -> [usize; 3] {
    ["applied", "unchanged", "skipped"].map(|name| told[name].as_array().unwrap().len())
}

fn templates_are_kept_changed_and_put_away(app: &TestApp) {
    let scene = Scene::new(app);
    let clinic = &scene.clinic;
    let make = || {
        clinic
            .post("/measure-templates")
            .header("Idempotency-Key", "k")
            .json(&template())
    };
    let first = make().created();
    assert_eq!(make().created(), first, "made once");
    let path = format!("/measure-templates/{}", first["id"].as_str().unwrap());
    let found = clinic.get(&path).send().expect(200);
    assert_eq!(
        (found.etag(), found.json()),
        ("\"1\"".to_owned(), first.clone())
    );
    let mut other = template();
    other["title"] = json!("代行入力の運用（改）");
    let put = |tag: &str| clinic.put(&path).header("If-Match", tag).json(&other);
    assert_eq!(put("\"1\"").ok()["title"], other["title"]);
    put("\"1\"").refused(412, "stale");
    clinic.put(&path).json(&json!({ "title": "" })).violates(&[
        ("/title", "empty"),
        ("/treatment", "missing"),
        ("/measures", "missing"),
    ]);
    assert_eq!(clinic.list("/measure-templates").len(), 1);
    let stranger = app.institution("よその医院");
    assert!(stranger.list("/measure-templates").is_empty());
    stranger.get(&path).refused(404, "not_found");
    clinic
        .delete(&path)
        .header("If-Match", "\"1\"")
        .refused(412, "stale");
    let _ = clinic.delete(&path).send().expect(204);
    clinic.get(&path).refused(404, "not_found");
    assert!(clinic.list("/measure-templates").is_empty());
}

fn one_template_becomes_the_drafts_of_many_reviews(app: &TestApp) {
    let scene = Scene::new(app);
    let second = scene.clinic.system("電子カルテ（別館）", &scene.product);
    scene
        .clinic
        .post("/systems")
        .json(&json!({ "name": "開示書のない装置" }))
        .created();
    let id = made(&scene);
    let everywhere = json!({ "item": NO });
    let told = apply(&scene, &id, &everywhere);
    assert_eq!(count(&told), [2, 0, 0]);
    let review = scene.review(NO);
    assert_eq!(
        (&review["state"], &review["newest"]["template"]),
        (&json!("draft"), &json!(id))
    );
    let content = &review["newest"]["content"];
    assert_eq!(
        (&content["measures"], &content["owner"]),
        (&template()["measures"], &template()["owner"])
    );
    assert_eq!(content["likelihood"], Value::Null, "a system's own");
    let other = scene
        .clinic
        .get(&format!("/systems/{second}/reviews/{NO}"))
        .ok();
    assert_eq!(other["newest"]["content"], *content);

    assert_eq!(count(&apply(&scene, &id, &everywhere)), [0, 2, 0], "again");
    assert_eq!(scene.review(NO)["history"].as_array().unwrap().len(), 1);
    // A template that changed is applied to what nobody has edited since.
    let mut changed = template();
    changed["owner"] = json!("情報管理室");
    scene
        .clinic
        .put(&format!("/measure-templates/{id}"))
        .json(&changed)
        .ok();
    assert_eq!(count(&apply(&scene, &id, &everywhere)), [2, 0, 0]);
    assert_eq!(scene.review(NO)["newest"]["content"]["owner"], "情報管理室");
}

fn what_people_wrote_is_left_alone(app: &TestApp) {
    let scene = Scene::new(app);
    let id = made(&scene);
    let items = [NO, ALSO_NO, REDEFINED, "sds-54", "sds-57.3"];
    let targets = |items: &[&str]| {
        let targets: Vec<_> = items
            .iter()
            .map(|item| json!({ "system": scene.system, "item": item }))
            .collect();
        json!({ "targets": targets })
    };
    // Edited after it was applied, submitted, approved and sent back.
    apply(&scene, &id, &targets(&[NO]));
    scene.draft(NO, &reducing());
    scene.draft(ALSO_NO, &reducing());
    scene.submission(ALSO_NO).ok();
    scene.approve(REDEFINED, &reducing());
    scene.draft("sds-54", &reducing());
    scene.submission("sds-54").ok();
    let reason = json!({ "reason": "再検討" });
    scene
        .clinic
        .post(&format!("{}/return", scene.path("sds-54")))
        .json(&reason)
        .ok();
    let told = apply(&scene, &id, &targets(&items));
    assert_eq!(count(&told), [1, 0, 4]);
    assert_eq!(told["applied"][0]["item"], "sds-57.3");
    let reason = |item: &str| {
        let skipped = told["skipped"].as_array().unwrap().iter();
        let mut found = skipped.filter(|skipped| skipped["item"] == item);
        found.next().unwrap()["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        items[..4]
            .iter()
            .map(|item| reason(item))
            .collect::<Vec<_>>(),
        ["edited", "submitted", "approved", "sent_back"]
    );
    assert_eq!(
        scene.review(NO)["newest"]["content"]["measures"],
        reducing()["measures"]
    );
    assert_eq!(scene.review(NO)["newest"]["template"], Value::Null);
}

fn targets_that_lead_nowhere_are_told(app: &TestApp) {
    let scene = Scene::new(app);
    let id = made(&scene);
    let told = apply(
        &scene,
        &id,
        &json!({ "targets": [
        { "system": "sys_0", "item": NO }, { "system": scene.system, "item": YES },
        { "system": scene.system, "item": NO }, { "system": scene.system, "item": NO },
    ] }),
    );
    assert_eq!(count(&told), [1, 0, 2], "each once");
    let path = format!("/measure-templates/{id}/application");
    let post = |targets: Value| scene.clinic.post(&path).json(&targets);
    post(json!({})).violates(&[("", "missing")]);
    post(json!({ "item": NO, "targets": [{ "system": scene.system, "item": NO }] }))
        .violates(&[("/item", "both")]);
    post(json!({ "targets": [] })).violates(&[("/targets", "count")]);
    post(json!({ "targets": [{ "system": scene.system }, 1] }))
        .violates(&[("/targets/0/item", "missing"), ("/targets/1", "type")]);
    scene
        .clinic
        .post("/measure-templates/mtp_0/application")
        .json(&json!({ "item": NO }))
        .refused(404, "not_found");
}

fn what_is_reopened_takes_a_template_again(app: &TestApp) {
    let scene = Scene::new(app);
    let id = made(&scene);
    scene.approve(NO, &reducing());
    scene.revise(|answers| answers["84"]["remark"] = json!("提供しない。"));
    let everywhere = json!({ "item": NO });
    assert_eq!(count(&apply(&scene, &id, &everywhere)), [1, 0, 0]);
    let review = scene.review(NO);
    assert_eq!(
        (&review["standing"], &review["state"]),
        (&json!("reopened"), &json!("draft"))
    );
    assert_eq!(
        review["approved"]["content"]["measures"],
        reducing()["measures"],
        "still there"
    );
    assert_eq!(count(&apply(&scene, &id, &everywhere)), [0, 1, 0]);
}

fn reviews_keep_the_scale_that_they_were_made_with(app: &TestApp) {
    let scene = Scene::new(app);
    let standard = app.nobody("GET", "/risk-matrices").ok();
    assert_eq!(standard["items"][0]["id"], "3x3");
    let first = scene.clinic.get("/risk-matrix").send().expect(200);
    assert_eq!(first.etag(), "\"1\"");
    assert_eq!(
        first.json()["cells"],
        json!([[1, 1, 2], [1, 2, 3], [2, 3, 3]])
    );
    scene.approve(NO, &reducing());

    let choose = |tag: &str| {
        scene
            .clinic
            .put("/risk-matrix")
            .header("If-Match", tag)
            .json(&json!({ "standard": "5x5" }))
    };
    let second = choose("\"1\"").ok();
    assert_eq!(second["version"], 2);
    choose("\"1\"").refused(412, "stale");
    assert_eq!(
        choose("\"2\"").ok()["version"],
        2,
        "the same again is no other"
    );
    let kept = scene.review(NO);
    assert_eq!(kept["approved"]["level"]["matrix"], 1);
    assert_eq!(
        kept["approved"]["level"]["level"],
        json!({ "value": 3, "label": "高" })
    );
    let mut content = reducing();
    content["likelihood"] = json!(5);
    content["impact"] = json!(4);
    let level = scene.draft(ALSO_NO, &content)["newest"]["level"].clone();
    assert_eq!(level["level"], json!({ "value": 4, "label": "極めて高" }));
    assert_eq!(
        scene.clinic.get("/risk-matrix?version=1").ok()["version"],
        1
    );
    scene
        .clinic
        .get("/risk-matrix?version=3")
        .refused(404, "not_found");
    scene
        .clinic
        .put("/risk-matrix")
        .json(&json!({ "standard": "9x9" }))
        .violates(&[("/standard", "choice")]);
}

fn an_institution_defines_its_own_scale(app: &TestApp) {
    let scene = Scene::new(app);
    let step = |label: &str| json!({ "label": label });
    let own = json!({
        "title": "院内の基準", "likelihood": [step("まれ"), step("頻繁")], "impact": [step("軽"), step("重")],
        "levels": [step("許容"), step("要対応")], "cells": [[1, 2], [2, 2]],
    });
    let chosen = scene.clinic.put("/risk-matrix").json(&own).ok();
    assert_eq!(
        (&chosen["version"], &chosen["title"]),
        (&json!(2), &own["title"])
    );
    scene
        .clinic
        .put(&scene.path(NO))
        .json(&reducing())
        .violates(&[("/impact", "range")]);
    let mut content = reducing();
    content["impact"] = json!(2);
    let level = scene.draft(NO, &content)["newest"]["level"].clone();
    assert_eq!(level["level"]["label"], "要対応");
    let mut wrong = own;
    wrong["cells"] = json!([[2, 1], [2, 2]]);
    wrong["title"] = json!("");
    scene
        .clinic
        .put("/risk-matrix")
        .json(&wrong)
        .violates(&[("/title", "empty")]);
    wrong["title"] = json!("院内の基準");
    scene
        .clinic
        .put("/risk-matrix")
        .json(&wrong)
        .violates(&[("/cells", "falls")]);
    let stranger = app.institution("よその医院");
    assert_eq!(stranger.get("/risk-matrix").ok()["version"], 1);
}
