//! From values to places in a picture, and the values that are written at an axis.

/// A range of values laid out over a length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    kind: Kind,
    from: f64,
    to: f64,
    /// Where `from` and `to` are, in the picture's units.
    places: [f64; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Linear,
    /// Each factor of ten takes the same room.
    Logarithmic,
}

/// Values beyond this factor are laid out by their logarithms.
const WIDE: f64 = 50.0;

/// As many values are written at an axis, about.
const TICKS: f64 = 5.0;

impl Scale {
    /// From zero to the greatest of `values`, rounded up; over `places`.
    pub fn from_zero(values: impl IntoIterator<Item = f64>, places: [f64; 2]) -> Self {
        let most = values.into_iter().filter(|v| v.is_finite()).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let step = step(most / TICKS);
        Scale { kind: Kind::Linear, from: 0.0, to: (most / step).ceil() * step, places }
    }

    /// Over all `values`, by their logarithms where they are far apart and above zero.
    pub fn over(values: impl IntoIterator<Item = f64>, places: [f64; 2]) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if values.is_empty() || least <= 0.0 || most / least < WIDE {
            return Scale::from_zero(values, places);
        }
        let [from, to] = [least.log10().floor(), most.log10().ceil()].map(|log| 10f64.powf(log));
        Scale { kind: Kind::Logarithmic, from, to, places }
    }

    /// Where a value is.
    pub fn place(&self, value: f64) -> f64 {
        let share = match self.kind {
            Kind::Linear => (value - self.from) / (self.to - self.from),
            Kind::Logarithmic => {
                (value.max(self.from) / self.from).log10() / (self.to / self.from).log10()
            }
        };
        self.places[0] + share * (self.places[1] - self.places[0])
    }

    /// Values to write at the axis, in order.
    pub fn ticks(&self) -> Vec<f64> {
        match self.kind {
            Kind::Linear => {
                let step = step((self.to - self.from) / TICKS);
                let steps = ((self.to - self.from) / step).round() as usize;
                (0..=steps).map(|n| self.from + n as f64 * step).collect()
            }
            Kind::Logarithmic => {
                let decades = (self.to / self.from).log10().round() as i32;
                let first = self.from.log10().round() as i32;
                (0..=decades).map(|n| 10f64.powi(first + n)).collect()
            }
        }
    }

    /// The greatest value that has a place.
    pub fn most(&self) -> f64 {
        self.to
    }
}

/// The least of 1, 2 and 5, times a power of ten, that is no less than this.
fn step(at_least: f64) -> f64 {
    let power = 10f64.powf(at_least.log10().floor());
    let digits = [1.0, 2.0, 5.0, 10.0].into_iter().find(|d| d * power >= at_least * (1.0 - 1e-9));
    digits.unwrap_or(10.0) * power
}

/// A number as an axis has it: short, with `k`, `M` or `G` where it is long.
pub fn short(value: f64) -> String {
    let (value, unit) = match value.abs() {
        v if v >= 1e9 => (value / 1e9, "G"),
        v if v >= 1e6 => (value / 1e6, "M"),
        v if v >= 1e3 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        v if v == 0.0 || v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        v => (2.0 - v.log10().floor()) as usize,
    };
    let text = format!("{value:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_from_zero_ends_at_a_round_number_above_the_greatest_value() {
        let scale = Scale::from_zero([3.0, 17.2], [100.0, 0.0]);
        assert_eq!(scale.most(), 20.0);
        assert_eq!(scale.ticks(), [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!((scale.place(0.0), scale.place(20.0), scale.place(5.0)), (100.0, 0.0, 75.0));
        assert_eq!(Scale::from_zero([], [0.0, 1.0]).ticks().len(), 6);
    }

    #[test]
    fn values_far_apart_are_laid_out_by_their_logarithms() {
        let scale = Scale::over([3.0, 4000.0], [0.0, 400.0]);
        assert_eq!(scale.ticks(), [1.0, 10.0, 100.0, 1000.0, 10_000.0]);
        assert!((scale.place(100.0) - 200.0).abs() < 1e-9);
        let near = Scale::over([3.0, 40.0], [0.0, 400.0]);
        assert_eq!(near.ticks()[0], 0.0);
    }

    #[test]
    fn numbers_are_short() {
        let written = [0.0, 0.0123, 0.5, 1.0, 12.34, 123.4, 1234.0, 5e6, 1.25e9, -2.5];
        let wanted = ["0", "0.0123", "0.5", "1", "12.3", "123", "1.23k", "5M", "1.25G", "-2.5"];
        assert_eq!(written.map(short), wanted);
    }
}
