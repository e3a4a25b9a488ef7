//! Which of the files that are listed are new: the original's rules, and one of ours.
//!
//! Where batches were left out, because the process was down, the next one chooses what any of them would have
//! chosen: it looks as far back as the first of them.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::listing::{Listed, Listing};
use super::memory::{Chosen, Position};
use crate::time::{Duration, Time};

/// When a file counts as new.
pub(super) enum Rule {
    /// Modified not longer ago than `remember`, which is whole batches, nor before the start.
    ByTime { remember: Duration, batch_interval: Duration },
    /// Not seen before.
    AnyAge,
}

/// Tells new files from those that were read.
pub(super) struct Selection {
    rule: Rule,
    /// Files that were modified by then are not new.
    after: Time,
    /// The last batch that was chosen for.
    last: Option<Time>,
    /// The files that were chosen, each with its batch.
    chosen: HashMap<PathBuf, Time>,
}

impl Selection {
    /// By `rule`, of files that were modified after `after`.
    pub(super) fn new(rule: Rule, after: Time) -> Self {
        Selection { rule, after, last: None, chosen: HashMap::new() }
    }

    /// All that is remembered, but for what only the stream itself knows.
    pub(super) fn position(&self) -> Position {
        let chosen = self.chosen.iter();
        let chosen = chosen.map(|(path, &batch)| Chosen { path: path.clone(), batch });
        Position {
            any_age: matches!(self.rule, Rule::AnyAge),
            after: self.after,
            last: self.last,
            chosen: chosen.collect(),
            waiting: Vec::new(),
            taken_bytes: Vec::new(),
        }
    }

    /// Goes on from a position that was reached by the same rule.
    pub(super) fn go_on_from(&mut self, position: &Position) {
        self.after = position.after;
        self.last = position.last;
        let chosen = position.chosen.iter();
        self.chosen = chosen.map(|Chosen { path, batch }| (path.clone(), *batch)).collect();
    }

    /// The batch at `time` has chosen these.
    pub(super) fn has_chosen<'p>(&mut self, time: Time, files: impl Iterator<Item = &'p Listed>) {
        self.next_batch(time);
        self.chosen.extend(files.map(|file| (file.path.clone(), time)));
    }

    /// Forgets what the batch at `time` need not know any more.
    fn next_batch(&mut self, time: Time) {
        if let Rule::ByTime { remember, batch_interval } = self.rule {
            let first = self.last.map_or(time, |last| time.min(last + batch_interval));
            self.after = self.after.max(first - remember);
            let oldest = first - batch_interval - remember;
            self.chosen.retain(|_, batch| *batch >= oldest);
        }
        self.last = Some(time);
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
        self.next_batch(time);
        if let Rule::AnyAge = self.rule {
            let listed: HashSet<&Path> =
                listing.files.iter().map(|file| file.path.as_path()).collect();
            self.chosen
                .retain(|path, _| listed.contains(path.as_path()) || listing.is_unsure_of(path));
        }
        let (any_age, after) = (matches!(self.rule, Rule::AnyAge), self.after);
        let is_new = |file: &&Listed| any_age || file.modified > after && file.modified <= time;
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
        Selection::new(Rule::ByTime { remember: secs(60), batch_interval: secs(1) }, after)
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
        let mut selection = Selection::new(Rule::AnyAge, at(0));
        assert_eq!(chosen(&mut selection, 1, &[("a", 9_999_999), ("b", -5)]), ["a", "b"]);
        assert_eq!(chosen(&mut selection, 2, &[("a", 1_500), ("c", 0)]), ["c"]);
        assert_eq!(chosen(&mut selection, 1000, &[("a", 0), ("b", 0)]), ["b"]);
    }

    #[test]
    fn what_could_not_be_listed_is_not_forgotten() {
        let mut selection = Selection::new(Rule::AnyAge, at(0));
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

    #[test]
    fn after_batches_that_were_left_out_the_next_one_chooses_what_they_would_have_chosen() {
        let mut before = by_time(at(0));
        assert_eq!(chosen(&mut before, 100, &[("a", 99_500), ("old", 40_000)]), ["a"]);
        let mut selection = by_time(at(1000));
        selection.go_on_from(&before.position());
        let files =
            [("a", 99_500), ("old", 40_000), ("b", 100_500), ("late", 41_001), ("c", 999_000)];
        assert_eq!(chosen(&mut selection, 1000, &files), ["b", "late", "c"]);
        assert_eq!(chosen(&mut selection, 1001, &files), [""; 0]);
        assert_eq!(chosen(&mut selection, 1002, &[("c", 999_000), ("d", 942_000)]), [""; 0]);
    }

    #[test]
    fn a_longer_memory_takes_nothing_again_that_a_shorter_one_had_forgotten() {
        let mut short = by_time(at(0));
        assert_eq!(chosen(&mut short, 10, &[("a", 9_000)]), ["a"]);
        for seconds in 11..=90 {
            assert_eq!(chosen(&mut short, seconds, &[("a", 9_000)]), [""; 0]);
        }
        let rule = Rule::ByTime { remember: secs(600), batch_interval: secs(1) };
        let mut long = Selection::new(rule, at(91));
        long.go_on_from(&short.position());
        assert_eq!(chosen(&mut long, 91, &[("a", 9_000), ("b", 80_000)]), ["b"]);
    }
}
