//! Cells that a spreadsheet would take for a formula, made harmless and made whole again.

use std::borrow::Cow;

/// Puts `'` before a cell that a spreadsheet would run: one that begins with `=`, `+`, `-`, `@`, tab or CR.
///
/// A cell that already looks like the result gets another `'`, so that [`restore`] always finds the way back.
pub fn neutralise(cell: &str) -> Cow<'_, str> {
    if would_run(cell.trim_start_matches('\'')) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// Takes off again what [`neutralise`] put there.
pub fn restore(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if would_run(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

fn would_run(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_neutralised() {
        for start in ["=", "+", "-", "@", "\t", "\r"] {
            let cell = format!("{start}1+1");
            assert_eq!(neutralise(&cell), format!("'{cell}"));
            assert_eq!(restore(&neutralise(&cell)), cell);
        }
        for harmless in [
            "",
            "17.1",
            "次期更改で対応予定",
            "a=1",
            " =1",
            "'",
            "'abc",
            "''",
        ] {
            assert_eq!(neutralise(harmless), harmless);
            assert_eq!(restore(harmless), harmless);
        }
    }

    #[test]
    fn what_looks_neutralised_comes_back_as_it_was() {
        assert_eq!(neutralise("'=1"), "''=1");
        assert_eq!(restore("''=1"), "'=1");
    }

    proptest! {
        #[test]
        fn every_cell_comes_back(cell in "['=+@\t\r-]{0,4}.{0,8}") {
            let neutral = neutralise(&cell);
            prop_assert!(!would_run(&neutral));
            prop_assert_eq!(restore(&neutral), &cell);
        }
    }
}
