//! What is counted, and how Prometheus reads it. Served on a listener of its own: it is for the operator.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::storage::Db;

/// Requests answered, by class of status, and the writer that counts for itself.
pub struct Metrics {
    answers: [AtomicU64; 5],
    db: Db,
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new(db: Db) -> Self {
        Self {
            answers: Default::default(),
            db,
        }
    }

    /// Counts an answer.
    pub fn count(&self, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = self.answers.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All counters in the text format of Prometheus. Writing to memory cannot fail.
    fn write(&self, text: &mut String) -> fmt::Result {
        let name = "kaiji_http_requests_total";
        introduce(text, name, "Requests answered, by class of status.")?;
        for (class, count) in (1..).zip(&self.answers) {
            writeln!(
                text,
                "{name}{{status=\"{class}xx\"}} {}",
                count.load(Ordering::Relaxed)
            )?;
        }
        let writer = self.db.writer_stats();
        let name = "kaiji_writer_changes_total";
        introduce(text, name, "Changes that the writer made durable.")?;
        writeln!(text, "{name} {}", writer.changes)?;
        let name = "kaiji_writer_commits_total";
        introduce(
            text,
            name,
            "Commits that they took: fewer than changes under load.",
        )?;
        writeln!(text, "{name} {}", writer.commits)
    }
}

fn introduce(text: &mut String, name: &str, help: &str) -> fmt::Result {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter")
}

/// The service of the metrics' own listener.
pub fn configure(metrics: web::Data<Metrics>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        config
            .app_data(metrics)
            .route("/metrics", web::get().to(show));
    }
}

async fn show(metrics: web::Data<Metrics>) -> HttpResponse {
    let mut text = String::new();
    match metrics.write(&mut text) {
        Ok(()) => HttpResponse::Ok()
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .body(text),
        Err(fmt::Error) => HttpResponse::InternalServerError().finish(),
    }
}
