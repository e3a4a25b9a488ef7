// A record is handed to a trait object whose type says that it is static.
//@ error: E0521

use std::sync::{Arc, Mutex};

use millstream::{Result, Running, StreamingContext};

trait Keeps<'b> {
    fn keep(&self, record: &'b str);
}

struct Shelf<'b>(Mutex<Vec<&'b str>>);

impl<'b> Keeps<'b> for Shelf<'b> {
    fn keep(&self, record: &'b str) {
        self.0.lock().unwrap().push(record);
    }
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let shelf: Arc<dyn Keeps<'_> + Send + Sync> = Arc::new(Shelf(Mutex::default()));
        lines.map(move |line| shelf.keep(line)).print();
        Ok(())
    })
}

fn main() {}
