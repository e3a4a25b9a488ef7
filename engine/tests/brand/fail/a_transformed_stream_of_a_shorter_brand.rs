// What a transform gives is passed off as of a shorter brand.
//@ error: without a code

use millstream::{Lines, Transformed};

fn attempt<'short, 'long: 'short>(
    transformed: Transformed<'long, Lines>,
) -> Transformed<'short, Lines> {
    transformed
}

fn main() {}
