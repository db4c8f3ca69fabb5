//! An inspection (立入検査): what an institution shows to an inspector, as it was at one moment.
//!
//! [`Facts`] are frozen once and kept; tables ([`Table`]) and everything else that people read follow from them alone, so
//! that the same inspection is always made again alike, whatever became of the rows since.

mod evidence;
mod facts;
mod table;
mod tables;

pub use evidence::{Anchors, FrozenEvidence, ServiceKey};
pub use facts::{
    AttestedEvidence, Compared, Delivery, Facts, HeldStatement, Institution, RequestFact, Set,
    SetItem, SystemFact,
};
pub use table::{Part, Place, Table};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::calendar::IN_JAPAN;

/// The day that it is in Japan at an instant.
pub fn day_in_japan(at: Timestamp) -> Date {
    at.to_zoned(IN_JAPAN).date()
}
