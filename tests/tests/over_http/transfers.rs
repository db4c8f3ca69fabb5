//! 事業承継: a product moves to another vendor, with both vendors' consent, and its chain goes on.

use jiff::SignedDuration;
use kaiji_schema::evidence;
use kaiji_schema::jws::{self, Jws};
use kaiji_schema::receipt::{Event, Receipt};
use kaiji_tests::{Call, Institution, TestApp, Vendor, on_both_databases, sha256_of};
use serde_json::{Value, json};

use super::evidence::Folder;

on_both_databases![
    a_product_moves_with_the_consent_of_both_and_its_chain_goes_on,
    what_waits_for_an_answer_waits_for_the_successor,
    everybody_who_has_the_product_learns,
    letters_tell_the_successor_and_the_clinic,
    evidence_says_how_the_vendor_came_by_the_product,
    chains_of_the_same_name_come_together_at_one_vendor,
    a_transfer_that_one_side_does_not_want_moves_nothing,
    an_offer_holds_for_thirty_days_and_while_its_key_is_not_revoked,
    bad_offers_and_acceptances_are_refused_where_they_are_wrong,
];

/// The day on which the tests begin.
const TODAY: &str = "2026-11-21";

/// A clinic that has a vendor's statement, and another vendor.
struct Scene {
    vendor: Vendor,
    successor: Vendor,
    clinic: Institution,
    product: String,
    system: String,
    first: Value,
    name: String,
}

impl Scene {
    fn new(app: &TestApp) -> Self {
        let vendor = app.vendor("見本電子カルテ株式会社");
        let clinic = app.institution("サンプル医院");
        let product = vendor.product("見本クラウド電子カルテ");
        let system = clinic.system("電子カルテ", &product);
        vendor.release(&clinic.request(&product));
        let file = b"a file of the vendor's";
        vendor.bring(file).created();
        let mut first = vendor.statement("sds-sample", &product);
        first["attachments"] = json!([{
            "name": "構成図.pdf", "media_type": "application/pdf", "bytes": file.len(), "sha256": sha256_of(file),
        }]);
        let name = vendor.publish(&first);
        app.step_jobs();
        Self {
            successor: app.vendor("見本承継株式会社"),
            vendor,
            clinic,
            product,
            system,
            first,
            name,
        }
    }

    fn offer(&self) -> Value {
        self.offer_on(TODAY).created()
    }

    fn offer_on(&self, day: &str) -> Call {
        self.vendor.offer(&self.product, &self.successor, day)
    }

    fn moved(&self) -> Value {
        self.successor.take_over(&self.offer()).ok()
    }

    /// The next revision, by the successor.
    fn second(&self) -> Value {
        let mut second = self.first.clone();
        second["issuer"] = json!(self.successor.organisation);
        second["revision"] = json!(2);
        second["supersedes"] = json!(self.name);
        second["attachments"] = json!([]);
        second
    }

    fn comparison(&self) -> Value {
        let mut comparisons = self.clinic.comparisons(&self.system);
        assert_eq!(comparisons.len(), 1);
        comparisons.remove(0)
    }
}

fn receipts(transfer: &Value) -> Vec<Receipt> {
    let receipts = transfer["receipts"].as_array().unwrap().iter();
    let parsed = receipts.map(|receipt| {
        let jws = Jws::parse(receipt.as_str().unwrap()).unwrap();
        <Receipt as jws::Document>::parse(jws.payload()).unwrap()
    });
    parsed.collect()
}

fn kinds(events: Vec<(String, Value)>) -> Vec<String> {
    let kinds = events.into_iter().map(|(kind, _)| kind);
    kinds.filter(|kind| kind.contains("transfer")).collect()
}

