// The owned form of a key borrows from the batch.
//@ error: E0477

use millstream::Key;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Host<'b>(&'b str);

impl<'b> Key<'b> for Host<'b> {
    type Owned = &'b str;

    fn own(&self) -> &'b str {
        self.0
    }

    fn is(&self, owned: &&'b str) -> bool {
        self.0 == *owned
    }

    fn lend(owned: &'b &'b str) -> Self {
        Host(owned)
    }
}

fn main() {}
