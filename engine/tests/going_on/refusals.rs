//! What could not be noted is refused at the start.

use millstream::{BoxError, Conf, Queue, Receiver, Scope, Store, StreamingContext};

use crate::rig::{BATCH, Words, World};

struct Silent;

impl Receiver for Silent {
    type Item = String;

    fn on_start(&mut self, _store: Store<String>) -> Result<(), BoxError> {
        Ok(())
    }

    fn on_stop(&mut self) {}
}

fn refused(words: impl for<'b> Fn(&Scope<'b>) -> Words<'b> + Send + Sync + 'static) -> String {
    let world = World::new();
    let sentence = world.try_live(world.conf(), words).err().expect("it is refused");
    let made = millstream::disk::Disk::metadata(&world.disk, "/job".as_ref());
    assert!(made.is_err(), "nothing is begun");
    sentence
}

#[test]
fn a_source_of_items_that_nobody_can_write_is_refused_with_the_log_on() {
    let queue = refused(|s| s.queue_stream(Queue::<String>::new()).boxed());
    assert!(queue.starts_with("queue: Conf::write_ahead_log"), "{queue}");
    assert!(queue.contains("use recoverable_queue_stream,"), "{queue}");
    let all = refused(|s| s.queue_stream_of_all(Queue::<String>::new()).boxed());
    assert!(all.contains("use recoverable_queue_stream,"), "{all}");
    let receiver = refused(|s| s.receiver_stream(|| Silent).boxed());
    assert!(receiver.starts_with("receiver Silent: Conf::write_ahead_log"), "{receiver}");
    assert!(receiver.contains("use recoverable_receiver_stream,"), "{receiver}");
}

#[test]
fn with_checkpoints_alone_it_is_not() {
    let world = World::new();
    let conf = world.conf().write_ahead_log(false);
    let life = world.try_live(conf, |s| s.receiver_stream(|| Silent).boxed()).unwrap();
    life.batches(4);
    life.stop();
}

#[test]
fn a_log_without_a_directory_is_refused() {
    let world = World::new();
    let conf = Conf::new("no directory").clock(world.clock.clone()).write_ahead_log(true);
    let ssc = StreamingContext::new(conf, BATCH).unwrap();
    let started = ssc.start(|s| {
        s.queue_stream([vec![1]]).print();
        Ok(())
    });
    let sentence = started.err().expect("there is no place for a log").to_string();
    assert!(
        sentence.starts_with("Conf::write_ahead_log is on, and there is no directory"),
        "{sentence}"
    );
    assert!(sentence.contains("StreamingContext::get_or_create"), "{sentence}");
}
