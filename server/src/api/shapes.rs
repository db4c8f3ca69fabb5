//! The shapes of bodies, for the `OpenAPI` document alone. The exchange reads bodies itself, strictly (`FromMembers`);
//! a test reads every example here with those readers, so that no example shows what is refused.

#![allow(dead_code, reason = "these types describe and are never made")]

mod people;
pub mod records;
mod reviews;

use std::collections::BTreeMap;

use kaiji_schema::reader::FromMembers;
use kaiji_schema::review::{Content, MeasureTemplate};
use serde_json::{Value, json};
use utoipa::ToSchema;

use people::{
    ChosenPasswordShape, ForgottenPasswordShape, NewUserShape, OneTimeCodeShape,
    PasswordChangeShape, PreferencesShape, SignInShape, UserChangeShape,
};

use records::{ConfirmationShape, InformationKindShape, ItemSaidShape, PointsSaidShape};
use reviews::{ApplicationShape, MatrixChoiceShape, MeasureTemplateShape};

use super::keys::Note;
use super::requests::{Refusal, ReleasedProduct};
use crate::exchange::{
    Addressee, ChosenPassword, Confirmation, Draft, ForgottenPassword, Forward, InformationKind,
    ItemSaid, MatrixChoice, NewClient, NewInspection, NewInspectionLink, NewMandate,
    NewOrganisation, NewProduct, NewQuestions, NewRegistration, NewRequest, NewSystem, NewUser,
    OneTimeCode, OrganisationChange, PasswordChange, PointsSaid, Preferences, ProductChange,
    RegistrationApproval, Release, Remark, ReviewContent, Revocation, SignIn, SystemChange,
    Targets, UserChange,
};

/// A document with a shape and an example for the reader of the interface's description.
pub trait Shaped: FromMembers + 'static {
    /// Its shape.
    type Shape: ToSchema;

    /// One that would be accepted.
    fn example() -> Value;
}

macro_rules! shaped {
    ($($document:ty => $shape:ty: $example:tt;)+) => {
        $(impl Shaped for $document {
            type Shape = $shape;

            fn example() -> Value {
                json!($example)
            }
        })+

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn every_example_is_accepted_by_the_reader_of_its_document() {
                $(
                    let example = <$document>::example().to_string();
                    let read = kaiji_schema::reader::read::<$document>(example.as_bytes());
                    assert!(read.is_ok(), "{example}: {:?}", read.err());
                )+
            }
        }
    };
}

