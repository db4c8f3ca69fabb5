//! The pages behind the links of letters to people: from the letter to the recovery codes, and a password that was
//! forgotten.

use kaiji_tests::{Authenticator, Browser, Key, PASSWORD, Person, TestApp, on_both_databases};
use serde_json::json;

use super::{looked_at, opened, write_into};

on_both_databases![
    whoever_is_invited_joins_with_the_keyboard_alone,
    a_forgotten_password_is_replaced_from_the_letter_on,
];

const EMAIL: &str = "hanako@clinic.example.jp";

/// How the browser shows what stands in the field of the password.
fn kind_of_password(browser: &Browser) -> String {
    let kind = browser.run(
        "return document.getElementById('password').type",
        &json!([]),
    );
    kind.as_str().unwrap().to_owned()
}

fn whoever_is_invited_joins_with_the_keyboard_alone(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    clinic.invite("見本 花子", EMAIL, &["editor", "administrator"]);
    let link = app.letter_to(EMAIL).link("/invitation");
    let (address, _) = link.split_once('#').unwrap();

    // By whom and as what; a weak password is refused at its field.
    let browser = opened(&link, "サンプル医院の利用者として招待されています");
    assert_eq!(browser.url(), address, "the token is gone from the address");
    browser.wait_for("dd", "編集、管理");
    browser.wait_for("footer", "ご本人のためのものです");
    assert_eq!(browser.value("[autocomplete='username']"), EMAIL);
    looked_at(&browser, app, "invitation");
    write_into(&browser, "#password", "password12345");
    browser.press(Key::Enter);
    browser.wait_for(".errors", "推測されやすいため使えません");
    assert!(browser.has_focus(".errors"));
    assert_eq!(browser.value("#password"), "", "it is not sent back");
    looked_at(&browser, app, "invitation-weak-password");

    // Whoever is alone looks at what they type.
    browser.tab_to(".errors a[href='#password']");
    browser.press(Key::Enter);
    browser.write(PASSWORD);
    assert_eq!(kind_of_password(&browser), "password");
    browser.press(Key::Tab);
    browser.press(Key::Space);
    assert_eq!(kind_of_password(&browser), "text");
    browser.press(Key::Tab);
    browser.press(Key::Enter);

    // The authenticator; a code with a typing mistake, and the right one.
    browser.wait_for("h1", "認証アプリを登録する");
    assert!(browser.has_focus("h1"));
    assert_eq!(browser.count("svg.qr path"), 1);
    assert_eq!(browser.count("a[href^='otpauth://totp/Kaiji']"), 1);
    let secret = browser.read("#secret").replace(' ', "");
    let authenticator = Authenticator::new(&secret, app.site());
    looked_at(&browser, app, "authenticator");
    write_into(&browser, "#code", "12345");
    browser.press(Key::Enter);
    browser.wait_for(".errors", "コードが正しくないか");
    looked_at(&browser, app, "authenticator-wrong-code");
    write_into(&browser, "#code", &authenticator.code());
    browser.press(Key::Enter);

    // The recovery codes, and they alone on paper.
    browser.wait_for("h1", "登録が完了しました");
    assert_eq!(browser.count(".codes li"), 10);
    looked_at(&browser, app, "recovery-codes");
    browser.run(
        "window.print = () => { document.title = '印刷'; }",
        &json!([]),
    );
    browser.tab_to("[data-print]");
    browser.press(Key::Enter);
    assert_eq!(browser.title(), "印刷");

    // What was shown once is gone, and so is the link.
    let browser = opened(&link, "このリンクは使用済みです");
    looked_at(&browser, app, "invitation-used");
}

fn a_forgotten_password_is_replaced_from_the_letter_on(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let person = Person::joined(app, &clinic, EMAIL, &["viewer"]);
    let forgotten = app.nobody("POST", "/password-reset");
    let _ = forgotten
        .json(&json!({ "email": EMAIL }))
        .send()
        .expect(202);
    let mut letters = app.letters_to(EMAIL).into_iter();
    let letter = letters.find(|letter| letter.subject.contains("パスワード"));
    let link = letter.unwrap().link("/password");

    let browser = opened(&link, "新しいパスワードを決める");
    looked_at(&browser, app, "password");
    write_into(&browser, "#password", "みじかい");
    browser.press(Key::Enter);
    browser.wait_for(".errors", "13文字以上で入力してください");
    looked_at(&browser, app, "password-too-short");
    let chosen = "入道雲をほどいて編んだ冬の帽子";
    write_into(&browser, "#password", chosen);
    browser.press(Key::Enter);
    browser.wait_for("h1", "パスワードを変更しました");
    looked_at(&browser, app, "password-changed");

    let mut shown = person.shown(&person.next_code(app));
    shown["password"] = json!(chosen);
    app.nobody("POST", "/session").json(&shown).created();
}
