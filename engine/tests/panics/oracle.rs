//! What the job must give: a plain computation over the records of its batches.

use std::collections::{BTreeMap, BTreeSet};

use crate::job::{LENGTH, RAW_LENGTH, Record, SLID_LENGTH, SLIDE, TIMEOUT};

/// The lines of each output, sorted, of one batch.
pub(crate) type Results = BTreeMap<&'static str, Vec<String>>;

/// What the batches so far have left. Lengths are in batches.
#[derive(Clone, Default)]
pub(crate) struct Oracle {
    /// By key, the sum and in how many batches it has been there.
    totals: BTreeMap<u64, (u64, u64)>,
    /// By key, the sum and the batch that has touched it last.
    sessions: BTreeMap<u64, (u64, u64)>,
    batches: BTreeMap<u64, Vec<Record>>,
}

impl Oracle {
    /// What a batch gives on top of those before, and leaves.
    pub(crate) fn batch(&mut self, number: u64, records: &[Record]) -> Results {
        self.batches.insert(number, records.to_vec());
        let mut new: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        records.iter().for_each(|(key, value)| new.entry(*key).or_default().push(*value));
        let calls = self.call(number, &new);
        self.update(&new);
        let totals = self.totals.iter().map(|(key, (sum, batches))| line(&[*key, *sum, *batches]));
        let sessions = self.sessions.iter().map(|(key, (sum, _))| line(&[*key, *sum]));
        let raw = self.within(number, RAW_LENGTH).map(|(key, value)| line(&[key, value]));
        let mut results = Results::from([
            ("totals", totals.collect()),
            ("calls", calls),
            ("sessions", sessions.collect()),
            ("window", self.sums(number, LENGTH)),
            ("raw", raw.collect()),
            ("changed", records.iter().map(|(key, value)| line(&[*key, *value])).collect()),
        ]);
        if number.is_multiple_of(SLIDE) {
            results.insert("slid", self.sums(number, SLID_LENGTH));
        }
        results.values_mut().for_each(|lines| lines.sort());
        results
    }

    fn call(&mut self, number: u64, new: &BTreeMap<u64, Vec<u64>>) -> Vec<String> {
        let is_over =
            |key: &u64, touched: u64| !new.contains_key(key) && touched + TIMEOUT < number;
        let over = self.sessions.iter().filter(|(key, (_, touched))| is_over(key, *touched));
        let mut calls: Vec<String> =
            over.map(|(key, (sum, _))| format!("{key} gone {sum}")).collect();
        self.sessions.retain(|key, (_, touched)| !is_over(key, *touched));
        for (key, values) in new {
            calls.extend(values.iter().map(|value| line(&[*key, *value])));
            let (sum, touched) = self.sessions.entry(*key).or_default();
            *sum += values.iter().sum::<u64>();
            *touched = number;
        }
        calls
    }

    fn update(&mut self, new: &BTreeMap<u64, Vec<u64>>) {
        let known = self.totals.keys().chain(new.keys()).copied();
        for key in known.collect::<BTreeSet<_>>() {
            let values = new.get(&key).map_or(&[][..], Vec::as_slice);
            if let Some(total) = updated(values, self.totals.remove(&key)) {
                self.totals.insert(key, total);
            }
        }
    }

    fn within(&self, number: u64, length: u64) -> impl Iterator<Item = Record> {
        self.batches.range(number.saturating_sub(length) + 1..=number).flat_map(|(_, r)| r.clone())
    }

    fn sums(&self, number: u64, length: u64) -> Vec<String> {
        let mut sums: BTreeMap<u64, u64> = BTreeMap::new();
        self.within(number, length).for_each(|(key, value)| *sums.entry(key).or_default() += value);
        sums.into_iter().map(|(key, sum)| line(&[key, sum])).collect()
    }
}

/// The new state of a key, which shows how often it was called, and ends now and then.
pub(crate) fn updated(new: &[u64], old: Option<(u64, u64)>) -> Option<(u64, u64)> {
    let (sum, batches) = old.unwrap_or_default();
    let sum = sum + new.iter().sum::<u64>();
    (!new.is_empty() || !sum.is_multiple_of(3)).then_some((sum, batches + 1))
}

/// How numbers are written.
pub(crate) fn line(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}
