//! A series in words: what holds, what is best, what is left, what is in the way, what to try next. Pure:
//! the rules, with their bounds, are these files and nothing else.

mod holds;
mod bottleneck;
mod known;
mod next;
mod sweep;
mod search;
mod comparison;

use super::chapter::Chapter;
use crate::series::Kind;

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Cost,
    Rate,
    Holds,
    Bracket,
    Fastest,
    Cheapest,
    LowestLatency,
    Headroom,
    Bottleneck,
    Next,
}

impl Topic {
    pub(super) fn name(self) -> &'static str {
        match self {
            Topic::Cost => "CPU time",
            Topic::Rate => "Rate",
            Topic::Holds => "Holds",
            Topic::Bracket => "Highest rate",
            Topic::Fastest => "Fastest",
            Topic::Cheapest => "Cheapest",
            Topic::LowestLatency => "Lowest latency",
            Topic::Headroom => "Headroom",
            Topic::Bottleneck => "Bottleneck",
            Topic::Next => "Try next",
        }
    }
}

/// What is said about the spots of one work, or about all where they are compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    /// Whose; empty where there is no other.
    pub(super) subject: String,
    /// Sentences, in which flags and commands stand between backticks.
    pub(super) findings: Vec<(Topic, String)>,
}

/// Of a chapter, one for each of its works.
pub(super) fn verdicts(chapter: &Chapter<'_>) -> Vec<Verdict> {
    if chapter.is_comparison() {
        let findings = comparison::findings(chapter);
        return vec![Verdict { subject: String::new(), findings }];
    }
    let works = chapter.works();
    let verdicts = works.iter().map(|work| Verdict {
        subject: work.subject.clone(),
        findings: match chapter.kept.asked.kind {
            Kind::Search => search::findings(chapter, work),
            Kind::Sweep | Kind::Comparison => sweep::findings(chapter, work),
        },
    });
    verdicts.collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::job::Workload;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::Point;

    #[test]
    fn each_work_has_a_verdict_of_its_own() {
        let point = |workload| Point { workload, ..Point::default() };
        let points = vec![point(Workload::Grep), point(Workload::WordCount)];
        let kept = kept(sweep(points.clone()), vec![ran(&points[0], 0, |_| ())]);
        let verdicts = verdicts(&Chapter::new(Path::new("s"), &kept));
        let subjects: Vec<&str> = verdicts.iter().map(|verdict| verdict.subject.as_str()).collect();
        assert_eq!(subjects, ["grep", "word-count"]);
        assert!(verdicts[1].findings[0].1.contains("It has not run yet"), "{verdicts:?}");
    }
}
