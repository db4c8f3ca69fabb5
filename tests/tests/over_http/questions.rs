//! Questions about flagged items: an institution puts an item back to the vendor with one call, and the answer comes as a
//! later revision or as a remark.

use jiff::SignedDuration;
use kaiji_tests::{Institution, TestApp, Vendor, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    an_item_goes_to_the_vendor_with_its_wording_and_its_answers,
    a_revision_that_answers_the_item_answers_the_question,
    a_revision_that_says_nothing_new_leaves_it_open,
    a_remark_reaches_the_institution_and_changes_no_outcome,
    what_many_ask_is_shown_together_and_answered_with_one_remark,
    what_more_ask_than_one_transaction_tells_reaches_all_of_them,
    a_question_is_asked_once_and_can_be_withdrawn,
    what_there_is_nothing_to_ask_about_is_refused_with_its_place,
    the_same_call_again_asks_nothing_more,
    whoever_attested_is_asked_by_a_letter_again,
    letters_tell_both_sides_as_they_wish,
    nobody_else_sees_or_answers_a_question,
];

const SET: &str = "mhlw-7.0-annex";

/// A product whose statement clinics hold.
struct Held {
    vendor: Vendor,
    product: String,
    first: Value,
    name: String,
}

impl Held {
    fn new(app: &TestApp) -> Self {
        let vendor = app.vendor("見本電子カルテ株式会社");
        let product = vendor.product_with(&json!({ "name": "見本カルテ", "release": "automatic" }));
        let first = vendor.statement("sds-sample", &product);
        let name = vendor.publish(&first);
        Self {
            vendor,
            product,
            first,
            name,
        }
    }

    /// A clinic that may read it, and its system.
    fn clinic(&self, app: &TestApp, name: &str) -> (Institution, String) {
        let clinic = app.institution(name);
        clinic.request(&self.product);
        let system = clinic.system("電子カルテ", &self.product);
        (clinic, system)
    }

    /// The second revision, with these direct answers besides those of the first.
    fn second(&self, annex: &Value) -> Value {
        let mut second = self.first.clone();
        second["revision"] = json!(2);
        second["supersedes"] = json!(self.name);
        let items = second["annex"][SET].as_object_mut().unwrap();
        items.extend(annex.as_object().unwrap().clone());
        second
    }

    fn asked(&self, state: &str) -> Vec<Value> {
        self.vendor.list(&format!("/questions?state={state}"))
    }

    fn answer(&self, question: &str, remark: &Value) -> Value {
        let answer = self.vendor.post(&format!("/questions/{question}/answer"));
        answer.json(remark).ok()
    }
}

fn questions(clinic: &Institution, system: &str) -> Vec<Value> {
    clinic.list(&format!("/systems/{system}/questions"))
}

fn an_item_goes_to_the_vendor_with_its_wording_and_its_answers(app: &TestApp) {
    let held = Held::new(app);
    let (clinic, system) = held.clinic(app, "サンプル医院");
    let body =
        json!({ "items": ["sds-17.1", "sds-84"], "message": "更改の時期を\n教えてください" });
    let path = format!("/systems/{system}/questions");
    let asked = clinic.post(&path).json(&body).created();
    assert_eq!(asked["requests"], json!([]));
    let [one, other] = asked["questions"].as_array().unwrap().as_slice() else {
        panic!("{asked}");
    };
    for question in [one, other] {
        assert_eq!(question["state"], "open");
        assert_eq!(question["statement"], *held.name);
        assert_eq!(question["requirement_set"], SET);
        assert_eq!(question["answer"], Value::Null);
    }
    assert_eq!(questions(&clinic, &system).len(), 2);
    let [comparison] = clinic.comparisons(&system).try_into().unwrap();
    assert_eq!(comparison["questions"].as_array().unwrap().len(), 2);
    assert_eq!(comparison["questions"][0]["item"], "sds-17.1");

    let [first, second] = held.asked("open").try_into().unwrap();
    assert_eq!(first["item"], "sds-17.1");
    assert_eq!(first["product_name"], "見本カルテ");
    assert_eq!(first["statement"], *held.name);
    assert_eq!(first["count"], 1);
    let compared = &first["compared"];
    assert_eq!(compared["outcome"], "unconfirmed");
    assert_eq!(compared["reason"], "redefined");
    assert_eq!(compared["answers"][0]["answer"], "no");
    assert!(!compared["text"].as_str().unwrap().is_empty());
    assert_eq!(second["compared"]["outcome"], "nonconforming");
    let question = &first["questions"][0];
    assert_eq!(question["institution_name"], "サンプル医院");
    assert_eq!(question["message"], "更改の時期を\n教えてください");
    let (kind, told) = held.vendor.events().pop().unwrap();
    assert_eq!(kind, "question_asked");
    assert_eq!(told["items"], json!(["sds-17.1", "sds-84"]));
    assert_eq!(told["institution"], *clinic.organisation);
}

