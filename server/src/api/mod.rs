//! The REST interface: how one asks over HTTP. It decides nothing; each handler calls one verb of the exchange.
//!
//! [`operations`] is the table of contents. Router and `OpenAPI` document are made from that one list, and what an
//! operation needs (permission, parameters, body) stands in its handler's types.

mod act;
pub mod answer;
pub mod attachments;
pub mod attested;
pub mod audit_events;
pub mod auth;
mod bearer;
pub mod body;
pub mod checklist;
pub mod clients;
pub mod contract_points;
pub mod directory;
pub mod events;
pub mod evidence;
pub mod evidence_files;
pub mod exports;
pub mod files;
pub mod headers;
pub mod health;
pub mod inspection;
pub mod inspections;
pub mod invitation;
pub mod keys;
pub mod link;
pub mod log;
pub mod mandates;
pub mod measure_templates;
mod metrics;
pub mod oauth;
pub mod openapi;
pub mod operation;
pub mod organisations;
pub mod page;
mod passage;
mod pieces;
pub mod problem;
pub mod products;
pub mod query;
pub mod questions;
pub mod reference;
pub mod registrations;
pub mod requests;
pub mod reviews;
pub mod risk_matrix;
pub mod session;
pub mod shapes;
mod state;
pub mod statements;
pub mod systems;
pub mod transfers;
pub mod users;

use std::collections::BTreeMap;

pub use metrics::{Metrics, configure as configure_metrics};
pub use state::State;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, Scope, web};

use operation::{Operation, delete, get, patch, post, put};
use problem::{Kind, Problem};

/// What the address of every operation with a version begins with.
const VERSION: &str = "/api/v1";

