//! Files that statements name: how they come in, who gets them, and what becomes of those that nobody needs.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::{PgConnection, SqliteConnection, sql_query};
use jiff::SignedDuration;
use kaiji_tests::{Answer, TestApp, Vendor, on_both_databases, sha256_of};
use serde_json::{Value, json};

on_both_databases![
    an_institution_gets_the_very_bytes_that_the_vendor_brought,
    a_file_of_twenty_mebibytes_passes_and_a_byte_more_does_not,
    a_file_is_what_its_address_says_or_is_refused,
    a_statement_whose_files_are_not_there_in_that_size_is_refused,
    a_file_that_is_brought_again_is_kept_once,
    what_another_vendor_has_makes_no_difference_to_any_answer,
    a_file_is_read_by_those_alone_who_may_read_a_statement_that_names_it,
    what_breaks_off_is_swept_after_an_hour,
    what_no_statement_names_is_swept_after_a_day,
    a_detached_cms_signature_travels_as_it_is,
];

const LARGEST: usize = 20 * 1024 * 1024;

/// A file of that size, unlike others.
fn file_of(size: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(size).collect()
}

/// What a statement says about a file.
fn named(name: &str, file: &[u8]) -> Value {
    json!({ "name": name, "media_type": "text/html", "bytes": file.len(), "sha256": sha256_of(file) })
}

/// A first statement of the product that names these files.
fn naming(vendor: &Vendor, product: &str, files: &[Value]) -> Value {
    let mut statement = vendor.statement("sds-sample", product);
    statement["attachments"] = json!(files);
    statement
}

fn path(file: &[u8]) -> String {
    format!("/attachments/{}", sha256_of(file))
}

