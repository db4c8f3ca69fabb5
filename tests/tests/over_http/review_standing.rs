//! What becomes of approved reviews when statements, sets and products change: nothing is carried over by anybody, and
//! nothing is lost.

use kaiji_tests::{TestApp, on_both_databases, write_requirement_set};
use serde_json::{Value, json};

use super::review_scene::{
    ALSO_NO, NO, REDEFINED, Scene, YES, accepting, days, reducing, submission,
};

on_both_databases![
    a_revision_keeps_reopens_closes_and_opens,
    what_was_another_in_between_is_reopened,
    what_is_reopened_is_reviewed_anew,
    a_draft_rests_on_what_was_found_when_it_was_written,
    a_withdrawn_statement_leaves_reviews_as_they_are,
    a_declaration_is_reviewed_and_a_signed_statement_takes_its_place,
    another_product_reopens_and_none_closes,
    an_acceptance_expires,
    another_requirement_set_keeps_what_it_asks_alike,
];

fn held(standing: &str) -> (String, Option<String>) {
    (standing.to_owned(), None)
}

fn because(standing: &str, cause: &str) -> (String, Option<String>) {
    (standing.to_owned(), Some(cause.to_owned()))
}

fn a_revision_keeps_reopens_closes_and_opens(app: &TestApp) {
    let scene = Scene::new(app);
    for item in [NO, ALSO_NO, REDEFINED] {
        scene.approve(item, &reducing());
    }
    let first = scene.newest();
    let before = scene.review(ALSO_NO)["now"].clone();
    scene.revise(|answers| {
        answers["49"]["remark"] = json!("無害化処理の導入を取りやめた。");
        answers["17.1"] = json!({ "answer": "yes" });
        answers["18"] = json!({ "answer": "no" });
        answers["97"]["remark"] = json!("ほかの項目の備考");
    });
    assert_eq!(scene.standing(NO), held("in_force"));
    assert_eq!(scene.standing(ALSO_NO), because("reopened", "changed"));
    assert_eq!(scene.standing(REDEFINED), because("closed", "conforming"));
    assert_eq!(scene.standing(YES), held("open"));

    // Both are shown: what the review rests on, and what is found now.
    let reopened = scene.review(ALSO_NO);
    assert_eq!(reopened["approved"]["rests_on"], before);
    assert_eq!(reopened["approved"]["rests_on"]["statement"], json!(first));
    let now = &reopened["now"]["answers"][0];
    assert_eq!(now["remark"], "無害化処理の導入を取りやめた。");
    assert_eq!(reopened["now"]["statement"], json!(scene.newest()));
    let kept = scene.review(NO);
    assert_eq!(kept["approved"]["rests_on"]["statement"], json!(first));
    assert_eq!(
        kept["history"].as_array().unwrap().len(),
        3,
        "nobody did anything"
    );

    let listed = scene
        .clinic
        .list(&format!("/systems/{}/reviews", scene.system));
    let count = |standing: &str| {
        listed
            .iter()
            .filter(|item| item["standing"] == standing)
            .count()
    };
    assert_eq!(
        (count("in_force"), count("reopened"), count("closed")),
        (1, 1, 1)
    );
    let closed = scene.review(REDEFINED);
    assert_eq!(closed["now"]["outcome"], "conforming");
    assert_eq!(
        closed["approved"]["content"]["risk"],
        reducing()["risk"],
        "it is still there"
    );
    scene
        .clinic
        .put(&scene.path(REDEFINED))
        .json(&reducing())
        .refused(409, "item_not_flagged");
}

fn what_was_another_in_between_is_reopened(app: &TestApp) {
    let scene = Scene::new(app);
    for item in [NO, ALSO_NO, REDEFINED] {
        scene.approve(item, &reducing());
    }
    scene.revise(|answers| {
        answers["49"]["remark"] = json!("検討中");
        answers["17.1"]["answer"] = json!("yes");
    });
    let original = scene.vendor.statement("sds-sample", &scene.product);
    scene.revise(|answers| {
        answers["49"] = original["answers"]["49"].clone();
        answers["17.1"] = original["answers"]["17.1"].clone();
    });
    assert_eq!(
        scene.standing(NO),
        held("in_force"),
        "the same over three revisions"
    );
    assert_eq!(
        scene.standing(ALSO_NO),
        because("reopened", "changed_between")
    );
    assert_eq!(
        scene.standing(REDEFINED),
        because("reopened", "changed_between")
    );
    // Later revisions that leave it alone do not make it forgotten.
    scene.revise(|answers| answers["97"]["remark"] = json!("第4版"));
    assert_eq!(
        scene.standing(REDEFINED),
        because("reopened", "changed_between")
    );
}

