//! A form of a few fields, with a word about it before and one button behind.

use askama::Template;

use super::field::Field;
use super::mistakes::Mistake;

/// The page that one comes from.
pub(super) struct Back {
    pub(super) path: &'static str,
    /// Where that leads.
    pub(super) words: &'static str,
    /// The same beside the button, for whoever does not want to press that.
    pub(super) instead: &'static str,
}

/// The form.
#[derive(Template)]
#[template(path = "pages/small_form.html")]
pub(super) struct SmallForm<'a> {
    pub(super) back: Option<Back>,
    pub(super) title: &'static str,
    pub(super) paragraphs: Vec<String>,
    /// Where it is posted.
    pub(super) action: &'static str,
    pub(super) fields: Vec<Field<'a>>,
    pub(super) button: &'static str,
    pub(super) mistakes: &'a [Mistake],
}
