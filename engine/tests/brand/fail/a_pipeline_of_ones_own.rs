// A program writes a pipeline of its own, which could keep records.
//@ error: E0277

use std::sync::{Arc, Mutex};

use millstream::Pipe;

#[derive(Clone)]
struct Shelf<'b>(Arc<Mutex<Vec<&'b str>>>);

impl<'b> Pipe<'b> for Shelf<'b> {
    type Item = &'b str;
}

fn main() {}
