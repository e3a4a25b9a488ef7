// A key that lives for ever is made of what is lent for a batch.
//@ error: without a code

use millstream::Key;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Host<'b>(&'b str);

impl<'b> Key<'b> for Host<'static> {
    type Owned = String;

    fn own(&self) -> String {
        self.0.to_owned()
    }

    fn is(&self, owned: &String) -> bool {
        self.0 == owned
    }

    fn lend(owned: &'b String) -> Self {
        Host(owned)
    }
}

fn main() {}
