//! The audit trail: one entry a request, in one transaction with what it changed; nobody sees another's; nothing of it is
//! ever changed; each day of it ends with a leaf of the log.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, sql_query};
use jiff::SignedDuration;
use kaiji_schema::jws::Jws;
use kaiji_tests::{AuditEntry, Client, TestApp, on_both_databases, sha256, sha256_of};
use serde_json::{Value, json};

on_both_databases![
    every_kind_of_result_is_recorded_once_with_who_and_what,
    what_cannot_be_recorded_does_not_happen,
    a_delivery_is_a_change_the_first_time_and_a_question_afterwards,
    tokens_are_recorded_when_they_are_given_and_refused_and_never_themselves,
    the_command_that_makes_the_first_operator_is_the_first_entry,
    an_organisation_sees_its_own_entries_and_nobody_elses,
    entries_are_filtered_by_time_client_and_action,
    what_the_trail_holds_is_neither_changed_nor_deleted,
    each_day_with_entries_ends_with_one_leaf,
    days_on_which_nothing_happened_or_nobody_worked_are_no_gap,
    a_trail_that_was_tampered_with_does_not_verify,
];

/// A day of the trail that is closed.
#[derive(Debug, QueryableByName)]
struct Head {
    #[diesel(sql_type = Text)]
    day: String,
    #[diesel(sql_type = BigInt)]
    entries: i64,
    #[diesel(sql_type = Text)]
    head: String,
    #[diesel(sql_type = BigInt)]
    leaf: i64,
}

/// The receipt of a leaf.
#[derive(QueryableByName)]
struct Leaf {
    #[diesel(sql_type = BigInt)]
    leaf_index: i64,
    #[diesel(sql_type = Text)]
    receipt: String,
}

fn heads(app: &TestApp) -> Vec<Head> {
    app.database()
        .rows("SELECT * FROM audit_heads ORDER BY day")
}

/// What the leaves say that close a day, with their places.
fn audit_leaves(app: &TestApp) -> Vec<(i64, Value)> {
    let leaves =
        "SELECT leaf_index, receipt FROM leaves WHERE event = 'audit_head' ORDER BY leaf_index";
    let leaves = app.database().rows::<Leaf>(leaves).into_iter();
    leaves
        .map(|leaf| {
            let payload = Jws::parse(&leaf.receipt).unwrap().payload().to_vec();
            (leaf.leaf_index, serde_json::from_slice(&payload).unwrap())
        })
        .collect()
}

/// What the trail tells of the client since it had `before` entries, but for its tokens: action, object, result.
fn told<'t>(trail: &'t [AuditEntry], before: usize, client: &Client) -> Vec<[&'t str; 3]> {
    let own = trail[before..]
        .iter()
        .filter(|entry| entry.client_id == client.id && entry.action != "token_issued");
    own.map(|entry| {
        assert_eq!(entry.organisation_id, client.organisation);
        assert_eq!(entry.address, "127.0.0.1");
        assert_eq!(entry.token, sha256(&client.token())[..16]);
        [
            entry.action.as_str(),
            entry.object.as_str(),
            entry.result.as_str(),
        ]
    })
    .collect()
}

fn every_kind_of_result_is_recorded_once_with_who_and_what(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let before = app.audit_trail().len();
    let product = vendor.product("見本クラウド電子カルテ");
    let statement = vendor.statement("sds-sample", &product);
    let jws = vendor.sign(&statement);
    let submitted = vendor.submit(&jws).created();
    let _ = vendor.submit(&jws).ok();
    let mut other = statement;
    other["answers"]["84"] = json!({ "answer": "yes" });
    vendor
        .submit(&vendor.sign(&other))
        .refused(409, "revision_taken");
    let path = format!("/products/{product}");
    let _ = vendor.get(&path).ok();
    vendor.get("/products/prd_none").refused(404, "not_found");
    vendor.get("/products?limit=0").refused(400, "bad_query");
    vendor
        .post("/systems")
        .json(&json!({}))
        .refused(403, "forbidden");
    vendor
        .post("/products")
        .json(&json!({}))
        .violates(&[("/name", "missing")]);
    let stale = vendor
        .patch(&path)
        .header("If-Match", "\"7\"")
        .json(&json!({}));
    stale.refused(412, "stale");
    let _ = vendor.patch(&path).json(&json!({ "version": "4" })).ok();

    let trail = app.audit_trail();
    let name = sha256(&jws);
    let at = |path: &str| format!("/api/v1{path}");
    let mut expected = [
        ["products_create", &product, "done"],
        ["statements_submit", &name, "done"],
        ["statements_submit", &name, "done"],
        ["statements_submit", &at("/statements"), "revision_taken"],
        ["products_find", &at(&path), "answered"],
        ["products_find", &at("/products/prd_none"), "not_found"],
        ["products_list", &at("/products"), "bad_query"],
        ["systems_create", &at("/systems"), "forbidden"],
        ["products_create", &at("/products"), "violations"],
        ["products_change", &at(&path), "stale"],
        ["products_change", &at(&path), "done"],
    ];
    let mut told = told(&trail, before, &vendor);
    // What changed nothing comes in with a later commit.
    told.sort_unstable();
    expected.sort_unstable();
    assert_eq!(told, expected);
    let leaves: Vec<_> = trail.iter().filter(|entry| entry.object == name).collect();
    assert_eq!(leaves[0].leaf, submitted["leaf_index"].as_i64());
    assert_eq!(leaves[1].leaf, None, "it was held already");
    assert_eq!(app.verify_audit_trail(), Ok(0));
}

