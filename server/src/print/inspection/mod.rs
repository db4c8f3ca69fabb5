//! What stands in the PDF of an inspection: a cover, the contents, and its chapters.

mod cover;
mod institution;
mod overview;
mod statements;

use kaiji_schema::inspection::Facts;

use super::PrintError;
use super::flow::{Flow, Heading, TEXT};
use super::font::Face;
use super::mark::{BOTTOM, Colour, Kind, LEFT, Mark, PAGE, Parts, TOP, WIDTH};
use super::writing::{About, written};

/// The height of a line of the contents.
const ENTRY: f32 = 17.0;

/// The PDF of an inspection, whose facts have that digest.
pub fn inspection(facts: &Facts, sha256: &str) -> Result<Vec<u8>, PrintError> {
    let face = Face::new()?;
    let title = "医療情報システムの安全管理に関する立入検査資料";
    let mut flow = Flow::new(&face, Parts::default());
    cover::draw(&mut flow, facts, sha256, title);
    let cover = std::mem::take(&mut flow.pages);
    let contents = flow.parts.add(Kind::Contents, None);

    let mut body = Flow::new(&face, flow.parts);
    overview::draw(&mut body, facts);
    statements::draw(&mut body, facts);
    institution::draw(&mut body, facts);
    overview::how_to_check(&mut body, facts, sha256);

    let entries = listed(&body.headings).count();
    let per_page = per_page();
    let before = cover.len() + entries.div_ceil(per_page).max(1);
    let mut headings = body.headings;
    for heading in &mut headings {
        heading.page += before;
    }
    let (listing, parts) = contents_pages(&face, body.parts, contents, &headings);
    let mut pages = cover;
    pages.extend(listing);
    pages.extend(body.pages);
    number(&face, &mut pages, facts, sha256);
    let about = About {
        title: format!("{title}　{}", facts.institution.name),
        author: facts.institution.name.clone(),
        id: sha256.to_owned(),
    };
    written(&face, &about, pages, &headings, &parts)
}

/// The headings that the contents name.
fn listed(headings: &[Heading]) -> impl Iterator<Item = &Heading> {
    headings.iter().filter(|heading| heading.level <= 2)
}

/// How many entries of the contents a page holds.
fn per_page() -> usize {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some forty"
    )]
    let lines = ((BOTTOM - TOP - 44.0) / ENTRY) as usize;
    lines
}

/// The contents, with the pages of headings that are numbered from 0 among all.
fn contents_pages(
    face: &Face,
    parts: Parts,
    contents: usize,
    headings: &[Heading],
) -> (Vec<Vec<Mark>>, Parts) {
    let mut flow = Flow::new(face, parts);
    let title = flow.parts.add(Kind::Paragraph, None);
    flow.line((LEFT, flow.y), 16.0, Colour::ACCENT, "目次", title);
    flow.y += 36.0;
    let entries: Vec<&Heading> = listed(headings).collect();
    for (at, heading) in entries.into_iter().enumerate() {
        if at > 0 && at.is_multiple_of(per_page()) {
            flow.turn();
        }
        entry(&mut flow, contents, heading);
    }
    (flow.pages, flow.parts)
}

fn entry(flow: &mut Flow<'_>, contents: usize, heading: &Heading) {
    let part = flow.parts.add(Kind::ContentsItem, Some(contents));
    let (indent, size) = if heading.level == 1 {
        (0.0, 10.5)
    } else {
        (16.0, TEXT)
    };
    let number = (heading.page + 1).to_string();
    let number_x = LEFT + WIDTH - flow.face.width(&number, size);
    let begin = LEFT + indent;
    flow.line((begin, flow.y), size, Colour::INK, &heading.text, part);
    let from = begin + flow.face.width(&heading.text, size) + 6.0;
    if number_x - 6.0 > from {
        flow.put(Mark::rule(from, flow.y + size * 0.8, number_x - 6.0 - from));
    }
    flow.line((number_x, flow.y), size, Colour::INK, &number, part);
    flow.put(Mark::Link {
        x: begin,
        y: flow.y - 2.0,
        width: WIDTH - indent,
        height: ENTRY - 2.0,
        page: heading.page,
        to: heading.y,
        part,
    });
    flow.y += ENTRY;
}

/// What stands above and below on every page but the cover.
fn number(face: &Face, pages: &mut [Vec<Mark>], facts: &Facts, sha256: &str) {
    let all = pages.len();
    let name = &facts.institution.name;
    let digest = sha256.get(..16).unwrap_or(sha256);
    for (at, page) in pages.iter_mut().enumerate().skip(1) {
        let mut line = |x: f32, y: f32, text: String| {
            page.push(Mark::Text {
                x,
                y,
                size: 7.5,
                colour: Colour::FAINT,
                text,
                part: None,
            });
        };
        let numbered = format!("{} / {all}", at + 1);
        let right = LEFT + WIDTH - face.width(&numbered, 7.5);
        line(LEFT, 36.0, format!("立入検査資料　{}", shortened(name)));
        line(
            LEFT,
            PAGE.1 - 32.0,
            format!("資料の指紋 {digest}…　{}", facts.id),
        );
        line(right, PAGE.1 - 32.0, numbered);
        page.push(Mark::rule(LEFT, 42.0, WIDTH));
    }
}

/// A name that is too long for a line is cut.
fn shortened(name: &str) -> String {
    let mut kept: String = name.chars().take(50).collect();
    if kept.len() < name.len() {
        kept.push('…');
    }
    kept
}

/// What a chapter says where it has nothing.
const NOTHING: &str = "該当する記録はありません。";

/// What there is of these in one cell, a line each.
fn stacked(parts: &[&str]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.copied().collect::<Vec<_>>().join("\n")
}
