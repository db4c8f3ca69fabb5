//! What holds for every operation: pages, revisions, requests that come twice, problems.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use kaiji_tests::{TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_list_comes_in_pages_that_are_stable_and_complete,
    a_cursor_that_was_made_up_or_is_of_another_list_is_refused,
    a_limit_is_from_1_to_200,
    an_unknown_or_repeated_query_parameter_is_refused,
    a_request_that_comes_twice_makes_one_thing,
    an_idempotency_key_is_kept_for_24_hours_by_client_and_path,
    errors_are_not_kept_under_an_idempotency_key,
    what_is_not_there_is_a_problem_too,
    every_kind_of_problem_has_a_page,
    a_statement_is_shown_in_the_form_that_is_asked_for,
    an_unknown_requirement_set_or_form_is_refused,
    a_body_is_strict_json_of_a_bounded_size,
    answers_are_kept_out_of_caches_and_frames,
    the_document_names_every_operation_and_its_problems,
];

fn a_list_comes_in_pages_that_are_stable_and_complete(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let add = |number: u32| {
        clinic
            .post("/systems")
            .json(&json!({ "name": format!("装置{number}") }))
            .created()
    };
    let made: Vec<_> = (0..7).map(add).collect();

    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    let mut next = Some("/systems?limit=3".to_owned());
    while let Some(path) = next {
        let page = clinic.get(&path).ok();
        let items = page["items"].as_array().unwrap();
        sizes.push(items.len());
        seen.extend(items.iter().cloned());
        next = page["next"]
            .as_str()
            .map(|next| format!("/systems?limit=3&cursor={next}"));
    }
    assert_eq!(sizes, [3, 3, 1]);
    let ids = |systems: &[Value]| {
        systems
            .iter()
            .map(|system| system["id"].to_string())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(ids(&seen), ids(&made), "each of them once");

    let first = clinic.get("/systems?limit=3").ok();
    let next = format!(
        "/systems?limit=3&cursor={}",
        first["next"].as_str().unwrap()
    );
    let second = clinic.get(&next).ok();
    app.advance(SignedDuration::from_secs(1));
    add(8);
    assert_eq!(
        clinic.get(&next).ok(),
        second,
        "what comes later does not move what is there"
    );
}

fn a_cursor_that_was_made_up_or_is_of_another_list_is_refused(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    for name in ["一", "二"] {
        vendor.product(name);
        clinic
            .post("/systems")
            .json(&json!({ "name": name }))
            .created();
    }
    let page = clinic.get("/systems?limit=1").ok();
    let cursor = page["next"].as_str().unwrap();
    clinic.get(&format!("/systems?cursor={cursor}")).ok();
    clinic
        .get(&format!("/requests?cursor={cursor}"))
        .refused(400, "bad_cursor");
    for made_up in ["x", "AAAA", "c3lzXzAx", &*format!("{cursor}A"), "%00"] {
        clinic
            .get(&format!("/systems?cursor={made_up}"))
            .refused(400, "bad_cursor");
    }
}

fn a_limit_is_from_1_to_200(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    for fine in ["1", "200"] {
        clinic.get(&format!("/systems?limit={fine}")).ok();
    }
    for wrong in ["0", "201", "-1", "many", "1.5", "", "99999999999"] {
        clinic
            .get(&format!("/systems?limit={wrong}"))
            .refused(400, "bad_query");
    }
    for number in 0..51 {
        clinic
            .post("/systems")
            .json(&json!({ "name": format!("装置{number}") }))
            .created();
    }
    assert_eq!(
        clinic.get("/systems").ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        50
    );
}

fn an_unknown_or_repeated_query_parameter_is_refused(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    for wrong in [
        "/requests?status=open",
        "/requests?state=wild",
        "/requests?state=open&state=open",
        "/products?limit=1&limit=2",
    ] {
        vendor.get(wrong).refused(400, "bad_query");
    }
    vendor.get("/events?after=-1").refused(400, "bad_query");
    vendor.get("/events?cursor=x").refused(400, "bad_query");
    vendor
        .get("/exports/comparison.csv?encoding=utf-16")
        .refused(400, "bad_query");
}

fn a_request_that_comes_twice_makes_one_thing(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本");
    let cases = [
        (
            "/systems",
            json!({ "name": "電子カルテ" }),
            json!({ "name": "別の名前" }),
        ),
        (
            "/requests",
            json!({ "product": product }),
            json!({ "product": product, "message": "別" }),
        ),
    ];
    for (path, body, other) in cases {
        let post = |body| {
            clinic
                .post(path)
                .header("Idempotency-Key", "k-1")
                .json(body)
        };
        let first = post(&body).send().expect(201);
        let again = post(&body).send().expect(201);
        assert_eq!(again.json(), first.json(), "{path}");
        assert_eq!(again.header("Location"), first.header("Location"));
        post(&other).refused(422, "idempotency_key_reused");
        assert_eq!(clinic.list(path).len(), 1, "{path}");
    }

    let post = || {
        vendor
            .post("/products")
            .header("Idempotency-Key", "k-1")
            .json(&json!({ "name": "二度" }))
    };
    assert_eq!(post().created(), post().created());
    let change = json!({ "name": "改めた" });
    let id = post().created()["id"].as_str().unwrap().to_owned();
    vendor.patch(&format!("/products/{id}")).json(&change).ok();
    assert_eq!(
        post().created()["name"],
        "改めた",
        "a replay shows the resource as it is now"
    );
    assert_eq!(vendor.list("/products").len(), 2);
}

fn an_idempotency_key_is_kept_for_24_hours_by_client_and_path(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let other = app.institution("よその医院");
    let second = app.client_of(&clinic.organisation, &["requests:write"]);
    let body = json!({ "name": "電子カルテ" });
    let post = |client: &kaiji_tests::Client| {
        client
            .post("/systems")
            .header("Idempotency-Key", "k")
            .json(&body)
            .created()
    };
    let first = post(&clinic);
    assert_ne!(post(&other)["id"], first["id"]);
    assert_ne!(post(&second)["id"], first["id"]);
    app.advance(SignedDuration::from_hours(24) - SignedDuration::from_millis(1));
    assert_eq!(post(&clinic)["id"], first["id"]);
    app.advance(SignedDuration::from_millis(2));
    assert_ne!(post(&clinic)["id"], first["id"]);

    for malformed in ["", &*"k".repeat(256)] {
        let call = clinic
            .post("/systems")
            .header("Idempotency-Key", malformed)
            .json(&body);
        call.refused(400, "bad_header");
    }
}

fn errors_are_not_kept_under_an_idempotency_key(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本");
    let open = clinic.request(&product);
    let body = json!({ "product": product });
    let again = || {
        clinic
            .post("/requests")
            .header("Idempotency-Key", "k")
            .json(&body)
    };
    again().refused(409, "request_open");
    let _ = clinic.post(&format!("/requests/{open}/cancel")).ok();
    again().created();
}

fn what_is_not_there_is_a_problem_too(app: &TestApp) {
    app.nobody("GET", "/nothing").refused(404, "not_found");
    app.site().call("GET", "/").refused(404, "not_found");
    app.site()
        .call("GET", "/api/v1/systems/")
        .refused(404, "not_found");
    let answer = app.nobody("PUT", "/systems").send();
    let allowed: BTreeSet<_> = answer.header("Allow").unwrap().split(", ").collect();
    assert_eq!(allowed, BTreeSet::from(["GET", "POST"]));
    answer.problem(405, "method_not_allowed");
}

fn every_kind_of_problem_has_a_page(app: &TestApp) {
    for kind in ["violations", "signer_refused", "stale", "unavailable"] {
        let page = app
            .site()
            .call("GET", &format!("/problems/{kind}"))
            .send()
            .expect(200);
        assert!(!page.text().is_empty());
    }
    app.site()
        .call("GET", "/problems/unheard_of")
        .refused(404, "not_found");
}

fn a_statement_is_shown_in_the_form_that_is_asked_for(app: &TestApp) {
    let vendor = app.vendor("見本電子カルテ株式会社");
    let statement = vendor.statement("sds-sample", &vendor.product("見本"));
    let jws = vendor.sign(&statement);
    let submitted = vendor.submit(&jws).send().expect(201);
    let path = submitted
        .header("Location")
        .unwrap()
        .trim_start_matches("/api/v1")
        .to_owned();

    let view = vendor.get(&path).send().expect(200);
    assert_eq!(view.header("Content-Type"), Some("application/json"));
    assert_eq!(view.header("Vary"), Some("Accept"));
    assert_eq!(view.json()["payload"], statement);
    assert_eq!(view.json()["revision"], 1);
    for accept in [
        "application/jose",
        "application/json;q=0.1, application/jose",
    ] {
        let signed = vendor
            .get(&path)
            .header("Accept", accept)
            .send()
            .expect(200);
        assert_eq!(signed.header("Content-Type"), Some("application/jose"));
        assert_eq!(signed.text(), jws);
    }
    vendor
        .get(&path.to_uppercase().replace("STATEMENTS", "statements"))
        .refused(404, "not_found");
    vendor.get("/statements/nonsense").refused(404, "not_found");
}

fn an_unknown_requirement_set_or_form_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let system = clinic
        .post("/systems")
        .json(&json!({ "name": "電子カルテ" }))
        .created();
    let compare = |query: &str| {
        clinic.get(&format!(
            "/systems/{}/comparison?{query}",
            system["id"].as_str().unwrap()
        ))
    };
    compare("set=mhlw-7.0-annex&form=SDS").ok();
    compare("set=mhlw-99").refused(404, "unknown_requirement_set");
    compare("form=XDS").refused(400, "bad_query");
    app.nobody("GET", "/requirement-sets/mhlw-99")
        .refused(404, "unknown_requirement_set");
}

