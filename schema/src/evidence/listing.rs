//! Which files a folder must hold, and what its list of digests must say of them.

use std::collections::BTreeSet;

use super::View;
use super::fault::Fault;
use super::names::{self, checkpoint_size};

/// The sizes in the names of checkpoints, in order.
pub(super) fn checkpoint_sizes(files: &View<'_>) -> BTreeSet<u64> {
    files.names().filter_map(checkpoint_size).collect()
}

/// Each size with the next one.
pub(super) fn neighbours(files: &View<'_>) -> Vec<(u64, u64)> {
    let sizes = checkpoint_sizes(files);
    sizes
        .iter()
        .copied()
        .zip(sizes.iter().skip(1).copied())
        .collect()
}

/// What is missing, what cannot be read and what does not belong.
pub(super) fn file_faults(files: &View<'_>) -> Vec<(String, Fault)> {
    let mut expected: BTreeSet<String> = names::MANDATORY
        .iter()
        .map(|&name| name.to_owned())
        .collect();
    if files.has(names::ACKNOWLEDGEMENT) || files.has(names::ACKNOWLEDGEMENT_PROOF) {
        expected.insert(names::ACKNOWLEDGEMENT.to_owned());
        expected.insert(names::ACKNOWLEDGEMENT_PROOF.to_owned());
    }
    let transfer = [names::TRANSFER_OFFERED, names::TRANSFER_ACCEPTED];
    let transfer = transfer.map(|name| [name.to_owned(), names::proof_of(name)]);
    if transfer.iter().flatten().any(|name| files.has(name)) {
        expected.extend(transfer.into_iter().flatten());
    }
    let sizes = checkpoint_sizes(files);
    if sizes.is_empty() {
        expected.insert("checkpoint.<size>".to_owned());
    }
    for size in sizes {
        expected.insert(names::checkpoint(size));
        if files.has(&names::stamp(size)) {
            expected.insert(names::stamp(size));
            expected.insert(names::TSA_ROOT.to_owned());
        }
    }
    expected.extend(
        neighbours(files)
            .into_iter()
            .map(|(from, to)| names::consistency(from, to)),
    );
    let missing = expected.iter().filter(|name| !files.has(name));
    let mut faults: Vec<_> = missing.map(|name| (name.clone(), Fault::Missing)).collect();
    for name in files.names() {
        if !expected.contains(name) && !name.starts_with(names::ATTACHMENTS) {
            faults.push((name.to_owned(), Fault::Unknown));
        } else if let Err(fault) = files.bytes(name) {
            faults.push((name.to_owned(), fault));
        }
    }
    faults
}

/// Where the list of digests and the files differ.
pub(super) fn sums_faults(files: &View<'_>) -> Vec<(String, Fault)> {
    let text = match files.text(names::SUMS) {
        Ok(text) => text,
        Err(fault) => return vec![(names::SUMS.to_owned(), fault)],
    };
    let others = || files.names().filter(|name| *name != names::SUMS);
    let readable = others().filter_map(|name| Some((name, files.bytes(name).ok()?)));
    let written = names::sums(readable);
    let (listed, there): (BTreeSet<_>, BTreeSet<_>) =
        (text.lines().collect(), written.lines().collect());
    let name_of = |line: &str| {
        line.split_once("  ")
            .map_or(names::SUMS, |(_, name)| name)
            .to_owned()
    };
    let differing: BTreeSet<_> = listed
        .symmetric_difference(&there)
        .map(|line| name_of(line))
        .collect();
    let mut faults: Vec<_> = differing
        .into_iter()
        .map(|name| (name, Fault::Digest))
        .collect();
    if faults.is_empty() && text != written {
        faults.push((names::SUMS.to_owned(), Fault::Form));
    }
    faults
}
