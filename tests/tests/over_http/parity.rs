//! The two databases: the same migrations, the same columns, the same order, the same answers to the same story.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel::{PgConnection, SqliteConnection, sql_query};
use kaiji_tests::{TestApp, new_key, on_both_databases};
use serde_json::{Value, json};

on_both_databases![lists_come_in_the_order_of_bytes];

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let names = |database: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../migrations")
            .join(database);
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<_> = entries
            .map(|entry| {
                for file in ["up.sql", "down.sql"] {
                    assert!(
                        entry.path().join(file).is_file(),
                        "{file} of {:?}",
                        entry.path()
                    );
                }
                entry.file_name()
            })
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

/// A column: the table that it is in, its type as the map below names it, and whether it may be null.
#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

/// An index that a migration named.
#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
}

const SQLITE_COLUMNS: &str = r#"
    SELECT t.name AS place, c.name AS name, c.type AS kind, c."notnull" = 0 AS nullable
    FROM sqlite_master AS t, pragma_table_info(t.name) AS c
    WHERE t.type = 'table' AND t.name NOT LIKE '\_\_diesel%' ESCAPE '\' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
    ORDER BY 1, 2"#;

/// SQLite's strict tables know neither BIGINT nor BOOLEAN. Text sorts by its bytes, as SQLite's does.
const POSTGRES_COLUMNS: &str = r#"
    SELECT table_name::text AS place, column_name::text AS name,
           CASE WHEN data_type = 'text' AND collation_name = 'C' THEN 'TEXT'
                WHEN data_type IN ('bigint', 'boolean') THEN 'INTEGER'
                WHEN data_type = 'bytea' THEN 'BLOB'
                ELSE data_type || ' ' || coalesce(collation_name, '') END AS kind,
           is_nullable = 'YES' AS nullable
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT LIKE '\_\_diesel%'
    ORDER BY table_name COLLATE "C", column_name COLLATE "C""#;

const SQLITE_INDEXES: &str = r"SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY 1";

const POSTGRES_INDEXES: &str = r#"
    SELECT indexname::text AS name FROM pg_indexes
    WHERE schemaname = 'public' AND indexname NOT LIKE '%\_pkey' ORDER BY indexname COLLATE "C""#;

#[test]
fn both_databases_have_the_same_columns_and_indexes() {
    let (sqlite, postgres) = (TestApp::sqlite(), TestApp::postgres());
    let file = sqlite.database().url().trim_start_matches("sqlite:");
    let mut sqlite = SqliteConnection::establish(file).unwrap();
    let mut postgres = PgConnection::establish(postgres.database().url()).unwrap();

    let here: Vec<Column> = sql_query(SQLITE_COLUMNS).load(&mut sqlite).unwrap();
    let there: Vec<Column> = sql_query(POSTGRES_COLUMNS).load(&mut postgres).unwrap();
    assert!(!here.is_empty());
    assert_eq!(here, there);
    let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
    for column in &here {
        *columns.entry(&column.place).or_default() += 1;
    }
    assert!(
        columns.values().all(|count| *count <= 32),
        "diesel is built for at most 32 columns: {columns:?}"
    );

    let here: Vec<Index> = sql_query(SQLITE_INDEXES).load(&mut sqlite).unwrap();
    let there: Vec<Index> = sql_query(POSTGRES_INDEXES).load(&mut postgres).unwrap();
    assert_eq!(here, there);
}

