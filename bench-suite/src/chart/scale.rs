//! From values to places along an axis, and the values that are written there.

use super::number::short;

/// Values laid out along an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    kind: Kind,
    from: f64,
    to: f64,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// With a value written at every multiple of this.
    Linear { step: f64 },
    /// With these values written.
    Marked(Vec<f64>),
    /// Each factor takes the same room.
    Logarithmic,
    /// Each name takes the same room; its value is its number.
    Names(Vec<String>),
}

/// Values beyond this factor are laid out by their logarithms.
const WIDE: f64 = 30.0;

/// As many values are written at an axis, about.
const TICKS: f64 = 5.0;

/// Up to so many factors of ten have values written within each.
const FEW_DECADES: f64 = 2.5;

impl Scale {
    /// From zero to the greatest of `values`, rounded up.
    pub fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let most = values.into_iter().filter(|v| v.is_finite()).fold(0.0, f64::max);
        Scale::linear(0.0, if most > 0.0 { most } else { 1.0 })
    }

    /// Over all `values`: by their logarithms where they are far apart and above zero, else from zero.
    pub fn over(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        let [least, most] = ends(&values);
        if values.is_empty() || least <= 0.0 || most / least < WIDE {
            return Scale::from_zero(values);
        }
        let from = [5.0, 2.0, 1.0].map(|digit| digit * power_of_ten(least));
        let to = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power_of_ten(most));
        Scale {
            kind: Kind::Logarithmic,
            from: from.into_iter().find(|v| *v <= least * ROUNDING).unwrap_or(least),
            to: to.into_iter().find(|v| *v * ROUNDING >= most).unwrap_or(most),
        }
    }

    /// Around all `values`, rounded outwards, zero or not.
    pub fn around(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        let [least, most] = ends(&values);
        match most > least {
            true => Scale::linear(least, most),
            false => Scale::from_zero(values),
        }
    }

    /// From name to name.
    pub fn of_names(names: Vec<String>) -> Self {
        let to = names.len() as f64 - 0.5;
        Scale { kind: Kind::Names(names), from: -0.5, to }
    }

    /// From zero to the greatest of `values`, each of which is written, and nothing else.
    pub fn marked(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let to = values.last().copied().unwrap_or(1.0);
        Scale { kind: Kind::Marked(values), from: 0.0, to }
    }

    fn linear(from: f64, to: f64) -> Self {
        let step = step((to - from) / TICKS);
        let [from, to] = [(from / step + 1e-9).floor() * step, (to / step - 1e-9).ceil() * step];
        Scale { kind: Kind::Linear { step }, from, to }
    }

    /// How far along the axis a value is: 0 is where it begins, 1 where it ends.
    pub fn share(&self, value: f64) -> f64 {
        match self.kind {
            Kind::Linear { .. } | Kind::Marked(_) | Kind::Names(_) => {
                (value - self.from) / (self.to - self.from)
            }
            Kind::Logarithmic => {
                (value.max(self.from) / self.from).ln() / (self.to / self.from).ln()
            }
        }
    }

    /// Values to write at the axis, in order.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let named = |value: f64| (value, short(value));
        match &self.kind {
            Kind::Names(names) => {
                names.iter().enumerate().map(|(n, name)| (n as f64, name.clone())).collect()
            }
            Kind::Marked(values) => values.iter().map(|value| named(*value)).collect(),
            Kind::Linear { step } => {
                let [first, last] = [self.from / step, self.to / step].map(|n| n.round() as i64);
                (first..=last).map(|n| named(n as f64 * step)).collect()
            }
            Kind::Logarithmic => {
                let decades = (self.to / self.from).log10();
                let digits = if decades <= FEW_DECADES { &[1.0, 2.0, 5.0][..] } else { &[1.0] };
                let powers = self.from.log10().floor() as i32..=self.to.log10().ceil() as i32;
                let all = powers.flat_map(|n| digits.iter().map(move |d| d * 10f64.powi(n)));
                let within =
                    all.filter(|v| *v >= self.from * (2.0 - ROUNDING) && *v <= self.to * ROUNDING);
                within.map(named).collect()
            }
        }
    }

    /// Whether values are laid out by their logarithms.
    pub fn is_logarithmic(&self) -> bool {
        self.kind == Kind::Logarithmic
    }
}

/// So much is a value off at most that was rounded on its way.
const ROUNDING: f64 = 1.0 + 1e-9;

fn ends(values: &[f64]) -> [f64; 2] {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    [least, values.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
}

fn power_of_ten(value: f64) -> f64 {
    10f64.powf(value.log10().floor())
}

/// The least of 1, 2 and 5, times a power of ten, that is no less than this.
fn step(at_least: f64) -> f64 {
    let power = power_of_ten(at_least);
    let digits = [1.0, 2.0, 5.0].into_iter().find(|d| d * power * ROUNDING >= at_least);
    digits.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(scale: &Scale) -> Vec<f64> {
        scale.ticks().into_iter().map(|(value, _)| value).collect()
    }

    #[test]
    fn an_axis_from_zero_ends_at_a_round_number_above_the_greatest_value() {
        let scale = Scale::from_zero([3.0, 17.2]);
        assert_eq!(values(&scale), [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!((scale.share(0.0), scale.share(20.0), scale.share(5.0)), (0.0, 1.0, 0.25));
        assert_eq!(values(&Scale::from_zero([])).len(), 6);
        assert_eq!(values(&Scale::from_zero([20.0])).last(), Some(&20.0));
    }

    #[test]
    fn values_far_apart_are_laid_out_by_their_logarithms() {
        let scale = Scale::over([1.5, 4000.0]);
        assert!(scale.is_logarithmic());
        assert_eq!(values(&scale), [1.0, 10.0, 100.0, 1000.0]);
        let narrower = Scale::over([3.0, 100.0]);
        assert_eq!(values(&narrower), [2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
        assert!((narrower.share(14.142) - 0.5).abs() < 1e-3 && narrower.share(0.0) == 0.0);
        assert_eq!(values(&Scale::over([3.0, 40.0]))[0], 0.0);
        assert_eq!(values(&Scale::over([0.0, 4000.0]))[0], 0.0);
    }

    #[test]
    fn an_axis_around_values_need_not_begin_at_zero() {
        let scale = Scale::around([0.97, 1.052]);
        assert_eq!(scale.ticks()[0].1, "0.96");
        assert_eq!(scale.ticks().last().unwrap().1, "1.06");
        assert_eq!(values(&Scale::around([5.0]))[0], 0.0);
    }

    #[test]
    fn values_that_are_marked_lie_where_they_would_anyway() {
        let scale = Scale::marked([4.0, 1.0, 2.0, 2.0]);
        assert_eq!((values(&scale), scale.share(2.0)), (vec![1.0, 2.0, 4.0], 0.5));
    }

    #[test]
    fn names_take_the_same_room_each() {
        let scale = Scale::of_names(["a", "b"].map(String::from).to_vec());
        assert_eq!(scale.ticks()[1], (1.0, "b".into()));
        assert_eq!((scale.share(0.0), scale.share(1.0)), (0.25, 0.75));
    }
}
