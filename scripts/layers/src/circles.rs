//! Whether the files of a folder use each other in circles.

use std::collections::{BTreeMap, BTreeSet};

use crate::uses::{leaves, uses};
use crate::{File, Tree};

impl Tree {
    /// Where following the uses of a folder's files leads back to the first.
    pub fn circles(&self) -> Vec<String> {
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
        assert_eq!(found[0], "low/a.rs uses b and is in a circle, or above one");
    }
}
