//! bench-suite.
fn main() {}
