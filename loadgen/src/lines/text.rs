//! Lines rendered once, to be sent over and over.

use std::num::NonZero;
use std::thread;

use rand::{Rng, RngExt};
use rand_distr::Zipf;

use super::vocabulary::{LONGEST_WORD_BYTES, MOST_WORDS, Vocabulary};
use crate::error::{Error, Result};
use crate::seed::{self, Purpose};

/// A text is rendered in pages, each from a random stream of its own: on several threads at once,
/// and a longer text begins with the shorter one.
const PAGE_BYTES: usize = 1 << 20;

/// Room for the longest word and its space: then a line never ends up without a word.
const SHORTEST_LINE_BYTES: usize = LONGEST_WORD_BYTES + 6;

/// The largest text: offsets of lines are kept in 32 bits.
const LARGEST_TEXT_BYTES: usize = 2 << 30;

/// What the lines look like.
#[derive(Clone, Debug, PartialEq)]
pub struct TextOptions {
    /// The same seed gives the same text, on every machine whose mathematics library agrees in the
    /// last bit of `exp` and `pow`; another seed gives another.
    pub seed: u64,
    /// How many distinct words there are.
    pub vocabulary: usize,
    /// The exponent of Zipf's law: the word of rank r comes up in proportion to 1 / r^skew. At 0
    /// all words come up equally often.
    pub skew: f64,
    /// How long a line is in the mean, with its newline. Lines end with a whole word, so each is a
    /// few bytes off.
    pub line_bytes: usize,
    /// The share of the lines that contain the word `error`, from 0 to 1.
    pub error_share: f64,
    /// How much text to render before it repeats, rounded up to whole MiB.
    pub text_bytes: usize,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            vocabulary: 10_000,
            skew: 1.0,
            line_bytes: 97,
            error_share: 0.01,
            text_bytes: 32 << 20,
        }
    }
}

impl TextOptions {
    /// Refuses values that make no sense, in terms of the flags that set them.
    pub fn check(&self) -> Result<()> {
        let refuse = |sentence| Err(Error::Usage(sentence));
        if !(1..=MOST_WORDS).contains(&self.vocabulary) {
            return refuse(format!(
                "--vocabulary {} is not possible: it must lie between 1 and {MOST_WORDS}",
                self.vocabulary
            ));
        }
        if !(0.0..=10.0).contains(&self.skew) {
            return refuse(format!(
                "--skew {} is not possible: it must lie between 0 (all words alike) and 10",
                self.skew
            ));
        }
        if !(0.0..=1.0).contains(&self.error_share) {
            return refuse(format!(
                "--error-share {} is not a share: it must lie between 0 and 1",
                self.error_share
            ));
        }
        if !(SHORTEST_LINE_BYTES..=PAGE_BYTES).contains(&self.line_bytes) {
            return refuse(format!(
                "--line-bytes {} is not possible: it must lie between {SHORTEST_LINE_BYTES} and \
                 {PAGE_BYTES}",
                self.line_bytes
            ));
        }
        if !(1..=LARGEST_TEXT_BYTES).contains(&self.text_bytes) {
            return refuse(format!(
                "a text of {} bytes is not possible: it must lie between 1 and \
                 {LARGEST_TEXT_BYTES}",
                self.text_bytes
            ));
        }
        Ok(())
    }

    /// Lowers `text_bytes` to what a run of this many records can reach. What is sent stays the
    /// same to the byte; it is only there sooner.
    pub fn shrink_to(&mut self, records: u64) {
        // The first page holds the lines at which connections start.
        let reach_bytes = records.saturating_mul(self.line_bytes as u64);
        let reach_bytes = reach_bytes.saturating_add(2 * PAGE_BYTES as u64);
        self.text_bytes = self.text_bytes.min(reach_bytes.try_into().unwrap_or(usize::MAX));
    }

    fn lines_per_page(&self) -> usize {
        PAGE_BYTES.div_ceil(self.line_bytes)
    }
}

/// The rendered lines, each ended by a newline.
///
/// All connections of a run share one text and loop over it, each from a line of its own.
pub struct Text {
    bytes: Vec<u8>,
    /// Where each line starts, and last where the text ends; strictly increasing.
    starts: Vec<u32>,
    /// Connections start at one of the first page's lines, so that it does not depend on the
    /// length of the text.
    start_lines: usize,
    seed: u64,
}

