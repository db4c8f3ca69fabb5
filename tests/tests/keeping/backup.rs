//! Backups: made while the service runs, brought back only where nothing is overwritten, and never behind what was
//! answered.

use std::fs;
use std::path::{Path, PathBuf};

use kaiji_tests::{Database, Home};
use serde_json::Value;

use super::{
    Answered, done, high_water, noted, on_both_homes, refuses_to_start, starts, stop, submit,
    verified_size,
};

on_both_homes!(
    the_newest_backup_comes_back_whole_and_serves,
    an_older_backup_is_not_brought_back_nor_served_where_more_was_answered,
    what_is_not_the_backup_that_was_made_is_refused,
);

/// Settings of a database that does not exist or is empty, beside the same keys and high-water file.
fn vacant(home: &Home) -> (Option<Database>, String) {
    if home.database().url().starts_with("sqlite:") {
        let other = "database = \"sqlite:other/kaiji.sqlite\"";
        return (None, other.to_owned());
    }
    let other = Database::postgres();
    let setting = format!("database = \"{}\"", other.url());
    (Some(other), setting)
}

/// Does something with settings of a vacant database, then goes back to the first.
fn elsewhere(home: &Home, act: impl FnOnce()) {
    let (other, settings) = vacant(home);
    home.set(&settings);
    act();
    // Before the database is taken away.
    drop(other);
    let _ = fs::remove_dir_all(home.directory().join("other"));
    home.set(&format!("database = \"{}\"", own(home)));
}

/// The address of the database that the home began with.
fn own(home: &Home) -> String {
    let url = home.database().url();
    let embedded = url.starts_with("sqlite:");
    if embedded {
        "sqlite:var/kaiji.sqlite"
    } else {
        url
    }
    .to_owned()
}

fn back_up(home: &Home, name: &str) -> (PathBuf, Value) {
    let manifest = done(home, &["backup", "--output", name, "--json"]);
    (home.directory().join(name), manifest)
}

fn reads(vendor: &kaiji_tests::Vendor, answered: &Answered) {
    let path = format!("/statements/{}", kaiji_tests::sha256(&answered.jws));
    let read = vendor.get(&path).header("Accept", "application/jose");
    assert_eq!(read.send().expect(200).text(), answered.jws);
}

fn the_newest_backup_comes_back_whole_and_serves(home: &Home) {
    let operator = home.operator();
    let program = home.serve();
    let vendor = operator.vendor("株式会社見本");
    let answered = submit(&vendor);
    let (folder, manifest) = back_up(home, "backup");
    stop(program);
    let size = noted(home).size;
    assert_eq!(manifest["size"], size);
    let checkpoint = fs::read_to_string(folder.join("checkpoint")).unwrap();
    assert_eq!(checkpoint, fs::read_to_string(high_water(home)).unwrap());
    assert_no_private_key(&folder);
    let again = home.run(&["backup", "--output", "backup"]);
    assert_eq!(again.status, Some(3), "{again:?}");
    let occupied = home.run(&["restore", "--from", "backup"]);
    assert_eq!(occupied.status, Some(3), "{occupied:?}");
    assert!(occupied.stderr.contains("not empty"), "{occupied:?}");

    elsewhere(home, || {
        let restored = home.run(&["restore", "--from", "backup"]);
        assert_eq!(restored.status, Some(0), "{restored:?}");
        assert!(
            restored.stdout.contains("verified from leaf 0"),
            "{restored:?}"
        );
        assert_eq!(verified_size(home), size);
        let program = home.serve();
        reads(&vendor, &answered);
        submit(&vendor);
        stop(program);
        assert_eq!(verified_size(home), size + 1);
    });
}

fn assert_no_private_key(folder: &Path) {
    for file in fs::read_dir(folder).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let found = bytes.windows(11).any(|window| window == b"PRIVATE KEY");
        assert!(!found);
    }
}

fn an_older_backup_is_not_brought_back_nor_served_where_more_was_answered(home: &Home) {
    let operator = home.operator();
    let program = home.serve();
    let vendor = operator.vendor("株式会社見本");
    submit(&vendor);
    let (_, older) = back_up(home, "older");
    submit(&vendor);
    stop(program);
    let size = noted(home).size;
    assert_eq!(older["size"], size - 1);
    elsewhere(home, || {
        let refused = home.run(&["restore", "--from", "older"]);
        assert_eq!(refused.status, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("newer backup"), "{refused:?}");
        // Where nothing knows better, it is brought back; a service that knows does not go on with it.
        let aside = home.directory().join("aside");
        fs::rename(high_water(home), &aside).unwrap();
        done(home, &["restore", "--from", "older", "--json"]);
        fs::rename(&aside, high_water(home)).unwrap();
        let sizes = [format!("{size} leaves"), format!("has {}", size - 1)];
        refuses_to_start(home, &[&sizes[0], &sizes[1], "kaiji restore"]);
        assert_eq!(verified_size(home), size - 1, "nothing was appended");
    });
    starts(home);
}

fn what_is_not_the_backup_that_was_made_is_refused(home: &Home) {
    home.operator();
    starts(home);
    let (folder, manifest) = back_up(home, "backup");
    let files = manifest["files"].as_object().unwrap();
    let copy = files.keys().find(|name| name.starts_with("kaiji")).unwrap();
    let copy = folder.join(copy);
    let mut bytes = fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&copy, &bytes).unwrap();
    elsewhere(home, || {
        let refused = home.run(&["restore", "--from", "backup"]);
        assert_eq!(refused.status, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("another backup"), "{refused:?}");
        let nowhere = home.run(&["restore", "--from", "nowhere"]);
        assert_eq!(nowhere.status, Some(3), "{nowhere:?}");
    });
}
