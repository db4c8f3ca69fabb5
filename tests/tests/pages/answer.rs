//! The page behind the link of a request: what somebody does with it who has no account, no mouse and no time.

use kaiji_tests::{Institution, Key, TestApp, on_both_databases};
use serde_json::{Value, json};

use super::{looked_at, opened, write_into};

on_both_databases![
    the_form_is_filled_in_with_the_keyboard_alone_and_survives_a_closed_browser,
    a_table_takes_the_place_of_the_items,
    a_refusal_and_a_better_addressee_are_taken,
    a_link_that_is_no_good_says_what_to_do,
];

const ADDRESS: &str = "security@vendor.example.jp";
const MAKER: &str = "security@maker.example.jp";

/// A clinic that asked somebody by letter.
struct Question {
    clinic: Institution,
    system: String,
    request: String,
    link: String,
}

impl Question {
    fn new(app: &TestApp, forms: &[&str]) -> Self {
        let clinic = app.institution("サンプル医院");
        let system = json!({ "name": "電子カルテ", "product_name": "見本クラウド電子カルテ" });
        let system = clinic.post("/systems").json(&system).created();
        let new = json!({
            "to": { "name": "見本電子カルテ株式会社", "email": ADDRESS },
            "subject": "見本クラウド電子カルテ", "system": system["id"], "forms": forms,
            "message": "いつもお世話になっております。\n立入検査の準備のため、ご回答をお願いいたします。",
            "due_on": "2026-12-18",
        });
        let request = clinic.post("/requests").json(&new).created();
        Self {
            clinic,
            system: system["id"].as_str().unwrap().to_owned(),
            request: request["id"].as_str().unwrap().to_owned(),
            link: app.letter_to(ADDRESS).link("/answer"),
        }
    }

    fn comparisons(&self) -> Vec<Value> {
        self.clinic.comparisons(&self.system)
    }

    fn state(&self) -> Value {
        let request = self.clinic.get(&format!("/requests/{}", self.request));
        request.ok()["state"].clone()
    }
}

fn the_form_is_filled_in_with_the_keyboard_alone_and_survives_a_closed_browser(app: &TestApp) {
    let question = Question::new(app, &["MDS", "SDS"]);
    let (address, token) = question.link.split_once('#').unwrap();

    // It opens; the token is gone from the address, and nothing of the page's own history has it.
    let browser = opened(&question.link, "サンプル医院から");
    assert_eq!(browser.url(), address);
    assert!(
        !browser
            .run("return document.documentElement.outerHTML", &json!([]))
            .to_string()
            .contains(token)
    );
    looked_at(&browser, app, "overview");
    browser.tab_to("a[href='/answer/form']");
    browser.press(Key::Enter);
    browser.wait_for("h1", "についての回答");
    assert!(browser.has_focus("h1"), "a new page begins at its heading");

    // Half of it is filled in, with the keyboard alone.
    browser.tab_to("#form-MDS");
    browser.press(Key::Down);
    browser.press(Key::Space);
    write_into(&browser, "#product_version", "3.2");
    browser.tab_to("[name='answer.sds-17.1']");
    browser.run("document.activeElement.scrollIntoView()", &json!([]));
    assert_eq!(
        browser.run("return document.activeElement.value", &json!([])),
        ""
    );
    // Of a group of radio buttons, Tab reaches the one that is chosen: 未回答, the last. The next is the first again.
    browser.press(Key::Down);
    browser.press(Key::Down);
    assert_eq!(
        browser.run("return document.activeElement.value", &json!([])),
        "no"
    );
    write_into(&browser, "[id='remark.sds-17.1']", "次期更改で対応予定");
    browser.wait_for("[data-saved]", "下書きを保存しました");
    looked_at(&browser, app, "form-half-filled");
    drop(browser);

    // Another browser, later: the draft is there.
    let browser = opened(&question.link, "サンプル医院から");
    browser.wait_for("main", "下書きの続きから回答する");
    browser.click("a[href='/answer/form']");
    browser.wait_for("h1", "についての回答");
    assert_eq!(browser.value("#product_version"), "3.2");
    assert_eq!(browser.value("[name='answer.sds-17.1']:checked"), "no");
    assert_eq!(
        browser.value("[id='remark.sds-17.1']"),
        "次期更改で対応予定"
    );
    assert_eq!(
        browser.read("[data-count]"),
        "58項目のうち1項目に回答済みです。"
    );

    // Sent with gaps: what is missing is listed, the list has the focus, and each entry leads to its field.
    write_into(&browser, "#email", "hanako@");
    browser.tab_to("form[action='/answer/form'] button:not([data-save])");
    browser.press(Key::Enter);
    browser.wait_for(".errors", "直してください");
    assert!(
        browser.has_focus(".errors"),
        "the list of mistakes has the focus"
    );
    let listed = browser.read(".errors");
    for what in [
        "氏名：入力してください",
        "メールアドレスの形式で",
        "申告：内容を確認し",
    ] {
        assert!(listed.contains(what), "{what}: {listed}");
    }
    assert_eq!(
        browser.value("[id='remark.sds-17.1']"),
        "次期更改で対応予定"
    );
    looked_at(&browser, app, "form-with-mistakes");
    browser.tab_to(".errors a[href='#name']");
    browser.press(Key::Enter);
    assert!(browser.has_focus("#name"), "a mistake leads to its field");

    // Put right and sent.
    browser.write("見本 花子");
    // Tab selects what stands in a field.
    write_into(&browser, "#email", ADDRESS);
    browser.tab_to("#declared");
    browser.press(Key::Space);
    browser.press(Key::Tab);
    browser.press(Key::Enter);
    browser.wait_for("h1", "回答を受け付けました");
    browser.wait_for("main", "署名なし（回答者の申告）");
    looked_at(&browser, app, "received");

    // The institution has it, marked as what it is.
    assert_eq!(question.state(), "answered");
    let comparisons = question.comparisons();
    assert_eq!(comparisons.len(), 1);
    assert_eq!(comparisons[0]["assurance"], "attested");
    assert_eq!(comparisons[0]["form"], "SDS");
    assert_eq!(comparisons[0]["product_version"], "3.2");
    assert_eq!(comparisons[0]["summary"]["nonconforming"], 1);

    // The link was used up.
    let browser = opened(&question.link, "この依頼には回答済みです");
    looked_at(&browser, app, "answered-before");
}

