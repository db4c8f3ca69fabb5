//! An institution's evidence files: what is taken, under which names, for how long, and for whom.

use jiff::SignedDuration;
use kaiji_tests::{TestApp, on_both_databases, sha256_of};
use serde_json::{Value, json};

on_both_databases![
    an_institution_brings_a_file_and_gets_the_very_bytes,
    a_file_of_another_type_than_it_says_is_refused,
    a_name_that_leads_elsewhere_is_refused,
    a_file_that_is_too_large_is_refused,
    what_no_record_names_is_swept_after_a_day,
    only_so_much_waits_for_a_record_that_names_it,
    nobody_elses_files_are_told_of,
];

const PDF: &str = "application/pdf";

fn path(file: &[u8]) -> String {
    format!("/evidence-files/{}", sha256_of(file))
}

/// A PDF of that size, unlike others.
fn pdf(size: usize, seed: u8) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    file.resize(size, seed);
    file
}

fn an_institution_brings_a_file_and_gets_the_very_bytes(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let file = pdf(600_000, 1);
    let kept = json!({ "sha256": sha256_of(&file), "bytes": file.len() });
    let bring = || clinic.bring("契約書（2026年度）.pdf", PDF, &file);
    assert_eq!(bring().created(), kept);
    assert_eq!(bring().ok(), kept);
    let got = clinic.get(&path(&file)).send().expect(200);
    assert!(got.body == file, "not the bytes that were brought");
    for (name, value) in [
        ("Content-Type", "application/octet-stream"),
        (
            "Content-Disposition",
            "attachment; filename=\"____2026___.pdf\"; \
             filename*=UTF-8''%E5%A5%91%E7%B4%84%E6%9B%B8%EF%BC%882026%E5%B9%B4%E5%BA%A6%EF%BC%89.pdf",
        ),
        ("X-Content-Type-Options", "nosniff"),
    ] {
        assert_eq!(got.header(name), Some(value), "{name}");
    }

    let [listed] = &clinic.list("/evidence-files")[..] else {
        panic!("one file");
    };
    assert_eq!(listed["name"], "契約書（2026年度）.pdf");
    assert_eq!(listed["media_type"], PDF);
    assert_eq!(listed["expires_at"], "2026-11-22T00:00:00.000Z");
    clinic.bring("保守契約書.pdf", PDF, &file).ok();
    let listed = clinic.list("/evidence-files");
    assert_eq!(
        listed[0]["name"], "保守契約書.pdf",
        "as long as nothing names it"
    );
}

fn a_file_of_another_type_than_it_says_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let page = b"<html><script>alert(1)</script>";
    for media_type in [
        "text/html",
        "image/svg+xml",
        "application/zip",
        "application/octet-stream",
        "pdf",
        "",
    ] {
        let put = clinic.bring("a.html", media_type, page);
        put.refused(415, "unsupported_media_type");
    }
    let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    for (name, media_type, file) in [
        ("a.pdf", PDF, &page[..]),
        ("a.png", "image/png", b"\xff\xd8\xff\xe0\0\x10JFIF"),
        ("a.jpg", "image/jpeg", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("a.txt", "text/plain", b"MZ\x90\0\x03\0\0\0"),
        ("a.csv", "text/csv; charset=utf-8", b"%PDF-1.7"),
        ("a.xlsx", xlsx, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ] {
        let put = clinic.bring(name, media_type, file);
        put.violates(&[("", "media_type")]);
    }
    clinic
        .bring("a.bat", "text/plain", b"del *")
        .violates(&[("/name", "file_extension")]);
    let other = clinic.put(&format!("{}?name=a.pdf", path(b"%PDF-1")));
    let other = other.body(PDF, b"%PDF-2");
    other.violates(&[("", "digest_mismatch")]);
    clinic
        .bring("a.txt", "text/plain", b"")
        .violates(&[("", "empty_file")]);
    assert!(clinic.list("/evidence-files").is_empty());

    for (name, media_type, file) in [
        (
            "会議の記録.txt",
            "text/plain; charset=Shift_JIS",
            &b"\x89\xef\x8bc\r\n"[..],
        ),
        ("台帳.xlsx", xlsx, b"PK\x03\x04\x14\0\x06\0"),
        (
            "サーバー室.JPG",
            "image/jpeg",
            b"\xff\xd8\xff\xe0\0\x10JFIF",
        ),
    ] {
        clinic.bring(name, media_type, file).created();
    }
}

fn a_name_that_leads_elsewhere_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let file = pdf(100, 1);
    let long = format!("{}.pdf", "長".repeat(84));
    for (name, code) in [
        ("../../etc/passwd.pdf", "file_name"),
        ("..\\a.pdf", "file_name"),
        ("/a.pdf", "file_name"),
        ("C:\\a.pdf", "file_name"),
        ("..", "file_name"),
        ("con.pdf", "file_name"),
        ("a.pdf ", "file_name"),
        ("a\0.pdf", "control"),
        ("a\r\nX-Evil: 1.pdf", "control"),
        ("a\u{202e}fdp.pdf", "bidi"),
        ("", "empty"),
        (&long, "too_long"),
    ] {
        clinic.bring(name, PDF, &file).violates(&[("/name", code)]);
    }
    let unnamed = clinic.put(&path(&file)).body(PDF, file.as_slice());
    unnamed.refused(400, "bad_query");
    assert!(clinic.list("/evidence-files").is_empty());
}

