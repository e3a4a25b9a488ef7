//! Whether what lies in a folder, files and folders, uses each other in circles.

use std::collections::{BTreeMap, BTreeSet};

use crate::uses::{leaves, uses};
use crate::{File, Tree};

/// What a folder's parts use of each other, by their names: `a.rs`, or `b` for a folder.
type Parts<'t> = BTreeMap<&'t str, BTreeSet<&'t str>>;

impl Tree {
    /// Where following the uses of a folder's files, and of the folders in it, leads back to the first. A
    /// folder within another is looked at by itself, and counts there as one part. `mod.rs` stands above
    /// the others of its folder.
    pub fn circles(&self) -> Vec<String> {
        let shown = self.shown();
        let folders: BTreeSet<&str> = self.files.iter().flat_map(File::folders).collect();
        folders.into_iter().flat_map(|folder| self.circles_in(folder, &shown)).collect()
    }

    fn circles_in(&self, folder: &str, shown: &BTreeMap<String, String>) -> Vec<String> {
        let names = self.files.iter().filter_map(|file| part_of(folder, &file.path));
        let mut open: Parts<'_> = names.map(|name| (name, BTreeSet::new())).collect();
        for file in &self.files {
            let Some(own) = part_of(folder, &file.path) else { continue };
            for path in file.used_paths() {
                let used = part_used(folder, &followed(path, shown), &open);
                let used = used.filter(|&used| used != own);
                open.entry(own).or_default().extend(used);
            }
        }
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
                format!("{folder}/{name} uses {} and is in a circle, or above one", used.join(", "))
            })
            .collect()
    }

    /// The names that each `mod.rs` re-exports, as paths, each with the path that it comes from.
    fn shown(&self) -> BTreeMap<String, String> {
        let modules: BTreeSet<&str> =
            self.files.iter().flat_map(|file| file.folders().chain([file.module_path()])).collect();
        let mut shown = BTreeMap::new();
        for file in self.files.iter().filter(|file| file.stem() == "mod") {
            let exports = file.code.split(';').filter_map(|item| {
                let item = item.trim_start();
                item.starts_with("pub").then(|| item.split_once("use ")).flatten()
            });
            for path in exports.flat_map(|(_, tree)| leaves(tree)) {
                let from = file.resolved(&path);
                let Some((_, name)) = from.rsplit_once('/') else { continue };
                let as_shown = format!("{}/{name}", file.module_path());
                // A module goes before what has its name, and what is shown as itself leads nowhere.
                if !modules.contains(as_shown.as_str()) && !is_within(&as_shown, &from) {
                    shown.insert(as_shown, from);
                }
            }
        }
        shown
    }
}

impl File {
    /// The folders that it lies in, the innermost last.
    fn folders(&self) -> impl Iterator<Item = &str> {
        self.path.match_indices('/').map(|(at, _)| &self.path[..at])
    }

    /// The path of the module that it is: `a/b` for `a/b.rs` and for `a/b/mod.rs`.
    fn module_path(&self) -> &str {
        let path = self.path.trim_end_matches(".rs");
        path.strip_suffix("/mod").unwrap_or(path)
    }

    /// The folder in which the crate begins that it belongs to: `src` itself, or that of a program.
    fn root(&self) -> &str {
        let is_program = self.is_of_a_program();
        self.folders().nth(1).filter(|_| is_program).unwrap_or_default()
    }

    /// What it uses of its crate, as paths from `src` on, but for what is in the file itself.
    fn used_paths(&self) -> impl Iterator<Item = String> {
        let through_crate = uses(&self.code, "crate").into_iter();
        let through_crate =
            through_crate.map(move |used| self.resolved(&format!("crate::{}", used.path)));
        let through_super = uses(&self.code, "super").into_iter().filter_map(move |used| {
            // Out of the modules that are written within the file first.
            let mut path = format!("super::{}", used.path);
            for _ in 0..used.depth {
                path = path.strip_prefix("super::")?.to_owned();
            }
            path.starts_with("super::").then(|| self.resolved(&path))
        });
        through_crate.chain(through_super)
    }

    /// A path of its code, as one from `src` on. Without `crate` or `super` it begins in the file's module.
    fn resolved(&self, path: &str) -> String {
        if let Some(path) = path.strip_prefix("crate::") {
            return joined(self.root(), path);
        }
        let (mut module, mut path) = (self.module_path(), path.trim_start_matches("self::"));
        while let Some(rest) = path.strip_prefix("super::") {
            module = module.rsplit_once('/').map_or("", |(above, _)| above);
            path = rest;
        }
        joined(module, path)
    }
}

fn joined(module: &str, path: &str) -> String {
    let path = path.replace("::", "/");
    if module.is_empty() { path } else { format!("{module}/{path}") }
}

