//! The harness of the tests over HTTP: a service as production builds it, on a database of its own, with a clock that
//! stands still, and actors who ask it for things.
//!
//! A test sees the service as its users do. Of the server it uses `app`, `config` and `clock`, and makes the first
//! operator as `kaiji admin operator` does; rows and verbs are none of its business, but for those of the audit trail,
//! which must tell of what users do not see.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "what fails in a harness fails the test"
)]

mod actors;
mod app;
mod audit;
mod browser;
mod database;
mod documents;
pub mod foreign;
mod http;
mod letters;
mod people;
mod program;
mod smtp;

pub use actors::{Client, Institution, Operator, Vendor, scopes_of};
pub use app::{Instance, Site, TestApp};
pub use audit::AuditEntry;
pub use browser::{Browser, Key};
pub use database::Database;
pub use documents::{
    compact, ed25519_key, fixture, fixture_key, new_key, sha256, sha256_of, write_requirement_set,
};
pub use http::{Answer, Call, Problem};
pub use letters::Letter;
pub use people::{Authenticator, PASSWORD, Person};
pub use program::{Ended, Home, Program, free_port, kaiji};
pub use smtp::{SmtpServer, SmtpTls};

/// Makes two tests of each story, one on SQLite and one on PostgreSQL. A story is a function that takes `&TestApp`;
/// one that is not listed is dead code, which the compiler reports.
#[macro_export]
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $story() { super::$story(&$crate::TestApp::sqlite()); })+
        }
        mod postgres {
            $(#[test] fn $story() { super::$story(&$crate::TestApp::postgres()); })+
        }
    };
}