impl Text {
    /// Renders the text, on all cores.
    pub fn render(options: &TextOptions) -> Result<Self> {
        options.check()?;
        let vocabulary = Vocabulary::new(options.vocabulary);
        let zipf = Zipf::new(options.vocabulary as f64, options.skew)
            .map_err(|refusal| Error::Usage(format!("--skew {}: {refusal}", options.skew)))?;
        let writer = PageWriter { options, vocabulary, zipf };

        let pages = options.text_bytes.div_ceil(PAGE_BYTES);
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(pages);
        let pages_per_thread = pages.div_ceil(threads);
        let mut parts = vec![Part::default(); threads];
        thread::scope(|scope| {
            for (thread, part) in parts.iter_mut().enumerate() {
                let first = pages.min(thread * pages_per_thread);
                let last = pages.min(first + pages_per_thread);
                let writer = &writer;
                scope.spawn(move || {
                    // A page may end a line and a word late.
                    part.bytes
                        .reserve_exact((last - first) * (PAGE_BYTES + 2 * options.line_bytes));
                    part.line_ends.reserve_exact((last - first) * options.lines_per_page());
                    (first..last).for_each(|page| writer.write(page, part));
                });
            }
        });
        Ok(Self::join(parts, options))
    }

    fn join(parts: Vec<Part>, options: &TextOptions) -> Self {
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.bytes.len()).sum());
        let mut starts = vec![0];
        for part in parts {
            let base = bytes.len() as u32;
            bytes.extend_from_slice(&part.bytes);
            starts.extend(part.line_ends.iter().map(|end| base + end));
        }
        Self { bytes, starts, start_lines: options.lines_per_page(), seed: options.seed }
    }

    /// All lines, one after the other.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many lines there are; at least one.
    pub fn lines(&self) -> usize {
        self.starts.len() - 1
    }

    /// The bytes of one line, counted from 0, with its newline.
    ///
    /// # Panics
    ///
    /// If there are not so many lines.
    pub fn line(&self, line: usize) -> &[u8] {
        &self.bytes[self.line_start(line)..self.line_start(line + 1)]
    }

    /// The line at which a connection starts; from there it goes on in order, and from the last
    /// line to the first. Connections are counted from 0 in the order in which they came about.
    pub fn first_line(&self, connection: u64) -> usize {
        let number = seed::derive(self.seed, Purpose::Connection, connection);
        (number % self.start_lines as u64) as usize
    }

    /// Where a line starts; for the number of lines, where the text ends.
    pub(crate) fn line_start(&self, line: usize) -> usize {
        self.starts[line] as usize
    }

    /// The line that an offset lies in; for the text's end, the number of lines.
    pub(crate) fn line_at(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start as usize <= offset) - 1
    }
}

/// What one thread renders: some consecutive pages.
#[derive(Clone, Default)]
struct Part {
    bytes: Vec<u8>,
    line_ends: Vec<u32>,
}

struct PageWriter<'a> {
    options: &'a TextOptions,
    vocabulary: Vocabulary,
    zipf: Zipf<f64>,
}

impl PageWriter<'_> {
    fn write(&self, page: usize, part: &mut Part) {
        let mut random = seed::generator(self.options.seed, Purpose::Page, page as u64);
        let lines = self.options.lines_per_page();
        let page_start = part.bytes.len();
        for line in 1..=lines {
            // Ends are measured from the start of the page, not of the line: so what a line is too
            // long, the next is too short, and the mean is exact.
            self.write_line(&mut random, page_start + line * self.options.line_bytes, part);
        }
    }

    /// Writes words until one reaches `end`, which is past the end of what is there.
    fn write_line(&self, random: &mut impl Rng, end: usize, part: &mut Part) {
        let bytes = &mut part.bytes;
        let has_error = random.random_bool(self.options.error_share);
        // The word that comes to lie on this byte gives way to `error`.
        let mut error_at = has_error.then(|| random.random_range(bytes.len()..end));
        while bytes.len() < end {
            let rank = random.sample(self.zipf) as usize - 1;
            let word = self.vocabulary.word_and_space(rank);
            if error_at.is_some_and(|at| bytes.len() + word.len() > at) {
                bytes.extend_from_slice(b"error ");
                error_at = None;
            } else {
                bytes.extend_from_slice(word);
            }
        }
        *bytes.last_mut().expect("a line has a word, for it ends past where it starts") = b'\n';
        part.line_ends.push(bytes.len() as u32);
    }
}
