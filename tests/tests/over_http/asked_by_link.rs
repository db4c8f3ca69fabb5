//! Whoever is asked by a letter holds a link: what it shows and lets them do, and when it does no more.

use jiff::SignedDuration;
use kaiji_tests::{Call, Database, Institution, TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    the_letter_holds_the_link_and_the_link_shows_what_is_asked,
    a_draft_survives_until_the_link_is_used,
    whoever_holds_a_link_declines_once,
    a_link_is_for_its_own_request_alone,
    a_new_letter_supersedes_the_link_of_the_one_before,
    a_link_ends_when_it_is_revoked_and_comes_back_with_a_new_letter,
    a_link_ends_with_its_time,
    a_cancelled_request_is_answered_by_no_link,
    ten_wrong_tokens_are_borne,
    the_right_addressee_is_named_and_asked,
    whoever_was_named_declines_and_the_first_is_asked_again,
    addresses_go_in_no_circle,
    a_vendor_forwards_to_an_address_and_back,
    whoever_holds_a_link_becomes_a_vendor,
    an_applicant_is_taken_for_a_vendor_that_is_there,
    an_application_is_decided_once,
    what_is_no_request_to_an_address_is_refused,
    the_audit_trail_names_the_link,
    a_vendor_is_told_at_its_address_and_the_institution_what_became_of_it,
];

const MAKER: &str = "security@maker.example.jp";
const OTHER: &str = "support@other.example.jp";

/// A clinic that asked the maker by letter, and the maker's link.
struct Asked {
    clinic: Institution,
    request: String,
    link: String,
}

impl Asked {
    fn new(app: &TestApp) -> Self {
        let clinic = app.institution("サンプル医院");
        let request = clinic.ask_by_letter(MAKER, "見本レセコン");
        Self {
            clinic,
            request,
            link: newest_link(app, MAKER),
        }
    }

    fn own(&self) -> Value {
        self.clinic.get(&format!("/requests/{}", self.request)).ok()
    }

    fn renew(&self) -> Call {
        let path = format!("/requests/{}/link", self.request);
        self.clinic.post(&path)
    }
}

/// The link in the newest letter to that address: the one that is good, or else the last generation's.
fn newest_link(app: &TestApp, address: &str) -> String {
    let letters = app.letters_to(address);
    let asking = letters
        .iter()
        .filter(|letter| letter.text.contains("/answer#"));
    let links = asking.map(|letter| letter.link_token("/answer"));
    let links: Vec<String> = links.collect();
    let good = links.iter().find(|link| {
        let shown = by_link(app, "GET", "", link).send();
        shown.status == 200
    });
    good.expect("a letter with a good link").clone()
}

fn by_link(app: &TestApp, method: &'static str, path: &str, link: &str) -> Call {
    let call = app.nobody(method, &format!("/link{path}"));
    call.header("Kaiji-Link", link)
}

fn refused(app: &TestApp, link: &str, status: u16, kind: &str) {
    by_link(app, "GET", "", link).refused(status, kind);
    let reason = json!({ "reason": "辞退します" });
    by_link(app, "POST", "/decline", link)
        .json(&reason)
        .refused(status, kind);
}

fn decline(app: &TestApp, link: &str) {
    let reason = json!({ "reason": "当社の製品ではありません" });
    let declined = by_link(app, "POST", "/decline", link).json(&reason);
    assert_eq!(declined.send().status, 204);
}

fn name_addressee(app: &TestApp, link: &str, address: &str) -> Call {
    let to = json!({ "name": "開発元ご担当者", "email": address });
    by_link(app, "POST", "/addressee", link).json(&to)
}

fn apply(app: &TestApp, link: &str, number: Option<&str>) -> Call {
    let applicant = json!({
        "organisation_name": "見本製作所", "corporate_number": number, "person_name": "見本 太郎", "email": MAKER,
    });
    by_link(app, "POST", "/registration", link).json(&applicant)
}

fn states(request: &Value) -> Vec<&str> {
    let chain = request["chain"].as_array().unwrap().iter();
    chain.map(|part| part["state"].as_str().unwrap()).collect()
}

fn kinds(clinic: &Institution) -> Vec<String> {
    let events = clinic.events().into_iter();
    events.map(|(kind, _)| kind).collect()
}

