//! `check`: stamped lines from files, held against what was sent.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use loadgen::{Checker, Error, Result, Summary, Verdict};
use serde::Serialize;

use crate::cli::Check;
use crate::{FAILED, stdout};

/// A longer line is no stamped one, whatever it is; of it no more than this is kept.
const LONGEST_LINE_BYTES: usize = 4 << 20;

/// What is printed as JSON.
#[derive(Serialize)]
struct Report<'a> {
    schema_version: u32,
    whole: bool,
    proven: bool,
    #[serde(flatten)]
    verdict: &'a Verdict,
}

/// Checks the files, or stdin; gives the exit code.
pub(crate) fn run(options: &Check) -> Result<u8> {
    let mut checker = Checker::default();
    for path in &options.sent {
        for mark in sent_marks(path)? {
            checker.expect(mark);
        }
    }
    if !options.sent.is_empty() {
        checker.no_other_sources();
    }
    if options.files.is_empty() {
        see_all(io::stdin().lock(), Path::new("stdin"), &mut checker)?;
    }
    for path in &options.files {
        let file = File::open(path).map_err(|source| failed(path, source))?;
        see_all(BufReader::with_capacity(1 << 20, file), path, &mut checker)?;
    }
    let verdict = checker.verdict();
    let is_in_order = !options.ordered || verdict.out_of_order == 0;
    let is_told = options.unended || verdict.unended == 0;
    let found = Found { is_in_order, is_told, has_any: verdict.sources > 0, verdict: &verdict };
    stdout::print(if options.json { stdout::json(&found.report())? } else { found.table() })?;
    Ok(if found.is_good() { 0 } else { FAILED })
}

/// What a summary says of each connection.
fn sent_marks(path: &PathBuf) -> Result<Vec<loadgen::EndMark>> {
    let file = File::open(path).map_err(|source| failed(path, source))?;
    let summary: Summary = serde_json::from_reader(BufReader::new(file)).map_err(|error| {
        Error::Usage(format!(
            "--sent {}: it is not the summary of a run, as --json prints it: {error}",
            path.display()
        ))
    })?;
    if summary.sent.is_empty() {
        return Err(Error::Usage(format!(
            "--sent {}: the lines of this run were not stamped; send with --stamped",
            path.display()
        )));
    }
    Ok(summary.sent)
}

fn see_all(mut lines: impl BufRead, path: &Path, checker: &mut Checker) -> Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let has_more = next_line(&mut lines, &mut line).map_err(|source| failed(path, source))?;
        if !has_more {
            return Ok(());
        }
        checker.see(&line);
    }
}

/// Reads a line without its newline; of one that is too long, only the beginning.
fn next_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let mut has_begun = false;
    loop {
        let bytes = match lines.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            bytes => bytes?,
        };
        if bytes.is_empty() {
            return Ok(has_begun);
        }
        has_begun = true;
        let newline = memchr::memchr(b'\n', bytes);
        let part = &bytes[..newline.unwrap_or(bytes.len())];
        let room = LONGEST_LINE_BYTES.saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(newline.is_some());
        lines.consume(used);
        if newline.is_some() {
            return Ok(true);
        }
    }
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::File { doing: "read", path: path.to_owned(), error: source }
}

/// What was found, and how it is to be taken.
struct Found<'a> {
    verdict: &'a Verdict,
    is_in_order: bool,
    /// Whether every source has told its end, if that is asked for.
    is_told: bool,
    /// Whether there was anything to check.
    has_any: bool,
}

impl Found<'_> {
    fn is_whole(&self) -> bool {
        self.verdict.is_whole() && self.is_in_order && self.has_any
    }

    fn is_good(&self) -> bool {
        self.is_whole() && self.is_told
    }

    fn report(&self) -> Report<'_> {
        let whole = self.is_whole();
        let proven = whole && self.verdict.is_proven();
        Report { schema_version: 1, whole, proven, verdict: self.verdict }
    }

    fn table(&self) -> String {
        let verdict = self.verdict;
        let mut table = String::new();
        for (name, count) in [
            ("sources", verdict.sources),
            ("records", verdict.records),
            ("lost", verdict.lost),
            ("duplicated", verdict.duplicated),
            ("torn", verdict.torn),
            ("foreign", verdict.foreign),
            ("sources altered", verdict.altered),
            ("out of order", verdict.out_of_order),
            ("without an end", verdict.unended),
        ] {
            writeln!(table, "{name:<16}{count:>16}").expect("writing into memory does not fail");
        }
        let sentences = verdict.sentences();
        let lines = sentences.iter().cloned().chain([self.conclusion()]);
        lines.for_each(|line| table.extend([&line, "\n"]));
        table
    }

    fn conclusion(&self) -> String {
        let sources = self.verdict.sources;
        match (self.verdict.is_whole(), self.verdict.is_proven(), self.is_in_order) {
            (false, _, _) => "not whole".into(),
            _ if !self.has_any => "nothing to check: no stamped line has come".into(),
            (true, _, false) => "whole, and not in order".into(),
            (true, true, true) => {
                format!("whole: every record of {} is here, once", plural(sources))
            }
            (true, false, true) => {
                "not proven: whole as far as can be told, but what was sent last may \
                                    be missing"
                    .into()
            }
        }
    }
}

fn plural(sources: u64) -> String {
    if sources == 1 { "1 source".into() } else { format!("{sources} sources") }
}
