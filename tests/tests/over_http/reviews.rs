//! Risk reviews: written by one, approved by another, and every change of them kept.

use kaiji_schema::jws::Jws;
use kaiji_tests::{Person, TestApp, on_both_databases, sha256_of};
use serde_json::{Value, json};

use super::review_scene::{ALSO_NO, NO, REDEFINED, Scene, YES, approval, reducing, submission};

on_both_databases![
    every_flagged_item_is_open_until_it_is_reviewed,
    a_review_is_written_submitted_and_approved,
    an_approval_is_a_leaf_that_names_the_edition_and_nobody,
    what_is_missing_is_told_all_at_once,
    what_breaks_rules_is_refused_with_its_place,
    only_flagged_items_are_reviewed,
    two_people_edit_one_review_and_nothing_is_lost,
    who_wrote_it_does_not_approve_where_another_may,
    whoever_submitted_gives_way_to_a_third,
    what_is_sent_back_is_written_anew,
    a_review_is_taken_only_where_it_is_on_its_way,
    an_approved_review_stays_in_force_while_another_is_written,
    evidence_files_are_those_that_were_brought,
    nobody_else_sees_reviews,
    people_read_with_any_role_and_write_as_editors,
    the_table_has_all_of_them_and_no_formula,
];

fn every_flagged_item_is_open_until_it_is_reviewed(app: &TestApp) {
    let scene = Scene::new(app);
    let listed = scene
        .clinic
        .list(&format!("/systems/{}/reviews", scene.system));
    let summary = &scene.clinic.comparisons(&scene.system)[0]["summary"];
    let flagged =
        summary["nonconforming"].as_u64().unwrap() + summary["unconfirmed"].as_u64().unwrap();
    assert_eq!(listed.len(), usize::try_from(flagged).unwrap());
    for item in &listed {
        assert_eq!(item["standing"], "open", "{item}");
        assert_eq!(
            (&item["review"], &item["state"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(item["now"]["statement"], json!(scene.newest()));
        assert_eq!(item["now"]["assurance"], "signed");
    }
    let of = |id: &str| listed.iter().find(|item| item["item"] == id);
    assert_eq!(of(NO).unwrap()["now"]["outcome"], "nonconforming");
    let redefined = &of(REDEFINED).unwrap()["now"];
    assert_eq!(
        (&redefined["outcome"], &redefined["reason"]),
        (&json!("unconfirmed"), &json!("redefined"))
    );
    assert!(of(YES).is_none());
    let one = scene.clinic.get(&scene.path(NO)).send().expect(200);
    assert_eq!(one.etag(), "\"0\"", "nothing was written yet");
    assert_eq!(one.json()["history"], json!([]));
}

fn a_review_is_written_submitted_and_approved(app: &TestApp) {
    let scene = Scene::new(app);
    let drafted = scene
        .clinic
        .put(&scene.path(NO))
        .json(&reducing())
        .send()
        .expect(200);
    assert_eq!(drafted.etag(), "\"1\"");
    let drafted = drafted.json();
    assert_eq!(
        (&drafted["state"], &drafted["standing"]),
        (&json!("draft"), &json!("open"))
    );
    assert_eq!(drafted["newest"]["content"]["risk"], reducing()["risk"]);
    assert_eq!(
        drafted["newest"]["level"],
        json!({
            "matrix": 1, "likelihood": { "value": 2, "label": "中" }, "impact": { "value": 3, "label": "大" },
            "level": { "value": 3, "label": "高" },
        })
    );
    assert_eq!(drafted["newest"]["rests_on"]["answers"][0]["answer"], "no");
    assert!(drafted["review"].as_str().unwrap().starts_with("rvw_"));

    assert_eq!(scene.submission(NO).ok()["state"], "submitted");
    let approved = scene.approval(NO).ok();
    assert_eq!(approved["approved_alone"], true, "nobody else could");
    assert_eq!(approved["next_review_on"], "2027-11-21");
    let shown = scene.review(NO);
    assert_eq!(
        (&shown["state"], &shown["standing"]),
        (&json!("approved"), &json!("in_force"))
    );
    assert_eq!(
        shown["approved"]["review_sha256"],
        approved["review_sha256"]
    );
    assert_eq!(shown["approved"]["approved_by"]["name"], "テスト");
    assert_eq!(shown["next_review_on"], "2027-11-21");

    let history = shown["history"].as_array().unwrap();
    let deeds: Vec<_> = history
        .iter()
        .map(|change| change["deed"].as_str().unwrap())
        .collect();
    assert_eq!(deeds, ["drafted", "submitted", "approved"]);
    for change in history {
        assert_eq!(
            change["by"],
            json!({ "id": scene.clinic.id, "name": "テスト" })
        );
        assert_eq!(change["occurred_at"], "2026-11-21T00:00:00.000Z");
    }
    assert_eq!(history[0]["content"], history[2]["content"]);
    let events = scene.clinic.events().into_iter();
    let kinds: Vec<_> = events
        .map(|(kind, _)| kind)
        .filter(|kind| kind.starts_with("review"))
        .collect();
    assert_eq!(kinds, ["review_submitted", "review_approved"]);
}

fn an_approval_is_a_leaf_that_names_the_edition_and_nobody(app: &TestApp) {
    let scene = Scene::new(app);
    let approved = scene.approve(NO, &reducing());
    let receipt = approved["receipt"].as_str().unwrap();
    let found = scene.clinic.post("/verify").jose(receipt).ok();
    assert_eq!(
        (&found["in_log"], &found["event"]),
        (&json!(true), &json!("review_approved"))
    );
    let payload = Jws::parse(receipt).unwrap().payload().to_vec();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(payload["leaf_index"], approved["leaf_index"]);
    assert_eq!(payload["institution"], json!(scene.clinic.organisation));
    assert_eq!(payload["statement_sha256"], json!(scene.newest()));
    assert_eq!(
        payload.as_object().unwrap().len(),
        7,
        "nothing else: {payload}"
    );
    // The edition's document is at hand, and no personal data leaves with the leaf.
    let shown = scene.review(NO);
    let document = shown["history"][2]["document"].as_str().unwrap();
    assert_eq!(
        payload["review_sha256"],
        json!(sha256_of(document.as_bytes()))
    );
    let document: Value = serde_json::from_str(document).unwrap();
    assert_eq!(document["review"], shown["review"]);
    assert_eq!(document["content"]["owner"], reducing()["owner"]);
    assert_eq!(shown["history"][2]["receipt"], approved["receipt"]);

    let again = scene.approval(NO).ok();
    assert_eq!(again, approved, "the first receipt");
}

fn what_is_missing_is_told_all_at_once(app: &TestApp) {
    let scene = Scene::new(app);
    scene.draft(NO, &json!({}));
    let missing = |name: &'static str| (name, "missing");
    scene.submission(NO).violates(&[
        missing("/risk"),
        missing("/likelihood"),
        missing("/impact"),
        missing("/treatment"),
        missing("/measures"),
        missing("/owner"),
        missing("/target_date"),
        missing("/decision"),
    ]);
    scene.draft(NO, &json!({ "treatment": "accept", "next_review_on": "2026-11-20", "risk": "=1+1", "likelihood": 1,
        "impact": 1, "owner": "院長", "decision": "受け入れる" }));
    scene
        .submission(NO)
        .violates(&[missing("/accepted_until"), ("/next_review_on", "past")]);
    assert_eq!(scene.review(NO)["state"], "draft");
}

fn what_breaks_rules_is_refused_with_its_place(app: &TestApp) {
    let scene = Scene::new(app);
    let put = |content: &Value| scene.clinic.put(&scene.path(NO)).json(content);
    put(&json!({ "likelihood": 0, "treatment": "ignore", "target_date": "来月", "evidence": ["x"], "level": 3 })).violates(&[
        ("/likelihood", "range"),
        ("/treatment", "choice"),
        ("/evidence/0", "choice"),
        ("/target_date", "date"),
        ("/level", "unknown_member"),
    ]);
    put(&json!({ "likelihood": 4, "impact": 5 }))
        .violates(&[("/likelihood", "range"), ("/impact", "range")]);
    assert_eq!(
        scene.review(NO)["review"],
        Value::Null,
        "nothing was written"
    );
}

fn only_flagged_items_are_reviewed(app: &TestApp) {
    let scene = Scene::new(app);
    let put = |item: &str| scene.clinic.put(&scene.path(item)).json(&reducing());
    put(YES).refused(409, "item_not_flagged");
    put("mds-28").refused(409, "item_not_flagged");
    put("sds-999").refused(404, "not_found");
    scene.clinic.get(&scene.path(YES)).refused(404, "not_found");
    scene.submission(NO).refused(404, "not_found");
    let elsewhere = "/systems/sys_0/reviews/sds-84";
    scene
        .clinic
        .put(elsewhere)
        .json(&reducing())
        .refused(404, "not_found");
    scene
        .clinic
        .get("/systems/sys_0/reviews")
        .refused(404, "not_found");
}

fn two_people_edit_one_review_and_nothing_is_lost(app: &TestApp) {
    let scene = Scene::new(app);
    let path = scene.path(NO);
    let one = Person::signed_in(app, &scene.clinic, "one@clinic.example.jp", &["editor"]);
    let other = Person::signed_in(app, &scene.clinic, "other@clinic.example.jp", &["editor"]);
    let put = |person: &Person, tag: &str, measures: &str| {
        let mut content = reducing();
        content["measures"] = json!(measures);
        person.put(&path).header("If-Match", tag).json(&content)
    };
    assert_eq!(
        put(&one, "\"0\"", "甲の案").send().expect(200).etag(),
        "\"1\""
    );
    put(&other, "\"0\"", "乙の案").refused(412, "stale");
    assert_eq!(scene.review(NO)["newest"]["content"]["measures"], "甲の案");
    put(&other, "\"1\"", "乙の案").ok();
    put(&one, "\"1\"", "甲の別案").refused(412, "stale");
    put(&one, "nonsense", "甲の別案").refused(412, "stale");
    submission(&scene.clinic, &path)
        .header("If-Match", "\"1\"")
        .refused(412, "stale");
    submission(&scene.clinic, &path)
        .header("If-Match", "\"2\"")
        .ok();
    approval(&scene.clinic, &path)
        .header("If-Match", "\"2\"")
        .refused(412, "stale");

    let history = scene.review(NO)["history"].clone();
    let written: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["content"]["measures"].clone())
        .collect();
    assert_eq!(written, [json!("甲の案"), json!("乙の案"), Value::Null]);
    assert_eq!(history[0]["by"]["id"], json!(one.id));
    assert_eq!(history[1]["by"]["id"], json!(other.id));
}

fn who_wrote_it_does_not_approve_where_another_may(app: &TestApp) {
    let scene = Scene::new(app);
    let path = scene.path(NO);
    let roles = ["editor", "approver"];
    let author = Person::signed_in(app, &scene.clinic, "author@clinic.example.jp", &roles);
    let other = Person::signed_in(app, &scene.clinic, "other@clinic.example.jp", &roles);
    author.put(&path).json(&reducing()).ok();
    author.post(&format!("{path}/submission")).ok();
    let approve = |person: &Person| person.post(&format!("{path}/approval"));
    author.step_up(app);
    let refused = approve(&author).refused(409, "own_review");
    assert!(refused.detail.contains("somebody else"), "{refused:?}");
    assert_eq!(scene.review(NO)["state"], "submitted");
    other.step_up(app);
    let approved = approve(&other).ok();
    assert_eq!(approved["approved_alone"], false);
    assert_eq!(
        approved["approved_by"],
        json!({ "id": other.id, "name": "見本 花子" })
    );

    // A program gives way to people who may approve as well.
    let path = scene.path(ALSO_NO);
    scene.clinic.put(&path).json(&reducing()).ok();
    submission(&scene.clinic, &path).ok();
    approval(&scene.clinic, &path).refused(409, "own_review");
}

fn whoever_submitted_gives_way_to_a_third(app: &TestApp) {
    let scene = Scene::new(app);
    let path = scene.path(NO);
    let approver = Person::signed_in(
        app,
        &scene.clinic,
        "approver@clinic.example.jp",
        &["approver"],
    );
    let editor = Person::signed_in(app, &scene.clinic, "editor@clinic.example.jp", &["editor"]);
    editor.put(&path).json(&reducing()).ok();
    submission(&scene.clinic, &path).ok();
    approval(&scene.clinic, &path).refused(409, "own_review");
    editor
        .post(&format!("{path}/approval"))
        .refused(403, "forbidden");
    app.advance(jiff::SignedDuration::from_mins(10));
    approver
        .post(&format!("{path}/approval"))
        .refused(403, "step_up_required");
    approver.step_up(app);
    let approved = approver.post(&format!("{path}/approval")).ok();
    assert_eq!(approved["approved_alone"], false);
}

fn what_is_sent_back_is_written_anew(app: &TestApp) {
    let scene = Scene::new(app);
    let back = format!("{}/return", scene.path(NO));
    let reason = json!({ "reason": "目標日を早めてください" });
    scene.draft(NO, &reducing());
    scene
        .clinic
        .post(&back)
        .json(&reason)
        .refused(409, "review_state");
    scene.submission(NO).ok();
    scene
        .clinic
        .post(&back)
        .json(&json!({}))
        .violates(&[("/reason", "missing")]);
    let returned = scene.clinic.post(&back).json(&reason).ok();
    assert_eq!(returned["state"], "sent_back");
    assert_eq!(returned["history"][2]["reason"], reason["reason"]);
    let (kind, told) = scene.clinic.events().pop().unwrap();
    assert_eq!(
        (&*kind, &told["reason"]),
        ("review_sent_back", &reason["reason"])
    );
    scene.approval(NO).refused(409, "review_state");
    let mut sooner = reducing();
    sooner["target_date"] = json!("2026-12-31");
    scene.approve(NO, &sooner);
    let shown = scene.review(NO);
    assert_eq!(shown["approved"]["content"]["target_date"], "2026-12-31");
    assert_eq!(shown["history"].as_array().unwrap().len(), 6);
}

fn a_review_is_taken_only_where_it_is_on_its_way(app: &TestApp) {
    let scene = Scene::new(app);
    scene.draft(NO, &reducing());
    scene.approval(NO).refused(409, "review_state");
    scene.submission(NO).ok();
    scene.submission(NO).refused(409, "review_state");
    // Whoever finds a mistake writes it anew: what was submitted is a draft again.
    assert_eq!(scene.draft(NO, &reducing())["state"], "draft");
    scene.approval(NO).refused(409, "review_state");
    scene.submission(NO).ok();
    scene.approval(NO).ok();
    scene.submission(NO).refused(409, "review_state");
}

fn an_approved_review_stays_in_force_while_another_is_written(app: &TestApp) {
    let scene = Scene::new(app);
    let first = scene.approve(NO, &reducing());
    let mut second = reducing();
    second["measures"] = json!("二要素認証の製品を導入する");
    let drafted = scene.draft(NO, &second);
    assert_eq!(
        (&drafted["state"], &drafted["standing"]),
        (&json!("draft"), &json!("in_force"))
    );
    assert_eq!(
        drafted["approved"]["content"]["measures"],
        reducing()["measures"]
    );
    assert_eq!(drafted["newest"]["content"]["measures"], second["measures"]);
    scene.submission(NO).ok();
    let again = scene.approval(NO).ok();
    assert_ne!(again["leaf_index"], first["leaf_index"]);
    assert_eq!(
        scene.review(NO)["approved"]["content"]["measures"],
        second["measures"]
    );
}

fn evidence_files_are_those_that_were_brought(app: &TestApp) {
    let scene = Scene::new(app);
    let file = b"%PDF-1.7\nphoto".to_vec();
    let mut content = reducing();
    content["evidence"] = json!([sha256_of(&file)]);
    let put = || scene.clinic.put(&scene.path(NO)).json(&content);
    put().violates(&[("/evidence/0", "missing_evidence_file")]);
    assert_eq!(
        scene.review(NO)["review"],
        Value::Null,
        "nothing was written"
    );
    scene
        .clinic
        .bring("施錠区域の写真.pdf", "application/pdf", &file)
        .created();
    assert_eq!(
        put().ok()["newest"]["content"]["evidence"],
        content["evidence"]
    );
    let [kept] = &scene.clinic.list("/evidence-files")[..] else {
        panic!("one file")
    };
    assert_eq!(kept["expires_at"], Value::Null, "the review names it");
}

fn nobody_else_sees_reviews(app: &TestApp) {
    let scene = Scene::new(app);
    scene.approve(NO, &reducing());
    let other = app.institution("よその医院");
    other.get(&scene.path(NO)).refused(404, "not_found");
    other
        .put(&scene.path(NO))
        .json(&reducing())
        .refused(404, "not_found");
    approval(&other, &scene.path(NO)).refused(404, "not_found");
    assert!(other.list("/reviews").is_empty());
    scene.vendor.get(&scene.path(NO)).refused(403, "forbidden");
    app.operator()
        .get(&scene.path(NO))
        .refused(403, "forbidden");
}

fn people_read_with_any_role_and_write_as_editors(app: &TestApp) {
    let scene = Scene::new(app);
    scene.approve(NO, &reducing());
    let viewer = Person::signed_in(app, &scene.clinic, "viewer@clinic.example.jp", &["viewer"]);
    assert_eq!(viewer.get(&scene.path(NO)).ok()["standing"], "in_force");
    viewer.get("/reviews").ok();
    viewer.get("/risk-matrix").ok();
    viewer
        .put(&scene.path(NO))
        .json(&reducing())
        .refused(403, "forbidden");
    viewer
        .post(&format!("{}/approval", scene.path(NO)))
        .refused(403, "forbidden");
}

/// The rows of the table by item, under their titles.
fn table(scene: &Scene, query: &str) -> Vec<std::collections::HashMap<String, String>> {
    let file = scene
        .clinic
        .get(&format!("/exports/reviews.csv{query}"))
        .send()
        .expect(200);
    let text = file.text().trim_start_matches('\u{feff}').to_owned();
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}

fn the_table_has_all_of_them_and_no_formula(app: &TestApp) {
    let scene = Scene::new(app);
    let mut content = reducing();
    content["risk"] = json!("=cmd|' /C calc'!A0");
    content["measures"] = json!("一行目\n\"二行目\",三行目");
    scene.approve(NO, &content);
    scene.draft(ALSO_NO, &json!({ "treatment": "avoid" }));
    assert_eq!(
        scene.review(NO)["approved"]["content"]["risk"],
        content["risk"],
        "unaltered"
    );

    let rows = table(&scene, "");
    let listed = scene
        .clinic
        .list(&format!("/systems/{}/reviews", scene.system));
    assert_eq!(rows.len(), listed.len());
    let of = |number: &str| rows.iter().find(|row| row["項番"] == number).unwrap();
    let approved = of("No.84");
    let expected = [
        ("医療機関名", "サンプル医院"),
        ("システム", "電子カルテ"),
        ("様式", "SDS"),
        ("判定", "要リスク評価"),
        ("評価の状況", "有効"),
        ("手続の段階", "承認済"),
        ("想定されるリスク", "'=cmd|' /C calc'!A0"),
        ("発生可能性", "中"),
        ("影響度", "大"),
        ("リスクレベル", "高"),
        ("リスク対応", "低減"),
        ("対応策", "一行目\n\"二行目\",三行目"),
        ("目標日", "2027-03-31"),
        ("次回見直し日", "2027-11-21"),
        ("承認者", "テスト"),
        ("承認日", "2026-11-21"),
        ("承認の別", "作成者による承認（ほかに承認者なし）"),
    ];
    for (title, cell) in expected {
        assert_eq!(approved[title], cell, "{title}");
    }
    let drafted = of("No.49");
    assert_eq!(
        (&*drafted["手続の段階"], &*drafted["リスク対応"]),
        ("作成中", "回避")
    );
    assert_eq!(
        (&*drafted["評価の状況"], &*drafted["承認日"]),
        ("未評価", "")
    );
    let open = of("No.17.1");
    assert_eq!((&*open["手続の段階"], &*open["判定"]), ("", "要確認"));

    // What goes off the list stays in the table.
    let delete = format!("/systems/{}", scene.system);
    let _ = scene.clinic.delete(&delete).send().expect(204);
    let rows = table(&scene, "?encoding=utf-8");
    assert_eq!(rows.len(), 2, "those that somebody wrote");
    for row in &rows {
        assert_eq!(
            (&*row["評価の状況"], &*row["状況の理由"]),
            ("終了", "照合の対象でなくなった")
        );
        assert_eq!(row["システム"], "電子カルテ");
    }
    assert_eq!(scene.standing(NO).0, "closed");
    scene
        .clinic
        .get("/exports/reviews.csv?encoding=latin1")
        .refused(400, "bad_query");
    let cp932 = scene
        .clinic
        .get("/exports/reviews.csv?encoding=cp932")
        .send()
        .expect(200);
    let (text, _) = encoding_rs::SHIFT_JIS.decode_without_bom_handling(&cp932.body);
    assert!(text.contains("評価の状況"));
}
