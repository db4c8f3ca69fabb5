//! Pages with marks, written as a tagged PDF with an outline. The same pages are the same bytes.

use std::num::NonZeroU16;

use krilla::Document;
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::{Page, PageSettings};
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagKind, TagTree,
};

use super::flow::Heading;
use super::font::Face;
use super::mark::{Colour, Kind, Mark, PAGE, Parts};

/// Why there is no PDF: a mistake in the program.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a PDF cannot be made: {0}")]
pub struct PrintError(pub(super) String);

/// What a document is called.
pub(super) struct About {
    pub(super) title: String,
    pub(super) author: String,
    /// What tells it from every other: of the same content the same.
    pub(super) id: String,
}

/// Writes the PDF. The headings' pages are counted from 0 among all.
pub(super) fn written(
    face: &Face,
    about: &About,
    pages: Vec<Vec<Mark>>,
    headings: &[Heading],
    parts: &Parts,
) -> Result<Vec<u8>, PrintError> {
    let mut document = Document::new();
    let mut children: Vec<Vec<Identifier>> = vec![Vec::new(); parts.0.len()];
    let settings = PageSettings::from_wh(PAGE.0, PAGE.1);
    let settings = settings.ok_or_else(|| PrintError("A4 has no size".to_owned()))?;
    for marks in pages {
        let mut page = document.start_page_with(settings.clone());
        let mut surface = page.surface();
        for mark in &marks {
            draw(face, &mut surface, mark, &mut children);
        }
        surface.finish();
        for mark in &marks {
            link(&mut page, mark, &mut children);
        }
        page.finish();
    }
    document.set_outline(outline(headings));
    document.set_tag_tree(tree(parts, &mut children, headings));
    document.set_metadata(
        Metadata::new()
            .title(about.title.clone())
            .authors(vec![about.author.clone()])
            .creator("Kaiji".to_owned())
            .producer("Kaiji".to_owned())
            .language("ja".to_owned())
            .document_id(about.id.clone()),
    );
    let finished = document.finish();
    finished.map_err(|error| PrintError(format!("{error:?}")))
}

fn draw(face: &Face, surface: &mut Surface<'_>, mark: &Mark, children: &mut [Vec<Identifier>]) {
    let layout = ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout));
    match mark {
        Mark::Link { .. } => {}
        Mark::Area {
            x,
            y,
            width,
            height,
            colour,
        } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) {
                path.push_rect(rect);
            }
            if let Some(path) = path.finish() {
                surface.start_tagged(layout);
                surface.set_fill(Some(fill(*colour)));
                surface.draw_path(&path);
                surface.end_tagged();
            }
        }
        Mark::Text {
            x,
            y,
            size,
            colour,
            text,
            part,
        } => {
            let tag = match part {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
            };
            let identifier = surface.start_tagged(tag);
            surface.set_fill(Some(fill(*colour)));
            let (start, glyphs) = (Point::from_xy(*x, *y), face.glyphs(text));
            surface.draw_glyphs(start, &glyphs, face.font().clone(), text, *size, false);
            surface.end_tagged();
            if let Some(of_part) = part.and_then(|part| children.get_mut(part)) {
                of_part.push(identifier);
            }
        }
    }
}

fn link(page: &mut Page<'_>, mark: &Mark, children: &mut [Vec<Identifier>]) {
    let Mark::Link {
        x,
        y,
        width,
        height,
        page: target,
        to,
        part,
    } = mark
    else {
        return;
    };
    let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) else {
        return;
    };
    let destination = XyzDestination::new(*target, Point::from_xy(0.0, *to));
    let link = LinkAnnotation::new(rect, Target::Destination(destination.into()));
    let identifier = page.add_tagged_annotation(Annotation::new_link(link, None));
    if let Some(of_part) = children.get_mut(*part) {
        of_part.push(identifier);
    }
}

fn fill(colour: Colour) -> Fill {
    Fill {
        paint: rgb::Color::new(colour.0, colour.1, colour.2).into(),
        ..Fill::default()
    }
}

/// The headings as a tree.
fn outline(headings: &[Heading]) -> Outline {
    let mut outline = Outline::new();
    for node in nodes(headings, 1) {
        outline.push_child(node);
    }
    outline
}

/// The headings of a level, each with those that follow it in the levels below.
fn nodes(headings: &[Heading], level: u8) -> Vec<OutlineNode> {
    let mut nodes = Vec::new();
    let mut rest = headings;
    while let Some((heading, after)) = rest.split_first() {
        let below = after.iter().take_while(|next| next.level > heading.level);
        let (below, next) = after
            .split_at_checked(below.count())
            .unwrap_or((after, &[]));
        let place = Point::from_xy(0.0, heading.y);
        let destination = XyzDestination::new(heading.page, place);
        let mut node = OutlineNode::new(heading.text.clone(), destination).with_open(level == 1);
        for child in self::nodes(below, level + 1) {
            node.push_child(child);
        }
        nodes.push(node);
        rest = next;
    }
    nodes
}

/// The structure of the document, for whoever has it read out.
fn tree(parts: &Parts, children: &mut [Vec<Identifier>], headings: &[Heading]) -> TagTree {
    let mut titles = headings.iter();
    let mut groups: Vec<Option<TagGroup>> = Vec::new();
    for ((kind, _), own) in parts.0.iter().zip(children) {
        let mut group = TagGroup::new(tag(*kind, &mut titles));
        for identifier in own.drain(..) {
            group.push(Node::Leaf(identifier));
        }
        groups.push(Some(group));
    }
    // A part is within one that was added before it, so that from the end each is whole when it is put into another. What
    // came in is then the wrong way round; a part holds either others or text.
    let mut roots = Vec::new();
    for at in (0..groups.len()).rev() {
        let Some(mut group) = groups.get_mut(at).and_then(Option::take) else {
            continue;
        };
        let Some((kind, within)) = parts.0.get(at) else {
            continue;
        };
        if kind.holds_others() {
            group.children.reverse();
        }
        match within.and_then(|within| groups.get_mut(within)?.as_mut()) {
            Some(outer) => outer.push(group),
            None => roots.push(group),
        }
    }
    let mut tree = TagTree::new();
    for group in roots.into_iter().rev() {
        tree.push(group);
    }
    tree
}

fn tag<'h>(kind: Kind, titles: &mut impl Iterator<Item = &'h Heading>) -> TagKind {
    match kind {
        Kind::Heading(level) => {
            let level = NonZeroU16::new(level.into()).unwrap_or(NonZeroU16::MIN);
            Tag::Hn(level, titles.next().map(|heading| heading.text.clone())).into()
        }
        Kind::Paragraph => Tag::P.into(),
        Kind::Table => Tag::Table.into(),
        Kind::Row => Tag::TR.into(),
        Kind::HeaderCell => Tag::TH(TableHeaderScope::Column).into(),
        Kind::Cell => Tag::TD.into(),
        Kind::Contents => Tag::TOC.into(),
        Kind::ContentsItem => Tag::TOCI.into(),
        Kind::Figure => Tag::Figure(Some("件数の図".to_owned())).into(),
    }
}
