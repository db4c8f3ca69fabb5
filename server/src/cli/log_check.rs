//! `kaiji log check`: whether today's log extends a checkpoint that one kept.
//!
//! Whoever keeps checkpoints (from exports, letters, proofs) holds the operator to them: a log that was written anew
//! cannot have them as its beginning.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use kaiji_schema::Digest;
use kaiji_schema::key::PublicKey;
use kaiji_schema::log::{Checkpoint, Consistency, LogProof, Note, NoteError, VerifierKey};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::client::{Service, ServiceError};
use super::end::{Answer, CommandError};
use super::output::{self, Output};
use super::{Ambient, files, sign_in};

/// Check that today's log extends a checkpoint that you kept
///
/// Asks the service for its newest checkpoint and for the proof that the log has only grown since, and verifies both.
/// Ends with status 0 if it has, 1 if not, 3 if the service cannot be reached.
#[derive(Debug, Args)]
pub(super) struct LogCheck {
    /// The checkpoint that you kept: a signed note, or a proof (`.tlog-proof`) that holds one
    #[arg(long, value_name = "FILE")]
    since: PathBuf,
    /// The service's public base address; without it, `https://` and the name of the log
    #[arg(long, value_parser = sign_in::base_address)]
    url: Option<String>,
    /// The log's verifier keys (`name+hash+base64`), one a line; without it, the service's own word is taken
    #[arg(long, value_name = "FILE")]
    log_vkey: Option<PathBuf>,
    /// Where to keep today's checkpoint for the next time, if all is well; may be the same file
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Finding {
    extends: bool,
    /// `extends`, or why not.
    code: &'static str,
    detail: String,
    log: String,
    kept: Tree,
    /// Today's, if the service has one that the log signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    today: Option<Tree>,
    /// `given` by the caller, or the `service`'s own word.
    keys: &'static str,
    /// Where today's checkpoint is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    saved: Option<String>,
}

/// A tree's size and root.
#[derive(Debug, Serialize)]
struct Tree {
    size: u64,
    root: String,
}

impl Tree {
    fn of(checkpoint: &Checkpoint) -> Self {
        let (size, root) = (checkpoint.size, checkpoint.root.to_string());
        Self { size, root }
    }
}

/// Why today's log does not extend the kept checkpoint.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the checkpoint that you kept does not verify: {0}")]
    Kept(NoteError),
    #[error("today's checkpoint does not verify: {0}")]
    Today(NoteError),
    #[error("you kept a checkpoint of the log {kept}, but this is the log {today}")]
    OtherLog { kept: String, today: String },
    #[error("the log has {today} leaves today, but had {kept} when the checkpoint was signed")]
    Shorter { kept: u64, today: u64 },
    #[error("the log signed another history: the checkpoint that you kept is not its beginning")]
    Forked,
    #[error("the service does not prove that the log has only grown: {0}")]
    Unproven(String),
}

impl Broken {
    fn code(&self) -> &'static str {
        match self {
            Self::Kept(_) => "kept_not_verified",
            Self::Today(_) => "today_not_verified",
            Self::OtherLog { .. } => "other_log",
            Self::Shorter { .. } => "shorter",
            Self::Forked => "forked",
            Self::Unproven(_) => "unproven",
        }
    }

    /// Whether both checkpoints are signed by the log and contradict each other, which convicts its operator.
    fn is_evidence(&self) -> bool {
        matches!(
            self,
            Self::Shorter { .. } | Self::Forked | Self::Unproven(_)
        )
    }
}

/// Today's checkpoint, as it came and as it reads.
struct Today {
    text: String,
    checkpoint: Checkpoint,
}

impl LogCheck {
    pub(super) fn run(&self, ambient: &Ambient) -> Result<Answer, CommandError> {
        let kept_text = self.kept_text()?;
        let kept = self.read_kept(&kept_text)?;
        let name = kept.origin.as_str();
        let url = self.url.clone().unwrap_or(format!("https://{name}"));
        let service = Service::at(&url, ambient);
        let text = service.get_text("/log/checkpoint")?;
        let keys = self.keys(&service, &text, name)?;
        let (today, ended) = match compare(&service, &keys, &kept_text, text) {
            Ok((today, ended)) => (today, ended?),
            Err(broken) => (None, Err(broken)),
        };
        let saved = match (&today, &ended) {
            (Some(today), Ok(())) => self.save(today)?,
            (Some(today), Err(broken)) if broken.is_evidence() => Some(self.convict(today)?),
            _ => None,
        };
        self.show(&self.finding(&kept, today.as_ref(), &ended, saved), &ended)
    }

