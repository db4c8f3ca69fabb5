//! Who asks: clients with tokens, and vendors and institutions, who own things.

use std::ops::Deref;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use kaiji::actor::{OrganisationKind, Scope};
use kaiji_schema::Digest;
use kaiji_schema::jws;
use kaiji_schema::key::SigningKey;
use kaiji_schema::signed::{
    Confirmation, KeyApproval, KeyProof, Transfer, TransferAcceptance, Withdrawal,
};
use serde_json::{Value, json};

use crate::app::Site;
use crate::documents::{compact, fixture, new_key, sha256, sha256_of};
use crate::http::{Answer, Call, percent_encoded};

/// Every scope that a client of such an organisation can have.
pub fn scopes_of(kind: OrganisationKind) -> Vec<&'static str> {
    let fitting = Scope::ALL.into_iter().filter(|scope| scope.fits(kind));
    fitting.map(Scope::as_str).collect()
}

/// A client that holds a token and gets a new one when that has expired.
pub struct Client {
    site: Site,
    /// The organisation that it acts for.
    pub organisation: String,
    /// Its id.
    pub id: String,
    /// What it signs its assertions with.
    pub assertion_key: SigningKey,
    token: Mutex<Option<(String, Timestamp)>>,
}

impl Client {
    pub(crate) fn new(
        site: &Site,
        organisation: &str,
        id: &str,
        assertion_key: SigningKey,
    ) -> Self {
        Self {
            site: site.clone(),
            organisation: organisation.to_owned(),
            id: id.to_owned(),
            assertion_key,
            token: Mutex::new(None),
        }
    }

    /// The claims of an assertion that is accepted, once.
    pub fn claims(&self) -> Value {
        let mut jti = [0; 8];
        crate::app::random().fill(&mut jti).unwrap();
        json!({
            "iss": self.id,
            "sub": self.id,
            "aud": self.site.url(),
            "exp": self.site.now().as_second() + 60,
            "jti": format!("{:016x}", u64::from_be_bytes(jti)),
        })
    }

