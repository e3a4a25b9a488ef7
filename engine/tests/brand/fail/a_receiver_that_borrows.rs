// A receiver stores records that borrow from a batch.
//@ error: without a code

use millstream::{BoxError, Receiver, Result, Running, Scope, Store, StreamingContext};

struct Echo<T>(Vec<T>);

impl<T: Clone + Send + Sync + 'static> Receiver for Echo<T> {
    type Item = T;

    fn on_start(&mut self, store: Store<T>) -> std::result::Result<(), BoxError> {
        Ok(store.store_all(self.0.drain(..))?)
    }

    fn on_stop(&mut self) {}
}

fn echo<'b>(s: &Scope<'b>) {
    s.receiver_stream(|| Echo::<&'b str>(Vec::new())).print();
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        echo(s);
        Ok(())
    })
}

fn main() {}
