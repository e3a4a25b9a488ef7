//! A picture with an axis to the right and one upwards, on which lines and marks are drawn.

use super::labels::{apart, width_of};
use super::{Anchor, Scale, Svg};

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 290.0;
/// Room above, for the name of the upward axis; below, for the values and the name of the other.
const TOP: f64 = 30.0;
const BELOW: f64 = 44.0;
/// Room at the left, for values.
const LEFT: f64 = 48.0;
/// Room at the right of a plot whose lines have no names.
const RIGHT: f64 = 14.0;
/// From one line of text to the next.
const LINE: f64 = 14.0;

/// An axis: what it is of, with its unit, and where values are.
pub struct Axis<'a> {
    /// What it is of, with its unit.
    pub name: &'a str,
    /// Where values are.
    pub scale: Scale,
}

/// A plot that is being drawn. Places are given as values along its axes.
pub struct Plot {
    svg: Svg,
    x: Scale,
    y: Scale,
    right: f64,
    names: Vec<Name>,
}

/// A name beside the end of a line.
struct Name {
    class: String,
    y: f64,
    text: String,
}

impl Plot {
    /// With its axes drawn. Names beside the ends of lines are at most as long as `longest_name`.
    pub fn new(title: &str, x: Axis<'_>, y: Axis<'_>, longest_name: &str) -> Self {
        let for_names = if longest_name.is_empty() { 0.0 } else { 8.0 + width_of(longest_name) };
        let mut plot = Plot {
            svg: Svg::new(WIDTH, HEIGHT, title),
            x: x.scale,
            y: y.scale,
            right: WIDTH - RIGHT.max(for_names),
            names: Vec::new(),
        };
        plot.draw_upward_axis(y.name);
        plot.draw_axis_to_the_right(x.name);
        plot
    }

    /// The picture, done.
    pub fn done(mut self) -> String {
        let wanted: Vec<f64> = self.names.iter().map(|name| name.y).collect();
        let places = apart(&wanted, LINE, [TOP, HEIGHT - BELOW]);
        for (name, y) in self.names.iter().zip(places) {
            self.svg.text(&name.class, [self.right + 6.0, y + 4.0], Anchor::Start, &name.text);
        }
        self.svg.done()
    }

    /// A line through values.
    pub fn line(&mut self, class: &str, values: &[[f64; 2]]) {
        let places: Vec<[f64; 2]> = values.iter().map(|value| self.place(*value)).collect();
        self.svg.line(class, &places);
    }

    /// A level line all the way, at a value.
    pub fn level(&mut self, class: &str, y: f64) {
        let y = self.y_of(y);
        self.svg.line(class, &[[LEFT, y], [self.right, y]]);
    }

    /// The range between two values, all the way.
    pub fn band(&mut self, class: &str, [low, high]: [f64; 2]) {
        let [bottom, top] = [self.y_of(low), self.y_of(high)];
        self.svg.rect(class, [LEFT, top, self.right - LEFT, (bottom - top).max(1.0)], "");
    }

    /// A mark at a value, with a text that is shown while the pointer is on it.
    pub fn mark(&mut self, class: &str, shape: usize, value: [f64; 2], hint: &str) {
        let place = self.place(value);
        self.svg.mark(class, shape, place, hint);
    }

    /// A cross at a value.
    pub fn cross(&mut self, class: &str, value: [f64; 2], hint: &str) {
        let place = self.place(value);
        self.svg.cross(class, place, hint);
    }

    /// A name at the right, at the height of a value or near it.
    pub fn name(&mut self, class: &str, y: f64, text: &str) {
        self.names.push(Name { class: class.into(), y: self.y_of(y), text: text.into() });
    }

    fn draw_upward_axis(&mut self, name: &str) {
        for (value, text) in self.y.ticks() {
            let y = self.y_of(value);
            self.svg.line("grid", &[[LEFT, y], [self.right, y]]);
            self.svg.text("tick", [LEFT - 6.0, y + 4.0], Anchor::End, &text);
        }
        self.svg.text("axis-name", [2.0, 14.0], Anchor::Start, name);
    }

    fn draw_axis_to_the_right(&mut self, name: &str) {
        let bottom = HEIGHT - BELOW;
        self.svg.line("axis", &[[LEFT, bottom], [self.right, bottom]]);
        let mut free_from = f64::NEG_INFINITY;
        for (value, text) in self.x.ticks() {
            let [x, half] = [self.x_of(value), width_of(&text) / 2.0];
            self.svg.line("axis", &[[x, bottom], [x, bottom + 4.0]]);
            if x - half > free_from {
                self.svg.text("tick", [x, bottom + 16.0], Anchor::Middle, &text);
                free_from = x + half + 4.0;
            }
        }
        let middle = f64::midpoint(LEFT, self.right);
        self.svg.text("axis-name", [middle, HEIGHT - 8.0], Anchor::Middle, name);
    }

    fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.x_of(x), self.y_of(y)]
    }

    fn x_of(&self, value: f64) -> f64 {
        LEFT + self.x.share(value) * (self.right - LEFT)
    }

    fn y_of(&self, value: f64) -> f64 {
        let bottom = HEIGHT - BELOW;
        bottom - self.y.share(value) * (bottom - TOP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Plot {
        let names = ["10ms", "100ms"].map(String::from).to_vec();
        let x = Axis { name: "batch interval", scale: Scale::of_names(names) };
        let y = Axis { name: "M lines/s", scale: Scale::from_zero([10.0]) };
        Plot::new("rates", x, y, "word-count")
    }

    #[test]
    fn axes_have_names_and_values() {
        let text = plot().done();
        for written in [">M lines/s<", ">batch interval<", ">100ms<", ">10<"] {
            assert!(text.contains(written), "{written}: {text}");
        }
    }

    #[test]
    fn names_of_lines_that_end_at_one_place_are_apart() {
        let mut plot = plot();
        plot.name("s0", 5.0, "a");
        plot.name("s1", 5.0, "b");
        let text = plot.done();
        let height = |name: &str| -> f64 {
            let before = text.split(&format!(">{name}<")).next().unwrap();
            before.rsplit("y=\"").next().unwrap().split('"').next().unwrap().parse().unwrap()
        };
        assert!((height("b") - height("a")).abs() >= LINE - 0.1, "{text}");
    }
}