fn what_is_reopened_is_reviewed_anew(app: &TestApp) {
    let scene = Scene::new(app);
    scene.approve(NO, &reducing());
    scene.revise(|answers| answers["84"]["remark"] = json!("提供しない。"));
    assert_eq!(scene.standing(NO), because("reopened", "changed"));
    let drafted = scene.draft(NO, &accepting("2027-06-30"));
    assert_eq!(
        (&drafted["standing"], &drafted["state"]),
        (&json!("reopened"), &json!("draft"))
    );
    assert_eq!(drafted["newest"]["outdated"], Value::Null);
    scene.submission(NO).ok();
    scene.approval(NO).ok();
    assert_eq!(scene.standing(NO), held("in_force"));
    assert_eq!(scene.review(NO)["history"].as_array().unwrap().len(), 6);
}

fn a_draft_rests_on_what_was_found_when_it_was_written(app: &TestApp) {
    let scene = Scene::new(app);
    scene.draft(NO, &reducing());
    scene.draft(ALSO_NO, &reducing());
    scene.draft(REDEFINED, &reducing());
    scene.submission(ALSO_NO).ok();
    scene.submission(REDEFINED).ok();
    scene.revise(|answers| {
        answers["84"]["remark"] = json!("提供しない。");
        answers["49"]["remark"] = json!("導入しない。");
        answers["17.1"]["answer"] = json!("yes");
    });
    let refused = scene.submission(NO).refused(409, "review_outdated");
    assert!(refused.detail.contains("changed"), "{refused:?}");
    scene.approval(ALSO_NO).refused(409, "review_outdated");
    assert_eq!(scene.review(ALSO_NO)["newest"]["outdated"], "changed");
    scene.approval(REDEFINED).refused(409, "item_not_flagged");
    scene.draft(ALSO_NO, &reducing());
    scene.submission(ALSO_NO).ok();
    scene.approval(ALSO_NO).ok();
    assert_eq!(scene.standing(ALSO_NO), held("in_force"));
}

fn a_withdrawn_statement_leaves_reviews_as_they_are(app: &TestApp) {
    let scene = Scene::new(app);
    scene.approve(NO, &reducing());
    scene
        .vendor
        .withdraw(&scene.newest(), "製品版を誤った")
        .ok();
    assert_eq!(
        scene.standing(NO),
        held("in_force"),
        "no other answer is known"
    );
    assert_eq!(scene.standing(ALSO_NO), held("open"));
    // The next revision follows the withdrawn one.
    scene.revise(|answers| answers["49"]["answer"] = json!("yes"));
    assert_eq!(scene.standing(NO), held("in_force"));
    scene
        .clinic
        .get(&scene.path(ALSO_NO))
        .refused(404, "not_found");
}

fn a_declaration_is_reviewed_and_a_signed_statement_takes_its_place(app: &TestApp) {
    const ADDRESS: &str = "security@maker.example.jp";
    let vendor = app.vendor("見本製作所");
    let clinic = app.institution("サンプル医院");
    let system = json!({ "name": "レセコン", "product_name": "見本レセコン" });
    let system = clinic.post("/systems").json(&system).created()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let ask = json!({
        "to": { "name": "見本製作所", "email": ADDRESS }, "subject": "見本レセコン", "system": system, "forms": ["SDS"],
    });
    let request = clinic.post("/requests").json(&ask).created();
    let answer = json!({
        "schema": "kaiji-attested/1", "request": request["id"], "form": "SDS", "form_edition": "5.0",
        "product": { "name": "見本レセコン", "version": "7" },
        "attested_by": { "organisation": "見本製作所", "name": "見本 花子", "email": ADDRESS },
        "attested_on": "2026-11-21",
        "answers": {
            "84": { "answer": "no", "remark": "次期更改で対応予定" }, "49": { "answer": "no" }, "18": { "answer": "yes" },
        },
    });
    let link = app.letter_to(ADDRESS).link_token("/answer");
    let taken = app
        .nobody("POST", "/link/answer")
        .header("Kaiji-Link", link);
    let declared = taken.json(&answer).created()["sha256"].clone();

    let path = |item: &str| format!("/systems/{system}/reviews/{item}");
    let standing = |item: &str| {
        let review = clinic.get(&path(item)).ok();
        let text = |name: &str| review[name].as_str().map(str::to_owned);
        (text("standing").unwrap(), text("cause"))
    };
    for item in [NO, ALSO_NO] {
        let drafted = clinic.put(&path(item)).json(&reducing()).ok();
        assert_eq!(drafted["now"]["assurance"], "attested");
        assert_eq!(drafted["now"]["statement"], declared);
        submission(&clinic, &path(item)).ok();
        clinic.post(&format!("{}/approval", path(item))).ok();
    }

    // The maker becomes a vendor of the exchange and signs: one answer is the same, the other is not.
    let product = vendor.product_with(&json!({ "name": "見本レセコン", "release": "listed" }));
    let mut signed = vendor.statement("sds-sample", &product);
    signed["answers"] = answer["answers"].clone();
    signed["answers"]["49"]["remark"] = json!("令和9年度に対応");
    signed.as_object_mut().unwrap().remove("annex");
    clinic
        .patch(&format!("/systems/{system}"))
        .json(&json!({ "product": product }))
        .ok();
    assert_eq!(
        standing(NO),
        held("in_force"),
        "only the product became known"
    );
    let name = vendor.publish(&signed);
    assert_eq!(standing(NO), held("in_force"));
    assert_eq!(clinic.get(&path(NO)).ok()["now"]["assurance"], "signed");
    assert_eq!(standing(ALSO_NO), because("reopened", "changed"));
    // When it is withdrawn, the declaration stands in for it again.
    vendor.withdraw(&name, "誤り").ok();
    assert_eq!(clinic.get(&path(NO)).ok()["now"]["assurance"], "attested");
    assert_eq!(standing(NO), held("in_force"));
    assert_eq!(standing(ALSO_NO), because("reopened", "changed_between"));
}

