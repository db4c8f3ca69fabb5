//! The main job from end to end: a key, two signed statements, a request, a release, a delivery, an acknowledgement,
//! two comparisons, a CSV, and what each side was told meanwhile.

use kaiji_schema::jws::{self, Jws};
use kaiji_schema::key::PublicKey;
use kaiji_schema::receipt::{Event, Receipt};
use kaiji_tests::{Institution, TestApp, Vendor, on_both_databases, sha256};
use serde_json::{Value, json};

on_both_databases![
    an_institution_gets_what_the_vendor_signed_and_sees_what_to_look_at,
    the_comparison_says_of_each_item_what_was_answered_and_why_it_is_flagged,
    every_receipt_verifies_with_the_key_that_the_service_publishes,
    the_csv_has_a_row_for_each_item_and_opens_in_excel,
    the_csv_says_of_a_system_without_a_statement_that_none_was_received,
    a_vendor_exports_its_own_products,
    a_payload_can_be_checked_before_it_is_signed,
    each_side_is_told_what_concerns_it,
    everybody_may_read_the_reference_data,
];

/// A vendor with both forms released to an institution, which has the product as its system.
struct Job {
    vendor: Vendor,
    clinic: Institution,
    system: String,
    product: String,
    sds: String,
    mds: String,
}

fn job(app: &TestApp) -> Job {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    let sds = vendor.sign(&vendor.statement("sds-sample", &product));
    let mds = vendor.sign(&vendor.statement("mds-sample", &product));
    vendor.submit(&sds).created();
    vendor.submit(&mds).created();
    let system = clinic.system("電子カルテ", &product);
    let request = clinic.request(&product);
    vendor.release(&request);
    app.step_jobs();
    Job {
        vendor,
        clinic,
        system,
        product,
        sds,
        mds,
    }
}

