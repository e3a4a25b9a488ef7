//! Charts, drawn as SVG.

mod scale;
mod svg;

pub use scale::{Scale, short};
pub use svg::{Anchor, Svg, escaped, shown};
