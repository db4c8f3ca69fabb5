//! Pictures: how much of each kind there is, as bars, and how many risks there are of each likelihood and impact, as a
//! matrix. Each number stands beside what is drawn of it.

use super::flow::{Flow, count};
use super::mark::{Colour, Kind, LEFT, Mark, WIDTH};

/// What a part of a bar means.
pub(super) struct Legend(pub(super) &'static str, pub(super) Colour);

/// A bar: what it is about, and how much of each part of the legend it has.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) parts: Vec<usize>,
}

const SIZE: f32 = 8.0;
const BAR: f32 = 11.0;
const STEP: f32 = 19.0;
const LABELS: f32 = 172.0;
const NUMBERS: f32 = 96.0;

/// Bars beneath each other, the longest over the whole width.
pub(super) fn bars(flow: &mut Flow<'_>, legend: &[Legend], bars: &[Bar]) {
    flow.need(STEP * 4.0);
    let figure = flow.parts.add(Kind::Figure, None);
    draw_legend(flow, legend, figure);
    let total = |bar: &Bar| bar.parts.iter().sum::<usize>();
    let longest = bars.iter().map(total).max().unwrap_or(0).max(1);
    for bar in bars {
        flow.need(STEP);
        let label = fitted(flow, &bar.label, LABELS - 6.0);
        flow.line((LEFT, flow.y + 1.5), SIZE, Colour::INK, &label, figure);
        let unit = (WIDTH - LABELS - NUMBERS) / count(longest);
        let mut x = LEFT + LABELS;
        for (part, Legend(_, colour)) in bar.parts.iter().zip(legend) {
            let width = count(*part) * unit;
            if *part > 0 {
                flow.put(Mark::area(x, flow.y, width, BAR, *colour));
            }
            x += width;
        }
        let numbers: Vec<_> = bar.parts.iter().map(usize::to_string).collect();
        let numbers = format!("{}（計{}）", numbers.join("／"), total(bar));
        let place = (LEFT + WIDTH - NUMBERS + 6.0, flow.y + 1.5);
        flow.line(place, SIZE, Colour::INK, &numbers, figure);
        flow.y += STEP;
    }
    flow.y += 4.0;
}

fn draw_legend(flow: &mut Flow<'_>, legend: &[Legend], figure: usize) {
    let mut x = LEFT;
    for Legend(label, colour) in legend {
        flow.put(Mark::area(x, flow.y, BAR, BAR, *colour));
        flow.line(
            (x + BAR + 4.0, flow.y + 1.5),
            SIZE,
            Colour::INK,
            label,
            figure,
        );
        x += BAR + 20.0 + flow.face.width(label, SIZE);
    }
    flow.y += STEP;
}

/// The text, cut with … where it is wider than its place.
fn fitted(flow: &Flow<'_>, text: &str, width: f32) -> String {
    if flow.face.width(text, SIZE) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        if flow.face.width(&kept, SIZE) + 2.0 * SIZE > width {
            break;
        }
        kept.push(character);
    }
    kept + "…"
}

/// The scale of a matrix and what is in its fields.
pub(super) struct Matrix<'m> {
    /// What the rows are called, the lowest step first.
    pub(super) rows: &'m [String],
    /// What the columns are called, the lowest step first.
    pub(super) columns: &'m [String],
    /// What rows and columns are.
    pub(super) axes: (&'static str, &'static str),
    /// For each row, for each column: the name of the level, how high it is from 0 to 1, and how many there are.
    pub(super) fields: Vec<Vec<(String, f32, usize)>>,
}

/// A matrix with the highest row on top.
pub(super) fn matrix(flow: &mut Flow<'_>, matrix: &Matrix<'_>) {
    const FIELD: (f32, f32) = (92.0, 42.0);
    const SIDE: f32 = 90.0;
    let height = FIELD.1 * count(matrix.rows.len()) + 40.0;
    flow.need(height);
    let figure = flow.parts.add(Kind::Figure, None);
    let axes = format!("縦：{}　横：{}", matrix.axes.0, matrix.axes.1);
    flow.line((LEFT, flow.y), SIZE, Colour::FAINT, &axes, figure);
    flow.y += 16.0;
    for (name, fields) in matrix.rows.iter().zip(&matrix.fields).rev() {
        let middle = flow.y + FIELD.1 / 2.0 - 4.0;
        let label = fitted(flow, name, SIDE - 6.0);
        flow.line((LEFT, middle), SIZE, Colour::INK, &label, figure);
        let mut x = LEFT + SIDE;
        for (level, height, found) in fields {
            flow.put(Mark::area(
                x + 1.0,
                flow.y + 1.0,
                FIELD.0 - 2.0,
                FIELD.1 - 2.0,
                heat(*height),
            ));
            let number = format!("{found}件");
            let centre = |text: &str, size: f32| x + (FIELD.0 - flow.face.width(text, size)) / 2.0;
            let (number_x, level_x) = (centre(&number, 13.0), centre(level, SIZE));
            flow.line((number_x, flow.y + 8.0), 13.0, Colour::INK, &number, figure);
            flow.line((level_x, flow.y + 26.0), SIZE, Colour::INK, level, figure);
            x += FIELD.0;
        }
        flow.y += FIELD.1;
    }
    let mut x = LEFT + SIDE;
    for name in matrix.columns {
        let label = fitted(flow, name, FIELD.0 - 6.0);
        let centred = x + (FIELD.0 - flow.face.width(&label, SIZE)) / 2.0;
        flow.line((centred, flow.y + 4.0), SIZE, Colour::INK, &label, figure);
        x += FIELD.0;
    }
    flow.y += 24.0;
}

/// From pale to warm: still to be told apart in black and white.
fn heat(height: f32) -> Colour {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between two bytes"
    )]
    let between = |low: f32, high: f32| (low + (high - low) * height.clamp(0.0, 1.0)) as u8;
    Colour(
        between(236.0, 240.0),
        between(243.0, 150.0),
        between(236.0, 120.0),
    )
}
