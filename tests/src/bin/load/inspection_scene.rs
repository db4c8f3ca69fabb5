//! What is measured of an inspection: a large hospital with three hundred systems, each with both forms of its own product.

use std::time::Instant;

use kaiji_tests::{Database, Home};
use serde_json::json;

use crate::process;
use crate::table::Table;

/// How many systems the hospital has.
const SYSTEMS: usize = 300;

/// What the package may take, in seconds.
const SECONDS: f64 = 10.0;

/// What the package may take of memory, and have in size, in MiB.
const MEBIBYTES: f64 = 150.0;

pub fn large_hospital(table: &mut Table) {
    let home = Home::with(Database::sqlite(), "");
    let operator = home.operator();
    let program = home.serve();
    let vendor = operator.vendor("株式会社負荷");
    let hospital = operator.institution("負荷病院");
    for number in 0..SYSTEMS {
        let name = format!("製品{number}");
        let new = json!({ "name": name, "version": "1.0", "release": "listed" });
        let product = vendor.product_with(&new);
        for sample in ["sds-whole-form", "mds-sample"] {
            vendor.publish(&vendor.statement(sample, &product));
        }
        hospital.system(&format!("部門システム{number}"), &product);
    }
    let (resident, _) = process::memory(program.id());
    let started = Instant::now();
    let inspection = hospital.post("/inspections").created();
    let froze = started.elapsed().as_secs_f64();
    let (_, frozen) = process::memory(program.id());
    let path = format!("/inspections/{}", inspection["id"].as_str().unwrap());
    let started = Instant::now();
    let package = hospital.get(&format!("{path}/package")).send().expect(200);
    let packed = started.elapsed().as_secs_f64();
    let (_, highest) = process::memory(program.id());
    let size = package.body.len() as f64 / 1024.0 / 1024.0;
    let started = Instant::now();
    let document = hospital.get(&format!("{path}/document")).send().expect(200);
    let printed = started.elapsed().as_secs_f64();
    let again = hospital.get(&format!("{path}/package")).send().expect(200);
    assert!(again.body == package.body, "the same bytes");
    let what = format!("the inspection of {SYSTEMS} systems with both forms");
    table.row(
        &format!("{what}: frozen and packed"),
        format!("< {SECONDS} s"),
        format!("{froze:.1} s and {packed:.1} s, of which the PDF {printed:.1} s"),
        froze + packed < SECONDS,
    );
    table.row(
        &format!("{what}: size of the package"),
        format!("< {MEBIBYTES} MiB"),
        format!(
            "{size:.1} MiB, of which the PDF {:.1} MiB",
            document.body.len() as f64 / 1024.0 / 1024.0
        ),
        size < MEBIBYTES,
    );
    table.row(
        &format!("{what}: resident memory of the service"),
        format!("< {MEBIBYTES} MiB"),
        format!("{resident:.0} MiB before, {frozen:.0} MiB when it was frozen, {highest:.0} MiB at its highest"),
        highest < MEBIBYTES,
    );
}
