//! People: invited by letter, changed by their administrators, seen by nobody else.

use jiff::SignedDuration;
use kaiji_tests::{PASSWORD, Person, TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    an_invitation_is_accepted_with_a_password_and_an_authenticator,
    a_link_that_does_nothing_says_why,
    a_password_that_is_easily_guessed_is_refused,
    a_wrong_first_code_activates_nothing,
    who_cannot_be_invited_is_refused,
    the_operator_invites_the_first_administrator_alone,
    the_last_administrator_stays,
    people_of_another_organisation_are_not_seen,
    the_operator_shuts_people_out_and_changes_nothing_else,
    who_lost_everything_is_invited_anew,
    letters_go_to_the_people_as_they_wish,
];

const EMAIL: &str = "hanako@clinic.example.jp";

fn an_invitation_is_accepted_with_a_password_and_an_authenticator(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let id = clinic.invite("見本 花子", EMAIL, &["editor", "administrator"]);
    let letter = app.letter_to(EMAIL);
    assert_eq!(letter.to_name.as_deref(), Some("見本 花子"));
    letter.is_as(app.site(), "invitation");
    let link = letter.link_token("/invitation");

    let invitation = app
        .nobody("GET", "/invitation")
        .header("Kaiji-Link", &link)
        .ok();
    assert_eq!(invitation["organisation_name"], "サンプル医院");
    assert_eq!(invitation["invited_by"], "サンプル医院");
    assert_eq!(invitation["roles"], json!(["editor", "administrator"]));
    assert_eq!(invitation["expires_at"], "2026-11-28T00:00:00.000Z");

    let person = Person::accept(app, id.clone(), EMAIL, link);
    assert_eq!(person.recovery_codes.len(), 10);
    let signed_in = person.sign_in(app);
    assert_eq!(signed_in["user"]["id"], id.as_str());
    assert_eq!(signed_in["session"]["current"], true);
    let me = person.get("/session").ok();
    assert_eq!(me["user"]["email"], EMAIL);
    assert_eq!(me["organisation_name"], "サンプル医院");
    let scopes = [
        "statements:read",
        "requests:write",
        "reviews:write",
        "exports:read",
        "admin",
    ];
    assert_eq!(me["scopes"], json!(scopes));
    assert_eq!(me["recovery_codes_left"], 10);

    let kinds: Vec<String> = clinic.events().into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["user_invited", "user_joined"]);
    let (_, joined) = clinic.events().remove(1);
    assert_eq!(
        joined,
        json!({ "user": id, "roles": ["editor", "administrator"] })
    );
}

fn a_link_that_does_nothing_says_why(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let show = |link: &str| app.nobody("GET", "/invitation").header("Kaiji-Link", link);
    app.nobody("GET", "/invitation").refused(400, "bad_header");
    show("no-link").refused(404, "unknown_link");
    show("lnk_00000000000000000000000000.AAAA").refused(404, "unknown_link");

    let id = clinic.invite("見本 花子", EMAIL, &["viewer"]);
    let first = app.letter_to(EMAIL).link_token("/invitation");
    let (link, _) = first.split_once('.').unwrap();
    show(&format!("{link}.AAAA")).refused(404, "unknown_link");
    app.nobody("POST", "/password")
        .header("Kaiji-Link", &first)
        .json(&json!({ "password": PASSWORD }))
        .refused(404, "unknown_link");

    app.advance(SignedDuration::from_secs(1));
    clinic.post(&format!("/users/{id}/invitation")).ok();
    let second = app.letters_to(EMAIL).into_iter();
    let second = second.map(|letter| letter.link_token("/invitation"));
    let second = second.into_iter().find(|link| *link != first).unwrap();
    let detail = show(&first).refused(410, "link_gone").detail;
    assert!(detail.contains("later letter"), "{detail}");
    show(&second).ok();

    let disabled = |disabled: bool| {
        let change = json!({ "disabled": disabled });
        clinic.patch(&format!("/users/{id}")).json(&change).ok();
    };
    disabled(true);
    let detail = show(&second).refused(410, "link_gone").detail;
    assert!(detail.contains("revoked"), "{detail}");
    let again = clinic.post(&format!("/users/{id}/invitation"));
    again.refused(409, "user_disabled");
    disabled(false);

    Person::accept(app, id.clone(), EMAIL, second.clone());
    show(&second).refused(409, "link_used");

    let other = "taro@clinic.example.jp";
    clinic.invite("見本 太郎", other, &["viewer"]);
    let link = app.letter_to(other).link_token("/invitation");
    app.advance(SignedDuration::from_hours(7 * 24));
    let detail = show(&link).refused(410, "link_gone").detail;
    assert!(detail.contains("time is over"), "{detail}");
}

