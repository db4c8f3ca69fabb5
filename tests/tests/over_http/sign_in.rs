//! Signing in, sessions and their ends, forgotten passwords, and who tries too often.

use jiff::SignedDuration;
use kaiji_tests::{
    Answer, AuditEntry, Institution, PASSWORD, Person, TestApp, on_both_databases, sha256,
};
use serde_json::{Value, json};

on_both_databases![
    whoever_is_refused_learns_nothing,
    each_code_signs_in_once,
    each_recovery_code_signs_in_once,
    what_is_shown_must_be_one_password_and_one_factor,
    pauses_are_the_same_for_accounts_that_there_are_not,
    a_network_that_tries_too_often_must_wait,
    a_step_up_is_over_after_ten_minutes_and_takes_an_unused_code,
    a_session_ends_when_nobody_uses_it_and_after_half_a_day,
    a_session_ends_with_its_person_or_organisation,
    sessions_are_listed_and_ended,
    a_forgotten_password_is_replaced_and_the_second_factor_stays,
    who_asks_for_a_new_password_learns_nothing,
    a_password_is_changed_by_one_who_knows_it,
    the_audit_trail_names_the_person_and_holds_no_secret,
];

const EMAIL: &str = "hanako@clinic.example.jp";
const WRONG: &str = "雨だれ石をも穿つ十三年めの秋";

fn clinic_and_person(app: &TestApp) -> (Institution, Person) {
    let clinic = app.institution("サンプル医院");
    let person = Person::joined(app, &clinic, EMAIL, &["viewer"]);
    (clinic, person)
}

fn try_in(app: &TestApp, email: &str, password: &str, code: &str) -> Answer {
    let shown = json!({ "email": email, "password": password, "code": code });
    app.nobody("POST", "/session").json(&shown).send()
}

/// An answer without what names the request.
fn told(answer: &Answer) -> (u16, Value, Option<String>) {
    let retry = answer.header("Retry-After").map(str::to_owned);
    let mut body = answer.json();
    body["instance"] = Value::Null;
    (answer.status, body, retry)
}

fn whoever_is_refused_learns_nothing(app: &TestApp) {
    let (clinic, person) = clinic_and_person(app);
    let gone = Person::joined(app, &clinic, "gone@clinic.example.jp", &["viewer"]);
    let disabled = json!({ "disabled": true });
    clinic
        .patch(&format!("/users/{}", gone.id))
        .json(&disabled)
        .ok();
    clinic.invite("見本 太郎", "invited@clinic.example.jp", &["viewer"]);
    let code = person.next_code(app);
    let unknown = told(&try_in(app, "nobody@clinic.example.jp", PASSWORD, &code));
    assert_eq!(unknown.0, 401);
    assert_eq!(unknown.1["type"], "/problems/sign_in_refused");
    assert_eq!(told(&try_in(app, EMAIL, WRONG, &code)), unknown);
    assert_eq!(told(&try_in(app, EMAIL, PASSWORD, "00000")), unknown);
    assert_eq!(
        told(&try_in(app, &gone.email, PASSWORD, &gone.code())),
        unknown
    );
    assert_eq!(
        told(&try_in(app, "invited@clinic.example.jp", PASSWORD, &code)),
        unknown
    );
    let _ = try_in(app, &EMAIL.to_uppercase(), PASSWORD, &code).expect(201);
}

fn each_code_signs_in_once(app: &TestApp) {
    let (_, person) = clinic_and_person(app);
    // The code that confirmed the invitation was used.
    assert_eq!(try_in(app, EMAIL, PASSWORD, &person.code()).status, 401);
    let code = person.next_code(app);
    let answer = try_in(app, EMAIL, PASSWORD, &code).expect(201);
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(try_in(app, EMAIL, PASSWORD, &code).status, 401);
    // A clock may be half a minute slow; not after a later code was used.
    let early = person.next_code(app);
    app.advance(SignedDuration::from_secs(30));
    let _ = try_in(app, EMAIL, PASSWORD, &early).expect(201);
    let late = person.code();
    app.advance(SignedDuration::from_secs(60));
    assert_eq!(try_in(app, EMAIL, PASSWORD, &late).status, 401);
}

