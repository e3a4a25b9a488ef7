//! What a run may differ in from another: its point.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::job::Workload;

/// All settings of one run of a workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// What is done with the lines.
    pub workload: Workload,
    /// How often a batch is cut, in milliseconds.
    pub batch_ms: i64,
    /// How often a receiver closes its blocks; left out, the engine's default.
    pub block_ms: Option<i64>,
    /// How long windows are, where the workload has some.
    pub window_ms: Option<i64>,
    /// How often they come.
    pub slide_ms: Option<i64>,
    /// Tasks at once; left out, one for each core.
    pub parallelism: Option<usize>,
    /// Connections, each with a receiver of its own.
    pub connections: usize,
    /// Different words, or keys, in the lines.
    pub keys: usize,
    /// Lines a second, as the load generator takes it: `100k`, `max`.
    pub rate: String,
    /// No network and no load: batches of so many bytes that are in memory. Connections and rate then
    /// have no meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_memory_bytes: Option<u64>,
}

impl Default for Point {
    fn default() -> Self {
        Point {
            workload: Workload::WordCount,
            batch_ms: 1000,
            block_ms: None,
            window_ms: None,
            slide_ms: None,
            parallelism: None,
            connections: 2,
            keys: 10_000,
            rate: "max".into(),
            from_memory_bytes: None,
        }
    }
}

impl Point {
    /// Why the engine would refuse it, in a sentence; such points of a grid are left out.
    pub fn refused(&self) -> Option<String> {
        let &Point { batch_ms, block_ms, window_ms, slide_ms, .. } = self;
        let is_multiple = |ms: i64, of: i64| ms % of == 0;
        if let Some(block) = block_ms.filter(|block| !is_multiple(batch_ms, *block)) {
            return Some(format!(
                "a batch of {batch_ms} ms is no multiple of a block of {block} ms"
            ));
        }
        if window_ms.is_some() && !self.workload.takes("--window") {
            return Some(format!("{} has no window", self.workload.name()));
        }
        if slide_ms.is_some() && window_ms.is_none() && !self.workload.has_a_window_of_its_own() {
            return Some("a slide is that of a window, and there is none".into());
        }
        if let Some(reason) = self.refused_source() {
            return Some(reason);
        }
        let both = [("window", window_ms), ("slide", slide_ms)];
        both.into_iter().find_map(|(name, ms)| {
            let ms = ms.filter(|ms| !is_multiple(*ms, batch_ms))?;
            Some(format!("a {name} of {ms} ms is no multiple of a batch of {batch_ms} ms"))
        })
    }

    fn refused_source(&self) -> Option<String> {
        let name = self.workload.name();
        match (self.workload, self.from_memory_bytes) {
            (Workload::StreamJoin, None) if self.connections < 2 => Some(format!(
                "{name} joins the first connection with all others, and there is {}",
                self.connections
            )),
            (Workload::StreamJoin, Some(_)) => {
                Some(format!("{name} joins two streams, and there is one of batches in memory"))
            }
            (Workload::Latency, Some(_)) => {
                Some(format!("{name} is of stamped lines, and those in memory are none"))
            }
            _ => None,
        }
    }

    /// How long the whole of its window is; nothing where it has none.
    pub fn window_time(&self) -> Duration {
        let ten_batches =
            || Some(10 * self.batch_ms).filter(|_| self.workload.has_a_window_of_its_own());
        let ms = self.window_ms.or_else(ten_batches).unwrap_or(0);
        Duration::from_millis(ms.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_would_refuse_is_told() {
        let point = |workload, batch_ms, block_ms, window_ms, slide_ms| Point {
            workload,
            batch_ms,
            block_ms,
            window_ms,
            slide_ms,
            ..Point::default()
        };
        use Workload::{Grep, TopWords, WindowedWordCount};
        for (refused, says) in [
            (point(Grep, 1000, Some(300), None, None), "1000 ms is no multiple of a block of 300"),
            (point(Grep, 1000, None, Some(5000), None), "grep has no window"),
            (point(TopWords, 1000, None, None, Some(1000)), "there is none"),
            (point(TopWords, 1000, None, Some(2500), None), "window of 2500 ms is no multiple"),
            (
                point(TopWords, 1000, None, Some(5000), Some(1500)),
                "slide of 1500 ms is no multiple",
            ),
        ] {
            let reason = refused.refused().unwrap();
            assert!(reason.contains(says), "{reason}");
        }
        assert_eq!(point(WindowedWordCount, 500, Some(100), None, Some(1000)).refused(), None);
        assert_eq!(point(TopWords, 500, None, Some(5000), None).refused(), None);
    }
}
