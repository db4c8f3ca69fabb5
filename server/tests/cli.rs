//! The built binary: what its offline commands answer, how they refuse, and their exit statuses.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where it cannot go on; clippy takes its helpers for other code"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kaiji::config::Config;
use serde_json::{Value, json};

const DONE: i32 = 0;
const NO: i32 = 1;
const USAGE: i32 = 2;
const FAILED: i32 = 3;

/// A directory of its own for one test.
struct Place(PathBuf);

impl Place {
    fn of(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, contents: &str) -> PathBuf {
        fs::write(self.file(name), contents).unwrap();
        self.file(name)
    }

    /// Runs `kaiji` there.
    fn kaiji(&self, arguments: &[&str]) -> Ran {
        let ran = Command::new(env!("CARGO_BIN_EXE_kaiji"))
            .args(arguments)
            .current_dir(&self.0)
            .env_remove("KAIJI_CLIENT_ID")
            .env_remove("KAIJI_CLIENT_KEY")
            .stdin(Stdio::null())
            .output();
        Ran(ran.unwrap())
    }
}

struct Ran(Output);

impl Ran {
    /// Expects an exit status; answers what was printed.
    #[track_caller]
    fn ends(&self, status: i32) -> &Self {
        assert_eq!(
            self.0.status.code(),
            Some(status),
            "{}{}",
            self.out(),
            self.err()
        );
        self
    }

    fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.0.stdout).unwrap()
    }
}

fn fixture(path: &str) -> String {
    format!("{}/../fixtures/{path}", env!("CARGO_MANIFEST_DIR"))
}

fn sample() -> String {
    fixture("statements/accepted/sds-sample.json")
}

#[test]
fn a_new_key_signs_what_verifies_and_compares() {
    let place = Place::of("a_new_key_signs");
    let made = place
        .kaiji(&["key", "new", "--out", "vendor.pem", "--json"])
        .ends(DONE)
        .json();
    assert_eq!(made["algorithm"], "ES256");
    assert_eq!(made["jwk"]["crv"], "P-256");
    assert_eq!(made["public_key"], "vendor.pub.pem");
    let signed = place.kaiji(&["sign", &sample(), "--key", "vendor.pem"]);
    let compact = signed.ends(DONE).out();
    assert!(
        !compact.contains(char::is_whitespace),
        "a JWS holds no line feed"
    );
    place.write("sds.jws", &format!("{compact}\n"));
    let verified = place.kaiji(&["verify", "sds.jws", "--key", "vendor.pub.pem", "--json"]);
    let verified = verified.ends(DONE).json();
    assert_eq!(verified["verified"], true);
    assert_eq!(verified["typ"], "kaiji-statement+jws");
    assert_eq!(verified["kid"], made["kid"]);
    let compared = place.kaiji(&["compare", "sds.jws", "--json"]);
    let comparison = compared.ends(DONE).json();
    assert_eq!(comparison["statement"], verified["sha256"]);
    assert_eq!(comparison["summary"]["items"], 58);
    assert_eq!(comparison["items"].as_array().unwrap().len(), 58);
    assert!(compared.err().contains("the signature was not checked"));
}

#[test]
fn both_kinds_of_keys_are_made_and_sign() {
    let place = Place::of("both_kinds_of_keys");
    for alg in ["ES256", "EdDSA"] {
        let file = format!("{alg}.pem");
        place
            .kaiji(&["key", "new", "--alg", alg, "--out", &file])
            .ends(DONE);
        let out = format!("{alg}.jws");
        place
            .kaiji(&["sign", &sample(), "--key", &file, "--out", &out])
            .ends(DONE);
        let public = format!("{alg}.pub.pem");
        place.kaiji(&["verify", &out, "--key", &public]).ends(DONE);
    }
    place
        .kaiji(&["key", "new", "--alg", "RS256", "--out", "x.pem"])
        .ends(USAGE);
}

