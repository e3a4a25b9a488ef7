//! The architecture, held to by tests: layers use only what lies below them, the files of a folder
//! do not go round in circles, and `unsafe` is where it is known to be.

use std::collections::BTreeSet;

use layers::{Tree, assert_none};

/// The files that may switch the lint against `unsafe` off. Another one needs a reason as good as
/// theirs.
const MAY_BE_UNSAFE: [&str; 12] = [
    "batch/brand.rs",
    "disk/mapped.rs",
    "huge_pages.rs",
    "keyed/packing.rs",
    "keyed/prefetch.rs",
    "scan/cuts.rs",
    "scan/edges.rs",
    "scan/separators.rs",
    "scan/words.rs",
    "slabs/memory.rs",
    "stage/gather.rs",
    "text/utf8.rs",
];

fn tree() -> Tree {
    Tree::of_crate(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn layers_use_only_those_below() {
    assert_none(&tree().upward_uses());
}

#[test]
fn files_of_a_folder_do_not_go_round_in_circles() {
    assert_none(&tree().circles());
}

#[test]
fn unsafe_code_is_where_it_is_known_to_be_and_says_why_it_is_sound() {
    let tree = tree();
    let allowed: BTreeSet<&str> = tree.allowing_unsafe().collect();
    assert_eq!(allowed, BTreeSet::from(MAY_BE_UNSAFE));
    assert_none(&tree.unargued_unsafe());
}
