//! Which of the files that are listed are new: the original's rules, and one of ours.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::listing::{Listed, Listing};
use crate::time::{Duration, Time};

/// When a file counts as new.
pub(super) enum Rule {
    /// Modified after `after`, and not longer ago than `remember`, which is whole batches.
    ByTime { after: Time, remember: Duration, batch_interval: Duration },
    /// Not seen before.
    AnyAge,
}

/// Tells new files from those that were read.
pub(super) struct Selection {
    rule: Rule,
    /// The files that were chosen, each with its batch.
    chosen: HashMap<PathBuf, Time>,
}

impl Selection {
    pub(super) fn new(rule: Rule) -> Self {
        Selection { rule, chosen: HashMap::new() }
    }

    /// Takes what is there as read.
    pub(super) fn pass_over(&mut self, time: Time, listing: &Listing) {
        self.chosen.extend(listing.files.iter().map(|file| (file.path.clone(), time)));
    }

    /// The files of the batch at `time`: of those that are new, the ones that `accepts` takes.
    pub(super) fn choose(
        &mut self,
        time: Time,
        listing: &Listing,
        mut accepts: impl FnMut(&Path) -> bool,
    ) -> Vec<Listed> {
        match self.rule {
            Rule::ByTime { remember, batch_interval, .. } => {
                let oldest = time - batch_interval - remember;
                self.chosen.retain(|_, batch| *batch >= oldest);
            }
            Rule::AnyAge => {
                let listed: HashSet<&Path> =
                    listing.files.iter().map(|file| file.path.as_path()).collect();
                self.chosen.retain(|path, _| {
                    listed.contains(path.as_path()) || listing.is_unsure_of(path)
                });
            }
        }
        let is_new = |file: &&Listed| match self.rule {
            Rule::ByTime { after, remember, .. } => {
                file.modified > after.max(time - remember) && file.modified <= time
            }
            Rule::AnyAge => true,
        };
        let mut new = Vec::new();
        for file in listing.files.iter().filter(is_new) {
            if !self.chosen.contains_key(&file.path) && accepts(&file.path) {
                self.chosen.insert(file.path.clone(), time);
                new.push(file.clone());
            }
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{millis, secs};

    fn at(seconds: i64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    /// What is chosen at `seconds` of files with these modification times, in milliseconds.
    fn chosen(selection: &mut Selection, seconds: i64, files: &[(&str, i64)]) -> Vec<String> {
        let files = files.iter().map(|&(path, modified)| Listed {
            path: path.into(),
            length: 0,
            modified: Time::from_millis(modified),
        });
        let listing = Listing { files: files.collect(), failed: Vec::new() };
        let new = selection.choose(at(seconds), &listing, |_| true);
        new.into_iter().map(|file| file.path.to_str().unwrap().to_string()).collect()
    }

    fn by_time(after: Time) -> Selection {
        Selection::new(Rule::ByTime { after, remember: secs(60), batch_interval: secs(1) })
    }

    #[test]
    fn the_bounds_are_strict_below_and_inclusive_above() {
        let mut selection = by_time(at(100));
        let files = [("at", 100_000), ("after", 100_001), ("end", 101_000), ("later", 101_001)];
        assert_eq!(chosen(&mut selection, 101, &files), ["after", "end"]);
        assert_eq!(chosen(&mut selection, 102, &files), ["later"]);
        let mut selection = by_time(at(0));
        assert_eq!(chosen(&mut selection, 101, &[("old", 41_000), ("new", 41_001)]), ["new"]);
    }

    #[test]
    fn a_rewritten_file_is_read_again_once_it_is_forgotten() {
        let mut selection = by_time(at(0));
        assert_eq!(chosen(&mut selection, 1, &[("a", 500)]), ["a"]);
        for seconds in 2..=62 {
            assert_eq!(chosen(&mut selection, seconds, &[("a", seconds * 1000)]), [""; 0]);
        }
        assert_eq!(chosen(&mut selection, 63, &[("a", 62_000)]), ["a"]);
    }

    #[test]
    fn of_any_age_a_file_is_new_until_its_name_was_seen() {
        let mut selection = Selection::new(Rule::AnyAge);
        assert_eq!(chosen(&mut selection, 1, &[("a", 9_999_999), ("b", -5)]), ["a", "b"]);
        assert_eq!(chosen(&mut selection, 2, &[("a", 1_500), ("c", 0)]), ["c"]);
        assert_eq!(chosen(&mut selection, 1000, &[("a", 0), ("b", 0)]), ["b"]);
    }

    #[test]
    fn what_could_not_be_listed_is_not_forgotten() {
        let mut selection = Selection::new(Rule::AnyAge);
        assert_eq!(chosen(&mut selection, 1, &[("in/a", 0)]), ["in/a"]);
        let denied = std::io::ErrorKind::PermissionDenied.into();
        let failed = Listing { files: Vec::new(), failed: vec![("in".into(), denied)] };
        assert!(selection.choose(at(2), &failed, |_| true).is_empty());
        assert_eq!(chosen(&mut selection, 3, &[("in/a", 0)]), [""; 0]);
        let gone = std::io::ErrorKind::NotFound.into();
        let failed = Listing { files: Vec::new(), failed: vec![("in".into(), gone)] };
        assert!(selection.choose(at(4) + millis(0), &failed, |_| true).is_empty());
        assert_eq!(chosen(&mut selection, 5, &[("in/a", 0)]), ["in/a"]);
    }
}
