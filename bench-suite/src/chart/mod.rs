//! Charts, drawn as SVG for inside a page, whose style says how their classes look: `s0` to `s5` are
//! series, `h0` to `h6` the colours of a heat map.

mod number;
mod scale;
mod svg;
mod labels;
mod plot;
mod heat_map;

pub use heat_map::{Cell, STEPS, Side, heat_map, samples, step_of};
pub use number::{digits, short};
pub use plot::{Axis, Plot};
pub use scale::Scale;
pub use svg::{Anchor, SHAPES, Svg, escaped};
