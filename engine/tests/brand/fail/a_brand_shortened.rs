// A scope is passed off as one of a shorter brand.
//@ error: without a code

use millstream::Scope;

fn attempt<'short, 'long: 'short>(scope: Scope<'long>) -> Scope<'short> {
    scope
}

fn main() {}
