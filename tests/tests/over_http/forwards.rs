//! Requests that go on: from the dealer to the maker, back where somebody declines, and never in a circle.

use jiff::SignedDuration;
use kaiji_tests::{Client, Institution, TestApp, Vendor, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    a_dealer_forwards_to_the_maker_and_the_answer_comes_back_along_the_chain,
    a_refusal_goes_back_to_whoever_forwarded,
    the_first_ones_refusal_ends_it,
    a_request_goes_in_no_circle,
    a_chain_has_an_end,
    each_sees_what_concerns_it,
    the_day_travels_along_and_the_last_one_is_late,
    cancelling_ends_the_whole_chain,
    a_product_released_to_everybody_answers_at_once,
    only_its_own_product_is_released,
    a_forward_that_leads_nowhere_is_refused,
    several_vendors_are_asked_side_by_side,
    only_the_one_who_is_asked_forwards,
];

/// A clinic that asks a dealer for a product that a maker makes.
struct Route {
    clinic: Institution,
    dealer: Vendor,
    maker: Vendor,
    made: String,
    request: String,
}

impl Route {
    fn new(app: &TestApp) -> Self {
        let (dealer, maker) = (app.vendor("見本販売株式会社"), app.vendor("見本製作所"));
        let clinic = app.institution("サンプル医院");
        let request = clinic.request(&dealer.product("見本カルテ"));
        Self {
            made: maker.product("見本カルテ（製造元）"),
            clinic,
            dealer,
            maker,
            request,
        }
    }

    fn own(&self) -> Value {
        self.clinic.get(&format!("/requests/{}", self.request)).ok()
    }

    fn states(&self) -> Vec<String> {
        states(&self.own())
    }
}

fn forward(vendor: &Vendor, request: &str, to: &Value) -> Value {
    let path = format!("/requests/{request}/forward");
    vendor.post(&path).json(to).ok()
}

fn refused(vendor: &Vendor, request: &str, to: &Value, kind: &str) {
    let path = format!("/requests/{request}/forward");
    vendor.post(&path).json(to).refused(409, kind);
}

/// The request that waits for a vendor.
fn waiting(vendor: &Vendor) -> Value {
    let open = vendor.list("/requests?state=open");
    assert_eq!(open.len(), 1, "{open:?}");
    open[0].clone()
}

fn id(request: &Value) -> &str {
    request["id"].as_str().unwrap()
}

fn states(request: &Value) -> Vec<String> {
    let chain = request["chain"].as_array().unwrap().iter();
    chain
        .map(|part| part["state"].as_str().unwrap().to_owned())
        .collect()
}

fn kinds(client: &Client) -> Vec<String> {
    let events = client.events().into_iter();
    let events = events.filter(|(kind, _)| kind.starts_with("request"));
    events.map(|(kind, _)| kind).collect()
}

fn a_dealer_forwards_to_the_maker_and_the_answer_comes_back_along_the_chain(app: &TestApp) {
    let route = Route::new(app);
    let statement = route
        .maker
        .publish(&route.maker.statement("sds-sample", &route.made));
    let to = json!({ "vendor": route.maker.organisation, "message": "開発元へ回します" });
    let forwarded = forward(&route.dealer, &route.request, &to);
    assert_eq!(forwarded["state"], "forwarded");
    assert_eq!(route.own()["state"], "forwarded");
    assert_eq!(route.clinic.list("/requests?state=forwarded").len(), 1);
    assert!(route.dealer.list("/requests?state=open").is_empty());

    let asked = waiting(&route.maker);
    assert_eq!(asked["subject"], "見本カルテ");
    assert_eq!(asked["product"], Value::Null);
    assert_eq!(asked["chain"][1]["message"], "開発元へ回します");
    let release = format!("/requests/{}/release", id(&asked));
    let product = json!({ "product": route.made });
    assert_eq!(
        route.maker.post(&release).json(&product).ok()["state"],
        "released"
    );

    let own = route.own();
    assert_eq!(own["state"], "released");
    assert_eq!(states(&own), ["released", "released"]);
    assert_eq!(own["chain"][1]["name"], "見本製作所");
    assert_eq!(own["chain"][1]["product"], json!(route.made));
    assert_eq!(route.dealer.list("/requests?state=released").len(), 1);
    assert_eq!(route.clinic.fetch(&statement).status, 200);
    assert_eq!(
        kinds(&route.clinic),
        ["request_forwarded", "request_released"]
    );
    assert_eq!(kinds(&route.dealer), ["request_opened", "request_released"]);
    assert_eq!(kinds(&route.maker), ["request_opened"]);
    let (_, told) = route.clinic.events().pop().unwrap();
    assert_eq!(told["request"], json!(route.request));
    assert_eq!(told["product"], json!(route.made));
    assert_eq!(told["who"], "見本製作所");
}

