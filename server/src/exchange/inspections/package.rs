//! The package of an inspection: a zip that is made step by step while it is sent, of frozen facts alone.

use std::collections::{BTreeMap, VecDeque};

use kaiji_schema::evidence::{GUIDE, SUMS, VERIFIER as VERIFIER_NAME, sums_of};
use kaiji_schema::inspection::{Facts, Place, Table};
use kaiji_schema::sheet::{Encoding, Replaced, Sheet};

use super::{InspectionError, frozen, guide, kept, own};
use crate::actor::Actor;
use crate::exchange::Exchange;
use crate::exchange::evidence::{Attachments, VERIFIER, thaw};
use crate::exchange::zip::{Zip, unwritable};
use crate::storage::Error as StorageError;
use crate::storage::inspections::InspectionRow;

/// Where the evidence folders lie.
const EVIDENCE: &str = "evidence/";

/// The columns of the list of characters that CP932 does not have.
const CHARACTERS: [&str; 5] = ["ファイル", "行", "列", "文字", "符号位置"];

/// A package on its way out.
pub struct InspectionPackage {
    id: String,
    sha256: String,
    facts: Facts,
    /// The facts as they are kept.
    deflated: Vec<u8>,
    encoding: Encoding,
    zip: Zip,
    steps: VecDeque<Step>,
    /// Attachments of the evidence folder that was put in last.
    attachments: Option<Attachments>,
    /// What 〓 stands for in the tables so far.
    replaced: BTreeMap<Table, Vec<Replaced>>,
}

/// What is put into a package, one after the other.
#[derive(Debug, Clone, Copy)]
enum Step {
    Guide,
    Document,
    Table(Table),
    /// The list of what is missing in the tables before it.
    Characters,
    /// A table in UTF-8, beside one that lacks characters.
    Whole(Table),
    /// The next part of the table before it.
    More(Table, Encoding, Place),
    Facts,
    Checkpoint,
    EvidenceGuide,
    Evidence(usize),
    Attested,
    Sums,
}

impl Exchange {
    /// Begins to hand out the package of an inspection.
    pub fn inspection_package(
        &self,
        actor: &Actor,
        id: &str,
        encoding: Encoding,
    ) -> Result<InspectionPackage, InspectionError> {
        let row = self.db.read(|c| own(c, actor, id))?;
        self.begin_package(&row, encoding)
    }

    pub(super) fn begin_package(
        &self,
        row: &InspectionRow,
        encoding: Encoding,
    ) -> Result<InspectionPackage, InspectionError> {
        let (deflated, facts) = self.db.read(|c| frozen(c, row))?;
        Ok(InspectionPackage {
            id: row.id.clone(),
            sha256: row.facts_sha256.clone(),
            zip: Zip::new(facts.frozen_at),
            steps: steps(&facts),
            facts,
            deflated,
            encoding,
            attachments: None,
            replaced: BTreeMap::new(),
        })
    }

    /// The next bytes of a package; `None` after the last.
    pub fn continue_package(
        &self,
        package: &mut InspectionPackage,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        loop {
            let more = self.go_on(package)?;
            let piece = package.zip.take();
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
            if !more {
                return Ok(None);
            }
        }
    }

    fn go_on(&self, package: &mut InspectionPackage) -> Result<bool, StorageError> {
        if let Some(attachments) = &mut package.attachments {
            if !self.db.read(|c| attachments.go_on(c, &mut package.zip))? {
                package.attachments = None;
            }
            return Ok(true);
        }
        match package.steps.pop_front() {
            None => package.zip.finish(),
            Some(Step::Evidence(at)) => {
                self.put_evidence(package, at)?;
                Ok(true)
            }
            Some(step) => {
                package.put(step)?;
                Ok(true)
            }
        }
    }

    fn put_evidence(&self, package: &mut InspectionPackage, at: usize) -> Result<(), StorageError> {
        let facts = &package.facts;
        let Some(frozen) = facts.evidence.get(at) else {
            return Ok(());
        };
        let as_of = facts.frozen_at;
        let folder = self.db.read(|c| thaw(c, frozen, &facts.anchors, as_of))?;
        let prefix = format!("{EVIDENCE}{}/", frozen.statement);
        package.attachments = Some(folder.put_into(&mut package.zip, &prefix)?);
        Ok(())
    }
}

