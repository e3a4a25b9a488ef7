//! A grid of cells: the greater its value, the stronger a cell's colour. The number stands in it.

use super::labels::width_of;
use super::{Anchor, Svg};

/// As many steps of colour there are, classes `h0` to `h6` of the page's style.
pub const STEPS: usize = 7;

const CELL: [f64; 2] = [62.0, 34.0];
/// Between the lines of a hatch.
const GAP: f64 = 7.0;
/// Room above, for the name of the rows; below, for the columns' names and theirs in all.
const TOP: f64 = 26.0;
const BELOW: f64 = 42.0;

/// What is in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A number.
    Number {
        /// Which of the [`STEPS`] colours it has.
        step: usize,
        /// As it is written.
        text: String,
        /// Shown while the pointer is on it.
        hint: String,
        /// Whether slanted lines mark it.
        is_hatched: bool,
    },
    /// No number, and why, in a word.
    None {
        /// The word.
        text: String,
        /// Shown while the pointer is on it.
        hint: String,
    },
}

/// One side of the grid.
pub struct Side<'a> {
    /// What it is of.
    pub name: &'a str,
    /// What stands along it.
    pub values: &'a [String],
}

/// Draws cells, row by row, the first row at the bottom.
pub fn heat_map(title: &str, columns: &Side<'_>, rows: &Side<'_>, cells: &[Vec<Cell>]) -> String {
    let [width, height] = CELL;
    let longest = rows.values.iter().map(|value| width_of(value)).fold(0.0, f64::max);
    let left = (longest + 10.0).max(40.0);
    let bottom = TOP + height * rows.values.len() as f64;
    let wide = (left + width * columns.values.len() as f64).max(width_of(rows.name) + 4.0) + 2.0;
    let mut svg = Svg::new(wide, bottom + BELOW, title);
    svg.text("axis-name", [2.0, 14.0], Anchor::Start, rows.name);
    for (row, (name, cells)) in rows.values.iter().zip(cells).enumerate() {
        let top = bottom - height * (row + 1) as f64;
        svg.text("tick", [left - 6.0, top + height / 2.0 + 4.0], Anchor::End, name);
        for (column, cell) in cells.iter().enumerate() {
            let x = left + width * column as f64;
            draw(&mut svg, cell, [x + 1.0, top + 1.0, width - 2.0, height - 2.0]);
        }
    }
    for (column, name) in columns.values.iter().enumerate() {
        let middle = left + width * (column as f64 + 0.5);
        svg.text("tick", [middle, bottom + 16.0], Anchor::Middle, name);
    }
    let middle = left + width * columns.values.len() as f64 / 2.0;
    svg.text("axis-name", [middle, bottom + 34.0], Anchor::Middle, columns.name);
    svg.done()
}

fn draw(svg: &mut Svg, cell: &Cell, box_: [f64; 4]) {
    let [x, y, width, height] = box_;
    let middle = [x + width / 2.0, y + height / 2.0 + 4.0];
    match cell {
        Cell::Number { step, text, hint, is_hatched } => {
            svg.rect(&format!("h{step}"), box_, hint);
            if *is_hatched {
                svg.hatch(&format!("hatch on-h{step}"), box_, GAP);
            }
            svg.text(&format!("cell on-h{step}"), middle, Anchor::Middle, text);
        }
        Cell::None { text, hint } => {
            svg.rect("no-number", box_, hint);
            svg.text("cell faint", middle, Anchor::Middle, text);
        }
    }
}

/// Which colour a value has among others that lie between `least` and `most`.
pub fn step_of(value: f64, [least, most]: [f64; 2]) -> usize {
    let share = if most > least { (value - least) / (most - least) } else { 0.5 };
    ((share * STEPS as f64) as usize).min(STEPS - 1)
}

/// The samples of a legend: all colours in order, one that is hatched, and a cell without a number.
pub fn samples() -> [String; 3] {
    let [width, height] = [14.0, 14.0];
    let mut colours =
        Svg::new(width * STEPS as f64, height, "colours from the least to the greatest");
    for step in 0..STEPS {
        colours.rect(&format!("h{step}"), [width * step as f64, 0.0, width, height], "");
    }
    let sample = [0.0, 0.0, 2.0 * width, height];
    let mut hatched = Svg::new(2.0 * width, height, "hatched");
    hatched.rect("h2", sample, "");
    hatched.hatch("hatch on-h2", sample, GAP);
    let mut none = Svg::new(2.0 * width, height, "no number");
    none.rect("no-number", sample, "");
    [colours.done(), hatched.done(), none.done()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_from_the_least_to_the_greatest() {
        let steps = [1.0, 1.5, 4.0, 7.9, 8.0].map(|value| step_of(value, [1.0, 8.0]));
        assert_eq!(steps, [0, 0, 3, 6, 6]);
        assert_eq!(step_of(5.0, [5.0, 5.0]), 3);
    }

    #[test]
    fn what_does_not_hold_is_marked_by_more_than_its_colour() {
        let number = |is_hatched| {
            let (text, hint) = ("1.23".into(), "it waited".into());
            vec![vec![Cell::Number { step: 2, text, hint, is_hatched }]]
        };
        let values = ["100ms".to_string()];
        let side = || Side { name: "batch", values: &values };
        let [plain, hatched] =
            [false, true].map(|is| heat_map("rates", &side(), &side(), &number(is)));
        assert!(!plain.contains("hatch") && hatched.contains("class=\"hatch on-h2\""));
        assert!(hatched.contains("<title>it waited</title>") && hatched.contains(">1.23<"));
    }
}
