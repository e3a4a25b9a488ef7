//! The program has changed since the process died.

use millstream::Queue;

use crate::rig::{World, once};

#[test]
fn what_was_given_by_a_source_that_is_elsewhere_now_is_left_out_and_said_once() {
    let (world, queue) = (World::new(), Queue::new());
    let given = queue.clone();
    let life = world.live(move |s| s.recoverable_queue_stream(&given).boxed());
    for word in ["a", "b"] {
        queue.push(vec![word.to_string()]);
        life.batch();
    }
    let world = life.die();
    let texts = Queue::from([vec!["c".to_string()]]);
    let life = world.live(move |s| s.queue_text_stream(&texts).map(str::to_owned).boxed());
    let warnings = life.warnings();
    let said = "the log has records of the source \"queue\", which is not in its place";
    assert_eq!(warnings.iter().filter(|w| w.starts_with(said)).count(), 1, "{warnings:?}");
    life.batch();
    assert_eq!(life.totals(), once(&["c"]));
}
