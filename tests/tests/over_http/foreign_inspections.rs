//! An inspection's package read by others' code: its tables by Python's csv, its PDF by pypdf, which
//! `tests/with-foreign-tools` provides.

use std::process::Command;

use kaiji_tests::foreign::{script, tools};
use kaiji_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

use super::inspections::{Package, World, frozen, id};

on_both_databases![
    python_reads_every_table_in_both_encodings,
    pypdf_finds_in_the_document_what_stands_in_the_tables,
    pypdf_reads_the_document_of_an_empty_institution,
];

/// What Python finds in a package.
fn read(app: &TestApp, package: &Package, encoding: &str) -> Value {
    let path = app.database().directory().join(format!("{encoding}.zip"));
    std::fs::write(&path, &package.bytes).unwrap();
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", tools().join("python"));
    let said = python.arg(script("inspection.py")).arg(path).arg(encoding);
    let said = said.output().unwrap();
    let complaint = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{complaint}");
    assert_eq!(complaint, "");
    serde_json::from_slice(&said.stdout).unwrap()
}

/// What it found on the pages, without the line ends and spaces that paper needs.
fn text_of(found: &Value) -> String {
    let pages = found["pages"].as_array().unwrap().iter();
    let text: String = pages.map(|page| page.as_str().unwrap()).collect();
    text.split_whitespace().collect()
}

fn python_reads_every_table_in_both_encodings(app: &TestApp) {
    let world = World::new(app);
    let new = json!({ "name": "引用\"符\"", "outsourced_work": "一行目,\n二行目", "product_name": "𠮷野家" });
    world.clinic.post("/systems").json(&new).created();
    let inspection = frozen(&world.clinic);
    let package = Package::of(&world.clinic, id(&inspection), "");
    let found = read(app, &package, "utf-8-sig");
    let tables = found["tables"].as_object().unwrap();
    assert_eq!(tables.len(), 9);
    for (name, rows) in tables {
        assert_eq!(*rows, json!(package.rows(name)), "{name}");
    }
    let cp932 = Package::of(&world.clinic, id(&inspection), "?encoding=cp932");
    let found = read(app, &cp932, "cp932");
    assert_eq!(
        found["tables"]["utf-8/01-systems.csv"],
        tables["01-systems.csv"]
    );
    assert_eq!(
        found["tables"]["05-checklist.csv"],
        tables["05-checklist.csv"]
    );
    let systems = found["tables"]["01-systems.csv"].to_string();
    assert!(
        systems.contains("〓野家") && !systems.contains('𠮷'),
        "{systems}"
    );
}

fn pypdf_finds_in_the_document_what_stands_in_the_tables(app: &TestApp) {
    let world = World::new(app);
    let formula = "=1+1";
    let new = json!({ "name": formula, "vendor_name": "髙﨑𠮷野株式会社" });
    world.clinic.post("/systems").json(&new).created();
    let inspection = frozen(&world.clinic);
    let package = Package::of(&world.clinic, id(&inspection), "");
    let found = read(app, &package, "utf-8-sig");
    assert_eq!(
        found["title"],
        "医療情報システムの安全管理に関する立入検査資料　サンプル医院"
    );
    assert_eq!(
        (&found["language"], &found["tagged"]),
        (&json!("ja"), &json!(true))
    );
    let fonts = found["fonts"].as_array().unwrap();
    let is_subset = |font: &Value| font.as_str().unwrap().contains("+BIZUDPGothic");
    assert!(
        !fonts.is_empty() && fonts.iter().all(is_subset),
        "{fonts:?}"
    );

    // Text that can be searched for, unaltered: also what the font does not have.
    let text = text_of(&found);
    for said in [
        "サンプル医院",
        "令和8年度立入検査",
        "2026年12月10日（令和8年12月10日）",
        formula,
        "髙﨑𠮷野株式会社",
        "見本クラウド電子カルテ",
        inspection["facts_sha256"].as_str().unwrap(),
        &world.sha256,
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let rows = package.rows("02-comparison.csv");
    let flagged = rows.iter().filter(|row| row[17] == "要リスク評価");
    for row in flagged {
        let wording: String = row[14].split_whitespace().collect();
        assert!(text.contains(&*row[13].replace(' ', "")), "{}", row[13]);
        assert!(
            text.contains(wording.chars().take(8).collect::<String>().as_str()),
            "{wording}"
        );
    }

    // The contents name each chapter's page, and the outline leads there.
    let pages = found["pages"].as_array().unwrap();
    let contents = pages[1].as_str().unwrap();
    let mut chapters = 0;
    for entry in found["outline"].as_array().unwrap() {
        let (title, page) = (entry[0].as_str().unwrap(), entry[1].as_u64().unwrap());
        let page = usize::try_from(page).unwrap();
        let said: String = pages[page].as_str().unwrap().split_whitespace().collect();
        let title: String = title.split_whitespace().collect();
        assert!(said.contains(&title), "{title} on {page}: {said}");
        let line = contents
            .lines()
            .map(|line| line.split_whitespace().collect::<String>());
        if line
            .clone()
            .any(|line| line == format!("{title}{}", page + 1))
        {
            chapters += 1;
        }
    }
    assert!(chapters >= 12, "{chapters}: {contents}");
    for (at, page) in pages.iter().enumerate().skip(1) {
        let numbered = format!("{} / {}", at + 1, pages.len());
        assert!(page.as_str().unwrap().contains(&numbered), "{numbered}");
    }
}

fn pypdf_reads_the_document_of_an_empty_institution(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let inspection = frozen(&clinic);
    let package = Package::of(&clinic, id(&inspection), "");
    let found = read(app, &package, "utf-8-sig");
    let text = text_of(&found);
    for said in [
        "一覧に登録されたシステムはありません。",
        "照合した開示書はありません。",
        "リスク評価の記録はありません。",
        "該当する記録はありません。",
        "未着手",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}
