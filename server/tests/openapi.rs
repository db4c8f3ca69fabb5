//! `docs/openapi.json` is what the code says. Write it anew with `KAIJI_WRITE_OPENAPI=1 cargo test -p kaiji --test openapi`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not there fails the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kaiji::api::{openapi, operations};
use serde_json::Value;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

fn document() -> Value {
    serde_json::from_str(&openapi::text()).unwrap()
}

/// Every operation of the document with its path and method.
fn described(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, methods): (&String, &'_ Value)| -> Vec<_> {
        let path = path.clone();
        let methods = methods
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>();
        methods
            .into_iter()
            .map(|method| (path.clone(), method))
            .collect()
    };
    let all = paths.iter().flat_map(of_path);
    all.map(|(path, method)| {
        (
            path.clone(),
            method.to_uppercase(),
            &document["paths"][&path][&method],
        )
    })
    .collect()
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "whether to write the file is asked of the environment, here alone"
)]
fn the_file_is_what_the_code_says() {
    let text = openapi::text();
    if std::env::var_os("KAIJI_WRITE_OPENAPI").is_some() {
        fs::write(FILE, &text).unwrap();
    }
    let file = fs::read_to_string(Path::new(FILE)).unwrap_or_default();
    assert!(
        file == text,
        "docs/openapi.json is out of date: run `KAIJI_WRITE_OPENAPI=1 cargo test -p kaiji --test openapi`"
    );
}

#[test]
fn every_operation_of_the_router_is_described() {
    let document = document();
    let described: BTreeSet<_> = described(&document)
        .into_iter()
        .map(|(path, method, _)| (path, method))
        .collect();
    let routed: BTreeSet<_> = operations()
        .into_iter()
        .map(|operation| (operation.path.to_owned(), operation.method.to_string()))
        .collect();
    assert_eq!(described, routed);
}

#[test]
fn every_operation_says_who_may_use_it_and_asks_for_a_token_accordingly() {
    let document = document();
    for (path, method, operation) in described(&document) {
        let access = operation["x-kaiji-access"].as_array().unwrap();
        let security = operation["security"].as_array().unwrap();
        assert_eq!(access.is_empty(), security.is_empty(), "{method} {path}");
        let refuses = operation["responses"]["403"].is_object();
        assert_eq!(access.is_empty(), !refuses, "{method} {path}");
    }
}

#[test]
fn operation_ids_are_unique() {
    let document = document();
    let mut seen = BTreeSet::new();
    for (path, method, operation) in described(&document) {
        assert!(
            seen.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{method} {path}"
        );
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                members.values().for_each(|member| check(member, document));
            }
            Value::Array(items) => items.iter().for_each(|item| check(item, document)),
            _ => {}
        }
    }
    let document = document();
    check(&document, &document);
}
