//! Inspections: what an institution has to show, frozen; the package and the PDF that are made of it, again and again.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::process::Command;

use encoding_rs::SHIFT_JIS;
use jiff::SignedDuration;
use kaiji_schema::evidence::{self, Contents, Files, Trusted};
use kaiji_tests::{Institution, TestApp, Vendor, on_both_databases, sha256_of};
use serde_json::{Value, json};
use zip::ZipArchive;

use super::review_scene::{ALSO_NO, NO, Scene, reducing};

on_both_databases![
    the_same_inspection_is_the_same_bytes_whatever_became_of_the_world,
    every_system_has_its_rows_with_what_became_of_it,
    what_the_institution_did_itself_stands_beside_what_vendors_disclosed,
    what_cp932_lacks_is_listed_and_whole_in_utf_8_beside_it,
    formulas_are_harmless_in_tables_and_unaltered_in_the_facts,
    an_empty_institution_has_a_package_that_says_so,
    what_a_package_holds_was_delivered,
    a_request_that_comes_twice_freezes_once,
    what_cannot_be_meant_is_refused,
];

/// A package that was handed out, unpacked.
pub struct Package {
    /// The files, by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The zip.
    pub bytes: Vec<u8>,
}

impl Package {
    /// Takes the package of an inspection.
    pub fn of(clinic: &Institution, inspection: &str, query: &str) -> Self {
        let path = format!("/inspections/{inspection}/package{query}");
        let answer = clinic.get(&path).send().expect(200);
        assert_eq!(answer.header("content-type"), Some("application/zip"));
        let disposition = format!("attachment; filename=\"inspection-{inspection}.zip\"");
        assert_eq!(answer.header("content-disposition"), Some(&*disposition));
        Self::read(answer.body)
    }

    /// Unpacks a package; the digests that it lists are those of its files.
    pub fn read(bytes: Vec<u8>) -> Self {
        let mut packed = ZipArchive::new(Cursor::new(&bytes)).unwrap();
        let mut files = BTreeMap::new();
        for index in 0..packed.len() {
            let mut file = packed.by_index(index).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            files.insert(file.name().unwrap().into_owned(), content);
        }
        let package = Self { files, bytes };
        let sums = package.text("SHA256SUMS");
        for (name, content) in &package.files {
            let line = format!("{}  {name}\n", sha256_of(content));
            assert!(name == "SHA256SUMS" || sums.contains(&line), "{name}");
        }
        package
    }

    /// A file as text.
    pub fn text(&self, name: &str) -> &str {
        std::str::from_utf8(&self.files[name]).unwrap()
    }

    /// The rows of a table in UTF-8, the header first.
    pub fn rows(&self, name: &str) -> Vec<Vec<String>> {
        let text = self.text(name).strip_prefix('\u{feff}').expect("a BOM");
        read_rows(text)
    }

    /// The frozen facts, whose digest is that of the inspection.
    pub fn facts(&self) -> Value {
        serde_json::from_str(self.text("facts.json")).unwrap()
    }
}

