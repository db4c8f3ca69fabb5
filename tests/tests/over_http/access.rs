//! Who may do what: each operation of the interface with each actor. An operation that the document names and this
//! table does not fails, and the other way round.

use std::collections::BTreeSet;

use kaiji::actor::OrganisationKind;
use kaiji_tests::{
    Answer, AuditEntry, Call, Client, Institution, TestApp, Vendor, new_key, on_both_databases,
    scopes_of, sha256_of,
};
use serde_json::{Value, json};

on_both_databases![
    every_operation_answers_each_actor_as_the_table_says,
    a_token_without_the_scope_is_refused_everywhere,
    an_agent_may_do_what_its_mandate_covers_and_nothing_else,
];

/// What an operation answers to each actor. Whoever is known by a token leaves one entry in the audit trail. The four in the middle are strangers to the things that the addresses
/// name: the vendor's and the clinic's. The owners ask last, for some operations leave nothing to ask for.
struct Row {
    operation: &'static str,
    nobody: u16,
    operator: u16,
    other_vendor: u16,
    other_clinic: u16,
    clinic: u16,
    vendor: u16,
}

macro_rules! table {
    ($($operation:literal $nobody:literal $operator:literal $other_vendor:literal $other_clinic:literal
       $clinic:literal $vendor:literal;)+) => {
        &[$(Row {
            operation: $operation, nobody: $nobody, operator: $operator, other_vendor: $other_vendor,
            other_clinic: $other_clinic, clinic: $clinic, vendor: $vendor,
        }),+]
    };
}