fn a_refusal_goes_back_to_whoever_forwarded(app: &TestApp) {
    let route = Route::new(app);
    let other = app.vendor("別の製作所");
    let to_maker = json!({ "vendor": route.maker.organisation });
    forward(&route.dealer, &route.request, &to_maker);
    let decline = format!("/requests/{}/decline", id(&waiting(&route.maker)));
    let reason = json!({ "reason": "当社の製品ではありません" });
    route.maker.post(&decline).json(&reason).ok();

    let own = route.own();
    assert_eq!(
        (&own["state"], &own["reason"]),
        (&json!("open"), &Value::Null)
    );
    assert_eq!(states(&own), ["open", "declined"]);
    assert_eq!(own["chain"][1]["reason"], reason["reason"]);
    assert_eq!(kinds(&route.dealer), ["request_opened", "request_returned"]);
    assert_eq!(
        kinds(&route.clinic),
        ["request_forwarded", "request_returned"]
    );
    let (_, told) = route.dealer.events().pop().unwrap();
    assert_eq!(told["reason"], reason["reason"]);

    // Not to the same again, but to somebody else.
    refused(&route.dealer, &route.request, &to_maker, "request_circle");
    let to_other = json!({ "vendor": other.organisation });
    forward(&route.dealer, &route.request, &to_other);
    assert_eq!(route.states(), ["forwarded", "declined", "open"]);
    // The one who declined sees no more of it.
    let seen = route.maker.list("/requests");
    assert_eq!(states(&seen[0]), ["forwarded", "declined"]);
}

fn the_first_ones_refusal_ends_it(app: &TestApp) {
    let route = Route::new(app);
    let reason = json!({ "reason": "契約が確認できません" });
    let decline = format!("/requests/{}/decline", route.request);
    route.dealer.post(&decline).json(&reason).ok();
    let own = route.own();
    assert_eq!(
        (&own["state"], &own["reason"]),
        (&json!("declined"), &reason["reason"])
    );
    assert_eq!(kinds(&route.clinic), ["request_declined"]);
    refused(
        &route.dealer,
        &route.request,
        &json!({ "vendor": route.maker.organisation }),
        "request_state",
    );
}

fn a_request_goes_in_no_circle(app: &TestApp) {
    let route = Route::new(app);
    let third = app.vendor("第三の会社");
    let to = |vendor: &Vendor| json!({ "vendor": vendor.organisation });
    refused(
        &route.dealer,
        &route.request,
        &to(&route.dealer),
        "request_circle",
    );
    forward(&route.dealer, &route.request, &to(&route.maker));
    let second = waiting(&route.maker);
    refused(
        &route.maker,
        id(&second),
        &to(&route.dealer),
        "request_circle",
    );
    forward(&route.maker, id(&second), &to(&third));
    let last = waiting(&third);
    for before in [&route.dealer, &route.maker, &third] {
        refused(&third, id(&last), &to(before), "request_circle");
    }
    assert_eq!(route.states(), ["forwarded", "forwarded", "open"]);
}

fn a_chain_has_an_end(app: &TestApp) {
    let route = Route::new(app);
    let mut last = route.dealer;
    let mut request = route.request.clone();
    for number in 2..=8 {
        let next = app.vendor(&format!("第{number}の会社"));
        forward(&last, &request, &json!({ "vendor": next.organisation }));
        id(&waiting(&next)).clone_into(&mut request);
        last = next;
    }
    refused(
        &last,
        &request,
        &json!({ "vendor": route.maker.organisation }),
        "request_too_long",
    );
    let own = route
        .clinic
        .get(&format!("/requests/{}", route.request))
        .ok();
    assert_eq!(states(&own).len(), 8);
}

