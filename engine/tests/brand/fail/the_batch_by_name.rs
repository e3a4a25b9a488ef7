// A program names the type that lends records.
//@ error: E0603

use millstream::batch::Batch;

fn attempt(_: &Batch<'static>) {}

fn main() {}
