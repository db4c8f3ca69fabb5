//! Refusals of a Kaiji service, read from its answers and told to people.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A refusal: a problem (RFC 9457), or the error of a token endpoint (RFC 6749, section 5.2).
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Problem {
    status: u16,
    title: String,
    #[serde(alias = "error_description")]
    detail: String,
    #[serde(skip_serializing)]
    error: String,
    instance: Option<String>,
    violations: Vec<ReportedViolation>,
}

/// A violation as a service reports it.
#[derive(Debug, Serialize, Deserialize)]
struct ReportedViolation {
    pointer: String,
    code: String,
    detail: String,
}

impl Problem {
    /// Whether asking again would not help: a 4xx, but not 429, which asks for patience.
    pub(super) fn is_final(&self) -> bool {
        (400..500).contains(&self.status) && self.status != 429
    }

    /// Reads an answer; one that is neither keeps its status alone.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let problem: Self = serde_json::from_slice(body).unwrap_or_default();
        let title = match (problem.title.as_str(), problem.error.as_str()) {
            ("", "") => "no reason given".to_owned(),
            ("", error) => error.to_owned(),
            (title, _) => title.to_owned(),
        };
        Self {
            status,
            title,
            ..problem
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = if self.detail.is_empty() {
            &self.title
        } else {
            &self.detail
        };
        write!(f, "the service answers {}: {why}", self.status)?;
        for ReportedViolation {
            pointer,
            code,
            detail,
        } in &self.violations
        {
            write!(f, "\n  {pointer}: {detail} ({code})")?;
        }
        match &self.instance {
            Some(instance) => write!(f, "\n  (request {instance})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_with_its_violations() {
        let body = br#"{"type": "about:blank", "title": "Not valid", "status": 422, "detail": "1 violation",
            "instance": "r-1", "violations": [{"pointer": "/answers/17", "code": "choice", "detail": "must be yes"}]}"#;
        let problem = Problem::read(422, body);
        assert_eq!(
            problem.to_string(),
            "the service answers 422: 1 violation\n  /answers/17: must be yes (choice)\n  (request r-1)"
        );
        assert!(problem.is_final());
    }

    #[test]
    fn the_error_of_a_token_endpoint_is_told_too() {
        let body = br#"{"error": "invalid_client", "error_description": "it is unknown"}"#;
        let problem = Problem::read(401, body);
        let told = "the service answers 401: it is unknown";
        assert_eq!(problem.to_string(), told);
    }

    #[test]
    fn a_proxys_page_and_a_busy_service_are_no_final_answers() {
        let busy = Problem::read(503, b"<html>");
        assert_eq!(busy.to_string(), "the service answers 503: no reason given");
        assert!(!busy.is_final());
        assert!(!Problem::read(429, b"").is_final());
    }
}