fn a_revision_that_answers_the_item_answers_the_question(app: &TestApp) {
    let held = Held::new(app);
    let (clinic, system) = held.clinic(app, "サンプル医院");
    clinic.ask_about(&system, "sds-17.1");
    clinic.ask_about(&system, "sds-84");
    let open = clinic.ask_about(&system, "sds-57.3");
    let mut second =
        held.second(&json!({ "sds-17.1": { "answer": "no", "remark": "更改で対応" } }));
    // Nothing is left to ask about an item that is はい now.
    second["answers"]["84"] = json!({ "answer": "yes" });
    let revision = held.vendor.publish(&second);
    for question in questions(&clinic, &system) {
        if question["id"] == *open {
            assert_eq!(question["state"], "open");
            continue;
        }
        assert_eq!(question["state"], "answered", "{question}");
        assert_eq!(question["answer"]["statement"], *revision);
        assert_eq!(question["answer"]["remark"], Value::Null);
    }
    assert_eq!(held.asked("open").len(), 1);
    assert_eq!(held.asked("answered").len(), 2);
    let events = clinic.events();
    let told: Vec<_> = events
        .iter()
        .filter(|(kind, _)| kind == "question_answered")
        .collect();
    let [(_, told)] = told.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(told["statement"], *revision);
    assert_eq!(told["questions"].as_array().unwrap().len(), 2);
    // いいえ is still to be assessed, and can be asked about again.
    clinic.ask_about(&system, "sds-17.1");
    assert_eq!(held.asked("open").len(), 2);
}

fn a_revision_that_says_nothing_new_leaves_it_open(app: &TestApp) {
    let held = Held::new(app);
    let (clinic, system) = held.clinic(app, "サンプル医院");
    // The item has a direct answer that contradicts the form's: it is the same in the second revision.
    clinic.ask_about(&system, "sds-54");
    held.vendor.publish(&held.second(&json!({})));
    assert_eq!(questions(&clinic, &system)[0]["state"], "open");
    let [asked] = held.asked("open").try_into().unwrap();
    assert_ne!(asked["statement"], *held.name);
    assert_eq!(asked["questions"][0]["statement"], *held.name);
}

fn a_remark_reaches_the_institution_and_changes_no_outcome(app: &TestApp) {
    let held = Held::new(app);
    let (clinic, system) = held.clinic(app, "サンプル医院");
    let question = clinic.ask_about(&system, "sds-17.1");
    let before = clinic.comparisons(&system).remove(0);
    let answered = held.answer(&question, &json!({ "remark": "令和9年度に対応します。" }));
    assert_eq!(answered["state"], "answered");
    let after = clinic.comparisons(&system).remove(0);
    assert_eq!(after["items"], before["items"]);
    assert_eq!(after["summary"], before["summary"]);
    let shown = &after["questions"][0];
    assert_eq!(shown["state"], "answered");
    assert_eq!(shown["answer"]["remark"], "令和9年度に対応します。");
    assert_eq!(shown["answer"]["statement"], Value::Null);
    let (kind, told) = clinic.events().pop().unwrap();
    assert_eq!(kind, "question_answered");
    assert_eq!(told["remark"], "令和9年度に対応します。");
    let again = held.vendor.post(&format!("/questions/{question}/answer"));
    again
        .json(&json!({ "remark": "もう一度" }))
        .refused(409, "question_state");
}