fn steps(facts: &Facts) -> VecDeque<Step> {
    let mut steps = VecDeque::from([Step::Guide, Step::Document]);
    steps.extend(Table::ALL.map(Step::Table));
    steps.extend([Step::Characters, Step::Facts, Step::Checkpoint]);
    if !facts.evidence.is_empty() {
        steps.push_back(Step::EvidenceGuide);
        steps.extend((0..facts.evidence.len()).map(Step::Evidence));
    }
    steps.extend([Step::Attested, Step::Sums]);
    steps
}

impl InspectionPackage {
    /// The inspection whose it is.
    pub fn inspection(&self) -> &str {
        &self.id
    }

    fn put(&mut self, step: Step) -> Result<(), StorageError> {
        match step {
            Step::Guide => {
                let text = guide::of_package(&self.facts, &self.sha256);
                self.zip.add(GUIDE, text.as_bytes())
            }
            Step::Document => {
                let printed = crate::print::inspection(&self.facts, &self.sha256);
                self.zip
                    .add("inspection.pdf", &printed.map_err(unwritable)?)
            }
            Step::Table(table) => {
                self.zip.begin(table.file())?;
                self.put_part(table, self.encoding, None)
            }
            Step::More(table, encoding, place) => self.put_part(table, encoding, Some(place)),
            Step::Characters => self.put_characters(),
            Step::Whole(table) => {
                self.zip.begin(&format!("utf-8/{}", table.file()))?;
                self.put_part(table, Encoding::Utf8, None)
            }
            Step::Facts => {
                self.zip.begin("facts.json")?;
                kept::write_json(&self.deflated, &mut self.zip).map_err(unwritable)
            }
            Step::Checkpoint => {
                let checkpoint = self.facts.anchors.checkpoint();
                self.zip.add("checkpoint.txt", checkpoint.as_bytes())
            }
            Step::EvidenceGuide => {
                let text = guide::of_evidence(&self.facts);
                self.zip
                    .add(&format!("{EVIDENCE}{GUIDE}"), text.as_bytes())?;
                let verifier = format!("{EVIDENCE}{VERIFIER_NAME}");
                self.zip.add(&verifier, VERIFIER.as_bytes())
            }
            Step::Attested => self.put_attested(),
            Step::Sums => {
                let sums = sums_of(self.zip.digests());
                self.zip.add(SUMS, sums.as_bytes())
            }
            // It takes rows, and so the exchange.
            Step::Evidence(_) => Ok(()),
        }
    }

    fn put_part(
        &mut self,
        table: Table,
        encoding: Encoding,
        from: Option<Place>,
    ) -> Result<(), StorageError> {
        let written = table.write(&self.facts, encoding, &mut self.zip, from);
        let part = written.map_err(unwritable)?;
        if !part.replaced.is_empty() {
            let replaced = self.replaced.entry(table).or_default();
            replaced.extend(part.replaced);
            // As many as a table that is written at once lists.
            replaced.truncate(Sheet::<Zip>::MAX_REPORTED);
        }
        if let Some(next) = part.next {
            self.steps.push_front(Step::More(table, encoding, next));
        }
        Ok(())
    }

    /// Lists what 〓 stands for, and has the tables that lack something put in as a whole.
    fn put_characters(&mut self) -> Result<(), StorageError> {
        if self.replaced.is_empty() {
            return Ok(());
        }
        self.zip.begin("characters.csv")?;
        let sheet = Sheet::new(&mut self.zip, Encoding::Utf8, &CHARACTERS);
        let mut sheet = sheet.map_err(unwritable)?;
        for (table, replaced) in &self.replaced {
            for Replaced {
                row,
                column,
                character,
            } in replaced
            {
                let cells = [
                    table.file().to_owned(),
                    row.to_string(),
                    column.to_string(),
                    character.to_string(),
                    format!("U+{:04X}", u32::from(*character)),
                ];
                let written = sheet.row(cells.iter().map(String::as_str));
                written.map_err(unwritable)?;
            }
        }
        sheet.finish().map_err(unwritable)?;
        for (table, _) in std::mem::take(&mut self.replaced).into_iter().rev() {
            self.steps.push_front(Step::Whole(table));
        }
        Ok(())
    }

    /// What was declared through links: the document and the receipt.
    fn put_attested(&mut self) -> Result<(), StorageError> {
        for (sha256, held) in &self.facts.statements {
            if let Some(attested) = &held.attested {
                let place = format!("attested/{sha256}/");
                let document = attested.document.as_bytes();
                self.zip.add(&format!("{place}document.json"), document)?;
                let receipt = attested.receipt.as_bytes();
                self.zip.add(&format!("{place}receipt.jws"), receipt)?;
            }
        }
        Ok(())
    }
}
