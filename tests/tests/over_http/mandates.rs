//! Mandates: another institution acts for one, within what it was given, and every record says who acted.

use jiff::SignedDuration;
use kaiji_schema::jws::{Document, Jws};
use kaiji_schema::receipt::{Event, Receipt};
use kaiji_tests::{Call, Institution, Person, TestApp, on_both_databases};
use serde_json::{Value, json};

on_both_databases![
    an_agent_acts_with_the_institutions_things_and_both_see_it,
    receipts_of_what_an_agent_did_name_it,
    what_an_agent_keeps_and_hands_out_says_so,
    people_act_by_their_roles_within_the_mandate,
    a_mandate_is_over_on_the_next_request,
    an_agent_whose_mandate_is_none_learns_nothing,
    what_cannot_be_granted_is_refused_with_its_place,
    people_give_mandates_as_administrators_with_a_fresh_code,
    what_is_the_institutions_own_business_is_not_done_for_it,
    one_key_makes_one_thing_for_each_institution,
];

const ALL: [&str; 4] = [
    "statements:read",
    "requests:write",
    "reviews:write",
    "exports:read",
];

/// An institution that lets another act for it.
struct Given {
    clinic: Institution,
    agent: Institution,
    mandate: String,
}

impl Given {
    fn new(app: &TestApp, scopes: &[&str]) -> Self {
        let clinic = app.institution("サンプル医院");
        let agent = app.institution("医療法人見本会");
        let mandate = grant(&clinic, &agent, scopes).created();
        assert_eq!(mandate["state"], "in_force");
        Self {
            mandate: mandate["id"].as_str().unwrap().to_owned(),
            clinic,
            agent,
        }
    }

    /// With a call of the agent's, for the institution.
    fn acting(&self, call: Call) -> Call {
        call.header("Kaiji-Acting-For", &self.clinic.organisation)
    }

    fn systems(&self) -> Call {
        self.acting(self.agent.get("/systems"))
    }

    fn end(&self) -> Call {
        self.clinic.delete(&format!("/mandates/{}", self.mandate))
    }
}

fn grant(clinic: &Institution, agent: &Institution, scopes: &[&str]) -> Call {
    let new = json!({ "agent": agent.organisation, "scopes": scopes, "until": "2027-03-31" });
    clinic.post("/mandates").json(&new)
}

fn event_of(receipt: &Value) -> Receipt {
    let receipt = Jws::parse(receipt.as_str().unwrap()).unwrap();
    Receipt::parse(receipt.payload()).unwrap()
}

