//! What a person answers through a link, and nobody signs: taken, compared, shown to the one who asked, and marked as what
//! it is wherever it is shown.

use jiff::SignedDuration;
use kaiji_tests::{Call, Institution, TestApp, Vendor, on_both_databases, sha256_of};
use serde_json::{Value, json};

on_both_databases![
    an_answer_is_received_compared_and_marked_everywhere,
    its_acknowledgement_is_a_receipt_that_says_so,
    what_was_not_asked_is_refused_with_its_place,
    only_the_institution_that_asked_sees_it,
    a_signed_statement_takes_its_place,
    a_table_that_was_filled_in_is_read,
    an_answer_is_given_once,
];

const ADDRESS: &str = "security@maker.example.jp";
const LABEL: &str = "署名なし（回答者の申告）";

/// A clinic that asked somebody by letter about a system.
struct Question {
    clinic: Institution,
    system: String,
    request: String,
    link: String,
}

impl Question {
    fn new(app: &TestApp) -> Self {
        let clinic = app.institution("サンプル医院");
        let system = json!({ "name": "レセコン", "product_name": "見本レセコン" });
        let system = clinic.post("/systems").json(&system).created();
        let new = json!({
            "to": { "name": "見本製作所", "email": ADDRESS }, "subject": "見本レセコン", "system": system["id"],
            "forms": ["SDS"],
        });
        let request = clinic.post("/requests").json(&new).created();
        Self {
            system: system["id"].as_str().unwrap().to_owned(),
            request: request["id"].as_str().unwrap().to_owned(),
            link: app.letter_to(ADDRESS).link_token("/answer"),
            clinic,
        }
    }

    fn answer(&self) -> Value {
        answer_to(&self.request)
    }
}

fn answer_to(request: &str) -> Value {
    json!({
        "schema": "kaiji-attested/1", "request": request, "form": "SDS", "form_edition": "5.0",
        "product": { "name": "見本レセコン", "version": "7" },
        "attested_by": {
            "organisation": "見本製作所", "department": "品質保証部", "name": "見本 花子", "email": ADDRESS,
        },
        "attested_on": "2026-11-21",
        "answers": { "18": { "answer": "yes" }, "19": { "answer": "no", "remark": "次期更改で対応予定" } },
        "annex": { "mhlw-7.0-annex": { "sds-17.1": { "answer": "not_applicable" } } },
    })
}

fn by_link(app: &TestApp, path: &str, link: &str) -> Call {
    let call = app.nobody("POST", &format!("/link/{path}"));
    call.header("Kaiji-Link", link)
}

fn verified(asking: &Institution, receipt: &Value) -> Value {
    let receipt = receipt.as_str().unwrap();
    asking.post("/verify").jose(receipt).ok()
}

/// The column of a CSV export, under its title.
fn column(clinic: &Institution, title: &str) -> Vec<String> {
    let file = clinic.get("/exports/comparison.csv").send().expect(200);
    let text = file.text().trim_start_matches('\u{feff}').to_owned();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let at = rows
        .headers()
        .unwrap()
        .iter()
        .position(|found| found == title);
    let rows = rows
        .records()
        .map(|row| row.unwrap()[at.unwrap()].to_owned());
    rows.collect()
}

fn an_answer_is_received_compared_and_marked_everywhere(app: &TestApp) {
    let question = Question::new(app);
    let Question { clinic, .. } = &question;
    let missing = clinic.get("/proposals").ok();
    assert_eq!(missing["items"][0]["occasions"][0]["occasion"], "missing");
    assert_eq!(missing["items"][0]["assurance"], Value::Null);

    let document = question.answer().to_string();
    let taken = by_link(app, "answer", &question.link);
    let taken = taken.body("application/json", document.as_str()).created();
    let sha256 = sha256_of(document.as_bytes());
    assert_eq!(taken["sha256"], sha256);
    assert_eq!(taken["assurance"], "attested");
    assert_eq!(taken["comparison"]["summary"]["conforming"], 1);
    assert_eq!(taken["comparison"]["summary"]["not_applicable"], 1);
    assert_eq!(taken["comparison"]["summary"]["nonconforming"], 1);

    // Its receipt is a leaf of the log, and says what it is about.
    let found = verified(clinic, &taken["receipt"]);
    assert_eq!(found["in_log"], true);
    assert_eq!(found["event"], "statement_attested");
    assert_eq!(found["assurance"], "attested");
    assert_eq!(found["statement"], Value::Null);

    // The institution has the exact bytes, and how they compare.
    let listed = clinic.list("/attested-statements");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["assurance"], "attested");
    assert_eq!(listed[0]["organisation_name"], "見本製作所");
    let whole = clinic.get(&format!("/attested-statements/{sha256}")).send();
    assert!(whole.text().contains(&document), "the document as it came");
    let comparisons = clinic.comparisons(&question.system);
    assert_eq!(comparisons.len(), 1);
    let comparison = &comparisons[0];
    assert_eq!(comparison["assurance"], "attested");
    assert_eq!(comparison["statement"], sha256);
    assert_eq!(comparison["validity"], Value::Null);
    assert_eq!(comparison["revision"], Value::Null);
    assert_eq!(comparison["receipt"], taken["receipt"]);
    assert_eq!(comparison["items"].as_array().unwrap().len(), 58);

    // The file for the inspector says so in every row; it counts as received, and in a year it is time again.
    let labels = column(clinic, "署名検証結果");
    assert_eq!(labels.len(), 58);
    assert!(labels.iter().all(|label| label == LABEL), "{labels:?}");
    assert_eq!(column(clinic, "事業者")[0], "見本製作所");
    assert_eq!(clinic.get("/proposals").ok()["items"], json!([]));
    app.advance(SignedDuration::from_hours(24 * 366));
    let again = clinic.get("/proposals").ok();
    assert_eq!(again["items"][0]["occasions"][0]["occasion"], "year_passed");
    assert_eq!(again["items"][0]["assurance"], "attested");

    let told = clinic.events();
    let told = told.iter().find(|(kind, _)| kind == "statement_attested");
    assert_eq!(told.unwrap().1["statement"], sha256);
    assert_eq!(told.unwrap().1["request"], question.request);
}