fn each_recovery_code_signs_in_once(app: &TestApp) {
    let (_, person) = clinic_and_person(app);
    let code = &person.recovery_codes[0];
    let typed = code.to_uppercase().replace('-', " ");
    let show = |code: &str| {
        let shown = json!({ "email": EMAIL, "password": PASSWORD, "recovery_code": code });
        app.nobody("POST", "/session").json(&shown)
    };
    show("0000-0000-0000-0000").refused(401, "sign_in_refused");
    show(&typed).created();
    show(code).refused(401, "sign_in_refused");
    person.sign_in(app);
    assert_eq!(person.get("/session").ok()["recovery_codes_left"], 9);
}

fn what_is_shown_must_be_one_password_and_one_factor(app: &TestApp) {
    let show = |shown: Value| app.nobody("POST", "/session").json(&shown);
    show(json!({})).violates(&[
        ("/email", "missing"),
        ("/password", "missing"),
        ("/code", "missing"),
    ]);
    show(json!({ "email": EMAIL, "password": PASSWORD })).violates(&[("/code", "missing")]);
    show(json!({ "email": EMAIL, "password": PASSWORD, "code": "123456", "recovery_code": "0" }))
        .violates(&[("/recovery_code", "both")]);
    show(json!({ "email": "a\r\nb@c.jp", "password": PASSWORD, "code": "123456" }))
        .violates(&[("/email", "choice")]);
    show(json!({ "email": EMAIL, "password": null, "code": "123456" }))
        .violates(&[("/password", "type")]);
    let endless = PASSWORD.repeat(1000);
    assert_eq!(try_in(app, EMAIL, &endless, "123456").status, 401);
}

fn pauses_are_the_same_for_accounts_that_there_are_not(app: &TestApp) {
    let (_, person) = clinic_and_person(app);
    let unknown = "nobody@clinic.example.jp";
    let both = |count: usize| {
        let mut last = None;
        for _ in 0..count {
            let one = told(&try_in(app, EMAIL, WRONG, "123456"));
            assert_eq!(one, told(&try_in(app, unknown, WRONG, "123456")));
            last = Some(one);
        }
        last.unwrap()
    };
    assert_eq!(both(5).0, 401);
    let (status, problem, retry) = both(1);
    assert_eq!((status, retry.as_deref()), (429, Some("30")));
    assert_eq!(problem["type"], "/problems/too_many_tries");
    // Also with what is right.
    let code = &person.recovery_codes[0];
    let right = json!({ "email": EMAIL, "password": PASSWORD, "recovery_code": code });
    let waits = app.nobody("POST", "/session").json(&right);
    waits.refused(429, "too_many_tries");
    for pause in [30, 60, 120, 240, 480, 900, 900] {
        let (status, _, retry) = both(1);
        assert_eq!((status, retry), (429, Some(pause.to_string())));
        app.advance(SignedDuration::from_secs(pause));
        assert_eq!(both(1).0, 401);
    }
    // Another password lets the person in before the pause is over.
    let forgotten = json!({ "email": EMAIL });
    let asked = app.nobody("POST", "/password-reset").json(&forgotten);
    let _ = asked.send().expect(202);
    let link = app.letters_to(EMAIL).into_iter();
    let link = link
        .into_iter()
        .find(|letter| letter.subject.contains("再設定"))
        .unwrap();
    let reset = app.nobody("POST", "/password");
    let reset = reset.header("Kaiji-Link", link.link_token("/password"));
    let _ = reset
        .json(&json!({ "password": PASSWORD }))
        .send()
        .expect(204);
    person.sign_in(app);
}

