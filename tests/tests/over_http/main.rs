//! The service as its users see it, over HTTP and on both databases. One program for all, so that they are linked once
//! and run side by side; each file tells one part.

#![allow(missing_docs, reason = "a test has no users")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here fails the test"
)]

mod access;
mod account_pages;
mod anchors;
mod asked_by_link;
mod attachments;
mod attested;
mod audit;
mod authority;
mod checklist;
mod confirmations;
mod contract_points;
mod conventions;
mod due_dates;
mod evidence;
mod evidence_files;
mod foreign;
mod foreign_inspections;
mod forwards;
mod identifiers;
mod inspections;
mod inspectors;
mod instances;
mod inventory;
mod keys;
mod letters;
mod log;
mod log_check;
mod mandates;
mod measure_templates;
mod openssl;
mod pages;
mod parity;
mod people;
mod questions;
mod release;
mod reminders;
mod requirement_sets;
mod retention;
mod review_scene;
mod review_standing;
mod reviews;
mod reviews_due;
mod revisions;
mod roles;
mod sign_in;
mod smtp;
mod submission;
mod systems;
mod tokens;
mod transfers;
mod whole_job;
