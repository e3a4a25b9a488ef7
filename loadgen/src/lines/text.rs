//! Lines rendered once, to be sent over and over.

use std::num::NonZero;
use std::thread;

use super::data::{Data, PAGE_BYTES};
use super::recipe::{Moment, Recipe};
use crate::error::Result;
use crate::seed::{self, Purpose};

/// The rendered lines, each with its newline, or what else ends it.
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
    pub fn render(data: &Data) -> Result<Self> {
        data.check()?;
        let writer = PageWriter {
            recipe: Recipe::of(data),
            seed: data.seed,
            lines_per_page: PAGE_BYTES.div_ceil(data.mean_line_bytes()),
        };
        let pages = data.text_bytes.div_ceil(PAGE_BYTES);
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
                    let page_bytes = PAGE_BYTES + 2 * data.mean_line_bytes();
                    part.bytes.reserve_exact((last - first) * page_bytes);
                    part.line_ends.reserve_exact((last - first) * writer.lines_per_page);
                    (first..last).for_each(|page| writer.write(page as u64, part));
                });
            }
        });
        Ok(Self::join(parts, &writer))
    }

    fn join(parts: Vec<Part>, writer: &PageWriter) -> Self {
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.bytes.len()).sum());
        let mut starts = vec![0];
        for part in parts {
            let base = bytes.len() as u32;
            bytes.extend_from_slice(&part.bytes);
            starts.extend(part.line_ends.iter().map(|end| base + end));
        }
        Self { bytes, starts, start_lines: writer.lines_per_page, seed: writer.seed }
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

struct PageWriter {
    recipe: Recipe,
    seed: u64,
    lines_per_page: usize,
}

impl PageWriter {
    fn write(&self, page: u64, part: &mut Part) {
        let mut random = seed::generator(self.seed, Purpose::Page, page);
        let lines = self.lines_per_page as u64;
        let mut carried_bytes = 0;
        for position in page * lines..(page + 1) * lines {
            let moment = Moment { position, time_ms: 0, carried_bytes };
            carried_bytes = self.recipe.write(&mut random, moment, &mut part.bytes);
            part.line_ends.push(part.bytes.len() as u32);
        }
    }
}
