//! People who accept an invitation, sign in, and act in sessions.

use std::cell::RefCell;

use jiff::SignedDuration;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use crate::actors::Client;
use crate::app::{Site, TestApp};
use crate::http::Call;

/// A password that nothing is wrong with.
pub const PASSWORD: &str = "くじら雲を追いかけた夏の校庭";

/// Somebody who has accepted an invitation.
pub struct Person {
    site: Site,
    /// The person's id.
    pub id: String,
    /// The address.
    pub email: String,
    /// The recovery codes that were shown.
    pub recovery_codes: Vec<String>,
    /// The link of the invitation.
    pub link: String,
    authenticator: Authenticator,
    token: RefCell<String>,
}

impl Person {
    /// Somebody with these roles, whom `inviter` has invited and who is signed in.
    pub fn signed_in(app: &TestApp, inviter: &Client, email: &str, roles: &[&str]) -> Self {
        let person = Self::joined(app, inviter, email, roles);
        person.sign_in(app);
        person
    }

    /// Somebody with these roles, whom `inviter` has invited and who has joined.
    pub fn joined(app: &TestApp, inviter: &Client, email: &str, roles: &[&str]) -> Self {
        let id = inviter.invite("見本 花子", email, roles);
        let link = app.letter_to(email).link_token("/invitation");
        Self::accept(app, id, email, link)
    }

    /// Accepts the invitation with that link.
    pub fn accept(app: &TestApp, id: String, email: &str, link: String) -> Self {
        let call = |path| app.nobody("POST", path).header("Kaiji-Link", &link);
        let made = call("/invitation/acceptance").json(&json!({ "password": PASSWORD }));
        let authenticator = authenticator(&made.created(), app.site());
        let code = json!({ "code": authenticator.code() });
        let joined = call("/invitation/confirmation").json(&code).created();
        assert_eq!(joined["user"]["state"], "active");
        let codes = joined["recovery_codes"].as_array().unwrap().iter();
        Self {
            site: app.site().clone(),
            id,
            email: email.to_owned(),
            recovery_codes: codes
                .map(|code| code.as_str().unwrap().to_owned())
                .collect(),
            link,
            authenticator,
            token: RefCell::default(),
        }
    }

    /// The code of now; it is good once.
    pub fn code(&self) -> String {
        self.authenticator.code()
    }

    /// Waits for a code that was not used yet.
    pub fn next_code(&self, app: &TestApp) -> String {
        app.advance(SignedDuration::from_secs(30));
        self.code()
    }

    /// What signs the person in with that code.
    pub fn shown(&self, code: &str) -> Value {
        json!({ "email": self.email, "password": PASSWORD, "code": code })
    }

    /// Begins a session, half a minute later; what was answered.
    pub fn sign_in(&self, app: &TestApp) -> Value {
        let shown = self.shown(&self.next_code(app));
        let answer = app.nobody("POST", "/session").json(&shown).created();
        self.token
            .replace(answer["token"].as_str().unwrap().to_owned());
        answer
    }

    /// Shows a fresh code, half a minute later.
    pub fn step_up(&self, app: &TestApp) {
        let code = json!({ "code": self.next_code(app) });
        self.post("/session/step-up").json(&code).ok();
    }

    /// The token of the session.
    pub fn token(&self) -> String {
        self.token.borrow().clone()
    }

    fn call(&self, method: &'static str, path: &str) -> Call {
        let call = self.site.call(method, &format!("/api/v1{path}"));
        call.bearer(&self.token())
    }

    /// GET.
    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// POST.
    pub fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    /// PUT.
    pub fn put(&self, path: &str) -> Call {
        self.call("PUT", path)
    }

    /// PATCH.
    pub fn patch(&self, path: &str) -> Call {
        self.call("PATCH", path)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }
}

/// An authenticator, as a person has it in a pocket.
pub struct Authenticator {
    totp: Totp,
    site: Site,
}

impl Authenticator {
    /// With the secret that was typed in.
    pub fn new(secret: &str, site: &Site) -> Self {
        let secret = Secret::try_from_base32(secret).unwrap();
        Self {
            totp: Builder::new().with_secret(secret).build().unwrap(),
            site: site.clone(),
        }
    }

    /// The code of now.
    pub fn code(&self) -> String {
        let now = u64::try_from(self.site.now().as_second()).unwrap();
        self.totp.generate(now).to_string()
    }
}

/// The authenticator that an acceptance answers.
fn authenticator(made: &Value, site: &Site) -> Authenticator {
    let secret = made["secret"].as_str().unwrap();
    let url = made["url"].as_str().unwrap();
    assert!(
        url.starts_with("otpauth://totp/Kaiji:") && url.contains(secret),
        "{url}"
    );
    Authenticator::new(secret, site)
}