fn a_network_that_tries_too_often_must_wait(app: &TestApp) {
    let (_, person) = clinic_and_person(app);
    for number in 0..60 {
        let email = format!("nobody{number}@clinic.example.jp");
        assert_eq!(try_in(app, &email, PASSWORD, "123456").status, 401);
    }
    let code = person.code();
    let waits = try_in(app, EMAIL, PASSWORD, &code);
    assert_eq!(
        (waits.status, waits.header("Retry-After")),
        (429, Some("30"))
    );
    let link = app
        .nobody("GET", "/invitation")
        .header("Kaiji-Link", "lnk_0.AAAA");
    link.refused(429, "too_many_tries");
    person.sign_in(app);
}

fn a_step_up_is_over_after_ten_minutes_and_takes_an_unused_code(app: &TestApp) {
    let (_, person) = clinic_and_person(app);
    person.sign_in(app);
    let until = || person.get("/session").ok()["session"]["stepped_up_until"].clone();
    assert_eq!(until(), "2026-11-21T00:10:30.000Z");
    let show = |code: &str| {
        person
            .post("/session/step-up")
            .json(&json!({ "code": code }))
    };
    show(&person.code()).violates(&[("/code", "wrong_code")]);
    show("12345").violates(&[("/code", "wrong_code")]);
    app.advance(SignedDuration::from_mins(5));
    let stepped_up = show(&person.code()).ok();
    assert_eq!(stepped_up["stepped_up_until"], "2026-11-21T00:15:30.000Z");
    let fresh = || person.post("/session/recovery-codes");
    app.advance(SignedDuration::from_secs(10 * 60 - 1));
    fresh().created();
    app.advance(SignedDuration::from_secs(1));
    fresh().refused(403, "step_up_required");
    // Guesses are counted with those at the door.
    for _ in 0..5 {
        show("12345").violates(&[("/code", "wrong_code")]);
    }
    show("12345").refused(429, "too_many_tries");
    assert_eq!(try_in(app, EMAIL, PASSWORD, &person.code()).status, 429);
}

fn a_session_ends_when_nobody_uses_it_and_after_half_a_day(app: &TestApp) {
    let (_, person) = clinic_and_person(app);
    person.sign_in(app);
    app.advance(SignedDuration::from_mins(29));
    let session = person.get("/session").ok()["session"].clone();
    assert_eq!(session["expires_at"], "2026-11-21T12:00:30.000Z");
    app.advance(SignedDuration::from_mins(29));
    person.get("/session").ok();
    app.advance(SignedDuration::from_mins(30));
    let refused = person.get("/session").refused(401, "unauthenticated");
    assert!(refused.detail.contains("sign in"), "{refused:?}");

    person.sign_in(app);
    for _ in 0..35 {
        app.advance(SignedDuration::from_mins(20));
        person.get("/session").ok();
    }
    app.advance(SignedDuration::from_mins(20));
    person.get("/session").refused(401, "unauthenticated");
    let other = app.nobody("GET", "/session").bearer("kss_AAAA");
    other.refused(401, "unauthenticated");
}

fn a_session_ends_with_its_person_or_organisation(app: &TestApp) {
    let (clinic, person) = clinic_and_person(app);
    person.sign_in(app);
    let path = format!("/organisations/{}", clinic.organisation);
    let change = |disabled: bool| {
        let change = json!({ "disabled": disabled });
        app.operator().patch(&path).json(&change).ok();
    };
    change(true);
    person.get("/session").refused(401, "unauthenticated");
    assert_eq!(
        try_in(app, EMAIL, PASSWORD, &person.next_code(app)).status,
        401
    );
    change(false);
    person.get("/session").ok();
    let disabled = json!({ "disabled": true });
    clinic
        .patch(&format!("/users/{}", person.id))
        .json(&disabled)
        .ok();
    person.get("/session").refused(401, "unauthenticated");
}

