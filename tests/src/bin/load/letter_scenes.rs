//! What is measured of news that many are to hear: one revision of a product that ten thousand institutions hold, while
//! everybody goes on submitting, and the letters about it through a real SMTP server (`tests/with-foreign-tools`).

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use kaiji_tests::{Database, Home, Program, SmtpServer, SmtpTls, Vendor};
use serde_json::json;

use crate::connection::post;
use crate::table::Table;
use crate::world::CLIENTS;
use crate::{database, load, process};

/// How many institutions hold the product.
const HOLDERS: u32 = 10_000;

/// How many submissions the crowd makes between two looks at what goes on beside it.
const ROUND: usize = 4 * CLIENTS;

/// How many rounds are measured when nothing goes on.
const QUIET_ROUNDS: usize = 8;

/// How long the letters may take.
const PATIENCE: Duration = Duration::from_mins(10);

struct Scene {
    home: Home,
    program: Program,
    vendor: Vendor,
    products: usize,
}

/// How fast the crowd submits while something goes on.
struct Rate {
    submissions: usize,
    took: Duration,
}

impl Rate {
    fn a_second(&self) -> f64 {
        self.submissions as f64 / self.took.as_secs_f64()
    }
}

pub fn news_for_many(table: &mut Table) {
    let database = Database::sqlite();
    let server = SmtpServer::start(&database, SmtpTls::Implicit);
    let mut scene = Scene::open(database, &server);
    let product = scene.product_held_by_many();
    // What is done for the first time is slower.
    scene.crowd(1);
    let quiet = scene.crowd(QUIET_ROUNDS);
    let (resident, _) = process::memory(scene.program.id());

    let started = Instant::now();
    let statement = scene.vendor.statement("sds-whole-form", &product);
    let sha256 = scene.vendor.publish(&statement);
    let announced = "announcements";
    let fan_out = scene.crowd_while(|scene| scene.count(announced) > 0);
    let spread = started.elapsed();
    let waiting = "letters WHERE state = 'waiting'";
    let posting = scene.crowd(QUIET_ROUNDS);
    assert!(
        scene.count(waiting) > 0,
        "the crowd is beside letters that leave"
    );
    while scene.count(waiting) > 0 {
        assert!(started.elapsed() < PATIENCE, "the letters leave");
        std::thread::sleep(Duration::from_millis(200));
    }
    let posted = started.elapsed();

    let comparisons = scene.count(&format!("comparisons WHERE statement_sha256 = '{sha256}'"));
    let letters = scene.count("letters WHERE state = 'sent'");
    let events = scene.count(&format!("events WHERE subject LIKE '%{sha256}%'"));
    let (_, highest) = process::memory(scene.program.id());
    let received = server.letters().len();
    let holders = i64::from(HOLDERS);
    table.row(
        "a statement that 10,000 institutions hold: comparisons, events, letters sent, letters received",
        "1, 10,001, 10,000, 10,000",
        format!("{comparisons}, {events}, {letters}, {received}"),
        (comparisons, events, letters) == (1, holders + 1, holders) && received == HOLDERS as usize,
    );
    held(table, "while the 10,000 are told", &fan_out, &quiet, spread);
    held(table, "while their letters leave", &posting, &quiet, posted);
    table.row(
        "resident memory during all that",
        "+ 64 MiB at most",
        format!("{resident:.0} MiB, at its highest {highest:.0} MiB"),
        highest - resident < 64.0,
    );
}

fn held(table: &mut Table, when: &str, beside: &Rate, quiet: &Rate, took: Duration) {
    let ratio = beside.a_second() / quiet.a_second();
    table.row(
        &format!("{CLIENTS} clients at once {when}: submissions a second"),
        format!("≥ 1/2 of {:.0}", quiet.a_second()),
        format!(
            "{:.0} = {ratio:.2} of it; done after {:.1} s",
            beside.a_second(),
            took.as_secs_f64()
        ),
        ratio >= 0.5,
    );
}

impl Scene {
    fn open(database: Database, server: &SmtpServer) -> Self {
        let smtp = server.settings();
        let mut settings = String::from("[mail.smtp]\n");
        let (password, root) = (smtp.password_file.unwrap(), smtp.root.unwrap());
        let password = password.display();
        writeln!(
            settings,
            "host = \"{}\"\nport = {}",
            smtp.host,
            smtp.port.unwrap()
        )
        .unwrap();
        writeln!(
            settings,
            "user = \"{}\"\npassword_file = \"{password}\"",
            smtp.user.unwrap()
        )
        .unwrap();
        writeln!(settings, "root = \"{}\"", root.display()).unwrap();
        let home = Home::with(database, &settings);
        let operator = home.operator();
        Self {
            program: home.serve(),
            vendor: operator.vendor("株式会社負荷"),
            home,
            products: 0,
        }
    }

    /// The institutions and what they were granted are written straight into the database.
    fn product_held_by_many(&self) -> String {
        let product = self.vendor.product("一万施設の製品");
        let sql = format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {HOLDERS})
             INSERT INTO organisations (id, kind, name, name_folded, revision, created_at, email, letters)
             SELECT printf('ins_%026d', i), 'institution', '負荷医院', '負荷医院', 1, 0,
                    printf('clinic%d@sample.example.jp', i), 'at_once' FROM n;
             INSERT INTO grants (institution_id, product_id, granted_at)
             SELECT id, '{product}', 0 FROM organisations WHERE name = '負荷医院';"
        );
        database::execute(&self.home, &sql);
        product
    }

    fn count(&self, from: &str) -> i64 {
        database::count(&self.home, from)
    }

    fn crowd(&mut self, rounds: usize) -> Rate {
        let mut left = rounds;
        self.crowd_while(|_| {
            left -= 1;
            left > 0
        })
    }

    /// Submits round by round, at least one, until what goes on beside it is done. Signing and making products does not
    /// count.
    fn crowd_while(&mut self, mut goes_on: impl FnMut(&Self) -> bool) -> Rate {
        let mut rate = Rate {
            submissions: 0,
            took: Duration::ZERO,
        };
        loop {
            let requests = self.round();
            let started = Instant::now();
            load::at_once(self.home.port(), CLIENTS, 201, &requests);
            rate.took += started.elapsed();
            rate.submissions += requests.len();
            if !goes_on(self) {
                return rate;
            }
            assert!(rate.took < PATIENCE, "what goes on beside it ends");
        }
    }

    fn round(&mut self) -> Vec<Vec<u8>> {
        let token = self.vendor.token();
        let numbers = self.products..self.products + ROUND;
        self.products += ROUND;
        let new = |number| json!({ "name": format!("製品{number}"), "version": "1.0" }).to_string();
        let json = "application/json";
        let new = numbers.map(|number| post(&token, "/api/v1/products", json, &new(number)));
        let made = load::at_once(self.home.port(), CLIENTS, 201, &new.collect::<Vec<_>>());
        let submission = |answer: load::Answer| {
            let product = answer.json()["id"].as_str().unwrap().to_owned();
            let statement = self.vendor.statement("sds-whole-form", &product);
            let jws = self.vendor.sign(&statement);
            post(&token, "/api/v1/statements", "application/jose", &jws)
        };
        made.into_iter().map(submission).collect()
    }
}
