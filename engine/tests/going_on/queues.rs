//! Queues: what a batch was given is given again, and counted as it was.

use millstream::{Queue, Scope};

use crate::rig::{Words, World, once};

fn items(
    queue: &Queue<String>,
) -> impl for<'b> Fn(&Scope<'b>) -> Words<'b> + Send + Sync + 'static {
    let queue = queue.clone();
    move |s| s.recoverable_queue_stream(&queue).boxed()
}

fn texts(
    queue: &Queue<String>,
) -> impl for<'b> Fn(&Scope<'b>) -> Words<'b> + Send + Sync + 'static {
    let queue = queue.clone();
    move |s| s.queue_text_stream(&queue).map(str::to_owned).boxed()
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).into()
}

#[test]
fn items_of_a_batch_that_died_amid_its_outputs_are_there_once() {
    let (world, queue) = (World::new(), Queue::new());
    let life = world.live(items(&queue));
    queue.push(words(["a", "b"]));
    life.batch();
    queue.push(words(["c"]));
    let world = life.die_amid_the_next_batch();

    let life = world.live(items(&queue));
    queue.push(words(["d", "e"]));
    life.batch();
    assert_eq!(life.totals(), once(&["a", "b", "c", "d", "e"]));
    assert_eq!(world.written(), ["a", "b", "c", "d", "e"]);
    let records: Vec<u64> = life.reports().iter().map(|report| report.records).collect();
    assert_eq!(records, [2, 1, 2], "what is run again is counted as it was");
}

#[test]
fn items_are_there_once_wherever_the_process_dies() {
    for batches in 0..8 {
        let (mut world, queue) = (World::new(), Queue::new());
        let mut expected = Vec::new();
        let mut push = |word: String| {
            queue.push(vec![word.clone()]);
            expected.push((word, 1));
        };
        for life in 0..3 {
            let running = world.live(items(&queue));
            for batch in 0..batches {
                push(format!("{life}.{batch}"));
                running.batch();
            }
            world = match life {
                0 => running.die(),
                1 => running.stop(),
                _ => {
                    push("last".into());
                    running.die_amid_the_next_batch()
                }
            };
        }
        let running = world.live(items(&queue));
        running.batch();
        assert_eq!(running.totals(), expected, "{batches} batches a life");
        assert_eq!(running.error(), None);
    }
}

#[test]
fn a_text_queue_gives_the_same_blocks_with_the_same_counts() {
    let (world, queue) = (World::new(), Queue::new());
    let life = world.live(texts(&queue));
    let long = "x".repeat((1 << 20) + 1);
    let bad = format!("a\nb\r\n{long}\nc");
    queue.push(vec![bad, "d".into(), String::new()]);
    let before = life.batch().sources;
    assert_eq!((before[0].lines.records, before[0].lines.rejected), (4, 1));
    let world = life.die();

    let life = world.live(texts(&queue));
    assert_eq!(life.reports()[0].sources, before);
    life.batch();
    assert_eq!(life.totals(), once(&["a", "b", "c", "d"]));
}

#[test]
fn with_checkpoints_alone_a_queue_loses_what_is_in_none() {
    let (world, queue) = (World::new(), Queue::new());
    let start = |world: &World| {
        let queue = queue.clone();
        let conf = world.conf().write_ahead_log(false);
        world.try_live(conf, move |s| s.queue_stream(&queue).boxed()).unwrap()
    };
    let life = start(&world);
    for word in ["a", "b", "c", "d"] {
        queue.push(words([word]));
        life.batch();
    }
    let world = life.die();
    let life = start(&world);
    queue.push(words(["e"]));
    life.batch();
    assert_eq!(life.totals(), once(&["a", "b", "c", "e"]));
}
