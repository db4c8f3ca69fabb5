//! The guide that lies in an evidence folder (はじめに読む.txt): the text in `fixtures/`, filled in for one statement.

use jiff::Timestamp;
use kaiji_schema::status::State;

use crate::exchange::time::in_japan;
use crate::storage::statements::StatementRow;

const GUIDE: &str = include_str!("../../../../fixtures/evidence/guide.txt");

/// What is filled in.
pub(super) struct About<'a> {
    pub(super) statement: &'a StatementRow,
    pub(super) vendor: &'a str,
    pub(super) state: State,
    pub(super) log: &'a str,
    pub(super) as_of: Timestamp,
    pub(super) issuer: &'a str,
    pub(super) stamped_at: Option<Timestamp>,
}

/// The guide for that statement.
pub(super) fn text(about: &About<'_>) -> String {
    let statement = about.statement;
    let received_at = Timestamp::from_millisecond(statement.received_at).unwrap_or_default();
    let stamps = match about.stamped_at {
        Some(at) => format!("第三者のタイムスタンプあり({} まで)", in_japan(at)),
        None => "なし(サービスの申告だけです)".to_owned(),
    };
    let values = [
        (
            "form",
            format!("{} {}", statement.form, statement.form_edition),
        ),
        ("revision", statement.revision.to_string()),
        (
            "vendor",
            format!("{}({})", about.vendor, statement.vendor_id),
        ),
        (
            "product",
            format!("{} {}", statement.product_name, statement.product_version),
        ),
        ("received_at", in_japan(received_at)),
        ("log", about.log.to_owned()),
        ("leaf_index", statement.receipt_leaf.to_string()),
        ("state", about.state.label().to_owned()),
        ("as_of", in_japan(about.as_of)),
        ("stamps", stamps),
        ("statement_sha256", statement.sha256.clone()),
        ("signer_kid", statement.signer_kid.clone()),
        (
            "keys_url",
            format!("{}/.well-known/kaiji-keys.json", about.issuer),
        ),
    ];
    fill_in(GUIDE, &values)
}

/// Puts the values in one pass, so that a value that looks like a placeholder stays as it is.
pub(in crate::exchange) fn fill_in(template: &str, values: &[(&str, String)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let value = after.split_once('}').and_then(|(name, after)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, after))
        });
        if let Some((value, after)) = value {
            text.push_str(value);
            rest = after;
        } else {
            text.push('{');
            rest = after;
        }
    }
    text.push_str(rest);
    // Windows' editor of old shows line ends of other systems as one long line.
    text.replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in_once_and_other_braces_stay() {
        let values = [("a", "{b}".to_owned()), ("b", "2".to_owned())];
        assert_eq!(fill_in("{a} {b} {c} {\n", &values), "{b} 2 {c} {\r\n");
    }

    #[test]
    fn the_guide_has_no_placeholder_that_nobody_fills_in() {
        let known = "form revision vendor product received_at log leaf_index state as_of stamps statement_sha256 \
                     signer_kid keys_url";
        let values: Vec<_> = known.split(' ').map(|name| (name, String::new())).collect();
        assert!(!fill_in(GUIDE, &values).contains(['{', '}']));
    }
}
