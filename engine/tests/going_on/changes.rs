//! The program has changed since the process died.

use millstream::{FileStream, Queue};

use crate::rig::{World, once};

/// What is left of a job that was given "a" and "b" by a queue.
fn died_after_a_and_b() -> (World, Queue<String>) {
    let (world, queue) = (World::new(), Queue::new());
    let given = queue.clone();
    let life = world.live(move |s| s.recoverable_queue_stream(&given).boxed());
    for word in ["a", "b"] {
        queue.push(vec![word.to_string()]);
        life.batch();
    }
    (life.die(), queue)
}

#[test]
fn what_was_given_by_a_source_that_is_gone_is_left_out_and_said_once() {
    let (world, _) = died_after_a_and_b();
    let texts = Queue::from([vec!["c".to_string()]]);
    let life = world.live(move |s| s.queue_text_stream(&texts).map(str::to_owned).boxed());
    let warnings = life.warnings();
    let said = "the log has records of the source \"queue\", which is not in the graph";
    assert_eq!(warnings.iter().filter(|w| w.starts_with(said)).count(), 1, "{warnings:?}");
    life.batch();
    assert_eq!(life.totals(), once(&["c"]));
}

#[test]
fn a_source_is_gone_on_with_in_another_place_by_its_name() {
    let (world, queue) = died_after_a_and_b();
    let texts = Queue::from([vec!["c".to_string()]]);
    let life = world.live(move |s| {
        let texts = s.queue_text_stream(&texts).map(str::to_owned);
        texts.union(&s.recoverable_queue_stream(&queue)).boxed()
    });
    assert!(!life.warnings().iter().any(|warning| warning.contains("not in the graph")));
    life.batch();
    assert_eq!(life.totals(), once(&["a", "b", "c"]));
}

#[test]
fn a_position_of_files_that_fits_no_source_is_said_and_left_out() {
    let world = World::new();
    let life = world.live(|s| s.text_file_stream("/in").map(str::to_owned).boxed());
    life.batches(3);
    let world = life.stop();
    let life = world.live(|s| s.text_file_stream("/elsewhere").map(str::to_owned).boxed());
    let warnings = life.warnings();
    let said = "the snapshot has something of the source \"files in /in\"";
    assert!(warnings.iter().any(|warning| warning.starts_with(said)), "{warnings:?}");
}

#[test]
fn files_that_were_seen_by_one_rule_are_not_gone_on_with_by_the_other() {
    let world = World::new();
    let life = world.live(|s| s.text_file_stream("/in").map(str::to_owned).boxed());
    life.batch();
    let world = life.die();
    let sentence = world.try_live(world.conf(), |s| {
        let files = FileStream::new("/in").any_age(true);
        s.file_stream(files).map(str::to_owned).boxed()
    });
    let sentence = sentence.err().expect("it is refused");
    assert!(sentence.contains("any_age(false)"), "{sentence}");
    assert!(sentence.contains("another checkpoint directory"), "{sentence}");
    // As it was, it goes on.
    world.live(|s| s.text_file_stream("/in").map(str::to_owned).boxed());
}