/// In the order in which they are asked. Public things answer nobody too.
#[rustfmt::skip]
const TABLE: &[Row] = table! {
//                                                           nobody operator  other  other clinic vendor
//                                                                           vendor clinic
    "GET /healthz"                                              200  200  200  200  200  200;
    "GET /readyz"                                               200  200  200  200  200  200;
    "GET /.well-known/oauth-authorization-server"               200  200  200  200  200  200;
    "GET /.well-known/kaiji-keys.json"                          200  200  200  200  200  200;
    "GET /problems/{slug}"                                      200  200  200  200  200  200;
    "GET /api/v1/openapi.json"                                  200  200  200  200  200  200;
    "POST /oauth/token"                                         400  400  400  400  400  400;
    "GET /api/v1/requirement-sets"                              200  200  200  200  200  200;
    "GET /api/v1/requirement-sets/{id}"                         200  200  200  200  200  200;
    "GET /api/v1/checklists"                                    200  200  200  200  200  200;
    "GET /api/v1/checklists/{id}"                               200  200  200  200  200  200;
    "GET /api/v1/contract-point-lists"                          200  200  200  200  200  200;
    "GET /api/v1/information-kind-templates"                    200  200  200  200  200  200;
    "GET /api/v1/retention"                                     200  200  200  200  200  200;
    "GET /api/v1/forms"                                         200  200  200  200  200  200;
    "GET /api/v1/forms/{id}"                                    200  200  200  200  200  200;
    "GET /api/v1/forms/{id}/template.csv"                       200  200  200  200  200  200;
    "GET /api/v1/directory/products"                            401  200  200  200  200  200;
    "GET /api/v1/events"                                        401  200  200  200  200  200;
    "GET /api/v1/audit-events"                                  401  200  200  200  200  200;

    "GET /log/checkpoint"                                       200  200  200  200  200  200;
    "GET /log/tile/{tile}"                                      200  200  200  200  200  200;
    "GET /api/v1/log/checkpoints/{size}"                        200  200  200  200  200  200;
    "GET /api/v1/log/timestamps"                                200  200  200  200  200  200;
    "POST /api/v1/log/cosignatures"                             401  200  403  403  403  403;
    "GET /api/v1/log/proof"                                     200  200  200  200  200  200;
    "GET /api/v1/log/consistency"                               200  200  200  200  200  200;
    "POST /api/v1/verify"                                       401  200  200  200  200  200;

    "POST /api/v1/organisations"                                401  201  403  403  403  403;
    "GET /api/v1/organisations"                                 401  200  403  403  403  403;
    "GET /api/v1/organisations/{id}"                            401  200  403  403  403  403;
    "PATCH /api/v1/organisations/{id}"                          401  200  403  403  403  403;
    "POST /api/v1/organisations/{id}/clients"                   401  201  403  403  403  403;
    "GET /api/v1/organisations/{id}/clients"                    401  200  403  403  403  403;
    "DELETE /api/v1/organisations/{id}/clients/{client_id}"     401  204  403  403  403  403;

    "POST /api/v1/keys/challenges"                              401  403  201  403  403  201;
    "POST /api/v1/keys"                                         401  403  422  403  403  201;
    "GET /api/v1/keys"                                          401  200  200  403  403  200;
    "GET /api/v1/keys/{kid}"                                    401  200  404  403  403  200;
    "POST /api/v1/keys/{kid}/approval"                          401  200  422  403  403  422;
    "POST /api/v1/keys/{kid}/retirement"                        401  403  404  403  403  200;
    "POST /api/v1/keys/{kid}/revocation"                        401  403  404  403  403  200;

    "POST /api/v1/products"                                     401  403  201  403  403  201;
    "GET /api/v1/products"                                      401  403  200  403  403  200;
    "GET /api/v1/products/{id}"                                 401  403  404  403  403  200;
    "PATCH /api/v1/products/{id}"                               401  403  404  403  403  200;

    "POST /api/v1/products/{id}/transfers"                      401  403  422  403  403  201;
    "GET /api/v1/products/{id}/transfers"                       401  403  404  200  200  200;
    "GET /api/v1/transfers"                                     401  403  200  403  403  200;
    "GET /api/v1/transfers/{id}"                                401  403  404  403  403  200;
    "POST /api/v1/transfers/{id}/acceptance"                    401  403  422  403  403  409;
    "POST /api/v1/transfers/{id}/decline"                       401  403  404  403  403  409;
    "POST /api/v1/transfers/{id}/withdrawal"                    401  403  404  403  403  200;

    "POST /api/v1/statements/check"                             401  403  422  403  403  200;
    "POST /api/v1/statements"                                   401  403  422  403  403  200;
    "GET /api/v1/statements"                                    401  403  200  200  200  200;
    "GET /api/v1/statements/{sha256}"                           401  403  404  404  200  200;
    "GET /api/v1/statements/{sha256}/receipt"                   401  403  404  404  200  200;
    "GET /api/v1/statements/{sha256}/proof"                     401  403  404  404  200  200;
    "GET /api/v1/statements/{sha256}/evidence"                  401  403  404  404  200  200;
    "GET /api/v1/statements/{sha256}/changes"                   401  403  404  404  422  422;
    "POST /api/v1/statements/{sha256}/acknowledgement"          401  403  403  404  200  403;
    "POST /api/v1/systems/{id}/questions"                       401  403  403  404  201  403;
    "POST /api/v1/statements/{sha256}/confirmation"             401  403  422  403  403  200;
    "POST /api/v1/statements/{sha256}/withdrawal"               401  403  422  403  403  200;

    "GET /api/v1/attachments/{sha256}"                          401  403  404  404  200  200;
    "PUT /api/v1/attachments/{sha256}"                          401  403  201  403  403  200;

    "PUT /api/v1/evidence-files/{sha256}"                       401  403  403  201  201  403;
    "GET /api/v1/evidence-files"                                401  403  403  200  200  403;
    "GET /api/v1/evidence-files/{sha256}"                       401  403  403  200  200  403;
    "GET /api/v1/checklist"                                     401  403  403  200  200  403;
    "GET /api/v1/checklist/{item}"                              401  403  403  200  200  403;
    "PUT /api/v1/checklist/{item}"                              401  403  403  200  200  403;
    "POST /api/v1/checklist/{item}/confirmation"                401  403  403  412  412  403;
    "GET /api/v1/checklist/{item}/history"                      401  403  403  200  200  403;
    "GET /api/v1/exports/checklist.csv"                         401  403  403  200  200  403;
    "GET /api/v1/exports/contract-points.csv"                   401  403  403  200  200  403;
    "GET /api/v1/information-kinds"                             401  403  403  200  200  403;
    "POST /api/v1/information-kinds"                            401  403  403  201  201  403;
    "GET /api/v1/information-kinds/{id}"                        401  403  403  404  200  403;
    "PUT /api/v1/information-kinds/{id}"                        401  403  403  404  200  403;
    "GET /api/v1/information-kinds/{id}/history"                401  403  403  404  200  403;
    "DELETE /api/v1/information-kinds/{id}"                     401  403  403  404  204  403;
    "GET /api/v1/systems/{id}/contract-points"                  401  403  403  404  200  403;
    "PUT /api/v1/systems/{id}/contract-points"                  401  403  403  404  200  403;
    "GET /api/v1/systems/{id}/contract-points/history"          401  403  403  404  200  403;

    "POST /api/v1/systems"                                      401  403  403  201  201  403;
    "GET /api/v1/systems"                                       401  403  403  200  200  403;
    "POST /api/v1/systems/import"                               401  403  403  200  200  403;
    "GET /api/v1/scope"                                         401  403  403  200  200  403;
    "GET /api/v1/proposals"                                     401  403  403  200  200  403;
    "GET /api/v1/systems/{id}"                                  401  403  403  404  200  403;
    "PATCH /api/v1/systems/{id}"                                401  403  403  404  200  403;
    "GET /api/v1/systems/{id}/comparison"                       401  403  403  404  200  403;
    "GET /api/v1/attested-statements"                           401  403  403  200  200  403;
    "GET /api/v1/attested-statements/{sha256}"                  401  403  403  404  200  403;
    "POST /api/v1/attested-statements/{sha256}/acknowledgement" 401  403  403  404  200  403;
    "GET /api/v1/systems/{id}/reviews"                          401  403  403  404  200  403;
    "PUT /api/v1/systems/{id}/reviews/{item}"                   401  403  403  404  200  403;
    "GET /api/v1/systems/{id}/reviews/{item}"                   401  403  403  404  200  403;
    "POST /api/v1/systems/{id}/reviews/{item}/submission"       401  403  403  404  200  403;
    "POST /api/v1/systems/{id}/reviews/{item}/approval"         401  403  403  404  200  403;
    "POST /api/v1/systems/{id}/reviews/{item}/return"           401  403  403  404  409  403;
    "GET /api/v1/reviews"                                       401  403  403  200  200  403;
    "GET /api/v1/risk-matrices"                                 200  200  200  200  200  200;
    "GET /api/v1/risk-matrix"                                   401  403  403  200  200  403;
    "PUT /api/v1/risk-matrix"                                   401  403  403  200  200  403;
    "POST /api/v1/measure-templates"                            401  403  403  201  201  403;
    "GET /api/v1/measure-templates"                             401  403  403  200  200  403;
    "GET /api/v1/measure-templates/{id}"                        401  403  403  404  200  403;
    "PUT /api/v1/measure-templates/{id}"                        401  403  403  404  200  403;
    "POST /api/v1/measure-templates/{id}/application"           401  403  403  404  200  403;
    "DELETE /api/v1/measure-templates/{id}"                     401  403  403  404  204  403;
    "GET /api/v1/systems/{id}/questions"                        401  403  403  404  200  403;
    "GET /api/v1/questions"                                     401  403  200  403  403  200;
    "POST /api/v1/questions/{id}/answer"                        401  403  404  403  403  200;
    "POST /api/v1/questions/{id}/withdrawal"                    401  403  403  404  409  403;
    "DELETE /api/v1/systems/{id}"                               401  403  403  404  204  403;

    "POST /api/v1/requests"                                     401  403  403  201  409  403;
    "GET /api/v1/requests"                                      401  403  200  200  200  200;
    "GET /api/v1/requests/{id}"                                 401  403  404  404  200  200;
    "POST /api/v1/requests/{id}/decline"                        401  403  404  403  403  200;
    "POST /api/v1/requests/{id}/forward"                        401  403  404  403  403  409;
    "POST /api/v1/requests/{id}/release"                        401  403  404  403  403  409;
    "POST /api/v1/requests/{id}/remind"                         401  403  403  404  409  403;
    "POST /api/v1/requests/{id}/cancel"                         401  403  403  404  409  403;
    "POST /api/v1/requests/{id}/link"                           401  403  403  404  409  403;
    "DELETE /api/v1/requests/{id}/link"                         401  403  403  404  409  403;

    "POST /api/v1/mandates"                                     401  403  403  422  201  403;
    "GET /api/v1/mandates"                                      401  403  403  200  200  403;
    "GET /api/v1/mandates/{id}"                                 401  403  403  404  200  403;
    "GET /api/v1/acting-for"                                    401  403  403  200  200  403;
    "DELETE /api/v1/mandates/{id}"                              401  403  403  404  204  403;
    "POST /api/v1/inspections"                                  401  403  403  201  201  403;
    "GET /api/v1/inspections"                                   401  403  403  200  200  403;
    "GET /api/v1/inspections/{id}"                              401  403  403  404  200  403;
    "GET /api/v1/inspections/{id}/package"                      401  403  403  404  200  403;
    "GET /api/v1/inspections/{id}/document"                     401  403  403  404  200  403;
    "POST /api/v1/inspections/{id}/links"                       401  403  403  404  201  403;
    "GET /api/v1/inspections/{id}/links"                        401  403  403  404  200  403;
    "GET /api/v1/inspections/{id}/accesses"                     401  403  403  404  200  403;
    "DELETE /api/v1/inspections/{id}/links/{link}"              401  403  403  404  204  403;
    "GET /api/v1/inspection"                                    400  400  400  400  400  400;
    "GET /api/v1/inspection/package"                            400  400  400  400  400  400;
    "GET /api/v1/inspection/document"                           400  400  400  400  400  400;

    "GET /api/v1/link"                                          400  400  400  400  400  400;
    "PUT /api/v1/link/draft"                                    400  400  400  400  400  400;
    "POST /api/v1/link/sheet"                                   400  400  400  400  400  400;
    "POST /api/v1/link/answer"                                  400  400  400  400  400  400;
    "POST /api/v1/link/decline"                                 400  400  400  400  400  400;
    "POST /api/v1/link/addressee"                               400  400  400  400  400  400;
    "POST /api/v1/link/registration"                            400  400  400  400  400  400;

    "GET /api/v1/registrations"                                 401  200  403  403  403  403;
    "POST /api/v1/registrations/{id}/refusal"                   401  200  403  403  403  403;
    "POST /api/v1/registrations/{id}/approval"                  401  409  403  403  403  403;

    "POST /api/v1/users"                                        401  201  201  201  201  201;
    "GET /api/v1/users"                                         401  200  200  200  200  200;
    "GET /api/v1/users/{id}"                                    401  200  404  404  200  404;
    "PATCH /api/v1/users/{id}"                                  401  200  404  404  200  404;
    "POST /api/v1/users/{id}/invitation"                        401  200  404  404  200  404;
    "GET /api/v1/invitation"                                    400  400  400  400  400  400;
    "POST /api/v1/invitation/acceptance"                        400  400  400  400  400  400;
    "POST /api/v1/invitation/confirmation"                      400  400  400  400  400  400;
    "POST /api/v1/password-reset"                               202  202  202  202  202  202;
    "POST /api/v1/password"                                     400  400  400  400  400  400;
    "POST /api/v1/session"                                      422  422  422  422  422  422;
    "GET /api/v1/session"                                       401  403  403  403  403  403;
    "PATCH /api/v1/session"                                     401  403  403  403  403  403;
    "DELETE /api/v1/session"                                    401  403  403  403  403  403;
    "POST /api/v1/session/step-up"                              401  403  403  403  403  403;
    "POST /api/v1/session/password"                             401  403  403  403  403  403;
    "POST /api/v1/session/recovery-codes"                       401  403  403  403  403  403;
    "GET /api/v1/sessions"                                      401  403  403  403  403  403;
    "DELETE /api/v1/sessions/{id}"                              401  403  403  403  403  403;
    "DELETE /api/v1/sessions"                                   401  403  403  403  403  403;

    "GET /api/v1/exports/systems.csv"                           401  403  403  200  200  403;
    "GET /api/v1/exports/reviews.csv"                           401  403  403  200  200  403;
    "GET /api/v1/exports/comparison.csv"                        401  403  200  200  200  200;
    "DELETE /api/v1/products/{id}/grants/{institution}"         401  403  404  403  403  204;
};

