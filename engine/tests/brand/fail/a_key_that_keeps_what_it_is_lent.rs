// A key keeps the owned form that it is lent.
//@ error: E0521

use std::sync::Mutex;

use millstream::Key;

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

#[derive(Clone, PartialEq, Eq, Hash)]
struct Host<'b>(&'b str);

impl<'b> Key<'b> for Host<'b> {
    type Owned = String;

    fn own(&self) -> String {
        self.0.to_owned()
    }

    fn is(&self, owned: &String) -> bool {
        self.0 == owned
    }

    fn lend(owned: &'b String) -> Self {
        KEPT.lock().unwrap().push(owned);
        Host(owned)
    }
}

fn main() {}