fn what_many_ask_is_shown_together_and_answered_with_one_remark(app: &TestApp) {
    let held = Held::new(app);
    let clinics: Vec<_> = ["甲医院", "乙医院", "丙医院"]
        .iter()
        .map(|name| held.clinic(app, name))
        .collect();
    let ids: Vec<_> = clinics
        .iter()
        .map(|(clinic, system)| clinic.ask_about(system, "sds-17.1"))
        .collect();
    let (first, system) = &clinics[0];
    first.ask_about(system, "sds-84");
    let asked = held.asked("open");
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(
        (&asked[0]["item"], &asked[0]["count"]),
        (&json!("sds-17.1"), &json!(3))
    );
    assert_eq!(asked[0]["questions"].as_array().unwrap().len(), 3);
    // One part of the list at a time.
    let part = held.vendor.get("/questions?state=open&limit=1").ok();
    let next = part["next"].as_str().unwrap();
    let rest = held
        .vendor
        .get(&format!("/questions?state=open&limit=1&cursor={next}"))
        .ok();
    assert_eq!(rest["items"][0]["item"], "sds-84");

    // An answer to one is for that one alone, unless the vendor says otherwise.
    held.answer(&ids[1], &json!({ "remark": "貴院には個別に対応します。" }));
    assert_eq!(held.asked("open")[0]["count"], 2);
    held.answer(
        &ids[0],
        &json!({ "remark": "次期更改で対応します。", "for_all": true }),
    );
    for (number, (clinic, system)) in clinics.iter().enumerate() {
        let comparison = clinic.comparisons(system).remove(0);
        let expected = [
            "次期更改で対応します。",
            "貴院には個別に対応します。",
            "次期更改で対応します。",
        ];
        let shown = &comparison["questions"][0];
        assert_eq!(shown["answer"]["remark"], expected[number]);
    }
    let [left] = held.asked("open").try_into().unwrap();
    assert_eq!(left["item"], "sds-84");
}

fn what_more_ask_than_one_transaction_tells_reaches_all_of_them(app: &TestApp) {
    let held = Held::new(app);
    let clinics: Vec<_> = (0..52)
        .map(|number| held.clinic(app, &format!("サンプル第{number}医院")))
        .collect();
    for (clinic, system) in &clinics {
        clinic.ask_about(system, "sds-17.1");
    }
    let [asked] = held.asked("open").try_into().unwrap();
    assert_eq!(asked["count"], 52);
    assert_eq!(asked["questions"].as_array().unwrap().len(), 50);
    let last = asked["questions"][49]["id"].as_str().unwrap();
    let answered = held.answer(
        last,
        &json!({ "remark": "次期更改で対応します。", "for_all": true }),
    );
    assert_eq!(answered["state"], "answered");
    app.step_jobs();
    assert!(held.asked("open").is_empty());
    for (clinic, system) in &clinics {
        let [question] = questions(clinic, system).try_into().unwrap();
        assert_eq!(question["state"], "answered");
        let told = clinic.events();
        let told = told.iter().filter(|(kind, _)| kind == "question_answered");
        assert_eq!(told.count(), 1);
    }
}

fn a_question_is_asked_once_and_can_be_withdrawn(app: &TestApp) {
    let held = Held::new(app);
    let (clinic, system) = held.clinic(app, "サンプル医院");
    let question = clinic.ask_about(&system, "sds-17.1");
    let path = format!("/systems/{system}/questions");
    let again = json!({ "items": ["sds-84", "sds-17.1"] });
    let refused = clinic
        .post(&path)
        .json(&again)
        .refused(409, "question_open");
    assert!(refused.detail.contains(&question));
    // Another system with the same product is about the same statement.
    let other = clinic.system("別館の電子カルテ", &held.product);
    let same = clinic.post(&format!("/systems/{other}/questions"));
    same.json(&json!({ "item": "sds-17.1" }))
        .refused(409, "question_open");
    assert_eq!(questions(&clinic, &system).len(), 1, "all or nothing");

    let withdraw = format!("/questions/{question}/withdrawal");
    assert_eq!(clinic.post(&withdraw).ok()["state"], "withdrawn");
    clinic.post(&withdraw).refused(409, "question_state");
    let answer = held.vendor.post(&format!("/questions/{question}/answer"));
    answer
        .json(&json!({ "remark": "遅れました" }))
        .refused(409, "question_state");
    assert!(held.asked("open").is_empty());
    assert_eq!(held.vendor.events().pop().unwrap().0, "question_withdrawn");
    let comparison = clinic.comparisons(&system).remove(0);
    assert_eq!(comparison["questions"], json!([]));
    clinic.ask_about(&system, "sds-17.1");
}