    /// The note in the kept file, or in the proof that it is.
    fn kept_text(&self) -> Result<String, CommandError> {
        let bytes = files::read(&self.since)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(LogProof::parse(&text).map_or(text, |proof| proof.checkpoint))
    }

    /// The kept checkpoint, before it is known who signed it.
    fn read_kept(&self, text: &str) -> Result<Checkpoint, CommandError> {
        let read = Note::parse(text).and_then(|note| Checkpoint::parse(note.body()));
        read.map_err(|error| {
            CommandError::Usage(format!(
                "{} holds no checkpoint and no proof with one: {error}",
                self.since.display()
            ))
        })
    }

    /// The log's keys: those that the caller has, or those that the service publishes.
    fn keys(
        &self,
        service: &Service,
        today: &str,
        kept: &str,
    ) -> Result<Vec<VerifierKey>, CommandError> {
        if let Some(path) = &self.log_vkey {
            return read_vkeys(path);
        }
        let url = service.url();
        output::note(&format!(
            "kaiji: without --log-vkey the log's keys are taken from {url}: that both checkpoints are signed by the \
             log is then the service's own word"
        ));
        let today = today.lines().next().unwrap_or_default();
        let published: Published = service.get("/.well-known/kaiji-keys.json")?;
        Ok(published.of_log(&[kept, today]))
    }

    /// Keeps today's checkpoint for the next time: whole, or not at all.
    fn save(&self, today: &Today) -> Result<Option<String>, CommandError> {
        let Some(path) = &self.save else {
            return Ok(None);
        };
        let beside = with_suffix(path, ".new");
        fs::write(&beside, &today.text).map_err(CommandError::file(&beside))?;
        fs::rename(&beside, path).map_err(CommandError::file(path))?;
        Ok(Some(path.display().to_string()))
    }

    /// Keeps today's checkpoint beside the kept one, which it contradicts. Neither takes the other's place.
    fn convict(&self, today: &Today) -> Result<String, CommandError> {
        let digest = Digest::of(today.text.as_bytes()).to_string();
        let suffix = format!(".contradicted-by-{}", digest.get(..16).unwrap_or_default());
        let path = with_suffix(&self.since, &suffix);
        fs::write(&path, &today.text).map_err(CommandError::file(&path))?;
        Ok(path.display().to_string())
    }

    fn finding(
        &self,
        kept: &Checkpoint,
        today: Option<&Today>,
        ended: &Result<(), Broken>,
        saved: Option<String>,
    ) -> Finding {
        let (code, detail) = match ended {
            Ok(()) => ("extends", "the log has only grown".to_owned()),
            Err(broken) => (broken.code(), broken.to_string()),
        };
        Finding {
            extends: ended.is_ok(),
            code,
            detail,
            log: kept.origin.clone(),
            kept: Tree::of(kept),
            today: today.map(|today| Tree::of(&today.checkpoint)),
            keys: self.log_vkey.as_ref().map_or("service", |_| "given"),
            saved,
        }
    }

    fn show(&self, found: &Finding, ended: &Result<(), Broken>) -> Result<Answer, CommandError> {
        let Err(broken) = ended else {
            let today = found.today.as_ref().map_or(0, |today| today.size);
            let Finding { log, kept, .. } = found;
            let text = format!("extends: {log} had {} leaves and has {today}", kept.size);
            self.output.show(found, &text)?;
            return Ok(Answer::Yes);
        };
        if self.output.json {
            output::json(found)?;
        }
        output::note(&format!("kaiji: NOT extended: {broken}"));
        if let Some(saved) = &found.saved {
            let kept = self.since.display();
            output::note(&format!(
                "Keep both files, {kept} and {saved}: together they show that the log signed two histories. Ask the \
                 operator, and show both to others who keep checkpoints and to the authority in charge."
            ));
        }
        Ok(Answer::No)
    }
}

