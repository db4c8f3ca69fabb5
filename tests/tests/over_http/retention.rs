//! For how long what is kept: logs for their years, what proves something for ever.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use jiff::SignedDuration;
use kaiji_tests::{Database, TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![logs_are_taken_away_after_their_years_and_nothing_else];

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn rows(app: &TestApp, table: &str) -> i64 {
    let counted = format!("SELECT count(*) AS count FROM {table}");
    app.database().rows::<Count>(&counted)[0].count
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn logs_are_taken_away_after_their_years_and_nothing_else(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    clinic.system("電子カルテ", &product);
    let name = vendor.publish(&vendor.statement("sds-sample", &product));
    vendor.release(&clinic.request(&product));
    let _ = clinic.fetch(&name).expect(200);
    clinic.ask_by_letter("security@maker.example.jp", "レセコン");
    clinic
        .put("/checklist/6-1")
        .json(&json!({ "state": "done" }))
        .ok();
    assert_eq!(app.letters().len(), 1);
    let kept = || {
        [
            "leaves",
            "statements",
            "checkpoints",
            "requests",
            "records",
            "deliveries",
        ]
        .map(|table| rows(app, table))
    };
    let (events, before) = (rows(app, "events"), kept());
    assert!(events > 0 && rows(app, "letters") == 1);

    // From 21 November 2026 to the same day of 2031.
    app.advance(DAY * (5 * 365 + 1));
    app.step_jobs();
    assert_eq!(rows(app, "events"), events, "five years are not over");
    assert_eq!(rows(app, "letters"), 1);
    app.advance(DAY);
    app.step_jobs();
    assert_eq!(rows(app, "events"), 0);
    assert_eq!(rows(app, "letters"), 0);
    assert_eq!(clinic.list("/events?after=0"), Vec::<Value>::new());

    let after = kept();
    assert!(
        after[0] >= before[0] && after[2] >= before[2],
        "the log only grows"
    );
    assert_eq!((after[1], &after[3..]), (before[1], &before[3..]));
    let _ = clinic
        .get(&format!("/statements/{name}/receipt"))
        .send()
        .expect(200);
    assert_eq!(
        clinic.get("/checklist/6-1").ok()["first_confirmed_on"],
        "2026-11-21"
    );
    app.verified_log();
    app.verify_audit_trail().expect("the whole audit trail");

    clinic.system("新しいシステム", &product);
    clinic.request(&vendor.product("新しい製品"));
    assert!(rows(app, "events") > 0, "numbers go on");
}

#[test]
fn what_is_kept_for_how_long_is_public() {
    let app = TestApp::with(Database::sqlite(), |config| {
        config.retention.letters_years = 7;
    });
    let retention = app.nobody("GET", "/retention").ok();
    let years = |kind: &str| {
        let records = retention["records"].as_array().unwrap();
        let record = records
            .iter()
            .find(|record| record["kind"] == kind)
            .unwrap();
        (record["years"].clone(), record["is_removed"].clone())
    };
    assert_eq!(years("letters"), (json!(7), json!(true)));
    assert_eq!(years("events"), (json!(5), json!(true)));
    for kind in [
        "statements",
        "receipts",
        "records",
        "requests",
        "audit_trail",
    ] {
        assert_eq!(years(kind), (Value::Null, json!(false)), "{kind}");
    }
    let laws = retention["laws"].as_array().unwrap();
    let physicians = laws.iter().find(|law| law["law"] == "医師法").unwrap();
    assert_eq!(physicians["article"], "第24条第2項");
    assert_eq!(physicians["period"], "5年");
}

#[test]
fn fewer_than_five_years_of_logs_are_refused() {
    for setting in ["events_years", "letters_years"] {
        let database = Database::sqlite();
        let file = database.directory().join("kaiji.toml");
        std::fs::write(&file, format!("[retention]\n{setting} = 4\n")).unwrap();
        let refused = kaiji::config::Config::load(Some(&file))
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains(&format!("retention.{setting}")),
            "{refused}"
        );
        assert!(refused.contains("five years"), "{refused}");
        std::fs::write(&file, format!("[retention]\n{setting} = 5\n")).unwrap();
        kaiji::config::Config::load(Some(&file)).unwrap();
    }
}
