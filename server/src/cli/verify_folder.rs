//! `kaiji verify FOLDER`: the checks of an evidence folder (証跡), in Japanese, as its own `verify.py` makes them.
//!
//! Offline. What is checked is decided by `kaiji_schema::evidence`; here are the disk, OpenSSL for time stamps, and the
//! words around the results.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kaiji_schema::evidence::{
    self, Check, Contents, Fault, Files, MAX_FILE_BYTES, MAX_FILES, Outcome, Report, Stamp,
    Subject, Trusted,
};
use serde_json::{Value, json};

use super::end::{Answer, CommandError};
use super::files;
use super::output::Output;

/// Keys that were kept from elsewhere, by their files.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Kept {
    /// For a folder: keys of the log that you have from elsewhere (vkey lines); those of the folder must be among them
    #[arg(long, value_name = "FILE")]
    log_vkey: Vec<PathBuf>,
    /// For a folder: keys of receipts that you have from elsewhere (PEM); those of the folder must be among them
    #[arg(long, value_name = "FILE")]
    receipt_key: Vec<PathBuf>,
}

impl Kept {
    fn read(&self) -> Result<Trusted, CommandError> {
        Ok(Trusted {
            log_vkeys: all(&self.log_vkey, evidence::log_vkeys)?,
            receipt_keys: all(&self.receipt_key, evidence::receipt_keys)?,
        })
    }
}

/// The keys of all files; `None` where no file is given. Lines may end as editors end them.
fn all<K>(
    paths: &[PathBuf],
    read: impl Fn(&str) -> Result<Vec<K>, Fault>,
) -> Result<Option<Vec<K>>, CommandError> {
    let mut keys = None;
    for path in paths {
        let text = files::read(path)?;
        let text = String::from_utf8_lossy(&text);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        let found = read(&text).map_err(|fault| {
            let file = path.display();
            CommandError::Usage(format!("{file} cannot be used as a key: {fault}"))
        })?;
        keys.get_or_insert_with(Vec::new).extend(found);
    }
    Ok(keys)
}

/// Checks a folder and prints what came of it.
pub(super) fn run(folder: &Path, kept: &Kept, output: Output) -> Result<Answer, CommandError> {
    let trusted = kept.read()?;
    let report = check(folder, &trusted)?;
    output.show(&as_json(&report), &as_text(folder, &report, &trusted))?;
    Ok(report.passed().into())
}

/// Makes all checks, those of time stamps with OpenSSL.
pub(super) fn check(folder: &Path, trusted: &Trusted) -> Result<Report, CommandError> {
    let files = read_folder(folder).map_err(CommandError::file(folder))?;
    let mut report = evidence::check(&files, trusted);
    for stamp in report.stamps() {
        report.settle(&stamp, verify_stamp(folder, &stamp));
    }
    Ok(report)
}

/// The files below a folder by their path from it. What is no file, or cannot be read, is said in its place.
fn read_folder(root: &Path) -> io::Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![String::new()];
    while let Some(prefix) = folders.pop() {
        let entries = match fs::read_dir(root.join(&prefix)) {
            Ok(entries) => entries,
            Err(error) if prefix.is_empty() => return Err(error),
            Err(error) => {
                let name = prefix.trim_end_matches('/').to_owned();
                files.insert(name, Contents::Unreadable(error.to_string()));
                continue;
            }
        };
        for entry in entries {
            let entry = entry?;
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push(format!("{path}/"));
            } else {
                files.insert(path, read_file(&entry.path()));
            }
            if files.len() + folders.len() > MAX_FILES {
                return Err(io::Error::other("too many files"));
            }
        }
    }
    Ok(files)
}

fn read_file(path: &Path) -> Contents {
    let read = fs::symlink_metadata(path).and_then(|about| {
        if !about.is_file() {
            return Err(io::Error::other("通常のファイルではありません"));
        }
        if about.len() > MAX_FILE_BYTES {
            return Err(io::Error::other("大きすぎます"));
        }
        fs::read(path)
    });
    read.map_or_else(
        |error| Contents::Unreadable(error.to_string()),
        Contents::Bytes,
    )
}

/// Asks OpenSSL about a time stamp (RFC 3161).
fn verify_stamp(folder: &Path, stamp: &Stamp) -> Result<(), Fault> {
    let ran = Command::new("openssl")
        .args(["ts", "-verify", "-data", &stamp.data, "-in", &stamp.stamp])
        .args(["-CAfile", &stamp.root])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Fault::NoOpenSsl(error.to_string()))?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    let last = said.lines().last().unwrap_or_default();
    Err(Fault::Stamp(last.to_owned()))
}