fn what_cannot_be_recorded_does_not_happen(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let only = "NEW.action = 'products_create' AND NEW.result = 'done'";
    let (refuse, allow) = if app.database().url().starts_with("sqlite:") {
        let refuse = format!(
            "CREATE TRIGGER full BEFORE INSERT ON audit_events WHEN {only} \
             BEGIN SELECT RAISE(ABORT, 'no room'); END"
        );
        (refuse, "DROP TRIGGER full")
    } else {
        let refuse = format!(
            "CREATE TRIGGER full_up BEFORE INSERT ON audit_events FOR EACH ROW WHEN ({only}) \
             EXECUTE FUNCTION refuse()"
        );
        (refuse, "DROP TRIGGER full_up ON audit_events")
    };
    app.database().execute(&refuse).unwrap();
    let before = app.audit_trail().len();
    let new = json!({ "name": "見本クラウド電子カルテ" });
    vendor
        .post("/products")
        .json(&new)
        .refused(503, "unavailable");
    assert!(vendor.list("/products").is_empty());
    let trail = app.audit_trail();
    let refused = ["products_create", "/api/v1/products", "unavailable"];
    assert_eq!(told(&trail, before, &vendor)[0], refused);

    app.database().execute(allow).unwrap();
    let _ = vendor.post("/products").json(&new).created();
}

fn a_delivery_is_a_change_the_first_time_and_a_question_afterwards(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    let name = vendor.publish(&vendor.statement("sds-sample", &product));
    vendor.release(&clinic.request(&product));
    let before = app.audit_trail().len();
    for _ in 0..2 {
        let _ = clinic.fetch(&name).expect(200);
    }
    let trail = app.audit_trail();
    let path = format!("/api/v1/statements/{name}");
    let told = told(&trail, before, &clinic);
    assert_eq!(
        told,
        [
            ["statements_read", &path, "done"],
            ["statements_read", &path, "answered"],
        ]
    );
    let leaves: Vec<bool> = trail[before..]
        .iter()
        .map(|entry| entry.leaf.is_some())
        .collect();
    assert_eq!(leaves, [true, false]);
}

fn tokens_are_recorded_when_they_are_given_and_refused_and_never_themselves(app: &TestApp) {
    let vendor = app.vendor_without_key("見本電子カルテ株式会社");
    let before = app.audit_trail().len();
    let assertion = vendor.assertion(&vendor.claims());
    let given = vendor.show(&assertion, &[]).ok();
    let token = given["access_token"].as_str().unwrap();
    vendor.show(&assertion, &[]).refused(401, "invalid_client");
    let further = [("scope", "requests:write")];
    let greedy = vendor.show(&vendor.assertion(&vendor.claims()), &further);
    greedy.refused(400, "invalid_scope");
    let me = |token: &str| app.nobody("GET", "/events").bearer(token).send().status;
    assert_eq!(me(token), 200);
    // Of these nobody knows who asks.
    assert_eq!(me("x"), 401);
    vendor.show("x", &[]).refused(401, "invalid_client");

    let trail = app.audit_trail();
    let told: Vec<_> = trail[before..]
        .iter()
        .map(|entry| {
            assert_eq!(entry.client_id, vendor.id);
            assert_eq!(entry.organisation_id, vendor.organisation);
            assert_eq!(entry.address, "127.0.0.1");
            (
                entry.action.as_str(),
                entry.result.as_str(),
                entry.token.as_str(),
            )
        })
        .collect();
    let named = &sha256(token)[..16];
    assert_eq!(
        told,
        [
            ("token_issued", "done", named),
            ("token_refused", "invalid_client", ""),
            ("token_refused", "invalid_scope", ""),
            ("events_list", "answered", named),
        ]
    );
}

