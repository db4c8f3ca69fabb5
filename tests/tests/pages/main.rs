//! The pages behind letters' links, in a real browser.
//!
//! Pictures of every state are left under `target/screenshots`, and axe-core looks at each. Run with `tests/with-browser
//! tests/with-foreign-tools tests/with-postgres`.

#![allow(missing_docs, reason = "a test has no users")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here fails the test"
)]

mod account;
mod answer;
mod inspection;

use kaiji_tests::{Browser, TestApp};

/// Opens a link, and waits for a heading with that text.
fn opened(link: &str, heading: &str) -> Browser {
    let browser = Browser::open(1_200, 900);
    browser.go(link);
    browser.wait_for("h1", heading);
    browser
}

/// Keeps a picture of a state of the page at both widths, and has axe-core look at it.
fn looked_at(browser: &Browser, app: &TestApp, name: &str) {
    browser.has_no_barriers(name);
    // Both databases show the same: one picture is enough.
    if app.database().url().starts_with("sqlite") {
        for (width, suffix) in [(1_200, "desktop"), (390, "phone")] {
            browser.resize(width, 900);
            browser.picture(&format!("{name}-{suffix}"));
        }
        browser.has_no_barriers(name);
        browser.resize(1_200, 900);
    }
}

fn write_into(browser: &Browser, selector: &str, text: &str) {
    browser.tab_to(selector);
    browser.write(text);
}