fn sessions_are_listed_and_ended(app: &TestApp) {
    let (clinic, person) = clinic_and_person(app);
    let first = person.sign_in(app)["token"].as_str().unwrap().to_owned();
    person.sign_in(app);
    let third = person.sign_in(app);
    let listed = person.get("/sessions").ok()["items"].clone();
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 3);
    assert_eq!(listed[2]["id"], third["session"]["id"]);
    assert_eq!(
        (&listed[1]["current"], &listed[2]["current"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(listed[0]["address"], "127.0.0.1");

    let other = Person::signed_in(app, &clinic, "taro@clinic.example.jp", &["viewer"]);
    let path = format!("/sessions/{}", listed[0]["id"].as_str().unwrap());
    other.delete(&path).refused(404, "not_found");
    let show = |token: &str| app.nobody("GET", "/session").bearer(token);
    show(&first).ok();
    let _ = person.delete(&path).send().expect(204);
    show(&first).refused(401, "unauthenticated");
    person.delete(&path).refused(404, "not_found");

    let token = person.token();
    person.sign_in(app);
    let _ = person.delete("/session").send().expect(204);
    person.get("/session").refused(401, "unauthenticated");
    show(&token).ok();
    person.sign_in(app);
    let _ = person.delete("/sessions").send().expect(204);
    show(&token).refused(401, "unauthenticated");
    person.get("/session").refused(401, "unauthenticated");
    other.get("/session").ok();
}

fn a_forgotten_password_is_replaced_and_the_second_factor_stays(app: &TestApp) {
    let (_, person) = clinic_and_person(app);
    person.sign_in(app);
    let forget = || {
        let forgotten = app
            .nobody("POST", "/password-reset")
            .json(&json!({ "email": EMAIL }));
        let _ = forgotten.send().expect(202);
    };
    let links = || {
        let letters = app.letters_to(EMAIL).into_iter();
        let letters = letters.filter(|letter| letter.subject.contains("パスワード"));
        letters
            .map(|letter| letter.link_token("/password"))
            .collect::<Vec<_>>()
    };
    forget();
    let first = links().remove(0);
    forget();
    let second = links().into_iter().find(|link| *link != first).unwrap();
    let reset = |link: &str, password: &str| {
        let call = app.nobody("POST", "/password").header("Kaiji-Link", link);
        call.json(&json!({ "password": password }))
    };
    reset(&first, WRONG).refused(410, "link_gone");
    reset(&second, "password12345").violates(&[("/password", "common_password")]);
    let invitation = app
        .nobody("GET", "/invitation")
        .header("Kaiji-Link", &second);
    invitation.refused(404, "unknown_link");
    let _ = reset(&second, WRONG).send().expect(204);
    reset(&second, WRONG).refused(409, "link_used");
    person.get("/session").refused(401, "unauthenticated");
    assert_eq!(
        try_in(app, EMAIL, PASSWORD, &person.next_code(app)).status,
        401
    );
    let shown = json!({ "email": EMAIL, "password": WRONG });
    app.nobody("POST", "/session")
        .json(&shown)
        .violates(&[("/code", "missing")]);
    let _ = try_in(app, EMAIL, WRONG, &person.code()).expect(201);

    app.advance(SignedDuration::from_hours(1));
    forget();
    let third = links()
        .into_iter()
        .find(|link| ![&first, &second].contains(&link))
        .unwrap();
    app.advance(SignedDuration::from_hours(1));
    reset(&third, PASSWORD).refused(410, "link_gone");
}

fn who_asks_for_a_new_password_learns_nothing(app: &TestApp) {
    let (clinic, person) = clinic_and_person(app);
    let gone = Person::joined(app, &clinic, "gone@clinic.example.jp", &["viewer"]);
    let disabled = json!({ "disabled": true });
    clinic
        .patch(&format!("/users/{}", gone.id))
        .json(&disabled)
        .ok();
    let ask = |email: &str| {
        let asked = app
            .nobody("POST", "/password-reset")
            .json(&json!({ "email": email }));
        let answer = asked.send().expect(202);
        assert_eq!(answer.text(), "");
    };
    let letters = app.letters().len();
    ask("nobody@clinic.example.jp");
    ask(&gone.email);
    assert_eq!(app.letters().len(), letters);
    ask(&person.email);
    let letter = app.letters_to(EMAIL).into_iter();
    let letter = letter
        .into_iter()
        .find(|letter| letter.subject.contains("パスワード"))
        .unwrap();
    letter.is_as(app.site(), "password_reset");
    // Nobody's mailbox is filled.
    for _ in 0..5 {
        ask(&person.email);
    }
    assert_eq!(app.letters().len(), letters + 3);
    let bad = json!({ "email": "hanako@clinic.example.jp\nCc: all@clinic.example.jp" });
    app.nobody("POST", "/password-reset")
        .json(&bad)
        .violates(&[("/email", "choice")]);
}

fn a_password_is_changed_by_one_who_knows_it(app: &TestApp) {
    let (_, person) = clinic_and_person(app);
    let elsewhere = person.sign_in(app)["token"].as_str().unwrap().to_owned();
    person.sign_in(app);
    let change = |old: &str, code: &str, new: &str| {
        let change = json!({ "old_password": old, "code": code, "password": new });
        person.post("/session/password").json(&change)
    };
    let code = person.next_code(app);
    change(WRONG, &code, WRONG).violates(&[("/old_password", "wrong_password")]);
    change(PASSWORD, "12345", WRONG).violates(&[("/code", "wrong_code")]);
    change(PASSWORD, &code, "見本花子サンプル医院2026")
        .violates(&[("/password", "common_password")]);
    let _ = change(PASSWORD, &code, WRONG).send().expect(204);
    person.get("/session").ok();
    let other = app.nobody("GET", "/session").bearer(&elsewhere);
    other.refused(401, "unauthenticated");
    let _ = try_in(app, EMAIL, WRONG, &person.next_code(app)).expect(201);
}

fn the_audit_trail_names_the_person_and_holds_no_secret(app: &TestApp) {
    let (clinic, person) = clinic_and_person(app);
    let before = app.audit_trail().len();
    assert_eq!(try_in(app, EMAIL, WRONG, "123456").status, 401);
    assert_eq!(
        try_in(app, "nobody@clinic.example.jp", WRONG, "123456").status,
        401
    );
    let signed_in = person.sign_in(app);
    person.post("/session/recovery-codes").created();
    person.get("/systems").refused(403, "forbidden");
    let trail = app.audit_trail();
    let own: Vec<&AuditEntry> = trail[before..]
        .iter()
        .filter(|entry| entry.client_id == person.id)
        .collect();
    let told: Vec<[&str; 2]> = own
        .iter()
        .map(|entry| [&*entry.action, &*entry.result])
        .collect();
    let expected = [
        ["session_begin", "sign_in_refused"],
        ["session_begin", "done"],
        ["session_renew_recovery_codes", "done"],
        ["systems_list", "forbidden"],
    ];
    assert_eq!(told, expected);
    assert_eq!(
        own.len(),
        trail.len() - before,
        "nothing is told of whom nobody knows"
    );
    let token = person.token();
    assert_eq!(own[0].token, "");
    assert_eq!(own[1].object, signed_in["session"]["id"].as_str().unwrap());
    for entry in &own[1..] {
        assert_eq!(entry.token, sha256(&token)[..16]);
        assert_eq!(entry.organisation_id, clinic.organisation);
        assert_eq!(entry.address, "127.0.0.1");
    }
    let whole = format!("{trail:?}");
    for secret in [token.as_str(), PASSWORD, WRONG, &person.link, EMAIL] {
        assert!(!whole.contains(secret), "{secret}");
    }
    let filtered = clinic.list(&format!(
        "/audit-events?client={}&action=session_begin",
        person.id
    ));
    assert_eq!(filtered.len(), 2);
}
