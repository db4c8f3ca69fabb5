//! What is measured of a requirement set that comes after a hundred thousand systems: all are compared anew in the
//! background, while everybody goes on reading.

use std::time::{Duration, Instant};

use kaiji_tests::{Database, Home, Institution, Program, Vendor, write_requirement_set};
use serde_json::json;

use crate::connection::{get_with, post};
use crate::table::Table;
use crate::world::CLIENTS;
use crate::{database, load, process};

/// How many products there are, each with a statement of its own.
const PRODUCTS: usize = 5_000;

/// How many institutions there are, with ten systems each.
const INSTITUTIONS: usize = 10_000;

/// How many comparisons institutions see.
const SYSTEMS: usize = 10 * INSTITUTIONS;

/// How long the work may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is read while nothing else goes on.
const SPELL: Duration = Duration::from_secs(3);

struct Scene {
    home: Home,
    vendor: Vendor,
    reader: Institution,
    systems: Vec<String>,
}

/// How a set was compared with.
struct Anew {
    took: Duration,
    cpu: Duration,
    /// What was read meanwhile, a second.
    read: f64,
}

pub fn new_set(table: &mut Table) {
    let (scene, program) = Scene::open();
    scene.furnish(&scene.products());
    scene.wait_for("mhlw-7.0-annex");
    program.terminate();

    let program = scene.serve_with("sample-7.1-annex");
    let alone = scene.compared_anew(&program, "sample-7.1-annex", false);
    let per_core = SYSTEMS as f64 / alone.cpu.as_secs_f64();
    table.row(
        "a new requirement set: 100,000 systems that share 5,000 statements, comparisons a second of CPU time",
        "≥ 100,000",
        format!(
            "{per_core:.0} ({:.0} statements a second, all done after {:.2} s)",
            PRODUCTS as f64 / alone.cpu.as_secs_f64(),
            alone.took.as_secs_f64()
        ),
        per_core >= 100_000.0,
    );
    let quiet = load::rate(scene.home.port(), &scene.readings(), SPELL);
    program.terminate();

    let program = scene.serve_with("sample-7.2-annex");
    let beside = scene.compared_anew(&program, "sample-7.2-annex", true);
    let ratio = beside.read / quiet;
    table.row(
        "reading comparisons while another set is compared with, on the same processors",
        format!("≥ 1/3 of {quiet:.0}/s"),
        format!("{:.0}/s = {ratio:.2} of it", beside.read),
        ratio >= 1.0 / 3.0,
    );
    program.terminate();
}

impl Scene {
    fn open() -> (Self, Program) {
        let home = Home::with(Database::sqlite(), "");
        let operator = home.operator();
        let program = home.serve();
        let scene = Self {
            vendor: operator.vendor("株式会社負荷"),
            reader: operator.institution("負荷医院"),
            systems: (1..=50).map(system).collect(),
            home,
        };
        (scene, program)
    }

    /// The products, each with its statement.
    fn products(&self) -> Vec<String> {
        let token = self.vendor.token();
        let new = |number| json!({ "name": format!("製品{number}"), "version": "1.0", "release": "listed" });
        let json = "application/json";
        let requests = (0..PRODUCTS)
            .map(|number| post(&token, "/api/v1/products", json, &new(number).to_string()));
        let made = load::at_once(
            self.home.port(),
            CLIENTS,
            201,
            &requests.collect::<Vec<_>>(),
        );
        let id = |answer: load::Answer| answer.json()["id"].as_str().unwrap().to_owned();
        let products: Vec<String> = made.into_iter().map(id).collect();
        let submission = |product: &String| {
            let statement = self.vendor.statement("sds-whole-form", product);
            let jws = self.vendor.sign(&statement);
            post(&token, "/api/v1/statements", "application/jose", &jws)
        };
        let submissions: Vec<_> = products.iter().map(submission).collect();
        load::at_once(self.home.port(), CLIENTS, 201, &submissions);
        products
    }

    /// The institutions and their systems are written straight into the database; the first fifty are the reader's.
    fn furnish(&self, products: &[String]) {
        let rows = |from: usize, until: usize, row: &dyn Fn(usize) -> String| {
            let rows: Vec<String> = (from..=until).map(row).collect();
            rows.join(",")
        };
        let institution = |number: usize| format!("ins_{number:026}");
        let organisations = rows(1, INSTITUTIONS, &|number| {
            format!(
                "('{}', 'institution', '負荷医院', '負荷医院', 1, 0, 'at_once')",
                institution(number)
            )
        });
        let systems = rows(1, SYSTEMS, &|number| {
            let owner = if number <= self.systems.len() {
                self.reader.organisation.clone()
            } else {
                institution(1 + number % INSTITUTIONS)
            };
            let product = &products[number % products.len()];
            format!(
                "('{}', '{owner}', '電子カルテ', '{product}', 1, 0, 0)",
                system(number)
            )
        });
        let sql = format!(
            "BEGIN;
             INSERT INTO organisations (id, kind, name, name_folded, revision, created_at, letters)
             VALUES {organisations};
             INSERT INTO systems (id, institution_id, name, product_id, revision, created_at, updated_at)
             VALUES {systems};
             COMMIT;"
        );
        database::execute(&self.home, &sql);
    }

    /// Serves with a set that nothing was compared with.
    fn serve_with(&self, set: &str) -> Program {
        let directory = self.home.directory().join("requirement-sets");
        write_requirement_set(&directory, set);
        self.home.set(&format!(
            "requirement_sets = \"{}\"\ncurrent_requirement_set = \"{set}\"",
            directory.display()
        ));
        self.home.serve()
    }

    /// Waits until all is compared with the set; reads meanwhile, where that is asked.
    fn compared_anew(&self, program: &Program, set: &str, reading: bool) -> Anew {
        let started = Instant::now();
        let mut read = Vec::new();
        while !self.is_compared(set) {
            assert!(started.elapsed() < PATIENCE, "the work ends");
            let moment = Duration::from_millis(100);
            if reading {
                read.push(load::rate(self.home.port(), &self.readings(), moment));
            } else {
                std::thread::sleep(moment / 10);
            }
        }
        Anew {
            took: started.elapsed(),
            cpu: process::cpu_time(program.id()),
            read: read.iter().sum::<f64>() / read.len().max(1) as f64,
        }
    }

    fn wait_for(&self, set: &str) {
        let started = Instant::now();
        while !self.is_compared(set) {
            assert!(started.elapsed() < PATIENCE, "the work ends");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn is_compared(&self, set: &str) -> bool {
        let compared = format!("requirement_sets WHERE id = '{set}' AND compared_at IS NOT NULL");
        database::count(&self.home, &compared) == 1
    }

    fn readings(&self) -> Vec<Vec<u8>> {
        let token = self.reader.token();
        let read = |system: &String| {
            let path = format!("/api/v1/systems/{system}/comparison");
            get_with(&token, &path, "application/json")
        };
        self.systems.iter().map(read).collect()
    }
}

fn system(number: usize) -> String {
    format!("sys_{number:026}")
}