/// What the vendor's statement names.
const FILE: &[u8] = b"%PDF-1.7";

/// A vendor and a clinic with one thing of each kind, and strangers of both kinds.
struct World {
    vendor: Vendor,
    other_vendor: Vendor,
    clinic: Institution,
    other_clinic: Institution,
    spare_client: String,
    product: String,
    asked: String,
    statement: String,
    jws: String,
    pending_kid: String,
    proof: String,
    system: String,
    request: String,
    question: String,
    agent: Institution,
    mandate: String,
    registration: String,
    attested: String,
    user: String,
    inspection: String,
    link: String,
    kind: String,
    checkpoint: String,
    template: String,
    transfer: Value,
}

impl World {
    fn new(app: &TestApp) -> Self {
        let vendor = app.vendor("見本電子カルテ株式会社");
        let clinic = app.institution("サンプル医院");
        let product = vendor.product("見本クラウド電子カルテ");
        let mut draft = vendor.statement("sds-sample", &product);
        draft["attachments"] = json!([{
            "name": "開示書.pdf", "media_type": "application/pdf", "bytes": FILE.len(), "sha256": sha256_of(FILE),
        }]);
        vendor.bring(FILE).created();
        let jws = vendor.sign(&draft);
        vendor.submit(&jws).created();
        let statement = kaiji_tests::sha256(&jws);
        vendor.release(&clinic.request(&product));
        let _ = clinic.fetch(&statement).expect(200);
        let asked = vendor.product("まだ開示していない製品");
        let system = clinic.system("電子カルテ", &product);
        let agent = app.institution("医療法人見本会");
        let (inspection, label) = (
            created(&clinic, "/inspections", &json!({})),
            json!({ "label": "保健所" }),
        );
        Self {
            mandate: mandate(&clinic, &agent, &AGENTS_SCOPES),
            agent,
            question: clinic.ask_about(&system, "sds-17.1"),
            other_vendor: app.vendor("別の会社"),
            other_clinic: app.institution("よその医院"),
            spare_client: app.client_of(&clinic.organisation, &["requests:write"]).id,
            pending_kid: vendor.register_key(&new_key()),
            proof: vendor.proof(&vendor.challenge(), &new_key()),
            system,
            request: clinic.request(&asked),
            registration: application(app, &clinic),
            attested: attested(app, &clinic),
            kind: clinic.information_kind("血液検査結果"),
            template: template(&clinic),
            transfer: vendor
                .offer(&asked, &app.vendor("承継先の会社"), "2026-11-21")
                .created(),
            user: clinic.invite("見本 花子", "hanako@clinic.example.jp", &["viewer"]),
            link: created(&clinic, &format!("/inspections/{inspection}/links"), &label),
            inspection,
            checkpoint: app
                .site()
                .call("GET", "/log/checkpoint")
                .send()
                .text()
                .to_owned(),
            vendor,
            clinic,
            product,
            asked,
            statement,
            jws,
        }
    }

