//! A field for a text, with its label, its hint and what is wrong with it.

use super::mistakes::{Mistake, advice};

/// A field. `templates/pages/field.html` shows it.
pub(super) struct Field<'a> {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) value: &'a str,
    pub(super) required: bool,
    /// Whether it has several lines.
    pub(super) lines: bool,
    /// The type of the input.
    pub(super) kind: &'static str,
    /// What the browser may offer (WCAG 1.3.5).
    pub(super) autocomplete: &'static str,
    pub(super) wrong: Option<String>,
}

impl<'a> Field<'a> {
    /// A line that must be there.
    pub(super) fn required(
        name: &'static str,
        label: &'static str,
        value: &'a str,
        mistakes: &[Mistake],
    ) -> Self {
        let required = true;
        Self {
            required,
            ..Self::optional(name, label, value, mistakes)
        }
    }

    /// A line that may be left out.
    pub(super) fn optional(
        name: &'static str,
        label: &'static str,
        value: &'a str,
        mistakes: &[Mistake],
    ) -> Self {
        Self {
            name,
            label,
            hint: "",
            value,
            required: false,
            lines: false,
            kind: "text",
            autocomplete: "off",
            wrong: advice(mistakes, name),
        }
    }

    /// With a sentence under the label.
    pub(super) fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// With what the browser may offer.
    pub(super) fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self {
            autocomplete,
            ..self
        }
    }

    /// For one's own e-mail address.
    pub(super) fn email(self) -> Self {
        self.kind("email").autocomplete("email")
    }

    /// Of that type of input.
    pub(super) fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// For a text of several lines.
    pub(super) fn lines(self) -> Self {
        let lines = true;
        Self { lines, ..self }
    }

    /// The ids of what describes the field, with spaces between them.
    pub(super) fn described_by(&self) -> Option<String> {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let wrong = self.wrong.as_ref().map(|_| format!("{}-wrong", self.name));
        let ids: Vec<String> = hint.into_iter().chain(wrong).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}