fn what_there_is_nothing_to_ask_about_is_refused_with_its_place(app: &TestApp) {
    let held = Held::new(app);
    let (clinic, system) = held.clinic(app, "サンプル医院");
    let path = format!("/systems/{system}/questions");
    let ask = |body: &Value| clinic.post(&path).json(body);
    ask(&json!({ "items": ["sds-17.2", "sds-0", "mds-10", "sds-17.1", "sds-17.1"] })).violates(&[
        ("/items/0", "not_flagged"),
        ("/items/1", "unknown_item"),
        ("/items/2", "no_statement"),
        ("/items/4", "duplicate"),
    ]);
    ask(&json!({ "item": "sds-17.1", "requirement_set": "mhlw-0" }))
        .violates(&[("/requirement_set", "unknown_set")]);
    ask(&json!({})).violates(&[("", "missing")]);
    ask(&json!({ "items": [] })).violates(&[("", "missing")]);
    ask(&json!({ "item": "sds-17.1", "items": ["sds-84"] })).violates(&[("/items", "both")]);
    ask(&json!({ "item": "sds-17.1", "message": "あ".repeat(2001) }))
        .violates(&[("/message", "too_long")]);
    // What was withdrawn is not asked about.
    held.vendor.withdraw(&held.name, "誤記").ok();
    ask(&json!({ "item": "sds-17.1" })).violates(&[("/item", "no_statement")]);
    let empty = clinic
        .post("/systems")
        .json(&json!({ "name": "部門システム" }));
    let empty = empty.created()["id"].as_str().unwrap().to_owned();
    let nothing = clinic.post(&format!("/systems/{empty}/questions"));
    nothing
        .json(&json!({ "item": "sds-17.1" }))
        .violates(&[("/item", "no_statement")]);
}

fn the_same_call_again_asks_nothing_more(app: &TestApp) {
    let held = Held::new(app);
    let (clinic, system) = held.clinic(app, "サンプル医院");
    let ask = |items: &Value| {
        let call = clinic.post(&format!("/systems/{system}/questions"));
        call.header("Idempotency-Key", "k-1").json(items)
    };
    let body = json!({ "items": ["sds-17.1", "sds-84"] });
    let first = ask(&body).created();
    assert_eq!(ask(&body).created(), first);
    ask(&json!({ "item": "sds-54" })).refused(422, "idempotency_key_reused");
    assert_eq!(held.asked("open").len(), 2);
    // Also when there is nothing to ask any more.
    let ids = |asked: &Value| {
        let asked = asked["questions"].as_array().unwrap().iter();
        asked.map(|found| found["id"].clone()).collect::<Vec<_>>()
    };
    held.vendor.withdraw(&held.name, "誤記").ok();
    assert_eq!(ids(&ask(&body).created()), ids(&first));
}