fn a_table_takes_the_place_of_the_items(app: &TestApp) {
    let question = Question::new(app, &["SDS"]);
    let browser = opened(&question.link, "サンプル医院から");
    browser.click("a[href='/answer/form']");
    browser.wait_for("h1", "についての回答");
    browser.click("#name");
    browser.write("見本 花子");
    // What was typed a moment ago is not lost on the way.
    browser.click("a[href='/answer/sheet']");
    browser.wait_for("h1", "CSVで取り込む");
    looked_at(&browser, app, "sheet");

    let directory = app.database().directory().to_owned();
    let table = |name: &str, rows: &str| {
        let path = directory.join(name);
        std::fs::write(&path, format!("\u{feff}項番,回答,備考\r\n{rows}")).unwrap();
        path
    };
    browser.choose_file(
        "#file",
        &table("wrong.csv", "17.1,たぶん,\r\n999,はい,\r\n"),
    );
    browser.click("form button");
    browser.wait_for(".errors", "2行目「回答」");
    browser.wait_for(".errors", "3行目「項番」");
    looked_at(&browser, app, "sheet-with-mistakes");

    browser.choose_file(
        "#file",
        &table(
            "right.csv",
            "No.18,はい,\r\nNo.17.1,いいえ,次期更改で対応予定\r\n",
        ),
    );
    browser.click("form button");
    browser.wait_for("main", "SDSの項番2件の回答を取り込んでいます");
    assert!(browser.url().ends_with("/answer/form"));
    assert_eq!(browser.value("#name"), "見本 花子");
    browser.click("#product_version");
    browser.write("3.2");
    browser.click("#email");
    browser.write(ADDRESS);
    browser.click("#declared");
    browser.click("form[action='/answer/form'] button:not([data-save])");
    browser.wait_for("h1", "回答を受け付けました");

    let comparison = &question.comparisons()[0];
    let items = comparison["items"].as_array().unwrap();
    let item = |id: &str| items.iter().find(|item| item["id"] == id).unwrap();
    assert_eq!(item("sds-18")["outcome"], "conforming");
    assert_eq!(item("sds-17.1")["reason"], "redefined");
}

fn a_refusal_and_a_better_addressee_are_taken(app: &TestApp) {
    let question = Question::new(app, &["SDS"]);
    let browser = opened(&question.link, "サンプル医院から");
    browser.click("a[href='/answer/registration']");
    browser.wait_for("h1", "事業者として登録する");
    looked_at(&browser, app, "registration");
    browser.click("a[href='/answer']");
    browser.wait_for("h1", "サンプル医院から");
    browser.click("a[href='/answer/addressee']");
    browser.wait_for("h1", "回答すべき相手");
    looked_at(&browser, app, "addressee");
    browser.click("#name");
    browser.write("見本製作所");
    browser.click("#email");
    browser.write(ADDRESS);
    browser.click("form button");
    browser.wait_for(".errors", "すでにこの依頼が届いています");
    assert_eq!(browser.value("#name"), "見本製作所");
    browser.clear("#email");
    browser.click("#email");
    browser.write(MAKER);
    browser.click("form button");
    browser.wait_for("h1", "依頼を転送しました");
    looked_at(&browser, app, "forwarded");
    let browser = opened(&question.link, "この依頼は転送されました");
    looked_at(&browser, app, "forwarded-before");

    // The next one sees by way of whom it came, and declines.
    let link = app.letter_to(MAKER).link("/answer");
    let browser = opened(&link, "サンプル医院から");
    browser.wait_for("main", "見本電子カルテ株式会社 から転送されました");
    browser.click("a[href='/answer/decline']");
    browser.wait_for("h1", "回答を辞退する");
    browser.click("form button");
    browser.wait_for(".errors", "辞退の理由：入力してください");
    looked_at(&browser, app, "decline-with-mistakes");
    browser.click("#reason");
    browser.write("弊社の製品ではありません。");
    browser.click("form button");
    browser.wait_for("h1", "辞退を受け付けました");
    looked_at(&browser, app, "declined");
    // Whoever named them is asked again, by a new letter.
    assert_eq!(question.state(), "open");
    assert_eq!(app.letters_to(ADDRESS).len(), 2);
    let _ = opened(&question.link, "新しいリンクがあります");
}

fn a_link_that_is_no_good_says_what_to_do(app: &TestApp) {
    let question = Question::new(app, &["SDS"]);
    let (address, _) = question.link.split_once('#').unwrap();
    let browser = opened(address, "リンクを確認できませんでした");
    looked_at(&browser, app, "unknown");
    let cancelled = format!("/requests/{}/cancel", question.request);
    question.clinic.post(&cancelled).ok();
    let browser = opened(&question.link, "この依頼は取り消されました");
    looked_at(&browser, app, "gone");
}
