//! In the steady state a batch allocates the same few times, however many records it has: counted by
//! an allocator that counts.

use std::sync::Mutex;

use counting::Counting;
use millstream::{Conf, ManualClock, Queue, Scope, Stop, StreamingContext, Time, Window, secs};

mod counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting::new();

/// Tests that count must not run at the same time: what is counted is the whole process.
static ALONE: Mutex<()> = Mutex::new(());

const KEYS: usize = 100;
const FEW: usize = 1_000;
const MANY: usize = 100_000;

/// Batches before tables, lists and windows have their size.
const WARM_UP: usize = 40;

/// Batches of which the one in the middle counts: now and then a queue of tasks grows.
const COUNTED: usize = 15;

/// Lines of the same keys, so many, as a program's input.
fn lines(records: usize) -> String {
    (0..records).map(|n| format!("key-{}\t{}\n", n % KEYS, n % 7)).collect()
}

/// How often a batch of `FEW` records allocates in the steady state of `program`, and one of `MANY`.
fn allocations(
    tasks: usize,
    program: impl for<'b> Fn(&Scope<'b>, &Queue<String>) + Send + Sync + 'static,
) -> [u64; 2] {
    let _alone = ALONE.lock().expect("a test that fails fails alone");
    let (clock, queue) = (ManualClock::at(Time::default()), Queue::new());
    let conf = Conf::new("allocations").parallelism(tasks).clock(clock.clone());
    let ssc = StreamingContext::new(conf, secs(1)).unwrap();
    let input = queue.clone();
    let running = ssc
        .start(move |s| {
            program(s, &input);
            Ok(())
        })
        .unwrap();
    let batch = |records| {
        queue.push(vec![lines(records)]);
        let before = ALLOCATOR.calls();
        clock.advance(secs(1));
        running.wait_for_batch(clock.now(), secs(60)).unwrap();
        ALLOCATOR.calls() - before
    };
    for n in 0..WARM_UP {
        batch(if n % 2 == 0 { FEW } else { MANY });
    }
    let usual = [FEW, MANY].map(|records| {
        let mut counts: Vec<u64> = (0..COUNTED).map(|_| batch(records)).collect();
        counts.sort_unstable();
        counts[COUNTED / 2]
    });
    running.stop(Stop::Now).unwrap();
    usual
}

/// On one thread the count does not depend on the records at all; on two, it does by what a task
/// takes, of which there are eight at most.
fn assert_few(
    most: u64,
    program: impl for<'b> Fn(&Scope<'b>, &Queue<String>) + Copy + Send + Sync + 'static,
) {
    const TASKS: u64 = 8;
    const MOST_A_TASK: u64 = 8;
    let [few, many] = allocations(1, program);
    assert!(few <= most && few == many, "{few} and {many} allocations, at most {most}");
    let [few, many] = allocations(2, program);
    assert!(few <= most, "{few} allocations, at most {most}");
    let more = TASKS * MOST_A_TASK;
    assert!(many <= few + more, "{few} and {many} allocations, at most {more} more");
}

fn word_count(s: &Scope<'_>, queue: &Queue<String>) {
    let counts = s.queue_text_stream(queue).words().map(|w| (w, 1u64)).reduce_by_key(|a, b| a + b);
    counts.for_each_rdd(|rdd, _| {
        assert!(rdd.aggregate(|| 0, |sum, (_, n)| sum + n, |a, b| a + b) > 0)
    });
}

fn grep(s: &Scope<'_>, queue: &Queue<String>) {
    let found = s.queue_text_stream(queue).filter(|line| line.contains("key-7"));
    found.for_each_rdd(|rdd, _| assert!(rdd.count() > 0));
}

fn key_sum(s: &Scope<'_>, queue: &Queue<String>) {
    let pairs = s.queue_text_stream(queue).fields('\t').parse::<(&str, i64)>();
    pairs.reduce_by_key(|a, b| a + b).for_each_rdd(|rdd, _| assert_eq!(rdd.count(), KEYS as u64));
}

fn inverse_window(s: &Scope<'_>, queue: &Queue<String>) {
    let pairs = s.queue_text_stream(queue).words().map(|w| (w, 1u64));
    let window = Window::every_batch(secs(10));
    let counts = pairs.reduce_by_key_and_window_with_inverse(|a, b| a + b, |a, b| a - b, window);
    counts.for_each_rdd(|rdd, _| assert!(rdd.count() > 0));
}

fn state(s: &Scope<'_>, queue: &Queue<String>) {
    let pairs = s.queue_text_stream(queue).fields('\t').parse::<(&str, i64)>();
    let sums = pairs.reduce_by_key(|a, b| a + b);
    let totals = sums.update_state_by_key(|new: &[i64], old: Option<i64>| {
        Some(old.unwrap_or(0) + new.iter().sum::<i64>())
    });
    totals.for_each_rdd(|rdd, _| assert_eq!(rdd.count(), KEYS as u64));
}

#[test]
fn word_count_allocates_by_the_batch() {
    assert_few(85, word_count);
}

#[test]
fn grep_allocates_by_the_batch() {
    assert_few(20, grep);
}

#[test]
fn key_sum_allocates_by_the_batch() {
    assert_few(87, key_sum);
}

#[test]
fn an_inverse_window_allocates_by_the_batch() {
    assert_few(240, inverse_window);
}

#[test]
fn a_state_allocates_by_the_batch() {
    assert_few(400, state);
}
