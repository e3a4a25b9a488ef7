//! The architecture, held to by tests: layers use only what lies below them, and `unsafe` is where
//! it is known to be.

use layers::{Tree, assert_none};

fn tree() -> Tree {
    Tree::of_crate(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn layers_use_only_those_below() {
    assert_none(&tree().upward_uses());
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
