//! The requirement sets of a service: those of the program, and those that the operator put beside it.

use std::fs;
use std::path::{Path, PathBuf};

use kaiji_schema::requirement::{RequirementSets, Source};

use super::StartError;
use crate::config::{Config, ConfigError};

/// The sets that the settings name. They are read once and live as long as the process.
pub fn requirement_sets(config: &Config) -> Result<&'static RequirementSets, StartError> {
    let mut files = Vec::new();
    for about in config
        .requirement_sets
        .iter()
        .map(|directory| abouts(directory))
    {
        for about in about? {
            files.push((read(&about)?, read(&about.with_extension("csv"))?));
        }
    }
    let sources: Vec<_> = files
        .iter()
        .map(|(about, items)| Source { about, items })
        .collect();
    let sets = RequirementSets::read(&sources, &config.current_requirement_set);
    let sets = sets.map_err(|cause| ConfigError::Setting {
        setting: "requirement_sets",
        cause: cause.to_string(),
    })?;
    Ok(Box::leak(Box::new(sets)))
}

/// The descriptions in a directory, in the order of their names.
fn abouts(directory: &Path) -> Result<Vec<PathBuf>, StartError> {
    let failed = || StartError::io(directory.display().to_string());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<String, StartError> {
    fs::read_to_string(path).map_err(StartError::io(path.display().to_string()))
}