fn the_command_that_makes_the_first_operator_is_the_first_entry(app: &TestApp) {
    let trail = app.audit_trail();
    let first = &trail[0];
    assert_eq!((first.number, first.client_id.as_str()), (0, "shell"));
    assert_eq!(first.organisation_id, app.operator().organisation);
    assert_eq!(
        (first.action.as_str(), &first.object),
        ("admin_operator", &app.operator().id)
    );
    assert_eq!(
        (first.result.as_str(), first.address.as_str()),
        ("done", "")
    );
}

fn an_organisation_sees_its_own_entries_and_nobody_elses(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    clinic.system("電子カルテ", &product);
    let trail = app.audit_trail();
    for client in [&*vendor, &*clinic, &**app.operator()] {
        let of_it = trail
            .iter()
            .filter(|entry| entry.organisation_id == client.organisation);
        let of_it: Vec<i64> = of_it.map(|entry| entry.number).collect();
        let first = client.get("/audit-events?limit=1").ok();
        let cursor = first["next"].as_str().expect("more than one entry");
        let rest = client
            .get(&format!("/audit-events?limit=200&cursor={cursor}"))
            .ok();
        let shown = [
            first["items"].as_array().unwrap().clone(),
            rest["items"].as_array().unwrap().clone(),
        ];
        let shown = shown.concat();
        let numbers: Vec<i64> = shown
            .iter()
            .map(|entry| entry["number"].as_i64().unwrap())
            .collect();
        assert_eq!(numbers[..of_it.len()], of_it[..]);
        for entry in &shown {
            let row = usize::try_from(entry["number"].as_i64().unwrap()).unwrap();
            let Some(row) = trail.get(row) else { continue };
            assert_eq!(row.organisation_id, client.organisation);
            assert_eq!(entry["hash"], row.hash);
            assert_eq!(entry["object"], row.object);
            assert_eq!(entry["occurred_at"], "2026-11-21T00:00:00.000Z");
        }
    }
    // The operator's operations stay the operator's.
    vendor.get("/organisations").refused(403, "forbidden");
    let reader = app.client_of(&clinic.organisation, &["statements:read"]);
    let refused = reader.get("/audit-events").refused(403, "forbidden");
    assert!(refused.detail.contains("admin"));
}

fn entries_are_filtered_by_time_client_and_action(app: &TestApp) {
    let vendor = app.vendor_without_key("見本電子カルテ株式会社");
    vendor.product("見本クラウド電子カルテ");
    app.advance(SignedDuration::from_mins(5));
    vendor.product("見本部門システム");
    let other = app.client_of(&vendor.organisation, &["statements:write"]);
    let _ = other
        .post("/products")
        .json(&json!({ "name": "他" }))
        .created();
    let count = |query: &str| vendor.list(&format!("/audit-events?{query}")).len();
    assert_eq!(count("action=products_create"), 3);
    assert_eq!(
        count("action=products_create&since=2026-11-21T00:05:00Z"),
        2
    );
    assert_eq!(
        count("action=products_create&until=2026-11-21T00:05:00Z"),
        1
    );
    assert_eq!(
        count("action=products_create&since=2026-11-21T09:05:00%2B09:00"),
        2
    );
    assert_eq!(
        count(&format!("action=products_create&client={}", other.id)),
        1
    );
    vendor
        .get("/audit-events?since=yesterday")
        .refused(400, "bad_query");
    vendor
        .get("/audit-events?client=%00")
        .refused(400, "bad_query");
}

fn what_the_trail_holds_is_neither_changed_nor_deleted(app: &TestApp) {
    app.institution("サンプル医院");
    app.advance(SignedDuration::from_hours(25));
    app.step_jobs();
    assert_eq!(heads(app).len(), 1);
    for forbidden in [
        "UPDATE audit_events SET result = 'done'",
        "DELETE FROM audit_events",
        "UPDATE audit_heads SET entries = 0",
        "DELETE FROM audit_heads",
        "UPDATE log_head SET audit_size = 0",
        "UPDATE log_head SET audit_head = ''",
    ] {
        assert!(app.database().execute(forbidden).is_err(), "{forbidden}");
    }
    if !app.database().url().starts_with("sqlite:") {
        assert!(app.database().execute("TRUNCATE audit_events").is_err());
        assert!(app.database().execute("TRUNCATE audit_heads").is_err());
    }
}

