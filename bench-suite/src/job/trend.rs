//! Whether a figure grows while a run goes on: the slope of the straight line through its values, and
//! how far off chance may have put it.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Sums over values and their times, which is all that a straight line needs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Values {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

/// How steeply values rise, by least squares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slope {
    /// So much a second.
    pub per_s: f64,
    /// The standard error of that.
    pub error_per_s: f64,
}

impl Slope {
    /// What the slope is at least: three standard errors less.
    pub fn at_least_per_s(&self) -> f64 {
        self.per_s - 3.0 * self.error_per_s
    }
}

impl Values {
    pub(super) fn add(&mut self, at_s: f64, value: f64) {
        let one = (1.0, at_s, value, at_s * at_s, at_s * value, value * value);
        let (n, x, y, xx, xy, yy) = one;
        *self += Values { n, x, y, xx, xy, yy };
    }

    /// Nothing for fewer than three values, which lie on a line whatever they are.
    pub(super) fn slope(&self) -> Option<Slope> {
        let Values { n, x, y, xx, xy, yy } = *self;
        let (spread_x, both, spread_y) = (xx - x * x / n, xy - x * y / n, yy - y * y / n);
        if n < 3.0 || spread_x <= 0.0 {
            return None;
        }
        let per_s = both / spread_x;
        // Rounding may leave less than nothing of it.
        let beside_the_line = (spread_y - per_s * both).max(0.0);
        Some(Slope { per_s, error_per_s: (beside_the_line / (n - 2.0) / spread_x).sqrt() })
    }
}

impl AddAssign for Values {
    fn add_assign(&mut self, other: Self) {
        self.n += other.n;
        self.x += other.x;
        self.y += other.y;
        self.xx += other.xx;
        self.xy += other.xy;
        self.yy += other.yy;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(values: &[f64]) -> Option<Slope> {
        let mut all = Values::default();
        values.iter().enumerate().for_each(|(at, value)| all.add(at as f64, *value));
        all.slope()
    }

    #[test]
    fn of_a_straight_line_it_is_exact() {
        assert_eq!(slope(&[5.0, 7.0, 9.0]), Some(Slope { per_s: 2.0, error_per_s: 0.0 }));
        assert_eq!(slope(&[4.0; 9]).unwrap().per_s, 0.0);
        assert_eq!(slope(&[1.0, 2.0]), None);
    }

    #[test]
    fn what_goes_up_and_down_does_not_grow_for_sure() {
        let restless = slope(&[1.0, 9.0, 2.0, 8.0, 3.0, 9.5]).unwrap();
        assert!(restless.per_s > 0.0 && restless.at_least_per_s() < 0.0, "{restless:?}");
        let growing = slope(&[1.0, 2.1, 2.9, 4.1, 5.0, 6.1]).unwrap();
        assert!(growing.at_least_per_s() > 0.8, "{growing:?}");
    }

    #[test]
    fn parts_add_up() {
        let (mut first, mut second) = (Values::default(), Values::default());
        [1.0, 4.0, 2.0].iter().enumerate().for_each(|(at, v)| first.add(at as f64, *v));
        [9.0, 3.0].iter().enumerate().for_each(|(at, v)| second.add(3.0 + at as f64, *v));
        first += second;
        assert_eq!(first.slope(), slope(&[1.0, 4.0, 2.0, 9.0, 3.0]));
    }
}
