//! Pair by pair, how many times as much one side of a comparison has as the other.

use super::{Figures, Picture};
use crate::chart::{Axis as PlotAxis, Plot, Scale};
use crate::report::chapter::Chapter;
use crate::report::figure::Figure;
use crate::report::pairs::{Pairs, more_or_less, pairs};

pub(super) fn figures(chapter: &Chapter<'_>) -> Option<Figures> {
    let drawn =
        [(Figure::CpuPerMillion, "CPU time per million lines"), (Figure::Rate, "lines per second")];
    let mut pictures = Vec::new();
    for (figure, what) in drawn {
        for pairs in pairs(chapter, figure) {
            let [a, b] = &pairs.names;
            let caption = format!("{what}, {b} divided by {a}");
            let svg = picture(&caption, &pairs);
            pictures.push(Picture::of(caption, svg));
        }
    }
    (!pictures.is_empty()).then(|| Figures {
        title: "Pair by pair: how many times as much one side has as the other in the same turn".into(),
        note: "A mark for each turn. The band is where the ratio of all turns lies, chance aside, and the \
               line in it the estimate; at the dashed line there is no difference."
            .into(),
        legend: Vec::new(),
        pictures,
    })
}

fn picture(caption: &str, pairs: &Pairs) -> String {
    let ratios = pairs.ratios.iter().map(|(_, ratio)| *ratio);
    let band = pairs.estimate.map(|ratio| [ratio.low, ratio.high]);
    let y = Scale::around(ratios.chain(band.into_iter().flatten()).chain([1.0]));
    let most = pairs.ratios.iter().map(|(turn, _)| *turn as f64 + 1.5);
    let axes = [
        PlotAxis { name: "turn", scale: Scale::from_zero(most) },
        PlotAxis { name: "ratio", scale: y },
    ];
    let [x, y] = axes;
    let mut plot = Plot::new(caption, x, y, "no difference");
    if let Some(ratio) = pairs.estimate {
        plot.band("band", [ratio.low, ratio.high]);
        plot.level("line s0", ratio.estimate);
        plot.name("name s0", ratio.estimate, &more_or_less(ratio.estimate));
    }
    plot.level("limit", 1.0);
    plot.name("name limit", 1.0, "no difference");
    for (turn, ratio) in &pairs.ratios {
        let hint = format!("turn {}: {ratio:.4}", turn + 1);
        plot.mark("dot s0", 0, [(turn + 1) as f64, *ratio], &hint);
    }
    plot.done()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{comparison, kept};

    #[test]
    fn pairs_lie_beside_the_line_of_no_difference() {
        let (asked, runs) = comparison(10, 1.05);
        let kept = kept(asked, runs);
        let figures = figures(&Chapter::new(Path::new("s"), &kept)).unwrap();
        let [cost, rate] = &figures.pictures[..] else { panic!("there are two pictures") };
        assert_eq!(cost.caption, "CPU time per million lines, B divided by A");
        assert_eq!(cost.svg.matches("class=\"dot").count(), 10);
        assert!(cost.svg.contains("class=\"band\"") && cost.svg.contains(">no difference<"));
        assert!(rate.svg.contains("% less<"), "{}", rate.svg);
    }
}
