//! A clinic with a system whose vendor revises its statement: what the tests of reviews begin with.

use std::cell::RefCell;

use jiff::SignedDuration;
use kaiji_tests::{Call, Client, Institution, TestApp, Vendor};
use serde_json::{Value, json};

/// Answered いいえ, with a remark.
pub const NO: &str = "sds-84";

/// Answered いいえ, with another remark.
pub const ALSO_NO: &str = "sds-49";

/// Answered いいえ, which the 【別紙】 does not take for an answer.
pub const REDEFINED: &str = "sds-17.1";

/// Answered はい.
pub const YES: &str = "sds-18";

/// A clinic with a system, and the vendor of its product.
pub struct Scene {
    pub vendor: Vendor,
    pub clinic: Institution,
    pub product: String,
    pub system: String,
    newest: RefCell<(Value, String)>,
}

impl Scene {
    pub fn new(app: &TestApp) -> Self {
        let vendor = app.vendor("見本電子カルテ株式会社");
        let clinic = app.institution("サンプル医院");
        let product = vendor.product_with(&json!({ "name": "見本カルテ", "release": "listed" }));
        let first = vendor.statement("sds-sample", &product);
        let name = vendor.publish(&first);
        let system = clinic.system("電子カルテ", &product);
        app.step_jobs();
        Self {
            vendor,
            clinic,
            product,
            system,
            newest: RefCell::new((first, name)),
        }
    }

    /// The vendor publishes the next revision, whose answers are those of the one before but for what is changed.
    pub fn revise(&self, change: impl FnOnce(&mut Value)) -> String {
        let (mut next, before) = self.newest.borrow().clone();
        next["revision"] = json!(next["revision"].as_i64().unwrap() + 1);
        next["supersedes"] = json!(before);
        change(&mut next["answers"]);
        let name = self.vendor.publish(&next);
        self.newest.replace((next, name.clone()));
        name
    }

    /// The name of the newest revision.
    pub fn newest(&self) -> String {
        self.newest.borrow().1.clone()
    }

    pub fn path(&self, item: &str) -> String {
        format!("/systems/{}/reviews/{item}", self.system)
    }

    pub fn review(&self, item: &str) -> Value {
        self.clinic.get(&self.path(item)).ok()
    }

    /// Where an item stands, and why.
    pub fn standing(&self, item: &str) -> (String, Option<String>) {
        let review = self.review(item);
        let text = |name: &str| review[name].as_str().map(str::to_owned);
        (text("standing").unwrap(), text("cause"))
    }

    pub fn draft(&self, item: &str, content: &Value) -> Value {
        self.clinic.put(&self.path(item)).json(content).ok()
    }

    pub fn submission(&self, item: &str) -> Call {
        submission(&self.clinic, &self.path(item))
    }

    pub fn approval(&self, item: &str) -> Call {
        approval(&self.clinic, &self.path(item))
    }

    /// Writes a review, submits and approves it.
    pub fn approve(&self, item: &str, content: &Value) -> Value {
        self.draft(item, content);
        self.submission(item).ok();
        self.approval(item).ok()
    }
}

pub fn submission(client: &Client, path: &str) -> Call {
    client.post(&format!("{path}/submission"))
}

pub fn approval(client: &Client, path: &str) -> Call {
    client.post(&format!("{path}/approval"))
}

/// A review that lowers the risk.
pub fn reducing() -> Value {
    json!({
        "risk": "第三者が職員になりすまし、診療録を閲覧する", "likelihood": 2, "impact": 3, "treatment": "reduce",
        "measures": "端末を施錠区域に置く", "owner": "情報管理室 見本花子", "target_date": "2027-03-31",
        "decision": "更改までの間は物理的な対策で足りる",
    })
}

/// A review that bears the risk until a day.
pub fn accepting(until: &str) -> Value {
    json!({
        "risk": "代行入力の確定が遅れる", "likelihood": 1, "impact": 2, "treatment": "accept",
        "owner": "院長", "decision": "影響が小さく、更改まで受け入れる", "accepted_until": until,
    })
}

pub fn days(app: &TestApp, days: i64) {
    app.advance(SignedDuration::from_hours(24 * days));
}