shaped! {
    NewOrganisation => NewOrganisationShape: {
        "kind": "vendor", "name": "株式会社サンプルシステム", "contact": "security@vendor.example.jp",
    };
    OrganisationChange => OrganisationChangeShape: { "contact": null, "disabled": true };
    NewClient => NewClientShape: {
        "name": "build server",
        "jwk": {
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        },
        "scopes": ["statements:write", "statements:read"],
    };
    Note => NoteShape: { "note": "登記事項証明書を確認した" };
    Revocation => RevocationShape: {
        "reason": "署名鍵を保存した端末を紛失した", "compromised_since": "2026-10-31T15:00:00.000Z",
    };
    NewProduct => NewProductShape: {
        "name": "○○クラウド電子カルテ", "version": "3.2", "release": "on_request", "in_directory": true,
    };
    ProductChange => ProductChangeShape: { "version": "3.3", "release": "automatic" };
    NewSystem => NewSystemShape: {
        "name": "電子カルテ", "product": "prd_01kaz0000000000000000000", "on_premises_server": false,
        "security_updates_by": "vendor", "security_updates_written_in": "sla",
    };
    SystemChange => SystemShape: { "installed_version": "3.2.1", "contract_renewal_on": "2027-03-31" };
    NewRequest => NewRequestShape: {
        "product": "prd_01kaz0000000000000000000", "due_on": "2027-01-31", "message": "立入検査の準備のため",
    };
    ReleasedProduct => ReleasedProductShape: { "product": "prd_01kaz0000000000000000000" };
    Forward => ForwardShape: {
        "to": { "name": "見本メーカー株式会社", "email": "security@maker.example.jp" },
        "message": "開発とサーバー運用は同社が行っています",
    };
    Addressee => AddresseeShape: { "name": "見本メーカー株式会社", "email": "security@maker.example.jp" };
    NewMandate => NewMandateShape: {
        "agent": "ins_01kaz0000000000000000000", "scopes": ["statements:read", "requests:write"], "until": "2027-03-31",
    };
    NewQuestions => NewQuestionsShape: {
        "items": ["sds-17.1", "sds-57.3"], "message": "次期更改の時期を教えてください",
    };
    Remark => RemarkShape: { "remark": "2027年4月の更改で対応する予定です", "for_all": true };
    Draft => DraftShape: { "draft": "17：はい\n17.1：確認中" };
    NewRegistration => NewRegistrationShape: {
        "organisation_name": "見本メーカー株式会社", "person_name": "見本 太郎", "email": "security@maker.example.jp",
    };
    RegistrationApproval => RegistrationApprovalShape: { "note": "登記事項証明書と電話で本人を確認した" };
    NewUser => NewUserShape: {
        "email": "hanako@clinic.example.jp", "name": "見本 花子", "roles": ["editor", "approver"],
    };
    UserChange => UserChangeShape: { "roles": ["viewer"], "disabled": false };
    Preferences => PreferencesShape: { "letters": "daily" };
    ChosenPassword => ChosenPasswordShape: { "password": "くじら雲を追いかけた夏の校庭" };
    OneTimeCode => OneTimeCodeShape: { "code": "123456" };
    ForgottenPassword => ForgottenPasswordShape: { "email": "hanako@clinic.example.jp" };
    SignIn => SignInShape: {
        "email": "hanako@clinic.example.jp", "password": "くじら雲を追いかけた夏の校庭", "code": "123456",
    };
    PasswordChange => PasswordChangeShape: {
        "old_password": "くじら雲を追いかけた夏の校庭", "code": "123456", "password": "雨だれ石をも穿つ十三年めの秋",
    };
    NewInspection => NewInspectionShape: { "title": "令和8年度 医療法第25条に基づく立入検査", "visit_on": "2026-12-10" };
    NewInspectionLink => NewInspectionLinkShape: { "label": "見本保健所 検査担当 様", "days": 14 };
    Content => ReviewContent: {
        "risk": "第三者が職員になりすまし、診療録を閲覧する", "likelihood": 2, "impact": 3, "treatment": "reduce",
        "measures": "端末を施錠区域に置き、離席時は画面を固定する", "owner": "情報管理室", "target_date": "2027-03-31",
        "decision": "更改までの間は物理的な対策で足りると判断した",
    };
    MatrixChoice => MatrixChoiceShape: { "standard": "5x5" };
    MeasureTemplate => MeasureTemplateShape: {
        "title": "二要素認証に対応するまで", "treatment": "reduce", "measures": "端末を施錠区域に置き、離席時は画面を固定する",
    };
    Targets => ApplicationShape: { "item": "sds-17.1" };
    ItemSaid => ItemSaidShape: {
        "state": "planned", "planned_on": "2027-03-31", "responsible": "院長", "note": "規程の改訂と合わせて実施する",
    };
    Confirmation => ConfirmationShape: {
        "facts_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "responsible": "院長",
    };
    InformationKind => InformationKindShape: {
        "name": "血液検査結果", "sensitivity": "special_care", "kept_in": "検体検査システム",
        "systems": ["sys_01kaz0000000000000000000"],
    };
    PointsSaid => PointsSaidShape: {
        "points": {
            "contract-6": {
                "state": "confirmed", "written_in": "保守委託契約書", "clause": "第8条", "confirmed_on": "2026-11-20",
            },
            "certificate-isms": {
                "state": "confirmed", "confirmed_on": "2026-11-20", "certificate_number": "IS 000000",
                "expires_on": "2028-03-31",
            },
        },
    };
    Refusal => RefusalShape: { "reason": "この製品の契約が確認できません" };
}