/// The rows of a table; all have as many cells as the first.
fn read_rows(text: &str) -> Vec<Vec<String>> {
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let rows = reader.into_records();
    rows.map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

/// Freezes; the inspection.
pub fn frozen(clinic: &Institution) -> Value {
    let new = json!({ "title": "令和8年度 立入検査", "visit_on": "2026-12-10" });
    clinic.post("/inspections").json(&new).created()
}

/// The id of something.
pub fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

/// A clinic with a system whose statement it received, one whose statement it did not fetch, and one without any.
pub struct World {
    pub vendor: Vendor,
    pub clinic: Institution,
    pub product: String,
    pub statement: Value,
    pub sha256: String,
}

impl World {
    pub fn new(app: &TestApp) -> Self {
        let vendor = app.vendor("見本電子カルテ株式会社");
        let clinic = app.institution("サンプル医院");
        let product = vendor.product("見本クラウド電子カルテ");
        let file = b"%PDF-1.7 of the vendor's";
        vendor.bring(file).created();
        let mut statement = vendor.statement("sds-sample", &product);
        statement["attachments"] = json!([{
            "name": "構成図.pdf", "media_type": "application/pdf", "bytes": file.len(), "sha256": sha256_of(file),
        }]);
        let sha256 = vendor.publish(&statement);
        vendor.release(&clinic.request(&product));
        let _ = clinic.fetch(&sha256).expect(200);
        clinic
            .post(&format!("/statements/{sha256}/acknowledgement"))
            .ok();
        clinic.system("電子カルテ", &product);
        clinic.system("電子カルテ（分院）", &product);
        let bare =
            json!({ "name": "画像システム", "vendor_name": "別の会社", "product_name": "PACS" });
        clinic.post("/systems").json(&bare).created();
        Self {
            vendor,
            clinic,
            product,
            statement,
            sha256,
        }
    }

    /// The vendor's next revision, with another answer.
    fn revise(&self) -> String {
        let mut next = self.statement.clone();
        next["revision"] = json!(2);
        next["supersedes"] = json!(self.sha256);
        next["product"]["version"] = json!("9.9");
        next["attachments"] = json!([]);
        self.vendor.publish(&next)
    }
}

fn the_same_inspection_is_the_same_bytes_whatever_became_of_the_world(app: &TestApp) {
    let world = World::new(app);
    let clinic = &world.clinic;
    let inspection = frozen(clinic);
    assert_eq!(inspection["visit_on"], "2026-12-10");
    let id = id(&inspection);
    let first = Package::of(clinic, id, "");
    let document = clinic.get(&format!("/inspections/{id}/document"));
    let document = document.send().expect(200).body;
    assert_eq!(first.files["inspection.pdf"], document);
    assert_eq!(
        sha256_of(&first.files["facts.json"]),
        inspection["facts_sha256"].as_str().unwrap()
    );

    // A new revision, keys, checkpoints, systems, names, and years.
    world.revise();
    for number in 0..5 {
        app.vendor(&format!("別の会社{number}"));
    }
    let renamed = json!({ "name": "改称したサンプル医院" });
    let path = format!("/organisations/{}", clinic.organisation);
    let _ = app
        .operator()
        .patch(&path)
        .json(&renamed)
        .send()
        .expect(200);
    for system in clinic.list("/systems") {
        let path = format!("/systems/{}", self::id(&system));
        let _ = clinic.delete(&path).send().expect(204);
    }
    world.vendor.withdraw(&world.revised(), "誤りがあった").ok();
    app.advance(SignedDuration::from_hours(24 * 800));
    app.step_jobs();

    let again = Package::of(clinic, id, "");
    let differ = first.files.iter();
    let differ = differ.filter(|(name, content)| again.files.get(*name) != Some(content));
    assert_eq!(differ.map(|(name, _)| name).collect::<Vec<_>>(), [""; 0]);
    assert!(first.bytes == again.bytes, "the zip around the files");
    assert_eq!(clinic.get(&format!("/inspections/{id}")).ok(), inspection);
    let other = frozen(clinic);
    assert_ne!(other["facts_sha256"], inspection["facts_sha256"]);
    let newest: Vec<Value> = clinic.list("/inspections");
    assert_eq!(newest, [inspection.clone(), other]);

    the_evidence_is_whole(app, &first);
}

impl World {
    /// The revision that [`World::revise`] made.
    fn revised(&self) -> String {
        let path = format!("/statements?product={}", self.product);
        let statements = self.vendor.list(&path);
        statements[1]["sha256"].as_str().unwrap().to_owned()
    }
}

/// Both verifiers pass the folders of evidence, together.
fn the_evidence_is_whole(app: &TestApp, package: &Package) {
    let evidence = package.files.iter().filter_map(|(name, content)| {
        let name = name.strip_prefix("evidence/")?;
        Some((name.to_owned(), Contents::Bytes(content.clone())))
    });
    let files: Files = evidence.collect();
    assert!(
        files
            .keys()
            .any(|name| name.ends_with("attachments/構成図.pdf"))
    );
    assert!(
        files
            .keys()
            .any(|name| name.ends_with(evidence::ACKNOWLEDGEMENT))
    );
    let report = evidence::check(&files, &Trusted::default());
    let failures: Vec<_> = report.failures().collect();
    assert!(report.passed(), "{failures:?}");

    let directory = app.database().directory().join("package");
    for (name, content) in &package.files {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let mut python = Command::new("python3");
    let folder = directory.join("evidence");
    python.arg(folder.join(evidence::VERIFIER)).arg(&folder);
    let said = python.output().expect("python3 is needed for this test");
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success(), "{text}");
}

fn every_system_has_its_rows_with_what_became_of_it(app: &TestApp) {
    let world = World::new(app);
    let inspection = frozen(&world.clinic);
    let package = Package::of(&world.clinic, id(&inspection), "");
    let rows = package.rows("02-comparison.csv");
    let header = rows[0].join(",");
    assert!(
        header.starts_with("医療機関コード,医療機関名,システム,事業者,"),
        "{header}"
    );
    assert!(
        header.ends_with("ログ検査点,リスク評価,対応,対応策,目標日,確認日,確認者,承認者,承認日")
    );
    let of = |system: &str| rows.iter().filter(|row| row[2] == system).count();
    assert_eq!(
        [
            of("電子カルテ"),
            of("電子カルテ（分院）"),
            of("画像システム")
        ],
        [58, 58, 1]
    );
    let exported = world
        .clinic
        .get("/exports/comparison.csv")
        .send()
        .expect(200);
    let exported = read_rows(exported.text().strip_prefix('\u{feff}').unwrap());
    let unchanged = rows.iter().map(|row| row[..19].to_vec());
    let exported = exported.iter().map(|row| row[..19].to_vec());
    assert!(unchanged.eq(exported), "the columns of comparison.csv");

    let missing = package.rows("08-missing.csv");
    assert_eq!(missing[1][0], "画像システム");
    assert_eq!(missing[1][3], "未受領");
    let requests = package.rows("07-requests.csv");
    assert_eq!(
        [&*requests[1][3], &*requests[1][6]],
        ["見本電子カルテ株式会社", "開示"]
    );
    let deliveries = package.rows("09-deliveries.csv");
    assert_eq!(deliveries[1][4], "2026-11-21 09:00:00");
    assert_eq!(deliveries[1][9], world.sha256);
    assert!(!deliveries[1][7].is_empty(), "acknowledged");
    assert_eq!(package.rows("01-systems.csv").len(), 4);
    assert_eq!(inspection["summary"]["systems"], 3);
    assert_eq!(inspection["summary"]["systems_without_statement"], 1);
    assert_eq!(inspection["summary"]["statements"], 1);
    let guide = package.text("はじめに読む.txt");
    for said in [
        "サンプル医院",
        "2026年12月10日（令和8年12月10日）",
        id(&inspection),
        "02-comparison.csv",
    ] {
        assert!(guide.contains(said), "{said}");
    }
    assert!(!guide.contains('{'), "{guide}");
}

fn what_the_institution_did_itself_stands_beside_what_vendors_disclosed(app: &TestApp) {
    let scene = Scene::new(app);
    let clinic = &scene.clinic;
    scene.approve(NO, &reducing());
    scene.draft(ALSO_NO, &reducing());
    let said = json!({ "state": "planned", "planned_on": "2027-03-31", "responsible": "院長" });
    let item = id_of(&clinic.get("/checklist").ok()["items"][0], "item");
    let path = format!("/checklist/{item}");
    let _ = clinic.put(&path).json(&said).send().expect(200);
    let points = format!("/systems/{}/contract-points", scene.system);
    let confirmed = json!({ "points": { "contract-6": {
        "state": "confirmed", "written_in": "保守委託契約書", "clause": "第8条", "confirmed_on": "2026-11-20",
    } } });
    let _ = clinic.put(&points).json(&confirmed).send().expect(200);

    let inspection = frozen(clinic);
    let package = Package::of(clinic, id(&inspection), "");
    let cell = |rows: &[Vec<String>], row: &[String], title: &str| {
        let at = rows[0].iter().position(|found| found == title);
        row[at.unwrap_or_else(|| panic!("{title}"))].clone()
    };
    let compared = package.rows("02-comparison.csv");
    let reviewed = compared
        .iter()
        .find(|row| row.contains(&"No.84".to_owned()));
    let reviewed = reviewed.unwrap();
    let told = [
        "リスク評価",
        "対応",
        "対応策",
        "目標日",
        "確認日",
        "承認者",
        "承認日",
    ];
    let told = told.map(|title| cell(&compared, reviewed, title));
    let expected = [
        "高（発生可能性：中、影響度：大）　第三者が職員になりすまし、診療録を閲覧する",
        "低減",
        "端末を施錠区域に置く",
        "2027-03-31",
        "2026-11-21",
        "テスト",
        "2026-11-21",
    ];
    assert_eq!(told, expected);
    let (open, settled) = (
        package.rows("03-reviews-open.csv"),
        package.rows("04-reviews-settled.csv"),
    );
    assert_eq!(settled.len(), 2, "{settled:?}");
    assert_eq!(cell(&settled, &settled[1], "項番"), "No.84");
    let flagged = inspection["summary"]["nonconforming"].as_u64().unwrap()
        + inspection["summary"]["unconfirmed"].as_u64().unwrap();
    assert_eq!(
        open.len() as u64,
        flagged,
        "the header, and all but the one in force"
    );
    assert_eq!(inspection["summary"]["settled_reviews"], 1);

    let checklist = package.rows("05-checklist.csv");
    let told = ["回答", "初回確認日", "目標日", "責任者"];
    let told = told.map(|title| cell(&checklist, &checklist[1], title));
    assert_eq!(told, ["いいえ", "2026-11-21", "2027-03-31", "院長"]);
    let points = package.rows("06-contract-points.csv");
    let written = points
        .iter()
        .filter(|row| row.contains(&"保守委託契約書".to_owned()));
    assert_eq!(written.count(), 1);

    // What changes afterwards is another inspection's.
    scene.approve(ALSO_NO, &reducing());
    scene.revise(|answers| answers["84"] = json!({ "answer": "yes" }));
    assert!(Package::of(clinic, id(&inspection), "").bytes == package.bytes);
}

/// The id under which something is addressed.
fn id_of(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

fn what_cp932_lacks_is_listed_and_whole_in_utf_8_beside_it(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let new = json!({ "name": "部門システム✓", "product_name": "𠮷野家" });
    clinic.post("/systems").json(&new).created();
    let inspection = frozen(&clinic);
    let package = Package::of(&clinic, id(&inspection), "?encoding=cp932");
    let systems = &package.files["01-systems.csv"];
    let systems = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(systems);
    let systems = read_rows(&systems.unwrap());
    assert_eq!(
        [&*systems[1][0], &*systems[1][2]],
        ["部門システム〓", "〓野家"]
    );
    let characters = package.rows("characters.csv");
    assert_eq!(characters[1], ["01-systems.csv", "2", "1", "✓", "U+2713"]);
    assert_eq!(characters[2], ["01-systems.csv", "2", "3", "𠮷", "U+20BB7"]);
    let whole = package.rows("utf-8/01-systems.csv");
    assert_eq!([&*whole[1][0], &*whole[1][2]], ["部門システム✓", "𠮷野家"]);
    assert!(!package.files.contains_key("utf-8/07-requests.csv"));

    // In UTF-8 nothing is missing, and so there is nothing to list.
    let package = Package::of(&clinic, id(&inspection), "?encoding=utf-8");
    assert_eq!(package.rows("01-systems.csv"), whole);
    assert!(!package.files.contains_key("characters.csv"));
}

fn formulas_are_harmless_in_tables_and_unaltered_in_the_facts(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let formula = "=HYPERLINK(\"https://example.jp\")";
    clinic
        .post("/systems")
        .json(&json!({ "name": formula }))
        .created();
    let inspection = frozen(&clinic);
    let package = Package::of(&clinic, id(&inspection), "");
    assert_eq!(package.rows("01-systems.csv")[1][0], format!("'{formula}"));
    assert_eq!(package.facts()["systems"][0]["members"]["name"], formula);
}

fn an_empty_institution_has_a_package_that_says_so(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let inspection = clinic.post("/inspections").created();
    assert_eq!(inspection["title"], Value::Null);
    let package = Package::of(&clinic, id(&inspection), "?encoding=cp932");
    let tables = package.files.keys().filter(|name| {
        name.split_once('.')
            .is_some_and(|(_, ending)| ending == "csv")
    });
    assert_eq!(tables.count(), 9);
    for (table, rows) in [
        ("02-comparison.csv", 0),
        ("03-reviews-open.csv", 0),
        ("05-checklist.csv", 52),
    ] {
        let text = SHIFT_JIS
            .decode_without_bom_handling(&package.files[table])
            .0;
        assert_eq!(read_rows(&text).len(), 1 + rows, "{table}");
    }
    assert!(package.files["inspection.pdf"].starts_with(b"%PDF-1."));
    assert!(
        !package
            .files
            .keys()
            .any(|name| name.starts_with("evidence/"))
    );
    let checkpoint = app.site().call("GET", "/log/checkpoint").send();
    assert_eq!(package.text("checkpoint.txt"), checkpoint.text());
}

fn what_a_package_holds_was_delivered(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let listed = json!({ "name": "見本クラウド", "version": "1", "release": "listed" });
    let product = vendor.product_with(&listed);
    let sha256 = vendor.publish(&vendor.statement("sds-sample", &product));
    clinic.system("電子カルテ", &product);
    let delivered = |clinic: &Institution| {
        let view = clinic.get(&format!("/statements/{sha256}")).ok();
        view["delivered_at"].clone()
    };
    assert_eq!(delivered(&clinic), Value::Null);
    let inspection = frozen(&clinic);
    assert_eq!(delivered(&clinic), "2026-11-21T00:00:00.000Z");
    let package = Package::of(&clinic, id(&inspection), "");
    assert_eq!(package.rows("09-deliveries.csv")[1][9], sha256);
    frozen(&clinic);
    let told = vendor.events().into_iter();
    let told = told.filter(|(kind, _)| kind == "statement_delivered");
    assert_eq!(told.count(), 1, "once");
    let trail = app.audit_trail();
    let recorded = trail
        .iter()
        .find(|entry| entry.action == "inspections_create");
    assert_eq!(recorded.unwrap().object, id(&inspection));
}

fn a_request_that_comes_twice_freezes_once(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let create = |title: &str| {
        let call = clinic
            .post("/inspections")
            .header("Idempotency-Key", "once");
        call.json(&json!({ "title": title }))
    };
    let first = create("立入検査").created();
    assert_eq!(create("立入検査").created(), first);
    create("別の検査").refused(422, "idempotency_key_reused");
    assert_eq!(clinic.list("/inspections").len(), 1);
    let link = || {
        let path = format!("/inspections/{}/links", id(&first));
        let call = clinic.post(&path).header("Idempotency-Key", "link");
        call.json(&json!({ "label": "見本保健所" })).created()
    };
    assert_eq!(link(), link(), "with the same address");
}

fn what_cannot_be_meant_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let create = |new: &Value| clinic.post("/inspections").json(new);
    create(&json!({ "title": "長".repeat(201), "visit_on": "2026-02-30", "day": 1 })).violates(&[
        ("/title", "too_long"),
        ("/visit_on", "date"),
        ("/day", "unknown_member"),
    ]);
    let inspection = frozen(&clinic);
    let path = format!("/inspections/{}", id(&inspection));
    let link = |new: &Value| clinic.post(&format!("{path}/links")).json(new);
    link(&json!({ "days": 31 })).violates(&[("/label", "missing"), ("/days", "range")]);
    link(&json!({ "label": "保健所", "days": 0 })).violates(&[("/days", "range")]);
    clinic
        .get(&format!("{path}/package?encoding=utf-16"))
        .refused(400, "bad_query");
    clinic
        .delete(&format!("{path}/links/lnk_0"))
        .refused(404, "not_found");
    clinic
        .get("/inspections/isp_0/package")
        .refused(404, "not_found");
}