fn a_body_is_strict_json_of_a_bounded_size(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let post = |text: &str| clinic.post("/systems").body("application/json", text);
    for unreadable in [
        "",
        "{",
        "[1,]",
        r#"{"name":"a"} x"#,
        r#"{"name":"a","name":"b"}"#,
        r#"{"name":1.5}"#,
    ] {
        let problem = post(unreadable).refused(400, "unreadable");
        assert_eq!(problem.violations.len(), 1, "{unreadable}");
    }
    post("[]").violates(&[("", "type")]);
    let charset = clinic.post("/systems").body(
        "application/json; charset=utf-8",
        r#"{"name":"電子カルテ"}"#,
    );
    charset.created();
    let form = clinic.post("/systems").form(&[("name", "電子カルテ")]);
    form.refused(415, "unsupported_media_type");
    post(&format!(r#"{{"name":"{}"}}"#, "a".repeat(256 * 1024))).refused(413, "too_large");
}

fn answers_are_kept_out_of_caches_and_frames(app: &TestApp) {
    let answer = app
        .institution("サンプル医院")
        .get("/systems")
        .send()
        .expect(200);
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    assert!(answer.header("X-Request-Id").is_some());
    let other = app.nobody("GET", "/forms").send().expect(200);
    assert_ne!(other.header("X-Request-Id"), answer.header("X-Request-Id"));
}

fn the_document_names_every_operation_and_its_problems(app: &TestApp) {
    let document = app.nobody("GET", "/openapi.json").ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let submit = &document["paths"]["/api/v1/statements"]["post"];
    for status in [
        "200", "201", "400", "401", "403", "409", "413", "415", "422", "503",
    ] {
        assert!(submit["responses"][status].is_object(), "{status}");
    }
    assert!(submit["requestBody"]["content"]["application/jose"].is_object());
}
