//! The architecture, held to by tests: layers use only what lies below them, the files of a folder
//! do not go round in circles, and there is no `unsafe`.

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
fn there_is_no_unsafe_code() {
    assert_none(&tree().unsafe_code());
}
