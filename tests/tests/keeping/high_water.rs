//! The high-water file: what was answered for is never quietly forgotten.

use std::fs;
use std::path::Path;

use kaiji_tests::{Home, Operator, free_port};

use super::{high_water, noted, refuses_to_start, starts, stop, submit, verified_size};

/// Copies the embedded database, whose service is stopped.
fn copy_database(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in ["kaiji.sqlite", "kaiji.sqlite-wal", "kaiji.sqlite-shm"] {
        let _ = fs::remove_file(to.join(name));
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

/// A service with a vendor and a statement, stopped. Its database is copied to `older`, then it takes one more.
fn with_an_older_copy() -> (Home, Operator) {
    let home = Home::empty();
    let operator = home.operator();
    let program = home.serve();
    let vendor = operator.vendor("株式会社見本");
    submit(&vendor);
    stop(program);
    let (var, older) = (home.directory().join("var"), home.directory().join("older"));
    copy_database(&var, &older);
    let program = home.serve();
    submit(&vendor);
    stop(program);
    copy_database(&var, &home.directory().join("newest"));
    (home, operator)
}

#[test]
fn a_database_that_is_behind_what_was_answered_is_refused_until_a_newer_one_is_there() {
    let (home, _operator) = with_an_older_copy();
    let (var, size) = (home.directory().join("var"), noted(&home).size);
    copy_database(&home.directory().join("older"), &var);
    let behind = [
        "var/high-water.checkpoint",
        &format!("{size} leaves"),
        &format!("has {}", size - 1),
        "kaiji restore",
        "A restore that loses leaves",
    ];
    refuses_to_start(&home, &behind);
    assert_eq!(verified_size(&home), size - 1, "nothing was appended");
    let checked = home.run(&["check-config"]);
    assert_eq!(checked.status, Some(1), "{checked:?}");
    assert!(checked.stdout.contains("kaiji restore"), "{checked:?}");

    copy_database(&home.directory().join("newest"), &var);
    starts(&home);
    assert_eq!(noted(&home).size, size);
}

#[test]
fn a_database_that_went_on_from_an_older_copy_is_refused_however_long_it_is() {
    let (home, operator) = with_an_older_copy();
    let size = noted(&home).size;
    let aside = home.directory().join("aside");
    copy_database(
        &home.directory().join("older"),
        &home.directory().join("var"),
    );
    fs::rename(high_water(&home), &aside).unwrap();
    let program = home.serve();
    let vendor = operator.vendor("株式会社別");
    submit(&vendor);
    stop(program);
    assert!(noted(&home).size > size);

    fs::rename(&aside, high_water(&home)).unwrap();
    refuses_to_start(
        &home,
        &[
            "another history",
            &format!("first {size} of"),
            "kaiji restore",
        ],
    );
}

#[test]
fn a_database_that_is_gone_is_not_made_anew_where_something_was_answered() {
    let (home, _operator) = with_an_older_copy();
    let var = home.directory().join("var");
    for name in ["kaiji.sqlite", "kaiji.sqlite-wal", "kaiji.sqlite-shm"] {
        let _ = fs::remove_file(var.join(name));
    }
    refuses_to_start(&home, &["has 0", "kaiji restore"]);
    assert!(
        !var.join("kaiji.sqlite").exists(),
        "nothing is in the way of a backup"
    );
}

#[test]
fn a_high_water_file_that_is_not_this_logs_is_refused_with_what_to_do() {
    let (home, _operator) = with_an_older_copy();
    let (file, own) = (
        high_water(&home),
        fs::read_to_string(high_water(&home)).unwrap(),
    );
    fs::write(&file, "nonsense").unwrap();
    refuses_to_start(&home, &["is not a signed checkpoint", "kaiji log verify"]);

    let (origin, rest) = own.split_once('\n').unwrap();
    fs::write(&file, own.replace(origin, "elsewhere.example")).unwrap();
    refuses_to_start(&home, &["elsewhere.example", origin]);

    let smaller = rest.split_once('\n').unwrap().1;
    fs::write(&file, format!("{origin}\n1\n{smaller}")).unwrap();
    refuses_to_start(&home, &["not signed by any key"]);

    fs::write(&file, &own).unwrap();
    starts(&home);
}

#[test]
fn without_a_high_water_file_a_log_is_taken_as_it_is_with_a_warning_and_noted() {
    let (home, _operator) = with_an_older_copy();
    let before = noted(&home);
    fs::remove_file(high_water(&home)).unwrap();
    let program = home.serve();
    home.site().call("GET", "/readyz").ok();
    let ended = program.terminate();
    assert!(ended.stderr.contains("no high-water file"), "{ended:?}");
    assert_eq!(noted(&home), before);
}

#[test]
fn while_the_high_water_file_cannot_be_written_answers_hold_and_the_service_is_not_ready() {
    let home = Home::empty();
    let operator = home.operator();
    let _program = home.serve();
    let vendor = operator.vendor("株式会社見本");
    let before = noted(&home).size;
    let in_the_way = home.directory().join("var/high-water.checkpoint.new");
    fs::create_dir(&in_the_way).unwrap();
    submit(&vendor);
    assert_eq!(noted(&home).size, before);
    let ready = || home.site().call("GET", "/readyz").send().status;
    assert_eq!(ready(), 503);

    fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(ready(), 200, "tried again by itself");
    assert_eq!(noted(&home).size, before + 1);
}

#[test]
fn the_logs_name_is_the_databases_whatever_port_or_setting_comes_later() {
    let (home, operator) = with_an_older_copy();
    let name = noted(&home).origin;
    home.set("log_name = \"another.example\"");
    refuses_to_start(&home, &["another.example", &name, "log_name"]);

    home.set(&format!(
        "public_url = \"http://localhost:{}\"",
        free_port()
    ));
    starts(&home);
    home.set("");
    let program = home.serve();
    submit(&operator.vendor("株式会社見本"));
    stop(program);
    assert_eq!(noted(&home).origin, name);
    home.set(&format!("log_name = \"{name}\""));
    starts(&home);
    verified_size(&home);
}
