//! The inventory (医療情報システム一覧) as a table that goes out and comes back, and what follows from it: which volume of
//! the guideline applies (図1).

use kaiji_tests::{Answer, Institution, TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    the_table_goes_out_and_comes_back_unchanged,
    what_would_change_is_shown_and_only_that_is_changed,
    the_whole_list_is_imported_from_a_clinics_own_sheet,
    systems_that_the_file_lacks_stay_unless_it_is_the_whole_list,
    a_row_without_an_id_is_about_the_system_of_that_name,
    what_is_wrong_is_told_by_row_and_column,
    an_import_changes_nothing_if_the_list_has_changed_meanwhile,
    nobody_imports_into_anothers_list,
    the_scope_follows_from_the_inventory,
    what_is_unclear_is_asked_of_the_vendor,
];

const NAME: &str = "導入している医療情報システム";

fn import(clinic: &Institution, query: &str, csv: impl Into<Vec<u8>>) -> Answer {
    clinic
        .post(&format!("/systems/import{query}"))
        .body("text/csv", csv)
        .send()
}

fn agree(clinic: &Institution, csv: &str, query: &str) -> Value {
    let shown = import(clinic, query, csv).expect(200).json();
    assert_eq!(shown["applied"], false);
    let plan = shown["plan"].as_str().unwrap();
    let sign = if query.is_empty() { "?" } else { "&" };
    let made = import(clinic, &format!("{query}{sign}plan={plan}"), csv);
    let made = made.expect(200).json();
    assert_eq!(made["applied"], true);
    assert_eq!(made["plan"], *plan, "exactly what was shown");
    made
}

