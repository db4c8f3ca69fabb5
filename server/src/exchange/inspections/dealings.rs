//! What an institution asked of vendors, and what it received of them.

use jiff::Timestamp;
use kaiji_schema::inspection::{Delivery, RequestFact, SystemFact};
use kaiji_schema::sheet::SignatureStatus;

use crate::exchange::export_comparison::signature_label;
use crate::exchange::requests::{RequestState, Viewer};
use crate::exchange::time::day_in_japan;
use crate::exchange::{Moment, RequestView, Validity};
use crate::storage::requests::{self, Order, Party, Which};
use crate::storage::{DbConnection, Error as StorageError, attested, deliveries};

/// Every request of the institution, in the order in which they were made.
pub(super) fn requests(
    connection: &mut DbConnection,
    institution: &str,
    systems: &[SystemFact],
    now: Timestamp,
) -> Result<Vec<RequestFact>, StorageError> {
    let party = Party::Institution(institution);
    let rows = requests::list(connection, party, Which::All, Order::Made, "", i64::MAX)?;
    let today = day_in_japan(now).to_string();
    let viewer = Viewer::new(party, &today);
    let name = |id: &str| {
        let mut systems = systems.iter();
        let system = systems.find(|system| system.id == id);
        system.map(|system| system.name().to_owned())
    };
    let views = rows.into_iter().map(|row| viewer.view(connection, row));
    let facts = views.map(|view| {
        let view = view?;
        let system = view.system.as_deref().and_then(name);
        Ok(request_fact(view, system))
    });
    facts.collect()
}

/// What was delivered to it, signed or not, in the order of the log.
pub(super) fn deliveries(
    connection: &mut DbConnection,
    institution: &str,
) -> Result<Vec<Delivery>, StorageError> {
    let mut found = Vec::new();
    for row in deliveries::with_statements(connection, institution)? {
        let delivery = row.delivery;
        found.push(Delivery {
            vendor: row.vendor_name,
            product: row.statement.product_name.clone(),
            form: row.statement.form.clone(),
            revision: Some(row.statement.revision),
            signature: signature_label(Validity::of(&row.statement, row.signer)).to_owned(),
            delivered: at(delivery.delivered_at, delivery.delivery_leaf),
            acknowledged: acknowledged(delivery.acknowledged_at, delivery.acknowledgement_leaf),
            statement: row.statement.sha256,
        });
    }
    for row in attested::list(connection, institution, -1, i64::MAX)? {
        found.push(Delivery {
            vendor: row.organisation_name,
            product: row.product_name,
            form: row.form,
            revision: None,
            signature: SignatureStatus::Attested.label().to_owned(),
            delivered: at(row.received_at, row.receipt_leaf),
            acknowledged: acknowledged(row.acknowledged_at, row.acknowledgement_leaf),
            statement: row.sha256,
        });
    }
    found.sort_by_key(|delivery| delivery.delivered.1);
    Ok(found)
}

fn at(time: i64, leaf: i64) -> (Timestamp, i64) {
    (Moment(time).timestamp(), leaf)
}

fn acknowledged(time: Option<i64>, leaf: Option<i64>) -> Option<(Timestamp, i64)> {
    time.zip(leaf).map(|(time, leaf)| at(time, leaf))
}

fn request_fact(view: RequestView, system: Option<String>) -> RequestFact {
    let state = RequestState::from_word(&view.state);
    RequestFact {
        id: view.id,
        asked_on: day_in_japan(view.created_at.timestamp()),
        system,
        subject: view.subject,
        chain: view.chain.into_iter().map(|part| part.name).collect(),
        forms: view.forms,
        due_on: view.due_on.and_then(|day| day.parse().ok()),
        state: state.map_or("", RequestState::label).to_owned(),
        waits: state.is_some_and(RequestState::is_waiting),
        settled_on: day_in_japan(view.updated_at.timestamp()),
        reason: view.reason,
    }
}
