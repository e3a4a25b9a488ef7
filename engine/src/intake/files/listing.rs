//! The files directly inside the directories that a pattern matches.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern, PatternError};
use serde::{Deserialize, Serialize};

use super::path_bytes;
use crate::disk::{AnyDisk, Entry, EntryKind};
use crate::time::Time;

/// As in a shell, a dot at a name's beginning is matched by a dot only.
const AS_IN_A_SHELL: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// A path to one directory, or a pattern of paths to several.
pub(super) struct Directories(Vec<Part>);

enum Part {
    Name(OsString),
    Like(Pattern),
}

/// What was found.
#[derive(Default)]
pub(super) struct Listing {
    /// In order of their paths' parts.
    pub(super) files: Vec<Listed>,
    /// What could not be listed.
    pub(super) failed: Vec<(PathBuf, io::Error)>,
}

/// A file as it was when it was listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    #[serde(with = "path_bytes")]
    pub(super) path: PathBuf,
    pub(super) length: u64,
    pub(super) modified: Time,
}

impl Directories {
    pub(super) fn new(path: &str) -> Result<Self, PatternError> {
        let part = |component: std::path::Component<'_>| {
            let name = component.as_os_str();
            match name.to_str() {
                Some(text) if text.contains(['*', '?', '[']) => Pattern::new(text).map(Part::Like),
                _ => Ok(Part::Name(name.to_owned())),
            }
        };
        Path::new(path).components().map(part).collect::<Result<_, _>>().map(Directories)
    }

    /// Looks again. Only what the path names outright must be there: what no longer matches a
    /// pattern is no failure.
    pub(super) fn list(&self, disk: &dyn AnyDisk) -> Listing {
        let mut listing = Listing::default();
        let mut here = vec![PathBuf::new()];
        let mut named = true;
        for part in &self.0 {
            match part {
                Part::Name(name) => here.iter_mut().for_each(|path| path.push(name)),
                Part::Like(pattern) => {
                    let mut matching = Vec::new();
                    for directory in here {
                        let entries = listing.entries(disk, &directory, named);
                        let matches = entries.into_iter().filter(|entry| {
                            entry.metadata.kind == EntryKind::Directory
                                && pattern
                                    .matches_with(&entry.name.to_string_lossy(), AS_IN_A_SHELL)
                        });
                        matching.extend(matches.map(|entry| directory.join(entry.name)));
                    }
                    here = matching;
                    named = false;
                }
            }
        }
        for directory in here {
            let entries = listing.entries(disk, &directory, named);
            let files = entries.into_iter().filter(|e| e.metadata.kind == EntryKind::File);
            listing.files.extend(files.map(|Entry { name, metadata }| Listed {
                path: directory.join(name),
                length: metadata.length,
                modified: metadata.modified,
            }));
        }
        listing
    }
}

impl Listing {
    fn entries(&mut self, disk: &dyn AnyDisk, directory: &Path, named: bool) -> Vec<Entry> {
        let directory = if directory == Path::new("") { Path::new(".") } else { directory };
        match disk.list(directory) {
            Ok(entries) => entries,
            Err(e) if !named && gone(&e) => Vec::new(),
            Err(e) => {
                self.failed.push((directory.into(), e));
                Vec::new()
            }
        }
    }

    /// Whether `path` may be there though it is not listed.
    pub(super) fn is_unsure_of(&self, path: &Path) -> bool {
        self.failed.iter().any(|(directory, e)| !gone(e) && path.starts_with(directory))
    }
}

/// Whether there is no such directory.
fn gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::MemoryDisk;

    fn found(path: &str) -> (Vec<String>, Vec<String>) {
        let disk = MemoryDisk::default();
        for path in [
            "logs/2025-12/in/a",
            "logs/2026-01/in/b",
            "logs/2026-01/in/deep/c",
            "logs/2026-02/in/a",
            "logs/2026-02/e",
            "logs/2026-03",
            "logs/.2026-04/in/f",
            "logs/[x]/g",
        ] {
            disk.put(path, "", Time::default());
        }
        let listing = Directories::new(path).unwrap().list(&disk);
        let text = |path: &Path| path.to_str().unwrap().to_string();
        (
            listing.files.iter().map(|file| text(&file.path)).collect(),
            listing.failed.iter().map(|(path, _)| text(path)).collect(),
        )
    }

    #[test]
    fn a_pattern_gives_the_files_directly_inside_the_directories_that_match() {
        let none = Vec::<String>::new();
        assert_eq!(found("logs/2026-01/in"), (vec!["logs/2026-01/in/b".into()], none.clone()));
        let both = vec!["logs/2026-01/in/b".to_string(), "logs/2026-02/in/a".into()];
        assert_eq!(found("logs/2026-*/in"), (both.clone(), none.clone()));
        assert_eq!(found("/logs/2026-0[!3]/i?").0.len(), 2);
        assert_eq!(found("logs/*"), (vec!["logs/2026-02/e".into(), "logs/[x]/g".into()], none));
        assert_eq!(found("logs/[[]x]").0, ["logs/[x]/g"]);
        assert_eq!(found("logs/.2026*/in").0, ["logs/.2026-04/in/f"]);
    }

    #[test]
    fn only_what_is_named_outright_must_be_there() {
        assert_eq!(found("lost/*/in").1, ["lost"]);
        assert_eq!(found("logs/2026-03").1, ["logs/2026-03"]);
        assert_eq!(found("logs/*/lost"), (vec![], vec![]));
        assert_eq!(found("logs/1999-*"), (vec![], vec![]));
    }
}
