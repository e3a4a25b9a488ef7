//! The points of a sweep: every combination of the values along its axes that the engine would run.

use std::collections::BTreeMap;

use crate::series::{Axis, Point, too_many};

/// The values of each axis, as they are written on the command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Axes(BTreeMap<Axis, Vec<String>>);

/// A grid of points.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    /// Those that the engine would run, in the order of the axes.
    pub(super) points: Vec<Point>,
    /// The others, and why not, a sentence each.
    pub(super) left_out: Vec<String>,
}

impl Axes {
    /// Sets the values of an axis. `Err` says what is wrong with one, that there is none, or that one is
    /// there twice.
    pub(super) fn set(&mut self, axis: Axis, values: Vec<String>) -> Result<(), String> {
        if values.is_empty() {
            return Err(format!(
                "the axis {axis} has no values; give one at least, or leave it out"
            ));
        }
        let mut seen: Vec<Option<String>> = Vec::new();
        for value in &values {
            let mut point = Point::default();
            axis.set(&mut point, value)?;
            let value = axis.of(&point);
            if seen.contains(&value) {
                return Err(format!("the axis {axis} has {} twice", value.unwrap_or_default()));
            }
            seen.push(value);
        }
        self.0.insert(axis, values);
        Ok(())
    }

    /// Each axis that was given, with its values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Axis, &[String])> {
        self.0.iter().map(|(axis, values)| (*axis, &values[..]))
    }

    /// The axes with more than one value, along which points differ.
    pub(super) fn varied(&self) -> Vec<Axis> {
        self.0.iter().filter(|(_, values)| values.len() > 1).map(|(axis, _)| *axis).collect()
    }

    /// All combinations, over what `base` has for the other axes; the last axis varies first.
    pub(super) fn grid(&self, base: &Point) -> Result<Grid, String> {
        let lengths = self.0.values().map(Vec::len);
        let combinations = lengths.fold(1, usize::saturating_mul);
        if let Some(reason) = too_many(combinations, 1) {
            return Err(reason);
        }
        let mut points = vec![base.clone()];
        for (axis, values) in &self.0 {
            let mut more = Vec::with_capacity(points.len() * values.len());
            for point in &points {
                for value in values {
                    let mut point = point.clone();
                    axis.set(&mut point, value)?;
                    more.push(point);
                }
            }
            points = more;
        }
        let varied = self.varied();
        let mut grid = Grid { points: Vec::new(), left_out: Vec::new() };
        for point in points {
            match point.refused() {
                Some(reason) => grid.left_out.push(format!("{}: {reason}", point.along(&varied))),
                None => grid.points.push(point),
            }
        }
        if grid.points.is_empty() {
            return Err(format!(
                "no combination of these values can be run: {}",
                grid.left_out.first().map_or("there is none", |reason| reason.as_str())
            ));
        }
        Ok(grid)
    }
}

/// The order of the runs of so many points in so many turns: in each turn every point once, forwards and
/// backwards in turn, so that a machine that drifts does so for all of them.
pub(super) fn order(points: usize, turns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..turns).flat_map(move |turn| {
        (0..points).map(move |at| if turn % 2 == 0 { (at, turn) } else { (points - 1 - at, turn) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(given: &[(Axis, &[&str])]) -> Result<Axes, String> {
        let mut axes = Axes::default();
        for (axis, values) in given {
            axes.set(*axis, values.iter().map(ToString::to_string).collect())?;
        }
        Ok(axes)
    }

    #[test]
    fn every_combination_that_can_be_run_is_there_once() {
        let axes = axes(&[
            (Axis::Block, &["50ms", "200ms"]),
            (Axis::Batch, &["100ms", "1s"]),
            (Axis::Parallelism, &["1", "2"]),
        ])
        .unwrap();
        assert_eq!(axes.varied(), [Axis::Batch, Axis::Block, Axis::Parallelism]);
        let grid = axes.grid(&Point::default()).unwrap();
        let told: Vec<String> = grid.points.iter().map(|p| p.along(&axes.varied())).collect();
        assert_eq!(told.len(), 6);
        assert_eq!(told[0], "batch 100ms, block 50ms, parallelism 1");
        assert_eq!(told[5], "batch 1s, block 200ms, parallelism 2");
        assert_eq!(grid.left_out.len(), 2);
        assert!(grid.left_out[0].contains("no multiple of a block of 200 ms"), "{grid:?}");
    }

    #[test]
    fn what_is_wrong_with_an_axis_is_told() {
        let refused = |axis, values: &[&str]| axes(&[(axis, values)]).unwrap_err();
        assert!(refused(Axis::Batch, &[]).contains("no values"));
        assert!(refused(Axis::Batch, &["1s", "1000ms"]).contains("1s twice"));
        assert!(refused(Axis::Batch, &["soon"]).contains("batch \"soon\""));
        assert!(refused(Axis::Workload, &["wordcount"]).contains("word-count"));
        let none = axes(&[(Axis::Workload, &["grep"]), (Axis::Window, &["10s"])])
            .unwrap()
            .grid(&Point::default());
        assert!(none.unwrap_err().contains("grep has no window"));
        let numbers: Vec<String> = (1..=1000).map(|n| n.to_string()).collect();
        let mut cube = Axes::default();
        for axis in [Axis::Parallelism, Axis::Connections, Axis::Keys] {
            cube.set(axis, numbers.clone()).unwrap();
        }
        let refused = cube.grid(&Point::default()).unwrap_err();
        assert!(refused.contains("are 1000000000 runs, and at most"), "{refused}");
    }

    #[test]
    fn turns_go_forwards_and_backwards() {
        let order: Vec<_> = order(3, 2).collect();
        assert_eq!(order, [(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1)]);
    }
}
