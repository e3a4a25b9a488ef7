//! The few elements of SVG that charts are made of. Every text is escaped, and how anything looks is left
//! to the page's style, by its class.

use std::fmt::{Arguments, Write};

/// A picture that is being drawn.
pub struct Svg {
    text: String,
}

/// Where a text lies from its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// To the right of it.
    Start,
    /// Around it.
    Middle,
    /// To the left of it.
    End,
}

/// Half of a mark's width.
const MARK: f64 = 4.0;

/// So many times as large as its numbers say a picture is shown, where the page has room.
const SHOWN: f64 = 1.12;

/// As many marks have shapes of their own.
pub const SHAPES: usize = 6;

impl Svg {
    /// An empty picture of this size, for inside a page; `title` is what it shows, for those who do not see
    /// it.
    pub fn new(width: f64, height: f64, title: &str) -> Self {
        let mut svg = Svg { text: String::new() };
        let [wide, high] = [width, height].map(|length| place(length * SHOWN));
        let [width, height] = [width, height].map(place);
        svg.put(format_args!(
            "<svg viewBox=\"0 0 {width} {height}\" width=\"{wide}\" height=\"{high}\" role=\"img\" \
             aria-label=\"{}\">\n",
            escaped(title)
        ));
        svg
    }

    /// The picture, done.
    pub fn done(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    /// A rectangle with a text that is shown while the pointer is on it.
    pub fn rect(&mut self, class: &str, [x, y, width, height]: [f64; 4], hint: &str) {
        let [x, y, width, height] = [x, y, width, height].map(place);
        self.put(format_args!(
            "<rect class=\"{}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\">{}</rect>\n",
            escaped(class),
            hinted(hint)
        ));
    }

    /// A line from point to point.
    pub fn line(&mut self, class: &str, points: &[[f64; 2]]) {
        let points: Vec<String> =
            points.iter().map(|[x, y]| format!("{},{}", place(*x), place(*y))).collect();
        self.put(format_args!(
            "<polyline class=\"{}\" points=\"{}\"/>\n",
            escaped(class),
            points.join(" ")
        ));
    }

    /// Slanted lines all over a rectangle.
    pub fn hatch(&mut self, class: &str, [left, top, width, height]: [f64; 4], gap: f64) {
        let mut path = String::new();
        let mut along = gap;
        // Each line runs from the lower left to the upper right; `along` is where it would cut the top,
        // counted from the left.
        while along < width + height {
            let from = [(along - height).max(0.0), along.min(height)];
            let to = [along.min(width), (along - width).max(0.0)];
            let [x1, y1, x2, y2] =
                [left + from[0], top + from[1], left + to[0], top + to[1]].map(place);
            path += &format!("M{x1} {y1}L{x2} {y2}");
            along += gap;
        }
        self.put(format_args!("<path class=\"{}\" d=\"{path}\"/>\n", escaped(class)));
    }

    /// A mark of one of [`SHAPES`] shapes, with a text that is shown while the pointer is on it.
    pub fn mark(&mut self, class: &str, shape: usize, [x, y]: [f64; 2], hint: &str) {
        let r = MARK;
        let path = match shape % SHAPES {
            0 => format!("m-{r} 0a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z", d = 2.0 * r),
            1 => format!("m-{h} -{h}h{d}v{d}h-{d}z", h = r - 0.5, d = 2.0 * r - 1.0),
            2 => format!("m0 -{t}l{t} {d}h-{w}z", t = r + 0.5, d = 2.0 * r, w = 2.0 * r + 1.0),
            3 => format!("m0 -{t}l{t} {t}l-{t} {t}l-{t} -{t}z", t = r + 1.0),
            4 => format!("m0 {t}l{t} -{d}h-{w}z", t = r + 0.5, d = 2.0 * r, w = 2.0 * r + 1.0),
            _ => format!("m-{r} -{r}h{r}v{r}h{r}v{r}h-{r}v-{r}h-{r}z"),
        };
        self.put(format_args!(
            "<path class=\"{}\" d=\"M{} {}{path}\">{}</path>\n",
            escaped(class),
            place(x),
            place(y),
            hinted(hint)
        ));
    }

    /// A cross, with a text that is shown while the pointer is on it.
    pub fn cross(&mut self, class: &str, [x, y]: [f64; 2], hint: &str) {
        let (r, d) = (MARK, 2.0 * MARK);
        self.put(format_args!(
            "<path class=\"{}\" d=\"M{} {}m-{r} -{r}l{d} {d}m0 -{d}l-{d} {d}\">{}</path>\n",
            escaped(class),
            place(x),
            place(y),
            hinted(hint)
        ));
    }

    /// A text.
    pub fn text(&mut self, class: &str, [x, y]: [f64; 2], anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let [x, y] = [x, y].map(place);
        self.put(format_args!(
            "<text class=\"{}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>\n",
            escaped(class),
            escaped(text)
        ));
    }

    fn put(&mut self, what: Arguments<'_>) {
        self.text.write_fmt(what).expect("a string takes whatever is written to it");
    }
}

fn hinted(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(hint)) }
}

/// A place, as precise as anybody sees.
fn place(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".into() } else { text.into() }
}

/// A text for a page: whatever is in it, it is no markup.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let mut svg = Svg::new(10.0, 20.5, "<a> & \"b\"");
        svg.text("x", [1.0, 2.25], Anchor::Middle, "</text><script>");
        svg.mark("x\" onload=\"", 0, [0.0, 0.0], "'");
        let text = svg.done();
        assert!(!text.contains("<script") && !text.contains("onload=\""), "{text}");
        assert!(text.contains("viewBox=\"0 0 10 20.5\"") && text.contains("y=\"2.2\""), "{text}");
        assert!(text.contains("&lt;a&gt; &amp; &quot;b&quot;") && text.contains("&#39;"), "{text}");
    }

    #[test]
    fn a_hatch_stays_within_its_rectangle() {
        let mut svg = Svg::new(10.0, 10.0, "");
        svg.hatch("hatch", [0.0, 0.0, 10.0, 4.0], 5.0);
        let text = svg.done();
        assert!(text.contains("d=\"M1 4L5 0M6 4L10 0\""), "{text}");
    }
}