fn each_sees_what_concerns_it(app: &TestApp) {
    let route = Route::new(app);
    let (third, stranger) = (app.vendor("第三の会社"), app.vendor("よその会社"));
    // Another clinic asks the dealer as well.
    let elsewhere = app.institution("よその医院");
    let other = elsewhere.request(&route.dealer.product("別の製品"));
    let to = |vendor: &Vendor| json!({ "vendor": vendor.organisation });
    forward(&route.dealer, &other, &to(&route.maker));
    forward(&route.dealer, &route.request, &to(&route.maker));
    let asked = route.maker.list("/requests?state=open");
    let mine = asked
        .iter()
        .find(|request| request["institution_name"] == "サンプル医院");
    let mine = mine.unwrap();
    forward(&route.maker, id(mine), &to(&third));

    let names = |request: &Value| {
        let chain = request["chain"].as_array().unwrap().iter();
        chain
            .map(|part| part["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = ["見本販売株式会社", "見本製作所", "第三の会社"];
    assert_eq!(names(&route.own()), all);
    assert_eq!(names(&waiting(&third)), all);
    let dealers = route.dealer.get(&format!("/requests/{}", route.request));
    assert_eq!(names(&dealers.ok()), all[..2]);
    let elsewheres = elsewhere.get(&format!("/requests/{other}")).ok();
    assert_eq!(names(&elsewheres), all[..2]);
    // A forwarded request is its vendor's alone; the clinic has its own.
    let makers = format!("/requests/{}", id(mine));
    for client in [&stranger as &Client, &route.dealer, &third, &route.clinic] {
        client.get(&makers).refused(404, "not_found");
    }
    assert_eq!(route.clinic.list("/requests").len(), 1);
}

fn the_day_travels_along_and_the_last_one_is_late(app: &TestApp) {
    let (dealer, maker) = (app.vendor("見本販売"), app.vendor("見本製作所"));
    let clinic = app.institution("サンプル医院");
    let asked = json!({ "product": dealer.product("見本カルテ"), "due_on": "2026-11-21" });
    let made = clinic.post("/requests").json(&asked).created();
    let to = json!({ "vendor": maker.organisation });
    forward(&dealer, id(&made), &to);
    assert_eq!(waiting(&maker)["due_on"], "2026-11-21");
    let listed =
        |client: &Client, state: &str| client.list(&format!("/requests?state={state}")).len();
    assert_eq!(listed(&clinic, "forwarded"), 1);

    app.advance(SignedDuration::from_hours(24));
    let own = clinic.get(&format!("/requests/{}", id(&made))).ok();
    assert_eq!(own["state"], "overdue");
    assert_eq!(states(&own), ["forwarded", "overdue"]);
    assert_eq!(
        (listed(&clinic, "forwarded"), listed(&clinic, "overdue")),
        (0, 1)
    );
    // The dealer has done its part.
    assert_eq!(
        (listed(&dealer, "forwarded"), listed(&dealer, "overdue")),
        (1, 0)
    );
    assert_eq!((listed(&maker, "open"), listed(&maker, "overdue")), (0, 1));
}

fn cancelling_ends_the_whole_chain(app: &TestApp) {
    let route = Route::new(app);
    let to = json!({ "vendor": route.maker.organisation });
    forward(&route.dealer, &route.request, &to);
    let last = waiting(&route.maker);
    let cancel = format!("/requests/{}/cancel", route.request);
    assert_eq!(route.clinic.post(&cancel).ok()["state"], "cancelled");
    assert_eq!(route.states(), ["cancelled", "cancelled"]);
    for vendor in [&route.dealer, &route.maker] {
        assert_eq!(kinds(vendor).last().unwrap(), "request_cancelled");
    }
    let release = format!("/requests/{}/release", id(&last));
    let product = json!({ "product": route.made });
    let late = route.maker.post(&release).json(&product);
    late.refused(409, "request_state");
    route.clinic.post(&cancel).refused(409, "request_state");
}

fn a_product_released_to_everybody_answers_at_once(app: &TestApp) {
    let route = Route::new(app);
    let product = json!({ "name": "公開製品", "release": "automatic" });
    let product = route.maker.product_with(&product);
    let to = json!({ "vendor": route.maker.organisation, "product": product });
    let forwarded = forward(&route.dealer, &route.request, &to);
    assert_eq!(forwarded["state"], "released");
    assert_eq!(route.states(), ["released", "released"]);
    assert_eq!(
        kinds(&route.clinic),
        ["request_forwarded", "request_released"]
    );
}

fn only_its_own_product_is_released(app: &TestApp) {
    let route = Route::new(app);
    let to = json!({ "vendor": route.maker.organisation });
    forward(&route.dealer, &route.request, &to);
    let release = format!("/requests/{}/release", id(&waiting(&route.maker)));
    let sold = route.own()["product"].clone();
    let foreign = route.maker.post(&release).json(&json!({ "product": sold }));
    foreign.violates(&[("/product", "unknown_product")]);
    route
        .maker
        .post(&release)
        .violates(&[("/product", "missing")]);
    let untyped = route.maker.post(&release).body("text/plain", "prd_1");
    untyped.refused(415, "unsupported_media_type");
    assert_eq!(route.states(), ["forwarded", "open"]);
}

fn a_forward_that_leads_nowhere_is_refused(app: &TestApp) {
    let route = Route::new(app);
    let path = format!("/requests/{}/forward", route.request);
    let violates = |to: Value, expected: &[(&str, &str)]| {
        route.dealer.post(&path).json(&to).violates(expected);
    };
    let maker = &route.maker.organisation;
    let unknown = [("/vendor", "unknown_vendor")];
    violates(json!({ "vendor": "ven_0" }), &unknown);
    violates(json!({ "vendor": route.clinic.organisation }), &unknown);
    let sold = route.own()["product"].clone();
    violates(
        json!({ "vendor": maker, "product": sold }),
        &[("/product", "unknown_product")],
    );
    violates(json!({}), &[("", "missing")]);
    let address = json!({ "name": "担当", "email": "a@example.jp" });
    violates(
        json!({ "vendor": maker, "to": address }),
        &[("/to", "both")],
    );
    violates(
        json!({ "to": address, "product": sold }),
        &[("/product", "both")],
    );
    for email in [
        "a@example.jp\r\nBcc: b@example.jp",
        "a\n@example.jp",
        "a@example.jp\u{1b}",
        "a b@example.jp",
        "名前",
        "a@localhost",
    ] {
        let to = json!({ "to": { "name": "担当", "email": email } });
        violates(to, &[("/to/email", "choice")]);
    }
    let to = json!({ "to": { "name": "担当\r\nBcc: b@example.jp", "email": "a@example.jp" } });
    violates(to, &[("/to/name", "control")]);
    // Who was shut out is not asked.
    let shut = json!({ "disabled": true });
    let patch = format!("/organisations/{maker}");
    app.operator().patch(&patch).json(&shut).ok();
    violates(json!({ "vendor": maker }), &unknown);
    assert_eq!(route.states(), ["open"]);
}

/// Q&A Q-20: each of several vendors is asked.
fn several_vendors_are_asked_side_by_side(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let ask = |new: Value| clinic.post("/requests").json(&new);
    for number in 1..=3 {
        clinic.request(&app.vendor(&format!("第{number}の会社")).product("レセコン"));
        let email = format!("security{number}@example.jp");
        let to = json!({ "name": "担当", "email": email });
        ask(json!({ "to": to, "subject": "レセコン" })).created();
    }
    assert_eq!(clinic.list("/requests?state=open").len(), 6);
    // The same of the same address, however it is written.
    let to = json!({ "name": "別の担当", "email": "Security1@Example.JP" });
    ask(json!({ "to": to, "subject": "ﾚｾｺﾝ" })).refused(409, "request_open");
    ask(json!({ "to": to, "subject": "電子カルテ" })).created();
}

fn only_the_one_who_is_asked_forwards(app: &TestApp) {
    let route = Route::new(app);
    let to = json!({ "vendor": route.maker.organisation });
    let path = format!("/requests/{}/forward", route.request);
    let stranger = route.maker.post(&path).json(&to);
    stranger.refused(404, "not_found");
    forward(&route.dealer, &route.request, &to);
    refused(&route.dealer, &route.request, &to, "request_state");
}