fn the_letter_holds_the_link_and_the_link_shows_what_is_asked(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let system = json!({ "name": "レセコン", "product_name": "見本レセコン" });
    let system = clinic.post("/systems").json(&system).created();
    let new = json!({
        "to": { "name": "見本製作所 ご担当者", "email": MAKER }, "subject": "見本レセコン", "system": system["id"],
        "forms": ["SDS"], "due_on": "2026-12-18", "message": "立入検査の準備のためです。\nよろしくお願いいたします。",
    });
    let made = clinic.post("/requests").json(&new).created();
    assert_eq!(made["addressee"]["email"], MAKER);
    assert_eq!(
        (&made["vendor"], &made["product"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(made["system"], system["id"]);
    let proposal = clinic.get("/proposals").ok()["items"].clone();
    let proposal = proposal.as_array().cloned().unwrap_or_default();
    assert!(
        proposal
            .iter()
            .any(|item| item["open_request"] == made["id"]),
        "{proposal:?}"
    );

    let letter = app.letter_to(MAKER);
    assert_eq!(letter.to_name.as_deref(), Some("見本製作所 ご担当者"));
    letter.is_as(app.site(), "request_by_link");
    let link = letter.link_token("/answer");
    let answer = by_link(app, "GET", "", &link).send().expect(200);
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    let shown = answer.json();
    assert_eq!(shown["institution_name"], "サンプル医院");
    assert_eq!(shown["subject"], "見本レセコン");
    assert_eq!(shown["message"], new["message"]);
    assert_eq!(shown["due_on"], "2026-12-18");
    assert_eq!(shown["forms"], json!(["SDS"]));
    assert_eq!(shown["forwarded_by"], json!([]));
    assert_eq!(shown["requirement_set"], "mhlw-7.0-annex");
    let questions = shown["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 58);
    assert!(questions.iter().all(|question| question["form"] == "SDS"));
    let row = clinic.list("/requests?state=open");
    assert_eq!(row.len(), 1);
}

fn a_draft_survives_until_the_link_is_used(app: &TestApp) {
    let asked = Asked::new(app);
    let draft = |text: Value| {
        let put = by_link(app, "PUT", "/draft", &asked.link);
        assert_eq!(put.json(&json!({ "draft": text })).send().status, 204);
    };
    let shown = |link: &str| by_link(app, "GET", "", link).ok()["draft"].clone();
    assert_eq!(shown(&asked.link), Value::Null);
    draft(json!("{\"sds-1\":\"はい\"}\n備考"));
    assert_eq!(shown(&asked.link), "{\"sds-1\":\"はい\"}\n備考");
    // Another letter, the same draft.
    asked.renew().ok();
    let link = newest_link(app, MAKER);
    assert_eq!(shown(&link), "{\"sds-1\":\"はい\"}\n備考");
    let forget = by_link(app, "PUT", "/draft", &link);
    assert_eq!(forget.json(&json!({ "draft": null })).send().status, 204);
    assert_eq!(shown(&link), Value::Null);
    let put = |draft: &str| by_link(app, "PUT", "/draft", &link).json(&json!({ "draft": draft }));
    put(&"a".repeat(200_001)).violates(&[("/draft", "too_long")]);
    put(&"あ".repeat(90_000)).refused(413, "too_large");
    put("a\u{1b}b").violates(&[("/draft", "control")]);
}

fn whoever_holds_a_link_declines_once(app: &TestApp) {
    let asked = Asked::new(app);
    let refusal = by_link(app, "POST", "/decline", &asked.link);
    refusal.json(&json!({})).violates(&[("/reason", "missing")]);
    decline(app, &asked.link);
    let own = asked.own();
    assert_eq!(own["state"], "declined");
    assert_eq!(own["reason"], "当社の製品ではありません");
    assert_eq!(kinds(&asked.clinic), ["request_declined"]);
    refused(app, &asked.link, 409, "link_used");
    asked.renew().refused(409, "no_link");
}

fn a_link_is_for_its_own_request_alone(app: &TestApp) {
    let asked = Asked::new(app);
    let other = asked.clinic.ask_by_letter(OTHER, "別の製品");
    let others = newest_link(app, OTHER);
    let (id, _) = asked.link.split_once('.').unwrap();
    let (_, token) = others.split_once('.').unwrap();
    refused(app, &format!("{id}.{token}"), 404, "unknown_link");
    decline(app, &others);
    assert_eq!(asked.own()["state"], "open");
    let other = asked.clinic.get(&format!("/requests/{other}")).ok();
    assert_eq!(other["state"], "declined");
    for shown in [
        "",
        ".",
        "lnk_0.AAAA",
        "Ａ",
        &asked.link[..asked.link.len() - 1],
    ] {
        let call = by_link(app, "GET", "", shown).send();
        assert!(
            [400, 404].contains(&call.status),
            "{shown}: {}",
            call.status
        );
    }
    app.nobody("GET", "/link").refused(400, "bad_header");
    let twice = by_link(app, "GET", "", &asked.link).header("Kaiji-Link", asked.link.clone());
    twice.refused(400, "bad_header");
}

fn a_new_letter_supersedes_the_link_of_the_one_before(app: &TestApp) {
    let asked = Asked::new(app);
    asked.renew().ok();
    let second = newest_link(app, MAKER);
    assert_ne!(second, asked.link);
    asked.renew().ok();
    let third = newest_link(app, MAKER);
    for before in [&asked.link, &second] {
        refused(app, before, 410, "link_gone");
    }
    assert_eq!(app.letters_to(MAKER).len(), 3);
    decline(app, &third);
    // A superseded one stays superseded.
    refused(app, &asked.link, 410, "link_gone");
}

fn a_link_ends_when_it_is_revoked_and_comes_back_with_a_new_letter(app: &TestApp) {
    let asked = Asked::new(app);
    let path = format!("/requests/{}/link", asked.request);
    assert_eq!(asked.clinic.delete(&path).send().status, 204);
    refused(app, &asked.link, 410, "link_gone");
    asked.clinic.delete(&path).refused(409, "no_link");
    assert_eq!(asked.own()["state"], "open");
    asked.renew().ok();
    decline(app, &newest_link(app, MAKER));
}

fn a_link_ends_with_its_time(app: &TestApp) {
    let asked = Asked::new(app);
    app.advance(SignedDuration::from_hours(90 * 24) - SignedDuration::from_secs(1));
    by_link(app, "GET", "", &asked.link).ok();
    app.advance(SignedDuration::from_secs(1));
    refused(app, &asked.link, 410, "link_gone");
    asked.renew().ok();
    by_link(app, "GET", "", &newest_link(app, MAKER)).ok();
}

fn a_cancelled_request_is_answered_by_no_link(app: &TestApp) {
    let asked = Asked::new(app);
    let cancel = format!("/requests/{}/cancel", asked.request);
    asked.clinic.post(&cancel).ok();
    refused(app, &asked.link, 410, "link_gone");
}

fn ten_wrong_tokens_are_borne(app: &TestApp) {
    let asked = Asked::new(app);
    let (id, _) = asked.link.split_once('.').unwrap();
    for number in 0..10 {
        let guess = format!("{id}.guess{number}");
        by_link(app, "GET", "", &guess).refused(404, "unknown_link");
    }
    let waiting = by_link(app, "GET", "", &asked.link).send();
    assert_eq!(waiting.header("Retry-After"), Some("30"));
    waiting.problem(429, "too_many_tries");
    app.advance(SignedDuration::from_secs(30));
    by_link(app, "GET", "", &asked.link).ok();
}

fn the_right_addressee_is_named_and_asked(app: &TestApp) {
    let asked = Asked::new(app);
    assert_eq!(name_addressee(app, &asked.link, OTHER).send().status, 204);
    refused(app, &asked.link, 410, "link_gone");
    let own = asked.own();
    assert_eq!(own["state"], "forwarded");
    assert_eq!(states(&own), ["forwarded", "open"]);
    assert_eq!(own["chain"][1]["email"], OTHER);
    assert_eq!(kinds(&asked.clinic), ["request_forwarded"]);
    let link = newest_link(app, OTHER);
    let shown = by_link(app, "GET", "", &link).ok();
    assert_eq!(shown["forwarded_by"][0]["name"], "セキュリティご担当者");
    // A new letter goes to whoever has it now.
    asked.renew().ok();
    assert_eq!(app.letters_to(OTHER).len(), 2);
    assert_eq!(app.letters_to(MAKER).len(), 1);
}

fn whoever_was_named_declines_and_the_first_is_asked_again(app: &TestApp) {
    let asked = Asked::new(app);
    assert_eq!(name_addressee(app, &asked.link, OTHER).send().status, 204);
    decline(app, &newest_link(app, OTHER));
    let own = asked.own();
    assert_eq!(
        (own["state"].as_str(), states(&own)),
        (Some("open"), vec!["open", "declined"])
    );
    assert_eq!(own["chain"][1]["reason"], "当社の製品ではありません");
    assert_eq!(
        kinds(&asked.clinic),
        ["request_forwarded", "request_returned"]
    );
    refused(app, &asked.link, 410, "link_gone");
    let again = newest_link(app, MAKER);
    decline(app, &again);
    assert_eq!(asked.own()["state"], "declined");
}

fn addresses_go_in_no_circle(app: &TestApp) {
    let asked = Asked::new(app);
    name_addressee(app, &asked.link, "Security@MAKER.example.jp").refused(409, "request_circle");
    assert_eq!(name_addressee(app, &asked.link, OTHER).send().status, 204);
    let second = newest_link(app, OTHER);
    for before in [MAKER, OTHER] {
        name_addressee(app, &second, before).refused(409, "request_circle");
    }
    assert_eq!(
        name_addressee(app, &second, "third@example.jp")
            .send()
            .status,
        204
    );
    let third = newest_link(app, "third@example.jp");
    for before in [MAKER, OTHER, "third@example.jp"] {
        name_addressee(app, &third, before).refused(409, "request_circle");
    }
    let bad = name_addressee(app, &third, "a@example.jp\r\nBcc: b@example.jp");
    bad.violates(&[("/email", "choice")]);
    assert_eq!(states(&asked.own()), ["forwarded", "forwarded", "open"]);
}

fn a_vendor_forwards_to_an_address_and_back(app: &TestApp) {
    let (dealer, clinic) = (
        app.vendor("見本販売株式会社"),
        app.institution("サンプル医院"),
    );
    let request = clinic.request(&dealer.product("見本カルテ"));
    let to = json!({ "name": "開発元", "email": MAKER });
    let forward = json!({ "to": to, "message": "運用は貴社のため" });
    let path = format!("/requests/{request}/forward");
    dealer.post(&path).json(&forward).ok();
    let letter = app.letter_to(MAKER);
    letter.is_as(app.site(), "request_forwarded_by_link");
    let link = letter.link_token("/answer");
    let shown = by_link(app, "GET", "", &link).ok();
    assert_eq!(shown["subject"], "見本カルテ");
    let forwarder = json!([{ "name": "見本販売株式会社", "message": "運用は貴社のため" }]);
    assert_eq!(shown["forwarded_by"], forwarder);
    decline(app, &link);
    let events = dealer.events();
    assert_eq!(events.last().unwrap().0, "request_returned");
    assert_eq!(dealer.list("/requests?state=open").len(), 1);
}

fn whoever_holds_a_link_becomes_a_vendor(app: &TestApp) {
    let asked = Asked::new(app);
    let applied = apply(app, &asked.link, Some("7000012050002")).created();
    assert_eq!(applied["state"], "waiting");
    apply(app, &asked.link, None).refused(409, "applied_already");
    assert_eq!(
        by_link(app, "GET", "", &asked.link).ok()["registration_waits"],
        true
    );
    let id = applied["id"].as_str().unwrap();
    let told = app.operator().events().pop().unwrap();
    assert_eq!(
        told,
        (
            "registration_requested".to_owned(),
            json!({ "registration": id })
        )
    );
    assert_eq!(app.operator().list("/registrations?state=waiting").len(), 1);

    let note = json!({ "note": "登記事項証明書を確認した。" });
    let approval = format!("/registrations/{id}/approval");
    let approved = app.operator().post(&approval).json(&note).ok();
    assert_eq!(approved["state"], "approved");
    let vendor = approved["vendor"].as_str().unwrap();
    let made = app.operator().get(&format!("/organisations/{vendor}")).ok();
    assert_eq!(
        (&made["name"], &made["email"]),
        (&json!("見本製作所"), &json!(MAKER))
    );
    refused(app, &asked.link, 410, "link_gone");
    let client = app.client_of(vendor, &["statements:write", "statements:read"]);
    let waiting = client.list("/requests?state=open");
    assert_eq!(waiting[0]["subject"], "見本レセコン");
    assert_eq!(kinds(&asked.clinic), ["addressee_registered"]);
    let letters = app.letters_to(MAKER).into_iter();
    let decided = letters.filter(|letter| letter.subject.contains("利用登録"));
    let decided: Vec<_> = decided.collect();
    assert_eq!(decided.len(), 1);
    decided[0].is_as(app.site(), "registration_approved");
    // It releases a product of its own.
    let product = client
        .post("/products")
        .json(&json!({ "name": "見本レセコン" }));
    let product = json!({ "product": product.created()["id"] });
    let release = format!("/requests/{}/release", waiting[0]["id"].as_str().unwrap());
    assert_eq!(
        client.post(&release).json(&product).ok()["state"],
        "released"
    );
    assert_eq!(asked.own()["state"], "released");
}

fn an_applicant_is_taken_for_a_vendor_that_is_there(app: &TestApp) {
    let asked = Asked::new(app);
    let vendor = app.vendor("見本製作所");
    let number = json!({ "corporate_number": "7000012050002" });
    let path = format!("/organisations/{}", vendor.organisation);
    app.operator().patch(&path).json(&number).ok();
    let applied = apply(app, &asked.link, Some("7000012050002")).created();
    let approval = format!(
        "/registrations/{}/approval",
        applied["id"].as_str().unwrap()
    );
    let approve = |decision: Value| app.operator().post(&approval).json(&decision);
    approve(json!({ "note": "確認した。" })).violates(&[("/corporate_number", "taken")]);
    approve(json!({ "note": "確認した。", "vendor": asked.clinic.organisation }))
        .violates(&[("/vendor", "unknown_vendor")]);
    let decision = json!({ "note": "電話で確認した。", "vendor": vendor.organisation });
    assert_eq!(approve(decision).ok()["vendor"], json!(vendor.organisation));
    assert_eq!(vendor.list("/requests?state=open").len(), 1);
    assert_eq!(vendor.events().last().unwrap().0, "request_opened");
}

fn an_application_is_decided_once(app: &TestApp) {
    let asked = Asked::new(app);
    apply(app, &asked.link, Some("123")).violates(&[("/corporate_number", "corporate_number")]);
    let applied = apply(app, &asked.link, None).created();
    let path = format!("/registrations/{}", applied["id"].as_str().unwrap());
    let reason = json!({ "reason": "実在が確認できません" });
    let refuse = || {
        app.operator()
            .post(&format!("{path}/refusal"))
            .json(&reason)
    };
    let note = json!({ "note": "確認した。" });
    let approve = app.operator().post(&format!("{path}/approval"));
    assert_eq!(refuse().ok()["note"], reason["reason"]);
    let letters = app.letters_to(MAKER);
    let told = letters
        .iter()
        .filter(|letter| letter.subject.ends_with("（登録できませんでした）"));
    assert_eq!(told.count(), 1);
    refuse().refused(409, "registration_state");
    approve.json(&note).refused(409, "registration_state");
    let unknown = app.operator().post("/registrations/reg_0/approval");
    unknown.json(&note).refused(404, "not_found");
    // The link is still good, also to apply once more.
    apply(app, &asked.link, None).created();
    decline(app, &asked.link);
}

fn what_is_no_request_to_an_address_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let (vendor, elsewhere) = (app.vendor("見本社"), app.institution("よその医院"));
    let (product, others) = (
        vendor.product("見本カルテ"),
        elsewhere.system("よその", &vendor.product("別の")),
    );
    let to = json!({ "name": "担当", "email": MAKER });
    let violates = |new: Value, expected: &[(&str, &str)]| {
        clinic.post("/requests").json(&new).violates(expected);
    };
    violates(json!({}), &[("", "missing")]);
    violates(json!({ "to": to }), &[("/subject", "missing")]);
    violates(json!({ "to": to, "product": product }), &[("/to", "both")]);
    violates(
        json!({ "subject": "見本", "product": product }),
        &[("/subject", "both")],
    );
    violates(
        json!({ "to": MAKER, "subject": "見本" }),
        &[("/to", "type")],
    );
    let bad = |name: &str, email: &str| json!({ "to": { "name": name, "email": email }, "subject": "見本" });
    violates(
        bad("担当\r\nBcc: a@example.jp", MAKER),
        &[("/to/name", "control")],
    );
    violates(bad("担当\u{202e}", MAKER), &[("/to/name", "bidi")]);
    violates(
        bad("担当", "a@example.jp\r\nBcc: b@example.jp"),
        &[("/to/email", "choice")],
    );
    violates(
        bad("担当", "a@example.jp\u{7f}"),
        &[("/to/email", "choice")],
    );
    violates(bad("担当", "<a@example.jp>"), &[("/to/email", "choice")]);
    for forms in [json!([]), json!(["XDS"]), json!(["MDS", "MDS"])] {
        violates(
            json!({ "to": to, "subject": "見本", "forms": forms }),
            &[("/forms", "choice")],
        );
    }
    violates(
        json!({ "to": to, "subject": "見本", "system": others }),
        &[("/system", "unknown_system")],
    );
    assert_eq!(app.letters_to(MAKER).len(), 0);
    // The same question of the same address waits already.
    let new = json!({ "to": to, "subject": "見本" });
    clinic.post("/requests").json(&new).created();
    clinic
        .post("/requests")
        .json(&new)
        .refused(409, "request_open");
    elsewhere.post("/requests").json(&new).created();
}

fn the_audit_trail_names_the_link(app: &TestApp) {
    let asked = Asked::new(app);
    let before = app.audit_trail().len();
    by_link(app, "GET", "", &asked.link).ok();
    decline(app, &asked.link);
    refused(app, &asked.link, 409, "link_used");
    by_link(app, "GET", "", "lnk_0.AAAA").refused(404, "unknown_link");
    let (id, _) = asked.link.split_once('.').unwrap();
    let trail = app.audit_trail();
    let told = trail[before..].iter();
    let told: Vec<(&str, &str)> = told
        .map(|entry| {
            assert_eq!(entry.organisation_id, asked.clinic.organisation);
            assert_eq!(entry.client_id, id);
            assert_eq!(
                (entry.token.len(), entry.address.as_str()),
                (16, "127.0.0.1")
            );
            (entry.action.as_str(), entry.result.as_str())
        })
        .collect();
    let expected = [
        ("link_open", "answered"),
        ("link_decline", "done"),
        ("link_open", "link_used"),
        ("link_decline", "link_used"),
    ];
    assert_eq!(told, expected);
}

fn a_vendor_is_told_at_its_address_and_the_institution_what_became_of_it(app: &TestApp) {
    let (dealer, maker) = (app.vendor("見本販売株式会社"), app.vendor("見本製作所"));
    let clinic = app.institution("サンプル医院");
    let tell = |organisation: &str, email: &str| {
        let path = format!("/organisations/{organisation}");
        app.operator()
            .patch(&path)
            .json(&json!({ "email": email }))
            .ok();
    };
    tell(&dealer.organisation, "dealer@example.jp");
    tell(&maker.organisation, MAKER);
    tell(&clinic.organisation, "clinic@example.jp");
    let request = clinic.request(&dealer.product("見本カルテ"));
    app.letter_to("dealer@example.jp")
        .is_as(app.site(), "request_opened");
    let forward = json!({ "vendor": maker.organisation });
    dealer
        .post(&format!("/requests/{request}/forward"))
        .json(&forward)
        .ok();
    let subject = "【開示書】見本カルテ のご依頼が 見本製作所 に転送されました";
    assert_eq!(app.letter_to("clinic@example.jp").subject, subject);
    let open = maker.list("/requests?state=open");
    let decline = format!("/requests/{}/decline", open[0]["id"].as_str().unwrap());
    let reason = json!({ "reason": "秘密の理由" });
    maker.post(&decline).json(&reason).ok();
    dealer
        .post(&format!("/requests/{request}/decline"))
        .json(&reason)
        .ok();
    let subjects = |address: &str| {
        let letters = app.letters_to(address).into_iter();
        let mut subjects: Vec<String> = letters
            .map(|letter| {
                assert!(
                    !letter.text.contains("秘密"),
                    "no answer stands in a letter"
                );
                letter.subject
            })
            .collect();
        subjects.sort();
        subjects
    };
    let expected = [
        subject,
        "【開示書】見本カルテ のご依頼の転送先が回答できないとのことです",
        "【開示書】見本カルテ のご依頼は辞退されました",
    ];
    assert_eq!(subjects("clinic@example.jp"), expected);
    assert_eq!(subjects("dealer@example.jp").len(), 2);
    assert_eq!(subjects(MAKER).len(), 1);
}

/// Wrong tokens for one link from many networks: then the link itself recognises nobody for a while.
#[test]
fn a_link_bears_ten_wrong_tokens_wherever_they_come_from() {
    let app = TestApp::with(Database::sqlite(), |config| config.behind_proxy = true);
    let asked = Asked::new(&app);
    let (id, _) = asked.link.split_once('.').unwrap();
    for number in 0..10 {
        let guess = by_link(&app, "GET", "", &format!("{id}.guess"));
        let guess = guess.header("X-Forwarded-For", format!("192.0.2.{number}"));
        guess.refused(404, "unknown_link");
    }
    let from_elsewhere =
        || by_link(&app, "GET", "", &asked.link).header("X-Forwarded-For", "198.51.100.1");
    from_elsewhere().refused(429, "too_many_tries");
    app.advance(SignedDuration::from_secs(30));
    from_elsewhere().ok();
}
