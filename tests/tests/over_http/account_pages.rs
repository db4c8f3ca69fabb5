//! The pages behind the links of letters to people, without a browser: each step of joining and of replacing a password,
//! and the page for each link that does nothing. What a person sees is told in `tests/pages/`.

use jiff::SignedDuration;
use kaiji_tests::{Answer, Authenticator, PASSWORD, Person, TestApp, on_both_databases};
use rqrr::PreparedImage;
use serde_json::json;

on_both_databases![
    whoever_is_invited_joins_step_by_step,
    what_was_shown_once_is_not_shown_again,
    a_step_before_the_password_leads_back_to_it,
    whoever_joined_before_is_told_so,
    a_forgotten_password_is_replaced,
    a_link_that_does_nothing_has_a_page_that_says_why,
    more_than_any_password_is_not_read,
];

const EMAIL: &str = "hanako@clinic.example.jp";

/// Asks for a page, as the script does.
fn get(app: &TestApp, path: &str, link: &str) -> Answer {
    let call = app.site().call("GET", path);
    call.header("Kaiji-Link", link).send()
}

/// Posts a form, as the script does.
fn post(app: &TestApp, path: &str, link: &str, fields: &[(&str, &str)]) -> Answer {
    let call = app.site().call("POST", path);
    call.header("Kaiji-Link", link).form(fields).send()
}

