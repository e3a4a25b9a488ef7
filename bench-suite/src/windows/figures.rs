//! What was measured of one window.

use serde::Serialize;

use super::operation::Operation;
use super::sliding::Slide;

/// One window over many slides.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) operation: Operation,
    /// How many slides it is long.
    pub(super) ratio: usize,
    pub(super) slides: usize,
    /// Keys in its result, on average.
    pub(super) keys: f64,
    /// Partial results that entered or left, a slide, on average.
    pub(super) entries: f64,
    /// In the slide with most.
    pub(super) most_entries: u64,
    /// Calls of the functions that it was given, a slide, on average.
    pub(super) calls: f64,
    /// In the slide with most.
    pub(super) most_calls: u64,
    /// Of half of the slides at most.
    pub(super) median_ms: f64,
    /// On average.
    pub(super) mean_ms: f64,
    /// Of 99 % of the slides at most.
    pub(super) p99_ms: f64,
    /// Processor time of the whole process a slide, on average.
    pub(super) cpu_ms: f64,
    /// The median of each round, in which the windows took turns.
    pub(super) round_median_ms: Vec<f64>,
    /// Whether the results that were looked at are those of a recomputation.
    pub(super) right: bool,
}

/// What is gathered of one window while it slides.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) slides: Vec<Slide>,
    /// How many slides each round had.
    pub(super) rounds: Vec<usize>,
    pub(super) cpu_seconds: f64,
    pub(super) wrong: bool,
}

impl Gathered {
    pub(super) fn figures(&self, operation: Operation, ratio: usize) -> Figures {
        let slides = self.slides.len();
        let mean = |of: &dyn Fn(&Slide) -> f64| {
            self.slides.iter().map(of).sum::<f64>() / slides.max(1) as f64
        };
        let most = |of: &dyn Fn(&Slide) -> u64| self.slides.iter().map(of).max().unwrap_or(0);
        let ms: Vec<f64> = self.slides.iter().map(|slide| slide.ms).collect();
        let mut first = 0;
        let rounds = self.rounds.iter().map(|length| {
            first += length;
            quantile(&ms[first - length..first], 0.5)
        });
        Figures {
            operation,
            ratio,
            slides,
            keys: mean(&|slide| slide.keys as f64),
            entries: mean(&|slide| slide.entries as f64),
            most_entries: most(&|slide| slide.entries),
            calls: mean(&|slide| slide.calls as f64),
            most_calls: most(&|slide| slide.calls),
            median_ms: quantile(&ms, 0.5),
            mean_ms: mean(&|slide| slide.ms),
            p99_ms: quantile(&ms, 0.99),
            cpu_ms: self.cpu_seconds * 1e3 / slides.max(1) as f64,
            round_median_ms: rounds.collect(),
            right: !self.wrong,
        }
    }
}

/// The value that a share of all are at or below; 0 where there are none.
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).round() as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_over_all_slides_and_medians_over_rounds_too() {
        let slide = |ms| Slide { ms, entries: 4, calls: ms as u64, keys: 2 };
        let slides = [1.0, 2.0, 9.0, 3.0, 5.0, 4.0].map(slide);
        let gathered = Gathered { slides: slides.into(), rounds: vec![3, 3], ..Default::default() };
        let figures = gathered.figures(Operation::Max, 10);
        assert_eq!(figures.round_median_ms, [2.0, 4.0]);
        assert_eq!((figures.mean_ms, figures.calls, figures.most_calls), (4.0, 4.0, 9));
        assert_eq!((figures.entries, figures.p99_ms, figures.right), (4.0, 9.0, true));
        assert_eq!(Gathered::default().figures(Operation::Max, 1).median_ms, 0.0);
    }
}
