// A program makes a scope whose records live for ever.
//@ error: E0624

use millstream::Scope;

fn attempt() -> Scope<'static> {
    Scope::new(true)
}

fn main() {}