    /// The address, with the ids of the vendor's and the clinic's things.
    fn path(&self, template: &str) -> String {
        let id = match template.split('/').nth(3) {
            Some("organisations") => &self.clinic.organisation,
            Some("products") => &self.product,
            Some("systems") => &self.system,
            Some("requests") => &self.request,
            Some("questions") => &self.question,
            Some("mandates") => &self.mandate,
            Some("transfers") => self.transfer["id"].as_str().unwrap(),
            Some("registrations") => &self.registration,
            Some("users") => &self.user,
            Some("inspections") => &self.inspection,
            Some("measure-templates") => &self.template,
            Some("sessions") => "ses_0",
            Some("information-kinds") => &self.kind,
            Some("checklists") => "mhlw-7.0-compliance",
            Some("forms") => "sds-5.0",
            Some("requirement-sets") => "mhlw-7.0-annex",
            _ => "",
        };
        let path = template
            .replace("{id}", id)
            .replace("reviews/{item}", "reviews/sds-84")
            .replace("{kid}", &self.pending_kid)
            .replace(
                "attachments/{sha256}",
                &format!("attachments/{}", sha256_of(FILE)),
            )
            .replace(
                "attested-statements/{sha256}",
                &format!("attested-statements/{}", self.attested),
            )
            .replace(
                "evidence-files/{sha256}",
                &format!("evidence-files/{}", sha256_of(FILE)),
            )
            .replace("{sha256}", &self.statement)
            .replace("{link}", &self.link)
            .replace("{institution}", &self.clinic.organisation)
            .replace("{client_id}", &self.spare_client)
            .replace("{tile}", "0/000.p/1")
            .replace("{size}", "0")
            .replace("{slug}", "stale")
            .replace("{item}", "3-2");
        assert!(!path.contains('{'), "{template}: what stands there?");
        match template.rsplit('/').next() {
            Some("proof") if template.contains("/log/") => format!("{path}?leaf=0"),
            Some("consistency") => format!("{path}?from=1"),
            Some("changes") => format!("{path}?since={}", self.statement),
            _ => path,
        }
    }

