// A receiver's store is handed to an output, which stores the records of a batch in it.
//@ error: E0521

use std::sync::{Arc, Mutex};

use millstream::{BoxError, Receiver, Result, Running, Store, StreamingContext};

/// Hands its store out.
struct Open<T>(Arc<Mutex<Option<Store<T>>>>);

impl<T: Clone + Send + Sync + 'static> Receiver for Open<T> {
    type Item = T;

    fn on_start(&mut self, store: Store<T>) -> std::result::Result<(), BoxError> {
        *self.0.lock().unwrap() = Some(store);
        Ok(())
    }

    fn on_stop(&mut self) {}
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let place = Arc::new(Mutex::new(None));
        let open = place.clone();
        s.receiver_stream(move || Open(open.clone())).count().print();
        s.socket_text_stream("localhost:7777").for_each_rdd(move |rdd, _| {
            if let Some(store) = &*place.lock().unwrap() {
                drop(store.store_all(rdd.collect()));
            }
        });
        Ok(())
    })
}

fn main() {}
