//! Letters on their way: a real SMTP server with TLS and authentication, which is away, slow, picks among recipients or
//! hangs up in the middle.

use std::fs;

use jiff::SignedDuration;
use kaiji::config::SmtpSettings;
use kaiji_tests::{Client, Database, Letter, SmtpServer, SmtpTls, TestApp, Vendor};
use serde_json::json;

/// A service whose letters go to a real server.
struct Post {
    app: TestApp,
    server: SmtpServer,
    vendor: Vendor,
}

impl Post {
    fn with(tls: SmtpTls, set: impl FnOnce(&mut SmtpSettings)) -> Self {
        let database = Database::sqlite();
        let server = SmtpServer::start(&database, tls);
        let mut smtp = server.settings();
        set(&mut smtp);
        let app = TestApp::with(database, |config| config.mail.smtp = Some(smtp));
        let vendor = app.vendor("見本社");
        Self {
            app,
            server,
            vendor,
        }
    }

    fn new() -> Self {
        Self::with(SmtpTls::Implicit, |_| ())
    }

    /// An institution that is told of things at that address, of which the operator knows no more.
    fn institution(&self, email: &str) -> Client {
        let new = json!({ "kind": "institution", "name": "サンプル医院", "email": email });
        let created = self
            .app
            .operator()
            .post("/organisations")
            .json(&new)
            .created();
        let id = created["id"].as_str().unwrap();
        self.app
            .client_of(id, &["requests:write", "statements:read"])
    }

    /// Letters to all those institutions are due.
    fn publish_to(&self, institutions: &[&Client]) {
        let product = json!({ "name": "見本カルテ", "release": "automatic" });
        let product = self.vendor.product_with(&product);
        for institution in institutions {
            let request = json!({ "product": product });
            institution.post("/requests").json(&request).created();
        }
        let statement = self.vendor.statement("sds-sample", &product);
        self.vendor.publish(&statement);
    }

    /// To whom letters have come after the work that is due now.
    fn reached(&self) -> Vec<String> {
        self.app.step_jobs();
        let letters = self.server.letters().into_iter();
        let mut reached: Vec<_> = letters.map(|letter| letter.to).collect();
        reached.sort();
        reached
    }

    fn wait(&self, minutes: i64) {
        self.app.advance(SignedDuration::from_mins(minutes));
    }
}

fn failures(institution: &Client) -> Vec<serde_json::Value> {
    let events = institution.events().into_iter();
    let failed = events.filter(|(kind, _)| kind == "letter_failed");
    failed.map(|(_, subject)| subject).collect()
}

#[test]
fn a_letter_comes_whole_through_implicit_tls() {
    let post = Post::new();
    let clinic = post.institution("clinic@sample.example.jp");
    post.publish_to(&[&clinic]);
    assert_eq!(post.reached(), ["clinic@sample.example.jp"]);
    let letter: Letter = post.server.letters().remove(0);
    letter.is_as(post.app.site(), "statement_received");
}

#[test]
fn a_letter_comes_whole_through_starttls() {
    let post = Post::with(SmtpTls::Starttls, |_| ());
    let clinic = post.institution("clinic@sample.example.jp");
    post.publish_to(&[&clinic]);
    assert_eq!(post.reached(), ["clinic@sample.example.jp"]);
}

#[test]
fn a_recipient_that_is_refused_harms_nobody_else_and_is_told_of() {
    let post = Post::new();
    let known = post.institution("clinic@sample.example.jp");
    let unknown = post.institution("refused@sample.example.jp");
    post.publish_to(&[&unknown, &known]);
    assert_eq!(post.reached(), ["clinic@sample.example.jp"]);
    assert!(failures(&known).is_empty());
    let failures = failures(&unknown);
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0]["to"], "refused@sample.example.jp");
    let reason = failures[0]["reason"].as_str().unwrap();
    assert!(reason.contains("No such mailbox"), "{reason}");
}

#[test]
fn an_institution_sees_that_its_request_did_not_arrive_and_sends_it_again() {
    let post = Post::new();
    let clinic = post.institution("clinic@sample.example.jp");
    let new = json!({
        "to": { "name": "見本製作所", "email": "refused@sample.example.jp" }, "subject": "見本レセコン",
    });
    let made = clinic.post("/requests").json(&new).created();
    let request = format!("/requests/{}", made["id"].as_str().unwrap());
    let undelivered = || clinic.get(&request).ok()["chain"][0]["undelivered"].clone();
    assert_eq!(undelivered(), json!(null));
    post.reached();
    let reason = undelivered();
    assert!(
        reason.as_str().unwrap().contains("No such mailbox"),
        "{reason}"
    );
    assert_eq!(failures(&clinic)[0]["request"], made["id"]);
    clinic.post(&format!("{request}/link")).ok();
    assert_eq!(undelivered(), json!(null), "a new letter is on its way");
    post.reached();
    assert_eq!(failures(&clinic).len(), 2);
}