/// A PUT by hand: a header of its own, then a body as it is given.
fn put_by_hand(app: &TestApp, vendor: &Vendor, file: &str, header: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(app.site().url().trim_start_matches("http://")).unwrap();
    let head = format!(
        "PUT /api/v1/attachments/{file} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\n{header}\r\n\r\n",
        vendor.token()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    stream
}

fn answered(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many rows there are of uploads, of chunks and of files.
fn rows(app: &TestApp) -> [i64; 3] {
    let url = app.database().url();
    ["file_uploads", "file_chunks", "attachments"].map(|table| {
        let query = sql_query(format!("SELECT count(*) AS count FROM {table}"));
        let counted: Count = if let Some(file) = url.strip_prefix("sqlite:") {
            query.get_result(&mut SqliteConnection::establish(file).unwrap())
        } else {
            query.get_result(&mut PgConnection::establish(url).unwrap())
        }
        .unwrap();
        counted.count
    })
}

fn assert_is_a_download(answer: &Answer, file: &[u8], disposition: &str) {
    assert!(answer.body == file, "not the bytes that were brought");
    let tag = format!("\"{}\"", sha256_of(file));
    for (name, value) in [
        ("Content-Type", "application/octet-stream"),
        ("Content-Disposition", disposition),
        ("Content-Length", &*file.len().to_string()),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "private"),
        ("ETag", &*tag),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let policy = answer.header("Content-Security-Policy").unwrap();
    assert!(policy.split("; ").any(|part| part == "sandbox"), "{policy}");
}

fn an_institution_gets_the_very_bytes_that_the_vendor_brought(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    let (page, table) = (b"<script>alert(1)</script>".to_vec(), file_of(600_000, 1));
    for file in [&page, &table] {
        let brought = vendor.bring(file).created();
        assert_eq!(
            brought,
            json!({ "sha256": sha256_of(file), "bytes": file.len() })
        );
    }
    let unnamed = format!(
        "attachment; filename=\"{0}\"; filename*=UTF-8''{0}",
        sha256_of(&page)
    );
    assert_is_a_download(
        &vendor.get(&path(&page)).send().expect(200),
        &page,
        &unnamed,
    );

    let files = [named("page.html", &page), named("開示書 (1).xlsx", &table)];
    let statement = naming(&vendor, &product, &files);
    vendor.post("/statements/check").json(&statement).ok();
    let name = vendor.publish(&statement);
    vendor.submit(&vendor.sign(&statement)).ok();
    vendor.release(&clinic.request(&product));
    assert_eq!(
        clinic.get(&format!("/statements/{name}")).ok()["payload"],
        statement
    );

    let encoded = "%E9%96%8B%E7%A4%BA%E6%9B%B8%20%281%29.xlsx";
    for reader in [&*vendor, &*clinic] {
        let got = reader.get(&path(&page)).send().expect(200);
        let plain = "attachment; filename=\"page.html\"; filename*=UTF-8''page.html";
        assert_is_a_download(&got, &page, plain);
        let got = reader.get(&path(&table)).send().expect(200);
        let both = format!("attachment; filename=\"___ (1).xlsx\"; filename*=UTF-8''{encoded}");
        assert_is_a_download(&got, &table, &both);
        let again = reader
            .get(&path(&table))
            .header("If-None-Match", got.etag());
        assert!(again.send().expect(304).body.is_empty());
    }
}

fn a_file_of_twenty_mebibytes_passes_and_a_byte_more_does_not(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let mut file = file_of(LARGEST, 2);
    assert_eq!(vendor.bring(&file).created()["bytes"], LARGEST);
    let got = vendor.get(&path(&file)).send().expect(200);
    assert!(got.body == file);
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本クラウド電子カルテ");
    vendor.publish(&naming(&vendor, &product, &[named("大きい.pdf", &file)]));
    vendor.release(&clinic.request(&product));
    assert!(clinic.get(&path(&file)).send().expect(200).body == file);

    let [uploads, chunks, files] = rows(app);
    file.push(0);
    vendor.bring(&file).refused(413, "too_large");
    let (digest, length) = (sha256_of(&file), format!("Content-Length: {}", file.len()));
    let declared = answered(put_by_hand(app, &vendor, &digest, &length, b""));
    assert!(declared.starts_with("HTTP/1.1 413 "), "{declared}");
    assert_eq!(
        rows(app),
        [uploads, chunks, files],
        "known from the header, nothing is kept"
    );

    let mut counted = Vec::new();
    for part in file.chunks(1024 * 1024) {
        write!(counted, "{:x}\r\n", part.len()).unwrap();
        counted.extend_from_slice(part);
        counted.extend_from_slice(b"\r\n");
    }
    counted.extend_from_slice(b"0\r\n\r\n");
    let counted = answered(put_by_hand(
        app,
        &vendor,
        &digest,
        "Transfer-Encoding: chunked",
        &counted,
    ));
    assert!(counted.starts_with("HTTP/1.1 413 "), "{counted}");
    assert!(
        app.step_jobs() > 0,
        "what was kept before it was too much goes at once"
    );
    assert_eq!(rows(app), [uploads, chunks, files]);
}

fn a_file_is_what_its_address_says_or_is_refused(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    for size in [10, 300_000, 1_000_000] {
        let (file, other) = (file_of(size, 3), file_of(size, 4));
        let put = vendor.put(&path(&file)).body("application/pdf", other);
        put.violates(&[("", "digest_mismatch")]);
        vendor.get(&path(&file)).refused(404, "not_found");
    }
    let empty = vendor.put(&path(b"")).body("application/pdf", b"");
    empty.violates(&[("", "empty_file")]);
    app.step_jobs();
    assert_eq!(rows(app), [0, 0, 0], "nothing is left of what was refused");

    let upper = sha256_of(b"x").to_uppercase();
    for name in ["x", "..", "%2e%2e%2fx", &*"a".repeat(63), &*upper] {
        let path = format!("/attachments/{name}");
        vendor
            .put(&path)
            .body("application/pdf", b"x")
            .refused(404, "not_found");
        vendor.get(&path).refused(404, "not_found");
    }
    let coded = vendor.bring(b"x").header("Content-Encoding", "gzip");
    coded.refused(415, "unsupported_encoding");
    let untyped = answered(put_by_hand(
        app,
        &vendor,
        &sha256_of(b"x"),
        "Content-Length: 1",
        b"x",
    ));
    assert!(untyped.starts_with("HTTP/1.1 201 "), "{untyped}");
}

fn a_statement_whose_files_are_not_there_in_that_size_is_refused(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let product = vendor.product("見本クラウド電子カルテ");
    let files: Vec<Vec<u8>> = (0..4).map(|seed| file_of(100, seed)).collect();
    vendor.bring(&files[0]).created();
    vendor.bring(&files[2]).created();
    let mut said: Vec<Value> = ["a", "b", "c", "d"]
        .iter()
        .zip(&files)
        .map(|(name, file)| named(name, file))
        .collect();
    said[2]["bytes"] = json!(99);
    let statement = naming(&vendor, &product, &said);
    let expected = [
        ("/attachments/1/sha256", "missing_attachment"),
        ("/attachments/2/bytes", "attachment_size"),
        ("/attachments/3/sha256", "missing_attachment"),
    ];
    vendor
        .post("/statements/check")
        .json(&statement)
        .violates(&expected);
    vendor.submit(&vendor.sign(&statement)).violates(&expected);
    assert!(vendor.list("/statements").is_empty());

    said[2]["bytes"] = json!(100);
    vendor.bring(&files[1]).created();
    vendor.bring(&files[3]).created();
    let statement = naming(&vendor, &product, &said);
    vendor.post("/statements/check").json(&statement).ok();
    vendor.publish(&statement);

    said[0]["name"] = json!("../../etc/passwd");
    let statement = naming(&vendor, &product, &said);
    vendor
        .submit(&vendor.sign(&statement))
        .violates(&[("/attachments/0/name", "file_name")]);
}

fn a_file_that_is_brought_again_is_kept_once(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let file = file_of(700_000, 5);
    let created = vendor.bring(&file).created();
    let before = rows(app);
    assert_eq!(vendor.bring(&file).ok(), created);
    let other = vendor.put(&path(&file)).body("application/pdf", b"another");
    other.violates(&[("", "digest_mismatch")]);
    assert_eq!(rows(app), before);

    let file = file_of(2_000_000, 6);
    let calls: Vec<_> = (0..4).map(|_| vendor.bring(&file)).collect();
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let answers: Vec<_> = calls
            .into_iter()
            .map(|call| scope.spawn(|| call.send().status))
            .collect();
        answers
            .into_iter()
            .map(|answer| answer.join().unwrap())
            .collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 201], "both end well, one is kept");
    app.step_jobs();
    assert_eq!(rows(app), [0, 3 + 8, 2]);
    assert!(vendor.get(&path(&file)).send().expect(200).body == file);
}