    /// A body that is good for the vendor or the clinic.
    fn with_body(&self, operation: &str, call: Call) -> Call {
        let jwk: Value = serde_json::from_str(&new_key().public().to_jwk()).unwrap();
        match operation {
            "POST /oauth/token" => call.form(&[]),
            "POST /api/v1/organisations" => {
                call.json(&json!({ "kind": "vendor", "name": "新しい会社" }))
            }
            "POST /api/v1/organisations/{id}/clients" => {
                call.json(&json!({ "name": "新しい", "jwk": jwk, "scopes": ["requests:write"] }))
            }
            "POST /api/v1/keys" => call.jose(&self.proof),
            "POST /api/v1/keys/{kid}/approval" | "POST /api/v1/registrations/{id}/approval" => {
                call.json(&json!({ "note": "本人を確認した。" }))
            }
            "POST /api/v1/keys/{kid}/revocation"
            | "POST /api/v1/requests/{id}/decline"
            | "POST /api/v1/systems/{id}/reviews/{item}/return"
            | "POST /api/v1/registrations/{id}/refusal" => {
                call.json(&json!({ "reason": "都合による" }))
            }
            "POST /api/v1/statements/check" => {
                call.json(&self.vendor.statement("sds-sample", &self.product))
            }
            "POST /api/v1/statements" | "POST /api/v1/verify" => call.jose(&self.jws),
            "POST /api/v1/systems/{id}/questions" => call.json(&json!({ "item": "sds-57.3" })),
            "POST /api/v1/questions/{id}/answer" => call.json(&json!({ "remark": "対応します。" })),
            "POST /api/v1/mandates" => call.json(&json!({
                "agent": self.other_clinic.organisation, "scopes": AGENTS_SCOPES, "until": "2027-03-31",
            })),
            "POST /api/v1/log/cosignatures" => call.body("text/plain", self.checkpoint.as_str()),
            "POST /api/v1/products/{id}/transfers" => {
                let signed = self.vendor.transfer(&self.product, &self.other_vendor, "2026-11-21");
                call.jose(&signed)
            }
            "POST /api/v1/transfers/{id}/acceptance" => {
                call.jose(&self.vendor.takeover(&self.transfer))
            }
            "POST /api/v1/statements/{sha256}/withdrawal" => {
                call.jose(&self.vendor.withdrawal(&self.statement, "誤り"))
            }
            "POST /api/v1/statements/{sha256}/confirmation" => {
                call.jose(&self.vendor.confirmation(&self.statement, "2026-11-20"))
            }
            "PUT /api/v1/attachments/{sha256}" | "PUT /api/v1/evidence-files/{sha256}" => {
                call.body("application/pdf", FILE)
            }
            "POST /api/v1/requests/{id}/forward" => {
                call.json(&json!({ "vendor": self.other_vendor.organisation }))
            }
            "POST /api/v1/requests" => call.json(&json!({ "product": self.asked })),
            "POST /api/v1/products" | "POST /api/v1/systems" => {
                call.json(&json!({ "name": "新しい" }))
            }
            "POST /api/v1/systems/import" => {
                call.body("text/csv", "導入している医療情報システム\n新しい\n")
            }
            "PUT /api/v1/systems/{id}/reviews/{item}" => {
                call.json(&super::review_scene::reducing())
            }
            "PUT /api/v1/risk-matrix" => call.json(&json!({ "standard": "5x5" })),
            "POST /api/v1/measure-templates" | "PUT /api/v1/measure-templates/{id}" => {
                call.body("application/json", TEMPLATE)
            }
            "POST /api/v1/measure-templates/{id}/application" => {
                call.json(&json!({ "item": "sds-49" }))
            }
            "POST /api/v1/users" => {
                let email = format!(
                    "{}@sample.example.jp",
                    &sha256_of(jwk.to_string().as_bytes())[..16]
                );
                call.json(&json!({ "email": email, "name": "見本 太郎", "roles": ["viewer"] }))
            }
            "POST /api/v1/inspections" => call.json(&json!({ "title": "立入検査" })),
            "POST /api/v1/inspections/{id}/links" => call.json(&json!({ "label": "保健所" })),
            "PUT /api/v1/checklist/{item}" => call.json(&json!({ "state": "not_started" })),
            "POST /api/v1/checklist/{item}/confirmation" => {
                call.json(&json!({ "facts_sha256": sha256_of(FILE) }))
            }
            "POST /api/v1/information-kinds" | "PUT /api/v1/information-kinds/{id}" => {
                call.json(&json!({ "name": "画像", "sensitivity": "special_care" }))
            }
            "PUT /api/v1/systems/{id}/contract-points" => call.json(&json!({ "points": {} })),
            "POST /api/v1/password-reset" => call.json(&json!({ "email": "a@sample.example.jp" })),
            "POST /api/v1/session"
            | "POST /api/v1/invitation/acceptance"
            | "POST /api/v1/password"
            | "POST /api/v1/invitation/confirmation"
            | "POST /api/v1/session/step-up"
            | "POST /api/v1/session/password" => call.json(&json!({})),
            _ if operation.starts_with("PATCH") => call.json(&json!({})),
            _ => call,
        }
    }

