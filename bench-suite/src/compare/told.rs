//! What a comparison says, for people and for programs.

use serde::Serialize;

use super::pairs::{Pair, Pairs};
use super::units::{AtPoint, Unit, at_points};
use crate::aligned::aligned;
use crate::turns::{LEAST_PAIRS, Ratio, Verdict, percent};

/// As many points are told one by one; all are in the outcome's JSON form.
const MOST_POINTS: usize = 12;

/// As many of the pairs that came to nothing are told with their reasons.
const MOST_LOST: usize = 3;

/// The version of the outcome's JSON form.
const SCHEMA_VERSION: u32 = 1;

/// What pairs say: all of them, or those of a set.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Found {
    schema_version: u32,
    /// What each side is.
    sides: [String; 2],
    /// The least difference that counts, as a share.
    least: f64,
    pub(super) verdict: Verdict,
    /// Processor seconds of B for those of A, for the same number of lines; nothing for too few pairs.
    cost: Option<Ratio>,
    /// Lines a second of A for those of B.
    rate: Option<Ratio>,
    /// What both ratios are counted in.
    unit: Unit,
    /// Where several points are compared, each of them, the worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    points: Vec<AtPoint>,
    /// Why pairs are missing of which a side came to nothing, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) lost: Vec<String>,
    /// Disjoint sets of the same pairs, in order, each judged by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sets: Vec<Set>,
    /// Pairs that are in no set, for there are too few for another.
    #[serde(skip_serializing_if = "is_nothing")]
    pairs_in_no_set: usize,
    /// Whether both sides ran in turn, so that the machine's mood is in neither.
    ran_in_turn: bool,
}

/// How pairs are judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The least difference that counts, as a share.
    pub(super) least: f64,
    /// Into how many sets they are cut, each judged by itself.
    pub(super) sets: usize,
    /// Whether both sides ran in turn.
    pub(super) ran_in_turn: bool,
}

/// Some of the pairs.
#[derive(Clone, Debug, Serialize)]
struct Set {
    verdict: Verdict,
    cost: Option<Ratio>,
}

impl Found {
    /// What these pairs say, and each of so many sets of them. Sides that are two kept results have not
    /// run in turn.
    pub(super) fn of(
        sides: [String; 2],
        pairs: Pairs<'_>,
        Terms { least, sets, ran_in_turn }: Terms,
    ) -> Self {
        let unit = Unit::of(&pairs);
        let points = at_points(&pairs, least);
        let Pairs { all: pairs, lost, .. } = pairs;
        let cost = Ratio::of(&unit.ratios(&pairs, Pair::cost));
        let rate = Ratio::of(&unit.ratios(&pairs, Pair::rate));
        let one_stands_out = points.iter().any(|point| point.stands_out);
        let overall = if one_stands_out { Verdict::Worse } else { verdict(cost, least) };
        let (each, in_no_set) = match sets {
            0 => (pairs.len() + 1, 0),
            sets => ((pairs.len() / sets).max(1), pairs.len() % sets),
        };
        let sets = pairs.chunks_exact(each).take(sets).map(|pairs| {
            let cost = self::cost(pairs);
            Set { verdict: verdict(cost, least), cost }
        });
        Found {
            schema_version: SCHEMA_VERSION,
            sides,
            least,
            verdict: overall,
            cost,
            rate,
            unit,
            sets: sets.collect(),
            points,
            lost,
            pairs_in_no_set: in_no_set,
            ran_in_turn,
        }
    }

    /// Aligned, with the verdict last.
    pub(super) fn told(&self) -> String {
        let [a, b] = &self.sides;
        let told = |ratio: Option<Ratio>| {
            let too_few = || format!("too few pairs for an interval: {LEAST_PAIRS} are the least");
            ratio.map_or_else(too_few, |ratio| ratio.to_string())
        };
        let mut text = format!("A  {a}\nB  {b}\n\n");
        text += &format!("CPU s per line, B for A   {}\n", told(self.cost));
        text += &format!("lines/s, A for B          {}\n", told(self.rate));
        if let Some(cost) = self.cost {
            text += &format!(
                "\nMore than 1 is worse for B. Of {} {}, with intervals that hold the true\nratio in 99 of 100 \
                 comparisons, and that reach {} % to either side here.\n",
                cost.pairs,
                self.unit.told(),
                percent(cost.floor())
            );
        }
        if !self.ran_in_turn {
            text += "\nThe two did not run in turn: whatever has changed between them, the machine's mood \
                     too, is in the ratio.\n";
        }
        text += &self.told_points();
        text += &self.told_sets();
        text += &self.told_lost();
        text += &format!("\nB is {}.", self.in_words());
        text
    }

