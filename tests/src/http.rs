//! One request and its answer, with the checks that every test makes of every answer.

use serde_json::Value;
use ureq::http::{HeaderMap, Request};

/// The largest answer that a test reads.
const LARGEST: u64 = 160 * 1024 * 1024;

/// A request that is being put together.
#[must_use = "a call is made by `send` or by what it expects"]
pub struct Call {
    agent: ureq::Agent,
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

impl Call {
    pub(crate) fn new(agent: &ureq::Agent, method: &'static str, url: &str) -> Self {
        Self {
            agent: agent.clone(),
            method,
            // As clients write it.
            url: percent_encoded(url, |byte| byte.is_ascii()),
            headers: Vec::new(),
            body: None,
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With this access token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// With a body of that type.
    pub fn body(mut self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Some(bytes.into());
        self.header("Content-Type", media_type)
    }

    /// With a JSON body.
    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// With a signed document.
    pub fn jose(self, jws: &str) -> Self {
        self.body("application/jose", jws)
    }

    /// With the fields of a form.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", percent_encoded(value, |_| false)))
            .collect();
        self.body("application/x-www-form-urlencoded", pairs.join("&"))
    }

    /// Makes the request.
    pub fn send(self) -> Answer {
        let said = format!("{} {}", self.method, self.url);
        let answered = self.try_send();
        answered.unwrap_or_else(|error| panic!("{said}: {error}"))
    }

    /// Makes a request that may stay without an answer.
    pub fn try_send(self) -> Result<Answer, ureq::Error> {
        let said = format!("{} {}", self.method, self.url);
        let mut request = Request::builder().method(self.method).uri(self.url);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let mut response = match self.body {
            Some(body) => self.agent.run(request.body(body)?)?,
            None => self.agent.run(request.body(())?)?,
        };
        Ok(Answer {
            status: response.status().as_u16(),
            body: response
                .body_mut()
                .with_config()
                .limit(LARGEST)
                .read_to_vec()?,
            headers: response.headers().clone(),
            said,
        })
    }

    /// Makes the request and expects 200 with JSON.
    pub fn ok(self) -> Value {
        self.send().expect(200).json()
    }

    /// Makes the request and expects 201 with JSON.
    pub fn created(self) -> Value {
        self.send().expect(201).json()
    }

    /// Makes the request and expects a problem of that status and kind.
    pub fn refused(self, status: u16, kind: &str) -> Problem {
        self.send().problem(status, kind)
    }

    /// Makes the request and expects a document's refusal with exactly these violations: pointers and codes.
    pub fn violates(self, expected: &[(&str, &str)]) {
        let problem = self.refused(422, "violations");
        let found: Vec<(&str, &str)> = problem
            .violations
            .iter()
            .map(|(pointer, code)| (pointer.as_str(), code.as_str()))
            .collect();
        assert_eq!(found, expected, "{problem:?}");
    }
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The exact bytes.
    pub body: Vec<u8>,
    headers: HeaderMap,
    said: String,
}

impl Answer {
    /// The header of that name, if there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The `ETag`, which must be there.
    pub fn etag(&self) -> String {
        self.header("ETag").expect("an ETag").to_owned()
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(self.text())
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.said, self.text()))
    }

    /// Fails with what was answered unless it has that status.
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status,
            status,
            "{}: {}",
            self.said,
            String::from_utf8_lossy(&self.body)
        );
        self
    }

    /// Checks that it is a problem (RFC 9457) of that status and kind, complete in every member.
    pub fn problem(self, status: u16, kind: &str) -> Problem {
        let answer = self.expect(status);
        assert_eq!(
            answer.header("Content-Type"),
            Some("application/problem+json")
        );
        let problem = answer.json();
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("type"), format!("/problems/{kind}"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert!(!text("title").is_empty(), "{problem}");
        assert!(!text("instance").is_empty(), "{problem}");
        assert_eq!(answer.header("X-Request-Id"), Some(&*text("instance")));
        let violations = problem["violations"].as_array().cloned();
        let violations = violations.unwrap_or_default().into_iter();
        Problem {
            detail: text("detail"),
            violations: violations
                .map(|violation| {
                    let text = |name: &str| violation[name].as_str().unwrap().to_owned();
                    assert!(!text("detail").is_empty(), "{violation}");
                    (text("pointer"), text("code"))
                })
                .collect(),
        }
    }
}

/// What a refusal said.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// A sentence about this request.
    pub detail: String,
    /// Pointers and codes of the rules that were broken.
    pub violations: Vec<(String, String)>,
}

impl Problem {
    /// The code of the only violation.
    pub fn code(&self) -> &str {
        match self.violations.as_slice() {
            [(_, code)] => code,
            _ => panic!("not one violation: {self:?}"),
        }
    }
}

/// The text with `%XX` for each byte that is not kept.
pub(crate) fn percent_encoded(text: &str, keep: impl Fn(u8) -> bool) -> String {
    let written = |byte: u8| {
        if keep(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(written).collect()
}
