//! What one can look at and try when the demonstration is over: commands that run as they are printed.

use std::path::{Path, PathBuf};

use super::Stage;
use super::party::Party;
use super::story::Cast;
use crate::cli::end::CommandError;
use crate::cli::output;

const FILES: [(&str, &str); 9] = [
    (
        "comparison.csv",
        "照合結果（UTF-8、BOM付き。Excelで開ける）",
    ),
    (
        "evidence/",
        "証跡フォルダー（サービスなしで発行元と完全性を確認できる）",
    ),
    (
        "inspection.zip, inspection.pdf",
        "立入検査の資料一式と、印刷用の資料",
    ),
    ("vendor/sds.json, mds.json", "開示書の内容（署名の対象）"),
    ("vendor/sds.jws, mds.jws", "署名した開示書"),
    (
        "institution/*.jws",
        "受領した開示書、受領証、受領確認の受領証",
    ),
    (
        "*/client.pem, vendor/signing.pem",
        "APIクライアントの鍵と、開示書に署名する鍵",
    ),
    (
        "service/letters/",
        "通知メール（設定がないため、送らずにファイルにしたもの）",
    ),
    ("service/", "サービスのデータベースと鍵"),
];

/// Tells where the files are and what can be tried; `serving_on` says whether the service can be asked.
pub(super) fn tell(stage: &Stage<'_>, cast: &Cast, serving_on: bool) -> Result<(), CommandError> {
    output::line(&format!("\n作成したファイル（{}）", stage.folder.shown()))?;
    for (file, what) in FILES {
        output::line(&format!("  {file:34}{what}"))?;
    }
    output::line("\nKaijiは確認が必要な項目を示す。リスクの評価と判断は医療機関が行う。")?;
    output::line("\n次に試せること（サービスなしで）")?;
    for command in offline(stage) {
        output::line(&format!("  {command}"))?;
    }
    if !serving_on {
        let kaiji = quoted(&program());
        output::line("\n次に試せること（サービスに尋ねる）")?;
        output::line(&format!(
            "  {kaiji} demo    # 動かし続けて、トークンと curl の例を示す"
        ))?;
        output::line(&format!(
            "  {kaiji} serve & sleep 1; curl -s http://127.0.0.1:8080/api/v1/requirement-sets/mhlw-7.0-annex"
        ))?;
        return Ok(());
    }
    cast.write_tokens(&stage.service, &stage.folder)?;
    output::line("\n次に試せること（サービスに尋ねる。トークンのファイルは5分ごとに更新される）")?;
    for command in online(stage, cast) {
        output::line(&format!("  {command}"))?;
    }
    output::line("\nサービスは動き続けている。Ctrl-C で終了。")
}

fn offline(stage: &Stage<'_>) -> [String; 5] {
    let kaiji = quoted(&program());
    let file = |name: &str| quoted(&stage.folder.path(name));
    [
        format!("{kaiji} verify {}", file("evidence")),
        format!(
            "python3 {} {}",
            file("evidence/verify.py"),
            file("evidence")
        ),
        format!("{kaiji} compare --strict {}", file("vendor/sds.json")),
        format!(
            "{kaiji} verify {} --key {}",
            file("institution/sds.jws"),
            file("vendor/signing.pub.pem")
        ),
        format!(
            "{kaiji} verify {} --key {}",
            file("institution/sds-receipt.jws"),
            file("service-receipt-key.jwk")
        ),
    ]
}

fn online(stage: &Stage<'_>, cast: &Cast) -> Vec<String> {
    let api = format!("{}/api/v1", stage.service.url());
    let curl = |party: &Party, rest: String| {
        let token = quoted(&stage.folder.path(&format!("{}.token", party.role)));
        format!("curl -s -H \"Authorization: Bearer $(cat {token})\" {rest}")
    };
    let Cast {
        operator,
        vendor,
        institution,
        disclosures,
    } = cast;
    let comparison = |system: &str| format!("{api}/systems/{system}/comparison");
    let mut commands: Vec<String> = disclosures
        .iter()
        .map(|one| curl(institution, comparison(&one.system)))
        .collect();
    let sheet = quoted(&stage.folder.path("comparison-cp932.csv"));
    let payload = quoted(&stage.folder.path("vendor/sds.json"));
    commands.extend([
        curl(
            institution,
            format!("-o {sheet} '{api}/exports/comparison.csv?encoding=cp932'"),
        ),
        curl(vendor, format!("{api}/events")),
        curl(vendor, format!("-H 'Content-Type: application/json' --data-binary @{payload} {api}/statements/check")),
        curl(operator, format!("{api}/organisations")),
        submit(stage, vendor),
    ]);
    commands
}

/// Submitting once more: the answer is the first receipt.
fn submit(stage: &Stage<'_>, vendor: &Party) -> String {
    let (kaiji, url, client) = (quoted(&program()), stage.service.url(), &vendor.client);
    let statement = quoted(&stage.folder.path("vendor/sds.jws"));
    let key = quoted(&stage.folder.path("vendor/client.pem"));
    format!("{kaiji} submit {statement} --url {url} --client-id {client} --client-key {key}")
}

/// This program as one would call it: below the current directory, by a short path.
fn program() -> PathBuf {
    let Ok(path) = std::env::current_exe() else {
        return PathBuf::from("kaiji");
    };
    let here = std::env::current_dir().ok();
    let short = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    short.unwrap_or(path)
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_space_is_quoted() {
        assert_eq!(quoted(Path::new("var/demo/a.token")), "var/demo/a.token");
        assert_eq!(quoted(Path::new("my demo/it's")), r"'my demo/it'\''s'");
    }
}
