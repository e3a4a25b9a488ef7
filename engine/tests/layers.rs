//! The architecture, held to by tests: layers use only what lies below them, the files of a folder
//! do not go round in circles, and `unsafe` is where it is known to be.
//!
//! `lib.rs` declares its modules from the lowest layer to the highest, and that order is the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The files that may switch the lint against `unsafe` off. Another one needs a reason as good as
/// theirs.
const MAY_BE_UNSAFE: [&str; 4] = ["batch.rs", "separators.rs", "slabs.rs", "text.rs"];

#[test]
fn layers_use_only_those_below() {
    assert_none(Tree::read().upward_uses());
}

#[test]
fn files_of_a_folder_do_not_go_round_in_circles() {
    assert_none(Tree::read().circles());
}

#[test]
fn unsafe_code_is_where_it_is_known_to_be_and_says_why_it_is_sound() {
    let tree = Tree::read();
    let allowed: BTreeSet<&str> = tree.allowing_unsafe().collect();
    assert_eq!(allowed, BTreeSet::from(MAY_BE_UNSAFE));
    assert_none(tree.unargued_unsafe());
}

fn assert_none(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// A crate's sources.
struct Tree {
    /// The modules that `lib.rs` declares, lowest first.
    layers: Vec<String>,
    files: Vec<File>,
}

/// A source file other than `lib.rs`.
struct File {
    /// Below `src`, as in `pipe/mod.rs`.
    path: String,
    text: String,
    /// The text with spaces for comments and literals.
    code: String,
}

/// A path in the code that starts at the crate or at the parent module, and where.
#[derive(Debug, PartialEq)]
struct Use {
    line: usize,
    /// What follows `crate::` or `super::`, as in `pipe::Trace`.
    path: String,
}

impl Tree {
    fn read() -> Tree {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut paths = Vec::new();
        find_sources(&src, &mut paths);
        let name = |path: &Path| path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        Tree::of(paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())))
    }

    fn of(sources: impl IntoIterator<Item = (String, String)>) -> Tree {
        let (root, rest): (Vec<_>, Vec<_>) =
            sources.into_iter().partition(|(path, _)| path == "lib.rs");
        let layers = code_of(&root[0].1).lines().filter_map(declared_module).collect();
        let file = |(path, text): (String, String)| File { code: code_of(&text), path, text };
        Tree { layers, files: rest.into_iter().map(file).collect() }
    }

    /// Where a module uses one that is declared after it, or goes through what `lib.rs` shows to
    /// users.
    fn upward_uses(&self) -> Vec<String> {
        let height = |name: &str| self.layers.iter().position(|layer| layer == name);
        let mut found = Vec::new();
        for file in &self.files {
            let own = file.module();
            let Some(own_height) = height(own) else {
                found.push(format!("{}: lib.rs declares no module `{own}`", file.path));
                continue;
            };
            for Use { line, path } in uses(&file.code, "crate") {
                let used = path.split("::").next().unwrap_or_default();
                let at = format!("{}:{line}", file.path);
                match height(used) {
                    None => found.push(format!(
                        "{at}: `{own}` uses `crate::{used}`, which is no module: \
                         name the module it is in"
                    )),
                    Some(height) if height > own_height => found.push(format!(
                        "{at}: `{own}` uses `{used}`, which is declared later in lib.rs"
                    )),
                    Some(_) => {}
                }
            }
        }
        found
    }

    /// Where following the uses of a folder's files leads back to the first.
    fn circles(&self) -> Vec<String> {
        let folders: BTreeSet<&str> = self.files.iter().filter_map(File::folder).collect();
        folders.into_iter().flat_map(|folder| self.circles_in(folder)).collect()
    }

    fn circles_in(&self, folder: &str) -> Vec<String> {
        let files: BTreeMap<&str, &File> = self
            .files
            .iter()
            .filter(|file| file.folder() == Some(folder) && file.stem() != "mod")
            .map(|file| (file.stem(), file))
            .collect();
        let mut open: BTreeMap<&str, BTreeSet<&str>> = files
            .iter()
            .map(|(&name, file)| (name, self.siblings_used_by(file, folder, &files)))
            .collect();
        // What uses nothing that is still open is in no circle. What is left in the end is, or uses
        // what is.
        loop {
            let names: BTreeSet<&str> = open.keys().copied().collect();
            open.retain(|_, used| !used.is_disjoint(&names));
            if open.len() == names.len() {
                break;
            }
        }
        let left: BTreeSet<&str> = open.keys().copied().collect();
        open.iter()
            .map(|(name, used)| {
                let used: Vec<&str> = used.intersection(&left).copied().collect();
                format!(
                    "{folder}/{name}.rs uses {} and is in a circle, or above one",
                    used.join(", ")
                )
            })
            .collect()
    }

    /// The files of its folder that `file` uses, by their names or by what `mod.rs` shows of them.
    fn siblings_used_by<'t>(
        &'t self,
        file: &File,
        folder: &str,
        files: &BTreeMap<&'t str, &'t File>,
    ) -> BTreeSet<&'t str> {
        let shown = self.shown_by_mod(folder);
        let through_crate = uses(&file.code, "crate").into_iter().filter_map(|used| {
            used.path.strip_prefix(folder)?.strip_prefix("::").map(str::to_owned)
        });
        let through_super = uses(&file.code, "super").into_iter().map(|used| used.path);
        through_super
            .chain(through_crate)
            .filter_map(|path| {
                let name = path.split("::").next().unwrap_or_default();
                let sibling = shown.get(name).map_or(name, String::as_str);
                files.get_key_value(sibling).map(|(&sibling, _)| sibling)
            })
            .filter(|&sibling| sibling != file.stem())
            .collect()
    }

    /// The names that a folder's `mod.rs` re-exports, each with the file that it comes from.
    fn shown_by_mod(&self, folder: &str) -> BTreeMap<String, String> {
        let path = format!("{folder}/mod.rs");
        let code = self.files.iter().find(|file| file.path == path).map_or("", |file| &file.code);
        let exports = code.split(';').filter_map(|item| {
            let item = item.trim_start();
            item.starts_with("pub").then(|| item.split_once("use ")).flatten()
        });
        exports
            .flat_map(|(_, tree)| leaves(tree))
            .filter_map(|path| {
                let (from, name) = path.split_once("::")?;
                Some((name.to_owned(), from.to_owned()))
            })
            .collect()
    }

    fn allowing_unsafe(&self) -> impl Iterator<Item = &str> {
        let allowing = self.files.iter().filter(|file| file.code.contains("(unsafe_code)"));
        allowing.map(|file| file.path.as_str())
    }

    /// Each `unsafe` whose line has no comment right above it that says why it is sound.
    fn unargued_unsafe(&self) -> Vec<String> {
        let mut found = Vec::new();
        for file in &self.files {
            let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
            for (i, code) in file.code.lines().enumerate() {
                let comment = lines[..i].iter().rev().take_while(|line| line.starts_with("//"));
                if has_word(code, "unsafe")
                    && !comment.into_iter().any(|l| l.starts_with("// SAFETY:"))
                {
                    found.push(format!(
                        "{}:{}: `unsafe` without a SAFETY comment",
                        file.path,
                        i + 1
                    ));
                }
            }
        }
        found
    }
}

