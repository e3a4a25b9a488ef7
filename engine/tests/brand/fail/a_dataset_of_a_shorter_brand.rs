// A dataset is passed off as one of a shorter brand.
//@ error: without a code

use millstream::{Lines, Rdd};

fn attempt<'short, 'long: 'short>(rdd: Rdd<'long, Lines>) -> Rdd<'short, Lines> {
    rdd
}

fn main() {}