/// What the audit trail tells an organisation of such an action.
fn entry(institution: &Institution, action: &str) -> Value {
    let path = format!("/audit-events?action={action}");
    let mut entries = institution.list(&path);
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

fn an_agent_acts_with_the_institutions_things_and_both_see_it(app: &TestApp) {
    let given = Given::new(app, &ALL);
    let Given { clinic, agent, .. } = &given;
    let held = agent.get("/acting-for").ok();
    assert_eq!(held["items"][0]["institution"], *clinic.organisation);
    assert_eq!(held["items"][0]["institution_name"], "サンプル医院");
    assert_eq!(held["items"][0]["mandate"], *given.mandate);

    let new = agent
        .post("/systems")
        .json(&json!({ "name": "電子カルテ" }));
    let made = given.acting(new).created();
    assert_eq!(clinic.list("/systems"), [made]);
    assert!(agent.list("/systems").is_empty());

    // One entry, which says for whom and by whom; in the trails of both.
    app.audit_trail();
    let told = entry(clinic, "systems_create");
    assert_eq!(told["organisation"], *clinic.organisation);
    assert_eq!(told["agent"], *agent.organisation);
    assert_eq!(told["client"], *agent.id);
    assert_eq!(entry(agent, "systems_create"), told);
    assert_eq!(
        entry(agent, "mandates_list_acting_for")["agent"],
        Value::Null
    );
    // The day is closed with it, and the chain holds.
    app.advance(SignedDuration::from_hours(25));
    app.step_jobs();
    assert_eq!(app.verify_audit_trail(), Ok(1));

    // The beginning and the end of it are events of both, and leaves of the log.
    let _ = given.end().send().expect(204);
    for side in [clinic, agent] {
        let events = side.events();
        let kinds: Vec<_> = events
            .iter()
            .map(|(kind, _)| kind.as_str())
            .filter(|kind| kind.starts_with("mandate"))
            .collect();
        assert_eq!(kinds, ["mandate_granted", "mandate_ended"]);
        let shown = side.get(&format!("/mandates/{}", given.mandate)).ok();
        assert_eq!(shown["state"], "ended");
        assert_eq!(shown["ended_by"], *clinic.id);
        let [begun, ended] = shown["receipts"].as_array().unwrap().as_slice() else {
            panic!("{shown}");
        };
        let (begun, ended) = (event_of(begun), event_of(ended));
        assert_eq!(begun.event, Event::MandateGranted);
        assert_eq!(ended.event, Event::MandateEnded);
        assert_eq!(begun.institution.as_deref(), Some(&*clinic.organisation));
        assert_eq!(begun.agent.as_deref(), Some(&*agent.organisation));
        assert!(begun.leaf_index < ended.leaf_index);
    }
    given.end().refused(409, "mandate_ended");
}

fn receipts_of_what_an_agent_did_name_it(app: &TestApp) {
    let given = Given::new(app, &ALL);
    let Given { clinic, agent, .. } = &given;
    let vendor = app.vendor("見本電子カルテ株式会社");
    let product = vendor.product("見本カルテ");
    vendor.release(&clinic.request(&product));
    let statement = vendor.publish(&vendor.statement("sds-sample", &product));
    let fetch = agent.get(&format!("/statements/{statement}"));
    let fetch = given.acting(fetch.header("Accept", "application/jose"));
    let _ = fetch.send().expect(200);
    let path = format!("/statements/{statement}/acknowledgement");
    let acknowledged = given.acting(agent.post(&path)).ok();
    let receipt = event_of(&acknowledged["receipt"]);
    assert_eq!(receipt.event, Event::DeliveryAcknowledged);
    assert_eq!(receipt.institution.as_deref(), Some(&*clinic.organisation));
    assert_eq!(receipt.agent.as_deref(), Some(&*agent.organisation));
    // The agent itself was given nothing.
    agent
        .get(&format!("/statements/{statement}"))
        .refused(404, "not_found");
}

fn what_an_agent_keeps_and_hands_out_says_so(app: &TestApp) {
    let given = Given::new(app, &ALL);
    let Given { clinic, agent, .. } = &given;
    let said = json!({ "state": "not_started" });
    let _ = clinic.put("/checklist/6-1").json(&said).ok();
    let again = agent.put("/checklist/6-1").json(&said);
    let _ = given.acting(again).ok();
    let history = clinic.list("/checklist/6-1/history");
    assert_eq!(history[0]["agent"], Value::Null);
    assert_eq!(history[1]["agent"], *agent.organisation);

    let frozen = given
        .acting(agent.post("/inspections").json(&json!({})))
        .created();
    let inspection = format!("/inspections/{}", frozen["id"].as_str().unwrap());
    assert_eq!(clinic.get(&inspection).ok()["agent"], *agent.organisation);
    let label = json!({ "label": "見本保健所" });
    let links = format!("{inspection}/links");
    let _ = given.acting(agent.post(&links).json(&label)).created();
    assert_eq!(clinic.list(&links)[0]["agent"], *agent.organisation);
    let own = clinic.post("/inspections").json(&json!({})).created();
    assert_eq!(own["agent"], Value::Null);
}

fn people_act_by_their_roles_within_the_mandate(app: &TestApp) {
    let given = Given::new(app, &["statements:read", "requests:write"]);
    let Given { clinic, agent, .. } = &given;
    let editor = Person::signed_in(app, agent, "editor@agent.example.jp", &["editor"]);
    let viewer = Person::signed_in(app, agent, "viewer@agent.example.jp", &["viewer"]);
    let new = json!({ "name": "電子カルテ" });
    given
        .acting(viewer.post("/systems").json(&new))
        .refused(403, "forbidden");
    let _ = given.acting(editor.post("/systems").json(&new)).created();
    assert_eq!(clinic.list("/systems").len(), 1);
    // What the mandate does not cover, the role does not either.
    let refused = given
        .acting(editor.get("/exports/systems.csv"))
        .refused(403, "forbidden");
    assert!(refused.detail.contains("exports:read"), "{refused:?}");
    let own = editor.get("/exports/systems.csv").send();
    let _ = own.expect(200);
    app.audit_trail();
    let told = clinic.list(&format!("/audit-events?client={}", editor.id));
    let results: Vec<_> = told.iter().map(|entry| &entry["result"]).collect();
    assert_eq!(results, ["done", "forbidden"]);
}

fn a_mandate_is_over_on_the_next_request(app: &TestApp) {
    let given = Given::new(app, &ALL);
    let Given { clinic, agent, .. } = &given;
    // The token stays the same all along.
    let _ = given.systems().ok();
    let _ = given.end().send().expect(204);
    given.systems().refused(404, "not_found");
    assert_eq!(agent.get("/acting-for").ok()["items"], json!([]));

    // The agent lays one down.
    let again = grant(clinic, agent, &ALL).created();
    let _ = given.systems().ok();
    let path = format!("/mandates/{}", again["id"].as_str().unwrap());
    let _ = agent.delete(&path).send().expect(204);
    given.systems().refused(404, "not_found");

    let third = grant(clinic, agent, &ALL).created();
    let disable = |organisation: &str, disabled: bool| {
        let path = format!("/organisations/{organisation}");
        let change = json!({ "disabled": disabled });
        app.operator().patch(&path).json(&change).ok();
    };
    disable(&clinic.organisation, true);
    given.systems().refused(404, "not_found");
    assert_eq!(agent.get("/acting-for").ok()["items"], json!([]));
    disable(&clinic.organisation, false);
    let _ = given.systems().ok();
    disable(&agent.organisation, true);
    given.systems().refused(401, "unauthenticated");
    disable(&agent.organisation, false);

    // Its last day is over in Japan.
    app.advance(SignedDuration::from_hours(24 * 130 + 14));
    let _ = given.systems().ok();
    app.advance(SignedDuration::from_hours(1));
    given.systems().refused(404, "not_found");
    let path = format!("/mandates/{}", third["id"].as_str().unwrap());
    assert_eq!(clinic.get(&path).ok()["state"], "expired");
    let renewed = json!({ "agent": agent.organisation, "scopes": ALL, "until": "2027-12-31" });
    let _ = clinic.post("/mandates").json(&renewed).created();
    let _ = given.systems().ok();
}

fn an_agent_whose_mandate_is_none_learns_nothing(app: &TestApp) {
    let given = Given::new(app, &ALL);
    let other = app.institution("よその医院");
    let vendor = app.vendor("見本社");
    let named = |call: Call, id: &str| call.header("Kaiji-Acting-For", id);
    let asked = |id: &str| named(given.agent.get("/systems"), id).refused(404, "not_found");
    let refused = asked(&other.organisation);
    for id in ["ins_0", "", &vendor.organisation, &given.agent.organisation] {
        assert_eq!(asked(id), refused, "{id}");
    }
    // A mandate goes one way, and no further.
    named(given.clinic.get("/systems"), &given.agent.organisation).refused(404, "not_found");
    named(vendor.get("/statements"), &given.clinic.organisation).refused(404, "not_found");
    let twice = given.acting(given.systems());
    twice.refused(400, "bad_header");
    // Whoever tried is told of it in their own trail, and nobody else.
    app.audit_trail();
    let tried = given.agent.list("/audit-events?action=systems_list");
    assert_eq!(tried.len(), 6);
    assert!(tried.iter().all(|entry| entry["agent"] == Value::Null));
    assert!(other.list("/audit-events?action=systems_list").is_empty());
}

fn what_cannot_be_granted_is_refused_with_its_place(app: &TestApp) {
    let given = Given::new(app, &["statements:read"]);
    let vendor = app.vendor("見本社");
    let grant = |members: Value| {
        let mut new = json!({
            "agent": given.agent.organisation, "scopes": ["statements:read"], "until": "2027-03-31",
        });
        let members = members.as_object().unwrap().clone();
        new.as_object_mut().unwrap().extend(members);
        given.clinic.post("/mandates").json(&new)
    };
    for scopes in [
        json!(["admin"]),
        json!(["statements:write"]),
        json!([]),
        json!(["x"]),
    ] {
        grant(json!({ "scopes": scopes })).violates(&[("/scopes", "choice")]);
    }
    grant(json!({ "until": "2026-11-20" })).violates(&[("/until", "past")]);
    for agent in [vendor.organisation.as_str(), "ins_0"] {
        grant(json!({ "agent": agent })).violates(&[("/agent", "unknown_organisation")]);
    }
    grant(json!({ "agent": given.clinic.organisation })).violates(&[("/agent", "itself")]);
    let refused = grant(json!({})).refused(409, "mandate_in_force");
    assert!(refused.detail.contains(&given.mandate));
    assert_eq!(given.clinic.list("/mandates").len(), 1);
}

fn people_give_mandates_as_administrators_with_a_fresh_code(app: &TestApp) {
    let clinic = app.institution("サンプル医院");
    let agent = app.institution("医療法人見本会");
    let editor = Person::signed_in(app, &clinic, "editor@clinic.example.jp", &["editor"]);
    let head = Person::signed_in(app, &clinic, "head@clinic.example.jp", &["administrator"]);
    let new = json!({ "agent": agent.organisation, "scopes": ["statements:read"], "until": "2027-03-31" });
    let grant = |person: &Person| person.post("/mandates").json(&new);
    grant(&editor).refused(403, "forbidden");
    app.advance(SignedDuration::from_mins(10));
    grant(&head).refused(403, "step_up_required");
    head.step_up(app);
    let given = grant(&head).created();
    assert_eq!(given["granted_by"], *head.id);
    let path = format!("/mandates/{}", given["id"].as_str().unwrap());
    editor.delete(&path).refused(403, "forbidden");
    let _ = head.delete(&path).send().expect(204);
}

fn what_is_the_institutions_own_business_is_not_done_for_it(app: &TestApp) {
    let given = Given::new(app, &ALL);
    let Given { agent, .. } = &given;
    let head = Person::signed_in(app, agent, "head@agent.example.jp", &["administrator"]);
    let user = json!({ "email": "x@agent.example.jp", "name": "見本 花子", "roles": ["viewer"] });
    let mandate = json!({ "agent": agent.organisation, "scopes": ALL, "until": "2027-03-31" });
    // The administrator has just shown a code: for the agent itself this would be done.
    for call in [
        head.post("/users").json(&user),
        head.get("/users"),
        head.get("/audit-events"),
        head.post("/mandates").json(&mandate),
        head.get("/mandates"),
        head.delete(&format!("/mandates/{}", given.mandate)),
        head.get("/acting-for"),
        head.get("/session"),
        agent.post("/users").json(&user),
        agent.post("/mandates").json(&mandate),
        agent.get("/acting-for"),
    ] {
        given.acting(call).refused(403, "forbidden");
    }
    assert!(given.clinic.list("/users").is_empty());
}

fn one_key_makes_one_thing_for_each_institution(app: &TestApp) {
    let given = Given::new(app, &ALL);
    let other = app.institution("第二サンプル医院");
    let _ = grant(&other, &given.agent, &ALL).created();
    let make = |institution: &Institution| {
        let call = given
            .agent
            .post("/systems")
            .json(&json!({ "name": "電子カルテ" }));
        let call = call.header("Idempotency-Key", "k-1");
        let call = call.header("Kaiji-Acting-For", &institution.organisation);
        call.created()["id"].clone()
    };
    let (first, second) = (make(&given.clinic), make(&other));
    assert_ne!(first, second);
    assert_eq!(make(&given.clinic), first);
    assert_eq!(other.list("/systems").len(), 1);
}
