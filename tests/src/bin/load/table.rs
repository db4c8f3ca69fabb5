//! The table: what was asked for, what was measured, and whether that holds.

use std::fmt::Write as _;
use std::time::Duration;

/// One figure beside its target.
struct Row {
    what: String,
    target: String,
    measured: String,
    /// `None` where nothing is asked for, only reported.
    holds: Option<bool>,
}

/// The figures of one run.
#[derive(Default)]
pub struct Table {
    floors: Vec<(String, String)>,
    rows: Vec<Row>,
}

impl Table {
    /// Notes a floor.
    pub fn floor(&mut self, what: &str, measured: impl Into<String>) {
        let measured = measured.into();
        eprintln!("floor: {what}: {measured}");
        self.floors.push((what.to_owned(), measured));
    }

    /// Notes a figure that has a target.
    pub fn row(
        &mut self,
        what: &str,
        target: impl Into<String>,
        measured: impl Into<String>,
        holds: bool,
    ) {
        self.add(what, target.into(), measured.into(), Some(holds));
    }

    /// Notes a figure that is only reported.
    pub fn report(&mut self, what: &str, measured: impl Into<String>) {
        self.add(what, "–".to_owned(), measured.into(), None);
    }

    fn add(&mut self, what: &str, target: String, measured: String, holds: Option<bool>) {
        let row = Row {
            what: what.to_owned(),
            target,
            measured,
            holds,
        };
        eprintln!(
            "{}: {} (target: {}) {}",
            row.what,
            row.measured,
            row.target,
            verdict(row.holds)
        );
        self.rows.push(row);
    }

    /// In Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::from("| floor of the same run | measured |\n|---|---|\n");
        for (what, measured) in &self.floors {
            let _ = writeln!(text, "| {what} | {measured} |");
        }
        text += "\n| | target | measured | |\n|---|---|---|---|\n";
        for Row {
            what,
            target,
            measured,
            holds,
        } in &self.rows
        {
            let _ = writeln!(
                text,
                "| {what} | {target} | {measured} | {} |",
                verdict(*holds)
            );
        }
        text
    }
}

fn verdict(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "held",
        Some(false) => "**not held**",
        None => "",
    }
}

/// A time as people read it.
pub fn shown(time: Duration) -> String {
    let microseconds = time.as_secs_f64() * 1e6;
    match microseconds {
        small if small < 10.0 => format!("{small:.1} µs"),
        middle if middle < 1_000.0 => format!("{middle:.0} µs"),
        large => format!("{:.2} ms", large / 1e3),
    }
}
