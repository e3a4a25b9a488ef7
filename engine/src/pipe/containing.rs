//! The records of text that hold a needle: blocks of lines are searched as a whole.

use std::ops::ControlFlow;
use std::sync::Arc;

use memchr::memmem::Finder;
use memchr::{memchr, memrchr};

use super::sealed::Sealed;
use super::{Pipe, Text, TextPiece, Trace};
use crate::batch::Batch;

/// See [`DStream::containing`](crate::DStream::containing).
#[derive(Clone)]
pub struct Containing<P> {
    pipe: P,
    needle: Arc<Finder<'static>>,
}

impl<P> Containing<P> {
    pub(crate) fn new(pipe: P, needle: &str) -> Self {
        Containing { pipe, needle: Arc::new(Finder::new(needle).into_owned()) }
    }
}

impl<P> Sealed for Containing<P> {}

impl<'b, P: Pipe<'b, Item: Text<'b>>> Pipe<'b> for Containing<P> {
    type Item = &'b str;
    type Plan = P::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    fn known_records(&self, plan: &P::Plan, partition: usize) -> Option<usize> {
        self.pipe.known_records(plan, partition).filter(|records| *records == 0)
    }

    #[inline]
    fn run<S>(&self, plan: &P::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(&'b str) -> ControlFlow<()>,
    {
        self.pipe.run_text(plan, partition, |piece| match piece {
            TextPiece::Lines(text) => for_each_match(text, &self.needle, &mut sink),
            TextPiece::Record(text) if self.needle.find(text.as_bytes()).is_some() => sink(text),
            TextPiece::Record(_) => ControlFlow::Continue(()),
        })
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then("containing")
    }
}

/// Calls `sink` with each line of `text` that holds the needle. Only a line that does costs a search
/// for its ends.
fn for_each_match<'t>(
    text: &'t str,
    needle: &Finder<'_>,
    mut sink: impl FnMut(&'t str) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut from = 0;
    while from < text.len() {
        let rest = &text[from..];
        let Some(at) = needle.find(rest.as_bytes()) else { break };
        let start = memrchr(b'\n', &rest.as_bytes()[..at]).map_or(0, |newline| newline + 1);
        let end = memchr(b'\n', &rest.as_bytes()[at..]).map_or(rest.len(), |newline| at + newline);
        let line = &rest[start..end];
        let line = line.strip_suffix('\r').unwrap_or(line);
        // What is found may reach over the line's end, where it holds what ends lines.
        if at + needle.needle().len() <= start + line.len() {
            sink(line)?;
        }
        from += end + 1;
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Random;
    use crate::text::for_each_line;

    fn matches(text: &str, needle: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let end = for_each_match(text, &Finder::new(needle), |line| {
            lines.push(line.to_string());
            ControlFlow::Continue(())
        });
        assert!(end.is_continue());
        lines
    }

    #[test]
    fn the_lines_are_those_that_a_filter_would_keep() {
        let parts = ["error", "err", "or", "\n", "\r\n", "\r", "é", " ", "errorerror", "\n\n"];
        let mut random = Random::new(1);
        for _ in 0..3000 {
            let mut text = String::new();
            for _ in 0..random.below(32) {
                text.push_str(random.pick(&parts));
            }
            text.push('\n');
            for needle in ["error", "", "é", "\r", "or\r", "\n", "r\ne", "absent"] {
                let mut kept = Vec::new();
                let end = for_each_line(&text, |line| {
                    kept.extend(line.contains(needle).then(|| line.to_string()));
                    ControlFlow::Continue(())
                });
                assert!(end.is_continue());
                assert_eq!(matches(&text, needle), kept, "{needle:?} in {text:?}");
            }
        }
    }
}