fn as_json(report: &Report) -> Value {
    let checks = report.checks().iter().map(|check| {
        let fault = fault_of(check);
        json!({
            "check": check.what.as_str(),
            "file": check.file,
            "passed": check.outcome == Outcome::Passed,
            "code": fault.map(Fault::code),
            "detail": fault.map(ToString::to_string),
        })
    });
    let statements = report.subjects().iter().map(|subject| {
        json!({
            "folder": subject.folder,
            "statement": subject.statement_sha256,
            "issuer": subject.issuer_and_product.as_ref().map(|(issuer, _)| issuer),
            "product": subject.issuer_and_product.as_ref().map(|(_, product)| product),
            "signer_kid": subject.vendor_key,
            "received_at": subject.receipt.as_ref().map(|receipt| receipt.received_at),
            "acknowledged_at": subject.acknowledgement.as_ref().map(|receipt| receipt.received_at),
            "state": subject.status.as_ref().map(|status| status.state.as_str()),
            "as_of": subject.status.as_ref().map(|status| status.as_of),
            "receipt_keys": subject.receipt_keys,
            "log_vkeys": subject.log_vkeys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    });
    json!({
        "verified": report.passed(),
        "statements": statements.collect::<Vec<_>>(),
        "checks": checks.collect::<Vec<_>>(),
    })
}

fn fault_of(check: &Check) -> Option<&Fault> {
    match &check.outcome {
        Outcome::Failed(fault) => Some(fault),
        Outcome::Passed | Outcome::Pending(_) => None,
    }
}

fn as_text(folder: &Path, report: &Report, trusted: &Trusted) -> String {
    let mut lines = vec![
        format!("Kaiji(開示) 証跡フォルダーの確認: {}", folder.display()),
        "(発行元と完全性の確認です。開示書の内容の正しさや適合性は判断しません。)".to_owned(),
        String::new(),
    ];
    lines.extend(report.checks().iter().map(check_line));
    report
        .subjects()
        .iter()
        .for_each(|one| facts(one, &mut lines));
    if let Some(first) = report.subjects().first() {
        keys(first, trusted, &mut lines);
    }
    let failed = report.failures().count();
    lines.push(String::new());
    lines.push(if report.passed() {
        let count = report.checks().len();
        format!("結果: すべての確認に合格しました({count} 件)。")
    } else {
        format!("結果: 不合格です({failed} 件)。この証跡をそのまま信用しないでください。")
    });
    lines.join("\n")
}

fn check_line(check: &Check) -> String {
    let (label, name, file) = (check.what.label(), check.what.as_str(), &check.file);
    match fault_of(check) {
        None => format!("○ {label} ({name}) {file}"),
        Some(fault) => {
            let why = fault.to_string();
            let why: Vec<_> = why.split_whitespace().collect();
            format!("× {label} ({name}) {file}: {}", why.join(" "))
        }
    }
}

/// What a folder is about, as far as it could be verified.
fn facts(subject: &Subject, lines: &mut Vec<String>) {
    lines.push(String::new());
    lines.push(
        format!("■ 証跡の内容 {}", subject.folder)
            .trim_end()
            .to_owned(),
    );
    if let Some(sha256) = subject.statement_sha256 {
        lines.push(format!("  開示書 (SHA-256): {sha256}"));
    }
    if let Some((issuer, product)) = &subject.issuer_and_product {
        lines.push(format!("  事業者: {issuer}  製品・サービス: {product}"));
    }
    if let Some(kid) = &subject.vendor_key {
        lines.push(format!("  署名した鍵: {kid}"));
    }
    if let Some(receipt) = &subject.receipt {
        let (at, log, leaf) = (receipt.received_at, &receipt.log, receipt.leaf_index);
        lines.push(format!("  受領: {at}(ログ {log} の {leaf} 番)"));
    }
    if let Some(given) = &subject.acknowledgement {
        lines.push(format!("  受領確認: {}", given.received_at));
    }
    if let Some(status) = &subject.status {
        let (state, as_of, newest) = (status.state.label(), status.as_of, &status.newest);
        lines.push(format!("  状態: {state}({as_of} 現在)"));
        if newest.statement_sha256 != status.statement_sha256 {
            let (revision, sha256) = (newest.revision, newest.statement_sha256);
            lines.push(format!("  最新の改訂: 第 {revision} 版 {sha256}"));
        }
    }
}

/// Whose word the checks rest on.
fn keys(subject: &Subject, trusted: &Trusted, lines: &mut Vec<String>) {
    lines.push(String::new());
    if trusted.log_vkeys.is_some() && trusted.receipt_keys.is_some() {
        lines.push("■ サービスの鍵は、別に入手した鍵と照合しました。".to_owned());
    } else {
        lines.extend(
            [
                "■ ご注意: サービスの鍵は、このフォルダーに入っていたものをそのまま使いました。",
                "  次の値を、サービスが公開している鍵 (/.well-known/kaiji-keys.json) と比べてください。",
                "  別に入手した鍵があれば --receipt-key と --log-vkey で指定できます。",
            ]
            .map(str::to_owned),
        );
    }
    let kids = subject.receipt_keys.iter();
    lines.extend(kids.map(|kid| format!("  受領証の鍵 (kid): {kid}")));
    let vkeys = subject.log_vkeys.iter();
    lines.extend(vkeys.map(|vkey| format!("  ログの鍵 (vkey): {vkey}")));
}
