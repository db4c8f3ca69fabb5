//! Who asks for what: a vendor with many products, a group of hospitals with a system for each, a chain of pharmacies
//! whose systems share few products, and a clinic.

use kaiji_tests::{
    Client, Database, Home, Institution, Operator, Program, Vendor, fixture, free_port, sha256,
};
use serde_json::json;

use crate::connection::post;
use crate::load;

/// How many statements are stored when the second half is measured, and how many systems are exported.
pub const STORED: usize = 10_000;

/// How many products the chain's systems share.
const SHARED: usize = 50;

/// How many clients ask at once.
pub const CLIENTS: usize = 64;

/// How many submissions and jobs are timed one by one.
pub const ALONE: usize = 300;

/// How many submissions are to be under way when the plug is pulled.
pub const DOOMED: usize = 2_000;

/// A running service and everybody around it.
pub struct World {
    pub home: Home,
    pub program: Program,
    pub metrics_port: u16,
    pub vendor: Vendor,
    pub group: Institution,
    pub chain: Institution,
    pub clinic: Institution,
    /// Every product, in the order in which their statements are submitted.
    products: Vec<String>,
    /// The group's systems, one for each of the first products.
    pub systems: Vec<String>,
    /// Every statement that was acknowledged: its name and its bytes.
    pub acknowledged: Vec<(String, String)>,
    submitted: usize,
}

/// A signed statement that has not been submitted.
pub struct Draft {
    pub product: String,
    pub jws: String,
}

impl World {
    /// Starts the service, with everybody having nothing yet.
    pub fn open() -> Self {
        let metrics_port = free_port();
        let settings = format!("metrics_listen = \"127.0.0.1:{metrics_port}\"");
        let home = Home::with(Database::sqlite(), &settings);
        let operator: Operator = home.operator();
        let program = home.serve();
        Self {
            vendor: operator.vendor("株式会社負荷"),
            group: operator.institution("負荷病院グループ"),
            chain: operator.institution("負荷薬局チェーン"),
            clinic: operator.institution("負荷医院"),
            home,
            program,
            metrics_port,
            products: Vec::new(),
            systems: Vec::new(),
            acknowledged: Vec::new(),
            submitted: 0,
        }
    }

    pub fn port(&self) -> u16 {
        self.home.port()
    }

    /// Makes every product, which all institutions may read about, and the systems.
    pub fn furnish(&mut self) {
        let products = STORED + 2 * ALONE + DOOMED;
        let new = |number| json!({ "name": format!("製品{number}"), "version": "1.0", "release": "listed" });
        self.products = self.create(&self.vendor, "/api/v1/products", (0..products).map(new));
        self.systems = self.systems_of(&self.group, &self.products[..STORED]);
        let shared = self.products[..SHARED].iter().cycle().take(STORED);
        self.systems_of(&self.chain, &shared.cloned().collect::<Vec<_>>());
    }

    /// Puts systems with these products on an institution's list.
    pub fn systems_of(&self, institution: &Institution, products: &[String]) -> Vec<String> {
        let new = |product| json!({ "name": "電子カルテ", "product": product });
        self.create(institution, "/api/v1/systems", products.iter().map(new))
    }

    fn create(
        &self,
        client: &Client,
        path: &str,
        new: impl Iterator<Item = serde_json::Value>,
    ) -> Vec<String> {
        let token = client.token();
        let requests = new.map(|new| post(&token, path, "application/json", &new.to_string()));
        let created = load::at_once(self.port(), CLIENTS, 201, &requests.collect::<Vec<_>>());
        let id = |answer: load::Answer| answer.json()["id"].as_str().unwrap().to_owned();
        created.into_iter().map(id).collect()
    }

    /// Signs statements for the next products.
    pub fn drafts(&mut self, count: usize) -> Vec<Draft> {
        let products = &self.products[self.submitted..][..count];
        self.submitted += count;
        let draft = |product: &String| Draft {
            jws: self
                .vendor
                .sign(&self.vendor.statement("sds-whole-form", product)),
            product: product.clone(),
        };
        products.iter().map(draft).collect()
    }

    /// The requests that submit them.
    pub fn submissions(&self, drafts: &[Draft]) -> Vec<Vec<u8>> {
        let token = self.vendor.token();
        let submit =
            |draft: &Draft| post(&token, "/api/v1/statements", "application/jose", &draft.jws);
        drafts.iter().map(submit).collect()
    }

    /// Remembers that these were acknowledged.
    pub fn acknowledge(&mut self, drafts: impl IntoIterator<Item = Draft>) {
        let named = drafts
            .into_iter()
            .map(|draft| (sha256(&draft.jws), draft.jws));
        self.acknowledged.extend(named);
    }

    /// The signed sample, which is as long as every other statement.
    pub fn sample(&self) -> String {
        self.vendor.sign(&fixture("sds-whole-form"))
    }
}