/// What `/.well-known/kaiji-keys.json` says.
#[derive(Deserialize)]
struct Published {
    keys: Vec<PublishedKey>,
}

#[derive(Deserialize)]
struct PublishedKey {
    purpose: String,
    jwk: Box<RawValue>,
}

impl Published {
    /// The keys that sign checkpoints, under each of the names.
    fn of_log(&self, names: &[&str]) -> Vec<VerifierKey> {
        let of_log = self.keys.iter().filter(|key| key.purpose == "log");
        let keys = of_log.filter_map(|key| PublicKey::from_jwk_text(key.jwk.get()).ok());
        let named = |key: PublicKey| {
            let vkey = |name: &&str| VerifierKey::of_log(name, &key).ok();
            names.iter().filter_map(vkey).collect::<Vec<_>>()
        };
        keys.flat_map(named).collect()
    }
}

/// The proof as the service answers it.
#[derive(Deserialize)]
struct Proof {
    hashes: Vec<String>,
}

/// Verifier keys, one a line.
fn read_vkeys(path: &Path) -> Result<Vec<VerifierKey>, CommandError> {
    let bytes = files::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let keys: Result<Vec<VerifierKey>, NoteError> = lines.map(|line| line.trim().parse()).collect();
    let unusable = |what: &str| CommandError::Usage(format!("{}: {what}", path.display()));
    match keys {
        Ok(keys) if keys.is_empty() => Err(unusable("there is no key in it")),
        Ok(keys) => Ok(keys),
        Err(error) => Err(unusable(&error.to_string())),
    }
}

type Compared = (Option<Today>, Result<Result<(), Broken>, ServiceError>);

/// Sets the kept checkpoint beside today's.
fn compare(
    service: &Service,
    keys: &[VerifierKey],
    kept: &str,
    text: String,
) -> Result<Compared, Broken> {
    let kept = open(kept, keys).map_err(Broken::Kept)?;
    let checkpoint = open(&text, keys).map_err(Broken::Today)?;
    if kept.origin != checkpoint.origin {
        let (kept, today) = (kept.origin, checkpoint.origin);
        return Err(Broken::OtherLog { kept, today });
    }
    let proven = prove(service, &kept, &checkpoint);
    Ok((Some(Today { text, checkpoint }), proven))
}

/// A checkpoint that one of the keys signed.
fn open(text: &str, keys: &[VerifierKey]) -> Result<Checkpoint, NoteError> {
    let mut refused = NoteError::Key("there is none of this log");
    for key in keys {
        match Checkpoint::open(text, key) {
            Ok(checkpoint) => return Ok(checkpoint),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Has the service prove that the log has only grown.
fn prove(
    service: &Service,
    kept: &Checkpoint,
    today: &Checkpoint,
) -> Result<Result<(), Broken>, ServiceError> {
    let (from, to) = (kept.size, today.size);
    if from > to {
        let (kept, today) = (from, to);
        return Ok(Err(Broken::Shorter { kept, today }));
    }
    let mut proof = Consistency {
        from,
        to,
        hashes: Vec::new(),
    };
    if from < to && from > 0 {
        let path = format!("/api/v1/log/consistency?from={from}&to={to}");
        let answered: Proof = match service.get(&path) {
            Ok(answered) => answered,
            Err(error) if error.is_refusal() => {
                return Ok(Err(Broken::Unproven(error.to_string())));
            }
            Err(error) => return Err(error),
        };
        let lines: String = answered
            .hashes
            .iter()
            .flat_map(|hash| [hash, "\n"])
            .collect();
        match Consistency::parse(&format!("{from} {to}\n{lines}")) {
            Some(parsed) => proof = parsed,
            None => return Ok(Err(Broken::Unproven("its proof is none".to_owned()))),
        }
    }
    let holds = proof.holds(&kept.root, &today.root);
    Ok(holds.then_some(()).ok_or(Broken::Forked))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