#[test]
fn a_private_key_is_for_its_owner_alone_and_never_overwritten() {
    let place = Place::of("a_private_key_is_for_its_owner");
    place
        .kaiji(&["key", "new", "--out", "vendor.pem"])
        .ends(DONE);
    let mode = fs::metadata(place.file("vendor.pem"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = fs::read(place.file("vendor.pem")).unwrap();
    let again = place.kaiji(&["key", "new", "--out", "vendor.pem"]);
    assert!(
        again
            .ends(FAILED)
            .err()
            .contains("vendor.pem is there already")
    );
    assert_eq!(fs::read(place.file("vendor.pem")).unwrap(), before);
}

#[test]
fn what_breaks_the_rules_is_not_signed_and_every_violation_is_listed() {
    let place = Place::of("what_breaks_the_rules");
    place
        .kaiji(&["key", "new", "--out", "vendor.pem"])
        .ends(DONE);
    let broken = fixture("statements/rejected/answer-unknown.json");
    let refused = place.kaiji(&["sign", &broken, "--key", "vendor.pem", "--out", "x.jws"]);
    assert!(
        refused
            .ends(NO)
            .err()
            .contains("/answers/17.1/answer: must be yes, no or")
    );
    assert!(!place.file("x.jws").exists());
    let refused = place.kaiji(&["sign", &broken, "--key", "vendor.pem", "--json"]);
    let listed = refused.ends(NO).json();
    assert_eq!(listed["violations"][0]["pointer"], "/form");
    assert_eq!(listed["violations"][0]["code"], "choice");
}

#[test]
fn other_documents_are_signed_under_a_typ_of_their_own() {
    let place = Place::of("other_documents");
    let made = place
        .kaiji(&["key", "new", "--out", "vendor.pem", "--json"])
        .ends(DONE)
        .json();
    let digest = "0a".repeat(32);
    let documents = [
        (
            "key-proof",
            json!({ "challenge": "c", "issuer": "ven_1", "jwk": made["jwk"] }),
        ),
        (
            "kaiji-key-approval+jws",
            json!({ "issuer": "ven_1", "kid": made["kid"] }),
        ),
        (
            "withdrawal",
            json!({ "issuer": "ven_1", "statement_sha256": digest, "reason": "誤記" }),
        ),
        (
            "confirmation",
            json!({ "issuer": "ven_1", "statement_sha256": digest, "confirmed_on": "2026-11-01" }),
        ),
    ];
    for (typ, payload) in documents {
        place.write("payload.json", &payload.to_string());
        let arguments = [
            "sign",
            "payload.json",
            "--key",
            "vendor.pem",
            "--typ",
            typ,
            "--out",
            "x.jws",
        ];
        place.kaiji(&arguments).ends(DONE);
        place
            .kaiji(&["verify", "x.jws", "--key", "vendor.pub.pem"])
            .ends(DONE);
        place
            .kaiji(&["sign", &sample(), "--key", "vendor.pem", "--typ", typ])
            .ends(NO);
    }
}

#[test]
fn a_changed_byte_or_another_key_does_not_verify() {
    let place = Place::of("a_changed_byte");
    place.kaiji(&["key", "new", "--out", "one.pem"]).ends(DONE);
    place.kaiji(&["key", "new", "--out", "two.pem"]).ends(DONE);
    place
        .kaiji(&["sign", &sample(), "--key", "one.pem", "--out", "x.jws"])
        .ends(DONE);
    let other = place.kaiji(&["verify", "x.jws", "--key", "two.pub.pem", "--json"]);
    let other = other.ends(NO).json();
    assert_eq!(
        (&other["verified"], &other["code"]),
        (&json!(false), &json!("kid"))
    );
    let compact = fs::read_to_string(place.file("x.jws")).unwrap();
    let (signed, signature) = compact.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    place.write(
        "changed.jws",
        &format!("{signed}.{first}{}", &signature[1..]),
    );
    let changed = place.kaiji(&["verify", "changed.jws", "--key", "one.pub.pem"]);
    assert!(
        changed
            .ends(NO)
            .err()
            .contains("changed.jws is NOT verified")
    );
    place.write("none.jws", "not a JWS");
    place
        .kaiji(&["verify", "none.jws", "--key", "one.pub.pem"])
        .ends(NO);
}

#[test]
fn what_should_be_a_key_and_is_none_is_wrong_usage() {
    let place = Place::of("what_should_be_a_key");
    place.write("not.pem", "no key");
    let signed = place.kaiji(&["sign", &sample(), "--key", "not.pem"]);
    assert!(
        signed
            .ends(USAGE)
            .err()
            .contains("not.pem cannot be used as the key")
    );
    place
        .kaiji(&["sign", &sample(), "--key", "absent.pem"])
        .ends(FAILED);
    let private = fixture("keys/TEST-ONLY-vendor-es256.pem");
    place
        .kaiji(&["verify", &sample(), "--key", &private])
        .ends(USAGE);
}

#[test]
fn compare_flags_without_failing_unless_it_is_strict() {
    let place = Place::of("compare_flags");
    let shown = place.kaiji(&["compare", &sample()]).ends(DONE).out();
    for expected in [
        "58項目：適合",
        "No.17.1",
        "要リスク評価",
        "要確認",
        "未回答の項番がある",
    ] {
        assert!(shown.contains(expected), "{expected} is not in\n{shown}");
    }
    assert!(!shown.contains("電子署名済"));
    place.kaiji(&["compare", &sample(), "--strict"]).ends(NO);
    let unsigned = place
        .kaiji(&["compare", &sample(), "--json", "--strict"])
        .ends(NO)
        .json();
    assert_eq!(unsigned["statement"], Value::Null);
    assert_eq!(unsigned["requirement_set"], "mhlw-7.0-annex");
    assert_eq!(unsigned["summary"]["review_required"], true);
}

#[test]
fn compare_refuses_what_is_no_statement_and_sets_that_it_does_not_know() {
    let place = Place::of("compare_refuses");
    let broken = fixture("statements/rejected/answer-unknown.json");
    let refused = place.kaiji(&["compare", &broken]).ends(NO).err();
    assert!(
        refused.contains("/form: must be MDS or SDS (choice)"),
        "{refused}"
    );
    let listed = place.kaiji(&["compare", &broken, "--json"]).ends(NO).json();
    assert_eq!(listed["violations"].as_array().unwrap().len(), 3);
    place.write("two-parts.jws", "eyJ9.eyJ9");
    let listed = place
        .kaiji(&["compare", "two-parts.jws", "--json"])
        .ends(NO)
        .json();
    assert_eq!(listed["violations"][0]["code"], "not_compact");
    let unknown = place
        .kaiji(&["compare", &sample(), "--set", "other"])
        .ends(USAGE)
        .err();
    assert!(unknown.contains("known: mhlw-7.0-annex"), "{unknown}");
    place.kaiji(&["compare", "absent.json"]).ends(FAILED);
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let place = Place::of("a_reader_that_goes_away");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = Command::new(env!("CARGO_BIN_EXE_kaiji"))
        .args(["compare", &sample()])
        .current_dir(&place.0)
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(DONE));
    assert_eq!(ran.stderr, b"");
}

#[test]
fn a_service_that_is_not_there_could_not_be_reached() {
    let place = Place::of("a_service_that_is_not_there");
    place
        .kaiji(&["key", "new", "--out", "client.pem"])
        .ends(DONE);
    place
        .kaiji(&["sign", &sample(), "--key", "client.pem", "--out", "x.jws"])
        .ends(DONE);
    // Port 1 of this machine: nobody serves there.
    let to = [
        "submit",
        "x.jws",
        "--url",
        "http://127.0.0.1:1",
        "--client-key",
        "client.pem",
    ];
    place.kaiji(&to).ends(USAGE);
    let ran = place.kaiji(&[&to[..], &["--client-id", "cli_1"]].concat());
    assert!(ran.ends(FAILED).err().contains("could not be reached"));
}

#[test]
fn the_operator_makes_organisations_and_clients_on_the_machine_itself() {
    let place = Place::of("the_operator_makes");
    let client = [
        "admin",
        "operator",
        "--name",
        "運営者",
        "--new-key",
        "operator.pem",
        "--json",
    ];
    let operator = place.kaiji(&client).ends(DONE).json();
    assert_eq!(operator["scopes"], json!(["admin"]));
    let vendor = [
        "admin",
        "vendor",
        "--name",
        "見本",
        "--corporate-number",
        "9999999999999",
    ];
    let made = place
        .kaiji(&[&vendor[..], &["--json"]].concat())
        .ends(DONE)
        .json();
    let taken = place.kaiji(&vendor).ends(NO).err();
    assert!(
        taken.contains("--corporate-number: another vendor has this number"),
        "{taken}"
    );
    let code = [
        "--medical-institution-code",
        "9999999",
        "--prefecture",
        "13",
        "--fee-table",
        "1",
    ];
    let institution = ["admin", "institution", "--name", "サンプル医院", "--json"];
    let institution = place
        .kaiji(&[&institution[..], &code].concat())
        .ends(DONE)
        .json();
    assert_eq!(institution["medical_institution_code"], "1319999999");
    let vendor = made["id"].as_str().unwrap();
    let client = |scope| {
        [
            "admin",
            "client",
            "--organisation",
            vendor,
            "--name",
            "build",
            "--scope",
            scope,
        ]
    };
    let new_key = ["--new-key", "build.pem", "--json"];
    place
        .kaiji(&[&client("reviews:write")[..], &new_key].concat())
        .ends(NO);
    assert!(
        !place.file("build.pem").exists(),
        "the key of a client that was not made"
    );
    let made = place.kaiji(&[&client("statements:write")[..], &new_key].concat());
    assert_eq!(made.ends(DONE).json()["organisation"], vendor);
    assert!(place.file("build.pem").exists());
}

#[test]
fn wrong_numbers_are_refused_by_the_name_of_their_option() {
    let place = Place::of("wrong_numbers");
    let mistyped = [
        "admin",
        "vendor",
        "--name",
        "見本",
        "--corporate-number",
        "9999999999998",
    ];
    let refused = place.kaiji(&mistyped).ends(NO).err();
    assert!(
        refused.contains("--corporate-number: the check digit does not fit"),
        "{refused}"
    );
    let half = [
        "admin",
        "institution",
        "--name",
        "医院",
        "--prefecture",
        "13",
    ];
    place.kaiji(&half).ends(USAGE);
    place
        .kaiji(&["admin", "operator", "--name", "運営者"])
        .ends(USAGE);
}

#[test]
fn check_config_says_what_is_missing_and_makes_nothing() {
    let place = Place::of("check_config");
    let fresh = place.kaiji(&["check-config", "--json"]).ends(DONE).json();
    assert_eq!(fresh["ok"], true);
    assert_eq!(fresh["settings"]["database"], "sqlite:var/kaiji.sqlite");
    assert_eq!(fresh["to_be_made"][0], "the database var/kaiji.sqlite");
    assert!(!place.file("var").exists());
    place.kaiji(&["migrate"]).ends(DONE);
    assert_eq!(
        place.kaiji(&["migrate", "--json"]).ends(DONE).json(),
        json!({ "migrated": [] })
    );
    let ready = place.kaiji(&["check-config", "--json"]).ends(DONE).json();
    assert_eq!(ready["to_be_made"], json!([]));
    fs::set_permissions(
        place.file("var/keys/log.pem"),
        PermissionsExt::from_mode(0o644),
    )
    .unwrap();
    let exposed = place.kaiji(&["check-config"]).ends(NO).out();
    assert!(exposed.contains("chmod 600"), "{exposed}");
}

#[test]
fn settings_that_are_not_accepted_have_a_status_of_their_own() {
    let place = Place::of("settings_that_are_not_accepted");
    place.write("unknown.toml", "colour = 'red'");
    place.write("database.toml", "database = 'mysql://'");
    for file in ["unknown.toml", "database.toml"] {
        place.kaiji(&["check-config", "--config", file]).ends(NO);
        let refused = place.kaiji(&["serve", "--config", file]).ends(USAGE).err();
        assert!(
            refused.contains("the settings are not accepted"),
            "{refused}"
        );
    }
    place
        .kaiji(&["check-config", "--config", "absent.toml"])
        .ends(FAILED);
    place
        .kaiji(&["serve", "--config", "absent.toml"])
        .ends(FAILED);
}

#[test]
fn anchors_that_make_no_sense_are_named() {
    let place = Place::of("anchors_that_make_no_sense");
    place.write("not-a-root.pem", "-----BEGIN PRIVATE KEY-----");
    let of_a_log = "kaiji.example.jp+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let tsa = |more: &str| format!("[timestamps]\nurl = 'http://tsa.example.jp'\n{more}");
    for (settings, named) in [
        (
            "[timestamps]\nurl = 'tsa.example.jp'".to_owned(),
            "timestamps.url",
        ),
        (
            "[timestamps]\nurl = 'http://me:secret@tsa.jp'".to_owned(),
            "timestamps.url",
        ),
        (tsa("every_hours = 0"), "timestamps.every_hours"),
        (tsa("root = 'absent.pem'"), "absent.pem"),
        (tsa("root = 'not-a-root.pem'"), "timestamps.root"),
        (tsa("hours = 7"), "hours"),
        (
            "witnesses = ['witness.example.org']".to_owned(),
            "witnesses",
        ),
        (format!("witnesses = ['{of_a_log}']"), "witnesses"),
    ] {
        place.write("kaiji.toml", &settings);
        let told = place.kaiji(&["check-config", "--config", "kaiji.toml"]);
        let told = told.ends(NO).out();
        assert!(told.contains(named), "{settings}: {told}");
    }
    let root = fs::read_to_string(fixture("timestamps/TEST-ONLY-root.pem")).unwrap();
    place.write("root.pem", &root);
    place.write("kaiji.toml", &tsa("root = 'root.pem'"));
    let shown = place.kaiji(&["check-config", "--config", "kaiji.toml"]);
    let shown = shown.ends(DONE).out();
    assert!(
        shown.contains("http://tsa.example.jp, every 24 h"),
        "{shown}"
    );
}

#[test]
fn the_example_of_the_settings_is_the_defaults_and_what_it_leaves_out_is_accepted() {
    let place = Place::of("the_example_of_the_settings");
    let example = format!("{}/../config.example.toml", env!("CARGO_MANIFEST_DIR"));
    let read = Config::load(Some(Path::new(&example))).unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", Config::default()));
    // `# name = value` and `# [table]` are settings that are commented out; everything else is prose.
    let setting = |line: &str| {
        line.starts_with('[')
            || line
                .split_once(" = ")
                .is_some_and(|(name, _)| !name.contains(' '))
    };
    let all = fs::read_to_string(&example).unwrap();
    let all = all.lines().map(|line| match line.strip_prefix("# ") {
        Some(hidden) if setting(hidden) => hidden,
        _ => line,
    });
    let all = place.write("all.toml", &all.collect::<Vec<_>>().join("\n"));
    let all = Config::load(Some(&all)).unwrap();
    assert!(all.public_url.is_some() && all.log_name.is_some());
    assert!(all.metrics_listen.is_some() && all.clock.is_some());
    assert!(all.timestamps.is_some() && !all.witnesses.is_empty());
}

#[test]
fn a_demonstration_takes_no_directory_that_holds_something_else() {
    let place = Place::of("a_demonstration_takes_no_directory");
    place.write("thesis.txt", "precious");
    let refused = place
        .kaiji(&["demo", "--exit", "--dir", "."])
        .ends(USAGE)
        .err();
    assert!(refused.contains("--dir"), "{refused}");
    assert!(place.file("thesis.txt").exists());
}

#[test]
fn no_command_at_all_is_wrong_usage_and_help_is_not() {
    let place = Place::of("no_command_at_all");
    place.kaiji(&[]).ends(USAGE);
    place.kaiji(&["compose"]).ends(USAGE);
    assert!(
        place
            .kaiji(&["--help"])
            .ends(DONE)
            .out()
            .contains("Exit status")
    );
}

#[test]
fn the_demonstration_does_the_whole_job_and_ends() {
    let place = Place::of("the_demonstration");
    let told = place.kaiji(&["demo", "--exit"]).ends(DONE).out();
    for expected in [
        "No.17.1",
        "No.84",
        "要リスク評価",
        "要確認",
        "58項目",
        "41項目",
        "99行",
    ] {
        assert!(told.contains(expected), "{expected} is not in\n{told}");
    }
    let csv = fs::read(place.file("var/demo/comparison.csv")).unwrap();
    assert!(csv.starts_with("\u{feff}医療機関コード,".as_bytes()));
    let demo = |name: &str| format!("var/demo/{name}");
    for name in ["sds", "mds"] {
        let received = demo(&format!("institution/{name}.jws"));
        place
            .kaiji(&[
                "verify",
                &received,
                "--key",
                &demo("vendor/signing.pub.pem"),
            ])
            .ends(DONE);
        let receipt = demo(&format!("institution/{name}-receipt.jws"));
        place
            .kaiji(&[
                "verify",
                &receipt,
                "--key",
                &demo("service-receipt-key.jwk"),
            ])
            .ends(DONE);
    }
    let said = place.kaiji(&["verify", &demo("evidence")]).ends(DONE).out();
    assert!(said.contains("すべての確認に合格しました"), "{said}");
    let guide = place.file("var/demo/evidence/はじめに読む.txt");
    fs::write(guide, "another guide").unwrap();
    place.kaiji(&["verify", &demo("evidence")]).ends(NO);
    let letters = fs::read_dir(place.file("var/demo/service/letters")).unwrap();
    assert!(letters.count() > 2, "to the vendor and to the clinic");
    let package = fs::read(place.file("var/demo/inspection.zip")).unwrap();
    assert!(package.starts_with(b"PK"));
    let document = fs::read(place.file("var/demo/inspection.pdf")).unwrap();
    assert!(document.starts_with(b"%PDF-1.7"));
    // Again, in the same place.
    place.kaiji(&["demo", "--exit"]).ends(DONE);
}

#[test]
fn the_demonstration_serves_on_until_it_is_interrupted() {
    let place = Place::of("the_demonstration_serves_on");
    let mut demo = Command::new(env!("CARGO_BIN_EXE_kaiji"))
        .arg("demo")
        .current_dir(&place.0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = Vec::new();
    for line in BufReader::new(demo.stdout.take().unwrap()).lines() {
        told.push(line.unwrap());
        if told.last().unwrap().contains("Ctrl-C") {
            break;
        }
    }
    let shell = |command: &str| {
        let ran = Command::new("sh")
            .args(["-c", command])
            .current_dir(&place.0)
            .output();
        Ran(ran.unwrap())
    };
    let beside = place.kaiji(&["demo", "--exit"]);
    assert!(
        beside
            .ends(USAGE)
            .err()
            .contains("another demonstration is running")
    );
    let submit = told.iter().find(|line| line.contains(" submit ")).unwrap();
    let again = shell(&format!("{submit} --json")).ends(DONE).json();
    assert_eq!(again["leaf_index"], 1, "the first receipt of the statement");
    let asking = submit.split_once(" --url ").unwrap().1;
    for output in ["all.zip", "all"] {
        let fetch = format!(
            "{} evidence --output {output} --url {asking}",
            env!("CARGO_BIN_EXE_kaiji")
        );
        shell(&fetch).ends(DONE);
        shell(&fetch).ends(USAGE);
    }
    assert!(fs::read(place.file("all.zip")).unwrap().starts_with(b"PK"));
    place.kaiji(&["verify", "all"]).ends(DONE);
    shell(&format!("kill -INT {}", demo.id())).ends(DONE);
    assert_eq!(demo.wait().unwrap().code(), Some(DONE));
}
