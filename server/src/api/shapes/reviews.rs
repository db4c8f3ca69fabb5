//! The shapes of what institutions send about risk reviews.

use utoipa::ToSchema;

use crate::exchange::Target;

/// Which risk matrix is wanted: `standard`, or all the other members.
#[derive(ToSchema)]
#[schema(as = MatrixChoice)]
pub struct MatrixChoiceShape {
    /// One that is offered, by its id (`GET /api/v1/risk-matrices`).
    standard: Option<String>,
    /// What it is called, at most 100 characters.
    title: Option<String>,
    /// 発生可能性: 2 to 10 steps, the lowest first.
    likelihood: Option<Vec<StepShape>>,
    /// 影響度: 2 to 10 steps, the lowest first.
    impact: Option<Vec<StepShape>>,
    /// リスクレベル: 2 to 10 steps, the lowest first.
    levels: Option<Vec<StepShape>>,
    /// A row for each likelihood, in it a level's number for each impact. A higher likelihood or impact never gives a lower
    /// level.
    cells: Option<Vec<Vec<u8>>>,
}

/// A step of a scale.
#[derive(ToSchema)]
#[schema(as = Step)]
pub struct StepShape {
    /// What it is called, at most 20 characters.
    label: String,
    /// When it is the one to choose, at most 200 characters.
    meaning: Option<String>,
}

/// A template of measures.
#[derive(ToSchema)]
#[schema(as = MeasureTemplate)]
pub struct MeasureTemplateShape {
    /// What it is called, at most 200 characters.
    title: String,
    /// `reduce`, `avoid`, `transfer`, `accept` or `not_used`.
    treatment: String,
    /// 対応策, at most 4000 characters.
    measures: String,
    /// 想定されるリスク, at most 4000 characters.
    risk: Option<String>,
    /// 判断, at most 4000 characters.
    decision: Option<String>,
    /// 担当者, at most 200 characters.
    owner: Option<String>,
}

/// Which items a template is applied to: `targets` or `item`.
#[derive(ToSchema)]
#[schema(as = TemplateTargets)]
pub struct ApplicationShape {
    /// These items of these systems, 1 to 1000.
    targets: Option<Vec<Target>>,
    /// That item of every system where it is flagged.
    item: Option<String>,
}
