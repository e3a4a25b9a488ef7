//! How long the files of a job's directory are, and what they come to.

use std::collections::BTreeMap;

use crate::disk::TEMPORARY;

/// The files by path. A file and the one that is to replace it, which has a temporary name, count for as much as the
/// longer of the two, for one of them is to stay.
#[derive(Default)]
pub(super) struct Lengths {
    by_path: BTreeMap<String, u64>,
    bytes: u64,
}

impl Lengths {
    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        self.by_path.keys()
    }

    pub(super) fn files(&self) -> usize {
        self.by_path.len()
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The length of a file, which is 0 where there is none.
    pub(super) fn of(&self, path: &str) -> u64 {
        self.by_path.get(path).copied().unwrap_or_default()
    }

    /// What all of them would come to, were this file so long.
    pub(super) fn bytes_with(&self, path: &str, length: u64) -> u64 {
        let other = self.of(&other_of(path));
        let (before, after) = (self.of(path).max(other), length.max(other));
        self.bytes.saturating_sub(before).saturating_add(after)
    }

    pub(super) fn set(&mut self, path: String, length: u64) {
        self.bytes = self.bytes_with(&path, length);
        self.by_path.insert(path, length);
    }

    pub(super) fn forget(&mut self, path: &str) {
        self.bytes = self.bytes_with(path, 0);
        self.by_path.remove(path);
    }
}

/// The file that this one is to replace, or that is to replace it. That is so in both directions, because no name ends
/// with the mark of a temporary file twice.
fn other_of(path: &str) -> String {
    path.strip_suffix(TEMPORARY).map_or_else(|| format!("{path}{TEMPORARY}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::name::is_path;
    use crate::seed::Random;

    /// The same, counted anew.
    fn sum(lengths: &Lengths) -> u64 {
        let final_name = |path: &str| path.strip_suffix(TEMPORARY).unwrap_or(path).to_owned();
        let mut of_pairs: BTreeMap<String, u64> = BTreeMap::new();
        for (path, &length) in &lengths.by_path {
            let longer = of_pairs.entry(final_name(path)).or_default();
            *longer = length.max(*longer);
        }
        of_pairs.values().sum()
    }

    #[test]
    fn whatever_is_done_they_come_to_the_plain_sum() {
        let names = ["a", "b", "b.tmpx", "blocks/a", "tmp"];
        let temporary = names.map(|name| format!("{name}{TEMPORARY}"));
        let twice = temporary.each_ref().map(|name| format!("{name}{TEMPORARY}"));
        let all: Vec<&str> =
            names.into_iter().chain(temporary.iter().chain(&twice).map(String::as_str)).collect();
        let paths: Vec<&str> = all.iter().copied().filter(|path| is_path(path)).collect();
        assert_eq!(paths.len(), 10, "{paths:?}");
        for seed in 0..50 {
            let (mut random, mut lengths) = (Random::new(seed), Lengths::default());
            for _ in 0..200 {
                let (path, other) = (random.pick(&paths), random.pick(&paths));
                let length = random.below(1000) as u64;
                match random.below(4) {
                    0 => lengths.forget(path),
                    1 if lengths.has(path) => {
                        let length = lengths.of(path);
                        lengths.forget(path);
                        lengths.set(other.to_owned(), length);
                    }
                    _ => {
                        let expected = lengths.bytes_with(path, length);
                        lengths.set(path.to_owned(), length);
                        assert_eq!(lengths.bytes, expected);
                    }
                }
                assert_eq!(lengths.bytes, sum(&lengths), "seed {seed}: {:?}", lengths.by_path);
            }
            paths.iter().for_each(|path| lengths.forget(path));
            assert_eq!(lengths.bytes, 0);
        }
    }
}