fn each_day_with_entries_ends_with_one_leaf(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let _ = clinic.get("/systems").ok();
    app.advance(SignedDuration::from_hours(24));
    app.step_jobs();
    assert!(
        heads(app).is_empty(),
        "other instances may still have to write"
    );
    let on_the_day = app.audit_trail();
    // The next day's first entry comes before the day is closed.
    let _ = clinic.get("/systems").ok();
    app.advance(SignedDuration::from_mins(1));
    for _ in 0..3 {
        app.step_jobs();
    }
    let closed = heads(app);
    let [head] = closed.as_slice() else {
        panic!("one day: {closed:?}");
    };
    assert_eq!(head.day, "2026-11-21");
    assert_eq!(usize::try_from(head.entries).unwrap(), on_the_day.len());
    assert_eq!(head.head, on_the_day.last().unwrap().hash);
    let leaves = audit_leaves(app);
    assert_eq!(leaves.len(), 1);
    let (index, said) = &leaves[0];
    assert_eq!(*index, head.leaf);
    assert_eq!(said["audit_day"], head.day);
    assert_eq!(said["audit_entries"], head.entries);
    assert_eq!(said["audit_head"], head.head);
    assert_eq!(said["received_at"], "2026-11-22T00:01:00.000Z");
    assert_eq!(app.verify_audit_trail(), Ok(1));
}

fn days_on_which_nothing_happened_or_nobody_worked_are_no_gap(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    for days in [1, 1, 3] {
        app.advance(SignedDuration::from_hours(24 * days));
        let _ = clinic.get("/systems").ok();
    }
    // No job was done until now.
    let _ = app.audit_trail();
    app.step_jobs();
    let days = |app: &TestApp| {
        heads(app)
            .into_iter()
            .map(|head| head.day)
            .collect::<Vec<_>>()
    };
    assert_eq!(days(app), ["2026-11-21", "2026-11-22", "2026-11-23"]);
    app.advance(SignedDuration::from_hours(24 * 10));
    app.step_jobs();
    assert_eq!(days(app).last().unwrap(), "2026-11-26");
    assert_eq!(audit_leaves(app).len(), 4);
    assert_eq!(app.verify_audit_trail(), Ok(4));
}

fn a_trail_that_was_tampered_with_does_not_verify(app: &TestApp) {
    app.institution("サンプル医院");
    app.advance(SignedDuration::from_hours(25));
    app.step_jobs();
    let trail = app.audit_trail();
    assert_eq!(app.verify_audit_trail(), Ok(1));
    let database = app.database();
    let sqlite = database.url().starts_with("sqlite:");
    for table in ["audit_events", "audit_heads"] {
        let unlock = if sqlite {
            format!(
                "DROP TRIGGER {table}_are_never_changed; DROP TRIGGER {table}_are_never_deleted"
            )
        } else {
            format!("DROP TRIGGER {table}_are_never_changed ON {table}")
        };
        database.execute(&unlock).unwrap();
    }
    let spoiled = |spoil: &str, mend: &str, expected: &str| {
        database.execute(spoil).unwrap();
        let found = app.verify_audit_trail().expect_err(spoil);
        assert!(found.contains(expected), "{spoil}: {found}");
        database.execute(mend).unwrap();
        assert_eq!(app.verify_audit_trail(), Ok(1), "{mend}");
    };
    spoiled(
        "UPDATE audit_events SET address = '192.0.2.1' WHERE number = 1",
        &format!(
            "UPDATE audit_events SET address = '{}' WHERE number = 1",
            trail[1].address
        ),
        "entry 1 has another hash",
    );
    spoiled(
        "UPDATE audit_events SET number = -2 WHERE number = 1",
        "UPDATE audit_events SET number = 1 WHERE number = -2",
        "entry 1 is missing",
    );
    spoiled(
        "UPDATE audit_heads SET entries = entries - 1",
        "UPDATE audit_heads SET entries = entries + 1",
        "another hash",
    );
    spoiled(
        "UPDATE audit_heads SET leaf = leaf - 1",
        "UPDATE audit_heads SET leaf = leaf + 1",
        "is not what leaf",
    );
    let last = format!("number = {}", trail.len() - 1);
    spoiled(
        &format!("UPDATE audit_events SET number = -2 WHERE {last}"),
        &format!(
            "UPDATE audit_events SET number = {} WHERE number = -2",
            trail.len() - 1
        ),
        "should have",
    );
    database.execute("DELETE FROM audit_heads").unwrap();
    assert!(
        app.verify_audit_trail()
            .unwrap_err()
            .contains("closes 1 days")
    );
}

