//! The rates of a search, in the order in which they were tried.

use super::{Figures, Picture, sample};
use crate::chart::{Axis as PlotAxis, Plot, Scale, Svg, digits, short};
use crate::report::chapter::Chapter;
use crate::report::tries::{Bracket, tries};
use crate::series::Kind;

pub(super) fn figures(chapter: &Chapter<'_>) -> Option<Figures> {
    let tried = tries(chapter);
    if chapter.kept.asked.kind != Kind::Search || tried.is_empty() {
        return None;
    }
    let bracket = Bracket::of(chapter.spots.iter())?;
    let most = Scale::from_zero([tried.len() as f64 + 0.5]);
    let rates = Scale::from_zero(tried.iter().map(|tried| tried.rate / 1e6));
    let axes = [
        PlotAxis { name: "run, in the order in which they were tried", scale: most },
        PlotAxis { name: "M lines/s", scale: rates },
    ];
    let ends = [
        (bracket.held, "held", "path s0", "name s0"),
        (bracket.failed, "not held", "limit", "name limit"),
    ];
    let [x, y] = axes;
    let mut plot = Plot::new("rates that were tried", x, y, "not held 1.23M");
    for (rate, what, line, name) in ends {
        if let Some(rate) = rate {
            plot.level(line, rate / 1e6);
            plot.name(name, rate / 1e6, &format!("{what} {}", short(rate)));
        }
    }
    for (n, tried) in tried.iter().enumerate() {
        let place = [(n + 1) as f64, tried.rate / 1e6];
        let rate = digits(tried.rate / 1e6);
        match &tried.reason {
            None => plot.mark("dot s0", 0, place, &format!("{rate} M lines/s were held")),
            Some(reason) => {
                plot.cross("cross s1", place, &format!("{rate} M lines/s were not held: {reason}"));
            }
        }
    }
    Some(Figures {
        title: match (bracket.held, bracket.failed) {
            (Some(held), Some(failed)) => format!(
                "The highest rate lies between {} and {} lines per second",
                short(held),
                short(failed)
            ),
            _ => "Rates that were tried".into(),
        },
        note: "Each run at the rate that it was offered. A rate counts as held if one of its runs holds; why \
               one does not is shown while the pointer is on its cross."
            .into(),
        legend: legend(),
        pictures: vec![Picture::of(String::new(), plot.done())],
    })
}

fn legend() -> Vec<(String, String)> {
    let mut failed = Svg::new(14.0, 14.0, "not held");
    failed.cross("cross s1", [7.0, 7.0], "");
    vec![(sample(0), "held".into()), (failed.done(), "not held".into())]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::{Asked, Point};

    #[test]
    fn what_was_held_is_a_dot_and_what_was_not_a_cross() {
        let run = |rate: &str, lines_per_s: f64| {
            let point = Point { rate: rate.into(), ..Point::default() };
            ran(&point, 0, |run| run.job.lines_per_s = lines_per_s)
        };
        let runs = vec![run("1M", 1e6), run("2M", 1.4e6), run("1.5M", 1.2e6)];
        let kept = kept(Asked { kind: Kind::Search, ..sweep(vec![]) }, runs);
        let figures = figures(&Chapter::new(Path::new("s"), &kept)).unwrap();
        let svg = &figures.pictures[0].svg;
        assert_eq!(
            (svg.matches("class=\"dot").count(), svg.matches("class=\"cross").count()),
            (1, 2)
        );
        assert!(svg.contains(">held 1M<") && svg.contains(">not held 1.5M<"), "{svg}");
        let title = "The highest rate lies between 1M and 1.5M lines per second";
        assert_eq!(figures.title, title);
    }
}