fn whoever_attested_is_asked_by_a_letter_again(app: &TestApp) {
    let address = "security@maker.example.jp";
    let clinic = app.institution("サンプル医院");
    let system = json!({ "name": "レセコン", "product_name": "見本レセコン" });
    let system = clinic.post("/systems").json(&system).created();
    let system = system["id"].as_str().unwrap();
    let new = json!({
        "to": { "name": "見本製作所", "email": address }, "subject": "見本レセコン", "system": system, "forms": ["SDS"],
    });
    let request = clinic.post("/requests").json(&new).created();
    let attest = |request: &Value, annex: &Value| {
        let letter = app.letters_to(address).pop().unwrap();
        let document = json!({
            "schema": "kaiji-attested/1", "request": request, "form": "SDS", "form_edition": "5.0",
            "product": { "name": "見本レセコン", "version": "7" },
            "attested_by": { "organisation": "見本製作所", "name": "見本 花子", "email": address },
            "attested_on": "2026-11-21", "answers": {}, "annex": { "mhlw-7.0-annex": annex },
        });
        let call = app.nobody("POST", "/link/answer");
        let call = call.header("Kaiji-Link", letter.link_token("/answer"));
        let _ = call.json(&document).created();
    };
    attest(&request["id"], &json!({ "sds-18": { "answer": "yes" } }));

    let path = format!("/systems/{system}/questions");
    let body = json!({ "item": "sds-17.1", "message": "二要素認証の有無をお知らせください。" });
    let asked = clinic.post(&path).json(&body).created();
    assert_eq!(asked["questions"], json!([]));
    let again = asked["requests"][0].clone();
    let shown = clinic
        .get(&format!("/requests/{}", again.as_str().unwrap()))
        .ok();
    assert_eq!(shown["addressee"]["email"], address);
    assert_eq!(shown["forms"], json!(["SDS"]));
    let letter = app.letters_to(address).pop().unwrap();
    assert!(letter.text.contains("SDS No.17.1"), "{}", letter.text);
    assert!(letter.text.contains("二要素認証の有無"), "{}", letter.text);
    clinic.post(&path).json(&body).refused(409, "request_open");
    attest(&again, &json!({ "sds-17.1": { "answer": "no" } }));
    let comparison = clinic.comparisons(system).remove(0);
    let items = comparison["items"].as_array().unwrap();
    let item = items.iter().find(|item| item["id"] == "sds-17.1").unwrap();
    assert_eq!(item["direct"]["answer"], "no");
    assert_eq!(comparison["questions"], json!([]));
}

fn letters_tell_both_sides_as_they_wish(app: &TestApp) {
    let held = Held::new(app);
    let (clinic, system) = held.clinic(app, "サンプル医院");
    let wish = |organisation: &str, members: &Value| {
        let path = format!("/organisations/{organisation}");
        app.operator().patch(&path).json(members).ok();
    };
    let (vendor_at, clinic_at) = ("desk@vendor.example.jp", "clinic@sample.example.jp");
    wish(
        &held.vendor.organisation,
        &json!({ "email": vendor_at, "letters": "never" }),
    );
    wish(
        &clinic.organisation,
        &json!({ "email": clinic_at, "letters": "daily" }),
    );
    let body =
        json!({ "items": ["sds-17.1", "sds-84"], "message": "更改の時期を教えてください。" });
    let asked = clinic.post(&format!("/systems/{system}/questions"));
    let asked = asked.json(&body).created();
    // Somebody waits for the vendor: that is told also to one who wants no news.
    app.letter_to(vendor_at)
        .is_as(app.site(), "questions_asked");
    let mut questions = asked["questions"].as_array().unwrap().iter();
    let first = questions.find(|question| question["item"] == "sds-17.1");
    let id = first.unwrap()["id"].as_str().unwrap();
    held.answer(id, &json!({ "remark": "令和9年度に対応します。" }));
    assert_eq!(app.letters_to(clinic_at).len(), 0);
    app.advance(SignedDuration::from_hours(23));
    let letter = app.letter_to(clinic_at);
    assert!(
        letter.text.contains("ご質問に回答がありました（1件）"),
        "{}",
        letter.text
    );
    wish(&clinic.organisation, &json!({ "letters": "at_once" }));
    held.vendor
        .publish(&held.second(&json!({ "sds-84": { "answer": "no" } })));
    let letters = app.letters_to(clinic_at);
    let letter = letters
        .iter()
        .find(|letter| letter.subject.contains("ご質問"));
    letter.unwrap().is_as(app.site(), "questions_answered");
}

fn nobody_else_sees_or_answers_a_question(app: &TestApp) {
    let held = Held::new(app);
    let (clinic, system) = held.clinic(app, "サンプル医院");
    let question = clinic.ask_about(&system, "sds-17.1");
    let (other, _) = held.clinic(app, "よその医院");
    let withdraw = format!("/questions/{question}/withdrawal");
    other.post(&withdraw).refused(404, "not_found");
    other
        .get(&format!("/systems/{system}/questions"))
        .refused(404, "not_found");
    let stranger = app.vendor("別の会社");
    assert!(stranger.list("/questions").is_empty());
    let answer = stranger.post(&format!("/questions/{question}/answer"));
    answer
        .json(&json!({ "remark": "違います" }))
        .refused(404, "not_found");
}
