//! Access tokens: given for a signed assertion that holds in every point, once, and good for ten minutes.

use jiff::SignedDuration;
use kaiji_tests::{Client, TestApp, compact, fixture_key, new_key, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_client_gets_a_token_for_an_assertion_once,
    every_claim_of_an_assertion_is_checked,
    an_assertion_is_signed_by_the_clients_key_under_a_plain_header,
    a_token_request_is_a_form_with_the_right_fields,
    a_client_gets_the_scopes_that_it_asks_for_and_no_more,
    a_token_expires_after_ten_minutes,
    a_token_that_was_not_given_out_is_refused,
    disabling_a_client_or_its_organisation_acts_on_the_next_request,
    the_service_says_where_tokens_are_given,
];

/// Tries an assertion with these claims; `None` if a token is given, else the sentence of the refusal.
fn refusal(client: &Client, claims: &Value) -> Option<String> {
    let answer = client.show(&client.assertion(claims), &[]).send();
    if answer.status == 200 {
        return None;
    }
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(
        answer.json()["error"],
        "invalid_client",
        "RFC 6749 names it so"
    );
    Some(answer.problem(401, "invalid_client").detail)
}

fn a_client_gets_a_token_for_an_assertion_once(app: &TestApp) {
    let client = app.operator();
    let assertion = client.assertion(&client.claims());
    let given = client.show(&assertion, &[]).send().expect(200);
    assert_eq!(given.header("Cache-Control"), Some("no-store"));
    assert_eq!(given.json()["token_type"], "Bearer");
    assert_eq!(given.json()["expires_in"], 600);
    assert_eq!(given.json()["scope"], "admin");
    client.show(&assertion, &[]).refused(401, "invalid_client");

    let mut claims = client.claims();
    claims["exp"] = json!(app.site().now().as_second() + 30);
    assert_eq!(refusal(client, &claims), None);
    claims["exp"] = json!(app.site().now().as_second() + 45);
    assert!(
        refusal(client, &claims).is_some(),
        "the same jti in another assertion"
    );
}

fn every_claim_of_an_assertion_is_checked(app: &TestApp) {
    let client = app.operator();
    let other = app.institution("サンプル医院");
    let now = app.site().now().as_second();
    let with = |name: &str, value: Value| {
        let mut claims = client.claims();
        claims[name] = value;
        refusal(client, &claims)
    };
    let without = |name: &str| {
        let mut claims = client.claims();
        claims.as_object_mut().unwrap().remove(name);
        refusal(client, &claims)
    };
    for name in ["iss", "sub", "aud", "exp", "jti"] {
        assert!(without(name).is_some(), "without {name}");
    }
    for (name, wrong) in [
        ("aud", json!("https://elsewhere.example")),
        ("aud", json!(format!("{}/oauth/token", app.site().url()))),
        (
            "aud",
            json!([app.site().url(), "https://elsewhere.example"]),
        ),
        ("iss", json!(other.id)),
        ("sub", json!(other.id)),
        ("sub", json!("cli_unknown")),
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!(now + 661)),
        ("exp", json!("soon")),
        ("nbf", json!(now + 61)),
        ("iat", json!(now + 61)),
        ("jti", json!("")),
        ("jti", json!("j".repeat(129))),
    ] {
        assert!(with(name, wrong.clone()).is_some(), "{name}: {wrong}");
    }
    for (name, right) in [
        ("aud", json!([app.site().url()])),
        ("exp", json!(now + 660)),
        ("nbf", json!(now + 60)),
        ("iat", json!(now - 600)),
    ] {
        assert_eq!(with(name, right.clone()), None, "{name}: {right}");
    }
}

fn an_assertion_is_signed_by_the_clients_key_under_a_plain_header(app: &TestApp) {
    let client = app.operator();
    let try_header = |header: Value| {
        let claims = client.claims().to_string();
        let assertion = compact(
            &header.to_string(),
            claims.as_bytes(),
            &client.assertion_key,
        );
        client.show(&assertion, &[]).send().status
    };
    assert_eq!(try_header(json!({ "alg": "ES256", "typ": "JWT" })), 200);
    assert_eq!(try_header(json!({ "alg": "ES256" })), 200);
    assert_eq!(
        try_header(json!({ "alg": "ES256", "typ": "client-authentication+jwt" })),
        200
    );
    for refused in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "PS256" }),
        json!({ "alg": "ES256", "typ": "at+jwt" }),
        json!({ "alg": "ES256", "crit": ["exp"] }),
        json!({ "alg": "ES256", "jku": "https://evil.example" }),
        json!({}),
    ] {
        assert_eq!(try_header(refused.clone()), 401, "{refused}");
    }

    let claims = client.claims().to_string();
    let forged = compact(r#"{"alg":"ES256"}"#, claims.as_bytes(), &new_key());
    client.show(&forged, &[]).refused(401, "invalid_client");
    let unsigned = client.assertion(&client.claims());
    let (unsigned, _) = unsigned.rsplit_once('.').unwrap();
    client
        .show(&format!("{unsigned}."), &[])
        .refused(401, "invalid_client");
    client.show("not.a.jwt", &[]).refused(401, "invalid_client");
}