impl File {
    /// The top-level module that it belongs to.
    fn module(&self) -> &str {
        self.folder().unwrap_or_else(|| self.stem())
    }

    fn folder(&self) -> Option<&str> {
        self.path.split_once('/').map(|(folder, _)| folder)
    }

    fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.trim_end_matches(".rs")
    }
}

fn find_sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

/// The module that a line declares, as in `pub(crate) mod name;`.
fn declared_module(line: &str) -> Option<String> {
    let (before, name) = line.strip_suffix(';')?.split_once("mod ")?;
    (before.is_empty() || before.starts_with("pub")).then(|| name.to_owned())
}

/// The paths that start with `root::`, groups in braces taken apart.
fn uses(code: &str, root: &str) -> Vec<Use> {
    let start = format!("{root}::");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&start) {
        if code[..at].ends_with(is_of_a_name) {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let paths = leaves(&code[at + start.len()..]);
        found.extend(paths.into_iter().map(|path| Use { line, path }));
    }
    found
}

/// The paths of a use tree, up to where it ends: `a::{b, c::d}` has `a::b` and `a::c::d`.
fn leaves(tree: &str) -> Vec<String> {
    let tree = tree.trim_start();
    let end = tree.find(|c| !is_of_a_name(c) && c != ':').unwrap_or(tree.len());
    let (path, rest) = tree.split_at(end);
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

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn has_word(code: &str, word: &str) -> bool {
    code.split(|c| !is_of_a_name(c)).any(|part| part == word)
}

/// `source` with spaces in the place of comments, strings and characters, so that what is left is
/// code.
fn code_of(source: &str) -> String {
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

    fn tree(sources: &[(&str, &str)]) -> Tree {
        Tree::of(sources.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())))
    }

    const LIB: (&str, &str) =
        ("lib.rs", "//! mod none;\npub mod low;\n#[doc(hidden)]\nmod high;\npub use high::Top;\n");

    #[test]
    fn a_use_of_a_later_module_is_found_wherever_it_stands() {
        let low = "//! See [`crate::high`].\nuse crate::{low::A,\n high::{B, C}};\n\
                   fn f() {\n    crate::high::g(\"crate::high\") // crate::high\n}\n";
        let found = tree(&[LIB, ("low.rs", low), ("high.rs", "use crate::low::A;")]).upward_uses();
        let declared_later = "`low` uses `high`, which is declared later in lib.rs";
        let at = |line| format!("low.rs:{line}: {declared_later}");
        assert_eq!(found, [at(2), at(2), at(5)]);
    }

    #[test]
    fn a_folder_is_one_layer_and_what_users_are_shown_is_none() {
        let found =
            tree(&[LIB, ("low/mod.rs", ""), ("low/a.rs", "use crate::Top;\n")]).upward_uses();
        assert_eq!(
            found,
            ["low/a.rs:1: `low` uses `crate::Top`, which is no module: name the module it is in"]
        );
        let unknown = tree(&[LIB, ("other.rs", "")]).upward_uses();
        assert_eq!(unknown, ["other.rs: lib.rs declares no module `other`"]);
    }

    #[test]
    fn a_circle_is_found_though_it_leads_through_what_mod_shows() {
        let shows = ("low/mod.rs", "mod a;\nmod b;\nmod c;\npub(crate) use b::{B, Other};\n");
        let (a, c) = (("low/a.rs", "use super::B;"), ("low/c.rs", "use super::a::A;"));
        assert_eq!(tree(&[LIB, shows, a, c, ("low/b.rs", "use super::Own;")]).circles(), [""; 0]);
        let found = tree(&[LIB, shows, a, c, ("low/b.rs", "use crate::low::c::C;")]).circles();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], "low/a.rs uses b and is in a circle, or above one");
    }

    #[test]
    fn unsafe_is_found_with_its_argument_and_without() {
        let argued = "#![allow(unsafe_code)]\n// SAFETY: it is\n// so.\nlet a = unsafe { f() };\n";
        let unargued = "// A comment.\nlet a = unsafe { f() };\nlet b = \"unsafe\"; // unsafe\n";
        let tree = tree(&[LIB, ("low.rs", argued), ("high.rs", unargued)]);
        assert_eq!(tree.allowing_unsafe().collect::<Vec<_>>(), ["low.rs"]);
        assert_eq!(tree.unargued_unsafe(), ["high.rs:2: `unsafe` without a SAFETY comment"]);
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        let source = "a /* b\nc */ 'd' '\\'' 'e: \"f \\\" g\" r#\"h \" i\"# br\"j\" // k\nl";
        let words: Vec<String> = code_of(source).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words, ["a", "'e:", "b", "l"], "a lifetime and a prefix stay");
        assert_eq!(code_of(source).lines().count(), source.lines().count());
    }
}
