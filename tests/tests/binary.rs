//! The built executable: how it starts, refuses to start and ends. What is left when it is killed is told in `keeping`.

#![allow(clippy::unwrap_used, reason = "what fails in a test is what it is for")]

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kaiji_tests::Home;

fn is_ready(home: &Home) -> bool {
    home.site().call("GET", "/readyz").send().status == 200
}

fn keys(home: &Home) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(home.directory().join("var/keys")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_embedded_default_makes_what_it_needs_ends_cleanly_and_starts_again() {
    let home = Home::empty();
    let program = home.serve();
    assert!(is_ready(&home));
    let made = keys(&home);
    assert_eq!(made.len(), 4, "{made:?}");
    for path in made.keys() {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
    let ended = program.terminate();
    assert_eq!(ended.status, Some(0), "{ended:?}");

    let program = home.serve();
    assert!(is_ready(&home));
    assert_eq!(keys(&home), made, "the keys are made once");
    assert_eq!(program.terminate().status, Some(0));
}

#[test]
fn a_port_that_is_taken_is_named_and_ends_the_start_with_status_3() {
    let home = Home::empty();
    let taken = take(home.port());
    let ended = home.try_serve().err().unwrap();
    drop(taken);
    assert_eq!(ended.status, Some(3), "{ended:?}");
    let address = format!("127.0.0.1:{}", home.port());
    assert!(ended.stderr.contains(&address), "{ended:?}");
}

/// Listens on a port that was free a moment ago. A process that another test starts just then holds it from its fork
/// to its exec.
fn take(port: u16) -> TcpListener {
    for _ in 0..500 {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("port {port} is not free");
}

#[test]
fn a_mistake_in_the_settings_is_named_and_ends_the_start_with_status_2() {
    for (settings, named) in [
        ("databse = \"sqlite:kaiji.sqlite\"", "databse"),
        ("database = \"mysql://localhost/kaiji\"", "database"),
        ("public_url = \"kaiji.example.jp\"", "public_url"),
        ("readers = \"many\"", "readers"),
        ("readers = 0", "readers"),
    ] {
        let home = Home::empty();
        home.set(settings);
        let ended = home.try_serve().err().unwrap();
        assert_eq!(ended.status, Some(2), "{settings}: {ended:?}");
        assert!(ended.stderr.contains(named), "{settings}: {ended:?}");
    }
}

#[test]
fn keys_that_are_lost_are_not_replaced_where_receipts_were_signed_with_them() {
    let home = Home::empty();
    let operator = home.operator();
    let program = home.serve();
    operator.vendor("株式会社見本");
    assert_eq!(program.terminate().status, Some(0));

    let key = home.directory().join("var/keys/receipt.pem");
    let aside = home.directory().join("receipt.pem");
    fs::rename(&key, &aside).unwrap();
    let ended = home.try_serve().err().unwrap();
    assert_eq!(ended.status, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("backup"), "{ended:?}");
    assert!(!key.exists(), "no other key takes its place");

    fs::rename(&aside, &key).unwrap();
    let _program = home.serve();
    assert!(is_ready(&home));
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let home = Home::empty();
    let program = home.serve();
    assert!(is_ready(&home));
    assert_eq!(program.terminate().status, Some(0));
    let key = home.directory().join("var/keys/log.pem");
    set_mode(&key, 0o640);
    let ended = home.try_serve().err().unwrap();
    assert_eq!(ended.status, Some(3), "{ended:?}");
    let mended = format!("chmod 600 {}", "var/keys/log.pem");
    assert!(ended.stderr.contains(&mended), "{ended:?}");

    set_mode(&key, 0o600);
    let _program = home.serve();
    assert!(is_ready(&home));
}

#[test]
fn the_first_administrator_is_invited_from_the_shell_and_nothing_secret_is_printed() {
    let home = Home::empty();
    let done = |arguments: &[&str]| {
        let ended = home.run(arguments);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        ended.stdout
    };
    let made = done(&["admin", "institution", "--name", "サンプル医院", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let clinic = made["id"].as_str().unwrap();
    let email = "hanako@clinic.example.jp";
    let invite = [
        "admin",
        "user",
        "--organisation",
        clinic,
        "--name",
        "見本 花子",
        "--email",
        email,
    ];
    let invited = done(&[&invite[..], &["--role", "editor", "--json"]].concat());
    let user: serde_json::Value = serde_json::from_str(&invited).unwrap();
    assert_eq!(user["state"], "invited");
    assert_eq!(
        user["roles"],
        serde_json::json!(["editor", "administrator"])
    );
    assert!(
        !invited.contains("lnk_") && !invited.contains('#'),
        "{invited}"
    );
    let again = home.run(&invite);
    assert_eq!(again.status, Some(1), "{again:?}");
    assert!(again.stderr.contains("--email"), "{again:?}");
}