fn names(clinic: &Institution) -> Vec<String> {
    let list = clinic.list("/systems").into_iter();
    let mut names: Vec<String> = list
        .map(|system| system["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn counts(plan: &Value) -> [u64; 4] {
    ["created", "changed", "removed", "unchanged"].map(|count| plan[count].as_u64().unwrap())
}

fn a_clinic(app: &TestApp) -> Institution {
    let clinic = app.institution("サンプル医院");
    for system in [
        json!({
            "name": "電子カルテ 〜本院〜", "vendor_name": "髙橋電子カルテ株式会社", "outsourced_work": "保守\n監視",
            "installed_version": "=3.2", "contract_renewal_on": "2027-03-31", "remote_maintenance": true,
            "on_premises_server": true, "security_updates_by": "vendor", "security_updates_written_in": "contract",
        }),
        json!({ "name": "𠮷野式画像保管", "product_name": "PACS", "cloud_server": true }),
    ] {
        clinic.post("/systems").json(&system).created();
    }
    clinic
}

fn the_table_goes_out_and_comes_back_unchanged(app: &TestApp) {
    let clinic = a_clinic(app);
    let product = app.vendor("見本部門システム株式会社").product("見本検査");
    clinic.system("検査", &product);
    for encoding in ["utf-8", "cp932"] {
        let exported = clinic
            .get(&format!("/exports/systems.csv?encoding={encoding}"))
            .send()
            .expect(200);
        let disposition = exported.header("Content-Disposition").unwrap();
        assert_eq!(disposition, "attachment; filename=\"systems.csv\"");
        assert!(exported.header("Kaiji-Checkpoint").is_some());
        let shown = import(&clinic, "?missing=remove", exported.body.clone());
        let shown = shown.expect(200).json();
        assert_eq!(counts(&shown), [0, 0, 0, 3], "{encoding}: {shown}");
    }
    let table = clinic.get("/exports/systems.csv").send().expect(200);
    let named = "検査,見本部門システム株式会社,見本検査,";
    assert!(
        table.text().contains(named),
        "a linked product is named: {}",
        table.text()
    );
}

fn what_would_change_is_shown_and_only_that_is_changed(app: &TestApp) {
    let clinic = a_clinic(app);
    let systems = clinic.list("/systems");
    let changed = systems
        .iter()
        .find(|system| system["installed_version"] == "=3.2")
        .unwrap();
    let id = changed["id"].as_str().unwrap();
    let csv = format!(
        "システムID,{NAME},導入バージョン,契約更新日,リモート保守\r\n\
         {id},電子カルテ 〜本院〜,3.3,2028/3/31,無\r\n\
         ,院内チャット,,,\r\n"
    );
    let shown = import(&clinic, "", csv.as_str()).expect(200).json();
    assert_eq!(counts(&shown), [1, 1, 0, 0]);
    assert_eq!(
        clinic.list("/systems"),
        systems,
        "nothing happened by looking"
    );
    let planned = &shown["systems"][0];
    assert_eq!(planned["row"], 2);
    assert_eq!(planned["action"], "change");
    assert_eq!(
        planned["changes"],
        json!([
            { "member": "contract_renewal_on", "before": "2027-03-31", "after": "2028-03-31" },
            { "member": "installed_version", "before": "=3.2", "after": "3.3" },
            { "member": "remote_maintenance", "before": true, "after": false },
        ])
    );

    let made = agree(&clinic, &csv, "");
    let new = made["systems"][1]["system"].as_str().unwrap();
    let new = clinic.get(&format!("/systems/{new}")).ok();
    assert_eq!(new["name"], "院内チャット");
    let after = clinic.get(&format!("/systems/{id}")).ok();
    let mut expected = changed.clone();
    expected["installed_version"] = json!("3.3");
    expected["contract_renewal_on"] = json!("2028-03-31");
    expected["remote_maintenance"] = json!(false);
    expected["updated_at"] = after["updated_at"].clone();
    assert_eq!(after, expected, "columns that the file lacks stay");
}

fn the_whole_list_is_imported_from_a_clinics_own_sheet(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let csv = format!(
        "{NAME},委託先事業者,製品名,委託業務概要\r\n電子カルテ,見本社,見本カルテ,保守\r\nレセコン,,,\r\n"
    );
    let made = agree(&clinic, &csv, "");
    assert_eq!(counts(&made), [2, 0, 0, 0]);
    let made: Vec<&Value> = made["systems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|system| &system["system"])
        .collect();
    let listed = clinic.list("/systems");
    let listed: Vec<&Value> = listed.iter().map(|system| &system["id"]).collect();
    assert_eq!(listed, made, "the list keeps the order of the file");
    assert_eq!(counts(&agree(&clinic, &csv, "")), [0, 0, 0, 2]);
}

fn systems_that_the_file_lacks_stay_unless_it_is_the_whole_list(app: &TestApp) {
    let clinic = a_clinic(app);
    let csv = format!("{NAME}\n勤怠管理\n");
    assert_eq!(counts(&agree(&clinic, &csv, "?missing=keep")), [1, 0, 0, 0]);
    assert_eq!(names(&clinic).len(), 3);
    assert_eq!(
        counts(&agree(&clinic, &csv, "?missing=remove")),
        [0, 0, 2, 1]
    );
    assert_eq!(names(&clinic), ["勤怠管理"]);
}

fn a_row_without_an_id_is_about_the_system_of_that_name(app: &TestApp) {
    let clinic = a_clinic(app);
    clinic
        .post("/systems")
        .json(&json!({ "name": "勤怠管理", "product_name": "甲" }))
        .created();
    clinic
        .post("/systems")
        .json(&json!({ "name": "勤怠管理", "product_name": "乙" }))
        .created();
    // Width and case do not matter, nor does the order of the list.
    let csv =
        format!("{NAME},製品名,保守担当\n𠮷野式画像保管,ｐａｃｓ,見本保守\n勤怠管理,乙,見本保守\n");
    let shown = import(&clinic, "", csv).expect(200).json();
    assert_eq!(counts(&shown), [0, 2, 0, 0], "{shown}");
    clinic
        .post("/systems")
        .json(&json!({ "name": "勤怠管理", "product_name": "乙" }))
        .created();
    let product = app.vendor("見本社").product("見本カルテ");
    clinic.system("カルテ", &product);
    for linked in ["カルテ,見本カルテ", "カルテ,"] {
        let csv = format!("{NAME},製品名\n{linked}\n");
        let shown = import(&clinic, "", csv).expect(200).json();
        assert_eq!(shown["created"], 0, "the name of a linked product counts");
    }
    let refused = import(&clinic, "", format!("{NAME},製品名\n勤怠管理,乙\n"));
    let violations = refused.expect(422).json()["violations"].clone();
    assert_eq!(violations[0]["pointer"], "/2/システムID");
    assert_eq!(violations[0]["code"], "ambiguous_system");
}

fn what_is_wrong_is_told_by_row_and_column(app: &TestApp) {
    let clinic = a_clinic(app);
    let (before, id) = (clinic.list("/systems"), "sys_00000000000000000000000000");
    let known = before[0]["id"].as_str().unwrap();
    let csv = format!(
        "システムID,{NAME},契約更新日,製品ID,リモート保守\n\
         {id},甲,,,\n\
         ,乙,来年,prd_1,\n\
         {known},丙,,,\n\
         {known},丁,,,\n\
         ,,2027-01-01,,\n"
    );
    let refused = import(&clinic, "", csv.as_str()).expect(422).json();
    let found: Vec<(&str, &str)> = refused["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| {
            (
                violation["pointer"].as_str().unwrap(),
                violation["code"].as_str().unwrap(),
            )
        })
        .collect();
    let name = format!("/6/{NAME}");
    assert_eq!(
        found,
        [
            ("/2/システムID", "unknown_system"),
            ("/3/契約更新日", "date"),
            ("/5/システムID", "duplicate_system"),
            (name.as_str(), "missing"),
        ]
    );
    let unknown = format!("{NAME},製品ID\n乙,prd_1\n");
    let refused = import(&clinic, "", unknown).expect(422).json();
    assert_eq!(refused["violations"][0]["pointer"], "/2/製品ID");
    assert_eq!(refused["violations"][0]["code"], "unknown_product");
    let _ = import(&clinic, "", "値段\n100\n").expect(422);
    let _ = import(&clinic, "", b"\xff\xff".to_vec()).expect(422);
    assert_eq!(clinic.list("/systems"), before, "nothing of it was kept");
}

fn an_import_changes_nothing_if_the_list_has_changed_meanwhile(app: &TestApp) {
    let clinic = a_clinic(app);
    let csv = format!("{NAME},製品名,保守担当\n𠮷野式画像保管,PACS,見本保守\n");
    let shown = import(&clinic, "", csv.as_str()).expect(200).json();
    let plan = shown["plan"].as_str().unwrap();
    let system = shown["systems"][0]["system"].as_str().unwrap();
    clinic
        .patch(&format!("/systems/{system}"))
        .json(&json!({ "contract_partner": "見本販売" }))
        .ok();
    let refused = import(&clinic, &format!("?plan={plan}"), csv.as_str()).expect(412);
    assert!(
        refused.json()["type"]
            .as_str()
            .unwrap()
            .ends_with("other_plan")
    );
    let other = csv.replace("見本保守", "別の保守");
    let _ = import(&clinic, &format!("?plan={plan}"), other).expect(412);
    let after = clinic.get(&format!("/systems/{system}")).ok();
    assert_eq!(after["maintained_by"], Value::Null);
}

fn nobody_imports_into_anothers_list(app: &TestApp) {
    let clinic = a_clinic(app);
    let other = app.institution("別の医院");
    let id = clinic.list("/systems")[0]["id"].clone();
    let csv = format!("システムID,{NAME}\n{},横取り\n", id.as_str().unwrap());
    let refused = import(&other, "", csv).expect(422).json();
    assert_eq!(refused["violations"][0]["code"], "unknown_system");
    agree(&other, &format!("{NAME}\n勤怠管理\n"), "?missing=remove");
    assert_eq!(names(&clinic).len(), 2);
}

fn the_scope_follows_from_the_inventory(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let scope = || clinic.get("/scope").ok()["scope"].clone();
    assert_eq!(scope(), "undetermined", "an empty list says nothing");
    let add = |system: Value| {
        let made = clinic.post("/systems").json(&system).created();
        made["id"].as_str().unwrap().to_owned()
    };
    let change = |system: &str, change: Value| {
        clinic
            .patch(&format!("/systems/{system}"))
            .json(&change)
            .ok();
    };
    let record = add(json!({
        "name": "電子カルテ", "cloud_server": true,
        "security_updates_by": "vendor", "security_updates_written_in": "terms",
    }));
    assert_eq!(scope(), "maintenance_outsourcing");
    let images = add(json!({ "name": "画像保管", "on_premises_server": true }));
    assert_eq!(scope(), "undetermined");
    change(&images, json!({ "security_updates_by": "institution" }));
    assert_eq!(scope(), "system_operation");
    change(
        &images,
        json!({ "security_updates_by": "vendor", "security_updates_written_in": "nowhere" }),
    );
    assert_eq!(scope(), "undetermined", "only what is written counts (※2)");
    change(&images, json!({ "security_updates_written_in": "sla" }));
    assert_eq!(scope(), "maintenance_outsourcing");
    // ※1: terminals are no servers, unless all of the work is done on one.
    let tablets = add(json!({
        "name": "問診用タブレット", "on_premises_server": false, "cloud_server": false, "terminal_server": false,
    }));
    assert_eq!(scope(), "maintenance_outsourcing");
    change(
        &tablets,
        json!({ "terminal_server": true, "security_updates_by": "institution" }),
    );
    assert_eq!(scope(), "system_operation");
    let _ = clinic
        .delete(&format!("/systems/{tablets}"))
        .send()
        .expect(204);
    let _ = clinic
        .delete(&format!("/systems/{images}"))
        .send()
        .expect(204);
    let _ = clinic
        .delete(&format!("/systems/{record}"))
        .send()
        .expect(204);
    assert_eq!(scope(), "undetermined");
}

fn what_is_unclear_is_asked_of_the_vendor(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let product = vendor.product("見本クラウド電子カルテ");
    let clinic = app.institution("サンプル医院");
    clinic
        .post("/systems")
        .json(&json!({ "name": "電子カルテ", "product": product, "security_updates_by": "vendor" }))
        .created();
    let scope = clinic.get("/scope").ok();
    assert_eq!(scope["label"], "まだ判断できない");
    let system = &scope["systems"][0];
    assert_eq!(system["duty"], "unclear");
    assert_eq!(system["doubt"], "not_written");
    let ask = &system["ask"];
    assert_eq!(ask["product"], *product);
    let message = ask["message"].as_str().unwrap();
    assert!(message.contains("「見本クラウド電子カルテ」"), "{message}");
    // The question is ready to be sent.
    let asked = clinic
        .post("/requests")
        .json(&json!({ "product": ask["product"], "message": message }))
        .created();
    let seen = vendor
        .get(&format!("/requests/{}", asked["id"].as_str().unwrap()))
        .ok();
    assert_eq!(seen["message"], *message);
}
