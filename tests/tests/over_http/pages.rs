//! What stands around a page: the headers that let a browser run our one script and nothing else, and what is answered
//! without a browser. What people do with the page is told in `tests/pages/`.

use kaiji_tests::{Answer, TestApp, on_both_databases};

on_both_databases![
    a_page_runs_our_script_alone_and_is_kept_nowhere,
    assets_are_asked_for_by_their_tag,
    without_a_link_there_is_only_what_asks_for_one,
];

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                   form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

fn page(app: &TestApp, method: &'static str, path: &str, link: Option<&str>) -> Answer {
    let call = app.site().call(method, path);
    match link {
        Some(link) => call.header("Kaiji-Link", link).send(),
        None => call.send(),
    }
}

fn a_page_runs_our_script_alone_and_is_kept_nowhere(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    clinic.ask_by_letter("security@maker.example.jp", "見本レセコン");
    let link = app
        .letter_to("security@maker.example.jp")
        .link_token("/answer");
    for path in [
        "",
        "/form",
        "/sheet",
        "/decline",
        "/addressee",
        "/registration",
    ] {
        is_guarded(app, &format!("/answer{path}"), &link);
    }
    clinic.invite("見本 花子", "hanako@clinic.example.jp", &["viewer"]);
    let letter = app.letter_to("hanako@clinic.example.jp");
    for path in ["/invitation", "/password"] {
        is_guarded(app, path, &letter.link_token("/invitation"));
    }
}

/// Whoever asks for the page, with the link or without, gets it with all headers and without the token.
fn is_guarded(app: &TestApp, path: &str, link: &str) {
    for link in [None, Some(link), Some("lnk_x.nonsense")] {
        let answer = page(app, "GET", path, link);
        for (name, value) in [
            ("Content-Security-Policy", Some(CSP)),
            ("Referrer-Policy", Some("no-referrer")),
            ("X-Content-Type-Options", Some("nosniff")),
            ("Cache-Control", Some("no-store")),
            ("Set-Cookie", None),
        ] {
            assert_eq!(answer.header(name), value, "{name} of {path}");
        }
        let token = link.and_then(|link| link.split_once('.'));
        let told = token.is_some_and(|(_, token)| answer.text().contains(token));
        assert!(!told, "{path} holds the token");
        assert!(!answer.text().contains("style="), "{path}");
        assert_eq!(
            answer.text().matches("<script").count(),
            answer.text().matches("<script src=").count()
        );
    }
}

fn assets_are_asked_for_by_their_tag(app: &TestApp) {
    for (path, media_type) in [
        ("/assets/kaiji.css", "text/css; charset=utf-8"),
        ("/assets/link.js", "text/javascript; charset=utf-8"),
    ] {
        let first = page(app, "GET", path, None).expect(200);
        assert_eq!(first.header("Content-Type"), Some(media_type));
        assert_eq!(first.header("Cache-Control"), Some("no-cache"));
        let again = app
            .site()
            .call("GET", path)
            .header("If-None-Match", first.etag());
        let again = again.send().expect(304);
        assert!(again.body.is_empty());
        assert_eq!(again.etag(), first.etag());
    }
    let _ = page(app, "GET", "/assets/other.js", None).expect(404);
}

fn without_a_link_there_is_only_what_asks_for_one(app: &TestApp) {
    let shell = page(app, "GET", "/answer", None).expect(200);
    assert!(shell.text().contains("<noscript>"));
    let unknown = page(app, "GET", "/answer", Some("lnk_x.nonsense")).expect(404);
    assert!(unknown.text().contains("リンクを確認できませんでした"));
    // Ten wrong tokens from one address are borne.
    let tried = (0..20).map(|_| page(app, "GET", "/answer", Some("lnk_x.nonsense")));
    let refused: Vec<Answer> = tried.filter(|answer| answer.status == 429).collect();
    let refused = refused.first().expect("a refusal");
    assert!(refused.header("Retry-After").is_some());
    assert!(refused.text().contains("しばらく待ってから"));
}
