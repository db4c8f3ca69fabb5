//! Organisations and their public identifiers: 医療機関コード and 法人番号, with their check digits.

use kaiji_schema::identifier::{CorporateNumber, MedicalInstitutionCode};
use kaiji_tests::{Call, TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_code_of_ten_digits_is_kept_with_its_leading_zero,
    a_code_of_seven_digits_is_joined_with_prefecture_and_fee_table,
    a_mistyped_identifier_is_refused,
    a_code_belongs_to_one_institution_and_a_number_to_one_vendor,
    a_vendor_has_no_code_and_nobody_makes_operators,
    an_organisation_is_changed_and_listed_by_kind,
];

fn create(app: &TestApp, kind: &str, rest: &Value) -> Call {
    let mut new = json!({ "kind": kind, "name": "サンプル" });
    new.as_object_mut()
        .unwrap()
        .extend(rest.as_object().unwrap().clone());
    app.operator().post("/organisations").json(&new)
}

fn code(nine: &str) -> String {
    MedicalInstitutionCode::with_check_digit(nine)
        .unwrap()
        .to_string()
}

fn number(twelve: &str) -> String {
    CorporateNumber::with_check_digit(twelve)
        .unwrap()
        .to_string()
}

fn a_code_of_ten_digits_is_kept_with_its_leading_zero(app: &TestApp) {
    let hokkaido = code("011999999");
    let created = create(
        app,
        "institution",
        &json!({ "medical_institution_code": hokkaido }),
    )
    .created();
    assert_eq!(created["medical_institution_code"], hokkaido);
    assert!(hokkaido.starts_with('0'));
}

fn a_code_of_seven_digits_is_joined_with_prefecture_and_fee_table(app: &TestApp) {
    let whole = code("131123456");
    let parts = |prefecture: &str, fee_table: &str| json!({ "medical_institution_code": whole[3..], "prefecture": prefecture, "fee_table": fee_table });
    let created = create(app, "institution", &parts("13", "1")).created();
    assert_eq!(created["medical_institution_code"], whole);

    let at = "/medical_institution_code";
    create(app, "institution", &parts("48", "1")).violates(&[(at, "medical_institution_code")]);
    create(app, "institution", &parts("13", "2")).violates(&[(at, "medical_institution_code")]);
    let alone = json!({ "medical_institution_code": whole[3..] });
    create(app, "institution", &alone).violates(&[(at, "medical_institution_code")]);
    let half = json!({ "medical_institution_code": whole[3..], "prefecture": "13" });
    create(app, "institution", &half).violates(&[(at, "incomplete")]);
}

fn a_mistyped_identifier_is_refused(app: &TestApp) {
    for wrong in [
        "1311234560",
        "13112345",
        "１３１１２３４５６７",
        "131123456x",
    ] {
        let new = json!({ "medical_institution_code": wrong });
        assert_ne!(code("131123456"), wrong);
        let at = "/medical_institution_code";
        create(app, "institution", &new).violates(&[(at, "medical_institution_code")]);
    }
    for wrong in ["8000012050002", "700001205000", "7000-012050002"] {
        let new = json!({ "corporate_number": wrong });
        create(app, "vendor", &new).violates(&[("/corporate_number", "corporate_number")]);
    }
    create(
        app,
        "vendor",
        &json!({ "corporate_number": "7000012050002" }),
    )
    .created();
}

fn a_code_belongs_to_one_institution_and_a_number_to_one_vendor(app: &TestApp) {
    let clinic = json!({ "medical_institution_code": code("131123456"), "corporate_number": number("123456789012") });
    let taken = [("/medical_institution_code", "taken")];
    create(app, "institution", &clinic).created();
    create(app, "institution", &clinic).violates(&taken);

    let branch = json!({ "medical_institution_code": code("131654321"), "corporate_number": number("123456789012") });
    let branch = create(app, "institution", &branch).created();
    let path = format!("/organisations/{}", branch["id"].as_str().unwrap());
    let steal = json!({ "medical_institution_code": code("131123456") });
    app.operator().patch(&path).json(&steal).violates(&taken);

    let vendor = json!({ "corporate_number": number("123456789012") });
    create(app, "vendor", &vendor).created();
    create(app, "vendor", &vendor).violates(&[("/corporate_number", "taken")]);
}

fn a_vendor_has_no_code_and_nobody_makes_operators(app: &TestApp) {
    let new = json!({ "medical_institution_code": code("131123456") });
    create(app, "vendor", &new).violates(&[("/medical_institution_code", "not_an_institution")]);
    let vendor = create(app, "vendor", &json!({})).created();
    let path = format!("/organisations/{}", vendor["id"].as_str().unwrap());
    let change = app.operator().patch(&path).json(&new);
    change.violates(&[("/medical_institution_code", "not_an_institution")]);
    create(app, "operator", &json!({})).violates(&[("/kind", "choice")]);

    let jwk: Value = serde_json::from_str(&app.operator().assertion_key.public().to_jwk()).unwrap();
    let client = json!({ "name": "越権", "jwk": jwk, "scopes": ["requests:write"] });
    let clients = app.operator().post(&format!("{path}/clients"));
    clients
        .json(&client)
        .violates(&[("/scopes", "scope_does_not_fit")]);
}

fn an_organisation_is_changed_and_listed_by_kind(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    app.vendor_without_key("見本電子カルテ株式会社");
    let operator = app.operator();
    let path = format!("/organisations/{}", clinic.organisation);
    let changed = json!({ "name": "見本医院", "contact": "院長", "medical_institution_code": code("131123456") });
    let read = operator.patch(&path).json(&changed).send().expect(200);
    assert_eq!(
        (&read.json()["name"], &read.json()["contact"]),
        (&json!("見本医院"), &json!("院長"))
    );
    let cleared = json!({ "contact": null, "medical_institution_code": null });
    let cleared = operator
        .patch(&path)
        .header("If-Match", read.etag())
        .json(&cleared)
        .ok();
    assert_eq!(
        (&cleared["contact"], &cleared["medical_institution_code"]),
        (&json!(null), &json!(null))
    );
    operator
        .patch(&path)
        .header("If-Match", read.etag())
        .json(&json!({}))
        .refused(412, "stale");

    let institutions = operator.list("/organisations?kind=institution");
    assert_eq!(institutions, [operator.get(&path).ok()]);
    assert_eq!(
        operator.list("/organisations").len(),
        3,
        "and the operator itself"
    );
}
