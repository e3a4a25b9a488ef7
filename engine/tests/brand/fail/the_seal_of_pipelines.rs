// A program names the trait that seals pipelines.
//@ error: E0603

use millstream::pipe::sealed::Sealed;

struct Shelf;

impl Sealed for Shelf {}

fn main() {}