fn what_another_vendor_has_makes_no_difference_to_any_answer(app: &TestApp) {
    let [first, second, third] = ["一", "二", "三"].map(|name| app.vendor(name));
    let (file, unknown) = (file_of(400_000, 7), file_of(400_000, 8));
    let put = |vendor: &Vendor| vendor.bring(&file).send().expect(201);
    let alone = put(&first);
    let beside = put(&second);
    assert_eq!(alone.body, beside.body);
    for name in [
        "Content-Type",
        "Content-Length",
        "Location",
        "ETag",
        "Cache-Control",
    ] {
        assert_eq!(alone.header(name), beside.header(name), "{name}");
    }

    let get = |file| third.get(&path(file)).refused(404, "not_found");
    assert_eq!(get(&file), get(&unknown));
    let product = third.product("見本");
    let submit = |file| {
        let statement = naming(&third, &product, &[named("a.pdf", file)]);
        let problem = third
            .submit(&third.sign(&statement))
            .refused(422, "violations");
        let checked = third.post("/statements/check").json(&statement);
        assert_eq!(checked.refused(422, "violations"), problem);
        problem
    };
    assert_eq!(submit(&file), submit(&unknown));
    let mut wrong = named("a.pdf", &file);
    wrong["bytes"] = json!(1);
    let statement = naming(&third, &product, &[wrong]);
    let problem = third
        .submit(&third.sign(&statement))
        .refused(422, "violations");
    assert_eq!(problem, submit(&unknown), "not even its size");
}

fn a_file_is_read_by_those_alone_who_may_read_a_statement_that_names_it(app: &TestApp) {
    let [vendor, other] = ["一", "二"].map(|name| app.vendor(name));
    let [clinic, stranger] = ["サンプル医院", "よその医院"].map(|name| app.institution(name));
    let (shared, own) = (b"both have it".to_vec(), b"the first has it".to_vec());
    let product = vendor.product("開示する製品");
    for file in [&shared, &own] {
        vendor.bring(file).created();
    }
    let files = [named("一の名.pdf", &shared), named("b.pdf", &own)];
    let statement = naming(&vendor, &product, &files);
    clinic.get(&path(&shared)).refused(404, "not_found");
    let name = vendor.publish(&statement);
    clinic.get(&path(&shared)).refused(404, "not_found");

    // The other vendor's statement is released; that makes its copy readable and nothing of the first vendor's.
    let theirs = other.product_with(&json!({ "name": "公開", "release": "listed" }));
    let missing = naming(&other, &theirs, &[named("b.pdf", &own)]);
    other
        .submit(&other.sign(&missing))
        .violates(&[("/attachments/0/sha256", "missing_attachment")]);
    other.bring(&shared).created();
    other.publish(&naming(&other, &theirs, &[named("two.pdf", &shared)]));
    for reader in [&clinic, &stranger] {
        let got = reader.get(&path(&shared)).send().expect(200);
        assert!(
            got.header("Content-Disposition")
                .unwrap()
                .contains("\"two.pdf\"")
        );
        reader.get(&path(&own)).refused(404, "not_found");
    }
    other.get(&path(&own)).refused(404, "not_found");
    app.operator().get(&path(&own)).refused(403, "forbidden");

    vendor.release(&clinic.request(&product));
    assert!(clinic.get(&path(&own)).send().expect(200).body == own);
    stranger.get(&path(&own)).refused(404, "not_found");
    let _ = clinic.fetch(&name).expect(200);
    let grant = format!("/products/{product}/grants/{}", clinic.organisation);
    let _ = vendor.delete(&grant).send().expect(204);
    let kept = clinic.get(&path(&own)).send().expect(200);
    assert!(kept.body == own, "nothing that was delivered is taken back");

    let mut second = vendor.statement("sds-sample", &product);
    let newer = b"of the second revision".to_vec();
    vendor.bring(&newer).created();
    second["revision"] = json!(2);
    second["supersedes"] = json!(name);
    second["attachments"] = json!([named("c.pdf", &newer)]);
    vendor.publish(&second);
    clinic.get(&path(&newer)).refused(404, "not_found");
}