fn a_token_request_is_a_form_with_the_right_fields(app: &TestApp) {
    let client = app.operator();
    let assertion = client.assertion(&client.claims());
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let post = |fields: &[(&str, &str)]| app.site().call("POST", "/oauth/token").form(fields);
    let fields = |grant| {
        [
            ("grant_type", grant),
            ("client_assertion_type", kind),
            ("client_assertion", &assertion),
        ]
    };

    post(&fields("password")).refused(400, "unsupported_grant_type");
    post(&fields("client_credentials")[..2]).refused(400, "invalid_request");
    post(&fields("client_credentials")[..1]).refused(400, "invalid_request");
    post(&[]).refused(400, "invalid_request");
    client
        .show(&assertion, &[("client_id", "cli_other")])
        .refused(400, "invalid_request");
    let json = app.site().call("POST", "/oauth/token").json(&json!({}));
    json.refused(415, "unsupported_media_type");
    client.show(&assertion, &[("client_id", &client.id)]).ok();
}

fn a_client_gets_the_scopes_that_it_asks_for_and_no_more(app: &TestApp) {
    let organisation = app.institution("サンプル医院").organisation.clone();
    let client = app.client_of(&organisation, &["statements:read", "requests:write"]);
    let ask = |scope: &str| client.show(&client.assertion(&client.claims()), &[("scope", scope)]);
    assert_eq!(ask("requests:write").ok()["scope"], "requests:write");
    assert_eq!(
        ask("requests:write statements:read").ok()["scope"],
        "statements:read requests:write"
    );
    for excess in ["exports:read", "requests:write admin", "everything", ""] {
        ask(excess).refused(400, "invalid_scope");
    }

    let narrow = ask("statements:read").ok();
    let narrow = narrow["access_token"].as_str().unwrap();
    app.nobody("GET", "/statements").bearer(narrow).ok();
    app.nobody("GET", "/systems")
        .bearer(narrow)
        .refused(403, "forbidden");
}

fn a_token_expires_after_ten_minutes(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let token = clinic.token();
    let use_it = || app.nobody("GET", "/systems").bearer(&token);
    app.advance(SignedDuration::from_secs(599));
    use_it().ok();
    app.advance(SignedDuration::from_secs(1));
    use_it().refused(401, "unauthenticated");
}

fn a_token_that_was_not_given_out_is_refused(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let now = app.site().now().as_second();
    let forged = compact(
        r#"{"alg":"ES256","typ":"at+jwt"}"#,
        json!({
            "iss": app.site().url(), "aud": app.site().url(), "sub": clinic.id, "client_id": clinic.id,
            "exp": now + 600, "iat": now, "jti": "1", "scope": "requests:write",
        })
        .to_string()
        .as_bytes(),
        &fixture_key("other-es256"),
    );
    let assertion = clinic.assertion(&clinic.claims());
    let tampered = format!("{}A", clinic.token());
    for token in [&*forged, &assertion, &tampered, "", "x"] {
        app.nobody("GET", "/systems")
            .bearer(token)
            .refused(401, "unauthenticated");
    }
    let nobody = app.nobody("GET", "/systems").send();
    assert_eq!(nobody.header("WWW-Authenticate"), Some("Bearer"));
    nobody.problem(401, "unauthenticated");
    let basic = app
        .nobody("GET", "/systems")
        .header("Authorization", "Basic YTpi");
    basic.refused(401, "unauthenticated");
}

fn disabling_a_client_or_its_organisation_acts_on_the_next_request(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let organisation = &clinic.organisation;
    let second = app.client_of(organisation, &["requests:write"]);
    second.get("/systems").ok();

    let path = format!("/organisations/{organisation}/clients/{}", second.id);
    assert_eq!(app.operator().delete(&path).send().status, 204);
    let token = second.token();
    app.nobody("GET", "/systems")
        .bearer(&token)
        .refused(401, "unauthenticated");
    assert!(refusal(&second, &second.claims()).is_some());

    clinic.get("/systems").ok();
    let disable = |disabled: bool| {
        let path = format!("/organisations/{organisation}");
        app.operator()
            .patch(&path)
            .json(&json!({ "disabled": disabled }))
            .ok()
    };
    assert_eq!(disable(true)["disabled"], true);
    clinic.get("/systems").refused(401, "unauthenticated");
    assert!(refusal(&clinic, &clinic.claims()).is_some());
    disable(false);
    clinic.get("/systems").ok();
}

fn the_service_says_where_tokens_are_given(app: &TestApp) {
    let metadata = app
        .site()
        .call("GET", "/.well-known/oauth-authorization-server")
        .ok();
    assert_eq!(metadata["issuer"], app.site().url());
    assert_eq!(
        metadata["token_endpoint"],
        format!("{}/oauth/token", app.site().url())
    );
    assert_eq!(
        metadata["token_endpoint_auth_methods_supported"],
        json!(["private_key_jwt"])
    );
}