/// Every operation of the interface.
pub fn operations() -> Vec<Operation> {
    [
        about_the_service(),
        of_reference_data(),
        of_the_log(),
        of_the_operator(),
        of_vendors(),
        of_transfers(),
        of_statements(),
        of_institutions(),
        of_records(),
        of_reviews(),
        of_requests(),
        of_questions(),
        of_mandates(),
        of_inspections(),
        of_links(),
        of_people(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn about_the_service() -> Vec<Operation> {
    vec![
        get("/healthz", health::alive, "The process lives."),
        get(
            "/readyz",
            health::is_ready,
            "The database can be read and written.",
        )
        .refuses(&[Kind::Unavailable]),
        get(
            "/.well-known/oauth-authorization-server",
            oauth::metadata,
            "Where and how to get a token (RFC 8414).",
        ),
        get(
            "/.well-known/kaiji-keys.json",
            health::keys,
            "The service's own public keys, with the times of their use.",
        )
        .refuses(&[Kind::Unavailable]),
        get(
            "/problems/{slug}",
            health::problem,
            "What a kind of problem means: the page behind its `type`.",
        ),
        get("/api/v1/openapi.json", health::document, "This document."),
        post(
            "/oauth/token",
            oauth::token,
            "Get an access token with a signed assertion (RFC 7523).",
        ),
        get(
            "/api/v1/directory/products",
            directory::search,
            "Find products that their vendors want to be found.",
        ),
        get(
            "/api/v1/events",
            events::list,
            "What happened that concerns the caller, in order and without gaps.",
        )
        .explained("Kept for years: `GET /api/v1/retention` says how many."),
        get(
            "/api/v1/audit-events",
            audit_events::list,
            "What the caller's organisation did and tried to do (監査証跡).",
        )
        .explained(audit_events::DESCRIPTION),
    ]
}

/// What everybody may know: the lists that documents and records follow.
fn of_reference_data() -> Vec<Operation> {
    vec![
        get(
            "/api/v1/requirement-sets",
            reference::list_sets,
            "The requirement sets (別紙) with their items.",
        ),
        get(
            "/api/v1/requirement-sets/{id}",
            reference::find_set,
            "One requirement set.",
        )
        .refuses(&[Kind::UnknownRequirementSet]),
        get(
            "/api/v1/checklists",
            reference::list_checklists,
            "The checklists of institutions (遵守項目) with their items.",
        ),
        get(
            "/api/v1/checklists/{id}",
            reference::find_checklist,
            "One checklist.",
        ),
        get(
            "/api/v1/contract-point-lists",
            reference::list_contract_points,
            "What to confirm with a vendor that keeps an institution's information (5 ③, ④).",
        ),
        get(
            "/api/v1/information-kind-templates",
            reference::list_information_templates,
            "Kinds of information to start a list from.",
        ),
        get(
            "/api/v1/forms",
            reference::list_forms,
            "The editions of the forms (開示書の様式).",
        ),
        get(
            "/api/v1/forms/{id}",
            reference::find_form,
            "One edition of a form.",
        ),
        get(
            "/api/v1/forms/{id}/template.csv",
            reference::template,
            "A table to fill in with the answers to a form, as CSV.",
        )
        .explained(
            "項番, 回答 (はい, いいえ or 対象外) and 備考; the wording of the 【別紙】 stands beside the numbers that it \
             names and is passed over when the file comes back. The forms' own wording is not Kaiji's to give.",
        ),
        get(
            "/api/v1/retention",
            reference::retention,
            "For how long what is kept, and what the law asks of institutions.",
        ),
    ]
}

fn of_the_log() -> Vec<Operation> {
    vec![
        get("/log/checkpoint", log::checkpoint, "The newest checkpoint of the log (C2SP).")
            .refuses(&[Kind::NotFound, Kind::Unavailable]),
        get("/log/tile/{tile}", log::tile, "A tile of the log: hashes of its tree (C2SP).")
            .explained(
                "`{tile}` is `L/N`, or `L/N.p/W` for the first W hashes, as c2sp.org/tlog-tiles says: with slashes.",
            )
            .spanning_slashes()
            .refuses(&[Kind::Unavailable]),
        get("/api/v1/log/checkpoints/{size}", log::checkpoint_at, "The checkpoint that was signed at a size.")
            .explained("With the cosignatures of witnesses that came for it, as `/log/checkpoint` has them.")
            .refuses(&[Kind::Unavailable]),
        get("/api/v1/log/timestamps", log::timestamps, "List the time stamps on checkpoints (RFC 3161), the newest first.")
            .explained(
                "The bytes of `checkpoint` are what `token` stamps: `openssl ts -verify -data CHECKPOINT -in TOKEN \
                 -CAfile ROOT`, with the authority's root from the authority itself.",
            )
            .refuses(&[Kind::Unavailable]),
        post("/api/v1/log/cosignatures", log::cosign, "Hand in witnesses' cosignatures on a checkpoint (C2SP).")
            .explained(
                "The body is a checkpoint of this log with further signature lines. Lines of witnesses that the \
                 operator configured are verified and kept; others are passed over.",
            ),
        get("/api/v1/log/proof", log::proof, "Prove that a leaf is in the log (RFC 6962).")
            .refuses(&[Kind::BeyondLog, Kind::Unavailable]),
        get("/api/v1/log/consistency", log::consistency, "Prove that the log has only grown (RFC 6962).")
            .refuses(&[Kind::BeyondLog, Kind::Unavailable]),
        post("/api/v1/verify", log::verify, "Tell whether a statement or a receipt is in the log, and what became of it.")
            .explained("The body is the compact JWS. To hold it is enough; nothing else is asked."),
    ]
}

fn of_the_operator() -> Vec<Operation> {
    vec![
        post(
            "/api/v1/organisations",
            organisations::create,
            "Create a vendor or an institution.",
        ),
        get(
            "/api/v1/organisations",
            organisations::list,
            "List organisations.",
        ),
        get(
            "/api/v1/organisations/{id}",
            organisations::find,
            "Show an organisation.",
        ),
        patch(
            "/api/v1/organisations/{id}",
            organisations::change,
            "Change an organisation, or disable it.",
        ),
        post(
            "/api/v1/organisations/{id}/clients",
            clients::create,
            "Create a client of an organisation.",
        ),
        get(
            "/api/v1/organisations/{id}/clients",
            clients::list,
            "List the clients of an organisation.",
        ),
        delete(
            "/api/v1/organisations/{id}/clients/{client_id}",
            clients::disable,
            "Shut a client out for good.",
        ),
        get(
            "/api/v1/registrations",
            registrations::list,
            "List the applications of those who were asked by a link and want to be vendors.",
        ),
        post(
            "/api/v1/registrations/{id}/approval",
            registrations::approve,
            "Make an applicant a vendor; the request comes into its queue.",
        )
        .explained(
            "A new vendor is made, or with `vendor` one that is there is taken. The link of the request ends.",
        )
        .refuses(&[Kind::RegistrationState, Kind::RequestCircle]),
        post(
            "/api/v1/registrations/{id}/refusal",
            registrations::refuse,
            "Refuse an applicant, who can still answer by the link.",
        )
        .refuses(&[Kind::RegistrationState]),
    ]
}

fn of_vendors() -> Vec<Operation> {
    vec![
        post("/api/v1/keys/challenges", keys::challenge, "Get something to sign with a new key."),
        post("/api/v1/keys", keys::register, "Register a signing key with a proof of possession.")
            .explained("The body is a `kaiji-key-proof+jws` `{challenge, issuer, jwk}`, signed by the new key.")
            .refuses(&[Kind::KeyTaken]),
        get("/api/v1/keys", keys::list, "List a vendor's keys."),
        get("/api/v1/keys/{kid}", keys::find, "Show a key."),
        post("/api/v1/keys/{kid}/approval", keys::approve, "Approve a pending key.")
            .explained(
                "The operator sends a note of the evidence of identity as JSON. After its first key, a vendor may send \
                 a `kaiji-key-approval+jws` `{issuer, kid}`, signed by an active key.",
            )
            .refuses(&[Kind::SignerRefused, Kind::FirstKey, Kind::KeyState]),
        post("/api/v1/keys/{kid}/retirement", keys::retire, "Retire a key: what it signed stays valid.")
            .refuses(&[Kind::KeyState]),
        post("/api/v1/keys/{kid}/revocation", keys::revoke, "Revoke a key that was lost or stolen.")
            .refuses(&[Kind::KeyState]),
        post("/api/v1/products", products::create, "Create a product."),
        get("/api/v1/products", products::list, "List the vendor's products."),
        get("/api/v1/products/{id}", products::find, "Show a product."),
        patch("/api/v1/products/{id}", products::change, "Change a product, or who may read its statements."),
        delete("/api/v1/products/{id}/grants/{institution}", products::revoke_grant, "Take back a grant.")
            .explained("No future revision; nothing that was delivered is taken back."),
    ]
}

fn of_transfers() -> Vec<Operation> {
    vec![
        post("/api/v1/products/{id}/transfers", transfers::offer, "Offer a product to another vendor (事業承継).")
            .explained(
                "The body is a `kaiji-transfer+jws` `{issuer, product, to, offered_on}`, of this day in Japan. Nothing moves before the other vendor accepts, \
                 within thirty days. With the product go its chains of statements, to which the successor adds the next \
                 revision, and the institutions' grants, questions and open requests.",
            )
            .refuses(&[Kind::SignerRefused, Kind::TransferOpen]),
        get("/api/v1/products/{id}/transfers", transfers::list_of_product, "List by which transfers a product came to its vendor.")
            .explained("With what both vendors signed, and its receipts: for everybody who may know of the product."),
        get("/api/v1/transfers", transfers::list, "List the transfers of products from and to the vendor."),
        get("/api/v1/transfers/{id}", transfers::find, "Show a transfer."),
        post("/api/v1/transfers/{id}/acceptance", transfers::accept, "Take a product over from another vendor.")
            .explained(
                "The body is a `kaiji-transfer-acceptance+jws` `{issuer, product, from, transfer_sha256}`: the SHA-256 of \
                 `transfer`, the JWS by which the other vendor consented. All who hold the product are told.",
            )
            .refuses(&[Kind::SignerRefused, Kind::TransferState]),
        post("/api/v1/transfers/{id}/decline", transfers::decline, "Decline a product that was offered to the vendor.")
            .refuses(&[Kind::TransferState]),
        post("/api/v1/transfers/{id}/withdrawal", transfers::withdraw, "Take back the offer of a product.")
            .refuses(&[Kind::TransferState]),
    ]
}

fn of_statements() -> Vec<Operation> {
    vec![
        put("/api/v1/attachments/{sha256}", attachments::put, "Bring a file that a statement will name.")
            .explained(
                "At most 20 MiB of any kind, before the statement. Its SHA-256 is checked while it arrives. Files are each \
                 vendor's own; one that no statement names within 24 hours is taken away.",
            ),
        get("/api/v1/attachments/{sha256}", attachments::read, "Hand out a file, as a download.")
            .explained("A vendor its own; an institution those that a statement names which it may read."),
        post("/api/v1/statements/check", statements::check, "Check a payload before it is signed; nothing is stored."),
        post("/api/v1/statements", statements::submit, "Submit a signed statement; the answer is its receipt (受領証).")
            .explained(
                "The body is a `kaiji-statement+jws`. The same payload again is answered with the first receipt (200).",
            )
            .refuses(&[Kind::SignerRefused, Kind::ChainExists, Kind::RevisionTaken, Kind::RevisionDoesNotFollow]),
        get("/api/v1/statements", statements::list, "List the statements that the caller may read."),
        get("/api/v1/statements/{sha256}", statements::read, "Show a statement, or hand out its signed bytes.")
            .explained("An institution's first time of taking the signed bytes is their delivery, and is logged."),
        get("/api/v1/statements/{sha256}/receipt", statements::receipt, "Hand out the receipt."),
        get("/api/v1/statements/{sha256}/proof", statements::proof, "Prove that the receipt is a leaf of the log.")
            .explained("A `c2sp.org/tlog-proof@v1` under the newest checkpoint."),
        get("/api/v1/statements/{sha256}/evidence", evidence::read, "Hand out the evidence folder (証跡フォルダー), a zip.")
            .explained(
                "All that is needed to check the statement without the service: `python3 verify.py FOLDER`. For an \
                 institution it is the statement's delivery, if it had none.",
            ),
        get("/api/v1/statements/{sha256}/changes", statements::changes, "What changed since an earlier revision.")
            .refuses(&[Kind::OtherChain]),
        post("/api/v1/statements/{sha256}/withdrawal", statements::withdraw, "Withdraw a statement.")
            .explained("The body is a `kaiji-withdrawal+jws` `{issuer, statement_sha256, reason}`.")
            .refuses(&[Kind::SignerRefused, Kind::StatementState]),
        post("/api/v1/statements/{sha256}/confirmation", statements::confirm, "Confirm that a statement still holds.")
            .explained(
                "The body is a `kaiji-confirmation+jws` `{issuer, statement_sha256, confirmed_on}`: the day on which the \
                 vendor looked. The same day again answers the first receipt.",
            )
            .refuses(&[Kind::SignerRefused, Kind::StatementState]),
        post("/api/v1/statements/{sha256}/acknowledgement", statements::acknowledge, "Acknowledge a statement (受領確認).")
            .explained("Doing it again answers the first receipt.")
            .refuses(&[Kind::NotDelivered]),
    ]
}

fn of_institutions() -> Vec<Operation> {
    vec![
        post("/api/v1/systems", systems::create, "Put a system on the list (医療情報システム一覧)."),
        get("/api/v1/systems", systems::list, "List the institution's systems."),
        post("/api/v1/systems/import", systems::import, "Import the list as CSV: see what would change, then change it.")
            .explained(
                "The body is `text/csv` with the columns of `/api/v1/exports/systems.csv`, in any order; columns that are \
                 left out stay as they are. UTF-8 or CP932. Without `plan`, the answer shows what would change and names \
                 it; with that name as `plan`, exactly that is changed, or nothing (412).",
            )
            .refuses(&[Kind::OtherPlan]),
        get("/api/v1/systems/{id}", systems::find, "Show a system."),
        patch("/api/v1/systems/{id}", systems::change, "Change a system."),
        delete("/api/v1/systems/{id}", systems::delete, "Take a system off the list."),
        get("/api/v1/systems/{id}/comparison", systems::compare, "Compare the statements held for a system (照合).")
            .explained("One comparison for each form that is held: every item with outcome, reason and raw answers.")
            .refuses(&[Kind::UnknownRequirementSet]),
        get("/api/v1/attested-statements", attested::list, "List what was answered through links (申告).")
            .explained(
                "A person declared it and nobody signed: `assurance` is `attested`. It counts as received as long as there \
                 is no signed statement of the form for the product.",
            ),
        get("/api/v1/attested-statements/{sha256}", attested::find, "Show an attested statement, its receipt and its document."),
        post(
            "/api/v1/attested-statements/{sha256}/acknowledgement",
            attested::acknowledge,
            "Acknowledge an attested statement (受領確認).",
        )
        .explained("Doing it again answers the first receipt."),
        get("/api/v1/scope", systems::scope, "Tell which volume of the guideline applies, by the inventory (図1).")
            .explained(
                "保守委託機関編 applies where the security updates of every server are the vendor's duty and that is written \
                 down (guideline 7.0, section 1). Where it cannot be said yet, `ask` holds a question for the vendor.",
            ),
        get("/api/v1/proposals", systems::propose, "Tell for which systems a statement should be asked for, and why.")
            .explained(
                "What is missing; what was withdrawn; what was received or confirmed before the contract was renewed, for \
                 another version, or a year ago. `ask` is a request ready to be sent; where one waits already, \
                 `open_request` names it.",
            ),
        get("/api/v1/exports/systems.csv", exports::systems, "Export the inventory (医療情報システム一覧), as CSV.")
            .explained("The columns of the guideline's table first. `POST /api/v1/systems/import` reads it again."),
        get("/api/v1/exports/reviews.csv", exports::reviews, "Export the risk reviews, as CSV.")
            .explained(exports::reviews_description()),
        get("/api/v1/exports/comparison.csv", exports::comparison, "Export how every system compares, as CSV.")
            .explained(exports::comparison_description()),
    ]
}

/// What an institution keeps for itself.
fn of_records() -> Vec<Operation> {
    vec![
        put("/api/v1/evidence-files/{sha256}", evidence_files::put, "Bring a file that the institution's records will name (証跡).")
            .explained(
                "At most 20 MiB of PDF, PNG, JPEG, plain text, CSV, xlsx, docx or pptx, before the record that names it. \
                 Content type, end of the name and first bytes must agree. One that no record names within 24 hours is \
                 taken away. Brought again before that, it takes the new name.",
            )
            .refuses(&[Kind::TooMuchWaits, Kind::UnsupportedMediaType]),
        get("/api/v1/evidence-files", evidence_files::list, "List the institution's files."),
        get("/api/v1/evidence-files/{sha256}", evidence_files::read, "Hand out one of the institution's files, as a download."),
        get("/api/v1/checklist", checklist::list, "List every item of the institution's own checklist (遵守項目), as it stands.")
            .explained(
                "`filled_in` is what the exchange itself knows about an item; `standing` says whether the institution confirmed \
                 it, and whether it has changed since. What is not done is いいえ at an inspection; `lacks` names what an \
                 inspector would miss.",
            ),
        get("/api/v1/checklist/{item}", checklist::find, "Show an item of the checklist."),
        put("/api/v1/checklist/{item}", checklist::put, "Say how an item of the checklist stands.")
            .explained(
                "All of it, each time. The days on which it was first looked at and first はい are kept, the earliest that was \
                 said; every change stays in the history.",
            ),
        post("/api/v1/checklist/{item}/confirmation", checklist::confirm, "Confirm what the exchange filled in for an item.")
            .explained("As the caller saw it: where the facts have changed meanwhile, it is refused (412).")
            .refuses(&[Kind::NotDone]),
        get("/api/v1/checklist/{item}/history", checklist::history, "List what was said of an item, from the first time on."),
        get("/api/v1/exports/checklist.csv", checklist::export, "Export the checklist for an inspection, as CSV."),
        post("/api/v1/information-kinds", checklist::create_kind, "Put a kind of information on the institution's list (3 ①).")
            .explained("`GET /api/v1/information-kind-templates` has some to start from."),
        get("/api/v1/information-kinds", checklist::list_kinds, "List the kinds of information that the institution handles."),
        get("/api/v1/information-kinds/{id}", checklist::find_kind, "Show a kind of information."),
        put("/api/v1/information-kinds/{id}", checklist::put_kind, "Describe a kind of information anew."),
        delete("/api/v1/information-kinds/{id}", checklist::delete_kind, "Take a kind of information off the list.")
            .explained("Its history stays."),
        get("/api/v1/information-kinds/{id}/history", checklist::kind_history, "List what was said of a kind of information."),
        get("/api/v1/systems/{id}/contract-points", contract_points::find, "Show what was confirmed with the vendor of a system (5 ③, ④).")
            .explained("The nine points of the contract and where each is written, what was looked at, and the certificates."),
        put("/api/v1/systems/{id}/contract-points", contract_points::put, "Say what was confirmed with the vendor of a system.")
            .explained("All points, each time: those that are left out are unconfirmed. Every change stays in the history."),
        get("/api/v1/systems/{id}/contract-points/history", contract_points::history, "List what was said of a system's contract points."),
        get("/api/v1/exports/contract-points.csv", contract_points::export, "Export the contract points of all systems, as CSV."),
    ]
}

fn of_reviews() -> Vec<Operation> {
    let on_its_way = [Kind::ReviewState, Kind::ItemNotFlagged];
    vec![
        get("/api/v1/systems/{id}/reviews", reviews::list, "List what is flagged or was reviewed at a system.")
            .explained(
                "Every flagged item of what is held for the system, compared with the current set, and every item that was \
                 reviewed: `open`, `in_force`, `reopened` or `closed`. A revision that leaves answers, remarks and outcome as \
                 they were leaves an approved review in force; `approved.rests_on` is what was found then, `now` what is found \
                 today.",
            ),
        get("/api/v1/systems/{id}/reviews/{item}", reviews::find, "Show the review of an item, with its history."),
        put("/api/v1/systems/{id}/reviews/{item}", reviews::draft, "Write the draft of a review (リスク評価・リスク対応).")
            .explained(
                "A draft may leave anything out. An edition that was approved stays in force until another is. `If-Match: \"0\"` \
                 is for one that is not there yet; every edition is kept.",
            )
            .refuses(&[Kind::ItemNotFlagged]),
        post("/api/v1/systems/{id}/reviews/{item}/submission", reviews::submit, "Submit a draft for approval.")
            .explained("Refused with all that is missing.")
            .refuses(&on_its_way)
            .refuses(&[Kind::ReviewOutdated, Kind::Violations]),
        post("/api/v1/systems/{id}/reviews/{item}/approval", reviews::approve, "Approve a review; the answer is its receipt.")
            .explained(
                "By somebody else than its author where anybody else may approve: people with the role, clients with the \
                 scope. Where nobody else may, `approved_alone` says so. The approval is a leaf of the log; the receipt holds \
                 the digest of the edition. Doing it again answers the first receipt.",
            )
            .refuses(&on_its_way)
            .refuses(&[Kind::ReviewOutdated, Kind::OwnReview, Kind::Violations]),
        post("/api/v1/systems/{id}/reviews/{item}/return", reviews::send_back, "Send a submitted review back, with a reason.")
            .refuses(&on_its_way),
        get("/api/v1/reviews", reviews::due, "List reviews by the day on which they are to be looked at again.")
            .explained("Those that are closed are passed over, so that a page may be shorter than asked for."),
        get("/api/v1/risk-matrices", risk_matrix::list, "The risk matrices that are offered (リスクマトリクス)."),
        get("/api/v1/risk-matrix", risk_matrix::find, "Show the institution's risk matrix."),
        put("/api/v1/risk-matrix", risk_matrix::choose, "Choose a risk matrix, or define one.")
            .explained("A new version; reviews keep the one that they were made with."),
        post("/api/v1/measure-templates", measure_templates::create, "Make a template of measures."),
        get("/api/v1/measure-templates", measure_templates::list, "List the institution's templates of measures."),
        get("/api/v1/measure-templates/{id}", measure_templates::find, "Show a template of measures."),
        put("/api/v1/measure-templates/{id}", measure_templates::change, "Replace what a template of measures says."),
        delete("/api/v1/measure-templates/{id}", measure_templates::delete, "Put a template of measures away."),
        post(
            "/api/v1/measure-templates/{id}/application",
            measure_templates::apply,
            "Write the drafts of many reviews from a template.",
        )
        .explained(
            "To the items that are named, or with `item` to that item of every system where it is flagged. What somebody \
             wrote, submitted or had approved is reported and left alone; doing it again changes nothing.",
        ),
    ]
}

fn of_requests() -> Vec<Operation> {
    vec![
        post("/api/v1/requests", requests::create, "Ask for a product's statements (提出依頼).")
            .explained(
                "Either of the vendor of a `product` (one whose release is `automatic` or `listed` answers at once), or of \
                 somebody at an e-mail address (`to`), who gets a letter with a link and needs no account.",
            )
            .refuses(&[Kind::RequestOpen]),
        get("/api/v1/requests", requests::list, "List the requests that the caller made or is to answer."),
        get("/api/v1/requests/{id}", requests::find, "Show a request."),
        post("/api/v1/requests/{id}/release", requests::release, "Release the product's statements.")
            .explained("The body may be left out where the request names the product.")
            .refuses(&[Kind::RequestState]),
        post("/api/v1/requests/{id}/forward", requests::forward, "Forward a request to whoever can answer it.")
            .explained(
                "To another vendor of the exchange, or to an e-mail address. The institution sees whom it went to; the answer \
                 comes back along the chain, and so does a refusal: then the caller is asked again.",
            )
            .refuses(&[Kind::RequestState, Kind::RequestCircle, Kind::RequestTooLong]),
        post("/api/v1/requests/{id}/decline", requests::decline, "Decline, with a reason.")
            .explained("Whoever forwarded the request is asked again; else it ends here.")
            .refuses(&[Kind::RequestState]),
        post("/api/v1/requests/{id}/remind", requests::remind, "Remind whoever has the request, at most once a day.")
            .explained("The service reminds by itself at configured distances from the day that it is due on.")
            .refuses(&[Kind::RequestState, Kind::RemindedToday, Kind::NoLink]),
        post("/api/v1/requests/{id}/cancel", requests::cancel, "Take a request back.").refuses(&[Kind::RequestState]),
        post("/api/v1/requests/{id}/link", requests::renew_link, "Send the letter with a link once more.")
            .explained(
                "To whoever has the request in the end. The link in the letter before is superseded; what was filled in stays.",
            )
            .refuses(&[Kind::NoLink]),
        delete("/api/v1/requests/{id}/link", requests::revoke_link, "End the link by which the request could be answered.")
            .refuses(&[Kind::NoLink]),
    ]
}

fn of_questions() -> Vec<Operation> {
    vec![
        post("/api/v1/systems/{id}/questions", questions::ask, "Ask the vendor about flagged items of a system.")
            .explained(
                "About 要確認 and 要リスク評価 items of the statement that is held: one `item`, or several `items` at once. The \
                 vendor answers with a later revision or with a remark. Where somebody attested the answers through a link, \
                 a new request by letter goes to the same address (`requests`): it is answered like any other.",
            )
            .refuses(&[Kind::QuestionOpen, Kind::RequestOpen]),
        get("/api/v1/systems/{id}/questions", questions::list_of_system, "List what was asked about a system.")
            .explained("The comparison shows the newest question about each item beside the items."),
        post("/api/v1/questions/{id}/withdrawal", questions::withdraw, "Take a question back.")
            .refuses(&[Kind::QuestionState]),
        get("/api/v1/questions", questions::list, "List what institutions ask about the vendor's statements, item by item.")
            .explained(
                "Questions about one item of one product and form are shown together, with the item as the newest revision \
                 answers it. A revision that answers the item directly in its `annex`, or leaves nothing to ask, answers \
                 them by itself.",
            ),
        post("/api/v1/questions/{id}/answer", questions::answer, "Answer a question with a remark, which changes no answer.")
            .explained("With `for_all` it answers everybody who asks about the same item of the same product and form.")
            .refuses(&[Kind::QuestionState]),
    ]
}

fn of_mandates() -> Vec<Operation> {
    vec![
        post("/api/v1/mandates", mandates::grant, "Let another institution act for the caller's (代行の委任).")
            .explained(
                "Within `scopes`, up to the day `until`. The agent's programs and people send `Kaiji-Acting-For`; what they \
                 do is the institution's own, and who acted is told in the audit trails of both. Keys, users, clients and \
                 mandates stay the institution's own business.",
            )
            .refuses(&[Kind::MandateInForce]),
        get("/api/v1/mandates", mandates::list, "List the mandates that the institution gave and holds."),
        get("/api/v1/mandates/{id}", mandates::find, "Show a mandate, with its receipts."),
        delete("/api/v1/mandates/{id}", mandates::end, "End a mandate; it acts on the next request.")
            .explained("The institution ends what it gave; the agent can lay down what it holds.")
            .refuses(&[Kind::MandateEnded]),
        get("/api/v1/acting-for", mandates::list_acting_for, "List whom the caller may act for today."),
    ]
}

fn of_links() -> Vec<Operation> {
    vec![
        get(
            "/api/v1/link",
            link::open,
            "Show what a link asks, with the questions of the day of its letter.",
        ),
        put(
            "/api/v1/link/draft",
            link::save_draft,
            "Keep what was filled in so far, until the link is used.",
        ),
        post(
            "/api/v1/link/sheet",
            link::sheet,
            "Read a form's template that was filled in; nothing is stored.",
        )
        .explained("The body is `text/csv`. What is answered is the `answers` of an attested statement."),
        post(
            "/api/v1/link/answer",
            link::answer,
            "Answer the request; the answer is the receipt (受領証) of an attested statement.",
        )
        .explained(
            "A `kaiji-attested/1`: a person declares it, nobody signs. Its exact bytes are kept, for the institution \
             alone. Only what was asked may be answered, and only once.",
        ),
        post(
            "/api/v1/link/decline",
            link::decline,
            "Decline, with a reason.",
        )
        .explained("Whoever forwarded the request is asked again; else it ends here."),
        post(
            "/api/v1/link/addressee",
            link::addressee,
            "Name the right addressee, who gets a letter; the link ends.",
        )
        .refuses(&[Kind::RequestCircle, Kind::RequestTooLong]),
        post(
            "/api/v1/link/registration",
            link::register,
            "Apply for registration as a vendor of the exchange.",
        )
        .explained(
            "The operator decides. Until then the request can still be answered by the link.",
        )
        .refuses(&[Kind::AppliedAlready]),
    ]
}

fn of_inspections() -> Vec<Operation> {
    vec![
        post("/api/v1/inspections", inspections::create, "Freeze what the institution has to show to an inspector (立入検査).")
            .explained(
                "Everything is as of one moment, also when package and PDF are asked for later: the same inspection is always \
                 made again alike. Signed statements that were not fetched yet are delivered by this. The body may be left out.",
            ),
        get("/api/v1/inspections", inspections::list, "List the institution's inspections."),
        get("/api/v1/inspections/{id}", inspections::find, "Show an inspection, with what is counted of it."),
        get("/api/v1/inspections/{id}/package", inspections::package, "Hand out the package of an inspection, a zip.")
            .explained(
                "A guide, the PDF, tables as CSV, the frozen facts, the log's checkpoint, and the evidence folder of every \
                 signed statement. What cp932 lacks becomes 〓 and is listed in `characters.csv`, with whole tables in \
                 `utf-8/` beside it.",
            ),
        get("/api/v1/inspections/{id}/document", inspections::document, "Hand out an inspection as a PDF to print."),
        post("/api/v1/inspections/{id}/links", inspections::make_link, "Make a link by which an inspector sees an inspection.")
            .explained(
                "For `days` days (7, at most 30), read-only, to this inspection alone. The institution hands the address over \
                 itself; it is shown this once. Every time that it is opened is put down.",
            ),
        get("/api/v1/inspections/{id}/links", inspections::links, "List the links to an inspection."),
        delete("/api/v1/inspections/{id}/links/{link}", inspections::revoke_link, "Revoke a link to an inspection."),
        get("/api/v1/inspections/{id}/accesses", inspections::accesses, "List when the links to an inspection were opened.")
            .explained("When, from where, and what was asked for; also what was refused after a link had ended."),
        get("/api/v1/inspection", inspection::look, "Show the inspection that a link leads to, in numbers."),
        get("/api/v1/inspection/package", inspection::package, "Hand out the package of the inspection that a link leads to."),
        get("/api/v1/inspection/document", inspection::document, "Hand out the PDF of the inspection that a link leads to."),
    ]
}

fn of_people() -> Vec<Operation> {
    vec![
        post("/api/v1/users", users::invite, "Invite somebody to the organisation, by letter.")
            .explained(
                "An address is one person's in the whole exchange. The operator names another `organisation` to invite its \
                 first administrator.",
            ),
        get("/api/v1/users", users::list, "List the organisation's people."),
        get("/api/v1/users/{id}", users::find, "Show a person."),
        patch("/api/v1/users/{id}", users::change, "Change a person's name, roles or letters, or shut the person out.")
            .explained(
                "`disabled` ends all sessions. The last administrator can neither be disabled nor lose the role. The \
                 operator can disable anybody, and change nothing else of people of other organisations.",
            )
            .refuses(&[Kind::LastAdministrator]),
        post("/api/v1/users/{id}/invitation", users::invite_again, "Send the invitation again.")
            .explained(
                "The letters before it are good for nothing any more. To one who has joined it is the way to a new password \
                 and a new authenticator; until it is accepted, nothing changes.",
            )
            .refuses(&[Kind::UserDisabled]),
        get("/api/v1/invitation", invitation::find, "Show an invitation to whoever holds its link."),
        post("/api/v1/invitation/acceptance", invitation::accept, "Accept an invitation: choose a password, get an authenticator.")
            .explained(
                "A password has 13 to 128 characters of any kind. The account becomes active with the first code of the \
                 authenticator: `POST /api/v1/invitation/confirmation`.",
            ),
        post("/api/v1/invitation/confirmation", invitation::confirm, "Show the authenticator's first code: the account is active.")
            .refuses(&[Kind::EnrolmentNotBegun]),
        post("/api/v1/password-reset", invitation::forget_password, "Ask for a letter to choose another password.")
            .explained("The answer is the same whether there is such an account or not."),
        post("/api/v1/password", invitation::reset_password, "Choose another password through the link in that letter.")
            .explained("All sessions end. The second factor is asked for as before."),
        post("/api/v1/session", session::begin, "Sign in as a person; for programs that act for one as well.")
            .explained(
                "The token goes into `Authorization: Bearer`. A session ends after 12 hours, after 30 minutes in which \
                 nothing was asked, and when the account is disabled. A one-time code is good once, and for ten minutes for \
                 what takes a fresh one: keys, users and releases.",
            )
            .refuses(&[Kind::SignInRefused]),
        get("/api/v1/session", session::show, "Show who is signed in."),
        patch("/api/v1/session", session::change, "Change one's own name, or when letters are wanted."),
        delete("/api/v1/session", session::end, "Sign out."),
        post("/api/v1/session/step-up", session::step_up, "Show a fresh one-time code.")
            .refuses(&[Kind::TooManyTries]),
        post("/api/v1/session/password", session::change_password, "Change one's password.")
            .explained("All other sessions end.")
            .refuses(&[Kind::TooManyTries]),
        post("/api/v1/session/recovery-codes", session::renew_recovery_codes, "Get new recovery codes.")
            .explained("Those before are good for nothing any more."),
        get("/api/v1/sessions", session::list, "List one's sessions."),
        delete("/api/v1/sessions/{id}", session::end_one, "End one of one's sessions."),
        delete("/api/v1/sessions", session::end_all, "Sign out everywhere."),
    ]
}

/// Puts the interface into a server, at its root.
pub fn configure(
    state: web::Data<State>,
    metrics: web::Data<Metrics>,
) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let passing = state.clone();
        let pass = from_fn(move |request, next| {
            passage::pass(passing.clone(), metrics.clone(), request, next)
        });
        let whole = groups().into_iter().fold(web::scope(""), Scope::service);
        config
            .app_data(state)
            .service(whole.default_service(web::to(nothing_here)).wrap(pass));
    }
}

/// The addresses, grouped by where they begin: a request is set beside the beginnings, which are plain text, and then
/// beside the patterns of one group instead of all.
fn groups() -> Vec<Scope> {
    let mut groups: BTreeMap<&'static str, BTreeMap<&'static str, Vec<Operation>>> =
        BTreeMap::new();
    for operation in operations() {
        let (group, rest) = beginning(operation.path);
        let resources = groups.entry(group).or_default();
        resources.entry(rest).or_default().push(operation);
    }
    let group = |(beginning, resources): (_, BTreeMap<_, _>)| {
        // In the order of their bytes `{` comes behind all letters, so that `/keys/challenges` is asked before
        // `/keys/{kid}`.
        let resources = resources.into_iter();
        resources
            .map(|(rest, operations)| resource(rest, operations))
            .fold(web::scope(beginning), Scope::service)
            .default_service(web::to(nothing_here))
    };
    groups.into_iter().map(group).collect()
}

/// An address up to the end of its first segment, or of the first behind `/api/v1`, and the rest of it.
fn beginning(path: &'static str) -> (&'static str, &'static str) {
    let before = if path.starts_with(VERSION) {
        VERSION.len()
    } else {
        0
    };
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    path.split_at(slashes.find(|at| *at > before).unwrap_or(path.len()))
}

async fn nothing_here() -> answer::Answer<answer::Deleted> {
    Err(Problem::from(Kind::NotFound))
}

/// What is at one address, with all its methods.
fn resource(path: &'static str, operations: Vec<Operation>) -> actix_web::Resource {
    let methods: Vec<Method> = operations
        .iter()
        .map(|operation| operation.method.clone())
        .collect();
    let spans_slashes = operations.iter().any(|operation| operation.spans_slashes);
    let pattern = format!("{path}{}", if spans_slashes { "*" } else { "" });
    let names = act::Names::of(&operations);
    let resource = web::resource(pattern).app_data(names);
    let resource = operations
        .into_iter()
        .fold(resource, |resource, operation| {
            resource.route(operation.route)
        });
    let refuse = move |request: HttpRequest| {
        let problem = if methods.contains(request.method()) {
            Problem::new(Kind::BadQuery, "this operation has no query parameters")
        } else {
            let allow = methods.iter().map(Method::as_str).collect::<Vec<_>>();
            Problem::method_not_allowed(allow.join(", "))
        };
        async { Err::<answer::Deleted, _>(problem) }
    };
    resource.default_service(web::to(refuse))
}
