// What a column is parsed into keeps the column in a static.
//@ error: E0521

use std::sync::Mutex;

use millstream::FromText;

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

struct Kept;

impl<'b> FromText<'b> for Kept {
    fn from_text(text: &'b str) -> Option<Self> {
        KEPT.lock().unwrap().push(text);
        Some(Kept)
    }
}

fn main() {}