/// A compact JWS (RFC 7515): `header.payload.signature`. The header holds exactly `alg` (`ES256`, `EdDSA` or `PS256`), `kid`
/// (RFC 7638 thumbprint) and `typ`; `cty` may be there.
#[derive(ToSchema)]
#[schema(value_type = String, example = "eyJhbGciOiJFUzI1NiIs….eyJzY2hlbWEiOiJrYWlqaS1z….MEUCIQDo…")]
pub struct CompactJws(String);

/// A CSV file with CRLF and a header row.
#[derive(ToSchema)]
#[schema(value_type = String)]
pub struct CsvFile(String);

/// A file of any kind; the service never opens it.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct OpaqueFile(String);

/// A text for people.
#[derive(ToSchema)]
#[schema(value_type = String)]
pub struct PlainText(String);

/// A PDF.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct PdfFile(Vec<u8>);

/// An inspection to be frozen.
#[derive(ToSchema)]
#[schema(as = NewInspection)]
pub struct NewInspectionShape {
    /// What the institution calls it, at most 200 characters.
    title: Option<String>,
    /// The day of the visit.
    #[schema(format = Date)]
    visit_on: Option<String>,
}

/// A link to an inspection.
#[derive(ToSchema)]
#[schema(as = NewInspectionLink)]
pub struct NewInspectionLinkShape {
    /// For whom it is, at most 200 characters.
    label: String,
    /// For how many days it is good; 7 if it is left out.
    #[schema(minimum = 1, maximum = 30)]
    days: Option<u8>,
}

/// A zip archive.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct ZipFile(Vec<u8>);

/// Hashes of the log, 32 bytes each.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Hashes(Vec<u8>);

/// This document.
#[derive(ToSchema)]
#[schema(value_type = Object)]
pub struct OpenApiDocument(Value);

/// A vendor or an institution.
#[derive(ToSchema)]
#[schema(as = NewOrganisation)]
pub struct NewOrganisationShape {
    /// `vendor` or `institution`.
    kind: String,
    /// Its name, at most 200 characters.
    name: String,
    /// 法人番号: 13 digits, the first a check digit.
    corporate_number: Option<String>,
    /// 医療機関コード: 10 digits, the last a Luhn digit; or 7 with `prefecture` and `fee_table`. Institutions only.
    medical_institution_code: Option<String>,
    /// 都道府県番号, two digits, where the code has 7.
    prefecture: Option<String>,
    /// 点数表, one digit, where the code has 7.
    fee_table: Option<String>,
    /// Whom to reach, at most 500 characters.
    contact: Option<String>,
    /// Where it is told of things by letter as long as it has no users.
    email: Option<String>,
}

/// What is to change; members that are left out stay as they are, null takes a value away.
#[derive(ToSchema)]
#[schema(as = OrganisationChange)]
pub struct OrganisationChangeShape {
    /// A new name.
    name: Option<String>,
    /// 法人番号.
    corporate_number: Option<String>,
    /// 医療機関コード, 10 digits, or 7 with `prefecture` and `fee_table`.
    medical_institution_code: Option<String>,
    /// 都道府県番号.
    prefecture: Option<String>,
    /// 点数表.
    fee_table: Option<String>,
    /// Whom to reach.
    contact: Option<String>,
    /// Where it is told of things by letter.
    email: Option<String>,
    /// When it wants letters there: `at_once`, `daily`, or `never` those that it can do without.
    letters: Option<String>,
    /// Whether its clients are shut out.
    disabled: Option<bool>,
}

/// A client: a public key (`jwk` or `pem`) and what it may ask for.
#[derive(ToSchema)]
#[schema(as = NewClient)]
pub struct NewClientShape {
    /// What the organisation calls it, at most 100 characters.
    name: String,
    /// The public key as JWK (RFC 7517): P-256, Ed25519 or RSA of 3072 bits and more.
    #[schema(value_type = Option<Object>)]
    jwk: Option<Value>,
    /// The public key as PEM (`BEGIN PUBLIC KEY`).
    pem: Option<String>,
    /// What it may ask for; each must fit the kind of the organisation.
    scopes: Vec<String>,
}

