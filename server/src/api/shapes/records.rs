//! The shapes of what an institution says of itself, and of the lists that this follows.

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// What an institution says of an item of its checklist: all of it, each time.
#[derive(ToSchema)]
#[schema(as = ItemSaid)]
pub struct ItemSaidShape {
    /// `done` (実施済), `planned` (実施予定), `not_applicable` (対象外) or `not_started` (未着手).
    state: String,
    /// When it will be done (目標日), `YYYY-MM-DD`; required for `planned`, possible for `not_started`.
    planned_on: Option<String>,
    /// Why it is not applicable, at most 2000 characters; required then.
    reason: Option<String>,
    /// A note, at most 2000 characters.
    note: Option<String>,
    /// Who is responsible, at most 200 characters.
    responsible: Option<String>,
    /// The day on which it was looked at, `YYYY-MM-DD`; today if it is left out.
    checked_on: Option<String>,
    /// SHA-256 of evidence files that were brought, at most 50.
    evidence_files: Option<Vec<String>>,
}

/// The institution confirms what the exchange filled in.
#[derive(ToSchema)]
#[schema(as = ItemConfirmation)]
pub struct ConfirmationShape {
    /// `filled_in.sha256` of the item, as the caller saw it.
    facts_sha256: String,
    /// Who is responsible, at most 200 characters; as before if it is left out.
    responsible: Option<String>,
}

/// A kind of information, as the institution describes it: all of it, each time.
#[derive(ToSchema)]
#[schema(as = InformationKindSaid)]
pub struct InformationKindShape {
    /// What the information is, at most 200 characters.
    name: String,
    /// `special_care` (要配慮個人情報), `personal` (個人情報) or `other`.
    sensitivity: String,
    /// Where it is kept, at most 2000 characters.
    kept_in: Option<String>,
    /// The systems of the inventory that keep it, by their ids.
    systems: Option<Vec<String>>,
    /// Who is responsible for it, at most 200 characters.
    responsible: Option<String>,
    /// A note, at most 2000 characters.
    note: Option<String>,
}

/// What an institution says of the contract points of a system: all of them, each time.
#[derive(ToSchema)]
#[schema(as = ContractPointsSaid)]
pub struct PointsSaidShape {
    /// By the points' ids (`GET /api/v1/contract-point-lists`); those that are left out are unconfirmed.
    points: BTreeMap<String, PointSaidShape>,
}

/// What it says of one.
#[derive(ToSchema)]
#[schema(as = ContractPointSaid)]
pub struct PointSaidShape {
    /// `confirmed` (確認済), `not_confirmed` (未確認) or `not_applicable` (対象外).
    state: String,
    /// In which document it is written, at most 200 characters; required where a point of the contract is confirmed.
    written_in: Option<String>,
    /// Where in it, at most 200 characters.
    clause: Option<String>,
    /// The day on which it was confirmed, `YYYY-MM-DD`; required for `confirmed`.
    confirmed_on: Option<String>,
    /// A certificate's number, at most 200 characters.
    certificate_number: Option<String>,
    /// The last day on which a certificate is good, `YYYY-MM-DD`.
    expires_on: Option<String>,
    /// A note, at most 2000 characters.
    note: Option<String>,
    /// SHA-256 of evidence files that were brought, at most 50.
    evidence_files: Option<Vec<String>>,
}

/// A versioned list of what a guideline asks of the institution itself (遵守項目).
#[derive(ToSchema)]
#[schema(as = Checklist)]
pub struct ChecklistShape {
    /// Its name in documents and addresses.
    #[schema(example = "mhlw-7.0-compliance")]
    id: String,
    /// The title in Japanese.
    title: String,
    /// The publication that it was transcribed from.
    source: String,
    /// What was assumed or mended in the transcription, in Japanese.
    note: String,
    /// SHA-256 of its data.
    sha256: String,
    /// The items, in the printed order.
    items: Vec<ChecklistItemShape>,
}

/// One item of a checklist.
#[derive(ToSchema)]
#[schema(as = ChecklistItem)]
pub struct ChecklistItemShape {
    /// Unique in its checklist.
    #[schema(example = "4.3-1")]
    id: String,
    /// The number of the section (項目区分).
    section: u16,
    /// The section's title.
    section_title: String,
    /// The number of the subsection, where the section has some.
    #[schema(required, example = "4.3")]
    subsection: Option<String>,
    /// The subsection's title.
    #[schema(required)]
    subsection_title: Option<String>,
    /// Its number there, printed in a circle.
    item: u16,
    /// What the exchange knows about it: `information`, `statements`, `ledger`, `partners`, `comparisons` or `review`.
    #[schema(required)]
    facts: Option<String>,
    /// Its wording.
    text: String,
}

/// A versioned list of what is confirmed with a vendor that keeps the institution's information.
#[derive(ToSchema)]
#[schema(as = ContractPointList)]
pub struct ContractPointsShape {
    /// Its name.
    #[schema(example = "mhlw-7.0-outsourcing")]
    id: String,
    /// The title in Japanese.
    title: String,
    /// The publication that it was transcribed from.
    source: String,
    /// What was assumed or mended in the transcription, in Japanese.
    note: String,
    /// SHA-256 of its data.
    sha256: String,
    /// The points.
    points: Vec<ContractPointShape>,
}

/// One point.
#[derive(ToSchema)]
#[schema(as = ContractPoint)]
pub struct ContractPointShape {
    /// Unique in its list.
    #[schema(example = "contract-6")]
    id: String,
    /// The item of the checklist that asks for it.
    #[schema(example = "5 ④")]
    item: String,
    /// `contract` (of the contract), `selection` (before the vendor is chosen) or `certificate`.
    kind: String,
    /// Of a certificate: `first`, `alternative` where there is none of the first, or `audit`.
    #[schema(required)]
    tier: Option<String>,
    /// Its wording in the table of items.
    text: String,
    /// Its wording in the explanation, where that is another.
    #[schema(required)]
    explained: Option<String>,
}

/// A kind of information to start a list from.
#[derive(ToSchema)]
#[schema(as = InformationKindTemplate)]
pub struct InformationTemplateShape {
    /// Its name for programs.
    #[schema(example = "blood-test")]
    id: String,
    /// What the information is.
    name: String,
    /// `special_care`, `personal` or `other`.
    sensitivity: String,
    /// Where it is usually kept.
    kept_in: String,
    /// What to think of.
    #[schema(required)]
    note: Option<String>,
}