fn its_acknowledgement_is_a_receipt_that_says_so(app: &TestApp) {
    let question = Question::new(app);
    let taken = by_link(app, "answer", &question.link).json(&question.answer());
    let taken = taken.created();
    let sha256 = taken["sha256"].as_str().unwrap();
    let acknowledgement = format!("/attested-statements/{sha256}/acknowledgement");
    let given = question.clinic.post(&acknowledgement).ok();
    assert_eq!(given["assurance"], "attested");
    assert_eq!(question.clinic.post(&acknowledgement).ok(), given);
    let found = verified(&question.clinic, &given["receipt"]);
    assert_eq!(found["event"], "delivery_acknowledged");
    assert_eq!(found["assurance"], "attested");
    let shown = question
        .clinic
        .get(&format!("/attested-statements/{sha256}"));
    assert_eq!(shown.ok()["acknowledged_at"], given["acknowledged_at"]);
    let nothing = format!("/attested-statements/{}/acknowledgement", "0".repeat(64));
    question.clinic.post(&nothing).refused(404, "not_found");
}

fn what_was_not_asked_is_refused_with_its_place(app: &TestApp) {
    let question = Question::new(app);
    let refused = |change: fn(&mut Value), pointer: &str, code: &str| {
        let mut answer = question.answer();
        change(&mut answer);
        let call = by_link(app, "answer", &question.link).json(&answer);
        call.violates(&[(pointer, code)]);
    };
    refused(
        |answer| answer["answers"]["999.1"] = json!({ "answer": "yes" }),
        "/answers/999.1",
        "not_asked",
    );
    refused(
        |answer| answer["annex"]["other-8.0"] = json!({ "a-1": { "answer": "yes" } }),
        "/annex/other-8.0",
        "not_asked",
    );
    refused(
        |answer| answer["annex"]["mhlw-7.0-annex"]["mds-28"] = json!({ "answer": "yes" }),
        "/annex/mhlw-7.0-annex/mds-28",
        "wrong_form",
    );
    refused(
        |answer| answer["form_edition"] = json!("4.1"),
        "/form_edition",
        "wrong_edition",
    );
    refused(
        |answer| answer["request"] = json!("req_other"),
        "/request",
        "other_request",
    );
    refused(
        |answer| answer["attested_by"]["email"] = json!("hanako@example.jp\r\nBcc: a@b.jp"),
        "/attested_by/email",
        "choice",
    );
    refused(
        |answer| answer["signature"] = json!("見本 花子"),
        "/signature",
        "unknown_member",
    );
    let mut other_form = question.answer();
    other_form["form"] = json!("MDS");
    other_form["annex"] = json!({});
    other_form["answers"] = json!({});
    by_link(app, "answer", &question.link)
        .json(&other_form)
        .violates(&[("/form", "wrong_form"), ("", "no_answer")]);
    let broken = by_link(app, "answer", &question.link).body("application/json", "{");
    broken.refused(400, "unreadable");
    // None of it was taken.
    assert!(question.clinic.list("/attested-statements").is_empty());
    by_link(app, "answer", &question.link)
        .json(&question.answer())
        .created();
}

fn only_the_institution_that_asked_sees_it(app: &TestApp) {
    let (clinic, stranger) = (
        app.institution("サンプル医院"),
        app.institution("よその医院"),
    );
    let vendor = app.vendor("見本販売株式会社");
    let request = clinic.request(&vendor.product("見本レセコン"));
    let to = json!({ "to": { "name": "見本製作所", "email": ADDRESS } });
    vendor
        .post(&format!("/requests/{request}/forward"))
        .json(&to)
        .ok();
    let link = app.letter_to(ADDRESS).link_token("/answer");
    let asked = app
        .nobody("GET", "/link")
        .header("Kaiji-Link", link.as_str())
        .ok();
    let answer = answer_to(asked["request"].as_str().unwrap());
    let taken = by_link(app, "answer", &link).json(&answer).created();
    let path = format!("/attested-statements/{}", taken["sha256"].as_str().unwrap());
    clinic.get(&path).ok();
    stranger.get(&path).refused(404, "not_found");
    assert!(stranger.list("/attested-statements").is_empty());
    vendor.get(&path).refused(403, "forbidden");
    assert!(vendor.list("/statements").is_empty());
    let file = vendor.get("/exports/comparison.csv").send().expect(200);
    assert!(!file.text().contains(LABEL));
    let told = format!("{:?}", vendor.events());
    assert!(!told.contains(taken["sha256"].as_str().unwrap()), "{told}");
}

