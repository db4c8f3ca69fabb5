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
    /// The keys that a screen offers, where they are not all.
    pub(super) keys: Option<&'static str>,
    /// Whether it is there to be read.
    pub(super) fixed: bool,
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
            keys: None,
            fixed: false,
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

    /// For the address that is signed in with, which cannot be changed: programs that keep passwords look for it.
    pub(super) fn account(email: &'a str) -> Self {
        let fixed = true;
        let field = Self::optional("email", "ログインに使うメールアドレス", email, &[]);
        Self { fixed, ..field }
            .kind("email")
            .autocomplete("username")
    }

    /// For a password that is chosen. What was entered before is not shown again.
    pub(super) fn new_password(label: &'static str, mistakes: &[Mistake]) -> Self {
        Self::required("password", label, "", mistakes)
            .hint(
                "13文字以上128文字以内で、文字の種類は自由です。長い文や、関係のない語をいくつか並べたものをお勧めします。よく使われる語や、お名前・メールアドレスをもとにしたものは使えません。",
            )
            .kind("password")
            .autocomplete("new-password")
    }

    /// For a one-time code of an authenticator.
    pub(super) fn one_time_code(mistakes: &[Mistake]) -> Self {
        let keys = Some("numeric");
        let field = Self::required("code", "6桁のコード", "", mistakes);
        Self { keys, ..field }
            .hint("認証アプリに今表示されている6桁の数字を、半角で入力してください。")
            .autocomplete("one-time-code")
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