fn another_product_reopens_and_none_closes(app: &TestApp) {
    let scene = Scene::new(app);
    scene.approve(NO, &reducing());
    let other = scene
        .vendor
        .product_with(&json!({ "name": "別の製品", "release": "listed" }));
    scene
        .vendor
        .publish(&scene.vendor.statement("sds-sample", &other));
    let link = |product: Value| {
        let change = json!({ "product": product });
        scene
            .clinic
            .patch(&format!("/systems/{}", scene.system))
            .json(&change)
            .ok();
    };
    link(json!(other));
    assert_eq!(scene.standing(NO), because("reopened", "other_product"));
    link(Value::Null);
    assert_eq!(scene.standing(NO), because("closed", "not_compared"));
    link(json!(scene.product));
    assert_eq!(scene.standing(NO), held("in_force"));
}

fn an_acceptance_expires(app: &TestApp) {
    let scene = Scene::new(app);
    let approved = scene.approve(NO, &accepting("2026-12-31"));
    assert_eq!(approved["next_review_on"], "2026-12-31", "at the latest");
    days(app, 40);
    assert_eq!(
        scene.standing(NO),
        held("in_force"),
        "its last day in Japan"
    );
    days(app, 1);
    assert_eq!(scene.standing(NO), because("reopened", "expired"));
    assert_eq!(
        scene.review(NO)["approved"]["content"]["accepted_until"],
        "2026-12-31"
    );
    scene.approve(NO, &accepting("2027-06-30"));
    assert_eq!(scene.standing(NO), held("in_force"));
}

fn another_requirement_set_keeps_what_it_asks_alike(app: &TestApp) {
    const NEW: &str = "sample-7.1-annex";
    // The last item of the set, which the new one does not have.
    const GONE: &str = "sds-100";
    let scene = Scene::new(app);
    scene.revise(|answers| answers["100"] = json!({ "answer": "no" }));
    for item in [NO, GONE] {
        scene.approve(item, &reducing());
    }
    let directory = app.database().directory().join("requirement-sets");
    write_requirement_set(&directory, NEW);
    let newer = app.another_with("newer.checkpoint", |config| {
        config.requirement_sets = Some(directory);
        config.current_requirement_set = String::from(NEW);
    });
    let shown = |item: &str| {
        let path = format!("/api/v1{}", scene.path(item));
        newer
            .site()
            .call("GET", &path)
            .bearer(&scene.clinic.token())
            .ok()
    };
    let kept = shown(NO);
    assert_eq!(kept["standing"], "in_force");
    assert_eq!(kept["now"]["requirement_set"], NEW);
    assert_eq!(
        kept["approved"]["rests_on"]["requirement_set"],
        "mhlw-7.0-annex"
    );
    let gone = shown(GONE);
    assert_eq!(
        (&gone["standing"], &gone["cause"]),
        (&json!("closed"), &json!("not_compared"))
    );
    assert_eq!(
        gone["text"],
        scene.review(GONE)["text"],
        "in the words of the set that asked it"
    );
    assert_eq!(
        scene.standing(GONE),
        held("in_force"),
        "where the old set is current"
    );
}
