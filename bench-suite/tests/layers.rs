//! The architecture, held to by tests: layers use only what lies below them, the files of a folder
//! do not go round in circles, and `unsafe` is where it is known to be.

use layers::{Tree, assert_none};

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
fn unsafe_code_is_that_of_the_roof_and_of_the_allocator_and_says_why_it_is_sound() {
    let tree = tree();
    assert_eq!(
        tree.allowing_unsafe().collect::<Vec<_>>(),
        ["allocator.rs", "roof/huge_pages.rs", "roof/simd.rs"]
    );
    assert_none(&tree.unargued_unsafe());
}