    fn ask(&self, app: &TestApp, operation: &str, who: Option<&Client>) -> Answer {
        let call = self.call(app, operation);
        match who {
            Some(client) => call.bearer(&client.token()).send(),
            None => call.send(),
        }
    }

    /// The same for the clinic.
    fn ask_for_clinic(&self, app: &TestApp, operation: &str, agent: &Client) -> Answer {
        let call = self.call(app, operation).bearer(&agent.token());
        call.header("Kaiji-Acting-For", &self.clinic.organisation)
            .send()
    }

    fn call(&self, app: &TestApp, operation: &str) -> Call {
        let (method, template) = operation.split_once(' ').unwrap();
        let method = ["GET", "POST", "PUT", "PATCH", "DELETE"]
            .into_iter()
            .find(|known| *known == method)
            .unwrap();
        let mut path = self.path(template);
        if operation == "PUT /api/v1/evidence-files/{sha256}" {
            path.push_str("?name=契約書.pdf");
        }
        self.with_body(operation, app.site().call(method, &path))
    }
}

/// Everything that can be given to an agent.
const AGENTS_SCOPES: [&str; 4] = [
    "statements:read",
    "requests:write",
    "reviews:write",
    "exports:read",
];

/// The clinic lets the agent act for it; the mandate's id.
fn mandate(clinic: &Institution, agent: &Institution, scopes: &[&str]) -> String {
    let new = json!({ "agent": agent.organisation, "scopes": scopes, "until": "2027-03-31" });
    let given = clinic.post("/mandates").json(&new).created();
    given["id"].as_str().unwrap().to_owned()
}