/// The page has that word, and the mistake at that field.
fn is_wrong_at(page: &Answer, field: &str, word: &str) {
    let text = page.text();
    assert!(
        text.contains(&format!(r##"<a href="#{field}">"##)),
        "{text}"
    );
    assert!(
        text.contains(&format!(r#"aria-describedby="{field}-hint {field}-wrong""#)),
        "{text}"
    );
    assert!(text.contains(word), "{text}");
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).expect(before);
    rest.split_once(after).expect(after).0
}

/// What a camera reads from the drawing in a page.
fn scanned(page: &str) -> String {
    const PIXELS: usize = 4;
    let side: usize = between(page, r#"viewBox="0 0 "#, " ").parse().unwrap();
    let dark = between(page, r#"<path d=""#, r#"""#);
    let mut modules = vec![false; side * side];
    for module in dark.split('M').skip(1) {
        let (x, y) = module.split_once('h').unwrap().0.split_once(',').unwrap();
        modules[y.parse::<usize>().unwrap() * side + x.parse::<usize>().unwrap()] = true;
    }
    let width = side * PIXELS;
    let is_dark = |x: usize, y: usize| modules[y / PIXELS * side + x / PIXELS];
    let mut image = PreparedImage::prepare_from_bitmap(width, width, is_dark);
    let found = image.detect_grids();
    found.first().expect("a QR code").decode().unwrap().1
}

fn invited(app: &TestApp) -> String {
    let clinic = app.institution("サンプル医院");
    clinic.invite("見本 花子", EMAIL, &["editor", "administrator"]);
    app.letter_to(EMAIL).link_token("/invitation")
}

/// The link of the only letter about a password.
fn forgotten(app: &TestApp) -> String {
    let call = app.nobody("POST", "/password-reset");
    let _ = call.json(&json!({ "email": EMAIL })).send().expect(202);
    let mut letters = app.letters_to(EMAIL).into_iter();
    let letter = letters.find(|letter| letter.subject.contains("パスワード"));
    letter.unwrap().link_token("/password")
}

fn whoever_is_invited_joins_step_by_step(app: &TestApp) {
    let link = invited(app);
    let page = get(app, "/invitation", &link).expect(200);
    for said in [
        "サンプル医院",
        "見本 花子",
        EMAIL,
        "編集、管理",
        "13文字以上",
    ] {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    for (chosen, word) in [
        ("", "パスワード：入力してください"),
        ("夏の校庭", "パスワード：13文字以上で"),
        (&"夏の校庭".repeat(40), "パスワード：128文字以内で"),
        ("password12345", "パスワード：推測されやすい"),
    ] {
        let refused = post(app, "/invitation", &link, &[("password", chosen)]).expect(422);
        is_wrong_at(&refused, "password", word);
        assert!(chosen.is_empty() || !refused.text().contains(chosen));
    }

    let made = post(app, "/invitation", &link, &[("password", PASSWORD)]).expect(201);
    let url = between(made.text(), r#"<a href="otpauth"#, r#"""#);
    let url = format!("otpauth{}", url.replace("&#38;", "&"));
    assert_eq!(scanned(made.text()), url);
    let groups = between(
        made.text(),
        r#"aria-label="認証アプリに入力するキー">"#,
        "<",
    );
    assert!(groups.split(' ').all(|group| group.len() == 4), "{groups}");
    let secret = groups.replace(' ', "");
    assert!(url.contains(&secret), "{url}");
    let authenticator = Authenticator::new(&secret, app.site());

    let wrong = post(app, "/invitation/confirmation", &link, &[("code", "12345")]).expect(422);
    is_wrong_at(&wrong, "code", "6桁のコード：コードが正しくないか");
    assert!(!wrong.text().contains(groups));
    let code = authenticator.code();
    let typed = format!(" {} {} ", &code[..3], &code[3..]);
    let joined = post(app, "/invitation/confirmation", &link, &[("code", &typed)]).expect(201);
    let codes = between(joined.text(), r#"<ul class="codes">"#, "</ul>");
    let codes: Vec<&str> = codes.split("<li>").skip(1).collect();
    assert_eq!(codes.len(), 10);

    // With what was shown, the person signs in.
    let code = codes[0].split_once('<').unwrap().0;
    let shown = json!({ "email": EMAIL, "password": PASSWORD, "recovery_code": code });
    app.nobody("POST", "/session").json(&shown).created();
}

fn what_was_shown_once_is_not_shown_again(app: &TestApp) {
    let link = invited(app);
    let _ = post(app, "/invitation", &link, &[("password", PASSWORD)]).expect(201);
    let again = app.site().call("GET", "/invitation/confirmation");
    let shell = again.send().expect(200);
    assert!(shell.text().contains("<noscript>"));
    // The way back begins with the password, and the authenticator is another then.
    let begun = get(app, "/invitation/confirmation", &link);
    assert!(begun.text().contains("13文字以上"), "{}", begun.text());
    let _ = get(app, "/invitation/other", &link).expect(404);
}

fn a_step_before_the_password_leads_back_to_it(app: &TestApp) {
    let link = invited(app);
    let early = post(
        app,
        "/invitation/confirmation",
        &link,
        &[("code", "123456")],
    )
    .expect(409);
    assert!(early.text().contains("はじめからやり直してください"));
    assert!(
        early
            .text()
            .contains(r#"<a class="button" href="/invitation">"#)
    );
}

fn whoever_joined_before_is_told_so(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let person = Person::joined(app, &clinic, EMAIL, &["viewer"]);
    let again = clinic.post(&format!("/users/{}/invitation", person.id));
    again.ok();
    let letters = app.letters_to(EMAIL).into_iter();
    let mut links = letters.map(|letter| letter.link_token("/invitation"));
    let link = links.find(|link| *link != person.link).unwrap();
    let page = get(app, "/invitation", &link).expect(200);
    assert!(page.text().contains("アカウントを再設定します"));
    assert!(!page.text().contains("招待されています"));
}

fn a_forgotten_password_is_replaced(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let person = Person::joined(app, &clinic, EMAIL, &["viewer"]);
    let link = forgotten(app);
    let page = get(app, "/password", &link).expect(200);
    assert!(page.text().contains(EMAIL));
    assert!(!page.text().contains("依頼の内容"));
    let weak = post(app, "/password", &link, &[("password", "password12345")]).expect(422);
    is_wrong_at(&weak, "password", "新しいパスワード：推測されやすい");

    // Spaces at its ends are part of a password.
    let chosen = format!(" {PASSWORD}と入道雲 ");
    let done = post(app, "/password", &link, &[("password", &chosen)]).expect(200);
    assert!(done.text().contains("パスワードを変更しました"));
    let sign_in = |password: &str| {
        let mut shown = person.shown(&person.next_code(app));
        shown["password"] = json!(password);
        app.nobody("POST", "/session").json(&shown)
    };
    sign_in(PASSWORD).refused(401, "sign_in_refused");
    sign_in(chosen.trim()).refused(401, "sign_in_refused");
    sign_in(&chosen).created();
    let used = get(app, "/password", &link).expect(409);
    assert!(used.text().contains("このリンクは使用済みです"));
}

fn a_link_that_does_nothing_has_a_page_that_says_why(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let id = clinic.invite("見本 花子", EMAIL, &["viewer"]);
    let first = app.letter_to(EMAIL).link_token("/invitation");
    let says = |path: &str, link: &str, status: u16, word: &str| {
        let page = get(app, path, link).expect(status);
        assert!(page.text().contains(word), "{word}: {}", page.text());
    };
    // A link is good for its own page alone.
    says("/password", &first, 404, "リンクを確認できませんでした");
    says("/answer", &first, 404, "リンクを確認できませんでした");
    for cut_off in ["no-link", "lnk_00000000000000000000000000.AAAA"] {
        says("/invitation", cut_off, 404, "招待メールの再送を");
        says("/password", cut_off, 404, "もう一度お申し込み");
    }

    clinic.post(&format!("/users/{id}/invitation")).ok();
    says("/invitation", &first, 410, "新しいリンクがあります");
    let letters = app.letters_to(EMAIL).into_iter();
    let mut links = letters.map(|letter| letter.link_token("/invitation"));
    let second = links.find(|link| *link != first).unwrap();
    let disabled = |disabled: bool| {
        let change = json!({ "disabled": disabled });
        clinic.patch(&format!("/users/{id}")).json(&change).ok();
    };
    disabled(true);
    says("/invitation", &second, 410, "利用を停止しています");
    let posted = post(app, "/invitation", &second, &[("password", PASSWORD)]).expect(410);
    assert!(posted.text().contains("利用を停止しています"));
    disabled(false);
    Person::accept(app, id, EMAIL, second.clone());
    says("/invitation", &second, 409, "このリンクは使用済みです");

    let reset = forgotten(app);
    app.advance(SignedDuration::from_hours(1));
    says("/password", &reset, 410, "有効期限が過ぎています");

    // Some links that were never made are borne from one address, and then none for a while.
    let never_made = "lnk_00000000000000000000000000.AAAA";
    let tried = (0..100).map(|_| get(app, "/invitation", never_made));
    let mut paused = tried.filter(|page| page.status == 429);
    let paused = paused.next().expect("a pause");
    assert!(paused.header("Retry-After").is_some());
    assert!(paused.text().contains("しばらく待ってから"));
}

fn more_than_any_password_is_not_read(app: &TestApp) {
    let link = invited(app);
    let flood = "x".repeat(20_000);
    for path in ["/invitation", "/invitation/confirmation", "/password"] {
        let page = post(app, path, &link, &[("password", &flood)]).expect(413);
        assert!(page.text().contains("大きさを超えています"), "{path}");
    }
}