fn a_file_that_is_too_large_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let mut file = pdf(20 * 1024 * 1024, 1);
    clinic.bring("大きい.pdf", PDF, &file).created();
    file.push(0);
    clinic
        .bring("大きすぎる.pdf", PDF, &file)
        .refused(413, "too_large");
    assert_eq!(clinic.list("/evidence-files").len(), 1);
}

fn what_no_record_names_is_swept_after_a_day(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let (file, other) = (pdf(300_000, 1), pdf(100, 2));
    clinic.bring("a.pdf", PDF, &file).created();
    app.advance(SignedDuration::from_hours(23));
    clinic.bring("b.pdf", PDF, &other).created();
    app.step_jobs();
    assert_eq!(clinic.list("/evidence-files").len(), 2);
    app.advance(SignedDuration::from_hours(1));
    app.step_jobs();
    clinic.get(&path(&file)).refused(404, "not_found");
    let names: Vec<Value> = clinic
        .list("/evidence-files")
        .iter()
        .map(|file| file["name"].clone())
        .collect();
    assert_eq!(names, ["b.pdf"]);
    clinic.bring("a.pdf", PDF, &file).created();
}

fn only_so_much_waits_for_a_record_that_names_it(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    for seed in 0..10 {
        let file = pdf(20 * 1024 * 1024, seed);
        clinic.bring(&format!("{seed}.pdf"), PDF, &file).created();
    }
    let more = pdf(100, 10);
    clinic
        .bring("more.pdf", PDF, &more)
        .refused(409, "too_much_waits");
    let other = app.institution("よその医院");
    other.bring("more.pdf", PDF, &more).created();
    app.advance(SignedDuration::from_hours(24));
    app.step_jobs();
    clinic.bring("more.pdf", PDF, &more).created();
}

fn nobody_elses_files_are_told_of(app: &TestApp) {
    let [clinic, other] = ["サンプル医院", "よその医院"].map(|name| app.institution(name));
    let vendor = app.vendor("見本電子カルテ株式会社");
    let file = pdf(100, 1);
    clinic.bring("a.pdf", PDF, &file).created();
    other.get(&path(&file)).refused(404, "not_found");
    assert!(other.list("/evidence-files").is_empty());
    other.bring("b.pdf", PDF, &file).created();
    assert_eq!(clinic.list("/evidence-files")[0]["name"], "a.pdf");
    // Files of vendors are others than those of institutions, also where they are the same.
    vendor.bring(&file).created();
    let attachment = format!("/attachments/{}", sha256_of(&file));
    clinic.get(&attachment).refused(404, "not_found");
    vendor.get(&path(&file)).refused(403, "forbidden");
}