mod at_the_end {
    use super::*;

    fn what_was_asked_before_an_orderly_stop_is_recorded(mut app: TestApp) {
        let clinic = app.institution("サンプル医院");
        let before = app.audit_trail().len();
        for _ in 0..20 {
            let _ = clinic.get("/systems").ok();
        }
        let trail = AuditEntry::all(app.stop());
        let token = 1;
        assert_eq!(trail.len(), before + 20 + token);
    }

    #[test]
    fn what_was_asked_before_an_orderly_stop_is_recorded_on_sqlite() {
        what_was_asked_before_an_orderly_stop_is_recorded(TestApp::sqlite());
    }

    #[test]
    fn what_was_asked_before_an_orderly_stop_is_recorded_on_postgresql() {
        what_was_asked_before_an_orderly_stop_is_recorded(TestApp::postgres());
    }
}

#[test]
fn a_role_of_its_own_is_all_that_the_service_needs_and_changes_nothing_that_is_appended() {
    let app = TestApp::postgres_with_role();
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    let mut first = vendor.statement("sds-sample", &product);
    let file: &[u8] = b"%PDF-1.7";
    first["attachments"] = json!([{
        "name": "開示書.pdf", "media_type": "application/pdf", "bytes": file.len(), "sha256": sha256_of(file),
    }]);
    vendor.bring(file).created();
    vendor.bring(b"never named by any statement").created();
    let name = vendor.publish(&first);
    let system = clinic.system("電子カルテ", &product);
    vendor.release(&clinic.request(&product));
    let _ = clinic.fetch(&name).expect(200);
    let _ = clinic
        .post(&format!("/statements/{name}/acknowledgement"))
        .ok();
    let mut second = first;
    second["revision"] = json!(2);
    second["supersedes"] = json!(name);
    let second = vendor.publish(&second);
    let _ = vendor.withdraw(&second, "誤り").ok();
    app.step_jobs();
    let grant = format!("/products/{product}/grants/{}", clinic.organisation);
    let _ = vendor.delete(&grant).send().expect(204);
    let _ = vendor
        .patch(&format!("/products/{product}"))
        .json(&json!({ "release": "listed" }))
        .ok();
    let _ = clinic
        .patch(&format!("/systems/{system}"))
        .json(&json!({ "name": "新" }))
        .ok();
    let _ = clinic
        .delete(&format!("/systems/{system}"))
        .send()
        .expect(204);
    let kid = vendor.key.public().thumbprint().as_str().to_owned();
    let _ = vendor.post(&format!("/keys/{kid}/retirement")).ok();
    let spare = app.client_of(&clinic.organisation, &["requests:write"]);
    let path = format!("/organisations/{}", clinic.organisation);
    let _ = app
        .operator()
        .delete(&format!("{path}/clients/{}", spare.id))
        .send()
        .expect(204);
    let _ = app
        .operator()
        .patch(&path)
        .json(&json!({ "contact": "院長" }))
        .ok();
    app.advance(SignedDuration::from_hours(25));
    app.step_jobs();
    assert_eq!(app.verify_audit_trail(), Ok(1));

    let mut role = PgConnection::establish(&app.database().service_url()).unwrap();
    for table in [
        "leaves",
        "checkpoints",
        "audit_events",
        "audit_heads",
        "timestamps",
        "cosignatures",
        "statements",
    ] {
        let statements = [
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("DROP TABLE {table}"),
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
        ];
        for statement in statements {
            assert_denied(&mut role, &statement);
        }
    }
    for update in [
        "UPDATE leaves SET receipt = ''",
        "UPDATE checkpoints SET note = ''",
        "UPDATE audit_events SET result = 'done'",
        "UPDATE audit_heads SET entries = 0",
        "UPDATE statements SET jws = ''",
        "UPDATE statements SET vendor_id = ''",
        "UPDATE deliveries SET delivered_at = 0",
        "DELETE FROM log_head",
        "CREATE TABLE mine (id BIGINT)",
    ] {
        assert_denied(&mut role, update);
    }
}

fn assert_denied(role: &mut PgConnection, statement: &str) {
    let refused = sql_query(statement)
        .execute(role)
        .expect_err(statement)
        .to_string();
    let denied = refused.contains("permission denied") || refused.contains("must be owner");
    assert!(denied, "{statement}: {refused}");
}
