//! Who may approve a review: somebody else than wrote it, where there is anybody else.

/// The submitted review must be approved by somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "somebody else who may approve has to: who wrote or submitted a review does not approve it"
)]
pub struct ApprovalRefused;

/// Who wrote and who submitted a review, by their ids.
#[derive(Debug, Clone, Copy)]
pub struct Authorship<'a> {
    /// Who wrote it last.
    pub author: &'a str,
    /// Who submitted it.
    pub submitter: &'a str,
}

/// Whether `approver` may approve; answers whether that is an approval by its own author, alone. `trusted` are all who
/// may approve in the institution.
///
/// Whoever submitted what another wrote gives way to a third; where there is none, two have seen it all the same.
pub fn may_approve(
    approver: &str,
    authorship: Authorship<'_>,
    trusted: &[&str],
) -> Result<bool, ApprovalRefused> {
    let Authorship { author, submitter } = authorship;
    let is_author = approver == author;
    if !is_author && approver != submitter {
        return Ok(false);
    }
    let has_somebody_else = trusted
        .iter()
        .any(|other| *other != author && (is_author || *other != submitter));
    if has_somebody_else {
        Err(ApprovalRefused)
    } else {
        Ok(is_author)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(
        approver: &str,
        author: &str,
        submitter: &str,
        trusted: &[&str],
    ) -> Result<bool, ApprovalRefused> {
        may_approve(approver, Authorship { author, submitter }, trusted)
    }

    #[test]
    fn somebody_else_approves() {
        assert_eq!(ask("b", "a", "a", &["a", "b"]), Ok(false));
        assert_eq!(ask("c", "a", "b", &["a", "b", "c"]), Ok(false));
        assert_eq!(ask("b", "editor", "editor", &["b"]), Ok(false));
    }

    #[test]
    fn an_author_gives_way_to_whoever_else_may() {
        assert_eq!(ask("a", "a", "a", &["a", "b"]), Err(ApprovalRefused));
        assert_eq!(ask("a", "a", "b", &["a", "b"]), Err(ApprovalRefused));
        assert_eq!(ask("b", "a", "b", &["a", "b", "c"]), Err(ApprovalRefused));
    }

    #[test]
    fn an_author_who_is_the_only_one_approves_alone() {
        assert_eq!(ask("a", "a", "a", &["a"]), Ok(true));
        assert_eq!(ask("a", "a", "editor", &["a"]), Ok(true));
    }

    #[test]
    fn who_submitted_what_another_wrote_approves_where_there_is_no_third() {
        assert_eq!(ask("b", "a", "b", &["a", "b"]), Ok(false));
        assert_eq!(ask("b", "editor", "b", &["b"]), Ok(false));
    }
}
