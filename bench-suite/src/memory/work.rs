//! What is done with a batch, in the engine and by a bare loop.

use anyhow::{Result, bail};
use clap::ValueEnum;
use loadgen::{Data, Preset};
use millstream::{Queue, Scope};

use super::bare::Bare;
use super::engine::{Engine, Seen};
use super::pairs::pairs;
use super::{Found, Options, Worker};
use crate::roof::in_memory::count_words;
use crate::roof::key_sum::KeySums;
use crate::roof::number_sum::{NumberSums, Pair};
use crate::roof::word_count::Counter;
use crate::text_blocks::TextBlocks;

/// What is done with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Work {
    /// Count how often each word occurs, as the engine is told of words
    WordCount,
    /// The same with nothing but functions over lines
    SplitWordCount,
    /// Add up the integers of each key, of lines
    KeySum,
    /// Add up the numbers of each key, of pairs
    NumberSum,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// The engine
    Engine,
    /// A bare loop
    Bare,
}

impl Work {
    /// All of them.
    pub const ALL: [Work; 4] =
        [Work::WordCount, Work::SplitWordCount, Work::KeySum, Work::NumberSum];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Work::WordCount => "word-count",
            Work::SplitWordCount => "split-word-count",
            Work::KeySum => "key-sum",
            Work::NumberSum => "number-sum",
        }
    }
}

impl By {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            By::Engine => "engine",
            By::Bare => "bare",
        }
    }
}

/// Whoever does what the options ask for, with a batch at hand.
pub(super) fn worker(options: &Options) -> Result<Box<dyn Worker>> {
    let &Options { work, by, threads, batch_bytes, .. } = options;
    if by == By::Bare && work != Work::WordCount && threads > 1 {
        bail!("the bare {} works on one thread, and --threads is {threads}", work.name());
    }
    let lines = |preset| -> Result<_> {
        let data = Data { preset, text_bytes: batch_bytes, ..Data::default() };
        let TextBlocks { blocks, lines, bytes } = TextBlocks::render(&data)?;
        Ok((blocks, (lines, bytes)))
    };
    match work {
        Work::WordCount => of(options, lines(Preset::Words)?, words, bare_words(threads)),
        Work::SplitWordCount => of(options, lines(Preset::Words)?, split_words, bare_words(1)),
        Work::KeySum => of(options, lines(Preset::KeyValue)?, key_sums, bare_key_sums()),
        Work::NumberSum => {
            let pairs = pairs(batch_bytes);
            let size = (pairs.len() as u64, size_of_val(&pairs[..]) as u64);
            of(options, (pairs, size), number_sums, bare_number_sums())
        }
    }
}

/// The engine with this program, or this bare loop, over batches of these items: so many records, so
/// many bytes.
fn of<T: Clone + Send + Sync + 'static>(
    options: &Options,
    (items, size): (Vec<T>, (u64, u64)),
    program: impl for<'b> Fn(&Scope<'b>, &Queue<T>, &Seen) + Send + Sync + 'static,
    bare: impl FnMut(&[T]) -> Found + 'static,
) -> Result<Box<dyn Worker>> {
    Ok(match options.by {
        By::Engine => Box::new(Engine::start(items, size, options.threads, program)?),
        By::Bare => Box::new(Bare::new(items, size, bare)),
    })
}

fn words<'b>(s: &Scope<'b>, blocks: &Queue<String>, seen: &Seen) {
    let lines = s.queue_text_stream(blocks);
    seen.see(&lines.words().map(|word| (word, 1u64)).reduce_by_key(|a, b| a + b));
}

fn split_words<'b>(s: &Scope<'b>, blocks: &Queue<String>, seen: &Seen) {
    let lines = s.queue_text_stream(blocks);
    let words = lines.flat_map(|line| line.split(' '));
    seen.see(&words.map(|word| (word, 1u64)).reduce_by_key(|a, b| a + b));
}

fn key_sums<'b>(s: &Scope<'b>, blocks: &Queue<String>, seen: &Seen) {
    let lines = s.queue_text_stream(blocks);
    let pairs = lines.fields('\t').parse::<(&str, i64)>();
    seen.see(&pairs.reduce_by_key(i64::wrapping_add));
}

fn number_sums<'b>(s: &Scope<'b>, pairs: &Queue<Pair>, seen: &Seen) {
    seen.see(&s.queue_stream(pairs).reduce_by_key(u64::wrapping_add));
}

fn bare_words(threads: usize) -> impl FnMut(&[String]) -> Found {
    let mut counters: Vec<Counter> = (0..threads).map(|_| Counter::default()).collect();
    move |blocks| {
        let (keys, sum) = count_words(blocks, &mut counters);
        Found { keys, sum }
    }
}

fn bare_key_sums() -> impl FnMut(&[String]) -> Found {
    let mut sums = KeySums::default();
    move |blocks| {
        sums.clear();
        blocks.iter().for_each(|block| sums.feed(block.as_bytes()));
        let (keys, sum) = sums.keys_and_sum();
        Found { keys, sum: sum.cast_unsigned() }
    }
}

fn bare_number_sums() -> impl FnMut(&[Pair]) -> Found {
    let mut sums = NumberSums::default();
    move |pairs| {
        let mut found = Found { keys: 0, sum: 0 };
        sums.add_up(pairs, |_, sum| {
            found.keys += 1;
            found.sum = found.sum.wrapping_add(sum);
        });
        found
    }
}
