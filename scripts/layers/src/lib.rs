//! The architecture of a crate, read from its sources, so that a test can hold it to its rules:
//! layers use only what lies below them, the files of a folder do not go round in circles, and
//! `unsafe` is where it is known to be.
//!
//! `lib.rs` declares its modules from the lowest layer to the highest, and that order is the rule. A
//! folder is one layer. Programs (`main.rs` and `bin/`) stand above the library and have no layers.
//!
//! ```
//! use layers::Tree;
//!
//! let sources = [("lib.rs", "mod low;\nmod high;"), ("low.rs", "use crate::high::Top;")];
//! let tree = Tree::of(sources.map(|(path, text)| (path.to_owned(), text.to_owned())));
//! assert_eq!(tree.upward_uses(), ["low.rs:1: `low` uses `high`, which is declared later in lib.rs"]);
//! ```

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod circles;
mod code;
mod uses;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use code::{code_of, has_word};
use uses::{Use, declared_module, uses};

/// A crate's sources.
pub struct Tree {
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

/// Fails with the sentences, if there are any.
///
/// # Panics
///
/// If there are.
pub fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

impl Tree {
    /// Reads the sources of the crate in this folder: in a test, `env!("CARGO_MANIFEST_DIR")`.
    ///
    /// # Panics
    ///
    /// If they cannot be read.
    pub fn of_crate(folder: &str) -> Self {
        let src = Path::new(folder).join("src");
        let mut paths = Vec::new();
        find_sources(&src, &mut paths);
        let sources = paths.iter().map(|path| {
            let name = path.strip_prefix(&src).expect("it was found there");
            let text = fs::read_to_string(path).unwrap_or_else(|error| {
                panic!("cannot read {}: {error}", path.display());
            });
            (name.to_string_lossy().into_owned(), text)
        });
        Self::of(sources)
    }

    /// The same of sources that are not in files: each with its path below `src` and its text.
    pub fn of(sources: impl IntoIterator<Item = (String, String)>) -> Tree {
        let file = |(path, text): (String, String)| File { code: code_of(&text), path, text };
        let (root, files): (Vec<_>, Vec<_>) =
            sources.into_iter().map(file).partition(|file| file.path == "lib.rs");
        let declared = root.iter().flat_map(|root| root.code.lines());
        Tree { layers: declared.filter_map(declared_module).collect(), files }
    }

    /// Where a module uses one that is declared after it, or goes through what `lib.rs` shows to
    /// users.
    pub fn upward_uses(&self) -> Vec<String> {
        let height = |name: &str| self.layers.iter().position(|layer| layer == name);
        let mut found = Vec::new();
        for file in self.files.iter().filter(|file| !file.is_of_a_program()) {
            let own = file.module();
            let Some(own_height) = height(own) else {
                found.push(format!("{}: lib.rs declares no module `{own}`", file.path));
                continue;
            };
            for Use { line, path, .. } in uses(&file.code, "crate") {
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

    /// The files that switch the lint against `unsafe` off.
    pub fn allowing_unsafe(&self) -> impl Iterator<Item = &str> {
        let allowing = self.files.iter().filter(|file| file.code.contains("(unsafe_code)"));
        allowing.map(|file| file.path.as_str())
    }

    /// Each `unsafe` whose line has no comment right above it that says why it is sound.
    pub fn unargued_unsafe(&self) -> Vec<String> {
        let is_argued = |above: &[&str]| {
            let comment = above.iter().rev().take_while(|line| line.starts_with("//"));
            comment.into_iter().any(|line| line.starts_with("// SAFETY:"))
        };
        self.unsafe_lines(|above| !is_argued(above), "`unsafe` without a SAFETY comment")
    }

    /// Each `unsafe`, for crates that have none.
    pub fn unsafe_code(&self) -> Vec<String> {
        self.unsafe_lines(|_| true, "`unsafe`, of which this crate has none")
    }

    /// The lines with `unsafe` that something is wrong with, given the lines above.
    fn unsafe_lines(&self, is_wrong: impl Fn(&[&str]) -> bool, what: &str) -> Vec<String> {
        let mut found = Vec::new();
        for file in &self.files {
            let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
            for (nth, code) in file.code.lines().enumerate() {
                if has_word(code, "unsafe") && is_wrong(&lines[..nth]) {
                    found.push(format!("{}:{}: {what}", file.path, nth + 1));
                }
            }
        }
        found
    }
}

impl File {
    fn is_of_a_program(&self) -> bool {
        self.path == "main.rs" || self.folder() == Some("bin")
    }

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
    let listed = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()
    });
    let paths = listed.unwrap_or_else(|error| {
        panic!("cannot list {}: {error}", folder.display());
    });
    for path in paths {
        if path.is_dir() {
            find_sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn tree(sources: &[(&str, &str)]) -> Tree {
        Tree::of(sources.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())))
    }

    pub(crate) const LIB: (&str, &str) =
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
    fn a_program_stands_above_the_library() {
        let sources = [LIB, ("main.rs", "use crate::cli::Cli;"), ("bin/a.rs", "use crate::b;")];
        assert_eq!(tree(&sources).upward_uses(), [""; 0]);
    }

    #[test]
    fn unsafe_is_found_with_its_argument_and_without() {
        let argued = "#![allow(unsafe_code)]\n// SAFETY: it is\n// so.\nlet a = unsafe { f() };\n";
        let unargued = "// A comment.\nlet a = unsafe { f() };\nlet b = \"unsafe\"; // unsafe\n";
        let tree = tree(&[LIB, ("low.rs", argued), ("high.rs", unargued)]);
        assert_eq!(tree.allowing_unsafe().collect::<Vec<_>>(), ["low.rs"]);
        assert_eq!(tree.unargued_unsafe(), ["high.rs:2: `unsafe` without a SAFETY comment"]);
        assert_eq!(tree.unsafe_code().len(), 2);
    }
}
