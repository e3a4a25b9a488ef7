//! Texts that come from elsewhere, written so that Markdown takes them as they are, and read again.

/// Whatever may mean something within a line of Markdown.
const SPECIAL: &[char] = &['\\', '`', '*', '_', '[', ']', '<', '>', '|', '~', '&', '$'];

/// As a part of a line.
pub(crate) fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if SPECIAL.contains(&c) {
            line.push('\\');
        }
        line.push(if c.is_control() { ' ' } else { c });
    }
    line
}

/// As code in a cell of a table.
pub(crate) fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // A pipe would end the cell, in code too. A fence is longer than any row of backticks within.
    let backticks = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(backticks + 1);
    let space = if backticks > 0 { " " } else { "" };
    format!("{fence}{space}{}{space}{fence}", text.replace('|', "\\|"))
}

/// A sentence in which what stands between backticks is code.
pub(crate) fn sentence(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(n, part)| if n % 2 == 1 { code(part) } else { escaped(part) }).collect()
}

/// As a relative path in a link.
pub(crate) fn path(name: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    name.bytes()
        .map(|byte| match is_plain(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// A row of a table with two columns, of cells that are Markdown.
pub(crate) fn row(name: &str, value: &str) -> String {
    format!("| {name} | {value} |\n")
}

/// The rows of the first table of two columns, as plain text.
pub(crate) fn rows(markdown: &str) -> Vec<(String, String)> {
    let lines = markdown.lines().map(str::trim).skip_while(|line| !line.starts_with('|'));
    let cells = lines.map_while(|line| {
        let mut cells = cells(line.strip_prefix('|')?).into_iter();
        Some((cells.next()?, cells.next()?))
    });
    cells.collect()
}

/// What lies between pipes that are not escaped, as plain text.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut start, mut is_escaped) = (Vec::new(), 0, false);
    for (at, c) in line.char_indices() {
        if c == '|' && !is_escaped {
            cells.push(plain(line[start..at].trim()));
            start = at + 1;
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    cells
}

/// A part of a line with nothing escaped any more.
pub(crate) fn plain(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut chars = markdown.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(next) if c == '\\' && next.is_ascii_punctuation() => text.extend(chars.next()),
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_is_read_as_it_was() {
        for text in ["a | b", "\\", "x86_64 *now* `c` <b> [l](m) $5$ &amp; ~s~", "C:\\n", "a\\|b"] {
            let table = "| | |\n|---|---|\n".to_string() + &row("name", &escaped(text));
            let read = rows(&format!("# Title\n\n{table}\nText | more\n"));
            assert_eq!(read.len(), 3, "{table}");
            assert_eq!(read[2], ("name".to_string(), text.to_string()));
        }
        assert_eq!(escaped("two\nlines"), "two lines");
        assert_eq!(escaped("<b>|"), "\\<b\\>\\|");
    }

    #[test]
    fn code_is_fenced_by_more_backticks_than_it_has() {
        assert_eq!(code("a --b 'x|y'"), "`a --b 'x\\|y'`");
        assert_eq!(code("a `b` ``c``"), "``` a `b` ``c`` ```");
    }

    #[test]
    fn code_in_a_sentence_stays_code_and_nothing_else_is_markup() {
        assert_eq!(sentence("so `--batch <b>`, not *now*."), "so `--batch <b>`, not \\*now\\*.");
    }

    #[test]
    fn a_path_has_nothing_that_ends_a_link() {
        assert_eq!(path("2026-11-20-x_y"), "2026-11-20-x_y");
        assert_eq!(path("a b(c)|"), "a%20b%28c%29%7C");
    }

    #[test]
    fn lines_that_are_no_rows_end_the_table() {
        assert_eq!(rows("no table\n"), []);
        assert_eq!(rows("| a | b |\n|c\n| d | e |\n"), [("a".into(), "b".into())]);
        assert_eq!(rows("| a\\x | b\\ |\n"), [("a\\x".into(), "b\\".into())]);
    }
}