fn a_product_moves_with_the_consent_of_both_and_its_chain_goes_on(app: &TestApp) {
    let scene = Scene::new(app);
    let offered = scene.offer();
    assert_eq!(offered["state"], "offered");
    assert_eq!(offered["from_name"], "見本電子カルテ株式会社");
    assert_eq!(offered["to_name"], "見本承継株式会社");
    // Nothing has moved.
    let path = format!("/products/{}", scene.product);
    let _ = scene.vendor.get(&path).ok();
    scene.successor.get(&path).refused(404, "not_found");
    assert_eq!(scene.comparison()["successor"], Value::Null);

    let accepted = scene.successor.take_over(&offered).ok();
    assert_eq!(accepted["state"], "accepted");
    let [offer, acceptance] = &receipts(&accepted)[..] else {
        panic!("two receipts")
    };
    for (receipt, event, signer) in [
        (offer, Event::TransferOffered, &scene.vendor),
        (acceptance, Event::TransferAccepted, &scene.successor),
    ] {
        assert_eq!(receipt.event, event);
        assert_eq!(receipt.vendor.as_ref(), Some(&scene.vendor.organisation));
        assert_eq!(
            receipt.successor.as_ref(),
            Some(&scene.successor.organisation)
        );
        assert_eq!(receipt.product.as_ref(), Some(&scene.product));
        let transfer = sha256_of(accepted["transfer"].as_str().unwrap().as_bytes());
        assert_eq!(receipt.transfer_sha256.unwrap().to_string(), transfer);
        assert_eq!(receipt.signer_kid, Some(signer.key.public().thumbprint()));
    }
    assert!(offer.not_after.is_some());
    let _ = app.verified_log();

    // The product is the successor's, and everything that was said of it can be read by both.
    scene.vendor.get(&path).refused(404, "not_found");
    let _ = scene.successor.get(&path).ok();
    let statement = format!("/statements/{}", scene.name);
    for side in [&scene.vendor, &scene.successor] {
        assert_eq!(
            side.get(&statement).ok()["vendor"],
            *scene.vendor.organisation
        );
        assert_eq!(side.list("/statements").len(), 1);
        let file = format!("/attachments/{}", sha256_of(b"a file of the vendor's"));
        assert_eq!(
            side.get(&file).send().expect(200).body,
            b"a file of the vendor's"
        );
    }
    let compared = scene.comparison();
    assert_eq!(compared["vendor"], *scene.vendor.organisation);
    assert_eq!(compared["successor"], *scene.successor.organisation);

    // The predecessor's word does not count any more; the successor's does.
    scene
        .vendor
        .confirm(&scene.name, "2026-11-20")
        .refused(409, "statement_state");
    let _ = scene.successor.confirm(&scene.name, "2026-11-20").ok();
    let mut second = scene.second();
    second["issuer"] = json!(scene.vendor.organisation);
    scene
        .vendor
        .submit(&scene.vendor.sign(&second))
        .violates(&[("/product/id", "unknown_product")]);
    let name = scene.successor.publish(&scene.second());
    let compared = scene.comparison();
    assert_eq!(compared["statement"], *name);
    assert_eq!(compared["revision"], 2);
    assert_eq!(compared["vendor"], *scene.successor.organisation);
    assert_eq!(compared["successor"], Value::Null);
    // What the successor says is not the predecessor's to read.
    scene
        .vendor
        .get(&format!("/statements/{name}"))
        .refused(404, "not_found");
    assert_eq!(scene.vendor.list("/statements").len(), 1);
    assert_eq!(scene.successor.list("/statements").len(), 2);
    let changes = format!("/statements/{name}/changes?since={}", scene.name);
    for reader in [&*scene.successor, &*scene.clinic] {
        assert_eq!(reader.get(&changes).ok()["answers"], json!([]));
    }
}