/// Why the operator approves a key.
#[derive(ToSchema)]
#[schema(as = ApprovalNote)]
pub struct NoteShape {
    /// What evidence of the vendor's identity was seen, at most 1000 characters.
    note: String,
}

/// Why a key is revoked.
#[derive(ToSchema)]
#[schema(as = Revocation)]
pub struct RevocationShape {
    /// In words, at most 1000 characters.
    reason: String,
    /// Since when others may have used the key; without it, only from the revocation on.
    compromised_since: Option<String>,
}

/// A product.
#[derive(ToSchema)]
#[schema(as = NewProduct)]
pub struct NewProductShape {
    /// Its name, at most 200 characters.
    name: String,
    /// Its current version, at most 100 characters.
    version: Option<String>,
    /// What it is, at most 2000 characters.
    description: Option<String>,
    /// Who may read its statements; `on_request` if it is left out.
    release: Option<Release>,
    /// Whether the directory shows it; true if it is left out.
    in_directory: Option<bool>,
}

/// What is to change; members that are left out stay as they are, null takes a value away.
#[derive(ToSchema)]
#[schema(as = ProductChange)]
pub struct ProductChangeShape {
    /// A new name.
    name: Option<String>,
    /// Its current version.
    version: Option<String>,
    /// What it is.
    description: Option<String>,
    /// Who may read its statements. Narrowing never takes back what was delivered.
    release: Option<Release>,
    /// Whether the directory shows it.
    in_directory: Option<bool>,
}

/// A system of the inventory (医療情報システム一覧).
#[derive(ToSchema)]
#[schema(as = NewSystem)]
pub struct NewSystemShape {
    /// 導入している医療情報システム, at most 200 characters.
    name: String,
    /// The rest.
    #[schema(inline)]
    #[serde(flatten)]
    about: SystemDetails,
}

/// What is to change; members that are left out stay as they are, null takes a value away.
#[derive(ToSchema)]
#[schema(as = SystemChange)]
pub struct SystemShape {
    /// 導入している医療情報システム, at most 200 characters.
    name: Option<String>,
    /// The rest.
    #[schema(inline)]
    #[serde(flatten)]
    about: SystemDetails,
}

/// What is known about a system; null where it is not known.
#[derive(ToSchema)]
pub struct SystemDetails {
    /// The product's id, where it is registered with the exchange.
    product: Option<String>,
    /// 製品名.
    product_name: Option<String>,
    /// 委託先事業者.
    vendor_name: Option<String>,
    /// The version that is installed.
    installed_version: Option<String>,
    /// 委託業務概要, at most 2000 characters.
    outsourced_work: Option<String>,
    /// With whom the contract is.
    contract_partner: Option<String>,
    /// When the contract is renewed, `YYYY-MM-DD`.
    contract_renewal_on: Option<String>,
    /// Who maintains it.
    maintained_by: Option<String>,
    /// Whether it is maintained remotely.
    remote_maintenance: Option<bool>,
    /// Whether a server of it stands on the premises.
    on_premises_server: Option<bool>,
    /// Whether an application of it is installed on a terminal and does all of its work there.
    terminal_server: Option<bool>,
    /// Whether a server of it is elsewhere, such as in a cloud.
    cloud_server: Option<bool>,
    /// Who is responsible for its servers' security updates: `vendor`, `institution` or `unclear`.
    security_updates_by: Option<String>,
    /// Where that is written: `contract`, `terms`, `sla` or `nowhere`.
    security_updates_written_in: Option<String>,
}

/// A request: for the statements of a `product` of the exchange, or `to` somebody at an e-mail address.
#[derive(ToSchema)]
#[schema(as = NewRequest)]
pub struct NewRequestShape {
    /// The product whose statements are asked for.
    product: Option<String>,
    /// Instead of `product`: whom to ask by letter.
    to: Option<AddresseeShape>,
    /// With `to`: what is asked about, the product's name as the institution writes it. At most 200 characters.
    subject: Option<String>,
    /// The system of the inventory that it is for.
    system: Option<String>,
    /// Which forms are wanted: `MDS`, `SDS`; both if it is left out.
    forms: Option<Vec<String>>,
    /// A word to whoever is asked, at most 2000 characters.
    message: Option<String>,
    /// Instead of `due_on`: so many business days in Japan after today, 1 to 240.
    due_in_business_days: Option<u16>,
    /// By when an answer is hoped for, `YYYY-MM-DD`.
    due_on: Option<String>,
}