fn a_password_that_is_easily_guessed_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    clinic.invite("見本 花子", EMAIL, &["viewer"]);
    let link = app.letter_to(EMAIL).link_token("/invitation");
    let accept = |password: &str| {
        let call = app.nobody("POST", "/invitation/acceptance");
        call.header("Kaiji-Link", &link)
            .json(&json!({ "password": password }))
    };
    accept("夏の校庭").violates(&[("/password", "too_short")]);
    accept(&PASSWORD.repeat(10)).violates(&[("/password", "too_long")]);
    for guessed in [
        "password12345678",
        "サンプル医院・見本花子2026",
        "hanako@clinic.example.jp",
    ] {
        accept(guessed).violates(&[("/password", "common_password")]);
    }
    let refused = app
        .nobody("POST", "/invitation/acceptance")
        .header("Kaiji-Link", &link);
    refused
        .json(&json!({ "password": 1 }))
        .violates(&[("/password", "type")]);
}

fn a_wrong_first_code_activates_nothing(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let id = clinic.invite("見本 花子", EMAIL, &["viewer"]);
    let link = app.letter_to(EMAIL).link_token("/invitation");
    let confirm = |code: &str| {
        let call = app.nobody("POST", "/invitation/confirmation");
        call.header("Kaiji-Link", &link)
            .json(&json!({ "code": code }))
    };
    confirm("123456").refused(409, "enrolment_not_begun");
    app.nobody("POST", "/invitation/acceptance")
        .header("Kaiji-Link", &link)
        .json(&json!({ "password": PASSWORD }))
        .created();
    confirm("12345").violates(&[("/code", "wrong_code")]);
    let state = clinic.get(&format!("/users/{id}")).ok()["state"].clone();
    assert_eq!(state, "invited");
    let shown = json!({ "email": EMAIL, "password": PASSWORD, "code": "123456" });
    app.nobody("POST", "/session")
        .json(&shown)
        .refused(401, "sign_in_refused");
}

fn who_cannot_be_invited_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let vendor = app.vendor("見本社");
    let with = |members: Value| {
        let mut new = json!({ "name": "見本 花子", "email": EMAIL, "roles": ["viewer"] });
        new.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        clinic.post("/users").json(&new)
    };
    for address in [
        "hanako@clinic.example.jp\r\nBcc: all@clinic.example.jp",
        "hanako",
        "a@b\u{7f}.jp",
    ] {
        with(json!({ "email": address })).violates(&[("/email", "choice")]);
    }
    with(json!({ "name": "見本\r\n花子" })).violates(&[("/name", "control")]);
    with(json!({ "roles": ["viewer", "root"] })).violates(&[("/roles", "choice")]);
    with(json!({ "roles": [] })).violates(&[("/roles", "empty")]);
    with(json!({ "roles": null })).violates(&[("/roles", "type")]);
    with(json!({ "roles": ["key_manager"] })).violates(&[("/roles", "role_does_not_fit")]);
    with(json!({ "organisation": vendor.organisation }))
        .violates(&[("/organisation", "unknown_organisation")]);
    with(json!({ "password": PASSWORD })).violates(&[("/password", "unknown_member")]);
    clinic
        .post("/users")
        .json(&json!({ "name": "見本 花子" }))
        .violates(&[("/email", "missing"), ("/roles", "missing")]);

    with(json!({})).created();
    let taken =
        json!({ "name": "別の人", "email": "HANAKO@clinic.example.jp", "roles": ["viewer"] });
    vendor
        .post("/users")
        .json(&taken)
        .violates(&[("/email", "taken")]);
}

fn the_operator_invites_the_first_administrator_alone(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let invite = |email: &str, roles: &[&str]| {
        let new = json!({
            "organisation": clinic.organisation, "name": "見本 花子", "email": email, "roles": roles,
        });
        app.operator().post("/users").json(&new)
    };
    invite(EMAIL, &["viewer"]).violates(&[("/roles", "not_an_administrator")]);
    let invited = invite(EMAIL, &["administrator"]).created();
    assert_eq!(invited["organisation"], clinic.organisation.as_str());
    // Mistyped, perhaps: nobody has joined yet.
    invite("other@clinic.example.jp", &["administrator"]).created();
    let link = app.letter_to(EMAIL).link_token("/invitation");
    Person::accept(app, invited["id"].as_str().unwrap().to_owned(), EMAIL, link);
    invite("third@clinic.example.jp", &["administrator"])
        .violates(&[("/organisation", "has_administrator")]);
    let listed = app
        .operator()
        .list(&format!("/users?organisation={}", clinic.organisation));
    assert_eq!(listed.len(), 2);
    clinic
        .get(&format!(
            "/users?organisation={}",
            app.operator().organisation
        ))
        .refused(404, "not_found");
}

