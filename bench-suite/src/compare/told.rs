//! What a comparison says, for people and for programs.

use serde::Serialize;

use super::pairs::Pair;
use crate::aligned::aligned;
use crate::turns::{LEAST_PAIRS, Ratio, Verdict, percent};

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
        pairs: &[Pair<'_>],
        Terms { least, sets, ran_in_turn }: Terms,
    ) -> Self {
        let cost = cost(pairs);
        let rates: Vec<f64> = pairs.iter().map(Pair::rate).collect();
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
            verdict: verdict(cost, least),
            cost,
            rate: Ratio::of(&rates),
            sets: sets.collect(),
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
                "\nMore than 1 is worse for B. Of {} pairs of runs, with intervals that hold the true ratio in \
                 99 of 100\ncomparisons, and that reach {} % to either side here.\n",
                cost.pairs,
                percent(cost.floor())
            );
        }
        if !self.ran_in_turn {
            text += "\nThe two did not run in turn: whatever has changed between them, the machine's mood \
                     too, is in the ratio.\n";
        }
        text += &self.told_sets();
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