/// The receipt inside `jws`, verified with the key that the service publishes for receipts.
fn verified_receipt(app: &TestApp, jws: &str) -> Receipt {
    let keys = app.site().call("GET", "/.well-known/kaiji-keys.json").ok();
    let keys = keys["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["purpose"] == "receipt").unwrap();
    let key = PublicKey::from_jwk_text(&key["jwk"].to_string()).unwrap();
    jws::verify(Jws::parse(jws).unwrap(), &key)
        .unwrap()
        .into_document()
}

fn an_institution_gets_what_the_vendor_signed_and_sees_what_to_look_at(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    let jws = vendor.sign(&vendor.statement("sds-sample", &product));

    let submitted = vendor.submit(&jws).created();
    assert_eq!(submitted["sha256"], sha256(&jws));
    assert_eq!(submitted["received_at"], "2026-11-21T00:00:00.000Z");
    assert_eq!(submitted["comparisons"][0]["summary"]["unconfirmed"], 5);

    let found = clinic.get("/directory/products?q=クラウド").ok();
    assert_eq!(found["items"][0]["product"], json!(product));
    assert_eq!(found["items"][0]["vendor_name"], "見本電子カルテ株式会社");
    let system = clinic.system("電子カルテ", &product);
    assert!(
        clinic.comparisons(&system).is_empty(),
        "nothing was released yet"
    );

    let request = clinic.request(&product);
    assert_eq!(vendor.list("/requests?state=open")[0]["id"], json!(request));
    vendor.release(&request);

    let fetched = clinic.fetch(&sha256(&jws)).expect(200);
    assert_eq!(fetched.header("Content-Type"), Some("application/jose"));
    assert_eq!(fetched.text(), jws, "byte for byte");
    let path = format!("/statements/{}/acknowledgement", sha256(&jws));
    let acknowledged = clinic.post(&path).ok();
    assert_eq!(acknowledged["statement"], sha256(&jws));
    assert_eq!(
        clinic.post(&path).ok(),
        acknowledged,
        "again, the first receipt"
    );

    let comparison = &clinic.comparisons(&system)[0];
    assert_eq!(comparison["statement"], sha256(&jws));
    assert_eq!(comparison["receipt"], submitted["receipt"]);
    assert_eq!(comparison["summary"]["review_required"], true);
}

fn the_comparison_says_of_each_item_what_was_answered_and_why_it_is_flagged(app: &TestApp) {
    let job = job(app);
    let comparisons = job.clinic.comparisons(&job.system);
    let [mds, sds] = comparisons.as_slice() else {
        panic!("one of each form: {comparisons:?}");
    };

    let counts = |items, conforming, not_applicable, nonconforming, unconfirmed| {
        json!({
            "items": items, "conforming": conforming, "not_applicable": not_applicable,
            "nonconforming": nonconforming, "unconfirmed": unconfirmed, "review_required": true,
        })
    };
    assert_eq!(
        (&mds["form"], &mds["form_edition"]),
        (&json!("MDS"), &json!("5.0"))
    );
    assert_eq!(mds["summary"], counts(41, 26, 11, 2, 2));
    assert_eq!(sds["summary"], counts(58, 45, 6, 2, 5));
    assert_eq!(sds["requirement_set"], "mhlw-7.0-annex");
    assert_eq!(sds["validity"], "valid");

    assert_eq!(
        flagged(mds),
        [
            ("mds-12.3.1.1", "nonconforming", None),
            ("mds-4.1.2", "unconfirmed", Some("redefined")),
            ("mds-18", "unconfirmed", Some("unanswered")),
            ("mds-26", "nonconforming", None),
        ]
    );
    assert_eq!(
        flagged(sds),
        [
            ("sds-54", "unconfirmed", Some("contradiction")),
            ("sds-49", "nonconforming", None),
            ("sds-57.3", "unconfirmed", Some("unanswered")),
            ("sds-58.1_58.2", "unconfirmed", Some("unanswered")),
            ("sds-1.1_1.2", "unconfirmed", Some("unclear_rule")),
            ("sds-17.1", "unconfirmed", Some("redefined")),
            ("sds-84", "nonconforming", None),
        ]
    );

    let item = |id: &str| {
        let items = sds["items"].as_array().unwrap();
        let mut item = items.iter().find(|item| item["id"] == id).unwrap().clone();
        assert!(!item["text"].take().as_str().unwrap().is_empty());
        item
    };
    assert_eq!(
        item("sds-54"),
        json!({
            "id": "sds-54", "chapter": 8, "numbers": ["54"], "text": null,
            "outcome": "unconfirmed", "reason": "contradiction", "derived": "yes",
            "direct": { "answer": "no", "remark": "保守拠点に置く予備機3台が台帳に未登録である。2026年12月末までに登録する。" },
            "answers": [{ "number": "54", "answer": "yes", "remark": "資産管理台帳で管理している。" }],
        })
    );
    assert_eq!(
        item("sds-1.1_1.2"),
        json!({
            "id": "sds-1.1_1.2", "chapter": 12, "numbers": ["1.1", "1.2"], "text": null,
            "outcome": "unconfirmed", "reason": "unclear_rule", "direct": null,
            "derived": null, "derived_all": "no", "derived_any": "yes",
            "answers": [
                { "number": "1.1", "answer": "yes", "remark": "国内2か所のデータセンター（東日本・西日本）に保存している。" },
                { "number": "1.2", "answer": "no", "remark": "西日本のデータセンターは第三者認証の更新審査中（2027年2月完了予定）。" },
            ],
        })
    );

    let only_mds = job
        .clinic
        .get(&format!("/systems/{}/comparison?form=MDS", job.system))
        .ok();
    assert_eq!(only_mds["comparisons"], json!([mds]));
}

fn flagged(comparison: &Value) -> Vec<(&str, &str, Option<&str>)> {
    let items = comparison["items"].as_array().unwrap().iter();
    let told = items.map(|item| {
        let outcome = item["outcome"].as_str().unwrap();
        (
            item["id"].as_str().unwrap(),
            outcome,
            item["reason"].as_str(),
        )
    });
    told.filter(|(_, outcome, _)| matches!(*outcome, "nonconforming" | "unconfirmed"))
        .collect()
}

fn every_receipt_verifies_with_the_key_that_the_service_publishes(app: &TestApp) {
    let job = job(app);
    let name = sha256(&job.sds);
    let stored = job
        .vendor
        .get(&format!("/statements/{name}/receipt"))
        .send()
        .expect(200);
    assert_eq!(stored.header("Content-Type"), Some("application/jose"));
    let received = verified_receipt(app, stored.text());
    assert_eq!(received.event, Event::StatementReceived);
    assert_eq!(received.statement_sha256.unwrap().to_string(), name);
    assert_eq!(
        received.signer_kid,
        Some(job.vendor.key.public().thumbprint())
    );
    assert_eq!(received.vendor.as_ref(), Some(&job.vendor.organisation));
    assert_eq!(received.institution, None);

    let _ = job.clinic.fetch(&name).expect(200);
    let acknowledged = job
        .clinic
        .post(&format!("/statements/{name}/acknowledgement"))
        .ok();
    let receipt = verified_receipt(app, acknowledged["receipt"].as_str().unwrap());
    assert_eq!(receipt.event, Event::DeliveryAcknowledged);
    assert_eq!(receipt.institution.as_ref(), Some(&job.clinic.organisation));
    assert_eq!(receipt.statement_sha256, received.statement_sha256);
    assert_eq!(json!(receipt.leaf_index), acknowledged["leaf_index"]);
    assert!(
        receipt.leaf_index > received.leaf_index + 1,
        "the delivery has a leaf of its own"
    );
}

fn the_csv_has_a_row_for_each_item_and_opens_in_excel(app: &TestApp) {
    let job = job(app);
    let utf8 = job.clinic.get("/exports/comparison.csv").send().expect(200);
    assert_eq!(
        utf8.header("Content-Type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    let text = utf8
        .text()
        .strip_prefix('\u{feff}')
        .expect("a byte order mark, for Excel");
    assert!(
        !text.replace("\r\n", "").contains('\n'),
        "lines end with CRLF"
    );

    let header = "医療機関コード,医療機関名,システム,事業者,法人番号,製品・サービス名,バージョン,様式,様式版,作成日,受領日,\
                  署名検証結果,別紙章,項番,項目,回答,備考,判定,理由,ログ検査点";
    assert_eq!(text.lines().next(), Some(header));
    let rows = rows(text);
    assert_eq!(rows.len(), 99);
    let count = |judgement: &str| rows.iter().filter(|row| row[17] == *judgement).count();
    assert_eq!(
        [
            count("適合"),
            count("対象外"),
            count("要リスク評価"),
            count("要確認")
        ],
        [71, 17, 4, 7]
    );
    let row = rows.iter().find(|row| row[13] == *"No.84").unwrap();
    assert_eq!(
        row.iter().skip(1).take(11).collect::<Vec<_>>().join("|"),
        "サンプル医院|電子カルテ|見本電子カルテ株式会社||見本クラウド電子カルテ|3.2|SDS|5.0|\
                                      2026-11-01|2026-11-21|発行元と完全性を確認済み"
    );
    assert_eq!(
        (&row[15], &row[17], &row[18]),
        ("いいえ", "要リスク評価", "")
    );

    let cp932 = job
        .clinic
        .get("/exports/comparison.csv?encoding=cp932")
        .send()
        .expect(200);
    let (decoded, _, damaged) = encoding_rs::SHIFT_JIS.decode(&cp932.body);
    assert!(!damaged);
    let (there, here) = (rows_of_reader(decoded.as_bytes()), rows);
    assert_eq!(there.len(), here.len());
    assert_eq!(there[0][1], here[0][1]);
}

fn rows(text: &str) -> Vec<csv::StringRecord> {
    rows_of_reader(text.as_bytes())
}

fn rows_of_reader(bytes: &[u8]) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(bytes)
        .records()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn the_csv_says_of_a_system_without_a_statement_that_none_was_received(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let free = json!({ "name": "勤怠管理", "product_name": "=1+1", "vendor_name": "見本ソフト" });
    clinic.post("/systems").json(&free).created();

    let csv = clinic.get("/exports/comparison.csv").send().expect(200);
    let rows = rows(csv.text());
    let [row] = rows.as_slice() else {
        panic!("one row: {rows:?}")
    };
    assert_eq!(
        (&row[2], &row[3], &row[17]),
        ("勤怠管理", "見本ソフト", "未受領")
    );
    assert_eq!(
        &row[5], "'=1+1",
        "a cell that a spreadsheet would calculate"
    );
}

fn a_vendor_exports_its_own_products(app: &TestApp) {
    let job = job(app);
    let stranger = app.vendor("別の会社");
    let rows_of = |vendor: &Vendor| {
        let csv = vendor.get("/exports/comparison.csv").send().expect(200);
        rows(csv.text()).len()
    };
    assert_eq!(rows_of(&job.vendor), 99);
    assert_eq!(rows_of(&stranger), 0);
}

fn a_payload_can_be_checked_before_it_is_signed(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let product = vendor.product("見本クラウド電子カルテ");
    let mut statement = vendor.statement("sds-sample", &product);
    let checked = vendor.post("/statements/check").json(&statement).ok();
    assert_eq!(checked["comparisons"][0]["summary"]["conforming"], 45);
    assert_eq!(checked["comparisons"][0]["statement"], Value::Null);

    let mut elsewhere = statement.clone();
    elsewhere["product"]["id"] = json!("prd_other");
    vendor
        .post("/statements/check")
        .json(&elsewhere)
        .violates(&[("/product/id", "unknown_product")]);

    statement["answers"]["17.1"]["answer"] = json!("maybe");
    statement["issuer"] = json!("ven_other");
    statement["surprise"] = json!(1);
    vendor
        .post("/statements/check")
        .json(&statement)
        .violates(&[
            ("/answers/17.1/answer", "choice"),
            ("/surprise", "unknown_member"),
        ]);
    assert!(vendor.list("/statements").is_empty(), "nothing is stored");
}

fn each_side_is_told_what_concerns_it(app: &TestApp) {
    let job = job(app);
    let name = sha256(&job.sds);
    let _ = job.clinic.fetch(&name).expect(200);
    let _ = job
        .clinic
        .post(&format!("/statements/{name}/acknowledgement"))
        .ok();

    let kinds =
        |events: Vec<(String, Value)>| events.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    assert_eq!(
        kinds(job.vendor.events()),
        [
            "key_approved",
            "statement_received",
            "statement_received",
            "request_opened",
            "statement_delivered",
            "statement_acknowledged",
        ]
    );
    assert_eq!(kinds(job.clinic.events())[0], "request_released");
    let received = job
        .clinic
        .events()
        .into_iter()
        .filter(|(kind, _)| kind == "statement_received");
    let told: Vec<Value> = received
        .map(|(_, subject)| subject["statement"].clone())
        .collect();
    assert_eq!(
        told,
        [json!(name), json!(sha256(&job.mds))],
        "also of what came before the release"
    );

    let first = job.vendor.get("/events?after=0&limit=1").ok();
    let rest = job
        .vendor
        .get(&format!("/events?after={}", first["items"][0]["number"]))
        .ok();
    assert_eq!(rest["items"].as_array().unwrap().len(), 5);
    assert_eq!(rest["items"][2]["subject"]["product"], json!(job.product));
}

fn everybody_may_read_the_reference_data(app: &TestApp) {
    let set = app.nobody("GET", "/requirement-sets/mhlw-7.0-annex").ok();
    assert_eq!(set["items"].as_array().unwrap().len(), 99);
    let sets = app.nobody("GET", "/requirement-sets").ok();
    assert_eq!(sets["items"][0]["id"], "mhlw-7.0-annex");
    let form = app.nobody("GET", "/forms/sds-5.0").ok();
    assert_eq!(form["edition"], "5.0");
    app.nobody("GET", "/forms/sds-9.9")
        .refused(404, "not_found");
    assert_eq!(app.site().call("GET", "/healthz").send().status, 200);
    assert_eq!(app.site().call("GET", "/readyz").send().status, 200);
}