/// A mandate to be given.
#[derive(ToSchema)]
#[schema(as = NewMandate)]
pub struct NewMandateShape {
    /// The institution that is to act.
    agent: String,
    /// What it may do: `statements:read`, `requests:write`, `reviews:write`, `exports:read`.
    scopes: Vec<String>,
    /// The last day, in Japan, `YYYY-MM-DD`.
    until: String,
}

/// Questions about items of what is held for a system: one `item`, or several `items`.
#[derive(ToSchema)]
#[schema(as = NewQuestions)]
pub struct NewQuestionsShape {
    /// The item of the requirement set.
    item: Option<String>,
    /// Instead of `item`: several, at most 200.
    items: Option<Vec<String>>,
    /// The requirement set; the current one if it is left out.
    requirement_set: Option<String>,
    /// A word to the vendor, at most 2000 characters.
    message: Option<String>,
}

/// What a vendor answers to a question without another revision.
#[derive(ToSchema)]
#[schema(as = Remark)]
pub struct RemarkShape {
    /// The vendor's word, at most 2000 characters. No answer of the statement changes, and no outcome.
    remark: String,
    /// Whether it answers everybody who asks about the same item of the same product and form; false if it is left out.
    for_all: Option<bool>,
}

/// Somebody who need not be known to the exchange.
#[derive(ToSchema)]
#[schema(as = Addressee)]
pub struct AddresseeShape {
    /// Their name, or their company's, at most 200 characters.
    name: String,
    /// Their e-mail address.
    email: String,
}

/// What was filled in so far.
#[derive(ToSchema)]
#[schema(as = Draft)]
pub struct DraftShape {
    /// In whatever way it is kept, at most 200,000 characters; null forgets it.
    draft: Option<String>,
}

/// An application for registration as a vendor.
#[derive(ToSchema)]
#[schema(as = NewRegistration)]
pub struct NewRegistrationShape {
    /// The vendor's name, at most 200 characters.
    organisation_name: String,
    /// 法人番号: 13 digits, the first a check digit.
    corporate_number: Option<String>,
    /// Who applies, at most 200 characters.
    person_name: String,
    /// Where they read letters.
    email: String,
}

/// Why the operator approves an application.
#[derive(ToSchema)]
#[schema(as = RegistrationApproval)]
pub struct RegistrationApprovalShape {
    /// What evidence of identity was seen, at most 1000 characters.
    note: String,
    /// The vendor of the exchange that whoever applied belongs to; without it, a new one is made.
    vendor: Option<String>,
}

/// Who is to answer instead: a `vendor` of the exchange, or somebody at an e-mail address (`to`).
#[derive(ToSchema)]
#[schema(as = Forward)]
pub struct ForwardShape {
    /// The vendor's id.
    vendor: Option<String>,
    /// With `vendor`: its product that this is about, if that is known.
    product: Option<String>,
    /// Instead of `vendor`: whom to ask by letter.
    to: Option<AddresseeShape>,
    /// A word to them, at most 2000 characters.
    message: Option<String>,
}

/// What is released.
#[derive(ToSchema)]
#[schema(as = ReleasedProduct)]
pub struct ReleasedProductShape {
    /// A product of the vendor's own; needed only where the request names none.
    product: Option<String>,
}

/// Why something is declined, refused or sent back.
#[derive(ToSchema)]
#[schema(as = Refusal)]
pub struct RefusalShape {
    /// In words, at most 2000 characters.
    reason: String,
}