    /// What came out, in a line.
    pub(super) fn headline(&self) -> String {
        let sets = match self.sets.len() {
            0 => String::new(),
            n => format!(
                "; of {n} sets, {} say that B is worse, {} better, {} are inconclusive",
                self.sets_that_say(Verdict::Worse),
                self.sets_that_say(Verdict::Better),
                self.sets_that_say(Verdict::Inconclusive)
            ),
        };
        format!("B is {}{sets}", self.in_words())
    }

    fn sets_that_say(&self, verdict: Verdict) -> usize {
        self.sets.iter().filter(|set| set.verdict == verdict).count()
    }

    /// The verdict in words, as in `B is ..`.
    fn in_words(&self) -> String {
        let cost = self.cost.map_or(f64::NAN, |cost| cost.estimate);
        let out = self.points.iter().filter(|point| point.stands_out).count();
        if let (Some(worst), true) = (self.points.first(), out > 0) {
            return format!(
                "worse at {out} of {} points, by up to {} % more processor seconds a line ({})",
                self.points.len(),
                percent(worst.cost - 1.0),
                worst.point
            );
        }
        match self.verdict {
            Verdict::Worse => {
                format!("worse: it takes {} % more processor seconds a line", percent(cost - 1.0))
            }
            Verdict::Better => {
                format!("better: it takes {} % fewer processor seconds a line", percent(1.0 - cost))
            }
            Verdict::NoDifference => {
                format!("no different from A, by {} % or more", percent(self.least))
            }
            Verdict::Inconclusive => {
                "not to be told from A by so few pairs, or on so restless a machine: \
                                      give more with --pairs"
                    .into()
            }
        }
    }

    fn told_points(&self) -> String {
        if self.points.is_empty() {
            return String::new();
        }
        let rows = self.points.iter().take(MOST_POINTS).map(|at| {
            let range = format!("{:.3} to {:.3}", at.least, at.most);
            let mark = if at.stands_out { "worse" } else { "" };
            [at.point.clone(), format!("{:.3}", at.cost), range, at.turns.to_string(), mark.into()]
        });
        let table = aligned(["point", "CPU s, B for A", "its turns", "turns", "stands out"], rows);
        let left_out = match self.points.len().saturating_sub(MOST_POINTS) {
            0 => String::new(),
            more => format!("{more} more are lower, and in --json.\n"),
        };
        format!("\nPoint by point, the worst first:\n\n{table}\n{left_out}")
    }

    fn told_lost(&self) -> String {
        if self.lost.is_empty() {
            return String::new();
        }
        let mut text = match self.lost.len() {
            1 => "\nOne pair came to nothing, and is left out:\n".to_string(),
            n => format!("\n{n} pairs came to nothing, and are left out:\n"),
        };
        self.lost.iter().take(MOST_LOST).for_each(|reason| text += &format!("  {reason}\n"));
        if self.lost.len() > MOST_LOST {
            text += &format!("  and {} more\n", self.lost.len() - MOST_LOST);
        }
        text
    }

    fn told_sets(&self) -> String {
        if self.sets.is_empty() {
            return String::new();
        }
        let rows = self.sets.iter().enumerate().map(|(number, set)| {
            let cost = set.cost.map_or("-".into(), |cost| cost.to_string());
            let floor = set.cost.map_or("-".into(), |cost| format!("{} %", percent(cost.floor())));
            [(number + 1).to_string(), cost, floor, set.verdict.told(self.least)]
        });
        let table = aligned(["set", "CPU s, B for A", "reaches", "verdict"], rows);
        let floor = self.sets.iter().filter_map(|set| Some(set.cost?.floor())).reduce(f64::max);
        let floor = floor.map_or("not known, for each set has too few pairs".into(), |floor| {
            format!("{} %, as far as the widest interval of a set reaches", percent(floor))
        });
        let left_over = match self.pairs_in_no_set {
            0 => String::new(),
            pairs => format!(" {pairs} pairs are in no set."),
        };
        format!(
            "\n{table}\nOf {} sets, {} say that B is worse, {} better, {} no difference above {} %; {} are \
             inconclusive.{left_over}\nNoise floor: {floor}.\n",
            self.sets.len(),
            self.sets_that_say(Verdict::Worse),
            self.sets_that_say(Verdict::Better),
            self.sets_that_say(Verdict::NoDifference),
            percent(self.least),
            self.sets_that_say(Verdict::Inconclusive),
        )
    }
}

fn is_nothing(pairs: &usize) -> bool {
    *pairs == 0
}

fn cost(pairs: &[Pair<'_>]) -> Option<Ratio> {
    Ratio::of(&pairs.iter().map(Pair::cost).collect::<Vec<_>>())
}

fn verdict(cost: Option<Ratio>, least: f64) -> Verdict {
    cost.map_or(Verdict::Inconclusive, |cost| cost.verdict(least))
}