/// Makes something; its id.
fn created(client: &Client, path: &str, new: &Value) -> String {
    let created = client.post(path).json(new).created();
    created["id"].as_str().unwrap().to_owned()
}

/// Somebody whom the clinic asked by a letter wants to be a vendor; the id of the application.
fn application(app: &TestApp, clinic: &Institution) -> String {
    let address = "security@maker.example.jp";
    clinic.ask_by_letter(address, "レセコン");
    let applicant = json!({
        "organisation_name": "見本製作所", "person_name": "見本 太郎", "email": address,
    });
    let link = app.letter_to(address).link_token("/answer");
    let apply = app.nobody("POST", "/link/registration");
    let apply = apply.header("Kaiji-Link", link).json(&applicant);
    apply.created()["id"].as_str().unwrap().to_owned()
}

const TEMPLATE: &str =
    r#"{"title": "保管", "treatment": "reduce", "measures": "端末を施錠区域に置く"}"#;

/// A template of measures of the clinic's; its id.
fn template(clinic: &Institution) -> String {
    let post = clinic.post("/measure-templates");
    let made = post.body("application/json", TEMPLATE).created();
    made["id"].as_str().unwrap().to_owned()
}

/// Somebody whom the clinic asked by a letter answered it; the digest of the answer.
fn attested(app: &TestApp, clinic: &Institution) -> String {
    let address = "security@other.example.jp";
    let request = clinic.ask_by_letter(address, "部門システム");
    let answer = json!({
        "schema": "kaiji-attested/1", "request": request, "form": "MDS", "form_edition": "5.0",
        "product": { "name": "部門システム", "version": "1" },
        "attested_by": { "organisation": "別の会社", "name": "見本 太郎", "email": address },
        "attested_on": "2026-11-21", "answers": { "3": { "answer": "yes" } },
    });
    let link = app.letter_to(address).link_token("/answer");
    let taken = app
        .nobody("POST", "/link/answer")
        .header("Kaiji-Link", link);
    taken.json(&answer).created()["sha256"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The operations of the document, with who it says may use them.
fn document(app: &TestApp) -> Vec<(String, Vec<Value>)> {
    let document = app.nobody("GET", "/openapi.json").ok();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let access = operation["x-kaiji-access"]
                .as_array()
                .expect("x-kaiji-access");
            operations.push((format!("{} {path}", method.to_uppercase()), access.clone()));
        }
    }
    operations
}

