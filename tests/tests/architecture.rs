//! The import table of `ARCHITECTURE.md` against the code: who uses what it does not list fails here.

#![allow(missing_docs, reason = "a test has no users")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here fails the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A row of the table: module, may use, may not use.
type Row = [String; 3];

#[test]
fn every_module_uses_only_what_the_import_table_lets_it_use() {
    let table = import_table();
    let mut wrong = Vec::new();
    for path in rust_files(&Path::new(ROOT).join("server/src")) {
        let module = module_of(&path);
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let row = table
            .iter()
            .find(|row| in_backticks(&row[0]).contains(module.as_str()));
        let row = row.unwrap_or_else(|| panic!("the import table has no row for `{module}`"));
        let code = code_of(&path);
        let broken = imports(&code)
            .into_iter()
            .filter(|used| !allows(row, &module, used));
        wrong.extend(broken.map(|used| format!("{}: crate::{used}", path.display())));
        let forbidden = foreign_crates(&row[2]).filter(|name| uses_crate(&code, name));
        wrong.extend(forbidden.map(|name| format!("{}: {name}", path.display())));
    }
    assert!(
        wrong.is_empty(),
        "against the import table:\n{}",
        wrong.join("\n")
    );
}

fn import_table() -> Vec<Row> {
    let page = fs::read_to_string(format!("{ROOT}/ARCHITECTURE.md")).unwrap();
    let (_, section) = page
        .split_once("import table\n")
        .expect("a heading `…import table`");
    let lines = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells: Vec<String> = row.split('|').map(|cell| cell.trim().to_owned()).collect();
        cells[1..4].to_vec().try_into().unwrap()
    })
    .collect()
}

/// `storage::Db` in the table allows that path alone, `storage` everything below it.
fn allows(row: &Row, module: &str, used: &str) -> bool {
    let mut allowed = in_backticks(&row[1]).into_iter().chain([module]);
    row[1] == "everything"
        || allowed.any(|name| used == name || used.starts_with(&format!("{name}::")))
}

/// The names in a cell that are not ours.
fn foreign_crates(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(", ")
        .filter(|name| !name.is_empty() && !name.contains(['`', ' ']))
}

/// Whether a path begins with that crate or one of its family: `actix` is `actix_web` too.
fn uses_crate(code: &str, name: &str) -> bool {
    let words =
        code.split(|character: char| !character.is_alphanumeric() && !"_:".contains(character));
    words
        .filter_map(|word| word.strip_prefix(name))
        .any(|rest| rest.starts_with("::") || (rest.starts_with('_') && rest.contains("::")))
}

fn in_backticks(cell: &str) -> BTreeSet<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The paths behind `crate::`, as far as two names.
fn imports(code: &str) -> BTreeSet<String> {
    let is_name = |character: char| character.is_alphanumeric() || matches!(character, '_' | ':');
    let paths = code.split("crate::").skip(1);
    paths
        .map(|rest| {
            let path = rest.split(|character| !is_name(character)).next().unwrap();
            path.split("::").take(2).collect::<Vec<_>>().join("::")
        })
        .collect()
}

/// The file without its comments.
fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

fn module_of(path: &Path) -> String {
    let below = path
        .strip_prefix(Path::new(ROOT).join("server/src"))
        .unwrap();
    let first = below
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_str()
        .unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                rust_files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}
