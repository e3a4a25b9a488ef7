// A trait of the program names the records of a pipeline without their brand.
//@ error: E0207

use millstream::Pipe;

trait Records {
    type Record;
}

impl<'b, P: Pipe<'b>> Records for P {
    type Record = P::Item;
}

fn main() {}