fn what_breaks_off_is_swept_after_an_hour(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let file = file_of(6_000_000, 9);
    let (digest, length) = (sha256_of(&file), format!("Content-Length: {}", file.len()));
    // What the service does once, at its first start, is none of the steps that are counted.
    app.step_jobs();
    let begun = put_by_hand(app, &vendor, &digest, &length, &file[..5_900_000]);
    begun.shutdown(Shutdown::Write).unwrap();
    let broken = answered(begun);
    assert!(broken.starts_with("HTTP/1.1 400 "), "{broken}");
    vendor.get(&path(&file)).refused(404, "not_found");
    let [uploads, chunks, files] = rows(app);
    assert_eq!([uploads, files], [1, 0]);
    assert!(chunks > 16, "more than one step takes away: {chunks}");

    app.advance(SignedDuration::from_mins(60) - SignedDuration::from_millis(1));
    assert_eq!(app.step_jobs(), 0, "it may still be under way");
    app.advance(SignedDuration::from_millis(1));
    assert_eq!(app.step_jobs(), 2, "in bounded pieces");
    assert_eq!(rows(app), [0, 0, 0]);
    vendor.bring(&file).created();
}

fn what_no_statement_names_is_swept_after_a_day(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let product = vendor.product("見本クラウド電子カルテ");
    let [kept, lost, again] = [10, 11, 12].map(|seed| file_of(300_000, seed));
    for file in [&kept, &lost, &again] {
        vendor.bring(file).created();
    }
    vendor.publish(&naming(&vendor, &product, &[named("a.pdf", &kept)]));
    app.step_jobs();
    app.advance(SignedDuration::from_hours(23));
    assert_eq!(app.step_jobs(), 0);
    vendor.bring(&again).ok();
    vendor.bring(&kept).ok();

    app.advance(SignedDuration::from_hours(1));
    assert!(app.step_jobs() > 0);
    assert_eq!(rows(app), [0, 4, 2]);
    vendor.get(&path(&lost)).refused(404, "not_found");
    assert!(vendor.get(&path(&again)).send().expect(200).body == again);
    app.advance(SignedDuration::from_hours(24 * 400));
    assert!(app.step_jobs() > 0);
    assert_eq!(rows(app), [0, 2, 1]);
    assert!(vendor.get(&path(&kept)).send().expect(200).body == kept);
}

fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(directory)
        .output();
    let output = output.unwrap_or_else(|error| panic!("this test needs `openssl`: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {said}");
}

fn a_detached_cms_signature_travels_as_it_is(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let desk = app.database().directory();
    let form = b"%PDF-1.7 the form on paper".to_vec();
    std::fs::write(desk.join("form.pdf"), &form).unwrap();
    openssl(
        desk,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout seal.key -out seal.crt -days 2 -subj /CN=eseal",
    );
    openssl(
        desk,
        "cms -sign -binary -in form.pdf -signer seal.crt -inkey seal.key -outform DER -out form.pdf.p7s",
    );
    let seal = std::fs::read(desk.join("form.pdf.p7s")).unwrap();
    for file in [&form, &seal] {
        vendor.bring(file).created();
    }
    let product = vendor.product("見本クラウド電子カルテ");
    let files = [named("form.pdf", &form), named("form.pdf.p7s", &seal)];
    vendor.publish(&naming(&vendor, &product, &files));
    vendor.release(&clinic.request(&product));

    for (name, file) in [("got.pdf", &form), ("got.p7s", &seal)] {
        let got = clinic.get(&path(file)).send().expect(200);
        std::fs::write(desk.join(name), got.body).unwrap();
    }
    openssl(
        desk,
        "cms -verify -binary -inform DER -in got.p7s -content got.pdf -CAfile seal.crt -purpose any -out verified.pdf",
    );
    assert_eq!(std::fs::read(desk.join("verified.pdf")).unwrap(), form);
}