fn every_operation_answers_each_actor_as_the_table_says(app: &TestApp) {
    let in_document: BTreeSet<String> = document(app)
        .into_iter()
        .map(|(operation, _)| operation)
        .collect();
    let in_table: BTreeSet<String> = TABLE.iter().map(|row| row.operation.to_owned()).collect();
    assert_eq!(
        in_table, in_document,
        "a row for each operation of the document"
    );

    let world = World::new(app);
    let mut wrong = Vec::new();
    for row in TABLE {
        let answers: [(&str, Option<&Client>, u16); 6] = [
            ("nobody", None, row.nobody),
            ("other vendor", Some(&world.other_vendor), row.other_vendor),
            ("other clinic", Some(&world.other_clinic), row.other_clinic),
            ("operator", Some(app.operator()), row.operator),
            ("clinic", Some(&world.clinic), row.clinic),
            ("vendor", Some(&world.vendor), row.vendor),
        ];
        for (name, who, expected) in answers {
            let before = app.audit_trail().len();
            let answer = world.ask(app, row.operation, who);
            let known = who.filter(|_| row.nobody == 401);
            assert_recorded(row.operation, &app.audit_trail()[before..], known, &answer);
            if answer.status != expected {
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                wrong.push(format!(
                    "{} by {name}: {} and not {expected}: {body}",
                    row.operation, answer.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Exactly one entry for one who is known by a token, and none for others.
fn assert_recorded(operation: &str, trail: &[AuditEntry], known: Option<&Client>, answer: &Answer) {
    let told = trail.iter().filter(|entry| entry.action != "token_issued");
    let told: Vec<&AuditEntry> = told.collect();
    let Some(client) = known else {
        assert!(told.is_empty(), "{operation}: {told:?}");
        return;
    };
    let [entry] = told.as_slice() else {
        panic!("{operation}: one entry, and not {told:?}");
    };
    let (organisation, id) = (&entry.organisation_id, &entry.client_id);
    assert_eq!(
        (organisation, id),
        (&client.organisation, &client.id),
        "{operation}"
    );
    assert_eq!(entry.address, "127.0.0.1", "{operation}");
    let what = entry.result.as_str();
    if answer.status < 300 {
        let question = [
            "GET /",
            "POST /api/v1/verify",
            "POST /api/v1/statements/check",
            // Without the name of a plan it only shows what would change.
            "POST /api/v1/systems/import",
        ];
        let question = question.iter().any(|asking| operation.starts_with(asking));
        // A file that is held already changes nothing.
        let held = operation == "PUT /api/v1/attachments/{sha256}" && answer.status == 200;
        let question = question || held;
        let question = question
            || (operation.starts_with("PUT /")
                && operation.contains("{sha256}")
                && answer.status == 200);
        assert_eq!(
            what,
            if question { "answered" } else { "done" },
            "{operation}"
        );
    } else {
        let kind = answer.json()["type"].as_str().unwrap().to_owned();
        assert_eq!(format!("/problems/{what}"), kind, "{operation}");
    }
}

fn a_token_without_the_scope_is_refused_everywhere(app: &TestApp) {
    let world = World::new(app);
    let mut refused = 0;
    for (operation, access) in document(app) {
        for grant in &access {
            let Some(scope) = grant["scope"].as_str() else {
                continue;
            };
            let (kind, organisation) = match grant["kind"].as_str() {
                Some("vendor") => (OrganisationKind::Vendor, &world.vendor.organisation),
                Some("institution") => (OrganisationKind::Institution, &world.clinic.organisation),
                // `admin` is the only scope of an operator: without it, there is no client.
                _ => continue,
            };
            let others: Vec<&str> = scopes_of(kind)
                .into_iter()
                .filter(|other| *other != scope)
                .collect();
            let client = app.client_of(organisation, &others);
            let answer = world.ask(app, &operation, Some(&client));
            assert!(
                answer.problem(403, "forbidden").detail.contains(scope),
                "{operation}"
            );
            refused += 1;
        }
    }
    assert!(refused > 30, "{refused} operations ask for a scope");
}

fn an_agent_may_do_what_its_mandate_covers_and_nothing_else(app: &TestApp) {
    let world = World::new(app);
    let without: Vec<(&str, Institution)> = AGENTS_SCOPES
        .into_iter()
        .map(|scope| {
            let agent = app.institution("別の医療法人");
            let others: Vec<&str> = AGENTS_SCOPES
                .into_iter()
                .filter(|other| *other != scope)
                .collect();
            mandate(&world.clinic, &agent, &others);
            (scope, agent)
        })
        .collect();
    let (mut allowed, mut refused) = (0, 0);
    for (operation, access) in document(app) {
        if access.is_empty() {
            continue;
        }
        let open = access.iter().find(|grant| grant["acting_for"] == true);
        let Some(grant) = open else {
            let answer = world.ask_for_clinic(app, &operation, &world.agent);
            answer.problem(403, "forbidden");
            continue;
        };
        assert_eq!(grant["kind"], "institution", "{operation}");
        if let Some(scope) = grant["scope"].as_str() {
            let (_, agent) = without
                .iter()
                .find(|(missing, _)| *missing == scope)
                .unwrap();
            let answer = world.ask_for_clinic(app, &operation, agent);
            let problem = answer.problem(403, "forbidden");
            assert!(problem.detail.contains(scope), "{operation}: {problem:?}");
            refused += 1;
        }
        let answer = world.ask_for_clinic(app, &operation, &world.agent);
        assert!(
            ![401, 403].contains(&answer.status),
            "{operation}: {answer:?}"
        );
        allowed += 1;
    }
    assert!(
        allowed > 30 && refused > 25,
        "{allowed} allowed, {refused} refused"
    );
}