fn what_waits_for_an_answer_waits_for_the_successor(app: &TestApp) {
    let scene = Scene::new(app);
    let other = app.institution("よその医院");
    let request = other.request(&scene.product);
    let question = scene.clinic.ask_about(&scene.system, "sds-17.1");
    let _ = scene.moved();

    let path = format!("/requests/{request}");
    scene.vendor.get(&path).refused(404, "not_found");
    assert_eq!(scene.successor.get(&path).ok()["state"], "open");
    // Both are told.
    let (kind, subject) = other.events().pop().unwrap();
    assert_eq!(kind, "request_handed_over");
    assert_eq!(
        subject,
        json!({ "request": request, "vendor": scene.successor.organisation })
    );
    let opened = scene.successor.events();
    assert!(opened.iter().any(|(kind, _)| kind == "request_opened"));
    scene.successor.release(&request);
    let shown = other.get(&path).ok();
    assert_eq!(shown["state"], "released");
    assert_eq!(shown["vendor"], *scene.successor.organisation);

    let answer = format!("/questions/{question}/answer");
    let remark = json!({ "remark": "対応します。" });
    scene
        .vendor
        .post(&answer)
        .json(&remark)
        .refused(404, "not_found");
    let _ = scene.successor.post(&answer).json(&remark).ok();
    // What becomes of the key that signed the head concerns it, too.
    let kid = scene.vendor.key.public().thumbprint();
    let revocation = json!({ "reason": "端末の紛失" });
    let revoke = scene.vendor.post(&format!("/keys/{kid}/revocation"));
    let _ = revoke.json(&revocation).ok();
    let revoked = ("key_revoked".to_owned(), json!({ "kid": kid.to_string() }));
    assert_eq!(scene.successor.events().pop(), Some(revoked));
    // Whoever fetches it now concerns the successor alone.
    let _ = other.fetch(&scene.name).expect(200);
    let of_delivery = |(kind, _): &(String, Value)| kind == "statement_delivered";
    assert_eq!(
        scene
            .vendor
            .events()
            .iter()
            .filter(|event| of_delivery(event))
            .count(),
        0
    );
    assert_eq!(
        scene
            .successor
            .events()
            .iter()
            .filter(|event| of_delivery(event))
            .count(),
        1
    );
}

fn everybody_who_has_the_product_learns(app: &TestApp) {
    let scene = Scene::new(app);
    // Has it among its systems, and no grant.
    let waiting = app.institution("よその医院");
    waiting.system("電子カルテ", &scene.product);
    let stranger = app.institution("無関係の医院");
    let transfer = scene.moved();
    app.step_jobs();
    for clinic in [&scene.clinic, &waiting] {
        let (kind, subject) = clinic.events().pop().unwrap();
        assert_eq!(kind, "product_transferred");
        assert_eq!(
            subject,
            json!({
                "transfer": transfer["id"], "product": scene.product,
                "from": scene.vendor.organisation, "to": scene.successor.organisation,
            })
        );
        let path = format!("/products/{}/transfers", scene.product);
        let shown = clinic.list(&path);
        assert_eq!(shown, std::slice::from_ref(&transfer));
    }
    assert!(kinds(stranger.events()).is_empty());
    let both = ["transfer_offered", "product_transferred"];
    assert_eq!(kinds(scene.vendor.events()), both);
    assert_eq!(kinds(scene.successor.events()), both);
}

fn letters_tell_the_successor_and_the_clinic(app: &TestApp) {
    let scene = Scene::new(app);
    let (successor_at, clinic_at) = ("desk@successor.example.jp", "clinic@sample.example.jp");
    for (organisation, email) in [
        (&scene.successor.organisation, successor_at),
        (&scene.clinic.organisation, clinic_at),
    ] {
        let path = format!("/organisations/{organisation}");
        let _ = app
            .operator()
            .patch(&path)
            .json(&json!({ "email": email }))
            .ok();
    }
    let offered = scene.offer();
    app.letter_to(successor_at)
        .is_as(app.site(), "transfer_offered");
    let _ = scene.successor.take_over(&offered).ok();
    app.letter_to(clinic_at)
        .is_as(app.site(), "product_transferred");
}