/// The payload of a statement (開示書): what a vendor signs. Unknown members are refused.
#[derive(ToSchema)]
pub struct StatementPayload {
    /// Always `kaiji-statement/1`.
    #[schema(example = "kaiji-statement/1")]
    schema: String,
    /// `MDS` or `SDS`.
    #[schema(example = "SDS")]
    form: String,
    /// The edition of the form.
    #[schema(example = "5.0")]
    form_edition: String,
    /// The chain of revisions, named by the vendor in revision 1.
    statement_id: String,
    /// From 1, without gaps.
    #[schema(example = 1)]
    revision: u32,
    /// SHA-256 of the JWS of the revision before, in hex; null in revision 1.
    #[schema(required)]
    supersedes: Option<String>,
    /// The vendor's id.
    issuer: String,
    /// What it is about.
    #[schema(inline)]
    product: StatedProduct,
    /// 作成日, `YYYY-MM-DD`.
    #[schema(example = "2026-11-01")]
    issued_on: String,
    /// The answers by question number; a question without an answer is left out, or has a remark alone.
    answers: BTreeMap<String, ReplyShape>,
    /// Direct answers to items (別紙), by requirement set and item.
    annex: Option<BTreeMap<String, BTreeMap<String, ReplyShape>>>,
    /// Files that belong to it, at most 20, brought before with `PUT /api/v1/attachments/{sha256}`.
    attachments: Option<Vec<AttachmentShape>>,
    /// The maker, where a dealer signs for it.
    manufacturer: Option<String>,
    /// Who filled the form in.
    prepared_by: Option<String>,
    /// Whom to ask.
    contact: Option<String>,
}

/// An attested statement: what a person answers through a link, and nobody signs. Unknown members are refused.
#[derive(ToSchema)]
pub struct AttestedPayload {
    /// Always `kaiji-attested/1`.
    #[schema(example = "kaiji-attested/1")]
    schema: String,
    /// The request that the link is for, as `GET /api/v1/link` says.
    request: String,
    /// One of the forms that were asked for: `MDS` or `SDS`.
    #[schema(example = "SDS")]
    form: String,
    /// The edition that the requirement set assumes.
    #[schema(example = "5.0")]
    form_edition: String,
    /// What it is about.
    #[schema(inline)]
    product: AttestedProduct,
    /// Who answers.
    #[schema(inline)]
    attested_by: AttestedBy,
    /// 回答日, `YYYY-MM-DD`.
    #[schema(example = "2026-11-21")]
    attested_on: String,
    /// The answers by question number; at least one here or in `annex`.
    answers: BTreeMap<String, ReplyShape>,
    /// Direct answers to the items (別紙) that were asked, by requirement set and item.
    annex: Option<BTreeMap<String, BTreeMap<String, ReplyShape>>>,
}

/// The product of an attested statement, as the person writes it.
#[derive(ToSchema)]
pub struct AttestedProduct {
    /// Its name.
    name: String,
    /// Its version.
    version: String,
}

/// The person who answers.
#[derive(ToSchema)]
pub struct AttestedBy {
    /// 会社名, at most 200 characters.
    organisation: String,
    /// 部署.
    department: Option<String>,
    /// 氏名.
    name: String,
    /// Where the institution can ask back.
    email: String,
}

/// The product of a statement.
#[derive(ToSchema)]
pub struct StatedProduct {
    /// Its id, which decides.
    id: String,
    /// Its name, which describes.
    name: String,
    /// Its version, which describes.
    version: String,
}

/// A file that belongs to a statement.
#[derive(ToSchema)]
#[schema(as = Attachment)]
pub struct AttachmentShape {
    /// A file name without a path.
    #[schema(example = "開示書（SDS）.xlsx")]
    name: String,
    /// Its media type, for the reader of the statement: the service hands every file out as an opaque download.
    #[schema(example = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")]
    media_type: String,
    /// Its size, at most 20 MiB.
    #[schema(example = 48213)]
    bytes: u64,
    /// SHA-256 of the file in hex.
    sha256: String,
}

/// An answer, with a remark.
#[derive(ToSchema)]
#[schema(as = Reply)]
pub struct ReplyShape {
    /// `yes` (はい), `no` (いいえ) or `not_applicable` (対象外).
    #[schema(example = "no")]
    answer: Option<String>,
    /// 備考, at most 2000 characters.
    #[schema(example = "次期更改で対応予定")]
    remark: Option<String>,
}
