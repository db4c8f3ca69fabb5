//! Kaiji (開示): the exchange of signed MDS/SDS security disclosure statements.
//!
//! Rings: [`storage`] (rows), [`exchange`] (verbs), then [`api`], [`pages`], [`jobs`], [`mail`] and [`cli`] (how one asks), put together by
//! [`app`]. `ARCHITECTURE.md` has the table of who may use whom; a test reads it.

pub mod actor;
pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod exchange;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod origin;
pub mod pages;
pub mod print;
pub mod storage;
