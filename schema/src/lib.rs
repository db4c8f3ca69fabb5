//! Documents and rules of Kaiji, the exchange of signed MDS/SDS security disclosure statements.
//!
//! What a document is and what follows from it: strict JSON, signatures, keys, statements, the items of the
//! 【別紙】 and their comparison. Pure: no I/O, no clock, no randomness of its own, no environment.

pub mod audit;
pub mod calendar;
pub mod checklist;
pub mod comparison;
pub mod contract;
pub mod digest;
mod embedded;
pub mod era;
pub mod evidence;
pub mod file_label;
pub mod fold;
pub mod form;
pub mod identifier;
pub mod information;
pub mod inspection;
pub mod jws;
pub mod key;
pub mod letter;
pub mod log;
pub mod mail_address;
pub mod password;
mod provider;
pub mod reader;
pub mod receipt;
pub mod renewal;
pub mod requirement;
pub mod retention;
pub mod review;
pub mod risk_matrix;
pub mod scope;
pub mod sheet;
pub mod signed;
pub mod statement;
pub mod status;
pub mod strict_json;
pub mod timestamp;
pub mod violation;

pub use digest::Digest;