fn the_last_administrator_stays(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let one = Person::signed_in(app, &clinic, EMAIL, &["administrator"]);
    // Invited is not joined.
    clinic.invite("見本 太郎", "taro@clinic.example.jp", &["administrator"]);
    let path = format!("/users/{}", one.id);
    let demoted = json!({ "roles": ["viewer"] });
    one.patch(&path)
        .json(&demoted)
        .refused(409, "last_administrator");
    clinic
        .patch(&path)
        .json(&demoted)
        .refused(409, "last_administrator");
    let disabled = json!({ "disabled": true });
    app.operator()
        .patch(&path)
        .json(&disabled)
        .refused(409, "last_administrator");
    one.patch(&path)
        .json(&json!({ "roles": ["editor", "administrator"] }))
        .ok();

    let other = Person::signed_in(app, &clinic, "jiro@clinic.example.jp", &["administrator"]);
    let changed = other.patch(&path).json(&disabled).ok();
    assert_eq!(changed["state"], "disabled");
    one.get("/session").refused(401, "unauthenticated");
    let path = format!("/users/{}", other.id);
    other
        .patch(&path)
        .json(&demoted)
        .refused(409, "last_administrator");
    let stale = other
        .patch(&path)
        .header("If-Match", "\"1\"")
        .json(&json!({ "name": "次郎" }));
    stale.refused(412, "stale");
    assert!(
        clinic
            .events()
            .iter()
            .any(|(kind, _)| kind == "user_disabled")
    );
}

fn people_of_another_organisation_are_not_seen(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let stranger = app.institution("よその医院");
    let id = clinic.invite("見本 花子", EMAIL, &["viewer"]);
    let path = format!("/users/{id}");
    stranger.get(&path).refused(404, "not_found");
    stranger
        .patch(&path)
        .json(&json!({ "disabled": true }))
        .refused(404, "not_found");
    stranger
        .post(&format!("{path}/invitation"))
        .refused(404, "not_found");
    assert_eq!(stranger.list("/users").len(), 0);
    assert_eq!(clinic.list("/users").len(), 1);
}

fn the_operator_shuts_people_out_and_changes_nothing_else(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let person = Person::signed_in(app, &clinic, EMAIL, &["viewer"]);
    let change = |change: Value| {
        let path = format!("/users/{}", person.id);
        app.operator().patch(&path).json(&change)
    };
    change(json!({ "roles": ["administrator"] }))
        .violates(&[("/roles", "of_another_organisation")]);
    change(json!({ "name": "誰か" })).violates(&[("/name", "of_another_organisation")]);
    person.get("/session").ok();
    change(json!({ "disabled": true })).ok();
    person.get("/session").refused(401, "unauthenticated");
    change(json!({ "disabled": false })).ok();
    // The session is over for good.
    person.get("/session").refused(401, "unauthenticated");
    person.sign_in(app);
}

fn who_lost_everything_is_invited_anew(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let before = Person::signed_in(app, &clinic, EMAIL, &["viewer"]);
    clinic
        .post(&format!("/users/{}/invitation", before.id))
        .ok();
    let letters = app.letters_to(EMAIL).into_iter();
    let letter = letters
        .into_iter()
        .find(|letter| letter.subject.contains("再設定"))
        .unwrap();
    letter.is_as(app.site(), "invitation_again");
    // Nothing has changed yet.
    before.get("/session").ok();
    before.sign_in(app);

    let link = letter.link_token("/invitation");
    app.advance(SignedDuration::from_secs(30));
    let after = Person::accept(app, before.id.clone(), EMAIL, link);
    before.get("/session").refused(401, "unauthenticated");
    let old = before.shown(&before.next_code(app));
    app.nobody("POST", "/session")
        .json(&old)
        .refused(401, "sign_in_refused");
    let recovery_code = &before.recovery_codes[0];
    let old = json!({ "email": EMAIL, "password": PASSWORD, "recovery_code": recovery_code });
    app.nobody("POST", "/session")
        .json(&old)
        .refused(401, "sign_in_refused");
    after.sign_in(app);
    assert_eq!(clinic.list("/users").len(), 1);
}

fn letters_go_to_the_people_as_they_wish(app: &TestApp) {
    let vendor = app.vendor("見本社");
    let product = vendor.product("見本カルテ");
    let clinic = app.institution("サンプル医院");
    let path = format!("/organisations/{}", clinic.organisation);
    let own = json!({ "email": "office@clinic.example.jp" });
    vendor.release(&clinic.request(&product));
    app.operator().patch(&path).json(&own).ok();
    let eager = Person::signed_in(app, &clinic, EMAIL, &["viewer"]);
    let quiet = Person::signed_in(app, &clinic, "taro@clinic.example.jp", &["viewer"]);
    clinic.invite("見本 次郎", "jiro@clinic.example.jp", &["viewer"]);
    let changed = quiet
        .patch("/session")
        .json(&json!({ "letters": "never" }))
        .ok();
    assert_eq!(changed["letters"], "never");
    quiet
        .patch("/session")
        .json(&json!({ "letters": "none" }))
        .violates(&[("/letters", "choice")]);
    quiet
        .patch("/session")
        .json(&json!({ "roles": ["administrator"] }))
        .violates(&[("/roles", "unknown_member")]);
    vendor.publish(&vendor.statement("sds-sample", &product));
    let news = |email: &str| {
        let letters = app.letters_to(email).into_iter();
        letters
            .filter(|letter| letter.subject.contains("見本カルテ"))
            .count()
    };
    assert_eq!(news(&eager.email), 1);
    assert_eq!(news(&quiet.email), 0);
    assert_eq!(news("jiro@clinic.example.jp"), 0, "has not joined");
    assert_eq!(
        news("office@clinic.example.jp"),
        0,
        "the people stand for it"
    );
}
