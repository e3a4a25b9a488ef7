//! Which paths the code of a file names.

use crate::code::{braces_len, inner_modules, is_of_a_name};

/// A path in the code that starts at the crate or at the parent module, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Use {
    pub(crate) line: usize,
    /// What follows `crate::` or the first `super::`, as in `pipe::Trace` or `super::Trace`.
    pub(crate) path: String,
    /// How many modules within the file it stands in, as in `mod tests { .. }`.
    pub(crate) depth: usize,
}

/// The module that a line declares, as in `pub(crate) mod name;`.
pub(crate) fn declared_module(line: &str) -> Option<String> {
    let (before, name) = line.strip_suffix(';')?.split_once("mod ")?;
    (before.is_empty() || before.starts_with("pub")).then(|| name.to_owned())
}

/// The paths that start with `root::`, groups in braces taken apart.
pub(crate) fn uses(code: &str, root: &str) -> Vec<Use> {
    let start = format!("{root}::");
    let inner = inner_modules(code);
    let (mut found, mut taken_to) = (Vec::new(), 0);
    for (at, _) in code.match_indices(&start) {
        // Within a tree another start belongs to one of its paths, as in `super::super::a`.
        if at < taken_to || code[..at].ends_with(is_of_a_name) {
            continue;
        }
        let tree = tree_at(&code[at + start.len()..]);
        taken_to = at + start.len() + tree.len();
        let line = code[..at].matches('\n').count() + 1;
        let depth = inner.iter().filter(|inner| inner.contains(&at)).count();
        found.extend(leaves(tree).into_iter().map(|path| Use { line, path, depth }));
    }
    found
}

/// The use tree that the code begins with, its braces included.
fn tree_at(code: &str) -> &str {
    let end = path_len(code);
    let braces = if code[end..].starts_with('{') { braces_len(&code[end..]) } else { 0 };
    &code[..end + braces]
}

fn path_len(code: &str) -> usize {
    code.find(|c| !is_of_a_name(c) && c != ':').unwrap_or(code.len())
}

/// The paths of a use tree, up to where it ends: `a::{b, c::d}` has `a::b` and `a::c::d`.
pub(crate) fn leaves(tree: &str) -> Vec<String> {
    let tree = tree.trim_start();
    let (path, rest) = tree.split_at(path_len(tree));
    let Some(group) = rest.strip_prefix('{') else { return vec![path.to_owned()] };
    let branches = branches(group);
    branches.iter().flat_map(|branch| leaves(branch)).map(|leaf| format!("{path}{leaf}")).collect()
}

/// What commas part in a group, up to the brace that closes it.
fn branches(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' if depth == 0 => {
                found.push(&group[start..at]);
                start = at + 1;
            }
            '}' if depth == 0 => {
                found.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    found.retain(|branch| !branch.trim().is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_in_braces_are_taken_apart() {
        let code = "use crate::{low::A,\n high::{B, self}};\nmy_crate::no();";
        let found: Vec<_> = uses(code, "crate").into_iter().map(|used| used.path).collect();
        assert_eq!(found, ["low::A", "high::B", "high::self"]);
    }

    #[test]
    fn what_is_above_a_parent_is_named_once_and_with_the_modules_around_it() {
        let code = "use super::super::{a, super::b};\nmod inner {\n use super::c;\n}\nsuper::d();";
        let found: Vec<_> = uses(code, "super").into_iter().map(|u| (u.path, u.depth)).collect();
        let expected = [("super::a", 0), ("super::super::b", 0), ("c", 1), ("d", 0)];
        assert_eq!(found, expected.map(|(path, depth)| (path.to_owned(), depth)));
    }

    #[test]
    fn modules_are_declared_with_and_without_pub() {
        for line in ["mod a;", "pub mod a;", "pub(crate) mod a;"] {
            assert_eq!(declared_module(line).as_deref(), Some("a"));
        }
        assert_eq!(declared_module("mod tests {"), None);
        assert_eq!(declared_module("use a::mod_b;"), None);
    }
}