fn evidence_says_how_the_vendor_came_by_the_product(app: &TestApp) {
    let scene = Scene::new(app);
    let transfer = scene.moved();
    let before = Folder::of(&scene.clinic, &scene.name);
    assert!(!before.0.contains_key(evidence::TRANSFER_OFFERED));
    assert_eq!(before.report().failures().count(), 0);

    let name = scene.successor.publish(&scene.second());
    let folder = Folder::of(&scene.clinic, &name);
    let consents = [evidence::TRANSFER_OFFERED, evidence::TRANSFER_ACCEPTED];
    let consents = consents.map(|name| folder.text(name).to_owned());
    assert_eq!(json!(consents), transfer["receipts"]);
    assert_eq!(folder.report().failures().count(), 0);
    let (passes, said) = folder.by_python(&app.database().directory().join("evidence"));
    assert!(passes, "{said}");
    assert!(said.contains("transfer-accepted.jws"), "{said}");
}

fn chains_of_the_same_name_come_together_at_one_vendor(app: &TestApp) {
    let scene = Scene::new(app);
    let own = scene.successor.product("見本承継会計");
    let mut same = scene.successor.statement("sds-sample", &own);
    same["statement_id"] = scene.first["statement_id"].clone();
    let first = scene.successor.publish(&same);
    let _ = scene.moved();
    let _ = scene.successor.publish(&scene.second());
    same["revision"] = json!(2);
    same["supersedes"] = json!(first);
    let _ = scene.successor.publish(&same);
    assert_eq!(scene.successor.list("/statements").len(), 4);
}

fn a_transfer_that_one_side_does_not_want_moves_nothing(app: &TestApp) {
    let scene = Scene::new(app);
    let act = |vendor: &Vendor, offered: &Value, what: &str| {
        let id = offered["id"].as_str().unwrap();
        vendor.post(&format!("/transfers/{id}/{what}"))
    };
    let offered = scene.offer();
    scene.offer_on(TODAY).refused(409, "transfer_open");
    act(&scene.successor, &offered, "withdrawal").refused(409, "transfer_state");
    act(&scene.vendor, &offered, "decline").refused(409, "transfer_state");
    let declined = act(&scene.successor, &offered, "decline").ok();
    assert_eq!(declined["state"], "declined");
    scene
        .successor
        .take_over(&offered)
        .refused(409, "transfer_state");

    let offered = scene.offer();
    let withdrawn = act(&scene.vendor, &offered, "withdrawal").ok();
    assert_eq!(withdrawn["state"], "withdrawn");
    scene
        .successor
        .take_over(&offered)
        .refused(409, "transfer_state");
    act(&scene.vendor, &offered, "withdrawal").refused(409, "transfer_state");
    // What was signed then is no consent now.
    let path = format!("/products/{}/transfers", scene.product);
    let again = scene.vendor.post(&path);
    again
        .jose(offered["transfer"].as_str().unwrap())
        .refused(409, "transfer_state");

    let _ = scene
        .vendor
        .get(&format!("/products/{}", scene.product))
        .ok();
    assert!(
        scene
            .clinic
            .list(&format!("/products/{}/transfers", scene.product))
            .is_empty()
    );
    let kinds = kinds(scene.successor.events());
    assert_eq!(
        kinds,
        [
            "transfer_offered",
            "transfer_declined",
            "transfer_offered",
            "transfer_withdrawn"
        ]
    );
    assert_eq!(scene.successor.list("/transfers").len(), 2);
    assert!(app.vendor("別の会社").list("/transfers").is_empty());
}

