//! What one uploaded SDS of 58 items costs in pure steps: verify, parse, compare, serialise, write as CSV rows.
//!
//! `cargo bench -p kaiji-schema`. The budget is 10 µs for a comparison.
#![allow(
    missing_docs,
    clippy::expect_used,
    reason = "a benchmark is run by people, and criterion's macro writes its main"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kaiji_schema::comparison::{Comparison, compare};
use kaiji_schema::jws::{self, Document, Jws};
use kaiji_schema::key::SigningKey;
use kaiji_schema::requirement::{DEFAULT_SET, requirement_set};
use kaiji_schema::sheet::{ComparisonRow, ComparisonSheet, Encoding};
use kaiji_schema::statement::Statement;
use kaiji_schema::strict_json;

const PAYLOAD: &[u8] = include_bytes!("../../fixtures/statements/accepted/sds-sample.json");

fn statements(criterion: &mut Criterion) {
    let set = requirement_set(DEFAULT_SET).expect("the set is embedded");
    let statement = Statement::parse(PAYLOAD).expect("the sample is accepted");
    let comparison = compare(&statement, None, set);
    let json = serde_json::to_vec(&comparison).expect("a comparison has a JSON form");

    criterion.bench_function("strict JSON of a statement", |bencher| {
        bencher.iter(|| strict_json::parse(black_box(PAYLOAD)));
    });
    criterion.bench_function("parse a statement", |bencher| {
        bencher.iter(|| Statement::parse(black_box(PAYLOAD)));
    });
    criterion.bench_function("compare a statement", |bencher| {
        bencher.iter(|| compare(black_box(&statement), None, set));
    });
    criterion.bench_function("serialise a comparison", |bencher| {
        bencher.iter(|| serde_json::to_vec(black_box(&comparison)));
    });
    criterion.bench_function("read a comparison", |bencher| {
        bencher.iter(|| serde_json::from_slice::<Comparison<'_>>(black_box(&json)).is_ok());
    });
    for encoding in Encoding::ALL {
        let name = format!("write 58 rows of comparison.csv in {}", encoding.as_str());
        criterion.bench_function(&name, |bencher| {
            bencher.iter(|| write_rows(black_box(&comparison), encoding));
        });
    }
}

fn signatures(criterion: &mut Criterion) {
    let pem = include_str!("../../fixtures/keys/TEST-ONLY-vendor-es256.pem");
    let key = SigningKey::from_pem(pem).expect("the key is PKCS#8");
    let compact = jws::sign(Statement::TYP, PAYLOAD, &key).expect("the key signs");

    criterion.bench_function(
        "parse a JWS, verify ES256, parse its statement",
        |bencher| {
            bencher.iter(|| {
                let jws = Jws::parse(black_box(&compact)).expect("the JWS is well formed");
                jws::verify::<Statement>(jws, key.public()).expect("the signature is right")
            });
        },
    );
}

fn write_rows(comparison: &Comparison<'_>, encoding: Encoding) -> std::io::Result<Vec<u8>> {
    let set = requirement_set(&comparison.requirement_set);
    let system = ComparisonRow::default();
    let mut sheet = ComparisonSheet::new(Vec::with_capacity(32 * 1024), encoding)?;
    for item in &comparison.items {
        sheet.row(&system.of_item(item, set))?;
    }
    sheet.finish().map(|(bytes, _)| bytes)
}

criterion_group!(pure, statements, signatures);
criterion_main!(pure);
