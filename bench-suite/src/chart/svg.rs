//! The few elements of SVG that charts are made of. Every text is escaped.

use std::fmt::{Display, Write};

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

impl Svg {
    /// An empty picture of this size, which grows and shrinks with its page; `title` is what it shows,
    /// for those who do not see it.
    pub fn new(width: f64, height: f64, title: &str) -> Self {
        let mut svg = Svg { text: String::new() };
        svg.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" \
             aria-label=\"{}\">\n",
            number(width),
            number(height),
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
        self.put(format_args!(
            "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">{}</rect>\n",
            escaped(class),
            number(x),
            number(y),
            number(width),
            number(height),
            hinted(hint)
        ));
    }

    /// The same in a colour of its own, as CSS writes it.
    pub fn filled(&mut self, colour: &str, [x, y, width, height]: [f64; 4], hint: &str) {
        self.put(format_args!(
            "<rect style=\"fill:{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\">{}</rect>\n",
            escaped(colour),
            number(x),
            number(y),
            number(width),
            number(height),
            hinted(hint)
        ));
    }

    /// A line from point to point.
    pub fn line(&mut self, class: &str, points: &[[f64; 2]]) {
        let mut path = String::new();
        for [x, y] in points {
            let _infallible = write!(path, "{},{} ", number(*x), number(*y));
        }
        self.put(format_args!(
            "<polyline class=\"{}\" points=\"{}\"/>\n",
            escaped(class),
            path.trim_end()
        ));
    }

    /// A dot, with a text that is shown while the pointer is on it.
    pub fn dot(&mut self, class: &str, [x, y]: [f64; 2], hint: &str) {
        self.put(format_args!(
            "<circle class=\"{}\" cx=\"{}\" cy=\"{}\" r=\"4\">{}</circle>\n",
            escaped(class),
            number(x),
            number(y),
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
        self.put(format_args!(
            "<text class=\"{}\" x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>\n",
            escaped(class),
            number(x),
            number(y),
            escaped(text)
        ));
    }

    fn put(&mut self, what: std::fmt::Arguments<'_>) {
        let _infallible = self.text.write_fmt(what);
    }
}

fn hinted(hint: &str) -> String {
    if hint.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(hint)) }
}

/// A place, as precise as anybody sees.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(String::from).unwrap_or(text)
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
            c if c.is_control() && c != '\n' && c != '\t' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Anything that is written as a text for a page.
pub fn shown(what: impl Display) -> String {
    escaped(&what.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let mut svg = Svg::new(10.0, 20.5, "<a> & \"b\"");
        svg.text("x", [1.0, 2.25], Anchor::Middle, "</text><script>");
        svg.dot("x\" onload=\"", [0.0, 0.0], "\u{1b}[31m'");
        let text = svg.done();
        assert!(!text.contains("<script") && !text.contains("onload=\"\""), "{text}");
        assert!(text.contains("viewBox=\"0 0 10 20.5\"") && text.contains("y=\"2.2\""), "{text}");
        assert!(
            text.contains("&lt;a&gt; &amp; &quot;b&quot;") && !text.contains('\u{1b}'),
            "{text}"
        );
    }
}
