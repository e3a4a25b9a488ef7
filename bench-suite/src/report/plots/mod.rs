//! The pictures of a chapter, each drawn only where the series has what it needs.

mod rates;
mod trade_off;
mod scaling;
mod percentiles;
mod courses;
mod ratios;
mod tried;

use super::chapter::Chapter;
use crate::chart::{SHAPES, Svg};

/// Some pictures that show one thing.
pub(super) struct Figures {
    /// What they show, in a sentence.
    pub(super) title: String,
    /// How to read them.
    pub(super) note: String,
    /// Samples and what each means.
    pub(super) legend: Vec<(String, String)>,
    pub(super) pictures: Vec<Picture>,
}

/// One of them.
pub(super) struct Picture {
    /// What it is of, beside the others.
    pub(super) caption: String,
    /// Whether it stands at the beginning of a row, wherever the one before has ended.
    pub(super) begins_row: bool,
    /// As SVG, whose texts are escaped.
    pub(super) svg: String,
}

impl Picture {
    /// Beside the one before it, if there is room.
    fn of(caption: String, svg: String) -> Self {
        Picture { caption, svg, begins_row: false }
    }
}

/// As many series have looks of their own: classes `s0` to `s5` of the page's style.
const SERIES: usize = SHAPES;

/// All that there is to draw, in the order in which it is read.
pub(super) fn figures(chapter: &Chapter<'_>) -> Vec<Figures> {
    let draw: [fn(&Chapter<'_>) -> Option<Figures>; 7] = [
        ratios::figures,
        tried::figures,
        rates::figures,
        trade_off::figures,
        scaling::figures,
        percentiles::figures,
        courses::figures,
    ];
    draw.iter().filter_map(|draw| draw(chapter)).collect()
}

/// The mark of a series, for a legend.
fn sample(look: usize) -> String {
    let mut svg = Svg::new(14.0, 14.0, "");
    svg.mark(&format!("dot s{look}"), look, [7.0, 7.0], "");
    svg.done()
}

/// So many of a list, evenly spread over it, the first and the last among them.
fn spread_over<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most).map(|n| all[n * (all.len() - 1) / (most - 1).max(1)]).collect()
}

/// What was left out of so many, in a sentence; nothing where nothing was.
fn left_out(all: usize, shown: usize, what: &str) -> String {
    if all <= shown { String::new() } else { format!(" Shown are {shown} of {all} {what}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_are_among_those_that_are_shown() {
        let all: Vec<usize> = (0..10).collect();
        assert_eq!(spread_over(&all, 3), [0, 4, 9]);
        assert_eq!(spread_over(&all, 20), all);
        assert_eq!(spread_over(&all, 1), [0]);
        assert_eq!(left_out(10, 3, "lines"), " Shown are 3 of 10 lines.");
        assert_eq!(left_out(3, 3, "lines"), "");
    }
}
