//! The inventory (医療情報システム一覧): every column, what a change leaves alone, and whose systems they are.

use kaiji_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_system_has_every_column_of_the_inventory,
    a_change_leaves_alone_what_it_does_not_name,
    what_cannot_be_is_refused_with_its_place,
    a_deleted_system_is_gone_and_others_never_saw_it,
    a_change_is_made_to_the_revision_that_was_read,
];

fn all_columns(product: &str) -> Value {
    json!({
        "name": "電子カルテ",
        "product": product,
        "product_name": "見本クラウド電子カルテ",
        "vendor_name": "見本電子カルテ株式会社",
        "installed_version": "3.2",
        "outsourced_work": "運用監視\n保守",
        "contract_partner": "見本販売株式会社",
        "contract_renewal_on": "2027-03-31",
        "maintained_by": "見本保守株式会社",
        "remote_maintenance": true,
        "on_premises_server": false,
        "terminal_server": false,
        "cloud_server": true,
        "security_updates_by": "vendor",
        "security_updates_written_in": "contract",
    })
}

fn a_system_has_every_column_of_the_inventory(app: &TestApp) {
    let product = app
        .vendor("見本電子カルテ株式会社")
        .product("見本クラウド電子カルテ");
    let clinic = app.institution("サンプル医院");
    let new = all_columns(&product);
    let created = clinic.post("/systems").json(&new).send().expect(201);
    let view = created.json();
    for (column, value) in new.as_object().unwrap() {
        assert_eq!(view[column], *value, "{column}");
    }
    let location = created.header("Location").unwrap();
    assert_eq!(
        location,
        format!("/api/v1/systems/{}", view["id"].as_str().unwrap())
    );
    let read = app
        .site()
        .call("GET", location)
        .bearer(&clinic.token())
        .ok();
    assert_eq!(read, view);

    let least = clinic
        .post("/systems")
        .json(&json!({ "name": "勤怠管理" }))
        .created();
    let unknown = least
        .as_object()
        .unwrap()
        .values()
        .filter(|value| value.is_null())
        .count();
    assert_eq!(
        unknown,
        new.as_object().unwrap().len() - 1,
        "what was not said is unknown, not false"
    );
}

fn a_change_leaves_alone_what_it_does_not_name(app: &TestApp) {
    let product = app
        .vendor("見本電子カルテ株式会社")
        .product("見本クラウド電子カルテ");
    let clinic = app.institution("サンプル医院");
    let before = clinic
        .post("/systems")
        .json(&all_columns(&product))
        .created();
    let path = format!("/systems/{}", before["id"].as_str().unwrap());
    let changed = json!({
        "installed_version": "4.0",
        "product": null,
        "remote_maintenance": null,
        "on_premises_server": true,
        "security_updates_by": null,
        "contract_renewal_on": null,
    });
    let after = clinic.patch(&path).json(&changed).ok();
    for (column, value) in before.as_object().unwrap() {
        let expected = changed.get(column).unwrap_or(value);
        assert_eq!(after[column], *expected, "{column}");
    }
    assert_eq!(clinic.patch(&path).json(&json!({})).ok(), after);
}

fn what_cannot_be_is_refused_with_its_place(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let create = |new: Value| clinic.post("/systems").json(&new);
    create(json!({ "product_name": "名前がない" })).violates(&[("/name", "missing")]);
    create(json!({ "name": "" })).violates(&[("/name", "empty")]);
    create(json!({ "name": "電子カルテ", "product": "prd_unknown" }))
        .violates(&[("/product", "unknown_product")]);
    create(json!({ "name": "電子カルテ", "contract_renewal_on": "2027-02-29" }))
        .violates(&[("/contract_renewal_on", "date")]);
    create(json!({ "name": "電子カルテ", "remote_maintenance": "はい" }))
        .violates(&[("/remote_maintenance", "type")]);
    create(json!({ "name": "電子カルテ", "security_updates_by": "nobody", "colour": "red" }))
        .violates(&[
            ("/security_updates_by", "choice"),
            ("/colour", "unknown_member"),
        ]);
    let system = create(json!({ "name": "電子カルテ" })).created();
    let path = format!("/systems/{}", system["id"].as_str().unwrap());
    clinic
        .patch(&path)
        .json(&json!({ "name": null }))
        .violates(&[("/name", "missing")]);
    assert_eq!(clinic.list("/systems"), [system]);
}

fn a_deleted_system_is_gone_and_others_never_saw_it(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let other = app.institution("よその医院");
    let system = clinic
        .post("/systems")
        .json(&json!({ "name": "電子カルテ" }))
        .created();
    let path = format!("/systems/{}", system["id"].as_str().unwrap());
    assert!(other.list("/systems").is_empty());
    other.get(&path).refused(404, "not_found");
    other
        .get(&format!("{path}/comparison"))
        .refused(404, "not_found");
    other
        .patch(&path)
        .json(&json!({ "name": "乗っ取り" }))
        .refused(404, "not_found");
    other.delete(&path).refused(404, "not_found");

    let deleted = clinic.delete(&path).send().expect(204);
    assert!(deleted.body.is_empty());
    clinic.get(&path).refused(404, "not_found");
    clinic.delete(&path).refused(404, "not_found");
    assert!(clinic.list("/systems").is_empty());
}

fn a_change_is_made_to_the_revision_that_was_read(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let created = clinic
        .post("/systems")
        .json(&json!({ "name": "電子カルテ" }))
        .send()
        .expect(201);
    let path = format!("/systems/{}", created.json()["id"].as_str().unwrap());
    let first = created.etag();
    assert_eq!(clinic.get(&path).send().etag(), first);
    assert_eq!(
        clinic
            .get(&path)
            .header("If-None-Match", &*first)
            .send()
            .status,
        304
    );

    let rename = |tag: &str, name: &str| {
        clinic
            .patch(&path)
            .header("If-Match", tag)
            .json(&json!({ "name": name }))
    };
    let second = rename(&first, "新しい名前").send().expect(200).etag();
    assert_ne!(second, first);
    rename(&first, "遅れた名前").refused(412, "stale");
    rename("\"made-up\"", "作った札").refused(412, "stale");
    clinic
        .delete(&path)
        .header("If-Match", &*first)
        .refused(412, "stale");
    assert_eq!(
        clinic.get(&path).header("If-None-Match", &*first).ok()["name"],
        "新しい名前"
    );
    let third = rename("*", "どれでも").send().expect(200).etag();
    assert_eq!(
        clinic
            .delete(&path)
            .header("If-Match", &*third)
            .send()
            .status,
        204
    );
}
