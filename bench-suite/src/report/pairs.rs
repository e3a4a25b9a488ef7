//! The runs of two sides in the same turn, and how many times as much the second takes.

use super::chapter::Chapter;
use super::figure::Figure;
use crate::turns::{Ratio, median};

/// A side held against the first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pairs {
    /// The first side's name, and this one's.
    pub(super) names: [String; 2],
    /// In each turn that has both, its number and this side's figure over the first's.
    pub(super) ratios: Vec<(usize, f64)>,
    /// The ratio, chance aside, as a comparison has it; nothing for too few pairs.
    pub(super) estimate: Option<Ratio>,
    /// The median of the ratios.
    pub(super) median: f64,
}

/// Every side but the first held against it, by a figure; sides without a pair are left out.
pub(super) fn pairs(chapter: &Chapter<'_>, figure: Figure) -> Vec<Pairs> {
    let Some((first, others)) = chapter.kept.asked.sides.split_first() else { return Vec::new() };
    let pairs = others.iter().filter_map(|side| {
        let ratios: Vec<(usize, f64)> = (0..chapter.turns())
            .filter_map(|turn| {
                let [a, b] =
                    [&first.name, &side.name].map(|name| chapter.kept.run_of_side(name, turn));
                let ratio = figure.of(b?)? / figure.of(a?)?;
                Some((turn, ratio)).filter(|_| ratio.is_finite() && ratio > 0.0)
            })
            .collect();
        let values: Vec<f64> = ratios.iter().map(|(_, ratio)| *ratio).collect();
        Some(Pairs {
            names: [first.name.clone(), side.name.clone()],
            median: median(values.iter().copied())?,
            estimate: Ratio::of(&values),
            ratios,
        })
    });
    pairs.collect()
}

/// How many times as much, as in `5.0 % more`.
pub(super) fn more_or_less(ratio: f64) -> String {
    let percent = (ratio - 1.0) * 100.0;
    format!("{:.1} % {}", percent.abs(), if percent >= 0.0 { "more" } else { "less" })
}

/// The same of a range, as in `between 4.0 % and 6.0 % more`.
pub(super) fn between([low, high]: [f64; 2]) -> String {
    let [low_text, high_text] = [low, high].map(more_or_less);
    match (low >= 1.0, high >= 1.0) {
        (true, true) => format!("between {} and {high_text}", low_text.trim_end_matches(" more")),
        (false, false) => format!("between {} and {low_text}", high_text.trim_end_matches(" less")),
        _ => format!("between {low_text} and {high_text}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{comparison, kept};

    #[test]
    fn a_side_that_takes_more_is_found_out() {
        let (asked, mut runs) = comparison(12, 1.05);
        // A run that failed costs its own pair alone.
        runs[0].outcome = Err("it ended early".into());
        let kept = kept(asked, runs);
        let chapter = Chapter::new(Path::new("s"), &kept);
        let pairs = pairs(&chapter, Figure::CpuPerMillion);
        assert_eq!((pairs.len(), pairs[0].ratios.len()), (1, 11));
        let ratio = pairs[0].estimate.unwrap();
        assert!(ratio.low > 1.03 && ratio.high < 1.07 && ratio.low < ratio.estimate, "{ratio:?}");
        assert_eq!(pairs[0].names, ["A", "B"]);
    }

    #[test]
    fn too_few_pairs_have_no_interval() {
        let (asked, runs) = comparison(3, 1.05);
        let kept = kept(asked, runs);
        let pairs = pairs(&Chapter::new(Path::new("s"), &kept), Figure::CpuPerMillion);
        assert!(pairs[0].estimate.is_none() && pairs[0].median > 1.0);
    }

    #[test]
    fn ratios_are_told_as_more_or_less() {
        assert_eq!([1.05, 0.98, 1.0].map(more_or_less), ["5.0 % more", "2.0 % less", "0.0 % more"]);
        assert_eq!(between([1.04, 1.06]), "between 4.0 % and 6.0 % more");
        assert_eq!(between([0.94, 0.96]), "between 4.0 % and 6.0 % less");
        assert_eq!(between([0.98, 1.03]), "between 2.0 % less and 3.0 % more");
    }
}