/// A vendor's own statement of that product, readable by everybody.
fn publish(vendor: &Vendor, product: &str) -> String {
    let statement = vendor.publish(&vendor.statement("sds-sample", product));
    let listed = json!({ "release": "listed" });
    vendor
        .patch(&format!("/products/{product}"))
        .json(&listed)
        .ok();
    statement
}

fn a_signed_statement_takes_its_place(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let vendor = app.vendor("見本販売株式会社");
    let product = vendor.product("見本レセコン");
    let system = clinic.system("レセコン", &product);
    let request = clinic.request(&product);
    let to = json!({ "to": { "name": "見本製作所", "email": ADDRESS } });
    vendor
        .post(&format!("/requests/{request}/forward"))
        .json(&to)
        .ok();
    let link = app.letter_to(ADDRESS).link_token("/answer");
    let asked = app
        .nobody("GET", "/link")
        .header("Kaiji-Link", link.as_str())
        .ok();
    let answer = answer_to(asked["request"].as_str().unwrap());
    by_link(app, "answer", &link).json(&answer).created();
    let shown = || -> Vec<(String, Value)> {
        let comparisons = clinic.comparisons(&system).into_iter();
        let shown = comparisons.map(|comparison| {
            let assurance = comparison["assurance"].as_str().unwrap().to_owned();
            (assurance, comparison["validity"].clone())
        });
        shown.collect()
    };
    assert_eq!(shown(), [("attested".to_owned(), Value::Null)]);

    let statement = publish(&vendor, &product);
    assert_eq!(shown(), [("signed".to_owned(), json!("valid"))]);
    assert!(!column(&clinic, "署名検証結果").contains(&LABEL.to_owned()));

    // Taken back, it stands in nothing's way any more.
    vendor.withdraw(&statement, "誤り").ok();
    let both = [
        ("attested".to_owned(), Value::Null),
        ("signed".to_owned(), json!("withdrawn")),
    ];
    assert_eq!(shown(), both);
}

fn a_table_that_was_filled_in_is_read(app: &TestApp) {
    let question = Question::new(app);
    let template = |query: &str| {
        let path = format!("/forms/sds-5.0/template.csv{query}");
        app.nobody("GET", &path).send().expect(200)
    };
    let file = template("");
    assert_eq!(
        file.header("Content-Disposition"),
        Some("attachment; filename=\"kaiji-sds-5.0.csv\"")
    );
    let filled = file.text().replace("No.18,,,", "No.18,はい,確認済み,");
    let sheet = |form: &str, bytes: Vec<u8>| {
        let call = by_link(app, &format!("sheet?form={form}"), &question.link);
        call.body("text/csv", bytes)
    };
    let read = sheet("SDS", filled.into_bytes()).ok();
    let expected = json!({ "18": { "answer": "yes", "remark": "確認済み" } });
    assert_eq!(read["answers"], expected);
    // As Excel saves it where it knows no other way.
    let cp932 = template("?encoding=cp932").body;
    let (text, _, _) = encoding_rs::SHIFT_JIS.decode(&cp932);
    let filled = text.replace("No.17.1,,,", "17.1,いいえ,,");
    let (filled, _, _) = encoding_rs::SHIFT_JIS.encode(&filled);
    let read = sheet("SDS", filled.into_owned()).ok();
    assert_eq!(read["answers"]["17.1"]["answer"], "no");

    let wrong = "項番,回答,備考\r\n17,たぶん,\r\n18,はい,\r\n18,いいえ,\r\n";
    sheet("SDS", wrong.into()).violates(&[("/2/回答", "choice"), ("/4/項番", "duplicate_number")]);
    sheet("MDS", "項番,回答\r\n".into()).violates(&[("/form", "wrong_form")]);
    app.nobody("GET", "/forms/sds-4.0/template.csv")
        .refused(404, "not_found");

    let mut answer = question.answer();
    answer["answers"] = read["answers"].clone();
    by_link(app, "answer", &question.link)
        .json(&answer)
        .created();
}

fn an_answer_is_given_once(app: &TestApp) {
    let question = Question::new(app);
    let answer = question.answer();
    by_link(app, "answer", &question.link)
        .json(&answer)
        .created();
    by_link(app, "answer", &question.link)
        .json(&answer)
        .refused(409, "link_used");
    let request = question
        .clinic
        .get(&format!("/requests/{}", question.request))
        .ok();
    assert_eq!(request["state"], "answered");
    assert_eq!(question.clinic.list("/attested-statements").len(), 1);
}
