//! Which volume of the guideline the institution follows, as far as its inventory tells (guideline 7.0, section 1, 図1).

use kaiji_schema::scope::{Doubt, Duty, Scope, Servers, UpdatesBy, WrittenIn, duty_of};
use serde::Serialize;

use super::Exchange;
use crate::actor::Actor;
use crate::storage::systems::{self, SystemRow};
use crate::storage::{DbConnection, Error as StorageError, products};

/// Which volume of the guideline applies, by what the inventory says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ScopeView {
    /// `maintenance_outsourcing` (保守委託機関編), `system_operation` (システム運用編) or `undetermined`.
    pub scope: &'static str,
    /// The same for people.
    pub label: &'static str,
    /// What in the inventory leads to it, for people.
    pub explanation: &'static str,
    /// Every system, and whose the security updates of its servers are.
    pub systems: Vec<SystemDutyView>,
}

/// Whose the security updates of a system's servers are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SystemDutyView {
    /// The system.
    pub system: String,
    /// What the institution calls it.
    pub name: String,
    /// `vendor`, `institution`, `unclear`, or `no_server`.
    pub duty: &'static str,
    /// Why it is unclear: `not_written` or `unstated`.
    pub doubt: Option<&'static str>,
    /// The same for people.
    pub explanation: &'static str,
    /// Where it is unclear: what to ask the vendor.
    pub ask: Option<QuestionView>,
}

/// A question for a vendor, ready to be sent as a request (`POST /api/v1/requests`) where the product is registered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QuestionView {
    /// The product, where it is registered with the exchange.
    pub product: Option<String>,
    /// Who is to be asked, as the institution wrote it.
    pub vendor_name: Option<String>,
    /// The question.
    pub message: String,
}

impl Exchange {
    /// Which volume applies. It follows from the inventory alone and is worked out anew each time.
    pub fn scope(&self, actor: &Actor) -> Result<ScopeView, StorageError> {
        self.db.read(|c| {
            let rows = systems::all(c, &actor.organisation)?;
            let duties: Vec<Duty> = rows.iter().map(duty).collect();
            let scope = Scope::of(duties.iter().copied());
            let has_server = duties.iter().any(|duty| *duty != Duty::NoServer);
            let views = rows.into_iter().zip(&duties);
            let views = views.map(|(row, duty)| view(c, row, *duty));
            Ok(ScopeView {
                scope: scope.as_str(),
                label: scope.label(),
                explanation: explanation(scope, has_server),
                systems: views.collect::<Result<_, StorageError>>()?,
            })
        })
    }
}

fn duty(row: &SystemRow) -> Duty {
    let servers = Servers {
        on_premises: row.on_premises_server,
        terminal: row.terminal_server,
        cloud: row.cloud_server,
    };
    let (by, place) = (&row.security_updates_by, &row.security_updates_written_in);
    duty_of(
        servers,
        by.as_deref().and_then(UpdatesBy::from_name),
        place.as_deref().and_then(WrittenIn::from_name),
    )
}

fn explanation(scope: Scope, has_server: bool) -> &'static str {
    match scope {
        Scope::MaintenanceOutsourcing => {
            "一覧の記載では、すべてのサーバのセキュリティアップデートの責任が事業者にあり、そのことが契約書等に書かれています。"
        }
        Scope::SystemOperation => {
            "一覧の記載では、セキュリティアップデートの責任が医療機関にあるサーバがあります。"
        }
        Scope::Undetermined if has_server => {
            "セキュリティアップデートの責任の所在を確認できていないシステムがあります。事業者に確認してください。"
        }
        Scope::Undetermined => {
            "サーバのあるシステムが一覧にありません。導入しているシステムをすべて登録してください。"
        }
    }
}

fn view(
    connection: &mut DbConnection,
    row: SystemRow,
    duty: Duty,
) -> Result<SystemDutyView, StorageError> {
    let (name, doubt, explanation) = match duty {
        Duty::NoServer => ("no_server", None, "サーバはありません。"),
        Duty::Vendor => (
            "vendor",
            None,
            "責任は事業者にあり、そのことが契約書等に書かれています。",
        ),
        Duty::Institution => ("institution", None, "責任は医療機関にあります。"),
        Duty::Unclear(Doubt::NotWritten) => (
            "unclear",
            Some("not_written"),
            "責任は事業者にあるとされていますが、契約書、約款、サービスレベル合意書等に書かれていることを確認できていません。",
        ),
        Duty::Unclear(Doubt::Unstated) => (
            "unclear",
            Some("unstated"),
            "責任の所在を確認できていません。",
        ),
    };
    let ask = match doubt {
        None => None,
        Some(_) => Some(question(connection, &row)?),
    };
    Ok(SystemDutyView {
        system: row.id,
        name: row.name,
        duty: name,
        doubt,
        explanation,
        ask,
    })
}

fn question(connection: &mut DbConnection, row: &SystemRow) -> Result<QuestionView, StorageError> {
    let registered = match &row.product_id {
        Some(id) => products::find(connection, id)?.map(|product| product.name),
        None => None,
    };
    let product = registered.as_ref().or(row.product_name.as_ref());
    let called = product.unwrap_or(&row.name);
    Ok(QuestionView {
        message: format!(
            "当院で導入している「{called}」について、サーバのセキュリティアップデートを行う責任が貴社と当院のどちらにあるか、\
             また、そのことが契約書、約款、サービスレベル合意書等のどこに書かれているかをご教示ください。\
             （医療情報システムの安全管理に関するガイドライン 第7.0版 保守委託機関編 図1）"
        ),
        product: row.product_id.clone(),
        vendor_name: row.vendor_name.clone(),
    })
}