fn an_offer_holds_for_thirty_days_and_while_its_key_is_not_revoked(app: &TestApp) {
    let scene = Scene::new(app);
    let offered = scene.offer();
    let path = format!("/transfers/{}", offered["id"].as_str().unwrap());
    let state = || scene.successor.get(&path).ok()["state"].clone();
    // The last day is a whole one, in Japan.
    app.advance(SignedDuration::from_hours(30 * 24 + 14));
    assert_eq!(state(), "offered");
    app.advance(SignedDuration::from_hours(1));
    assert_eq!(state(), "expired");
    scene
        .successor
        .take_over(&offered)
        .refused(409, "transfer_state");
    // Another can be made. It is over when the operator shuts its vendor out, and when its key is revoked.
    let offered = scene.offer_on("2026-12-22").created();
    let vendor = format!("/organisations/{}", scene.vendor.organisation);
    let shut = |disabled: bool| {
        let change = json!({ "disabled": disabled });
        let _ = app.operator().patch(&vendor).json(&change).ok();
    };
    shut(true);
    scene
        .successor
        .take_over(&offered)
        .refused(409, "transfer_state");
    shut(false);
    let kid = scene.vendor.key.public().thumbprint();
    let revocation = json!({ "reason": "端末の紛失" });
    let path = format!("/keys/{kid}/revocation");
    let _ = scene.vendor.post(&path).json(&revocation).ok();
    scene
        .successor
        .take_over(&offered)
        .refused(409, "transfer_state");
}

fn bad_offers_and_acceptances_are_refused_where_they_are_wrong(app: &TestApp) {
    let scene = Scene::new(app);
    let (vendor, successor) = (&scene.vendor, &scene.successor);
    let other = app.vendor("別の会社");
    let other_product = vendor.product("見本検査システム");
    let path = format!("/products/{}/transfers", scene.product);
    let offer = |signed: &str| vendor.post(&path).jose(signed);
    offer(&vendor.transfer(&other_product, successor, TODAY))
        .violates(&[("/product", "other_product")]);
    offer(&vendor.transfer(&scene.product, vendor, TODAY)).violates(&[("/to", "itself")]);
    // Another day is not today in Japan.
    for day in ["2026-11-20", "2026-11-22"] {
        offer(&vendor.transfer(&scene.product, successor, day))
            .violates(&[("/offered_on", "not_today")]);
    }
    // By another's key, and of another's product.
    offer(&other.transfer(&scene.product, successor, TODAY)).refused(422, "signer_refused");
    other
        .offer(&scene.product, successor, TODAY)
        .refused(404, "not_found");
    // A clinic is no vendor.
    let mut to_clinic = kaiji_schema::signed::Transfer {
        issuer: vendor.organisation.clone(),
        product: scene.product.clone(),
        to: scene.clinic.organisation.clone(),
        offered_on: TODAY.parse().unwrap(),
    };
    let sign = |transfer: &kaiji_schema::signed::Transfer| {
        jws::sign("kaiji-transfer+jws", &transfer.payload(), &vendor.key).unwrap()
    };
    offer(&sign(&to_clinic)).violates(&[("/to", "unknown_organisation")]);
    to_clinic.issuer.clone_from(&other.organisation);
    offer(&sign(&to_clinic)).violates(&[("/issuer", "wrong_issuer")]);
    // A document of another kind.
    offer(&vendor.withdrawal(&scene.name, "誤り")).refused(400, "jws_refused");

    let offered = scene.offer();
    let mut wrong = offered.clone();
    wrong["transfer"] = json!("another");
    successor
        .take_over(&wrong)
        .violates(&[("/transfer_sha256", "other_transfer")]);
    let mut wrong = offered.clone();
    wrong["from"] = json!(other.organisation);
    successor
        .take_over(&wrong)
        .violates(&[("/from", "other_vendor")]);
    let mut wrong = offered.clone();
    wrong["product"] = json!(other_product);
    successor
        .take_over(&wrong)
        .violates(&[("/product", "other_product")]);
    vendor.take_over(&offered).refused(409, "transfer_state");
    other.take_over(&offered).refused(404, "not_found");
    assert_eq!(successor.take_over(&offered).ok()["state"], "accepted");
}