    /// An assertion with these claims.
    pub fn assertion(&self, claims: &Value) -> String {
        let algorithm = self.assertion_key.public().algorithm();
        let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, algorithm.as_str());
        compact(&header, claims.to_string().as_bytes(), &self.assertion_key)
    }

    /// Shows an assertion to the token endpoint, with further fields.
    pub fn show(&self, assertion: &str, further: &[(&str, &str)]) -> Call {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_assertion_type", kind),
            ("client_assertion", assertion),
        ];
        fields.extend(further);
        self.site.call("POST", "/oauth/token").form(&fields)
    }

    /// A token that is good now.
    pub fn token(&self) -> String {
        let mut kept = self.token.lock().unwrap();
        let now = self.site.now();
        if let Some((token, _)) = kept.as_ref().filter(|(_, until)| now < *until) {
            return token.clone();
        }
        let given = self.show(&self.assertion(&self.claims()), &[]).ok();
        let token = given["access_token"].as_str().unwrap().to_owned();
        let lifetime = SignedDuration::from_secs(given["expires_in"].as_i64().unwrap());
        *kept = Some((token.clone(), now + lifetime));
        token
    }

    /// Forgets its token, so that it gets a new one.
    pub fn sign_out(&self) {
        *self.token.lock().unwrap() = None;
    }

    /// Invites somebody to the organisation; the person's id.
    pub fn invite(&self, name: &str, email: &str, roles: &[&str]) -> String {
        let new = json!({ "name": name, "email": email, "roles": roles });
        let invited = self.post("/users").json(&new).created();
        assert_eq!(invited["state"], "invited");
        invited["id"].as_str().unwrap().to_owned()
    }

    /// A request of this client under `/api/v1`.
    pub fn call(&self, method: &'static str, path: &str) -> Call {
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

    /// Everything on a list, however many pages it has.
    pub fn list(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        let mark = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{mark}limit=200{cursor}")).ok();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    /// What happened to this organisation: its events' kinds and subjects.
    pub fn events(&self) -> Vec<(String, Value)> {
        let page = self.get("/events?after=0&limit=200").ok();
        assert_eq!(page["next"], Value::Null, "more events than one page has");
        let events = page["items"].as_array().unwrap().iter();
        events
            .map(|event| {
                (
                    event["kind"].as_str().unwrap().to_owned(),
                    event["subject"].clone(),
                )
            })
            .collect()
    }
}

/// Who runs the exchange: makes organisations and their clients, and approves first keys.
pub struct Operator {
    client: Client,
}

impl Deref for Operator {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Operator {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// A vendor with a client and an active ES256 key.
    pub fn vendor(&self, name: &str) -> Vendor {
        let vendor = self.vendor_without_key(name);
        let kid = vendor.register_key(&vendor.key);
        self.approve(&kid);
        vendor
    }

    /// A vendor with a client, whose key is not registered yet.
    pub fn vendor_without_key(&self, name: &str) -> Vendor {
        Vendor::new(self.organisation(OrganisationKind::Vendor, name))
    }

    /// An institution with a client.
    pub fn institution(&self, name: &str) -> Institution {
        Institution::new(self.organisation(OrganisationKind::Institution, name))
    }

    fn organisation(&self, kind: OrganisationKind, name: &str) -> Client {
        let new = json!({ "kind": kind.as_str(), "name": name });
        let created = self.post("/organisations").json(&new).created();
        let organisation = created["id"].as_str().unwrap();
        self.client_of(organisation, &scopes_of(kind))
    }

    /// A client of the organisation with these scopes.
    pub fn client_of(&self, organisation: &str, scopes: &[&str]) -> Client {
        let key = new_key();
        let jwk: Value = serde_json::from_str(&key.public().to_jwk()).unwrap();
        let new = json!({ "name": "テスト", "jwk": jwk, "scopes": scopes });
        let path = format!("/organisations/{organisation}/clients");
        let created = self.post(&path).json(&new).created();
        let id = created["client_id"].as_str().unwrap();
        Client::new(&self.site, organisation, id, key)
    }

    /// Approves a key.
    pub fn approve(&self, kid: &str) {
        let note = json!({ "note": "登記事項証明書と電話で本人を確認した。" });
        let approved = self.post(&format!("/keys/{kid}/approval"));
        assert_eq!(approved.json(&note).ok()["state"], "active");
    }
}

/// 事業者: signs statements.
pub struct Vendor {
    client: Client,
    /// What it signs its documents with.
    pub key: SigningKey,
}

impl Deref for Vendor {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Vendor {
    pub(crate) fn new(client: Client) -> Self {
        let key = new_key();
        Self { client, key }
    }

    /// Registers a key with proof of possession; the kid. It waits for approval.
    pub fn register_key(&self, key: &SigningKey) -> String {
        let proof = self.proof(&self.challenge(), key);
        let registered = self.post("/keys").jose(&proof).created();
        assert_eq!(registered["state"], "pending");
        registered["kid"].as_str().unwrap().to_owned()
    }

    /// Asks for something to sign.
    pub fn challenge(&self) -> String {
        let given = self.post("/keys/challenges").created();
        given["challenge"].as_str().unwrap().to_owned()
    }

    /// The proof that it holds this key.
    pub fn proof(&self, challenge: &str, key: &SigningKey) -> String {
        let proof = KeyProof {
            challenge: challenge.to_owned(),
            issuer: self.organisation.clone(),
            jwk: key.public().clone(),
        };
        jws::sign("kaiji-key-proof+jws", &proof.payload(), key).unwrap()
    }

    /// Its approval of a further key, signed by `by`.
    pub fn approval(&self, kid: &str, by: &SigningKey) -> String {
        let approval = KeyApproval {
            issuer: self.organisation.clone(),
            kid: kid.parse().unwrap(),
        };
        jws::sign("kaiji-key-approval+jws", &approval.payload(), by).unwrap()
    }

    /// A product that institutions find and ask for.
    pub fn product(&self, name: &str) -> String {
        self.product_with(&json!({ "name": name, "version": "3.2" }))
    }

    /// A product of these members.
    pub fn product_with(&self, members: &Value) -> String {
        let created = self.post("/products").json(members).created();
        created["id"].as_str().unwrap().to_owned()
    }

    /// The first revision of a sample as this vendor would write it for this product.
    pub fn statement(&self, sample: &str, product: &str) -> Value {
        let mut statement = fixture(sample);
        let form = statement["form"].as_str().unwrap().to_ascii_lowercase();
        statement["issuer"] = json!(self.organisation);
        statement["product"]["id"] = json!(product);
        statement["statement_id"] = json!(format!("{form}-{product}"));
        statement["revision"] = json!(1);
        statement["supersedes"] = Value::Null;
        statement
    }

    /// Signs a statement.
    pub fn sign(&self, statement: &Value) -> String {
        self.sign_bytes(statement.to_string().as_bytes())
    }

    /// Signs bytes as a statement, whatever they are.
    pub fn sign_bytes(&self, payload: &[u8]) -> String {
        jws::sign("kaiji-statement+jws", payload, &self.key).unwrap()
    }

    /// Uploads a signed statement.
    pub fn submit(&self, jws: &str) -> Call {
        self.post("/statements").jose(jws)
    }

    /// Signs and uploads a statement, which must be taken; its name.
    pub fn publish(&self, statement: &Value) -> String {
        let jws = self.sign(statement);
        assert_eq!(self.submit(&jws).created()["sha256"], sha256(&jws));
        sha256(&jws)
    }

    /// Brings a file that a statement will name.
    pub fn bring(&self, file: &[u8]) -> Call {
        let path = format!("/attachments/{}", sha256_of(file));
        self.put(&path).body("application/octet-stream", file)
    }

    /// The signed document by which it takes a statement back.
    pub fn withdrawal(&self, statement: &str, reason: &str) -> String {
        let withdrawal = Withdrawal {
            issuer: self.organisation.clone(),
            statement_sha256: statement.parse().unwrap(),
            reason: reason.to_owned(),
        };
        jws::sign("kaiji-withdrawal+jws", &withdrawal.payload(), &self.key).unwrap()
    }

    /// Takes a statement back.
    pub fn withdraw(&self, statement: &str, reason: &str) -> Call {
        let signed = self.withdrawal(statement, reason);
        self.post(&format!("/statements/{statement}/withdrawal"))
            .jose(&signed)
    }

    /// The signed document by which it says that a statement still holds.
    pub fn confirmation(&self, statement: &str, day: &str) -> String {
        let confirmation = Confirmation {
            issuer: self.organisation.clone(),
            statement_sha256: statement.parse().unwrap(),
            confirmed_on: day.parse().unwrap(),
        };
        jws::sign("kaiji-confirmation+jws", &confirmation.payload(), &self.key).unwrap()
    }

    /// Says that a statement still holds.
    pub fn confirm(&self, statement: &str, day: &str) -> Call {
        let signed = self.confirmation(statement, day);
        self.post(&format!("/statements/{statement}/confirmation"))
            .jose(&signed)
    }

    /// The signed document by which it hands a product over to another vendor.
    pub fn transfer(&self, product: &str, to: &Vendor, on: &str) -> String {
        let transfer = Transfer {
            issuer: self.organisation.clone(),
            product: product.to_owned(),
            to: to.organisation.clone(),
            offered_on: on.parse().unwrap(),
        };
        jws::sign("kaiji-transfer+jws", &transfer.payload(), &self.key).unwrap()
    }

    /// Offers a product to another vendor.
    pub fn offer(&self, product: &str, to: &Vendor, on: &str) -> Call {
        self.post(&format!("/products/{product}/transfers"))
            .jose(&self.transfer(product, to, on))
    }

    /// The signed document by which it takes over what was offered to it.
    pub fn takeover(&self, offered: &Value) -> String {
        let acceptance = TransferAcceptance {
            issuer: self.organisation.clone(),
            product: offered["product"].as_str().unwrap().to_owned(),
            from: offered["from"].as_str().unwrap().to_owned(),
            transfer_sha256: Digest::of(offered["transfer"].as_str().unwrap().as_bytes()),
        };
        let typ = "kaiji-transfer-acceptance+jws";
        jws::sign(typ, &acceptance.payload(), &self.key).unwrap()
    }

    /// Takes over what was offered to it.
    pub fn take_over(&self, offered: &Value) -> Call {
        let id = offered["id"].as_str().unwrap();
        self.post(&format!("/transfers/{id}/acceptance"))
            .jose(&self.takeover(offered))
    }

    /// Releases what the institution asked for.
    pub fn release(&self, request: &str) {
        let released = self.post(&format!("/requests/{request}/release")).ok();
        assert_eq!(released["state"], "released");
    }
}

/// 医療機関等: has systems and receives statements for them.
pub struct Institution {
    client: Client,
}

impl Deref for Institution {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Institution {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Puts a system with this product on its list; the id.
    pub fn system(&self, name: &str, product: &str) -> String {
        let new = json!({ "name": name, "product": product });
        let created = self.post("/systems").json(&new).created();
        created["id"].as_str().unwrap().to_owned()
    }

    /// Asks for a product's statements; the request's id.
    pub fn request(&self, product: &str) -> String {
        let created = self
            .post("/requests")
            .json(&json!({ "product": product }))
            .created();
        created["id"].as_str().unwrap().to_owned()
    }

    /// Asks whoever reads what is sent to an address; the request's id.
    pub fn ask_by_letter(&self, address: &str, subject: &str) -> String {
        let to = json!({ "name": "セキュリティご担当者", "email": address });
        let new = json!({ "to": to, "subject": subject });
        let created = self.post("/requests").json(&new).created();
        created["id"].as_str().unwrap().to_owned()
    }

    /// Asks the vendor about an item of a system; the question's id.
    pub fn ask_about(&self, system: &str, item: &str) -> String {
        let asked = self.post(&format!("/systems/{system}/questions"));
        let asked = asked.json(&json!({ "item": item })).created();
        asked["questions"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Fetches the signed bytes of a statement.
    pub fn fetch(&self, statement: &str) -> Answer {
        let get = self.get(&format!("/statements/{statement}"));
        get.header("Accept", "application/jose").send()
    }

    /// Puts a kind of information on its list; the id.
    pub fn information_kind(&self, name: &str) -> String {
        let new = json!({ "name": name, "sensitivity": "special_care" });
        let created = self.post("/information-kinds").json(&new).created();
        created["id"].as_str().unwrap().to_owned()
    }

    /// Brings a file for its own records, under a name that may hold anything, as a client writes it in an address.
    pub fn bring(&self, name: &str, media_type: &str, file: &[u8]) -> Call {
        let path = format!("/evidence-files/{}", sha256_of(file));
        let named = format!("{path}?name={}", percent_encoded(name, |_| false));
        self.put(&named).body(media_type, file)
    }

    /// The comparisons of a system.
    pub fn comparisons(&self, system: &str) -> Vec<Value> {
        let found = self.get(&format!("/systems/{system}/comparison")).ok();
        found["comparisons"].as_array().unwrap().clone()
    }
}
