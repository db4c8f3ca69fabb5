//! What people may do: by their roles, and for keys, users and releases with a fresh one-time code.

use jiff::SignedDuration;
use kaiji_tests::{Person, TestApp, on_both_databases};
use serde_json::json;

on_both_databases![
    who_reads_does_not_write,
    releasing_takes_an_approver_and_a_fresh_code,
    keys_take_a_key_manager,
    people_are_kept_by_an_administrator_with_a_fresh_code,
    who_signs_in_with_a_recovery_code_has_shown_no_fresh_code,
    programs_have_no_sessions_and_people_no_more_than_their_roles,
];

fn who_reads_does_not_write(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let viewer = Person::signed_in(app, &clinic, "viewer@clinic.example.jp", &["viewer"]);
    let editor = Person::signed_in(app, &clinic, "editor@clinic.example.jp", &["editor"]);
    let new = json!({ "name": "電子カルテ" });
    let refused = viewer.post("/systems").json(&new).refused(403, "forbidden");
    assert!(refused.detail.contains("requests:write"), "{refused:?}");
    let id = editor.post("/systems").json(&new).created()["id"].clone();
    let id = id.as_str().unwrap();
    let _ = viewer.get(&format!("/systems/{id}/comparison")).ok();
    viewer.get("/users").refused(403, "forbidden");
    viewer.get("/audit-events").refused(403, "forbidden");
    // What a person makes is made once as well.
    let make = || {
        editor
            .post("/systems")
            .header("Idempotency-Key", "k")
            .json(&new)
            .created()
    };
    assert_eq!(make()["id"], make()["id"]);
}

fn releasing_takes_an_approver_and_a_fresh_code(app: &TestApp) {
    let vendor = app.vendor("見本社");
    let clinic = app.institution("サンプル医院");
    let product = vendor.product("見本カルテ");
    let request = clinic.request(&product);
    let editor = Person::signed_in(app, &vendor, "editor@vendor.example.jp", &["editor"]);
    let approver = Person::signed_in(app, &vendor, "approver@vendor.example.jp", &["approver"]);
    let path = format!("/requests/{request}/release");
    let refused = editor.post(&path).refused(403, "forbidden");
    assert!(refused.detail.contains("approver"), "{refused:?}");

    // Signing in showed a code; it is fresh for ten minutes.
    app.advance(SignedDuration::from_mins(10));
    let refused = approver.post(&path).refused(403, "step_up_required");
    assert!(
        refused.detail.contains("/api/v1/session/step-up"),
        "{refused:?}"
    );
    approver.step_up(app);
    assert_eq!(approver.post(&path).ok()["state"], "released");

    // What opens a product to everybody is a release as well.
    let change = |person: &Person, release: &str| {
        person
            .patch(&format!("/products/{product}"))
            .json(&json!({ "release": release }))
    };
    change(&editor, "automatic").refused(403, "forbidden");
    change(&editor, "on_request").ok();
    let open = json!({ "name": "公開", "release": "listed" });
    editor
        .post("/products")
        .json(&open)
        .refused(403, "forbidden");
    editor
        .post("/products")
        .json(&json!({ "name": "非公開" }))
        .created();
    change(&approver, "automatic").refused(403, "forbidden");
}

fn keys_take_a_key_manager(app: &TestApp) {
    let vendor = app.vendor("見本社");
    let editor = Person::signed_in(app, &vendor, "editor@vendor.example.jp", &["editor"]);
    let keeper = Person::signed_in(app, &vendor, "keys@vendor.example.jp", &["key_manager"]);
    editor.post("/keys/challenges").refused(403, "forbidden");
    let challenge = keeper.post("/keys/challenges").created();
    let proof = vendor.proof(
        challenge["challenge"].as_str().unwrap(),
        &kaiji_tests::new_key(),
    );
    let kid = keeper.post("/keys").jose(&proof).created()["kid"].clone();
    app.advance(SignedDuration::from_mins(10));
    let retire = || keeper.post(&format!("/keys/{}/retirement", kid.as_str().unwrap()));
    retire().refused(403, "step_up_required");
    keeper.step_up(app);
    retire().ok();
    assert_eq!(
        editor.get("/keys").ok()["items"].as_array().unwrap().len(),
        2
    );
}

fn people_are_kept_by_an_administrator_with_a_fresh_code(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let administrator =
        Person::signed_in(app, &clinic, "admin@clinic.example.jp", &["administrator"]);
    let new =
        json!({ "name": "見本 太郎", "email": "taro@clinic.example.jp", "roles": ["viewer"] });
    app.advance(SignedDuration::from_mins(10));
    administrator.get("/users").ok();
    administrator.get("/audit-events").ok();
    administrator
        .post("/users")
        .json(&new)
        .refused(403, "step_up_required");
    administrator.step_up(app);
    let invited = administrator.post("/users").json(&new).created();
    let link = app
        .letter_to("taro@clinic.example.jp")
        .link_token("/invitation");
    let seen = app
        .nobody("GET", "/invitation")
        .header("Kaiji-Link", &link)
        .ok();
    assert_eq!(seen["invited_by"], "見本 花子");
    let path = format!("/users/{}", invited["id"].as_str().unwrap());
    administrator
        .patch(&path)
        .json(&json!({ "roles": ["editor"] }))
        .ok();
}

fn who_signs_in_with_a_recovery_code_has_shown_no_fresh_code(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let person = Person::signed_in(app, &clinic, "admin@clinic.example.jp", &["administrator"]);
    let code = &person.recovery_codes[0];
    let shown =
        json!({ "email": person.email, "password": kaiji_tests::PASSWORD, "recovery_code": code });
    let token = app.nobody("POST", "/session").json(&shown).created()["token"].clone();
    let call = app
        .nobody("POST", "/session/recovery-codes")
        .bearer(token.as_str().unwrap());
    call.refused(403, "step_up_required");
    let renewed = person.post("/session/recovery-codes").created();
    assert_eq!(renewed["recovery_codes"].as_array().unwrap().len(), 10);
    let old = json!({
        "email": person.email, "password": kaiji_tests::PASSWORD, "recovery_code": person.recovery_codes[1],
    });
    app.nobody("POST", "/session")
        .json(&old)
        .refused(401, "sign_in_refused");
}

fn programs_have_no_sessions_and_people_no_more_than_their_roles(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    for (method, path) in [
        ("GET", "/session"),
        ("DELETE", "/session"),
        ("GET", "/sessions"),
    ] {
        let call = app.nobody(method, path).bearer(&clinic.token());
        let refused = call.refused(403, "forbidden");
        assert!(refused.detail.contains("people"), "{refused:?}");
    }
    let person = Person::signed_in(app, &clinic, "editor@clinic.example.jp", &["editor"]);
    let path = format!("/users/{}", person.id);
    clinic
        .patch(&path)
        .json(&json!({ "roles": ["viewer"] }))
        .ok();
    // Roles are read anew at each request.
    person
        .post("/systems")
        .json(&json!({ "name": "電子カルテ" }))
        .refused(403, "forbidden");
    person.post("/keys/challenges").refused(403, "forbidden");
    person.get("/organisations").refused(403, "forbidden");
}
