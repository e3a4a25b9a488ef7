//! What of a source file is code, and which modules are written within it.

use std::ops::Range;

/// Whether a character may stand in a name.
pub(crate) fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a word stands in the code by itself.
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    code.split(|c| !is_of_a_name(c)).any(|part| part == word)
}

/// `source` with spaces in the place of comments, strings and characters, so that what is left is
/// code.
pub(crate) fn code_of(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let len = comment_len(rest).or_else(|| literal_len(rest, &code));
        let (taken, left) = rest.split_at(len.unwrap_or(c.len_utf8()));
        match len {
            None => code.push_str(taken),
            Some(_) => code.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' })),
        }
        rest = left;
    }
    code
}

/// Where the modules stand that are written within the code, as in `mod tests { .. }`, their braces included.
pub(crate) fn inner_modules(code: &str) -> Vec<Range<usize>> {
    let begins = |at: usize| {
        let is_word = !code[..at].ends_with(is_of_a_name);
        let rest = code[at..].strip_prefix("mod ")?.trim_start_matches(is_of_a_name);
        (is_word && rest.trim_start().starts_with('{')).then(|| code.len() - rest.len())
    };
    let modules = code.match_indices("mod ").filter_map(|(at, _)| begins(at));
    modules.map(|begin| begin..begin + braces_len(&code[begin..])).collect()
}

/// How long the code is to the end of the first pair of braces in it.
pub(crate) fn braces_len(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

fn comment_len(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

/// How long the literal is that begins here, after `before`.
fn literal_len(rest: &str, before: &str) -> Option<usize> {
    if let Some(quoted) = rest.strip_prefix('\'') {
        // What a backslash escapes is no closing quote; a lifetime has none behind its first
        // letter.
        let first = quoted.chars().next()?;
        return match first {
            '\\' => quoted[2..].find('\'').map(|end| 1 + 2 + end + 1),
            _ => quoted[first.len_utf8()..].starts_with('\'').then_some(1 + first.len_utf8() + 1),
        };
    }
    if rest.starts_with('r') && !before.ends_with(|c| is_of_a_name(c) && c != 'b') {
        let hashes = rest[1..].bytes().take_while(|&b| b == b'#').count();
        let content = rest[1 + hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        return content.find(&close).map(|end| 1 + hashes + 1 + end + close.len());
    }
    let content = rest.strip_prefix('"')?;
    let mut escaped = false;
    let end = content.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    end.map(|end| 1 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let source = "a /* b\nc */ 'd' '\\'' 'e: \"f \\\" g\" r#\"h \" i\"# br\"j\" // k\nl";
        let words: Vec<String> = code_of(source).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words, ["a", "'e:", "b", "l"], "a lifetime and a prefix stay");
        assert_eq!(code_of(source).lines().count(), source.lines().count());
    }

    #[test]
    fn modules_within_the_code_are_found_with_all_that_is_in_them() {
        let code = "mod a;\nmod b { fn f() { } mod c { } }\nfn g() { let mod_d = 1; }";
        let found: Vec<_> = inner_modules(code).into_iter().map(|range| &code[range]).collect();
        assert_eq!(found, [" { fn f() { } mod c { } }", " { }"]);
    }
}