/// Whether a path leads to this module, or into it.
fn is_within(module: &str, path: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where a path leads that may go through what a `mod.rs` shows.
fn followed(path: String, shown: &BTreeMap<String, String>) -> String {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    let through = ends.filter_map(|end| Some((shown.get(&path[..end])?, &path[end..]))).next();
    match through {
        Some((from, rest)) => followed(format!("{from}{rest}"), shown),
        None => path,
    }
}

/// The part of a folder that a file is in; none that lies elsewhere, nor its `mod.rs`, nor a program's
/// `main.rs`.
fn part_of<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    let below = path.strip_prefix(folder)?.strip_prefix('/')?;
    below.split('/').next().filter(|&part| part != "mod.rs" && part != "main.rs")
}

/// The part of a folder that a path leads into.
fn part_used<'t>(folder: &str, path: &str, parts: &Parts<'t>) -> Option<&'t str> {
    let name = path.strip_prefix(folder)?.strip_prefix('/')?.split('/').next()?;
    parts.keys().copied().find(|part| part.trim_end_matches(".rs") == name)
}

#[cfg(test)]
mod tests {
    use crate::tests::{LIB, tree};

    #[test]
    fn a_circle_is_found_though_it_leads_through_what_mod_shows() {
        let shows = ("low/mod.rs", "mod a;\nmod b;\nmod c;\npub(crate) use b::{B, Other};\n");
        let (a, c) = (("low/a.rs", "use super::B;"), ("low/c.rs", "use super::a::A;"));
        assert_eq!(tree(&[LIB, shows, a, c, ("low/b.rs", "use super::Own;")]).circles(), [""; 0]);
        let found = tree(&[LIB, shows, a, c, ("low/b.rs", "use crate::low::c::C;")]).circles();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], "low/a.rs uses b.rs and is in a circle, or above one");
    }

    /// A file of the same name lies in both folders.
    #[test]
    fn a_circle_within_a_folder_of_a_folder_is_found() {
        let shows = ("low/mod.rs", "mod a;\nmod deep;\n");
        let (a, b) = (("low/a.rs", ""), ("low/deep/b.rs", "use super::a::A;"));
        let inner = ("low/deep/mod.rs", "mod a;\nmod b;\npub(super) use b::B;\n");
        let of = |code| tree(&[LIB, shows, ("low/deep/a.rs", code), b, inner, a]).circles();
        assert_eq!(of("use super::super::a::Other;"), [""; 0]);
        let found = [
            "low/deep/a.rs uses b.rs and is in a circle, or above one",
            "low/deep/b.rs uses a.rs and is in a circle, or above one",
        ];
        assert_eq!(of("use super::B;"), found);
        assert_eq!(of("use crate::low::deep::b::B;"), found);
    }

    #[test]
    fn a_circle_of_a_file_and_a_folder_beside_it_is_found() {
        let shows = ("low/mod.rs", "mod a;\nmod deep;\npub use deep::Deep;\n");
        let inner = |uses| ("low/deep/mod.rs", uses);
        let of = |a, deep, in_deep| {
            tree(&[LIB, shows, ("low/a.rs", a), inner(deep), ("low/deep/a.rs", in_deep)]).circles()
        };
        let found = [
            "low/a.rs uses deep and is in a circle, or above one",
            "low/deep uses a.rs and is in a circle, or above one",
        ];
        assert_eq!(of("use super::Deep;", "mod a;\nuse super::a::A;", ""), found);
        assert_eq!(of("use super::deep::Deep;", "mod a;", "use super::super::a::A;"), found);
        assert_eq!(of("use super::Deep;", "mod a;\npub use a::Deep;", "struct Deep;"), [""; 0]);
    }

    #[test]
    fn what_a_module_within_a_file_uses_of_the_file_is_no_use_of_another() {
        let tests = "fn b() {}\nmod tests {\n    use super::b;\n    use super::super::c::C;\n}";
        let of = |b, c| {
            let files = [("low/a.rs", tests), ("low/b.rs", b), ("low/c.rs", c)];
            tree(&[&[LIB, ("low/mod.rs", "")][..], &files].concat()).circles()
        };
        assert_eq!(of("use super::a::b;", ""), [""; 0]);
        assert_eq!(of("", "use super::a::b;").len(), 2);
    }

    #[test]
    fn the_files_of_a_program_are_looked_at_too() {
        let main = ("bin/low/main.rs", "mod a;\nmod b;\nuse crate::a::A;");
        let (a, b) = (("bin/low/a.rs", "use crate::b::B;"), ("bin/low/b.rs", "use crate::a::A;"));
        assert_eq!(tree(&[LIB, main, a, b]).circles().len(), 2);
        assert_eq!(tree(&[LIB, main, a, ("bin/low/b.rs", "use crate::Main;")]).circles(), [""; 0]);
    }
}