#[test]
fn what_is_not_taken_now_is_tried_again_after_longer_and_longer_pauses() {
    let post = Post::new();
    let clinic = post.institution("later-2@sample.example.jp");
    post.publish_to(&[&clinic]);
    assert!(post.reached().is_empty());
    assert!(post.reached().is_empty(), "not before a minute has passed");
    post.wait(1);
    assert!(post.reached().is_empty());
    post.wait(4);
    assert!(
        post.reached().is_empty(),
        "not before five minutes have passed"
    );
    post.wait(1);
    assert_eq!(post.reached(), ["later-2@sample.example.jp"]);
}

#[test]
fn what_is_not_taken_for_three_days_is_given_up_with_the_servers_last_word() {
    let post = Post::new();
    let clinic = post.institution("later-9@sample.example.jp");
    post.publish_to(&[&clinic]);
    post.reached();
    post.wait(60 * 72);
    assert!(post.reached().is_empty());
    let reason = failures(&clinic).remove(0)["reason"].clone();
    let reason = reason.as_str().unwrap();
    assert!(reason.starts_with("not taken for three days: "), "{reason}");
    assert!(reason.contains("Try again later"), "{reason}");
}

#[test]
fn a_connection_that_breaks_in_the_middle_of_a_letter_loses_nothing() {
    let post = Post::new();
    let first = post.institution("dropped-1@sample.example.jp");
    let second = post.institution("clinic@sample.example.jp");
    post.publish_to(&[&first, &second]);
    assert_eq!(post.reached(), ["clinic@sample.example.jp"]);
    post.wait(1);
    let both = ["clinic@sample.example.jp", "dropped-1@sample.example.jp"];
    assert_eq!(post.reached(), both);
}

#[test]
fn a_server_that_is_slow_with_one_letter_is_given_up_for_that_one() {
    let post = Post::new();
    let slow = post.institution("slow@sample.example.jp");
    let clinic = post.institution("clinic@sample.example.jp");
    post.publish_to(&[&slow, &clinic]);
    assert_eq!(post.reached(), ["clinic@sample.example.jp"]);
    post.wait(60 * 72);
    post.reached();
    assert_eq!(failures(&slow).len(), 1);
}

#[test]
fn while_the_server_is_away_letters_wait_and_then_all_of_them_leave() {
    let post = Post::new();
    let clinics = [
        post.institution("first@sample.example.jp"),
        post.institution("second@sample.example.jp"),
    ];
    post.publish_to(&[&clinics[0], &clinics[1]]);
    post.server.close(true);
    assert!(post.reached().is_empty());
    post.wait(60);
    assert!(post.reached().is_empty());
    post.server.close(false);
    post.wait(10);
    let both = ["first@sample.example.jp", "second@sample.example.jp"];
    assert_eq!(post.reached(), both);
}

#[test]
fn what_cannot_leave_for_three_days_is_given_up_and_told_of() {
    let post = Post::new();
    let clinic = post.institution("clinic@sample.example.jp");
    post.publish_to(&[&clinic]);
    post.server.close(true);
    assert!(post.reached().is_empty());
    post.wait(60 * 72 - 1);
    assert!(post.reached().is_empty());
    assert!(failures(&clinic).is_empty());
    post.wait(10);
    assert!(post.reached().is_empty());
    assert_eq!(failures(&clinic).len(), 1);
}

#[test]
fn a_wrong_password_is_the_operators_fault_and_no_letters() {
    let post = Post::with(SmtpTls::Implicit, |smtp| {
        let wrong = smtp.password_file.as_ref().unwrap().with_extension("wrong");
        kaiji::keys::write_private(&wrong, b"another").unwrap();
        smtp.password_file = Some(wrong);
    });
    let clinic = post.institution("clinic@sample.example.jp");
    post.publish_to(&[&clinic]);
    assert!(post.reached().is_empty());
    assert!(failures(&clinic).is_empty());
    post.wait(60 * 73);
    assert!(post.reached().is_empty());
}

#[test]
fn a_server_whose_certificate_nobody_vouches_for_gets_no_letter() {
    let post = Post::with(SmtpTls::Implicit, |smtp| smtp.root = None);
    let clinic = post.institution("clinic@sample.example.jp");
    post.publish_to(&[&clinic]);
    assert!(post.reached().is_empty());
    post.wait(60 * 73);
    assert!(post.reached().is_empty());
    assert_eq!(failures(&clinic).len(), 1);
}

#[test]
fn a_password_that_others_can_read_is_refused_at_the_start() {
    use std::os::unix::fs::PermissionsExt as _;

    let database = Database::sqlite();
    let server = SmtpServer::start(&database, SmtpTls::Implicit);
    let file = server.settings().password_file.unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = TestApp::refused(&database, |config| {
        config.mail.smtp = Some(server.settings());
    });
    assert!(refused.contains("chmod 600"), "{refused}");
}
