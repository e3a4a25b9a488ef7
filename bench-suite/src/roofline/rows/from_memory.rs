//! Rows over batches in memory: no network, and no load beside them.

use std::time::Duration;

use super::{Row, Run, Setting, Side, Target};
use crate::memory::{By, Done, Work};
use crate::part::Part;
use crate::roof::{key_sum, number_sum, word_count};
use loadgen::time;

/// Making the batch, over and over.
const BESIDE: Duration = Duration::from_secs(5);

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "word-count",
        about: "words of 10 000, from memory on one thread; beside a bare loop",
        target: Target::share(0.80),
        reference: Some(word_count::FROM_MEMORY),
        beside: BESIDE,
        sides: |setting| beside_bare(Work::WordCount, 1, setting),
    },
    Row {
        name: "word-count-on-two",
        about: "words of 10 000, from memory on two threads; beside a bare loop on two",
        target: Target::share(0.80),
        reference: Some(word_count::FROM_MEMORY_ON_TWO),
        beside: BESIDE,
        sides: |setting| beside_bare(Work::WordCount, 2, setting),
    },
    Row {
        name: "key-sum",
        about: "sums by key of lines `key<TAB>integer`, 10 000 keys, from memory on one thread; \
                beside a bare loop",
        target: Target { share: Some(0.80), m_records_per_s: Some(50.0) },
        reference: Some(key_sum::FROM_MEMORY),
        beside: BESIDE,
        sides: |setting| beside_bare(Work::KeySum, 1, setting),
    },
    Row {
        name: "number-sum",
        about: "sums by key of pairs of integers, ten million keys, from memory on one thread; \
                beside a bare loop",
        target: Target { share: None, m_records_per_s: Some(20.0) },
        reference: Some(number_sum::FROM_MEMORY),
        beside: BESIDE,
        sides: |setting| {
            // As many pairs that most keys come more than once.
            let setting = Setting { batch_bytes: 4 * setting.batch_bytes, ..*setting };
            beside_bare(Work::NumberSum, 1, &setting)
        },
    },
    Row {
        name: "split-word-count",
        about: "words of 10 000 by `flat_map(|l| l.split(' ')).map(|w| (w, 1)).reduce_by_key(..)`, \
                from memory on one thread; beside `words()`",
        target: Target::share(1.0 / 2.5),
        reference: None,
        beside: BESIDE,
        sides: |setting| {
            let engine = |work| of(work, By::Engine, 1, setting);
            [
                Side::new("split", engine(Work::SplitWordCount)),
                Side::new("words()", engine(Work::WordCount)),
            ]
        },
    },
];

fn beside_bare(work: Work, threads: usize, setting: &Setting) -> [Side<'static, Run>; 2] {
    [
        Side::new("engine", of(work, By::Engine, threads, setting)),
        Side::new("bare loop", of(work, By::Bare, threads, setting)),
    ]
}

/// A run in a process of its own.
fn of(
    work: Work,
    by: By,
    threads: usize,
    setting: &Setting,
) -> impl FnMut() -> anyhow::Result<Run> + use<> {
    let &Setting { batch_bytes, run_for, .. } = setting;
    move || {
        let args = [
            "role",
            "memory",
            work.name(),
            "--by",
            by.name(),
            "--threads",
            &threads.to_string(),
            "--batch-bytes",
            &batch_bytes.to_string(),
            "--for",
            &time::written(run_for),
        ];
        let name = format!("{} of {}", by.name(), work.name());
        let done: Done = Part::start(&name, &args.map(String::from))?.hear(run_for + BESIDE)?;
        Ok(done.into())
    }
}