/// The clock stands still, so that the names alone decide: letters of both cases, digits, `-` and `_`.
fn lists_come_in_the_order_of_bytes(app: &TestApp) {
    let vendor = app.vendor_without_key("見本電子カルテ株式会社");
    let mut kids: Vec<String> = (0..12).map(|_| vendor.register_key(&new_key())).collect();
    kids.sort();
    let page = vendor.get("/keys?limit=5").ok();
    let rest = format!("/keys?limit=200&cursor={}", page["next"].as_str().unwrap());
    let rest = vendor.get(&rest).ok();
    let listed = [
        page["items"].as_array().unwrap().as_slice(),
        rest["items"].as_array().unwrap(),
    ]
    .concat();
    let listed: Vec<&str> = listed
        .iter()
        .map(|key| key["kid"].as_str().unwrap())
        .collect();
    assert_eq!(listed, kids);

    for (milliseconds, name) in ["いろは", "ABC", "abc", "アイウ", "漢字", "Ａ"]
        .into_iter()
        .enumerate()
    {
        app.advance(jiff::SignedDuration::from_millis(
            i64::try_from(milliseconds).unwrap() + 1,
        ));
        vendor.product(name);
    }
    let products = vendor.list("/products");
    let ids: Vec<&str> = products
        .iter()
        .map(|product| product["id"].as_str().unwrap())
        .collect();
    assert!(ids.is_sorted(), "by age, whatever they are called");
    assert_eq!(products[0]["name"], "いろは");
}

#[test]
fn the_same_story_gets_the_same_answers_on_both() {
    let told = [TestApp::sqlite(), TestApp::postgres()].map(|app| story(&app));
    let [here, there] = told.map(|answers| answers.into_iter().map(anonymous).collect::<Vec<_>>());
    assert_eq!(here.len(), there.len());
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(here, there);
    }
}

/// Everything that is answered in a story from the key to the second revision.
fn story(app: &TestApp) -> Vec<Value> {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    let first = vendor.statement("sds-sample", &product);
    let mut second = first.clone();
    second["revision"] = json!(2);
    second["answers"]["84"] = json!({ "answer": "yes" });

    let jws = vendor.sign(&first);
    let mut answers = vec![vendor.submit(&jws).created()];
    let name = kaiji_tests::sha256(&jws);
    second["supersedes"] = json!(name);
    answers.push(
        vendor
            .submit(&vendor.sign(&vendor.statement("mds-sample", &product)))
            .created(),
    );
    let system = clinic.system("電子カルテ", &product);
    vendor.release(&clinic.request(&product));
    let _ = clinic.fetch(&name).expect(200);
    answers.push(
        clinic
            .post(&format!("/statements/{name}/acknowledgement"))
            .ok(),
    );
    answers.push(vendor.submit(&vendor.sign(&second)).created());
    app.step_jobs();
    for path in [
        "/requests",
        "/statements",
        "/systems",
        "/events?after=0",
        "/directory/products?q=見本",
    ] {
        answers.push(clinic.get(path).ok());
    }
    for path in [
        "/keys",
        "/products",
        "/statements?limit=1",
        "/events?after=0",
        "/requests?state=released",
    ] {
        answers.push(vendor.get(path).ok());
    }
    answers.push(clinic.get(&format!("/systems/{system}/comparison")).ok());
    answers.push(clinic.get(&format!("/statements/{name}")).ok());
    let csv = clinic.get("/exports/comparison.csv").send().expect(200);
    // The checkpoint in the last column is that of a log with receipts of its own.
    let cells = csv.text().lines().map(|line| line.rsplit_once(','));
    let before: Vec<&str> = cells.map(|cells| cells.unwrap().0).collect();
    answers.push(json!(before));
    answers
}

/// The answer without what is different each time: ids, keys, digests and signatures.
fn anonymous(answer: Value) -> Value {
    match answer {
        Value::Array(items) => items.into_iter().map(anonymous).collect(),
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, _)| !matches!(name.as_str(), "jwk" | "next" | "proof"))
            .map(|(name, value)| (name, anonymous(value)))
            .collect(),
        Value::String(text) => json!(anonymous_text(&text)),
        other => other,
    }
}

fn anonymous_text(text: &str) -> &str {
    let is_name =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    // Ids have 30 characters, thumbprints 43, digests 64, signed documents more; `mhlw-7.0-annex` has fewer.
    if text.len() >= 30 && text.chars().all(is_name) {
        "…"
    } else {
        text
    }
}
