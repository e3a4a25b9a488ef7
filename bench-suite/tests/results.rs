//! The results that are kept in the repository, and the page that lists them.

use std::fs;
use std::path::Path;

use bench_suite::results::index;

#[test]
fn the_page_in_the_repository_is_the_one_that_the_program_writes() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    let there = fs::read_to_string(results.join("README.md")).unwrap();
    let written = index::page(&results).unwrap();
    assert!(
        there == written,
        "run `cargo run -p bench-suite -- index`; it would write:\n{written}"
    );
}
